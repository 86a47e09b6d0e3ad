//! The settings of this library's own methods and metrics, as tables of names and values.

use super::{Bundle, Show, fields};
use crate::evaluate::classification::{ClassifyConfig, ForestConfig, LogisticConfig, LogisticFit};
use crate::evaluate::clustering::{ClusterConfig, KMeansConfig};
use crate::evaluate::{DifferentialConfig, KnnConfig, ScoreConfig};
use crate::methods::proximity::ExpressionCentring;
use crate::reduce::UmapConfig;
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
    KnnConfig: "Nearest neighbours",
    DifferentialConfig: "Differential features",
    KMeansConfig: "k-means",
    ClusterConfig: "Clusters over many starts",
    LogisticConfig: "Logistic regression",
    LogisticFit: "Fit of a logistic regression",
    ForestConfig: "Random forest",
    ClassifyConfig: "Classification",
    UmapConfig: "UMAP",
    ExpressionCentring: "Centring of arms by expression"
);
