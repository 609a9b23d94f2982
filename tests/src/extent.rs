//! How much of a long suite is run.

/// Whether all of it is: `scripts/test --all`.
pub fn all() -> bool {
    std::env::var_os("GPGSMITH_TESTS").is_some_and(|tests| tests == "all")
}

/// So many rounds in short, so many in all.
pub fn rounds(short: usize, long: usize) -> usize {
    if all() { long } else { short }
}
