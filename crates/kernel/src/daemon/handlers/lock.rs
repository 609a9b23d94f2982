use std::rc::Rc;

use crate::{
    api::{
        ApiError,
        event::What,
        lock::{
            AddRecipient, ChangePassphrase, ChangedPassphrase, ListRecipients, Recipients,
            RemoveRecipient,
        },
    },
    daemon::{context::Context, entry::Entry, route::Handle},
    ops::{lock, unlock, vault},
};

impl Context {
    fn publish_recipients(&self, open: &Rc<Entry>, action: &str, now: &Recipients) {
        self.publish_change(open, action);
        if let Some(sealed) = &now.snapshot {
            let snapshot = sealed.file_name.clone();
            self.publish(What::Sealed { vault: now.vault.clone(), snapshot });
        }
    }
}

impl Handle for ChangePassphrase {
    async fn handle(self, cx: &Context) -> Result<ChangedPassphrase, ApiError> {
        let env = cx.env();
        let entry = vault::resolve(&env, self.name.as_deref())?;
        let given = unlock::unlock(&env, &entry, &self.unlock).await?;
        let changed = if let Some(open) = cx.held(&entry, &given).await? {
            let _work = open.work();
            let changed = lock::passwd(&env, open.session(), self.new.as_ref()).await?;
            cx.publish_change(&open, "change-passphrase");
            changed
        } else {
            let session = vault::for_one_step(&env, &entry, &given).await?;
            let changed = lock::passwd(&env, &session, self.new.as_ref()).await;
            vault::ended(session, changed).await?
        };
        let snapshot = changed.snapshot.file_name.clone();
        cx.publish(What::Sealed { vault: changed.vault.clone(), snapshot });
        Ok(changed)
    }
}

impl Handle for ListRecipients {
    async fn handle(self, cx: &Context) -> Result<Recipients, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        lock::recipients(open.session())
    }
}

impl Handle for AddRecipient {
    async fn handle(self, cx: &Context) -> Result<Recipients, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        let now = lock::add_recipient(&cx.env(), open.session(), &self.recipient).await?;
        cx.publish_recipients(&open, "add-recipient", &now);
        Ok(now)
    }
}

impl Handle for RemoveRecipient {
    async fn handle(self, cx: &Context) -> Result<Recipients, ApiError> {
        let open = cx.sessions().resolve(&self.target)?;
        let _work = open.work();
        let now = lock::remove_recipient(&cx.env(), open.session(), &self.recipient).await?;
        cx.publish_recipients(&open, "remove-recipient", &now);
        Ok(now)
    }
}
