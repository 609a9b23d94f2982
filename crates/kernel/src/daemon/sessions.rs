use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    rc::Rc,
    sync::Arc,
};

use sha2::{Digest, Sha256};

use super::entry::{Entry, Held};
use crate::{
    api::{ApiError, Code, Hint, Target},
    clock::Clock,
    id,
    session::Session,
};

/// The open sessions of the daemon.
pub(crate) type Sessions = Table<Session>;

/// So many tokens of ended sessions are remembered, to say of which vault they were.
const REMEMBERED: usize = 256;

/// What is kept of a token: from a dump of the table nobody gets a working one.
type TokenHash = [u8; 32];

/// Sessions and the tokens that address them. A token is given to whoever opens or attaches, and
/// is never listed.
#[derive(Debug)]
pub(crate) struct Table<S> {
    clock: Arc<dyn Clock>,
    entries: RefCell<Vec<Rc<Entry<S>>>>,
    tokens: RefCell<HashMap<TokenHash, Rc<Entry<S>>>>,
    ended: RefCell<VecDeque<(TokenHash, String)>>,
}

impl<S: Held> Table<S> {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            entries: RefCell::default(),
            tokens: RefCell::default(),
            ended: RefCell::default(),
        }
    }

    /// Takes a session in; its token is for whoever opened it.
    pub(crate) fn insert(&self, session: Rc<S>) -> (Rc<Entry<S>>, String) {
        let entry = Rc::new(Entry::new(session, Arc::clone(&self.clock)));
        self.entries.borrow_mut().push(Rc::clone(&entry));
        let token = self.mint(&entry);
        (entry, token)
    }

    /// One more token for a session: for whoever attaches to it.
    pub(crate) fn mint(&self, entry: &Rc<Entry<S>>) -> String {
        let token = id::random_hex::<32>();
        self.tokens.borrow_mut().insert(hash(&token), Rc::clone(entry));
        token
    }

    /// The session that `target` means: by token, by vault, or the only one.
    ///
    /// # Errors
    /// `no_session` or `several_sessions`; a token that is not known is always an error.
    pub(crate) fn resolve(&self, target: &Target) -> Result<Rc<Entry<S>>, ApiError> {
        match (&target.token, &target.vault) {
            (Some(token), vault) => self.by_token(token, vault.as_deref()),
            (None, Some(vault)) => self.by_vault(vault),
            (None, None) => self.the_only_one(),
        }
    }

    /// The sessions on the vault in `dir`, by device and inode: usually none or one, but a vault
    /// can be open for reading several times.
    pub(crate) fn by_dir(&self, dir: &Path) -> Vec<Rc<Entry<S>>> {
        let identity = |dir: &Path| fs::metadata(dir).ok().map(|meta| (meta.dev(), meta.ino()));
        let Some(wanted) = identity(dir) else { return Vec::new() };
        let mut found = self.all();
        found.retain(|entry| identity(entry.session().vault_dir()) == Some(wanted));
        found
    }

    /// Every session, in the order in which they were opened.
    pub(crate) fn all(&self) -> Vec<Rc<Entry<S>>> {
        self.entries.borrow().clone()
    }

    /// Forgets a session that has ended, and its tokens.
    pub(crate) fn remove(&self, entry: &Rc<Entry<S>>) {
        self.entries.borrow_mut().retain(|other| !Rc::ptr_eq(other, entry));
        let mut tokens = self.tokens.borrow_mut();
        let mut ended = self.ended.borrow_mut();
        for (hash, _) in tokens.extract_if(|_, other| Rc::ptr_eq(other, entry)) {
            ended.push_back((hash, entry.session().vault_name().to_owned()));
        }
        while ended.len() > REMEMBERED {
            ended.pop_front();
        }
    }

    fn by_token(&self, token: &str, vault: Option<&str>) -> Result<Rc<Entry<S>>, ApiError> {
        let hash = hash(token);
        let found = self.tokens.borrow().get(&hash).cloned();
        let entry = found.ok_or_else(|| self.no_such_token(&hash))?;
        let name = entry.session().vault_name();
        if vault.is_some_and(|vault| vault != name) {
            let text = format!("the session's vault is {name}, not {}", vault.unwrap_or_default());
            return Err(ApiError::new(Code::BadRequest, text));
        }
        Ok(entry)
    }

    fn no_such_token(&self, hash: &TokenHash) -> ApiError {
        let ended = self.ended.borrow();
        ended.iter().find(|(other, _)| other == hash).map_or_else(
            || no_session("no session has this token", None),
            |(_, vault)| no_session(&format!("the session on {vault} has ended"), Some(vault)),
        )
    }

    fn by_vault(&self, vault: &str) -> Result<Rc<Entry<S>>, ApiError> {
        let mut found = self.all();
        found.retain(|entry| entry.session().vault_name() == vault);
        let writable: Vec<_> = found.iter().filter(|e| !e.session().is_read_only()).collect();
        match (found.as_slice(), writable.as_slice()) {
            ([], _) => Err(no_session(&format!("no session is open on {vault}"), Some(vault))),
            ([entry], _) => Ok(Rc::clone(entry)),
            (_, [entry]) => Ok(Rc::clone(entry)),
            _ => Err(several_sessions(&found)),
        }
    }

    fn the_only_one(&self) -> Result<Rc<Entry<S>>, ApiError> {
        match self.entries.borrow().as_slice() {
            [] => Err(no_session("no session is open", None)),
            [entry] => Ok(Rc::clone(entry)),
            entries => Err(several_sessions(entries)),
        }
    }
}

fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

fn no_session(text: &str, vault: Option<&str>) -> ApiError {
    let args: Vec<_> = vault.into_iter().collect();
    ApiError::new(Code::NoSession, text).with_hint(Hint::run("open the vault", "vault open", &args))
}

fn several_sessions<S: Held>(entries: &[Rc<Entry<S>>]) -> ApiError {
    let names: Vec<_> = entries.iter().map(|entry| entry.session().vault_name()).collect();
    let text = format!("several sessions are open: {}", names.join(", "));
    let args = names.first().map(|name| vec!["--vault".to_owned(), (*name).to_owned()]);
    let advice = "name the vault that is meant".to_owned();
    let hint = Hint { advice, action: None, args: args.unwrap_or_default() };
    ApiError::new(Code::SeveralSessions, text).with_hint(hint)
}
