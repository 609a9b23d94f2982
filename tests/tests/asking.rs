//! Users at a terminal: what they are asked, what they see, what they do not.

use gpgsmith_tests::{
    sandbox::{PASSPHRASE, Sandbox},
    wait::wait_for,
};

#[test]
fn setup_asks_for_what_it_needs() {
    let sandbox = Sandbox::new();
    let mut terminal = sandbox.terminal(&["setup"]);
    terminal.expect("Vault directory path");
    terminal.enter("vaults/typed");
    terminal.expect("Real name: ");
    terminal.enter("Ann Example");
    terminal.expect("Email: ");
    terminal.enter("ann@example.org");
    terminal.expect("assphrase: ");
    terminal.enter(PASSPHRASE);
    terminal.expect("assphrase: ");
    terminal.enter(PASSPHRASE);
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("sealed: "), "{screen}");
    assert!(!screen.contains(PASSPHRASE), "{screen}");
    // W-33: a relative path is the user's, not the daemon's.
    assert_eq!(sandbox.snapshots("home/vaults/typed").len(), 2);
}

#[test]
fn w33_a_tilde_is_the_users_home() {
    let sandbox = Sandbox::new();
    sandbox.unlocked(&["vault", "create", "tilde", "--path", "~/deep/vault"]).ok();
    assert_eq!(sandbox.snapshots("home/deep/vault").len(), 1);
    let list = sandbox.gpgsmith(&["vault", "list", "--json"]).ok().json();
    assert_eq!(list["vaults"][0]["path"], sandbox.text("home/deep/vault"));
}

#[test]
fn passphrases_that_differ_are_typed_again() {
    let sandbox = Sandbox::new();
    let mut terminal = sandbox.terminal(&["vault", "create", "new", "--path", "new"]);
    for (first, second) in [("one", "two"), ("", ""), (PASSPHRASE, PASSPHRASE)] {
        terminal.expect("assphrase: ");
        terminal.enter(first);
        if !first.is_empty() {
            terminal.expect("Confirm passphrase: ");
            terminal.enter(second);
        }
    }
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("passphrases do not match; try again"), "{screen}");
    assert!(screen.contains("passphrase cannot be empty; try again"), "{screen}");
    sandbox.unlocked(&["vault", "open", "new", "--no-shell"]).ok();
}

#[test]
fn passphrases_that_differ_three_times_are_no_passphrase() {
    let sandbox = Sandbox::new();
    let mut terminal = sandbox.terminal(&["vault", "create", "new", "--path", "new"]);
    for _ in 0..3 {
        terminal.expect("Vault passphrase: ");
        terminal.enter("one");
        terminal.expect("Confirm passphrase: ");
        terminal.enter("two");
        terminal.expect("passphrases do not match");
    }
    let (code, screen) = terminal.end();
    assert_ne!(code, Some(0), "{screen}");
    assert!(!sandbox.path("home/new").exists());
    let list = sandbox.gpgsmith(&["vault", "list", "--json"]).ok().json();
    assert_eq!(list["vaults"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_wrong_passphrase_may_be_typed_again() {
    let sandbox = Sandbox::new();
    sandbox.unlocked(&["vault", "create", "new", "--path", "new"]).ok();
    sandbox.gpgsmith(&["vault", "discard"]).ok();
    let mut terminal = sandbox.terminal(&["vault", "open", "new", "--no-shell"]);
    terminal.expect("Vault passphrase: ");
    terminal.enter("wrong");
    terminal.expect("try again");
    terminal.expect("Vault passphrase: ");
    terminal.enter(PASSPHRASE);
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
}

#[test]
fn setup_makes_no_vault_for_keys_that_cannot_be_made() {
    let sandbox = Sandbox::new();
    for wrong in [["--email", "nomail"], ["--algo", "rsa1024"], ["--subkey-expiry", "soon"]] {
        let keys = ["--name", "Ann", "--email", "ann@example.org", "--vault-path", "vaults/new"];
        let flags: Vec<&str> = match wrong {
            ["--email", wrong] => {
                keys.iter().map(|&k| if k.contains('@') { wrong } else { k }).collect()
            }
            other => keys.iter().copied().chain(other).collect(),
        };
        sandbox.unlocked(&[&["setup"], flags.as_slice()].concat()).fails(2);
        assert!(!sandbox.path("vaults/new").exists(), "{wrong:?}");
    }
    let list = sandbox.gpgsmith(&["vault", "list", "--json"]).ok().json();
    assert_eq!(list["vaults"].as_array().map(Vec::len), Some(0));
}

#[test]
fn ctrl_c_while_setup_makes_the_vault_makes_no_keys() {
    let sandbox = Sandbox::new();
    let mut terminal = sandbox.terminal(&["setup", "--name", "Ann", "--email", "ann@example.org"]);
    terminal.expect("Vault directory path");
    terminal.enter(&sandbox.text("vaults/new"));
    for _ in 0..2 {
        terminal.expect("assphrase: ");
        terminal.enter(PASSPHRASE);
    }
    let dir = sandbox.path("vaults/new");
    wait_for("the vault is being made", || dir.exists().then_some(()));
    terminal.press("\x03");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(8), "{screen}");
    assert!(screen.contains("gpgsmith keys create --vault default"), "{screen}");
    sandbox.gpgsmith(&["keys", "create", "--name", "Ann", "--email", "ann@example.org"]).ok();
}

#[test]
fn w32_piped_answers_all_arrive() {
    let sandbox = Sandbox::new();
    let answers = format!("piped\nAnn Example\nann@example.org\n{PASSPHRASE}\n{PASSPHRASE}\n");
    sandbox.gpgsmith_reading(&["setup"], &answers).ok();
    assert_eq!(sandbox.snapshots("home/piped").len(), 2);
}

#[test]
fn an_unknown_vault_is_told_before_the_passphrase_is_typed() {
    let sandbox = Sandbox::new();
    let mut terminal = sandbox.terminal(&["vault", "open", "nowhere"]);
    terminal.expect("nowhere");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(1), "{screen}");
    assert!(!screen.to_lowercase().contains("passphrase"), "{screen}");
}

#[test]
fn the_shell_of_an_open_vault_works_on_it() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    let mut terminal = sandbox.terminal(&["vault", "open", "pass-fast"]);
    terminal.expect("Vault passphrase: ");
    terminal.enter(PASSPHRASE);
    terminal.expect("Entering gpgsmith shell");
    terminal.enter("echo vault=$GPGSMITH_VAULT_NAME token=${#GPGSMITH_SESSION}");
    terminal.expect("vault=pass-fast token=64");
    let program = sandbox.gpgsmith_command(&[]).get_program().to_string_lossy().into_owned();
    terminal.enter(&format!("{program} vault open pass-fast; echo nested=$?"));
    terminal.expect("nested=4");
    terminal.enter("exit 7");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(7), "{screen}");
    assert!(screen.contains("gpgsmith vault seal --vault pass-fast"), "{screen}");
    assert!(!screen.contains(PASSPHRASE), "{screen}");
    let status = sandbox.gpgsmith(&["vault", "status", "--json"]).ok().json();
    assert_eq!(status["open"][0]["vault"], "pass-fast");
}

#[test]
fn w36_a_hostile_vault_name_is_not_run() {
    let sandbox = Sandbox::new();
    let trap = sandbox.text("home/trap");
    sandbox.register(&["pass-fast"]);
    let registry = sandbox.read("config/locksmith/config.yaml");
    let name = format!("$(touch {trap})`touch {trap}`'; touch {trap}; '");
    let registry = registry.replace("name: pass-fast", &format!("name: \"{name}\""));
    let registry = registry.replace("default: pass-fast", &format!("default: \"{name}\""));
    sandbox.write("config/locksmith/config.yaml", &registry);
    let exports = sandbox.unlocked(&["vault", "open", "--no-shell"]).ok().stdout;
    let script = format!("{exports}\n[ \"$GPGSMITH_VAULT_NAME\" = \"$1\" ]");
    sandbox.tool("sh", &["-ec", &script, "sh", &name]).ok();
    for shell in ["/bin/sh", "/bin/bash"] {
        let mut command = sandbox.gpgsmith_command(&["vault", "open"]);
        command.env("SHELL", shell);
        let mut terminal = gpgsmith_tests::terminal::Terminal::start(&command);
        terminal.expect("Vault passphrase: ");
        terminal.enter(PASSPHRASE);
        terminal.expect("Entering");
        terminal.enter("echo here-$((1+1))");
        terminal.expect("here-2");
        terminal.enter("exit");
        let (code, screen) = terminal.end();
        assert_eq!(code, Some(0), "{screen}");
    }
    assert!(!sandbox.path("home/trap").exists());
}

#[test]
fn w11_unfinished_work_is_offered_with_what_it_diverges_from() {
    let sandbox = Sandbox::new();
    sandbox.register(&["stranded-divergent"]);
    sandbox.settings("hostname: otherhost\n");
    let mut terminal = sandbox.terminal(&["vault", "open", "--no-shell"]);
    terminal.expect("Vault passphrase: ");
    terminal.enter(PASSPHRASE);
    let question = terminal.expect("Resume?");
    assert!(question.contains("otherhost"), "{question}");
    assert!(question.contains("newer"), "{question}");
    terminal.enter("cancel");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(8), "{screen}");
    let state = "20261123T171124Z_rotate-subkeys-2026.tar.age.session-otherhost";
    assert!(sandbox.path("vaults/stranded-divergent").join(state).exists());
}

#[test]
fn ctrl_c_at_a_question_ends_the_command() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    let mut terminal = sandbox.terminal(&["vault", "open", "--no-shell"]);
    terminal.expect("Vault passphrase: ");
    terminal.press("\x03");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(8), "{screen}");
}
