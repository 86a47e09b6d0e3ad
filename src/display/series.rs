//! One column of a data frame by itself.

use polars::prelude::{Column as Data, DataType, Series};

use super::edges::edges;
use super::frame::{ROWS, TEXT, column};
use super::memory::memory;
use super::statistics::Statistics;
use super::{Bundle, Grid, Show};
use crate::io::parquet::count;

impl Show for Series {
    /// `text/html` with the 10 first and 5 last values and their range; `text/plain` is polars' own text.
    fn bundle(&self) -> Bundle {
        let rows = edges(self.len(), ROWS.0, ROWS.1);
        let mut grid = Grid::new().column(column(&self.clone().into(), &rows, TEXT));
        grid = grid.one_line().note(format!("{}, {}", count(self.len(), "value"), memory(self.estimated_size())));
        if let Some(values) = numbers(&self.clone().into()) {
            grid = grid.note(Statistics::of(values.into_iter().flatten()).text());
        }
        Bundle::text(self.to_string()).with("text/html", grid.html())
    }
}

impl Show for Data {
    /// As a [`Series`].
    fn bundle(&self) -> Bundle {
        self.as_materialized_series().bundle()
    }
}

/// The values as numbers, `None` where one is missing; `None` for a column that does not hold numbers.
pub(super) fn numbers(data: &Data) -> Option<Vec<Option<f64>>> {
    if !data.dtype().is_primitive_numeric() {
        return None;
    }
    let data = data.cast(&DataType::Float64).ok()?;
    Some(data.f64().ok()?.iter().collect())
}
