//! What we make is accepted elsewhere: keys of ours, in two other implementations of OpenPGP.
//! Sequoia (`sqop`) knows all but brainpool, which `PGPy` knows.

use std::fs;

use gpgsmith_tests::{extent::all, program::tool, sandbox::Sandbox};

/// Each of gpg's algorithms with who else knows it; the long ones take their time to be made.
const ALGORITHMS: [(&str, Other); 10] = [
    ("ed25519", Other::Sequoia),
    ("nistp256", Other::Sequoia),
    ("brainpoolP256r1", Other::PgPy),
    ("rsa2048", Other::Sequoia),
    ("nistp384", Other::Sequoia),
    ("nistp521", Other::Sequoia),
    ("brainpoolP384r1", Other::PgPy),
    ("brainpoolP512r1", Other::PgPy),
    ("rsa3072", Other::Sequoia),
    ("rsa4096", Other::Sequoia),
];

#[derive(Clone, Copy)]
enum Other {
    Sequoia,
    /// Without the secret key.
    SequoiaInPublic,
    PgPy,
}

/// gpg on the keys of a snapshot, which lie in `plain.tar`: signs, encrypts, and hands the secret
/// keys over. Its agent must not hold our pipes.
const OURS: &str = r#"
exec >out 2>&1 </dev/null
mkdir -m 700 home
tar -x -f plain.tar -C home
gpg="gpg --homedir home --batch --yes --pinentry-mode loopback --passphrase-file passphrase --trust-model always"
$gpg --output key --export-secret-keys
echo "made by gpgsmith" >message
$gpg --output signature --armor --detach-sign message
$gpg --output encrypted --recipient ann@example.org --encrypt message
gpgconf --homedir home --kill all
"#;

/// The same steps backwards, on what the other one made of them.
const BACK: &str = r#"
exec >out 2>&1 </dev/null
gpg="gpg --homedir home --batch --yes --pinentry-mode loopback --passphrase-file passphrase --trust-model always"
$gpg --verify their-signature message
$gpg --output decrypted --decrypt their-encrypted
cmp decrypted message
gpgconf --homedir home --kill all
"#;

/// What Sequoia does with the public key.
const PUBLIC: &str = r"
exec >out 2>&1
sqop verify signature certificate <message
if echo forged | sqop verify signature certificate; then exit 1; fi
sqop encrypt certificate <message >their-encrypted
";

/// And with the secret one.
const SECRET: &str = r"
exec >out 2>&1
sqop decrypt --with-key-password=passphrase key <encrypted | cmp - message
sqop sign --with-key-password=passphrase key <message >their-signature
";

const PGPY: &str = r#"
import warnings
warnings.simplefilter("ignore")
import pgpy
from pgpy.constants import SymmetricKeyAlgorithm

certificate, _ = pgpy.PGPKey.from_file("certificate")
key, _ = pgpy.PGPKey.from_file("key")
message = open("message", "rb").read()
signature = pgpy.PGPSignature.from_file("signature")
assert certificate.verify(message, signature)
assert not certificate.verify(b"forged", signature)
encrypted = certificate.encrypt(pgpy.PGPMessage.new(message), cipher=SymmetricKeyAlgorithm.AES256)
open("their-encrypted", "wb").write(bytes(encrypted))
with key.unlock(open("passphrase").read().strip()):
    assert key.decrypt(pgpy.PGPMessage.from_file("encrypted")).message == message
    open("their-signature", "wb").write(bytes(key.sign(message)))
"#;

/// Makes a vault with keys of this algorithm, and unpacks it in a directory of its own.
fn make(sandbox: &Sandbox, algorithm: &str) {
    let (dir, identity) =
        (sandbox.text(&format!("vaults/{algorithm}")), sandbox.text("identity.txt"));
    sandbox.gpgsmith(&["vault", "create", algorithm, "--path", &dir, "--identity", &identity]).ok();
    let keys =
        ["keys", "create", "--name", "Ann", "--email", "ann@example.org", "--algo", algorithm];
    let phrase = ["--yes", "--key-passphrase-file", &sandbox.passphrase()];
    sandbox.gpgsmith(&[&keys[..], &phrase].concat()).ok();
    let certificate = sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout;
    sandbox.gpgsmith(&["vault", "seal"]).ok();
    sandbox.write(&format!("{algorithm}/certificate"), &certificate);
    sandbox.write(&format!("{algorithm}/passphrase"), &sandbox.read("passphrase"));
    let newest = sandbox.snapshots(&format!("vaults/{algorithm}")).pop().unwrap();
    let (from, to) = (format!("{dir}/{newest}"), sandbox.text(&format!("{algorithm}/plain.tar")));
    sandbox.tool("age", &["--decrypt", "-i", &identity, "-o", &to, &from]).ok();
}

/// Runs a program in the directory of `algorithm`.
#[track_caller]
fn run(sandbox: &Sandbox, algorithm: &str, line: &[&str]) {
    let mut command = sandbox.command(&tool(line[0]), &line[1..]);
    let output = command.current_dir(sandbox.path(algorithm)).output().unwrap();
    let said = fs::read(sandbox.path(algorithm).join("out")).unwrap_or_default();
    let said = [said, output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{algorithm}: {}", String::from_utf8_lossy(&said));
}

#[test]
fn keys_of_every_algorithm_sign_and_encrypt_both_ways() {
    let sandbox = Sandbox::new();
    sandbox.register(&["identity"]);
    for (algorithm, other) in ALGORITHMS.into_iter().take(if all() { 10 } else { 4 }) {
        make(&sandbox, algorithm);
        run(&sandbox, algorithm, &["sh", "-ec", OURS]);
        let is_24 = sandbox.tool("gpg", &["--version"]).ok().stdout.contains("(GnuPG) 2.4.");
        let others: &[Other] = match other {
            // Secret keys that GnuPG 2.4 exports are garbled to this Sequoia, by chance: about half.
            Other::Sequoia if is_24 => &[Other::PgPy, Other::SequoiaInPublic],
            Other::Sequoia => &[Other::Sequoia],
            other => &[other],
        };
        for other in others {
            match other {
                // Debian's own, which knows where Debian's packages are.
                Other::PgPy => run(&sandbox, algorithm, &["/usr/bin/python3", "-c", PGPY]),
                Other::SequoiaInPublic => run(&sandbox, algorithm, &["sh", "-ec", PUBLIC]),
                Other::Sequoia => {
                    run(&sandbox, algorithm, &["sh", "-ec", PUBLIC]);
                    run(&sandbox, algorithm, &["sh", "-ec", SECRET]);
                }
            }
            run(&sandbox, algorithm, &["sh", "-ec", BACK]);
        }
    }
}
