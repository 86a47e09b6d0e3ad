//! Cells with a group each: what several tests check and select.

use ndarray::{Array2, ArrayView2};

use crate::{Error, Result};

/// Fails unless a sample has at least `least` rows, a column, and finite values.
pub(super) fn checked<V: Copy + Into<f64>>(sample: ArrayView2<'_, V>, place: &str, least: usize) -> Result<()> {
    if sample.nrows() < least || sample.ncols() == 0 {
        return Err(Error::new(format!("a sample of {} rows and {} columns", sample.nrows(), sample.ncols()))
            .at(place)
            .fix(format!("give at least {least} rows and a column")));
    }
    match sample.indexed_iter().find(|(_, v)| !(**v).into().is_finite()) {
        None => Ok(()),
        Some(((row, column), v)) => Err(Error::new(format!("a value is {}", (*v).into()))
            .at(format!("{place}, row {row}, column {column}"))
            .fix("drop or impute rows that are not finite")),
    }
}

/// The rows of each distinct label, by first appearance.
pub(super) fn rows_by_label<S: AsRef<str>>(labels: &[S]) -> Vec<(String, Vec<usize>)> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    let mut number = std::collections::HashMap::new();
    for (row, label) in labels.iter().enumerate() {
        let group = *number.entry(label.as_ref()).or_insert_with(|| {
            groups.push((label.as_ref().to_owned(), Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push(row);
    }
    groups
}

/// Fails unless there is a label for each row.
pub(super) fn one_label_each(rows: usize, labels: usize, place: &str) -> Result<()> {
    if rows == labels {
        return Ok(());
    }
    Err(Error::new(format!("{rows} rows and {labels} labels"))
        .at(place)
        .fix("give one label for each row, in the same order"))
}

/// The rows of one label.
pub(super) fn rows_of<'a>(groups: &'a [(String, Vec<usize>)], name: &str, place: &str) -> Result<&'a [usize]> {
    groups.iter().find(|(label, _)| label == name).map(|(_, rows)| rows.as_slice()).ok_or_else(|| {
        let known: Vec<&str> = groups.iter().take(5).map(|(label, _)| label.as_str()).collect();
        Error::new(format!("no row is labelled {name:?}")).at(place).fix(format!(
            "the labels there are: {}{}",
            known.join(", "),
            if groups.len() > 5 { ", ..." } else { "" }
        ))
    })
}

/// Some rows as `f64`.
pub(super) fn selected<V: Copy + Into<f64>>(x: ArrayView2<'_, V>, rows: &[usize]) -> Array2<f64> {
    let mut taken = Array2::zeros((rows.len(), x.ncols()));
    for (mut to, &row) in taken.rows_mut().into_iter().zip(rows) {
        to.zip_mut_with(&x.row(row), |to, &from| *to = from.into());
    }
    taken
}
