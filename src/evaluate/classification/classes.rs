//! Labels as numbers: the distinct names in ascending order, and the number of each row.
//!
//! Names that are all whole numbers are ordered as numbers, so that batch 10 follows batch 9.

use polars::prelude::{DataFrame, DataType, PolarsError};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The class of each row.
///
/// ```
/// use perturbook::evaluate::classification::Classes;
///
/// let batches = Classes::new(&["10", "9", "10"])?;
/// assert_eq!((batches.names(), batches.codes()), (&["9".to_owned(), "10".into()][..], &[1, 0, 1][..]));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes {
    names: Vec<String>,
    codes: Vec<usize>,
}

impl Classes {
    /// Numbers the labels.
    ///
    /// # Errors
    /// When there is no label.
    pub fn new<L: AsRef<str>>(labels: &[L]) -> Result<Self> {
        if labels.is_empty() {
            return Err(Error::new("no label").at("classes").fix("give one label for each row"));
        }
        let mut names: Vec<&str> = labels.iter().map(AsRef::as_ref).collect();
        names.sort_unstable();
        names.dedup();
        if names.iter().all(|name| name.parse::<i64>().is_ok()) {
            names.sort_by_cached_key(|name| (name.parse::<i64>().unwrap_or(i64::MAX), (*name).to_owned()));
        }
        let code: std::collections::HashMap<&str, usize> =
            names.iter().enumerate().map(|(code, name)| (*name, code)).collect();
        let codes = labels.iter().filter_map(|label| code.get(label.as_ref()).copied()).collect();
        Ok(Self { names: names.into_iter().map(str::to_owned).collect(), codes })
    }

    /// The labels of a column of a table.
    ///
    /// ```
    /// use perturbook::evaluate::classification::Classes;
    /// use polars::prelude::df;
    ///
    /// let table = df!("well" => ["A1", "A2", "A1"]).unwrap();
    /// assert_eq!(Classes::of_column(&table, "well")?.counts(), [2, 1]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such column, it cannot be text, or a row has no label.
    pub fn of_column(table: &DataFrame, column: &str) -> Result<Self> {
        let unusable = |e: PolarsError| {
            let names = table.get_column_names().iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            Error::new(format!("the column {column:?} cannot label rows: {e}"))
                .at("table of labels")
                .fix(format!("choose one of: {names}"))
                .caused_by(e)
        };
        let text = table.column(column).and_then(|c| c.cast(&DataType::String)).map_err(unusable)?;
        let labels = text.str().map_err(unusable)?.iter().enumerate().map(|(row, label)| {
            label.ok_or_else(|| {
                Error::new(format!("no label in the column {column:?}")).at(format!("row {row}")).fix("drop these rows")
            })
        });
        Self::new(&labels.collect::<Result<Vec<&str>>>()?)
    }

    /// Classes by number: `codes` below the number of `names`.
    ///
    /// # Errors
    /// When there is no row, or a code has no name.
    pub fn from_codes(codes: Vec<usize>, names: Vec<String>) -> Result<Self> {
        if codes.is_empty() {
            return Err(Error::new("no label").at("classes").fix("give one label for each row"));
        }
        if let Some((row, code)) = codes.iter().enumerate().find(|(_, code)| **code >= names.len()) {
            return Err(Error::new(format!("class {code} has no name"))
                .at(format!("row {row}"))
                .fix(format!("use numbers below {}, or name more classes", names.len())));
        }
        Ok(Self { names, codes })
    }

    /// The names of the classes.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// For each row the position of its class in [`Classes::names`].
    pub fn codes(&self) -> &[usize] {
        &self.codes
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Rows of each class.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        self.codes.iter().for_each(|&code| counts[code] += 1);
        counts
    }

    /// The class of a row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn of(&self, row: usize) -> &str {
        &self.names[self.codes[row]]
    }

    /// The classes of these rows; the names stay.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self { names: self.names.clone(), codes: rows.iter().map(|&row| self.codes[row]).collect() }
    }
}
