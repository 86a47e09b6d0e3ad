//! Where in the cell cycle each cell is, by the genes of Tirosh et al. (2016).
//!
//! Two sets of genes, expressed in S phase and in G2 and mitosis, are scored ([`score_genes`]), with
//! as many control genes of each bin of expression as the smaller set has genes. A cell is in the phase of the larger
//! score, and in G1 where both are below 0, as Seurat's `CellCycleScoring` and scanpy's `score_genes_cell_cycle` say.

mod genes;

use std::collections::HashMap;
use std::fmt;

pub use genes::{G2M_GENES, RENAMED, S_GENES};

use super::{ControlGenes, Csr, score_genes};
use crate::{Error, Result};

/// A phase of the cell cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Neither replicating nor dividing.
    G1,
    /// Replicating DNA.
    S,
    /// About to divide, or dividing.
    G2M,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::G1 => "G1",
            Self::S => "S",
            Self::G2M => "G2M",
        })
    }
}

impl Phase {
    /// The phase of two scores: G1 where both are below 0, else G2M where it is the larger, else S.
    ///
    /// ```
    /// use perturbook::preprocess::counts::cell_cycle::Phase;
    /// assert_eq!([Phase::of(-0.1, -0.2), Phase::of(0.1, 0.2), Phase::of(0.1, 0.1)], [Phase::G1, Phase::G2M, Phase::S]);
    /// ```
    pub fn of(s: f64, g2m: f64) -> Self {
        match (s < 0.0 && g2m < 0.0, g2m > s) {
            (true, _) => Self::G1,
            (false, true) => Self::G2M,
            (false, false) => Self::S,
        }
    }
}

/// Scores and phases, one of each a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellCycle {
    /// Score of the S genes.
    pub s: Vec<f64>,
    /// Score of the G2/M genes.
    pub g2m: Vec<f64>,
    /// Phase.
    pub phase: Vec<Phase>,
    /// S genes that the matrix lacks.
    pub missing_s: Vec<&'static str>,
    /// G2/M genes that the matrix lacks.
    pub missing_g2m: Vec<&'static str>,
}

/// Scores and phases of cells with log-normalised expression; `names` are the symbols of its columns.
///
/// Genes are found under the names of the lists or under those they have today ([`RENAMED`]); what is missing stands in
/// the result. The control genes are drawn with the seed.
///
/// ```
/// use perturbook::preprocess::counts::Csr;
/// use perturbook::preprocess::counts::cell_cycle::{Phase, cell_cycle};
///
/// // Genes 0 to 29 are the same everywhere, gene 30 is PCNA (S), gene 31 is CDK1 (G2/M).
/// let names: Vec<String> = (0..30).map(|i| format!("G{i}")).chain(["PCNA".into(), "CDK1".into()]).collect();
/// let cell = |pcna: f32, cdk1: f32| (0..32).map(move |g| [1.5, pcna, cdk1][(g as usize).saturating_sub(29)]);
/// let values: Vec<f32> = cell(4.0, 0.0).chain(cell(0.0, 4.0)).chain(cell(0.5, 0.5)).collect();
/// let indices: Vec<u32> = (0..3).flat_map(|_| 0..32).collect();
/// let expression = Csr::new(vec![0, 32, 64, 96], indices, values, 32)?;
/// let cycle = cell_cycle(&expression, &names, 1)?;
/// assert_eq!(cycle.phase, [Phase::S, Phase::G2M, Phase::G1]);
/// assert_eq!(cycle.missing_s.len(), 42);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one name for each column, or no gene of one of the two lists is there.
pub fn cell_cycle<'a, N: AsRef<str>>(expression: impl Into<Csr<'a>>, names: &[N], seed: u64) -> Result<CellCycle> {
    let expression = expression.into();
    if names.len() != expression.genes() {
        return Err(Error::new(format!("{} names for {} genes", names.len(), expression.genes()))
            .at("cell cycle")
            .fix("give the symbols of the columns, in their order"));
    }
    let mut column = HashMap::new();
    names.iter().enumerate().for_each(|(number, name)| {
        column.entry(name.as_ref()).or_insert(number);
    });
    let draw = ControlGenes { per_bin: S_GENES.len().min(G2M_GENES.len()), seed, ..ControlGenes::default() };
    let of = |phase: &str, list: &[&'static str]| -> Result<(Vec<f64>, Vec<&'static str>)> {
        let (found, missing) = locate(&column, list);
        if found.is_empty() {
            return Err(Error::new(format!("none of the {} {phase} genes is there", list.len()))
                .at("cell cycle")
                .fix("name the columns by human gene symbols, such as PCNA"));
        }
        Ok((score_genes(&expression, &found, draw)?, missing))
    };
    let (s, missing_s) = of("S", &S_GENES)?;
    let (g2m, missing_g2m) = of("G2/M", &G2M_GENES)?;
    let phase = s.iter().zip(&g2m).map(|(&s, &g2m)| Phase::of(s, g2m)).collect();
    Ok(CellCycle { s, g2m, phase, missing_s, missing_g2m })
}

/// The columns of the genes of a list, and the genes that have none.
fn locate(column: &HashMap<&str, usize>, list: &[&'static str]) -> (Vec<usize>, Vec<&'static str>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for &gene in list {
        let today = RENAMED.iter().find(|(old, _)| *old == gene).map(|(_, new)| *new);
        match column.get(gene).or_else(|| column.get(today?)) {
            Some(&number) => found.push(number),
            None => missing.push(gene),
        }
    }
    (found, missing)
}
