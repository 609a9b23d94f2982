//! Makes a key with three subkeys in a throw-away home, proves that it works, and prints it.
//!
//! `cargo run -p gpgsmith-gpg --example new_key`

use std::error::Error;
use std::io::{Write, stdout};

use gpgsmith_gpg::{Algorithm, Client, ClientOptions, Expiry, Program, Usage, UserId};
use gpgsmith_gpg::{MasterSpec, SubkeySpec};
use secrecy::SecretString;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let home = tempfile::Builder::new().prefix("new-key-").tempdir()?;
    let program = Program::find(None).await?;
    let client = Client::open(ClientOptions::new(home.path().to_owned(), program)).await?;
    let passphrase = SecretString::from("correct horse battery staple");

    let algorithm = Algorithm::Ed25519;
    let user_id = UserId::new("Alice Example", "alice@example.org")?;
    let master = MasterSpec { user_id, algorithm, expiry: Expiry::Never };
    let fingerprint = client.generate_master(&master, &passphrase).await?;
    for usage in [Usage::Sign, Usage::Encrypt, Usage::Authenticate] {
        let spec = SubkeySpec { usage, algorithm, expiry: "2y".parse()? };
        client.add_subkey(&fingerprint, &spec, &passphrase).await?;
    }

    let proof = client.prove(&fingerprint, &passphrase).await?;
    let mut out = stdout().lock();
    for key in client.certificate(&fingerprint).await?.keys() {
        let proven = if proof.opened.contains(&key.fingerprint) { "opens" } else { "unproven" };
        writeln!(out, "{}  {:8} {:4} {proven}", key.fingerprint, key.algorithm, key.usage)?;
    }
    out.write_all(&client.export_public(&fingerprint).await?)?;
    Ok(client.close().await?)
}
