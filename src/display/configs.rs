//! The settings of this library's own methods, as tables of names and values.

use super::{Bundle, Show, fields};
use crate::evaluate::ScoreConfig;
use crate::methods::proximity::ExpressionCentring;
use crate::simulate::{GeneEmbeddingConfig, OpsConfig, PerturbSeqConfig, PlantedBiasConfig};

macro_rules! show_fields {
    ($($config:ty: $title:literal),*) => {$(
        impl Show for $config {
            fn bundle(&self) -> Bundle {
                fields(self).titled($title).bundle()
            }
        }
    )*};
}

show_fields!(
    GeneEmbeddingConfig: "Simulated gene screen",
    OpsConfig: "Simulated optical pooled screen",
    PerturbSeqConfig: "Simulated Perturb-seq screen",
    PlantedBiasConfig: "Planted proximity bias",
    ScoreConfig: "Proximity score",
    ExpressionCentring: "Centring of arms by expression"
);
