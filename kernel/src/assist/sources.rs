//! Which crates the index covers, and where cargo keeps their sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Source;

/// The library that cells link: its dependencies are what cells can name.
const FACADE: &str = "perturbook-facade";

/// Crates whose items a cell can name or meet as the type of a value.
const CRATES: &[&str] = &[
    "perturbook-facade",
    "perturbook",
    "burn",
    "burn-autodiff",
    "burn-backend",
    "burn-core",
    "burn-cuda",
    "burn-derive",
    "burn-dispatch",
    "burn-flex",
    "burn-nn",
    "burn-optim",
    "burn-std",
    "burn-tensor",
    "ndarray",
    "plotly",
    "plotly_derive",
    "polars",
    "polars-arrow",
    "polars-buffer",
    "polars-compute",
    "polars-core",
    "polars-dtype",
    "polars-error",
    "polars-expr",
    "polars-io",
    "polars-lazy",
    "polars-ops",
    "polars-plan",
    "polars-schema",
    "polars-utils",
];

/// The sources to scan, by `cargo metadata` in the folder that the caller has set.
///
/// Crates that are already downloaded are enough for the library, but cargo also asks for those that only tests
/// need; where they are missing, cargo may fetch them.
///
/// # Errors
/// When cargo cannot be run or does not know the dependencies.
pub fn sources(mut metadata: Command) -> Result<Vec<Source>> {
    metadata.args(["metadata", "--format-version", "1"]);
    if let Some(host) = host() {
        metadata.args(["--filter-platform", &host]);
    }
    let mut output = copy(&metadata).arg("--offline").output().context("cannot run cargo metadata")?;
    if !output.status.success() {
        output = metadata.output().context("cannot run cargo metadata")?;
    }
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let metadata = serde_json::from_slice(&output.stdout).context("cannot read what cargo metadata says")?;
    let mut sources = select(&metadata)?;
    sources.extend(standard());
    Ok(sources)
}

fn copy(command: &Command) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        copy.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => copy.env(name, value),
            None => copy.env_remove(name),
        };
    }
    copy
}

fn rustc(question: &[&str]) -> Option<String> {
    let output = Command::new("rustc").args(question).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

fn host() -> Option<String> {
    rustc(&["-vV"])?.lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
}

/// `std` and its parts, when the component `rust-src` is installed.
fn standard() -> Vec<Source> {
    let Some(sysroot) = rustc(&["--print", "sysroot"]) else { return Vec::new() };
    let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library");
    ["std", "core", "alloc"]
        .into_iter()
        .map(|name| Source { name: name.to_owned(), root: library.join(name).join("src/lib.rs") })
        .filter(|source| source.root.is_file())
        .collect()
}

/// Walks from the facade through the crates that count, so that of two versions the one in use is taken.
fn select(metadata: &Value) -> Result<Vec<Source>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();
    let start = packages.iter().find(|(_, package)| package["name"] == FACADE).map(|(id, _)| id.clone());
    let mut waiting = vec![start.with_context(|| format!("cargo does not know the package {FACADE}"))?];
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(id) = waiting.pop() {
        let Some(package) = packages.get(&id).filter(|package| CRATES.contains(&text(&package["name"]).as_str()))
        else {
            continue;
        };
        if !seen.insert(id.clone()) {
            continue;
        }
        let order = CRATES.iter().position(|name| package["name"] == *name);
        found.extend(library_of(package).map(|source| (order, source)));
        for dependency in list(&nodes.get(&id).unwrap_or(&Value::Null)["deps"]) {
            let normal = list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            if normal {
                waiting.push(text(&dependency["pkg"]));
            }
        }
    }
    found.sort_by_key(|(order, _)| *order);
    Ok(found.into_iter().map(|(_, source)| source).collect())
}

fn library_of(package: &Value) -> Option<Source> {
    let targets = package["targets"].as_array()?;
    let library = targets.iter().find(|target| {
        let kinds = target["kind"].as_array().into_iter().flatten();
        kinds.filter_map(Value::as_str).any(|kind| kind.ends_with("lib") || kind == "proc-macro")
    })?;
    Some(Source { name: text(&library["name"]).replace('-', "_"), root: PathBuf::from(text(&library["src_path"])) })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(id: &str, name: &str, kind: &str) -> Value {
        let root = format!("/{id}/lib.rs");
        json!({ "id": id, "name": name, "targets": [{ "kind": [kind], "name": name, "src_path": root }] })
    }

    fn node(id: &str, deps: &[(&str, Value)]) -> Value {
        let deps: Vec<_> =
            deps.iter().map(|(pkg, kind)| json!({ "pkg": pkg, "dep_kinds": [{ "kind": kind }] })).collect();
        json!({ "id": id, "deps": deps })
    }

    #[test]
    fn the_version_in_use_is_taken_and_other_crates_are_not() {
        let metadata = json!({
            "packages": [
                package("f", "perturbook-facade", "dylib"), package("n16", "ndarray", "lib"),
                package("n17", "ndarray", "lib"), package("s", "serde", "lib"), package("b", "burn-core", "lib"),
            ],
            "resolve": { "nodes": [
                node("f", &[("n17", Value::Null), ("s", Value::Null), ("b", json!("dev"))]), node("n17", &[]),
            ] },
        });
        let found: Vec<_> = select(&metadata).unwrap().into_iter().map(|s| (s.name, s.root)).collect();
        assert_eq!(
            found,
            [
                ("perturbook_facade".to_owned(), PathBuf::from("/f/lib.rs")),
                ("ndarray".to_owned(), PathBuf::from("/n17/lib.rs")),
            ]
        );
    }

    #[test]
    fn a_metadata_without_the_facade_is_an_error() {
        assert!(select(&json!({ "packages": [] })).unwrap_err().to_string().contains("perturbook-facade"));
    }

    #[test]
    fn a_failing_cargo_says_why() {
        assert!(sources(Command::new("/no/such/cargo")).unwrap_err().to_string().contains("cannot run"));
        assert!(sources(Command::new("false")).unwrap_err().to_string().starts_with("cargo metadata:"));
    }
}
