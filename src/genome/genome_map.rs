//! The genome as the metrics see it: a locus for each gene symbol.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;

use crate::genome::{Arm, Centromeres, Chromosome, GeneTable};
use crate::{Error, Result};

/// Position and arm of a gene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locus {
    /// Its chromosome arm.
    pub arm: Arm,
    /// First position, in base pairs.
    pub start: i64,
}

/// Gene symbols with their loci.
///
/// ```
/// use perturbook::genome::{Genome, Locus};
///
/// let genome = Genome::from_genes([
///     ("TP53", Locus { arm: "chr17p".parse()?, start: 7_668_421 }),
///     ("BRCA1", Locus { arm: "chr17q".parse()?, start: 43_044_295 }),
/// ]);
/// let keys = ["BRCA1", "nontargeting", "TP53"].map(String::from);
/// assert_eq!(genome.order(&keys), [2, 0]); // genome order; the control has no position
/// assert_eq!(genome.arm_of("BRCA1"), Some("chr17q".parse()?));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Genome {
    loci: HashMap<String, Locus>,
}

impl Genome {
    /// A genome of the given genes; of a repeated symbol the last locus counts.
    pub fn from_genes<G: Into<String>>(genes: impl IntoIterator<Item = (G, Locus)>) -> Self {
        Self { loci: genes.into_iter().map(|(gene, locus)| (gene.into(), locus)).collect() }
    }

    /// Genes from a table, arms from the table where it states them, else by the side of the centromere's midpoint on
    /// which the gene **ends** (q beyond it).
    ///
    /// # Errors
    /// When a gene without a stated arm lies on a chromosome whose centromere is not known.
    pub fn new(genes: &GeneTable, centromeres: &Centromeres) -> Result<Self> {
        let mut loci = HashMap::with_capacity(genes.len());
        for (symbol, span) in genes.genes() {
            let by_midpoint = || {
                let side = centromeres.side(span.chromosome, span.end)?;
                Some(Arm { chromosome: span.chromosome, side })
            };
            let arm = span.arm.or_else(by_midpoint).ok_or_else(|| {
                Error::new(format!("the centromere of {} is not known, so {symbol} has no arm", span.chromosome))
                    .fix("give a centromere table that has this chromosome, or a gene table with a column `arm`")
            })?;
            loci.insert(symbol.clone(), Locus { arm, start: span.start });
        }
        Ok(Self { loci })
    }

    /// Reads gene positions (see [`GeneTable`]) and centromeres (see [`Centromeres::read`]).
    ///
    /// # Errors
    /// As the two readers and [`Genome::new`].
    pub fn read(genes: impl AsRef<Path>, centromeres: impl AsRef<Path>) -> Result<Self> {
        Self::new(&GeneTable::read(genes)?, &Centromeres::read(centromeres)?)
    }

    /// Reads a table that states the arm of each gene (columns such as `gene`, `chr`, `position`, `arm`).
    ///
    /// # Errors
    /// As [`GeneTable::read`], or when the table has no column `arm`.
    pub fn read_arms(genes: impl AsRef<Path>) -> Result<Self> {
        Self::new(&GeneTable::read(genes)?, &Centromeres::default())
    }

    /// The locus of a gene; `None` when it has no position.
    pub fn locus_of(&self, gene: &str) -> Option<Locus> {
        self.loci.get(gene).copied()
    }

    /// The arm of a gene; `None` when it has no position.
    pub fn arm_of(&self, gene: &str) -> Option<Arm> {
        self.locus_of(gene).map(|locus| locus.arm)
    }

    /// The loci of all genes, in no order.
    pub fn loci(&self) -> impl Iterator<Item = Locus> {
        self.loci.values().copied()
    }

    /// Number of genes.
    pub fn len(&self) -> usize {
        self.loci.len()
    }

    /// True when there is no gene.
    pub fn is_empty(&self) -> bool {
        self.loci.is_empty()
    }

    /// The rows of `keys` that have a position, by chromosome and start; ties keep the order of the rows.
    pub fn order(&self, keys: &[String]) -> Vec<usize> {
        self.place(keys).order()
    }

    /// The locus of each row of a map.
    pub fn place(&self, keys: &[String]) -> Placement {
        Placement { loci: keys.iter().map(|key| self.locus_of(key)).collect() }
    }
}

/// The rows of a map on the genome.
#[derive(Clone, Debug)]
pub struct Placement {
    loci: Vec<Option<Locus>>,
}

impl Placement {
    /// The locus of each row.
    pub fn loci(&self) -> &[Option<Locus>] {
        &self.loci
    }

    /// The arm of each row.
    pub fn arm_of(&self, row: usize) -> Option<Arm> {
        self.loci[row].map(|locus| locus.arm)
    }

    /// Number of rows that have a position.
    pub fn n_placed(&self) -> usize {
        self.loci.iter().flatten().count()
    }

    /// The placed rows by chromosome and start; ties keep the order of the rows.
    pub fn order(&self) -> Vec<usize> {
        let mut rows: Vec<(Chromosome, i64, usize)> = self
            .loci
            .iter()
            .enumerate()
            .filter_map(|(row, locus)| locus.map(|l| (l.arm.chromosome, l.start, row)))
            .collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, _, row)| row).collect()
    }

    /// The arms that hold at least one row, in genome order, each with its rows in ascending order.
    pub fn arms(&self) -> BTreeMap<Arm, Vec<usize>> {
        let mut arms: BTreeMap<Arm, Vec<usize>> = BTreeMap::new();
        for (row, locus) in self.loci.iter().enumerate() {
            if let Some(locus) = locus {
                arms.entry(locus.arm).or_default().push(row);
            }
        }
        arms
    }

    /// The same arms, an error when no row has a position.
    ///
    /// # Errors
    /// When no row is placed: the metrics of arms have nothing to work on.
    pub fn some_arms(&self) -> Result<BTreeMap<Arm, Vec<usize>>> {
        if self.n_placed() == 0 {
            return Err(Error::new(format!("none of the {} profiles has a position on the genome", self.loci.len()))
                .at("the genome and the names of the profiles")
                .fix("name the profiles by gene symbols, and use a gene table of the same species"));
        }
        Ok(self.arms())
    }

    /// Runs of equal `label` along [`Placement::order`], as ranges of positions in it: chromosomes or arms for figures.
    pub fn runs<L: PartialEq>(&self, label: impl Fn(&Locus) -> L) -> Vec<(L, Range<usize>)> {
        let mut runs: Vec<(L, Range<usize>)> = Vec::new();
        for (position, row) in self.order().into_iter().enumerate() {
            let Some(locus) = self.loci[row] else { continue };
            let here = label(&locus);
            match runs.last_mut() {
                Some((last, range)) if *last == here => range.end = position + 1,
                _ => runs.push((here, position..position + 1)),
            }
        }
        runs
    }
}
