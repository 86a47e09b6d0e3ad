//! Counts from files: real ones against what they state of themselves and what Python's anndata reads, and round trips.

mod common;
#[path = "common/peer.rs"]
mod peer;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use common::{shared_file, skipped};
use ndarray::{Array2, array};
use peer::Peer;
use perturbook::display::Show;
use perturbook::io::h5ad::{Contents, H5ad, Matrix, write_h5ad};
use perturbook::io::tenx;
use perturbook::screen::Counts;
use polars::prelude::{AnyValue, Column, DataFrame, df};
use serde_json::{Value, json};

/// Every h5ad file of the shared folder.
const H5AD: [&str; 8] = [
    "data/formats/h5ad/TM_droplet_mat.h5ad",
    "data/formats/h5ad/adata_v0.7.8.h5ad",
    "data/formats/h5ad/adata_v0.11.4.h5ad",
    "data/formats/h5ad/pbmc_5k_protein_v3.h5ad",
    "data/formats/h5ad/t-cells.h5ad",
    "data/norman_mcfaline/devel.h5ad",
    "data/norman_mcfaline/norman19_mcfaline23_restored_counts.h5ad",
    "data/papalexi_eccite/papalexi_eccite_lowmoi_20729x299.h5ad",
];
const PACKAGES: &str = "anndata, h5py, pandas, scipy";

fn open(path: &str) -> Option<H5ad> {
    shared_file(path).map(|path| H5ad::open(path).unwrap())
}

fn close(got: f64, want: f64) -> bool {
    (got - want).abs() <= 1e-9 * want.abs().max(1.0)
}

fn sum(counts: &Counts) -> f64 {
    counts.library_sizes().iter().sum()
}

/// Texts of a column; missing ones are empty.
fn texts(table: &DataFrame, column: &str) -> Vec<String> {
    table.column(column).unwrap().str().unwrap().iter().map(|v| v.unwrap_or_default().to_owned()).collect()
}

fn numbers(table: &DataFrame, column: &str) -> Vec<f64> {
    let column = table.column(column).unwrap().cast(&polars::prelude::DataType::Float64).unwrap();
    column.f64().unwrap().iter().map(|v| v.unwrap_or(f64::NAN)).collect()
}

#[test]
fn the_eccite_screen_agrees_with_its_own_totals() {
    let Some(file) = open(H5AD[7]) else { return };
    let counts = file.counts(Matrix::X).unwrap();
    assert_eq!((counts.cells(), counts.genes().len()), (20_729, 299));
    assert!(counts.are_whole());
    let obs = file.obs().unwrap();
    assert_eq!(counts.library_sizes(), numbers(&obs, "n_counts"));
    let guides = file.obsm("guide_counts").unwrap();
    let totals: Vec<f64> = guides.rows().into_iter().map(|row| row.iter().map(|&v| f64::from(v)).sum()).collect();
    assert_eq!(totals, numbers(&obs, "guide_total_umi"));
    let genes = texts(&obs, "gene");
    assert_eq!(genes.iter().filter(|gene| *gene == "non-targeting").count(), 2_386);
    let distinct = |column: &str| texts(&obs, column).into_iter().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!((distinct("gene"), distinct("bio_rep")), (26, 3), "25 targets and the controls; 3 replicates");
}

#[test]
fn the_log_normalised_screen_is_the_restored_counts_over_their_library_size() {
    let (Some(logged), Some(restored)) = (open(H5AD[5]), open(H5AD[6])) else { return };
    let (logged, raw) = (logged.counts(Matrix::X).unwrap(), restored.counts(Matrix::X).unwrap());
    assert_eq!((raw.cells(), raw.genes().len()), (5_961, 500));
    assert!(raw.are_whole() && !logged.are_whole());
    assert_eq!((logged.indptr(), logged.indices()), (raw.indptr(), raw.indices()));
    let obs = restored.obs_columns(&["library_size_restored", "cell_type"]).unwrap();
    assert_eq!(obs.width(), 3, "the index and the two columns");
    let sizes = numbers(&obs, "library_size_restored");
    for (cell, &size) in sizes.iter().enumerate() {
        for (&log, &count) in logged.row(cell).1.iter().zip(raw.row(cell).1) {
            let want = 1e4 * f64::from(count) / size;
            assert!((f64::from(log).exp_m1() - want).abs() < 1e-4 * want, "cell {cell}: {log} for {count} of {size}");
        }
    }
    let types = texts(&obs, "cell_type");
    assert_eq!(types.iter().filter(|name| *name == "k562").count(), 3_375);
}

#[test]
fn both_forms_of_a_10x_run_are_the_same_counts() {
    let Some(h5) = shared_file("data/formats/tenx/3.0.0_filtered_feature_bc_matrix.h5") else { return };
    let Some(folder) = shared_file("data/formats/tenx/3.0.0_mtx") else { return };
    let (a, b) = (tenx::read_h5(&h5).unwrap(), tenx::read_mtx(&folder).unwrap());
    assert_eq!(a.counts, b.counts);
    assert_eq!(a.barcodes, b.barcodes);
    assert_eq!(a.features.select(["id", "name", "feature_type"]).unwrap(), b.features);
    assert_eq!(tenx::read_mtx(folder.join("matrix.mtx.gz")).unwrap(), b, "the file instead of its folder");

    // The same from the text itself.
    let text = flate2::read::MultiGzDecoder::new(File::open(folder.join("matrix.mtx.gz")).unwrap());
    let mut lines = BufReader::new(text).lines().map(Result::unwrap).skip_while(|line| line.starts_with('%'));
    assert_eq!(lines.next().unwrap(), "507 1107 23866");
    let mut dense = Array2::<f32>::zeros((1_107, 507));
    for line in lines {
        let entry: Vec<usize> = line.split(' ').map(|word| word.parse().unwrap()).collect();
        dense[[entry[1] - 1, entry[0] - 1]] = entry[2] as f32;
    }
    assert_eq!(a.counts.to_dense(), dense);
    assert_eq!(a.counts.stored(), 23_866);
    assert_eq!(a.barcodes[0], "AAACCCAAGGAGAGTA-1");
    assert_eq!(a.of_type("Gene Expression").unwrap(), a);
    let error = a.of_type("Antibody Capture").unwrap_err().to_string();
    assert!(error.contains("\"Gene Expression\""), "{error}");
}

#[test]
fn blocks_of_rows_are_the_rows_of_the_whole() {
    for path in H5AD {
        let Some(file) = open(path) else { return };
        let layers: Vec<&str> = file.summary().layers.iter().map(|(name, _)| name.as_str()).collect();
        let mut matrices: Vec<Matrix> = layers.iter().map(|name| Matrix::Layer(name)).collect();
        matrices.extend(file.summary().x.as_ref().map(|_| Matrix::X));
        matrices.extend(file.summary().raw.as_ref().map(|_| Matrix::Raw));
        for matrix in matrices {
            check_blocks(&file, matrix, &[1 + file.summary().n_obs / 3, usize::MAX]);
        }
    }
}

#[track_caller]
fn check_blocks(file: &H5ad, matrix: Matrix<'_>, sizes: &[usize]) {
    let whole = file.counts(matrix).unwrap();
    for &rows in sizes {
        let mut next = 0;
        for block in file.row_blocks(matrix, rows).unwrap() {
            let (range, block) = block.unwrap();
            assert_eq!(range.start, next);
            assert_eq!(block, whole.select_cells(&range.clone().collect::<Vec<_>>()).unwrap());
            next = range.end;
        }
        assert_eq!(next, whole.cells());
    }
    assert_eq!(file.dense(matrix).unwrap(), whole.to_dense());
}

#[test]
fn a_file_without_a_matrix_says_so() {
    let Some(file) = open(H5AD[2]) else { return };
    assert_eq!((file.summary().n_obs, file.summary().n_vars), (10, 20));
    let error = file.counts(Matrix::X).unwrap_err().to_string();
    assert!(error.contains("no matrix X") && error.contains("tables only"), "{error}");
    assert_eq!(file.obs().unwrap().height(), 10);
}

#[test]
fn a_table_of_records_from_before_0_7_is_read() {
    let Some(file) = open(H5AD[0]) else { return };
    let obs = file.obs().unwrap();
    assert_eq!((obs.height(), texts(&obs, "index")[46].as_str()), (47, "cell46"));
    assert_eq!(file.counts(Matrix::X).unwrap().genes()[9], "0610009B22RIK");
}

#[test]
fn every_shared_file_is_what_anndata_reads() {
    let Some(peer) = Peer::new("h5ad_peer.py", PACKAGES) else { return };
    // anndata dropped the layout from before 0.7, that of the first file.
    let paths: Vec<PathBuf> = H5AD[1..].iter().filter_map(|path| shared_file(path)).collect();
    compare_all(&paths, &peer);
}

#[test]
fn every_encoding_that_anndata_writes_is_read() {
    let Some(peer) = Peer::new("h5ad_peer.py", PACKAGES) else { return };
    let folder = tempfile::tempdir().unwrap();
    peer.run(["corpus".as_ref(), folder.path().as_os_str()]);
    let mut files: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 20, "{files:?}");
    let mut readable = Vec::new();
    for path in files {
        let refused = |path: &Path| H5ad::open(path).and_then(|file| file.counts(Matrix::X)).map(|_| ());
        match path.file_stem().unwrap().to_str().unwrap() {
            "never_written" => {
                let file = H5ad::open(&path).unwrap();
                assert_eq!(file.summary().n_obs, 1_000_000_000);
                says(file.obs().map(|_| ()), &["bomb", "/obs/_index"]);
                says(file.counts(Matrix::X).map(|_| ()), &["never written", "/X"]);
                says(file.row_blocks(Matrix::X, 100).map(|_| ()), &["never written", "/X"]);
                says(file.dense(Matrix::X).map(|_| ()), &["bomb", "/X"]);
            }
            "unknown_filter" => says(refused(&path), &["zstandard", "/X/data", "gzip"]),
            // What the HDF5 library of this version does not read is named; what it reads must be right.
            "long_chunks" if refused(&path).is_err() => says(refused(&path), &["chunks of 65,536", "libver"]),
            "latest" if refused(&path).is_err() => says(refused(&path), &["newest format", "libver"]),
            _ => readable.push(path),
        }
    }
    compare_all(&readable, &peer);
}

#[track_caller]
fn says(result: perturbook::Result<()>, words: &[&str]) {
    let error = result.unwrap_err().to_string();
    for word in words.iter().chain(&["where:", "fix:"]) {
        assert!(error.contains(word), "{word:?} is missing in:\n{error}");
    }
}

/// All of each file against what Python says of it.
fn compare_all(paths: &[PathBuf], peer: &Peer) {
    let files = paths.iter().map(|path| path.as_os_str());
    let want = peer.json(std::iter::once("describe".as_ref()).chain(files));
    for path in paths {
        compare(path, &want[path.to_str().unwrap()]);
    }
}

fn compare(path: &Path, want: &Value) {
    let file = H5ad::open(path).unwrap();
    let place = path.display();
    for (name, matrix, want) in [("X", Matrix::X, &want["x"]), ("raw", Matrix::Raw, &want["raw"])] {
        if want.is_null() {
            assert!(file.counts(matrix).is_err(), "{place}: {name} is not there");
        } else {
            let counts = file.counts(matrix).unwrap();
            check_matrix(&counts.to_dense(), want, &format!("{place}, {name}"));
            check_blocks(&file, matrix, &[7, 1_000]);
        }
    }
    if let Some(genes) = want["raw"]["genes"].as_array() {
        assert_eq!(&json!(file.genes(Matrix::Raw).unwrap()), &Value::from(genes.clone()));
    }
    let layers = want["layers"].as_object().unwrap();
    assert_eq!(layers.len(), file.summary().layers.len());
    for (name, want) in layers {
        check_matrix(&file.counts(Matrix::Layer(name)).unwrap().to_dense(), want, &format!("{place}, {name}"));
        check_blocks(&file, Matrix::Layer(name), &[11]);
    }
    for (name, want) in want["obsm"].as_object().unwrap() {
        check_matrix(&file.obsm(name).unwrap(), want, &format!("{place}, obsm {name}"));
    }
    check_table(&file.obs().unwrap(), &want["obs"], &format!("{place}, obs"));
    check_table(&file.var().unwrap(), &want["var"], &format!("{place}, var"));
}

fn check_matrix(got: &Array2<f32>, want: &Value, place: &str) {
    assert_eq!(json!(got.shape()), want["shape"], "{place}");
    let placed =
        |((row, column), value): ((usize, usize), &f32)| ((row * 7 + column * 13) % 101) as f64 * f64::from(*value);
    let sums = [got.iter().map(|&v| f64::from(v)).fold(0.0, |a, b| a + b), got.indexed_iter().map(placed).sum()];
    for (got, name) in sums.into_iter().zip(["sum", "placed"]) {
        let want = want[name].as_f64().unwrap();
        assert!((got - want).abs() <= 1e-7 * want.abs().max(1.0), "{place}: {name} {got}, expected {want}");
    }
    assert_eq!(json!(got.iter().filter(|v| **v != 0.0).count()), want["nonzero"], "{place}");
}

fn check_table(got: &DataFrame, want: &Value, place: &str) {
    let names: Vec<&str> = got.get_column_names().into_iter().map(|name| name.as_str()).collect();
    assert_eq!(json!(texts(got, names[0])), want["index"], "{place}, index");
    let columns = want["columns"].as_object().unwrap();
    assert_eq!(columns.len() + 1, names.len(), "{place}: {names:?}");
    for (name, want) in columns {
        let got = values(got.column(name).unwrap());
        let want = want.as_array().unwrap();
        assert_eq!(got.len(), want.len());
        for (row, (got, want)) in got.iter().zip(want).enumerate() {
            let same = match (got.as_f64(), want.as_f64()) {
                (Some(got), Some(want)) => close(got, want),
                _ => got == want,
            };
            assert!(same, "{place}, column {name:?}, row {row}: {got}, expected {want}");
        }
    }
}

/// A column as JSON; NaN is missing, as it is in pandas.
fn values(column: &Column) -> Vec<Value> {
    (0..column.len())
        .map(|row| match column.get(row).unwrap() {
            AnyValue::Null => Value::Null,
            AnyValue::String(text) => json!(text),
            AnyValue::Boolean(truth) => json!(truth),
            AnyValue::Float32(number) => json!(f64::from(number)),
            AnyValue::Float64(number) => json!(number),
            AnyValue::Int32(number) => json!(number),
            AnyValue::Int64(number) => json!(number),
            AnyValue::UInt32(number) => json!(number),
            AnyValue::UInt64(number) => json!(number),
            other => panic!("{other}"),
        })
        .collect()
}

fn screen() -> (Counts, DataFrame, DataFrame) {
    let n = 400;
    let dense =
        Array2::from_shape_fn((n, 30), |(i, j)| if (i * 31 + j * 17) % 5 == 0 { ((i + j) % 7) as f32 } else { 0.0 });
    let genes: Vec<String> = (0..30).map(|gene| format!("gene {gene} µ")).collect();
    let x = Counts::from_dense(genes.clone(), dense.view()).unwrap();
    let every = |k: usize| move |i: usize| !i.is_multiple_of(k);
    let obs = df!(
        "cell" => (0..n).map(|i| format!("c{i}")).collect::<Vec<_>>(),
        "guide" => (0..n).map(|i| format!("guide{}", i % 9)).collect::<Vec<_>>(),
        "gap" => (0..n).map(|i| every(4)(i).then(|| format!("l{i}"))).collect::<Vec<_>>(),
        "whole" => (0..n).map(|i| i as i64 - (1 << 40)).collect::<Vec<_>>(),
        "whole gap" => (0..n).map(|i| every(3)(i).then_some(i as i32 - 50)).collect::<Vec<_>>(),
        "unsigned" => (0..n).map(|i| u64::MAX - i as u64).collect::<Vec<_>>(),
        "small" => (0..n).map(|i| i as u32).collect::<Vec<_>>(),
        "pass" => (0..n).map(|i| i % 2 == 0).collect::<Vec<_>>(),
        "pass gap" => (0..n).map(|i| every(5)(i).then_some(i % 2 == 0)).collect::<Vec<_>>(),
        "score" => (0..n).map(|i| (i as f64).sqrt()).collect::<Vec<_>>(),
        "short" => (0..n).map(|i| (i as f32).sin()).collect::<Vec<_>>(),
    )
    .unwrap();
    let var = df!("symbol" => genes, "chrom" => (0..30).map(|g| format!("chr{}", g % 3)).collect::<Vec<_>>()).unwrap();
    (x, obs, var)
}

#[test]
fn what_is_written_is_read_back_exactly() {
    let (x, obs, var) = screen();
    let half = x.select_genes(&(0..30).collect::<Vec<_>>()).unwrap();
    let raw = x.clone();
    let pca = Array2::from_shape_fn((400, 7), |(i, j)| (i as f32 * 0.1 + j as f32).cos());
    let folder = tempfile::tempdir().unwrap();
    for packed in [true, false] {
        let path = folder.path().join("sub").join("screen.h5ad");
        let contents = Contents::new(&x).obs(&obs).var(&var).layer("again", &half).obsm("X_pca", pca.view()).raw(&raw);
        write_h5ad(&path, &if packed { contents } else { contents.unpacked() }).unwrap();
        let file = H5ad::open(&path).unwrap();
        assert_eq!(file.counts(Matrix::X).unwrap(), x);
        assert_eq!(file.counts(Matrix::Layer("again")).unwrap(), x);
        assert_eq!(file.counts(Matrix::Raw).unwrap(), x);
        assert_eq!(file.obsm("X_pca").unwrap(), pca);
        assert!(file.obs().unwrap().equals_missing(&obs), "{:?}", file.obs().unwrap());
        assert_eq!(file.var().unwrap(), var);
        assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1, "no part file stays behind");
    }
}

#[test]
fn what_is_written_opens_in_anndata_with_equal_content() {
    let Some(peer) = Peer::new("h5ad_peer.py", PACKAGES) else { return };
    let (x, obs, var) = screen();
    let folder = tempfile::tempdir().unwrap();
    let pca = Array2::from_shape_fn((400, 7), |(i, j)| (i as f32 * 0.1 + j as f32).cos());
    let (plain, packed, bare, empty) = ("plain.h5ad", "packed.h5ad", "bare.h5ad", "empty.h5ad");
    let contents = || Contents::new(&x).obs(&obs).var(&var).layer("again", &x).obsm("X_pca", pca.view()).raw(&x);
    write_h5ad(folder.path().join(packed), &contents()).unwrap();
    write_h5ad(folder.path().join(plain), &contents().unpacked()).unwrap();
    write_h5ad(folder.path().join(bare), &Contents::new(&x)).unwrap();
    let none = x.select_cells(&[]).unwrap();
    write_h5ad(folder.path().join(empty), &Contents::new(&none)).unwrap();
    // Long enough for chunks beyond 65,535 entries.
    let long = Counts::from_dense(x.genes().to_vec(), Array2::from_elem((6_000, 30), 2.5).view()).unwrap();
    write_h5ad(folder.path().join("long.h5ad"), &Contents::new(&long)).unwrap();
    compare_all(&[plain, packed, bare, empty, "long.h5ad"].map(|name| folder.path().join(name)), &peer);
}

#[test]
fn real_screens_survive_a_round_trip() {
    for path in [H5AD[4], H5AD[6], H5AD[7]] {
        let Some(file) = open(path) else { return };
        let (x, obs, var) = (file.counts(Matrix::X).unwrap(), file.obs().unwrap(), file.var().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.h5ad");
        write_h5ad(&copy, &Contents::new(&x).obs(&obs).var(&var)).unwrap();
        let copy = H5ad::open(&copy).unwrap();
        assert_eq!(copy.counts(Matrix::X).unwrap(), x);
        assert!(copy.obs().unwrap().equals_missing(&obs));
        assert!(copy.var().unwrap().equals_missing(&var));
        println!("{path}: {} values", x.stored());
    }
}

#[test]
fn counts_and_files_show_what_they_hold() {
    let counts = Counts::new(
        ["TP53", "MYC", "MYC"].map(String::from).to_vec(),
        vec![0, 2, 3],
        vec![0, 2, 1],
        vec![1.0, 5.0, 2.0],
    )
    .unwrap();
    let shown = |value: &dyn Show| value.bundle().get("text/plain").unwrap().as_str().unwrap().to_owned();
    let text = shown(&counts);
    for words in
        ["counts: 2 cells x 3 genes, 50.0 % stored, whole numbers", "total 4 (2 to 6), genes 1.5 (1 to 2)", "1 name"]
    {
        assert!(text.contains(words), "{words:?} is missing in:\n{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5ad");
    write_h5ad(&path, &Contents::new(&counts)).unwrap();
    let file = H5ad::open(&path).unwrap();
    for text in [shown(&file), file.summary().to_string()] {
        assert!(text.contains("2 cells x 3 genes") && text.contains("2 x 3, csr f32, 3 stored"), "{text}");
    }
}

#[test]
fn contents_that_disagree_are_refused_before_a_file_appears() {
    let (x, obs, var) = screen();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("never.h5ad");
    let fewer = obs.head(Some(3));
    let renamed = df!("symbol" => vec!["other"; 30]).unwrap();
    let slashed = df!("cell" => texts(&obs, "cell"), "a/b" => texts(&obs, "guide")).unwrap();
    let numbered = df!("number" => (0..400).collect::<Vec<i32>>()).unwrap();
    let short = array![[1.0f32]];
    for (contents, word) in [
        (Contents::new(&x).obs(&fewer), "3 rows"),
        (Contents::new(&x).var(&renamed), "\"other\""),
        (Contents::new(&x).obs(&slashed), "\"a/b\""),
        (Contents::new(&x).obs(&numbered), "must be text"),
        (Contents::new(&x).obsm("X", short.view()), "1 row"),
        (Contents::new(&x).layer("a", &x).layer("a", &x), "\"a\""),
    ] {
        let error = write_h5ad(&path, &contents).unwrap_err().to_string();
        assert!(error.contains(word), "{word}: {error}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }
    assert_eq!(var.height(), 30);
}

/// A 10x file of version 2: one group per genome.
fn version_2(path: &Path, genomes: &[&str]) {
    let mut file = hdf5_pure::FileBuilder::new();
    for genome in genomes {
        let mut group = file.create_group(genome);
        group.create_dataset("barcodes").with_ascii_strings(&["AA-1", "CC-1"]).unwrap();
        group.create_dataset("genes").with_ascii_strings(&["ENSG1", "ENSG2", "ENSG3"]).unwrap();
        group.create_dataset("gene_names").with_ascii_strings(&["TP53", "MYC", "MYC"]).unwrap();
        group.create_dataset("shape").with_i32_data(&[3, 2]);
        group.create_dataset("data").with_i32_data(&[5, 1, 2]);
        group.create_dataset("indices").with_i64_data(&[2, 0, 1]);
        group.create_dataset("indptr").with_i64_data(&[0, 2, 3]);
        file.add_group(group.finish());
    }
    file.write(path).unwrap();
}

#[test]
fn a_10x_file_of_version_2_has_a_group_for_each_genome() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v2.h5");
    version_2(&path, &["GRCh38"]);
    let run = tenx::read_h5(&path).unwrap();
    assert_eq!(run.counts.to_dense(), array![[1.0, 0.0, 5.0], [0.0, 2.0, 0.0]]);
    assert_eq!(run.counts.duplicated_genes(), ["MYC"]);
    assert!(run.counts.gene("MYC").is_err());
    let unique = run.counts.clone().with_unique_genes();
    assert_eq!(unique.genes(), ["TP53", "MYC", "MYC-1"]);
    assert_eq!(unique.gene("MYC-1").unwrap(), 2);
    assert_eq!(texts(&run.features, "id"), ["ENSG1", "ENSG2", "ENSG3"]);
    assert_eq!(run.barcodes, ["AA-1", "CC-1"]);

    version_2(&path, &["GRCh38", "mm10"]);
    says(tenx::read_h5(&path).map(|_| ()), &["\"GRCh38\", \"mm10\"", "read_h5_genome"]);
    assert_eq!(tenx::read_h5_genome(&path, "mm10").unwrap(), run);
    says(tenx::read_h5_genome(&path, "dm6").map(|_| ()), &["\"dm6\"", "\"mm10\""]);
}

#[test]
fn a_10x_folder_may_be_plain_of_version_2_or_carry_a_prefix() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("GSM1_matrix.mtx", "%%MatrixMarket matrix coordinate real general\n3 2 3\n3 1 5\n1 1 1\n2 2 2\n");
    write("GSM1_genes.tsv", "ENSG1\tTP53\nENSG2\tMYC\r\nENSG3\tACTB\n");
    write("GSM1_barcodes.tsv", "AA-1\nCC-1\n");
    let run = tenx::read_mtx(folder.path()).unwrap();
    assert_eq!(run.counts.to_dense(), array![[1.0, 0.0, 5.0], [0.0, 2.0, 0.0]]);
    assert_eq!(run.counts.genes(), ["TP53", "MYC", "ACTB"]);
    assert_eq!(run.features.get_column_names(), ["id", "name"]);

    write("GSM2_matrix.mtx", "%%MatrixMarket matrix coordinate pattern general\n3 2 1\n3 2\n");
    says(tenx::read_mtx(folder.path()).map(|_| ()), &["GSM1_matrix.mtx", "GSM2_matrix.mtx"]);
    assert_eq!(tenx::read_mtx(folder.path().join("GSM1_matrix.mtx")).unwrap(), run);
    says(tenx::read_mtx(folder.path().join("GSM2_matrix.mtx")).map(|_| ()), &["GSM2_barcodes.tsv.gz"]);
}

#[test]
fn scanpy_reads_the_same_10x_runs() {
    let Some(peer) = Peer::new("tenx_peer.py", "scanpy") else { return };
    let Some(h5) = shared_file("data/formats/tenx/3.0.0_filtered_feature_bc_matrix.h5") else { return };
    let Some(folder) = shared_file("data/formats/tenx/3.0.0_mtx") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let v2 = scratch.path().join("v2.h5");
    version_2(&v2, &["GRCh38"]);
    for (path, run) in [
        (&h5, tenx::read_h5(&h5).unwrap()),
        (&folder, tenx::read_mtx(&folder).unwrap()),
        (&v2, tenx::read_h5(&v2).unwrap()),
    ] {
        let want = peer.json([path]);
        assert_eq!(json!(run.barcodes), want["barcodes"]);
        assert_eq!(json!(run.counts.genes()), want["genes"]);
        assert_eq!(json!(texts(&run.features, "id")), want["ids"]);
        assert_eq!(json!(run.counts.library_sizes()), want["cells"]);
        assert_eq!(json!(run.counts.gene_totals()), want["totals"]);
    }
}

#[test]
fn sums_of_every_shared_matrix_are_finite_and_their_blocks_agree() {
    for path in H5AD {
        let Some(file) = open(path) else { return };
        if file.summary().x.is_none() {
            skipped(&format!("{path} holds no matrix"));
            continue;
        }
        let whole = sum(&file.counts(Matrix::X).unwrap());
        let parts: f64 = file.row_blocks(Matrix::X, 501).unwrap().map(|block| sum(&block.unwrap().1)).sum();
        assert!(whole.is_finite() && close(parts, whole), "{path}: {parts}, {whole}");
    }
}

#[test]
fn arrays_lie_in_one_piece_in_chunks_or_packed_and_hold_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5ad");
    let values: Vec<f32> = (0..7 * 50).map(|i| if i % 3 == 0 { 0.0 } else { i as f32 + 0.5 }).collect();
    let want = Array2::from_shape_vec((7, 50), values.clone()).unwrap();
    // In one piece, in bands of rows of which the last is filled up, in bands that grow, in blocks, and packed.
    for kind in 0..5 {
        let mut file = hdf5_pure::FileBuilder::new();
        for (name, rows) in [("obs", 7), ("var", 50)] {
            let mut table = file.create_group(name);
            table.set_attr("_index", hdf5_pure::AttrValue::String("_index".into()));
            let names: Vec<String> = (0..rows).map(|row| format!("{name}{row}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            table.create_dataset("_index").with_strings(&names).unwrap();
            file.add_group(table.finish());
        }
        let x = file.create_dataset("X").with_f32_data(&values).with_shape(&[7, 50]);
        match kind {
            0 => {}
            1 => _ = x.with_chunks(&[2, 50]),
            2 => {
                let growing = [hdf5_pure::MaxExtent::Unlimited, hdf5_pure::MaxExtent::Fixed(50)];
                _ = x.with_chunks(&[3, 50]).with_maxshape(&growing);
            }
            3 => _ = x.with_chunks(&[2, 16]),
            _ => _ = x.with_chunks(&[2, 50]).with_deflate(4),
        }
        file.write(&path).unwrap();
        let file = H5ad::open(&path).unwrap();
        assert_eq!(file.dense(Matrix::X).unwrap(), want, "{kind}");
        assert_eq!(file.counts(Matrix::X).unwrap().to_dense(), want, "{kind}");
        check_blocks(&file, Matrix::X, &[1, 2, 3, 5]);
    }
}
