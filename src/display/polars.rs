//! Data frames: the first and last rows with types, numbers to the right, missing values as such.

use polars::prelude::{AnyValue, DataFrame};

use super::grid::Column;
use super::{Bundle, Grid, Show, number};

const HEAD: usize = 10;
const TAIL: usize = 5;
const COLUMNS: usize = 24;

impl Show for DataFrame {
    /// `text/html` with 10 first and 5 last rows of up to 24 columns; `text/plain` is polars' own text.
    fn bundle(&self) -> Bundle {
        let (rows, columns) = self.shape();
        let cut = rows > HEAD + TAIL;
        let shown: Vec<usize> = if cut { (0..HEAD).chain(rows - TAIL..rows).collect() } else { (0..rows).collect() };
        let mut grid = Grid::new();
        for column in self.columns().iter().take(COLUMNS) {
            let mut cells: Vec<String> =
                shown.iter().map(|&row| column.get(row).map_or_else(|_| String::new(), cell)).collect();
            if cut {
                cells.insert(HEAD, "⋮".to_owned());
            }
            let head = vec![column.name().to_string(), column.dtype().to_string()];
            grid =
                grid.column(Column { head, cells, right: column.dtype().is_primitive_numeric(), ..Column::default() });
        }
        if columns > COLUMNS {
            grid = grid.note(format!("and {} more columns", columns - COLUMNS));
        }
        let html = grid.note(format!("{rows} rows x {columns} columns")).html();
        Bundle::text(self.to_string()).with("text/html", html)
    }
}

fn cell(value: AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => "null".to_owned(),
        AnyValue::Float32(v) => number(f64::from(v)),
        AnyValue::Float64(v) => number(v),
        other => other.get_str().map_or_else(|| other.to_string(), str::to_owned),
    }
}
