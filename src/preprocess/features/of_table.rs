//! Controls and batches named by the columns of a table.

use polars::prelude::{DataFrame, DataType, PolarsError};

use super::Controls;
use crate::io::parquet::require_columns;
use crate::{Error, Result};

impl Controls {
    /// The rows of a table whose label in `column` is `control`.
    ///
    /// ```
    /// use ndarray::array;
    /// use perturbook::preprocess::features::{Controls, standard_scaled};
    /// use perturbook::screen::Embedding;
    /// use polars::prelude::df;
    ///
    /// let table = df!("gene" => ["nt", "nt", "A", "nt", "nt", "A"], "plate" => [1, 1, 1, 2, 2, 2]).unwrap();
    /// let cells = Embedding::new(array![[1.0], [3.0], [4.0], [11.0], [13.0], [14.0]], table)?;
    /// let controls = Controls::of_table(cells.table(), "gene", "nt")?.within_column(cells.table(), "plate")?;
    /// let scaled = standard_scaled(cells.values(), &controls)?; // each plate on its own controls
    /// assert_eq!(scaled.column(0).to_vec(), [-1.0, 1.0, 2.0, -1.0, 1.0, 2.0]);
    /// let scaled = cells.with_values(scaled.mapv(|v| v as f32))?;
    /// assert_eq!(scaled.table().height(), 6);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such column, or no row has this label.
    pub fn of_table(table: &DataFrame, column: &str, control: &str) -> Result<Self> {
        let labels = labels(table, column)?;
        Self::of(&labels, control).map_err(|e| Error::new(format!("column {column:?}: {e}")))
    }

    /// The same controls, each row to be compared with those of equal label in `column`, such as a plate or well.
    ///
    /// # Errors
    /// When there is no such column, or a batch holds no control.
    pub fn within_column(self, table: &DataFrame, column: &str) -> Result<Self> {
        let labels = labels(table, column)?;
        self.within(&labels).map_err(|e| Error::new(format!("column {column:?}: {e}")))
    }
}

/// A column as text; a row without a label is an error.
fn labels(table: &DataFrame, column: &str) -> Result<Vec<String>> {
    let place = "table of the rows";
    require_columns(table, &[column], place)?;
    let unusable =
        |e: PolarsError| Error::new(format!("the column {column:?} cannot label rows: {e}")).at(place).caused_by(e);
    let text = table.column(column).and_then(|c| c.cast(&DataType::String)).map_err(unusable)?;
    let rows = text.str().map_err(unusable)?.iter().enumerate();
    rows.map(|(row, label)| {
        label.map(str::to_owned).ok_or_else(|| {
            Error::new(format!("no label in the column {column:?}")).at(format!("row {row}")).fix("fill or drop it")
        })
    })
    .collect()
}
