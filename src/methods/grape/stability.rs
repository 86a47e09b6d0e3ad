//! How far GRAPE's vectors depend on when training is ended: the paper reports that metrics fluctuate late in training.
//!
//! ```text
//! cosine      mean over perturbations of cos(last state, other)
//! relations   Pearson correlation of the cosines between perturbations, over all pairs, in the last state and the other
//! ```
//!
//! Others are the running average of the weights and the mean of the last copies of the table. Vectors that hardly move
//! have a cosine near 1; metrics see relations only, which can agree where vectors do not.

use ndarray::{Array2, Axis};

use crate::display::{Bundle, Show};
use crate::evaluate::Similarity;
use crate::figures::{Table, figure_or_reason};
use crate::screen::Profiles;
use crate::{Error, Result};

/// Agreement of one set of vectors with the last state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// The mean cosine between the vectors of a perturbation.
    pub cosine: f64,
    /// The correlation of the cosines between perturbations; NaN where these do not vary.
    pub relations: f64,
}

/// Three sets of vectors of the same training, without controls; metrics should be reported for each.
#[derive(Clone, Debug)]
pub struct Stability {
    /// Of the last state.
    pub last: Profiles,
    /// Of the running average of the weights.
    pub ema: Profiles,
    /// The mean of the last copies.
    pub mean: Profiles,
    /// How many copies that were.
    pub copies: usize,
    /// The running average against the last state.
    pub of_ema: Agreement,
    /// The mean against the last state.
    pub of_mean: Agreement,
}

impl Stability {
    /// Of three sets of vectors with the same names in the same order.
    ///
    /// ```
    /// use ndarray::array;
    /// use perturbook::methods::grape::Stability;
    /// use perturbook::screen::Profiles;
    ///
    /// let of = |values| Profiles::new(["A", "B", "C"].map(String::from).to_vec(), values);
    /// let last = of(array![[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])?;
    /// let turned = of(array![[0.0, 1.0], [-1.0, 1.0], [-1.0, 0.0]])?; // by a quarter
    /// let stability = Stability::of(last.clone(), last, turned, 10)?;
    /// assert!((stability.of_ema.cosine - 1.0).abs() < 1e-12);
    /// assert!(stability.of_mean.cosine.abs() < 1e-12 && (stability.of_mean.relations - 1.0).abs() < 1e-12);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When names or numbers of columns differ, or there are fewer than three perturbations.
    pub fn of(last: Profiles, ema: Profiles, mean: Profiles, copies: usize) -> Result<Self> {
        if last.len() < 3 {
            return Err(Error::new(format!("{} perturbations have no relations to compare", last.len()))
                .fix("train on three or more beside the controls"));
        }
        if [&ema, &mean].iter().any(|other| other.keys() != last.keys() || other.dims() != last.dims()) {
            return Err(
                Error::new("the sets of vectors are not of the same perturbations").fix("take them from one model")
            );
        }
        let unit = normalised(&last);
        let agreement = |other: &Profiles| {
            let other = normalised(other);
            let cosine = (&unit * &other).sum_axis(Axis(1)).mean().unwrap_or(f64::NAN);
            Agreement {
                cosine,
                relations: Similarity::Pearson.between(&pairs(&unit), &pairs(&other)).unwrap_or(f64::NAN),
            }
        };
        let (of_ema, of_mean) = (agreement(&ema), agreement(&mean));
        Ok(Self { last, ema, mean, copies, of_ema, of_mean })
    }

    /// The numbers as a table.
    ///
    /// # Errors
    /// Never in practice: the columns have one length.
    pub fn table(&self) -> Result<Table> {
        let mean = format!("mean of the last {} copies", self.copies);
        Table::new("GRAPE's vectors, compared with the last state")
            .text("vectors", &["running average of the weights".to_owned(), mean])
            .number("mean cosine", &[self.of_ema.cosine, self.of_mean.cosine], 4)
            .number("correlation of relations", &[self.of_ema.relations, self.of_mean.relations], 4)
            .figure()
    }
}

impl Show for Stability {
    fn bundle(&self) -> Bundle {
        figure_or_reason(self.table())
    }
}

/// Rows of length 1; those of zeros stay.
fn normalised(profiles: &Profiles) -> Array2<f64> {
    let mut values = profiles.values().to_owned();
    for mut row in values.outer_iter_mut() {
        let length = row.dot(&row).sqrt();
        if length > 0.0 {
            row /= length;
        }
    }
    values
}

/// The products of all pairs of rows.
fn pairs(unit: &Array2<f64>) -> Vec<f64> {
    let all = unit.dot(&unit.t());
    (0..all.nrows()).flat_map(|i| (0..i).map(move |j| (i, j))).map(|at| all[at]).collect()
}
