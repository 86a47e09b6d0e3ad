//! h5ad: a screen's counts and its tables of cells and genes in one HDF5 file, as Python's anndata writes them.
//!
//! [`H5ad::open`] looks at a file of any size and loads nothing; [`H5ad::obs`] and [`H5ad::var`] give the tables of cells
//! and genes, [`H5ad::counts`] a matrix as [`Counts`](crate::screen::Counts), [`H5ad::row_blocks`] the same in blocks of
//! cells for matrices larger than memory, and [`write_h5ad`] writes a file that anndata reads.
//!
//! Every encoding since anndata 0.6 is read: dense, CSR and CSC matrices, `layers`, `raw`, `obsm` (dense, sparse or a
//! table), columns of numbers, truth values, text, categories and nullable ones, text of fixed and of own length. `uns`
//! is passed over. Categories arrive as text; whole numbers of 8 and 16 bits as 32 bits.
//!
//! Source: anndata's on-disk format, <https://anndata.readthedocs.io/en/latest/fileformat-prose.html>.

mod blocks;
mod encode;
mod file;
pub(crate) mod frame;
pub(crate) mod matrix;
mod summary;
pub(crate) mod tables;
mod values;
mod write;

pub use blocks::RowBlocks;
pub use file::{H5ad, Matrix};
pub use summary::{MatrixSummary, Summary};
pub use write::{Contents, write_h5ad};
