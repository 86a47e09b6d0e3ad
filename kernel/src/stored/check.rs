//! `cargo book check`: the outputs stored in notebooks belong to the notebooks' cells. Nothing is built or executed.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::Value;

use super::{Sources, TOO_LARGE, name};
use crate::notebook::Notebook;
use crate::workspace::Workspace;

/// What `cargo book check` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Notebooks, or folders of notebooks [default: the project's notebooks]
    notebooks: Vec<PathBuf>,
}

/// Checks the notebooks; true when each of them is up to date.
pub fn check(options: &Options) -> Result<bool> {
    let paths = Workspace::find()?.notebooks(&options.notebooks)?;
    let mut passed = true;
    for path in &paths {
        if let Some(problem) = problem(path) {
            passed = false;
            eprintln!("{}: {problem}", path.display());
        } else {
            println!("{}: up to date", path.display());
        }
    }
    if !passed {
        eprintln!("\nTo execute notebooks and store their outputs: cargo book run --in-place [NOTEBOOK]...");
    }
    Ok(passed)
}

/// The first thing that is wrong with a stored notebook.
fn problem(path: &Path) -> Option<String> {
    match (Notebook::read(path), path.metadata()) {
        (Err(error), _) => Some(format!("{error:#}")),
        (_, Err(error)) => Some(error.to_string()),
        (Ok(notebook), Ok(file)) => stale(notebook.json())
            .or_else(|| out_of_order(&notebook))
            .or_else(|| failed(notebook.json()))
            .or_else(|| (file.len() >= TOO_LARGE as u64).then(|| format!("it takes {} bytes", file.len()))),
    }
}

fn stale(notebook: &Value) -> Option<String> {
    let Some(earlier) = Sources::stored(notebook) else {
        return Some("its outputs are not stored: it was never executed in place".to_owned());
    };
    let at = Sources::of(notebook).first_change(&earlier)?;
    Some(match notebook["cells"].get(at) {
        Some(cell) => format!("{} is not the one that was executed", name(at, cell)),
        None => "cells at its end were removed after it was executed".to_owned(),
    })
}

/// Somebody may have executed single cells since, in another order.
fn out_of_order(notebook: &Notebook) -> Option<String> {
    let mut cells = notebook.code_cells().into_iter().zip(1..);
    cells.find_map(|(at, count): (usize, u64)| {
        let cell = &notebook.json()["cells"][at];
        match cell["execution_count"].as_u64() {
            Some(stored) if stored == count => None,
            Some(stored) => Some(format!("{} was executed as number {stored}, not {count}", name(at, cell))),
            None => Some(format!("{} was not executed", name(at, cell))),
        }
    })
}

fn failed(notebook: &Value) -> Option<String> {
    let mut cells = notebook["cells"].as_array()?.iter().enumerate();
    cells.find_map(|(at, cell)| {
        let mut outputs = cell["outputs"].as_array()?.iter();
        outputs.any(|output| output["output_type"] == "error").then(|| format!("{} ended in an error", name(at, cell)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored;
    use serde_json::json;

    /// The first problem of a stored notebook of two cells after a change to it.
    fn after(change: impl FnOnce(&mut Value)) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n.ipynb");
        let cell = |id: &str, count: u64| json!({ "cell_type": "code", "id": id, "metadata": {}, "source": [id], "outputs": [], "execution_count": count });
        let notebook =
            json!({ "nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell("a", 1), cell("b", 2)] });
        std::fs::write(&path, notebook.to_string()).unwrap();
        stored::write(&path, &Notebook::read(&path).unwrap()).unwrap();
        let mut stored: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut stored);
        std::fs::write(&path, stored.to_string()).unwrap();
        problem(&path)
    }

    #[test]
    fn a_notebook_as_it_was_stored_is_up_to_date_and_so_is_one_that_jupyter_saved() {
        assert_eq!(after(|_| {}), None);
        assert_eq!(after(|notebook| notebook["metadata"]["language_info"]["version"] = json!("1.95.0")), None);
    }

    #[test]
    fn the_first_cell_that_is_not_as_it_was_executed_is_named() {
        let cases = [
            ("/cells/1/source", json!("c"), "cell 2 (b) is not the one that was executed"),
            ("/cells/0/cell_type", json!("raw"), "cell 1 (a) is not the one that was executed"),
            ("/cells/1/execution_count", json!(7), "cell 2 (b) was executed as number 7, not 2"),
            ("/cells/0/execution_count", Value::Null, "cell 1 (a) was not executed"),
            ("/cells/0/outputs", json!([{ "output_type": "error" }]), "cell 1 (a) ended in an error"),
            ("/metadata", json!({}), "never executed in place"),
        ];
        for (place, value, said) in cases {
            let problem = after(|notebook| *notebook.pointer_mut(place).unwrap() = value).unwrap_or_default();
            assert!(problem.contains(said), "{said:?} is not in {problem:?}");
        }
        let shorter = after(|notebook| drop(notebook["cells"].as_array_mut().unwrap().pop())).unwrap();
        assert!(shorter.contains("cells at its end were removed"), "{shorter}");
    }

    #[test]
    fn a_notebook_that_grew_and_a_file_that_is_none_are_problems_too() {
        let outputs = json!([{ "output_type": "stream", "name": "stdout", "text": "a".repeat(TOO_LARGE) }]);
        assert!(after(|notebook| notebook["cells"][0]["outputs"] = outputs).unwrap().contains("bytes"));
        assert!(after(|notebook| *notebook = json!([])).unwrap().contains("nbformat 4"));
    }
}
