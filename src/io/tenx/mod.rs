//! Counts as 10x Genomics' Cell Ranger writes them: one HDF5 file, or a folder of three text files.
//!
//! | version | HDF5 | folder |
//! |---|---|---|
//! | 2 | one group per genome, `genes` and `gene_names` | `matrix.mtx`, `genes.tsv`, `barcodes.tsv` |
//! | 3 and later | group `matrix` with `features` | the same with `features.tsv`, all gzipped |
//!
//! [`read_h5`] and [`read_mtx`] give the same [`TenX`]: counts (cells x features, named by gene symbol), the barcodes of
//! the cells, and a table of the features. Guide and antibody counts lie in the same matrix; [`TenX::of_type`] parts them.
//!
//! Source: Cell Ranger's description of its feature-barcode matrices.

mod folder;
mod h5;
mod market;

use std::path::Path;

use polars::prelude::DataFrame;

use super::h5ad::frame::{Frame, Values};
use super::h5ad::tables;
use super::parquet::name_some;
use crate::screen::Counts;
use crate::{Error, Result};

/// Counts with the barcodes of their cells and a table of their features.
#[derive(Clone, Debug, PartialEq)]
pub struct TenX {
    /// Cells x features; the columns are called by gene symbol, which may repeat.
    pub counts: Counts,
    /// One barcode per cell.
    pub barcodes: Vec<String>,
    /// One row per feature: `id`, `name`, and where the file tells `feature_type`, `genome` and more.
    pub features: DataFrame,
}

/// What the readers find, before it becomes a table.
#[derive(Debug)]
struct Parts {
    counts: Counts,
    barcodes: Vec<String>,
    features: Frame,
}

/// Reads a 10x HDF5 file of any version.
///
/// ```no_run
/// let run = perturbook::io::tenx::read_h5("filtered_feature_bc_matrix.h5")?;
/// let guides = run.of_type("CRISPR Guide Capture")?;
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the file is missing, no 10x file, cut short or damaged, or holds several genomes (version 2): then choose one
/// with [`read_h5_genome`].
pub fn read_h5(path: impl AsRef<Path>) -> Result<TenX> {
    TenX::new(h5::read(path.as_ref(), None)?)
}

/// Reads one genome of a 10x HDF5 file.
///
/// # Errors
/// As [`read_h5`]; and when there is no such genome.
pub fn read_h5_genome(path: impl AsRef<Path>, genome: &str) -> Result<TenX> {
    let run = TenX::new(h5::read(path.as_ref(), Some(genome))?)?;
    if run.features.column("genome").is_ok() { run.matching("genome", genome) } else { Ok(run) }
}

/// Reads a folder with `matrix.mtx`, `barcodes.tsv` and `features.tsv` or `genes.tsv`, each plain or gzipped. The files
/// may share a prefix, as on GEO; `path` can also be the matrix file itself, to choose one of several.
///
/// # Errors
/// When a file is missing, cut short or damaged, or the three disagree on the numbers of cells and features.
pub fn read_mtx(path: impl AsRef<Path>) -> Result<TenX> {
    TenX::new(folder::read(path.as_ref())?)
}

impl TenX {
    fn new(parts: Parts) -> Result<Self> {
        Ok(Self { counts: parts.counts, barcodes: parts.barcodes, features: tables::to_table(parts.features)? })
    }

    /// The features of one type, such as `Gene Expression` or `CRISPR Guide Capture`.
    ///
    /// # Errors
    /// When the table has no column `feature_type`, or no feature has this type; those there are stand in the message.
    pub fn of_type(&self, feature_type: &str) -> Result<Self> {
        self.matching("feature_type", feature_type)
    }

    fn matching(&self, column: &str, value: &str) -> Result<Self> {
        let parts = tables::from_table(&self.features, "10x features")?;
        let Some((_, Values::Text(values))) = parts.columns.into_iter().find(|(name, _)| name == column) else {
            return Err(Error::new(format!("the features have no column {column:?}"))
                .at("10x features")
                .fix("files of version 2 hold gene expression only"));
        };
        let chosen: Vec<usize> = (0..values.len()).filter(|&row| values[row].as_deref() == Some(value)).collect();
        if chosen.is_empty() {
            let mut known: Vec<&str> = values.iter().flatten().map(String::as_str).collect();
            known.sort_unstable();
            known.dedup();
            return Err(Error::new(format!("no feature has the {column} {value:?}"))
                .at("10x features")
                .fix(format!("those there are: {}", name_some(&known))));
        }
        let features = tables::rows(&self.features, &chosen)?;
        Ok(Self { counts: self.counts.select_genes(&chosen)?, barcodes: self.barcodes.clone(), features })
    }
}
