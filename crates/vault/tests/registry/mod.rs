mod concurrent;
mod editing;
mod properties;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use gpgsmith_vault::registry::{
    AddError, Config, Entry, Registry, RegistryError, ResolveError, TrustError, UpdateError,
};
use tempfile::TempDir;

use crate::fixture;

const FINGERPRINT: &str = "203E92AA7E59B62AFB0632831BAD42B9D3EB840E";

/// A registry in a directory of its own.
struct Scratch {
    registry: Registry,
    dir: TempDir,
}

impl Scratch {
    fn new() -> Self {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        Self { registry: Registry::at(dir.path().join("locksmith/config.yaml")), dir }
    }

    fn with(text: impl AsRef<[u8]>) -> Self {
        let scratch = Self::new();
        fs::create_dir(scratch.registry.path().parent().unwrap()).unwrap();
        fs::write(scratch.registry.path(), text).unwrap();
        scratch
    }

    fn text(&self) -> String {
        fs::read_to_string(self.registry.path()).unwrap()
    }

    fn load(&self) -> Config {
        self.registry.load().unwrap()
    }

    fn add(&self, entry: Entry) {
        self.registry.update(|config| config.add_vault(entry)).unwrap();
    }

    fn trust(&self, name: &str, fingerprint: Option<&str>) {
        self.registry.update(|config| config.trust(name, fingerprint)).unwrap();
    }

    fn remove(&self, name: &str) -> Option<Entry> {
        self.registry.update(|config| removed(config, name)).unwrap()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what `update` calls may fail")]
fn removed(config: &mut Config, name: &str) -> Result<Option<Entry>, AddError> {
    Ok(config.remove_vault(name))
}

fn entry(name: &str, path: &str) -> Entry {
    Entry { name: name.to_owned(), path: path.to_owned(), ..Entry::default() }
}

fn from_template(name: &str) -> String {
    fs::read_to_string(fixture("registry").join(name)).unwrap().replace("{{ROOT}}", "/fixtures")
}

/// As somebody might keep it.
const BY_HAND: &str = "\
# my vaults
default: work   # most of the time
theme: dark
vaults:
  # the office
  - path: ~/Dropbox/vault # synced
    name: work
    colour: blue

  # at home
  - name: 'personal'
    path: ~/personal
    identity: ~/keys/personal.age
# the end
";

#[test]
fn w34_a_missing_file_is_an_empty_registry() {
    let scratch = Scratch::new();
    assert_eq!(scratch.load(), Config::default());
    assert_eq!(scratch.load().listing(), []);
    assert_eq!(scratch.load().resolve(None), Err(ResolveError::NoDefault));
    assert!(!scratch.registry.path().exists());
}

#[test]
fn a_first_vault_is_the_default_in_a_private_file() {
    let scratch = Scratch::new();
    scratch.add(entry("work", "/v"));
    insta::assert_snapshot!(scratch.text(), @"
    vaults:
        - name: work
          path: /v
    default: work
    ");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(scratch.registry.path()), 0o600);
    assert_eq!(mode(scratch.registry.path().parent().unwrap()), 0o700);
}

#[test]
fn w35_a_fingerprint_is_kept_in_upper_case() {
    let scratch = Scratch::with(BY_HAND);
    scratch.trust("work", Some(&FINGERPRINT.to_lowercase()));
    let work = scratch.load().resolve(Some("work")).unwrap();
    assert_eq!(work.trusted_master_fp.as_deref(), Some(FINGERPRINT));
    for bad in ["", "203E", &FINGERPRINT.replace('2', "g"), &format!("{FINGERPRINT}00")] {
        let error = scratch.registry.update(|config| config.trust("work", Some(bad))).unwrap_err();
        assert!(matches!(error, UpdateError::Change(TrustError::Fingerprint { .. })), "{error}");
    }
}

#[test]
fn an_error_says_where_and_quotes_nothing() {
    let text = |text: &[u8]| {
        let error = Scratch::with(text).registry.load().unwrap_err();
        let RegistryError::Syntax { line, column, source, .. } = error else { panic!("{error}") };
        format!("line {line}, column {column}: {source}")
    };
    let texts = [
        text(b"default: a\nvaults:\n    - name: [secret\n"),
        text(b"default: a\nvaults:\n  - caf\xe9\n"),
        text(b"default: a\nidentity:\n    secret: b\n"),
    ];
    insta::assert_snapshot!(texts.join("\n"), @"
    line 3, column 13: expected string scalar at line 3, column 13
    line 3, column 8: invalid utf-8 sequence of 1 bytes from index 26
    line 3, column 5: expected string scalar at line 3, column 5
    ");
}

#[test]
fn a_bomb_does_not_go_off() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.extend([format!("a{level}: &a{level} [{aliases}]\n")]);
    }
    assert!(Scratch::with(text).registry.load().is_err());
    assert!(matches!(
        Scratch::with("# ".repeat(600_000)).registry.load(),
        Err(RegistryError::TooBig { .. })
    ));
}

#[test]
fn the_old_form_is_a_vault_named_default() {
    let scratch = Scratch::with(from_template("config-legacy.yaml.tmpl"));
    let config = scratch.load();
    assert_eq!(config.vault_names(), ["default"]);
    for name in [None, Some(""), Some("default")] {
        let entry = config.resolve(name).unwrap();
        assert_eq!((entry.name.as_str(), entry.gpg_binary.as_deref()), ("default", Some("gpg")));
    }
    assert_eq!(config.listing(), [config.resolve(None).unwrap()]);
    let add = |name| scratch.registry.update(|config| config.add_vault(entry(name, "/n")));
    assert!(matches!(add("default"), Err(UpdateError::Change(AddError::Taken { .. }))));
    add("second").unwrap();
    assert_eq!(scratch.load().default, None, "the old vault stays the default");
}

#[test]
fn trusting_the_old_form_gives_it_an_entry() {
    let text = from_template("config-legacy.yaml.tmpl");
    let scratch = Scratch::with(&text);
    scratch.trust("", Some(FINGERPRINT));
    let lines = "vaults:\n    - name: default\n      path: /fixtures/vaults/pass\n";
    let anchor = format!("      trusted_master_fp: {FINGERPRINT}\n");
    assert_eq!(scratch.text(), format!("{}\n{lines}{anchor}", text.trim_end()));
    let entry = scratch.load().resolve(None).unwrap();
    assert_eq!(entry.gpg_binary.as_deref(), Some("gpg"));
    assert_eq!(scratch.load().listing(), [entry]);
    scratch.remove("default");
    assert_eq!(scratch.load().listing(), []);
}

#[test]
fn of_two_entries_with_one_name_the_first_counts() {
    let item = |path| format!("    - name: a\n      path: {path}\n");
    let scratch = Scratch::with(format!("vaults:\n{}{}", item("/1"), item("/2")));
    assert_eq!(scratch.load().vault_names(), ["a"]);
    assert_eq!(scratch.load().listing().len(), 1);
    scratch.trust("a", Some(FINGERPRINT));
    assert_eq!(scratch.load().resolve(Some("a")).unwrap().path, "/1");
    assert_eq!(scratch.load().vaults[1].trusted_master_fp, None);
    scratch.remove("a");
    assert_eq!(scratch.load().vaults, []);
}

#[test]
fn odd_names_that_are_there_already_can_be_used() {
    let scratch = Scratch::with("vaults:\n    - name: $(id)\n      path: /v\n");
    assert_eq!(scratch.load().resolve(Some("$(id)")).unwrap().path, "/v");
    let add = scratch.registry.update(|config| config.add_vault(entry("$(id2)", "/v")));
    assert!(matches!(add, Err(UpdateError::Change(AddError::Name(_)))));
}

#[test]
fn what_cannot_be_resolved_says_why() {
    let config = Scratch::with(BY_HAND).load();
    let unknown = |name: &str| Err(ResolveError::Unknown { name: name.to_owned() });
    assert_eq!(config.resolve(Some("nothing")), unknown("nothing"));
    let gone = Config { default: Some("gone".to_owned()), ..config.clone() };
    assert_eq!(gone.resolve(None), unknown("gone"));
    let none = Config { default: None, ..config };
    assert_eq!(none.resolve(None), Err(ResolveError::NoDefault));
}

#[test]
fn wordings() {
    let update = |change: fn(&mut Config) -> Result<(), AddError>| {
        Scratch::with(BY_HAND).registry.update(change).unwrap_err().to_string()
    };
    let trust = |name: &str, text: &str| {
        let mut config = Scratch::with(BY_HAND).load();
        config.trust(name, Some(text)).unwrap_err().to_string()
    };
    let texts = [
        update(|config| config.add_vault(entry("work", "/v"))),
        update(|config| config.add_vault(entry("new", ""))),
        update(|config| config.add_vault(entry("a\nb", "/v"))),
        trust("work", "203E"),
        trust("nothing", FINGERPRINT),
        Config::default().resolve(None).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r#"
    there is a vault "work" already
    the vault "new" has no path
    "a\nb" can't name a vault: 1 to 64 bytes of letters, digits, spaces and . _ - + @, not starting with a dot, a dash or a space
    "203E" is not a fingerprint, which has 40 hex digits
    there is no vault "nothing"
    no vault is configured as the default
    "#);
}

fn save(registry: &Registry, new: &Config) {
    let new = new.clone();
    let replace = |config: &mut Config| Ok::<_, AddError>(std::mem::replace(config, new));
    registry.update(replace).unwrap();
}
