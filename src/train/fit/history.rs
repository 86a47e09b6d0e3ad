//! What a run has reported: the terms of its loss over steps, in training and in validation.

use std::path::Path;

use polars::prelude::{Column, DataFrame};
use serde::{Deserialize, Serialize};

use super::Terms;
use crate::display::{Bundle, Show};
use crate::figures::{Curves, Figure};
use crate::{Error, Result};

/// Where terms come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Batches that were learned from.
    Training,
    /// Batches that were only looked at.
    Validation,
}

impl Phase {
    /// `training` or `validation`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Validation => "validation",
        }
    }
}

/// The terms at one step, each the mean over the steps since the row before it or over the validation batches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Steps done.
    pub step: u64,
    /// Epochs done, with their fraction.
    pub epoch: f64,
    /// Seconds since the start, without pauses between a stop and its resumption.
    pub seconds: f64,
    /// Where the terms come from.
    pub phase: Phase,
    /// Terms by name, `loss` first.
    pub terms: Vec<(String, f64)>,
}

impl Row {
    /// One term.
    pub fn get(&self, term: &str) -> Option<f64> {
        self.terms.iter().find(|(name, _)| name == term).map(|(_, value)| *value)
    }
}

/// Why a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It did all its epochs.
    Finished,
    /// Somebody asked it to stop.
    Stopped,
    /// Validation did not improve any more.
    Patience,
}

/// The rows of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// In the order of steps.
    pub rows: Vec<Row>,
    /// Why it has ended; none while it goes on.
    pub ended: Option<Ended>,
}

impl History {
    /// The points (epoch, value) of a term.
    pub fn curve(&self, phase: Phase, term: &str) -> Vec<(f64, f64)> {
        let rows = self.rows.iter().filter(|row| row.phase == phase);
        rows.filter_map(|row| Some((row.epoch, row.get(term)?))).collect()
    }

    /// The last value of a term.
    pub fn last(&self, phase: Phase, term: &str) -> Option<f64> {
        self.curve(phase, term).last().map(|(_, value)| *value)
    }

    /// The lowest value of a term and the epoch where it stands.
    pub fn lowest(&self, phase: Phase, term: &str) -> Option<(f64, f64)> {
        self.curve(phase, term).into_iter().min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The names of all terms, in order of appearance.
    pub fn terms(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.rows.iter().flat_map(|row| &row.terms) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// One line for each row: `step`, `epoch`, `seconds`, `phase`, and a column for each term.
    ///
    /// # Errors
    /// When a term has the name of another column.
    pub fn table(&self) -> Result<DataFrame> {
        let column = |name: &str, of: &dyn Fn(&Row) -> f64| {
            Column::new(name.into(), self.rows.iter().map(of).collect::<Vec<f64>>())
        };
        let mut columns = vec![
            Column::new("step".into(), self.rows.iter().map(|row| row.step).collect::<Vec<u64>>()),
            column("epoch", &|row| row.epoch),
            column("seconds", &|row| row.seconds),
            Column::new("phase".into(), self.rows.iter().map(|row| row.phase.name()).collect::<Vec<_>>()),
        ];
        for term in self.terms() {
            let values: Vec<Option<f64>> = self.rows.iter().map(|row| row.get(term)).collect();
            columns.push(Column::new(term.into(), values));
        }
        DataFrame::new(self.rows.len(), columns).map_err(|e| {
            Error::new(format!("cannot make a table of the history: {e}")).fix("give terms other names").caused_by(e)
        })
    }

    /// Writes [`History::table`] as parquet; the path never holds half of it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_parquet(&self, path: impl AsRef<Path>) -> Result<()> {
        crate::io::parquet::write(path, &self.table()?)
    }

    fn title(&self) -> &'static str {
        match self.ended {
            None => "Training, not ended",
            Some(Ended::Finished) => "Training",
            Some(Ended::Stopped) => "Training, stopped before its end",
            Some(Ended::Patience) => "Training, until validation improved no more",
        }
    }

    /// The curves of some terms, in training and validation.
    ///
    /// # Errors
    /// When a value is not finite.
    pub fn figure(&self, terms: &[&str]) -> Result<Figure> {
        let mut curves = Curves::new(self.title(), "epoch", "value");
        for term in terms {
            for phase in [Phase::Training, Phase::Validation] {
                let (x, y): (Vec<f64>, Vec<f64>) = self.curve(phase, term).into_iter().unzip();
                if !x.is_empty() {
                    curves = curves.line(&format!("{term}, {}", phase.name()), &x, &y);
                }
            }
        }
        curves.figure()
    }
}

impl Show for History {
    /// The curve of the first term, the whole loss, and how the run has ended.
    fn bundle(&self) -> Bundle {
        let terms = self.terms();
        let Some(term) = terms.first() else { return Bundle::text("no steps yet") };
        match self.figure(&[term]) {
            Ok(figure) => figure.bundle(),
            Err(error) => Bundle::text(format!("{term}: {error}")),
        }
    }
}

/// Means of terms over some steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Mean {
    #[serde(with = "super::exact::named")]
    sums: Vec<(String, f64)>,
    count: u64,
}

impl Mean {
    pub(super) fn add(&mut self, terms: &Terms) {
        for (name, value) in &terms.0 {
            match self.sums.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += value,
                None => self.sums.push(((*name).to_owned(), *value)),
            }
        }
        self.count += 1;
    }

    /// The means, and a new start.
    pub(super) fn take(&mut self) -> Vec<(String, f64)> {
        let count = self.count.max(1) as f64;
        let Self { sums, .. } = std::mem::take(self);
        sums.into_iter().map(|(name, sum)| (name, sum / count)).collect()
    }
}
