//! Which features a forest needs: how much accuracy is lost when one of them is shuffled (Breiman 2001).
//!
//! The importance of a feature is the accuracy on rows the forest was not grown on, less the accuracy with the values of
//! that feature in random order, mean and standard deviation over several orders. Features that no tree divides by have
//! importance 0. Of two features that say the same, each may look unimportant.

use ndarray::Array2;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Classes, RandomForest, predicted};
use crate::evaluate::clustering::Spread;
use crate::evaluate::counts::require_count;
use crate::evaluate::dense::require_labels;
use crate::reduce::Points;
use crate::{Error, Result};

/// Importance of all features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// Accuracy with all features in order.
    pub accuracy: f64,
    /// Rows it was measured on.
    pub n: usize,
    /// Random orders of each feature.
    pub repeats: usize,
    /// The features, most important first; of equal ones the first column first.
    pub features: Vec<FeatureImportance>,
}

/// Importance of one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureImportance {
    /// Its name.
    pub name: String,
    /// Its column.
    pub column: usize,
    /// Mean and standard deviation of the lost accuracy over the orders.
    pub lost: Spread,
}

/// Importance of every feature of a forest on `points` of known `classes`, held out from its growth; `names` are those of
/// the columns, and each is shuffled `repeats` times. Rows of a class that the forest does not know count as wrong.
///
/// ```
/// use ndarray::{Array2, s};
/// use perturbook::evaluate::classification::{Classes, ForestConfig, RandomForest, permutation_importance};
///
/// let x = Array2::from_shape_fn((80, 2), |(i, j)| if j == 1 { (i % 2) as f64 } else { (i * 7 % 11) as f64 });
/// let labels: Vec<&str> = (0..80).map(|i| ["control", "hit"][i % 2]).collect();
/// let (train, test) = (x.slice(s![..40, ..]), x.slice(s![40.., ..]));
/// let forest = RandomForest::fit(&train, &Classes::new(&labels[..40])?, &ForestConfig::default())?;
/// let found = permutation_importance(&forest, &test, &Classes::new(&labels[40..])?, &["area", "intensity"], 10, 0)?;
/// assert_eq!((found.accuracy, found.features[0].name.as_str()), (1.0, "intensity"));
/// assert!(found.features[0].lost.mean > 0.3);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no point, columns, names or classes do not fit the forest or the points, no repeat is asked for, a value is
/// not finite, or the work was stopped.
pub fn permutation_importance<N: AsRef<str>>(
    forest: &RandomForest,
    points: &dyn Points,
    classes: &Classes,
    names: &[N],
    repeats: usize,
    seed: u64,
) -> Result<Importance> {
    const PLACE: &str = "permutation importance";
    let _stoppable = crate::stop::stoppable();
    let x = forest.checked(points)?;
    require_labels(x.nrows(), classes.len(), PLACE)?;
    if x.nrows() == 0 {
        return Err(Error::new("no point to measure accuracy on").at(PLACE).fix("give rows that were held out"));
    }
    if names.len() != x.ncols() || repeats == 0 {
        return Err(Error::new(format!("{} names for {} columns, {repeats} repeats", names.len(), x.ncols()))
            .at(PLACE)
            .fix("name each column, and repeat at least once"));
    }
    require_count(repeats, "repeats", PLACE)?;
    let number = |name: &String| forest.names().iter().position(|known| known == name);
    let known: Vec<Option<usize>> = classes.names().iter().map(number).collect();
    let truth: Vec<Option<usize>> = classes.codes().iter().map(|&code| known[code]).collect();
    let leaves = forest.leaves(x.view());
    let accuracy_of = |p: Array2<f64>| {
        let right = predicted(p.view()).into_iter().zip(&truth).filter(|(class, truth)| Some(*class) == **truth);
        right.count() as f64 / truth.len() as f64
    };
    let accuracy = accuracy_of(forest.probabilities_of(&leaves));
    let of_column = |column: usize| {
        if crate::stop::requested() {
            return None;
        }
        let trees: Vec<bool> = forest.trees().iter().map(|tree| tree.uses(column)).collect();
        if !trees.contains(&true) {
            return Some(Spread { mean: 0.0, sd: if repeats > 1 { 0.0 } else { f64::NAN } });
        }
        let lost = (0..repeats).map(|repeat| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(((column as u64) << 32) | repeat as u64);
            let mut values = x.column(column).to_vec();
            values.shuffle(&mut rng);
            // only trees that divide by the column can send a row elsewhere
            let moved: Vec<std::borrow::Cow<'_, [usize]>> = forest
                .trees()
                .iter()
                .zip(&trees)
                .zip(&leaves)
                .map(|((tree, &uses), leaves)| {
                    if !uses {
                        return leaves.into();
                    }
                    let leaf = |(row, &value): (usize, &f64)| {
                        tree.leaf(|wanted| if wanted == column { value } else { x[[row, wanted]] })
                    };
                    values.iter().enumerate().map(leaf).collect::<Vec<usize>>().into()
                })
                .collect();
            accuracy - accuracy_of(forest.probabilities_of(&moved))
        });
        Some(Spread::of(lost))
    };
    let lost: Option<Vec<Spread>> = (0..x.ncols()).into_par_iter().map(of_column).collect();
    let lost = lost.ok_or_else(|| Error::new("the importance was stopped").at(PLACE).fix("run the cell again"))?;
    let mut features: Vec<FeatureImportance> = lost
        .into_iter()
        .zip(names)
        .enumerate()
        .map(|(column, (lost, name))| FeatureImportance { name: name.as_ref().to_owned(), column, lost })
        .collect();
    features.sort_by(|a, b| b.lost.mean.total_cmp(&a.lost.mean));
    Ok(Importance { accuracy, n: x.nrows(), repeats, features })
}
