//! Corrections of proximity bias, the likeness of knock-outs on one chromosome arm (Lazar et al. 2024).
//!
//! Centring works on the vectors of genes. The filter, [`Filtered`], learns which cells carry the bias: [`Scorer`] scores cells,
//! [`SoftChoice`](crate::nn::SoftChoice) weighs them, [`arm_cosines_of`] is what training lowers, and
//! [`remove_highest`] takes the cells out afterwards. [`RowPrior`] and [`Shift`] are the sense check of Appendix A.

#[cfg(feature = "screens")]
mod by_hand;
#[cfg(feature = "screens")]
mod centring;
#[cfg(feature = "screens")]
mod filter;
mod objective;
mod remove;
mod scorer;
mod sense_check;
mod sense_check_run;

#[cfg(feature = "screens")]
pub use centring::{ExpressionCentred, ExpressionCentring, centre_arms, centre_arms_by_expression};
#[cfg(feature = "screens")]
pub use filter::{
    ArmClassified, ArmClassifierConfig, CellVectors, ChromosomeFilter, FilterConfig, FilterInput, Filtered, NpyRows,
    Power, Sensitivity, Setting, Stop, Well, Wells, agreement,
};
pub use objective::{WellOf, arm_cosines_of, arm_squares, group_means, nested_means, well_means, well_means_by_count};
pub use remove::remove_highest;
pub use scorer::Scorer;
pub use sense_check::{RowPrior, Shift, common_part};
pub use sense_check_run::{SenseCheck, SenseCheckConfig, sense_check};
