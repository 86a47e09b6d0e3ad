//! Notebook files: nbformat 4.5, read, given outputs, written back.
//!
//! A notebook stays a JSON value, so that nothing in it that we do not know gets lost.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::parameters;
use crate::session::{Event, Failure};

/// An `.ipynb` file in memory.
#[derive(Debug, Clone)]
pub struct Notebook {
    json: Value,
    /// Cells whose outputs are to go when the next one comes.
    clear_next: HashSet<usize>,
}

impl Notebook {
    /// Reads a notebook of nbformat 4; gives every cell an id, as 4.5 wants it.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut json: Value =
            serde_json::from_str(&text).with_context(|| format!("{} is not a notebook (not JSON)", path.display()))?;
        if json["nbformat"] != 4 || !json["cells"].is_array() {
            bail!("{} is not a notebook of nbformat 4: open and save it in Jupyter first", path.display());
        }
        if json["nbformat_minor"].as_u64().unwrap_or(0) < 5 {
            json["nbformat_minor"] = json!(5);
        }
        if !json["metadata"].is_object() {
            json["metadata"] = json!({});
        }
        let cells = json["cells"].as_array_mut().into_iter().flatten();
        let mut taken = HashSet::new();
        for (number, cell) in cells.enumerate() {
            if !cell.is_object() {
                bail!("{} is not a notebook: its cell {} is no object", path.display(), number + 1);
            }
            if !cell["metadata"].is_object() {
                cell["metadata"] = json!({});
            }
            // An id of our own when there is none, or the same as an earlier cell's.
            let mut id = cell["id"].as_str().map(str::to_owned).unwrap_or_else(|| format!("cell-{number}"));
            while !taken.insert(id.clone()) {
                id.push('x');
            }
            cell["id"] = json!(id);
        }
        Ok(Self { json, clear_next: HashSet::new() })
    }

    /// The whole notebook.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Numbers of the code cells that hold code, in order.
    pub fn code_cells(&self) -> Vec<usize> {
        let cells = self.json["cells"].as_array().into_iter().flatten().enumerate();
        cells
            .filter(|(number, cell)| cell["cell_type"] == "code" && !self.source(*number).trim().is_empty())
            .map(|(number, _)| number)
            .collect()
    }

    /// The source of a cell.
    pub fn source(&self, cell: usize) -> String {
        text(&self.json["cells"][cell]["source"])
    }

    /// Gives variables of the cell tagged `parameters` other values, in a cell behind it.
    ///
    /// # Errors
    /// When there is no such cell, a name is unknown, or a value has the wrong type.
    pub fn set(&mut self, settings: &[(String, String)]) -> Result<()> {
        if settings.is_empty() {
            return Ok(());
        }
        let at = parameters::cell(&self.json)?;
        let source = parameters::inject(&self.source(at), settings)?;
        let cell = json!({
            "cell_type": "code", "execution_count": null, "id": "injected-parameters",
            "metadata": { "tags": ["injected-parameters"] }, "outputs": [], "source": lines(&source),
        });
        self.json["cells"].as_array_mut().context("a notebook without cells")?.insert(at + 1, cell);
        Ok(())
    }

    /// Forgets all outputs and counts, and says which kernel the notebook is for.
    pub fn prepare(&mut self, rustc: &str) {
        for cell in self.json["cells"].as_array_mut().into_iter().flatten() {
            if cell["cell_type"] == "code" {
                cell["outputs"] = json!([]);
                cell["execution_count"] = Value::Null;
                cell["metadata"].as_object_mut().map(|metadata| metadata.remove("execution"));
            }
        }
        // Of an earlier run that was stored with its outputs.
        self.json["metadata"].as_object_mut().map(|metadata| metadata.remove("perturbook"));
        self.json["metadata"]["kernelspec"] =
            json!({ "display_name": "Rust (perturbook)", "language": "rust", "name": "perturbook" });
        self.json["metadata"]["language_info"] = crate::jupyter::info::language(rustc);
    }

    /// Marks a cell as executed, as the `count`-th, between two ISO 8601 times.
    pub fn executed(&mut self, cell: usize, count: usize, start: &str, end: &str) {
        let cell = &mut self.json["cells"][cell];
        cell["execution_count"] = json!(count);
        cell["metadata"]["execution"] = json!({ "iopub.execute_input": start, "shell.execute_reply": end });
    }

    /// Adds what a cell, the `count`-th that runs, showed, as a front end would store it.
    pub fn add(&mut self, cell: usize, count: usize, event: Event) {
        if !matches!(event, Event::Clear { wait: true } | Event::Update { .. }) && self.clear_next.remove(&cell) {
            self.outputs(cell).clear();
        }
        match event {
            Event::Clear { wait: true } => {
                self.clear_next.insert(cell);
            }
            Event::Clear { wait: false } => self.outputs(cell).clear(),
            Event::Stream { name, text } => self.add_text(cell, &name, &text),
            Event::Display { data, metadata, id, value } => {
                let mut output = json!({
                    "output_type": if value { "execute_result" } else { "display_data" },
                    "data": lines_of(data),
                    "metadata": if metadata.is_object() { metadata } else { json!({}) },
                });
                if value {
                    output["execution_count"] = json!(count);
                }
                if let Some(id) = id {
                    // Only until the run is over.
                    output["transient"] = json!({ "display_id": id });
                }
                self.outputs(cell).push(output);
            }
            Event::Update { data, metadata, id } => {
                let data = lines_of(data);
                let cells = self.json["cells"].as_array_mut().into_iter().flatten();
                let outputs = cells.filter_map(outputs_of).flatten();
                for output in outputs.filter(|output| output["transient"]["display_id"] == id.as_str()) {
                    output["data"] = data.clone();
                    if metadata.is_object() {
                        output["metadata"] = metadata.clone();
                    }
                }
            }
        }
    }

    /// Text joins the stream output before it; a carriage return starts its line again.
    fn add_text(&mut self, cell: usize, name: &str, text: &str) {
        let outputs = self.outputs(cell);
        if !outputs.last().is_some_and(|last| last["output_type"] == "stream" && last["name"] == name) {
            outputs.push(json!({ "output_type": "stream", "name": name, "text": [] }));
        }
        let Some(lines) = outputs.last_mut().and_then(|last| last["text"].as_array_mut()) else { return };
        // Only the last line may still be open.
        let open = match lines.last().and_then(Value::as_str) {
            Some(line) if !line.ends_with('\n') => lines.pop().map(|line| self::text(&line)).unwrap_or_default(),
            _ => String::new(),
        };
        lines.extend(split(&returned(&(open + text))));
    }

    /// Adds the error output of a failed cell.
    pub fn fail(&mut self, cell: usize, failure: &Failure) {
        self.outputs(cell).push(json!({
            "output_type": "error",
            "ename": failure.name,
            "evalue": failure.value,
            "traceback": failure.traceback,
        }));
    }

    fn outputs(&mut self, cell: usize) -> &mut Vec<Value> {
        let outputs = &mut self.json["cells"][cell]["outputs"];
        if !outputs.is_array() {
            *outputs = json!([]);
        }
        outputs.as_array_mut().expect("made an array above")
    }

    /// The run is over: what only updates of outputs needed is not to be stored.
    pub fn settle(&mut self) {
        for cell in self.json["cells"].as_array_mut().into_iter().flatten() {
            for output in outputs_of(cell).into_iter().flatten() {
                output.as_object_mut().map(|output| output.remove("transient"));
            }
        }
    }

    /// Writes the notebook.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_whole(path, &file(&self.json)?)
    }
}

/// The outputs of a code cell; indexing a cell that has none would add them.
fn outputs_of(cell: &mut Value) -> Option<&mut Vec<Value>> {
    cell.get_mut("outputs").and_then(Value::as_array_mut)
}

/// JSON as Jupyter writes it to a file: one space of indent, a newline at the end.
pub fn file(json: &Value) -> Result<Vec<u8>> {
    use serde::Serialize;
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    json.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes a file under a temporary name first, so that it is never there by half.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> Result<()> {
        // As any new file: readable to all that the user's umask lets read.
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        let mut file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// A multi-line string of nbformat: a string or a list of lines.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// Text as a list of lines, as notebooks store it.
pub fn lines(text: &str) -> Value {
    split(text).into()
}

fn split(text: &str) -> Vec<Value> {
    text.split_inclusive('\n').map(Value::from).collect()
}

/// Text of a mime bundle as lists of lines, which keeps notebooks readable in a diff.
fn lines_of(data: Value) -> Value {
    let Value::Object(data) = data else { return json!({}) };
    let entries = data.into_iter().map(|(mime, value)| {
        let value = match &value {
            Value::String(text) if mime.starts_with("text/") || mime == "image/svg+xml" => lines(text),
            _ => value,
        };
        (mime, value)
    });
    Value::Object(entries.collect::<Map<_, _>>())
}

/// What a terminal would show: text after a carriage return replaces the line before it.
fn returned(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| {
            let (body, end) = match line.strip_suffix('\n') {
                Some(body) => (body.strip_suffix('\r').unwrap_or(body), "\n"),
                // The line may go on: a carriage return at its end still waits for what replaces it.
                None => line.strip_suffix('\r').map_or((line, ""), |body| (body, "\r")),
            };
            format!("{}{end}", body.rsplit('\r').next().unwrap_or(body))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_prose_stay_as_they_are() {
        let prose = json!({ "cell_type": "markdown", "id": "p", "metadata": {}, "source": ["# A"] });
        let json = json!({ "nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [prose.clone()] });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n.ipynb");
        let mut notebook = Notebook { json, clear_next: HashSet::new() };
        notebook.prepare("1.95.0");
        notebook.add(0, 1, Event::Update { data: json!({}), metadata: Value::Null, id: "x".into() });
        notebook.write(&path).unwrap();
        assert_eq!(Notebook::read(&path).unwrap().json["cells"][0], prose);
    }

    fn empty() -> Notebook {
        Notebook {
            clear_next: HashSet::new(),
            json: json!({ "nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
                { "cell_type": "code", "id": "a", "metadata": {}, "source": ["1"], "outputs": [], "execution_count": null }
            ] }),
        }
    }

    fn stream(text: &str) -> Event {
        Event::Stream { name: "stdout".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn text_is_joined_and_a_progress_bar_collapses_to_its_last_state() {
        let mut notebook = empty();
        for part in ["a\n", "10 %\r", "20 %", "\r30 %\n", "b"] {
            notebook.add(0, 1, stream(part));
        }
        assert_eq!(
            notebook.json["cells"][0]["outputs"],
            json!([{ "output_type": "stream", "name": "stdout", "text": ["a\n", "30 %\n", "b"] }])
        );
    }

    #[test]
    fn an_update_replaces_the_output_with_its_id_and_the_id_is_not_stored() {
        let mut notebook = empty();
        let data = |text: &str| json!({ "text/plain": text });
        notebook.add(0, 1, Event::Display { data: data("0"), metadata: json!({}), id: Some("p".into()), value: false });
        notebook.add(0, 1, stream("between\n"));
        notebook.add(0, 1, Event::Update { data: data("1"), metadata: Value::Null, id: "p".into() });
        notebook.settle();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n.ipynb");
        notebook.write(&path).unwrap();
        let written = Notebook::read(&path).unwrap();
        let first = &written.json["cells"][0]["outputs"][0];
        assert_eq!(first["data"]["text/plain"], json!(["1"]));
        assert!(first.get("transient").is_none());
    }

    #[test]
    fn cleared_outputs_go_at_once_or_with_the_next_output() {
        let mut notebook = empty();
        notebook.add(0, 1, stream("a\n"));
        notebook.add(0, 1, Event::Clear { wait: true });
        assert_eq!(notebook.json["cells"][0]["outputs"].as_array().unwrap().len(), 1);
        notebook.add(0, 1, stream("b\n"));
        assert_eq!(notebook.json["cells"][0]["outputs"][0]["text"], json!(["b\n"]));
        notebook.add(0, 1, Event::Clear { wait: false });
        assert_eq!(notebook.json["cells"][0]["outputs"], json!([]));
    }

    #[test]
    fn a_cells_value_is_a_result_with_its_count() {
        let mut notebook = empty();
        let data = json!({ "text/plain": "42" });
        notebook.add(0, 3, Event::Display { data, metadata: json!({}), id: None, value: true });
        let output = &notebook.json["cells"][0]["outputs"][0];
        assert_eq!((&output["output_type"], &output["execution_count"]), (&json!("execute_result"), &json!(3)));
    }

    #[test]
    fn other_files_are_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n.ipynb");
        std::fs::write(&path, "{\"nbformat\": 3}").unwrap();
        assert!(Notebook::read(&path).unwrap_err().to_string().contains("nbformat 4"));
        std::fs::write(&path, "not json").unwrap();
        assert!(Notebook::read(&path).unwrap_err().to_string().contains("not JSON"));
    }
}
