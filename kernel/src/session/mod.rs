//! One evaluating kernel: evcxr runs the cells, the facade is preloaded, failures are failures.
//!
//! Nothing here knows about Jupyter or about files: a session takes the source of a cell and reports
//! [`Event`]s while it runs and an [`Outcome`] at its end.

mod cell;
mod failure;
pub mod runtime;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use crossbeam_channel::{Receiver, select};
use evcxr::{CommandContext, EvalContext, EvalContextOutputs};
use serde_json::{Map, Value};

use crate::facade::Facade;
use cell::{Cell, probed_type};
pub use failure::Failure;
use runtime::MARK;

/// What every kernel runs first. evcxr allows `?` only after it has met one, and takes the first in a displayed
/// expression for a value that cannot display itself: so it meets one here.
const PRELUDE: &str = "use perturbook::prelude::*;\n\
                       perturbook::cell::start();\n\
                       Ok::<(), perturbook::Error>(())?;";

/// What a running cell shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Text on `stdout` or `stderr`, perhaps not a whole line.
    Stream { name: String, text: String },
    /// A rich output; with an id it can be updated later.
    Display { data: Value, metadata: Value, id: Option<String> },
    /// New content for the output with this id.
    Update { data: Value, metadata: Value, id: String },
}

/// How a cell ended.
pub enum Outcome {
    Done,
    Failed(Failure),
}

/// A running kernel.
pub struct Session {
    evcxr: CommandContext,
    outputs: EvalContextOutputs,
}

impl Session {
    /// Starts an evaluating process in `folder`, with the facade preloaded and the prelude in scope; `quick`
    /// tells the library to work at small scale.
    pub fn start(facade: &Facade, folder: &Path, quick: bool) -> Result<Self> {
        let mut child = std::process::Command::new(std::env::current_exe()?);
        child.current_dir(folder).env("PERTURBOOK_KERNEL", "1");
        if quick {
            child.env("PERTURBOOK_QUICK", "1");
        }
        let (evcxr, outputs) =
            EvalContext::with_subprocess_command(child).map_err(|e| anyhow!("the kernel did not start: {e}"))?;
        let mut session = Self { evcxr: CommandContext::with_eval_context(evcxr), outputs };
        for (name, value) in facade.build_environment() {
            session.command(&format!(":build_env {name}={value}"))?;
        }
        for command in [":opt 0", ":allow_static_linking 1"] {
            session.command(command)?;
        }
        match session.execute(PRELUDE, &mut |_| {}) {
            Outcome::Done => Ok(session),
            Outcome::Failed(failure) => {
                Err(anyhow!("{}", failure.plain())).context("the preloaded library does not load")
            }
        }
    }

    /// What the library says of the run: device, seed, where the data came from. Pairs of label and value.
    pub fn environment(&mut self) -> Vec<(String, String)> {
        let mut news = News::default();
        // A footer without these lines is better than a report lost over them.
        let _ = self.run("perturbook::cell::environment();", &mut news, &mut |_| {});
        let pairs = news.environment.as_array().into_iter().flatten();
        pairs.filter_map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()))).collect()
    }

    fn command(&mut self, command: &str) -> Result<()> {
        self.evcxr.execute(command).map(drop).map_err(|e| anyhow!("{command}: {e}"))
    }

    /// Runs a cell; `show` is called for each output as it comes.
    pub fn execute(&mut self, source: &str, show: &mut (dyn FnMut(Event) + Send)) -> Outcome {
        let code = match Cell::parse(source) {
            Ok(cell) => match self.types(&cell) {
                Ok(types) => cell.instrumented(&types),
                Err(errors) => return Outcome::Failed(failure::compilation(source, &errors)),
            },
            Err((reason, line)) => {
                // rustc says it better than the parser, when evcxr passes on what it could not parse; it may also
                // drop it in silence.
                let errors = self.evcxr.check(source).unwrap_or_default();
                return Outcome::Failed(match errors.is_empty() {
                    false => failure::compilation(source, &errors),
                    true => failure::syntax(source, &reason, line),
                });
            }
        };
        let mut news = News::default();
        let result = self.run(&code, &mut news, show);
        match result {
            Ok(()) if news.failed() => Outcome::Failed(news.failure(source, &self.last_source())),
            Ok(()) => Outcome::Done,
            Err(evcxr::Error::CompilationErrors(errors)) => {
                // The messages should speak of what the user wrote, not of what was inserted.
                let original = self.evcxr.check(source).unwrap_or_default();
                let errors = if original.is_empty() { errors } else { original };
                Outcome::Failed(failure::compilation(source, &errors))
            }
            Err(evcxr::Error::SubprocessTerminated(last_words)) => {
                let mut status = String::new();
                for line in last_words.lines() {
                    match parse(line) {
                        Some(Message::Event(event)) => show(event),
                        Some(Message::News(name, content)) => news.hear(&name, content),
                        None => {
                            status.push_str(line);
                            status.push('\n');
                        }
                    }
                }
                Outcome::Failed(failure::crash(&status, news.line()))
            }
            Err(error) => Outcome::Failed(Failure::new("Error", &error.to_string())),
        }
    }

    /// The types of the cell's un-annotated bindings, or the compile errors that stand in the way.
    fn types(&mut self, cell: &Cell<'_>) -> Result<BTreeMap<usize, String>, Vec<evcxr::CompilationError>> {
        let mut types = BTreeMap::new();
        if !cell.needs_types() {
            return Ok(types);
        }
        let (probes, errors): (Vec<_>, Vec<_>) = self
            .evcxr
            .check(&cell.with_probes())
            .unwrap_or_default()
            .into_iter()
            .partition(|error| error.json.to_string().contains(cell::PROBE));
        if errors.iter().any(|error| error.level() == "error") {
            return Err(errors);
        }
        for probe in probes {
            let notes = probe.json["children"].as_array().into_iter().flatten();
            types.extend(notes.filter_map(|note| note["message"].as_str().and_then(probed_type)));
        }
        Ok(types)
    }

    fn run(&mut self, code: &str, news: &mut News, show: &mut (dyn FnMut(Event) + Send)) -> Result<(), evcxr::Error> {
        let (finished, done) = crossbeam_channel::bounded::<()>(0);
        let (evcxr, outputs) = (&mut self.evcxr, &self.outputs);
        std::thread::scope(|scope| {
            let listener = scope.spawn(move || listen(outputs, &done, news, show));
            let result = evcxr.execute(code);
            drop(finished);
            let show = listener.join().expect("the listener does not panic");
            for (mime, text) in result.as_ref().map(|o| o.content_by_mime_type.clone()).unwrap_or_default() {
                let data = Value::Object(Map::from_iter([(mime, Value::String(text))]));
                show(Event::Display { data, metadata: Value::Object(Map::new()), id: None });
            }
            result.map(drop)
        })
    }

    fn last_source(&self) -> String {
        self.evcxr.last_source().unwrap_or_default()
    }
}

/// Hands over what the child sends until the cell is done and nothing is left to read.
fn listen<'a>(
    outputs: &EvalContextOutputs,
    done: &Receiver<()>,
    news: &mut News,
    show: &'a mut (dyn FnMut(Event) + Send),
) -> &'a mut (dyn FnMut(Event) + Send) {
    let mut hear = |line: String, name: &str| match parse(&line) {
        Some(Message::Event(event)) => show(event),
        Some(Message::News(what, content)) => news.hear(&what, content),
        None => show(Event::Stream { name: name.to_owned(), text: line + "\n" }),
    };
    loop {
        select! {
            recv(outputs.stdout) -> line => match line { Ok(line) => hear(line, "stdout"), Err(_) => break },
            recv(outputs.stderr) -> line => match line { Ok(line) => hear(line, "stderr"), Err(_) => break },
            recv(done) -> _ => break,
        }
    }
    outputs.stdout.try_iter().for_each(|line| hear(line, "stdout"));
    outputs.stderr.try_iter().for_each(|line| hear(line, "stderr"));
    show
}

enum Message {
    Event(Event),
    News(String, Value),
}

fn parse(line: &str) -> Option<Message> {
    let mut message: Value = serde_json::from_str(line.strip_prefix(MARK)?).ok()?;
    let msg_type = message["msg_type"].as_str()?.to_owned();
    let mut content = message["content"].take();
    let id = content["transient"]["display_id"].as_str().map(str::to_owned);
    let event = match (msg_type.as_str(), id) {
        ("stream", _) => {
            Event::Stream { name: content["name"].as_str()?.to_owned(), text: content["text"].as_str()?.to_owned() }
        }
        ("update_display_data", Some(id)) => {
            Event::Update { data: content["data"].take(), metadata: content["metadata"].take(), id }
        }
        ("display_data", id) => {
            Event::Display { data: content["data"].take(), metadata: content["metadata"].take(), id }
        }
        _ => return Some(Message::News(msg_type, content)),
    };
    Some(Message::Event(event))
}

/// What was heard of a cell besides its outputs: whether it panicked or returned an error, and where.
#[derive(Default)]
struct News {
    panicked: bool,
    returned_err: bool,
    panic: Value,
    /// A panic on another thread; it is the cell's own when that thread passed it on, as rayon's do.
    thread_panic: Value,
    error: Value,
    environment: Value,
}

impl News {
    fn hear(&mut self, what: &str, content: Value) {
        match what {
            "panicked" => self.panicked = true,
            "returned_err" => self.returned_err = true,
            "panic" => self.panic = content,
            "thread_panic" => self.thread_panic = content,
            "error" => self.error = content,
            "environment" => self.environment = content["pairs"].clone(),
            // "started" needs no answer.
            _ => {}
        }
    }

    fn failed(&self) -> bool {
        self.panicked || self.returned_err
    }

    fn panic(&self) -> &Value {
        if self.panic.is_null() { &self.thread_panic } else { &self.panic }
    }

    fn line(&self) -> Option<usize> {
        let line = if self.panicked { &self.panic()["line"] } else { &self.error["line"] };
        line.as_u64().and_then(|line| usize::try_from(line).ok()).filter(|&line| line > 0)
    }

    fn failure(&self, source: &str, generated: &str) -> Failure {
        if self.panicked {
            failure::panic(source, generated, self.panic(), self.line())
        } else {
            failure::returned(source, &self.error, self.line())
        }
    }
}
