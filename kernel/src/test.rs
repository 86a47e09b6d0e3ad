//! `cargo book test`: everything the project tests.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use crossbeam_channel::Receiver;

use crate::facade::Facade;
use crate::workspace::Workspace;

/// What `cargo book test` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Passed on to `cargo test`, for instance the name of a test
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// The packages. Together cargo would unify the features of their dependencies and compile the large ones once more than
/// the notebooks need.
const LIBRARY: &str = "perturbook";
const KERNEL: &str = "perturbook-kernel";
/// How much the library's tests step back behind the kernel's, which mostly wait but count seconds when they do not.
const NICE: i32 = 10;

/// Runs the tests of both packages; true when all passed.
///
/// Once the library's tests run, those of the kernel are compiled and run beside them; what they print comes after.
pub fn run(options: &Options) -> Result<bool> {
    let workspace = Workspace::find()?;
    // The kernel's tests run real kernels.
    Facade::build(&workspace, &mut |text| eprint!("{text}"))?;
    let mut printed = Printed::default();
    let mut library = test(&workspace, LIBRARY, options).stdout(Stdio::piped()).spawn().context(CANNOT)?;
    let mut kernel = None;
    for line in BufReader::new(library.stdout.take().context("cargo test has no stdout")?).lines() {
        let line = line?;
        // A test program runs: cargo has compiled all of them, and the folder is free.
        if kernel.is_none() && line.starts_with("running ") {
            kernel = Some(Beside::start(test(&workspace, KERNEL, options))?);
            let cargo = rustix::process::Pid::from_child(&library);
            rustix::process::setpriority_process(Some(cargo), NICE).context("cannot make tests polite")?;
        }
        printed.add(&line);
    }
    let mut passed = library.wait()?.success();
    let kernel = match kernel {
        Some(kernel) => kernel,
        None => Beside::start(test(&workspace, KERNEL, options))?,
    };
    passed &= kernel.finish(&mut printed)?;
    print!("{}", printed.failures.text);
    let counts = printed.counts;
    println!("\n{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.ignored);
    Ok(passed)
}

const CANNOT: &str = "cannot run cargo test";

/// cargo, about to test a package.
fn test(workspace: &Workspace, package: &str, options: &Options) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--no-fail-fast", "--package", package]).args(&options.rest);
    cargo
}

/// Tests that run beside others. What they print is kept until it is asked for.
struct Beside {
    cargo: Child,
    lines: Receiver<std::io::Result<String>>,
}

impl Beside {
    fn start(mut cargo: Command) -> Result<Self> {
        let (from, to) = std::io::pipe()?;
        let cargo = cargo.stdout(to.try_clone()?).stderr(to).spawn().context(CANNOT)?;
        let (send, lines) = crossbeam_channel::unbounded();
        std::thread::spawn(move || BufReader::new(from).lines().try_for_each(|line| send.send(line)));
        Ok(Self { cargo, lines })
    }

    /// Prints what was kept and what still comes; true when all passed.
    fn finish(mut self, printed: &mut Printed) -> Result<bool> {
        for line in self.lines {
            printed.add(&line?);
        }
        Ok(self.cargo.wait()?.success())
    }
}

/// What test programs print, line by line: shown, counted, and kept where it tells of failures.
#[derive(Default)]
struct Printed {
    counts: Counts,
    failures: Failures,
}

impl Printed {
    fn add(&mut self, line: &str) {
        println!("{line}");
        self.counts.add(line);
        self.failures.add(line);
    }
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
