//! The loop that every method trains in: batches from other threads, validation, early stopping, checkpoints, and a stop at
//! the next step when somebody asks for it.
//!
//! ```text
//! for each step   rows of the sampler -> batch (other threads) -> learn
//!   now and then  mean terms into the history; validation; last and best checkpoint
//! ```
//!
//! A run in a folder goes on where it was: `last.safetensors` holds all its next step depends on, so that it reaches the
//! numbers it would have reached without the break. `best.safetensors` has the lowest validation loss, `history.parquet`
//! the history.

mod checkpoint;
mod data;
mod exact;
mod history;
mod lines;
mod observe;
mod prefetch;
mod snapshot;
mod watch;

use std::path::PathBuf;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use checkpoint::Position;
pub use data::{Data, Feed, Load, OwnedData};
use history::Mean;
pub use history::{Ended, History, Phase, Row};
pub use lines::Lines;
pub use observe::{Observer, Silent};
use prefetch::Batches;
pub use snapshot::Snapshot;
pub use watch::Watch;

use super::{Learner, Purpose, Step, Terms, stream};
use crate::{Error, Result};

/// Rows of training terms that an epoch adds to the history, at most.
const ROWS: u64 = 100;

/// How long, how often and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitConfig {
    /// Epochs.
    pub epochs: u64,
    /// The seed of orders, augmentations and noise.
    pub seed: u64,
    /// Validation after each such part of an epoch.
    pub validate_every: f64,
    /// Validations without a new lowest loss after which training ends; none: it goes on.
    pub patience: Option<u32>,
    /// Threads that make batches.
    pub workers: usize,
    /// Batches that each keeps ready.
    pub ahead: usize,
    /// Where checkpoints and the history go; none: nowhere.
    pub folder: Option<PathBuf>,
    /// Seconds between checkpoints.
    pub save_every: f64,
    /// Whether a run in the folder goes on; else a folder with a run is refused.
    pub resume: bool,
}

impl Default for FitConfig {
    /// Ten epochs, validation after each, no early end, one worker with two batches ready, no folder; with a folder a
    /// checkpoint every five minutes.
    fn default() -> Self {
        Self {
            epochs: 10,
            seed: 0,
            validate_every: 1.0,
            patience: None,
            workers: 1,
            ahead: 2,
            folder: None,
            save_every: 300.0,
            resume: false,
        }
    }
}

/// Trains; the learner holds what it has learned also when this fails.
///
/// # Errors
/// When settings make no sense, a batch cannot be made, a term of the loss is not finite, a checkpoint cannot be written,
/// or the folder holds another run. After a term that was not finite the last good state is in the folder.
pub fn fit<L: Learner, D: Feed<Batch = L::Batch>>(
    learner: &mut L,
    data: &D,
    config: &FitConfig,
    observer: &mut dyn Observer,
) -> Result<History> {
    config.check()?;
    // Held while this runs: a kernel waits for the step in hand instead of ending the process.
    let _stoppable = crate::stop::stoppable();
    let per_epoch = data.steps();
    let mut position = Position::start(learner, data.fingerprint(), config.seed, per_epoch);
    let last = config.folder.as_ref().map(|folder| folder.join("last.safetensors"));
    if let Some(last) = last.as_ref().filter(|last| last.exists()) {
        if !config.resume {
            return Err(Error::new("the folder holds a run already")
                .at(last.display().to_string())
                .fix("set `resume` to go on with it, or choose another folder"));
        }
        position = position.resume(last, learner)?;
    }
    let mut run = Run { learner, data, config, position, started: Instant::now(), before: 0.0 };
    run.before = run.position.seconds;
    let total = config.epochs * per_epoch;
    observer.begin(&run.position.method, run.position.done, total, &run.position.history);
    let ended = std::thread::scope(|scope| {
        let make = |done: u64| {
            let rows = data.rows(done / per_epoch, done % per_epoch);
            data.load(&rows, &mut stream(config.seed, Purpose::Augmentation, done))
        };
        let steps = run.position.done.min(total)..total;
        let mut batches = Batches::start(scope, make, steps, config.workers, config.ahead);
        run.steps(&mut batches, total, observer)
    });
    // Also after an error: the weights are those before the step that failed.
    run.save()?;
    let ended = ended?;
    run.position.history.ended = Some(ended);
    if let Some(folder) = &config.folder {
        run.position.history.write_parquet(folder.join("history.parquet"))?;
    }
    observer.end(&run.position.history);
    Ok(run.position.history)
}

struct Run<'a, L, D> {
    learner: &'a mut L,
    data: &'a D,
    config: &'a FitConfig,
    position: Position,
    started: Instant,
    /// Seconds of earlier parts.
    before: f64,
}

impl<L: Learner, D: Feed<Batch = L::Batch>> Run<'_, L, D> {
    fn steps(&mut self, batches: &mut Batches<L::Batch>, total: u64, observer: &mut dyn Observer) -> Result<Ended> {
        let per_epoch = self.position.per_epoch;
        let report = per_epoch.div_ceil(ROWS);
        let validate = ((per_epoch as f64 * self.config.validate_every).round() as u64).max(1);
        let mut saved = Instant::now();
        while self.position.done < total {
            if observer.stopped() {
                return Ok(Ended::Stopped);
            }
            let at = self.at(total);
            let terms = self.learner.learn(batches.next()?, &at)?.finite(&at)?;
            self.position.mean.add(&terms);
            self.position.done += 1;
            observer.step();
            if observer.looks(self.position.done) {
                observer.weights(&at, &self.learner.state());
            }
            let end = self.position.done == total;
            if self.position.done.is_multiple_of(report) || end {
                let terms = self.position.mean.take();
                self.add(Phase::Training, terms, observer);
            }
            if (self.position.done.is_multiple_of(validate) || end) && !self.data.validation().is_empty() {
                let terms = self.validate(total)?;
                let loss = terms.first().map_or(f64::NAN, |(_, loss)| *loss);
                self.add(Phase::Validation, terms, observer);
                if self.position.best.is_none_or(|best| loss < best) {
                    (self.position.best, self.position.waited) = (Some(loss), 0);
                    self.write("best.safetensors")?;
                } else {
                    self.position.waited += 1;
                }
                if self.config.patience.is_some_and(|patience| self.position.waited >= patience) {
                    return Ok(Ended::Patience);
                }
            }
            if saved.elapsed().as_secs_f64() >= self.config.save_every {
                self.save()?;
                saved = Instant::now();
            }
        }
        Ok(Ended::Finished)
    }

    fn at(&self, total: u64) -> Step {
        let Position { seed, done, per_epoch, .. } = self.position;
        Step { seed, epoch: done / per_epoch, done, per_epoch, total }
    }

    /// The mean terms of all validation batches, always with the same noise.
    fn validate(&mut self, total: u64) -> Result<Vec<(String, f64)>> {
        let mut mean = Mean::default();
        for (number, rows) in self.data.validation().iter().enumerate() {
            let seed = self.config.seed.wrapping_add(1);
            let batch = self.data.load(rows, &mut stream(seed, Purpose::Augmentation, number as u64))?;
            let at = Step { seed, done: number as u64, ..self.at(total) };
            mean.add(&self.learner.judge(batch, &at)?);
        }
        Ok(mean.take())
    }

    fn add(&mut self, phase: Phase, terms: Vec<(String, f64)>, observer: &mut dyn Observer) {
        let Position { done, per_epoch, .. } = self.position;
        let epoch = done as f64 / per_epoch as f64;
        let row = Row { step: done, epoch, seconds: self.seconds(), phase, terms };
        observer.row(&row);
        self.position.history.rows.push(row);
    }

    fn seconds(&self) -> f64 {
        self.before + self.started.elapsed().as_secs_f64()
    }

    fn save(&mut self) -> Result<()> {
        self.write("last.safetensors")
    }

    fn write(&mut self, name: &str) -> Result<()> {
        let Some(folder) = &self.config.folder else { return Ok(()) };
        std::fs::create_dir_all(folder).map_err(|e| Error::file(folder, e))?;
        self.position.seconds = self.seconds();
        self.position.write(&folder.join(name), self.learner)
    }
}

impl FitConfig {
    fn check(&self) -> Result<()> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        if self.epochs == 0 || !positive(self.validate_every) || self.save_every.is_nan() || self.save_every < 0.0 {
            return Err(Error::new(format!(
                "{} epochs with validation every {} epochs and checkpoints every {} seconds cannot be done",
                self.epochs, self.validate_every, self.save_every
            ))
            .fix("give at least one epoch, and positive intervals"));
        }
        Ok(())
    }
}
