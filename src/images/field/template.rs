//! Names of files made from columns of a table: `plate/{well}_Site-{tile}.tif`.

use polars::prelude::{DataFrame, DataType};

use crate::{Error, Result};

/// Text with columns between: `before[i]` stands before column i, `end` after the last.
#[derive(Debug)]
pub(super) struct Template {
    parts: Vec<(String, String)>,
    end: String,
}

impl Template {
    pub(super) fn new(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (column, after) = after.split_once('}').ok_or_else(|| {
                Error::new(format!("a brace of the file name {text:?} is not closed"))
                    .fix("write columns of the table in braces, such as {well}.tif")
            })?;
            parts.push((before.to_owned(), column.to_owned()));
            rest = after;
        }
        Ok(Self { parts, end: rest.to_owned() })
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|(_, column)| column.as_str())
    }

    /// The name for each row of the table.
    pub(super) fn fill(&self, table: &DataFrame) -> Result<Vec<String>> {
        let mut names = vec![String::new(); table.height()];
        for (before, column) in &self.parts {
            let wrong =
                |e| Error::new(format!("the column {column:?} cannot be part of a file's name: {e}")).caused_by(e);
            let text = table.column(column).and_then(|column| column.cast(&DataType::String)).map_err(wrong)?;
            for (row, (name, value)) in names.iter_mut().zip(text.str().map_err(wrong)?.iter()).enumerate() {
                let value = value.ok_or_else(|| {
                    Error::new("a value that names a file is missing").at(format!("row {row}, column {column:?}"))
                })?;
                name.push_str(before);
                name.push_str(value);
            }
        }
        names.iter_mut().for_each(|name| name.push_str(&self.end));
        Ok(names)
    }
}
