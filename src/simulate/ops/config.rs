//! Settings of the simulated optical pooled screen.

use serde::{Deserialize, Serialize};

use super::Phenotype;
use crate::{Error, Result};

/// The truth about a cell takes some 70 bytes.
const MOST_CELLS: usize = 100_000_000;

/// How many genes and cells, how strong the effects and the background variation. By default 2,016 cells of
/// `4 x 64 x 64`, 132 MB as `f32`.
///
/// ```
/// use perturbook::simulate::OpsConfig;
///
/// let config = OpsConfig::default();
/// assert_eq!(config.cells(), (32 * 2 + 20) * 24);
/// assert_eq!(config.batches(), 6);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpsConfig {
    /// Pixels along a side of a crop, which always shows about 32 um: 100 at 20x as acquired, 96 or 64 as resized.
    pub size: usize,
    /// Number of genes, without the control.
    pub genes: usize,
    /// Number of complexes. The first ones show one phenotype each, later ones a blend of two.
    pub complexes: usize,
    /// Genes of a complex.
    pub complex_size: usize,
    /// Genes without any effect.
    pub null_genes: usize,
    /// The phenotypes that complexes and single genes are given, in this order.
    pub phenotypes: Vec<Phenotype>,
    /// Strength of the effects; at 1 added structure is plain to the eye. 0 plants none.
    pub effect: f64,
    /// How far strengths differ between genes: a gene has `effect` times 1 - spread to 1 + spread.
    pub effect_spread: f64,
    /// Probability that a cell of a targeted gene shows nothing of it.
    pub escaping: f64,
    /// Guides of each gene.
    pub guides: usize,
    /// Guides of the non-targeting control.
    pub control_guides: usize,
    /// Cells of each guide, spread evenly over the wells.
    pub cells_per_guide: usize,
    /// Number of plates.
    pub plates: usize,
    /// Wells of each plate, at most 78 (`A1` to `Z3`); a well of a plate is a batch.
    pub wells_per_plate: usize,
    /// Share of light that is lost in the corners of a field.
    pub vignetting: f64,
    /// Standard deviation of the logarithm of a batch's gain, channel by channel.
    pub gain: f64,
    /// Standard deviation of a batch's offset, channel by channel, in units of full scale.
    pub offset: f64,
    /// Largest additional blur of a batch: standard deviation in pixels of the camera (100 to a crop).
    pub blur: f64,
    /// Whether the blurs of batches lie evenly from none to the largest, instead of anywhere between.
    pub even_blur: bool,
    /// Photons at full scale; shot noise falls with their square root.
    pub photons: f64,
    /// Read noise, in units of full scale.
    pub read_noise: f64,
    /// Seed; the same seed gives the same bits.
    pub seed: u64,
}

impl Default for OpsConfig {
    fn default() -> Self {
        Self {
            size: 64,
            genes: 32,
            complexes: 8,
            complex_size: 3,
            null_genes: 8,
            phenotypes: Phenotype::ALL.to_vec(),
            effect: 1.0,
            effect_spread: 0.2,
            escaping: 0.15,
            guides: 2,
            control_guides: 20,
            cells_per_guide: 24,
            plates: 2,
            wells_per_plate: 3,
            vignetting: 0.35,
            gain: 0.15,
            offset: 0.01,
            blur: 0.6,
            even_blur: false,
            photons: 1500.0,
            read_noise: 0.006,
            seed: 0,
        }
    }
}

impl OpsConfig {
    /// A small screen for tests and first tries: 288 cells of `4 x 48 x 48`.
    pub fn quick() -> Self {
        Self {
            size: 48,
            genes: 10,
            complexes: 4,
            complex_size: 2,
            null_genes: 2,
            phenotypes: vec![Phenotype::GiantNucleus, Phenotype::FociBurst, Phenotype::ActinRing, Phenotype::MoreG2],
            control_guides: 4,
            cells_per_guide: 12,
            ..Self::default()
        }
    }

    /// A screen in which wells differ by more than normalisation by controls takes away: some are out of focus, and in some a
    /// channel is overexposed once it is brought to 0..1. 20 genes in pairs, each pair with an effect of its own; 3,456 cells of
    /// `4 x 32 x 32`.
    ///
    /// ```
    /// use perturbook::simulate::{OpsConfig, ops_screen};
    ///
    /// let screen = ops_screen(&OpsConfig::with_batch_effects())?;
    /// let mut blurs: Vec<f32> = screen.truth().batches.iter().map(|batch| batch.blur).collect();
    /// blurs.sort_by(f32::total_cmp);
    /// assert_eq!((screen.truth().cells.len(), blurs[0], blurs[1], blurs[5]), (3456, 0.0, 1.8, 9.0));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn with_batch_effects() -> Self {
        Self {
            size: 32,
            genes: 20,
            complexes: 10,
            complex_size: 2,
            null_genes: 0,
            effect: 3.0,
            control_guides: 14,
            cells_per_guide: 64,
            gain: 0.8,
            offset: 0.02,
            blur: 9.0,
            even_blur: true,
            ..Self::default()
        }
    }

    /// 16 genes in four complexes, each with a structure of its own, and hardly any difference between wells: for methods that
    /// learn how cells of perturbations look. 2,816 cells of `4 x 32 x 32`.
    ///
    /// ```
    /// use perturbook::simulate::{OpsConfig, ops_screen};
    ///
    /// let screen = ops_screen(&OpsConfig::with_complexes())?;
    /// let complexes = screen.truth().gene_sets();
    /// assert_eq!((screen.truth().cells.len(), complexes.sets().len()), (2816, 4));
    /// assert!(complexes.sets().iter().all(|complex| complex.genes.len() == 4));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    pub fn with_complexes() -> Self {
        let phenotypes = Phenotype::ALL.into_iter().filter(|phenotype| phenotype.adds_structure()).collect();
        Self {
            size: 32,
            genes: 16,
            complexes: 4,
            complex_size: 4,
            null_genes: 0,
            phenotypes,
            effect: 2.5,
            effect_spread: 0.2,
            escaping: 0.0,
            guides: 2,
            control_guides: 12,
            cells_per_guide: 64,
            gain: 0.05,
            blur: 0.2,
            ..Self::default()
        }
    }

    /// Number of cells, targeted and control.
    pub fn cells(&self) -> usize {
        (self.genes * self.guides + self.control_guides) * self.cells_per_guide
    }

    /// Number of batches: the wells of all plates.
    pub fn batches(&self) -> usize {
        self.plates * self.wells_per_plate
    }

    /// Says which setting cannot be used, if one cannot.
    pub(super) fn check(&self) -> Result<()> {
        for (key, value, most) in [
            ("size", self.size, 4096),
            ("genes", self.genes, 1_000_000),
            ("guides", self.guides, 1000),
            ("control_guides", self.control_guides, 1_000_000),
            ("cells_per_guide", self.cells_per_guide, 1_000_000),
            ("plates", self.plates, 10_000),
            ("wells_per_plate", self.wells_per_plate, 78),
        ] {
            if value == 0 || value > most {
                return refuse(key, format!("{value} is not between 1 and {most}"), "give a number in this range");
            }
        }
        if self.cells() > MOST_CELLS {
            let what = format!("a plan of {} cells does not fit into memory", self.cells());
            return refuse("genes, guides, control_guides, cells_per_guide", what, "ask for 100 million or fewer");
        }
        if self.size < 16 {
            return refuse("size", format!("{} pixels are too few to show a cell", self.size), "give at least 16");
        }
        for (key, value) in [
            ("effect", self.effect),
            ("gain", self.gain),
            ("offset", self.offset),
            ("blur", self.blur),
            ("read_noise", self.read_noise),
        ] {
            if !(0.0..=10.0).contains(&value) {
                return refuse(key, format!("{value} is no strength"), "give a number from 0 to 10");
            }
        }
        for (key, value) in
            [("effect_spread", self.effect_spread), ("escaping", self.escaping), ("vignetting", self.vignetting)]
        {
            if !(0.0..=1.0).contains(&value) {
                return refuse(key, format!("{value} is not between 0 and 1"), "give a fraction");
            }
        }
        if !(self.photons.is_finite() && self.photons >= 1.0) {
            return refuse("photons", format!("{} is no number of photons", self.photons), "give at least 1");
        }
        self.check_design()
    }

    fn check_design(&self) -> Result<()> {
        let members = self.complexes.checked_mul(self.complex_size);
        let planned = members.and_then(|members| members.checked_add(self.null_genes));
        if planned.is_none_or(|planned| planned > self.genes) {
            return refuse(
                "complexes, complex_size, null_genes",
                format!(
                    "{} complexes of {} genes and {} genes without effect are more than {} genes",
                    self.complexes, self.complex_size, self.null_genes, self.genes
                ),
                "plant fewer or smaller complexes, or more genes",
            );
        }
        if self.complexes > 0 && self.complex_size < 2 {
            return refuse(
                "complex_size",
                format!("a complex cannot have {} genes", self.complex_size),
                "give 2 or more",
            );
        }
        let kinds = self.phenotypes.len();
        if planned != Some(self.null_genes) || self.genes > self.null_genes {
            if kinds == 0 {
                return refuse("phenotypes", "no phenotype to plant".into(), "name one, or make all genes null genes");
            }
            if self.complexes > kinds * kinds {
                return refuse(
                    "complexes",
                    format!("{} complexes cannot be told apart by {kinds} phenotypes", self.complexes),
                    "plant at most the square of the number of phenotypes",
                );
            }
        }
        if (1..kinds).any(|k| self.phenotypes[..k].contains(&self.phenotypes[k])) {
            return refuse("phenotypes", "a phenotype is named twice".into(), "name each once");
        }
        Ok(())
    }
}

fn refuse(key: &str, what: String, fix: &str) -> Result<()> {
    Err(Error::new(what).at(format!("setting {key}")).fix(fix))
}
