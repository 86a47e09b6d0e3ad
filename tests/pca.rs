//! Principal components by iteration against those of all singular vectors.

mod common;

use common::cases;
use ndarray::{Array2, Axis, Ix2};
use perturbook::reduce::pca::{Components, Decomposition, Pca, Solver};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// `n x d` standard normal numbers.
fn noise(n: usize, d: usize, seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((n, d), || rng.sample(StandardNormal))
}

/// `signals` directions of falling variance under noise of sd 1.
fn signals(n: usize, d: usize, signals: usize, seed: u64) -> Array2<f64> {
    let mut scores = noise(n, signals, seed);
    for (k, mut column) in scores.columns_mut().into_iter().enumerate() {
        column *= 4.0 * 0.8f64.powi(k as i32);
    }
    scores.dot(&noise(signals, d, seed + 1)) + noise(n, d, seed + 2)
}

/// Compares everything that both say, up to `1e-6`; how the first was found.
fn same(x: &Array2<f64>, count: usize, what: &str) -> Solver {
    let few = Pca::fit_by(x.view(), Components::Count(count), Decomposition::Iterative).expect("components");
    let all = Pca::fit_by(x.view(), Components::Count(count), Decomposition::Exact).expect("components");
    assert_eq!((few.len(), all.len()), (count, count));
    for k in 0..count {
        let (got, want) = (few.singular_values()[k], all.singular_values()[k]);
        assert!((got - want).abs() <= 1e-6 * want, "{what}, singular value {k}: {got}, {want}, {:?}", few.solver());
        let (got, want) = (few.explained_variance_ratio()[k], all.explained_variance_ratio()[k]);
        assert!((got - want).abs() <= 1e-6 * want, "{what}, share {k}: {got}, {want}");
        let (got, want) = (few.components().row(k).to_owned(), all.components().row(k).to_owned());
        let sign = got.dot(&want).signum();
        let apart = (&got * sign - &want).mapv(f64::abs).fold(0.0, |most: f64, v| most.max(*v));
        assert!(apart <= 1e-6, "{what}, component {k}: {apart}, {:?}", few.solver());
    }
    few.solver()
}

#[test]
fn every_reference_matrix_gives_the_same_components_in_both_ways() {
    let (mut iterated, mut fell_back) = (0, 0);
    for family in ["metrics/08_normalisation", "metrics/09_umap", "metrics/03_neighbours"] {
        for case in cases(family) {
            for name in case.input_names() {
                let Ok(x) = case.array(&name).into_dimensionality::<Ix2>() else { continue };
                let side = x.nrows().min(x.ncols());
                if side < 2 || x.rows().into_iter().all(|row| row == x.row(0)) || x.iter().any(|v| !v.is_finite()) {
                    continue;
                }
                for count in [1, 2, 10, side / 2].into_iter().filter(|count| (1..=side).contains(count)) {
                    match same(&x, count, &format!("{}, {name}, {count} components", case.name)) {
                        Solver::Iterative { .. } => iterated += 1,
                        Solver::Fallback { .. } => fell_back += 1,
                        other => panic!("{}, {name}: {other:?}", case.name),
                    }
                }
            }
        }
    }
    println!("{iterated} by iteration, {fell_back} where it did not come close enough");
}

#[test]
fn few_components_of_much_noise_are_found_by_iteration() {
    for (n, d) in [(600, 300), (300, 600)] {
        let solver = same(&signals(n, d, 8, 1), 8, "signals");
        let Solver::Iterative { residual, .. } = solver else { panic!("{n} x {d}: {solver:?}") };
        assert!(residual < 1e-6, "{residual}");
    }
    // Scales at which an absolute tolerance would end at once, or never.
    for scale in [1e-8, 1e8] {
        let solver = same(&(signals(400, 200, 5, 2) * scale + scale), 5, "another scale");
        assert!(matches!(solver, Solver::Iterative { .. }), "{scale}: {solver:?}");
    }
}

#[test]
fn an_iteration_that_cannot_succeed_says_so_and_is_replaced() {
    // Of rank 3: there is no fourth component.
    let flat = noise(200, 3, 3).dot(&noise(3, 90, 4));
    let pca = Pca::fit_by(flat.view(), Components::Count(5), Decomposition::Iterative).expect("components");
    assert!(matches!(pca.solver(), Solver::Fallback { .. }), "{:?}", pca.solver());
    assert!(pca.explained_variance_ratio().sum() > 1.0 - 1e-9);
    // All directions alike: the first is not one of its own.
    let x =
        Array2::from_shape_fn((120, 60), |(i, j)| if i / 2 == j { if i % 2 == 0 { 1.0 } else { -1.0 } } else { 0.0 });
    let pca = Pca::fit_by(x.view(), Components::Count(2), Decomposition::Iterative).expect("components");
    assert!(matches!(pca.solver(), Solver::Fallback { .. }), "{:?}", pca.solver());
    // Not few.
    let solver = same(&noise(50, 12, 5), 10, "almost all components");
    assert_eq!(solver, Solver::Fallback { residual: f64::INFINITY });
    let refused = |components| Pca::fit_by(flat.view(), components, Decomposition::Iterative).unwrap_err().to_string();
    assert!(refused(Components::All).contains("ask for a number"));
    assert!(refused(Components::Variance(0.9)).contains("ask for a number"));
    assert!(refused(Components::Count(0)).contains("choose 1 to 90"));
    assert!(refused(Components::Count(91)).contains("choose 1 to 90"));
    let equal = Array2::<f64>::ones((100, 50));
    let error = Pca::fit_by(equal.view(), Components::Count(2), Decomposition::Iterative).unwrap_err().to_string();
    assert!(error.contains("all equal"), "{error}");
}

#[test]
fn residuals_say_how_right_components_are() {
    let x = signals(300, 80, 6, 6);
    let pca = Pca::fit(x.view(), Components::Count(6)).expect("components");
    assert_eq!(pca.solver(), Solver::SingularVectors);
    assert!(pca.residuals(x.view()).expect("residuals").iter().all(|r| *r < 1e-12));
    let other = pca.residuals(signals(300, 80, 6, 60).view()).expect("residuals");
    assert!(other.iter().all(|r| *r > 0.1), "{other}");
    assert!(pca.residuals(x.slice(ndarray::s![.., 1..])).is_err());
    // The share of the variance is that of all columns, not of the components that were kept.
    let few = Pca::fit_by(x.view(), Components::Count(6), Decomposition::Iterative).expect("components");
    assert!(few.explained_variance_ratio().sum() < 0.99);
    let half = few.components_for(0.5).expect("enough");
    assert_eq!(half, Pca::fit(x.view(), Components::Variance(0.5)).expect("components").len());
    let (mean, total) = (x.mean_axis(Axis(0)).expect("rows"), x.var_axis(Axis(0), 1.0).sum());
    assert!((&few.mean() - &mean).iter().all(|v| v.abs() < 1e-12));
    let share = few.explained_variance()[0] / total;
    assert!((few.explained_variance_ratio()[0] - share).abs() < 1e-12);
}

#[test]
fn an_iteration_is_the_same_for_any_number_of_threads() {
    let x = signals(500, 200, 6, 7);
    let fit = || Pca::fit_by(x.view(), Components::Count(6), Decomposition::Iterative).expect("components");
    let with = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(fit);
    assert_eq!(with(1), with(2));
}
