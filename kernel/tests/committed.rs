//! The project's own notebooks, as they are committed.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{converted, stderr};
use serde_json::Value;

fn notebooks() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../notebooks");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "ipynb")).collect();
    found.sort();
    assert!(found.len() >= 2, "{found:?}");
    found
}

/// What the cells of a notebook show.
fn shown(notebook: &Path) -> Vec<Value> {
    let notebook: Value = serde_json::from_str(&std::fs::read_to_string(notebook).unwrap()).unwrap();
    let cells = notebook["cells"].as_array().unwrap().clone();
    let outputs = cells.iter().flat_map(|cell| cell["outputs"].as_array().cloned().unwrap_or_default());
    outputs.map(|output| output["data"].clone()).filter(Value::is_object).collect()
}

#[test]
fn the_outputs_of_the_projects_notebooks_belong_to_their_cells() {
    let output = Command::new(env!("CARGO_BIN_EXE_perturbook")).arg("check").output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn every_output_is_small_and_every_figure_has_a_picture_and_words() {
    for notebook in notebooks() {
        for data in shown(&notebook) {
            let size = data.to_string().len();
            assert!(size < 300_000, "{}: an output of {size} bytes", notebook.display());
            assert!(!data["text/plain"].is_null());
            if !data["application/vnd.plotly.v1+json"].is_null() {
                assert!(!data["image/svg+xml"].is_null(), "{}: {data}", notebook.display());
            }
        }
    }
}

#[test]
fn nbconvert_shows_every_figure() {
    let folder = tempfile::tempdir().unwrap();
    for notebook in notebooks() {
        let Some(html) = converted(&notebook, folder.path()) else { return };
        let figures = shown(&notebook).iter().filter(|data| !data["image/svg+xml"].is_null()).count();
        let there = html.matches("data-mime-type=\"image/svg+xml\"").count();
        assert!(figures > 3 && there == figures, "{}: {there} of {figures}", notebook.display());
    }
}
