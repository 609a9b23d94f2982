//! Checks of whole logs.

use crate::{Digest, Entry, Head, Link};

/// A run of entries, both ends included and counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first of them.
    pub first: usize,
    /// The last of them.
    pub last: usize,
}

/// What [`Log::verify`](crate::Log::verify) found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many there are.
    pub entries: usize,
    /// How many of them carry a link that can be read.
    pub linked: usize,
    /// The digest over all entries, as the next link will record it.
    pub head: Digest,
    /// Where something was changed, added or taken away: from the last link that fits up to the
    /// entry before the one that does not fit, which may itself be the spoilt one.
    pub breaks: Vec<Span>,
    /// Entries without a link, written by another program; the next link covers them.
    pub unlinked: Vec<Span>,
}

impl Report {
    /// Whether every link fits.
    pub fn is_intact(&self) -> bool {
        self.breaks.is_empty()
    }
}

/// Walks the chain from `origin`; after a break it believes the link that did not fit, so that
/// the next break is found, too.
pub(crate) fn verify(origin: Head, entries: &[Entry]) -> Report {
    let mut walk = Walk { head: origin, proven: 0, breaks: Vec::new() };
    let (mut linked, mut unlinked) = (0, Vec::new());
    for (position, entry) in (1..).zip(entries) {
        match entry.chain() {
            Some(link) => {
                linked += 1;
                walk.meet(position, link);
            }
            None if entry.chain.is_some() => walk.break_at(position, position),
            None => extend(&mut unlinked, Span { first: position, last: position }),
        }
        walk.head = walk.head.after(entry);
    }
    let (head, breaks) = (walk.head.digest, walk.breaks);
    Report { entries: entries.len(), linked, head, breaks, unlinked }
}

struct Walk {
    head: Head,
    /// Entries up to this one are covered by a link that fits.
    proven: usize,
    breaks: Vec<Span>,
}

impl Walk {
    fn meet(&mut self, position: usize, link: Link) {
        if link != self.head.link() {
            self.break_at(self.proven + 1, (position - 1).max(self.proven + 1));
            self.head = Head::before(link);
        }
        self.proven = position - 1;
    }

    fn break_at(&mut self, first: usize, last: usize) {
        extend(&mut self.breaks, Span { first, last });
    }
}

/// Adds `span`, joined with the last one where they touch.
fn extend(spans: &mut Vec<Span>, span: Span) {
    match spans.last_mut() {
        Some(last) if last.last + 1 >= span.first => last.last = last.last.max(span.last),
        _ => spans.push(span),
    }
}

/// Whether `newer` begins with all of `older`: true when they are equal.
pub fn is_prefix(older: &[Entry], newer: &[Entry]) -> bool {
    newer.starts_with(older)
}
