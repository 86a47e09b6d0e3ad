//! Counts of single cells under perturbation.

use super::{Dataset, RemoteFile, pinned, raw, unpinned};

pub(super) fn all() -> Vec<Dataset> {
    vec![papalexi(), norman_mcfaline(), replogle(), scperturb(), sams_vae()]
}

fn papalexi() -> Dataset {
    Dataset {
        name: "papalexi_eccite".into(),
        title: "ECCITE-seq Cas9 screen in THP-1: 20,729 cells x 299 genes, raw counts, 25 targets, 2,386 non-targeting cells, \
                3 replicates"
            .into(),
        citation: "Papalexi et al., Characterizing the molecular regulation of inhibitory immune checkpoints with \
                   multimodal single-cell screens, Nature Genetics 2021"
            .into(),
        licence: "MIT (Katsevich-Lab/sceptredata)".into(),
        reproduces: "SC-VAE end to end: IFNGR1, IFNGR2, JAK2 and STAT1 form one group, CAV1, ETV7, ATF2 and CD86 are null".into(),
        loader: "the reader of h5ad files".into(),
        obtain: "made from data/lowmoi_example_data.rda of Katsevich-Lab/sceptredata at commit ec722d5d; the full experiment \
                 is GEO GSE153056"
            .into(),
        files: vec![pinned(
            "screen",
            "papalexi_eccite_lowmoi_20729x299.h5ad",
            3_640_420,
            "a75065da187860bd61ff7619027eb87dfe6f3b2a55f151941fbdaf70b81807f7",
            Vec::new(),
        )],
        ..Dataset::default()
    }
}

fn norman_mcfaline() -> Dataset {
    let address = raw(
        "altoslabs/perturbench",
        "4dd6a03c54ef348f6be6e46e21ea7f80eb2daaa2",
        "src/perturbench/data/resources/devel.h5ad",
    );
    Dataset {
        name: "norman_mcfaline".into(),
        title: "3,375 K562 CRISPRa cells (33 conditions) and 2,586 glioma CRISPRi cells x 500 genes".into(),
        citation: "Norman et al., Exploring genetic interaction manifolds constructed from rich single-cell phenotypes, \
                   Science 2019; McFaline-Figueroa et al., Multiplex single-cell chemical genomics reveals the kinase \
                   dependence of the response to targeted therapy, Cell Genomics 2024; Wu et al., PerturBench, 2024 (the \
                   selection)"
            .into(),
        licence: "BSD-3-Clause (altoslabs/perturbench)".into(),
        reproduces: "SC-VAE on weak data; an h5ad file as pipelines write it".into(),
        loader: "the reader of h5ad files".into(),
        obtain: "norman19_mcfaline23_restored_counts.h5ad holds the whole-number counts that devel.h5ad shows as ln(1 + x)"
            .into(),
        files: vec![
            pinned(
                "screen",
                "devel.h5ad",
                1_142_678,
                "220998f5630c813228c8661c86dd52244b9ac87127511289af90e0d900d8429b",
                vec![address],
            ),
            pinned(
                "restored_counts",
                "norman19_mcfaline23_restored_counts.h5ad",
                820_266,
                "03f0f413d0fdc2d44c04685c43300d8bc776a7626e281ac6337436bb9bd62170",
                Vec::new(),
            ),
        ],
        ..Dataset::default()
    }
}

const REPLOGLE: &str = "Replogle et al., Mapping information-rich genotype-phenotype landscapes with genome-scale \
                        Perturb-seq, Cell 2022";

fn replogle() -> Dataset {
    let file = |role: &str, path: &str, bytes: Option<u64>, id: u32| -> RemoteFile {
        let address = format!("https://plus.figshare.com/ndownloader/files/{id}");
        unpinned(role, path, bytes, &[&address])
    };
    Dataset {
        name: "replogle2022".into(),
        title: "Genome-scale Perturb-seq: K562 essential (310,385 cells x 8,563 genes), RPE1 essential (247,914 x 8,749), K562 \
                genome-wide"
            .into(),
        citation: format!("{REPLOGLE}; figshare+ doi:10.25452/figshare.plus.20029387"),
        licence: "CC BY 4.0".into(),
        reproduces: "all results of SC-VAE, with ContrastiveVI, scVI and PCA beside it".into(),
        loader: "the reader of h5ad files, by blocks of rows (X is dense f32)".into(),
        obtain: "automated clients are sometimes refused: open the address in a browser, or take scperturb_replogle".into(),
        whole: Some(85_200_000_000),
        files: vec![
            file("k562_essential", "K562_essential_raw_singlecell_01.h5ad", Some(10_661_879_995), 35_773_219),
            file("rpe1", "rpe1_raw_singlecell_01.h5ad", Some(8_700_873_216), 35_775_606),
            file("k562_essential_normalised", "K562_essential_normalized_singlecell_01.h5ad", None, 35_773_075),
            file("k562_genome_wide", "K562_gwps_raw_singlecell_01.h5ad", None, 35_775_507),
        ],
    }
}

fn scperturb() -> Dataset {
    let file = |role: &str, path: &str| {
        let of = |record: u32| format!("https://zenodo.org/records/{record}/files/{path}");
        unpinned(role, path, None, &[&of(13_350_497), &of(10_044_268)])
    };
    Dataset {
        name: "scperturb_replogle".into(),
        title: "The Replogle 2022 screens as scPerturb keeps them: sparse counts, obs.perturbation with `control`"
            .into(),
        citation: format!(
            "{REPLOGLE}; Peidli et al., scPerturb: harmonized single-cell perturbation data, Nature Methods 2024"
        ),
        licence: "CC BY 4.0".into(),
        reproduces: "as replogle2022, from smaller files".into(),
        loader: "the reader of h5ad files".into(),
        files: vec![
            file("k562_essential", "ReplogleWeissman2022_K562_essential.h5ad"),
            file("rpe1", "ReplogleWeissman2022_rpe1.h5ad"),
        ],
        ..Dataset::default()
    }
}

fn sams_vae() -> Dataset {
    Dataset {
        name: "sams_vae_replogle".into(),
        title: "The genome-wide K562 screen as SAMS-VAE prepared it: a smaller derived file".into(),
        citation: format!(
            "{REPLOGLE}; Bereket and Karaletsos, Modelling cellular perturbations with the sparse additive \
                           mechanism shift variational autoencoder, NeurIPS 2023"
        ),
        licence: "CC BY 4.0 (the screen)".into(),
        reproduces: "SC-VAE at reduced scale".into(),
        loader: "the reader of h5ad files".into(),
        obtain: "replogle.h5ad in the public S3 bucket insitro-research-2023-sams-vae".into(),
        ..Dataset::default()
    }
}
