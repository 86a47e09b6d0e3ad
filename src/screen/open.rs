//! A screen from a file, whatever its format is, and from what simulators return.

use std::path::Path;
use std::sync::Arc;

use polars::prelude::Column;

use super::{Counts, Payload, Screen};
use crate::images::MemoryImages;
use crate::io::tenx::TenX;
use crate::simulate::{OpsScreen, SimulatedCounts, SimulatedImages};
use crate::{Error, Result};

impl Screen {
    /// Opens a file or folder as a screen; `perturbook data inspect` says beforehand what it would make.
    ///
    /// | file | screen |
    /// |---|---|
    /// | parquet, csv, tsv, or a folder of them | features; rows with a missing or infinite feature are dropped |
    /// | h5ad | counts (`X`) with the table of cells |
    /// | 10x HDF5 file, folder of 10x matrix files | counts with a column `barcode` |
    /// | LMDB of crops, image store | images, read when they are asked for |
    ///
    /// ```
    /// use perturbook::screen::Screen;
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("cells.csv");
    /// std::fs::write(&path, "gene,well,0,1\nTP53,A1,0.5,2.5\ncontrol,A1,0.25,1.5\n").unwrap();
    /// let screen = Screen::open(&path)?;
    /// assert_eq!((screen.len(), screen.controls()?.len()), (2, 1));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read, its format is not known, or it holds no cells.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        crate::io::open(path.as_ref())
    }

    /// The cells of a 10x run, with a column `barcode`.
    ///
    /// # Errors
    /// When there is not one barcode for each cell.
    pub fn of_tenx(run: TenX) -> Result<Self> {
        let barcodes = Column::new("barcode".into(), run.barcodes);
        let table = polars::prelude::DataFrame::new(barcodes.len(), vec![barcodes])
            .map_err(|e| Error::new(format!("cannot build the table of cells: {e}")).caused_by(e))?;
        Self::new(table, run.counts)
    }
}

impl SimulatedCounts {
    /// The simulated screen without its truth.
    ///
    /// # Errors
    /// Never for what a simulator returned; when fields were changed so that they contradict each other.
    pub fn screen(&self) -> Result<Screen> {
        let (genes, indptr) = (self.genes.clone(), self.indptr.clone());
        let counts = Counts::new(genes, indptr, self.indices.clone(), self.values.clone())?;
        Screen::new(self.cells.clone(), counts)
    }
}

impl OpsScreen {
    /// The simulated screen without its truth; each cell is drawn when it is asked for.
    ///
    /// # Errors
    /// When the table of cells cannot be built.
    pub fn screen(self) -> Result<Screen> {
        Screen::new(self.table()?, Payload::Images(Arc::new(self)))
    }
}

impl SimulatedImages {
    /// The simulated screen without its truth.
    ///
    /// # Errors
    /// When fields were changed so that they contradict each other.
    pub fn screen(&self) -> Result<Screen> {
        let images = MemoryImages::new(self.images.clone(), self.channels.clone())?;
        Screen::new(self.cells.clone(), Payload::Images(Arc::new(images)))
    }
}
