//! The command `perturbook fit`: training a method without a notebook, on any data the library reads.
//!
//! ```text
//! perturbook fit METHOD --data PATH... --out run/
//! perturbook fit --list
//! ```
//!
//! | file in the folder | what it holds |
//! |---|---|
//! | `plan.toml` | all settings, data and labels; serves as `--config` |
//! | `model.safetensors` | what [`Method::load`] reads |
//! | `embedding.parquet` | the table of the cells, and a column for each dimension |
//! | `history.parquet`, `log.jsonl` | the terms of the loss, as a table and line by line while it runs |
//! | `report.html` | the run on one page |
//! | `last.safetensors`, `best.safetensors` | checkpoints: the last, and that of the lowest validation loss |
//!
//! A run depends on its arguments alone, so that sweeps, replicates and folds are jobs of any scheduler, by `--set`,
//! `--seed` and `--fold`; a job that was ended is started again with `--resume`.
//!
//! Results go to standard output, progress and errors to standard error. SIGINT (Ctrl-C) and SIGTERM stop a run at its next
//! step, with exit code 0; wrong calls have exit code 2, failures 1.

mod arguments;
mod data;
mod draft;
mod failure;
mod join;
mod plan;
mod report;
mod run;
mod values;

use std::io::Write;
use std::process::ExitCode;

pub use arguments::{Arguments, Fold, Preset};
pub use failure::{Failure, Outcome};
pub use run::fit_with;

use super::Method;
use crate::Error;
use crate::display::Grid;
use crate::methods::{contrastive_vi, engineered, grape, mcvae, sc_vae, sc_vi, set_dino};
use crate::train::Ended;

const USAGE: &str = "\
Train a method on a screen, without a notebook

usage: perturbook fit METHOD --data PATH... --out FOLDER [options]
       perturbook fit METHOD --out FOLDER --resume
       perturbook fit --list                  the methods there are

  --data PATH...         files or folders, several as one screen; or simulate:counts, simulate:images, simulate:bias
  --out FOLDER           where model, embedding, history, report and checkpoints go
  --preset quick|paper   the plan that settings start from; paper where nothing is said
  --config FILE          settings that differ from it, as TOML: tables `settings` and `run`, such as another run's plan.toml
  --set NAME=VALUE       a setting by its name or the end of it, such as run.epochs or epochs; may be repeated;
                         VALUE none: without what can be left out
  --seed N               the seed of the run
  --device D             auto, cpu, cuda, cuda:1; else what PERTURBOOK_DEVICE says
  --perturbation COLUMN  the column that names the perturbation, where it has no usual name
  --control LABEL        the label of control cells; may be repeated
  --batch COLUMN         the column that names the batch
  --fold I/N             learn without part I of N of every perturbation's cells; all are embedded, a column says the part
  --resume               go on with the run in the folder, with its settings and data where none are given

Ctrl-C or SIGTERM stops at the next step and keeps what was learned.
";

/// A method of the command.
struct Entry {
    name: &'static str,
    about: &'static str,
    fit: fn(Arguments, &mut dyn Write) -> Outcome<Ended>,
}

fn entry<M: Method>(about: &'static str) -> Entry {
    Entry { name: M::NAME, about, fit: fit_with::<M> }
}

/// The methods there are, one line each: `entry::<TYPE>("what it learns from what")`.
fn methods() -> Vec<Entry> {
    vec![
        entry::<contrastive_vi::Model>("ContrastiveVI: background and salient codes from counts"),
        entry::<engineered::Engineered>("engineered features of cells from images, and their principal components"),
        entry::<grape::Model>("GRAPE: a vector for each perturbation from images"),
        entry::<mcvae::McVae>("Multi-ContrastiveVAE, VAE and cVAE: background and salient codes from images"),
        entry::<sc_vae::Model>("SC-VAE: background and salient codes and a classifier from counts"),
        entry::<sc_vi::Model>("scVI: one code from counts"),
        entry::<set_dino::Model>("Set-DINO: features of cells from sets of images"),
    ]
}

/// Runs the command with the arguments behind `perturbook fit`; the process's exit code.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    start(&methods(), arguments)
}

/// The same command for a method of one's own alone: a program of one line.
pub fn main_with<M: Method>(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    start(&[entry::<M>("this program's method")], arguments)
}

fn start(methods: &[Entry], arguments: impl IntoIterator<Item = String>) -> ExitCode {
    crate::stop::listen_to_termination();
    let arguments: Vec<String> = arguments.into_iter().collect();
    match run_one_of(methods, &arguments, &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.into(),
    }
}

/// Runs the command and writes its result to `out`.
///
/// ```
/// let mut out = Vec::new();
/// perturbook::methods::command::run(&["--list".into()], &mut out).unwrap();
/// assert!(String::from_utf8_lossy(&out).contains("perturbook fit METHOD"));
/// let failure = perturbook::methods::command::run(&["no_such_method".into()], &mut out).unwrap_err();
/// assert_eq!(failure.code(), 2);
/// ```
///
/// # Errors
/// As [`fit_with`]; and when there is no such method.
pub fn run(arguments: &[String], out: &mut dyn Write) -> Outcome<()> {
    run_one_of(&methods(), arguments, out)
}

fn run_one_of(methods: &[Entry], arguments: &[String], out: &mut dyn Write) -> Outcome<()> {
    let Some((first, rest)) = arguments.split_first() else {
        return Err(Failure::call("no method is named"));
    };
    let mut say = |text: &str| {
        writeln!(out, "{text}").map_err(|e| Error::new(format!("cannot write the result: {e}")).caused_by(e))
    };
    match first.as_str() {
        "-h" | "--help" | "help" => say(USAGE.trim_end())?,
        "--list" | "list" => say(&list(methods))?,
        name => {
            let method = methods.iter().find(|method| method.name == name).ok_or_else(|| {
                let names: Vec<&str> = methods.iter().map(|method| method.name).collect();
                Failure::call(format!("{name:?} is no method; there are {}", names.join(", ")))
            })?;
            if rest.iter().any(|word| word == "-h" || word == "--help") {
                say(USAGE.trim_end())?;
            } else {
                (method.fit)(Arguments::parse(rest.iter().cloned())?, out)?;
            }
        }
    }
    Ok(())
}

/// One line for each method.
fn list(methods: &[Entry]) -> String {
    Grid::new()
        .labels("method", methods.iter().map(|method| method.name))
        .text("what", methods.iter().map(|method| method.about))
        .note("one of them: perturbook fit METHOD --data PATH... --out FOLDER")
        .plain()
}
