//! The command `perturbook`: a Jupyter kernel with the library preloaded, and a headless runner for its notebooks.
//!
//! In a checkout, `cargo book` is short for this command. The tests of this package drive the command itself; what they
//! and the benches need besides is public here.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod assist;
mod data;
mod doctor;
mod environment;
pub mod facade;
mod fit;
mod install;
mod jupyter;
mod lab;
mod notebook;
mod parameters;
mod report;
mod run;
mod session;
mod stored;
mod test;
pub mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use facade::Facade;
use workspace::Workspace;

/// Learn and teach what genetic perturbation screens say, in Rust notebooks.
#[derive(Parser)]
#[command(name = "perturbook", bin_name = "cargo book", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Execute notebooks headless; write the executed notebooks and a report page for each.
    Run(run::Options),
    /// Check that the outputs stored in notebooks belong to their cells; nothing is executed.
    Check(stored::Options),
    /// Build the library that notebooks preload, so that the next run starts at once.
    Build,
    /// Run everything the project tests.
    Test(test::Options),
    /// Check what a notebook needs on this machine, and say how to get what is missing.
    Doctor,
    /// Public datasets: list, info, get, verify; and inspect, which says what a file is.
    Data(data::Options),
    /// Train a method on a screen, without a notebook; `fit --list` names the methods.
    Fit(fit::Options),
    /// Make the kernel known to Jupyter and VS Code.
    Install(install::Options),
    /// Start JupyterLab with the kernel.
    Lab(lab::Options),
    /// Serve one notebook; Jupyter calls this.
    Kernel(jupyter::Options),
}

/// Bytes of stack for threads that parse cells: a long sum nests as deep as it has terms. Only what is used is taken.
const STACK: usize = 256 << 20;

/// Runs the command line; the process's exit code.
pub fn main() -> ExitCode {
    let result = session::runtime::hook().and_then(|()| {
        let command = Cli::parse().command;
        let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || run_command(command))?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_command(command: Command) -> anyhow::Result<bool> {
    match command {
        Command::Run(options) => run::run(&options),
        Command::Check(options) => stored::check(&options),
        Command::Build => {
            let workspace = Workspace::find();
            workspace.and_then(|workspace| Facade::build(&workspace, &mut |text| eprint!("{text}"))).map(|_| true)
        }
        Command::Test(options) => test::run(&options),
        Command::Doctor => doctor::run(),
        Command::Data(options) => data::run(&options),
        Command::Fit(options) => fit::run(&options),
        Command::Install(options) => install::install(&options),
        Command::Lab(options) => lab::lab(&options),
        Command::Kernel(options) => jupyter::run(&options),
    }
}
