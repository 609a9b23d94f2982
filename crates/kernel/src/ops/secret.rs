//! The passphrase of the keys in a vault: the vault's own, or asked for once per session.

use gpgsmith_gpg::{Certificate, Keygrip, Secret, SecretState};
use secrecy::SecretString;

use super::Env;
use crate::{
    api::{
        ApiError, Code, Hint,
        event::{About, Answer},
    },
    session::{Session, SessionError},
};

/// After so many wrong answers the work fails.
const TRIES: usize = 3;

impl Env<'_> {
    /// Makes sure that the session knows the passphrase of its keys, by proof: what it knows is
    /// tried on the master key, and what the user answers too.
    pub(super) async fn unlock_keys(&self, session: &Session) -> Result<(), ApiError> {
        let Some(grip) = master_grip(session).await? else {
            return self.choose_passphrase(session).await;
        };
        let known = session.key_passphrase();
        if let Some(known) = known
            && opens(session, grip, &known).await?
        {
            return Ok(());
        }
        for attempt in 0..TRIES {
            let of = format!("the keys in the vault {}", session.vault_name());
            let about = About::Passphrase { of, again: attempt > 0 };
            let answer = match self.asker.ask(about, "--key-passphrase-file").await {
                // Nobody can type another one.
                Err(error) if attempt > 0 && error.code == Code::NeedsAnswer => break,
                answer => secret(answer?)?,
            };
            if opens(session, grip, &answer).await? {
                session.set_key_passphrase(answer);
                return Ok(());
            }
        }
        let text =
            format!("the passphrase does not open the keys in the vault {}", session.vault_name());
        let hint = Hint::advice(
            "Nothing has changed. Type the passphrase of the keys, or give it with --key-passphrase-file.",
        );
        Err(ApiError::new(Code::WrongPassphrase, text).with_hint(hint))
    }

    /// For the first keys of a vault: the vault's passphrase, else a new one.
    async fn choose_passphrase(&self, session: &Session) -> Result<(), ApiError> {
        if session.key_passphrase().is_none() {
            let of = format!("the new keys in the vault {}", session.vault_name());
            let about = About::NewPassphrase { of };
            session
                .set_key_passphrase(secret(self.asker.ask(about, "--key-passphrase-file").await?)?);
        }
        Ok(())
    }
}

pub(super) fn secret(answer: Answer) -> Result<SecretString, ApiError> {
    match answer {
        Answer::Secret(passphrase) => Ok(passphrase.into_secret()),
        _ => Err(ApiError::new(Code::Declined, "no passphrase was given; nothing has changed")),
    }
}

/// The keygrip of the first primary key whose secret part is here and protected.
async fn master_grip(session: &Session) -> Result<Option<Keygrip>, SessionError> {
    let certificates = session.certificates().await?;
    let present = |c: &&Certificate| c.primary.secret == Secret::Present;
    let Some(master) = certificates.iter().find(present).map(|c| c.primary.clone()) else {
        return Ok(None);
    };
    let state = session.with_gpg(async |gpg| gpg.secret_of(&master).await).await?;
    Ok(master.keygrip.filter(|_| state == SecretState::Protected))
}

async fn opens(
    session: &Session,
    grip: Keygrip,
    passphrase: &SecretString,
) -> Result<bool, SessionError> {
    session.with_gpg(async |gpg| gpg.unlocks(&grip, passphrase).await).await
}
