//! Files that readers are tested with, from the tests of the tools that write them; and a plate for metrics.

use super::{Dataset, RemoteFile, pinned, raw};

pub(super) fn all() -> Vec<Dataset> {
    vec![conformance(), formats()]
}

fn conformance() -> Dataset {
    let path = "cytominer_eval/example_data/compound/SQ00015054_normalized_feature_select.csv.gz";
    Dataset {
        name: "conformance".into(),
        title: "A LINCS Cell Painting plate: 384 wells x 480 columns, A549, 6 doses of compounds".into(),
        citation:
            "Way et al., Morphology and gene expression profiling provide complementary information for mapping cell \
                   state, Cell Systems 2022; cytomining/cytominer-eval"
                .into(),
        licence: "BSD-3-Clause (cytominer-eval)".into(),
        reproduces: "the values that cytominer-eval's tests state: replicate reproducibility, hit@k, enrichment".into(),
        loader: "io::features::read with ColumnChoice::cell_profiler".into(),
        files: vec![pinned(
            "plate",
            "SQ00015054_normalized_feature_select.csv.gz",
            581_296,
            "0dab037c26926b143d3d64210bde3aa94943691edd226915dada9db85f5bd1c7",
            vec![raw("cytomining/cytominer-eval", "46595cf2fe97e9250b4b06bb9fe5aa8eb682f256", path)],
        )],
        ..Dataset::default()
    }
}

fn formats() -> Dataset {
    Dataset {
        name: "formats".into(),
        title: "h5ad of anndata 0.7.8 and 0.11.4 and of pipelines, 10x matrices, variants of TIFF".into(),
        citation:
            "scverse/anndata, scverse/scanpy, scverse/scvi-tools, CellProfiler/CellProfiler, image-rs/image-tiff (test \
                   data of these projects); 10x Genomics"
                .into(),
        licence: "BSD-3-Clause (scverse, CellProfiler); MIT (image-tiff)".into(),
        reproduces: "what a reader of each format must give".into(),
        loader: "the reader of each format; `perturbook data inspect`".into(),
        obtain: "the files tiff/setdino_* are the cells of ops_cells written as OME TIFF and as tiled BigTIFF".into(),
        files: [h5ad(), tenx(), tiff()].into_iter().flatten().collect(),
        ..Dataset::default()
    }
}

fn h5ad() -> Vec<RemoteFile> {
    let anndata = |version: &str, commit: &str| {
        vec![raw("scverse/anndata", commit, &format!("tests/data/archives/{version}/adata.h5ad"))]
    };
    vec![
        pinned(
            "anndata_0_7_8",
            "h5ad/adata_v0.7.8.h5ad",
            311_344,
            "bf1fb26ad83c648fa178f3c02b77aa2cb779d594a6d2f66d084e1812d44270da",
            anndata("v0.7.8", "f3461888e5de446909d24072f6ff299a5ea93d24"),
        ),
        pinned(
            "anndata_0_11_4",
            "h5ad/adata_v0.11.4.h5ad",
            16_408,
            "b0c6baf3fcb946a9dfbd9432481e6fbff76253a02c6286bf1704147b6b77f229",
            anndata("v0.11.4", "110ba5d7e7dc2d995dd2f52e182901debc953a58"),
        ),
        pinned(
            "tabula_muris",
            "h5ad/TM_droplet_mat.h5ad",
            20_360,
            "3bcf1085e6ba8001faf15b2f5d8021a63e4f4b125dc98a3421f16ca39621808f",
            vec![
                raw("scverse/scvi-tools", "93dc4fae", "tests/test_data/TM_droplet_mat.h5ad"),
                raw("scverse/scvi-tools", "5a660aa317ada88b05d9077d8ea98fea7d304cec", "tests/data/TM_droplet_mat.h5ad"),
            ],
        ),
        pinned(
            "pbmc_protein",
            "h5ad/pbmc_5k_protein_v3.h5ad",
            2_302_990,
            "83f2c7d175600acf458d839920ce52448beeab66557a76d8b0312c91102a3326",
            vec![raw(
                "scverse/scvi-tools",
                "a273dd0b84d3d83dc0d218cfb767880701c885ea",
                "tests/test_data/pbmc_5k_protein_v3.h5ad",
            )],
        ),
        pinned(
            "t_cells",
            "h5ad/t-cells.h5ad",
            175_672,
            "32efd56dfd91ee6ed6b1611e9eaadd0dd67ea171241e6907f3b8d5fdda3c57cf",
            vec![raw("scverse/scanpy", "e305b32d6e9bc49f8feac0bd207549b4a2db1c66", "scanpy/tests/_data/t-cells.h5ad")],
        ),
    ]
}

fn tenx() -> Vec<RemoteFile> {
    let matrix = |name: &str, bytes: u64, sha256: &str, commit: &str| {
        let path = format!("tests/_data/10x_data/3.0.0/filtered_feature_bc_matrix/{name}");
        pinned(
            &format!("tenx_{}", name.split('.').next().unwrap_or(name)),
            &format!("tenx/3.0.0_mtx/{name}"),
            bytes,
            sha256,
            vec![raw("scverse/scanpy", commit, &path)],
        )
    };
    vec![
        pinned(
            "tenx_h5",
            "tenx/3.0.0_filtered_feature_bc_matrix.h5",
            100_207,
            "d55cc5f32ebb8b70746d546baa300448949f69efd4ee5022bbd9330af3cd4212",
            vec![raw(
                "scverse/scanpy",
                "86f7e57a84937bcda530e1c701bf64b90ac40eda",
                "scanpy/tests/_data/10x_data/3.0.0/filtered_feature_bc_matrix.h5",
            )],
        ),
        matrix(
            "barcodes.tsv.gz",
            6_423,
            "e3490ae2c4cbc0b8b4001cefa47e0d6efa23e59aa57e760aee593bd66605e90a",
            "0dda2840f97ca7b99ef9ef222648c02c0d81b640",
        ),
        matrix(
            "features.tsv.gz",
            4_774,
            "a5ee587a04a1744a2922018e4c92626489908ad48870433c2095184542482fcd",
            "91300a92c019d58e28f1d3272927d5a31dbb8350",
        ),
        matrix(
            "matrix.mtx.gz",
            73_946,
            "0d40c3b07c32089c3b310d0914670b9513407bfad18d6529f20046fe4bbd4eaf",
            "48e9b849197f9fbb20e224fbcf63ff9e27e29a61",
        ),
    ]
}

fn tiff() -> Vec<RemoteFile> {
    let image_tiff = |name: &str| vec![raw("image-rs/image-tiff", "31919c7b", &format!("tests/images/{name}"))];
    let cell_profiler = |name: &str| {
        vec![raw("CellProfiler/CellProfiler", "5b9c361f", &format!("tests/core/data/modules/loadimages/{name}"))]
    };
    vec![
        pinned(
            "tiff_16_bit",
            "tiff/imagetiff_minisblack-1c-16b.tiff",
            47_733,
            "4b158802cb0926445ca0e61a43e9aad16290c63950457466992d53f3e2843a02",
            image_tiff("minisblack-1c-16b.tiff"),
        ),
        pinned(
            "tiff_float",
            "tiff/imagetiff_predictor-3-gray-f32.tif",
            103_092,
            "2233f466fe423e4c5db88343b3b12a81ec254433e380f10a487fbec8f10b82a6",
            image_tiff("predictor-3-gray-f32.tif"),
        ),
        pinned(
            "tiff_5_channels",
            "tiff/cp_5channel.tif",
            21_414,
            "6bc1c66d8ed03d91268d9e8bfe5f19c3b56426a12b45e73a5200d9cedb2f8605",
            cell_profiler("5channel.tif"),
        ),
        pinned(
            "tiff_nikon",
            "tiff/cp_NikonTIF.tif",
            674_020,
            "200d510ee351d3570267ae6445591cd02bd77c884908d4ec6a8dc5012de3f431",
            cell_profiler("NikonTIF.tif"),
        ),
        pinned(
            "tiff_ome",
            "tiff/setdino_10x4x96x96_f32.ome.tif",
            1_137_374,
            "58df02f98fb057f85f2db9ebd38e8b89273752cb7489bfd5f3c7feb9db237125",
            Vec::new(),
        ),
        pinned(
            "tiff_big_tiled",
            "tiff/setdino_cell0_4x96x96_u16_bigtiff_tiled.tif",
            83_662,
            "fec7469bc0dba386e76a8295e0e5d3acb4d33fffac24488dca72178adacbe7f4",
            Vec::new(),
        ),
    ]
}
