//! Puts sessions to rest when a limit has passed.

use std::rc::Rc;

use tokio::{task::spawn_local, time};

use super::{context::Daemon, entry::Entry};
use crate::api::event::{Ending, What};

/// Looks at every session now and then. What counts is boot time, so that a lid that was closed for
/// longer than a limit finds the session put to rest soon after it opens.
pub(super) async fn watch(daemon: Rc<Daemon>) {
    loop {
        time::sleep(daemon.options.bounds.tick).await;
        for entry in daemon.sessions.all() {
            if entry.is_lost() {
                give_up(&daemon, &entry);
            } else if entry.is_due() {
                spawn_local(park_due(Rc::clone(&daemon), entry));
            }
        }
    }
}

/// A failure keeps the session where it is: open, owned, and due again after a pause.
async fn park_due(daemon: Rc<Daemon>, entry: Rc<Entry>) {
    let vault = entry.session().vault_name().to_owned();
    match entry.park().await {
        Ok(()) => {
            tracing::info!(vault, "a session was put to rest: its limit has passed");
            daemon.sessions.remove(&entry);
            daemon.publish(What::Ended { vault, how: Ending::Parked });
        }
        Err(_) if entry.session().is_closed() => {} // sealed or discarded meanwhile: that tells
        Err(error) => {
            tracing::error!(vault, %error, "a session cannot be put to rest; it stays open");
            let text = format!("cannot put the session to rest; it stays open: {error}");
            daemon.publish(What::Warning { vault, text });
        }
    }
}

/// The home has vanished under a session (logind empties RAM directories at logout). Every
/// finished step is in the vault; there is nothing else to save, and nothing must be flushed.
fn give_up(daemon: &Daemon, entry: &Rc<Entry>) {
    let vault = entry.session().vault_name().to_owned();
    tracing::error!(vault, "the directory of an open session has vanished");
    daemon.sessions.remove(entry);
    let text = "the session's directory has vanished; its finished steps can be resumed";
    daemon.publish(What::Warning { vault: vault.clone(), text: text.to_owned() });
    daemon.publish(What::Ended { vault, how: Ending::Parked });
}
