//! `cargo book data`: public datasets, and what files are.
//!
//! The work is done by a program of the library, which this command does not link: cargo builds it where it is out of
//! date, and it runs in the folder and with the arguments that were given.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// The program of the library.
const PROGRAM: &str = "perturbook-data";

/// What `cargo book data` takes.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Options {
    /// `list`, `info NAME`, `get NAME [--dir FOLDER]`, `verify NAME [--dir FOLDER]` or `inspect FILE...`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds and runs the program; true when it ended well.
///
/// # Errors
/// When the program does not build or cannot be started.
pub fn run(options: &Options) -> Result<bool> {
    let program = build(PROGRAM)?;
    let status = Command::new(&program).args(&options.rest).status();
    Ok(status.with_context(|| format!("cannot run {}", program.display()))?.success())
}

/// Builds a program of the library; where it is.
///
/// # Errors
/// When it does not build.
pub fn build(name: &str) -> Result<PathBuf> {
    let workspace = Workspace::find()?;
    let program = workspace.target().join("debug").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--package", "perturbook", "--bin", name]).stdin(Stdio::null());
    if program.is_file() {
        // Brought up to date in a moment; the first build takes long and says how far it is.
        cargo.arg("--quiet");
    }
    if !cargo.status().context("cannot run cargo to build the program")?.success() {
        bail!("the program {name} does not build");
    }
    Ok(program)
}
