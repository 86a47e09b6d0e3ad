//! One evaluating kernel: evcxr runs the cells, the facade is preloaded, failures are failures.
//!
//! Nothing here knows about Jupyter or about files: a session takes the source of a cell, tells a [`Front`] what the
//! cell shows while it runs, and returns an [`Outcome`] at its end.

mod cell;
mod commands;
mod failure;
mod interrupt;
mod news;
mod processes;
pub mod runtime;
mod variables;

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossbeam_channel::{Receiver, select};
use evcxr::{CommandContext, EvalCallbacks, EvalContext, EvalContextOutputs};
use serde_json::{Value, json};

use crate::environment;
use crate::facade::Facade;
use crate::report::words;
use cell::{Cell, probed_type};
use commands::Command;
pub use failure::Failure;
pub use interrupt::Interrupter;
use news::{Message, News, parse};

/// What every kernel runs first. evcxr allows `?` only after it has met one, and takes the first in a displayed
/// expression for a value that cannot display itself: so it meets one here.
const PRELUDE: &str = "use perturbook::prelude::*;\n\
                       perturbook::cell::start();\n\
                       Ok::<(), perturbook::Error>(())?;";

/// What evaluates again after the evaluating process was replaced; names that were imported are still there.
const REVIVAL: &str = "perturbook::cell::start();";

/// What the library takes for "nobody answers".
const NO_INPUT: &str = "\u{2}PERTURBOOK no input";

/// What a running cell shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Text on `stdout` or `stderr`, perhaps not a whole line.
    Stream {
        /// `stdout` or `stderr`.
        name: String,
        /// The text.
        text: String,
    },
    /// A rich output; with an id it can be updated later.
    Display {
        /// Representations by mime type.
        data: Value,
        /// Metadata by mime type.
        metadata: Value,
        /// The display id.
        id: Option<String>,
        /// Whether it is the value of the cell's last expression.
        value: bool,
    },
    /// New content for the output with this id.
    Update {
        /// Representations by mime type.
        data: Value,
        /// Metadata by mime type.
        metadata: Value,
        /// The display id.
        id: String,
    },
    /// The cell's outputs so far are to be removed, now or when the next one comes.
    Clear {
        /// Whether to wait for the next output.
        wait: bool,
    },
}

/// Who watches a cell run.
pub trait Front: Sync {
    /// Called for each output as it comes.
    fn show(&self, event: Event);

    /// Asks the reader; `None` when nobody can answer.
    fn ask(&self, _prompt: &str, _password: bool) -> Option<String> {
        None
    }
}

/// A front that looks away.
struct Nobody;

impl Front for Nobody {
    fn show(&self, _: Event) {}
}

/// How a cell ended.
#[derive(Debug)]
pub enum Outcome {
    /// It ran to its end.
    Done,
    /// It was asked to stop and ended with what it had; all variables are kept.
    Stopped,
    /// It failed.
    Failed(Failure),
}

/// How long a cell took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    /// Until its code began to run.
    pub compile: Duration,
    /// From then on.
    pub run: Duration,
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [run, compile] = [self.run, self.compile].map(|time| words(time.as_secs_f64()));
        writeln!(f, "time: {run} to run, {compile} to compile")
    }
}

/// A running kernel.
pub struct Session {
    evcxr: CommandContext,
    outputs: EvalContextOutputs,
    interrupter: Interrupter,
    /// Cells begun so far.
    cells: usize,
    /// Whether the library runs in the evaluating process.
    alive: bool,
    times: Times,
    /// Whether evcxr shows the values of cells.
    plain: bool,
    /// Whether cells are compiled with optimisation.
    optimised: Option<bool>,
    /// Functions of cells that were optimised: evcxr compiles them again with every cell.
    computing: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Session {
    /// Starts an evaluating process in `folder`, with the facade preloaded and the prelude in scope; `quick`
    /// tells the library to work at small scale.
    ///
    /// The evaluating process ends with the thread that calls this.
    ///
    /// # Errors
    /// When cargo or rustc are missing, or the library does not load: what they said.
    pub fn start(facade: &Facade, folder: &Path, quick: bool) -> Result<Self> {
        // In the kernel's folder, where there is one.
        let place = std::env::var_os("PERTURBOOK_HOME").map_or_else(std::env::temp_dir, std::path::PathBuf::from);
        let own = tempfile::Builder::new().prefix("session-").tempdir_in(place)?;
        let stop_file = own.path().join("stop");
        let mut child = std::process::Command::new(std::env::current_exe()?);
        child.current_dir(folder).env("PERTURBOOK_KERNEL", "1").env("PERTURBOOK_STOP", &stop_file).process_group(0);
        if quick {
            child.env("PERTURBOOK_QUICK", "1");
        }
        child.env("LD_LIBRARY_PATH", facade.library_path());
        environment::keep_memory(&mut child);
        let (evcxr, outputs) =
            EvalContext::with_subprocess_command(child).map_err(|e| anyhow!("the kernel did not start: {e}"))?;
        let evcxr = CommandContext::with_eval_context(evcxr);
        let interrupter = Interrupter::new(evcxr.process_handle(), stop_file);
        let (cells, alive, times) = (0, true, Times::default());
        let (plain, optimised, computing) = (false, None, Vec::new());
        let mut session =
            Self { evcxr, outputs, interrupter, cells, alive, times, plain, optimised, computing, _folder: own };
        for (name, value) in facade.build_environment() {
            session.command(&format!(":build_env {name}={value}"))?;
        }
        session.command(":allow_static_linking 1")?;
        match session.execute(PRELUDE, &Nobody) {
            Outcome::Failed(failure) => {
                Err(anyhow!("{}", failure.plain())).context("the preloaded library does not load")
            }
            _ => Ok(session),
        }
    }

    /// Stops the running cell, from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// How long the last cell took.
    pub fn times(&self) -> Times {
        self.times
    }

    /// What the library says of the run: device, seed, where the data came from. Pairs of label and value.
    pub fn environment(&mut self) -> Vec<(String, String)> {
        let mut news = News::default();
        // A footer without these lines is better than a report lost over them.
        let _ = self.run("perturbook::cell::environment();", &mut news, &Nobody);
        let pairs = news.environment.as_array().into_iter().flatten();
        pairs.filter_map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()))).collect()
    }

    /// The variables that cells have left, and their types.
    pub fn variables(&self) -> BTreeMap<String, String> {
        self.evcxr.variables_and_types().map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
    }

    /// The type of the last `let` binding of `code`, which is compiled but not run; `None` when it does not compile or
    /// has a type that cannot be written down.
    pub fn type_of(&mut self, code: &str) -> Option<String> {
        let cell = Cell::parse(code).ok()?;
        self.types(&cell).ok()?.into_iter().next_back().map(|(_, kind)| kind)
    }

    /// Has a cell compiled to run fast, or to be there fast.
    ///
    /// Not by evcxr's `:opt`, which changes the cells' manifest and so makes rust-analyzer load it again.
    fn optimise(&mut self, cell: &Cell<'_>) -> Result<()> {
        let optimised = cell.computes() || self.computing.iter().any(|name| cell.mentions(name));
        if optimised {
            self.computing.extend(cell.functions().iter().cloned());
        }
        if self.optimised != Some(optimised) {
            self.optimised = Some(optimised);
            let level = if optimised { 3 } else { 0 };
            self.command(&format!(":build_env CARGO_PROFILE_DEV_OPT_LEVEL={level}"))?;
        }
        Ok(())
    }

    fn command(&mut self, command: &str) -> Result<()> {
        self.evcxr.execute(command).map(drop).map_err(|e| anyhow!("{command}: {e}"))
    }

    /// Runs a cell; `front` hears of each output as it comes.
    pub fn execute(&mut self, source: &str, front: &dyn Front) -> Outcome {
        self.cells += 1;
        self.interrupter.begin(self.cells);
        let started = Instant::now();
        let before = self.variables();
        let outcome = self.evaluate(source, &before, front);
        let interrupted = self.interrupter.over();
        let began = interrupted.began.unwrap_or_else(Instant::now);
        self.times = Times { compile: began - started, run: began.elapsed() };
        if !self.alive && !interrupted.ended {
            self.revive();
        }
        match outcome {
            Outcome::Failed(_) if interrupted.killed => Outcome::Failed(failure::killed(&before)),
            Outcome::Failed(_) if interrupted.asked && interrupted.began.is_none() => {
                Outcome::Failed(Failure::new("Interrupted", "the cell was stopped before it ran"))
            }
            Outcome::Done if interrupted.asked => Outcome::Stopped,
            outcome => outcome,
        }
    }

    fn evaluate(&mut self, source: &str, before: &BTreeMap<String, String>, front: &dyn Front) -> Outcome {
        let source = &without_timing(source);
        // The second is for values that the library cannot show: evcxr then tries, and says what is wrong.
        let (code, otherwise) = match commands::read(source) {
            Ok(None) => match self.instrumented(source) {
                Ok(codes) => codes,
                Err(failure) => return Outcome::Failed(failure),
            },
            Ok(Some(Command::Vars)) => (variables::table(before, self.cells), None),
            Ok(Some(Command::Restart)) => return self.restart(REVIVAL),
            Ok(Some(Command::Clear)) => {
                return match self.command(":clear") {
                    Ok(()) => self.restart(PRELUDE),
                    Err(error) => Outcome::Failed(Failure::new("Error", &format!("{error:#}"))),
                };
            }
            Ok(Some(Command::Quit)) => {
                let advice = "a cell cannot end its kernel: shut it down from the notebook's Kernel menu";
                return Outcome::Failed(Failure::new("Error", advice));
            }
            Err(command) => {
                let advice = format!("{command} stands among other lines: give it a cell of its own");
                return Outcome::Failed(Failure::new("Error", &advice));
            }
        };
        let group = self.interrupter.group();
        let mut news = News::default();
        let mut result = self.run(&code, &mut news, front);
        if let (Err(evcxr::Error::CompilationErrors(_)), Some(otherwise)) = (&result, otherwise) {
            result = self.run(&otherwise, &mut news, front);
        }
        match result {
            Ok(()) if news.failed() => Outcome::Failed(news.failure(source, &self.last_source())),
            Ok(()) => Outcome::Done,
            Err(evcxr::Error::CompilationErrors(errors)) => {
                // The messages should speak of what the user wrote, not of what was inserted.
                let original = self.evcxr.check(source).unwrap_or_default();
                let errors = if failure::any(&original) { original } else { errors };
                Outcome::Failed(failure::compilation(source, &errors))
            }
            Err(evcxr::Error::SubprocessTerminated(last_words)) => {
                self.alive = false;
                // What the cells have started ends with their process.
                interrupt::end_group(group);
                let mut status = String::new();
                for line in last_words.lines() {
                    match parse(line) {
                        Some(Message::Event(event)) => front.show(event),
                        Some(Message::News(name, content)) => news.hear(&name, content),
                        None => {
                            status.push_str(line);
                            status.push('\n');
                        }
                    }
                }
                Outcome::Failed(failure::crash(source, &status, news.line(), before))
            }
            Err(error) => Outcome::Failed(Failure::new("Error", &error.to_string())),
        }
    }

    /// The code that evcxr gets for a cell: with types and line marks. When the library is to show the cell's value, also
    /// the code that leaves this to evcxr.
    fn instrumented(&mut self, source: &str) -> Result<(String, Option<String>), Failure> {
        // These settings are evcxr's, and so is what follows from them.
        self.plain |= source.lines().any(|line| line.starts_with(":fmt") || line.starts_with(":types"));
        match Cell::parse(source) {
            Ok(cell) => {
                let set = self.optimise(&cell);
                set.map_err(|error| Failure::new("Error", &format!("{error:#}")))?;
                let types = self.types(&cell)?;
                let plain = cell.instrumented(&types, self.cells, false);
                Ok(match cell.has_value() && !self.plain {
                    true => (cell.instrumented(&types, self.cells, true), Some(plain)),
                    false => (plain, None),
                })
            }
            Err((reason, line)) => {
                // rustc says it better than the parser, when evcxr passes on what it could not parse; it may also
                // drop it in silence.
                let errors = self.evcxr.check(source).unwrap_or_default();
                Err(match failure::any_placed(&errors) {
                    true => failure::compilation(source, &errors),
                    false => failure::syntax(source, &reason, line),
                })
            }
        }
    }

    /// Replaces the evaluating process, and loads the library into the new one.
    fn restart(&mut self, prelude: &str) -> Outcome {
        // evcxr forgets variables only when the process has ended under it.
        self.interrupter.kill_child();
        let _ = self.run("();", &mut News::default(), &Nobody);
        match self.run(prelude, &mut News::default(), &Nobody) {
            Ok(()) => Outcome::Done,
            Err(error) => {
                self.alive = false;
                Outcome::Failed(Failure::new("Error", &format!("the library does not load again: {error}")))
            }
        }
    }

    /// Loads the library into the process that evcxr has started in the place of one that died.
    fn revive(&mut self) {
        self.alive = self.run(REVIVAL, &mut News::default(), &Nobody).is_ok();
    }

    /// The types of the cell's un-annotated bindings, or what stands in the way.
    fn types(&mut self, cell: &Cell<'_>) -> Result<BTreeMap<usize, String>, Failure> {
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
            return Err(failure::compilation(cell.source(), &errors));
        }
        for probe in probes {
            let notes = probe.json["children"].as_array().into_iter().flatten();
            for (number, kind) in notes.filter_map(|note| note["message"].as_str().and_then(probed_type)) {
                match (kind, cell.binding(number)) {
                    (Ok(kind), _) => {
                        types.insert(number, kind);
                    }
                    (Err(kind), Some((name, line))) => {
                        return Err(failure::unnameable(cell.source(), name, &variables::short(&kind), line));
                    }
                    (Err(_), None) => {}
                }
            }
        }
        Ok(types)
    }

    fn run(&mut self, code: &str, news: &mut News, front: &dyn Front) -> Result<(), evcxr::Error> {
        let (finished, done) = crossbeam_channel::bounded::<()>(0);
        let (evcxr, outputs, interrupter) = (&mut self.evcxr, &self.outputs, &self.interrupter);
        std::thread::scope(|scope| {
            let listener = scope.spawn(move || listen(outputs, &done, news, front, interrupter));
            let mut callbacks =
                EvalCallbacks { input_reader: &|request| answer(front, &request.prompt, request.is_password) };
            let result = evcxr.execute_with_callbacks(code, &mut callbacks);
            drop(finished);
            let _ = listener.join();
            // What commands return, as one object.
            let content = result.as_ref().map(|outputs| outputs.content_by_mime_type.clone()).unwrap_or_default();
            if !content.is_empty() {
                let data = content.into_iter().map(|(mime, text)| (mime, Value::String(text))).collect();
                front.show(Event::Display { data: Value::Object(data), metadata: json!({}), id: None, value: true });
            }
            result.map(drop)
        })
    }

    fn last_source(&self) -> String {
        self.evcxr.last_source().unwrap_or_default()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // evcxr waits for its child, which may be in an endless loop.
        self.interrupter.end();
    }
}

/// Ends every process that this one has started.
pub fn end_all() {
    processes::children(rustix::process::getpid()).into_iter().for_each(processes::end);
}

/// The reader's answer as one line. The library hides the prompt from evcxr, which would cut it at a colon.
fn answer(front: &dyn Front, prompt: &str, password: bool) -> String {
    let hidden = prompt.strip_prefix('\u{2}').and_then(|text| STANDARD.decode(text).ok());
    let hidden = hidden.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let answer = front.ask(hidden.as_deref().unwrap_or(prompt), password);
    answer.map_or_else(|| NO_INPUT.to_owned(), |answer| answer.replace(['\n', '\r'], " "))
}

/// The cell without a `%%time` in its first line, which keeps its number.
fn without_timing(source: &str) -> String {
    if timed(source) { source.replacen("%%time", "", 1) } else { source.to_owned() }
}

/// Whether the first line of the cell is `%%time`.
pub fn timed(source: &str) -> bool {
    source.lines().next().is_some_and(|line| line.trim() == "%%time")
}

/// Hands over what the child sends until the cell is done and nothing is left to read.
fn listen(
    outputs: &EvalContextOutputs,
    done: &Receiver<()>,
    news: &mut News,
    front: &dyn Front,
    interrupter: &Interrupter,
) {
    let mut hear = |line: String, name: &str| match parse(&line) {
        Some(Message::Event(event)) => front.show(event),
        Some(Message::News(what, content)) => {
            match what.as_str() {
                "began" => interrupter.began(),
                "stopping" => interrupter.stopping(),
                _ => {}
            }
            news.hear(&what, content);
        }
        None => front.show(Event::Stream { name: name.to_owned(), text: line + "\n" }),
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
}
