//! The identities (user IDs) of the master key.

use std::collections::BTreeMap;

use gpgsmith_gpg::{Client, Error as GpgError, Fingerprint, UserId};
use secrecy::SecretString;

use super::{
    Env,
    error::Fail as _,
    key::{live, secret},
    listing,
};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::About,
        identity::{ChangedIdentity, Identities, Identity},
    },
    session::{Change, Home, Session, SessionError},
};

/// gpg's letter for an identity that was revoked.
const REVOKED: &str = "r";

/// The index of the identity that programs show.
const FIRST: u32 = 1;

/// The identities of the master key; none before there is one.
///
/// # Errors
/// The session has ended, or gpg failed.
pub async fn list(session: &Session) -> Result<Identities, ApiError> {
    let certificates = session.certificates().await?;
    let master = session.configured_master_fp();
    let certificate = certificates.iter().find(|c| Some(c.fingerprint()) == master);
    Ok(Identities {
        master_fp: master.map(|master| master.to_string()),
        identities: certificate.map(listing::identities).unwrap_or_default(),
    })
}

/// What is done to an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// A new one.
    Add,
    /// Revoke it, for good.
    Revoke,
    /// Make it the one that programs show.
    Primary,
}

impl Verb {
    /// The audit action.
    pub fn action(self) -> &'static str {
        match self {
            Self::Add => "add-identity",
            Self::Revoke => "revoke-identity",
            Self::Primary => "set-primary-identity",
        }
    }

    fn phrase(self) -> &'static str {
        match self {
            Self::Add => "added identity",
            Self::Revoke => "revoked identity",
            Self::Primary => "set primary identity",
        }
    }

    async fn run(
        self,
        gpg: &Client,
        (master, user_id): (&Fingerprint, &UserId),
        secret: &SecretString,
    ) -> Result<(), GpgError> {
        match self {
            Self::Add => gpg.add_user_id(master, user_id, secret).await,
            Self::Revoke => gpg.revoke_user_id(master, user_id, secret).await,
            Self::Primary => gpg.set_primary_user_id(master, user_id, secret).await,
        }
    }
}

/// Changes an identity: `text` is its own text, or for one that is there its index.
///
/// # Errors
/// There is no such identity (or there is one already), the user said no, or gpg failed; the
/// vault is then as it was.
pub async fn change(
    env: &Env<'_>,
    session: &Session,
    verb: Verb,
    text: &str,
) -> Result<ChangedIdentity, ApiError> {
    let master = live(session).await?.fingerprint();
    let there = list(session).await?.identities;
    let text = if verb == Verb::Add { text.to_owned() } else { find(&there, text)?.uid.clone() };
    let user_id: UserId = text.parse().bad_request()?;
    if verb == Verb::Revoke {
        env.confirm(About::RevokeIdentity { identity: text.clone() }, "--yes").await?;
    }
    env.unlock_keys(session).await?;
    env.progress.check()?;
    session
        .step(async |home: &Home<'_>| {
            let secret = secret(home)?;
            let done = verb.run(home.gpg(), (&master, &user_id), secret).await;
            done.map_err(explain)?;
            Ok::<_, ApiError>(Change {
                value: (),
                action: verb.action(),
                details: format!("{} \"{text}\"", verb.phrase()),
                metadata: BTreeMap::from([("identity".to_owned(), text.clone())]),
            })
        })
        .await?;
    let after = list(session).await?.identities;
    let identity = find(&after, &text)?.clone();
    let first = there.iter().find(|identity| identity.validity != REVOKED);
    let displaced = match first {
        Some(first) if verb == Verb::Add && identity.index == FIRST => {
            after.iter().find(|now| now.uid == first.uid).cloned()
        }
        _ => None,
    };
    Ok(ChangedIdentity { identity, displaced })
}

fn explain(error: GpgError) -> ApiError {
    match error {
        GpgError::UserIdExists { .. } => ApiError::chain(Code::Exists, &error),
        other => SessionError::from(other).into(),
    }
}

/// An argument that is a number is an index; anything else is the text.
fn find<'a>(there: &'a [Identity], wanted: &str) -> Result<&'a Identity, ApiError> {
    let index = wanted.parse::<i64>().ok();
    let found = there.iter().find(|identity| match index {
        Some(index) => i64::from(identity.index) == index,
        None => identity.uid == wanted,
    });
    found.ok_or_else(|| {
        let text = match index {
            Some(index) => format!("there is no identity {index}; the key has {}", there.len()),
            None => format!("the key has no identity {wanted:?}"),
        };
        ApiError::new(Code::BadRequest, text).with_hint(Hint::run(
            "See which there are.",
            "keys identity list",
            &[],
        ))
    })
}
