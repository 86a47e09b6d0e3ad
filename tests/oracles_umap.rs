//! Neighbours, the fuzzy graph, the curve and the quality of maps against reference values.

mod common;

use common::{Case, cases};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use perturbook::evaluate::mid_ranks;
use perturbook::reduce::pca::{Components, Pca};
use perturbook::reduce::{Curve, FuzzyGraph, Metric, Neighbours, UmapConfig, map_quality, neighbours, umap_of};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[test]
fn every_case_of_the_family_agrees() {
    for case in cases("metrics/09_umap") {
        if case.has_param("curves_spread_min_dist") {
            curves(&case);
        } else if case.has_param("seeds") {
            quality(&case);
        } else if case.has_param("local_connectivity") {
            fuzzy(&case);
        } else {
            panic!("case {} is of no known kind: inputs {:?}", case.name, case.input_names());
        }
        case.finish();
    }
}

fn metric(case: &Case) -> Metric {
    match case.param("metric").as_str() {
        Some("cosine") => Metric::Cosine,
        Some("euclidean") => Metric::Euclidean,
        other => panic!("{}: metric {other:?}", case.name),
    }
}

fn curves(case: &Case) {
    let settings = case.param("curves_spread_min_dist").as_array().expect("a list of pairs");
    for (number, pair) in settings.iter().enumerate() {
        let [spread, min_dist] = [0, 1].map(|side| pair[side].as_f64().expect("a number"));
        let curve = Curve::fit(min_dist, spread).expect("a curve");
        case.check_scalar(&format!("curve_{number}.a"), curve.a);
        case.check_scalar(&format!("curve_{number}.b"), curve.b);
        let residual = |i: usize| {
            let x = 3.0 * spread * i as f64 / 299.0;
            let target = if x < min_dist { 1.0 } else { (-(x - min_dist) / spread).exp() };
            (curve.at(x) - target).powi(2)
        };
        case.check_scalar(&format!("curve_{number}.sum_squared_residual"), (0..300).map(residual).sum());
    }
}

/// The reference counts a point as its own first neighbour.
fn with_itself(neighbours: &Neighbours) -> (Array2<f64>, Array2<f64>) {
    let own = Array1::from_iter((0..neighbours.len()).map(|row| row as f64)).insert_axis(Axis(1));
    let rows = neighbours.rows.mapv(f64::from);
    let beside = |first: Array2<f64>, rest: ArrayView2<'_, f64>| {
        ndarray::concatenate(Axis(1), &[first.view(), rest]).expect("as many rows")
    };
    (beside(own, rows.view()), beside(Array2::zeros((neighbours.len(), 1)), neighbours.distances.view()))
}

fn fuzzy(case: &Case) {
    assert_eq!(case.param_number("local_connectivity"), 1.0);
    assert_eq!(case.param_number("set_op_mix_ratio"), 1.0);
    assert_eq!(case.param_number("bandwidth"), 1.0);
    let x = case.matrix("x");
    let k = case.param_number("n_neighbors") as usize;
    let near = neighbours(&x, k - 1, metric(case)).expect("neighbours");
    let (rows, distances) = with_itself(&near);
    case.check("knn_indices", rows.into_dyn());
    case.check("knn_dists", distances.into_dyn());
    let graph = FuzzyGraph::new(&near);
    case.check_list("rho", graph.rho.iter().copied());
    case.check_list("sigma", graph.sigma.iter().copied());
    case.check_list("sigma_umap_f32", graph.sigma.iter().copied());
    let sources = (0..graph.len()).flat_map(|i| std::iter::repeat_n(i as f64, graph.row(i).0.len()));
    case.check_list("rows", sources);
    case.check_list("cols", graph.columns.iter().map(|&j| f64::from(j)));
    case.check_list("vals", graph.weights.iter().copied());
    case.check_list("vals_f64", graph.weights.iter().copied());
    case.check_scalar("nnz", graph.edges() as f64);
    case.check_scalar("sum_of_weights", graph.weights.iter().sum());
    case.check_scalar("connected_components", graph.components() as f64);
    let name = "normalised_laplacian_smallest_eigenvalues";
    let count = case.scalar_list(name).len() - 1;
    let spectrum = graph.spectrum(count, 7).expect("eigenvalues");
    assert!(spectrum.residual < 1e-6, "residual {}", spectrum.residual);
    case.check_scalar_list(name, std::iter::once(0.0).chain(spectrum.eigenvalues));
}

fn quality(case: &Case) {
    let (x, metric) = (case.matrix("x"), metric(case));
    let config = UmapConfig {
        neighbours: case.param_number("n_neighbors") as usize,
        min_dist: case.param_number("min_dist"),
        spread: case.param_number("spread"),
        components: case.param_number("n_components") as usize,
        metric,
        ..UmapConfig::default()
    };
    let k = case.param_number("k_eval") as usize;
    let between = mid_ranks(&distances(&x, metric));
    let judge = |map: &Array2<f64>| {
        let quality = map_quality(&x, map, metric, k).expect("a quality");
        let spearman = correlation(&between, &mid_ranks(&distances(map, Metric::Euclidean)));
        [quality.trustworthiness, quality.overlap, spearman]
    };
    let names = [format!("trustworthiness_k{k}"), format!("overlap_{k}nn"), "spearman_all_pairs".to_owned()];
    let check = |what: &str, got: [f64; 3]| {
        for (name, got) in names.iter().zip(got) {
            case.check_scalar(&format!("{name}.{what}"), got);
        }
    };
    check("of_embedding_seed0", judge(&case.expected_matrix("embedding_seed0")));
    check("pca2_floor", judge(&principal(&x, metric)));
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    check("random_floor", judge(&Array2::from_shape_simple_fn((x.nrows(), 2), || rng.random_range(0.0..1.0))));

    let near = neighbours(&x, config.neighbours - 1, metric).expect("neighbours");
    let seeds = case.param_numbers("seeds");
    let mut mean = [0.0; 3];
    for &seed in &seeds {
        let config = UmapConfig { seed: seed as u64, ..config.clone() };
        let map = umap_of(&x, &near, &config).expect("a map").map;
        let got = judge(&map.mapv(f64::from));
        mean.iter_mut().zip(got).for_each(|(mean, got)| *mean += got / seeds.len() as f64);
    }
    for ((name, got), slack) in names.iter().zip(mean).zip([0.01, 0.01, 0.1]) {
        // One-sided: as good as the reference's mean, or better.
        case.check_at_least(&format!("{name}.umap_mean"), got, slack);
    }
}

/// Two principal components; of the unit vectors under the cosine distance.
fn principal(x: &Array2<f64>, metric: Metric) -> Array2<f64> {
    let mut x = x.clone();
    if metric == Metric::Cosine {
        x.rows_mut().into_iter().for_each(|mut row| row /= row.dot(&row).sqrt());
    }
    let pca = Pca::fit(x.view(), Components::Count(2)).expect("components");
    pca.transform(x.view()).expect("scores")
}

/// The correlation of two lists of ranks, whose means are equal.
fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let mean = (x.len() + 1) as f64 / 2.0;
    let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    sum(x, y) / (sum(x, x) * sum(y, y)).sqrt()
}

/// All distances, `i < j`.
fn distances(x: &Array2<f64>, metric: Metric) -> Vec<f64> {
    let row = |i: usize| x.row(i).to_vec();
    let rows: Vec<Vec<f64>> = (0..x.nrows()).map(row).collect();
    let pairs = (0..rows.len()).flat_map(|i| (i + 1..rows.len()).map(move |j| (i, j)));
    pairs.map(|(i, j)| metric.distance(&rows[i], &rows[j])).collect()
}

#[test]
fn the_map_is_the_same_for_any_number_of_threads() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let x = Array2::from_shape_simple_fn((600, 8), || rng.random_range(-1.0..1.0_f64));
    let map = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let config = UmapConfig { seed, epochs: Some(60), ..UmapConfig::default() };
        let bits = |map: Array2<f32>| map.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        pool.install(|| bits(perturbook::reduce::umap(&x, &config).expect("a map").map))
    };
    assert_eq!(map(1, 5), map(2, 5));
    assert_eq!(map(2, 5), map(2, 5));
    assert_ne!(map(1, 5), map(1, 6));
}

#[test]
fn groups_that_were_apart_stay_apart() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let group = |i: usize| i % 3;
    let x = Array2::from_shape_fn((300, 10), |(i, k)| {
        8.0 * f64::from(u8::from(group(i) == k)) + rng.random_range(-1.0..1.0)
    });
    for components in [2, 3] {
        let map = perturbook::reduce::umap(&x, &UmapConfig { components, ..UmapConfig::default() }).expect("a map");
        let near = neighbours(&map.map, 5, Metric::Euclidean).expect("neighbours");
        let strangers = near.rows.indexed_iter().filter(|((i, _), j)| group(*i) != group(**j as usize)).count();
        assert_eq!(strangers, 0, "{components} dimensions");
    }
}

#[test]
fn points_that_no_map_can_be_made_of_are_refused_in_words() {
    let x = Array2::from_shape_fn((20, 2), |(i, k)| (i * (k + 1)) as f64);
    let refused = |x: &Array2<f64>, config: UmapConfig| perturbook::reduce::umap(x, &config).unwrap_err().to_string();
    assert!(refused(&x, UmapConfig { neighbours: 21, ..UmapConfig::default() }).contains("too few"));
    assert!(refused(&x, UmapConfig { neighbours: 1, ..UmapConfig::default() }).contains("neighbours"));
    assert!(refused(&x, UmapConfig { components: 5, ..UmapConfig::default() }).contains("components"));
    assert!(refused(&x, UmapConfig { min_dist: 2.0, ..UmapConfig::default() }).contains("min_dist"));
    let mut broken = x.clone();
    broken[[3, 1]] = f64::NAN;
    assert!(refused(&broken, UmapConfig::default()).contains("row 3, column 1"));
    assert!(neighbours(&x, 20, Metric::Euclidean).is_err());
}

#[test]
fn equal_points_and_zero_vectors_get_a_place() {
    let mut x = Array2::from_shape_fn((60, 4), |(i, k)| ((i * 7 + k * 3) % 11) as f64 - 5.0);
    x.row_mut(5).fill(0.0);
    for row in 20..40 {
        let first = x.row(20).to_owned();
        x.row_mut(row).assign(&first);
    }
    for metric in [Metric::Euclidean, Metric::Cosine] {
        let config = UmapConfig { metric, neighbours: 6, ..UmapConfig::default() };
        let map = perturbook::reduce::umap(&x, &config).expect("a map");
        assert!(map.map.iter().all(|v| v.is_finite()), "{metric:?}");
    }
    let constant = Array2::<f64>::ones((30, 3));
    let map = perturbook::reduce::umap(&constant, &UmapConfig::default()).expect("a map");
    assert!(map.map.iter().all(|v| v.is_finite()));
}

#[test]
fn neighbours_found_by_blocks_are_those_of_all_distances() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    // Far from the origin, with ties: where single precision alone would be wrong.
    let x = Array2::from_shape_simple_fn((700, 5), || 1e6 + f64::from(rng.random_range(0..6_u8)));
    for metric in [Metric::Euclidean, Metric::Cosine] {
        let near = neighbours(&x, 7, metric).expect("neighbours");
        for i in 0..x.nrows() {
            let point = x.row(i).to_vec();
            let mut all: Vec<(f64, usize)> =
                (0..x.nrows()).filter(|&j| j != i).map(|j| (metric.distance(&point, &x.row(j).to_vec()), j)).collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            for (k, &(distance, row)) in all.iter().take(7).enumerate() {
                assert_eq!((near.distances[[i, k]], near.rows[[i, k]] as usize), (distance, row), "{metric:?} {i}");
            }
        }
    }
}
