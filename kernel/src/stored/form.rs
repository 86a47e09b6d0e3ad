//! The form in which an executed notebook is stored: as Jupyter would save it, so that to open and save it changes
//! nothing, and without anything that tells one run or one machine from another.

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use super::{Sources, TOO_LARGE, name};
use crate::notebook::{file, lines, text};

/// What runs and front ends write into metadata about when and where they were.
const OF_A_RUN: [&str; 6] = ["execution", "papermill", "perturbook", "ExecuteTime", "vscode", "trusted"];

/// The bytes of the file.
///
/// # Errors
/// When they are too many; the largest outputs are named.
pub fn bytes(executed: &Value) -> Result<Vec<u8>> {
    let mut notebook = executed.clone();
    forget(&mut notebook["metadata"], &OF_A_RUN);
    forget(&mut notebook["metadata"]["language_info"], &["version"]);
    for cell in notebook["cells"].as_array_mut().into_iter().flatten() {
        forget(&mut cell["metadata"], &OF_A_RUN);
        cell["source"] = lines(&text(&cell["source"]));
        if let Some(outputs) = cell.get_mut("outputs").and_then(Value::as_array_mut) {
            outputs.retain(|output| !is_passing(output));
            outputs.dedup_by(|later, earlier| joined(earlier, later));
        }
    }
    Sources::of(&notebook).store(&mut notebook);
    notebook.sort_all_objects();
    let bytes = file(&notebook)?;
    if bytes.len() >= TOO_LARGE {
        bail!(
            "its outputs make it {}, and a stored notebook stays under {}; the largest are\n{}\nshow less there, or \
             coarser figures",
            megabytes(bytes.len()),
            megabytes(TOO_LARGE),
            largest(&notebook)?
        );
    }
    Ok(bytes)
}

fn forget(metadata: &mut Value, keys: &[&str]) {
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.retain(|key, _| !keys.contains(&key.as_str()));
    }
}

/// Whether an output is of interest only while its cell runs: messages on stderr, and progress bars.
fn is_passing(output: &Value) -> bool {
    output["name"] == "stderr" || text(&output["data"]["text/html"]).contains("<progress ")
}

/// Appends the text of `later` to `earlier` where both are parts of one stream.
fn joined(earlier: &mut Value, later: &Value) -> bool {
    let one =
        earlier["output_type"] == "stream" && later["output_type"] == "stream" && earlier["name"] == later["name"];
    if one {
        earlier["text"] = lines(&(text(&earlier["text"]) + &text(&later["text"])));
    }
    one
}

/// A line for each of the three largest outputs.
fn largest(notebook: &Value) -> Result<String> {
    let mut sizes = Vec::new();
    for (at, cell) in notebook["cells"].as_array().into_iter().flatten().enumerate() {
        for (number, output) in cell["outputs"].as_array().into_iter().flatten().enumerate() {
            let mimes: Vec<&str> =
                output["data"].as_object().map(Map::keys).into_iter().flatten().map(String::as_str).collect();
            let what = if mimes.is_empty() { "text".to_owned() } else { mimes.join(", ") };
            let size = file(output)?.len();
            sizes.push((size, format!("  {}, output {}: {} ({what})", name(at, cell), number + 1, megabytes(size))));
        }
    }
    sizes.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    Ok(sizes.into_iter().take(3).map(|(_, line)| line).collect::<Vec<_>>().join("\n"))
}

/// Two decimals, as a size that is refused and the limit must differ.
fn megabytes(bytes: usize) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stored(notebook: &Value) -> Value {
        serde_json::from_slice(&bytes(notebook).unwrap()).unwrap()
    }

    fn notebook(outputs: Value) -> Value {
        json!({
            "nbformat": 4, "nbformat_minor": 5,
            "metadata": { "title": "kept", "papermill": { "duration": 3.5 },
                          "language_info": { "version": "1.95.0", "name": "rust" } },
            "cells": [{
                "source": "a\nb", "outputs": outputs, "id": "x", "execution_count": 1, "cell_type": "code",
                "metadata": { "tags": ["kept"], "execution": { "iopub.execute_input": "2026-03-01T12:00:00Z" } },
            }],
        })
    }

    #[test]
    fn what_differs_from_run_to_run_is_not_stored_and_what_the_author_wrote_is() {
        let stored = stored(&notebook(json!([])));
        let metadata = stored["metadata"].as_object().unwrap();
        assert_eq!(metadata.keys().collect::<Vec<_>>(), ["language_info", "perturbook", "title"]);
        assert_eq!(metadata["language_info"], json!({ "name": "rust" }));
        assert_eq!(stored["cells"][0]["metadata"], json!({ "tags": ["kept"] }));
        assert_eq!(stored["cells"][0]["source"], json!(["a\n", "b"]));
    }

    #[test]
    fn messages_and_bars_are_gone_and_the_text_around_them_is_one() {
        let stream = |name: &str, text: &str| json!({ "output_type": "stream", "name": name, "text": [text] });
        let display =
            |html: &str| json!({ "output_type": "display_data", "metadata": {}, "data": { "text/html": html } });
        let bar = display("<div><progress value=\"4\" max=\"4\"></progress> 4 of 4, 1.7 s</div>");
        let outputs = json!([
            stream("stdout", "a\n"),
            stream("stderr", "40 %"),
            stream("stdout", "b\n"),
            bar,
            display("<p>kept</p>"),
            stream("stdout", "c\n")
        ]);
        let stored = stored(&notebook(outputs));
        let expected = json!([{ "output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"] },
                              display("<p>kept</p>"), stream("stdout", "c\n")]);
        assert_eq!(stored["cells"][0]["outputs"], expected);
    }

    #[test]
    fn the_file_is_in_jupyters_form_and_storing_it_again_changes_nothing() {
        let once = bytes(&notebook(json!([]))).unwrap();
        let text = String::from_utf8(once.clone()).unwrap();
        assert!(
            text.starts_with("{\n \"cells\": [\n  {\n   \"cell_type\": \"code\",\n   \"execution_count\": 1,\n"),
            "{text}"
        );
        assert!(text.ends_with("\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n"), "{text}");
        assert_eq!(bytes(&serde_json::from_slice(&once).unwrap()).unwrap(), once);
    }

    #[test]
    fn what_is_too_large_is_refused_and_the_largest_outputs_are_named() {
        let text =
            |length: usize| json!({ "output_type": "display_data", "data": { "image/png": "A".repeat(length) } });
        let refused = bytes(&notebook(json!([text(10), text(1_000_000), text(2_000_000)]))).unwrap_err().to_string();
        assert!(refused.contains("3.00 MB") && refused.contains("under 3.00 MB"), "{refused}");
        let (second, first) = (refused.find("output 2: 1.00 MB").unwrap(), refused.find("output 3: 2.00 MB").unwrap());
        assert!(first < second && refused.contains("cell 1 (x), output 3: 2.00 MB (image/png)"), "{refused}");
        assert!(bytes(&notebook(json!([text(2_900_000)]))).is_ok());
    }
}
