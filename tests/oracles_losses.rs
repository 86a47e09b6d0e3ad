//! Terms of losses and their gradients, in `f64`, against reference values.

mod common;
#[path = "common/doubles.rs"]
mod doubles;

use burn::tensor::DType;
use common::{Case, cases};
use doubles::{doubles, gradient, leaf, number, values};
use ndarray::{Array1, Array2, Axis, arr1, arr2};
use perturbook::nn::loss::{
    Bandwidth, NB_EPSILON, gaussian_kernel, gaussian_nll, hsic, hsic_of_kernels, hsic_times_n, kl_from_log_variance,
    kl_to_normal, median_squared_distance, negative_binomial_with, squared_distances, wasserstein_to_origin,
    zero_inflated_negative_binomial_with,
};
use perturbook::nn::{digamma, ln_gamma};
use perturbook::tensor::{Tensor, cpu};

#[test]
fn every_case_of_the_family_agrees() {
    for case in cases("metrics/07_losses") {
        if case.has_input("theta") {
            counts(&case);
        } else if case.has_input("logvar") {
            gaussian(&case);
        } else if case.has_input("permutation") {
            dependence(&case);
        } else {
            panic!("case {} is of no known kind: inputs {:?}", case.name, case.input_names());
        }
        case.finish();
    }
}

fn vector(case: &Case, name: &str) -> Tensor<1> {
    doubles(&case.vector(name), &cpu())
}

fn counts(case: &Case) {
    let [x, mean, theta] = ["x", "mean", "theta"].map(|name| vector(case, name));
    let exact = negative_binomial_with(x.clone(), mean.clone(), theta.clone(), 0.0);
    case.check("nb_loglik", values(exact.clone()));
    case.check("nb_loglik_f64", values(exact));
    case.check("nb_loglik_eps1e8", values(negative_binomial_with(x, mean, theta, NB_EPSILON)));

    let [mean, theta] = ["mean", "theta"].map(|name| leaf::<1, _>(&case.vector(name)));
    let x = doubles::<1, _>(&case.vector("x"), &mean.device());
    let gradients = negative_binomial_with(x, mean.clone(), theta.clone(), 0.0).sum().neg().backward();
    for suffix in ["", "_autograd"] {
        case.check(&format!("nb_nll_grad_mean{suffix}"), gradient(&mean, &gradients));
        case.check(&format!("nb_nll_grad_theta{suffix}"), gradient(&theta, &gradients));
    }

    let [mean, theta, logit] = ["zinb_mean", "zinb_theta", "zinb_logit"].map(|name| leaf::<1, _>(&case.vector(name)));
    let x = doubles::<1, _>(&case.vector("zinb_x"), &mean.device());
    let log = zero_inflated_negative_binomial_with(x, mean.clone(), theta.clone(), logit.clone(), 0.0);
    let got = values(log.clone());
    let largest = (&got - &case.expected_array("zinb_loglik")).fold(0.0f64, |most, v| most.max(v.abs()));
    case.check("zinb_loglik", got);
    case.check_scalar("zinb.f64_softplus_max_error", largest);
    let gradients = log.sum().neg().backward();
    case.check("zinb_nll_grad_mean", gradient(&mean, &gradients));
    case.check("zinb_nll_grad_theta", gradient(&theta, &gradients));
    case.check("zinb_nll_grad_logit", gradient(&logit, &gradients));

    // The scalars name their settings: m = 5 and theta = 2, and theta = 1e12 against Poisson's law.
    let law = |n: usize, mean: f64, theta: f64| {
        let x: Array1<f64> = (0..n).map(|x| x as f64).collect();
        let [mean, theta] = [mean, theta].map(|v| doubles::<1, _>(&Array1::from_elem(n, v), &cpu()));
        values(negative_binomial_with(doubles::<1, _>(&x, &cpu()), mean, theta, 0.0))
    };
    case.check_scalar("nb.sum_of_pmf_mu5_theta2", law(10_001, 5.0, 2.0).mapv(f64::exp).sum());
    let poisson = |x: usize| x as f64 * 5f64.ln() - 5.0 - (1..=x).map(|k| (k as f64).ln()).sum::<f64>();
    let apart = law(30, 5.0, 1e12).iter().enumerate().map(|(x, log)| (log - poisson(x)).abs()).fold(0.0, f64::max);
    case.check_scalar("nb.poisson_limit_max_difference", apart);
}

fn gaussian(case: &Case) {
    let matrix = |name: &str| leaf::<2, _>(&case.matrix(name));
    let [mean, logvar, prior] = ["mean", "logvar", "prior_mean"].map(matrix);
    let distance = wasserstein_to_origin(mean.clone(), logvar.clone().exp());
    case.check("wasserstein2_squared", values(distance.clone()));
    let gradients = distance.sum().backward();
    case.check("wasserstein2_grad_mean", gradient(&mean, &gradients));
    case.check("wasserstein2_grad_logvar", gradient(&logvar, &gradients));
    let of_deviations = wasserstein_to_origin(mean.clone(), (logvar.clone() * 0.5).exp());
    case.check("wasserstein2_squared_std_variant", values(of_deviations));

    let kl = kl_from_log_variance(mean.clone(), logvar.clone(), Some(prior.clone()));
    case.check("kl", values(kl.clone()));
    let gradients = kl.sum().backward();
    case.check("kl_grad_mean", gradient(&mean, &gradients));
    case.check("kl_grad_logvar", gradient(&logvar, &gradients));
    case.check("kl_grad_prior_mean", gradient(&prior, &gradients));
    let general = kl_to_normal(mean, logvar, prior, matrix("prior_variance").log());
    case.check("kl_general_prior_variance", values(general));
    let [one, zero] = [1.0, 0.0].map(|v| doubles::<2, _>(&arr2(&[[v]]), &cpu()));
    case.check_scalar("kl.unit_example", number(kl_from_log_variance(one, zero, None)));

    let [x, x_hat] = ["x", "x_hat"].map(matrix);
    let log_sigma = leaf::<1, _>(&arr1(&[case.param_number("log_sigma")]));
    let nll = gaussian_nll(x, x_hat.clone(), log_sigma.clone());
    case.check("gaussian_nll", values(nll.clone()));
    let gradients = nll.sum().backward();
    case.check("gaussian_nll_grad_x_hat", gradient(&x_hat, &gradients));
    case.check_scalar("gaussian_nll.grad_log_sigma", gradient(&log_sigma, &gradients).sum());
}

/// The bandwidth that a prefix such as `sigma_2_5` names.
fn bandwidth(name: &str) -> Bandwidth {
    match name {
        "median" => Bandwidth::Median,
        "gamma_scale" => Bandwidth::GaussianScale,
        other => {
            let sigma = other.strip_prefix("sigma_").map(|digits| digits.replace('_', "."));
            let sigma: f64 = sigma.and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("unknown kernel {other:?}"));
            if sigma == 1.0 { Bandwidth::Unit } else { Bandwidth::Fixed(sigma * sigma) }
        }
    }
}

fn dependence(case: &Case) {
    let [z, s] = ["z", "s"].map(|name| case.matrix(name));
    let plain = |x: &Array2<f64>| doubles::<2, _>(x, &cpu());
    let variance = |x: &Array2<f64>, bandwidth: Bandwidth| bandwidth.variance(&squared_distances(plain(x)), x.ncols());
    for scalar in case.scalar_names() {
        let Some((kernel, what)) = scalar.split_once('.') else { continue };
        match (kernel, what) {
            ("constant_l", "hsic") => {
                let k = gaussian_kernel(squared_distances(plain(&z)), variance(&z, Bandwidth::Median));
                let ones = k.ones_like();
                case.check_scalar(&scalar, number(hsic_of_kernels(k, ones)));
            }
            ("median_permuted", "hsic") => {
                let permuted = s.select(Axis(0), &case.indices("permutation"));
                case.check_scalar(&scalar, number(hsic(plain(&z), plain(&permuted), Bandwidth::Median)));
            }
            (_, "hsic") => case.check_scalar(&scalar, number(hsic(plain(&z), plain(&s), bandwidth(kernel)))),
            (_, "hsic_times_n") => {
                case.check_scalar(&scalar, number(hsic_times_n(plain(&z), plain(&s), bandwidth(kernel))));
            }
            (_, "sigma2_z") => case.check_scalar(&scalar, variance(&z, bandwidth(kernel))),
            (_, "sigma2_s") => case.check_scalar(&scalar, variance(&s, bandwidth(kernel))),
            (_, "sigma2_z_all_entries_variant") => {
                case.check_scalar(&scalar, variance(&z, Bandwidth::MedianOfAll));
            }
            _ => {} // what is left over fails in `finish`
        }
        if what == "hsic" && case.has_output(&format!("{kernel}_grad_z")) {
            let (z, s) = (leaf::<2, _>(&z), leaf::<2, _>(&s));
            let gradients = hsic(z.clone(), s.clone(), bandwidth(kernel)).backward();
            case.check(&format!("{kernel}_grad_z"), gradient(&z, &gradients));
            case.check(&format!("{kernel}_grad_s"), gradient(&s, &gradients));
        }
    }
    case.expect(
        (median_squared_distance(plain(&z)) - variance(&z, Bandwidth::Median)).abs() < 1e-12,
        "the median squared distance is another",
    );
}

#[test]
fn ln_gamma_and_digamma_are_accurate_in_both_precisions() {
    let x: Array1<f64> = (0..2000).map(|i| 1e-8 * 10f64.powf(f64::from(i) * 14.0 / 2000.0)).collect();
    let apart = |got: Vec<f64>, law: fn(f64) -> f64, x: &[f64]| {
        let error = |(got, &x): (&f64, &f64)| (got - law(x)).abs() / law(x).abs().max(1.0);
        got.iter().zip(x).map(error).fold(0.0, f64::max)
    };
    let double: Tensor<1> = doubles(&x, &cpu());
    let to_f64 = |tensor: Tensor<1>| tensor.into_data().convert::<f64>().to_vec::<f64>().expect("numbers");
    let (gamma, psi) = (statrs::function::gamma::ln_gamma, statrs::function::gamma::digamma);
    let errors = [
        apart(to_f64(ln_gamma(double.clone())), gamma, x.as_slice().unwrap()),
        apart(to_f64(digamma(double.clone())), psi, x.as_slice().unwrap()),
    ];
    println!("f64: {errors:?}");
    assert!(errors.iter().all(|&e| e < 1e-14), "{errors:?}");
    let single = double.cast(DType::F32);
    let rounded = to_f64(single.clone());
    let errors =
        [apart(to_f64(ln_gamma(single.clone())), gamma, &rounded), apart(to_f64(digamma(single)), psi, &rounded)];
    println!("f32: {errors:?}");
    assert!(errors.iter().all(|&e| e < 1.3e-6), "{errors:?}");
}
