//! Where the arms of a chromosome meet: centromere tables and cytoband tables of the UCSC genome browser.
//!
//! * Centromere table, columns `chrom`, `chromStart`, `chromEnd`: a chromosome's centromere reaches from the least
//!   start to the greatest end of its rows, and its midpoint divides the arms (as in the proxbias package).
//! * Cytoband table, columns `chrom`, `chromStart`, `chromEnd`, `name`: the first letter of a band's name, `p` or `q`,
//!   gives the arm directly. The two agree except inside the centromere itself.

use std::collections::BTreeMap;
use std::path::Path;

use crate::genome::{Arm, Chromosome, Side};
use crate::io::delimited::Delimited;
use crate::{Error, Result};

/// The stretch of each centromere, in base pairs.
///
/// ```
/// use perturbook::genome::{Centromeres, Side};
///
/// let one = "chr1".parse()?;
/// let centromeres = Centromeres::new([(one, 122_000_000, 125_000_000)]);
/// assert_eq!(centromeres.midpoint(one), Some(123_500_000.0));
/// assert_eq!(centromeres.side(one, 200_000_000), Some(Side::Q));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Centromeres {
    spans: BTreeMap<Chromosome, (i64, i64)>,
}

impl Centromeres {
    /// Centromeres from pieces `(chromosome, start, end)`; the pieces of one chromosome are joined.
    pub fn new(pieces: impl IntoIterator<Item = (Chromosome, i64, i64)>) -> Self {
        let mut spans: BTreeMap<Chromosome, (i64, i64)> = BTreeMap::new();
        for (chromosome, start, end) in pieces {
            let span = spans.entry(chromosome).or_insert((start, end));
            *span = (span.0.min(start), span.1.max(end));
        }
        Self { spans }
    }

    /// Reads a table with the columns `chrom`, `chromStart` and `chromEnd`; rows outside chr1-22, X and Y are skipped.
    ///
    /// # Errors
    /// When the file cannot be read, lacks a column, holds a position that is no number, or names no chromosome of the
    /// primary assembly at all.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let table = Delimited::read(&path)?;
        let (chrom, start, end) = (table.column("chrom")?, table.column("chromStart")?, table.column("chromEnd")?);
        let mut pieces = Vec::new();
        for record in table.records() {
            if let Ok(chromosome) = record.fields[chrom].parse() {
                pieces.push((chromosome, table.integer(record, start)?, table.integer(record, end)?));
            }
        }
        if pieces.is_empty() {
            return Err(Error::new("the table names no chromosome of the primary assembly")
                .at(format!("{}, column \"chrom\"", path.as_ref().display()))
                .fix("chromosomes are written chr1 to chr22, chrX and chrY"));
        }
        Ok(Self::new(pieces))
    }

    /// The middle of a centromere, in base pairs; `None` for a chromosome the table does not have.
    pub fn midpoint(&self, chromosome: Chromosome) -> Option<f64> {
        self.spans.get(&chromosome).map(|&(start, end)| (start + end) as f64 / 2.0)
    }

    /// The arm's side of a gene that **ends** at `end`: q beyond the midpoint, else p.
    pub fn side(&self, chromosome: Chromosome, end: i64) -> Option<Side> {
        self.midpoint(chromosome).map(|midpoint| if end as f64 > midpoint { Side::Q } else { Side::P })
    }

    /// The chromosomes of the table, in order.
    pub fn chromosomes(&self) -> Vec<Chromosome> {
        self.spans.keys().copied().collect()
    }
}

/// The bands of each chromosome.
#[derive(Clone, Debug, Default)]
pub struct Cytobands {
    bands: BTreeMap<Chromosome, Vec<(i64, i64, Side)>>,
}

impl Cytobands {
    /// Reads a table with the columns `chrom`, `chromStart`, `chromEnd` and `name`; rows outside chr1-22, X and Y are
    /// skipped.
    ///
    /// # Errors
    /// When the file cannot be read or lacks a column, a position is no number, or the name of a band does not begin
    /// with `p` or `q`.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let table = Delimited::read(&path)?;
        let (chrom, start) = (table.column("chrom")?, table.column("chromStart")?);
        let (end, name) = (table.column("chromEnd")?, table.column("name")?);
        let mut bands: BTreeMap<Chromosome, Vec<(i64, i64, Side)>> = BTreeMap::new();
        for record in table.records() {
            let Ok(chromosome) = record.fields[chrom].parse() else { continue };
            let side = match record.fields[name].as_bytes().first() {
                Some(b'p') => Side::P,
                Some(b'q') => Side::Q,
                _ => {
                    return Err(Error::new(format!("the band {:?} is on neither arm", record.fields[name]))
                        .at(format!("{}, line {}", path.as_ref().display(), record.line))
                        .fix("names of bands begin with p or q"));
                }
            };
            let band = (table.integer(record, start)?, table.integer(record, end)?, side);
            bands.entry(chromosome).or_default().push(band);
        }
        Ok(Self { bands })
    }

    /// The arm that holds a position (0-based, in base pairs); `None` outside all bands.
    pub fn arm_at(&self, chromosome: Chromosome, position: i64) -> Option<Arm> {
        let bands = self.bands.get(&chromosome)?;
        let band = bands.iter().find(|(start, end, _)| (*start..*end).contains(&position))?;
        Some(Arm { chromosome, side: band.2 })
    }

    /// The end of the p arm, in base pairs; `None` where the table has no p band.
    pub fn boundary(&self, chromosome: Chromosome) -> Option<i64> {
        self.bands.get(&chromosome)?.iter().filter(|(_, _, side)| *side == Side::P).map(|&(_, end, _)| end).max()
    }
}
