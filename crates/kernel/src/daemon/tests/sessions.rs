use std::{
    cell::{Cell, RefCell},
    path::{Path, PathBuf},
    rc::Rc,
};

use super::super::{
    entry::{Entry, Held},
    sessions::Table,
};
use super::*;
use crate::{
    api::{Code, Target},
    clock::Clock,
    ops::LocalFuture,
    session::Limits,
};

/// A session without a vault.
#[derive(Debug)]
pub(super) struct Fake {
    pub(super) name: String,
    pub(super) dir: PathBuf,
    pub(super) limits: Limits,
    pub(super) read_only: bool,
    pub(super) closed: Cell<bool>,
    pub(super) gone: Cell<bool>,
    /// Why putting it to rest fails.
    pub(super) trouble: RefCell<Option<ApiError>>,
}

impl Fake {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            dir: PathBuf::from("/"),
            limits: Limits { idle: Duration::from_mins(5), absolute: None },
            read_only: false,
            closed: Cell::new(false),
            gone: Cell::new(false),
            trouble: RefCell::new(None),
        }
    }
}

impl Held for Fake {
    fn vault_name(&self) -> &str {
        &self.name
    }

    fn vault_dir(&self) -> &Path {
        &self.dir
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn is_read_only(&self) -> bool {
        self.read_only
    }

    fn is_closed(&self) -> bool {
        self.closed.get()
    }

    fn home_gone(&self) -> bool {
        self.gone.get()
    }

    fn park(&self) -> LocalFuture<'_, Result<(), ApiError>> {
        Box::pin(async { self.trouble.borrow().clone().map_or(Ok(()), Err) })
    }
}

/// A session in the table, and its token.
type Open = (Rc<Entry<Fake>>, String);

fn table(names: &[&str]) -> (Table<Fake>, Vec<Open>) {
    let table = Table::new(Arc::new(SystemClock) as Arc<dyn Clock>);
    let opened = names.iter().map(|name| table.insert(Rc::new(Fake::new(name)))).collect();
    (table, opened)
}

fn by_token(token: &str) -> Target {
    Target { token: Some(token.to_owned()), vault: None }
}

fn by_vault(vault: &str) -> Target {
    Target { token: None, vault: Some(vault.to_owned()) }
}

#[test]
fn a_call_names_its_session_in_three_ways() {
    let (table, opened) = table(&["work"]);
    let (entry, token) = &opened[0];
    let any = Target::default();
    for target in [by_token(token), by_vault("work"), any.clone()] {
        assert!(Rc::ptr_eq(&table.resolve(&target).unwrap(), entry), "{target:?}");
    }
    table.remove(entry);
    assert_eq!(table.resolve(&any).unwrap_err().code, Code::NoSession);
}

#[test]
fn w30_with_several_sessions_the_error_says_how_to_choose() {
    let (table, _opened) = table(&["work", "home"]);
    let error = table.resolve(&Target::default()).unwrap_err();
    assert_eq!(error.code, Code::SeveralSessions);
    assert_eq!(error.to_string(), "several sessions are open: work, home");
    assert_eq!(error.hint.unwrap().args, ["--vault", "work"]);
    assert!(table.resolve(&by_vault("home")).is_ok());
}

#[test]
fn w47_any_character_may_stand_in_a_vaults_name() {
    let odd = "a,b=c \"d\"\n\u{1b}";
    let (table, opened) = table(&[odd, "a"]);
    let found = table.resolve(&by_vault(odd)).unwrap();
    assert!(Rc::ptr_eq(&found, &opened[0].0));
}

#[test]
fn w48_an_unknown_token_is_an_error_everywhere() {
    let (table, opened) = table(&["work"]);
    let token = &opened[0].1;
    let shorter = &token[..63];
    for unknown in ["", "0", shorter, &token.to_uppercase().replace(char::is_numeric, "A")] {
        let target = Target { token: Some(unknown.to_owned()), vault: Some("work".to_owned()) };
        assert_eq!(table.resolve(&target).unwrap_err().code, Code::NoSession, "{unknown}");
    }
}

#[test]
fn w48_no_token_can_be_read_out_of_the_table() {
    let (table, opened) = table(&["work"]);
    assert!(!format!("{table:?}").contains(&opened[0].1));
    assert_eq!(opened[0].1.len(), 64);
}

#[test]
fn a_token_and_another_vaults_name_do_not_go_together() {
    let (table, opened) = table(&["work", "home"]);
    let target = Target { token: Some(opened[0].1.clone()), vault: Some("home".to_owned()) };
    assert_eq!(table.resolve(&target).unwrap_err().code, Code::BadRequest);
}

#[test]
fn w65_w68_a_token_of_an_ended_session_says_which_vault_to_open_again() {
    let (table, opened) = table(&["work"]);
    let attached = table.mint(&opened[0].0);
    table.remove(&opened[0].0);
    for token in [&opened[0].1, &attached] {
        let error = table.resolve(&by_token(token)).unwrap_err();
        assert_eq!(error.to_string(), "the session on work has ended");
        let hint = error.hint.unwrap();
        assert_eq!(
            (hint.action.as_deref(), hint.args.as_slice()),
            (Some("vault open"), &["work".to_owned()][..])
        );
    }
}

#[test]
fn the_name_of_a_vault_means_the_session_that_can_write() {
    let (table, _opened) = table(&["work"]);
    let reader = Fake { read_only: true, ..Fake::new("home") };
    let (reading, _) = table.insert(Rc::new(reader));
    assert!(Rc::ptr_eq(&table.resolve(&by_vault("home")).unwrap(), &reading));
    let (writing, _) = table.insert(Rc::new(Fake::new("home")));
    assert!(Rc::ptr_eq(&table.resolve(&by_vault("home")).unwrap(), &writing));
    table.insert(Rc::new(Fake::new("home")));
    assert_eq!(table.resolve(&by_vault("home")).unwrap_err().code, Code::SeveralSessions);
}

#[test]
fn w07_a_vault_is_found_by_any_name_of_its_directory() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, link) = (dir.path().join("vault"), dir.path().join("link"));
    std::fs::create_dir(&vault).unwrap();
    std::os::unix::fs::symlink(&vault, &link).unwrap();
    let (table, _opened) = table(&["elsewhere"]);
    let (entry, _) = table.insert(Rc::new(Fake { dir: vault, ..Fake::new("work") }));
    let found = table.by_dir(&link);
    assert_eq!(found.len(), 1);
    assert!(Rc::ptr_eq(&found[0], &entry));
    assert!(table.by_dir(&dir.path().join("missing")).is_empty());
}
