//! Settings of the simulated Perturb-seq screen.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

const MOST_CELLS: usize = 100_000_000;
const MOST_COUNTS: usize = 1 << 33;

/// How many perturbations, cells and genes, how strong each effect. Effects are natural logarithms of expression, or
/// units of the latent offset s where that is said. By default 5,000 cells of 500 genes, as in the synthetic test of a
/// supervised contrastive model.
///
/// ```
/// use perturbook::simulate::PerturbSeqConfig;
///
/// let config = PerturbSeqConfig::default();
/// assert_eq!(config.cells(), (10 + 2) * 3 * 125 + 4 * 125);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerturbSeqConfig {
    /// Number of measured genes.
    pub genes: usize,
    /// Number of perturbations that have an effect.
    pub perturbations: usize,
    /// Number of perturbations without any, on top.
    pub null_perturbations: usize,
    /// Number of complexes; perturbations of a complex push cells the same way, by different amounts.
    pub complexes: usize,
    /// Perturbations of a complex.
    pub complex_size: usize,
    /// How far members of a complex turn from its direction: 0 not at all, 1 wherever chance has it.
    pub complex_spread: f64,
    /// Dimensions of the offset s.
    pub offset_dims: usize,
    /// Length of a perturbation's offset. 0 plants no effect.
    pub effect: f64,
    /// Standard deviation of s about its offset, in every dimension; s of a control is about 0.
    pub offset_noise: f64,
    /// Part of the genes that respond to s.
    pub responding: f64,
    /// Standard deviation of a responding gene's slope, per unit and dimension of s.
    pub response: f64,
    /// Part of the genes that cycle.
    pub cycling: f64,
    /// Amplitude of a cycling gene, on average. 0 plants no cell cycle.
    pub cycle: f64,
    /// Probability that a cell of a perturbation is like a control.
    pub escaping: f64,
    /// Median number of molecules in a cell.
    pub library: f64,
    /// Standard deviation of its logarithm.
    pub library_spread: f64,
    /// Standard deviation of the genes' log abundance.
    pub abundance_spread: f64,
    /// Median of the genes' inverse dispersion theta: the variance of counts is mu + mu^2 / theta.
    pub theta: f64,
    /// Standard deviation of its logarithm between genes.
    pub theta_spread: f64,
    /// Number of batches, among which cells are dealt in turn.
    pub batches: usize,
    /// Standard deviation of a batch's effect, gene by gene. 0 plants none.
    pub batch_effect: f64,
    /// Guides of each perturbation.
    pub guides: usize,
    /// Guides of the non-targeting control.
    pub control_guides: usize,
    /// Cells of each guide.
    pub cells_per_guide: usize,
    /// Seed; the same seed gives the same bits.
    pub seed: u64,
}

impl Default for PerturbSeqConfig {
    fn default() -> Self {
        Self {
            genes: 500,
            perturbations: 10,
            null_perturbations: 2,
            complexes: 2,
            complex_size: 2,
            complex_spread: 0.1,
            offset_dims: 2,
            effect: 4.0,
            offset_noise: 0.5,
            responding: 0.2,
            response: 0.25,
            cycling: 0.2,
            cycle: 0.8,
            escaping: 0.2,
            library: 3000.0,
            library_spread: 0.35,
            abundance_spread: 1.2,
            theta: 5.0,
            theta_spread: 0.5,
            batches: 3,
            batch_effect: 0.1,
            guides: 3,
            control_guides: 4,
            cells_per_guide: 125,
            seed: 0,
        }
    }
}

impl PerturbSeqConfig {
    /// A small screen for tests and first tries: 1,000 cells of 300 genes.
    pub fn quick() -> Self {
        Self { genes: 300, cells_per_guide: 25, ..Self::default() }
    }

    /// Number of cells, perturbed and control.
    pub fn cells(&self) -> usize {
        self.targeted() + self.control_guides * self.cells_per_guide
    }

    /// Number of cells with a targeting guide.
    pub(super) fn targeted(&self) -> usize {
        (self.perturbations + self.null_perturbations) * self.guides * self.cells_per_guide
    }

    /// Says which setting cannot be used, if one cannot.
    pub(super) fn check(&self) -> Result<()> {
        for (key, value, least, most) in [
            ("genes", self.genes, 1, 1_000_000),
            ("perturbations", self.perturbations, 0, 1_000_000),
            ("null_perturbations", self.null_perturbations, 0, 1_000_000),
            ("offset_dims", self.offset_dims, 2, 1000),
            ("batches", self.batches, 1, 100_000),
            ("guides", self.guides, 1, 1000),
            ("control_guides", self.control_guides, 1, 1_000_000),
            ("cells_per_guide", self.cells_per_guide, 1, 1_000_000),
        ] {
            if !(least..=most).contains(&value) {
                return refuse(
                    key,
                    format!("{value} is not between {least} and {most}"),
                    "give a number in this range",
                );
            }
        }
        if self.cells() > MOST_CELLS || self.cells() * self.genes > MOST_COUNTS {
            let what = format!("{} cells of {} genes do not fit into memory", self.cells(), self.genes);
            return refuse("genes, guides, control_guides, cells_per_guide", what, "ask for fewer cells or genes");
        }
        for (key, value, most) in [
            ("effect", self.effect, 20.0),
            ("offset_noise", self.offset_noise, 20.0),
            ("response", self.response, 20.0),
            ("cycle", self.cycle, 20.0),
            ("library_spread", self.library_spread, 2.0),
            ("abundance_spread", self.abundance_spread, 20.0),
            ("theta_spread", self.theta_spread, 2.0),
            ("batch_effect", self.batch_effect, 20.0),
        ] {
            if !(0.0..=most).contains(&value) {
                return refuse(key, format!("{value} is not between 0 and {most}"), "give a strength in this range");
            }
        }
        for (key, value) in [
            ("complex_spread", self.complex_spread),
            ("responding", self.responding),
            ("cycling", self.cycling),
            ("escaping", self.escaping),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return refuse(key, format!("{value} is not between 0 and 1"), "give a fraction");
            }
        }
        if !(1.0..=1e6).contains(&self.library) {
            return refuse("library", format!("{} molecules do not make a cell", self.library), "give 1 to 1,000,000");
        }
        if !(1e-3..=1e6).contains(&self.theta) {
            return refuse("theta", format!("{} is no inverse dispersion", self.theta), "give 0.001 to 1,000,000");
        }
        if self.complexes > 0 && self.complex_size < 2 {
            let what = format!("a complex cannot have {} perturbations", self.complex_size);
            return refuse("complex_size", what, "give 2 or more");
        }
        if self.complexes.checked_mul(self.complex_size).is_none_or(|members| members > self.perturbations) {
            let (complexes, size) = (self.complexes, self.complex_size);
            let what = format!("{complexes} complexes of {size} are more than {} perturbations", self.perturbations);
            return refuse("complexes", what, "plant fewer or smaller complexes, or more perturbations");
        }
        Ok(())
    }
}

fn refuse(key: &str, what: String, fix: &str) -> Result<()> {
    Err(Error::new(what).at(format!("setting {key}")).fix(fix))
}
