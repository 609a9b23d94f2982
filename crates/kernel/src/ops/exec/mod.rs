//! A command of the user's own, as one step.

mod bench;

use std::collections::BTreeMap;

use gpgsmith_gpg::Fingerprint;
use nix::sys::signal::Signal;

use self::bench::Bench;
use super::{Env, machine::MachineSettings};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::{About, Answer},
        exec::{CommandEnd, Order, Ran},
    },
    session::{Change, Home, Session, trust::Verdict},
};

/// So much of a command line is written down.
const LONGEST: usize = 8 << 10;

const UNDONE: &str = "Nothing has changed: the vault is as it was before the command.";

/// Has the face run its user's command on a copy of the keys. What it changes comes back once it
/// has ended well, and only then; the vault must open afterwards as it would have before.
///
/// # Errors
/// The session is for reading only, the command failed, nobody ran it, or a secret key would be lost:
/// the vault is as it was.
pub async fn exec(env: &Env<'_>, session: &Session, argv: &[String]) -> Result<Ran, ApiError> {
    let line = line(argv)?;
    let options = MachineSettings::load(env.registry.path())?.workdir();
    env.progress.check()?;
    let done = session
        .step(async |home: &Home<'_>| {
            let bench = Bench::set_up(home, &options).await?;
            let order = Order {
                vault: session.vault_name().to_owned(),
                line: line.clone(),
                home: bench.home(),
                gpg: home.gpg().program().path().to_owned(),
            };
            run(env, order).await?;
            let left_out = bench.clear(home.dir()).await?;
            let unnamed = judge(home).await?.iter().map(ToString::to_string).collect();
            let vault = session.vault_name().to_owned();
            let ran = Ran { vault, line: line.clone(), left_out, unnamed };
            Ok(Change { value: ran, action: "exec", details: line, metadata: BTreeMap::new() })
        })
        .await;
    done.map_err(|error: ApiError| error.with_hint(Hint::advice(UNDONE)))
}

/// The command as a shell would take it, on one line that steers no terminal.
fn line(argv: &[String]) -> Result<String, ApiError> {
    if argv.first().is_none_or(String::is_empty) {
        return Err(ApiError::new(Code::BadRequest, "there is no command to run"));
    }
    let mut line = argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    if line.len() > LONGEST {
        line.truncate(line.floor_char_boundary(LONGEST));
        line.push_str(" …");
    }
    Ok(line)
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let shown: String = word.chars().flat_map(shown).collect();
    format!("'{}'", shown.replace('\'', r"'\''"))
}

/// Control characters written out: the audit log takes none.
fn shown(c: char) -> impl Iterator<Item = char> {
    let written = c.is_control().then(|| c.escape_default());
    written.into_iter().flatten().chain((!c.is_control()).then_some(c))
}

async fn run(env: &Env<'_>, order: Order) -> Result<(), ApiError> {
    let line = order.line.clone();
    match env.asker.ask(About::RunCommand(order), "exec").await {
        Ok(Answer::Ended(CommandEnd::Exit(0))) => Ok(()),
        Ok(Answer::Ended(end)) => Err(failed(&line, end)),
        Ok(_) => {
            let text = format!("nobody waits for the command {line} any more");
            Err(ApiError::new(Code::Cancelled, text))
        }
        Err(error) if error.code == Code::NeedsAnswer => {
            let text = format!("nobody ran the command {line} to its end");
            let hint = Hint::advice(
                "Nothing has changed. Run it on the command line, with `gpgsmith exec -- COMMAND`.",
            );
            Err(ApiError::new(Code::NeedsAnswer, text).with_hint(hint))
        }
        Err(error) => Err(error),
    }
}

fn failed(line: &str, end: CommandEnd) -> ApiError {
    let causes = match end {
        CommandEnd::Exit(code) => vec![format!("the command {line} ended with exit code {code}")],
        CommandEnd::Signal(number) => {
            let name = Signal::try_from(number).map(Signal::as_str);
            let name = name.map_or_else(|_| format!("signal {number}"), str::to_owned);
            vec![format!("the command {line} was ended by {name}")]
        }
        CommandEnd::NotStarted(why) => vec![format!("cannot start the command {line}"), why],
    };
    ApiError { code: Code::CommandFailed, causes, hint: None }
}

/// A vault that opens must do so after the command too; if only for reading since it holds its
/// first keys now, they are returned.
async fn judge(home: &Home<'_>) -> Result<Vec<Fingerprint>, ApiError> {
    let lost = match home.judge().await? {
        Verdict::Mismatch { expected, .. } => expected,
        Verdict::SecretLost(master) => master.to_string(),
        Verdict::Unnamed(keys) => return Ok(keys),
        _ => return Ok(Vec::new()),
    };
    let text = format!("the command takes the master key {lost} away, or damages it");
    let hint = Hint::advice("Nothing has changed: the vault could not be opened any more.");
    Err(ApiError::new(Code::Refused, text).with_hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(argv: &[&str]) -> Result<String, ApiError> {
        line(&argv.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_command_is_written_down_as_a_shell_takes_it() {
        let told = words(&["gpg", "--quick-add-uid", "ann@x.org", "Ann's <a@x.org>", ""]).unwrap();
        assert_eq!(told, r"gpg --quick-add-uid ann@x.org 'Ann'\''s <a@x.org>' ''");
    }

    #[test]
    fn a_command_cannot_steer_who_reads_the_log() {
        assert_eq!(words(&["echo", "a\nb\x1b[2J"]).unwrap(), r"echo 'a\nb\u{1b}[2J'");
    }

    #[test]
    fn a_long_command_is_cut() {
        let told = words(&["echo", &"ä".repeat(LONGEST)]).unwrap();
        assert!(told.len() < LONGEST + 8 && told.ends_with("ä …"), "{}", told.len());
    }

    #[test]
    fn no_command_is_refused() {
        assert_eq!(words(&[]).unwrap_err().code, Code::BadRequest);
        assert_eq!(words(&[""]).unwrap_err().code, Code::BadRequest);
    }

    #[test]
    fn how_a_command_ended_is_told() {
        let told = |end| failed("gpg -K", end).to_string();
        assert_eq!(told(CommandEnd::Exit(2)), "the command gpg -K ended with exit code 2");
        assert_eq!(told(CommandEnd::Signal(2)), "the command gpg -K was ended by SIGINT");
        assert_eq!(told(CommandEnd::Signal(99)), "the command gpg -K was ended by signal 99");
    }
}
