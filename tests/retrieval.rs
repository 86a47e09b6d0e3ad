//! Retrieval and mixing: degenerate input, planted truth, and figures of the results.

use ndarray::{Array2, array};
use perturbook::display::Show;
use perturbook::evaluate::{
    KnnConfig, LeftOut, PrecisionConfig, RowLabels, Votes, batch_mixing, graph_connectivity, hits_at_k, knn_accuracy,
    mean_average_precision, pair_similarities, percent_strong,
};
use perturbook::reduce::Metric;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// `n` rows: the label's direction times `label`, the batch's times `batch`, and noise.
fn screen(n: usize, label: f64, batch: f64, seed: u64) -> (Array2<f64>, RowLabels, RowLabels) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    let mut x = Array2::from_shape_simple_fn((n, 24), &mut normal);
    let (labels, batches): (Vec<usize>, Vec<usize>) = (0..n).map(|row| (row % 12, row / 12 % 3)).unzip();
    for row in 0..n {
        x[[row, labels[row]]] += label;
        x[[row, 12 + batches[row]]] += batch;
    }
    let labels = RowLabels::new(&labels).with_controls(&["0"]).unwrap();
    (x, labels, RowLabels::new(&batches))
}

#[test]
fn planted_labels_are_retrieved_and_permuted_ones_are_not() {
    let (x, labels, batches) = screen(144, 4.0, 0.0, 1);
    let config = PrecisionConfig { permutations: 99, ..PrecisionConfig::default() };
    let found = mean_average_precision(&x, &labels, &config).unwrap();
    assert!(found.mean_over_queries > 0.5 && found.random < 0.15, "{} {}", found.mean_over_queries, found.random);
    assert_eq!(found.labels.len(), 11);
    assert!(found.p_values().iter().all(|&p| p == 0.01));
    assert_eq!(found.null.unwrap().p, 0.01);
    assert!(knn_accuracy(&x, &labels, &KnnConfig::default()).unwrap().accuracy > 0.5);
    assert!(percent_strong(&x, &labels, 200, 1).unwrap().percent == 100.0);
    let pairs = pair_similarities(&x, &labels).unwrap();
    assert!(pairs.mean_same > pairs.mean_different + 0.2 && pairs.ks() > 0.5);
    assert_eq!(pairs.n_same() + pairs.n_different(), 132 * 131 / 2);
    assert!(pairs.enrichment(0.05).unwrap().odds_ratio > 10.0);

    let (nothing, labels, _) = screen(144, 0.0, 0.0, 2);
    let found = mean_average_precision(&nothing, &labels, &config).unwrap();
    assert!(found.null.unwrap().p > 0.05 && (found.mean_over_queries - found.random).abs() < 0.03);
    assert!(percent_strong(&nothing, &labels, 200, 1).unwrap().percent < 30.0);
    assert!(
        mean_average_precision(&x, &labels, &PrecisionConfig { across: Some((batches, LeftOut::SameBatch)), ..config })
            .is_ok()
    );
}

#[test]
fn batches_that_lie_apart_are_seen_and_mixed_ones_as_well() {
    let (apart, labels, batches) = screen(144, 0.0, 30.0, 3);
    let (mixed, ..) = screen(144, 0.0, 0.0, 4);
    let far = batch_mixing(&apart, &batches, 15, Metric::Cosine).unwrap();
    let near = batch_mixing(&mixed, &batches, 15, Metric::Cosine).unwrap();
    assert!(far.entropy < 0.05 && far.inverse_simpson < 1.1 && far.acceptance < 0.05, "{far:?}");
    assert!(near.entropy > 0.85 && near.inverse_simpson > 2.2 && near.acceptance > 0.8, "{near:?}");
    assert!((near.entropy_when_mixed - 1.0).abs() < 1e-12 && (near.inverse_simpson_when_mixed - 3.0).abs() < 1e-12);
    assert!(graph_connectivity(&apart, &batches, 5, Metric::Cosine).unwrap().mean > 0.9);
    // Batches of labels: across them nothing is left of what a batch effect alone brings.
    let labels_in_batches = RowLabels::new(&batches.codes().iter().map(|&b| b / 2).collect::<Vec<_>>());
    let within = mean_average_precision(&apart, &labels_in_batches, &PrecisionConfig::default()).unwrap();
    let across = PrecisionConfig { across: Some((batches, LeftOut::SameLabel)), ..PrecisionConfig::default() };
    let across = mean_average_precision(&apart, &labels_in_batches, &across).unwrap();
    assert!(across.mean_over_queries < within.mean_over_queries - 0.1);
    assert_eq!(labels.len(), across.average_precision.len());
}

#[test]
fn pairs_and_random_groups_are_the_same_on_any_number_of_threads() {
    let (x, labels, _) = screen(300, 2.0, 1.0, 7);
    let on = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| (pair_similarities(&x, &labels).unwrap(), percent_strong(&x, &labels, 50, seed).unwrap()))
    };
    let (one, three) = (on(1, 1), on(3, 1));
    assert_eq!(one, three);
    assert_ne!(one.1.null, on(3, 2).1.null);
    // The same pairs one by one, from whole cosines.
    let cosines = perturbook::evaluate::CosinePairs::new(x.view());
    let perturbed = labels.perturbed_rows();
    let pairs = perturbed.iter().enumerate().flat_map(|(at, &i)| perturbed[..at].iter().map(move |&j| (i, j)));
    let same: Vec<f64> =
        pairs.filter(|&(i, j)| labels.codes()[i] == labels.codes()[j]).map(|(i, j)| cosines.get(i, j)).collect();
    assert_eq!(one.0.n_same() as usize, same.len());
    assert!((one.0.mean_same - same.iter().sum::<f64>() / same.len() as f64).abs() < 1e-12);
}

#[test]
fn ties_share_the_last_rank_whatever_the_order_of_the_rows() {
    // The query's replicate and a stranger are the same vector: rank 2 for both.
    let x = array![[1.0, 0.0], [3.0, 1.0], [3.0, 1.0], [0.0, 1.0]];
    for labels in [["a", "a", "b", "c"], ["a", "b", "a", "c"]] {
        let found = mean_average_precision(&x, &RowLabels::new(&labels), &PrecisionConfig::default()).unwrap();
        assert_eq!(found.average_precision[0], 0.5);
    }
    // A zero vector ranks at distance 1 and ranks all others alike.
    let x = array![[0.0, 0.0], [1.0, 0.0], [-1.0, 0.1], [1.0, 0.1]];
    let labels = RowLabels::new(&["a", "a", "b", "b"]);
    let found = mean_average_precision(&x, &labels, &PrecisionConfig::default()).unwrap();
    assert_eq!(found.average_precision, [1.0 / 3.0, 0.5, 0.5, 1.0 / 3.0]);
    let knn = knn_accuracy(&x, &labels, &KnnConfig { k: 2, ..KnnConfig::default() }).unwrap();
    assert_eq!((knn.predicted[0], knn.n_tested), (None, 3));
}

#[test]
fn input_that_has_no_answer_is_refused_in_words() {
    let (x, labels, batches) = screen(36, 1.0, 0.0, 5);
    let said = |e: perturbook::Error| e.to_string();
    let config = PrecisionConfig::default();
    let knn = |k: usize| KnnConfig { k, ..KnnConfig::default() };
    assert!(said(knn_accuracy(&x, &labels, &knn(36)).unwrap_err()).contains("36 points do not have 36 neighbours"));
    assert!(said(knn_accuracy(&x, &labels, &knn(0)).unwrap_err()).contains("neighbours"));
    let few = RowLabels::new(&["a", "b"]);
    assert!(said(mean_average_precision(&x, &few, &config).unwrap_err()).contains("2 labels for 36 rows"));
    assert!(said(knn_accuracy(&x, &few, &knn(3)).unwrap_err()).contains("2 labels for 36 rows"));
    let across = PrecisionConfig { across: Some((few.clone(), LeftOut::SameLabel)), ..config.clone() };
    assert!(said(mean_average_precision(&x, &labels, &across).unwrap_err()).contains("batches"));
    let single = RowLabels::new(&(0..36).collect::<Vec<u32>>());
    assert!(said(mean_average_precision(&x, &single, &config).unwrap_err()).contains("no row has another one"));
    assert!(said(hits_at_k(&x, &single, 3, Metric::Cosine).unwrap_err()).contains("no row has another one"));
    assert!(said(percent_strong(&x, &single, 10, 0).unwrap_err()).contains("0 of 36 labels have replicates"));
    assert!(pair_similarities(&x, &single).unwrap().ks().is_nan());
    assert!(pair_similarities(&x, &single).unwrap().enrichment(0.1).is_err());
    let controls = RowLabels::new(&vec!["nt"; 36]).with_controls(&["nt"]).unwrap();
    assert!(mean_average_precision(&x, &controls, &config).is_err());
    assert!(pair_similarities(&x, &controls).is_err());
    let dropped = KnnConfig { drop_controls: true, ..knn(3) };
    assert!(knn_accuracy(&x, &controls, &dropped).is_err());
    assert!(said(RowLabels::new(&["a"]).with_controls(&["nt"]).unwrap_err()).contains("no row has the label"));
    let one = RowLabels::new(&vec!["plate 1"; 36]);
    assert!(said(batch_mixing(&x, &one, 5, Metric::Cosine).unwrap_err()).contains("one batch alone"));
    let mut broken = x.clone();
    broken[[3, 1]] = f64::NAN;
    assert!(said(mean_average_precision(&broken, &labels, &config).unwrap_err()).contains("row 3, column 1"));
    assert!(said(pair_similarities(&broken, &batches).unwrap_err()).contains("row 3, column 1"));
    let zeros = Array2::<f64>::zeros((36, 4));
    assert!(said(knn_accuracy(&zeros, &labels, &knn(3)).unwrap_err()).contains("zero vectors"));
    // One label for all: everything is relevant, whatever the order.
    let same = RowLabels::new(&vec!["x"; 36]);
    assert_eq!(mean_average_precision(&zeros, &same, &config).unwrap().mean_over_queries, 1.0);
    assert_eq!(knn_accuracy(&x, &same, &knn(3)).unwrap().accuracy, 1.0);
}

#[test]
fn votes_weigh_neighbours_as_they_say() {
    let (labels, distances) = ([1, 1, 2, 2, 2], [0.1, 0.1, 0.9, 0.9, 0.9]);
    assert_eq!(Votes::Equal.winner(&labels, &distances), Some(2));
    assert_eq!(Votes::Exponential { rate: -5.0 }.winner(&labels, &distances), Some(1));
    assert_eq!(Votes::Equal.winner(&[], &[]), None);
    assert_eq!(Votes::Equal.winner(&[4, 9, 9, 4], &[0.1, 0.2, 0.3, 0.4]), Some(4));
}

#[test]
fn every_result_shows_itself_as_a_figure() {
    let (x, labels, batches) = screen(144, 2.0, 1.0, 6);
    let config = PrecisionConfig { permutations: 19, ..PrecisionConfig::default() };
    let map = mean_average_precision(&x, &labels, &config).unwrap();
    let many = RowLabels::new(&(0..144).map(|row| row / 2).collect::<Vec<u32>>());
    let crowd = mean_average_precision(&x, &many, &config).unwrap();
    let knn = knn_accuracy(&x, &labels, &KnnConfig::default()).unwrap();
    let connectivity = graph_connectivity(&x, &batches, 5, Metric::Cosine).unwrap();
    let mixing = batch_mixing(&x, &batches, 15, Metric::Cosine).unwrap();
    let hits = hits_at_k(&x, &labels, 10, Metric::Cosine).unwrap();
    let strong = percent_strong(&x, &labels, 100, 1).unwrap();
    let pairs = pair_similarities(&x, &labels).unwrap();
    let shown: [(&str, &dyn Show); 8] = [
        ("mean average precision", &map),
        ("highest first", &crowd),
        ("accuracy", &knn),
        ("Graph connectivity", &connectivity),
        ("inverse Simpson index", &mixing),
        ("share of the queries", &hits),
        ("% strong", &strong),
        ("different labels", &pairs),
    ];
    for (words, result) in shown {
        let bundle = result.bundle();
        let text = bundle.get("text/plain").and_then(|text| text.as_str()).unwrap_or_default().to_owned();
        assert!(text.contains(words), "{words}: {text}");
        assert!(bundle.mimes().contains(&"image/svg+xml"), "{words}: {text}");
    }
    let enrichment = pairs.enrichment(0.05).unwrap().bundle();
    assert!(enrichment.get("text/plain").unwrap().as_str().unwrap().contains("odds_ratio"));
}
