//! What is exported for people to read, and where it went.

use super::reason;
use crate::{
    api::key::{CertifiedKey, ExportedKeys, ExportedSubkeys, RevocationPaper, SshLine},
    view::{count, visible},
};

/// Where a public key went.
pub fn exported(exported: &ExportedKeys) -> Option<String> {
    let home = exported.imported_into.as_ref()?;
    let place = home.to_string_lossy();
    let cards = match exported.on_cards.len() as u64 {
        0 => String::new(),
        number => format!(", with the places of {} on cards", count(number, "key")),
    };
    Some(format!("exported {} to {}{cards}", exported.master_fp, visible(&place)))
}

/// Where secret subkeys went.
pub fn exported_subkeys(exported: &ExportedSubkeys) -> String {
    let (keys, place) = (exported.keys.join(" "), exported.file.to_string_lossy());
    format!("exported the secret part of {keys} to {}", visible(&place))
}

/// What is not in a line for ssh, where there is a choice.
pub fn other_ssh_keys(line: &SshLine) -> Option<String> {
    let others = line.others.join(" ");
    (!others.is_empty()).then(|| format!("other keys can log in too: {others}; --key chooses"))
}

/// A key was signed.
pub fn certified(certified: &CertifiedKey) -> Vec<String> {
    let names = certified.identities.iter().map(|name| format!("  {}", visible(name)));
    let what_next = match certified.armored {
        Some(_) => "send the signed key to its owner, who decides where it is seen",
        None => "for this vault only: no export carries it",
    };
    let first = format!("signed {} as the key of", certified.fingerprint);
    [first].into_iter().chain(names).chain([what_next.to_owned()]).collect()
}

/// What is known of a revocation certificate, without the thing itself.
pub fn revocation(paper: &RevocationPaper) -> Vec<String> {
    let made = if paper.made { "was missing, and is made" } else { "is in the vault" };
    vec![
        format!("the revocation certificate of {} {made}", paper.master_fp),
        format!("tried on a copy of the key: it revokes it{}", reason(paper.reason)),
        "keep a copy outside: --output FILE, or --print and --qr for paper".to_owned(),
    ]
}

/// A revocation certificate as a sheet of paper: what it is for, and the thing itself. gpg imports
/// the sheet as it is.
pub fn revocation_sheet(paper: &RevocationPaper) -> String {
    let identities = paper.identities.iter().map(|text| format!("  {}\n", visible(text)));
    format!(
        "REVOCATION CERTIFICATE\n\n\
         for the OpenPGP key\n\n  {}\n\n{}\n\
         Whoever has this text can revoke the key, for good: nobody will encrypt to it or trust\n\
         its signatures any more. It gives no other power over the key. Keep it where others\n\
         do not come, apart from the vault; if the vault is lost or stolen, use it:\n\n  \
         gpg --import FILE       (this text, typed or scanned)\n  \
         gpg --send-keys {}\n\n{}\n",
        grouped(&paper.master_fp),
        identities.collect::<String>(),
        paper.master_fp,
        paper.armored.trim_end(),
    )
}

/// As gpg prints fingerprints for people: groups of four digits, a wider gap in the middle.
pub(in crate::view) fn grouped(fingerprint: &str) -> String {
    let groups: Vec<&str> =
        (0..fingerprint.len()).step_by(4).filter_map(|at| fingerprint.get(at..at + 4)).collect();
    let (left, right) = groups.split_at(groups.len() / 2);
    format!("{}  {}", left.join(" "), right.join(" "))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::api::key::Reason;

    fn paper() -> RevocationPaper {
        RevocationPaper {
            master_fp: "203E92AA7E59B62AFB0632831BAD42B9D3EB840E".to_owned(),
            identities: vec!["Ann\u{1b}[2J <ann@example.org>".to_owned(), "Ann".to_owned()],
            reason: Reason::None,
            armored: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n…\n-----END…".to_owned(),
            made: false,
        }
    }

    #[test]
    fn a_sheet_says_what_it_is_for() {
        assert_snapshot!(revocation_sheet(&paper()), @r"
        REVOCATION CERTIFICATE

        for the OpenPGP key

          203E 92AA 7E59 B62A FB06  3283 1BAD 42B9 D3EB 840E

          Ann\u{1b}[2J <ann@example.org>
          Ann

        Whoever has this text can revoke the key, for good: nobody will encrypt to it or trust
        its signatures any more. It gives no other power over the key. Keep it where others
        do not come, apart from the vault; if the vault is lost or stolen, use it:

          gpg --import FILE       (this text, typed or scanned)
          gpg --send-keys 203E92AA7E59B62AFB0632831BAD42B9D3EB840E

        -----BEGIN PGP PUBLIC KEY BLOCK-----
        …
        -----END…
        ");
    }

    #[test]
    fn without_a_copy_outside_it_is_of_little_use() {
        assert_snapshot!(revocation(&paper()).join("\n"), @"
        the revocation certificate of 203E92AA7E59B62AFB0632831BAD42B9D3EB840E is in the vault
        tried on a copy of the key: it revokes it
        keep a copy outside: --output FILE, or --print and --qr for paper
        ");
    }

    #[test]
    fn a_signed_key_is_for_its_owner_or_for_the_vault() {
        let mut done = CertifiedKey {
            fingerprint: "203E".to_owned(),
            master_fp: "AAAA".to_owned(),
            identities: vec!["Bob\u{1b}[2J <bob@example.org>".to_owned(), "Bob".to_owned()],
            armored: Some(String::new()),
        };
        assert_snapshot!(certified(&done).join("\n"), @r"
        signed 203E as the key of
          Bob\u{1b}[2J <bob@example.org>
          Bob
        send the signed key to its owner, who decides where it is seen
        ");
        done.armored = None;
        assert_snapshot!(certified(&done).join("\n"), @r"
        signed 203E as the key of
          Bob\u{1b}[2J <bob@example.org>
          Bob
        for this vault only: no export carries it
        ");
    }

    #[test]
    fn w37_an_export_names_its_target() {
        let mut done = ExportedKeys {
            master_fp: "203E".to_owned(),
            armored: String::new(),
            imported_into: Some("/home/ann/.gnupg".into()),
            on_cards: Vec::new(),
        };
        assert_eq!(exported(&done).unwrap(), "exported 203E to /home/ann/.gnupg");
        done.on_cards = vec!["33DC8F1EEE57B934".to_owned()];
        let told = exported(&done).unwrap();
        assert_eq!(told, "exported 203E to /home/ann/.gnupg, with the places of 1 key on cards");
    }
}
