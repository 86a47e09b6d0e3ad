//! The tools that build: rustc, cargo and a linker.

use std::process::Command;

use super::{Check, State, output, version};

/// The oldest rustc that builds the project.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

pub fn checks() -> Vec<Check> {
    vec![("rustc", tool("rustc", version("rustc"))), ("cargo", tool("cargo", version("cargo"))), ("linker", linker())]
}

/// A tool of the Rust release that the project wants.
fn tool(name: &str, says: Option<String>) -> State {
    let Some(says) = says else {
        return State::Needed(format!("no {name} that runs: install Rust {OLDEST} or newer with rustup"));
    };
    match (number(&says), number(OLDEST)) {
        (Some(found), Some(oldest)) if found >= oldest => State::Fine(says),
        (Some(_), _) => State::Needed(format!("{says}, older than {OLDEST}: `rustup update stable`")),
        (None, _) => State::Needed(format!("{name} calls itself {says:?}: install Rust {OLDEST} or newer with rustup")),
    }
}

/// The first two parts of the version in `rustc 1.95.0 (59807616e 2026-04-14)`, or in a bare version.
fn number(says: &str) -> Option<(u32, u32)> {
    let version = says.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut parts = version.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// A C compiler that is there may still lack the C library's own files: only linking tells.
fn linker() -> State {
    let Some(cc) = version("cc") else {
        return State::Needed("no C compiler (cc): install one, for instance Debian's package gcc".to_owned());
    };
    if let Err(reason) = links() {
        return State::Needed(format!("{cc} does not link ({reason}): install the C library, for instance libc6-dev"));
    }
    let others: Vec<_> =
        ["mold", "ld.lld"].into_iter().filter(|linker| output(linker, &["--version"]).is_some()).collect();
    let note = if others.is_empty() { String::new() } else { format!("; also there: {}", others.join(", ")) };
    State::Fine(format!("{cc}{note}"))
}

/// Links an empty C program; the error is the first line of what the compiler says.
fn links() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (source, program) = (folder.path().join("empty.c"), folder.path().join("empty"));
    std::fs::write(&source, "int main(void) { return 0; }\n").map_err(|error| error.to_string())?;
    let output = Command::new("cc").arg(&source).arg("-o").arg(&program).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(said.lines().next().unwrap_or("no reason given").to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        for (says, expected) in [
            ("rustc 1.95.0 (59807616e 2026-04-14)", Some((1, 95))),
            ("cargo 1.96.0-nightly (abc 2026-04-14)", Some((1, 96))),
            ("rustc 2.0-beta", Some((2, 0))),
            ("1.95", Some((1, 95))),
            ("rustc", None),
            ("", None),
            ("rustc 1", None),
        ] {
            assert_eq!(number(says), expected, "{says}");
        }
    }

    #[test]
    fn an_old_or_missing_tool_is_needed() {
        let tool = |says: Option<&str>| tool("rustc", says.map(str::to_owned));
        assert!(matches!(tool(Some("rustc 1.95.0 (a 2026-04-14)")), State::Fine(_)));
        assert!(matches!(tool(Some("rustc 1.100.0")), State::Fine(_)));
        assert!(matches!(tool(Some("rustc 1.94.1")), State::Needed(text) if text.contains("rustup update")));
        assert!(matches!(tool(Some("strange")), State::Needed(_)));
        assert!(matches!(tool(None), State::Needed(text) if text.contains("install Rust")));
    }

    #[test]
    fn a_machine_that_built_this_test_links() {
        assert_eq!(links(), Ok(()));
    }
}
