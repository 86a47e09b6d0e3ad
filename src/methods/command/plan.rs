//! The plan of a run: a preset, then the settings of a file, then those of the command line; and the file that keeps it.
//!
//! `plan.toml` has the tables `settings` and `run` of [`Plan`], complete, and `command`: method, data, labels, device. It
//! serves as `--config` of another run; a run that goes on takes from it what the command line does not say again.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::arguments::{Arguments, Fold, Preset};
use super::draft::Draft;
use super::failure::{Failure, Outcome};
use super::values::{to_json, to_toml};
use crate::io::part_file::write_bytes;
use crate::methods::{Method, Plan};
use crate::{Error, Result};

/// The name of the file.
pub(super) const FILE: &str = "plan.toml";

/// The rest of what decides a run, as the file keeps it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Called {
    pub method: String,
    pub data: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perturbation: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub control: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<Fold>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// A file with settings.
struct Kept {
    path: PathBuf,
    settings: Value,
    called: Called,
}

impl Kept {
    fn read(path: &Path, method: &str) -> Result<Self> {
        let place = || path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|e| Error::file(path, e).fix("check the path"))?;
        let table = toml::from_str::<toml::Table>(&text)
            .map_err(|e| Error::new(format!("this is not TOML: {}", e.message())).at(line_of(&text, &e, &place())))?;
        let whole = to_json(&toml::Value::Table(table))
            .ok_or_else(|| Error::new("a number is not finite").at(place()).fix("give finite numbers"))?;
        let Value::Object(mut settings) = whole else { return Err(Error::new("no table of settings").at(place())) };
        let called: Called = match settings.remove("command") {
            None => Called::default(),
            Some(called) => serde_json::from_value(called)
                .map_err(|e| Error::new(format!("the table `command` is damaged: {e}")).at(place()))?,
        };
        if !called.method.is_empty() && called.method != method {
            return Err(Error::new(format!("these are settings of {} and not of {method}", called.method))
                .at(place())
                .fix("give settings of the same method, or take the tables out that are not meant"));
        }
        Ok(Self { path: path.to_owned(), settings: Value::Object(settings), called })
    }
}

/// `FILE, line 3`.
fn line_of(text: &str, error: &toml::de::Error, file: &str) -> String {
    match error.span() {
        Some(span) => format!("{file}, line {}", text.get(..span.start).unwrap_or_default().matches('\n').count() + 1),
        None => file.to_owned(),
    }
}

/// The plan that the arguments ask for; they are completed by those of the run that goes on.
pub(super) fn plan<M: Method>(arguments: &mut Arguments) -> Outcome<Plan<M::Settings>> {
    let preset = match arguments.preset.unwrap_or_default() {
        Preset::Quick => M::quick(),
        Preset::Paper => M::paper(),
    };
    let check = |value: &Value| {
        let plan: Plan<M::Settings> = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
        serde_json::to_value(plan).map_err(|e| e.to_string())
    };
    let value = serde_json::to_value(&preset)
        .map_err(|e| Error::new(format!("the plan of {} cannot be written: {e}", M::NAME)).caused_by(e))?;
    let mut draft = Draft::new(value, &check);
    let before = arguments.out.join(FILE);
    // A preset given again starts anew from it.
    let before = (arguments.resume && arguments.preset.is_none() && before.exists()).then_some(before);
    if let Some(before) = before {
        let kept = Kept::read(&before, M::NAME)?;
        complete(arguments, kept.called);
        draft.merge(&kept.settings).map_err(|e| e.at(kept.path.display().to_string()))?;
    }
    if let Some(config) = &arguments.config {
        let kept = Kept::read(config, M::NAME).map_err(Failure::Usage)?;
        let path = kept.path.display().to_string();
        draft.merge(&kept.settings).map_err(|e| Failure::Usage(e.at(path)))?;
    }
    for (name, text) in &arguments.set {
        for (key, option) in [("folder", "--out"), ("resume", "--resume")] {
            if name == key || name == &format!("run.{key}") {
                return Err(Failure::call(format!("{name} is set by {option}")));
            }
        }
        draft.set(name, text).map_err(Failure::Usage)?;
    }
    let mut plan: Plan<M::Settings> = serde_json::from_value(draft.value().clone())
        .map_err(|e| Error::new(format!("the plan cannot be read: {e}")).caused_by(e))?;
    plan.run.folder = Some(arguments.out.clone());
    plan.run.resume = arguments.resume;
    plan.run.seed = arguments.seed.unwrap_or(plan.run.seed);
    if arguments.data.is_empty() {
        return Err(Failure::call("--data names no file"));
    }
    Ok(plan)
}

/// Fills in what the arguments do not say.
fn complete(arguments: &mut Arguments, kept: Called) {
    let Called { data, perturbation, control, batch, fold, device, method: _ } = kept;
    if arguments.data.is_empty() {
        arguments.data = data;
    }
    if arguments.control.is_empty() {
        arguments.control = control;
    }
    arguments.perturbation = arguments.perturbation.take().or(perturbation);
    arguments.batch = arguments.batch.take().or(batch);
    arguments.fold = arguments.fold.or(fold);
    arguments.device = arguments.device.take().or(device);
}

/// Writes the plan; the path never holds half of it.
pub(super) fn write<M: Method>(plan: &Plan<M::Settings>, arguments: &Arguments) -> Result<()> {
    let path = arguments.out.join(FILE);
    let failed =
        |what: String| Error::new(format!("the plan cannot be written: {what}")).at(path.display().to_string());
    let called = Called {
        method: M::NAME.to_owned(),
        data: arguments.data.iter().map(|data| whole_path(data)).collect(),
        perturbation: arguments.perturbation.clone(),
        control: arguments.control.clone(),
        batch: arguments.batch.clone(),
        fold: arguments.fold,
        device: arguments.device.clone(),
    };
    let json = |value: serde_json::Result<Value>| value.map_err(|e| failed(e.to_string()));
    let mut all = Map::new();
    all.insert("command".to_owned(), json(serde_json::to_value(called))?);
    if let Value::Object(tables) = json(serde_json::to_value(plan))? {
        all.extend(tables);
    }
    // Where and whether a run goes on is not part of what it is.
    if let Some(Value::Object(run)) = all.get_mut("run") {
        run.remove("folder");
        run.remove("resume");
    }
    let table = to_toml(&Value::Object(all)).ok_or_else(|| failed("a number is too large for TOML".to_owned()))?;
    let text = toml::to_string_pretty(&table).map_err(|e| failed(e.to_string()))?;
    let head =
        format!("# All settings of a run of {}: `perturbook fit {} --config` takes this file.\n\n", M::NAME, M::NAME);
    write_bytes(&path, (head + &text).as_bytes())
}

/// The path of data from any folder; simulators have none.
fn whole_path(data: &str) -> String {
    match std::path::absolute(data) {
        Ok(path) if Path::new(data).exists() => path.display().to_string(),
        _ => data.to_owned(),
    }
}
