//! Tables of gene positions, and the rules that turn their lines into one span for each symbol.
//!
//! Which columns a file has decides how it is read:
//!
//! | columns | source | a symbol's span |
//! |---|---|---|
//! | `name2`, `chrom`, `txStart`, `txEnd` | NCBI RefSeq track of the UCSC browser, one line for each transcript | least start to greatest end of its transcripts; symbols on several chromosomes are dropped |
//! | symbol, chromosome, `position`, perhaps `arm` | one line for each gene | the position |
//! | symbol, chromosome, `start`, `end`, perhaps `arm` | one line for each gene | start to end |
//!
//! where the symbol stands in `gene`, `gene_name`, `symbol` or `response_name` and the chromosome in `chr`, `chrom` or
//! `chromosome`. The RefSeq track is also read without a header line, as the UCSC downloads have it. Lines outside
//! chr1-22, X and Y are skipped.

use std::collections::HashMap;
use std::path::Path;

use crate::genome::{Arm, Chromosome};
use crate::io::delimited::{Delimited, Record, read_text};
use crate::{Error, Result};

/// What to do with a symbol that a table of one line for each gene places differently on several lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDuplicate {
    /// Stop with an error that names the symbol and its lines.
    #[default]
    Error,
    /// Join the lines (least start, greatest end); a symbol on several chromosomes is dropped. RefSeq tables are always
    /// read like this.
    Merge,
    /// Leave the symbol out.
    Drop,
}

/// Which symbols of a RefSeq table are dropped as uncharacterised loci.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SymbolFilter {
    /// `LOC` followed by a digit.
    #[default]
    NumberedLoci,
    /// Everything that begins with `LO`: what the pattern `^LOC*` of the proxbias package does, which also loses real
    /// genes such as LOX and LONP1. For comparison with its results.
    LikeProxbias,
}

impl SymbolFilter {
    fn drops(self, symbol: &str) -> bool {
        match self {
            Self::NumberedLoci => {
                symbol.strip_prefix("LOC").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            }
            Self::LikeProxbias => symbol.starts_with("LO"),
        }
    }
}

/// Where a gene lies, in base pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its chromosome.
    pub chromosome: Chromosome,
    /// First position.
    pub start: i64,
    /// Last position; the same as `start` in tables that give one position.
    pub end: i64,
    /// The arm, in tables that state it.
    pub arm: Option<Arm>,
}

/// One span for each gene symbol.
#[derive(Clone, Debug)]
pub struct GeneTable {
    genes: Vec<(String, Span)>,
}

impl GeneTable {
    /// Reads any of the tables above with the default rules.
    ///
    /// # Errors
    /// As [`GeneTable::read_with`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::read_with(path, OnDuplicate::default(), SymbolFilter::default())
    }

    /// Reads any of the tables above.
    ///
    /// # Errors
    /// When the file cannot be read or has none of the column sets above, a position is no number, an arm is no arm or
    /// lies on another chromosome, or (with [`OnDuplicate::Error`]) a symbol stands on conflicting lines.
    pub fn read_with(path: impl AsRef<Path>, duplicates: OnDuplicate, filter: SymbolFilter) -> Result<Self> {
        let table = read_table(path.as_ref())?;
        if table.has_column("name2") {
            let columns =
                [table.column("name2")?, table.column("chrom")?, table.column("txStart")?, table.column("txEnd")?];
            let mut lines = spans(&table, columns, None)?;
            lines.retain(|(_, symbol, _)| !filter.drops(symbol));
            return Ok(Self { genes: resolve(&table, lines, OnDuplicate::Merge)? });
        }
        let symbol = table.column_any(&["gene", "gene_name", "symbol", "response_name"])?;
        let chromosome = table.column_any(&["chr", "chrom", "chromosome"])?;
        let (start, end) = if table.has_column("position") {
            (table.column("position")?, table.column("position")?)
        } else {
            (table.column("start")?, table.column("end")?)
        };
        let arm = table.has_column("arm").then(|| table.column("arm")).transpose()?;
        let lines = spans(&table, [symbol, chromosome, start, end], arm)?;
        Ok(Self { genes: resolve(&table, lines, duplicates)? })
    }

    /// Symbols and spans, in the order of their first lines.
    pub fn genes(&self) -> &[(String, Span)] {
        &self.genes
    }

    /// Number of genes.
    pub fn len(&self) -> usize {
        self.genes.len()
    }

    /// True when there is no gene.
    pub fn is_empty(&self) -> bool {
        self.genes.is_empty()
    }
}

/// Columns of the RefSeq track as the UCSC database dumps them, without a header line.
const REFSEQ_DUMP: [&str; 16] = [
    "bin",
    "name",
    "chrom",
    "strand",
    "txStart",
    "txEnd",
    "cdsStart",
    "cdsEnd",
    "exonCount",
    "exonStarts",
    "exonEnds",
    "score",
    "name2",
    "cdsStartStat",
    "cdsEndStat",
    "exonFrames",
];

fn read_table(path: &Path) -> Result<Delimited> {
    let text = read_text(path)?;
    let first: Vec<&str> = text.lines().next().unwrap_or_default().split('\t').collect();
    if first.len() == REFSEQ_DUMP.len() && first[4].parse::<i64>().is_ok() {
        return Delimited::parse_headerless(path, &text, '\t', &REFSEQ_DUMP);
    }
    Delimited::read(path)
}

type Line = (usize, String, Span);

fn spans(table: &Delimited, [symbol, chromosome, start, end]: [usize; 4], arm: Option<usize>) -> Result<Vec<Line>> {
    let mut lines = Vec::with_capacity(table.records().len());
    for record in table.records() {
        let Ok(chromosome) = record.fields[chromosome].parse::<Chromosome>() else { continue };
        let (start, end) = (table.integer(record, start)?, table.integer(record, end)?);
        let arm = arm.map(|column| stated_arm(table, record, column, chromosome)).transpose()?;
        lines.push((record.line, record.fields[symbol].clone(), Span { chromosome, start, end, arm }));
    }
    Ok(lines)
}

fn stated_arm(table: &Delimited, record: &Record, column: usize, chromosome: Chromosome) -> Result<Arm> {
    let place = || format!("{}, line {}, column \"arm\"", table.path().display(), record.line);
    let arm: Arm = record.fields[column].parse().map_err(|e: Error| e.at(place()))?;
    if arm.chromosome != chromosome {
        return Err(Error::new(format!("the arm {arm} is not on {chromosome}")).at(place()).fix("correct the line"));
    }
    Ok(arm)
}

/// Reduces lines to one span for each symbol.
fn resolve(table: &Delimited, lines: Vec<Line>, rule: OnDuplicate) -> Result<Vec<(String, Span)>> {
    let mut order = Vec::new();
    let mut found: HashMap<String, Vec<(usize, Span)>> = HashMap::new();
    for (line, symbol, span) in lines {
        let seen = found.entry(symbol.clone()).or_default();
        if seen.is_empty() {
            order.push(symbol);
        }
        seen.push((line, span));
    }
    let mut genes = Vec::with_capacity(order.len());
    for symbol in order {
        let seen = &found[&symbol];
        let first = seen[0].1;
        if seen.iter().all(|(_, span)| *span == first) {
            genes.push((symbol, first));
            continue;
        }
        match rule {
            OnDuplicate::Error => {
                let lines: Vec<String> = seen.iter().map(|(line, _)| line.to_string()).collect();
                return Err(Error::new(format!("the gene {symbol} has several positions"))
                    .at(format!("{}, lines {}", table.path().display(), lines.join(", ")))
                    .fix("keep one of the lines, or read with OnDuplicate::Merge or OnDuplicate::Drop"));
            }
            OnDuplicate::Drop => {}
            OnDuplicate::Merge => {
                if seen.iter().all(|(_, span)| (span.chromosome, span.arm) == (first.chromosome, first.arm)) {
                    let start = seen.iter().map(|(_, span)| span.start).min().unwrap_or(first.start);
                    let end = seen.iter().map(|(_, span)| span.end).max().unwrap_or(first.end);
                    genes.push((symbol, Span { start, end, ..first }));
                }
            }
        }
    }
    Ok(genes)
}
