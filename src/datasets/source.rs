//! Where a value came from, carried beside it.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// The origin of data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Source {
    /// A file that was on this machine.
    File(PathBuf),
    /// A public address, downloaded just now.
    Downloaded(String),
    /// A simulation with known ground truth, because the real data were not there.
    Simulated {
        /// Why the real data were not there.
        reason: String,
    },
}

impl Source {
    /// True when the data are simulated.
    pub fn is_simulated(&self) -> bool {
        matches!(self, Self::Simulated { .. })
    }

    /// What a reader must be told before looking at a result; `None` for real data.
    ///
    /// ```
    /// use perturbook::datasets::Source;
    ///
    /// let source = Source::Simulated { reason: "PERTURBOOK_OFFLINE is set".into() };
    /// assert!(source.notice().unwrap().starts_with("SIMULATED DATA"));
    /// assert!(Source::File("embedding.parquet".into()).notice().is_none());
    /// ```
    pub fn notice(&self) -> Option<String> {
        match self {
            Self::Simulated { reason } => Some(format!(
                "SIMULATED DATA, NOT A REAL SCREEN. THE GENES DO NOT EXIST AND NO NUMBER BELOW IS A FINDING.\n\
                 Reason: {reason}.\n\
                 Go online, or set PERTURBOOK_DATA to a folder that holds the files."
            )),
            Self::File(_) | Self::Downloaded(_) => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Its name only: what is shown is shared, and other machines have other folders.
            Self::File(path) => write!(f, "file {}", path.file_name().unwrap_or_default().display()),
            Self::Downloaded(address) => write!(f, "downloaded from {address}"),
            Self::Simulated { reason } => write!(f, "SIMULATED ({})", reason.lines().next().unwrap_or_default()),
        }
    }
}

/// A value and its origin.
#[derive(Clone, Debug)]
pub struct Sourced<T> {
    /// The data.
    pub value: T,
    /// Where they came from.
    pub source: Source,
}
