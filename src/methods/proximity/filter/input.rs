//! What a filter learns from.

use std::sync::Arc;

use super::{CellVectors, Wells};
use crate::Result;
use crate::screen::{Embedding, Profiles};

/// The cells of a screen: as the scorer reads them, as they are averaged, and where they belong.
#[derive(Clone)]
pub struct FilterInput {
    raw: Arc<dyn CellVectors>,
    corrected: Arc<dyn CellVectors>,
    wells: Arc<Wells>,
}

impl FilterInput {
    /// Vectors as the encoder gives them, which the scorer reads; the same cells corrected for batches, which are averaged
    /// to genes; and the wells they lie in.
    ///
    /// # Errors
    /// When vectors and wells are not of the same cells.
    pub fn new(raw: impl CellVectors + 'static, corrected: impl CellVectors + 'static, wells: Wells) -> Result<Self> {
        wells.expect(&raw)?;
        wells.expect(&corrected)?;
        Ok(Self { raw: Arc::new(raw), corrected: Arc::new(corrected), wells: Arc::new(wells) })
    }

    /// An embedding that needs no correction, or has had one; `control` is what controls are called in its column of genes.
    ///
    /// # Errors
    /// As [`Wells::of`].
    pub fn of(cells: Embedding, control: &str) -> Result<Self> {
        let wells = Wells::of(cells.table(), control)?;
        let cells: Arc<dyn CellVectors> = Arc::new(cells);
        Ok(Self { raw: Arc::clone(&cells), corrected: cells, wells: Arc::new(wells) })
    }

    /// Which cells belong to which gene and well.
    pub fn wells(&self) -> &Wells {
        &self.wells
    }

    /// What is averaged.
    pub fn corrected(&self) -> &dyn CellVectors {
        &*self.corrected
    }

    /// What the scorer reads by these settings.
    pub(super) fn read(&self, reads_corrected: bool) -> &dyn CellVectors {
        if reads_corrected { &*self.corrected } else { &*self.raw }
    }

    /// Profiles of genes from the cells for which `keep` says yes; see [`Wells::profiles`].
    ///
    /// # Errors
    /// When vectors cannot be read.
    pub fn profiles(&self, keep: impl Fn(usize) -> bool) -> Result<Profiles> {
        self.wells.profiles(self.corrected(), &keep)
    }
}
