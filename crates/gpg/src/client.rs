//! One GNUPGHOME, with its agent, and the command line that every call of gpg begins with.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::agent::Agent;
use crate::certificate::Certificate;
use crate::confine::{self, Confinement, Rooms, Wall};
use crate::dialogue::Script;
use crate::error::{At, Error, ToolError};
use crate::id::Fingerprint;
use crate::listing;
use crate::program::{Program, Version};
use crate::tool::{Call, Output};

/// How a home is opened.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The GNUPGHOME: an existing directory, with an absolute path of at most 87 bytes.
    pub home: PathBuf,
    /// The gpg that works in it.
    pub program: Program,
    /// How long one call of gpg may take before it is killed.
    pub timeout: Duration,
    /// Wall gpg and its agent in, where the system can: see [`Client::confinement`].
    pub landlock: bool,
    /// What the walled-in children may write besides the home and its sockets; never run.
    pub extra_writable: Vec<PathBuf>,
    /// Where they may run programs from besides the system's directories and gpg's own.
    pub extra_programs: Vec<PathBuf>,
}

impl ClientOptions {
    /// Two minutes a call, which is enough for rsa4096 on a slow machine; walled in.
    pub fn new(home: PathBuf, program: Program) -> Self {
        Self {
            home,
            program,
            timeout: Duration::from_mins(2),
            landlock: true,
            extra_writable: Vec::new(),
            extra_programs: Vec::new(),
        }
    }
}

/// A GNUPGHOME in use: each method is one or more calls of gpg, and each change is read back.
///
/// The home belongs to the client: nobody else should change it meanwhile. Dropping the client
/// ends the agent; [`Client::close`] also says whether that worked.
///
/// When a call's future is dropped, or its time is over, its gpg is dead at once, but the agent may
/// still finish a key for it and write that to the home: end the client before files are put back.
#[derive(Debug)]
pub struct Client {
    home: PathBuf,
    program: Program,
    agent: Agent,
    wall: Option<Arc<Wall>>,
    confinement: Confinement,
    timeout: Duration,
}

/// `S.gpg-agent.browser` and a slash, below the 108 bytes of a socket's path.
const HOME_LIMIT: usize = 87;

/// What gpg must not do by itself: obey the home's options, start programs, go to the network, ask
/// at a terminal; and its texts are UTF-8, whatever the locale.
const FIXED: [&str; 8] = [
    "--no-options",
    "--no-autostart",
    "--disable-dirmngr",
    "--trust-model=pgp",
    "--no-tty",
    "--no-greeting",
    "--display-charset=utf-8",
    "--no-auto-key-retrieve",
];

/// What makes a listing one that [`listing`] reads whole.
pub(crate) const DETAILS: [&str; 4] =
    ["--with-colons", "--with-keygrip", "--with-secret", "--with-key-data"];

impl Client {
    /// Takes the home over: removes what earlier processes left (sockets, locks), starts an agent.
    ///
    /// # Errors
    ///
    /// The home is missing, too long or holds an option file that this gpg would obey; the agent does
    /// not start.
    pub async fn open(options: ClientOptions) -> Result<Self, Error> {
        let ClientOptions { home, program, timeout, landlock, extra_writable, extra_programs } =
            options;
        check_home(&home, &program)?;
        remove_leftovers(&home)?;
        let socket = program.socket(&home).await?;
        let mut writable = extra_writable;
        writable.extend([home.clone(), socket.parent().map(Path::to_owned).unwrap_or_default()]);
        let mut programs = extra_programs;
        programs
            .extend([program.path(), program.agent()].into_iter().flat_map(confine::of_program));
        let rooms = Rooms { programs: &programs, writable: &writable };
        let (wall, confinement) = build_wall(landlock, &rooms, &home)?;
        let agent = Agent::start(&program, &home, socket, wall.clone()).await?;
        Ok(Self { home, program, agent, wall, confinement, timeout })
    }

    /// Ends the agent, waits for that, and removes its socket and the socket's directory.
    ///
    /// # Errors
    ///
    /// The agent could not be ended, or its socket not removed.
    pub async fn close(self) -> Result<(), Error> {
        let Self { home, mut agent, .. } = self;
        let stopped = tokio::task::spawn_blocking(move || agent.stop()).await;
        stopped.map_err(std::io::Error::other).flatten().at("stop the gpg-agent of", &home)
    }

    /// The GNUPGHOME.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The gpg that works in it.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Whether gpg and its agent are walled in.
    pub fn confinement(&self) -> Confinement {
        self.confinement
    }

    /// The agent's process, for whoever watches over processes.
    pub fn agent_pid(&self) -> Option<u32> {
        self.agent.pid()
    }

    /// All certificates of the home, with dates from self-signatures that nobody verified.
    ///
    /// # Errors
    ///
    /// gpg fails, or its listing makes no sense.
    pub async fn list(&self) -> Result<Vec<Certificate>, Error> {
        let call = self.reading().args(DETAILS).args(["--list-sigs"]);
        Ok(listing::parse(&call.run().await?.stdout)?)
    }

    /// The certificate with this primary key.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`], and as [`Client::list`].
    pub async fn certificate(&self, fingerprint: &Fingerprint) -> Result<Certificate, Error> {
        let mut all = self.list().await?.into_iter();
        all.find(|certificate| certificate.fingerprint() == *fingerprint)
            .ok_or_else(|| self.no_such_key(fingerprint))
    }

    pub(crate) fn no_such_key(&self, fingerprint: &Fingerprint) -> Error {
        Error::NoSuchKey { fingerprint: *fingerprint, home: self.home.clone() }
    }

    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }

    fn call(&self) -> Call<'static> {
        Call::new(self.program.path(), &self.home, self.timeout)
            .homedir(&self.home)
            .fixed(&FIXED)
            .gnupg(self.wall.clone())
    }

    /// A call that needs no secret, and gets none: not even the agent may ask.
    pub(crate) fn reading(&self) -> Call<'static> {
        self.call().fixed(&["--batch", "--pinentry-mode=cancel"])
    }

    /// A call that changes keys, with a passphrase for whatever key it needs.
    pub(crate) async fn change<S: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        passphrase: &SecretString,
    ) -> Result<Output, Error> {
        self.converse(args, passphrase, Script::passphrase(passphrase)).await
    }

    /// The same with more prompts to answer.
    pub(crate) async fn converse<S: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        passphrase: &SecretString,
        mut script: Script<'_>,
    ) -> Result<Output, Error> {
        let call = self.secret_call(passphrase)?.args(args);
        call.converse(&mut script).await.map_err(|error| self.explain(error))
    }

    /// A call that uses a secret key without changing anything.
    pub(crate) fn secret_call(&self, passphrase: &SecretString) -> Result<Call<'static>, Error> {
        check_passphrase(passphrase)?;
        Ok(self.call().fixed(&["--pinentry-mode=loopback"]))
    }

    pub(crate) fn explain(&self, error: ToolError) -> Error {
        if error.is_wrong_passphrase() {
            return Error::WrongPassphrase { home: self.home.clone() };
        }
        error.into()
    }
}

/// gpg reads one line of at most 255 bytes, and takes an empty one for "no passphrase".
pub(crate) fn check_passphrase(passphrase: &SecretString) -> Result<(), Error> {
    let text = passphrase.expose_secret();
    let fits = (1..=255).contains(&text.len()) && !text.contains(['\0', '\r', '\n']);
    if fits { Ok(()) } else { Err(Error::UnusablePassphrase) }
}

fn check_home(home: &Path, program: &Program) -> Result<(), Error> {
    let meta = fs::metadata(home).at("open", home)?;
    if !meta.is_dir() || !home.is_absolute() {
        return Err(std::io::Error::from(std::io::ErrorKind::NotADirectory)).at("open", home);
    }
    if home.as_os_str().as_bytes().len() > HOME_LIMIT {
        return Err(Error::HomeTooLong { home: home.to_owned(), limit: HOME_LIMIT });
    }
    let common = home.join("common.conf");
    let obeyed = program.version() >= Version::COMMON_CONF && common.symlink_metadata().is_ok();
    if obeyed {
        return Err(Error::OptionFile { path: common, version: program.version() });
    }
    Ok(())
}

/// Sockets, and locks of processes that are gone: gpg waits for ever for a lock whose process id
/// belongs to somebody else by now.
fn remove_leftovers(home: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(home).at("list", home)? {
        let entry = entry.at("list", home)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = name.starts_with(".#lk");
        let stale = ours || name.starts_with("S.") || name.ends_with(".lock");
        let is_dir = entry.file_type().at("list", home)?.is_dir();
        if ours && is_dir {
            fs::remove_dir_all(entry.path()).at("remove", &entry.path())?;
        } else if stale && !is_dir {
            fs::remove_file(entry.path()).at("remove", &entry.path())?;
        }
    }
    Ok(())
}

fn build_wall(
    wanted: bool,
    rooms: &Rooms<'_>,
    home: &Path,
) -> Result<(Option<Arc<Wall>>, Confinement), Error> {
    if !wanted {
        return Ok((None, Confinement::Off));
    }
    let wall = Wall::build(rooms).at("confine gpg to", home)?.map(Arc::new);
    let confinement = if wall.is_some() { Confinement::Landlock } else { Confinement::Unsupported };
    Ok((wall, confinement))
}
