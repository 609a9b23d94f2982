//! The signatures of a certificate, one by one: what a listing of keys only sums up.

use std::fmt;

use jiff::Timestamp;

use crate::certificate::SelfSignature;
use crate::client::Client;
use crate::edit::{Reason, Revocation};
use crate::error::Error;
use crate::id::{Fingerprint, KeyId};
use crate::listing;

/// A signature on a part of a certificate, by its owner or by somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The primary key of the certificate that carries it.
    pub certificate: Fingerprint,
    /// The part that was signed, together with the primary key.
    pub on: On,
    /// Who claims to have made it.
    pub issuer: KeyId,
    /// The same in full, where the signature names it.
    pub issuer_fingerprint: Option<Fingerprint>,
    /// Its type (RFC 9580 § 5.2.1): 0x10 to 0x13 certify a user id, 0x18 binds a subkey.
    pub class: u8,
    /// Not so: it stays in this key ring.
    pub exportable: bool,
    /// What came of verifying it; a signature by a key that is not here counts as bad.
    pub verdict: SelfSignature,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When the signature itself ends, which a key's end is not.
    pub expires: Option<Timestamp>,
    /// What it was made over.
    pub hash: HashAlgorithm,
    /// What the signature says besides.
    pub subpackets: Vec<Subpacket>,
}

/// A part of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// The primary key itself.
    Primary,
    /// A user id, by its text.
    UserId(String),
    /// A photo, or whatever else stands where a user id does.
    Attribute,
    /// A subkey.
    Subkey(Fingerprint),
}

/// A statement inside a signature (RFC 9580 § 5.2.3.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subpacket {
    /// The type's number.
    pub kind: u8,
    /// Covered by the signature; anybody can change what is not.
    pub hashed: bool,
    /// The content.
    pub data: Vec<u8>,
}

const REASON: u8 = 29;
const FEATURES: u8 = 30;
const EMBEDDED: u8 = 32;
const PREFERRED_AEAD: u8 = 34;

impl Signature {
    /// Whether this key says so: by fingerprint where the signature names one, else by key id.
    pub fn made_by(&self, key: &Fingerprint) -> bool {
        self.issuer_fingerprint.map_or(self.issuer == key.key_id(), |issuer| issuer == *key)
    }

    /// Whether the key of the certificate made it.
    pub fn is_own(&self) -> bool {
        self.made_by(&self.certificate)
    }

    /// Whether it takes a key, a subkey or another signature back.
    pub fn is_revocation(&self) -> bool {
        matches!(self.class, 0x20 | 0x28 | 0x30)
    }

    /// The content of the last signed subpacket of this type, which is the one that counts.
    pub fn says(&self, kind: u8) -> Option<&[u8]> {
        let same = |subpacket: &&Subpacket| subpacket.hashed && subpacket.kind == kind;
        self.subpackets.iter().rfind(same).map(|subpacket| subpacket.data.as_slice())
    }

    /// Whether it asks others to encrypt in a mode that only some programs read: OCB, as GnuPG from
    /// 2.3 on has it, or RFC 9580's.
    pub fn prefers_aead(&self) -> bool {
        let modes = self.says(PREFERRED_AEAD).is_some_and(|modes| !modes.is_empty());
        let features = self.says(FEATURES).and_then(|features| features.first());
        modes || features.is_some_and(|features| features & 0x0a != 0)
    }

    /// Over which hash the subkey has signed its primary key, which a binding of one that signs has
    /// inside (RFC 9580 § 5.2.1.8): else anybody could claim the subkey. It vouches for itself, so it
    /// need not be covered. Whether it is good is gpg's to say, when the subkey has signed something.
    pub fn cross_certified(&self) -> Option<HashAlgorithm> {
        let embedded = self.subpackets.iter().filter(|subpacket| subpacket.kind == EMBEDDED);
        embedded.rev().find_map(|subpacket| match subpacket.data.as_slice() {
            [4, 0x19, _, hash, ..] => Some((*hash).into()),
            _ => None,
        })
    }

    /// The owner's last good word on this part, among all signatures of a certificate.
    pub fn newest_own<'a>(all: &'a [Self], on: &On) -> Option<&'a Self> {
        let good = |signature: &&Self| {
            signature.on == *on
                && signature.is_own()
                && !signature.is_revocation()
                && signature.verdict == SelfSignature::Good
        };
        all.iter().filter(good).max_by_key(|signature| signature.created)
    }

    /// Why a revocation was made, where it says so.
    pub fn reason(&self) -> Option<Revocation> {
        let (code, text) = self.says(REASON)?.split_first()?;
        let message = String::from_utf8_lossy(text).into_owned();
        Some(Revocation { reason: Reason::of(*code), message })
    }
}

impl Client {
    /// Every signature of the certificate, each verified anew.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`], and as [`Client::list`].
    pub async fn signatures(&self, primary: &Fingerprint) -> Result<Vec<Signature>, Error> {
        let name = primary.to_string();
        let args = ["--list-options=show-sig-subpackets", "--check-sigs", &name];
        self.certificate(primary).await?; // gpg would only say that it failed
        let found = listing::signatures(&self.check(&args).await?)?;
        Ok(found.into_iter().filter(|signature| signature.certificate == *primary).collect())
    }
}

macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        /// A hash algorithm by OpenPGP's numbers (RFC 9580 § 9.5).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum HashAlgorithm {
            $($(#[$doc])* $name,)*
            /// One that this crate has no name for.
            Other(u8),
        }

        impl From<u8> for HashAlgorithm {
            fn from(number: u8) -> Self {
                match number {
                    $($number => Self::$name,)*
                    other => Self::Other(other),
                }
            }
        }

        impl fmt::Display for HashAlgorithm {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name => f.pad($text),)*
                    Self::Other(number) => write!(f, "hash-{number}"),
                }
            }
        }
    };
}

hashes! {
    /// Broken.
    Md5 = 1, "md5";
    /// Collisions are for sale: many programs no longer take signatures over it.
    Sha1 = 2, "sha1";
    /// As short as SHA-1.
    Ripemd160 = 3, "ripemd160";
    /// The least that is in use now.
    Sha256 = 8, "sha256";
    /// Cut down from SHA-512.
    Sha384 = 9, "sha384";
    /// gpg's choice for new signatures, where the key is long enough.
    Sha512 = 10, "sha512";
    /// Cut down from SHA-256.
    Sha224 = 11, "sha224";
}

impl HashAlgorithm {
    /// Whether two things can be found, with some effort, that have the same hash.
    pub fn is_weak(self) -> bool {
        matches!(self, Self::Md5 | Self::Sha1 | Self::Ripemd160)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature() -> Signature {
        let fingerprint: Fingerprint = "AB".repeat(20).parse().unwrap();
        Signature {
            certificate: fingerprint,
            on: On::Primary,
            issuer: fingerprint.key_id(),
            issuer_fingerprint: Some(fingerprint),
            class: 0x20,
            exportable: true,
            verdict: SelfSignature::Good,
            created: None,
            expires: None,
            hash: 8.into(),
            subpackets: Vec::new(),
        }
    }

    #[test]
    fn what_is_not_signed_is_not_said() {
        let subpacket = |hashed, text: &str| Subpacket { kind: 29, hashed, data: text.into() };
        let mut signature = signature();
        signature.subpackets = vec![subpacket(true, "\u{2}lost"), subpacket(false, "\u{3}found")];
        let said = signature.reason().unwrap();
        assert_eq!((said.reason, said.message.as_str()), (Reason::Compromised, "lost"));
    }

    #[test]
    fn what_only_some_programs_read_is_noticed() {
        let with = |kind, hashed, data: &[u8]| {
            let subpacket = Subpacket { kind, hashed, data: data.to_vec() };
            Signature { subpackets: vec![subpacket], ..signature() }.prefers_aead()
        };
        // As gpg 2.2 writes them, and as 2.4 does of its own accord.
        assert!(!with(FEATURES, true, &[1]) && with(FEATURES, true, &[7]));
        assert!(with(FEATURES, true, &[9]), "version 2 of encrypted data, by RFC 9580");
        assert!(!with(PREFERRED_AEAD, true, &[]) && with(PREFERRED_AEAD, true, &[2]));
        assert!(!with(FEATURES, false, &[7]), "not covered, not said");
    }

    #[test]
    fn a_fingerprint_outweighs_a_key_id() {
        let mut signature = signature();
        assert!(signature.is_own());
        signature.issuer_fingerprint = Some("CD".repeat(20).parse().unwrap());
        assert!(!signature.is_own());
        signature.issuer_fingerprint = None;
        assert!(signature.is_own());
    }
}
