//! Tables of features from parquet and text, whole and in parts, right and damaged.

mod common;
#[path = "common/refusal.rs"]
mod refusal;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use perturbook::io::features::{self, FeatureTable};
use perturbook::io::{delimited, parquet};
use perturbook::screen::{ColumnChoice, Label, Screen};
use polars::prelude::{DataFrame, df};
use refusal::soon;

const TEXT: &str = "gene,well,tile,0,1\nTP53,A01,7,0.5,-1e-3\ncontrol,A02,8,2,3.25\n\"a,b\",A03,9,1.5,7\n";

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

#[track_caller]
fn refused<T>(result: perturbook::Result<T>, words: &[&str]) {
    let Err(error) = result else { panic!("bad input was accepted") };
    let error = error.to_string();
    for word in words {
        assert!(error.contains(word), "{word:?} is missing in:\n{error}");
    }
}

fn read(path: &Path) -> perturbook::Result<Screen> {
    FeatureTable::open(path)?.read()
}

/// Values and genes of a screen, for comparison.
fn content(screen: &Screen) -> (Vec<f32>, Vec<String>) {
    let genes = screen.labels(Label::Gene).unwrap();
    let names = (0..screen.len()).map(|row| genes.of(row).to_owned()).collect();
    (screen.features().unwrap().iter().copied().collect(), names)
}

/// A table of `rows` cells from number `from` on.
fn cells(from: usize, rows: usize) -> DataFrame {
    let numbers = from..from + rows;
    df!(
        "gene" => numbers.clone().map(|i| format!("G{}", i % 5)).collect::<Vec<_>>(),
        "tile" => numbers.clone().map(|i| i as i64).collect::<Vec<_>>(),
        "area" => numbers.clone().map(|i| i as f64 / 4.0).collect::<Vec<_>>(),
        "mean" => numbers.map(|i| (i as f32).sin()).collect::<Vec<_>>(),
    )
    .unwrap()
}

#[test]
fn text_is_read_plain_or_compressed_with_commas_or_tabs() {
    let folder = tempfile::tempdir().unwrap();
    let tabs = TEXT.replace("\"a,b\"", "a;b").replace(',', "\t").replace("a;b", "a,b");
    let paths = [
        put(folder.path(), "cells.csv", TEXT),
        put(folder.path(), "cells.csv.gz", gz(TEXT.as_bytes())),
        put(folder.path(), "cells.tsv", &tabs),
        put(folder.path(), "windows.csv", TEXT.replace('\n', "\r\n")),
        // Two gzip streams behind each other are one text.
        put(folder.path(), "two.csv.gz", [gz(&TEXT.as_bytes()[..20]), gz(&TEXT.as_bytes()[20..])].concat()),
    ];
    for path in paths {
        let screen = read(&path).unwrap();
        assert_eq!(screen.feature_names().unwrap(), ["0", "1"]);
        let expected = vec![0.5, -1e-3, 2.0, 3.25, 1.5, 7.0];
        assert_eq!(
            content(&screen),
            (expected, ["TP53", "control", "a,b"].map(String::from).to_vec()),
            "{}",
            path.display()
        );
        let table = screen.table();
        assert_eq!(table.column("tile").unwrap().i64().unwrap().iter().flatten().collect::<Vec<_>>(), [7, 8, 9]);
        assert_eq!(table.column("well").unwrap().str().unwrap().get(0), Some("A01"));
        assert_eq!(screen.controls().unwrap().len(), 1);
    }
}

#[test]
fn numbers_with_leading_zeros_stay_labels() {
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "t.csv", "column,row,n,x1,f\n01,A,3,,1.5\n02,B,,,2.5\n");
    let screen = features::read(&path, &ColumnChoice::named(["f"])).unwrap();
    let dtype = |name: &str| screen.table().column(name).unwrap().dtype().to_string();
    assert_eq!([dtype("column"), dtype("row"), dtype("n"), dtype("x1")], ["str", "str", "i64", "str"]);
    assert_eq!(screen.table().column("n").unwrap().null_count(), 1);
}

#[test]
fn features_are_chosen_by_pattern_and_type() {
    let folder = tempfile::tempdir().unwrap();
    let text = "gene,cell_i,cell_dapi_mean,cell_dapi_std,nucleus_area,nucleus_n,note\nA,3.5,1.0,2.0,30,4,x\n";
    let path = put(folder.path(), "t.csv", text);
    let names = |choice: ColumnChoice| -> Vec<String> {
        FeatureTable::open(&path).unwrap().choose(&choice).unwrap().features().to_vec()
    };
    assert_eq!(names(ColumnChoice::matching(["cell_*_mean", "nucleus_?"])), ["cell_dapi_mean", "nucleus_n"]);
    assert_eq!(names(ColumnChoice::prefix("nucleus_")), ["nucleus_area", "nucleus_n"]);
    assert_eq!(names(ColumnChoice::suffix("_std")), ["cell_dapi_std"]);
    assert_eq!(names(ColumnChoice::floats()), ["cell_i", "cell_dapi_mean", "cell_dapi_std"]);
    assert_eq!(names(ColumnChoice::floats().except(["cell_i"])), ["cell_dapi_mean", "cell_dapi_std"]);
    assert_eq!(names(ColumnChoice::numbers()).len(), 5);
    assert_eq!(
        FeatureTable::open(&path).unwrap().features(),
        ["cell_dapi_mean", "cell_dapi_std"],
        "places are no features"
    );
    let choose = |choice: ColumnChoice| FeatureTable::open(&path).unwrap().choose(&choice);
    refused(choose(ColumnChoice::named(["note", "cell_i"])), &["\"note\" holds str", "must be numeric"]);
    refused(
        choose(ColumnChoice::named(["area", "mean"])),
        &["2 columns missing", "\"area\"", "\"mean\"", "nucleus_area"],
    );
    refused(choose(ColumnChoice::cell_profiler()), &["Cells_"]);
    let few = features::read(&path, &ColumnChoice::suffix("_std").labels(["gene"])).unwrap();
    assert_eq!(few.table().width(), 1);
}

#[test]
fn only_the_chosen_columns_of_a_parquet_file_are_read_in_any_block_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.parquet");
    parquet::write(&path, &cells(0, 1000)).unwrap();
    let table = FeatureTable::open(&path).unwrap().choose(&ColumnChoice::named(["mean"]).labels(["tile"])).unwrap();
    assert_eq!(table.rows(), Some(1000));
    for rows in [1000, 333, 64] {
        let (mut seen, mut values, mut tiles) = (0, Vec::new(), Vec::new());
        table
            .for_each_block(rows, |block| {
                assert!(block.values.nrows() <= rows && block.values.ncols() == 1);
                seen += block.table.height();
                values.extend(block.values.iter().copied());
                tiles.extend(block.table.column("tile").unwrap().i64().unwrap().iter().flatten());
                Ok(true)
            })
            .unwrap();
        assert_eq!(seen, 1000);
        assert!(values.iter().enumerate().all(|(i, &v)| v == (i as f32).sin()));
        assert!(tiles.iter().enumerate().all(|(i, &tile)| tile == i as i64));
    }
    let mut blocks = 0;
    table
        .for_each_block(10, |_| {
            Ok({
                blocks += 1;
                blocks < 3
            })
        })
        .unwrap();
    assert_eq!(blocks, 3, "false ends the reading");
    assert_eq!(table.head(17).unwrap().values.nrows(), 17);
}

#[test]
fn a_folder_of_parts_is_one_table() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("cells.parquet");
    for (name, from, rows) in [("part-1.parquet", 40, 60), ("part-0.parquet", 0, 40)] {
        fs::create_dir_all(&table).unwrap();
        parquet::write(table.join(name), &cells(from, rows)).unwrap();
    }
    put(&table, "_SUCCESS", "");
    put(&table, ".part-2.parquet.crc", "x");
    let screen = read(&table).unwrap();
    let single = folder.path().join("one.parquet");
    parquet::write(&single, &cells(0, 100)).unwrap();
    assert_eq!(content(&screen), content(&read(&single).unwrap()));
    assert!(screen.table().equals(read(&single).unwrap().table()));

    // The order of columns may differ, their names and types may not.
    let other = cells(100, 10).select(["mean", "area", "tile", "gene"]).unwrap();
    parquet::write(table.join("part-2.parquet"), &other).unwrap();
    assert_eq!(read(&table).unwrap().len(), 110);
    parquet::write(table.join("part-3.parquet"), &cells(0, 5).drop("mean").unwrap()).unwrap();
    refused(read(&table), &["lacks \"mean\"", "part-3.parquet", "part-0.parquet"]);
    let mut more = cells(0, 5);
    more.with_column(polars::prelude::Column::new("size".into(), vec![1.0; 5])).unwrap();
    parquet::write(table.join("part-3.parquet"), &more).unwrap();
    refused(read(&table), &["has \"size\" besides", "part-3.parquet"]);
    let typed = df!("gene" => ["A"], "tile" => [1i32], "area" => [1.0], "mean" => [1f32]).unwrap();
    parquet::write(table.join("part-3.parquet"), &typed).unwrap();
    refused(read(&table), &["\"tile\" holds i32 here and i64 elsewhere"]);
    fs::remove_file(table.join("part-3.parquet")).unwrap();
    put(&table, "notes.csv", "gene,tile,area,mean\nA,1,1,1\n");
    refused(read(&table), &["parquet and text"]);
    let empty = tempfile::tempdir().unwrap();
    refused(read(empty.path()), &["holds no table"]);
}

#[test]
fn names_of_folders_become_labels() {
    let folder = tempfile::tempdir().unwrap();
    for (plate, well, from) in [("P1", "A1", 0), ("P1", "A2", 10), ("P2", "A1", 20)] {
        let part = folder.path().join(format!("plate={plate}/well={well}"));
        fs::create_dir_all(&part).unwrap();
        parquet::write(part.join("part.parquet"), &cells(from, 10)).unwrap();
    }
    let screen = read(folder.path()).unwrap();
    let batches = screen.labels(Label::Batch).unwrap();
    assert_eq!(batches.names(), ["P1/A1", "P1/A2", "P2/A1"]);
    assert_eq!(batches.counts(), [10, 10, 10]);
    assert_eq!(screen.len(), 30);
    let few = features::read(folder.path(), &ColumnChoice::named(["area"]).labels(["plate"])).unwrap();
    assert_eq!(few.table().width(), 1);
}

#[test]
fn rows_with_missing_features_are_refused_or_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let text = put(folder.path(), "t.csv", "gene,0,1\nA,1,2\nB,,2\nC,inf,2\nD,1,NaN\nE,1,NA\nF,3,4\n");
    refused(read(&text), &["4 cells with a feature", "rows 1, 2, 3 and 4", "t.csv"]);
    let kept = FeatureTable::open(&text).unwrap().drop_missing().read().unwrap();
    assert_eq!(content(&kept), (vec![1.0, 2.0, 3.0, 4.0], vec!["A".into(), "F".into()]));
    assert!(kept.summary().notes.iter().any(|note| note.contains("4 rows with missing")), "{:?}", kept.summary().notes);

    let path = folder.path().join("t.parquet");
    let table =
        df!("gene" => ["A", "B", "C"], "0" => [Some(1.0), None, Some(2.0)], "1" => [1.0, 2.0, f64::NEG_INFINITY])
            .unwrap();
    parquet::write(&path, &table).unwrap();
    refused(read(&path), &["2 cells with a feature", "rows 1 and 2"]);
    assert_eq!(FeatureTable::open(&path).unwrap().drop_missing().read().unwrap().len(), 1);
    let none = put(folder.path(), "none.csv", "gene,0,1\nA,inf,1\n");
    refused(FeatureTable::open(&none).unwrap().drop_missing().read(), &["no row is left"]);
}

#[test]
fn damaged_text_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let bad = |name: &str, bytes: &[u8]| read(&put(folder.path(), name, bytes));
    refused(bad("a.csv", b""), &["empty"]);
    refused(bad("b.csv", b"gene,0,1\n"), &["b.csv"]);
    refused(bad("c.csv", b"gene,0,1\nA,1,2\nB,1\n"), &["2 fields where the table has 3", "line 3"]);
    let rows: String =
        (0..2000).map(|i| if i == 1500 { "G,x7,1\n".to_owned() } else { format!("G,{i}.5,1\n") }).collect();
    refused(bad("d.csv", format!("gene,0,1\n{rows}").as_bytes()), &["\"x7\" is no number", "line 1502", "\"0\""]);
    refused(bad("e.csv", b"gene,0,1\nA,1,2\n\xff\xfe,1,2\n"), &["UTF-8", "line 3"]);
    refused(bad("f.csv", b"gene,0,1\n\"A,1,2\n"), &["never closed", "line 2"]);
    refused(bad("g.csv", b"gene,0,0\nA,1,2\n"), &["two columns are called \"0\""]);
    refused(bad("h.csv", b"gene,name\nA,B\n"), &["no column is a feature", "\"name\""]);
    let whole = gz(TEXT.repeat(50).as_bytes());
    for keep in 1..20 {
        let cut = &whole[..whole.len() * keep / 20];
        refused(bad("i.csv.gz", cut), &["i.csv.gz", "fix:"]);
    }
    refused(read(&folder.path().join("nowhere.csv")), &["nowhere.csv"]);
}

#[test]
fn a_compressed_bomb_is_refused_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let line = b"G,0.0,0.0\n".repeat(1 << 16);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"gene,0,1\n").unwrap();
    (0..512).for_each(|_| encoder.write_all(&line).unwrap());
    let bomb = put(folder.path(), "bomb.csv.gz", encoder.finish().unwrap());
    refused(soon("as a table", || read(&bomb)), &["more than 100 times its size", "bomb.csv.gz"]);
    refused(soon("as text", || delimited::read_text(&bomb)), &["more than 100 times its size"]);
    // A small text behind the large one hides how large that is until it is unpacked.
    let hidden = [fs::read(&bomb).unwrap(), gz(b"G,1,1\n")].concat();
    let hidden = put(folder.path(), "hidden.csv.gz", hidden);
    refused(soon("hidden", || delimited::read_text(&hidden)), &["more than 100 times its size"]);
    let line = put(folder.path(), "line.csv", vec![b'x'; 20 << 20]);
    refused(read(&line), &["longer than 16 MB"]);
}

#[test]
fn a_parquet_file_that_is_cut_or_changed_anywhere_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.parquet");
    parquet::write(&path, &cells(0, 300)).unwrap();
    let bytes = fs::read(&path).unwrap();
    for keep in 0..20 {
        fs::write(&path, &bytes[..bytes.len() * keep / 20]).unwrap();
        refused(read(&path), &["cells.parquet", "fix:"]);
    }
    for at in (0..bytes.len()).step_by(37) {
        let mut changed = bytes.clone();
        changed[at] ^= 0xff;
        fs::write(&path, &changed).unwrap();
        // A changed value can still be a valid file; what counts is that the call returns, and soon.
        if let Err(error) =
            soon(&format!("byte {at}"), || FeatureTable::open(&path).and_then(|table| table.read()).map(drop))
        {
            assert!(error.to_string().contains("cells.parquet"), "{error}");
        }
    }
    fs::write(&path, b"PAR1\xff\xff\xff\x7fPAR1").unwrap();
    refused(read(&path), &["footer claims"]);
}

#[test]
fn a_screen_of_features_is_written_and_read_back_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.parquet");
    parquet::write(&path, &cells(0, 200)).unwrap();
    let screen = read(&path).unwrap();
    let copy = folder.path().join("copy.parquet");
    features::write(&copy, &screen.select(&(0..200).rev().collect::<Vec<_>>()).unwrap()).unwrap();
    let back = features::read(&copy, &ColumnChoice::named(["area", "mean"])).unwrap();
    let turned = back.select(&(0..200).rev().collect::<Vec<_>>()).unwrap();
    let bits = |screen: &Screen| screen.features().unwrap().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&turned), bits(&screen));
    assert!(turned.table().equals(screen.table()));
}

#[test]
fn the_lincs_plate_has_384_wells_and_its_sums() {
    let Some(path) = common::shared_file("data/conformance/SQ00015054_normalized_feature_select.csv.gz") else {
        return;
    };
    let table = FeatureTable::open(&path).unwrap();
    assert_eq!(table.columns().len(), 480);
    let screen = table.read().unwrap();
    // Independently, from the text.
    let text = delimited::Delimited::read(&path).unwrap();
    let expected: Vec<&String> = text
        .columns()
        .iter()
        .filter(|name| ["Cells_", "Cytoplasm_", "Nuclei_"].iter().any(|part| name.starts_with(part)))
        .collect();
    assert_eq!(screen.feature_names().unwrap().iter().collect::<Vec<_>>(), expected);
    assert_eq!(screen.len(), text.records().len());
    assert_eq!(screen.len(), 384);
    for (d, name) in expected.iter().enumerate() {
        let column = text.column(name).unwrap();
        let sum: f64 =
            text.records().iter().map(|record| f64::from(record.fields[column].parse::<f32>().unwrap())).sum();
        let got: f64 = screen.features().unwrap().column(d).iter().map(|&v| f64::from(v)).sum();
        assert_eq!(got, sum, "{name}");
    }
    let samples = text.column("Metadata_broad_sample").unwrap();
    let dmso = text.records().iter().filter(|record| record.fields[samples] == "DMSO").count();
    assert_eq!(screen.controls().unwrap().len(), dmso);
    assert_eq!(screen.label_columns(Label::Gene), ["Metadata_broad_sample"]);
    assert_eq!(screen.labels(Label::Batch).unwrap().distinct(), 384);
    assert!(screen.with_key(&["Metadata_Plate", "Metadata_Well"]).is_ok());
}

#[test]
fn tables_of_the_real_data_load_as_their_readme_says() {
    let Some(data) = common::shared_file("data") else { return };
    let open = |path: &str| FeatureTable::open(data.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    let cells =
        open("bbbc013/cells_otsu_watershed.csv.gz").drop_missing().choose(&ColumnChoice::prefix("gfp_")).unwrap();
    let text = delimited::read_text(data.join("bbbc013/cells_otsu_watershed.csv.gz")).unwrap();
    let whole = |line: &&str| line.split(',').skip(6).all(|field| !field.is_empty());
    let wells: std::collections::BTreeSet<&str> =
        text.lines().skip(1).filter(whole).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(cells.read().unwrap().labels(Label::Well).unwrap().distinct(), wells.len());
    let complete = text.lines().skip(1).filter(whole).count();
    assert_eq!(cells.read().unwrap().len(), complete);
    // Controls of this plate by the column that says so.
    let dosed =
        cells.read().unwrap().with_controls(polars::prelude::col("control").eq(polars::prelude::lit(-1))).unwrap();
    let controls = text.lines().skip(1).filter(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        fields[2] == "-1" && fields[6..].iter().all(|field| !field.is_empty())
    });
    assert_eq!(dosed.controls().unwrap().len(), controls.count());

    let plate = open("bbbc013/1049_Metadata.csv");
    assert_eq!(
        plate.columns().iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["ImageNumber", "Column", "Row", "SBS_Doses", "SBS_Controls"]
    );
    assert_eq!(open("ops_cells/metadata.parquet").rows(), Some(10));
    assert_eq!(open("funk2022_mcvae/funk22-cellprofiler-univariate-ipca90.parquet").rows(), Some(20_445));
    // The pairs have a header line, the complexes have none.
    for (name, lines) in [("CORUM.txt", 75_299), ("CORUM_clusters.tsv", 2_696)] {
        let table = open(&format!("relations/{name}"));
        assert!(table.features().is_empty(), "{name}");
        refused(table.for_each_block(10, |_| Ok(true)), &["no column is a feature"]);
        let text = delimited::read_text(data.join("relations").join(name)).unwrap();
        assert_eq!(text.lines().count(), lines, "{name}");
    }
}
