//! Numbers that the tests and notebooks of EFAAR_benchmarking, proxbias, cytominer-eval and contrastive-ops state, from
//! one file with the source of each. Every entry is either checked here or named with the reason why not.

mod common;

use std::collections::HashMap;
use std::fs;

use ndarray::Array2;
use perturbook::evaluate::{Relations, rank_recall};
use perturbook::genome::{Genome, Locus};
use perturbook::methods::proximity::{ExpressionCentring, centre_arms_by_expression};
use perturbook::preprocess::features::{Aggregate, Controls, aggregate, standard_scaled};
use perturbook::screen::Profiles;
use serde_json::Value;

/// Entries that are not checked here, and why.
const ELSEWHERE: [(&str, &str); 5] = [
    (
        "cytominer_eval_replicate_reproducibility",
        "the share of replicate pairs by Pearson correlation: not a metric here",
    ),
    ("cytominer_eval_hitk", "counts positions in lists sorted by Pearson correlation: another definition of hits"),
    ("cytominer_eval_enrichment", "an odds ratio over Pearson correlations: not a metric here"),
    ("mcvae_fig5c_roc", "needs the published embedding: checked in tests/published.rs"),
    ("jump_arm_centering_recall", "its profiles are not among the data: numbers to compare with only"),
];

#[test]
fn stated_numbers_are_reproduced() {
    let Some(path) = common::shared_file("data/conformance/expected_values.json") else { return };
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let all: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (mut checked, mut unknown) = (0, Vec::new());
    for (name, entry) in all.as_object().expect("entries by name") {
        match name.as_str() {
            "efaar_compute_recall" => recall(entry),
            "efaar_filter_relationships" => relations(entry),
            "efaar_centerscale_on_batch" | "efaar_centerscale_on_controls" => scaling(entry),
            "efaar_aggregate_mean" => means(entry),
            "proxbias_arm_centering" => centring(entry),
            "mcvae_notebook_vae_corum" => arithmetic_of_recall(entry),
            other => {
                match ELSEWHERE.iter().find(|(name, _)| *name == other) {
                    Some((_, why)) => common::said(&format!("not checked here: {name}: {why}")),
                    None => unknown.push(other.to_owned()),
                }
                continue;
            }
        }
        checked += 1;
    }
    println!("{checked} entries agree");
    assert!(unknown.is_empty(), "never looked at: {}", unknown.join(", "));
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

fn words(value: &Value) -> Vec<String> {
    value.as_array().expect("a list").iter().map(|v| v.as_str().expect("a word").to_owned()).collect()
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().expect("rows").iter().map(numbers).collect();
    let shape = (rows.len(), rows.first().map_or(0, Vec::len));
    Array2::from_shape_vec(shape, rows.concat()).expect("rows of one length")
}

fn near(got: &Array2<f64>, want: &Array2<f64>) -> bool {
    got.dim() == want.dim() && got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-12)
}

fn recall(entry: &Value) {
    let pairs: Vec<(f64, f64)> = matrix(&entry["thresholds"]).rows().into_iter().map(|row| (row[0], row[1])).collect();
    let (null, query) = (numbers(&entry["null"]), numbers(&entry["query"]));
    let ranks = rank_recall(&null, &query, &pairs).expect("ranks");
    for (name, want) in entry["expected"].as_object().expect("numbers by name") {
        let got = match name.as_str() {
            "null_distribution_size" => ranks.null_size as f64,
            "query_distribution_size" => ranks.rank_left.len() as f64,
            other => {
                let at = pairs.iter().position(|(low, high)| other == format!("recall_{low}_{high}"));
                ranks.thresholds[at.unwrap_or_else(|| panic!("unknown number {other:?}"))].recall
            }
        };
        assert!((got - want.as_f64().expect("a number")).abs() < 1e-12, "{name}: {got}, stated {want}");
    }
}

fn relations(entry: &Value) {
    let pairs: Vec<Vec<String>> = entry["pairs"].as_array().expect("pairs").iter().map(words).collect();
    let known = Relations::from_pairs("stated", pairs.iter().map(|pair| (pair[0].as_str(), pair[1].as_str())));
    assert_eq!(known.len() as u64, entry["expected_n"].as_u64().expect("a count"));
}

fn scaling(entry: &Value) {
    let x = matrix(&entry["x"]);
    let controls = match entry.get("batch") {
        // On a batch: all its rows stand for controls.
        Some(batch) => Controls::marked(&vec![true; x.nrows()]).and_then(|all| all.within(&words(batch))),
        None => Controls::of(&words(&entry["pert"]), entry["control"].as_str().expect("a label")),
    };
    let got = standard_scaled(x.view(), &controls.expect("controls")).expect("scaled");
    assert!(near(&got, &matrix(&entry["expected"])), "{got}");
}

fn means(entry: &Value) {
    let (labels, rows) = (words(&entry["pert"]), matrix(&entry["x"]));
    let (groups, got) = aggregate(rows.view(), &labels, Aggregate::Mean).expect("means");
    for (group, want) in entry["expected"].as_object().expect("rows by name") {
        let at = groups.iter().position(|known| known == group).unwrap_or_else(|| panic!("no group {group:?}"));
        assert_eq!(got.row(at).to_vec(), numbers(want), "{group}");
    }
}

fn centring(entry: &Value) {
    let (genes, arms) = (words(&entry["gene"]), words(&entry["arm"]));
    let feature = numbers(&entry["feature"]);
    let profiles =
        Profiles::new(genes.clone(), Array2::from_shape_vec((genes.len(), 1), feature.clone()).expect("a column"))
            .expect("profiles");
    let genome = Genome::from_genes(genes.iter().zip(&arms).enumerate().map(|(i, (gene, side))| {
        let arm = format!("chr1{side}").parse().expect("an arm");
        (gene.clone(), Locus { arm, start: i as i64 })
    }));
    let zfpkm: HashMap<String, f64> = genes.iter().cloned().zip(numbers(&entry["zfpkm"])).collect();
    let threshold = entry["subset"].as_str().and_then(|rule| rule.rsplit(' ').next()?.parse().ok());
    // Its own test asks for no least number of genes.
    let config = ExpressionCentring { threshold: threshold.expect("a threshold"), min_unexpressed: 0 };
    let centred = centre_arms_by_expression(&profiles, &genome, &zfpkm, config).expect("centred").profiles;
    let want = Array2::from_shape_vec((genes.len(), 1), numbers(&entry["expected_centered"])).expect("a column");
    assert!(near(&centred.values().to_owned(), &want), "{}", centred.values());
    for (i, arm) in arms.iter().enumerate() {
        let mean = feature[i] - centred.values()[[i, 0]];
        assert_eq!(Some(mean), entry["expected_arm_mean"][arm].as_f64(), "arm {arm}");
    }
}

/// The embedding is not among the data, but its stated numbers must follow from one another as ours do.
fn arithmetic_of_recall(entry: &Value) {
    for percentile in [90.0, 95.0] {
        let stated = |what: &str| entry[format!("percentile_{percentile}")][what].as_f64().expect("a number");
        let n = entry["n_genes"].as_u64().expect("a count") as usize;
        // Two tails of all n^2 entries, less the diagonal, which falls into the lower one.
        let predicted = 2.0 * (1.0 - percentile / 100.0) * (n * n) as f64 - n as f64;
        let true_positive = stated("precision") * predicted;
        let known = true_positive / stated("recall");
        let (precision, recall) = (stated("precision"), stated("recall"));
        let f1 = 2.0 * precision * recall / (precision + recall);
        let fpr = (predicted - true_positive) / ((n * (n - 1)) as f64 - known);
        assert!((f1 - stated("f1")).abs() < 2e-6, "percentile {percentile}: F1 {f1}");
        assert!((fpr - stated("FPR")).abs() < 2e-5, "percentile {percentile}: FPR {fpr}");
    }
}
