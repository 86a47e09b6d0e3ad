//! Clusters, their scores and silhouettes against reference values.

mod common;

use std::collections::BTreeMap;

use common::{Case, cases, shared};
use ndarray::{Array2, Axis};
use perturbook::display::Show;
use perturbook::evaluate::clustering::{
    ClusterConfig, ClusterRuns, ClusterScores, Contingency, KMeansConfig, Spread, Start, cluster_runs, cluster_scores,
    cluster_sweep, kmeans, kmeans_best, lloyd, silhouette,
};
use perturbook::figures::{cluster_curves, cluster_table};
use perturbook::reduce::Metric;

const FAMILY: &str = "metrics/04_clustering";

#[test]
fn every_case_of_the_family_agrees() {
    for case in cases(FAMILY) {
        if case.has_input("initial_centre_rows") {
            clusters_of_points(&case);
        } else if case.has_input("truth") {
            label_vectors(&case);
        } else {
            panic!("case {} is of no known kind: inputs {:?}", case.name, case.input_names());
        }
        case.finish();
    }
}

/// Checks the scores that the case lists under this prefix.
fn check_scores(case: &Case, prefix: &str, scores: &ClusterScores) {
    for name in case.scalar_names() {
        match name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) {
            Some("purity") => case.check_scalar(&name, scores.purity),
            Some("nmi") => case.check_scalar(&name, scores.nmi),
            Some("ari") => case.check_scalar(&name, scores.ari),
            Some("mutual_information") => case.check_scalar(&name, scores.mutual_information),
            _ => {} // what is left over fails in `finish`
        }
    }
}

fn clusters_of_points(case: &Case) {
    let (x, labels) = (case.matrix("x"), case.indices("label"));
    for (metric, name) in [(Metric::Euclidean, "euclidean"), (Metric::Cosine, "cosine")] {
        let found = silhouette(&x, &labels, metric).expect("silhouettes");
        case.check_list(&format!("silhouette_samples_{name}"), found.samples);
        case.check_scalar(&format!("silhouette.{name}"), found.mean);
        let singleton = format!("silhouette.{name}_with_singleton");
        if case.scalar_names().contains(&singleton) {
            let mut alone = labels.clone();
            alone[0] = labels.iter().max().expect("a label") + 1;
            let found = silhouette(&x, &alone, metric).expect("silhouettes");
            case.expect(found.samples[0] == 0.0, "the silhouette of an item that is alone is not 0");
            case.check_scalar(&singleton, found.mean);
        }
    }

    let centres = x.select(Axis(0), &case.indices("initial_centre_rows"));
    let found = lloyd(&x, centres.view(), 1000, 0.0).expect("clusters");
    case.expect(found.converged, "Lloyd's iteration did not converge");
    case.check_indices("lloyd_labels", &found.labels);
    case.check("lloyd_centres", found.centres.clone().into_dyn());
    case.check_scalar("lloyd.inertia", found.inertia);
    check_scores(case, "lloyd", &cluster_scores(&labels, &found.labels).expect("scores"));

    let mut done: BTreeMap<usize, ClusterRuns> = BTreeMap::new();
    for name in case.scalar_names() {
        let Some((runs, what)) = name.strip_prefix("kmeans_").and_then(|rest| rest.split_once("_runs.")) else {
            continue;
        };
        let runs = runs.parse().unwrap_or_else(|_| panic!("{runs:?} in {name:?} is no number"));
        let config = ClusterConfig { runs, ..ClusterConfig::default() };
        let found = done.entry(runs).or_insert_with(|| cluster_runs(&x, &labels, &config).expect("runs"));
        let (of, number) = what.rsplit_once('_').unwrap_or_else(|| panic!("unknown scalar {name:?}"));
        let spread = match of {
            "purity" => found.purity(),
            "nmi" => found.nmi(),
            "ari" => found.ari(),
            "inertia" => found.spread(|run| run.inertia),
            "iterations" => found.spread(|run| run.iterations as f64),
            other => panic!("unknown number {other:?} in {name:?}"),
        };
        case.check_scalar(&name, if number == "mean" { spread.mean } else { spread.sd });
    }
}

fn label_vectors(case: &Case) {
    for input in case.input_names() {
        let Some(name) = input.strip_prefix("clusters_") else { continue };
        let own = format!("truth_{name}");
        let truth = case.indices(if case.has_input(&own) { &own } else { "truth" });
        let scores = cluster_scores(&truth, &case.indices(&input)).expect("scores");
        // the scalars are named by the clusters, or by truth and clusters
        check_scores(case, name, &scores);
        check_scores(case, &format!("{name}_{name}"), &scores);
    }
    if case.scalar_names().iter().any(|name| name.starts_with("random_embedding_kmeans.")) {
        random_embeddings(case);
    }
}

/// The number before or behind these words in the definition of a scalar, such as 14 behind `k=`.
fn in_definition(case: &Case, scalar: &str, before: &str, behind: &str) -> usize {
    let path = shared().join("oracles").join(FAMILY).join(&case.name).join("expected.json");
    let text = std::fs::read_to_string(path).expect("a case");
    let json: serde_json::Value = serde_json::from_str(&text).expect("valid JSON");
    let definition = json["scalars"][scalar]["definition"].as_str().expect("a definition").to_owned();
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let found = if before.is_empty() {
        let head = definition.split(behind).next().expect("a part");
        digits(&head.chars().rev().collect::<String>()).chars().rev().collect()
    } else {
        digits(definition.split(before).nth(1).unwrap_or_default())
    };
    found.parse().unwrap_or_else(|_| panic!("no number at {before:?} or {behind:?} in {definition:?}"))
}

/// Points that know nothing, in classes of the given sizes: the mean over draws of what k-means scores.
fn random_embeddings(case: &Case) {
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};
    const NAME: &str = "random_embedding_kmeans";
    let truth: Vec<usize> = case
        .param_numbers("random_baseline_class_sizes")
        .iter()
        .enumerate()
        .flat_map(|(class, &size)| vec![class; size as usize])
        .collect();
    let any = format!("{NAME}.purity");
    let (k, d) = (in_definition(case, &any, "k=", ""), in_definition(case, &any, "", "-d points"));
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(17);
    let scores: Vec<ClusterScores> = (0..100)
        .map(|draw| {
            let x: Array2<f64> = Array2::from_shape_simple_fn((truth.len(), d), || StandardNormal.sample(&mut rng));
            let config = KMeansConfig { seed: draw, ..KMeansConfig::new(k) };
            cluster_scores(&truth, &kmeans(&x, &config).expect("clusters").labels).expect("scores")
        })
        .collect();
    let mean = |of: fn(&ClusterScores) -> f64| Spread::of(scores.iter().map(of)).mean;
    case.check_scalar(&format!("{NAME}.purity"), mean(|s| s.purity));
    case.check_scalar(&format!("{NAME}.nmi"), mean(|s| s.nmi));
    case.check_scalar(&format!("{NAME}.ari"), mean(|s| s.ari));
}

/// Three groups of points on a line and their labels.
fn groups() -> (Array2<f64>, Vec<&'static str>) {
    let x = Array2::from_shape_fn((30, 2), |(i, j)| {
        if j == 0 { (i / 10) as f64 * 10.0 + (i % 10) as f64 * 0.1 } else { (i * 7 % 10) as f64 * 0.1 }
    });
    (x, (0..30).map(|i| ["APC", "COG", "exosome"][i / 10]).collect())
}

#[test]
fn spread_starts_find_separate_groups_in_every_run() {
    let (x, labels) = groups();
    let config = ClusterConfig { start: Start::PlusPlus, runs: 50, ..ClusterConfig::default() };
    let found = cluster_runs(&x, &labels, &config).expect("runs");
    assert!(found.ari().mean > 0.95, "{:?}", found.ari());
    let best = kmeans_best(&x, &KMeansConfig::new(3), 20).expect("clusters");
    assert_eq!(cluster_scores(&labels, &best.labels).expect("scores").ari, 1.0);
}

#[test]
fn purity_grows_with_the_number_of_clusters_and_the_adjusted_rand_index_does_not() {
    let (x, labels) = groups();
    let sweep = cluster_sweep(&x, &labels, &[1, 3, 10, 30], &ClusterConfig::default()).expect("a sweep");
    let purity: Vec<f64> = sweep.entries.iter().map(|runs| runs.purity().mean).collect();
    assert!(purity.is_sorted() && purity[3] == 1.0, "{purity:?}");
    let best = sweep.entries.iter().max_by(|a, b| a.ari().mean.total_cmp(&b.ari().mean)).expect("an entry");
    assert_eq!(best.k, 3);
    let chance = sweep.at(3).expect("an entry").spread(|run| run.chance.ari);
    assert!(chance.mean.abs() < 0.05, "{chance:?}");
    assert_eq!(sweep.at(3).expect("an entry"), &cluster_runs(&x, &labels, &ClusterConfig::default()).expect("runs"));
    assert!(sweep.at(4).is_err());
    for refused in [&[0][..], &[31], &[]] {
        assert!(cluster_sweep(&x, &labels, refused, &ClusterConfig::default()).is_err());
    }
    assert!(cluster_runs(&x, &labels, &ClusterConfig { runs: 0, ..ClusterConfig::default() }).is_err());
}

#[test]
fn the_cosine_ignores_lengths() {
    let x = Array2::from_shape_fn((20, 2), |(i, j)| if i % 2 == j { 1.0 + i as f64 } else { 0.0 });
    let labels: Vec<usize> = (0..20).map(|i| i % 2).collect();
    let unit = ClusterConfig { unit: true, ..ClusterConfig::default() };
    let best = |config: &ClusterConfig| cluster_runs(&x, &labels, config).expect("runs").ari().mean;
    assert!(best(&unit) > best(&ClusterConfig::default()));
}

#[test]
fn results_draw_themselves() {
    let (x, labels) = groups();
    let sweep = cluster_sweep(&x, &labels, &[2, 3, 4], &ClusterConfig::default()).expect("a sweep");
    let summary = cluster_curves(&[("map", &sweep), ("other", &sweep)]).expect("a figure").summary();
    for text in
        ["Purity of clusters", "NMI of clusters", "ARI of clusters", "number of classes", "Figure 4 of the GRAPE"]
    {
        assert!(summary.contains(text), "{text:?} is missing in {summary}");
    }
    assert!(cluster_curves(&[]).is_err());
    let runs = sweep.at(3).expect("an entry");
    let has_svg = |bundle: perturbook::display::Bundle| bundle.mimes().contains(&"image/svg+xml");
    assert!(has_svg(sweep.bundle()) && has_svg(runs.bundle()));
    assert!(has_svg(silhouette(&x, &labels, Metric::Euclidean).expect("silhouettes").bundle()));
    let many: Vec<usize> = (0..30).map(|i| i / 2 + 100 * (i % 2)).collect();
    assert!(has_svg(silhouette(&x, &many, Metric::Euclidean).expect("silhouettes").bundle()));
    assert!(!kmeans(&x, &KMeansConfig::new(3)).expect("clusters").bundle().mimes().is_empty());
    assert!(!cluster_table(&[("map", runs)]).expect("a table").bundle().mimes().is_empty());
    assert!(!runs.runs[0].scores.bundle().mimes().is_empty());
    assert!(!Contingency::new(&labels, &many).expect("counts").bundle().mimes().is_empty());
}
