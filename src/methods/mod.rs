//! Methods that learn or correct a map of perturbations.

pub mod proximity;
