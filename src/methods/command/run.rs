//! One run of a method: cells and plan in, a folder out.

use std::io::Write;

use super::arguments::Arguments;
use super::data::{self, Cells};
use super::failure::{Failure, Outcome};
use super::{plan, report};
use crate::methods::{Method, Plan};
use crate::tensor::{DeviceChoice, MemoryUse, choose_device};
use crate::train::{Ended, History, Lines, Phase, Watch};
use crate::{Error, Result};

/// The method's own file.
const MODEL: &str = "model.safetensors";
const EMBEDDING: &str = "embedding.parquet";
const HISTORY: &str = "history.parquet";
const LOG: &str = "log.jsonl";
pub(super) const REPORT: &str = "report.html";

/// What a report tells of a run.
pub(super) struct Told<'a> {
    /// The method's name.
    pub method: &'a str,
    /// What was read, and which columns were taken for what.
    pub cells: &'a [String],
    /// The device and why.
    pub device: &'a str,
    /// How it went.
    pub history: &'a History,
    /// How it ended, in words.
    pub end: &'a str,
    /// All settings as JSON.
    pub plan: serde_json::Value,
    /// The memory that it took, where the system says.
    pub memory: Option<MemoryUse>,
}

/// Trains a method as the arguments say and writes its folder; what was asked for goes to `out`, progress to standard error.
///
/// A request to stop (see [`crate::stop`]) ends the run at its next step: model and history are written, and a line says how
/// to go on.
///
/// # Errors
/// [`Failure::Usage`] when settings do not exist or have other types; [`Failure::Run`] when data cannot be read, the folder
/// holds a run that is not to go on, or training fails.
pub fn fit_with<M: Method>(mut arguments: Arguments, out: &mut dyn Write) -> Outcome<Ended> {
    let folder = arguments.out.clone();
    let planned = plan::plan::<M>(&mut arguments)?;
    let last = folder.join("last.safetensors");
    if last.exists() && !arguments.resume {
        return Err(Failure::Run(
            Error::new("the folder holds a run already")
                .at(folder.display().to_string())
                .fix("go on with it by --resume, or name another folder with --out"),
        ));
    }
    let device = match &arguments.device {
        Some(asked) => DeviceChoice::of(asked).map_err(|e| Failure::Usage(e.at("option --device")))?,
        None => choose_device()?,
    };
    eprintln!("{device}");
    let Cells { all, train, lines } = data::open(&arguments, planned.run.seed)?;
    lines.iter().for_each(|line| eprintln!("{line}"));
    std::fs::create_dir_all(&folder).map_err(|e| Error::file(&folder, e))?;
    // A run that goes on may be refused for its settings: the plan it was made by stays until it has gone on.
    if !last.exists() {
        plan::write::<M>(&planned, &arguments)?;
    }
    let mut watchers = (Watch::bar().on(&device.device), Lines::append(folder.join(LOG))?);
    let model = M::fit(&train, &planned, &device.device, &mut watchers)?;
    plan::write::<M>(&planned, &arguments)?;
    if let Some(error) = watchers.1.failure() {
        eprintln!("{LOG} is not complete: {error}");
    }
    model.save(&folder.join(MODEL))?;
    let history = model.history();
    history.write_parquet(folder.join(HISTORY))?;
    let stopped = history.ended == Some(Ended::Stopped) || crate::stop::requested();
    let embedding = if stopped { None } else { Some(model.embed(&all)) };
    let embedding = match embedding {
        Some(Err(error)) if !crate::stop::requested() => return Err(error.into()),
        other => other.and_then(Result::ok),
    };
    let path = folder.join(EMBEDDING);
    match &embedding {
        Some(embedding) => embedding.write_parquet(path)?,
        // That of an earlier part of the run is not of this model.
        None if path.exists() => std::fs::remove_file(&path).map_err(|e| Error::file(&path, e))?,
        None => {}
    }
    let end = how_it_ended(history, embedding.is_some());
    let told = Told {
        method: M::NAME,
        cells: &lines,
        device: &device.why,
        history,
        end: &end,
        plan: shown(&planned)?,
        memory: MemoryUse::of(&device.device),
    };
    report::write(&folder.join(REPORT), &told, &all, embedding.as_ref())?;
    let mut say = |line: String| {
        writeln!(out, "{line}").map_err(|e| Error::new(format!("cannot write the result: {e}")).caused_by(e))
    };
    say(end.clone())?;
    say(format!("written to {}", folder.display()))?;
    if embedding.is_none() {
        say(format!("to go on: perturbook fit {} --out {} --resume", M::NAME, folder.display()))?;
        return Ok(Ended::Stopped);
    }
    Ok(history.ended.unwrap_or(Ended::Finished))
}

/// All settings but the folder, which is where the report stands.
fn shown<S: serde::Serialize>(plan: &Plan<S>) -> Result<serde_json::Value> {
    let mut value = serde_json::to_value(plan)
        .map_err(|e| Error::new(format!("the settings cannot be shown: {e}")).caused_by(e))?;
    if let Some(run) = value.get_mut("run").and_then(serde_json::Value::as_object_mut) {
        run.remove("folder");
        run.remove("resume");
    }
    Ok(value)
}

/// `finished after 120 steps, 4 epochs, in 3.2 s (37.5 steps/s); loss 0.91 at first, 0.25 at last, validation 0.31`.
fn how_it_ended(history: &History, embedded: bool) -> String {
    let how = match (history.ended, embedded) {
        (Some(Ended::Stopped), _) => "stopped as asked",
        (Some(Ended::Patience), _) => "ended, since validation improved no more,",
        (_, false) => "trained, stopped as asked before the embedding,",
        _ => "finished",
    };
    let Some(last) = history.rows.last() else { return format!("{how} before the first step") };
    let (step, epoch, seconds) = (last.step, last.epoch, last.seconds);
    let mut text = format!("{how} after {step} steps, {epoch:.2} epochs, in {seconds:.1} s");
    if seconds > 0.0 {
        text.push_str(&format!(" ({:.1} steps/s)", step as f64 / seconds));
    }
    let training = history.curve(Phase::Training, "loss");
    if let (Some((_, first)), Some((_, last))) = (training.first(), training.last()) {
        text.push_str(&format!("; loss {first:.4} at first, {last:.4} at last"));
    }
    if let Some(loss) = history.last(Phase::Validation, "loss") {
        text.push_str(&format!(", validation {loss:.4}"));
    }
    text
}
