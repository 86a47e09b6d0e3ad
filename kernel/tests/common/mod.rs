//! Drives `perturbook run` as a user does: notebooks in a folder, an exit code, a report.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

/// A folder of notebooks and the report over them.
pub struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a notebook of code cells.
    pub fn notebook(&self, name: &str, cells: &[&str]) {
        let cells: Vec<Value> = cells
            .iter()
            .enumerate()
            .map(|(i, source)| {
                json!({ "cell_type": "code", "id": format!("c{i}"), "metadata": {}, "source": source,
                        "outputs": [], "execution_count": null })
            })
            .collect();
        let notebook = json!({ "nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells });
        std::fs::write(self.path(name), notebook.to_string()).unwrap();
    }

    /// Runs a notebook, which may lie anywhere, into this project's `report` folder.
    pub fn run(&self, notebook: &Path, environment: &[(&str, &Path)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perturbook"));
        command.arg("run").arg(notebook).arg("--quick").arg("--out").arg(self.path("report"));
        command.env_remove("PERTURBOOK_DATA").envs(environment.iter().copied()).output().unwrap()
    }

    /// The executed notebook.
    pub fn executed(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.path("report").join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

/// All text that a cell showed, streams and plain representations.
pub fn text(cell: &Value) -> String {
    let joined = |value: &Value| match value {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect::<String>(),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let outputs = cell["outputs"].as_array().into_iter().flatten();
    outputs.map(|output| joined(&output["text"]) + &joined(&output["data"]["text/plain"])).collect()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether Python is there, with what a script needs.
pub fn available(modules: &str) -> bool {
    let output = Command::new("python3").args(["-c", &format!("import {modules}")]).output();
    let found = output.is_ok_and(|output| output.status.success());
    if !found {
        skipped(&format!("no Python with {modules}"));
    }
    found
}

/// A program that a reader may or may not have.
pub fn installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        skipped(&format!("no {program}"));
    }
    found
}

/// A notebook as nbconvert's HTML, which leaves nothing out; `None` without nbconvert. The page is written to `folder`.
pub fn converted(notebook: &Path, folder: &Path) -> Option<String> {
    if !installed("jupyter-nbconvert") {
        return None;
    }
    let mut convert = Command::new("jupyter-nbconvert");
    convert.args(["--to", "html", "--output", "converted.html", "--output-dir"]).arg(folder).arg(notebook);
    let output = convert.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(!stderr(&output).contains("not able to be represented"), "{}", stderr(&output));
    Some(std::fs::read_to_string(folder.join("converted.html")).unwrap())
}

/// Says that a check did not run, past the capture that hides the output of passing tests.
pub fn skipped(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "skipped: {why}");
}
