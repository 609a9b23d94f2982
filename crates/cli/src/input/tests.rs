use std::io::Write as _;

use gpgsmith_kernel::secret::Passphrase;
use nix::pty::openpty;
use secrecy::ExposeSecret as _;

use super::*;

fn interrupts() -> Interrupts {
    Interrupts::listen().unwrap()
}

/// An input that reads what `text` says.
fn piped(text: &str) -> Input {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    let source = File::from(std::os::fd::OwnedFd::from(reader));
    Input(RefCell::new(Some(Reader::new(source))))
}

fn text(passphrase: &Passphrase) -> String {
    passphrase.secret().expose_secret().to_owned()
}

#[test]
fn w32_piped_answers_reach_their_questions() {
    let (input, interrupts) = (piped("/vaults/work\ncorrect horse \r\ny\nlast"), interrupts());
    let mut asked = Vec::new();
    assert_eq!(
        input.line(&interrupts, "Path: ", |p| asked.push(p.to_owned())).unwrap(),
        "/vaults/work"
    );
    let secret = input.secret(&interrupts, "Passphrase: ", |p| asked.push(p.to_owned())).unwrap();
    assert_eq!(text(&secret), "correct horse ");
    assert_eq!(input.line(&interrupts, "Sure? ", |_| {}).unwrap(), "y");
    assert_eq!(input.line(&interrupts, "More? ", |_| {}).unwrap(), "last");
    assert_eq!(asked, ["Path: ", "Passphrase: "]);
    let end = input.line(&interrupts, "More? ", |_| {}).unwrap_err();
    assert_eq!(end.to_string(), "no input for \"More?\"");
}

#[test]
fn an_empty_passphrase_is_none() {
    let error = piped("\n").secret(&interrupts(), "Passphrase: ", |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "passphrase cannot be empty");
}

#[test]
fn a_line_without_end_is_refused_and_not_cut() {
    let endless = "x".repeat(LONGEST);
    let (reader, mut writer) = io::pipe().unwrap();
    let sender = std::thread::spawn(move || {
        writer.write_all(endless.as_bytes()).unwrap();
        drop(writer.write_all(b"more")); // the reader may have given up
    });
    let source = File::from(std::os::fd::OwnedFd::from(reader));
    let error = Reader::new(source).line(&interrupts().watch()).unwrap_err();
    assert!(matches!(error, InputError::TooLong), "{error}");
    sender.join().unwrap();
}

#[test]
fn a_terminal_shows_only_that_enter_was_pressed() {
    let pty = openpty(None, None).unwrap();
    let input = Input(RefCell::new(Some(Reader::new(File::from(pty.slave)))));
    let mut keyboard = File::from(pty.master);
    let mut screen = keyboard.try_clone().unwrap();
    let secret = input.secret(&interrupts(), "Passphrase: ", |_| {
        keyboard.write_all(b"hush\n").unwrap();
    });
    assert_eq!(text(&secret.unwrap()), "hush");
    let line = input.line(&interrupts(), "Name: ", |_| keyboard.write_all(b"Ann\n").unwrap());
    assert_eq!(line.unwrap(), "Ann");
    let mut shown = [0; 64];
    let read = screen.read(&mut shown).unwrap();
    assert_eq!(String::from_utf8_lossy(&shown[..read]).replace("\r\n", "⏎"), "⏎Ann⏎");
}

#[test]
fn nobody_to_ask_is_told_which_flag_answers() {
    let error = ApiError::from(InputError::NotAsked { what: "the path", flag: "--path" });
    assert_eq!(error.code, Code::NeedsAnswer);
    assert_eq!(error.hint.unwrap().advice, "give it with --path");
}
