//! Arrayed morphological screens: profiles of wells, and their images.

use super::{Dataset, unpinned};

pub(super) fn all() -> Vec<Dataset> {
    vec![rxrx3(), rxrx3_core(), jump(), periscope()]
}

fn rxrx3() -> Dataset {
    Dataset {
        name: "rxrx3".into(),
        title: "RxRx3: 2.2 million wells of HUVEC, 17,063 genes (about 735 named) and 1,674 compounds, images and embeddings"
            .into(),
        citation: "Fay et al., RxRx3: Phenomics map of biology, bioRxiv 2023".into(),
        licence: "Recursion Non-Commercial End User License Agreement".into(),
        reproduces: "proximity bias of the revealed genes; the rest is anonymised, and embeddings are of wells, not cells".into(),
        loader: "io::features::read of the embeddings of each plate (feature_*)".into(),
        obtain: "www.rxrx.ai/rxrx3, after signing in: metadata_rxrx3.csv (2,222,103 rows x 10 columns), embeddings of each \
                 plate as parquet, images of each plate"
            .into(),
        ..Dataset::default()
    }
}

fn rxrx3_core() -> Dataset {
    let file = |role: &str, path: &str, address: &str| unpinned(role, path, None, &[address]);
    let base = "https://huggingface.co/datasets/recursionpharma/rxrx3-core/resolve/main";
    let metadata = format!("{base}/metadata_rxrx3_core.csv");
    let embeddings = format!("{base}/OpenPhenom_rxrx3_core_embeddings.parquet");
    Dataset {
        name: "rxrx3_core".into(),
        title:
            "RxRx3-core: 222,601 wells of HUVEC, 735 named genes in 126,900 CRISPR wells, OpenPhenom embeddings of 384 \
                dimensions"
                .into(),
        citation: "Kraus et al., RxRx3-core: benchmarking drug-target interactions in high-content microscopy, 2025"
            .into(),
        licence: "CC BY 4.0 (see the dataset card)".into(),
        reproduces: "proximity bias, arm corrections and heatmaps on wells; single cells need the images".into(),
        loader: "io::features::read, joined with the table of wells".into(),
        obtain: "35 parquet shards of images (18 GB) lie beside the two files, \
                 https://huggingface.co/datasets/recursionpharma/rxrx3-core"
            .into(),
        whole: Some(18_600_000_000),
        files: vec![
            file("wells", "metadata_rxrx3_core.csv", &metadata),
            file("embedding", "OpenPhenom_rxrx3_core_embeddings.parquet", &embeddings),
        ],
    }
}

fn jump() -> Dataset {
    Dataset {
        name: "jump_cpg0016".into(),
        title: "JUMP Cell Painting cpg0016: CRISPR profiles of U2OS wells, 7,977 genes, 3,677 features".into(),
        citation: "Chandrasekaran et al., JUMP Cell Painting dataset: morphological impact of 136,000 chemical and genetic \
                   perturbations, 2023"
            .into(),
        licence: "CC0 1.0 (Cell Painting Gallery)".into(),
        reproduces: "proximity bias and its corrections at the level of wells (recall .223 for CORUM before, .228 after \
                     arm centring)"
            .into(),
        loader: "io::features::FeatureTable with ColumnChoice::cell_profiler, a folder of plates".into(),
        obtain: "public S3 bucket cellpainting-gallery, no sign-in: aws s3 cp --no-sign-request --recursive \
                 s3://cellpainting-gallery/cpg0016-jump/<source>/workspace/profiles/<batch>/<plate>/<plate>.parquet; tables of \
                 plates and wells: jump-cellpainting/datasets"
            .into(),
        ..Dataset::default()
    }
}

fn periscope() -> Dataset {
    Dataset {
        name: "periscope_cpg0021".into(),
        title: "PERISCOPE cpg0021: genome-wide optical pooled screens in A549 and HeLa, Cell Painting features".into(),
        citation: "Ramezani et al., A genome-wide atlas of human cell morphology, Nature Methods 2025".into(),
        licence: "CC0 1.0 (Cell Painting Gallery)".into(),
        reproduces: "maps of genes and proximity bias in a pooled screen at genome scale".into(),
        loader: "io::features::FeatureTable with ColumnChoice::cell_profiler".into(),
        obtain: "public S3 bucket cellpainting-gallery, no sign-in: s3://cellpainting-gallery/cpg0021-periscope/"
            .into(),
        ..Dataset::default()
    }
}
