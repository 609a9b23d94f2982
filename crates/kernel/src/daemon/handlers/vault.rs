use std::rc::Rc;

use gpgsmith_vault::registry::Entry;

use crate::{
    api::{
        ApiError, Code, Done, Hint,
        event::{About, Answer, Ending, What},
        vault::{
            AddVault, CheckVault, CheckedVault, CreateVault, DiscardVault, Discarded,
            ListSnapshots, ListVaults, OpenVault, Opened, OpenedHow, RevertVault, Reverted,
            SealVault, Sealed, Snapshots, Status, TrustVault, VaultStatus, Vaults,
        },
    },
    daemon::{context::Context, entry::Entry as Held, route::Handle},
    ops::{add, check, open, revert, unlock, vault},
    session::Vault,
};

impl Context {
    /// Takes a session in and tells about it.
    fn opened(&self, outcome: vault::Outcome) -> Opened {
        let vault::Outcome { session, how, first_use, notes } = outcome;
        let (entry, token) = self.sessions().insert(Rc::new(session));
        self.publish_opened(entry.session().vault_name());
        Opened { session: entry.overview(), token, how, first_use, notes }
    }

    fn publish_opened(&self, vault: &str) {
        let caller = self.caller();
        self.publish(What::Opened { vault: vault.to_owned(), face: caller.face, pid: caller.pid });
    }

    /// Refuses while this daemon holds a session for work on the vault of `entry`.
    fn refuse_open(&self, entry: &Entry) -> Result<(), ApiError> {
        if self.working_on(entry).is_none() {
            return Ok(());
        }
        let hint =
            Hint::run("Seal it first, or discard it.", "vault seal", &["--vault", &entry.name]);
        Err(ApiError::new(Code::Busy, format!("the vault {} is open", entry.name)).with_hint(hint))
    }

    /// The session on the vault of `entry`, if this daemon holds one for work; for whoever can
    /// open the vault.
    pub(super) async fn held(
        &self,
        entry: &Entry,
        given: &Vault,
    ) -> Result<Option<Rc<Held>>, ApiError> {
        let Some(open) = self.working_on(entry) else { return Ok(None) };
        self.guesses().check(&entry.name)?;
        if let Err(error) = vault::prove(open.session(), given).await {
            if let Some(text) = self.guesses().failed(&entry.name) {
                self.publish(What::Warning { vault: entry.name.clone(), text });
            }
            return Err(error);
        }
        Ok(Some(open))
    }

    /// The session for work that this daemon has on the vault of `entry`, if any.
    fn working_on(&self, entry: &Entry) -> Option<Rc<Held>> {
        let mut open = self.sessions().by_dir(&entry.dir()).into_iter();
        open.find(|open| open.session().read_only().is_none())
    }

    /// Refuses what joining the open session would pass over in silence.
    fn refuse_more_than_joining(&self, entry: &Entry, call: &OpenVault) -> Result<(), ApiError> {
        self.working_on(entry).map_or(Ok(()), |_| open::may_join(call, &entry.name))
    }

    async fn attach(&self, entry: &Entry, given: &Vault) -> Result<Option<Opened>, ApiError> {
        let Some(open) = self.held(entry, given).await? else { return Ok(None) };
        self.publish_opened(&entry.name);
        let token = self.sessions().mint(&open);
        Ok(Some(Opened {
            session: open.overview(),
            token,
            how: OpenedHow::Attached,
            first_use: None,
            notes: Vec::new(),
        }))
    }
}

impl Handle for ListVaults {
    async fn handle(self, cx: &Context) -> Result<Vaults, ApiError> {
        vault::list(&cx.env())
    }
}

impl Handle for VaultStatus {
    async fn handle(self, cx: &Context) -> Result<Status, ApiError> {
        let open = cx.sessions().all();
        let is_open = |dir: &std::path::Path| !cx.sessions().by_dir(dir).is_empty();
        let unfinished = vault::unfinished(&cx.env(), is_open)?;
        let forked = vault::forked(&cx.env())?;
        Ok(Status { open: open.iter().map(|entry| entry.overview()).collect(), unfinished, forked })
    }
}

impl Handle for CreateVault {
    async fn handle(self, cx: &Context) -> Result<Opened, ApiError> {
        vault::create(&cx.env(), self).await.map(|outcome| cx.opened(outcome))
    }
}

impl Handle for AddVault {
    async fn handle(self, cx: &Context) -> Result<Opened, ApiError> {
        Box::pin(add::add(&cx.env(), self)).await.map(|outcome| cx.opened(outcome))
    }
}

impl Handle for OpenVault {
    async fn handle(self, cx: &Context) -> Result<Opened, ApiError> {
        let env = cx.env();
        let entry = vault::resolve(&env, self.name.as_deref())?;
        let for_work = !self.read_only && self.snapshot.is_none();
        if for_work {
            cx.refuse_more_than_joining(&entry, &self)?; // before a passphrase is asked for
        }
        let given = unlock::unlock(&env, &entry, &self.unlock).await?;
        if for_work {
            cx.refuse_more_than_joining(&entry, &self)?;
            if let Some(attached) = cx.attach(&entry, &given).await? {
                return Ok(attached);
            }
        }
        let outcome = Box::pin(open::open(&env, &self, &entry, &given)).await?;
        Ok(cx.opened(outcome))
    }
}

impl Handle for SealVault {
    async fn handle(self, cx: &Context) -> Result<Sealed, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let work = open.work();
        cx.progress().report("sealing");
        let sealed = vault::seal(&cx.env(), open.session(), &self).await?;
        drop(work);
        cx.sessions().remove(&open);
        let (vault, snapshot) = (sealed.vault.clone(), sealed.snapshot.file_name.clone());
        cx.publish(What::Sealed { vault: vault.clone(), snapshot });
        cx.publish(What::Ended { vault, how: Ending::Sealed });
        Ok(sealed)
    }
}

impl Handle for CheckVault {
    async fn handle(self, cx: &Context) -> Result<CheckedVault, ApiError> {
        let env = cx.env();
        let entry = vault::resolve(&env, self.name.as_deref())?;
        let given = unlock::unlock(&env, &entry, &self.unlock).await?;
        check::check(&env, &self, &entry, &given).await
    }
}

impl Handle for RevertVault {
    async fn handle(self, cx: &Context) -> Result<Reverted, ApiError> {
        let env = cx.env();
        let entry = vault::resolve(&env, self.name.as_deref())?;
        cx.refuse_open(&entry)?;
        let given = unlock::unlock(&env, &entry, &self.unlock).await?;
        let reverted = Box::pin(revert::revert(&env, &self, &entry, &given)).await?;
        let snapshot = reverted.snapshot.file_name.clone();
        cx.publish(What::Sealed { vault: reverted.vault.clone(), snapshot });
        Ok(reverted)
    }
}

impl Handle for DiscardVault {
    async fn handle(self, cx: &Context) -> Result<Discarded, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let work = open.work();
        let (vault, steps) = (open.session().vault_name().to_owned(), open.session().unsealed());
        let about = About::Discard { vault: vault.clone(), steps };
        if steps > 0 && !matches!(cx.asker().ask(about, "--yes").await?, Answer::Yes) {
            return Err(ApiError::new(Code::Declined, "declined; the session is still open"));
        }
        let snapshot = open.session().canonical_base();
        open.session().discard().await?;
        drop(work);
        cx.sessions().remove(&open);
        cx.publish(What::Ended { vault: vault.clone(), how: Ending::Discarded });
        Ok(Discarded { vault, steps, snapshot })
    }
}

impl Handle for ListSnapshots {
    async fn handle(self, cx: &Context) -> Result<Snapshots, ApiError> {
        vault::snapshots(&cx.env(), self.name.as_deref())
    }
}

impl Handle for TrustVault {
    async fn handle(self, cx: &Context) -> Result<Done, ApiError> {
        vault::trust(&cx.env(), &self).await.map(|()| Done {})
    }
}
