//! A run as lines of JSON, for jobs that nobody watches.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{History, Observer, Row};
use crate::io::part_file::write_bytes;
use crate::{Error, Result};

/// One line of JSON for each row: `{"step", "epoch", "seconds", "phase", "terms": {...}}`.
///
/// A run that goes on after it was killed repeats the steps since its last checkpoint: their lines are taken out of the
/// file when it begins, so that each row stands there once.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    file: File,
    failed: Option<std::io::Error>,
}

impl Lines {
    /// Adds lines to a file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn append(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let file = open(&path).map_err(|e| Error::file(&path, e))?;
        Ok(Self { path, file, failed: None })
    }

    /// What went wrong while lines were written, if something did; training goes on without them.
    pub fn failure(&self) -> Option<&std::io::Error> {
        self.failed.as_ref()
    }

    /// Takes out lines of steps after `done`.
    fn cut(&mut self, done: u64) -> std::io::Result<()> {
        let text = std::fs::read_to_string(&self.path)?;
        let known = |line: &&str| {
            let step = serde_json::from_str::<serde_json::Value>(line).ok().and_then(|line| line["step"].as_u64());
            step.is_some_and(|step| step <= done)
        };
        let kept: Vec<&str> = text.lines().filter(known).collect();
        if kept.len() < text.lines().count() || !(text.is_empty() || text.ends_with('\n')) {
            let kept: String = kept.iter().map(|line| format!("{line}\n")).collect();
            write_bytes(&self.path, kept.as_bytes()).map_err(std::io::Error::other)?;
            self.file = open(&self.path)?;
        }
        Ok(())
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

impl Observer for Lines {
    fn begin(&mut self, _: &str, done: u64, _: u64, _: &History) {
        if let Err(error) = self.cut(done) {
            self.failed.get_or_insert(error);
        }
    }

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
