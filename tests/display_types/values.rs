//! Configurations, histories, lists and maps, and the tables of screens.

use std::collections::{BTreeMap, HashMap};

use ndarray::Array2;
use perturbook::datasets::{GeneScreen, Source};
use perturbook::display::fields;
use perturbook::evaluate::ScoreConfig;
use perturbook::live::Trace;
use perturbook::methods::proximity::ExpressionCentring;
use perturbook::screen::{Embedding, Profiles};
use perturbook::simulate::{self, GeneEmbeddingConfig};
use polars::prelude::df;
use serde::Serialize;

use super::{SCRIPT, has, html, plain};

#[derive(Serialize)]
enum Loss {
    Mse,
    Huber { delta: f32 },
}

#[derive(Serialize)]
struct Optimiser {
    rate: f32,
    betas: (f64, f64),
    decay: Option<f64>,
}

#[derive(Serialize)]
struct Config {
    name: String,
    seed: u64,
    offset: i32,
    optimiser: Optimiser,
    losses: [Loss; 1],
    loss: Loss,
    layers: Vec<usize>,
    quick: bool,
}

fn config() -> Config {
    Config {
        name: SCRIPT.to_owned(),
        seed: u64::MAX,
        offset: -3,
        optimiser: Optimiser { rate: 0.1, betas: (0.9, 0.999), decay: None },
        losses: [Loss::Mse],
        loss: Loss::Huber { delta: 1.5 },
        layers: (1..=40).collect(),
        quick: false,
    }
}

#[test]
fn the_fields_of_a_configuration_are_listed_in_order() {
    let text = plain(&fields(&config()));
    let expected = "field            value
───────────────  ──────────────────────────────────
name             <script>alert(1)</script>
seed             18446744073709551615
offset           −3
optimiser.rate   0.1
optimiser.betas  [0.9, 0.999]
optimiser.decay  none
losses           [Mse]
loss.Huber.delta 1.5
layers           [1, 2, 3, 4, 5, 6, … (40 in all)]
quick            false";
    let squeezed = |text: &str| text.split_whitespace().filter(|w| !w.starts_with('─')).collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed(&text), squeezed(expected));
    has(&html(&fields(&config()).titled("Config & more")), &["<caption", "Config &amp; more", "<th scope=\"row\""]);
}

#[test]
fn values_without_fields_are_shown_too() {
    #[derive(Serialize)]
    struct Nothing {}
    has(&plain(&fields(&Nothing {})), &["no fields"]);
    has(&plain(&fields(&7)), &["value  7"]);
    has(&plain(&fields(&HashMap::from([((1, 2), 3)]))), &["these fields cannot be listed: key must be a string"]);
    has(&html(&fields(&vec![1.5; 100_000])), &["100000 in all"]);
    let many: BTreeMap<String, f64> = (0..100_000).map(|i| (format!("{SCRIPT}{i}"), 0.5)).collect();
    has(&html(&fields(&many)), &["and 99800 more fields"]);
}

#[test]
fn the_settings_of_a_method_show_themselves() {
    has(&plain(&ScoreConfig::default()), &["Proximity score", "trials   200", "seed     0"]);
    has(&html(&ExpressionCentring::default()), &[">threshold</th>", "−3"]);
    has(
        &plain(&GeneEmbeddingConfig::quick()),
        &["Simulated gene screen", "genes                  200", "arm_effect             1"],
    );
}

#[test]
fn a_trace_gives_its_numbers_as_a_table() {
    let mut trace = Trace::new("Training", "epoch", "loss");
    has(&trace.table().plain(), &["no points yet"]);
    for (epoch, loss) in [(1.0, 0.9), (2.0, 0.25), (3.0, f64::NAN), (4.0, 0.5)] {
        trace.push("train", epoch, loss);
        trace.push(SCRIPT, epoch, f64::NAN);
    }
    let text = trace.table().plain();
    has(&text, &["Training: loss", "curve", "points", "first", "last", "lowest", "at epoch"]);
    let row: Vec<&str> = text.lines().find(|line| line.starts_with("train")).unwrap().split_whitespace().collect();
    assert_eq!(row, ["train", "4", "0.9", "0.5", "0.25", "2"]);
    has(&text, &["NaN"]);
    html(&trace.table());
}

#[test]
fn vectors_of_numbers_are_short_tables() {
    assert_eq!(
        plain(&vec![1.5, 2.0]),
        "  0    1\n───  ───\n1.5  2.0\n2 values, f64\nmin 1.5, mean 1.75, max 2, sd 0.25"
    );
    has(&plain(&(0..100_000).collect::<Vec<i32>>()), &["0  1  2  …  99997  99998  99999", "100000 values, i32"]);
    has(&plain(&Vec::<f64>::new()), &["0 values, f64\nno values"]);
    has(&plain(&[true, false]), &["1 of 2 true"]);
    has(&html([1.0f32, f32::NAN].as_slice()), &["1 NaN"]);
}

#[test]
fn vectors_of_names_and_pairs_are_cut() {
    let names: Vec<String> = (0..100_000).map(|i| format!("{SCRIPT}{i}")).collect();
    has(&html(&names), &["&lt;script&gt;alert(1)&lt;/script&gt;99999", "⋮", "100000 texts", "<th scope=\"row\""]);
    has(&plain(&vec!["TP53", "MYC"]), &["0  TP53\n1  MYC\n2 texts"]);
    let scores = vec![("TP53".to_owned(), 0.25), ("MYC".to_owned(), 10.0)];
    has(&plain(&scores), &["name  value", "TP53   0.25", "MYC   10.00", "2 pairs, f64", "mean 5.125"]);
    has(&plain(&Vec::<(&str, u8)>::new()), &["0 pairs, u8\nno values"]);
}

#[test]
fn maps_are_shown_in_the_order_of_their_keys() {
    let map: HashMap<String, usize> = (0..300).map(|i| (format!("g{i:03}"), i)).collect();
    let tree: BTreeMap<String, usize> = map.clone().into_iter().collect();
    assert_eq!(plain(&map), plain(&tree));
    has(&plain(&map), &["key   value", "g000      0", "g299    299", "300 pairs, usize"]);
    has(&plain(&BTreeMap::from([(2, true)])), &["2     true", "1 of 1 true"]);
    has(&html(&HashMap::from([(SCRIPT, -1.0)])), &["−1", "&lt;script&gt;"]);
}

fn profiles() -> Profiles {
    let keys = (0..100).map(|i| format!("{SCRIPT}{i}")).collect();
    let values = Array2::from_shape_fn((100, 64), |(i, j)| (i * 100 + j) as f64);
    Profiles::new(keys, values).unwrap()
}

#[test]
fn profiles_say_what_their_columns_are() {
    has(&plain(&profiles()), &["dimension", "profile", "profiles: 100 rows x 64 dimensions, "]);
    has(
        &html(&profiles()),
        &[
            "<colgroup span=\"8\"></colgroup>",
            "<th scope=\"colgroup\" colspan=\"8\"",
            ">dimension</th>",
            "<th scope=\"row\"",
            "9963",
        ],
    );
    let halves = profiles().with_block("salient", 0..32).unwrap().with_block("background", 32..64).unwrap();
    let page = html(&halves);
    has(
        &page,
        &["<th scope=\"colgroup\" colspan=\"4\"", ">salient</th>", ">background</th>", "blocks: salient, background"],
    );
    assert!(!page.contains(">dimension</th>"));
    assert_eq!((halves.block_of(3), halves.block_of(63)), (Some("salient"), Some("background")));
    let empty = Profiles::new(Vec::new(), Array2::zeros((0, 3))).unwrap();
    has(&html(&empty), &["profiles: 0 rows x 3 dimensions"]);
    has(&html(&Profiles::new(vec!["A".into()], Array2::zeros((1, 0))).unwrap()), &["1 row x 0 dimensions"]);
}

#[test]
fn an_embedding_shows_labels_beside_values() {
    let table = df!("gene" => vec![SCRIPT; 100], "well" => (0..100).collect::<Vec<i32>>()).unwrap();
    let values = Array2::from_shape_fn((100, 20), |(i, j)| i as f32 + j as f32 / 4.0);
    let cells = Embedding::new(values, table).unwrap();
    let text = plain(&cells);
    has(&text, &["gene", "well", "dimension", "embedding: 100 rows x 20 dimensions", "labels: gene, well", "103.8"]);
    has(&html(&cells), &[">i32</span>", "&lt;script&gt;"]);
    has(&html(&cells.with_block("salient", 0..4).unwrap()), &[">salient</th>", ">dimension</th>"]);
}

#[test]
fn a_gene_screen_names_its_columns() {
    let screen = simulate::gene_embedding(&GeneEmbeddingConfig::quick()).unwrap();
    let screen = GeneScreen {
        complexes: screen.truth.gene_sets(),
        genome: screen.truth.genome(),
        table: df!("gene" => screen.profiles.keys()).unwrap(),
        profiles: screen.profiles,
        control: simulate::CONTROL.to_owned(),
        source: Source::Simulated { reason: SCRIPT.to_owned() },
    };
    let page = html(&screen);
    has(&page, &["property</th>", ">value</th>", "<th scope=\"row\"", "<caption", "&lt;script&gt;"]);
    has(&plain(&screen), &["property", "genes                        200"]);
}
