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
    let mut failures = Failures::default();
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
            failures.add(&line);
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
    print!("{}", failures.text);
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

/// What failed tests said, to be read again at the end: thousands of lines of others lie between.
#[derive(Default)]
struct Failures {
    /// Of all test programs that have ended.
    text: String,
    /// Of the one that prints.
    program: String,
    /// Whether it has come to its failures.
    within: bool,
}

impl Failures {
    /// The most that one test program may say.
    const LONGEST: usize = 8_000;

    /// Keeps what a test program prints from `failures:` to its result, below the program's name.
    fn add(&mut self, line: &str) {
        if line.starts_with("failures:") && !self.within {
            self.within = true;
            self.program.clear();
        } else if line.starts_with("test result: ") {
            if std::mem::take(&mut self.within) {
                self.text += "\nfailed:";
                self.text += match self.program.char_indices().nth(Self::LONGEST) {
                    Some((end, _)) => &self.program[..end],
                    None => &self.program,
                };
                self.text += "\n";
            }
        } else if self.within {
            self.program += "\n";
            self.program += line;
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

    #[test]
    fn what_failed_tests_said_is_said_again_at_the_end() {
        let mut failures = Failures::default();
        let printed = "test one ... ok\ntest two ... FAILED\n\nfailures:\n\n---- two stdout ----\nleft: 1, right: 2\n\n\n\
                       failures:\n    two\n\ntest result: FAILED. 1 passed; 1 failed; 0 ignored\n\
                       test three ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored";
        printed.lines().for_each(|line| failures.add(line));
        assert!(failures.text.contains("---- two stdout ----\nleft: 1, right: 2\n"), "{}", failures.text);
        assert!(!failures.text.contains("three") && !failures.text.contains("test result"), "{}", failures.text);
    }
}
