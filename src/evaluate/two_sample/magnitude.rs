//! Which perturbations differ from the controls at all? A distance between their cells and the controls', against the
//! same with labels permuted (the EFAAR benchmarks' "magnitude").
//!
//! ```text
//! statistic   energy distance (V-statistic) of the perturbation's cells and the controls, or
//!             |(mean x - mean c) (C + ridge v I)^(-1/2)|^2,   C: covariance of the controls, v: its mean diagonal
//! null        the same for as many cells drawn without replacement from both together, the rest for controls
//! p           (1 + number of null statistics >= observed) / (1 + permutations)
//! ```
//!
//! Permuting labels within a perturbation and the controls asks whether the two are one distribution. Whitening is part
//! of the preparation: it is not repeated for each permutation. At most `max_controls` controls take part (1,000 in the
//! benchmarks), the same for every perturbation, and at most `max_cells` cells of a perturbation; both are drawn. The
//! adjusted p-value is Benjamini and Hochberg's over the tested perturbations.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::SeedableRng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::adjust::{Adjustment, adjusted};
use super::cells::{checked, one_label_each, rows_by_label, rows_of, selected};
use super::empirical::{EmpiricalP, counted};
use super::energy::euclidean;
use crate::evaluate::counts::require_count;
use crate::evaluate::unit_rows;
use crate::live::progress;
use crate::reduce::Metric;
use crate::reduce::eigen::{symmetric_eigenvalues, symmetric_power};
use crate::{Error, Result};

/// How far a perturbation is from the controls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MagnitudeStatistic {
    /// Energy distance, the V-statistic: Euclidean in the EFAAR benchmarks, cosine in SC-VAE.
    Energy(Metric),
    /// Squared Mahalanobis distance of the means.
    Mahalanobis {
        /// What is added to the diagonal of the covariance, as a share of its mean.
        ridge: f64,
    },
}

/// How the tests are done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MagnitudeConfig {
    /// The statistic.
    pub statistic: MagnitudeStatistic,
    /// Permutations for each perturbation.
    pub permutations: usize,
    /// Cells that a perturbation needs.
    pub min_cells: usize,
    /// Cells of a perturbation that take part at most.
    pub max_cells: usize,
    /// Controls that take part at most.
    pub max_controls: usize,
    /// What fixes draws and permutations.
    pub seed: u64,
}

impl Default for MagnitudeConfig {
    fn default() -> Self {
        Self {
            statistic: MagnitudeStatistic::Energy(Metric::Euclidean),
            permutations: 999,
            min_cells: 5,
            max_cells: 1_000,
            max_controls: 1_000,
            seed: 0,
        }
    }
}

/// One tested perturbation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Magnitude {
    /// The perturbation.
    pub name: String,
    /// Its cells that took part.
    pub n: usize,
    /// The statistic against those of permuted labels.
    pub p: EmpiricalP,
    /// `p.p_plus_one` adjusted over the tested perturbations.
    pub p_adjusted: f64,
}

/// All tested perturbations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MagnitudeTests {
    /// In order of first appearance; fewer than there are where the work was stopped.
    pub perturbations: Vec<Magnitude>,
    /// Perturbations with too few cells.
    pub untested: Vec<String>,
    /// The label of the controls.
    pub control: String,
    /// Controls that took part.
    pub n_controls: usize,
    /// How the tests were done.
    pub config: MagnitudeConfig,
    /// Whether all perturbations were tested; false after a request to stop.
    pub complete: bool,
}

/// Perturbations between two looks at a request to stop.
const AT_ONCE: usize = 32;

/// Tests every perturbation against the controls: `cells` is `n x d`, `labels[i]` the perturbation of cell i.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::{MagnitudeConfig, perturbation_magnitude};
///
/// let shift = |i| if i < 10 { 20.0 } else { 0.0 };
/// let cells = Array2::from_shape_fn((40, 3), |(i, j)| ((i * 7 + j * 5) % 11) as f64 + shift(i));
/// let labels: Vec<&str> = (0..40).map(|i| if i < 10 { "A" } else { "nt" }).collect();
/// let config = MagnitudeConfig { permutations: 99, ..MagnitudeConfig::default() };
/// let tests = perturbation_magnitude(cells.view(), &labels, "nt", config)?;
/// assert_eq!(tests.perturbations[0].p.p_plus_one, 0.01); // none of 99 permutations is as far
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// Where all cells are equal every statistic is 0 and every p-value 1.
///
/// # Errors
/// When labels and cells differ in number, a value is not finite, there is no permutation, fewer than two controls, or
/// no perturbation with enough cells, the ridge is not 0 or more, or the covariance of the controls has no inverse.
pub fn perturbation_magnitude<V: Copy + Into<f64> + Sync, S: AsRef<str>>(
    cells: ArrayView2<'_, V>,
    labels: &[S],
    control: &str,
    config: MagnitudeConfig,
) -> Result<MagnitudeTests> {
    let place = "perturbation_magnitude";
    one_label_each(cells.nrows(), labels.len(), place)?;
    checked(cells, place, 2)?;
    require_count(config.permutations, "permutations", place)?;
    let groups = rows_by_label(labels);
    let controls = drawn(rows_of(&groups, control, place)?, config.max_controls, &mut rng(config.seed, 0));
    let enough = config.min_cells.max(1);
    let (tested, few): (Vec<_>, Vec<_>) =
        groups.iter().filter(|(name, _)| name != control).partition(|(_, rows)| rows.len() >= enough);
    if config.permutations == 0 || controls.len() < 2 || tested.is_empty() {
        let (n, k) = (controls.len(), tested.len());
        let what = format!("{} permutations, {n} controls, {k} perturbations of {enough} cells", config.permutations);
        return Err(Error::new(format!("nothing to test: {what}"))
            .at(place)
            .fix("ask for permutations, give two controls, and lower min_cells where groups are small"));
    }
    let prepared = Prepared::new(selected(cells, &controls), config.statistic)?;
    let work: Vec<(usize, &(String, Vec<usize>))> = tested.into_iter().enumerate().collect();
    let mut rows = Vec::with_capacity(work.len());
    for some in progress("magnitude of perturbations", work.chunks(AT_ONCE)) {
        rows.par_extend(some.par_iter().map(|(number, (name, of))| {
            let mut rng = rng(config.seed, *number as u64 + 1);
            let own = drawn(of, config.max_cells.max(1), &mut rng);
            let p = prepared.test(selected(cells, &own), config.permutations, &mut rng);
            Magnitude { name: name.clone(), n: own.len(), p, p_adjusted: f64::NAN }
        }));
    }
    let plus_one: Vec<f64> = rows.iter().map(|row: &Magnitude| row.p.p_plus_one).collect();
    for (row, p) in rows.iter_mut().zip(adjusted(&plus_one, Adjustment::BenjaminiHochberg)?) {
        row.p_adjusted = p;
    }
    Ok(MagnitudeTests {
        complete: rows.len() == work.len(),
        perturbations: rows,
        untested: few.into_iter().map(|(name, _)| name.clone()).collect(),
        control: control.to_owned(),
        n_controls: controls.len(),
        config,
    })
}

fn rng(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// At most so many of the rows, in their order.
fn drawn(rows: &[usize], most: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    if rows.len() <= most {
        return rows.to_vec();
    }
    let mut at = sample(rng, rows.len(), most).into_vec();
    at.sort_unstable();
    at.into_iter().map(|i| rows[i]).collect()
}

/// The controls, in the space in which the statistic is simple.
enum Prepared {
    /// The statistic is the squared distance of means: unit rows, or rows made white by the matrix.
    Means { controls: Array2<f64>, white: Option<Array2<f64>> },
    /// The statistic needs all distances.
    Distances { controls: Array2<f64> },
}

impl Prepared {
    fn new(controls: Array2<f64>, statistic: MagnitudeStatistic) -> Result<Self> {
        let ridge = match statistic {
            MagnitudeStatistic::Energy(Metric::Euclidean) => return Ok(Self::Distances { controls }),
            MagnitudeStatistic::Energy(Metric::Cosine) => {
                return Ok(Self::Means { controls: unit_rows(controls.view()), white: None });
            }
            MagnitudeStatistic::Mahalanobis { ridge } => ridge,
        };
        if !(ridge >= 0.0 && ridge.is_finite()) {
            return Err(Error::new(format!("a ridge of {ridge}"))
                .at("perturbation_magnitude")
                .fix("give a finite number, 0 or more"));
        }
        let mean = controls.sum_axis(Axis(0)) / controls.nrows() as f64;
        let centred = &controls - &mean;
        let mut covariance = centred.t().dot(&centred) / (controls.nrows() - 1) as f64;
        let added = ridge * covariance.diag().sum() / covariance.nrows() as f64;
        covariance.diag_mut().mapv_inplace(|v| v + added);
        let place = "perturbation_magnitude, covariance of the controls";
        let fix = "raise the ridge, drop constant features, or give more controls than features";
        // Ascending: what is this much smaller than the largest is rounding.
        let values = symmetric_eigenvalues(covariance.view()).map_err(|e| e.at(place).fix(fix))?;
        let largest = values.last().copied().unwrap_or(0.0);
        if values.iter().any(|v| v.is_nan() || *v <= f64::EPSILON * values.len() as f64 * largest) {
            return Err(Error::new("the covariance has no inverse").at(place).fix(fix));
        }
        let white = symmetric_power(covariance.view(), -0.5).map_err(|e| e.at(place).fix(fix))?;
        Ok(Self::Means { controls: controls.dot(&white), white: Some(white) })
    }

    fn test(&self, own: Array2<f64>, permutations: usize, rng: &mut ChaCha8Rng) -> EmpiricalP {
        let (k, pool) = match self {
            Self::Means { controls, white } => {
                let own = white.as_ref().map_or_else(|| unit_rows(own.view()), |white| own.dot(white));
                (own.nrows(), Pool::of_means(stacked(&own, controls)))
            }
            Self::Distances { controls } => (own.nrows(), Pool::of_distances(stacked(&own, controls))),
        };
        // The statistic is the same for both parts: draw the smaller one.
        let smaller = k.min(pool.len() - k);
        let first: Vec<usize> = if smaller == k { (0..k).collect() } else { (k..pool.len()).collect() };
        let observed = pool.statistic(&first);
        // Equal sets give equal sums, but a set and its complement of the same size differ by rounding.
        let level = observed - 1e-12 * observed.abs();
        let at_least = (0..permutations)
            .filter(|_| {
                let mut rows = sample(rng, pool.len(), smaller).into_vec();
                rows.sort_unstable();
                pool.statistic(&rows) >= level
            })
            .count();
        counted(observed, at_least, permutations)
    }
}

fn stacked(own: &Array2<f64>, controls: &Array2<f64>) -> Array2<f64> {
    let mut pool = Array2::zeros((own.nrows() + controls.nrows(), own.ncols()));
    let (mut first, mut rest) = pool.view_mut().split_at(Axis(0), own.nrows());
    first.assign(own);
    rest.assign(controls);
    pool
}

/// Cells and controls together.
enum Pool {
    Means { rows: Array2<f64>, total: Array1<f64> },
    Distances { distances: Array2<f64>, of_row: Vec<f64>, total: f64 },
}

impl Pool {
    fn of_means(rows: Array2<f64>) -> Self {
        let total = rows.sum_axis(Axis(0));
        Self::Means { rows, total }
    }

    fn of_distances(rows: Array2<f64>) -> Self {
        let listed: Vec<Vec<f64>> = rows.rows().into_iter().map(|row| row.to_vec()).collect();
        let mut distances = Array2::zeros((listed.len(), listed.len()));
        for i in 0..listed.len() {
            for j in i + 1..listed.len() {
                let apart = euclidean(&listed[i], &listed[j]);
                (distances[[i, j]], distances[[j, i]]) = (apart, apart);
            }
        }
        let of_row: Vec<f64> = distances.rows().into_iter().map(|row| row.sum()).collect();
        let total = of_row.iter().sum();
        Self::Distances { distances, of_row, total }
    }

    fn len(&self) -> usize {
        match self {
            Self::Means { rows, .. } => rows.nrows(),
            Self::Distances { of_row, .. } => of_row.len(),
        }
    }

    /// The statistic of these rows against all others.
    fn statistic(&self, chosen: &[usize]) -> f64 {
        let (k, m) = (chosen.len() as f64, (self.len() - chosen.len()) as f64);
        match self {
            Self::Means { rows, total } => {
                let mut sum = Array1::<f64>::zeros(total.len());
                chosen.iter().for_each(|&row| sum += &rows.row(row));
                let apart = &sum / k - (total - &sum) / m;
                apart.dot(&apart)
            }
            Self::Distances { distances, of_row, total } => {
                let from_chosen: f64 = chosen.iter().map(|&row| of_row[row]).sum();
                let inside: f64 = chosen.iter().map(|&i| chosen.iter().map(|&j| distances[[i, j]]).sum::<f64>()).sum();
                let across = from_chosen - inside;
                let outside = total - 2.0 * across - inside;
                2.0 * across / (k * m) - inside / (k * k) - outside / (m * m)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{Within, energy_distance};
    use ndarray::s;

    fn cells() -> (Array2<f64>, Vec<&'static str>) {
        let x = Array2::from_shape_fn((60, 4), |(i, j)| ((i * 13 + j * 7 + i * j) % 17) as f64 - 8.0 + (i % 5) as f64);
        (x, (0..60).map(|i| ["A", "B", "nt", "nt"][i / 15]).collect())
    }

    #[test]
    fn the_statistic_is_the_energy_distance() {
        let (x, labels) = cells();
        for metric in [Metric::Euclidean, Metric::Cosine] {
            let statistic = MagnitudeStatistic::Energy(metric);
            let config = MagnitudeConfig { statistic, permutations: 20, ..MagnitudeConfig::default() };
            let tests = perturbation_magnitude(x.view(), &labels, "nt", config).unwrap();
            let (own, controls) = (x.slice(s![15..30, ..]), x.slice(s![30.., ..]));
            let energy = energy_distance(own, controls, metric, Within::All).unwrap().distance;
            assert!((tests.perturbations[1].p.observed - energy).abs() < 1e-12);
            assert_eq!(tests, perturbation_magnitude(x.view(), &labels, "nt", config).unwrap());
        }
    }

    #[test]
    fn white_means_are_mahalanobis_distances() {
        let x = ndarray::array![[4.0], [4.0], [-1.0], [0.0], [1.0]];
        let statistic = MagnitudeStatistic::Mahalanobis { ridge: 0.0 };
        let config = MagnitudeConfig { statistic, min_cells: 1, permutations: 9, ..MagnitudeConfig::default() };
        let tests = perturbation_magnitude(x.view(), &["A", "A", "nt", "nt", "nt"], "nt", config).unwrap();
        assert!((tests.perturbations[0].p.observed - 16.0).abs() < 1e-12); // controls have variance 1
        let constant = ndarray::array![[1.0], [1.0], [1.0]];
        assert!(perturbation_magnitude(constant.view(), &["A", "nt", "nt"], "nt", config).is_err());
    }

    #[test]
    fn what_cannot_be_tested_is_said() {
        let (x, labels) = cells();
        let config = MagnitudeConfig { permutations: 9, ..MagnitudeConfig::default() };
        assert!(perturbation_magnitude(x.view(), &labels, "control", config).is_err());
        let many = MagnitudeConfig { min_cells: 16, ..config };
        assert!(perturbation_magnitude(x.view(), &labels, "nt", many).is_err());
        let few = MagnitudeConfig { max_controls: 10, max_cells: 6, ..config };
        let tests = perturbation_magnitude(x.view(), &labels, "nt", few).unwrap();
        assert_eq!((tests.n_controls, tests.perturbations[0].n, tests.complete), (10, 6, true));
    }
}
