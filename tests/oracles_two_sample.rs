//! Energy distances, rank tests, adjusted p-values and replicate statistics against reference values.

mod common;

use common::{Case, cases};
use ndarray::{Array2, Axis, s};
use perturbook::display::Show;
use perturbook::evaluate::{
    Adjustment, ConsistencyNull, EnergyConfig, KsLaw, MagnitudeConfig, MannWhitneyLaw, Within, adjusted, empirical_p,
    energy_distance, energy_distance_by_sums, energy_matrix, hypergeometric_upper_tail, ks_test_with,
    mann_whitney_with, mean_off_diagonal, perturbation_magnitude, replicate_consistency, spearman, unit_rows, welch_t,
};
use perturbook::figures::{consistency_figure, energy_heatmap, energy_scatter, magnitude_volcano};
use perturbook::reduce::Metric;

#[test]
fn every_case_of_the_family_agrees() {
    for case in cases("metrics/06_two_sample_tests") {
        if case.has_input("group") {
            energy(&case);
        } else if case.has_input("p") {
            multiple_testing(&case);
        } else if case.has_input("replicates") {
            replicates(&case);
        } else if case.input_names().iter().any(|name| name.ends_with("_x")) {
            pairs_of_samples(&case);
        } else {
            panic!("case {} is of no known kind: inputs {:?}", case.name, case.input_names());
        }
        case.finish();
    }
}

fn energy(case: &Case) {
    let (x, names) = (case.matrix("x"), case.param_names("groups"));
    let labels: Vec<&str> = case.indices("group").iter().map(|&code| names[code].as_str()).collect();
    let rows_of = |code: usize| -> Array2<f64> {
        let rows: Vec<usize> = (0..labels.len()).filter(|&row| labels[row] == names[code]).collect();
        x.select(Axis(0), &rows)
    };
    let matrix = |metric: Metric, within: Within, centre: Option<&str>| {
        let (groups, centre) = (Some(names.clone()), centre.map(str::to_owned));
        energy_matrix(x.view(), &labels, &EnergyConfig { metric, within, groups, centre }).expect("a matrix")
    };
    let closed = matrix(Metric::Cosine, Within::All, None);
    case.check("cosine_closed_form", closed.values.clone().into_dyn());
    let centred = matrix(Metric::Cosine, Within::All, Some(&names[0]));
    case.check("cosine_centred_on_controls", centred.values.into_dyn());
    let v = matrix(Metric::Euclidean, Within::All, None);
    let within = |name: usize| v.values[[name, name]].abs();
    case.expect((0..names.len()).all(|group| within(group) < 1e-12), "a group is apart from itself");
    case.check("euclidean_v_statistic", beside_the_diagonal(case, "euclidean_v_statistic", v.values.clone()));
    let u = matrix(Metric::Euclidean, Within::Distinct, None).values;
    case.check("euclidean_u_variant", beside_the_diagonal(case, "euclidean_u_variant", u));

    let groups: Vec<Array2<f64>> = (0..names.len()).map(rows_of).collect();
    let sums = |metric: Metric, within: Within| {
        Array2::from_shape_fn((groups.len(), groups.len()), |(i, j)| {
            let energy = energy_distance_by_sums(groups[i].view(), groups[j].view(), metric, within);
            energy.expect("a distance").distance
        })
    };
    case.check("cosine_triple_loop", sums(Metric::Cosine, Within::All).into_dyn());
    for (metric, within, fast) in [
        (Metric::Euclidean, Within::All, &v),
        (Metric::Cosine, Within::Distinct, &matrix(Metric::Cosine, Within::Distinct, None)),
    ] {
        let apart = (&sums(metric, within) - &fast.values).fold(0.0f64, |most, v| most.max(v.abs()));
        case.expect(apart < 1e-11, format!("{metric:?} {within:?}: sums and fast form are {apart:e} apart"));
    }

    let first = |code: usize| groups[code].slice(s![.., ..1]).to_owned();
    let line = energy_distance(first(0).view(), first(1).view(), Metric::Euclidean, Within::All).expect("a distance");
    case.check_scalar("one_dimensional.scipy_energy_distance_squared", line.distance);
    // The first six rows and a zero row.
    let mut some = Array2::zeros((7, x.ncols()));
    some.slice_mut(s![..6, ..]).assign(&x.slice(s![..6, ..]));
    let energy = energy_distance(some.view(), groups[1].view(), Metric::Cosine, Within::All).expect("a distance");
    case.check_scalar("zero_row.cosine_closed_form", energy.distance);
}

/// The reference takes the distances of a group to itself from products, `|x|^2 - 2 x y + |y|^2`: a cell is then up to the
/// root of a rounding error (1e-7) from itself, and the diagonal of the matrix some 1e-9 from where the definition has it
/// (0 for the V-statistic). Entries on the diagonal that are within this error are taken from the reference.
fn beside_the_diagonal(case: &Case, name: &str, mut got: Array2<f64>) -> ndarray::ArrayD<f64> {
    const ERROR: f64 = 1e-8;
    let want = case.expected_matrix(name);
    for (got, want) in got.diag_mut().iter_mut().zip(want.diag()) {
        if (*got - want).abs() < ERROR {
            *got = *want;
        }
    }
    got.into_dyn()
}

fn multiple_testing(case: &Case) {
    let p = case.vector("p").to_vec();
    for (name, correction) in [
        ("bonferroni", Adjustment::Bonferroni),
        ("benjamini_hochberg", Adjustment::BenjaminiHochberg),
        ("benjamini_yekutieli", Adjustment::BenjaminiYekutieli),
    ] {
        case.check_list(name, adjusted(&p, correction).expect("p-values"));
    }
    for scalar in case.scalar_names() {
        let Some((which, alpha)) = scalar.strip_prefix("n_rejected_").and_then(|rest| rest.rsplit_once('_')) else {
            continue; // what is left over fails in `finish`
        };
        let correction = match which {
            "bonferroni" => Adjustment::Bonferroni,
            "bh" => Adjustment::BenjaminiHochberg,
            "by" => Adjustment::BenjaminiYekutieli,
            other => panic!("unknown correction {other:?}"),
        };
        let alpha: f64 = alpha.parse().expect("a level");
        let rejected = adjusted(&p, correction).expect("p-values").iter().filter(|p| **p <= alpha).count();
        case.check_scalar(&scalar, rejected as f64);
    }
}

fn pairs_of_samples(case: &Case) {
    for input in case.input_names() {
        let Some(name) = input.strip_suffix("_x") else { continue };
        let (x, y) = (case.vector(&input).to_vec(), case.vector(&format!("{name}_y")).to_vec());
        for scalar in case.scalar_names() {
            if let Some(("", what)) = scalar.strip_prefix(name).and_then(|rest| rest.split_once('.')) {
                case.check_scalar(&scalar, statistic(&x, &y, what));
            }
        }
    }
}

/// The number that a scalar such as `real.welch_t` asks for.
fn statistic(x: &[f64], y: &[f64], what: &str) -> f64 {
    let ks = |law| ks_test_with(x, y, law).expect("a test");
    let u = |law| mann_whitney_with(x, y, law).expect("a test");
    let (corrected, plain) = (MannWhitneyLaw::Normal, MannWhitneyLaw::NormalUncorrected);
    match what {
        "ks_statistic" => ks(KsLaw::Auto).statistic,
        "ks_p_kolmogorov" => ks(KsLaw::Limit).p,
        "ks_p_asymp" => ks(KsLaw::Finite).p,
        "ks_p_exact" => ks(KsLaw::Exact).p,
        "mann_whitney_u" => u(corrected).u,
        "mann_whitney_p_two_sided_cc" => u(corrected).p_two_sided,
        "mann_whitney_p_greater_cc" => u(corrected).p_greater,
        "mann_whitney_p_less_cc" => u(corrected).p_less,
        "mann_whitney_p_two_sided_nocc" => u(plain).p_two_sided,
        "mann_whitney_p_greater_nocc" => u(plain).p_greater,
        "mann_whitney_p_less_nocc" => u(plain).p_less,
        "mann_whitney_p_exact" => u(MannWhitneyLaw::Exact).p_two_sided,
        "welch_t" => welch_t(x, y).expect("a test").t,
        "welch_p" => welch_t(x, y).expect("a test").p,
        "spearman_prefix" => {
            let n = x.len().min(y.len());
            spearman(&x[..n], &y[..n]).expect("of one length").map_or(f64::NAN, |(rho, _)| rho)
        }
        other => panic!("unknown statistic {other:?}"),
    }
}

fn replicates(case: &Case) {
    let x = case.matrix("replicates");
    let mean = mean_off_diagonal(unit_rows(x.view()).view()).expect("two replicates");
    case.check_scalar("consistency.mean_lower_triangle_cosine", mean);
    let draws = ConsistencyNull::Draws { n: 9, seed: 1 };
    let tests = replicate_consistency(x.view(), &vec!["one"; x.nrows()], &draws).expect("a test");
    case.check_scalar("consistency.mean_lower_triangle_cosine", tests.perturbations[0].p.observed);

    let observed = case.scalar_field("empirical.observed", "value").expect("the observed statistic");
    let p = empirical_p(observed, &case.vector("null_statistics").to_vec()).expect("null statistics");
    case.check_scalar("empirical.observed", p.observed);
    case.check_scalar("empirical.p_upper", p.p);
    case.check_scalar("empirical.p_upper_plus_one", p.p_plus_one);

    let mut table = case.expected_matrix("hypergeometric_upper_tail");
    for mut row in table.rows_mut() {
        let [population, marked, drawn, overlap] = [row[0], row[1], row[2], row[3]].map(|v| v as u64);
        row[4] = hypergeometric_upper_tail(population, marked, drawn, overlap).expect("a tail");
    }
    case.check("hypergeometric_upper_tail", table.into_dyn());
}

/// Thirty cells each of a control, of a perturbation like it, and of one that differs.
fn screen() -> (Array2<f64>, Vec<&'static str>) {
    use rand::{RngExt, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let x = Array2::from_shape_fn((90, 5), |(row, column)| {
        let shift = if row >= 60 && column < 2 { 1.5 } else { 0.0 };
        rng.random_range(-1.0..1.0) + shift
    });
    (x, (0..90).map(|row| ["nt", "null", "hit"][row / 30]).collect())
}

#[test]
fn a_perturbation_like_its_controls_is_not_found() {
    let (x, labels) = screen();
    let config = MagnitudeConfig { permutations: 199, ..MagnitudeConfig::default() };
    let tests = perturbation_magnitude(x.view(), &labels, "nt", config).expect("tests");
    let p: Vec<(&str, f64)> = tests.perturbations.iter().map(|t| (t.name.as_str(), t.p.p_plus_one)).collect();
    assert!(p[0].0 == "null" && p[0].1 > 0.05 && p[1].0 == "hit" && p[1].1 == 0.005, "{p:?}");
    let summary = magnitude_volcano(&tests).expect("a figure").summary();
    assert!(summary.contains("1 of 2 perturbations differ from 30 controls (nt)"), "{summary}");
    assert!(tests.bundle().get("image/svg+xml").is_some());
}

#[test]
fn results_show_themselves_as_the_papers_figures() {
    let (x, labels) = screen();
    let config = EnergyConfig { centre: Some("nt".into()), ..EnergyConfig::default() };
    let energy = energy_matrix(x.view(), &labels, &config).expect("a matrix");
    assert!(energy.between("nt", "hit").unwrap() > energy.between("nt", "null").unwrap());
    let summary = energy_heatmap(&energy).expect("a figure").summary();
    assert!(summary.contains("Figure 4 of the SC-VAE paper"), "{summary}");
    assert!(energy.bundle().get("image/svg+xml").is_some());
    let plain = energy_matrix(x.view(), &labels, &EnergyConfig::default()).expect("a matrix");
    let figure = energy_scatter(("plain", &plain), ("centred", &energy)).expect("a figure");
    assert!(figure.summary().contains("3 pairs"), "{}", figure.summary());
    let euclidean = EnergyConfig { metric: Metric::Euclidean, ..EnergyConfig::default() };
    let other = energy_matrix(x.view(), &labels, &euclidean).expect("a matrix");
    assert!(energy_scatter(("cosine", &energy), ("Euclidean", &other)).is_err());

    let tests = replicate_consistency(x.view(), &labels, &ConsistencyNull::Draws { n: 99, seed: 0 }).expect("tests");
    let found: Vec<f64> = tests.perturbations.iter().map(|test| test.p_adjusted).collect();
    assert!(found[2] < 0.05 && found[1] > 0.05, "{found:?}");
    let summary = consistency_figure(&tests).expect("a figure").summary();
    assert!(summary.contains("random sets of rows"), "{summary}");
}

#[test]
fn samples_that_cannot_be_compared_say_so() {
    let (x, labels) = screen();
    let (a, narrow) = (x.slice(s![..1, ..]), x.slice(s![..3, ..2]));
    assert!(energy_distance(a, narrow, Metric::Cosine, Within::All).is_err());
    assert!(energy_distance(a, a, Metric::Cosine, Within::Distinct).is_err());
    assert!(energy_distance(x.slice(s![..0, ..]), a, Metric::Euclidean, Within::All).is_err());
    assert_eq!(energy_distance(a, a, Metric::Euclidean, Within::All).unwrap().distance, 0.0);
    let mut bad = x.clone();
    bad[[4, 1]] = f64::NAN;
    let error = energy_matrix(bad.view(), &labels, &EnergyConfig::default()).unwrap_err().to_string();
    assert!(error.contains("row 4, column 1"), "{error}");
    assert!(energy_matrix(x.view(), &labels[1..], &EnergyConfig::default()).is_err());
    let unknown = EnergyConfig { groups: Some(vec!["nt".into(), "TP53".into()]), ..EnergyConfig::default() };
    assert!(energy_matrix(x.view(), &labels, &unknown).unwrap_err().to_string().contains("TP53"));
    // A group of one cell has no mean distance within.
    let mut lonely = labels.clone();
    lonely[0] = "lonely";
    let config = EnergyConfig { within: Within::Distinct, ..EnergyConfig::default() };
    let energy = energy_matrix(x.view(), &lonely, &config).expect("a matrix");
    assert!(energy.between("lonely", "hit").unwrap().is_nan() && energy.between("nt", "hit").unwrap().is_finite());
}
