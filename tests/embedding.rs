//! Embeddings: blocks, nested means, centring on controls, parquet in and out.

mod common;

use ndarray::{Array2, array};
use perturbook::screen::{By, ColumnChoice, Embedding};
use polars::prelude::{DataFrame, df};

fn table() -> DataFrame {
    df!(
        "gene" => ["A", "A", "A", "B", "nontargeting", "nontargeting"],
        "guide" => ["a1", "a1", "a2", "b1", "n1", "n2"],
        "well" => ["W1", "W2", "W1", "W2", "W1", "W2"]
    )
    .unwrap()
}

fn cells() -> Embedding {
    let values = array![[1.0f32, 0.0], [3.0, 0.0], [8.0, 4.0], [5.0, 5.0], [1.0, 1.0], [3.0, 2.0]];
    Embedding::new(values, table())
        .unwrap()
        .with_block("salient", 0..1)
        .unwrap()
        .with_block("background", 1..2)
        .unwrap()
}

#[test]
fn a_gene_is_the_mean_of_its_guides_not_of_its_cells() {
    let genes = cells().profiles(By::Gene).unwrap();
    assert_eq!(genes.keys(), ["A", "B", "nontargeting"]);
    assert_eq!(genes.values(), array![[5.0, 2.0], [5.0, 5.0], [2.0, 1.5]]);
    let guides = cells().profiles(By::Guide).unwrap();
    assert_eq!(guides.keys(), ["a1", "a2", "b1", "n1", "n2"]);
    assert_eq!(guides.row("a1").unwrap().to_vec(), [2.0, 0.0]);
    let wells = cells().profiles(By::Column("well")).unwrap();
    assert_eq!(wells.row("W2").unwrap().to_vec(), [11.0 / 3.0, 7.0 / 3.0]);
}

#[test]
fn guides_of_equal_name_under_two_genes_stay_apart() {
    let table = df!("gene" => ["A", "A", "B"], "guide" => ["g1", "g2", "g1"]).unwrap();
    let genes = Embedding::new(array![[0.0f32], [2.0], [7.0]], table).unwrap().profiles(By::Gene).unwrap();
    assert_eq!(genes.row("A").unwrap()[0], 1.0);
    assert_eq!(genes.row("B").unwrap()[0], 7.0);
}

#[test]
fn without_guides_a_gene_is_the_mean_of_its_rows() {
    let table = df!("gene_symbol" => ["A", "A", "B"]).unwrap();
    let genes = Embedding::new(array![[1.0f32], [2.0], [7.0]], table).unwrap().profiles(By::Gene).unwrap();
    assert_eq!(genes.row("A").unwrap()[0], 1.5);
}

#[test]
fn blocks_follow_into_profiles_and_select_their_columns() {
    let cells = cells();
    assert_eq!(cells.block_names(), ["salient", "background"]);
    let background = cells.block("background").unwrap();
    assert_eq!(background.values().column(0).to_vec(), [0.0, 0.0, 4.0, 5.0, 1.0, 2.0]);
    assert_eq!(background.table().height(), 6);
    let genes = cells.profiles(By::Gene).unwrap();
    assert_eq!(genes.block("background").unwrap().values().column(0).to_vec(), [2.0, 5.0, 1.5]);
    let error = cells.block("tail").unwrap_err().to_string();
    assert!(error.contains("\"salient\"") && error.contains("\"tail\""), "{error}");
}

#[test]
fn centring_puts_the_controls_at_the_origin() {
    let centred = cells().centred_on("nontargeting").unwrap();
    assert_eq!(centred.profiles(By::Column("gene")).unwrap().row("nontargeting").unwrap().to_vec(), [0.0, 0.0]);
    assert_eq!(centred.values().row(0).to_vec(), [-1.0, -1.5]);

    let within = cells().centred_on_within("nontargeting", "well").unwrap();
    assert_eq!(within.values().row(4).to_vec(), [0.0, 0.0]);
    assert_eq!(within.values().row(5).to_vec(), [0.0, 0.0]);
    assert_eq!(within.values().row(1).to_vec(), [0.0, -2.0]); // a cell of W2 minus the control of W2
}

#[test]
fn parquet_keeps_values_labels_and_the_order_of_dimensions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep").join("cells.parquet");
    let values = Array2::from_shape_fn((6, 12), |(i, j)| (i * 12 + j) as f32 / 7.0);
    let written = Embedding::new(values.clone(), table()).unwrap();
    written.write_parquet(&path).unwrap();
    written.write_parquet(&path).unwrap(); // replaces the first
    let names: Vec<String> = std::fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, ["cells.parquet"], "no temporary file stays behind");

    let read = Embedding::read_parquet(&path, ColumnChoice::numbered()).unwrap();
    assert_eq!(read.values(), values);
    assert!(read.table().equals(&table()));

    let chosen = Embedding::read_parquet(&path, ColumnChoice::named(["11", "2"]).labels(["gene"])).unwrap();
    assert_eq!(chosen.values().row(0).to_vec(), [11.0 / 7.0, 2.0 / 7.0]);
    assert_eq!(chosen.table().width(), 1);
}

#[test]
fn dimensions_of_a_prefix_are_ordered_by_their_number() {
    let columns = ["feature_10", "gene", "feature_9", "features"];
    let (dims, labels) = ColumnChoice::prefix("feature_").split(&columns).unwrap();
    assert_eq!(dims, ["feature_9", "feature_10"]);
    assert_eq!(labels, ["gene", "features"]);
    let (dims, _) = ColumnChoice::prefix("f").split(&["fb", "fa", "gene"]).unwrap();
    assert_eq!(dims, ["fb", "fa"]); // no numbers: file order
}

#[test]
fn the_published_embedding_reads_as_it_was_written() {
    let Some(path) = common::shared_file("data/funk2022_mcvae/df_standardized_mitosis.parquet") else { return };
    let map = Embedding::read_parquet(&path, ColumnChoice::numbered()).unwrap();
    assert_eq!((map.len(), map.dims()), (3090, 64));
    let genes = map.profiles(By::Gene).unwrap();
    assert_eq!(genes.len(), 3090);
    assert!(genes.row("nontargeting").unwrap().iter().all(|&v| v == 0.0));
    assert!(map.table().column("mitotic_index").is_ok());
}
