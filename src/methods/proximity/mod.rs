//! Corrections of proximity bias, the likeness of knock-outs on one chromosome arm (Lazar et al. 2024).

mod centring;

pub use centring::{ExpressionCentred, ExpressionCentring, centre_arms, centre_arms_by_expression};
