//! Frames that are not computed yet: the columns they will have and how they will be made.

use polars::prelude::LazyFrame;

use super::column::Cell;
use super::{Bundle, Grid, Show};
use crate::io::parquet::count;

/// Lines of the plan that are shown.
const LINES: usize = 8;

/// Columns that are listed.
const COLUMNS: usize = 40;

impl Show for LazyFrame {
    /// Nothing is computed: names and types come from the plan, which may read the head of a file.
    fn bundle(&self) -> Bundle {
        let schema = match self.clone().collect_schema() {
            Ok(schema) => schema,
            Err(error) => return Bundle::text(format!("lazy frame that cannot be computed: {error}")),
        };
        let cut = |text: &str| Cell::cut(text, 100).text;
        let mut grid = Grid::new()
            .labels("column", schema.iter_names().take(COLUMNS).map(|name| cut(name)))
            .text("type", schema.iter_values().take(COLUMNS).map(ToString::to_string));
        if schema.len() > COLUMNS {
            grid = grid.note(format!("and {} more columns", schema.len() - COLUMNS));
        }
        grid = grid.note(format!("lazy frame of {}: .collect()? computes it", count(schema.len(), "column")));
        let plan = self.explain(false).unwrap_or_default();
        let lines: Vec<&str> = plan.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let mut steps: Vec<String> = lines.iter().take(LINES).map(|line| cut(line)).collect();
        if lines.len() > LINES {
            steps.push(format!("and {} more lines", lines.len() - LINES));
        }
        if !steps.is_empty() {
            grid = grid.note(format!("plan: {}", steps.join(" · ")));
        }
        grid.bundle()
    }
}
