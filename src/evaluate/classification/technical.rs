//! How much an embedding knows of how cells were handled (Multi-ContrastiveVAE, Figure 3B).
//!
//! For each space (salient, background, both, features of CellProfiler) and each technical covariate (batch, position in the
//! field of view, position in the well) logistic regression is fitted on control cells; a space without technical variation
//! has an area under the ROC curve of 0.5. A covariate read within batches has the median over batches.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::classify::classify_matrix;
use super::{Classes, Classified, ClassifyConfig, Covariate};
use crate::evaluate::dense::{finite_matrix, require_labels};
use crate::live::progress;
use crate::preprocess::features::median;
use crate::reduce::Points;
use crate::screen::Embedding;
use crate::{Error, Result};

/// How well a label is read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Share of the tested rows predicted rightly.
    pub accuracy: f64,
    /// Mean recall of the classes.
    pub balanced_accuracy: f64,
    /// Mean F1 of the classes.
    pub f1_macro: f64,
    /// Mean one-vs-rest area under the ROC curve.
    pub auroc: f64,
}

impl Scores {
    fn of(read: &Classified) -> Self {
        Self {
            accuracy: read.accuracy(),
            balanced_accuracy: read.balanced_accuracy(),
            f1_macro: read.f1_macro(),
            auroc: read.auroc.macro_mean,
        }
    }

    fn median(all: &[Self]) -> Self {
        let of = |number: fn(&Self) -> f64| median(&mut all.iter().map(number).collect::<Vec<f64>>());
        Self {
            accuracy: of(|s| s.accuracy),
            balanced_accuracy: of(|s| s.balanced_accuracy),
            f1_macro: of(|s| s.f1_macro),
            auroc: of(|s| s.auroc),
        }
    }
}

/// One covariate in one space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CovariateScores {
    /// The space.
    pub space: String,
    /// The covariate.
    pub covariate: String,
    /// The scores; medians where there are several fits.
    pub scores: Scores,
    /// The scores of each fit, in the order of the batches.
    pub each: Vec<Scores>,
    /// Batches without two rows of two classes, which cannot be divided into training and test rows.
    pub skipped: usize,
}

/// All covariates in all spaces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TechnicalCovariates {
    /// Space by space, and in each covariate by covariate.
    pub entries: Vec<CovariateScores>,
}

impl TechnicalCovariates {
    /// One of the entries.
    ///
    /// # Errors
    /// When there is none of this space and covariate.
    pub fn of(&self, space: &str, covariate: &str) -> Result<&CovariateScores> {
        self.entries.iter().find(|entry| entry.space == space && entry.covariate == covariate).ok_or_else(|| {
            let known: Vec<String> = self.entries.iter().map(|e| format!("{} in {}", e.covariate, e.space)).collect();
            Error::new(format!("no scores of {covariate:?} in {space:?}"))
                .at("technical covariates")
                .fix(format!("choose one of: {}", known.join(", ")))
        })
    }
}

/// Reads every covariate from every space; the rows of all are the same cells, usually the non-targeting controls.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::classification::{ClassifyConfig, Covariate, technical_covariates};
///
/// let salient = Array2::from_shape_fn((60, 1), |(i, _)| (i * 7 % 60) as f64 / 60.0);
/// let background = Array2::from_shape_fn((60, 1), |(i, _)| (i % 3) as f64 * 3.0);
/// let batch = Covariate::new("batch", &(0..60).map(|i| (i % 3).to_string()).collect::<Vec<_>>())?;
/// let read = technical_covariates(
///     &[("salient", &salient), ("background", &background)],
///     &[batch],
///     &ClassifyConfig::default(),
/// )?;
/// assert_eq!(read.of("background", "batch")?.scores.auroc, 1.0);
/// assert!(read.of("salient", "batch")?.scores.auroc < 0.7);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no space or covariate, rows differ in number, a value is not finite, no batch of a covariate can be
/// divided, or the work was stopped.
pub fn technical_covariates(
    spaces: &[(&str, &dyn Points)],
    covariates: &[Covariate],
    config: &ClassifyConfig,
) -> Result<TechnicalCovariates> {
    const PLACE: &str = "technical covariates";
    if spaces.is_empty() || covariates.is_empty() {
        return Err(Error::new(format!("{} spaces and {} covariates", spaces.len(), covariates.len()))
            .at(PLACE)
            .fix("give at least one of each"));
    }
    let mut entries = Vec::with_capacity(spaces.len() * covariates.len());
    for (space, points) in progress("spaces", spaces) {
        let x = finite_matrix(*points, PLACE)?;
        for covariate in covariates {
            require_labels(x.nrows(), covariate.len(), PLACE)?;
            entries.push(read(x.view(), space, covariate, config)?);
        }
    }
    if entries.len() < spaces.len() * covariates.len() {
        return Err(Error::new("the classification was stopped").at(PLACE).fix("run the cell again"));
    }
    Ok(TechnicalCovariates { entries })
}

fn read(
    x: ArrayView2<'_, f64>,
    space: &str,
    covariate: &Covariate,
    config: &ClassifyConfig,
) -> Result<CovariateScores> {
    let batches = covariate.rows();
    let total = batches.len();
    let usable = |(_, classes): &(Vec<usize>, Classes)| classes.counts().iter().filter(|&&n| n > 1).count() > 1;
    let batches: Vec<(Vec<usize>, Classes)> = batches.into_iter().filter(usable).collect();
    if batches.is_empty() {
        return Err(Error::new(format!("{:?} cannot be read: no batch has two rows of two classes", covariate.name()))
            .at("technical covariates")
            .fix("give more rows, or read the covariate over all rows"));
    }
    let one = |(rows, classes): &(Vec<usize>, Classes)| {
        Ok(Scores::of(&classify_matrix(x.select(Axis(0), rows).view(), classes, None, config)?))
    };
    let each = batches.par_iter().map(one).collect::<Result<Vec<Scores>>>()?;
    Ok(CovariateScores {
        space: space.to_owned(),
        covariate: covariate.name().to_owned(),
        scores: Scores::median(&each),
        skipped: total - each.len(),
        each,
    })
}

/// The spaces of an embedding: its blocks, and `combined`, all columns; of these rows, or of all.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::classification::spaces;
/// use perturbook::screen::Embedding;
/// use polars::prelude::df;
///
/// let table = df!("gene" => ["A", "nt"]).unwrap();
/// let cells = Embedding::new(array![[1.0, 2.0], [3.0, 4.0]], table)?.with_block("salient", 0..1)?;
/// let controls = spaces(&cells, Some(&[1]))?;
/// assert_eq!((controls[0].0.as_str(), controls[0].1[[0, 0]]), ("salient", 3.0));
/// assert_eq!((controls[1].0.as_str(), controls[1].1.dim()), ("combined", (1, 2)));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no such row.
pub fn spaces(embedding: &Embedding, rows: Option<&[usize]>) -> Result<Vec<(String, Array2<f64>)>> {
    if let Some(row) = rows.unwrap_or_default().iter().find(|row| **row >= embedding.len()) {
        return Err(Error::new(format!("an embedding of {} rows has no row {row}", embedding.len())).at("spaces"));
    }
    let chosen = |embedding: &Embedding| match rows {
        Some(rows) => embedding.values().select(Axis(0), rows).mapv(f64::from),
        None => embedding.values().mapv(f64::from),
    };
    let mut found = Vec::new();
    for name in embedding.block_names() {
        found.push((name.to_owned(), chosen(&embedding.block(name)?)));
    }
    found.push(("combined".to_owned(), chosen(embedding)));
    Ok(found)
}
