//! Who watches a run: a notebook, a terminal, a log, or nobody.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::{History, Phase, Row};
use crate::live::{Bar, Live, Trace};
use crate::{Error, Result};

/// Somebody who is told how a run goes.
pub trait Observer {
    /// It begins, after `done` of `total` steps; rows of an earlier part are in the history.
    fn begin(&mut self, _method: &str, _done: u64, _total: u64, _history: &History) {}

    /// A step was done.
    fn step(&mut self) {}

    /// A row was added to the history.
    fn row(&mut self, _row: &Row) {}

    /// Whether the run should stop after this step.
    fn stopped(&mut self) -> bool {
        crate::stop::requested()
    }

    /// It has ended.
    fn end(&mut self, _history: &History) {}
}

/// Nobody watches; a request to stop still stops the run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// A bar with steps, time to go and the latest loss, and below it the curve of a term, growing. In a terminal only the bar.
#[derive(Debug)]
pub struct Watch {
    term: String,
    shown: Option<(Bar, Live<Trace>)>,
}

impl Watch {
    /// Watches the whole loss.
    pub fn loss() -> Self {
        Self::term("loss")
    }

    /// Watches a term of the loss.
    pub fn term(term: &str) -> Self {
        Self { term: term.to_owned(), shown: None }
    }

    fn push(trace: &mut Trace, term: &str, row: &Row) {
        if let Some(value) = row.get(term).filter(|value| value.is_finite()) {
            trace.push(row.phase.name(), row.epoch, value);
        }
    }
}

impl Observer for Watch {
    fn begin(&mut self, method: &str, done: u64, total: u64, history: &History) {
        let mut bar = Bar::new(&format!("{method}, steps"), Some(total));
        bar.advance(done);
        let mut trace = Trace::new(&format!("{method}: {}", self.term), "epoch", self.term.as_str());
        history.rows.iter().for_each(|row| Self::push(&mut trace, &self.term, row));
        self.shown = Some((bar, Live::new(trace)));
    }

    fn step(&mut self) {
        if let Some((bar, _)) = &mut self.shown {
            bar.advance(1);
        }
    }

    fn row(&mut self, row: &Row) {
        let Some((bar, trace)) = &mut self.shown else { return };
        let terms: Vec<String> = row.terms.iter().take(4).map(|(name, value)| format!("{name} {value:.4}")).collect();
        bar.say(match row.phase {
            Phase::Training => terms.join(", "),
            Phase::Validation => format!("validation: {}", terms.join(", ")),
        });
        trace.change(|trace| Self::push(trace, &self.term, row));
    }

    fn stopped(&mut self) -> bool {
        match &mut self.shown {
            Some((bar, _)) => bar.stopped(),
            None => crate::stop::requested(),
        }
    }

    fn end(&mut self, _: &History) {
        if let Some((mut bar, _)) = self.shown.take()
            && !bar.stopped()
        {
            bar.finish();
        }
    }
}

/// One line of JSON for each row, for jobs that nobody watches: `{"step", "epoch", "seconds", "phase", "terms": {...}}`.
#[derive(Debug)]
pub struct Lines {
    file: File,
    failed: Option<std::io::Error>,
}

impl Lines {
    /// Adds lines to a file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn append(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(|e| Error::file(path, e))?;
        Ok(Self { file, failed: None })
    }

    /// What went wrong while lines were written, if something did; training goes on without them.
    pub fn failure(&self) -> Option<&std::io::Error> {
        self.failed.as_ref()
    }
}

impl Observer for Lines {
    fn row(&mut self, row: &Row) {
        let terms: serde_json::Map<String, serde_json::Value> =
            row.terms.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let line = json!({
            "step": row.step,
            "epoch": row.epoch,
            "seconds": row.seconds,
            "phase": row.phase.name(),
            "terms": terms,
        });
        if let Err(error) = writeln!(self.file, "{line}") {
            self.failed.get_or_insert(error);
        }
    }
}

/// Two at once.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn begin(&mut self, method: &str, done: u64, total: u64, history: &History) {
        self.0.begin(method, done, total, history);
        self.1.begin(method, done, total, history);
    }

    fn step(&mut self) {
        self.0.step();
        self.1.step();
    }

    fn row(&mut self, row: &Row) {
        self.0.row(row);
        self.1.row(row);
    }

    fn stopped(&mut self) -> bool {
        let first = self.0.stopped();
        self.1.stopped() || first
    }

    fn end(&mut self, history: &History) {
        self.0.end(history);
        self.1.end(history);
    }
}
