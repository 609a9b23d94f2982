//! The paths that a source file names: `crate::…`, `super::…`, `self::…`, in `use` and elsewhere.

/// The modules and items, from the crate's root, that `source` names, which is the file of
/// `module`.
pub(crate) fn named(source: &str, module: &[&str]) -> Vec<Vec<String>> {
    let code = without_text(source);
    let tokens = tokens(&code);
    let mut here: Vec<String> = module.iter().map(|&part| part.to_owned()).collect();
    let mut inner = Vec::new();
    let mut depth = 0;
    let mut named = Vec::new();
    let mut at = 0;
    while let Some(&token) = tokens.get(at) {
        at += 1;
        match token {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if inner.last() == Some(&depth) {
                    inner.pop();
                    here.pop();
                }
            }
            "mod" if tokens.get(at + 1) == Some(&"{") => {
                inner.push(depth);
                here.push(tokens[at].to_owned());
            }
            "crate" | "super" | "self" if tokens.get(at) == Some(&"::") => {
                let mut rest = &tokens[at - 1..];
                tree(&mut rest, &here, &mut named);
                at = tokens.len() - rest.len();
            }
            _ => {}
        }
    }
    named
}

/// Follows a path or a tree of a `use` to its ends. `here` is where `self` and `super` start from,
/// and, inside braces, where the path has come to.
fn tree(rest: &mut &[&str], here: &[String], named: &mut Vec<Vec<String>>) {
    let mut path = here.to_vec();
    while let Some((&token, tail)) = rest.split_first() {
        match token {
            "crate" => path.clear(),
            "super" => drop(path.pop()),
            "self" => {}
            "{" => {
                *rest = tail;
                while rest.first().is_some_and(|&token| token != "}") {
                    tree(rest, &path, named);
                    *rest = rest.strip_prefix(&[","]).unwrap_or(rest);
                }
                *rest = rest.get(1..).unwrap_or_default();
                return;
            }
            word if word.starts_with(|c: char| c.is_alphanumeric() || c == '_') => {
                path.push(word.to_owned());
            }
            "*" => {}
            _ => break, // the `<` of a turbofish
        }
        *rest = tail;
        match rest.first() {
            Some(&"::") => *rest = &rest[1..],
            Some(&"as") => *rest = rest.get(2..).unwrap_or_default(),
            _ => break,
        }
    }
    named.push(path);
}

/// Words, `::`, and everything else one by one.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let length = if word(first) {
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (token, tail) = rest.split_at(length);
        tokens.push(token);
        rest = tail.trim_start();
    }
    tokens
}

/// The code without comments, strings and characters.
fn without_text(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| string(rest, &code)).or_else(|| character(rest));
        let length = skipped.unwrap_or_else(|| {
            code.push(first);
            first.len_utf8()
        });
        if skipped.is_some() {
            code.push(' ');
        }
        rest = &rest[length..];
    }
    code
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    let inside = rest.strip_prefix("/*")?;
    Some(inside.find("*/").map_or(rest.len(), |end| end + 4))
}

/// `"…"`, or `r#"…"#` with as many hashes as it has.
fn string(rest: &str, before: &str) -> Option<usize> {
    let word_before = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r')).filter(|_| !word_before);
    if let Some(raw) = raw {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if let Some(inside) = raw[hashes..].strip_prefix('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let begin = rest.len() - inside.len();
            return Some(inside.find(&end).map_or(rest.len(), |at| begin + at + end.len()));
        }
    }
    let inside = rest.strip_prefix('"')?;
    let mut escaped = false;
    let end = inside.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    Some(end.map_or(rest.len(), |at| at + 2))
}

/// `'x'` and `'\n'`, but not the lifetime `'x`.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    if inside.starts_with('\\') {
        return inside[2..].find('\'').map(|at| at + 4);
    }
    let one = inside.chars().next()?.len_utf8();
    inside[one..].starts_with('\'').then_some(one + 2)
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let source = r#"
        use crate::{api::{self, Code as C, error::*}, clock::Clock};
        use super::{Env, super::wire};
        /// [`crate::comment`] /* crate::comment */
        fn f<'a>(x: &'a crate::secret::Passphrase) -> char {
            let _ = ("crate::text", r"crate::raw", b"\"crate::bytes", '"', '\'');
            $crate::hidden::deep::<crate::turbo::Fish>();
            self::near(super::up(1))
        }
        pub(crate) mod tests { use super::*; use super::super::other; mod t {} }
        fn g() { super::last() }
    "#;
    let found: Vec<String> =
        named(source, &["ops", "vault"]).iter().map(|path| path.join("::")).collect();
    let expected = [
        "api",
        "api::Code",
        "api::error",
        "clock::Clock",
        "ops::Env",
        "wire",
        "secret::Passphrase",
        "hidden::deep",
        "turbo::Fish",
        "ops::vault::near",
        "ops::up",
        "ops::vault",
        "ops::other",
        "ops::last",
    ];
    assert_eq!(found, expected);
}
