//! Knowledge about genes: relations, complexes, positions, text vectors, cell-cycle lists; and the published map of genes.

use super::{Dataset, pinned, raw, unpinned};

/// What the first notebooks need.
pub(super) fn maps() -> Vec<Dataset> {
    vec![funk2022_mcvae(), relations(), genome()]
}

/// What corrections and evaluations need besides.
pub(super) fn others() -> Vec<Dataset> {
    vec![corum(), hg38(), gene2vec(), expression(), cell_cycle()]
}

fn funk2022_mcvae() -> Dataset {
    let file = |role: &str, path: &str, bytes: u64, sha256: &str| {
        let address = format!("notebook/{path}");
        pinned(
            role,
            path,
            bytes,
            sha256,
            vec![raw("Genentech/contrastive-ops", "e90d17eaffd90063c2311be9808982184e573507", &address)],
        )
    };
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
        loader: "datasets::funk2022_mcvae, datasets::gene_screen; the guides with io::parquet::read".into(),
        files: vec![
            file(
                "embedding",
                "df_standardized_mitosis.parquet",
                1_230_769,
                "07d3bde4d3fcde7d4717ef6dfe50eab34036a973206f73b8359c10b7a235693a",
            ),
            file(
                "guides",
                "funk22-cellprofiler-univariate-ipca90.parquet",
                554_425,
                "3fffacc3702517c81a7204a56dfa10ade0d101167dd60d53e0c0ef576077db64",
            ),
            file(
                "kegg_clusters",
                "KEGG_modified_cluster.json",
                30_153,
                "1e7dcd0f8375ac5dbe63df0022eca151ca5e9d1636b23ba1f1d28403b4366d70",
            ),
            file(
                "functional_clusters",
                "modified_functional_clusters.json",
                27_857,
                "809d2617b254f1c4064625a2e7497483613fb335af094f317056e253c770e789",
            ),
        ],
        ..Dataset::default()
    }
}

fn relations() -> Dataset {
    let file = |role: &str, path: &str, bytes: u64, sha256: &str| {
        let address = format!("efaar_benchmarking/benchmark_annotations/{path}");
        let commit = "2248f400630abfb711bb442be7e29a34c70d4720";
        pinned(role, path, bytes, sha256, vec![raw("recursionpharma/EFAAR_benchmarking", commit, &address)])
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
        loader: "datasets::complexes, datasets::relations".into(),
        obtain: "CORUM_humanComplexes.txt.gz is the full CORUM table of human complexes, gzip compressed, as the \
                 repository broadinstitute/2022_PERISCOPE carries it at commit 632557b77361777b5b728a7534ed8e9d9ed6c090"
            .into(),
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
            file("licence", "LICENSE", 731, "1bf6881972e84546677534643476aa571efbc63ed3947849711b418f113d8afc"),
            pinned(
                "corum_table",
                "CORUM_humanComplexes.txt.gz",
                695_873,
                "6537901df7a9035970d4dfbd4127f3c1164eb6c262ef6cffb7a358dd7af8aeb5",
                Vec::new(),
            ),
        ],
        ..Dataset::default()
    }
}

fn genome() -> Dataset {
    // The tables lie behind Git LFS in the older commits, which have an address of their own.
    let proxbias = "recursionpharma/proxbias";
    let newer =
        |path: &str| raw(proxbias, "fa1267510b8fb487dfdc79cb30ac15a68acfa7e6", &format!("proxbias/data/{path}"));
    let file = |role: &str, path: &str, bytes: u64, sha256: &str, stored: &str| {
        let older = format!("https://media.githubusercontent.com/media/{proxbias}/{stored}/data/{path}");
        pinned(role, path, bytes, sha256, vec![newer(path), older])
    };
    Dataset {
        name: "genome".into(),
        title: "Human genome hg38: centromeres, cytobands, gene positions; gene clusters of shinyDepMap".into(),
        citation: "UCSC Genome Browser tables of hg38 (centromeres, cytoBand, NCBI RefSeq), as kept by \
                   recursionpharma/proxbias; Lazar et al., High-resolution genome-wide mapping of chromosome-arm-scale \
                   truncations induced by CRISPR-Cas9 editing, Nature Genetics 2024; Shimada et al., shinyDepMap, eLife \
                   2021"
            .into(),
        licence: "Apache-2.0 (recursionpharma/proxbias); the UCSC tables are free for any use; the alternative gene \
                  positions are GPL-3 (Katsevich-Lab/sceptre)"
            .into(),
        reproduces: "the chromosome arm of each gene, hence proximity bias and arm centring".into(),
        loader: "datasets::genome".into(),
        obtain: "gene_position_grch38_from_sceptre.tsv.gz is the table gene_position_data_frame_grch38 of the R package \
                 sceptre, written as text; it is an alternative to ncbirefseq_hg38.tsv.gz"
            .into(),
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
            pinned(
                "positions",
                "gene_position_grch38_from_sceptre.tsv.gz",
                461_153,
                "432c1320e87e07ce09089869026784fe1302bacc05fb6096c5de5d09ad028bd9",
                Vec::new(),
            ),
            pinned(
                "depmap_clusters",
                "shinyDepMap_19Q3_cluster_s.csv",
                516_019,
                "42841bf5a31c6286b029404082ac1a5a70e5d3aacc292389b7f2b64be838bce2",
                vec![newer("shinyDepMap_19Q3_cluster_s.csv")],
            ),
        ],
        ..Dataset::default()
    }
}

fn corum() -> Dataset {
    Dataset {
        name: "corum".into(),
        title: "CORUM complexes as the Enrichr library that contrastive-ops uses (1,263 genes of it are in the Funk screen)"
            .into(),
        citation: "Tsitsiridis et al., CORUM: the comprehensive resource of mammalian protein complexes - 2022, Nucleic \
                   Acids Research 2023; Chen et al., Enrichr, BMC Bioinformatics 2013"
            .into(),
        licence: "CC BY-NC 4.0 (non-commercial)".into(),
        reproduces: "precision and recall of CORUM pairs in the Funk screen; values move by a few per cent with the version"
            .into(),
        loader: "evaluate::GeneSets::read with SetFormat::Gmt where the library is in that form".into(),
        obtain: "the current CORUM tables (humanComplexes, allComplexes) are on the download page of \
                 https://mips.helmholtz-muenchen.de/corum/"
            .into(),
        files: vec![unpinned(
            "enrichr",
            "enrichr_CORUM.txt",
            None,
            &["https://maayanlab.cloud/Enrichr/geneSetLibrary?mode=text&libraryName=CORUM"],
        )],
        ..Dataset::default()
    }
}

fn hg38() -> Dataset {
    let ucsc = |role: &str, file: &str| {
        let address = format!("https://hgdownload.soe.ucsc.edu/goldenPath/hg38/database/{file}");
        unpinned(role, file, None, &[&address])
    };
    Dataset {
        name: "hg38".into(),
        title: "UCSC tables of the human genome hg38 as they are today: RefSeq genes, cytobands".into(),
        citation: "Perez et al., The UCSC Genome Browser database: 2025 update, Nucleic Acids Research 2025".into(),
        licence: "free for any use (UCSC Genome Browser tables)".into(),
        reproduces: "chromosome arms of genes that the pinned tables of `genome` lack".into(),
        loader: "genome::GeneTable::read (name2, chrom, txStart, txEnd)".into(),
        files: vec![ucsc("positions", "ncbiRefSeq.txt.gz"), ucsc("cytobands", "cytoBand.txt.gz")],
        ..Dataset::default()
    }
}

fn gene2vec() -> Dataset {
    let commit = "823f3d1fb72739ab65b57d3ea44327c6472bf322";
    let address = raw("theislab/IMPA", commit, "embeddings/csv/rxrx1_gene2vec_embeddings.csv");
    Dataset {
        name: "gene2vec".into(),
        title: "Gene2vec vectors of 1,071 genes, 200 dimensions, as IMPA ships them".into(),
        citation: "Du et al., Gene2vec: distributed representation of genes based on co-expression, BMC Genomics 2019; \
                   Palma et al., Predicting cell morphological responses to perturbations using generative modeling, Nature \
                   Communications 2025 (IMPA)"
            .into(),
        licence: "MIT (theislab/IMPA)".into(),
        reproduces: "text vectors of genes as conditions of GRAPE's predecessor".into(),
        loader: "io::features::read".into(),
        files: vec![unpinned("embedding", "rxrx1_gene2vec_embeddings.csv", None, &[&address])],
        ..Dataset::default()
    }
}

fn expression() -> Dataset {
    Dataset {
        name: "hpa_cell_lines".into(),
        title: "RNA levels of genes in cell lines (Human Protein Atlas), HeLa and U2OS among them".into(),
        citation:
            "Uhlen et al., A pathology atlas of the human cancer transcriptome, Science 2017; Human Protein Atlas, \
                   proteinatlas.org"
                .into(),
        licence: "CC BY-SA 4.0 (Human Protein Atlas)".into(),
        reproduces:
            "unexpressed genes, by which arm centring is weighted; stands in for HUVEC, whose values are not public"
                .into(),
        loader: "io::delimited::Delimited::read after unpacking".into(),
        obtain: "the address gives the newest release; note its version".into(),
        files: vec![unpinned(
            "expression",
            "rna_celline.tsv.zip",
            None,
            &["https://www.proteinatlas.org/download/tsv/rna_celline.tsv.zip"],
        )],
        ..Dataset::default()
    }
}

fn cell_cycle() -> Dataset {
    Dataset {
        name: "tirosh_cell_cycle".into(),
        title: "Cell-cycle genes: 43 of S phase, 54 of G2 and M".into(),
        citation:
            "Tirosh et al., Dissecting the multicellular ecosystem of metastatic melanoma by single-cell RNA-seq, \
                   Science 2016"
                .into(),
        licence: "a list of gene symbols from the paper's supplement; Seurat, which distributes it, is MIT".into(),
        reproduces: "scores of S and G2/M by which cells are assigned a phase".into(),
        loader: "the preprocessing module scores cells from lists of gene names".into(),
        obtain: "`cc.genes` of the R package Seurat, or Table S5 of the paper".into(),
        ..Dataset::default()
    }
}
