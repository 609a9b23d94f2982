//! Trust on first use of the master key, decided by key material.
//!
//! P are the primary keys whose secret part is here, Y is `master_fp` in `gpgsmith.yaml`, A is
//! the anchor in the registry. The table is that of the security rules, section 4.

use std::fmt;

use gpgsmith_gpg::Fingerprint;

/// What is known when a vault is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// P: primary keys with a secret part or a stub, and whose self-signatures hold.
    pub primaries: Vec<Primary>,
    /// Y: what `gpgsmith.yaml` says, whatever it is; empty means nothing.
    pub named: String,
    /// A: the anchor, whatever the registry says.
    pub anchor: Option<String>,
    /// Whether the master's secret part should be here: the lineage does not say that it was a
    /// stub before.
    pub had_master_secret: bool,
}

/// A primary key of P.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Primary {
    /// Which.
    pub fingerprint: Fingerprint,
    /// Whether only a stub is here.
    pub stub: bool,
}

/// What follows from the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No key yet; the anchor comes with the first snapshot that holds one.
    NoKey,
    /// The anchor is the master key, and it is here.
    Trusted(Fingerprint),
    /// No anchor yet: show it, record it.
    FirstUse(Fingerprint),
    /// Only for reading, until the user says which key is the master.
    Unnamed(Vec<Fingerprint>),
    /// Not the key that is trusted.
    Mismatch {
        /// The anchor, or what `gpgsmith.yaml` says where there is no anchor.
        expected: String,
        /// What is there instead.
        found: String,
    },
    /// Its secret part was here, and is gone.
    SecretLost(Fingerprint),
}

impl Verdict {
    /// The master key, where it is certain.
    pub fn master(&self) -> Option<Fingerprint> {
        match self {
            Self::Trusted(master) | Self::FirstUse(master) => Some(*master),
            _ => None,
        }
    }
}

impl Evidence {
    /// The verdict of the table.
    pub fn judge(&self) -> Verdict {
        let anchor = self.anchor.as_deref().filter(|text| !text.is_empty());
        let named = Some(self.named.as_str()).filter(|text| !text.is_empty());
        match (anchor, named) {
            (Some(anchor), Some(named)) if !same(anchor, named) => mismatch(anchor, named),
            (Some(expected), _) | (None, Some(expected)) => match self.holds(expected) {
                None => mismatch(expected, &self.found()),
                Some(master) if master.stub && self.had_master_secret => {
                    Verdict::SecretLost(master.fingerprint)
                }
                Some(master) => self.accept(master, anchor.is_some(), named.is_some()),
            },
            (None, None) if self.primaries.is_empty() => Verdict::NoKey,
            (None, None) => Verdict::Unnamed(self.fingerprints()),
        }
    }

    /// P without Y is for reading only, unless the anchor names it.
    fn accept(&self, master: Primary, anchored: bool, named: bool) -> Verdict {
        match (anchored, named) {
            (true, _) => Verdict::Trusted(master.fingerprint),
            (false, true) => Verdict::FirstUse(master.fingerprint),
            (false, false) => Verdict::Unnamed(self.fingerprints()),
        }
    }

    fn holds(&self, wanted: &str) -> Option<Primary> {
        self.primaries.iter().find(|key| same(&key.fingerprint.to_string(), wanted)).copied()
    }

    fn fingerprints(&self) -> Vec<Fingerprint> {
        self.primaries.iter().map(|key| key.fingerprint).collect()
    }

    fn found(&self) -> String {
        match self.fingerprints().as_slice() {
            [] => "no master key".to_owned(),
            some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        }
    }
}

/// Fingerprints are compared as such: case does not matter (W-35).
fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn mismatch(expected: &str, found: &str) -> Verdict {
    Verdict::Mismatch { expected: expected.to_owned(), found: found.to_owned() }
}

/// The vault does not hold the master key that is trusted: the snapshot was replaced, or the
/// master key was changed without changing the anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterKeyMismatch {
    /// The vault.
    pub vault_name: String,
    /// The trusted fingerprint.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// The file that it was found in.
    pub snapshot: String,
}

impl fmt::Display for MasterKeyMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vault_name, expected, found, snapshot } = self;
        write!(
            f,
            "the master key in {snapshot} is not the one that is trusted for the vault \
             {vault_name}: expected {expected}, found {found}"
        )
    }
}

impl std::error::Error for MasterKeyMismatch {}

/// Whether `error` is a [`MasterKeyMismatch`], or has one among its causes.
pub fn is_master_key_mismatch(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |cause| cause.source())
        .any(<dyn std::error::Error>::is::<MasterKeyMismatch>)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "203E92AA7E59B62AFB0632831BAD42B9D3EB840E";
    const MALLORY: &str = "63A69F267481A957024FA25B320E88FEA5B94785";

    fn key(text: &str) -> Primary {
        Primary { fingerprint: text.parse().unwrap(), stub: false }
    }

    fn judge(primaries: &[&str], named: &str, anchor: Option<&str>) -> Verdict {
        Evidence {
            primaries: primaries.iter().map(|text| key(text)).collect(),
            named: named.to_owned(),
            anchor: anchor.map(str::to_owned),
            had_master_secret: false,
        }
        .judge()
    }

    #[test]
    fn the_table_holds() {
        let alice = key(ALICE).fingerprint;
        assert_eq!(judge(&[], "", None), Verdict::NoKey);
        assert_eq!(judge(&[ALICE], ALICE, None), Verdict::FirstUse(alice));
        assert_eq!(judge(&[ALICE], ALICE, Some(ALICE)), Verdict::Trusted(alice));
        assert_eq!(judge(&[ALICE], "", None), Verdict::Unnamed(vec![alice]));
        assert_eq!(judge(&[ALICE], "", Some(ALICE)), Verdict::Trusted(alice));
        assert_eq!(judge(&[MALLORY, ALICE], ALICE, None), Verdict::FirstUse(alice));
        assert_eq!(judge(&[MALLORY, ALICE], "", Some(ALICE)), Verdict::Trusted(alice));
        assert!(
            matches!(judge(&[MALLORY, ALICE], "", None), Verdict::Unnamed(keys) if keys.len() == 2)
        );
    }

    #[test]
    fn w13_the_anchor_is_compared_with_the_key_not_with_a_text_file() {
        for (primaries, named) in [
            (vec![], ""),
            (vec![], ALICE),
            (vec![MALLORY], ""),
            (vec![MALLORY], ALICE),
            (vec![MALLORY], MALLORY),
            (vec![ALICE], MALLORY),
        ] {
            let verdict = judge(&primaries, named, Some(ALICE));
            assert!(
                matches!(verdict, Verdict::Mismatch { .. }),
                "{primaries:?} {named}: {verdict:?}"
            );
        }
        assert!(matches!(judge(&[MALLORY], ALICE, None), Verdict::Mismatch { .. }));
    }

    #[test]
    fn w35_a_lower_case_anchor_matches() {
        let lower = ALICE.to_ascii_lowercase();
        assert_eq!(judge(&[ALICE], ALICE, Some(&lower)), Verdict::Trusted(key(ALICE).fingerprint));
    }

    #[test]
    fn a_stub_is_fine_only_if_it_always_was_one() {
        let stub = Primary { stub: true, ..key(ALICE) };
        let evidence = Evidence {
            primaries: vec![stub],
            named: ALICE.to_owned(),
            anchor: Some(ALICE.to_owned()),
            had_master_secret: false,
        };
        assert_eq!(evidence.judge(), Verdict::Trusted(stub.fingerprint));
        let lost = Evidence { had_master_secret: true, ..evidence };
        assert_eq!(lost.judge(), Verdict::SecretLost(stub.fingerprint));
    }

    #[test]
    fn a_mismatch_is_found_below_other_errors() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot open")]
        struct Outer(#[source] MasterKeyMismatch);
        let inner = MasterKeyMismatch {
            vault_name: "work".to_owned(),
            expected: ALICE.to_owned(),
            found: MALLORY.to_owned(),
            snapshot: "20260101T000000Z_x.tar.age".to_owned(),
        };
        insta::assert_snapshot!(inner.to_string(), @"the master key in 20260101T000000Z_x.tar.age is not the one that is trusted for the vault work: expected 203E92AA7E59B62AFB0632831BAD42B9D3EB840E, found 63A69F267481A957024FA25B320E88FEA5B94785");
        assert!(is_master_key_mismatch(&Outer(inner)));
        assert!(!is_master_key_mismatch(&std::io::Error::other("x")));
    }
}
