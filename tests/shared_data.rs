//! Every file of the real data: described, or refused for a reason that is right; texts compared field by field with a
//! plain split, shapes with what the README beside the files states.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use common::shared_file;
use flate2::read::MultiGzDecoder;
use perturbook::io::delimited::{Delimited, read_text};
use perturbook::io::h5ad::H5ad;
use perturbook::io::{inspect, parquet};
use serde_json::Value;

/// Files that hold nothing to open alone, and what is said of them: prose, a lock, the matrix of a folder.
const REFUSED: &[(&str, &str)] =
    &[("README.md", "fields"), ("lock.mdb", "not an LMDB file"), ("matrix.mtx.gz", "a folder of 10x matrix files")];

/// Formats as inspection calls them, by the ending of the name.
const FORMATS: &[(&str, &str)] = &[
    (".h5ad", "h5ad"),
    (".h5", "10x HDF5"),
    (".npy", "npy"),
    (".npz", "npz"),
    (".tif", "TIFF"),
    (".tiff", "TIFF"),
    (".json", "JSON"),
    (".mdb", "LMDB"),
    (".parquet", "parquet"),
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn fact<'a>(facts: &'a [(String, String)], wanted: &str) -> &'a str {
    &facts.iter().find(|(name, _)| name == wanted).unwrap_or_else(|| panic!("{wanted:?} in {facts:?}")).1
}

#[test]
fn every_file_is_described_or_refused_for_a_reason_that_is_stated() {
    let Some(data) = shared_file("data") else { return };
    let files = files(&data);
    assert!(files.len() > 100, "{}", files.len());
    let mut refused = BTreeSet::new();
    for path in &files {
        match inspect(path) {
            Ok(told) => {
                let known = FORMATS.iter().find(|(ending, _)| name(path).ends_with(ending));
                let want = known.map_or("delimited text", |(_, format)| format);
                assert!(told.format.starts_with(want), "{}: {}", path.display(), told.format);
                assert!(!told.facts.is_empty(), "{}", path.display());
            }
            Err(e) => {
                let (_, why) = REFUSED.iter().find(|(known, _)| *known == name(path)).unwrap_or_else(|| panic!("{e}"));
                assert!(e.to_string().contains(why) && e.to_string().contains("fix:"), "{e}");
                refused.insert(name(path));
            }
        }
    }
    assert_eq!(refused.len(), REFUSED.len(), "{refused:?}");
}

/// The fields of a line; commas within quotes do not separate, tabs always do.
fn fields(line: &str, separator: char) -> Vec<String> {
    if separator == '\t' {
        return line.split('\t').map(str::to_owned).collect();
    }
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

#[test]
fn every_table_of_text_holds_the_fields_of_a_plain_split() {
    let Some(data) = shared_file("data") else { return };
    let mut tables = 0;
    for path in files(&data) {
        let plain = name(&path).trim_end_matches(".gz");
        if ![".csv", ".tsv", ".txt"].iter().any(|ending| plain.ends_with(ending)) {
            continue;
        }
        let mut text = String::new();
        let bytes = fs::read(&path).unwrap();
        if name(&path).ends_with(".gz") {
            MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        } else {
            text = String::from_utf8(bytes).unwrap();
        }
        assert_eq!(read_text(&path).unwrap(), text, "{}", path.display());
        let tabs = plain.ends_with(".tsv") || text.lines().next().unwrap().contains('\t');
        let mut want = text.lines().map(|line| fields(line, if tabs { '\t' } else { ',' }));
        let header = want.next().unwrap();
        let table = Delimited::read(&path).unwrap();
        assert_eq!(table.columns()[0], header[0].trim_start_matches('#'), "{}", path.display());
        assert_eq!(table.columns()[1..], header[1..], "{}", path.display());
        let mut records = table.records().iter();
        for (line, want) in want.enumerate() {
            let got = records.next().unwrap_or_else(|| panic!("{}: {line} records", path.display()));
            assert_eq!((got.line, &got.fields), (line + 2, &want), "{}", path.display());
        }
        assert!(records.next().is_none(), "{}", path.display());
        tables += 1;
    }
    assert!(tables >= 19, "{tables}");
}

#[test]
fn shapes_are_those_that_the_readme_states() {
    let Some(data) = shared_file("data") else { return };
    let readme = fs::read_to_string(data.join("README.md")).unwrap();
    let stated = |text: &str| assert!(readme.contains(text), "the README no longer says {text:?}");
    let shape = |path: &str| {
        let file = H5ad::open(data.join(path)).unwrap();
        (file.summary().n_obs, file.summary().n_vars)
    };
    stated("20,729 cells x 299 genes");
    assert_eq!(shape("papalexi_eccite/papalexi_eccite_lowmoi_20729x299.h5ad"), (20_729, 299));
    stated("3,375 K562 CRISPRa cells");
    stated("2,586 glioma CRISPRi cells x 500 genes");
    for file in ["devel", "norman19_mcfaline23_restored_counts"] {
        assert_eq!(shape(&format!("norman_mcfaline/{file}.h5ad")), (3_375 + 2_586, 500));
    }
    stated("3,089 genes + `nontargeting` x 64 dims");
    let told = inspect(data.join("funk2022_mcvae/df_standardized_mitosis.parquet")).unwrap();
    assert_eq!((fact(&told.facts, "rows"), fact(&told.facts, "features")), ("3090", "64: 0 to 63"));
    stated("384 wells x 480 columns");
    let told = inspect(data.join("conformance/SQ00015054_normalized_feature_select.csv.gz")).unwrap();
    assert_eq!(fact(&told.facts, "rows"), "384");
    assert!(fact(&told.facts, "columns").starts_with("480:"), "{:?}", told.facts);
}

#[test]
fn the_table_of_the_crops_is_what_their_names_say() {
    let Some(folder) = shared_file("data/ops_cells") else { return };
    let table = parquet::read(folder.join("metadata.parquet")).unwrap();
    let column = |name: &str| -> Vec<String> {
        let texts = table.column(name).unwrap().cast(&polars::prelude::DataType::String).unwrap();
        texts.str().unwrap().iter().map(|text| text.unwrap().to_owned()).collect()
    };
    let columns = ["gene", "sgRNA", "plate", "well", "tile", "index"].map(column);
    let rows: BTreeSet<String> = (0..table.height())
        .map(|row| columns.iter().map(|column| column[row].as_str()).collect::<Vec<_>>().join(";"))
        .collect();
    let files = files(&folder.join("images"));
    assert_eq!(rows, files.iter().map(|path| name(path).trim_end_matches(".npy").to_owned()).collect());
    assert_eq!(rows.len(), 10);
}

#[test]
fn gene_sets_in_json_have_the_names_and_sets_of_the_object() {
    let Some(folder) = shared_file("data/funk2022_mcvae") else { return };
    for file in ["KEGG_modified_cluster.json", "modified_functional_clusters.json"] {
        let object: Value = serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap();
        let object = object.as_object().unwrap();
        let sets: BTreeSet<&str> = object.values().map(|set| set.as_str().unwrap()).collect();
        let told = inspect(folder.join(file)).unwrap();
        assert_eq!(fact(&told.facts, "gene sets"), format!("{} names in {} sets", object.len(), sets.len()));
    }
}
