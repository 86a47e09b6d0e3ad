//! Labels from several columns at once, and from columns that are not filled everywhere.

use polars::prelude::{DataFrame, DataType};

use super::labels::RowLabels;
use crate::{Error, Result};

/// What stands between the values of a joint label.
const BETWEEN: &str = " | ";

/// What a missing value in a column of labels means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing<'a> {
    /// It is an error: every row must be labelled.
    #[default]
    Refused,
    /// It is a value of its own with this name, which rows can share. cytominer-eval treats missing values so, since it
    /// reads them as the text `nan`.
    Named(&'a str),
}

impl RowLabels {
    /// Rows share a label when they agree in all of these columns, for instance compound and dose; the table is that of
    /// an embedding or a screen. A label is written as the values with ` | ` between them.
    ///
    /// ```
    /// use perturbook::evaluate::{Missing, RowLabels};
    /// use polars::prelude::df;
    ///
    /// let table = df!(
    ///     "compound" => [Some("DMSO"), Some("taxol"), Some("taxol"), None],
    ///     "dose" => [0.0, 1.5, 3.0, 0.0],
    /// ).unwrap();
    /// let labels = RowLabels::of_columns(&table, &["compound", "dose"], Missing::Named("none"))?;
    /// assert_eq!(labels.names(), ["DMSO | 0.0", "none | 0.0", "taxol | 1.5", "taxol | 3.0"]);
    /// assert!(RowLabels::of_columns(&table, &["compound"], Missing::Refused).is_err());
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When no column is given, the table lacks one, or a value is missing and that is refused.
    pub fn of_columns(table: &DataFrame, columns: &[&str], missing: Missing<'_>) -> Result<Self> {
        if columns.is_empty() {
            return Err(Error::new("no column was given").at("RowLabels::of_columns").fix("name at least one"));
        }
        let mut labels: Vec<Vec<String>> = vec![Vec::with_capacity(columns.len()); table.height()];
        for &column in columns {
            let unusable = |e: polars::prelude::PolarsError| {
                let have: Vec<&str> = table.get_column_names().into_iter().map(|name| name.as_str()).collect();
                Error::new(format!("the column {column:?} cannot label rows: {e}"))
                    .at("table")
                    .fix(format!("choose among: {}", have.join(", ")))
                    .caused_by(e)
            };
            let text = table.column(column).and_then(|c| c.cast(&DataType::String)).map_err(unusable)?;
            for (row, (label, value)) in labels.iter_mut().zip(text.str().map_err(unusable)?.iter()).enumerate() {
                label.push(match (value, missing) {
                    (Some(value), _) => value.to_owned(),
                    (None, Missing::Named(name)) => name.to_owned(),
                    (None, Missing::Refused) => {
                        return Err(Error::new(format!("no label in the column {column:?}"))
                            .at(format!("row {row}"))
                            .fix("drop these rows, or let Missing::Named give them a label of their own"));
                    }
                });
            }
        }
        // Compared value by value: ("a | b", "c") and ("a", "b | c") are different labels.
        Ok(Self::joint(&labels, BETWEEN))
    }
}
