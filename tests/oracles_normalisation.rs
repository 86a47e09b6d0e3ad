//! Scaling on controls, principal components and typical variation normalisation against reference values.

mod common;

use common::{Case, cases};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use perturbook::preprocess::features::{
    Aggregate, Controls, RobustScale, TVN_EPSILON, Tvn, aggregate, aggregate_nested, centred, column_mads,
    column_medians, drop_unusable_columns, pca_scaled, recoloured, robust_z, standard_scaled, tvn, whitened_by_batch,
};
use perturbook::reduce::pca::{Components, Pca};

#[test]
fn every_case_of_the_family_agrees() {
    for case in cases("metrics/08_normalisation") {
        if case.has_input("x_robust") {
            control_scaling(&case);
        } else if case.has_input("wide_x") {
            principal_components(&case);
        } else if case.has_input("identity_controls") {
            typical_variation(&case);
        } else {
            panic!("case {} is of no known kind: inputs {:?}", case.name, case.input_names());
        }
        case.finish();
    }
}

/// The controls of a case, pooled.
fn controls(case: &Case) -> Controls {
    let code = case.param_number("control_code") as usize;
    let marks: Vec<bool> = case.indices("perturbation").iter().map(|&p| p == code).collect();
    Controls::marked(&marks).expect("controls")
}

fn by_batch(case: &Case) -> Controls {
    controls(case).within(&case.indices("batch")).expect("controls in every batch")
}

fn control_scaling(case: &Case) {
    let (x, robust) = (case.matrix("x"), case.matrix("x_robust"));
    let (all, within) = (controls(case), by_batch(case));
    case.check("standard_global", standard_scaled(x.view(), &all).expect("scaled").into_dyn());
    case.check("standard_per_batch", standard_scaled(x.view(), &within).expect("scaled").into_dyn());
    case.check("centre_only_per_batch", centred(x.view(), &within).expect("centred").into_dyn());
    let of_controls = robust.select(Axis(0), &all.rows());
    case.check("control_median", column_medians(of_controls.view()).into_dyn());
    case.check("control_mad", column_mads(of_controls.view()).into_dyn());
    for (name, controls, scale) in [
        ("robust_z_mad", &all, RobustScale::Mad),
        ("robust_z_mad_1_4826", &all, RobustScale::NormalMad),
        ("robust_z_mad_per_batch", &within, RobustScale::Mad),
    ] {
        case.check(name, robust_z(robust.view(), controls, scale).expect("scaled").into_dyn());
    }
    let (labels, batches) = (case.indices("perturbation"), case.indices("batch"));
    let code = case.param_number("control_code") as usize;
    let in_order = |(groups, rows): (Vec<usize>, Array2<f64>)| {
        let mut order: Vec<usize> = (0..groups.len()).filter(|&i| groups[i] != code).collect();
        order.sort_by_key(|&i| groups[i]);
        rows.select(Axis(0), &order).into_dyn()
    };
    for (name, by) in [("aggregate_mean", Aggregate::Mean), ("aggregate_median", Aggregate::Median)] {
        case.check(name, in_order(aggregate(x.view(), &labels, by).expect("one label a row")));
    }
    let nested = aggregate_nested(x.view(), &labels, &batches, Aggregate::Mean).expect("two labels a row");
    case.check("aggregate_nested_mean", in_order(nested));
}

fn principal_components(case: &Case) {
    let x = case.matrix("x");
    let pca = Pca::fit(x.view(), Components::All).expect("components");
    case.check("mean", pca.mean().to_owned().into_dyn());
    case.check("explained_variance", pca.explained_variance().into_dyn());
    case.check("explained_variance_ratio", pca.explained_variance_ratio().into_dyn());
    case.check("singular_values", pca.singular_values().to_owned().into_dyn());
    let kept = case.expected_matrix("components").nrows();
    let components = pca.components().slice(s![..kept, ..]).to_owned();
    case.check("components", components.clone().into_dyn());
    case.check("components_abs", components.mapv(f64::abs).into_dyn());
    let scores = pca.transform(x.view()).expect("scores");
    let kept = case.expected_matrix("transformed").ncols();
    case.check("transformed", scores.slice(s![.., ..kept]).to_owned().into_dyn());
    let white = pca.transform_whitened(x.view()).expect("scores");
    let kept = case.expected_matrix("transformed_whitened_5").ncols();
    case.check("transformed_whitened_5", white.slice(s![.., ..kept]).to_owned().into_dyn());
    let wide = Pca::fit(case.matrix("wide_x").view(), Components::All).expect("components");
    case.check("wide_explained_variance", wide.explained_variance().into_dyn());
    for name in case.scalar_names() {
        if let Some(fraction) = name.strip_prefix("n_components_for_variance_") {
            let fraction: f64 = fraction.parse().expect("a fraction");
            let fitted = Pca::fit(x.view(), Components::Variance(fraction)).expect("components");
            assert_eq!(fitted.len(), pca.components_for(fraction).expect("enough components"));
            case.check_scalar(&name, fitted.len() as f64);
        } else if let Some(count) = name.strip_prefix("reconstruction_error_") {
            let fitted = Pca::fit(x.view(), Components::Count(count.parse().expect("a count"))).expect("components");
            let back = fitted.inverse_transform(fitted.transform(x.view()).expect("scores").view()).expect("rows");
            case.check_scalar(&name, (&back - &x).mapv(|v| v * v).sum());
        }
    }
}

fn typical_variation(case: &Case) {
    let (x, epsilon) = (case.matrix("x"), case.param_number("epsilon"));
    let within = by_batch(case);
    let steps = Tvn::fit(x.view(), &within, epsilon).expect("normalised");
    case.check("step_a", steps.scaled.clone().into_dyn());
    case.check("step_b", steps.rotated.clone().into_dyn());
    case.check("step_c", steps.white.clone().into_dyn());
    case.check("step_d", steps.aligned.clone().into_dyn());
    case.check("explained_variance", steps.pca.explained_variance().into_dyn());
    let colours = recoloured(steps.aligned.view(), steps.white.view(), &within, epsilon).expect("coloured");
    case.check("coral_recoloured_variant", colours.into_dyn());
    let labels = case.indices("perturbation");
    // The mean of all controls is 0 after (c), so that its cosines are those of rounding errors: not compared.
    let mut after_c = cosines(steps.white.view(), &labels);
    let (control, noise) = (case.param_number("control_code") as usize, case.expected_matrix("cosine_after_c"));
    after_c.row_mut(control).assign(&noise.row(control));
    after_c.column_mut(control).assign(&noise.column(control));
    case.check("cosine_after_c", after_c.into_dyn());
    case.check("cosine_after_d", cosines(steps.aligned.view(), &labels).into_dyn());

    let identity = case.matrix("identity_controls");
    let white = |rows: &usize| is_identity(covariance(identity.slice(s![..*rows, ..])).view());
    let control_rows = (2..=identity.nrows()).find(white).expect("leading rows with unit covariance");
    let marks: Vec<bool> = (0..identity.nrows()).map(|row| row < control_rows).collect();
    let alone = Controls::marked(&marks).expect("controls");
    case.check("identity_step_d", whitened_by_batch(identity.view(), &alone, epsilon).expect("whitened").into_dyn());
    assert_eq!(epsilon, TVN_EPSILON);
    assert_eq!(tvn(x.view(), &within).expect("normalised"), steps.aligned);
}

/// Covariance of the columns, ddof 1.
fn covariance(x: ArrayView2<'_, f64>) -> Array2<f64> {
    let centred = &x - &(x.sum_axis(Axis(0)) / x.nrows() as f64);
    centred.t().dot(&centred) / (x.nrows() - 1) as f64
}

fn is_identity(matrix: ArrayView2<'_, f64>) -> bool {
    (&matrix - &Array2::<f64>::eye(matrix.nrows())).iter().all(|v| v.abs() < 1e-9)
}

/// Cosines between the group means, in the order of the labels.
fn cosines(x: ArrayView2<'_, f64>, labels: &[usize]) -> Array2<f64> {
    let (groups, means) = aggregate(x, labels, Aggregate::Mean).expect("one label a row");
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|&i| groups[i]);
    let means = means.select(Axis(0), &order);
    let lengths: Array1<f64> = means.rows().into_iter().map(|row| row.dot(&row).sqrt()).collect();
    let units = &means / &lengths.insert_axis(Axis(1));
    units.dot(&units.t())
}

/// Correlated values with a shift and a stretch for each of two batches.
fn made_up(n: usize, d: usize) -> (Array2<f64>, Vec<bool>, Vec<usize>) {
    let noise = |i: usize, j: usize| ((i * 7919 + j * 104_729) % 1013) as f64 / 1013.0 - 0.5;
    let x = Array2::from_shape_fn((n, d), |(i, j)| {
        let batch = (i % 2) as f64;
        (1.0 + batch) * (noise(i, j) + noise(i, 0)) + 3.0 * batch + j as f64
    });
    (x, (0..n).map(|i| i % 3 != 0).collect(), (0..n).map(|i| i % 2).collect())
}

#[test]
fn controls_are_white_after_the_third_step_of_typical_variation_normalisation() {
    let (x, marks, batches) = made_up(200, 6);
    let controls = Controls::marked(&marks).expect("controls").within(&batches).expect("two batches");
    let steps = Tvn::fit(x.view(), &controls, TVN_EPSILON).expect("normalised");
    let white = steps.white.select(Axis(0), &controls.rows());
    let n = white.nrows() as f64;
    assert!(white.sum_axis(Axis(0)).iter().all(|sum| (sum / n).abs() < 1e-10));
    let covariance = white.t().dot(&white) / n;
    assert!((&covariance - &Array2::<f64>::eye(6)).iter().all(|v| v.abs() < 1e-9));
    // After (d) each batch's covariance C becomes C / (C + 0.5): its eigenvalues are below 1.
    for rows in controls.rows_by_batch() {
        let aligned = steps.aligned.select(Axis(0), &rows);
        let spread = aligned.var_axis(Axis(0), 1.0);
        assert!(spread.iter().all(|&v| v > 0.0 && v < 1.0), "{spread}");
    }
}

#[test]
fn a_batch_of_white_controls_is_shrunk_by_the_root_of_one_and_a_half() {
    // Corners of a cube: zero mean, unit variance with ddof 1 after the factor, no correlation.
    let corner = |i: usize, j: usize| if i >> j & 1 == 1 { 1.0 } else { -1.0 } * (7.0f64 / 8.0).sqrt();
    let x = Array2::from_shape_fn((10, 3), |(i, j)| if i < 8 { corner(i, j) } else { (i * 3 + j) as f64 });
    let controls = Controls::marked(&std::array::from_fn::<bool, 10, _>(|i| i < 8)).expect("controls");
    let whitened = whitened_by_batch(x.view(), &controls, 0.5).expect("whitened");
    let factor = 1.5f64.powf(-0.5);
    assert!((factor - 0.8165).abs() < 1e-4);
    assert!((&whitened - &(&x * factor)).iter().all(|v| v.abs() < 1e-12));
}

#[test]
fn a_constant_column_and_few_controls_keep_the_normalisation_finite() {
    let (mut x, marks, batches) = made_up(60, 5);
    x.column_mut(2).fill(0.1);
    let controls = Controls::marked(&marks).expect("controls").within(&batches).expect("two batches");
    let steps = Tvn::fit(x.view(), &controls, TVN_EPSILON).expect("normalised");
    assert!(steps.aligned.iter().all(|v| v.is_finite() && v.abs() < 1e3));
    assert!(standard_scaled(x.view(), &controls).expect("scaled").column(2).iter().all(|v| v.abs() < 1e-12));
    // Four controls span three directions of five.
    let few: Vec<bool> = (0..60).map(|i| i < 4).collect();
    let few = Controls::marked(&few).expect("controls").within(&batches).expect("two batches");
    let narrow = tvn(x.view(), &few).expect("normalised");
    assert_eq!(narrow.ncols(), 4);
    assert!(narrow.iter().all(|v| v.is_finite() && v.abs() < 1e6));
}

#[test]
fn what_cannot_be_normalised_is_an_error_that_names_the_place() {
    let x = Array2::from_shape_fn((4, 2), |(i, j)| (i * (j + 1)) as f64);
    let message = |e: perturbook::Error| e.to_string();
    let none = message(Controls::of(&["A", "B"], "nt").unwrap_err());
    assert!(none.contains("\"nt\"") && none.contains("A, B"), "{none}");
    assert!(message(Controls::marked(&[]).unwrap_err()).contains("none of the 0 rows"));
    let two = Controls::marked(&[true, true, false, false]).expect("controls");
    let lacking = message(two.clone().within(&["p1", "p1", "p2", "p3"]).unwrap_err());
    assert!(lacking.contains("2 batches without a control: p2, p3"), "{lacking}");
    assert!(two.clone().within(&["p1"]).is_err());
    assert!(message(standard_scaled(x.slice(s![..3, ..]), &two).unwrap_err()).contains("3 rows"));
    let mut hole = x.clone();
    hole[[3, 1]] = f64::NAN;
    assert!(message(robust_z(hole.view(), &two, RobustScale::Mad).unwrap_err()).contains("row 3, column 1"));
    let one = Controls::marked(&[true, false, false, false]).expect("a control");
    assert!(message(whitened_by_batch(x.view(), &one, 0.5).unwrap_err()).contains("single control"));
    assert!(tvn(x.view(), &one).is_err());
    assert!(whitened_by_batch(x.view(), &two, 0.0).is_err());
    assert!(drop_unusable_columns(hole.slice(s![3.., ..]), &["a", "b"]).is_err());
    assert!(pca_scaled(x.view(), Some(&["p1"]), Components::All).is_err());
    assert!(aggregate(x.view(), &["A"], Aggregate::Mean).is_err());
    let empty = Array2::<f64>::zeros((0, 2));
    assert_eq!(aggregate(empty.view(), &[] as &[&str], Aggregate::Median).expect("no group").1.dim(), (0, 2));
}

#[test]
fn a_single_control_centres_and_leaves_the_scale() {
    let x = ndarray::array![[1.0, 2.0], [4.0, 8.0]];
    let one = Controls::marked(&[true, false]).expect("a control");
    assert_eq!(standard_scaled(x.view(), &one).expect("scaled"), ndarray::array![[0.0, 0.0], [3.0, 6.0]]);
    assert_eq!(robust_z(x.view(), &one, RobustScale::Mad).expect("scaled"), ndarray::array![[0.0, 0.0], [3.0, 6.0]]);
}
