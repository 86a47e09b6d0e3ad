//! Completion, inspection, and `name?`: what is known of the library, the cells so far, and the types rustc sees.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::jobs::{Job, Left, Shared};
use crate::assist::{self, Info, Library, Request};
use crate::facade::Facade;
use crate::workspace::Workspace;

/// How long a type may take before help does without it.
const PATIENCE: Duration = Duration::from_secs(3);

/// The index of the library in use, by the folder it belongs to.
static INDEX: Mutex<Option<Arc<Library>>> = Mutex::new(None);

/// Reads the index of the library, or makes it, in the background.
pub fn prepare(workspace: &Workspace, facade: &Facade) {
    let (workspace, folder) = (workspace.clone(), facade.folder().to_owned());
    std::thread::spawn(move || {
        // Without an index help knows the variables and the cells.
        let library = index(&workspace, &folder).unwrap_or_default();
        *INDEX.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(library));
    });
}

fn index(workspace: &Workspace, folder: &Path) -> anyhow::Result<Library> {
    let path = folder.join("index.json");
    if let Ok(library) = Library::read(&path) {
        return Ok(library);
    }
    let library = Library::scan(&assist::sources(workspace.cargo())?);
    library.write(&path)?;
    Ok(library)
}

fn library() -> Arc<Library> {
    INDEX.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
}

/// Answers the two kinds of requests.
pub struct Help {
    shared: Arc<Shared>,
}

impl Help {
    /// Help on what `shared` holds.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The content of a `complete_reply`; `cursor` counts characters.
    pub fn complete(&self, code: &str, cursor: u64, jobs: &Sender<Job>) -> Value {
        let left = self.shared.left().clone();
        let request = Request { code, cursor: bytes(code, cursor), variables: &left.variables, items: &left.cells };
        let found = assist::complete(&library(), &request, &mut |code| self.type_of(code, jobs));
        let (start, end) = (characters(code, found.start), characters(code, found.end));
        let texts: Vec<&str> = found.matches.iter().map(|m| m.text.as_str()).collect();
        let types: Vec<Value> = found
            .matches
            .iter()
            .map(|m| json!({ "text": m.text, "type": m.kind, "signature": m.signature, "start": start, "end": end }))
            .collect();
        json!({
            "status": "ok", "matches": texts, "cursor_start": start, "cursor_end": end,
            "metadata": { "_jupyter_types_experimental": types },
        })
    }

    /// The content of an `inspect_reply`; `cursor` counts characters.
    pub fn inspect(&self, code: &str, cursor: u64, jobs: &Sender<Job>) -> Value {
        let left = self.shared.left().clone();
        let found = look_up(code, bytes(code, cursor), &left, &mut |code| self.type_of(code, jobs));
        match found {
            Some(info) => json!({ "status": "ok", "found": true, "data": bundle(&info), "metadata": {} }),
            None => json!({ "status": "ok", "found": false, "data": {}, "metadata": {} }),
        }
    }

    /// Asks the evaluator, unless it is busy.
    fn type_of(&self, code: &str, jobs: &Sender<Job>) -> Option<String> {
        if self.shared.running().is_some() {
            return None;
        }
        let (reply, answer) = channel();
        jobs.send(Job::TypeOf(code.to_owned(), reply)).ok()?;
        answer.recv_timeout(PATIENCE).ok().flatten()
    }
}

/// The name that a cell such as `recall?` or `?recall` asks about. A variable before the `?` is code: it may hold a
/// result.
pub fn question<'a>(code: &'a str, shared: &Shared) -> Option<&'a str> {
    let code = code.trim();
    let before = code.strip_suffix('?');
    let name = code.strip_prefix('?').or(before)?.trim_matches(['?', ' ']);
    let path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '!');
    let first = name.split(['.', ':']).next().unwrap_or_default();
    let holds_a_result = before.is_some() && shared.left().variables.contains_key(first);
    (!name.is_empty() && name.chars().all(path) && !holds_a_result).then_some(name)
}

/// What a pager shows on a name; `None` when nothing is known of it, and the cell is to be run as it is.
pub fn page(name: &str, shared: &Shared) -> Option<Value> {
    let left = shared.left().clone();
    look_up(name, name.len(), &left, &mut |_| None).map(|info| bundle(&info))
}

fn look_up(code: &str, cursor: usize, left: &Left, type_of: &mut dyn FnMut(&str) -> Option<String>) -> Option<Info> {
    let request = Request { code, cursor, variables: &left.variables, items: &left.cells };
    assist::inspect(&library(), &request, type_of)
}

fn bundle(info: &Info) -> Value {
    let plain: Vec<&str> = [info.path.as_str(), info.signature.as_str(), info.docs.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let docs = if info.docs.is_empty() { String::new() } else { format!("\n\n{}", readable(&info.docs)) };
    let place = if info.path.is_empty() { String::new() } else { format!("\n\n`{}`", info.path) };
    json!({
        "text/plain": plain.join("\n\n"),
        "text/markdown": format!("```rust\n{}\n```{place}{docs}", info.signature),
    })
}

/// Documentation without the lines that rustdoc hides, its examples marked as Rust.
fn readable(docs: &str) -> String {
    let mut code = false;
    let mut out = Vec::new();
    for line in docs.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            code = !code;
            let rust = language.is_empty() || ["no_run", "ignore", "should_panic", "compile_fail"].contains(&language);
            out.push(if code && rust { "```rust" } else { line });
        } else if !(code && (line.trim() == "#" || line.trim_start().starts_with("# "))) {
            out.push(line);
        }
    }
    out.join("\n")
}

/// Jupyter counts characters, Rust bytes.
fn bytes(code: &str, characters: u64) -> usize {
    let characters = usize::try_from(characters).unwrap_or(usize::MAX);
    code.char_indices().nth(characters).map_or(code.len(), |(at, _)| at)
}

fn characters(code: &str, bytes: usize) -> usize {
    code.char_indices().take_while(|(at, _)| *at < bytes).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_about_a_name_is_no_code() {
        let shared = Shared::default();
        shared.left().variables.insert("read".to_owned(), "Result<u8, Error>".to_owned());
        assert_eq!(question("recall?", &shared), Some("recall"));
        assert_eq!(question("?perturbook::evaluate::recall ", &shared), Some("perturbook::evaluate::recall"));
        assert_eq!(question("?read", &shared), Some("read"));
        for code in ["read?", "f(x)?", "?", "x;"] {
            assert_eq!(question(code, &shared), None, "{code}");
        }
    }

    #[test]
    fn hidden_lines_of_examples_are_not_shown() {
        let docs = "Adds.\n\n```\nlet x = f()?;\n# Ok::<(), Error>(())\n```\n# Errors\nNever.";
        assert_eq!(readable(docs), "Adds.\n\n```rust\nlet x = f()?;\n```\n# Errors\nNever.");
    }

    #[test]
    fn offsets_are_converted_both_ways() {
        assert_eq!(bytes("µm = 1", 2), 3);
        assert_eq!(characters("µm = 1", 3), 2);
        assert_eq!(bytes("ab", 9), 2);
    }
}
