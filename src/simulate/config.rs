//! Settings of the simulated gene screen.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How many genes, how strong each planted effect. Effects are standard deviations per dimension, in units in which
/// single-cell noise is 1 by default.
///
/// By default knock-outs are subtle (0.15) while the loss of a chromosome arm is not (1.0, in few directions, in one
/// cell of ten). That makes complexes easier to recall in the salient block than in the background, and gives a
/// proximity bias of the size that real screens with Cas9 show; `arm_effect` 1.5 makes it glaring, 0.6 faint.
///
/// ```
/// use perturbook::simulate::GeneEmbeddingConfig;
///
/// let null = GeneEmbeddingConfig { arm_effect: 0.0, ..GeneEmbeddingConfig::default() };
/// assert_eq!(null.cells_per_gene(), 120);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GeneEmbeddingConfig {
    /// Number of genes, without the control.
    pub genes: usize,
    /// Dimensions of the salient block, which comes first.
    pub salient_dims: usize,
    /// Dimensions of the background block.
    pub background_dims: usize,
    /// Number of complexes; no gene belongs to two.
    pub complexes: usize,
    /// Members of the smallest complex.
    pub complex_size_min: usize,
    /// Members of the largest complex.
    pub complex_size_max: usize,
    /// Each gene's own effect, in both blocks.
    pub gene_effect: f64,
    /// The direction that members of a complex share, in the salient block.
    pub complex_effect: f64,
    /// The part of `complex_effect` that also shows in the background block (0 to 1).
    pub complex_in_background: f64,
    /// The effect of a lost arm, in the background block. 0 plants no proximity bias.
    pub arm_effect: f64,
    /// The part of `arm_effect` that also shows in the salient block (0 to 1).
    pub arm_in_salient: f64,
    /// Dimension of the random subspace in which arm effects lie.
    pub arm_rank: usize,
    /// Probability that a cell of a targeted gene has lost the arm; the arm effect then replaces the gene's.
    pub biased: f64,
    /// Guides of each gene.
    pub guides: usize,
    /// Guides of the non-targeting control.
    pub control_guides: usize,
    /// Cells of each guide, spread evenly over the wells.
    pub cells_per_guide: usize,
    /// Number of wells.
    pub wells: usize,
    /// Shift of each well: technical structure, in the background block only.
    pub well_effect: f64,
    /// Noise of a single cell, in both blocks.
    pub noise: f64,
    /// Seed; the same seed gives the same bits.
    pub seed: u64,
}

impl Default for GeneEmbeddingConfig {
    fn default() -> Self {
        Self {
            genes: 1200,
            salient_dims: 32,
            background_dims: 32,
            complexes: 80,
            complex_size_min: 3,
            complex_size_max: 12,
            gene_effect: 0.15,
            complex_effect: 0.13,
            complex_in_background: 0.7,
            arm_effect: 1.0,
            arm_in_salient: 0.8,
            arm_rank: 10,
            biased: 0.10,
            guides: 4,
            control_guides: 50,
            cells_per_guide: 30,
            wells: 6,
            well_effect: 0.3,
            noise: 1.0,
            seed: 0,
        }
    }
}

impl GeneEmbeddingConfig {
    /// A small screen for tests and first tries: 200 genes, 15 complexes, 60 cells per gene.
    pub fn quick() -> Self {
        Self { genes: 200, complexes: 15, control_guides: 10, cells_per_guide: 15, ..Self::default() }
    }

    /// Number of dimensions, salient and background.
    pub fn dims(&self) -> usize {
        self.salient_dims + self.background_dims
    }

    /// Cells of each targeted gene.
    pub fn cells_per_gene(&self) -> usize {
        self.guides * self.cells_per_guide
    }

    /// Says which setting cannot be used, if one cannot.
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |key: &str, what: String, fix: &str| Err(Error::new(what).at(format!("setting {key}")).fix(fix));
        for (key, value) in [
            ("genes", self.genes),
            ("salient_dims", self.salient_dims),
            ("background_dims", self.background_dims),
            ("guides", self.guides),
            ("control_guides", self.control_guides),
            ("cells_per_guide", self.cells_per_guide),
            ("wells", self.wells),
        ] {
            if value == 0 {
                return refuse(key, "must not be 0".into(), "give at least 1");
            }
        }
        for (key, value) in [
            ("gene_effect", self.gene_effect),
            ("complex_effect", self.complex_effect),
            ("arm_effect", self.arm_effect),
            ("well_effect", self.well_effect),
            ("noise", self.noise),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return refuse(key, format!("{value} is no strength"), "give a finite number, 0 or more");
            }
        }
        for (key, value) in [
            ("complex_in_background", self.complex_in_background),
            ("arm_in_salient", self.arm_in_salient),
            ("biased", self.biased),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return refuse(key, format!("{value} is not between 0 and 1"), "give a fraction");
            }
        }
        if self.complex_size_min < 2 || self.complex_size_max < self.complex_size_min {
            return refuse(
                "complex_size_min, complex_size_max",
                format!("complexes cannot have {} to {} members", self.complex_size_min, self.complex_size_max),
                "give at least 2 members, and a largest size that is not below the smallest",
            );
        }
        if self.complexes * self.complex_size_max > self.genes {
            return refuse(
                "complexes",
                format!(
                    "{} complexes of up to {} members need more than {} genes",
                    self.complexes, self.complex_size_max, self.genes
                ),
                "plant fewer or smaller complexes, or more genes",
            );
        }
        if self.arm_rank == 0 || self.arm_rank > self.dims() {
            return refuse(
                "arm_rank",
                format!("a subspace of {} dimensions does not fit into {}", self.arm_rank, self.dims()),
                "give 1 up to the number of dimensions",
            );
        }
        Ok(())
    }
}
