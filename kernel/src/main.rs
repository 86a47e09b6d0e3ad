//! `perturbook`: run notebooks headless, test the project, check the machine.
//!
//! In a checkout, `cargo book` is short for this command.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod doctor;
mod facade;
mod notebook;
mod report;
mod run;
mod session;
mod test;
mod workspace;

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
    /// Build the library that notebooks preload, so that the next run starts at once.
    Build,
    /// Run everything the project tests.
    Test(test::Options),
    /// Check what a notebook needs on this machine, and say how to get what is missing.
    Doctor,
}

fn main() -> ExitCode {
    let result = session::runtime::hook().and_then(|()| match Cli::parse().command {
        Command::Run(options) => run::run(&options),
        Command::Build => Workspace::find().and_then(|workspace| Facade::build(&workspace)).map(|_| true),
        Command::Test(options) => test::run(&options),
        Command::Doctor => doctor::run(),
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
