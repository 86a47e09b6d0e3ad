//! The table that keys make: one row per key, one column per field of the pattern.

use polars::prelude::{Column, DataFrame};

use super::KeyPattern;
use super::key::Form;
use crate::{Error, Result};

/// Collects keys into columns: whole numbers as `i64`, everything else as text.
pub(super) struct KeyTable<'p> {
    pattern: &'p KeyPattern,
    columns: Vec<Values>,
}

enum Values {
    Text(Vec<String>),
    Numbers(Vec<i64>),
}

impl<'p> KeyTable<'p> {
    pub(super) fn new(pattern: &'p KeyPattern) -> Self {
        let columns = pattern.forms().map(|form| match form {
            Form::Number => Values::Numbers(Vec::new()),
            _ => Values::Text(Vec::new()),
        });
        Self { pattern, columns: columns.collect() }
    }

    pub(super) fn push(&mut self, key: &str) -> Result<()> {
        let parsed = self.pattern.parse(key)?;
        for (column, value) in self.columns.iter_mut().zip(parsed.values()) {
            match column {
                Values::Text(values) => values.push((*value).to_owned()),
                Values::Numbers(values) => values.push(
                    value.parse().map_err(|e| Error::new(format!("{value:?} in the key {key:?} is no number: {e}")))?,
                ),
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<DataFrame> {
        let names = self.pattern.names();
        let columns: Vec<Column> = names
            .zip(self.columns)
            .map(|(name, values)| match values {
                Values::Text(values) => Column::new(name.into(), values),
                Values::Numbers(values) => Column::new(name.into(), values),
            })
            .collect();
        let height = columns.first().map_or(0, Column::len);
        DataFrame::new(height, columns).map_err(|e| Error::new(format!("the keys make no table: {e}")).caused_by(e))
    }
}
