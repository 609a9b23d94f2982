use std::{fs, os::unix::fs::MetadataExt, path::PathBuf};

use gpgsmith_vault::registry::{AddError, Config, RegistryError, UpdateError};

use super::{BY_HAND, FINGERPRINT, Scratch, entry, from_template, save};

#[test]
fn w18_comments_order_unknown_keys_and_tilde_survive_a_change() {
    let scratch = Scratch::with(BY_HAND);
    scratch.trust("work", Some(FINGERPRINT));
    let line = format!("    trusted_master_fp: {FINGERPRINT}\n");
    let expected = BY_HAND.replace("    colour: blue\n", &format!("    colour: blue\n{line}"));
    assert_eq!(scratch.text(), expected);
    scratch.trust("work", None);
    assert_eq!(scratch.text(), BY_HAND);
}

#[test]
fn w18_a_new_vault_is_added_below_the_others_in_their_column() {
    let scratch = Scratch::with(BY_HAND);
    scratch.add(entry("third", "~/third vault"));
    let last = "    identity: ~/keys/personal.age\n";
    let lines = "  - name: third\n    path: ~/third vault\n";
    assert_eq!(scratch.text(), BY_HAND.replace(last, &format!("{last}{lines}")));
}

#[test]
fn w18_values_are_replaced_where_they_stand() {
    let scratch = Scratch::with(BY_HAND);
    let change = |config: &mut Config| {
        config.default = Some("personal".to_owned());
        config.gpg_binary = Some("/opt/gpg".to_owned());
        config.vaults[0].path = "/elsewhere: new".to_owned();
        config.vaults[1].identity = None;
        Ok::<_, AddError>(())
    };
    scratch.registry.update(change).unwrap();
    let expected = BY_HAND
        .replace("default: work  ", "default: personal  ")
        .replace("~/Dropbox/vault #", "'/elsewhere: new' #")
        .replace("    identity: ~/keys/personal.age\n", "")
        + "gpg_binary: /opt/gpg\n";
    assert_eq!(scratch.text(), expected);
}

#[test]
fn w49_a_vault_that_was_not_made_can_be_taken_out_again() {
    let scratch = Scratch::with(BY_HAND);
    scratch.add(entry("new", "/n"));
    assert_eq!(scratch.remove("new").unwrap().path, "/n");
    assert_eq!(scratch.text(), BY_HAND);
    assert_eq!(scratch.remove("new"), None);
    scratch.add(entry("new", "/n"));
}

#[test]
fn w49_the_last_vault_can_be_taken_out_and_another_put_in() {
    let scratch = Scratch::new();
    scratch.add(entry("work", "/v"));
    assert!(scratch.remove("work").is_some());
    assert_eq!(scratch.text(), "vaults: []\n");
    scratch.add(entry("other", "/w"));
    assert_eq!(scratch.text(), "vaults:\n    - name: other\n      path: /w\ndefault: other\n");
}

#[test]
fn a_removed_vault_takes_its_lines_along_but_no_comments_of_others() {
    let scratch = Scratch::with(BY_HAND);
    scratch.remove("work");
    insta::assert_snapshot!(scratch.text(), @"
    # my vaults
    theme: dark
    vaults:
      # the office

      # at home
      - name: 'personal'
        path: ~/personal
        identity: ~/keys/personal.age
    # the end
    ");
}

#[test]
fn garbage_is_never_overwritten() {
    let garbage: [&[u8]; 8] = [
        b"vaults: [",
        b"\xff\xfe",
        b"vaults: 5\n",
        b"- a\n",
        b"default: {a: b}\n",
        b"\0\0\0",
        b"vaults:\n    - name: a\n      name: b\n",
        b"<<<<<<< HEAD\ndefault: a\n",
    ];
    for text in garbage {
        let scratch = Scratch::with(text);
        let error = scratch.registry.update(|config| config.add_vault(entry("a", "/a")));
        let error = error.unwrap_err();
        let is_syntax = matches!(error, UpdateError::Registry(RegistryError::Syntax { .. }));
        assert!(is_syntax, "{text:?}: {error}");
        assert_eq!(fs::read(scratch.registry.path()).unwrap(), text);
    }
}

#[test]
fn a_change_that_fails_or_changes_nothing_leaves_the_file_alone() {
    let scratch = Scratch::with(BY_HAND);
    let before = fs::metadata(scratch.registry.path()).unwrap().ino();
    let taken = scratch.registry.update(|config| {
        config.default = None;
        config.add_vault(entry("work", "/w"))
    });
    assert!(matches!(taken, Err(UpdateError::Change(AddError::Taken { .. }))));
    scratch.trust("work", None);
    assert_eq!(scratch.text(), BY_HAND);
    assert_eq!(fs::metadata(scratch.registry.path()).unwrap().ino(), before);
}

#[test]
fn a_registry_behind_a_link_stays_behind_it() {
    let scratch = Scratch::with("");
    let real = scratch.dir.path().join("dotfiles.yaml");
    fs::rename(scratch.registry.path(), &real).unwrap();
    std::os::unix::fs::symlink(&real, scratch.registry.path()).unwrap();
    scratch.add(entry("work", "/v"));
    assert!(fs::symlink_metadata(scratch.registry.path()).unwrap().is_symlink());
    assert!(fs::read_to_string(real).unwrap().contains("work"));
}

#[test]
fn an_unusual_form_is_written_anew_as_the_go_program_would() {
    let scratch =
        Scratch::with("{default: a, vaults: [{name: a, path: ~/a}, {name: b, path: /b}]}");
    scratch.trust("b", Some(FINGERPRINT));
    insta::assert_snapshot!(scratch.text(), @"
    vaults:
        - name: a
          path: ~/a
        - name: b
          path: /b
          trusted_master_fp: 203E92AA7E59B62AFB0632831BAD42B9D3EB840E
    default: a
    ");
    let scratch = Scratch::with("{default: a}");
    save(&scratch.registry, &Config::default());
    assert_eq!(scratch.text(), "{}\n");
}

#[test]
fn the_registry_of_the_go_program_is_read_and_kept() {
    let text = from_template("config.yaml.tmpl");
    let scratch = Scratch::with(&text);
    let config = scratch.load();
    assert_eq!(config.vault_names().len(), 7);
    let default = config.resolve(None).unwrap();
    assert_eq!((default.name.as_str(), default.path.as_str()), ("pass", "/fixtures/vaults/pass"));
    let identity = config.resolve(Some("identity")).unwrap();
    assert_eq!(identity.identity_file(), Some(PathBuf::from("/fixtures/identity.txt")));
    scratch.add(entry("new", "/n"));
    let lines = "    - name: new\n      path: /n\ndefault: pass";
    assert_eq!(scratch.text(), text.replace("default: pass", lines));
}
