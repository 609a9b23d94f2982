//! gpg's listing as faces see it.

use gpgsmith_gpg::{Certificate, Key, Secret, Usages, UserIdEntry};

use crate::api::{identity::Identity, key};

/// A certificate with all that is shown of it.
pub(super) fn certificate(certificate: &Certificate) -> key::Certificate {
    key::Certificate {
        primary: key(&certificate.primary, true),
        subkeys: certificate.subkeys.iter().map(|subkey| key(subkey, false)).collect(),
        identities: identities(certificate),
    }
}

/// A key; `primary` says which spelling its usages get.
pub(super) fn key(key: &Key, primary: bool) -> key::Key {
    key::Key {
        key_id: key.key_id.to_string(),
        fingerprint: key.fingerprint.to_string(),
        keygrip: key.keygrip.map(|grip| grip.to_string()),
        algorithm: key.algorithm.to_string(),
        usage: usage(key.usage, primary),
        primary,
        validity: key.validity.letter().to_string(),
        created: key.created,
        expires: key.expires,
        secret: secret(&key.secret),
    }
}

/// A key of this certificate.
pub(super) fn key_of(certificate: &Certificate, key: &Key) -> key::Key {
    self::key(key, key.fingerprint == certificate.fingerprint())
}

/// Upper case for a primary key and lower case for a subkey, as the Go program shows them.
fn usage(usages: Usages, primary: bool) -> String {
    let letters = usages.iter().map(gpgsmith_gpg::Usage::letter);
    letters
        .map(
            |letter| {
                if primary { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
            },
        )
        .collect()
}

fn secret(secret: &Secret) -> key::SecretPart {
    match secret {
        Secret::Absent => key::SecretPart::Absent,
        Secret::Present => key::SecretPart::Present,
        Secret::Stub => key::SecretPart::Stub,
        Secret::Card(serial) => key::SecretPart::Card { serial: serial.to_string() },
    }
}

/// The user IDs of a certificate, counted from 1.
pub(super) fn identities(certificate: &Certificate) -> Vec<Identity> {
    (1..).zip(&certificate.user_ids).map(|(index, id)| identity(index, id)).collect()
}

fn identity(index: u32, id: &UserIdEntry) -> Identity {
    let letter = id.validity.letter();
    Identity {
        index,
        validity: letter.to_string(),
        status: match letter {
            'u' => "ultimate".to_owned(),
            'r' => "revoked".to_owned(),
            'e' => "expired".to_owned(),
            'f' => "full".to_owned(),
            'm' => "marginal".to_owned(),
            'n' => "never".to_owned(),
            other => other.to_string(),
        },
        created: id.created,
        revoked: id.revoked,
        hash: id.hash.clone(),
        uid: id.text.clone(),
    }
}
