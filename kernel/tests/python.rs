//! The kernel as Python's Jupyter tools find and drive it. Skipped where they are not installed.

mod client;
mod common;

use std::path::Path;
use std::process::Command;

use common::{available, skipped, stderr};
use serde_json::Value;

/// An installation of the kernel, removed at the end of the test.
struct Installed {
    prefix: tempfile::TempDir,
}

impl Installed {
    fn new() -> Self {
        client::built();
        let prefix = tempfile::tempdir().unwrap();
        let output =
            Command::new(client::program()).arg("install").arg("--prefix").arg(prefix.path()).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        Self { prefix }
    }

    /// A command that finds this kernel before any other.
    fn python(&self) -> Command {
        let mut command = Command::new("python3");
        command.env("JUPYTER_PATH", self.prefix.path().join("share/jupyter"));
        // A history of its own.
        command.env("XDG_DATA_HOME", self.prefix.path().join("data"));
        // A front end does not have what cargo tells a test.
        command.env_remove("CARGO_MANIFEST_DIR").env_remove("LD_LIBRARY_PATH");
        command
    }

    fn spec(&self) -> Value {
        let path = self.prefix.path().join("share/jupyter/kernels/perturbook/kernel.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }
}

/// Runs a script of unittest; returns what it says.
fn run(script: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(script);
    let output = Installed::new().python().arg(path).output().unwrap();
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn jupyters_own_conformance_tests_pass_and_none_is_skipped() {
    if available("jupyter_kernel_test") {
        let said = run("kernel_spec_test.py");
        assert!(said.contains("Ran 12 tests"), "{said}");
        assert!(said.trim_end().ends_with("\nOK"), "some were skipped: {said}");
    }
}

#[test]
fn nbclient_and_nbconvert_run_good_notebooks_and_stop_at_broken_ones() {
    if available("nbclient, nbconvert, jupyter_client") {
        let said = run("nbclient_test.py");
        for why in said.lines().filter(|line| line.contains("skipped '")) {
            skipped(why);
        }
    }
}

#[test]
fn jupyterlab_shows_the_tour_and_what_changes_while_a_cell_runs() {
    if !Command::new("chromium").arg("--version").output().is_ok_and(|output| output.status.success()) {
        skipped("no chromium");
    } else if available("jupyterlab, nbformat, playwright") {
        run("lab_test.py");
    }
}

#[test]
fn the_installed_kernel_says_what_it_is_and_where() {
    let installed = Installed::new();
    let spec = installed.spec();
    assert_eq!(spec["display_name"], "Rust (perturbook)");
    assert_eq!(spec["language"], "rust");
    assert_eq!(spec["interrupt_mode"], "message");
    let argv: Vec<&str> = spec["argv"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert!(Path::new(argv[0]).is_absolute() && Path::new(argv[0]).is_file(), "{argv:?}");
    assert!(argv.contains(&"{connection_file}"), "{argv:?}");
    assert!(spec["env"].is_object(), "{spec}");
    let folder = installed.prefix.path().join("share/jupyter/kernels/perturbook");
    for logo in ["logo-32x32.png", "logo-64x64.png", "logo-svg.svg"] {
        assert!(folder.join(logo).is_file(), "no {logo}");
    }
}

#[test]
fn jupyter_lists_the_installed_kernel() {
    if available("jupyter_client") {
        let installed = Installed::new();
        let output = installed.python().args(["-m", "jupyter", "kernelspec", "list", "--json"]).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
        let folder = listed["kernelspecs"]["perturbook"]["resource_dir"].as_str().unwrap();
        let here = installed.prefix.path().canonicalize().unwrap();
        assert!(Path::new(folder).canonicalize().unwrap().starts_with(here), "{listed}");
    }
}
