//! Inputs that are nearly what a program reads, made from real ones: a fuzzer that runs on stable
//! Rust, the same each time.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// A source of numbers that are as good as random (splitmix64, Steele et al. 2014).
#[derive(Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// The same ones for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One below `end`; 0 for 0.
    ///
    /// # Panics
    /// A number does not fit this machine.
    pub fn below(&mut self, end: usize) -> usize {
        let end = end as u64;
        usize::try_from(self.next() % end.max(1)).expect("it is below a usize")
    }

    fn one_of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> Option<&'a T> {
        all.get(self.below(all.len())).copied()
    }
}

/// Real inputs, and the words that mean something in them.
#[derive(Debug)]
pub struct Corpus<'a> {
    /// Whole ones.
    pub inputs: Vec<Vec<u8>>,
    /// Parts that are put where they do not belong.
    pub words: &'a [&'a str],
}

/// Numbers and bytes that parsers stumble over, in whatever language.
const WORDS: [&[u8]; 18] = [
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\n\n",
    b" ",
    b"\t",
    b":",
    b"-1",
    b"0",
    b"1e999",
    b"%00",
    b"4294967296",
    b"18446744073709551615",
    b"99999999999999999999",
    b"\xc0\x80",
    b"../",
    b"\x1b[2J",
];

impl Corpus<'_> {
    /// One of the inputs, changed in up to eight places.
    fn mutated(&self, numbers: &mut Numbers) -> Vec<u8> {
        let inputs: Vec<&Vec<u8>> = self.inputs.iter().collect();
        let mut bytes = numbers.one_of(&inputs).cloned().unwrap_or_default();
        for _ in 0..=numbers.below(8) {
            self.change(&mut bytes, numbers);
        }
        bytes
    }

    fn change(&self, bytes: &mut Vec<u8>, numbers: &mut Numbers) {
        let start = numbers.below(bytes.len() + 1);
        let length = numbers.below(bytes.len() - start + 1);
        // Small changes more often than large ones.
        let end = start + if numbers.below(4) > 0 { length.min(16) } else { length };
        match numbers.below(8) {
            0 => flip(bytes, start, numbers),
            1 => drop(bytes.drain(start..end)),
            2 => bytes.truncate(start),
            3 => drop(bytes.splice(start..end, self.word(numbers))),
            4 => drop(bytes.splice(start..start, self.word(numbers))),
            5 => repeat(bytes, (start, end), numbers),
            6 => {
                let other = self.inputs.get(numbers.below(self.inputs.len())).map(Vec::as_slice);
                let other = other.unwrap_or_default();
                let from = numbers.below(other.len() + 1);
                let to = from + numbers.below(other.len() - from + 1).min(4096);
                bytes.splice(start..end, other.get(from..to).unwrap_or_default().to_vec());
            }
            _ => lines(bytes, numbers),
        }
    }

    fn word(&self, numbers: &mut Numbers) -> Vec<u8> {
        if numbers.below(2) == 0 {
            return numbers.one_of(&WORDS).unwrap_or_default().to_vec();
        }
        numbers.one_of(self.words).unwrap_or_default().as_bytes().to_vec()
    }
}

fn flip(bytes: &mut [u8], at: usize, numbers: &mut Numbers) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << numbers.below(8);
    }
}

/// Up to 64 times, and never to more than a MiB.
fn repeat(bytes: &mut Vec<u8>, (start, end): (usize, usize), numbers: &mut Numbers) {
    let part = bytes.get(start..end).unwrap_or_default().to_vec();
    let most = (1 << 20) / part.len().max(1);
    let many = part.repeat(numbers.below(64).min(most));
    bytes.splice(end..end, many);
}

/// Two lines change places.
fn lines(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
    let (a, b) = (numbers.below(lines.len()), numbers.below(lines.len()));
    if !lines.is_empty() {
        lines.swap(a, b);
        *bytes = lines.concat();
    }
}

/// Gives `rounds` inputs to `check`, and says which one it panicked at: with it as only input, the
/// same happens again.
///
/// # Panics
/// `check` does.
pub fn fuzz(corpus: &Corpus<'_>, rounds: usize, mut check: impl FnMut(&[u8], &mut Numbers)) {
    assert!(!corpus.inputs.is_empty(), "there is nothing to begin with");
    for input in &corpus.inputs {
        attempt(input, &mut Numbers::new(0), "as it is", &mut check);
    }
    for round in 0..rounds {
        let mut numbers = Numbers::new(round as u64);
        let input = corpus.mutated(&mut numbers);
        attempt(&input, &mut numbers, &format!("round {round}"), &mut check);
    }
}

fn attempt(
    input: &[u8],
    numbers: &mut Numbers,
    what: &str,
    check: &mut impl FnMut(&[u8], &mut Numbers),
) {
    if catch_unwind(AssertUnwindSafe(|| check(input, numbers))).is_err() {
        let shown: String =
            input.iter().take(4096).flat_map(|&b| b.escape_ascii()).map(char::from).collect();
        panic!("{what}, {} bytes: {shown}", input.len());
    }
}
