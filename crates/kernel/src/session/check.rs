//! Checking snapshots: each is opened, its key proven by use, its audit log and lineage compared.

use std::collections::BTreeSet;

use gpgsmith_audit::is_prefix;
use gpgsmith_gpg::{Error as GpgError, Fingerprint};
use gpgsmith_vault::{Listing, OpenError, Snapshot, SnapshotName, registry::Entry};
use jiff::Timestamp;
use secrecy::SecretString;

use super::{
    SessionError, SessionOpts, Vault, evidence,
    heads::{Facts, Origin},
    keyring::Smith,
    look::is_locked,
    opening::Opening,
    recall::Recall,
    seen::SeenFiles,
    trust::Verdict,
};
use crate::{home::journal, id::hex};

/// What was found out about one snapshot.
#[derive(Debug, Default)]
pub struct Checked {
    /// Its file name.
    pub name: String,
    /// Its master key; nothing in a snapshot from before there was one.
    pub master: Option<Fingerprint>,
    /// How many of its keys signed a test message.
    pub signed: usize,
    /// How many of its keys decrypted one.
    pub decrypted: usize,
    /// Whether the passphrase that was tried does not open its keys.
    pub locked: bool,
    /// What is wrong with it; nothing if all is well.
    pub problems: Vec<String>,
    /// Why it could not be checked, which is no fault of its: it was sealed under another
    /// passphrase. Found by [`compare`].
    pub skipped: Option<String>,
    /// Why what opens the vault does not open it.
    pub locked_out: Option<OpenError>,
    facts: Option<Facts>,
    log: Vec<gpgsmith_audit::Entry>,
}

/// Opens the snapshot `name` and looks at it from all sides; `passphrase` is that of its keys. What
/// is wrong with the snapshot is no error.
///
/// # Errors
/// This machine cannot check: no space, no gpg.
pub async fn snapshot(
    (vault, entry): (&Vault, &Entry),
    opts: &SessionOpts,
    name: &str,
    passphrase: Option<&SecretString>,
) -> Result<Checked, SessionError> {
    let mut checked = Checked { name: name.to_owned(), ..Checked::default() };
    let opening = match Opening::unpack(vault, entry, opts.clone(), name).await {
        Ok(opening) => opening,
        Err(SessionError::Open { source, .. }) if is_locked(&source) => {
            checked.locked_out = Some(source);
            return Ok(checked);
        }
        Err(SessionError::Open { source, .. }) => {
            checked.problems.push(chain(&source));
            return Ok(checked);
        }
        Err(SessionError::Lineage(error)) => {
            checked.problems.push(chain(&error));
            return Ok(checked);
        }
        Err(error) => return Err(error),
    };
    checked.read_log(&opening);
    Box::pin(checked.prove(&opening, passphrase)).await?;
    Ok(checked)
}

impl Checked {
    /// Whether it is named after a second that was over at that time.
    fn is_before(&self, time: Option<Timestamp>) -> bool {
        let taken = self.name.parse::<SnapshotName>().map(|name| name.taken());
        taken.is_ok_and(|taken| time.is_some_and(|time| taken < time))
    }

    /// The audit log fits its chain, and says what the lineage says of it.
    fn read_log(&mut self, opening: &Opening) {
        let facts = opening.facts(&self.name);
        let vault = facts.vault.clone().unwrap_or_default();
        let log = journal::log(opening.tree.main(), &vault);
        match log.load() {
            Ok(entries) => self.log = entries,
            Err(error) => self.problems.push(chain(&error)),
        }
        let broken = log.verify().is_ok_and(|report| facts.vault.is_some() && !report.is_intact());
        if broken {
            self.problems.push("its audit log does not fit its chain".to_owned());
        }
        let said = opening.lineage.as_ref().map(|lineage| &lineage.audit);
        let is = log.head().ok().map(|head| (head.count, head.digest.to_string()));
        let ours = facts.origin == Origin::Ours;
        if ours && said.map(|mark| (mark.count, mark.head.clone())) != is {
            self.problems.push("its audit log is not the one that its lineage names".to_owned());
        }
        self.facts = Some(facts);
    }

    /// The master key is the trusted one, and its keys sign and decrypt.
    async fn prove(
        &mut self,
        opening: &Opening,
        passphrase: Option<&SecretString>,
    ) -> Result<(), SessionError> {
        let smith = Smith::find(opening.opts.gpg.as_deref()).await?;
        let home = opening.tree.main();
        let gpg = smith.open(home.to_owned()).await?;
        let anchor = opening.entry.trusted_master_fp.as_deref();
        let secrets = opening.lineage.as_ref().map(|lineage| lineage.local_secrets.as_slice());
        let evidence = evidence::gather(&gpg, home, anchor, secrets).await?;
        let keyless = evidence.primaries.is_empty() && evidence.named.is_empty();
        match evidence.judge() {
            _ if keyless => {}
            Verdict::NoKey => {}
            Verdict::Trusted(master) | Verdict::FirstUse(master) => self.master = Some(master),
            Verdict::Unnamed(_) => {
                self.problems.push("nothing says which of its keys is the master".to_owned());
            }
            Verdict::Mismatch { expected, found } => {
                self.problems.push(format!("its master key is {found}, not {expected}"));
            }
            Verdict::SecretLost(master) => {
                self.problems.push(format!("the secret part of {master} is lost"));
            }
        }
        if let (Some(master), Some(passphrase)) = (self.master, passphrase) {
            match gpg.gpg().prove(&master, passphrase).await {
                Ok(proof) => {
                    (self.signed, self.decrypted) = (proof.signed.len(), proof.decrypted.len());
                }
                Err(GpgError::WrongPassphrase { .. }) => self.locked = true,
                Err(error) => self.problems.push(chain(&error)),
            }
        }
        Ok(gpg.close().await?)
    }
}

/// When it was last changed what opens the vault.
fn relocked(log: &[gpgsmith_audit::Entry]) -> Option<Timestamp> {
    let relocks = |entry: &&gpgsmith_audit::Entry| journal::RELOCKS.contains(&&*entry.action);
    log.iter().rfind(relocks).map(|entry| entry.timestamp)
}

/// How the snapshots that were checked, the oldest first, fit together; what does not is added to
/// their problems. `deep` compares their audit logs with that of the newest.
pub fn compare(checked: &mut [Checked], deep: bool) {
    let Some((newest, older)) = checked.split_last_mut() else { return };
    let mut had_master = false;
    let relocked = relocked(&newest.log);
    for snapshot in older.iter_mut() {
        if let Some(why) = snapshot.locked_out.take() {
            let why = chain(&why);
            if snapshot.is_before(relocked) {
                snapshot.skipped = Some(format!("{why}; what opens the vault has changed since"));
            } else {
                snapshot.problems.push(why);
            }
            continue;
        }
        if had_master && snapshot.master.is_none() && snapshot.problems.is_empty() {
            snapshot.problems.push("it holds no master key, as those before it do".to_owned());
        }
        had_master |= snapshot.master.is_some();
        let (Some(facts), Some(latest)) = (&snapshot.facts, &newest.facts) else { continue };
        let both = facts.vault.as_ref().zip(latest.vault.as_ref());
        if both.is_some_and(|(theirs, ours)| theirs != ours) {
            snapshot.problems.push("it belongs to another vault".to_owned());
        } else if both.is_some() && !facts.pins.iter().any(|pin| latest.pins.contains(pin)) {
            snapshot.problems.push("its maker has not read this vault".to_owned());
        } else if deep && latest.holds(&facts.entry()) && !is_prefix(&snapshot.log, &newest.log) {
            snapshot.problems.push("its audit log is not how the newest one begins".to_owned());
        }
    }
    newest.problems.extend(newest.locked_out.take().map(|why| chain(&why)));
    if had_master && newest.master.is_none() && newest.problems.is_empty() {
        newest.problems.push("it holds no master key, as those before it do".to_owned());
    }
}

/// What is wrong with the vault as a whole: what this machine has seen, and what the newest
/// snapshot was made from, is not there.
///
/// # Errors
/// As of [`snapshot`].
pub async fn whole(
    (vault, entry): (&Vault, &Entry),
    opts: &SessionOpts,
    listing: &Listing,
    newest: &Snapshot,
) -> Result<Vec<String>, SessionError> {
    let mut problems = Vec::new();
    let name = newest.name.file_name();
    let opened = Opening::unpack(vault, entry, opts.clone(), &name).await;
    if let Ok(opening) = opened {
        match Recall::judge(&opening, newest, listing).await {
            Ok(_) => {}
            Err(SessionError::Refused { why, .. }) => problems.push(why.to_string()),
            Err(error) => return Err(error),
        }
        let there: BTreeSet<String> =
            listing.snapshots.iter().map(|snapshot| snapshot.name.file_name()).collect();
        let behind = opening.facts(&name).behind.into_iter().map(|ancestor| ancestor.name);
        let lacking = behind.filter(|name| !name.contains(".session-") && !there.contains(name));
        problems.extend(lacking.map(|name| format!("{name} is behind the newest, and not there")));
    }
    problems.extend(seen_otherwise(vault, opts)?);
    problems.sort();
    problems.dedup();
    Ok(problems)
}

/// What this machine has seen that is gone or has another content now.
fn seen_otherwise(vault: &Vault, opts: &SessionOpts) -> Result<Vec<String>, SessionError> {
    let seen = SeenFiles::new(&opts.state).in_dir(vault.store.dir())?;
    let mut problems = Vec::new();
    for entry in seen.iter().flat_map(|seen| &seen.seen).filter(|entry| entry.size.is_some()) {
        let now = vault.store.sha256(&entry.name).ok().map(|sha256| hex(&sha256));
        match (&entry.sha256, now) {
            (_, None) => problems.push(format!("{} was seen before, and is gone", entry.name)),
            (Some(then), Some(now)) if *then != now => {
                problems.push(format!("{} is not what this machine has seen", entry.name));
            }
            _ => {}
        }
    }
    Ok(problems)
}

/// An error and its causes on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
