//! The one error type: what was wrong, where, and what to do about it.
//!
//! `Debug` prints the same text as `Display`, because that is what a notebook shows when a cell ends in `?`.

use std::fmt;
use std::path::Path;

/// What every fallible function of this crate returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Something that went wrong, said so that a reader can act on it.
///
/// ```
/// let e = perturbook::Error::new("the embedding holds NaN")
///     .at("row 17 (TP53), column 3")
///     .fix("drop the row or impute the value before building the embedding");
/// assert_eq!(
///     e.to_string(),
///     "the embedding holds NaN\n  where: row 17 (TP53), column 3\n  \
///      fix:   drop the row or impute the value before building the embedding"
/// );
/// ```
pub struct Error {
    what: String,
    place: Option<String>,
    fix: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error that says `what` was wrong; add the place with [`Error::at`] and the remedy with [`Error::fix`].
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), place: None, fix: None, source: None }
    }

    /// A file that could not be opened, read or written.
    pub fn file(path: impl AsRef<Path>, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(format!("cannot use the file: {source}")).at(path.as_ref().display().to_string()).caused_by(source)
    }

    /// Says where it happened: file, row, column, key.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Keeps the error of another library that led here.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(place) = &self.place {
            write!(f, "\n  where: {place}")?;
        }
        if let Some(fix) = &self.fix {
            write!(f, "\n  fix:   {fix}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
