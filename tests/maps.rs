//! Neighbours of many points, maps that take labels and new points, and points that are hard on both.

use ndarray::{Array2, ArrayView2, Axis, s};
use perturbook::reduce::{
    Found, FuzzyGraph, Metric, Neighbours, Search, Start, UmapConfig, UmapFit, UmapModel, map_quality, map_quality_of,
    nearest_among, neighbours, neighbours_by, umap, umap_of,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// `n x d` standard normal numbers.
fn noise(n: usize, d: usize, seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((n, d), || rng.sample(StandardNormal))
}

/// `groups` clouds in `d` dimensions whose centres are `apart` standard deviations from the origin in each of them; point
/// `i` is of group `i % groups`.
fn clouds(n: usize, d: usize, groups: usize, apart: f64, seed: u64) -> Array2<f64> {
    let centres = noise(groups, d, seed ^ 0xFF) * apart;
    let mut x = noise(n, d, seed);
    x.rows_mut().into_iter().enumerate().for_each(|(i, mut row)| row += &centres.row(i % groups));
    x
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(work)
}

fn bits(map: &Array2<f32>) -> Vec<u32> {
    map.iter().map(|v| v.to_bits()).collect()
}

/// Share of the points' nearest `k` that are of their own group.
fn purity(near: ArrayView2<'_, u32>, group: impl Fn(usize) -> usize, of: impl Fn(usize) -> usize) -> f64 {
    let own = near.indexed_iter().filter(|((i, _), j)| of(*i) == group(**j as usize)).count();
    own as f64 / near.len() as f64
}

#[test]
fn an_approximate_search_finds_most_neighbours_and_knows_how_many() {
    let few = clouds(5000, 3, 1, 0.0, 1);
    let embedded = few.dot(&noise(3, 40, 2)) + 0.01 * noise(5000, 40, 3);
    let cases = [
        ("clusters", Metric::Euclidean, clouds(6000, 24, 40, 3.0, 4)),
        ("clusters by direction", Metric::Cosine, clouds(6000, 24, 40, 1.0, 5)),
        ("tight clusters far away", Metric::Euclidean, clouds(5000, 10, 25, 200.0, 6) + 1000.0),
        ("a sheet in many dimensions", Metric::Euclidean, embedded),
        ("random", Metric::Euclidean, noise(5000, 16, 7)),
        ("random directions", Metric::Cosine, noise(5000, 16, 8)),
    ];
    for (name, metric, x) in cases {
        let near = neighbours_by(&x, 15, metric, Search::Approximate, 9).expect("neighbours");
        let truth = neighbours(&x, 15, metric).expect("neighbours");
        let overlap = near.overlap(&truth).expect("the same points");
        assert!(overlap >= 0.95, "{name}: {overlap}");
        let Found::Approximate { recall, checked, rounds } = near.found else { panic!("{name}: {:?}", near.found) };
        assert!(checked == 500 && rounds > 0);
        assert!((recall - overlap).abs() < 0.01, "{name}: recall {recall}, overlap {overlap}");
        assert_lists(&x, &near);
    }
}

/// Every list is sorted, without the point itself or a point twice, and its distances are those of the metric.
fn assert_lists(x: &Array2<f64>, near: &Neighbours) {
    for (i, (rows, distances)) in near.rows.rows().into_iter().zip(near.distances.rows()).enumerate() {
        let mut seen = vec![i as u32];
        for (&j, &distance) in rows.iter().zip(distances) {
            assert!(!seen.contains(&j), "row {i}: {rows}");
            seen.push(j);
            assert_eq!(distance, near.metric.distance(&x.row(i).to_vec(), &x.row(j as usize).to_vec()));
        }
        assert!(distances.iter().zip(distances.iter().skip(1)).all(|(a, b)| a <= b), "row {i}: {distances}");
    }
}

#[test]
fn a_search_of_many_points_is_approximate_by_itself() {
    let x = noise(50_500, 3, 10);
    let near = neighbours_by(&x, 10, Metric::Euclidean, Search::Auto, 0).expect("neighbours");
    let Found::Approximate { recall, .. } = near.found else { panic!("{:?}", near.found) };
    assert!(recall >= 0.95, "{recall}");
    let fewer = x.slice(s![..2000, ..]);
    for (search, n) in [(Search::Auto, 2000), (Search::Exact, 2000), (Search::Approximate, 400)] {
        let near = neighbours_by(&fewer.slice(s![..n, ..]), 10, Metric::Euclidean, search, 0).expect("neighbours");
        assert_eq!(near.found, Found::Exact, "{search:?}, {n} points");
    }
}

#[test]
fn an_approximate_search_is_the_same_for_any_number_of_threads() {
    let x = clouds(9000, 12, 5, 1.0, 11);
    let search = |seed| neighbours_by(&x, 12, Metric::Cosine, Search::Approximate, seed).expect("neighbours");
    let one = with_threads(1, || search(3));
    assert_eq!(one, with_threads(2, || search(3)));
    assert_eq!(one, with_threads(5, || search(3)));
    assert_ne!(one, with_threads(2, || search(4)));
}

#[test]
fn an_approximate_search_copes_with_equal_points_and_zero_vectors() {
    let mut x = noise(3000, 6, 12);
    for row in 1000..2000 {
        let same = x.row(row % 7).to_owned();
        x.row_mut(row).assign(&same);
    }
    x.slice_mut(s![2900.., ..]).fill(0.0);
    for metric in [Metric::Euclidean, Metric::Cosine] {
        let near = neighbours_by(&x, 15, metric, Search::Approximate, 1).expect("neighbours");
        let Found::Approximate { recall, .. } = near.found else { panic!("{:?}", near.found) };
        assert!(recall >= 0.95, "{metric:?}: {recall}");
        assert_lists(&x, &near);
        let at_itself = near.distances.slice(s![1000..2000, ..]).iter().filter(|d| **d < 1e-12).count();
        assert_eq!(at_itself, 15_000, "{metric:?}");
        let zero = near.distances.slice(s![2900.., ..]);
        let want = if metric == Metric::Cosine { 1.0 } else { 0.0 };
        assert!(zero.iter().all(|d| *d == want), "{metric:?}");
    }
    let constant = Array2::<f64>::ones((2000, 3));
    let near = neighbours_by(&constant, 15, Metric::Euclidean, Search::Approximate, 1).expect("neighbours");
    assert!(near.distances.iter().all(|d| *d == 0.0));
    assert_lists(&constant, &near);
}

#[test]
fn neighbours_among_other_points_are_those_of_all_distances() {
    let (x, reference) = (noise(70, 5, 13) * 30.0, noise(400, 5, 14) + 1e4);
    for metric in [Metric::Euclidean, Metric::Cosine] {
        let near = nearest_among(&x, &reference, 9, metric).expect("neighbours");
        for i in 0..x.nrows() {
            let point = x.row(i).to_vec();
            let distance = |j: usize| (metric.distance(&point, &reference.row(j).to_vec()), j);
            let mut all: Vec<(f64, usize)> = (0..reference.nrows()).map(distance).collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            for (k, &(distance, row)) in all.iter().take(9).enumerate() {
                assert_eq!((near.distances[[i, k]], near.rows[[i, k]] as usize), (distance, row), "{metric:?} {i}");
            }
        }
    }
    let refused = |x: &Array2<f64>, k| nearest_among(x, &reference, k, Metric::Cosine).unwrap_err().to_string();
    assert!(refused(&noise(3, 4, 0), 2).contains("4 dimensions among points of 5"));
    assert!(refused(&x, 401).contains("ask for 1 to 400"));
    assert!(nearest_among(&noise(0, 5, 0), &reference, 3, Metric::Cosine).expect("nothing").rows.is_empty());
}

#[test]
fn new_points_stand_among_their_like_and_old_ones_where_they_were() {
    let x = clouds(900, 12, 3, 3.0, 15);
    let (old, new) = (x.slice(s![..600, ..]), x.slice(s![600.., ..]));
    for components in [2, 3] {
        let model = UmapFit::new(&old, &UmapConfig { components, ..UmapConfig::default() }).fit().expect("a map");
        let before = bits(&model.umap().map);
        let places = model.transform(&new).expect("places");
        assert_eq!(places.dim(), (300, components));
        let near = nearest_among(&places, &model.umap().map, 5, Metric::Euclidean).expect("neighbours");
        assert_eq!(purity(near.rows.view(), |j| j % 3, |i| i % 3), 1.0);
        assert_eq!(bits(&model.umap().map), before);
        assert_eq!(places, model.transform(&new).expect("places"));

        // The points of the map itself: near where they stand, within a fraction of their cloud.
        let again = model.transform(&old).expect("places");
        let moved = (&again - &model.umap().map).map_axis(Axis(1), |row| row.dot(&row).sqrt());
        let spread = model.umap().map.std_axis(Axis(0), 0.0).sum();
        let mut moved = moved.to_vec();
        moved.sort_by(f32::total_cmp);
        assert!(moved[300] < 0.1 * spread, "median {} of {spread}", moved[300]);
    }
}

#[test]
fn new_points_keep_their_neighbours_as_well_as_old_ones() {
    // A sheet in twenty dimensions: the map's own quality is high, and new points must not lower it much.
    let sheet = noise(1500, 2, 16).dot(&noise(2, 20, 17)) + 0.05 * noise(1500, 20, 18);
    let (old, new) = (sheet.slice(s![..1000, ..]), sheet.slice(s![1000.., ..]));
    let model = UmapFit::new(&old, &UmapConfig::default()).fit().expect("a map");
    let own = map_quality(&old, &model.umap().map, Metric::Euclidean, 15).expect("a quality").overlap;
    let places = model.transform(&new).expect("places");
    let before = nearest_among(&new, &old, 15, Metric::Euclidean).expect("neighbours");
    let after = nearest_among(&places, &model.umap().map, 15, Metric::Euclidean).expect("neighbours");
    let kept: usize =
        (0..500).map(|i| after.rows.row(i).iter().filter(|j| before.rows.row(i).iter().any(|b| b == *j)).count()).sum();
    let kept = kept as f64 / (500.0 * 15.0);
    assert!(kept > 0.8 * own, "new points keep {kept} of their neighbours, old ones {own}");
}

#[test]
fn places_are_the_same_for_any_number_of_threads() {
    let (x, new) = (clouds(700, 8, 4, 1.0, 19), clouds(150, 8, 4, 1.0, 20));
    let labels: Vec<String> = (0..700).map(|i| format!("group {}", i % 4)).collect();
    let config = UmapConfig { epochs: Some(60), search: Search::Approximate, seed: 2, ..UmapConfig::cosine() };
    let run = |threads| {
        with_threads(threads, || {
            let model = UmapFit::new(&x, &config).labels(&labels).fit().expect("a map");
            assert!(matches!(model.umap().found, Found::Approximate { .. }));
            (bits(&model.umap().map), bits(&model.transform(&new).expect("places")))
        })
    };
    assert_eq!(run(1), run(2));
    let other = UmapConfig { seed: 3, ..config.clone() };
    let map = UmapFit::new(&x, &other).labels(&labels).map().expect("a map").map;
    assert_ne!(bits(&map), run(2).0);
}

#[test]
fn a_map_in_a_file_places_points_as_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("map.safetensors");
    let x = clouds(80, 5, 2, 2.0, 36);
    let config = UmapConfig { components: 3, epochs: Some(20), neighbours: 7, ..UmapConfig::cosine() };
    let model = UmapFit::new(&x, &config).fit().expect("a map");
    model.save(&path).expect("a file");
    let read = UmapModel::load(&path).expect("a map");
    assert_eq!((read.config(), bits(&read.umap().map)), (&config, bits(&model.umap().map)));
    assert_eq!((&read.umap().graph, read.umap().start), (&model.umap().graph, model.umap().start));
    let new = noise(9, 5, 37);
    assert_eq!(bits(&read.transform(&new).expect("places")), bits(&model.transform(&new).expect("places")));

    let other = folder.path().join("other.safetensors");
    perturbook::io::safetensors::write(&other, &[("map", (&x).into())]).expect("a file");
    let refused = |path: &std::path::Path| UmapModel::load(path).unwrap_err().to_string();
    assert!(refused(&other).contains("no map is in the file"));
    assert!(refused(&folder.path().join("nothing")).contains("nothing"));
    // An array that does not belong to the others.
    let file = perturbook::io::safetensors::SafeTensors::open(&path).expect("a file");
    let columns = file.read::<u32>("columns").expect("columns").mapv(|j| j + 1);
    let [points, map, weights, rho, sigma] =
        ["points", "map", "weights", "rho", "sigma"].map(|name| file.read::<f64>(name).expect("an array"));
    let starts = file.read::<u64>("starts").expect("starts");
    let arrays = [
        ("points", (&points).into()),
        ("map", (&map.mapv(|v| v as f32)).into()),
        ("starts", (&starts).into()),
        ("columns", (&columns).into()),
        ("weights", (&weights).into()),
        ("rho", (&rho).into()),
        ("sigma", (&sigma).into()),
    ];
    perturbook::io::safetensors::write_with(&other, &arrays, Some(file.metadata())).expect("a file");
    assert!(refused(&other).contains("do not belong together"));
}

#[test]
fn what_cannot_be_placed_is_refused_in_words() {
    let x = clouds(100, 4, 2, 2.0, 21);
    let model = UmapFit::new(&x, &UmapConfig { epochs: Some(10), ..UmapConfig::default() }).fit().expect("a map");
    let refused = |new: &Array2<f64>| model.transform(new).unwrap_err().to_string();
    assert!(refused(&noise(5, 3, 1)).contains("3 dimensions among points of 4"));
    let mut hole = noise(5, 4, 1);
    hole[[2, 1]] = f64::INFINITY;
    assert!(refused(&hole).contains("row 2, column 1"));
    assert_eq!(model.transform(&noise(0, 4, 1)).expect("nothing").dim(), (0, 2));
    let far = model.transform(&(noise(5, 4, 1) * 1e6)).expect("places");
    let zero = model.transform(&Array2::<f64>::zeros((3, 4))).expect("places");
    assert!(far.iter().chain(&zero).all(|v| v.is_finite()));
}

#[test]
fn labels_draw_apart_what_the_points_mix() {
    let x = noise(400, 6, 22);
    let class = |i: usize| i % 2;
    let labels: Vec<&str> = (0..400).map(|i| ["A", "B"][class(i)]).collect();
    let apart = |target_weight: f64| {
        let config = UmapConfig { target_weight, seed: 1, ..UmapConfig::default() };
        let map = UmapFit::new(&x, &config).labels(&labels).map().expect("a map").map;
        let near = neighbours(&map, 10, Metric::Euclidean).expect("neighbours");
        purity(near.rows.view(), class, class)
    };
    let plain = umap(&x, &UmapConfig { seed: 1, ..UmapConfig::default() }).expect("a map").map;
    let near = neighbours(&plain, 10, Metric::Euclidean).expect("neighbours");
    let without = purity(near.rows.view(), class, class);
    let (half, most) = (apart(0.5), apart(0.95));
    assert!(without < 0.6, "{without}");
    assert!(half > 0.9 && most > 0.97, "{half}, {most}");

    // Half of the labels: the others are near their class only as far as the points say so.
    let some: Vec<Option<&str>> = labels.iter().enumerate().map(|(i, l)| (i % 4 < 2).then_some(*l)).collect();
    let config = UmapConfig { target_weight: 0.95, seed: 1, ..UmapConfig::default() };
    let map = UmapFit::new(&x, &config).some_labels(&some).map().expect("a map");
    let near = neighbours(&map.map, 10, Metric::Euclidean).expect("neighbours");
    let labelled = purity(near.rows.view(), class, class);
    assert!(labelled < most && labelled > without, "{without} < {labelled} < {most}");
    assert!(map.map.iter().all(|v| v.is_finite()));
}

#[test]
fn new_points_follow_a_map_that_labels_have_parted() {
    let x = clouds(900, 10, 3, 0.9, 23);
    let labels: Vec<String> = (0..600).map(|i| (i % 3).to_string()).collect();
    let (old, new) = (x.slice(s![..600, ..]), x.slice(s![600.., ..]));
    let model = UmapFit::new(&old, &UmapConfig::default()).labels(&labels).fit().expect("a map");
    let near = nearest_among(&model.transform(&new).expect("places"), &model.umap().map, 5, Metric::Euclidean);
    let own = purity(near.expect("neighbours").rows.view(), |j| j % 3, |i| i % 3);
    let before = nearest_among(&new, &old, 5, Metric::Euclidean).expect("neighbours");
    let before = purity(before.rows.view(), |j| j % 3, |i| i % 3);
    assert!(own > before - 0.03, "{own} of the class in the map, {before} before");
}

#[test]
fn labels_that_do_not_fit_are_refused() {
    let x = noise(50, 3, 24);
    let config = UmapConfig { epochs: Some(5), ..UmapConfig::default() };
    let refused = UmapFit::new(&x, &config).labels(&["A"; 49]).map().unwrap_err().to_string();
    assert!(refused.contains("49 labels for 50 points"), "{refused}");
    let config = UmapConfig { target_weight: 1.1, ..config };
    assert!(UmapFit::new(&x, &config).map().unwrap_err().to_string().contains("target_weight"));
    // One class, and no known label: the points alone decide, and the map is a map.
    let config = UmapConfig { target_weight: 1.0, ..config };
    let one = UmapFit::new(&x, &config).labels(&["A"; 50]).map().expect("a map").map;
    let none = UmapFit::new(&x, &config).some_labels(&[None::<&str>; 50]).map().expect("a map").map;
    assert!(one.iter().chain(&none).all(|v| v.is_finite()));
}

#[test]
fn who_looks_on_sees_the_map_and_can_end_it() {
    let x = clouds(120, 5, 2, 2.0, 25);
    let config = UmapConfig { epochs: Some(50), ..UmapConfig::default() };
    let mut seen = Vec::new();
    let mut last = Array2::zeros((0, 0));
    let map = UmapFit::new(&x, &config)
        .watch(20, |step| {
            seen.push((step.epoch, step.epochs));
            last = step.map.to_owned();
            true
        })
        .map()
        .expect("a map");
    assert_eq!((seen, map.epochs), (vec![(20, 50), (40, 50), (50, 50)], 50));
    assert_eq!(bits(&last), bits(&map.map));
    assert_eq!(bits(&umap(&x, &config).expect("a map").map), bits(&map.map));
    let ended = UmapFit::new(&x, &config).watch(1, |step| step.epoch < 7).map().expect("a map");
    assert_eq!(ended.epochs, 7);
    let shown = UmapConfig { live: true, ..config };
    assert_eq!(bits(&umap(&x, &shown).expect("a map").map), bits(&map.map));
}

#[test]
fn one_value_of_neighbours_serves_maps_and_metrics() {
    let x = clouds(300, 6, 3, 1.0, 26);
    let near = neighbours(&x, 40, Metric::Cosine).expect("neighbours");
    for size in [5, 15, 41] {
        let config = UmapConfig { neighbours: size, epochs: Some(40), ..UmapConfig::cosine() };
        let reused = umap_of(&x, &near, &config).expect("a map");
        assert_eq!(bits(&reused.map), bits(&umap(&x, &config).expect("a map").map), "{size}");
        let in_map = neighbours(&reused.map, 10, Metric::Euclidean).expect("neighbours");
        let quality = map_quality_of(&x, &near, &in_map).expect("a quality");
        assert_eq!(quality, map_quality(&x, &reused.map, Metric::Cosine, 10).expect("a quality"));
        assert!((quality.overlap - near.first(10).expect("ten").overlap(&in_map).expect("same points")).abs() < 1e-12);
    }
    let refused = |near: &Neighbours, config: UmapConfig| umap_of(&x, near, &config).unwrap_err().to_string();
    assert!(refused(&near, UmapConfig { neighbours: 42, ..UmapConfig::cosine() }).contains("40 neighbours"));
    assert!(refused(&near, UmapConfig::default()).contains("Cosine neighbours"));
    let fewer = neighbours(&x.slice(s![..200, ..]), 40, Metric::Cosine).expect("neighbours");
    assert!(refused(&fewer, UmapConfig::cosine()).contains("200 points for 300"));
    let mut broken = near.clone();
    broken.rows[[4, 2]] = 300;
    assert!(refused(&broken, UmapConfig::cosine()).contains("row 300 is no neighbour"));
    assert!(near.first(41).is_err() && near.first(0).is_err());
    assert!(near.overlap(&fewer).is_err());
    let few = near.first(5).expect("five");
    let in_map = neighbours(&x, 10, Metric::Euclidean).expect("neighbours");
    assert!(map_quality_of(&x, &few, &in_map).unwrap_err().to_string().contains("5 before"));
}

#[test]
fn a_graph_in_parts_starts_from_principal_components() {
    // Two clouds so far apart that no neighbourhood reaches across.
    let x = clouds(200, 4, 2, 500.0, 27);
    let near = neighbours(&x, 9, Metric::Euclidean).expect("neighbours");
    assert_eq!(FuzzyGraph::new(&near).components(), 2);
    let config = UmapConfig { neighbours: 10, ..UmapConfig::default() };
    let map = umap_of(&x, &near, &config).expect("a map");
    assert_eq!(map.start, Start::Pca);
    let same = umap_of(&x, &near, &UmapConfig { start: Start::Pca, ..config.clone() }).expect("a map");
    assert_eq!(bits(&map.map), bits(&same.map));
    let parted = neighbours(&map.map, 9, Metric::Euclidean).expect("neighbours");
    assert_eq!(purity(parted.rows.view(), |j| j % 2, |i| i % 2), 1.0);
    let whole = clouds(200, 4, 2, 0.5, 27);
    assert_eq!(umap(&whole, &config).expect("a map").start, Start::Spectral);
    assert_eq!(umap(&whole, &UmapConfig { start: Start::Random, ..config }).expect("a map").start, Start::Random);
}

#[test]
fn hard_points_get_places_or_words() {
    let finite = |x: &Array2<f64>, config: &UmapConfig, what: &str| {
        for metric in [Metric::Euclidean, Metric::Cosine] {
            let config = UmapConfig { metric, epochs: Some(30), ..config.clone() };
            let labels: Vec<usize> = (0..x.nrows()).map(|i| i % 3).collect();
            let labels: Vec<String> = labels.iter().map(usize::to_string).collect();
            for fit in [UmapFit::new(x, &config), UmapFit::new(x, &config).labels(&labels)] {
                let model = fit.fit().unwrap_or_else(|e| panic!("{what}: {e}"));
                let places = model.transform(&x.slice(s![..x.nrows().min(5), ..])).expect("places");
                assert!(model.umap().map.iter().chain(&places).all(|v| v.is_finite()), "{what}, {metric:?}");
            }
        }
    };
    let usual = UmapConfig::default();
    let mut constant_columns = noise(60, 6, 28);
    constant_columns.slice_mut(s![.., ..4]).fill(3.0);
    finite(&constant_columns, &usual, "constant columns");
    finite(&Array2::ones((40, 3)), &usual, "equal points");
    finite(&Array2::zeros((40, 3)), &usual, "zero vectors");
    let mut some_zero = noise(60, 4, 29);
    some_zero.slice_mut(s![20..40, ..]).fill(0.0);
    finite(&some_zero, &usual, "some zero vectors");
    let pairs = noise(30, 4, 30);
    let twice = ndarray::concatenate(Axis(0), &[pairs.view(), pairs.view()]).expect("as many columns");
    finite(&twice, &UmapConfig { neighbours: 2, ..usual.clone() }, "pairs, each a part of its own");
    finite(&noise(16, 4, 31), &usual, "one point more than a neighbourhood");
    finite(&noise(3, 1, 32), &UmapConfig { neighbours: 2, ..usual.clone() }, "three points on a line");
    finite(&(noise(50, 3, 33) * 1e150), &usual, "huge numbers");
    finite(&(noise(50, 3, 34) * 1e-150), &usual, "tiny numbers");

    for n in [0, 1, 14, 15] {
        let refused = umap(&noise(n, 3, 35), &usual).unwrap_err().to_string();
        assert!(refused.contains(&format!("{n} points are too few for 15 neighbours")), "{refused}");
        let refused = neighbours(&noise(n, 3, 35), 15, Metric::Cosine).unwrap_err().to_string();
        assert!(refused.contains("do not have 15 neighbours"), "{refused}");
    }
}
