//! Nearest neighbours, graph connectivity and average precision against reference values.

mod common;

use common::{Case, cases};
use ndarray::{Array1, Array2};
use perturbook::evaluate::retrieval::average_precision;
use perturbook::evaluate::{
    GraphConnectivity, KnnAccuracy, KnnConfig, LeftOut, PrecisionConfig, RowLabels, Votes, graph_connectivity,
    knn_accuracy, mean_average_precision,
};
use perturbook::reduce::{Metric, neighbours};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Draws behind a statistical target, and the dimensions of its embeddings.
const DRAWS: u64 = 60;
const DIMENSIONS: usize = 64;

#[test]
fn every_case_of_the_family_agrees() {
    for case in cases("metrics/03_neighbours") {
        if case.has_input("x") {
            profiles(&case);
        } else if case.input_names().iter().all(|name| name.starts_with("relevance_")) {
            lists(&case);
        } else {
            panic!("case {} is of no known kind: inputs {:?}", case.name, case.input_names());
        }
        case.finish();
    }
}

fn lists(case: &Case) {
    for name in case.input_names() {
        let relevant: Vec<bool> = case.vector(&name).iter().map(|&v| v == 1.0).collect();
        case.check_scalar(&name.replace("relevance", "average_precision"), average_precision(&relevant));
    }
    if case.has_param("random_baseline_class_sizes") {
        let sizes = case.param_numbers("random_baseline_class_sizes");
        let labels: Vec<usize> =
            sizes.iter().enumerate().flat_map(|(label, &size)| vec![label; size as usize]).collect();
        let labels = RowLabels::new(&labels);
        let mean = |draw: u64| {
            let mut rng = ChaCha8Rng::seed_from_u64(draw);
            let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
            let x = Array2::from_shape_simple_fn((labels.len(), DIMENSIONS), &mut normal);
            mean_average_precision(&x, &labels, &PrecisionConfig::default()).expect("a mean").mean_over_queries
        };
        case.check_scalar("random_baseline.map", (0..DRAWS).map(mean).sum::<f64>() / DRAWS as f64);
    }
}

fn integers(case: &Case, name: &str) -> RowLabels {
    RowLabels::new(&case.vector(name).iter().map(|&v| v as i64).collect::<Vec<i64>>())
}

/// The predicted labels as the numbers they were, -1 where a row was not tested.
fn numbers(knn: &KnnAccuracy, labels: &RowLabels) -> Vec<f64> {
    let number = |code: Option<u32>| code.map_or(-1.0, |code| labels.names()[code as usize].parse().expect("a number"));
    knn.predicted.iter().map(|&code| number(code)).collect()
}

fn shares(connectivity: &GraphConnectivity) -> Vec<f64> {
    connectivity.groups.iter().map(|group| group.connectivity).collect()
}

fn profiles(case: &Case) {
    let (x, k) = (case.matrix("x"), case.param_number("k") as usize);
    let control = (case.param_number("control_label") as i64).to_string();
    let labels = integers(case, "label").with_controls(&[control]).expect("controls");
    let batches = integers(case, "batch");
    let config = KnnConfig { k, ..KnnConfig::default() };
    let knn = |labels: &RowLabels, config: KnnConfig| knn_accuracy(&x, labels, &config).expect("an accuracy");
    let connectivity = |groups: &RowLabels| graph_connectivity(&x, groups, k, Metric::Cosine).expect("a connectivity");
    let precision = |across| {
        let config = PrecisionConfig { across, ..PrecisionConfig::default() };
        mean_average_precision(&x, &labels, &config).expect("a mean")
    };

    let near = neighbours(&x, k, Metric::Cosine).expect("neighbours");
    let (mut rows, mut distances) = (near.rows.mapv(f64::from), near.distances);
    for row in (0..x.nrows()).filter(|&row| x.row(row).iter().all(|&v| v == 0.0)) {
        rows.row_mut(row).fill(-1.0);
        distances.row_mut(row).fill(-1.0);
    }
    case.check("knn_indices", rows.into_dyn());
    case.check("knn_dists", distances.into_dyn());
    let by_label = knn(&labels, config);
    case.check_list("knn_pred_label", numbers(&by_label, &labels));
    let found = precision(None);
    case.check("average_precision", Array1::from(found.average_precision.clone()).into_dyn());

    let dropped = KnnConfig { drop_controls: true, ..config };
    for name in case.scalar_names() {
        let got = match name.as_str() {
            "knn_accuracy.label" | "knn_accuracy.label_without_zero_row" => by_label.accuracy,
            "knn_accuracy.label_controls_dropped" => knn(&labels, dropped).accuracy,
            "knn_accuracy.label_controls_dropped_exp_distance_votes" => {
                knn(&labels, KnnConfig { votes: Votes::Exponential { rate: 1.0 }, ..dropped }).accuracy
            }
            "knn_accuracy.batch" => {
                let by_batch = knn(&batches, config);
                case.check_list("knn_pred_batch", numbers(&by_batch, &batches));
                by_batch.accuracy
            }
            "graph_connectivity.by_batch" => {
                let by_batch = connectivity(&batches);
                case.check_list("connectivity_batch_values", shares(&by_batch));
                by_batch.mean
            }
            "graph_connectivity.by_label" => {
                let by_label = connectivity(&labels);
                case.check_list("connectivity_label_values", shares(&by_label));
                by_label.mean
            }
            "map.mean_over_queries" => found.mean_over_queries,
            "map.mean_over_labels" => found.mean_over_labels,
            "map.cross_batch" => {
                let across = precision(Some((batches.clone(), LeftOut::SameLabel)));
                check_count(case, &name, across.n_queries);
                across.mean_over_queries
            }
            _ => continue, // Case::finish names the targets that are left
        };
        case.check_scalar(&name, got);
    }
    check_count(case, "map.mean_over_queries", found.n_queries);
}

/// The number of queries, where the case says it.
fn check_count(case: &Case, scalar: &str, got: usize) {
    if let Some(want) = case.scalar_field(scalar, "n_queries") {
        case.expect(got as f64 == want, format!("{scalar}: {got} queries, expected {want}"));
    }
}
