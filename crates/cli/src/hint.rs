//! Hints as commands of this program.

use gpgsmith_kernel::{api::Hint, view::visible};

use crate::quote::quote;

/// The command that a hint means, to be typed as it stands.
pub(crate) fn command_line(hint: &Hint) -> Option<String> {
    let args: Vec<_> = hint.args.iter().map(|arg| visible(arg)).collect();
    let args: Vec<_> = args.iter().map(|arg| quote(arg)).collect();
    let args = args.join(" ");
    match (&hint.action, args.as_str()) {
        (Some(action), "") => Some(format!("gpgsmith {action}")),
        (Some(action), args) => Some(format!("gpgsmith {action} {args}")),
        (None, "") => None,
        (None, args) => Some(format!("the same with {args}")),
    }
}

#[cfg(test)]
mod tests;
