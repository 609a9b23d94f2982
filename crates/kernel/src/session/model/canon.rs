//! When two worlds are the same but for the random numbers in them. Ids and hashes are named by
//! the order in which they turn up, so that such worlds get one name.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    rc::Rc,
    sync::{Mutex, MutexGuard, OnceLock},
};

use sha2::{Digest as _, Sha256};

use super::content::{self, Bytes, Files};
use crate::id::hex;

/// What stands for a piece of text, or for an id in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Token {
    /// The hash of a text that is not random.
    Text(u64),
    /// A number for an id or hash.
    Id(u64),
}

/// As many digits are an id or a hash.
const DIGITS: usize = 32;

/// Ids that were there before any order began: they are the same in all worlds.
type Fixed = HashSet<String>;

fn fixed() -> MutexGuard<'static, Fixed> {
    static FIXED: OnceLock<Mutex<Fixed>> = OnceLock::new();
    FIXED.get_or_init(Mutex::default).lock().unwrap()
}

/// Takes note that the ids in `text` are the same in all worlds.
pub(super) fn fix(text: &str) {
    let mut fixed = fixed();
    let mut rest = text;
    while let Some((start, end)) = next_id(rest) {
        fixed.insert(rest[start..end].to_owned());
        rest = &rest[end..];
    }
}

/// The parts of a text: ids of 32 hex digits and hashes, and what is between them.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let fixed = fixed();
    let mut found = Vec::new();
    let (mut begun, mut at) = (0, 0);
    while let Some((start, end)) = next_id(&text[at..]) {
        let (start, end) = (at + start, at + end);
        at = end;
        if !fixed.contains(&text[start..end]) {
            found.push(between(&text[begun..start]));
            found.push(id(&text[start..end]));
            begun = end;
        }
    }
    found.push(between(&text[begun..]));
    found
}

/// Where the first id is.
fn next_id(text: &str) -> Option<(usize, usize)> {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let mut start = 0;
    for part in text.as_bytes().split(|byte| !is_digit(byte)) {
        if part.len() >= DIGITS {
            return Some((start, start + part.len()));
        }
        start += part.len() + 1;
    }
    None
}

fn id(digits: &str) -> Token {
    static IDS: OnceLock<Mutex<HashMap<String, u64>>> = OnceLock::new();
    let mut ids = IDS.get_or_init(Mutex::default).lock().unwrap();
    let next = u64::try_from(ids.len()).unwrap();
    Token::Id(*ids.entry(digits.to_owned()).or_insert(next))
}

/// What stands for the bytes of a file.
pub(super) fn bytes_id(bytes: &Bytes) -> Token {
    id(&hex(&content::hash(bytes)))
}

fn between(text: &str) -> Token {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Token::Text(hasher.finish())
}

/// What is in a file of a vault directory. Its size is random, for age adds what means nothing.
fn inside(name: &str, bytes: &Bytes) -> Rc<[Token]> {
    /// By address; the bytes themselves are kept, so that the address stays theirs.
    type Known = HashMap<(*const u8, bool), (Bytes, Rc<[Token]>)>;
    thread_local! {
        static KNOWN: RefCell<Known> = RefCell::default();
    }
    let is_info = content::is_info(name);
    KNOWN.with_borrow_mut(|known| {
        let make = || {
            let inside = if is_info {
                String::from_utf8_lossy(bytes).into_owned()
            } else {
                let content = content::content(bytes);
                content.map_or_else(String::new, |content| format!("{:?}", content.lineage))
            };
            let mut found = vec![bytes_id(bytes)];
            found.extend(tokens(&inside));
            (bytes.clone(), found.into())
        };
        Rc::clone(&known.entry((bytes.as_ptr(), is_info)).or_insert_with(make).1)
    })
}

/// Names a world.
#[derive(Debug, Default)]
pub(super) struct Namer {
    names: HashMap<u64, u64>,
    hasher: Sha256,
}

impl Namer {
    /// The next part of the world.
    pub(super) fn add(&mut self, tokens: &[Token]) {
        for token in tokens {
            let next = u64::try_from(self.names.len()).unwrap();
            let (kind, number) = match token {
                Token::Text(hash) => (b't', *hash),
                Token::Id(id) => (b'i', *self.names.entry(*id).or_insert(next)),
            };
            self.hasher.update([kind]);
            self.hasher.update(number.to_le_bytes());
        }
    }

    /// Files of a directory: what is in one is told where it turns up first.
    pub(super) fn add_files(&mut self, files: &Files) {
        for (name, bytes) in files {
            let inside = inside(name, bytes);
            let is_new = matches!(inside[0], Token::Id(id) if !self.names.contains_key(&id));
            let told = if is_new { &inside[..] } else { &inside[..1] };
            self.add(&[between(name)]);
            self.add(told);
        }
    }

    /// A set of ids, of which those that are nowhere else do not matter.
    pub(super) fn add_set(&mut self, ids: &[Token]) {
        let known = ids.iter().filter_map(|token| match token {
            Token::Id(id) => self.names.get(id).copied(),
            Token::Text(_) => None,
        });
        let mut known: Vec<u64> = known.collect();
        known.sort_unstable();
        self.hasher.update(format!("{known:?}"));
    }

    /// The name.
    pub(super) fn name(self) -> [u8; 32] {
        self.hasher.finalize().into()
    }
}
