//! What every command works with.

use std::{cell::OnceCell, env, fmt::Display};

use gpgsmith_kernel::{
    api::{
        ApiError, Call, Code, Face, Hint, SESSION_VARIABLE, Target, exec::EXEC_VARIABLE,
        vault::Unlock,
    },
    client::{Client, Host, Options},
    hardening::{CoreLimit, harden_face},
    secret::Passphrase,
    view::visible,
};

use crate::{
    VERSION,
    args::Global,
    error::CliError,
    input::{self, Input, InputError},
    interrupt::{self, Interrupts},
    jobs::JobHost,
    passphrase::{self, Origin},
    ui::Ui,
};

/// How often somebody at a terminal may type a passphrase.
const TRIES: u8 = 3;

/// The two streams, the user, and the daemon.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) ui: &'a Ui,
    pub(crate) interrupts: Interrupts,
    /// The limit on core files that programs of the user's get back.
    pub(crate) core_limit: Option<CoreLimit>,
    global: &'a Global,
    input: Input,
    client: OnceCell<Client>,
}

impl<'a> Context<'a> {
    /// Hardens this process, which may read a passphrase soon.
    pub(crate) fn new(global: &'a Global, ui: &'a Ui) -> Result<Self, CliError> {
        let core_limit = harden_face().map_err(|error| ui.note(&format!("warning: {error}"))).ok();
        let interrupts = Interrupts::listen().map_err(InputError::Io)?;
        let (input, client) = (Input::default(), OnceCell::new());
        Ok(Self { ui, interrupts, core_limit, global, input, client })
    }

    /// Makes a call that is answered at once.
    pub(crate) fn call<C: Call>(&self, call: &C) -> Result<C::Reply, CliError> {
        Ok(self.client()?.call(call)?)
    }

    /// Makes a call that is a job, and follows it to its end.
    pub(crate) fn run<C: Call>(&self, call: &C) -> Result<C::Reply, CliError> {
        self.run_by(call, &mut JobHost::new(self))
    }

    /// The same, where somebody else than usual answers.
    pub(crate) fn run_by<C: Call>(
        &self,
        call: &C,
        host: &mut dyn Host,
    ) -> Result<C::Reply, CliError> {
        let client = self.client()?;
        let watch = self.interrupts.watch();
        let reply = client.run(call, host);
        drop(watch);
        self.ui.clear();
        Ok(reply?)
    }

    /// Runs a job that takes the passphrase of a vault. Where no flag gives one, the daemon is
    /// asked first whether it needs one: what else is wrong, it says before anybody types.
    pub(crate) fn run_unlocking<C: Call>(
        &self,
        freshness: Freshness,
        call: impl Fn(Unlock) -> C,
    ) -> Result<C::Reply, CliError> {
        let given = self.given(self.global.secrets.vault())?;
        let asked = given.is_none() && !self.global.asking.no_input;
        match self.run(&call(Unlock { passphrase: given })) {
            Err(error) if asked && error.code() == Some(Code::NeedsPassphrase) => self.patiently(
                |error: &CliError| error.code() == Some(Code::WrongPassphrase),
                || {
                    let passphrase = Some(self.passphrase("Vault passphrase: ", freshness)?);
                    self.run(&call(Unlock { passphrase }))
                },
            ),
            ended => ended,
        }
    }

    /// The daemon, started if need be.
    pub(crate) fn client(&self) -> Result<&Client, CliError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = self.connect(true)?;
        Ok(self.client.get_or_init(|| client))
    }

    /// A connection to the daemon, which is started only if `spawn` says so.
    pub(crate) fn connect(&self, spawn: bool) -> Result<Client, ApiError> {
        refuse_inside_a_step()?;
        let options = Options::from_environment(VERSION, Face::Cli)?;
        let options = Options { spawn, verbose: self.verbose(), ..options };
        interrupt::unblocked(|| Client::connect(options))
    }

    pub(crate) fn verbose(&self) -> bool {
        self.global.output.verbose > 0
    }

    /// The session that is meant: `--vault`, else the one of this shell.
    pub(crate) fn target(&self) -> Target {
        let token = env::var(SESSION_VARIABLE).ok().filter(|token| !token.is_empty());
        match &self.global.vault {
            Some(vault) => Target { token: None, vault: Some(vault.clone()) },
            None => Target { token, vault: None },
        }
    }

    /// The vault that a command without a session means: its argument, else `--vault`.
    pub(crate) fn vault_name(&self, argument: Option<&String>) -> Option<String> {
        argument.or(self.global.vault.as_ref()).cloned()
    }

    /// Asks for a line, unless `flag` has given it.
    pub(crate) fn ask(&self, question: &Question<'_>) -> Result<String, CliError> {
        let Question { given, what, flag, prompt } = question;
        if let Some(given) = given {
            return Ok((*given).to_owned());
        }
        if self.global.asking.no_input {
            return Err(InputError::NotAsked { what, flag }.into());
        }
        Ok(self.line(prompt)?.trim().to_owned())
    }

    /// Asks for a line.
    pub(crate) fn line(&self, prompt: &str) -> Result<String, InputError> {
        self.input.line(&self.interrupts, prompt, |text| self.ui.prompt(text))
    }

    /// Asks for a passphrase, twice for a new one; at a terminal, again where it cannot be one.
    pub(crate) fn passphrase(
        &self,
        prompt: &str,
        freshness: Freshness,
    ) -> Result<Passphrase, InputError> {
        self.patiently(
            |error| matches!(error, InputError::Mismatch | InputError::Passphrase(_)),
            || self.type_passphrase(prompt, freshness),
        )
    }

    fn type_passphrase(
        &self,
        prompt: &str,
        freshness: Freshness,
    ) -> Result<Passphrase, InputError> {
        let show = |text: &str| self.ui.prompt(text);
        let first = self.input.secret(&self.interrupts, prompt, show)?;
        if freshness == Freshness::New {
            let second = self.input.secret(&self.interrupts, "Confirm passphrase: ", show)?;
            passphrase::same(&first, &second)?;
        }
        Ok(first)
    }

    /// Tries again, with whoever sits at the terminal, what failed in a way that typing it anew
    /// may mend.
    fn patiently<T, E: Display>(
        &self,
        mends: impl Fn(&E) -> bool,
        attempt: impl Fn() -> Result<T, E>,
    ) -> Result<T, E> {
        let tries = if input::is_terminal() { TRIES } else { 1 };
        for _ in 1..tries {
            match attempt() {
                Err(error) if mends(&error) => {
                    self.ui.note(&format!("{}; try again", visible(&error.to_string())));
                }
                ended => return ended,
            }
        }
        attempt()
    }

    /// The passphrase from where a flag says that it is.
    pub(crate) fn given(&self, origin: Option<Origin>) -> Result<Option<Passphrase>, CliError> {
        Ok(match origin {
            None => None,
            Some(Origin::File(path)) => Some(passphrase::read(&path)?),
            Some(Origin::Stdin) => Some(self.input.secret(&self.interrupts, "", |_| {})?),
        })
    }

    pub(crate) fn global(&self) -> &Global {
        self.global
    }
}

/// A command that `exec` runs is part of a step, which would wait for it and be waited for.
fn refuse_inside_a_step() -> Result<(), ApiError> {
    if env::var_os(EXEC_VARIABLE).is_none() {
        return Ok(());
    }
    let text = "gpgsmith cannot be used inside of gpgsmith exec: the vault waits for the command";
    Err(ApiError::new(Code::Refused, text).with_hint(Hint::advice("Use it when exec has ended.")))
}

/// Whether a passphrase is typed to open something, or chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It exists.
    Known,
    /// It is chosen now, and so typed twice.
    New,
}

/// Something that a flag gives, or the user is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// What the flag gave.
    pub(crate) given: Option<&'a str>,
    /// What it is.
    pub(crate) what: &'static str,
    /// The flag.
    pub(crate) flag: &'static str,
    /// What is shown when it is asked for.
    pub(crate) prompt: &'a str,
}
