//! The registry: what cannot be read is not overwritten, and an entry is added to everything else.

use std::fs;

use gpgsmith_tests::{
    extent::rounds,
    mutate::{Corpus, fuzz},
};
use gpgsmith_vault::registry::{Entry, Registry};

use super::{YAML, fixtures, in_ram};

#[test]
fn a_change_of_the_registry_changes_what_it_says_and_nothing_else() {
    let dir = in_ram();
    let registry = Registry::at(dir.path().join("config.yaml"));
    let mut inputs = fixtures("config.yaml.tmpl");
    inputs.extend(fixtures("config-legacy.yaml.tmpl"));
    let words = [&YAML[..], &["vaults:\n", "    - name: x\n", "      path: ~/x\n", "default: x\n"]]
        .concat();
    let (mut read, mut garbled) = (0, 0);
    fuzz(&Corpus { inputs, words: &words }, rounds(2000, 100_000), |bytes, _| {
        fs::write(registry.path(), bytes).unwrap();
        let new = Entry { name: "fuzz".to_owned(), path: "/fuzz".to_owned(), ..Entry::default() };
        let Ok(old) = registry.load() else {
            garbled += 1;
            registry.update(|config| config.add_vault(new)).unwrap_err();
            assert_eq!(fs::read(registry.path()).unwrap(), bytes, "it was overwritten");
            return;
        };
        read += 1;
        drop((old.vault_names(), old.listing(), old.resolve(None)));
        let mut expected = old.clone();
        if expected.add_vault(new.clone()).is_err() {
            return;
        }
        registry.update(|config| config.add_vault(new)).unwrap();
        let now = registry.load().unwrap();
        assert_eq!(now.vault_names(), expected.vault_names());
        assert_eq!(now.listing(), expected.listing());
        registry.update(|config| Ok::<_, std::fmt::Error>(config.remove_vault("fuzz"))).unwrap();
        let back = registry.load().unwrap();
        assert_eq!(back.listing(), old.listing());
    });
    assert!(read > 100 && garbled > 100, "{read} read, {garbled} garbled: both are to be seen");
}
