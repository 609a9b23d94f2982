//! Daemons on real sockets, in threads of this process and in processes of their own.

mod life;
mod process;
mod socket;
mod wire;

use std::{
    path::PathBuf,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use gpgsmith_kernel::{
    api::{
        Face,
        daemon::StopDaemon,
        event::{Answer, Question},
    },
    client::{self, Client, Host},
    clock::{Clock, SystemClock},
    daemon::{self, Bounds, DaemonError, Options},
};

/// Where a daemon of a test keeps everything.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn options(&self) -> Options {
        Options {
            version: "1.2.3".to_owned(),
            program: "/proc/self/exe".into(),
            socket: self.path("run/daemon.sock"),
            state: self.path("state"),
            registry: self.path("config.yaml"),
            clock: Arc::new(SystemClock),
            verbose: false,
            bounds: Bounds { tick: Duration::from_millis(20), ..Bounds::default() },
        }
    }

    fn client_options(&self) -> client::Options {
        client::Options {
            version: "1.2.3".to_owned(),
            socket: self.path("run/daemon.sock"),
            state: self.path("state"),
            face: Face::Cli,
            spawn: false,
            program: "/nonexistent".into(),
            verbose: false,
        }
    }

    fn client(&self) -> Client {
        Client::connect(self.client_options()).unwrap()
    }

    /// A daemon in a thread.
    fn serve(&self) -> Serving {
        self.serve_with(self.options())
    }

    fn serve_on(&self, clock: Arc<dyn Clock>) -> Serving {
        self.serve_with(Options { clock, ..self.options() })
    }

    fn serve_with(&self, options: Options) -> Serving {
        let thread = thread::spawn(|| daemon::serve(options));
        let client = self.client_options();
        wait_until("the daemon listens", || Client::connect(client.clone()).is_ok());
        Serving { client, thread: Some(thread) }
    }
}

/// A daemon in a thread; it ends when this is dropped.
struct Serving {
    client: client::Options,
    thread: Option<JoinHandle<Result<(), DaemonError>>>,
}

impl Serving {
    /// How it ended.
    fn join(mut self) -> Result<(), DaemonError> {
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            std::fs::remove_file(&self.client.socket).ok(); // as at logout: it ends
            thread.join().ok();
        }
    }
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_mins(2), "waited in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A user who says yes to everything.
struct Agreeable;

impl Host for Agreeable {
    fn can_ask(&self) -> bool {
        true
    }

    fn progress(&mut self, _: &str) {}

    fn ask(&mut self, _: &Question) -> Answer {
        Answer::Yes
    }

    fn interrupts(&self) -> u32 {
        0
    }
}
