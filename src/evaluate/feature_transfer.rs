//! Do translated cells have the features of real ones? GRAPE's Figure 2, bottom.
//!
//! ```text
//! forest        on features of controls against real cells of a gene, every other cell of each
//! features      the most important ones by permutation, on the other cells
//! z             (value - mean of the controls) / their standard deviation
//! distance      Kolmogorov-Smirnov statistic of two samples: translated cells against real ones, and controls against real ones
//! ```

use ndarray::{Array2, ArrayView2, Axis, concatenate};
use serde::{Deserialize, Serialize};

use super::classification::{Classes, ForestConfig, RandomForest, permutation_importance};
use super::ks_test;
use crate::{Error, Result};

const PLACE: &str = "feature transfer";
/// Random orders of each feature.
const ORDERS: usize = 10;

/// A feature that tells cells of the gene from controls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransferredFeature {
    /// Its name.
    pub name: String,
    /// Accuracy that is lost without it.
    pub importance: f64,
    /// Values of controls, in their standard deviations.
    pub control: Vec<f64>,
    /// Of real cells of the gene.
    pub real: Vec<f64>,
    /// Of controls that were translated to it.
    pub translated: Vec<f64>,
    /// Distance between translated and real cells.
    pub apart: f64,
    /// Distance between controls and real cells.
    pub apart_untranslated: f64,
}

/// The features of one gene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureTransfer {
    /// The gene.
    pub gene: String,
    /// Accuracy of the forest on cells that it has not seen.
    pub accuracy: f64,
    /// The most important features.
    pub features: Vec<TransferredFeature>,
}

/// The `top` features of a gene; the three samples have a row for each cell and a column for each of `names`.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::feature_transfer;
///
/// let cells = |at: f32| Array2::from_shape_fn((40, 2), |(i, j)| if j == 0 { at + (i % 7) as f32 } else { (i % 5) as f32 });
/// let names = ["area".to_owned(), "texture".to_owned()];
/// let found = feature_transfer("A", [cells(0.0).view(), cells(20.0).view(), cells(20.0).view()], &names, 1, 0)?;
/// let area = &found.features[0];
/// assert_eq!((area.name.as_str(), area.apart, area.apart_untranslated), ("area", 0.0, 1.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than four controls or real cells, no translated one, or columns and names differ.
pub fn feature_transfer(
    gene: &str,
    [control, real, translated]: [ArrayView2<'_, f32>; 3],
    names: &[String],
    top: usize,
    seed: u64,
) -> Result<FeatureTransfer> {
    if control.nrows() < 4 || real.nrows() < 4 || translated.is_empty() {
        let what = format!("{} controls, {} real and {} cells", control.nrows(), real.nrows(), translated.nrows());
        return Err(Error::new(what).at(PLACE).fix("give four cells or more of each"));
    }
    let every_other = |first: usize| -> Result<(Array2<f32>, Classes)> {
        let half = |cells: ArrayView2<'_, f32>| {
            let rows: Vec<usize> = (first..cells.nrows()).step_by(2).collect();
            cells.select(Axis(0), &rows)
        };
        let (control, real) = (half(control), half(real));
        let labels: Vec<&str> = (0..control.nrows() + real.nrows())
            .map(|row| if row < control.nrows() { "control" } else { gene })
            .collect();
        let both = concatenate(Axis(0), &[control.view(), real.view()])
            .map_err(|e| Error::new("features of different numbers").at(PLACE).caused_by(e))?;
        Ok((both, Classes::new(&labels)?))
    };
    let ((learned, known), (held, truth)) = (every_other(0)?, every_other(1)?);
    let forest = RandomForest::fit(&learned, &known, &ForestConfig { seed, ..ForestConfig::default() })?;
    let importance = permutation_importance(&forest, &held, &truth, names, ORDERS, seed)?;
    let of_feature = |of: &super::classification::FeatureImportance| {
        let column = |cells: ArrayView2<'_, f32>| cells.column(of.column).mapv(f64::from);
        let controls = column(control);
        let (mean, sd) = (controls.mean().unwrap_or(0.0), controls.std(0.0));
        let z = |cells| column(cells).mapv(|v| (v - mean) / if sd > 0.0 { sd } else { 1.0 }).to_vec();
        let [control, real, translated] = [z(control), z(real), z(translated)];
        Ok(TransferredFeature {
            name: of.name.clone(),
            importance: of.lost.mean,
            apart: ks_test(&translated, &real)?.statistic,
            apart_untranslated: ks_test(&control, &real)?.statistic,
            control,
            real,
            translated,
        })
    };
    let features = importance.features.iter().take(top).map(of_feature).collect::<Result<_>>()?;
    Ok(FeatureTransfer { gene: gene.to_owned(), accuracy: importance.accuracy, features })
}
