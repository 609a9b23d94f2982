//! Public-key algorithms by gpg's names, and which of them serve which usage.

use std::fmt;
use std::str::FromStr;

use crate::client::Client;
use crate::error::Error;
use crate::usage::Usage;

/// A public-key algorithm with its size or curve; `FromStr` and `Display` use gpg's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSA with a modulus of so many bits.
    Rsa(u16),
    /// DSA with a prime of so many bits: only ever seen, never made.
    Dsa(u16),
    /// Elgamal with a prime of so many bits: only ever seen, never made.
    Elgamal(u16),
    /// Signatures on Curve25519.
    Ed25519,
    /// Encryption on Curve25519.
    Cv25519,
    /// Signatures on Curve448, since GnuPG 2.3.
    Ed448,
    /// Encryption on Curve448, since GnuPG 2.3.
    Cv448,
    /// ECDSA or ECDH, as the usage has it.
    Curve(Curve),
    /// An algorithm number (RFC 9580 § 9.1) that this crate has no name for.
    Other(u8),
}

/// The curves on which gpg both signs and encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "a curve's name is all there is to say of it")]
pub enum Curve {
    NistP256,
    NistP384,
    NistP521,
    BrainpoolP256r1,
    BrainpoolP384r1,
    BrainpoolP512r1,
    Secp256k1,
}

impl Curve {
    const NAMES: [(Self, &str); 7] = [
        (Self::NistP256, "nistp256"),
        (Self::NistP384, "nistp384"),
        (Self::NistP521, "nistp521"),
        (Self::BrainpoolP256r1, "brainpoolP256r1"),
        (Self::BrainpoolP384r1, "brainpoolP384r1"),
        (Self::BrainpoolP512r1, "brainpoolP512r1"),
        (Self::Secp256k1, "secp256k1"),
    ];

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(curve, _)| *curve == self).map_or("", |(_, name)| name)
    }
}

impl Algorithm {
    /// The algorithm of the same family that serves `usage`: curve 25519 signs as `ed25519` and
    /// encrypts as `cv25519`, so a key set of one family can be asked for by either name.
    ///
    /// # Errors
    ///
    /// [`IllegalPair`] for what only old keys have, and for RSA under 2048 or over 4096 bits.
    pub fn for_usage(self, usage: Usage) -> Result<Self, IllegalPair> {
        let encrypts = usage == Usage::Encrypt;
        match self {
            Self::Ed25519 | Self::Cv25519 if encrypts => Ok(Self::Cv25519),
            Self::Ed25519 | Self::Cv25519 => Ok(Self::Ed25519),
            Self::Ed448 | Self::Cv448 if encrypts => Ok(Self::Cv448),
            Self::Ed448 | Self::Cv448 => Ok(Self::Ed448),
            Self::Rsa(2048..=4096) | Self::Curve(_) => Ok(self),
            Self::Rsa(_) | Self::Dsa(_) | Self::Elgamal(_) | Self::Other(_) => {
                Err(IllegalPair { algorithm: self, usage })
            }
        }
    }

    /// What `--quick-gen-key` and `--quick-add-key` take for a key of this usage: on curves that do
    /// both, gpg 2.2 guesses encryption for every subkey unless told.
    pub(crate) fn argument(self, usage: Usage) -> String {
        match self {
            Self::Curve(_) if usage != Usage::Encrypt => format!("{self}/ecdsa"),
            _ => self.to_string(),
        }
    }

    /// What a listing tells: the algorithm's number, its bits, and its curve where it has one.
    pub(crate) fn listed(number: u8, bits: u16, curve: &str) -> Self {
        match number {
            1..=3 => Self::Rsa(bits),
            16 | 20 => Self::Elgamal(bits),
            17 => Self::Dsa(bits),
            _ => curve.parse().unwrap_or(Self::Other(number)),
        }
    }
}

impl Algorithm {
    /// What new keys may be of, each family by the name of its signing member. Not of curve 448: gpg
    /// makes these of version 5, which other programs do not read; Debian's gpg refuses to.
    const MADE: [Self; 11] = [
        Self::Ed25519,
        Self::Rsa(2048),
        Self::Rsa(3072),
        Self::Rsa(4096),
        Self::Curve(Curve::NistP256),
        Self::Curve(Curve::NistP384),
        Self::Curve(Curve::NistP521),
        Self::Curve(Curve::BrainpoolP256r1),
        Self::Curve(Curve::BrainpoolP384r1),
        Self::Curve(Curve::BrainpoolP512r1),
        Self::Curve(Curve::Secp256k1),
    ];

    /// Those of [`Algorithm::MADE`] that `gpg --with-colons --list-config` tells of.
    fn offered(config: &str) -> Vec<Self> {
        let values = |name: &str| {
            let line = config.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().split(';').map(str::to_owned).collect::<Vec<_>>()
        };
        let (numbers, curves) = (values("cfg:pubkey:"), values("cfg:curve:"));
        let offers = |algorithm: &Self| match algorithm {
            Self::Rsa(_) => numbers.iter().any(|number| number == "1"),
            curve => curves.iter().any(|name| *name == curve.to_string()),
        };
        Self::MADE.into_iter().filter(offers).collect()
    }
}

impl Client {
    /// What this gpg makes new keys of, each family by the name of its signing member; RSA is any
    /// size from 2048 to 4096 bits.
    ///
    /// # Errors
    ///
    /// gpg fails.
    pub async fn algorithms(&self) -> Result<Vec<Algorithm>, Error> {
        let call = self.reading().args(["--with-colons", "--list-config"]);
        Ok(Algorithm::offered(&String::from_utf8_lossy(&call.run().await?.stdout)))
    }
}

/// An algorithm that no new key of that usage should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{algorithm} can't make a key to {}", usage.verb())]
pub struct IllegalPair {
    /// What was asked for.
    pub algorithm: Algorithm,
    /// What it was to serve.
    pub usage: Usage,
}

/// A name that no gpg gives to an algorithm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an algorithm that gpg knows")]
pub struct BadAlgorithm(pub String);

impl FromStr for Algorithm {
    type Err = BadAlgorithm;

    /// Besides gpg's names, `default` and `future-default` mean `ed25519`, as vaults of old have it.
    fn from_str(text: &str) -> Result<Self, BadAlgorithm> {
        named(text).or_else(|| numbered(text)).ok_or_else(|| BadAlgorithm(text.to_owned()))
    }
}

fn named(text: &str) -> Option<Algorithm> {
    match text {
        "default" | "future-default" | "ed25519" => Some(Algorithm::Ed25519),
        "cv25519" | "x25519" => Some(Algorithm::Cv25519),
        "ed448" => Some(Algorithm::Ed448),
        "cv448" | "x448" => Some(Algorithm::Cv448),
        _ => {
            let known = |(_, name): &&(Curve, &str)| name.eq_ignore_ascii_case(text);
            Curve::NAMES.iter().find(known).map(|(curve, _)| Algorithm::Curve(*curve))
        }
    }
}

fn numbered(text: &str) -> Option<Algorithm> {
    let bits = |digits: &str| number(digits).filter(|bits| *bits >= 512);
    if let Some(digits) = text.strip_prefix("algo-") {
        return number(digits)?.try_into().ok().map(Algorithm::Other);
    }
    let (family, digits) = text.split_at_checked(3)?;
    match family {
        "rsa" => bits(digits).map(Algorithm::Rsa),
        "dsa" => bits(digits).map(Algorithm::Dsa),
        "elg" => bits(digits).map(Algorithm::Elgamal),
        _ => None,
    }
}

/// Digits only and no leading zero, so that printing gives the same text again.
fn number(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "rsa{bits}"),
            Self::Dsa(bits) => write!(f, "dsa{bits}"),
            Self::Elgamal(bits) => write!(f, "elg{bits}"),
            Self::Ed25519 => f.write_str("ed25519"),
            Self::Cv25519 => f.write_str("cv25519"),
            Self::Ed448 => f.write_str("ed448"),
            Self::Cv448 => f.write_str("cv448"),
            Self::Curve(curve) => f.write_str(curve.name()),
            Self::Other(number) => write!(f, "algo-{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn algorithm(name: &str) -> Algorithm {
        name.parse().unwrap()
    }

    #[test]
    fn w53_each_usage_gets_its_algorithm_of_the_family() {
        for (name, usage, expected) in [
            ("ed25519", Usage::Encrypt, "cv25519"),
            ("cv25519", Usage::Sign, "ed25519"),
            ("future-default", Usage::Encrypt, "cv25519"),
            ("default", Usage::Certify, "ed25519"),
            ("x448", Usage::Authenticate, "ed448"),
            ("ed448", Usage::Encrypt, "cv448"),
            ("rsa4096", Usage::Encrypt, "rsa4096"),
            ("NISTP256", Usage::Encrypt, "nistp256"),
            ("brainpoolp512r1", Usage::Sign, "brainpoolP512r1"),
        ] {
            assert_eq!(algorithm(name).for_usage(usage).unwrap().to_string(), expected, "{name}");
        }
    }

    #[test]
    fn what_only_old_keys_have_is_not_made_anew() {
        for name in ["rsa1024", "rsa8192", "dsa2048", "elg2048", "algo-99"] {
            assert!(algorithm(name).for_usage(Usage::Sign).is_err(), "{name}");
        }
        let error = algorithm("rsa1024").for_usage(Usage::Encrypt).unwrap_err();
        insta::assert_snapshot!(error, @"rsa1024 can't make a key to encrypt");
    }

    #[test]
    fn a_name_is_all_of_it() {
        for bad in [
            "",
            "rsa",
            "rsa0",
            "rsa02048",
            "rsa+2048",
            "rsa2048 ",
            "ed25519/cert",
            "rsé",
            "algo-256",
        ] {
            assert!(bad.parse::<Algorithm>().is_err(), "{bad}");
        }
        insta::assert_snapshot!("rsa".parse::<Algorithm>().unwrap_err(), @r#""rsa" is not an algorithm that gpg knows"#);
    }

    #[test]
    fn numbers_of_listings_are_named() {
        let named = |number, bits, curve| Algorithm::listed(number, bits, curve).to_string();
        assert_eq!(named(1, 3072, ""), "rsa3072");
        assert_eq!(named(17, 2048, ""), "dsa2048");
        assert_eq!(named(16, 2048, ""), "elg2048");
        assert_eq!(named(18, 255, "cv25519"), "cv25519");
        assert_eq!(named(22, 255, "ed25519"), "ed25519");
        assert_eq!(named(19, 384, "brainpoolP384r1"), "brainpoolP384r1");
        assert_eq!(named(99, 0, ""), "algo-99");
    }

    #[test]
    fn a_gpg_offers_what_it_tells_of() {
        let config = "cfg:version:2.2.40\ncfg:pubkey:1;16;22\ncfg:curve:cv25519;ed25519;nistp256\n";
        let names: Vec<_> = Algorithm::offered(config).iter().map(Algorithm::to_string).collect();
        assert_eq!(names, ["ed25519", "rsa2048", "rsa3072", "rsa4096", "nistp256"]);
        assert!(Algorithm::offered("").is_empty());
    }

    proptest! {
        #[test]
        fn algorithms_print_as_they_are_read(name in "(rsa|dsa|elg)[1-9][0-9]{2,4}|algo-[1-9][0-9]?|(ed|cv)(25519|448)|nistp(256|384|521)") {
            if let Ok(algorithm) = name.parse::<Algorithm>() {
                prop_assert_eq!(algorithm.to_string(), name);
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "(rsa|dsa|elg|algo-)?\\PC{0,10}") {
            drop(text.parse::<Algorithm>());
        }
    }
}
