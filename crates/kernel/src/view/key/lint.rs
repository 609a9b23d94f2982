//! What is wrong with keys, and what helps.

use crate::{
    api::key::{Finding, Flaw, Lint},
    view::{Cell, Table, Tone, date, visible},
};

/// When there is nothing.
pub const NO_FINDINGS: &str = "No findings.";

/// What nothing less helps against.
const NEW_MASTER: &str = "a new master key";

/// What is wrong, and what helps against it.
pub fn findings(lint: &Lint) -> Table {
    let row = |Finding { on, flaw }: &Finding| {
        let remedy = match flaw {
            Flaw::WeakKey { .. } if lint.master_fp.ends_with(on) => NEW_MASTER.to_owned(),
            _ => remedy(flaw, on),
        };
        [Cell::code(on), Cell::toned(phrase(flaw), Tone::Warn), Cell::plain(remedy)]
    };
    Table::new(["ON", "FINDING", "REMEDY"], lint.findings.iter().map(row))
}

/// What was wrong, and is mended.
pub fn fixed(lint: &Lint) -> Vec<String> {
    let mended =
        |Finding { on, flaw }: &Finding| format!("mended: {}: {}", visible(on), phrase(flaw));
    lint.fixed.iter().map(mended).collect()
}

fn phrase(flaw: &Flaw) -> String {
    match flaw {
        Flaw::MasterRevoked => "the master key is revoked".to_owned(),
        Flaw::MasterExpired => "the master key has expired".to_owned(),
        Flaw::WeakHash { hash } => format!("self-signature over {hash}"),
        Flaw::Aead => "asks for OCB, which many programs cannot read".to_owned(),
        Flaw::NotCrossCertified => "has not signed the master key".to_owned(),
        Flaw::WeakCrossCertification { hash } => format!("has signed the master key over {hash}"),
        Flaw::WeakKey { algorithm } => format!("{algorithm} is too weak"),
        Flaw::NoExpiry => "does not expire".to_owned(),
        Flaw::FarExpiry { expires } => format!("expires only on {}", date(*expires)),
        Flaw::NoSigning => "no live key signs".to_owned(),
        Flaw::NoEncryption => "no live key can be encrypted to".to_owned(),
    }
}

fn remedy(flaw: &Flaw, on: &str) -> String {
    match flaw {
        Flaw::WeakHash { .. } | Flaw::Aead | Flaw::NotCrossCertified => {
            "keys lint --fix".to_owned()
        }
        Flaw::MasterExpired => format!("keys renew {on}"),
        Flaw::NoExpiry | Flaw::FarExpiry { .. } => format!("keys renew --for 2y {on}"),
        Flaw::NoSigning => "keys generate --usage sign".to_owned(),
        Flaw::NoEncryption => "keys generate --usage encrypt".to_owned(),
        Flaw::WeakCrossCertification { .. } | Flaw::WeakKey { .. } => {
            "keys generate, then keys revoke".to_owned()
        }
        Flaw::MasterRevoked => NEW_MASTER.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn each_flaw_has_its_words_and_a_remedy() {
        let sha1 = || "sha1".to_owned();
        let expires = "2040-01-02T03:04:05Z".parse().unwrap();
        let flaws = [
            Flaw::MasterRevoked,
            Flaw::MasterExpired,
            Flaw::WeakHash { hash: sha1() },
            Flaw::Aead,
            Flaw::NotCrossCertified,
            Flaw::WeakCrossCertification { hash: sha1() },
            Flaw::WeakKey { algorithm: "rsa1024".to_owned() },
            Flaw::NoExpiry,
            Flaw::FarExpiry { expires },
            Flaw::NoSigning,
            Flaw::NoEncryption,
        ];
        let on = "33DC8F1EEE57B934";
        let findings: Vec<_> =
            flaws.into_iter().map(|flaw| Finding { on: on.to_owned(), flaw }).collect();
        let fixed = vec![Finding { on: "Ann\n".to_owned(), flaw: Flaw::Aead }];
        let lint = Lint { master_fp: "AAAA".to_owned(), findings, fixed };
        assert_snapshot!(super::findings(&lint), @"
        ON                FINDING                                        REMEDY
        33DC8F1EEE57B934  the master key is revoked                      a new master key
        33DC8F1EEE57B934  the master key has expired                     keys renew 33DC8F1EEE57B934
        33DC8F1EEE57B934  self-signature over sha1                       keys lint --fix
        33DC8F1EEE57B934  asks for OCB, which many programs cannot read  keys lint --fix
        33DC8F1EEE57B934  has not signed the master key                  keys lint --fix
        33DC8F1EEE57B934  has signed the master key over sha1            keys generate, then keys revoke
        33DC8F1EEE57B934  rsa1024 is too weak                            keys generate, then keys revoke
        33DC8F1EEE57B934  does not expire                                keys renew --for 2y 33DC8F1EEE57B934
        33DC8F1EEE57B934  expires only on 2040-01-02                     keys renew --for 2y 33DC8F1EEE57B934
        33DC8F1EEE57B934  no live key signs                              keys generate --usage sign
        33DC8F1EEE57B934  no live key can be encrypted to                keys generate --usage encrypt
        ");
        assert_snapshot!(super::fixed(&lint).join("\n"), @r"mended: Ann\n: asks for OCB, which many programs cannot read");
    }
}
