//! Why the command did not do what it was asked for, and the exit code that says so.

use std::fmt;
use std::process::ExitCode;

use super::USAGE;
use crate::Error;

/// What went wrong.
#[derive(Debug)]
pub enum Failure {
    /// The command was called wrongly: an option, a setting or a name that does not exist. Exit code 2.
    Usage(Error),
    /// What was asked for could not be done. Exit code 1.
    Run(Error),
}

/// What the command gives, or why it does not.
pub type Outcome<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A call that cannot be understood; how the command is called stands below.
    pub(super) fn call(what: impl Into<String>) -> Self {
        Self::Usage(Error::new(what).at("perturbook fit").fix(format!("see how it is called:\n\n{USAGE}")))
    }

    /// The error itself.
    pub fn error(&self) -> &Error {
        match self {
            Self::Usage(error) | Self::Run(error) => error,
        }
    }

    /// 2 for a wrong call, else 1.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Run(_) => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error().fmt(f)
    }
}

impl std::error::Error for Failure {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Run(error)
    }
}

impl From<Failure> for ExitCode {
    fn from(failure: Failure) -> Self {
        eprintln!("error: {failure}");
        Self::from(failure.code())
    }
}
