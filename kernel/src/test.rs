//! `cargo book test`: everything the project tests.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use anyhow::{Context, Result};

use crate::facade::Facade;
use crate::workspace::Workspace;

/// What `cargo book test` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Passed on to `cargo test`, for instance the name of a test
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// The packages, in the order they are tested in: together cargo would unify the features of their dependencies and compile
/// the large ones once more than the notebooks need.
const PACKAGES: [&str; 2] = ["perturbook", "perturbook-kernel"];

/// Runs the tests of both packages; true when all passed. While those of the first run, those of the second are compiled.
pub fn run(options: &Options) -> Result<bool> {
    let workspace = Workspace::find()?;
    // The kernel's tests run real kernels.
    Facade::build(&workspace, &mut |text| eprint!("{text}"))?;
    let mut counts = Counts::default();
    let mut passed = true;
    let mut next: Option<Child> = None;
    for (place, package) in PACKAGES.into_iter().enumerate() {
        if let Some(mut compiling) = next.take() {
            compiling.wait()?; // what does not compile is said by the tests themselves
        }
        let mut child = workspace
            .cargo()
            .args(["test", "--no-fail-fast", "--package", package])
            .args(&options.rest)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run cargo test")?;
        for line in BufReader::new(child.stdout.take().context("cargo test has no stdout")?).lines() {
            let line = line?;
            println!("{line}");
            counts.add(&line);
            // A test program runs: cargo has compiled all of them, and the folder is free.
            if let Some(later) = PACKAGES.get(place + 1)
                && next.is_none()
                && options.rest.is_empty()
                && line.starts_with("running ")
            {
                next = Some(compile(&workspace, later)?);
            }
        }
        passed &= child.wait()?.success();
    }
    println!("\n{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.ignored);
    Ok(passed)
}

/// Compiles the tests of a package, without a word.
fn compile(workspace: &Workspace, package: &str) -> Result<Child> {
    workspace
        .cargo()
        .args(["test", "--no-run", "--quiet", "--package", package])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot run cargo test")
}

#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Counts {
    /// Counts a check that says it was skipped, or adds up a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out`.
    fn add(&mut self, line: &str) {
        // A test that found its data missing passes, and says so; libtest may have begun the line.
        self.ignored += usize::from(line.contains("skipped: "));
        let Some(result) = line.strip_prefix("test result: ") else { return };
        for part in result.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<usize>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_cargo_test_are_added_up() {
        let mut counts = Counts::default();
        counts.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s");
        counts.add("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out");
        counts.add("running 3 tests");
        assert_eq!((counts.passed, counts.failed, counts.ignored), (5, 1, 1));
    }
}
