//! Labels of cells as numbers: the distinct names, and for each cell the number of its name.
//!
//! Four bytes a cell, however long the names are. The numbers follow the order in which names first appear in the table
//! of the whole screen, so that they mean the same in every view of it.

use std::collections::HashMap;
use std::sync::Arc;

use polars::prelude::{DataFrame, DataType};

use super::Label;
use super::rows::name_rows;
use crate::io::parquet::{count, require_columns};
use crate::{Error, Result};

/// Joins the parts of a label that several columns make up, such as plate and well.
const JOIN: &str = "/";

/// The label of each cell.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::screen::{Features, Label, Screen};
/// use polars::prelude::df;
///
/// let table = df!("gene" => ["B", "A", "B"], "plate" => [1, 1, 2], "well" => ["A1", "A2", "A1"]).unwrap();
/// let screen = Screen::new(table, Features::numbered(Array2::zeros((3, 2)))?)?;
/// let genes = screen.labels(Label::Gene)?;
/// assert_eq!((genes.names(), genes.codes()), (&["B".to_owned(), "A".to_owned()][..], &[0, 1, 0][..]));
/// assert_eq!(screen.labels(Label::Batch)?.of(2), "2/A1");
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Labels {
    names: Arc<Vec<String>>,
    codes: Arc<Vec<u32>>,
}

impl Labels {
    /// The distinct labels of the whole screen, in order of first appearance; a view need not have all of them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// For each cell the position of its label in [`Labels::names`].
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The label of the cell in this row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn of(&self, row: usize) -> &str {
        &self.names[self.codes[row] as usize]
    }

    /// How many cells have each label, in the order of [`Labels::names`].
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        self.codes.iter().for_each(|&code| counts[code as usize] += 1);
        counts
    }

    /// How many of the labels occur.
    pub fn distinct(&self) -> usize {
        self.counts().into_iter().filter(|&n| n > 0).count()
    }

    /// The labels of these rows.
    pub(super) fn take(&self, rows: &[u32]) -> Self {
        let codes = rows.iter().map(|&row| self.codes[row as usize]).collect();
        Self { names: self.names.clone(), codes: Arc::new(codes) }
    }

    /// Numbers the labels that these columns make up.
    pub(super) fn of_columns(table: &DataFrame, label: Label, columns: &[String]) -> Result<Self> {
        let place = format!("table of the screen, {label}");
        require_columns(table, columns, &place)?;
        let mut texts = Vec::with_capacity(columns.len());
        for name in columns {
            let unusable = |e: polars::prelude::PolarsError| {
                Error::new(format!("the column {name:?} cannot label cells: {e}")).at(place.clone()).caused_by(e)
            };
            let text = table.column(name).and_then(|c| c.cast(&DataType::String)).map_err(unusable)?;
            if text.null_count() > 0 {
                let mask = text.is_null();
                let rows: Vec<usize> =
                    mask.iter().enumerate().filter(|(_, null)| *null == Some(true)).map(|(r, _)| r).collect();
                return Err(Error::new(format!(
                    "{} without a label in the column {name:?}",
                    count(rows.len(), "cell")
                ))
                .at(name_rows(&rows))
                .fix("fill or drop these rows, or choose another column with Screen::with_label"));
            }
            texts.push(text.str().map_err(unusable)?.clone());
        }
        let (mut names, mut codes) = (Vec::new(), Vec::with_capacity(table.height()));
        let mut known: HashMap<String, u32> = HashMap::new();
        let mut joined = String::new();
        let mut columns: Vec<_> = texts.iter().map(|text| text.iter()).collect();
        for _ in 0..table.height() {
            joined.clear();
            for (part, column) in columns.iter_mut().enumerate() {
                joined.push_str(if part > 0 { JOIN } else { "" });
                joined.push_str(column.next().flatten().unwrap_or_default());
            }
            let code = match known.get(joined.as_str()) {
                Some(&code) => code,
                None => {
                    let code = names.len() as u32;
                    names.push(joined.clone());
                    known.insert(joined.clone(), code);
                    code
                }
            };
            codes.push(code);
        }
        Ok(Self { names: Arc::new(names), codes: Arc::new(codes) })
    }
}
