//! The data model: what a screen is once a method or an instrument has turned its cells into numbers.

mod blocks;
mod columns;
mod counts;
mod embedding;
mod profiles;

pub use columns::ColumnChoice;
pub use counts::Counts;
pub use embedding::{By, Embedding, GENE_COLUMNS, GUIDE_COLUMNS};
pub use profiles::Profiles;
