//! Which columns of a table are the dimensions of an embedding and which are labels.
//!
//! Tools write embeddings in three ways: columns named `0`, `1`, `2`, ...; columns that share a prefix such as
//! `feature_0`; or columns of arbitrary names. Everything that is not a dimension is a label, unless labels are chosen.

use crate::io::parquet::{count, name_some};
use crate::{Error, Result};

/// How to find the dimensions and labels of an embedding among the columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnChoice {
    dims: Dims,
    labels: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Dims {
    Numbered,
    Prefix(String),
    Named(Vec<String>),
}

impl ColumnChoice {
    /// The dimensions are the columns whose name is a number, in the order of the numbers.
    pub fn numbered() -> Self {
        Self { dims: Dims::Numbered, labels: None }
    }

    /// The dimensions are the columns whose name starts with `prefix`; by the number that follows when all have one,
    /// else in file order.
    pub fn prefix(prefix: &str) -> Self {
        Self { dims: Dims::Prefix(prefix.to_owned()), labels: None }
    }

    /// The dimensions are exactly these columns, in this order.
    pub fn named<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self { dims: Dims::Named(columns.into_iter().map(Into::into).collect()), labels: None }
    }

    /// Keeps only these label columns.
    #[must_use]
    pub fn labels<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.labels = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Splits `columns` into dimensions and labels.
    ///
    /// ```
    /// use perturbook::screen::ColumnChoice;
    ///
    /// let columns = ["gene", "10", "9", "well"];
    /// let (dims, labels) = ColumnChoice::numbered().split(&columns)?;
    /// assert_eq!(dims, ["9", "10"]);
    /// assert_eq!(labels, ["gene", "well"]);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When no column is a dimension, or columns that were asked for are missing (all of them are listed).
    pub fn split<S: AsRef<str>>(&self, columns: &[S]) -> Result<(Vec<String>, Vec<String>)> {
        let all: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
        let dims: Vec<String> = match &self.dims {
            Dims::Numbered => numbered(&all, ""),
            Dims::Prefix(prefix) => numbered(&all, prefix),
            Dims::Named(names) => names.clone(),
        };
        let there = format!("the columns there are: {}", name_some(&all));
        if dims.is_empty() {
            let what = match &self.dims {
                Dims::Numbered => "no column is named by a number".to_owned(),
                Dims::Prefix(prefix) => format!("no column starts with {prefix:?}"),
                Dims::Named(_) => "no dimension was named".to_owned(),
            };
            return Err(
                Error::new(what).fix(format!("choose with ColumnChoice::prefix or ColumnChoice::named; {there}"))
            );
        }
        let labels: Vec<String> = match &self.labels {
            Some(labels) => labels.clone(),
            None => all.iter().filter(|&c| !dims.iter().any(|d| d == c)).map(|&c| c.to_owned()).collect(),
        };
        let missing: Vec<&str> =
            dims.iter().chain(&labels).map(String::as_str).filter(|name| !all.contains(name)).collect();
        if !missing.is_empty() {
            return Err(
                Error::new(format!("{} missing: {}", count(missing.len(), "column"), name_some(&missing))).fix(there)
            );
        }
        if let Some(both) = labels.iter().find(|label| dims.contains(label)) {
            return Err(Error::new(format!("the column {both:?} is chosen as a dimension and as a label"))
                .fix("take it out of one of the two lists"));
        }
        Ok((dims, labels))
    }
}

impl Default for ColumnChoice {
    fn default() -> Self {
        Self::numbered()
    }
}

/// The columns that are `prefix` and something more, ordered by number. With an empty prefix the rest must be a number.
fn numbered(columns: &[&str], prefix: &str) -> Vec<String> {
    let matching = columns.iter().filter_map(|&c| c.strip_prefix(prefix).map(|rest| (rest.parse::<u64>().ok(), c)));
    let mut found: Vec<(Option<u64>, &str)> = matching.filter(|(n, _)| !prefix.is_empty() || n.is_some()).collect();
    if found.iter().all(|(n, _)| n.is_some()) {
        found.sort_by_key(|&(n, _)| n);
    }
    found.into_iter().map(|(_, c)| c.to_owned()).collect()
}
