//! Mean cosines within and between chromosome arms: the plainest view of proximity bias (Lazar et al. 2024).
//!
//! For each chromosome the mean over pairs inside the p arm, inside the q arm, and between the two. Without bias the
//! three agree. The paper looks at chromosomes with at least 10 genes on both arms.

use ndarray::Axis;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::evaluate::cosine::{mean_between, mean_off_diagonal, unit_rows};
use crate::genome::{Arm, Chromosome, Genome, Side};
use crate::screen::Profiles;

/// One arm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmCosine {
    /// The arm.
    pub arm: Arm,
    /// Its genes in the map.
    pub n_genes: usize,
    /// Mean cosine over its pairs of genes; `None` with fewer than two genes.
    pub within: Option<f64>,
}

/// One chromosome.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChromosomeCosines {
    /// The chromosome.
    pub chromosome: Chromosome,
    /// Genes on the p arm.
    pub n_p: usize,
    /// Genes on the q arm.
    pub n_q: usize,
    /// Mean cosine inside the p arm; `None` with fewer than two genes.
    pub within_p: Option<f64>,
    /// Mean cosine inside the q arm; `None` with fewer than two genes.
    pub within_q: Option<f64>,
    /// Mean cosine between the arms; `None` when one is empty.
    pub between: Option<f64>,
    /// At least 10 genes on both arms.
    pub both_arms_large: bool,
}

/// Mean cosines of all arms and chromosomes, in genome order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmCosines {
    /// Arms that hold a gene.
    pub arms: Vec<ArmCosine>,
    /// Chromosomes that hold a gene.
    pub chromosomes: Vec<ChromosomeCosines>,
    /// Genes with a position.
    pub n_genes: usize,
    /// Profiles left out because they have no position.
    pub n_unplaced: usize,
}

/// Genes that both arms of a chromosome need in the paper's figure.
const LARGE: usize = 10;

/// Mean cosines within and between arms. Profiles without a position are left out; a zero vector has cosine 0 with
/// everything.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::arm_cosines;
/// use perturbook::genome::{Genome, Locus};
/// use perturbook::screen::Profiles;
///
/// let p = Profiles::new(["A", "B", "C"].map(String::from).to_vec(), array![[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])?;
/// let genome = Genome::from_genes([
///     ("A", Locus { arm: "chr1p".parse()?, start: 10 }),
///     ("B", Locus { arm: "chr1p".parse()?, start: 20 }),
///     ("C", Locus { arm: "chr1q".parse()?, start: 30 }),
/// ]);
/// let chr1 = arm_cosines(&p, &genome)?.chromosomes[0];
/// assert_eq!((chr1.within_p, chr1.within_q, chr1.between), (Some(1.0), None, Some(0.0)));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When no profile has a position.
pub fn arm_cosines(profiles: &Profiles, genome: &Genome) -> Result<ArmCosines> {
    let placement = genome.place(profiles.keys());
    let rows = placement.some_arms()?;
    let units = unit_rows(profiles.values());
    let units_of = |chromosome, side| units.select(Axis(0), rows.get(&Arm { chromosome, side }).map_or(&[], |r| r));
    let arms = rows
        .iter()
        .map(|(&arm, rows)| ArmCosine {
            arm,
            n_genes: rows.len(),
            within: mean_off_diagonal(units_of(arm.chromosome, arm.side).view()),
        })
        .collect();
    let mut chromosomes: Vec<Chromosome> = rows.keys().map(|arm| arm.chromosome).collect();
    chromosomes.dedup();
    let chromosomes = chromosomes
        .into_iter()
        .map(|chromosome| {
            let (p, q) = (units_of(chromosome, Side::P), units_of(chromosome, Side::Q));
            ChromosomeCosines {
                chromosome,
                n_p: p.nrows(),
                n_q: q.nrows(),
                within_p: mean_off_diagonal(p.view()),
                within_q: mean_off_diagonal(q.view()),
                between: mean_between(p.view(), q.view()),
                both_arms_large: p.nrows() >= LARGE && q.nrows() >= LARGE,
            }
        })
        .collect();
    let n_genes = placement.n_placed();
    Ok(ArmCosines { arms, chromosomes, n_genes, n_unplaced: profiles.len() - n_genes })
}

/// Mean cosine over all pairs of genes on the same arm, all arms pooled; `None` when no arm has two genes.
///
/// # Errors
/// When no profile has a position.
pub fn mean_same_arm_cosine(profiles: &Profiles, genome: &Genome) -> Result<Option<f64>> {
    let arms = arm_cosines(profiles, genome)?.arms;
    let pairs = |arm: &ArmCosine| (arm.n_genes * (arm.n_genes - 1)) as f64;
    let total: f64 = arms.iter().map(pairs).sum();
    let sum: f64 = arms.iter().filter_map(|arm| Some(arm.within? * pairs(arm))).sum();
    Ok((total > 0.0).then(|| sum / total))
}
