//! Python as a second opinion: scripts under `tests/python`, run where their packages are installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::skipped;

/// A script that can run, or `None` (said on standard output) where Python lacks one of the packages.
pub struct Peer {
    python: String,
    script: PathBuf,
}

impl Peer {
    pub fn new(script: &str, packages: &str) -> Option<Self> {
        let python = std::env::var("PERTURBOOK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let found = Command::new(&python).args(["-c", &format!("import {packages}")]).output();
        if !found.is_ok_and(|output| output.status.success()) {
            skipped(&format!("{python} has no {packages}"));
            return None;
        }
        Some(Self { python, script: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(script) })
    }

    /// What the script prints for these arguments.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> String {
        let output = Command::new(&self.python).arg(&self.script).args(arguments).output().expect("Python runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// The same as JSON.
    pub fn json<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Value {
        serde_json::from_str(&self.run(arguments)).expect("JSON")
    }
}
