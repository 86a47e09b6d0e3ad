//! Table: named columns of text and numbers, with a caption, shown as HTML and as aligned text.

use super::axis::power_of_ten;
use super::same_length;
use crate::Result;
use crate::display::{Bundle, Column, Grid, Shades, Show};

/// A table under construction and finished.
///
/// ```
/// use perturbook::display::Show;
/// use perturbook::figures::Table;
///
/// let table = Table::new("Recall at 5 %")
///     .text("method", &["mcVAE", "VAE"])
///     .number("recall", &[0.3514, f64::NAN], 2)
///     .shaded()
///     .figure()?;
/// assert!(table.bundle().get("text/plain").unwrap().as_str().unwrap().contains("mcVAE     0.35\nVAE          –"));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Table {
    title: String,
    caption: String,
    columns: Vec<(Column, Vec<f64>)>,
}

impl Table {
    /// A table without columns.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), caption: String::new(), columns: Vec::new() }
    }

    /// Says below the table where it comes from.
    pub fn caption(mut self, text: &str) -> Self {
        text.clone_into(&mut self.caption);
        self
    }

    /// Adds a column of text; the first column of a table, when it is text, names the rows.
    pub fn text<S: AsRef<str>>(mut self, name: &str, values: &[S]) -> Self {
        let column = Column::new(name, values.iter().map(|v| v.as_ref().to_owned()));
        let column = if self.columns.is_empty() { column.labels() } else { column };
        self.columns.push((column, Vec::new()));
        self
    }

    /// Adds a column of numbers with this many decimals; NaN is shown as a dash.
    pub fn number(self, name: &str, values: &[f64], decimals: usize) -> Self {
        self.numbers(name, values, |v| format!("{v:.decimals$}"))
    }

    /// Adds a column of p-values: three decimals, below 0.001 in powers of ten.
    pub fn p_value(self, name: &str, values: &[f64]) -> Self {
        self.numbers(name, values, |v| {
            if !(0.0..1e-3).contains(&v) || v == 0.0 {
                return format!("{v:.3}");
            }
            let text = format!("{v:.1e}");
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            format!("{digits}×{}", power_of_ten(exponent.parse().unwrap_or(0)))
        })
    }

    /// Adds a column of counts.
    pub fn count(self, name: &str, values: &[usize]) -> Self {
        let values: Vec<f64> = values.iter().map(|&v| v as f64).collect();
        self.numbers(name, &values, |v| v.to_string())
    }

    fn numbers(mut self, name: &str, values: &[f64], format: impl Fn(f64) -> String) -> Self {
        let show = |&v: &f64| if v.is_nan() { "–".to_owned() } else { format(v).replace('-', "−") };
        self.columns.push((Column::new(name, values.iter().map(show)).right(), values.to_vec()));
        self
    }

    /// Shades the column of numbers added last: white at its smallest value, blue at its largest, nothing behind NaN.
    pub fn shaded(mut self) -> Self {
        if let Some((column, values)) = self.columns.last_mut() {
            let shades = Shades::over(values.iter().copied());
            column.shade = values.iter().map(|&v| shades.of(v)).collect();
        }
        self
    }

    /// The checked table.
    ///
    /// # Errors
    /// When columns differ in length.
    pub fn figure(self) -> Result<Self> {
        if let Some((first, _)) = self.columns.first() {
            for (column, _) in &self.columns {
                let what = format!("table {:?}, column {:?}", self.title, column.head(0));
                same_length(&what, ("rows in the first column", first.cells.len()), ("rows", column.cells.len()))?;
            }
        }
        Ok(self)
    }

    fn grid(&self) -> Grid {
        let grid = self.columns.iter().fold(Grid::new().title(&self.title), |g, (column, _)| g.column(column.clone()));
        let empty = self.columns.iter().all(|(column, _)| column.cells.is_empty());
        let grid = if empty { grid.note("no data") } else { grid };
        if self.caption.is_empty() { grid } else { grid.note(&self.caption) }
    }
}

impl Show for Table {
    fn bundle(&self) -> Bundle {
        self.grid().bundle()
    }
}
