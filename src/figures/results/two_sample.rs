//! Samples against each other: energy distances of perturbations, their magnitude, and the agreement of replicates.

use super::figure_or_reason;
use crate::display::{Bundle, Show, fields};
use crate::evaluate::{
    BrunnerMunzel, ConsistencyNull, EmpiricalP, EnergyConfig, EnergyDistance, EnergyMatrix, KsTest, MagnitudeConfig,
    MagnitudeStatistic, MagnitudeTests, MannWhitney, ReplicateTests, WelchT, Within,
};
use crate::figures::{Axis, Curves, Distribution, Figure, Heatmap, Volcano};
use crate::reduce::Metric;
use crate::{Error, Result};

/// Adjusted p-value up to which a perturbation counts as a hit.
const ALPHA: f64 = 0.05;

fn distance_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Cosine => "energy distance (1 − cosine)",
        Metric::Euclidean => "energy distance (Euclidean)",
    }
}

/// Energy distances between all pairs of groups, similar groups beside each other: SC-VAE's Figure 4.
///
/// # Errors
/// When the matrix is empty.
pub fn energy_heatmap(energy: &EnergyMatrix) -> Result<Figure> {
    let (n, cells) = (energy.groups.len(), energy.n.iter().sum::<usize>());
    let colour = Axis::new(distance_name(energy.metric));
    let figure = Heatmap::sequential("Energy distance between groups of cells", energy.values.view(), colour)
        .axes("perturbation", "perturbation")
        .names(&energy.groups, &energy.groups)
        .ordered()
        .figure()?;
    let rule = match energy.within {
        Within::All => "V-statistic",
        Within::Distinct => "mean distances within groups over different cells; the diagonal says nothing",
    };
    let origin = energy.centre.as_ref().map(|name| format!("; origin: mean of {name}")).unwrap_or_default();
    Ok(figure.caption(&format!(
        "{n} groups, {cells} cells, {rule}{origin}; ordered by similarity. The kind of Figure 4 of the SC-VAE paper."
    )))
}

/// The energy distances of all pairs of groups in one space against those in another: SC-VAE's comparison of methods.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{EnergyConfig, energy_matrix};
/// use perturbook::figures::energy_scatter;
///
/// let (cells, labels) = (array![[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], ["A", "B", "C"]);
/// let energy = energy_matrix(cells.view(), &labels, &EnergyConfig::default())?;
/// let figure = energy_scatter(("salient", &energy), ("background", &energy))?;
/// assert!(figure.summary().contains("3 pairs"));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the two are not of the same groups in the same order, or differ in distance or rule.
pub fn energy_scatter(x: (&str, &EnergyMatrix), y: (&str, &EnergyMatrix)) -> Result<Figure> {
    if x.1.groups != y.1.groups || (x.1.metric, x.1.within) != (y.1.metric, y.1.within) {
        return Err(Error::new("the two energy matrices cannot be compared pair by pair")
            .at(format!("{:?} ({} groups) and {:?} ({})", x.0, x.1.groups.len(), y.0, y.1.groups.len()))
            .fix("compute both over the same groups, with the same distance and rule"));
    }
    let (across, up) = (x.1.pairs(), y.1.pairs());
    let largest = across.iter().chain(&up).copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let above = across.iter().zip(&up).filter(|(x, y)| y > x).count();
    let axis = |name: &str| Axis::new(&format!("{}, {name}", distance_name(x.1.metric)));
    // A line that NaN breaks after every point: dots alone.
    let dotted = |values: &[f64]| values.iter().flat_map(|&v| [v, f64::NAN]).collect::<Vec<f64>>();
    let figure = Curves::new("Energy distances of all pairs of groups", axis(x.0), axis(y.0))
        .points("pairs", &dotted(&across), &dotted(&up))
        .reference("equal", (0.0, 0.0), (largest, largest))
        .figure()?;
    let caption = format!("{} pairs; {above} are larger in {} than in {}.", across.len(), y.0, x.0);
    Ok(figure.caption(&caption))
}

/// Every perturbation's distance from the controls against its adjusted p-value.
///
/// # Errors
/// When no perturbation was tested.
pub fn magnitude_volcano(tests: &MagnitudeTests) -> Result<Figure> {
    if tests.perturbations.is_empty() {
        return Err(Error::new("no perturbation was tested").fix("let the tests run, or lower min_cells"));
    }
    let names: Vec<&str> = tests.perturbations.iter().map(|test| test.name.as_str()).collect();
    let observed: Vec<f64> = tests.perturbations.iter().map(|test| test.p.observed).collect();
    let p: Vec<f64> = tests.perturbations.iter().map(|test| test.p_adjusted).collect();
    let effect = match tests.config.statistic {
        MagnitudeStatistic::Energy(metric) => distance_name(metric),
        MagnitudeStatistic::Mahalanobis { .. } => "squared Mahalanobis distance of the means",
    };
    let hits = p.iter().filter(|p| **p <= ALPHA).count();
    let figure = Volcano::new("Magnitude of perturbations", Axis::new(effect))
        .points(&names, &observed, &p)
        .thresholds(0.0, ALPHA)
        .figure()?;
    let stopped = if tests.complete { "" } else { " Stopped before all were tested." };
    Ok(figure.caption(&format!(
        "{hits} of {} perturbations differ from {} controls ({}); {} permutations each, p adjusted after Benjamini and \
         Hochberg.{stopped}",
        names.len(),
        tests.n_controls,
        tests.control,
        tests.config.permutations
    )))
}

/// The mean cosines of replicates, of perturbations and of their null.
///
/// # Errors
/// When there is nothing to draw.
pub fn consistency_figure(tests: &ReplicateTests) -> Result<Figure> {
    let observed: Vec<f64> = tests.perturbations.iter().map(|test| test.p.observed).collect();
    let null = match tests.source {
        ConsistencyNull::Controls(_) => "negative controls",
        ConsistencyNull::Draws { .. } => "random sets of rows",
    };
    let figure = Distribution::new("Consistency of replicates", Axis::new("mean cosine of replicates"))
        .group("perturbations", &observed)
        .group(null, &tests.null)
        .figure()?;
    Ok(figure.caption(&format!(
        "{} perturbations, {:.1} % consistent at an adjusted p of {ALPHA} (Benjamini and Hochberg); {} null statistics.",
        observed.len(),
        100.0 * tests.share_consistent(ALPHA),
        tests.null.len()
    )))
}

impl Show for EnergyMatrix {
    fn bundle(&self) -> Bundle {
        figure_or_reason(energy_heatmap(self))
    }
}

impl Show for MagnitudeTests {
    fn bundle(&self) -> Bundle {
        figure_or_reason(magnitude_volcano(self))
    }
}

impl Show for ReplicateTests {
    fn bundle(&self) -> Bundle {
        figure_or_reason(consistency_figure(self))
    }
}

macro_rules! show_fields {
    ($($result:ty: $title:literal),*) => {$(
        impl Show for $result {
            fn bundle(&self) -> Bundle {
                fields(self).titled($title).bundle()
            }
        }
    )*};
}

show_fields!(
    EnergyDistance: "Energy distance",
    EmpiricalP: "Place among null statistics",
    MannWhitney: "Mann-Whitney test",
    WelchT: "Welch's t test",
    KsTest: "Kolmogorov-Smirnov test",
    BrunnerMunzel: "Brunner-Munzel test",
    EnergyConfig: "Energy distances",
    MagnitudeConfig: "Magnitude of perturbations"
);
