//! Passphrases and identity files.

use std::{fs, io::Write, path::Path};

use age::armor::{ArmoredWriter, Format};
use gpgsmith_vault::{BadPassphrase, IdentityError, Key, KeyKind, Recipient, ScryptParams, Tree};
use secrecy::SecretString;

use crate::{Bench, cheap, fixture, identity};

#[test]
fn passphrase_has_1_to_255_bytes_and_no_line_break() {
    let check = |text: &str| Key::passphrase(text.into()).map(|key| key.kind());
    assert_eq!(check("x"), Ok(KeyKind::Passphrase));
    assert_eq!(check(&"ü".repeat(127)), Ok(KeyKind::Passphrase));
    assert_eq!(check(" %#\t "), Ok(KeyKind::Passphrase));
    assert_eq!(check(""), Err(BadPassphrase::Empty));
    assert_eq!(check(&"x".repeat(256)), Err(BadPassphrase::TooLong { bytes: 256 }));
    for text in ["a\nb", "a\rb", "a\0b"] {
        assert_eq!(check(text), Err(BadPassphrase::LineBreak));
    }
}

#[test]
fn work_factor_has_its_range() {
    let check = |log_n| Key::passphrase_with("x".into(), ScryptParams { log_n }).map(drop);
    assert_eq!((check(10), check(20)), (Ok(()), Ok(())));
    assert_eq!(check(9), Err(BadPassphrase::WorkFactor { log_n: 9 }));
    assert_eq!(check(21), Err(BadPassphrase::WorkFactor { log_n: 21 }));
    assert_eq!(ScryptParams::default().log_n, 18);
}

#[test]
fn keys_match_by_their_secret() {
    assert!(cheap("a").matches(&cheap("a")));
    assert!(!cheap("a").matches(&cheap("b")));
    assert!(identity().matches(&identity()));
    assert!(!identity().matches(&cheap("a")));
}

#[test]
fn identities_seal_to_others_too_and_open_only_by_their_own() {
    let bench = Bench::new();
    let other = age::x25519::Identity::generate();
    let recipient: Recipient = other.to_public().to_string().parse().unwrap();
    let own = identity().recipients();
    let both = identity().sealing_to(&[own[0].clone(), recipient.clone()]);
    assert_eq!(both.recipients(), [own[0].clone(), recipient], "its own once, and first");
    assert!(both.matches(&identity()), "what opens is the same");
    let tree = bench.tree("in", &[("file", "text")]);
    let state = "s.tar.age.session-h";
    bench.store.write_state(state, &tree, &both).unwrap();
    bench.open(state, &identity(), &Tree::plain(bench.path("out"))).unwrap();
    let file = fs::File::open(bench.store.dir().join(state)).unwrap();
    let identities = std::iter::once(&other as &dyn age::Identity);
    age::Decryptor::new(file).unwrap().decrypt(identities).map(drop).unwrap();
    assert!("age1nonsense".parse::<Recipient>().is_err());
    assert_eq!(cheap("a").sealing_to(&own).recipients(), []);
}

#[test]
fn key_is_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    shared(&cheap("a"));
}

#[test]
fn debug_shows_no_secret() {
    assert_eq!(format!("{:?}", cheap("hunter2")), "Key(Passphrase)");
    assert_eq!(format!("{:?}", identity()), "Key(Identity)");
}

fn encrypted_identity(path: &Path, passphrase: &str, format: Format) {
    let mut recipient = age::scrypt::Recipient::new(passphrase.into());
    recipient.set_work_factor(10);
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).unwrap();
    let output = ArmoredWriter::wrap_output(fs::File::create(path).unwrap(), format).unwrap();
    let mut stream = encryptor.wrap_output(output).unwrap();
    stream.write_all(&fs::read(fixture("identity.txt")).unwrap()).unwrap();
    stream.finish().and_then(ArmoredWriter::finish).unwrap();
}

#[test]
fn encrypted_identity_file_asks_for_its_passphrase() {
    let bench = Bench::new();
    for format in [Format::Binary, Format::AsciiArmor] {
        let path = bench.path("identity");
        encrypted_identity(&path, "secret", format);
        let open = |passphrase: Option<&str>| {
            Key::identity_file(&path, passphrase.map(SecretString::from).as_ref())
        };
        assert!(open(Some("secret")).unwrap().matches(&identity()));
        assert!(matches!(open(None), Err(IdentityError::PassphraseNeeded { .. })));
        assert!(matches!(open(Some("guess")), Err(IdentityError::WrongPassphrase { .. })));
    }
}

#[test]
fn identity_file_errors_name_the_line() {
    let bench = Bench::new();
    let path = bench.path("identity");
    let error = |text: &str| {
        fs::write(&path, text).unwrap();
        Key::identity_file(&path, None).unwrap_err()
    };
    assert!(matches!(error("# only\n\n"), IdentityError::Empty { .. }));
    assert!(matches!(error("# a\nhello\n"), IdentityError::Syntax { line: 2, .. }));
    let pq = "AGE-SECRET-KEY-PQ-1QQQQ\n";
    assert!(matches!(error(pq), IdentityError::Unsupported { line: 1, .. }));
    assert!(matches!(error("AGE-PLUGIN-YUBIKEY-1Q\n"), IdentityError::Unsupported { line: 1, .. }));
    let mangled = "AGE-SECRET-KEY-1U5CQGKYSLUHU985KRUJN4WE9V9RDL0FSA7VL9QSU9P93CPL3QU8QWSGZXX\n";
    assert!(matches!(error(mangled), IdentityError::Syntax { line: 1, .. }));
    let shown = error(mangled).to_string();
    assert!(!shown.contains("AGE-SECRET"), "{shown}");
    let for_someone = crate::encrypted(b"x");
    fs::write(&path, for_someone).unwrap();
    let error = Key::identity_file(&path, Some(&"x".into())).unwrap_err();
    assert!(matches!(error, IdentityError::Undecryptable { .. }), "{error:?}");
    let error = Key::identity_file(&bench.path("missing"), None).unwrap_err();
    assert!(matches!(error, IdentityError::Path(_)), "{error:?}");
}

#[test]
fn windows_line_ends_are_fine() {
    let bench = Bench::new();
    let text = fs::read_to_string(fixture("identity.txt")).unwrap().replace('\n', "\r\n");
    fs::write(bench.path("identity"), text).unwrap();
    assert!(Key::identity_file(&bench.path("identity"), None).unwrap().matches(&identity()));
}

#[test]
fn oversized_identity_file_is_not_read() {
    let bench = Bench::new();
    fs::File::create(bench.path("big")).unwrap().set_len((16 << 20) + 1).unwrap();
    let error = Key::identity_file(&bench.path("big"), None).unwrap_err();
    assert!(matches!(error, IdentityError::Path(_)), "{error:?}");
}
