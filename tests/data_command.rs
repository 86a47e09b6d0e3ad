//! `perturbook data`, driven as a user drives it: the program itself, its output and its exit code.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use perturbook::datasets;
use perturbook::io::parquet;
use polars::prelude::df;

fn data(arguments: &[&str], folder: &Path) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_perturbook-data"));
    program.args(arguments).current_dir(folder).env("XDG_CACHE_HOME", folder.join("cache"));
    for name in ["PERTURBOOK_DATA", "PERTURBOOK_SHARED", "PERTURBOOK_OFFLINE"] {
        program.env_remove(name);
    }
    program.output().unwrap()
}

#[track_caller]
fn ok(output: &Output) -> String {
    let out = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{out}\n{}", String::from_utf8_lossy(&output.stderr));
    out
}

#[track_caller]
fn fails(output: &Output, words: &[&str]) {
    let err = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    for word in words {
        assert!(err.contains(word), "{word:?} is missing in:\n{err}");
    }
}

#[test]
fn the_list_names_every_dataset_and_info_says_all_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let list = ok(&data(&["list"], folder.path()));
    for dataset in datasets::list() {
        assert!(list.lines().any(|line| line.starts_with(&dataset.name)), "{}", dataset.name);
        let info = ok(&data(&["info", &dataset.name], folder.path()));
        for text in [&dataset.licence, &dataset.citation, &dataset.loader, &dataset.reproduces, &dataset.obtain] {
            assert!(info.contains(text.as_str()), "{}: {text}", dataset.name);
        }
        for file in &dataset.files {
            assert!(info.contains(&file.path), "{}", file.path);
        }
    }
    fails(&data(&["info", "funk"], folder.path()), &["no dataset \"funk\"", "funk2022_mcvae"]);
}

#[test]
fn wrong_arguments_are_answered_with_how_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &[][..],
        &["fetch"],
        &["list", "x"],
        &["info"],
        &["inspect"],
        &["get"],
        &["get", "a", "b"],
        &["get", "a", "--to", "b"],
    ] {
        fails(&data(arguments, folder.path()), &["usage: perturbook data list"]);
    }
    assert!(ok(&data(&["--help"], folder.path())).contains("inspect FILE..."));
}

#[test]
fn verify_tells_right_wrong_and_absent_files_apart() {
    let folder = tempfile::tempdir().unwrap();
    let output = data(&["verify", "genome", "--dir", "here"], folder.path());
    assert_eq!(output.status.code(), Some(1), "nothing is there");
    let Some(centromeres) = common::shared_file("data/genome/centromeres_hg38.tsv") else { return };
    fs::create_dir_all(folder.path().join("here/genome")).unwrap();
    let copy = folder.path().join("here/genome/centromeres_hg38.tsv");
    fs::copy(centromeres, &copy).unwrap();
    let out = ok(&data(&["verify", "genome", "--dir", "here"], folder.path()));
    assert!(out.contains("right") && out.contains("not there") && out.contains("1 of 5 files"), "{out}");
    fs::write(&copy, "changed").unwrap();
    let output = data(&["verify", "genome", "--dir=here"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("WRONG"));
}

#[test]
fn get_leaves_right_files_as_they_are_and_says_how_to_get_the_rest_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    fails(&data(&["get", "funk2022_images"], folder.path()), &["Aspera", "S-BIAD394", "licence: CC0"]);
    let Some(plate) = common::shared_file("data/conformance/SQ00015054_normalized_feature_select.csv.gz") else {
        return;
    };
    // Where no --dir is given, the cache is used, in which notebooks look as well.
    let cache = folder.path().join("cache/perturbook/data/conformance");
    fs::create_dir_all(&cache).unwrap();
    fs::copy(&plate, cache.join(plate.file_name().unwrap())).unwrap();
    let output = data(&["get", "conformance"], folder.path());
    assert!(ok(&output).contains("SQ00015054"), "it is there: nothing is downloaded");
    assert!(String::from_utf8_lossy(&output.stderr).contains("BSD-3-Clause"), "the licence comes first");
}

#[test]
fn inspect_says_what_a_file_holds_and_which_screen_it_makes() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "gene,well,0,1\nTP53,A1,1.5,2.5\nnontargeting,A1,1,2\nTP53,A2,3,4\n";
    fs::write(folder.path().join("cells.csv"), csv).unwrap();
    let out = ok(&data(&["inspect", "cells.csv"], folder.path()));
    for words in [
        "delimited text",
        "4: 2 str, 2 f64",
        "2: 0 to 1",
        "TP53 (2), nontargeting (1)",
        "controls",
        "\"nontargeting\"",
        "2 features",
    ] {
        assert!(out.contains(words), "{words}\n{out}");
    }
    let table =
        df!("gene" => ["A", "B", "B"], "feature_0" => [1f32, 2.0, f32::NAN], "feature_1" => [0f32, 1.0, 2.0]).unwrap();
    fs::create_dir(folder.path().join("parts")).unwrap();
    for part in ["parts/0.parquet", "parts/1.parquet"] {
        parquet::write(folder.path().join(part), &table).unwrap();
    }
    let out = ok(&data(&["inspect", "parts/0.parquet", "parts"], folder.path()));
    for words in ["parquet, 1 row group", "2 parts of parquet", "feature_0 to feature_1", "1 row with a missing"] {
        assert!(out.contains(words), "{words}\n{out}");
    }
    fs::write(folder.path().join("pairs.tsv"), "a\tb\nx\ty\n").unwrap();
    assert!(ok(&data(&["inspect", "pairs.tsv"], folder.path())).contains("makes no screen: no column is a feature"));
}

#[test]
fn inspect_exits_with_1_and_the_reason_when_a_file_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    put("good.csv", b"gene,0,1\nA,1,2\n");
    put("cut.parquet", b"PAR1 and then nothing");
    put("noise.bin", &[0, 159, 146, 150, 0, 1, 2, 3]);
    put("ragged.csv", b"a,b\n1,2,3\n");
    put("empty.csv", b"");
    for (name, words) in [
        ("cut.parquet", ["cut short", "cut.parquet"]),
        ("noise.bin", ["no format that perturbook knows", "parquet"]),
        ("ragged.csv", ["3 fields", "line 2"]),
        ("empty.csv", ["empty", "empty.csv"]),
        ("absent.csv", ["absent.csv", "fix:"]),
    ] {
        fails(&data(&["inspect", name], folder.path()), &words);
    }
    let output = data(&["inspect", "cut.parquet", "good.csv"], folder.path());
    fails(&output, &["cut.parquet"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("good.csv"), "the other files are shown all the same");
}

#[test]
fn every_table_of_the_real_data_is_inspected() {
    let Some(path) = common::shared_file("data") else { return };
    let folder = tempfile::tempdir().unwrap();
    let inspect = |name: &str| ok(&data(&["inspect", path.join(name).to_str().unwrap()], folder.path()));
    let out = inspect("funk2022_mcvae/df_standardized_mitosis.parquet");
    assert!(out.contains("3090") && out.contains("64: 0 to 63") && out.contains("\"nontargeting\""), "{out}");
    let out = inspect("conformance/SQ00015054_normalized_feature_select.csv.gz");
    assert!(out.contains("384") && out.contains("480:") && out.contains("\"DMSO\""), "{out}");
    let out = inspect("funk2022_mcvae/KEGG_modified_cluster.json");
    let text = fs::read_to_string(path.join("funk2022_mcvae/KEGG_modified_cluster.json")).unwrap();
    let groups: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert!(out.contains(&format!("{} names in", groups.len())) && out.contains("JSON"), "{out}");
    for name in [
        "bbbc013/1049_Metadata.csv",
        "bbbc013/cells_otsu_watershed.csv.gz",
        "funk2022_mcvae/corum_1_points.csv",
        "funk2022_mcvae/corum_3_points.csv",
        "funk2022_mcvae/funk22-cellprofiler-univariate-ipca90.parquet",
        "funk2022_mcvae/gene_arm.tsv",
        "genome/centromeres_hg38.tsv",
        "genome/gene_position_grch38_from_sceptre.tsv.gz",
        "genome/hg38_cytoband.tsv.gz",
        "genome/shinyDepMap_19Q3_cluster_s.csv",
        "ops_cells/metadata.parquet",
        "relations/CORUM.txt",
        "relations/CORUM_clusters.tsv",
        "relations/CORUM_humanComplexes.txt.gz",
        "relations/HuMAP.txt",
        "relations/Reactome.txt",
        "relations/SIGNOR.txt",
        "formats/tenx/3.0.0_mtx/barcodes.tsv.gz",
    ] {
        assert!(inspect(name).contains("rows"), "{name}");
    }
}
