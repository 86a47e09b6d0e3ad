//! One number for each label: bars while their names can be read, points in descending order beyond.

use std::collections::BTreeMap;

use crate::figures::{Axis, Bars, Curves, Figure};
use crate::{Error, Result};

/// Labels that have bars and names.
const NAMED: usize = 40;

/// Numbers of one result, with what they are compared with.
pub(super) struct Series<'a> {
    pub name: &'a str,
    /// Label and number.
    pub values: Vec<(&'a str, f64)>,
    /// For each of them whether it is marked.
    pub marked: Vec<bool>,
}

/// What the figure says.
pub(super) struct ByLabel<'a> {
    pub title: &'a str,
    /// What a label is.
    pub category: &'a str,
    pub value: &'a str,
    /// What a mark means.
    pub mark: &'a str,
    /// Dashed lines.
    pub references: Vec<(String, f64)>,
}

impl ByLabel<'_> {
    /// The figure; labels in descending order of the first series.
    ///
    /// # Errors
    /// When no series has a label.
    pub fn figure(&self, series: &[Series<'_>]) -> Result<Figure> {
        let mut row_of: BTreeMap<&str, usize> =
            series.iter().flat_map(|series| series.values.iter().map(|&(label, _)| (label, 0))).collect();
        if row_of.is_empty() {
            return Err(Error::new(format!("no {} to draw", self.category)).at(self.title.to_owned()));
        }
        row_of.values_mut().enumerate().for_each(|(row, entry)| *entry = row);
        if row_of.len() > NAMED {
            return self.points(series);
        }
        let names: Vec<&str> = row_of.keys().copied().collect();
        let value = Axis::new(self.value);
        let mut bars = Bars::new(self.title, self.category, value).categories(&names).horizontal().sorted();
        for series in series {
            let (mut values, mut marks) = (vec![f64::NAN; names.len()], vec![""; names.len()]);
            for (i, (label, value)) in series.values.iter().enumerate() {
                values[row_of[label]] = *value;
                marks[row_of[label]] = if series.marked.get(i) == Some(&true) { "*" } else { "" };
            }
            bars = bars.series(series.name, &values);
            if !series.marked.is_empty() {
                bars = bars.marks(&marks, self.mark);
            }
        }
        self.references.iter().fold(bars, |bars, (name, at)| bars.reference(name, *at)).figure()
    }

    fn points(&self, series: &[Series<'_>]) -> Result<Figure> {
        let rank = format!("{}, highest first", self.category);
        let mut curves = Curves::new(self.title, Axis::new(&rank), Axis::new(self.value));
        for series in series {
            let mut values: Vec<f64> = series.values.iter().map(|&(_, value)| value).collect();
            values.sort_unstable_by(|a, b| b.total_cmp(a));
            let ranks: Vec<f64> = (1..=values.len()).map(|rank| rank as f64).collect();
            curves = curves.points(series.name, &ranks, &values);
        }
        self.references.iter().fold(curves, |curves, (name, at)| curves.level(name, *at)).figure()
    }
}
