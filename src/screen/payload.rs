//! What was measured of each cell: its images, its counts, or its features.

use std::fmt;
use std::sync::Arc;

use super::{Counts, Features};
use crate::images::CellImages;
use crate::io::parquet::count;

/// The measurements of a screen, one per row of its table.
#[derive(Clone)]
pub enum Payload {
    /// Images, read when they are asked for: `channels x height x width` each.
    Images(Arc<dyn CellImages>),
    /// Counts of molecules, `cells x genes`, sparse.
    Counts(Arc<Counts>),
    /// Features or an embedding, `cells x features`.
    Features(Arc<Features>),
}

impl Payload {
    /// The number of cells.
    pub fn cells(&self) -> usize {
        match self {
            Self::Images(images) => images.len(),
            Self::Counts(counts) => counts.cells(),
            Self::Features(features) => features.values().nrows(),
        }
    }

    /// The names of the channels of images; none for counts and features.
    pub fn channels(&self) -> &[String] {
        match self {
            Self::Images(images) => images.channels(),
            Self::Counts(_) | Self::Features(_) => &[],
        }
    }

    /// What a cell has: `images of 4 x 96 x 96 (DNA, actin)`, `counts of 299 genes`, `64 features`.
    pub fn describe(&self) -> String {
        match self {
            Self::Images(images) => {
                let (channels, height, width) = images.shape();
                let names = images.channels().join(", ");
                let names = if names.is_empty() { names } else { format!(" ({names})") };
                format!("images of {channels} x {height} x {width}{names}")
            }
            Self::Counts(counts) => format!("counts of {}", count(counts.genes().len(), "gene")),
            Self::Features(features) => count(features.names().len(), "feature"),
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cells: {}", self.cells(), self.describe())
    }
}

impl From<Counts> for Payload {
    fn from(counts: Counts) -> Self {
        Self::Counts(Arc::new(counts))
    }
}

impl From<Features> for Payload {
    fn from(features: Features) -> Self {
        Self::Features(Arc::new(features))
    }
}

impl From<Arc<dyn CellImages>> for Payload {
    fn from(images: Arc<dyn CellImages>) -> Self {
        Self::Images(images)
    }
}
