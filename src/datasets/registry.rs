//! The public datasets perturbook knows: where each file is, its licence, size and SHA-256.
//!
//! Addresses are pinned to a commit, so the bytes behind them do not change. Several files may serve one role (two
//! tables of gene positions): the first that is found wins.

use serde::Serialize;

/// A public dataset: what it is, how to cite it, under which terms, and its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dataset {
    /// Name in the registry, and of its sub-folder wherever files are kept.
    pub name: String,
    /// One line for a listing.
    pub title: String,
    /// The works to cite.
    pub citation: String,
    /// The terms of each part.
    pub licence: String,
    /// The published results that can be recomputed from it.
    pub reproduces: String,
    /// Its files.
    pub files: Vec<RemoteFile>,
}

/// One file of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemoteFile {
    /// What the file is for; files of the same role are alternatives.
    pub role: String,
    /// File name.
    pub path: String,
    /// Size in bytes, where it is known.
    pub bytes: Option<u64>,
    /// SHA-256 in hexadecimal, where it is known. Without it the first download is trusted and its sum recorded
    /// beside the file.
    pub sha256: Option<String>,
    /// Public addresses, tried in order. A file without an address can only be put in place by hand.
    pub addresses: Vec<String>,
}

/// All datasets of the registry.
///
/// ```
/// let names: Vec<String> = perturbook::datasets::list().into_iter().map(|d| d.name).collect();
/// assert_eq!(names, ["funk2022_mcvae", "relations", "genome"]);
/// ```
pub fn list() -> Vec<Dataset> {
    vec![funk2022_mcvae(), relations(), genome()]
}

fn funk2022_mcvae() -> Dataset {
    Dataset {
        name: "funk2022_mcvae".into(),
        title: "Multi-ContrastiveVAE embedding of the Funk 2022 HeLa optical pooled screen: 3,089 genes and the \
                non-targeting control, 32 salient and 32 background dimensions"
            .into(),
        citation: "Funk et al., The phenotypic landscape of essential human genes, Cell 2022, \
                   doi:10.1016/j.cell.2022.10.017 (the screen); Wang et al., Multi-ContrastiveVAE disentangles \
                   perturbation effects in single cell images from optical pooled screens, 2023 (the embedding)"
            .into(),
        licence: "Apache-2.0 (Genentech/contrastive-ops)".into(),
        reproduces: "recall of CORUM relations in the salient and the background space, proximity bias before and \
                     after arm centring, mitotic index against the background norm"
            .into(),
        files: vec![RemoteFile {
            role: "embedding".into(),
            path: "df_standardized_mitosis.parquet".into(),
            bytes: Some(1_230_769),
            sha256: Some("07d3bde4d3fcde7d4717ef6dfe50eab34036a973206f73b8359c10b7a235693a".into()),
            addresses: vec![raw("Genentech/contrastive-ops/e90d17eaffd90063c2311be9808982184e573507/notebook/\
                 df_standardized_mitosis.parquet")],
        }],
    }
}

fn relations() -> Dataset {
    let file = |role: &str, path: &str, bytes: u64, sha256: &str| RemoteFile {
        role: role.into(),
        path: path.into(),
        bytes: Some(bytes),
        sha256: Some(sha256.into()),
        addresses: vec![raw(&format!(
            "recursionpharma/EFAAR_benchmarking/2248f400630abfb711bb442be7e29a34c70d4720/efaar_benchmarking/\
             benchmark_annotations/{path}"
        ))],
    };
    Dataset {
        name: "relations".into(),
        title: "Known gene-gene relations: CORUM complexes and pairs, hu.MAP, Reactome, SIGNOR".into(),
        citation: "Celik et al., Building, benchmarking, and exploring perturbative maps of transcriptional and \
                   morphological data, PLOS Computational Biology 2024 (the selection of pairs); CORUM, hu.MAP, \
                   Reactome and SIGNOR are to be cited as their makers ask"
            .into(),
        licence: "CORUM: CC BY-NC 4.0 (non-commercial); SIGNOR: CC BY-NC 4.0 (non-commercial); hu.MAP: CC BY 4.0; \
                  Reactome: CC0 1.0"
            .into(),
        reproduces: "recall of known relations by the cosine between perturbations".into(),
        files: vec![
            file(
                "complexes",
                "CORUM_clusters.tsv",
                140_353,
                "caab1d3db6fa694c001f41e2973492d248ea3936a1249be3bf497648071f5c99",
            ),
            file("corum", "CORUM.txt", 928_150, "edaafc77a184ef452996d211e9fe1699615315a36e1efc9d602042c06168a695"),
            file("humap", "HuMAP.txt", 1_452_420, "6d08074df77f1a7274e754bc6e5e29aa438004bec0a13cbfb934c2c81328f3c4"),
            file(
                "reactome",
                "Reactome.txt",
                267_969,
                "ed3cd0fc32d2fe3510f167e9df39668bc9637348d78787615d3f970b2b862e70",
            ),
            file("signor", "SIGNOR.txt", 141_437, "00525d3a90198378b54c5c3093374d5c9ee0550bbd799f06b443512a465bcad3"),
        ],
    }
}

fn genome() -> Dataset {
    // The tables lie behind Git LFS in the older commits, which have an address of their own.
    let file = |role: &str, path: &str, bytes: u64, sha256: &str, stored: &str| RemoteFile {
        role: role.into(),
        path: path.into(),
        bytes: Some(bytes),
        sha256: Some(sha256.into()),
        addresses: vec![
            raw(&format!("recursionpharma/proxbias/fa1267510b8fb487dfdc79cb30ac15a68acfa7e6/proxbias/data/{path}")),
            format!("https://media.githubusercontent.com/media/recursionpharma/proxbias/{stored}/data/{path}"),
        ],
    };
    Dataset {
        name: "genome".into(),
        title: "Human genome hg38: centromeres, cytobands, gene positions".into(),
        citation: "UCSC Genome Browser tables of hg38 (centromeres, cytoBand, NCBI RefSeq), as kept by \
                   recursionpharma/proxbias; Lazar et al., High-resolution genome-wide mapping of chromosome-arm-scale \
                   truncations induced by CRISPR-Cas9 editing, Nature Genetics 2024"
            .into(),
        licence: "Apache-2.0 (recursionpharma/proxbias); the UCSC tables are free for any use".into(),
        reproduces: "the chromosome arm of each gene, hence proximity bias and arm centring".into(),
        files: vec![
            file(
                "centromeres",
                "centromeres_hg38.tsv",
                4_212,
                "61249f11263f486bab9df3d35d47564031f5c95b2faec61f13162b5ed482976f",
                "05e91d7218f61187bc014b50f3566753633ea986",
            ),
            file(
                "cytobands",
                "hg38_cytoband.tsv.gz",
                11_243,
                "689a8ee6fd1681f456f6d8d8f92ea4b293017e27ab2a20493fe7068ede08444b",
                "05e91d7218f61187bc014b50f3566753633ea986",
            ),
            file(
                "positions",
                "ncbirefseq_hg38.tsv.gz",
                7_137_078,
                "833f9f8ccf9a97d38d938c73b759fe544515fee171e2773a7967afbd0dfca97e",
                "8c61635e30489ff0afed33b17ecea9b02a45b690",
            ),
            RemoteFile {
                role: "positions".into(),
                path: "gene_position_grch38_from_sceptre.tsv.gz".into(),
                bytes: Some(461_153),
                sha256: Some("432c1320e87e07ce09089869026784fe1302bacc05fb6096c5de5d09ad028bd9".into()),
                addresses: Vec::new(),
            },
        ],
    }
}

fn raw(path: &str) -> String {
    format!("https://raw.githubusercontent.com/{path}")
}
