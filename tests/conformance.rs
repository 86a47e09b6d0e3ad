//! Numbers that the tests and notebooks of EFAAR_benchmarking, proxbias, cytominer-eval and contrastive-ops state, from
//! one file with the source of each. Every entry is either checked here or named with the reason why not.

mod common;

use std::collections::HashMap;
use std::fs;

use ndarray::Array2;
use perturbook::evaluate::{
    EnrichmentConfig, Missing, Relations, ReproducibilityConfig, RowLabels, Similarity, hit_positions, pair_enrichment,
    rank_recall, replicate_reproducibility,
};
use perturbook::genome::{Genome, Locus};
use perturbook::io::features::FeatureTable;
use perturbook::methods::proximity::{ExpressionCentring, centre_arms_by_expression};
use perturbook::preprocess::features::{Aggregate, Controls, aggregate, standard_scaled};
use perturbook::screen::{Profiles, Screen};
use polars::prelude::{IntoLazy, col, lit, when};
use serde_json::Value;

/// Entries that are not checked here, and why.
const ELSEWHERE: [(&str, &str); 2] = [
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
            "cytominer_eval_replicate_reproducibility" => reproducibility(entry),
            "cytominer_eval_hitk" => hits(entry),
            "cytominer_eval_enrichment" => enrichment(entry),
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

/// The plate beside the file of stated numbers.
fn plate(entry: &Value) -> Screen {
    let name = format!("data/conformance/{}", entry["data"].as_str().expect("a file"));
    let path = common::shared_file(&name).unwrap_or_else(|| panic!("{name} is not there"));
    FeatureTable::open(path).and_then(|table| table.read()).expect("a plate")
}

/// The groupings and further numbers are those of the test named as the source.
fn reproducibility(entry: &Value) {
    let plate = plate(entry);
    let wells = plate.embedding().expect("wells");
    let groupings: [&[&str]; 2] = [&["Metadata_broad_sample", "Metadata_mg_per_ml"], &["Metadata_moa"]];
    let stated = numbers(&entry["expected"]);
    assert_eq!(stated.len(), groupings.len());
    let medians: Vec<Vec<(String, f64)>> = groupings
        .iter()
        .zip(stated)
        .map(|(columns, want)| {
            let labels = RowLabels::of_columns(plate.table(), columns, Missing::Named("nan")).expect("labels");
            let found = replicate_reproducibility(&wells, &labels, &ReproducibilityConfig::default()).expect("a share");
            assert_eq!(format!("{:.4}", found.share), format!("{want:.4}"), "{columns:?}");
            found.groups.into_iter().map(|group| (group.label, group.median)).collect()
        })
        .collect();
    let mean = medians[0].iter().map(|group| group.1).sum::<f64>() / medians[0].len() as f64;
    let most = medians[1].iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("groups");
    assert_eq!((format!("{mean:.4}").as_str(), most.0.as_str()), ("0.5407", "PKC activator"));
    assert_eq!(format!("{:.4}", most.1), "0.9357");
}

fn hits(entry: &Value) {
    let plate = plate(entry);
    // DMSO has the mechanism "none"; other wells without a mechanism are dropped.
    let none = col("Metadata_moa").is_null().and(col("Metadata_broad_sample").eq(lit("DMSO")));
    let plate = plate.filter(col("Metadata_moa").is_not_null().or(none.clone())).expect("wells");
    let mechanism = when(none).then(lit("none")).otherwise(col("Metadata_moa")).alias("Metadata_moa");
    let table = plate.table().clone().lazy().with_column(mechanism).collect().expect("a table");
    let labels = RowLabels::of_columns(&table, &["Metadata_moa"], Missing::Refused).expect("labels");
    let found = hit_positions(&plate.embedding().expect("wells"), &labels, Similarity::Pearson).expect("hits");
    for (name, want) in entry["expected"].as_object().expect("numbers by name") {
        match name.as_str() {
            "hits_minus_diff" => {
                for (percent, want) in want.as_object().expect("numbers by percentage") {
                    let got = found.above_random(percent.parse().expect("a percentage"));
                    assert_eq!(Some(got), want.as_i64(), "{percent} %");
                }
            }
            "index_max" => assert_eq!(found.last().map(|at| at as u64), want.as_u64()),
            "index_min" => assert_eq!(found.first().map(|at| at as u64), want.as_u64()),
            "percent_all" => {
                let all = found.cumulative_above_random();
                assert_eq!(format!("{:.1}", all[0]), format!("{:.1}", want.as_f64().expect("a number")));
                assert!(all.last().expect("positions").abs() < 1e-9);
            }
            other => panic!("unknown number {other:?}"),
        }
    }
}

fn enrichment(entry: &Value) {
    let plate = plate(entry);
    let labels = RowLabels::of_columns(plate.table(), &["Metadata_broad_sample"], Missing::Refused).expect("labels");
    // From 1 down to 0.97 in steps of 0.005.
    let quantiles: Vec<f64> = (0..7).map(|step| 1.0 - 0.005 * f64::from(step)).collect();
    let config = EnrichmentConfig { quantiles, ..EnrichmentConfig::default() };
    let found = pair_enrichment(&plate.embedding().expect("wells"), &labels, &config).expect("an enrichment");
    let table = found.table().expect("a table");
    for (name, want) in entry["expected"].as_object().expect("numbers by name") {
        match name.as_str() {
            "shape" => assert_eq!(vec![table.height() as f64, table.width() as f64], numbers(want)),
            column => {
                let column = table.column(column).expect("a column").f64().expect("numbers");
                for (got, want) in column.iter().zip(numbers(want)) {
                    assert_eq!(got, Some(want), "{name}");
                }
            }
        }
    }
    // Computed once with numpy and SciPy from the same file: threshold, odds ratio, and counts of pairs above.
    let known = [
        (0.985_297_413_723_809_7, f64::NAN, 0, 0),
        (0.762_724_005_500_483_2, 73.618_443_628_433_52, 382, 354),
        (0.679_241_973_211_648, 47.245_482_866_043_616, 570, 900),
        (0.638_304_080_256_036_8, 34.169_633_077_765_61, 670, 1536),
        (0.605_409_894_377_658_1, 27.247_118_482_059_175, 740, 2202),
        (0.581_662_234_967_130_5, 22.734_789_528_458_93, 790, 2886),
        (0.560_979_071_942_054_2, 20.698_976_652_308_705, 856, 3556),
    ];
    for (point, (threshold, odds, same, different)) in found.points.iter().zip(known) {
        assert!((point.threshold - threshold).abs() < 1e-6, "{point:?}"); // features are kept as f32
        assert_eq!((point.same_above, point.different_above), (same, different));
        let both_undefined = point.odds_ratio.is_nan() && odds.is_nan();
        assert!(both_undefined || (point.odds_ratio - odds).abs() < 1e-9 * odds, "{point:?}");
    }
    // The p-values of these are below the least number; their logarithms by SciPy.
    for (at, ln_p) in [(1, -1_086.425_038_277_3), (5, -1_484.056_915_762_5), (6, -1_527.830_384_683_6)] {
        assert!((found.points[at].ln_p - ln_p).abs() < 1e-7, "{:?}", found.points[at]);
    }
    assert_eq!(found.points[0].p, 1.0);
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
