use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown, symlink},
        net::{UnixListener, UnixStream},
    },
};

use gpgsmith_kernel::api::{Code, daemon::DaemonStatus};

use super::*;

#[test]
fn of_two_daemons_at_once_one_serves() {
    let place = Place::new();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let options = place.options();
            thread::spawn(|| daemon::serve(options))
        })
        .collect();
    wait_until("one listens", || Client::connect(place.client_options()).is_ok());
    wait_until("the others give way", || threads.iter().filter(|t| t.is_finished()).count() == 3);
    place.client().call(&DaemonStatus {}).unwrap();
    place.client().call(&StopDaemon { timeout: 1 }).unwrap();
    let ended = threads.into_iter().map(|thread| thread.join().unwrap());
    let refused = ended.filter(|e| matches!(e, Err(DaemonError::AlreadyRunning { .. }))).count();
    assert_eq!(refused, 3);
}

#[test]
fn a_stale_socket_is_replaced() {
    let place = Place::new();
    let socket = place.path("run/daemon.sock");
    fs::create_dir(place.path("run")).unwrap();
    fs::set_permissions(place.path("run"), fs::Permissions::from_mode(0o700)).unwrap();
    drop(UnixListener::bind(&socket).unwrap());
    assert!(socket.exists(), "a dead daemon left it");
    let absent = Client::connect(place.client_options()).unwrap_err();
    assert_eq!(absent.code, Code::NotRunning);
    let _daemon = place.serve();
    assert_eq!(place.client().call(&DaemonStatus {}).unwrap().socket, socket);
}

#[test]
fn what_it_makes_is_for_its_user_alone() {
    let place = Place::new();
    let _daemon = place.serve();
    let mode = |name| fs::metadata(place.path(name)).unwrap().mode() & 0o777;
    let modes = [mode("run"), mode("run/daemon.sock"), mode("state"), mode("state/daemon.lock")];
    assert_eq!(modes.map(|mode| format!("{mode:o}")), ["700", "600", "700", "600"]);
}

#[test]
fn w16_neither_side_uses_a_directory_that_others_may_enter() {
    let place = Place::new();
    fs::create_dir(place.path("run")).unwrap();
    fs::set_permissions(place.path("run"), fs::Permissions::from_mode(0o755)).unwrap();
    refused_by_both(&place, "has mode 755, which lets others in");
}

#[test]
fn w16_neither_side_follows_a_link_to_the_directory() {
    let place = Place::new();
    fs::create_dir(place.path("elsewhere")).unwrap();
    symlink(place.path("elsewhere"), place.path("run")).unwrap();
    refused_by_both(&place, "is not a directory");
}

#[test]
fn w16_neither_side_uses_the_directory_of_another_user() {
    if !nix::unistd::geteuid().is_root() {
        return; // only root can make one; the check itself is tested for any user
    }
    let place = Place::new();
    fs::create_dir(place.path("run")).unwrap();
    chown(place.path("run"), Some(NOBODY), None).unwrap();
    refused_by_both(&place, "belongs to uid 65534, not to uid 0");
}

fn refused_by_both(place: &Place, why: &str) {
    let error = daemon::serve(place.options()).unwrap_err();
    assert!(error.to_string().contains(why), "{error}");
    let error = Client::connect(place.client_options()).unwrap_err();
    assert_eq!(error.code, Code::Refused);
    assert!(error.to_string().contains(why), "{error}");
}

const NOBODY: u32 = 65_534;

/// Runs `act` in a thread that has another user's id; the rest of the process keeps its own.
#[expect(unsafe_code, reason = "libc changes the id of all threads; the system call, of one")]
fn as_nobody<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = thread::spawn(move || {
        let keep = libc::uid_t::MAX;
        // SAFETY: three integers go in, and no memory is touched.
        let changed = unsafe { libc::syscall(libc::SYS_setresuid, keep, NOBODY, keep) };
        assert_eq!(changed, 0);
        act()
    });
    thread.join().unwrap()
}

#[test]
fn w16_a_process_of_another_user_is_turned_away() {
    if !nix::unistd::geteuid().is_root() {
        return; // only root can be somebody else
    }
    let place = Place::new();
    let _daemon = place.serve();
    for name in ["", "run", "run/daemon.sock"] {
        let open = fs::Permissions::from_mode(0o777);
        fs::set_permissions(place.path(name), open).unwrap(); // as a careless user might
    }
    let socket = place.path("run/daemon.sock");
    let answer = as_nobody(move || {
        use std::io::Read;
        let mut answer = String::new();
        UnixStream::connect(socket).unwrap().read_to_string(&mut answer).unwrap();
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(answer.contains("runs under uid 65534, not under uid 0"), "{answer}");
}

#[test]
fn w16_a_daemon_of_another_user_gets_no_byte() {
    if !nix::unistd::geteuid().is_root() {
        return; // only root can be somebody else
    }
    let place = Place::new();
    fs::create_dir(place.path("run")).unwrap();
    let all = fs::Permissions::from_mode(0o777);
    fs::set_permissions(place.path(""), all.clone()).unwrap();
    fs::set_permissions(place.path("run"), all).unwrap();
    let socket = place.path("run/daemon.sock");
    let impostor = as_nobody(move || UnixListener::bind(socket).unwrap());
    fs::set_permissions(place.path("run"), fs::Permissions::from_mode(0o700)).unwrap();
    let error = Client::connect(place.client_options()).unwrap_err();
    assert_eq!(error.code, Code::Refused);
    assert!(error.to_string().contains("runs under uid 65534"), "{error}");
    impostor.set_nonblocking(true).unwrap();
    let (mut stream, _) = impostor.accept().unwrap();
    let mut heard = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut heard).unwrap();
    assert_eq!(heard, b"");
}
