//! The data model: what a screen is once a method or an instrument has turned its cells into numbers.

mod blocks;
mod columns;
mod embedding;
mod profiles;

pub use columns::ColumnChoice;
pub use embedding::{By, Embedding, GENE_COLUMNS, GUIDE_COLUMNS};
pub use profiles::Profiles;
