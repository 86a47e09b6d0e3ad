//! The data model: cells, what is known of them, and what was measured of them or a method has made of them.
//!
//! A [`Screen`] holds cells as they were measured; an [`Embedding`] one vector for each of them; [`Profiles`] one vector
//! for each perturbation.

mod blocks;
mod columns;
mod counts;
mod embedding;
mod features;
mod filter;
mod glob;
mod groups;
mod label;
mod labels;
mod open;
mod payload;
mod profiles;
mod roles;
pub(crate) mod rows;
#[expect(clippy::module_inception, reason = "one concept per file, and this one is the screen")]
mod screen;
mod split;
mod summary;

pub use columns::{ColumnChoice, ColumnKind};
pub use counts::Counts;
pub use embedding::{By, Embedding};
pub use features::Features;
pub use groups::{Group, GroupRule, Groups};
pub use label::{BATCH_COLUMNS, CONTROL_LABELS, GENE_COLUMNS, GUIDE_COLUMNS, Label, PLATE_COLUMNS, WELL_COLUMNS};
pub use labels::Labels;
pub use payload::Payload;
pub use profiles::Profiles;
pub use roles::{Role, RoleRule};
pub use screen::Screen;
pub use split::{PlateSplit, Shares, Split};
pub use summary::{Sizes, Summary};
