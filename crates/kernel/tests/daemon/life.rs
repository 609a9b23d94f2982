//! Sessions in a daemon: limits, endings, and what a stop leaves.

use std::{fs, path::PathBuf, sync::Mutex};

use gpgsmith_kernel::{
    api::{
        Code, Target,
        event::{Ending, What},
        identity::{AddIdentity, ListIdentities},
        key::CreateKeys,
        vault::{
            Accept, CreateVault, OpenVault, Opened, OpenedHow, Status, UnfinishedChoice, Unlock,
            VaultStatus,
        },
    },
    client::Events,
    secret::Passphrase,
};
use jiff::Timestamp;

use super::*;

/// The system's clock, and how far a test has put it forward.
#[derive(Debug, Default)]
struct Ahead(Mutex<Duration>);

impl Ahead {
    fn leap(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + *self.0.lock().unwrap()
    }

    fn boot_time(&self) -> Duration {
        SystemClock.boot_time() + *self.0.lock().unwrap()
    }
}

fn unlock() -> Unlock {
    Unlock { passphrase: Some(Passphrase::new("correct horse battery staple".to_owned())) }
}

/// A place whose vaults are opened below it, so that a test sees what is left.
fn place() -> Place {
    let place = Place::new();
    fs::create_dir(place.path("ram")).unwrap();
    let settings = format!("workdir: {}\nallow_disk_workdir: true\n", place.path("ram").display());
    fs::write(place.path("gpgsmith.yaml"), settings).unwrap();
    place
}

fn create(place: &Place, name: &str) -> Opened {
    let (name, path, identity) = (name.to_owned(), place.path(name), None);
    let call = CreateVault { name, path, identity, unlock: unlock() };
    place.client().run(&call, &mut Agreeable).unwrap()
}

/// A vault with keys, sealed, and one step since.
fn create_with_work(place: &Place, name: &str) -> Opened {
    let opened = create(place, name);
    let target = Target { token: Some(opened.token.clone()), vault: None };
    let keys = CreateKeys {
        target: target.clone(),
        name: "Ann Example".to_owned(),
        email: "ann@example.org".to_owned(),
        ..CreateKeys::default()
    };
    place.client().run(&keys, &mut Agreeable).unwrap();
    let identity = AddIdentity { target, identity: "Ann <ann@work.example>".to_owned() };
    place.client().run(&identity, &mut Agreeable).unwrap();
    opened
}

fn resume(place: &Place, name: &str) -> Opened {
    let call = OpenVault {
        name: Some(name.to_owned()),
        unlock: unlock(),
        unfinished: Some(UnfinishedChoice::Resume),
        read_only: false,
        snapshot: None,
        from: None,
        accept: Accept::default(),
    };
    place.client().run(&call, &mut Agreeable).unwrap()
}

fn status(place: &Place) -> Status {
    place.client().call(&VaultStatus {}).unwrap()
}

/// Files of unfinished work in a vault.
fn pairs(place: &Place, vault: &str) -> Vec<String> {
    let files = fs::read_dir(place.path(vault)).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(".session-")).collect()
}

fn workdirs(place: &Place) -> Vec<PathBuf> {
    fs::read_dir(place.path("ram")).unwrap().map(|dir| dir.unwrap().path()).collect()
}

fn wait_for(events: &mut Events, mut is_it: impl FnMut(&What) -> bool) -> What {
    events.map(|event| event.unwrap().what).find(|what| is_it(what)).unwrap()
}

fn parked(what: &What) -> bool {
    matches!(what, What::Ended { how: Ending::Parked, .. })
}

#[test]
fn w46_a_stop_puts_to_rest_and_never_discards() {
    let place = place();
    let daemon = place.serve();
    create_with_work(&place, "work");
    create(&place, "home");
    place.client().call(&StopDaemon { timeout: 1 }).unwrap();
    daemon.join().unwrap();
    assert_eq!(pairs(&place, "work").len(), 2, "{:?}", pairs(&place, "work"));
    assert_eq!(pairs(&place, "home").len(), 0, "nothing was done there");
    assert_eq!(workdirs(&place), Vec::<PathBuf>::new());

    let _daemon = place.serve();
    let unfinished = status(&place).unfinished;
    assert_eq!((unfinished.len(), unfinished[0].status.as_str()), (1, "idle-sealed"));
    let opened = resume(&place, "work");
    assert_eq!((opened.how, opened.session.unsealed), (OpenedHow::Resumed, 1));
    let list = ListIdentities { target: Target::default() };
    let identities = place.client().run(&list, &mut Agreeable).unwrap().identities;
    assert!(identities.iter().any(|identity| identity.uid == "Ann <ann@work.example>"));
}

#[test]
fn w65_w68_after_a_long_suspend_the_session_is_at_rest_and_everybody_hears_it() {
    let place = place();
    let clock = Arc::new(Ahead::default());
    let _daemon = place.serve_on(clock.clone());
    let opened = create_with_work(&place, "work");
    let mut events = place.client().subscribe(0).unwrap();
    let idle_at = status(&place).open[0].idle_at.unwrap();
    assert!(idle_at > clock.now() + Duration::from_mins(4));

    clock.leap(Duration::from_hours(8));
    wait_for(&mut events, parked);
    let target = Target { token: Some(opened.token), vault: None };
    let error = place.client().run(&ListIdentities { target }, &mut Agreeable).unwrap_err();
    assert_eq!(
        (error.code, error.to_string().as_str()),
        (Code::NoSession, "the session on work has ended")
    );
    assert_eq!(error.hint.unwrap().action.as_deref(), Some("vault open"));
    assert_eq!(resume(&place, "work").session.generation, 2);
}

#[test]
fn w06_a_session_that_cannot_be_put_to_rest_keeps_its_owner() {
    let place = place();
    let clock = Arc::new(Ahead::default());
    let _daemon = place.serve_on(clock.clone());
    create_with_work(&place, "work");
    let mut events = place.client().subscribe(0).unwrap();
    fs::rename(place.path("work"), place.path("away")).unwrap();
    clock.leap(Duration::from_mins(6));
    wait_for(&mut events, |what| matches!(what, What::Warning { .. }));
    assert_eq!(status(&place).open.len(), 1, "it is still open, and listed");
    assert_eq!(workdirs(&place).len(), 1);

    fs::rename(place.path("away"), place.path("work")).unwrap();
    clock.leap(Duration::from_mins(5));
    wait_for(&mut events, parked);
    assert_eq!(status(&place).open.len(), 0);
    assert_eq!(workdirs(&place).len(), 0);
}

#[test]
fn w46_what_cannot_be_put_to_rest_at_the_end_stays_where_it_is() {
    let place = place();
    let daemon = place.serve();
    create_with_work(&place, "work");
    fs::rename(place.path("work"), place.path("away")).unwrap();
    let error = place.client().call(&StopDaemon { timeout: 1 }).unwrap_err();
    assert!(error.to_string().starts_with("cannot put to rest: work"), "{error}");
    let ended = daemon.join().unwrap_err();
    assert!(matches!(&ended, DaemonError::Unparked { vaults } if vaults == &["work"]), "{ended}");
    let kept = workdirs(&place);
    assert_eq!(kept.len(), 1);
    assert!(kept[0].join("home/pubring.kbx").exists());

    let _daemon = place.serve();
    assert_eq!(workdirs(&place), kept, "no sweep takes it");
}

#[test]
fn s8_a_session_whose_home_has_vanished_is_given_up_and_can_be_resumed() {
    let place = place();
    let _daemon = place.serve();
    create_with_work(&place, "work");
    let mut events = place.client().subscribe(0).unwrap();
    for workdir in workdirs(&place) {
        fs::remove_dir_all(workdir).unwrap(); // as logind does at logout
    }
    wait_for(&mut events, |what| matches!(what, What::Warning { .. }));
    wait_for(&mut events, parked);
    assert_eq!(resume(&place, "work").session.generation, 2);
}

#[test]
fn w30_w48_several_sessions_are_told_apart_and_their_tokens_are_nowhere() {
    let place = place();
    let _daemon = place.serve();
    let tokens = [create(&place, "work").token, create(&place, "home").token];
    let identities = |target| place.client().run(&ListIdentities { target }, &mut Agreeable);
    let error = identities(Target::default()).unwrap_err();
    assert_eq!(
        (error.code, error.to_string().as_str()),
        (Code::SeveralSessions, "several sessions are open: work, home")
    );
    identities(Target { token: None, vault: Some("home".to_owned()) }).unwrap();
    let unknown = Target { token: Some("0".repeat(64)), vault: None };
    assert_eq!(identities(unknown).unwrap_err().code, Code::NoSession);

    let mut told = serde_json::to_string(&status(&place)).unwrap();
    let mut events = place.client().subscribe(0).unwrap();
    for _ in 0..2 {
        told += &serde_json::to_string(&events.next().unwrap().unwrap()).unwrap();
    }
    assert!(tokens.iter().all(|token| !told.contains(token)), "{told}");
}
