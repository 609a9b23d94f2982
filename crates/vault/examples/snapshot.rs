//! Seals a directory twice, lists the snapshots and opens the first one again, all in RAM.
//!
//! `cargo run -p gpgsmith-vault --example snapshot`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error, fs::File, io::Write};

use gpgsmith_vault::{
    Key, OpenOptions, SealOptions, Slug, Store, Tree, Workdir, WorkdirOptions, header_kind,
};
use jiff::Timestamp;

fn main() -> Result<(), Box<dyn Error>> {
    let workdir = Workdir::create(&WorkdirOptions::default())?;
    let store = Store::new(workdir.path().join("vault"));
    store.create()?;
    let key = Key::passphrase("correct horse battery staple".into())?;
    key.prepare(); // the first seal finds its scrypt key derived

    let home = Tree::plain(workdir.path().join("home"));
    std::fs::create_dir(home.main())?;
    let now: Timestamp = "2026-04-10T14:30:12Z".parse()?;
    for text in ["first", "second"] {
        writeln!(File::create(home.main().join("note"))?, "{text}")?;
        let name = store.next_name(&Slug::from_message(text), now, None)?;
        let sealed = store.seal(&name, &home, &key, &SealOptions::default())?;
        println!("sealed {name}: {} bytes, read back", sealed.size);
    }

    for snapshot in store.list()?.snapshots {
        let header = header_kind(&snapshot.path)?;
        println!("{}: {}, {:?}", snapshot.name, header.kind, header.work_factor);
    }
    let first = store.list()?.snapshots.remove(0).name.file_name();
    let again = Tree::plain(workdir.path().join("again"));
    let opened = store.open(&first, &key, &again, &OpenOptions::default())?;
    let note = std::fs::read_to_string(again.main().join("note"))?;
    println!("opened {first}: {} entries, note says {}", opened.contents.len(), note.trim());
    Ok(workdir.wipe()?)
}
