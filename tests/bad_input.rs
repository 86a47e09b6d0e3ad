//! Damaged and unsuitable input ends in an error that says what, where and what to do; never in a panic.

#[path = "common/refusal.rs"]
mod refusal;

use std::fs;
use std::path::Path;

use ndarray::{Array2, array};
use perturbook::io::parquet;
use perturbook::screen::{By, ColumnChoice, Embedding, Profiles};
use polars::prelude::{DataFrame, df};

fn valid(path: &Path) -> Vec<u8> {
    let genes: Vec<String> = (0..500).map(|i| format!("G{i}")).collect();
    let table = df!("gene" => genes).unwrap();
    let values = Array2::from_shape_fn((500, 8), |(i, j)| ((i * 8 + j) as f32).sin());
    Embedding::new(values, table).unwrap().write_parquet(path).unwrap();
    fs::read(path).unwrap()
}

#[track_caller]
fn error_of<T>(result: perturbook::Result<T>) -> String {
    match result {
        Ok(_) => panic!("bad input was accepted"),
        Err(e) => e.to_string(),
    }
}

#[track_caller]
fn says(error: &str, words: &[&str]) {
    for word in words {
        assert!(error.contains(word), "{word:?} is missing in:\n{error}");
    }
}

#[test]
fn a_parquet_file_cut_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.parquet");
    let bytes = valid(&path);
    refusal::cuts(&path, |path| parquet::read(path));
    refusal::cuts(&path, |path| Embedding::read_parquet(path, ColumnChoice::numbered()));
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    says(&error_of(parquet::read(&path)), &["cut short", "fix:"]);
}

#[test]
fn a_parquet_file_with_changed_bytes_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.parquet");
    let bytes = valid(&path);
    for at in (0..bytes.len()).step_by(61) {
        let mut changed = bytes.clone();
        changed[at] ^= 0xff;
        fs::write(&path, &changed).unwrap();
        // A changed value can still be a valid file; what counts is that the call returns.
        if let Err(e) = parquet::read(&path) {
            says(&e.to_string(), &["changed.parquet", "fix:"]);
        }
    }
}

#[test]
fn something_else_under_a_parquet_name_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.parquet");
    fs::write(&path, "<html>404 not found</html>").unwrap();
    says(&error_of(parquet::read(&path)), &["not a parquet file", "page.parquet"]);
    fs::write(&path, b"PAR1\xff\xff\xff\x7fPAR1").unwrap();
    says(&error_of(parquet::read(&path)), &["damaged", "footer"]);
    says(&error_of(parquet::read(folder.path().join("none.parquet"))), &["none.parquet", "fix:"]);
}

#[test]
fn missing_columns_are_all_listed_with_those_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.parquet");
    valid(&path);
    let error = error_of(parquet::read_columns(&path, &["gene", "guide", "well"]));
    says(&error, &["2 columns missing", "\"guide\"", "\"well\"", "map.parquet", "\"gene\", \"0\""]);
    let error = error_of(Embedding::read_parquet(&path, ColumnChoice::named(["0", "64"]).labels(["plate"])));
    says(&error, &["\"64\"", "\"plate\"", "map.parquet"]);
    let error = error_of(Embedding::read_parquet(&path, ColumnChoice::prefix("feature_")));
    says(&error, &["no column starts with \"feature_\"", "map.parquet"]);
    let error = error_of(Embedding::read_parquet(&path, ColumnChoice::named(["0", "gene"]).labels(["gene"])));
    says(&error, &["\"gene\"", "map.parquet"]);
}

#[test]
fn a_dimension_of_text_is_refused_by_name_and_type() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.parquet");
    parquet::write(&path, &df!("gene" => ["A"], "0" => ["high"]).unwrap()).unwrap();
    let error = error_of(Embedding::read_parquet(&path, ColumnChoice::numbered()));
    says(&error, &["\"0\"", "str", "text.parquet", "fix:"]);
}

#[test]
fn nan_infinity_and_gaps_are_named_by_row_label_and_column() {
    let table = || df!("gene" => ["A", "B", "C"]).unwrap();
    let error = error_of(Embedding::new(array![[1.0, 2.0], [f32::NAN, 0.0], [0.0, f32::INFINITY]], table()));
    says(&error, &["NaN", "2 rows", "row 1 (\"B\")", "column \"0\"", "fix:"]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gap.parquet");
    let gap = df!("gene" => ["A", "B"], "0" => [1.0, 2.0], "1" => [Some(1.0), None]).unwrap();
    parquet::write(&path, &gap).unwrap();
    let error = error_of(Embedding::read_parquet(&path, ColumnChoice::numbered()));
    says(&error, &["1 row", "row 1 (\"B\")", "column \"1\"", "gap.parquet"]);

    let error = error_of(Profiles::new(vec!["A".into()], array![[f64::NEG_INFINITY]]));
    says(&error, &["-inf", "\"A\""]);
}

#[test]
fn lengths_labels_and_controls_are_checked() {
    let two = || df!("gene" => [Some("A"), None]).unwrap();
    says(&error_of(Embedding::new(array![[1.0f32]], two())), &["1 vector for a table of 2 rows"]);
    says(&error_of(Embedding::new(Array2::zeros((2, 0)), two())), &["no dimension"]);

    let gap = Embedding::new(array![[1.0f32], [2.0]], two()).unwrap();
    says(&error_of(gap.profiles(By::Gene)), &["\"gene\"", "row 1", "1 row affected"]);
    says(&error_of(gap.profiles(By::Guide)), &["guide", "sgRNA"]);
    says(&error_of(gap.profiles(By::Column("batch"))), &["\"batch\"", "\"gene\""]);

    let table = df!("gene" => ["A", "nt"], "well" => ["W1", "W2"]).unwrap();
    let cells = Embedding::new(array![[1.0f32], [2.0]], table).unwrap();
    says(&error_of(cells.centred_on("nontargeting")), &["\"nontargeting\"", "\"nt\""]);
    says(&error_of(cells.centred_on_within("nt", "well")), &["\"W1\""]);
    says(&error_of(cells.clone().with_block("all", 0..2)), &["0..1"]);
    says(&error_of(cells.with_block("none", 0..0)), &["none"]);

    let clash = Embedding::new(array![[1.0f32]], df!("0" => ["A"]).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clash.parquet");
    says(&error_of(clash.write_parquet(&path)), &["clash.parquet", "rename"]);
    assert!(!path.exists());
}

#[test]
fn an_empty_embedding_has_no_profiles() {
    let table = DataFrame::new(0, vec![polars::prelude::Column::new("gene".into(), Vec::<String>::new())]).unwrap();
    let empty = Embedding::new(Array2::zeros((0, 3)), table).unwrap();
    assert!(empty.is_empty());
    assert!(empty.profiles(By::Gene).unwrap().is_empty());
}
