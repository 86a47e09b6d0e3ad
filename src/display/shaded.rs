//! Data frames with columns of numbers shaded by size.

use polars::prelude::{Column, DataFrame};

use super::series::numbers;
use super::shade::Shades;
use super::{Bundle, Show, frame};
use crate::{Error, Result};

/// A data frame that shows the sizes of some columns as shades.
#[derive(Clone, Debug)]
pub struct ShadedFrame {
    frame: DataFrame,
    columns: Vec<String>,
}

/// Asks a data frame for shades.
pub trait ShadeColumns {
    /// The same table with these columns shaded: white at the smallest value of the column, blue at its largest, none
    /// behind missing values and NaN.
    ///
    /// ```
    /// use perturbook::prelude::*;
    /// use polars::prelude::df;
    ///
    /// let frame = df!("map" => ["a", "b"], "recall" => [0.25, 0.5]).unwrap();
    /// let html = frame.shaded(&["recall"])?.bundle().get("text/html").unwrap().to_string();
    /// assert!(html.contains("background:#ffffff") && html.contains("0.50"));
    /// assert!(frame.shaded(&["map"]).unwrap_err().to_string().contains("choose among \"recall\""));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a column does not exist or does not hold numbers; those that do are listed.
    fn shaded(&self, columns: &[&str]) -> Result<ShadedFrame>;
}

impl ShadeColumns for DataFrame {
    fn shaded(&self, columns: &[&str]) -> Result<ShadedFrame> {
        for name in columns {
            let what = match self.column(name) {
                Ok(column) if column.dtype().is_primitive_numeric() => continue,
                Ok(column) => format!("the column {name:?} holds {}, no numbers", column.dtype()),
                Err(_) => format!("no column {name:?}"),
            };
            let numeric: Vec<String> = self
                .columns()
                .iter()
                .filter(|column| column.dtype().is_primitive_numeric())
                .map(|column| format!("{:?}", column.name().as_str()))
                .collect();
            let fix = match numeric.len() {
                0 => "no column of this frame holds numbers".to_owned(),
                _ => format!("choose among {}", numeric.join(", ")),
            };
            return Err(Error::new(what).at("columns to shade").fix(fix));
        }
        Ok(ShadedFrame { frame: self.clone(), columns: columns.iter().map(|&name| name.to_owned()).collect() })
    }
}

impl ShadedFrame {
    fn shades(&self, column: &Column, rows: &[Option<usize>]) -> Vec<String> {
        if !self.columns.iter().any(|name| name == column.name().as_str()) {
            return Vec::new();
        }
        let values = numbers(column).unwrap_or_default();
        let shades = Shades::over(values.iter().copied().flatten());
        let shade = |row: &Option<usize>| row.and_then(|row| values[row]).map_or(String::new(), |v| shades.of(v));
        rows.iter().map(shade).collect()
    }
}

impl Show for ShadedFrame {
    fn bundle(&self) -> Bundle {
        let grid = frame::grid(&self.frame, |column, rows| self.shades(column, rows));
        Bundle::text(self.frame.to_string()).with("text/html", grid.html())
    }
}
