//! A run on disk: everything its next step depends on, in one safetensors file that is replaced as a whole.
//!
//! The arrays are [`Learner::state`]; the text beside them is the method, its settings, the seed, where the run is, and its
//! history. A checkpoint of another method, of other settings or of other data is refused, and what differs is said.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::history::Mean;
use super::{History, Learner, exact};
use crate::io::safetensors::SafeTensors;
use crate::nn::State;
use crate::{Error, Result};

/// The layout of what is written here.
const VERSION: u32 = 1;
/// The key of the text.
const KEY: &str = "perturbook";

/// Where a run is, and what it is a run of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    pub version: u32,
    pub method: String,
    pub settings: Value,
    pub data: String,
    pub seed: u64,
    pub per_epoch: u64,
    /// Steps done.
    pub done: u64,
    pub seconds: f64,
    #[serde(with = "exact::history")]
    pub history: History,
    /// Terms since the last row.
    pub mean: Mean,
    /// The lowest validation loss.
    #[serde(with = "exact::option")]
    pub best: Option<f64>,
    /// Validations since then.
    pub waited: u32,
}

impl Position {
    /// Before the first step.
    pub(super) fn start(learner: &impl Learner, data: &str, seed: u64, per_epoch: u64) -> Self {
        Self {
            version: VERSION,
            method: learner.method().to_owned(),
            settings: learner.settings(),
            data: data.to_owned(),
            seed,
            per_epoch,
            done: 0,
            seconds: 0.0,
            history: History::default(),
            mean: Mean::default(),
            best: None,
            waited: 0,
        }
    }

    /// Writes the run; the path never holds half of it.
    pub(super) fn write(&self, path: &Path, learner: &impl Learner) -> Result<()> {
        let text = serde_json::to_string(self)
            .map_err(|e| Error::new("cannot describe the run").at(path.display().to_string()).caused_by(e))?;
        learner.state().write_with(path, Some(HashMap::from([(KEY.to_owned(), text)])))
    }

    /// Reads a run that goes on as this one would start, and puts its numbers into the learner.
    pub(super) fn resume(self, path: &Path, learner: &mut impl Learner) -> Result<Self> {
        let saved = read(path)?;
        let differences = self.differences(&saved);
        if !differences.is_empty() {
            return Err(Error::new(format!("the checkpoint is of another run: {}", differences.join("; ")))
                .at(path.display().to_string())
                .fix("start with the settings it was made with, or choose another folder"));
        }
        learner.restore(&State::read(path)?).map_err(|e| e.at(path.display().to_string()))?;
        Ok(saved)
    }

    /// What makes the runs different ones.
    fn differences(&self, saved: &Self) -> Vec<String> {
        // Settings as they are after a way through text, which may change the last bit of a number.
        let settings = serde_json::from_str(&self.settings.to_string()).unwrap_or_default();
        let mut found = Vec::new();
        let mut compare = |what: &str, saved: &Value, now: &Value| differ(what, saved, now, &mut found);
        compare("version", &saved.version.into(), &self.version.into());
        compare("method", &saved.method.clone().into(), &self.method.clone().into());
        compare("data", &saved.data.clone().into(), &self.data.clone().into());
        compare("seed", &saved.seed.into(), &self.seed.into());
        compare("steps of an epoch", &saved.per_epoch.into(), &self.per_epoch.into());
        compare("settings", &saved.settings, &settings);
        found
    }
}

/// Where a saved run is.
fn read(path: &Path) -> Result<Position> {
    let file = SafeTensors::open(path)?;
    let text = file.metadata().remove(KEY).ok_or_else(|| {
        Error::new("this file holds numbers, but no run").at(path.display().to_string()).fix("give a checkpoint of fit")
    })?;
    serde_json::from_str(&text).map_err(|e| {
        Error::new(format!("the description of the run is damaged: {e}"))
            .at(path.display().to_string())
            .fix("use an older copy, or start anew in another folder")
            .caused_by(e)
    })
}

/// Adds every value that differs, with its path.
fn differ(what: &str, saved: &Value, now: &Value, found: &mut Vec<String>) {
    if let (Value::Object(a), Value::Object(b)) = (saved, now) {
        let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
            differ(&format!("{what}.{key}"), &of(a), &of(b), found);
        }
    } else if saved != now {
        found.push(format!("{what} was {saved} and is {now}"));
    }
}
