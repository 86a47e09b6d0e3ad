//! What a screen is: its roles, labels, views, splits and groups, checked on made-up tables and on real ones.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::{Array2, Array4, array};
use perturbook::display::Show;
use perturbook::images::CellImages;
use perturbook::io::{features, parquet};
use perturbook::screen::{ColumnChoice, Counts, Features, GroupRule, Label, PlateSplit, Role, Screen, Shares, Split};
use polars::prelude::{DataFrame, col, df, lit};

fn numbered(cells: usize) -> Features {
    Features::numbered(Array2::from_shape_fn((cells, 2), |(i, j)| (10 * i + j) as f32)).unwrap()
}

fn screen(table: DataFrame) -> Screen {
    let cells = table.height();
    Screen::new(table, numbered(cells)).unwrap()
}

#[track_caller]
fn refused<T>(result: perturbook::Result<T>, words: &[&str]) {
    let Err(error) = result else { panic!("bad input was accepted") };
    let error = error.to_string();
    for word in words {
        assert!(error.contains(word), "{word:?} is missing in:\n{error}");
    }
}

/// Which part of a split each row of the whole screen is in.
fn parts(split: &Split) -> BTreeMap<usize, Vec<&'static str>> {
    let mut of: BTreeMap<usize, Vec<&'static str>> = BTreeMap::new();
    for (name, part) in [("train", &split.train), ("validation", &split.validation), ("test", &split.test)] {
        (0..part.len()).for_each(|row| of.entry(part.source_row(row)).or_default().push(name));
    }
    of
}

/// Six wells of two plates, 40 cells each: gene A in all wells, B in one, C thinly everywhere, controls everywhere.
fn wells() -> DataFrame {
    let (mut gene, mut guide, mut plate, mut well) = (vec![], vec![], vec![], vec![]);
    for p in ["P1", "P2"] {
        for w in ["A1", "A2", "B1"] {
            for cell in 0..40 {
                let g = match cell {
                    0..20 => "A",
                    20..25 if (p, w) == ("P1", "A1") => "B",
                    20..27 => "C",
                    _ => "nontargeting",
                };
                gene.push(g);
                guide.push(format!("{g}_{}", cell % 2));
                plate.push(p);
                well.push(w);
            }
        }
    }
    df!("gene" => gene, "guide" => guide, "plate" => plate, "well" => well).unwrap()
}

#[test]
fn columns_and_controls_are_found_by_their_usual_names_and_the_summary_says_which() {
    let screen = screen(wells());
    let columns = |label| screen.label_columns(label).join("/");
    assert_eq!(Label::ALL.map(columns), ["gene", "guide", "well", "plate", "plate/well"]);
    let summary = screen.summary();
    assert_eq!(summary.cells, 240);
    assert_eq!(summary.controls, (0..240).filter(|i| i % 40 >= 27).count());
    assert_eq!(summary.controls + summary.perturbed, 240);
    assert_eq!(summary.perturbations.unwrap().groups, 3);
    let text = screen.bundle().get("text/plain").unwrap().as_str().unwrap().to_owned();
    for words in ["240", "\"nontargeting\", known by the label", "plate/well: 6 with 40 cells each", "2 features"] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(summary.bundle().get("text/html").unwrap().as_str().unwrap().contains("<table"));
}

#[test]
fn names_of_cell_profiler_and_of_perturb_seq_are_known_too() {
    let table = df!(
        "Metadata_Plate" => ["P", "P"], "Metadata_Well" => ["A01", "A02"], "Metadata_broad_sample" => ["DMSO", "BRD-K1"],
        "Metadata_target" => [None, Some("EGFR")],
    )
    .unwrap();
    let painted = screen(table);
    assert_eq!(painted.label_columns(Label::Gene), ["Metadata_broad_sample"]);
    assert_eq!(painted.label_columns(Label::Batch), ["Metadata_Plate", "Metadata_Well"]);
    assert_eq!(painted.controls().unwrap().len(), 1);
    let table = df!("gene" => ["non-targeting", "GATA1"], "gem_group" => [1i64, 2], "sgID_AB" => ["a", "b"]).unwrap();
    let counted = screen(table);
    assert_eq!(counted.label_columns(Label::Batch), ["gem_group"]);
    assert_eq!(counted.labels(Label::Batch).unwrap().of(1), "2");
    assert_eq!(counted.labels(Label::Guide).unwrap().names(), ["a", "b"]);
}

#[test]
fn a_column_that_lacks_labels_is_passed_over_with_a_note_and_refused_when_asked_for() {
    let table = df!("gene" => [Some("A"), None, None], "perturbation" => ["x", "y", "z"]).unwrap();
    let screen = screen(table);
    assert_eq!(screen.label_columns(Label::Gene), ["perturbation"]);
    assert!(
        screen.summary().notes[0].contains("\"gene\" was not taken for the gene: 2 cells"),
        "{:?}",
        screen.summary().notes
    );
    refused(screen.clone().with_label(Label::Gene, "gene"), &["2 cells without a label", "rows 1 and 2"]);
    refused(screen.with_label(Label::Gene, "symbol"), &["\"symbol\"", "perturbation"]);
}

#[test]
fn controls_are_chosen_by_label_list_or_expression() {
    let table = df!("gene" => ["safe", "ctl", "A", "B", "B"], "dose" => [0.0, 0.0, 0.0, 1.0, 2.0]).unwrap();
    let screen = screen(table);
    refused(screen.controls(), &["there is no control cell", "with_controls"]);
    let roles = |screen: &Screen| (0..screen.len()).map(|row| screen.role(row)).collect::<Vec<_>>();
    use Role::{Control, Other, Perturbed};
    let by_label = screen.clone().with_controls("ctl").unwrap();
    assert_eq!(roles(&by_label), [Perturbed, Control, Perturbed, Perturbed, Perturbed]);
    let by_list = screen.clone().with_controls(["safe", "ctl"]).unwrap();
    assert_eq!(roles(&by_list), [Control, Control, Perturbed, Perturbed, Perturbed]);
    let by_dose = screen.clone().with_controls(col("dose").eq(lit(0.0))).unwrap();
    assert_eq!(roles(&by_dose), [Control, Control, Control, Perturbed, Perturbed]);
    let some = by_list.clone().with_perturbed(["B"]).unwrap();
    assert_eq!(roles(&some), [Control, Control, Other, Perturbed, Perturbed]);
    assert_eq!(some.perturbed().unwrap().len(), 2);

    refused(screen.clone().with_controls("ntc"), &["no cell has the label \"ntc\"", "\"safe\""]);
    refused(screen.clone().with_controls(col("dose").gt(lit(5.0))), &["no control cell", "5"]);
    refused(screen.clone().with_controls(col("dose").gt(lit(-1.0))), &["every cell would be a control"]);
    refused(screen.clone().with_controls(col("dosis").gt(lit(1.0))), &["dosis", "dose"]);
    refused(screen.with_controls(col("dose")), &["true or false", "f64"]);
    refused(by_list.with_perturbed(["safe", "B"]), &["1 cell called both", "row 0"]);
}

#[test]
fn bad_cells_are_refused_with_the_first_rows_that_are_bad() {
    let table = df!("gene" => ["A", "B", "C"]).unwrap();
    refused(Screen::new(table.clone(), numbered(2)), &["2 cells measured for a table of 3 rows"]);
    let mut values = Array2::zeros((3, 2));
    (values[[1, 1]], values[[2, 0]]) = (f32::NAN, f32::INFINITY);
    let features = Features::new(values, vec!["area".into(), "mean".into()]).unwrap();
    refused(
        Screen::new(table.clone(), features),
        &["2 cells with a feature", "rows 1 and 2", "\"B\"", "\"mean\" is NaN"],
    );
    refused(Screen::new(table.head(Some(0)), numbered(0)), &["0 cells"]);
    refused(Features::new(array![[1.0]], vec![]), &["0 names for 1 feature"]);

    let keyed = df!("plate" => ["P", "P", "P", "Q"], "cell" => [1, 2, 1, 1]).unwrap();
    assert!(screen(keyed.clone()).with_key(&["plate", "cell"]).is_err());
    refused(
        screen(keyed.clone()).with_key(&["plate", "cell"]),
        &["1 cell with the key of an earlier", "rows 0 and 2 (\"P/1\")"],
    );
    refused(screen(keyed.clone()).with_key(&["plate", "tile"]), &["\"tile\""]);
    assert!(screen(keyed.slice(1, 3)).with_key(&["plate", "cell"]).is_ok());
}

#[test]
fn a_view_has_the_table_labels_and_measurements_of_its_rows() {
    let all = screen(wells());
    let one = all.filter(col("well").eq(lit("A2")).and(col("plate").eq(lit("P2")))).unwrap();
    assert_eq!(one.len(), 40);
    assert_eq!(one.source_row(0), 160);
    let controls = one.controls().unwrap();
    assert_eq!(controls.len(), 13);
    assert_eq!(controls.features().unwrap()[[0, 1]], (10 * (160 + 27) + 1) as f32);
    assert_eq!(controls.table().height(), 13);
    assert!((0..13).all(|row| controls.labels(Label::Gene).unwrap().of(row) == "nontargeting"));
    assert_eq!(controls.labels(Label::Gene).unwrap().names(), all.labels(Label::Gene).unwrap().names());
    let picked = controls.select(&[2, 0, 2]).unwrap();
    assert_eq!((0..3).map(|row| picked.source_row(row)).collect::<Vec<_>>(), [189, 187, 189]);
    assert_eq!(picked.embedding().unwrap().values(), picked.features().unwrap());
    refused(controls.select(&[3, 13, 99]), &["2 rows not there", "rows 13 and 99", "0 to 12"]);
    refused(controls.perturbed(), &["no perturbed cell"]);
    refused(all.filter(col("well").eq(lit("H12"))), &["no cell is left"]);
    refused(all.counts(), &["holds no counts", "2 features"]);
    refused(all.read_images(&[0]), &["holds no images"]);
}

#[test]
fn counts_and_images_follow_the_rows_of_a_view() {
    struct Ramp(Vec<String>);
    impl CellImages for Ramp {
        fn len(&self) -> usize {
            3
        }
        fn shape(&self) -> (usize, usize, usize) {
            (1, 2, 2)
        }
        fn channels(&self) -> &[String] {
            &self.0
        }
        fn read(&self, rows: &[usize]) -> perturbook::Result<Array4<f32>> {
            Ok(Array4::from_shape_fn((rows.len(), 1, 2, 2), |(i, ..)| rows[i] as f32))
        }
    }
    let table = df!("gene" => ["control", "A", "B"]).unwrap();
    let images: Arc<dyn CellImages> = Arc::new(Ramp(vec!["DNA".into()]));
    let screen = Screen::new(table.clone(), images).unwrap();
    assert_eq!(screen.summary().payload, "images of 1 x 2 x 2 (DNA)");
    let perturbed = screen.perturbed().unwrap();
    assert_eq!(perturbed.read_images(&[1, 0]).unwrap().iter().step_by(4).copied().collect::<Vec<_>>(), [2.0, 1.0]);
    refused(perturbed.read_images(&[2]), &["row 2"]);
    refused(perturbed.features(), &["holds no features"]);

    let counts =
        Counts::new(vec!["x".into(), "y".into()], vec![0, 1, 1, 3], vec![1, 0, 1], vec![5.0, 1.0, 2.0]).unwrap();
    let screen = Screen::new(table, counts).unwrap();
    let perturbed = screen.perturbed().unwrap().counts().unwrap();
    assert_eq!(perturbed.to_dense(), array![[0.0, 0.0], [1.0, 2.0]]);
    assert_eq!(screen.summary().payload, "counts of 2 genes");
}

#[test]
fn the_split_in_order_cuts_controls_and_perturbed_cells_separately() {
    // 100 controls and 200 perturbed cells, mixed: every third is a control.
    let gene: Vec<&str> = (0..300).map(|i| if i % 3 == 0 { "nontargeting" } else { "A" }).collect();
    let split = screen(df!("gene" => gene).unwrap()).split_in_order(Shares::mcvae()).unwrap();
    let of = parts(&split);
    assert!(of.values().all(|part| part.len() == 1) && of.len() == 300);
    let controls: Vec<&str> = (0..100).map(|i| of[&(3 * i)][0]).collect();
    assert!(controls[..83].iter().all(|part| *part == "train"));
    assert!(controls[83..85].iter().all(|part| *part == "validation"));
    assert!(controls[85..].iter().all(|part| *part == "test"));
    assert_eq!([split.train.len(), split.validation.len(), split.test.len()], [249, 6, 45]);
    let text = split.bundle().get("text/plain").unwrap().to_string();
    assert!(text.contains("training") && text.contains("249"), "{text}");
    let few = screen(df!("gene" => ["nontargeting", "A"]).unwrap());
    refused(few.split_in_order(Shares::mcvae()), &["validation part", "no cell"]);
    refused(Shares::new(0.8, 0.3, 0.1).map(|_| ()), &["sum to 1"]);
}

#[test]
fn the_stratified_split_keeps_the_shares_of_every_perturbation() {
    let gene: Vec<String> = (0..500).map(|i| format!("G{}", i % 7)).collect();
    let screen = screen(df!("gene" => gene).unwrap());
    let split = screen.split_stratified(Label::Gene, Shares::sc_vae(), 7).unwrap();
    assert!(parts(&split).values().all(|part| part.len() == 1));
    let all = screen.labels(Label::Gene).unwrap().counts();
    for (part, share) in [(&split.train, 0.8), (&split.validation, 0.1), (&split.test, 0.1)] {
        for (n, of) in part.labels(Label::Gene).unwrap().counts().into_iter().zip(&all) {
            assert!((n as f64 - share * *of as f64).abs() < 1.0, "{n} of {of}");
        }
    }
    let again = screen.split_stratified(Label::Gene, Shares::sc_vae(), 7).unwrap();
    assert_eq!(parts(&again), parts(&split), "one seed, one split");
    let other = screen.split_stratified(Label::Gene, Shares::sc_vae(), 8).unwrap();
    assert_ne!(parts(&other), parts(&split));
}

#[test]
fn the_grouped_split_never_cuts_a_well_in_two() {
    let screen = screen(wells());
    let shares = Shares::new(0.5, 0.25, 0.25).unwrap();
    let split = screen.split_grouped(Label::Batch, shares, 3).unwrap();
    let batches = screen.labels(Label::Batch).unwrap();
    let mut part_of: BTreeMap<&str, &str> = BTreeMap::new();
    for (row, part) in parts(&split) {
        assert_eq!(part.len(), 1);
        assert_eq!(*part_of.entry(batches.of(row)).or_insert(part[0]), part[0], "{}", batches.of(row));
    }
    assert_eq!([split.train.len(), split.validation.len(), split.test.len()].iter().sum::<usize>(), 240);
    assert!(split.train.len() >= 80 && split.train.len() <= 160, "{}", split.train.len());
    refused(screen.split_grouped(Label::Plate, shares, 3), &["no cell"]);
}

#[test]
fn plates_are_held_out_as_set_dino_does() {
    let plates = ["20200202_6W-LaC024A", "20200202_6W-LaC024B", "20200202_6W-LaC024C", "20200206_6W-LaC025A"];
    let (mut plate, mut well) = (vec![], vec![]);
    for p in plates {
        for w in ["A1", "A2", "A3", "B1", "B2", "B3"] {
            plate.push(p);
            well.push(w);
        }
    }
    let screen = screen(df!("plate" => plate, "well" => well).unwrap());
    let rule = PlateSplit::funk2022();
    let split = screen.split_plates(&rule).unwrap();
    assert_eq!([split.train.len(), split.validation.len(), split.test.len()], [10, 2, 12]);
    assert!((0..2).all(|row| split.validation.labels(Label::Well).unwrap().of(row) == "A1"));
    let test = split.test.labels(Label::Plate).unwrap();
    assert!((0..12).all(|row| rule.test_plates.iter().any(|plate| plate == test.of(row))));
    let compat = screen.split_plates(&PlateSplit { validation_in_train: true, ..rule.clone() }).unwrap();
    assert_eq!([compat.train.len(), compat.validation.len()], [12, 2]);
    let wrong = PlateSplit { test_plates: vec!["P9".into()], ..rule };
    refused(screen.split_plates(&wrong), &["no cell has the plate \"P9\"", "LaC024A"]);

    let listed = screen.split_labels(Label::Well, &["A1"], &["B2", "B3"]).unwrap();
    assert_eq!([listed.train.len(), listed.validation.len(), listed.test.len()], [12, 4, 8]);
    refused(screen.split_labels(Label::Well, &["A1"], &["A1"]), &["validation and for testing"]);
    let where_ = screen.split_where(&col("well").eq(lit("A1")), &col("plate").eq(lit(plates[0]))).unwrap();
    assert_eq!([where_.train.len(), where_.validation.len(), where_.test.len()], [15, 3, 6]);
}

#[test]
fn groups_are_the_cells_of_a_perturbation_in_a_batch_and_small_ones_are_left_out() {
    let screen = screen(wells());
    let all = screen.groups(GroupRule::all(Label::Gene)).unwrap();
    // By definition: the distinct pairs of gene and plate/well, with their rows.
    let (genes, batches) = (screen.labels(Label::Gene).unwrap(), screen.labels(Label::Batch).unwrap());
    let mut expected: BTreeMap<(String, String), Vec<u32>> = BTreeMap::new();
    for row in 0..screen.len() {
        expected.entry((genes.of(row).to_owned(), batches.of(row).to_owned())).or_default().push(row as u32);
    }
    assert_eq!(all.len(), expected.len());
    for group in all.iter() {
        assert_eq!(expected[&(group.perturbation.to_owned(), group.batch.to_owned())], group.rows);
    }
    assert_eq!((all.cells(), all.dropped_cells()), (240, 0));

    // A has 20 cells in each of six wells; C and the controls never have 20; B has one well.
    let kept = screen.groups(GroupRule::set_dino(Label::Gene)).unwrap();
    assert_eq!(kept.perturbations(), ["A"]);
    assert_eq!(kept.of_perturbation(0).count(), 6);
    assert_eq!(kept.dropped_cells(), 240 - 120);
    refused(screen.groups(GroupRule::set_dino(Label::Guide)), &["no guide has 20 cells in 2 batches"]);
    let two = screen.groups(GroupRule { unit: Label::Gene, min_cells: 5, min_batches: 2 }).unwrap();
    assert!(!two.perturbations().contains(&"B".to_owned()));
}

#[test]
fn the_published_embedding_is_a_screen_of_3090_rows() {
    let Some(path) = common::shared_file("data/funk2022_mcvae/df_standardized_mitosis.parquet") else { return };
    let screen = features::read(&path, &ColumnChoice::numbered()).unwrap();
    assert_eq!((screen.len(), screen.feature_names().unwrap().len()), (3090, 64));
    assert_eq!(screen.controls().unwrap().len(), 1);
    assert_eq!(screen.labels(Label::Gene).unwrap().distinct(), 3090);
    // The same numbers through the reader of whole files.
    let whole = parquet::read(&path).unwrap();
    let values = screen.features().unwrap();
    for d in [0usize, 31, 63] {
        let column = whole.column(&d.to_string()).unwrap().cast(&polars::prelude::DataType::Float32).unwrap();
        let column: Vec<f32> = column.f32().unwrap().iter().flatten().collect();
        assert_eq!(values.column(d).to_vec(), column);
    }
    assert!(screen.clone().with_key(&["gene_symbol_0"]).is_ok());
    let embedding = screen.embedding().unwrap();
    assert_eq!((embedding.len(), embedding.dims()), (3090, 64));
}
