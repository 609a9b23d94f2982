//! What is shown: results on standard output, everything else on standard error.

use std::{
    cell::Cell,
    env,
    fs::File,
    io::{self, IsTerminal as _, Write as _},
};

use gpgsmith_kernel::view::{Section, Table, Tone, visible};
use serde::Serialize;

use crate::{args::Output, error::CliError};

/// The version of the JSON objects that `--json` prints; it grows when a field goes or changes its
/// meaning, not when one is added.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// The two streams, and who reads them.
#[derive(Debug)]
pub(crate) struct Ui {
    output: Output,
    colour: bool,
    terminal: bool,
    /// A line of progress stands on the terminal, to be overwritten.
    transient: Cell<bool>,
}

/// A reply as `--json` prints it.
#[derive(Serialize)]
struct Envelope<'a, T> {
    schema_version: u32,
    #[serde(flatten)]
    reply: &'a T,
}

impl Ui {
    pub(crate) fn new(output: &Output) -> Self {
        let smart = env::var_os("TERM").is_some_and(|term| term != "dumb");
        let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            output: output.clone(),
            colour: smart && !no_colour && io::stdout().is_terminal(),
            terminal: smart && io::stderr().is_terminal(),
            transient: Cell::new(false),
        }
    }

    /// Whether the result is for a program.
    pub(crate) fn json(&self) -> bool {
        self.output.json
    }

    /// Shows a result: as JSON, or as `show` does for people.
    pub(crate) fn reply<T: Serialize>(
        &self,
        reply: &T,
        show: impl FnOnce(&Self) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        if self.output.json { self.print(&json(reply)?) } else { show(self) }
    }

    /// Confirms a step: the reply as JSON, or lines for people.
    pub(crate) fn confirm<T: Serialize>(
        &self,
        reply: &T,
        lines: &[String],
    ) -> Result<(), CliError> {
        self.reply(reply, |ui| {
            ui.say_all(lines);
            Ok(())
        })
    }

    /// Writes a table to standard output; where it has no rows, `empty` instead.
    pub(crate) fn table(&self, table: &Table, empty: &str) -> Result<(), CliError> {
        if table.rows.is_empty() {
            return self.print(&format!("{empty}\n"));
        }
        self.print(&table.layout(|text, tone| self.paint(text, tone)))
    }

    /// Writes headed tables to standard output, a blank line between them.
    pub(crate) fn sections(&self, sections: &[Section], empty: &str) -> Result<(), CliError> {
        if sections.is_empty() {
            return self.print(&format!("{empty}\n"));
        }
        for (index, Section { heading, table }) in sections.iter().enumerate() {
            let gap = if index > 0 { "\n" } else { "" };
            let heading = heading.as_ref().map(|text| format!("{text}\n")).unwrap_or_default();
            self.print(&format!("{gap}{heading}"))?;
            self.table(table, empty)?;
        }
        Ok(())
    }

    /// Writes lines to standard output.
    pub(crate) fn lines(&self, lines: &[String]) -> Result<(), CliError> {
        lines.iter().try_for_each(|line| self.print(&format!("{line}\n")))
    }

    /// Writes to standard output as it is.
    pub(crate) fn print(&self, text: &str) -> Result<(), CliError> {
        self.clear();
        write_stdout(text).map_err(CliError::Stdout)
    }

    /// Confirms something on standard error, unless told to be quiet.
    pub(crate) fn say(&self, text: &str) {
        if !self.output.quiet && !self.output.json {
            self.note(text);
        }
    }

    /// Confirms with several lines.
    pub(crate) fn say_all(&self, lines: &[String]) {
        for line in lines {
            self.say(line);
        }
    }

    /// Writes a line to standard error, however quiet.
    pub(crate) fn note(&self, text: &str) {
        self.clear();
        write_stderr(&format!("{text}\n"));
    }

    /// Writes a question to standard error, or, where that is not what the user sees, to the
    /// terminal; the answer follows on the same line.
    pub(crate) fn prompt(&self, text: &str) {
        self.clear();
        let unseen = io::stdin().is_terminal() && !io::stderr().is_terminal();
        let terminal = unseen.then(|| File::options().write(true).open("/dev/tty"));
        match terminal.and_then(Result::ok) {
            Some(mut terminal) => drop(terminal.write_all(text.as_bytes())),
            None => write_stderr(text),
        }
    }

    /// A stage of the work: a line that the next one overwrites at a terminal, a line of its own
    /// with `--verbose`.
    pub(crate) fn progress(&self, text: &str) {
        let text = visible(text);
        if self.output.verbose > 0 {
            self.note(&format!("{text} …"));
        } else if self.terminal && !self.output.quiet && !self.output.json {
            write_stderr(&format!("\r\x1b[2K{text} …"));
            self.transient.set(true);
        }
    }

    /// Takes the line of progress away.
    pub(crate) fn clear(&self) {
        if self.transient.take() {
            write_stderr("\r\x1b[2K");
        }
    }

    fn paint(&self, text: &str, tone: Tone) -> String {
        let code = match tone {
            Tone::Muted => "2",
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Plain | Tone::Code => "",
        };
        if self.colour && !code.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// `reply` as one line of JSON, with the version of its shape.
pub(crate) fn json<T: Serialize>(reply: &T) -> Result<String, CliError> {
    let envelope = Envelope { schema_version: SCHEMA_VERSION, reply };
    let text = serde_json::to_string(&envelope).map_err(|error| CliError::Stdout(error.into()))?;
    Ok(text + "\n")
}

/// Writes to standard output.
pub(crate) fn write_stdout(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
}

/// What cannot be said on standard error cannot be said at all.
fn write_stderr(text: &str) {
    drop(io::stderr().lock().write_all(text.as_bytes()));
}

#[cfg(test)]
mod tests {
    use gpgsmith_kernel::api::{Done, vault::Vaults};

    use super::*;

    #[test]
    fn a_reply_carries_the_version_of_its_shape() {
        assert_eq!(json(&Done {}).unwrap(), "{\"schema_version\":1}\n");
        let none = Vaults { vaults: Vec::new() };
        assert_eq!(json(&none).unwrap(), "{\"schema_version\":1,\"vaults\":[]}\n");
    }

    #[test]
    fn colour_is_for_terminals() {
        let mut ui = Ui::new(&Output::default());
        ui.colour = false;
        assert_eq!(ui.paint("r", Tone::Bad), "r");
        ui.colour = true;
        assert_eq!(ui.paint("r", Tone::Bad), "\x1b[31mr\x1b[0m");
        assert_eq!(ui.paint("r", Tone::Plain), "r");
    }
}
