//! Engineered features of single cells: the baseline that learned representations are compared with.
//!
//! | module of CellProfiler | here | of |
//! |---|---|---|
//! | `AreaShape` | [`shape`] | nucleus, cell |
//! | `Intensity` | [`intensity`] | nucleus, cell, cytoplasm, every channel |
//! | `Texture` | [`haralick`] | nucleus, cell, every channel |
//! | `RadialDistribution` | [`radial_distribution`] | nucleus, cell, every channel |
//! | `Correlation` | [`channel_correlation`] | nucleus, cell, every pair of channels |
//!
//! Objects come from [`segment`], or as [`Masks`] from elsewhere. [`feature_screen`] measures a screen; [`Engineered`]
//! standardises on controls and keeps principal components. The features follow CellProfiler's definitions, not its
//! programs: numbers agree in kind, not to the last digit.

mod compartments;
mod correlation;
mod distance;
mod intensity;
mod measure;
mod model;
mod radial;
mod segment;
mod settings;
mod shape;
mod table;
mod texture;

pub use compartments::nuclear_ratio;
pub use correlation::channel_correlation;
pub use intensity::{INTENSITY_NAMES, intensity};
pub use measure::{feature_names, measure};
pub use model::Engineered;
pub use radial::radial_distribution;
pub use segment::{Masks, otsu, segment};
pub use settings::{Cut, EngineeredSettings};
pub use shape::{SHAPE_NAMES, shape};
pub use table::{feature_screen, measure_screen};
pub use texture::{TEXTURE_NAMES, haralick};

/// The quantile of sorted numbers, by linear interpolation; 0 of none.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}
