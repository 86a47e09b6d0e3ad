//! Recall of known relations and tests of gene sets against reference values.

mod common;

use common::{Case, cases};
use ndarray::{Array2, arr1};
use perturbook::evaluate::{
    Convention, GeneSets, Relations, cluster_ks, efaar_recall, hypergeometric_upper_tail, rank_recall, recall_at,
    set_coherence_of_draws,
};
use perturbook::screen::Profiles;

#[test]
fn every_case_of_the_family_agrees() {
    for case in cases("metrics/01_relation_recall") {
        if case.has_input("relations_raw") {
            recall_of_pairs(&case);
        } else if case.has_input("set_members") {
            gene_sets(&case);
        } else if case.has_input("null_0") {
            ranks(&case);
        } else {
            panic!("case {} is of no known kind: inputs {:?}", case.name, case.input_names());
        }
        case.finish();
    }
}

fn gene(index: usize) -> String {
    format!("G{index}")
}

fn profiles(case: &Case) -> Profiles {
    let x = case.matrix("x");
    Profiles::new((0..x.nrows()).map(gene).collect(), x).expect("valid profiles")
}

fn check_graph(case: &Case, profiles: &Profiles, relations: &Relations) {
    let graph = relations.among(profiles.keys());
    let edges = Array2::from_shape_fn((graph.edges().len(), 2), |(k, side)| {
        let (i, j) = graph.edges()[k];
        (if side == 0 { i } else { j }) as f64
    });
    case.check("edges", edges.into_dyn());
    case.check_indices("nodes", graph.nodes());
}

/// The last number in a name such as `two_sided.recall_p95`.
fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} in the name of a scalar is no number"))
}

fn recall_of_pairs(case: &Case) {
    let profiles = profiles(case);
    let raw = case.index_matrix("relations_raw");
    let relations = Relations::from_pairs("case", raw.rows().into_iter().map(|r| (gene(r[0]), gene(r[1]))));
    check_graph(case, &profiles, &relations);

    let (percentiles, columns) = (case.param_numbers("percentiles"), case.param_names("table_columns"));
    let two = recall_at(&profiles, &relations, Convention::TwoSided, &percentiles).expect("a curve");
    let one = recall_at(&profiles, &relations, Convention::OneSided, &percentiles).expect("a curve");
    for (name, curve) in [("table_two_sided", &two), ("table_one_sided", &one)] {
        let table = Array2::from_shape_fn((curve.points.len(), columns.len()), |(row, column)| {
            let point = &curve.points[row];
            match columns[column].as_str() {
                "percentile" => point.percentile,
                "q_low" => point.q_low,
                "q_high" => point.q_high,
                "n_predicted" => point.n_predicted as f64,
                "n_true_positive" => point.n_true_positive as f64,
                "precision" => point.precision,
                "recall" => point.recall,
                "f1" => point.f1,
                "fpr" => point.fpr,
                other => panic!("unknown column {other:?}"),
            }
        });
        case.check(name, table.into_dyn());
    }

    let ranks = efaar_recall(&profiles, &relations, &[]).expect("ranks");
    case.check_list("efaar_rank_left", ranks.rank_left);
    case.check_list("efaar_rank_right", ranks.rank_right);
    let at_thresholds =
        |low: f64, high: f64| efaar_recall(&profiles, &relations, &[(low, high)]).expect("recall").thresholds[0];
    for name in case.scalar_names() {
        let (curve, field) = match name.split_once('.') {
            Some(("two_sided", field)) => (Some(&two), field),
            Some(("one_sided", field)) => (Some(&one), field),
            Some((_, field)) => (None, field),
            None => (None, name.as_str()),
        };
        match (curve, field) {
            (Some(curve), field) => {
                let got = if let Some(p) = field.strip_prefix("recall_p") {
                    curve.at(number(p)).expect("a point").recall
                } else if let Some(p) = field.strip_prefix("precision_p") {
                    curve.at(number(p)).expect("a point").precision
                } else if let Some(share) = field.strip_prefix("recall_at_").and_then(|f| f.strip_suffix("pct")) {
                    curve.at(100.0 - number(share)).expect("a point").recall
                } else {
                    panic!("unknown scalar {name:?}");
                };
                case.check_scalar(&name, got);
            }
            (None, "n_nodes") => case.check_scalar(&name, two.n_nodes as f64),
            (None, "n_positive_ordered") => case.check_scalar(&name, 2.0 * two.n_edges as f64),
            (None, "null_size") => case.check_scalar(&name, ranks.null_size as f64),
            (None, field) if field.starts_with("recall_upper_only_") => {
                let high = number(&field["recall_upper_only_".len()..]);
                case.check_scalar(&name, at_thresholds(1.0 - high, high).recall_upper);
            }
            (None, field) if field.starts_with("recall_") => {
                let (low, high) = field["recall_".len()..].split_once('_').expect("two thresholds");
                let found = at_thresholds(number(low), number(high));
                case.check_scalar(&name, found.recall);
                if let Some(n) = case.scalar_field(&name, "n_recalled") {
                    case.expect(
                        found.n_recalled as f64 == n,
                        format!("{name}: {} recalled, not {n}", found.n_recalled),
                    );
                }
            }
            _ => {} // what is left over fails in `finish`
        }
    }
}

fn ranks(case: &Case) {
    for name in case.input_names() {
        let Some(which) = name.strip_prefix("null_") else { continue };
        let (null, query) = (case.vector(&name).to_vec(), case.vector(&format!("query_{which}")).to_vec());
        let ranks = rank_recall(&null, &query, &[]).expect("ranks");
        case.check_list(&format!("rank_left_{which}"), ranks.rank_left);
        case.check_list(&format!("rank_right_{which}"), ranks.rank_right);
        for scalar in case.scalar_names() {
            if let Some(thresholds) = scalar.strip_prefix(&format!("recall_{which}_")) {
                let (low, high) = thresholds.split_once('_').expect("two thresholds");
                let found = rank_recall(&null, &query, &[(number(low), number(high))]).expect("recall");
                case.check_scalar(&scalar, found.thresholds[0].recall);
            }
        }
    }
}

/// Sets from offsets into one list of members.
fn cut(offsets: &[usize], members: &[usize]) -> Vec<Vec<usize>> {
    offsets.windows(2).map(|w| members[w[0]..w[1]].to_vec()).collect()
}

fn gene_sets(case: &Case) {
    let profiles = profiles(case);
    let listed = cut(&case.indices("set_offsets"), &case.indices("set_members"));
    let sets = GeneSets::new(
        "case",
        listed.iter().enumerate().map(|(k, members)| (format!("S{k}"), members.iter().map(|&g| gene(g)).collect())),
    );
    check_graph(case, &profiles, &Relations::from_sets(&sets));

    let draws = cut(&case.indices("draw_offsets"), &case.indices("draw_members"));
    let coherence =
        set_coherence_of_draws(profiles.values(), &sets.rows(profiles.keys()), &draws).expect("set coherence");
    case.check_indices("kept_sets", &coherence.sets);
    case.check_list("mean_offdiag_cosine_sets", coherence.inside);
    case.check_list("mean_offdiag_cosine_draws", coherence.drawn);
    case.check_scalar("ks_statistic.sets_vs_draws", coherence.ks.statistic);
    case.check_scalar("ks_pvalue.sets_vs_draws", coherence.ks.p);

    // The case lists the first of the sets with at least 10 genes.
    let mut clusters = cluster_ks(&profiles, &sets, 10).expect("tests of large sets");
    clusters.truncate(12);
    case.check_indices("cluster_ks_sets", &clusters.iter().map(|c| c.set).collect::<Vec<_>>());
    case.check_list("cluster_ks_statistic", clusters.iter().map(|c| c.ks.statistic));
    case.check_list("cluster_ks_pvalue", clusters.iter().map(|c| c.ks.p));

    let mut table = case.expected_matrix("hypergeometric_upper_tail");
    for mut row in table.rows_mut() {
        let [population, drawn, marked, overlap] = [row[0], row[1], row[2], row[3]].map(|v| v as u64);
        row[4] = hypergeometric_upper_tail(population, marked, drawn, overlap).expect("a tail");
    }
    case.check("hypergeometric_upper_tail", table.into_dyn());
}

#[test]
fn a_map_without_information_recalls_what_chance_would() {
    use rand::{RngExt, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let n = 400;
    let x = Array2::from_shape_simple_fn((n, 24), || rng.random_range(-1.0..1.0));
    let profiles = Profiles::new((0..n).map(gene).collect(), x).expect("valid profiles");
    let pairs: Vec<_> = (0..4000).map(|_| (gene(rng.random_range(0..n)), gene(rng.random_range(0..n)))).collect();
    let relations = Relations::from_pairs("random", pairs);
    for convention in [Convention::TwoSided, Convention::OneSided] {
        let curve = recall_at(&profiles, &relations, convention, &[90.0, 95.0]).expect("a curve");
        for point in curve.points {
            let expected = convention.random_expectation(point.percentile);
            assert!((point.recall - expected).abs() < 0.02, "{convention:?} {point:?}, expected {expected}");
        }
    }
}

#[test]
fn exact_order_statistics_where_a_percentile_falls_on_one_entry() {
    // Nine nodes: 81 entries, so percentiles in steps of 5 sit on order statistics 0, 4, 8, ...
    let n = 9;
    let x = Array2::from_shape_fn((n, 2), |(i, j)| {
        let angle = 0.03 * (i * i) as f64;
        if j == 0 { angle.cos() } else { angle.sin() }
    });
    let profiles = Profiles::new((0..n).map(gene).collect(), x).expect("valid profiles");
    let ring = Relations::from_pairs("ring", (0..n).map(|i| (gene(i), gene((i + 1) % n))));
    let curve = recall_at(&profiles, &ring, Convention::OneSided, &[75.0, 80.0, 85.0]).expect("a curve");
    // Position 80 * 25 / 100 = 20: 9 zeros, then every distance twice; entry 20 is the sixth distance (index 5).
    let counts: Vec<usize> = curve.points.iter().map(|p| p.n_predicted).collect();
    assert_eq!(counts, [12, 8, 4]);
}

#[test]
fn maps_without_relations_say_so() {
    let keys = vec!["A".to_string(), "B".to_string()];
    let profiles = Profiles::new(keys, ndarray::array![[1.0, 0.0], [0.0, 0.0]]).expect("valid profiles");
    let empty = Relations::from_pairs("none", Vec::<(&str, &str)>::new());
    let foreign = Relations::from_pairs("foreign", [("X", "Y")]);
    for relations in [&empty, &foreign] {
        let e = recall_at(&profiles, relations, Convention::TwoSided, &[95.0]).expect_err("no relation");
        assert!(e.to_string().contains("connects two of the 2 profiles"), "{e}");
        assert!(efaar_recall(&profiles, relations, &[(0.05, 0.95)]).is_err());
    }
    let known = Relations::from_pairs("known", [("A", "B")]);
    assert!(recall_at(&profiles, &known, Convention::TwoSided, &[101.0]).is_err());

    // Two genes, one of them a zero vector: its cosine is 0, its distance 1, and the graph has no negatives.
    let point = recall_at(&profiles, &known, Convention::TwoSided, &[95.0]).expect("a curve").points[0];
    assert_eq!((point.q_low, point.q_high), (0.0, 1.0));
    assert_eq!((point.n_predicted, point.recall, point.fpr), (2, 1.0, 0.0));
    let nothing = recall_at(&profiles, &known, Convention::OneSided, &[95.0]).expect("a curve").points[0];
    assert_eq!((nothing.n_predicted, nothing.precision, nothing.f1), (0, 0.0, 0.0));
}

#[test]
fn sets_without_two_genes_say_so() {
    let keys = vec!["A".to_string(), "B".to_string()];
    let profiles = Profiles::new(keys, ndarray::array![[1.0], [2.0]]).expect("valid profiles");
    let sets = GeneSets::new("lonely", [("one", vec!["A", "X"])]);
    assert!(perturbook::evaluate::set_coherence(&profiles, &sets, 0).is_err());
    assert!(cluster_ks(&profiles, &sets, 10).is_err());
    assert!(set_coherence_of_draws(profiles.values(), &[vec![0, 1]], &[]).is_err());
    assert!(rank_recall(&[], &[1.0], &[]).is_err());
    assert!(perturbook::evaluate::ks_test(&[], &arr1(&[1.0]).to_vec()).is_err());
}
