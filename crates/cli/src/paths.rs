//! Paths that users write, made absolute here and not in the daemon, which runs elsewhere.

use std::{
    env, io,
    path::{Path, PathBuf},
};

use gpgsmith_kernel::api::{ApiError, Code};

/// Why a path cannot be made absolute.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PathError {
    /// There is no path.
    #[error("the path is empty")]
    Empty,
    /// `~ann`: another user's home.
    #[error("the home directory that {} means is not looked up", .0.display())]
    OtherHome(PathBuf),
    /// `~`, and `HOME` is not set.
    #[error("HOME does not say what ~ is")]
    NoHome,
    /// The working directory cannot be named.
    #[error("the working directory is not known")]
    NoWorkingDirectory(#[source] io::Error),
}

impl From<PathError> for ApiError {
    fn from(error: PathError) -> Self {
        Self::chain(Code::BadRequest, &error)
    }
}

/// `path` made absolute: `~` is the user's home, anything relative is below the working directory.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, PathError> {
    let cwd = env::current_dir().map_err(PathError::NoWorkingDirectory);
    resolve_from(path, home().as_deref(), cwd)
}

/// The user's home, by `HOME`.
pub(crate) fn home() -> Option<PathBuf> {
    env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute())
}

fn resolve_from(
    path: &Path,
    home: Option<&Path>,
    cwd: Result<PathBuf, PathError>,
) -> Result<PathBuf, PathError> {
    let first = path.components().next().ok_or(PathError::Empty)?;
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    match path.strip_prefix("~") {
        Ok(rest) => Ok(home.ok_or(PathError::NoHome)?.join(rest)),
        Err(_) if first.as_os_str().as_encoded_bytes().starts_with(b"~") => {
            Err(PathError::OtherHome(first.as_os_str().into()))
        }
        Err(_) => Ok(cwd?.join(path.strip_prefix(".").unwrap_or(path))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(path: &str) -> Result<String, PathError> {
        let resolved =
            resolve_from(Path::new(path), Some(Path::new("/home/ann")), Ok("/work".into()));
        resolved.map(|path| path.to_str().unwrap().to_owned())
    }

    #[test]
    fn w33_tilde_and_relative_paths_are_the_users() {
        for (written, meant) in [
            ("~", "/home/ann/"),
            ("~/vaults/a b", "/home/ann/vaults/a b"),
            ("vaults", "/work/vaults"),
            ("./v", "/work/v"),
            ("../v", "/work/../v"),
            ("/v/~", "/v/~"),
            ("a/~", "/work/a/~"),
        ] {
            assert_eq!(from(written).unwrap(), meant, "{written}");
        }
    }

    #[test]
    fn what_cannot_be_known_is_not_guessed() {
        let homeless = resolve_from(Path::new("~/v"), None, Ok("/work".into())).map(drop);
        let lost = Err(PathError::NoWorkingDirectory(io::ErrorKind::NotFound.into()));
        let lost = resolve_from(Path::new("v"), None, lost).map(drop);
        let all = [from("").map(drop), from("~bob/v").map(drop), homeless, lost];
        let texts = all.map(|refused| refused.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @"
        the path is empty
        the home directory that ~bob means is not looked up
        HOME does not say what ~ is
        the working directory is not known
        ");
    }
}
