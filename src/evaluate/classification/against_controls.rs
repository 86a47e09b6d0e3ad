//! What a space knows of each perturbation: how well its cells are told from controls, how far they lie from them, and
//! which other perturbations are nearest. Everything is measured on cells that were held out.
//!
//! ```text
//! area      of the ROC curve of p(perturbed | cell), held-out cells of the perturbation against held-out controls,
//!           by a logistic regression with balanced weights on the training cells of both
//! energy    ||mean of x/|x| - mean of y/|y|||^2     held-out cells x of the perturbation and y of the controls
//! centred   the same from the mean of the held-out controls
//! nearest   the perturbations of the smallest centred energies
//! ```
//!
//! An area near 1/2 means that a linear model cannot tell the perturbation from the control.

use ndarray::Axis;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Classes, LogisticConfig, LogisticRegression, roc_auc};
use crate::evaluate::dense::{finite_matrix, require_labels, require_rows};
use crate::evaluate::{EnergyConfig, EnergyMatrix, energy_matrix};
use crate::reduce::Points;
use crate::{Error, Result};

const PLACE: &str = "against controls";

/// What is known of one perturbation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PerturbationSignal {
    /// Its name.
    pub name: String,
    /// Its training cells.
    pub n_train: usize,
    /// Its held-out cells.
    pub n_test: usize,
    /// Area under the ROC curve against controls; NaN without cells on both sides.
    pub auc: f64,
    /// Energy distance to the controls, as the space lies; NaN without held-out cells.
    pub energy: f64,
    /// The same from the mean of the controls.
    pub energy_centred: f64,
    /// All other perturbations with held-out cells, nearest first.
    pub nearest: Vec<String>,
}

/// What is known of all perturbations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgainstControls {
    /// The label of controls.
    pub control: String,
    /// Held-out controls.
    pub controls: usize,
    /// The perturbations, in alphabetical order.
    pub perturbations: Vec<PerturbationSignal>,
    /// Energy distances between all groups of held-out cells, as the space lies.
    pub energies: EnergyMatrix,
    /// The same from the mean of the controls.
    pub centred: EnergyMatrix,
}

impl AgainstControls {
    /// What is known of this perturbation.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn of(&self, perturbation: &str) -> Result<&PerturbationSignal> {
        self.perturbations.iter().find(|signal| signal.name == perturbation).ok_or_else(|| {
            Error::new(format!("no perturbation is named {perturbation:?}")).at(PLACE).fix("look at `perturbations`")
        })
    }

    /// The mean area of these perturbations.
    ///
    /// # Errors
    /// When none is named, or one does not exist.
    pub fn mean_auc(&self, perturbations: &[&str]) -> Result<f64> {
        self.mean(perturbations, |signal| signal.auc)
    }

    /// The mean of a number that is known of these perturbations.
    ///
    /// # Errors
    /// When none is named, or one does not exist.
    pub fn mean(&self, perturbations: &[&str], of: impl Fn(&PerturbationSignal) -> f64) -> Result<f64> {
        if perturbations.is_empty() {
            return Err(Error::new("the mean of no perturbation").at(PLACE).fix("name at least one"));
        }
        let all = perturbations.iter().map(|name| Ok(of(self.of(name)?))).collect::<Result<Vec<f64>>>()?;
        Ok(all.iter().sum::<f64>() / all.len() as f64)
    }
}

/// Measures what `points` know of each perturbation. `labels[i]` is the perturbation of row i; models learn from the
/// `training` rows, and the `held_out` rows are measured. Columns are standardised on training rows.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::classification::{AgainstControls, against_controls};
///
/// // Rows in turn: controls, and A, which is shifted.
/// let labels: Vec<&str> = (0..80).map(|i| ["nt", "A"][i % 2]).collect();
/// let x = Array2::from_shape_fn((80, 2), |(i, j)| ((i * 7 + j * 3) % 13) as f64 + 20.0 * (i % 2) as f64);
/// let (training, held_out): (Vec<usize>, Vec<usize>) = (0..80).partition(|&i| i < 60);
/// let known = against_controls(&x, &labels, "nt", &training, &held_out)?;
/// assert_eq!((known.of("A")?.auc, known.of("A")?.n_test), (1.0, 10));
/// assert!(known.of("A")?.energy_centred > 0.8);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one label for each row, a row does not exist, controls are missing from either part, a value is not
/// finite, or the work was stopped.
pub fn against_controls<S: AsRef<str>>(
    points: &dyn Points,
    labels: &[S],
    control: &str,
    training: &[usize],
    held_out: &[usize],
) -> Result<AgainstControls> {
    let values = finite_matrix(points, PLACE)?;
    let labels: Vec<&str> = labels.iter().map(AsRef::as_ref).collect();
    let n = values.nrows();
    require_labels(n, labels.len(), PLACE)?;
    require_rows(n, [training, held_out], PLACE)?;
    let classes = Classes::new(&labels)?;
    let [training_rows, held_out_rows] = [training, held_out].map(|part| {
        let mut rows = vec![Vec::new(); classes.names().len()];
        part.iter().for_each(|&row| rows[classes.codes()[row]].push(row));
        rows
    });
    let of_control = classes.names().iter().position(|name| name == control);
    let controls = of_control.map(|code| [&training_rows[code][..], &held_out_rows[code][..]]).unwrap_or_default();
    if let Some(part) = controls.iter().zip(["training", "held-out"]).find(|(rows, _)| rows.is_empty()) {
        return Err(Error::new(format!("no {} row is labelled {control:?}", part.1))
            .at(PLACE)
            .fix("give controls in both parts, and their label"));
    }
    let held_out_labels: Vec<&str> = held_out.iter().map(|&row| labels[row]).collect();
    let held_out_values = values.select(Axis(0), held_out);
    let from = |centre: Option<String>| {
        energy_matrix(held_out_values.view(), &held_out_labels, &EnergyConfig { centre, ..EnergyConfig::default() })
    };
    let (energies, centred) = (from(None)?, from(Some(control.to_owned()))?);

    let signal = |code: usize| -> Result<PerturbationSignal> {
        let name = &classes.names()[code];
        let rows = [&training_rows[code], &held_out_rows[code]];
        let auc = if rows.iter().any(|rows| rows.is_empty()) {
            f64::NAN
        } else {
            let part = |i: usize| {
                let all: Vec<usize> = controls[i].iter().chain(rows[i]).copied().collect();
                let perturbed: Vec<bool> = (0..all.len()).map(|place| place >= controls[i].len()).collect();
                (values.select(Axis(0), &all), perturbed)
            };
            let ((train, train_truth), (test, test_truth)) = (part(0), part(1));
            let codes = train_truth.iter().map(|&perturbed| usize::from(perturbed)).collect();
            let classes = Classes::from_codes(codes, vec![control.to_owned(), name.clone()])?;
            let config = LogisticConfig { standardise: true, ..LogisticConfig::default() };
            let model = LogisticRegression::fit(&train, &classes, &config)?;
            roc_auc(&test_truth, &model.probabilities(&test)?.column(1).to_vec())?
        };
        let mut nearest = Vec::new();
        let (mut energy, mut energy_centred) = (f64::NAN, f64::NAN);
        if let Some(own) = centred.groups.iter().position(|group| group == name) {
            (energy, energy_centred) = (energies.between(name, control)?, centred.between(name, control)?);
            let others = centred.groups.iter().zip(centred.values.row(own));
            let mut others: Vec<_> = others.filter(|(group, _)| *group != name && *group != control).collect();
            others.sort_by(|a, b| a.1.total_cmp(b.1));
            nearest = others.into_iter().map(|(group, _)| group.clone()).collect();
        }
        Ok(PerturbationSignal {
            name: name.clone(),
            n_train: rows[0].len(),
            n_test: rows[1].len(),
            auc,
            energy,
            energy_centred,
            nearest,
        })
    };
    let others: Vec<usize> = (0..classes.names().len()).filter(|code| Some(*code) != of_control).collect();
    let perturbations = others.into_par_iter().map(signal).collect::<Result<Vec<_>>>()?;
    Ok(AgainstControls { control: control.to_owned(), controls: controls[1].len(), perturbations, energies, centred })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Rows in turn: nt, A and B, which are moved alike, C, which is not, and D, which is moved the other way.
    fn cells() -> (Array2<f64>, Vec<&'static str>) {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let shift = [0.0, 2.0, 2.2, 0.0, -2.0];
        let x = Array2::from_shape_fn((1000, 3), |(i, j)| {
            let noise: f64 = (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
            noise + if j == 0 { shift[i % 5] } else { 10.0 }
        });
        (x, (0..1000).map(|i| ["nt", "A", "B", "C", "D"][i % 5]).collect())
    }

    #[test]
    fn areas_energies_and_neighbours_are_those_that_were_planted() {
        let (x, labels) = cells();
        let (training, held_out): (Vec<usize>, Vec<usize>) = (0..1000).partition(|i| i / 5 % 5 != 0);
        let known = against_controls(&x, &labels, "nt", &training, &held_out).unwrap();
        assert_eq!((known.controls, known.perturbations.len()), (40, 4));
        // Two normal laws two standard deviations apart: the area is Phi(2 / sqrt 2) = .921.
        for (name, area) in [("A", 0.921), ("D", 0.921), ("C", 0.5)] {
            let found = known.of(name).unwrap();
            assert_eq!((found.n_train, found.n_test), (160, 40));
            assert!((found.auc - area).abs() < 0.12, "{name}: {}", found.auc);
        }
        assert_eq!(known.of("A").unwrap().nearest, ["B", "C", "D"]);
        assert!(known.of("A").unwrap().energy_centred > 0.3 && known.of("C").unwrap().energy_centred < 0.1);
        // Far from the origin all cells have one direction.
        assert!(known.of("A").unwrap().energy < 0.1);
        assert!((known.mean_auc(&["A", "D"]).unwrap() - 0.921).abs() < 0.1);
    }

    #[test]
    fn a_perturbation_without_cells_in_a_part_has_no_area() {
        let (x, labels) = cells();
        let training: Vec<usize> = (0..500).collect();
        let held_out: Vec<usize> = (500..1000).filter(|i| i % 5 != 2).collect();
        let known = against_controls(&x, &labels, "nt", &training, &held_out).unwrap();
        let of = known.of("B").unwrap();
        assert!(of.auc.is_nan() && of.energy.is_nan() && of.nearest.is_empty() && of.n_train == 100);
        assert!(known.of("A").unwrap().auc > 0.8);
    }

    #[test]
    fn a_space_that_holds_nothing_knows_nothing() {
        let (_, labels) = cells();
        let (training, held_out): (Vec<usize>, Vec<usize>) = (0..1000).partition(|&i| i < 500);
        let known = against_controls(&Array2::<f64>::zeros((1000, 2)), &labels, "nt", &training, &held_out).unwrap();
        let of = known.of("A").unwrap();
        assert_eq!((of.auc, of.energy, of.energy_centred), (0.5, 0.0, 0.0));
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        let (x, labels) = cells();
        let refused = |labels: &[&str], control: &str, training: &[usize], held_out: &[usize]| {
            against_controls(&x, labels, control, training, held_out).unwrap_err().to_string()
        };
        let (training, held_out): (Vec<usize>, Vec<usize>) = (0..1000).partition(|&i| i < 500);
        assert!(refused(&labels, "safe", &training, &held_out).contains("no training row is labelled \"safe\""));
        assert!(refused(&labels, "nt", &training, &[1, 2]).contains("no held-out row"));
        assert!(refused(&labels, "nt", &training, &[1000]).contains("row 1000 of 1000"));
        assert!(refused(&labels[1..], "nt", &training, &held_out).contains("999 labels"));
    }
}
