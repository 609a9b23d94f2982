//! Daemons that a client starts. Their program is this test binary behind a script, which tells it
//! to be the one test that is a daemon.

use std::{
    env, fs,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
};

use gpgsmith_kernel::api::{
    Code,
    daemon::{DaemonState, DaemonStatus},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::*;

const ARGUMENTS: &str = "GPGSMITH_TEST_ARGUMENTS";

/// Not a test of its own: what the script below runs.
#[test]
fn the_process_of_a_daemon() {
    let Ok(arguments) = env::var(ARGUMENTS) else { return };
    let arguments: Vec<_> = arguments.split(' ').map(Into::into).collect();
    let code = daemon::hidden_main_with("1.2.3", &arguments).unwrap();
    assert_eq!(format!("{code:?}"), format!("{:?}", std::process::ExitCode::SUCCESS));
}

/// A program that becomes a daemon as ours do, after running `first`.
fn program(place: &Place, first: &str) -> PathBuf {
    let path = place.path("program");
    let test = "daemon::process::the_process_of_a_daemon";
    let this = env::current_exe().unwrap();
    let script = format!(
        "#!/bin/sh\n{first}\nexport {ARGUMENTS}=\"$*\"\nexec {} {test} --exact --nocapture\n",
        this.display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn spawning(place: &Place, first: &str) -> client::Options {
    client::Options { spawn: true, program: program(place, first), ..place.client_options() }
}

/// A daemon in a process; killed, if it must be, when this is dropped.
struct Process(DaemonState);

impl Process {
    fn start(place: &Place, first: &str) -> Self {
        let client = Client::connect(spawning(place, first)).unwrap();
        Self(client.call(&DaemonStatus {}).unwrap())
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.0.pid.try_into().unwrap())
    }

    fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    fn is_alive(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.pid)).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    }

    /// Ticks of the processor that it has used.
    fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.pid)).unwrap();
        let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        kill(self.pid(), Signal::SIGKILL).ok();
    }
}

#[test]
fn a_client_starts_the_daemon_that_it_needs() {
    let place = Place::new();
    let absent = Client::connect(place.client_options()).unwrap_err();
    assert_eq!(absent.code, Code::NotRunning);
    assert_eq!(absent.hint.unwrap().action.as_deref(), Some("daemon start"));
    let process = Process::start(&place, "");
    assert_ne!(process.0.pid, std::process::id());
    assert_eq!(place.client().call(&DaemonStatus {}).unwrap().pid, process.0.pid);
}

#[test]
fn clients_that_start_at_once_share_one_daemon() {
    let place = Place::new();
    let options = spawning(&place, "");
    let clients: Vec<_> = (0..5)
        .map(|_| {
            let options = options.clone();
            thread::spawn(|| Client::connect(options).unwrap().call(&DaemonStatus {}).unwrap())
        })
        .collect();
    let states: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    let _process = Process(states[0].clone());
    assert!(states.iter().all(|state| state.pid == states[0].pid), "{states:?}");
}

#[test]
fn w43_a_daemon_keeps_nothing_of_whoever_started_it() {
    let place = Place::new();
    let process =
        Process::start(&place, "cd $(dirname $0); [ -e environment ] || env > environment; cd /");
    let proc = PathBuf::from(format!("/proc/{}", process.0.pid));
    assert_eq!(fs::read_link(proc.join("cwd")).unwrap(), Path::new("/"));
    let stat = fs::read_to_string(proc.join("stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    assert_eq!(fields[3], process.0.pid.to_string(), "its session is its own");
    let environment = fs::read_to_string(place.path("environment")).unwrap();
    let names: Vec<_> =
        environment.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    for name in names {
        let known =
            ["HOME", "LANG", "LOGNAME", "PATH", "TZ", "USER", "PWD", "SHLVL", "_", "OLDPWD"];
        assert!(
            known.contains(&name) || name.starts_with("XDG_") || name.starts_with("LC_"),
            "{name}"
        );
    }
}

#[test]
fn w43_its_log_is_where_it_says() {
    let place = Place::new();
    let process = Process::start(&place, "");
    let log = fs::read_to_string(&process.0.log).unwrap();
    assert!(log.contains("listening"), "{log}");
    let mode = fs::metadata(&process.0.log).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn w44_a_daemon_leaves_no_core_file() {
    let place = Place::new();
    let process = Process::start(&place, "ulimit -c unlimited");
    let limits = fs::read_to_string(format!("/proc/{}/limits", process.0.pid)).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let numbers: Vec<_> = core.split_whitespace().filter(|word| *word == "0").collect();
    assert_eq!(numbers.len(), 2, "{core}");
}

#[test]
fn a_daemon_that_cannot_start_says_why() {
    let place = Place::new();
    fs::create_dir_all(place.path("state/logs")).unwrap();
    fs::write(place.path("state/machine"), "garbage\n").unwrap();
    fs::write(place.path("state/logs/daemon.log"), "first\nthe last thing it said\n").unwrap();
    let error = Client::connect(spawning(&place, "")).unwrap_err();
    assert_eq!(error.code, Code::NotRunning);
    let text = error.to_string();
    assert!(text.contains("does not hold the machine's id"), "{text}");
    assert!(text.ends_with("its log ends with: the last thing it said"), "{text}");
}

#[test]
fn a_signal_ends_it_in_good_order() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let place = Place::new();
        let process = Process::start(&place, "");
        process.signal(signal);
        wait_until("it has ended", || !process.is_alive());
        assert!(!place.path("run/daemon.sock").exists(), "{signal}");
    }
}

#[test]
fn w23_when_it_is_killed_the_reaper_wipes_what_was_open() {
    use gpgsmith_vault::{Workdir, WorkdirOptions};
    let place = Place::new();
    let workdirs = place.path("shm");
    fs::create_dir(&workdirs).unwrap();
    let settings = format!("workdir: {}\nallow_disk_workdir: true\n", workdirs.display());
    fs::create_dir_all(place.path("config/locksmith")).unwrap();
    fs::write(place.path("config/locksmith/gpgsmith.yaml"), settings).unwrap();
    let config = format!("export XDG_CONFIG_HOME={}", place.path("config").display());
    let process = Process::start(&place, &config);

    let options = WorkdirOptions { parent: Some(workdirs.clone()), allow_disk: true };
    let held = Workdir::create(&options).unwrap();
    let orphan = workdirs.join("gpgsmith-0123456789abcdef");
    fs::create_dir(&orphan).unwrap();
    fs::write(orphan.join("secret"), "key").unwrap();
    process.signal(Signal::SIGKILL);
    wait_until("the orphan is gone", || !orphan.exists());
    assert!(held.path().exists(), "a live process holds it");
}

#[test]
fn w23_what_a_dead_daemon_left_is_wiped_at_the_next_start() {
    let place = Place::new();
    let orphan = Path::new("/dev/shm/gpgsmith-w23w23w23w23w23w");
    fs::create_dir_all(orphan).unwrap();
    let _daemon = place.serve();
    assert!(!orphan.exists());
}

#[test]
fn with_few_descriptors_it_waits_instead_of_spinning() {
    let place = Place::new();
    let process = Process::start(&place, "ulimit -n 40");
    let crowd: Vec<_> =
        (0..80).filter_map(|_| UnixStream::connect(place.path("run/daemon.sock")).ok()).collect();
    assert!(crowd.len() > 40);
    thread::sleep(Duration::from_millis(300));
    let before = process.ticks();
    thread::sleep(Duration::from_secs(2));
    let used = process.ticks() - before;
    assert!(used < 30, "{used} ticks of the processor in two seconds");
    drop(crowd);
    place.client().call(&DaemonStatus {}).unwrap();
}
