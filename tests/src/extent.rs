//! How much of a long suite is run.

/// Whether all of it is: `scripts/test --all`.
pub fn all() -> bool {
    std::env::var_os("GPGSMITH_TESTS").is_some_and(|tests| tests == "all")
}

/// So many rounds in short, so many in all.
pub fn rounds(short: usize, long: usize) -> usize {
    if all() { long } else { short }
}

/// The cases at which the short form looks: one in `stride`, counted from `first`; in the whole
/// form, all of them.
pub fn some<T>(cases: impl IntoIterator<Item = T>, stride: usize, first: usize) -> Vec<T> {
    let (stride, first) = if all() { (1, 0) } else { (stride, first) };
    cases.into_iter().skip(first).step_by(stride).collect()
}
