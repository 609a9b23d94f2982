//! What the Go program does with a vault, step by step: what it reads, keeps, drops, and writes in
//! its own way.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use gpgsmith_audit::{Entry, Log};
use gpgsmith_tests::{
    forge,
    sandbox::Sandbox,
    target::{DIR, Target},
};

/// What it leaves out of an archive.
const SKIPPED: [&str; 4] = [".#lk", "random_seed", ".gpg-connect-history", "S.gpg-agent"];

/// gpg as it calls it, but for the descriptor of the passphrase; its agent must not hold our pipes.
const GPG: &str = r#"
home="$1"
passphrase="$2"
shift 2
gpg --homedir "$home" --batch --no-tty --pinentry-mode loopback --passphrase-file "$passphrase" "$@" \
    >"$home/../out" 2>&1 </dev/null
gpgconf --homedir "$home" --kill all
"#;

/// The Go program with the newest snapshot open.
pub(super) struct Session<'a> {
    target: &'a Target,
    base: String,
    home: PathBuf,
    _dir: tempfile::TempDir,
}

impl<'a> Session<'a> {
    /// Opens the snapshot with the greatest time in its name. Links are nothing to it; the option
    /// files of gpg and its agent are its own.
    pub(super) fn open(target: &'a Target) -> Self {
        let base = target.sandbox.snapshots(DIR).pop().unwrap();
        Self::open_at(target, &base)
    }

    /// Opens this one: on a machine that the newer ones have not reached.
    pub(super) fn open_at(target: &'a Target, base: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("locksmith-").tempdir_in("/dev/shm").unwrap();
        let home = dir.path().join("home");
        for entry in target.entries(base) {
            let path = home.join(&entry.name);
            match entry.kind {
                '0' => {
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, &entry.content).unwrap();
                }
                '5' => fs::create_dir_all(path).unwrap(),
                _ => {}
            }
        }
        fs::write(home.join("gpg.conf"), "pinentry-mode loopback\n").unwrap();
        let agent = "allow-loopback-pinentry\ndefault-cache-ttl 3600\nmax-cache-ttl 28800\n";
        fs::write(home.join("gpg-agent.conf"), agent).unwrap();
        let sh = ["700", home.to_str().unwrap()];
        target.sandbox.tool("chmod", &sh).ok();
        Self { target, base: base.to_owned(), home, _dir: dir }
    }

    fn sandbox(&self) -> &Sandbox {
        &self.target.sandbox
    }

    fn log(&self) -> Log {
        Log::new(self.home.join("gpgsmith-audit.yaml"), "it knows of no chain")
    }

    /// A change as it makes it: a call of gpg, and an entry in the audit log, which is read whole
    /// and written anew.
    pub(super) fn add_identity(&self, user_id: &str) {
        let master = gpgsmith_tests::fixture::MASTER;
        let (home, passphrase) = (self.home.to_str().unwrap(), self.sandbox().passphrase());
        let call = ["-ec", GPG, "sh", home, &passphrase, "--quick-add-uid", master, user_id];
        self.sandbox().tool("sh", &call).ok();
        let mut entries = self.log().load().unwrap();
        let now = self.sandbox().tool("date", &["-u", "+%Y-%m-%dT%H:%M:%S.%NZ"]).ok().stdout;
        let metadata = BTreeMap::from([("identity".to_owned(), user_id.to_owned())]);
        let details = format!("added identity \"{user_id}\"");
        entries.push(Entry::new(now.trim().parse().unwrap(), "add-identity", details, metadata));
        fs::write(self.log().path(), audit_log(&entries)).unwrap();
    }

    /// Writes its settings anew, as `keys create` does.
    pub(super) fn rewrite_settings(&self) {
        let master = gpgsmith_tests::fixture::MASTER;
        let text = format!("master_fp: {master}\nsubkey_algo: rsa1024\nsubkey_expiry: 2y\n");
        fs::write(self.home.join("gpgsmith.yaml"), text).unwrap();
    }

    /// Seals, `later` seconds from now, so that the name is a newer one.
    pub(super) fn seal(self, message: &str, later: u32) -> String {
        let time = format!("+{later} seconds");
        let now = self.sandbox().tool("date", &["-u", "-d", &time, "+%Y%m%dT%H%M%SZ"]).ok().stdout;
        let name = format!("{}_{message}.tar.age", now.trim());
        self.target.deliver(&name, &self.archive());
        name
    }

    /// Leaves its unfinished work: the state, and a sidecar that names no machine and no session.
    pub(super) fn leave(self, host: &str, generation: u64) {
        let state = format!("{}.session-{host}", self.base);
        self.target.deliver(&state, &self.archive());
        let info = format!(
            "hostname: {host}\nsource: cli\nstarted_at: 2026-11-23T17:11:30.5Z\n\
             last_heartbeat: 2026-11-23T17:12:00.25Z\ngeneration: {generation}\nstatus: active\n"
        );
        fs::write(self.sandbox().path(DIR).join(format!("{state}.info")), info).unwrap();
    }

    /// Directories without a slash at the end, parents first, each by name.
    fn archive(&self) -> Vec<u8> {
        let mut parts = Vec::new();
        pack(&self.home, &self.home, &mut parts);
        forge::archive(&parts)
    }
}

fn pack(root: &Path, dir: &Path, parts: &mut Vec<Vec<u8>>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        if SKIPPED.iter().any(|skipped| name.starts_with(skipped)) {
            continue;
        }
        let below = path.strip_prefix(root).unwrap().to_str().unwrap();
        if path.is_dir() {
            parts.push(forge::directory(below));
            pack(root, &path, parts);
        } else {
            parts.push(forge::file(below, fs::read(&path).unwrap()));
        }
    }
}

/// The log as it spells it (reference: `details` before `metadata`, keys in order).
fn audit_log(entries: &[Entry]) -> String {
    let mut text = "entries:\n".to_owned();
    for entry in entries {
        let Entry { timestamp, action, details, .. } = entry;
        let mut metadata = entry.metadata.clone();
        metadata.extend(entry.chain().map(|link| ("chain".to_owned(), link.to_string())));
        let details = scalar(details);
        text += "    - timestamp: ";
        text +=
            &[timestamp.to_string(), format!("action: {action}"), format!("details: {details}")]
                .join("\n      ");
        let pairs =
            metadata.iter().map(|(key, value)| format!("\n        {key}: {}", scalar(value)));
        text.extend((!metadata.is_empty()).then(|| "\n      metadata:".to_owned()));
        text.extend(pairs);
        text.push('\n');
    }
    text
}

fn scalar(text: &str) -> String {
    let starts_badly = text.starts_with(|c: char| " -?:,[]{}#&*!|>'\"%@`".contains(c));
    if text.parse::<f64>().is_ok() {
        format!("\"{text}\"")
    } else if starts_badly || text.contains(": ") || text.contains(" #") || text.is_empty() {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        text.to_owned()
    }
}

/// The registry as it saves it after a change: the keys that it knows, `~` written out, no comment.
pub(super) fn save_registry(sandbox: &Sandbox) {
    let registry =
        gpgsmith_kernel::registry::Registry::at(sandbox.path("config/locksmith/config.yaml"));
    let config = registry.load().unwrap();
    let mut text = String::from("vaults:\n");
    for entry in &config.vaults {
        let path = entry.path.replace('~', &sandbox.text("home"));
        let optional = [
            ("identity", &entry.identity),
            ("gpg_binary", &entry.gpg_binary),
            ("trusted_master_fp", &entry.trusted_master_fp),
        ];
        text.extend([format!("    - name: {}\n", entry.name), format!("      path: {path}\n")]);
        text.extend(optional.into_iter().filter_map(|(key, value)| {
            let value = value.as_deref().filter(|value| !value.is_empty())?;
            Some(format!("      {key}: {value}\n"))
        }));
    }
    text.extend(config.default.map(|name| format!("default: {name}\n")));
    sandbox.write("config/locksmith/config.yaml", &text);
}
