//! `cargo book doctor`: what a notebook needs, what is there, and how to get the rest.

mod cuda;
mod evcxr;
mod jupyter;
mod machine;
mod rust;

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::facade::{Freshness, freshness};
use crate::workspace::Workspace;

/// How a check came out.
#[derive(Debug, Clone, PartialEq)]
enum State {
    /// There, with what was found.
    Fine(String),
    /// Missing, but notebooks run without it: what is lost or how to get it.
    Optional(String),
    /// Missing, and nothing runs without it: how to get it.
    Needed(String),
}

/// The name of a check and how it came out.
type Check = (&'static str, State);

/// Prints one line for each check; true when nothing that is needed is missing.
///
/// # Errors
/// None so far: what cannot be found out is said in its line.
pub fn run() -> Result<bool> {
    let mut passed = true;
    for (name, state) in checks() {
        let (mark, text) = match state {
            State::Fine(text) => ("ok     ", text),
            State::Optional(text) => ("without", text),
            State::Needed(text) => {
                passed = false;
                ("MISSING", text)
            }
        };
        println!("{mark}  {name:<12}  {text}");
    }
    Ok(passed)
}

fn checks() -> Vec<Check> {
    let workspace = Workspace::find();
    let mut checks = rust::checks();
    match &workspace {
        Ok(workspace) => {
            checks.push(("project", State::Fine(workspace.root().display().to_string())));
            checks.push(("library", library(freshness(workspace))));
        }
        Err(error) => checks.push(("project", State::Needed(error.to_string()))),
    }
    checks.push(("memory", machine::memory()));
    let target = workspace.as_ref().map_or(Path::new("."), Workspace::target);
    checks.push(("disk", machine::disk(target)));
    checks.extend(cuda::checks());
    checks.push(("data", data(variable("PERTURBOOK_DATA"))));
    checks.push(("evcxr", evcxr::settings()));
    checks.extend(jupyter::checks());
    checks
}

/// What a program prints on stdout; `None` when it is missing or fails.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The first line of what a program says of its version.
fn version(program: &str) -> Option<String> {
    output(program, &["--version"]).map(|text| text.lines().next().unwrap_or_default().to_owned())
}

/// A variable of the environment; an empty one counts as none.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn library(freshness: Result<Freshness>) -> State {
    match freshness {
        Ok(Freshness::Fresh) => State::Fine("built, up to date".to_owned()),
        Ok(Freshness::Stale(why)) => {
            State::Optional(format!("{why}: the next run builds it, or `cargo book build` now"))
        }
        Ok(Freshness::Missing) => State::Optional(
            "not built yet: the first run builds it (about half an hour on two cores), or `cargo book build` now"
                .to_owned(),
        ),
        Err(error) => State::Needed(format!("{error:#}: nothing can be built before that is mended")),
    }
}

fn data(set: Option<String>) -> State {
    match set {
        Some(folder) if std::fs::read_dir(&folder).is_ok() => State::Fine(format!("PERTURBOOK_DATA = {folder}")),
        Some(folder) => State::Optional(format!(
            "PERTURBOOK_DATA names no folder that can be read: create {folder}, or unset PERTURBOOK_DATA"
        )),
        None => State::Fine(
            "PERTURBOOK_DATA is not set: cache, shared/data, download, simulation, in this order".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_library_is_no_reason_to_fail() {
        assert!(matches!(library(Ok(Freshness::Fresh)), State::Fine(_)));
        assert!(matches!(library(Ok(Freshness::Missing)), State::Optional(text) if text.contains("cargo book build")));
        let stale = library(Ok(Freshness::Stale("src/lib.rs is newer".to_owned())));
        assert!(matches!(stale, State::Optional(text) if text.starts_with("src/lib.rs is newer: ")));
        assert!(matches!(library(Err(anyhow::anyhow!("no Cargo.lock"))), State::Needed(_)));
    }

    #[test]
    fn the_data_folder_must_be_one() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(data(Some(folder.path().display().to_string())), State::Fine(_)));
        assert!(matches!(data(Some("/no/such".to_owned())), State::Optional(text) if text.contains("create /no/such")));
        assert!(matches!(data(None), State::Fine(_)));
    }

    #[test]
    fn a_missing_or_failing_program_has_no_output() {
        assert_eq!(output("/no/such/program", &[]), None);
        assert_eq!(output("false", &[]), None);
        assert_eq!(output("echo", &["a"]).as_deref(), Some("a\n"));
    }
}
