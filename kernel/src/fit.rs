//! `cargo book fit`: training without a notebook.
//!
//! As with `data` the work is done by a program of the library. It takes the place of this one, so that signals reach it
//! and its exit code is the command's.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::data::build;
use crate::environment;

/// The program of the library.
const PROGRAM: &str = "perturbook-fit";

/// What `cargo book fit` takes.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Options {
    /// `METHOD --data PATH... --out FOLDER [options]`, or `--list`; `--help` says all of them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds the program and becomes it.
///
/// # Errors
/// When the program does not build or cannot be started.
pub fn run(options: &Options) -> Result<bool> {
    let program = build(PROGRAM)?;
    let mut command = Command::new(&program);
    environment::keep_memory(&mut command);
    let error = command.args(&options.rest).exec();
    Err(error).with_context(|| format!("cannot run {}", program.display()))
}
