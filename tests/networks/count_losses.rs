//! Likelihoods, independence and networks of counts: properties that hold whatever the numbers.

use crate::nets::net_cases;
use crate::{chosen, recording};
use perturbook::methods::contrastive_vi::{ContrastiveVi, ContrastiveViConfig, ContrastiveViDraws};
use perturbook::methods::sc_vae::{ScVae, ScVaeConfig, ScVaeDraws, ScVaeWeights};
use perturbook::methods::sc_vi::{ScVi, ScViConfig, ScViDraws};
use perturbook::nn::counts::{Cells, Classifier, CountDecoder, CountEncoder, Likelihood, one_hot};
use perturbook::nn::loss::{
    Bandwidth, gaussian_kernel, hsic, hsic_of_kernels, hsic_root, hsic_times_n, kl_from_log_variance, kl_from_variance,
    median_squared_distance, negative_binomial, squared_distances, total_correlation, wasserstein_to_origin,
    zero_inflated_negative_binomial,
};
use perturbook::nn::{State, digamma, ln_gamma, normal};
use perturbook::tensor::{Device, Tensor};
use perturbook::train::{Adam, AdamConfig, NamedGradients};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use statrs::function::gamma;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn numbers<const D: usize>(x: Tensor<D>) -> Vec<f64> {
    x.into_data().to_vec::<f32>().expect("numbers").into_iter().map(f64::from).collect()
}

fn row(values: &[f32], device: &Device) -> Tensor<2> {
    Tensor::<1>::from_floats(values, device).unsqueeze()
}

/// From 1e-8 to 1e6 in equal ratios, with the neighbourhoods of the zeros of both functions.
fn arguments() -> Vec<f32> {
    let ratios = (0..=1400).map(|i| 10f64.powf(-8.0 + i as f64 / 100.0) as f32);
    let near = |at: f32| (-50..=50).map(move |i| at + i as f32 * 1e-3);
    ratios.chain(near(1.0)).chain(near(1.461_632)).chain(near(2.0)).chain((1..200).map(|i| i as f32)).collect()
}

#[test]
fn ln_gamma_and_its_slope_are_within_the_stated_error() {
    let arguments = arguments();
    let x = Tensor::<1>::from_floats(arguments.as_slice(), &recording()).require_grad();
    let value = ln_gamma(x.clone());
    let got = numbers(value.clone());
    let slopes = numbers(x.grad(&value.sum().backward()).expect("a gradient"));
    let direct = numbers(digamma(Tensor::<1>::from_floats(arguments.as_slice(), &chosen())));
    let mut worst = [0.0f64; 2];
    for (i, &x) in arguments.iter().enumerate() {
        let x = f64::from(x);
        for (which, got, want) in
            [(0, got[i], gamma::ln_gamma(x)), (1, slopes[i], gamma::digamma(x)), (1, direct[i], gamma::digamma(x))]
        {
            let error = (got - want).abs() / want.abs().max(1.0);
            assert!(error <= 1.3e-6, "at {x:e}: {got} instead of {want}");
            worst[which] = worst[which].max(error);
        }
    }
    println!("worst errors: {worst:?}");
}

#[test]
fn the_negative_binomial_sums_to_one() {
    let counts: Vec<f32> = (0..=10_000).map(|x| x as f32).collect();
    let x = row(&counts, &chosen());
    let like = |v: f32| Tensor::<2>::full([1, counts.len()], v, &chosen());
    let plain = negative_binomial(x.clone(), like(5.0), Tensor::full([1, 1], 2.0, &chosen()));
    let p: Vec<f64> = numbers(plain).into_iter().map(f64::exp).collect();
    assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-5);
    let mean: f64 = p.iter().enumerate().map(|(x, p)| x as f64 * p).sum();
    let square: f64 = p.iter().enumerate().map(|(x, p)| (x as f64 - mean).powi(2) * p).sum();
    assert!((mean - 5.0).abs() < 1e-4 && (square - 17.5).abs() < 1e-3); // m + m^2 / t

    let inflated = zero_inflated_negative_binomial(x, like(5.0), like(2.0), like(-1.0));
    let q: Vec<f64> = numbers(inflated).into_iter().map(f64::exp).collect();
    assert!((q.iter().sum::<f64>() - 1.0).abs() < 1e-5);
    let zero = 1.0 / (1.0 + 1f64.exp());
    assert!((q[0] - (zero + (1.0 - zero) * p[0])).abs() < 1e-6);
    assert!((q[7] - (1.0 - zero) * p[7]).abs() < 1e-6);
}

#[test]
fn without_dispersion_the_negative_binomial_is_poisson() {
    let counts: Vec<f32> = (0..60).map(|x| x as f32).collect();
    let mean = 7.5f64;
    let m = Tensor::<2>::full([1, counts.len()], mean, &chosen());
    let poisson: Vec<f64> =
        counts.iter().map(|&x| f64::from(x) * mean.ln() - mean - gamma::ln_gamma(f64::from(x) + 1.0)).collect();
    let mut apart = f64::INFINITY;
    for dispersion in [1e2, 1e4, 1e6, 1e8] {
        let t = Tensor::full([1, 1], dispersion, &chosen());
        let got = numbers(negative_binomial(row(&counts, &chosen()), m.clone(), t));
        let now = got.iter().zip(&poisson).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(now < apart.max(1e-4), "{now} at {dispersion:e}");
        apart = now;
    }
    assert!(apart < 1e-4, "{apart}");
}

#[test]
fn likelihoods_stay_finite_at_the_borders() {
    let device = recording();
    let x = row(&[0.0, 0.0, 3.0, 2000.0, 0.0, 1.0], &device);
    let leaf = |values: &[f32]| row(values, &device).require_grad();
    let mean = leaf(&[0.0, 1e-12, 1e-6, 1e-3, 5000.0, 1e4]);
    let log_dispersion = leaf(&[0.0, -15.0, 15.0, 10.0, -10.0, -15.0]);
    let logit = leaf(&[-40.0, 40.0, 100.0, -100.0, 0.0, 0.0]);
    let nb = zero_inflated_negative_binomial(x, mean.clone(), log_dispersion.clone().exp(), logit.clone());
    assert!(numbers(nb.clone()).iter().all(|v| v.is_finite() && *v <= 1e-5), "{nb}");
    let gradients = nb.sum().backward();
    for leaf in [mean, log_dispersion, logit] {
        assert!(numbers(leaf.grad(&gradients).expect("a gradient")).iter().all(|v| v.is_finite()));
    }
}

#[test]
fn independence_is_measured() {
    let mut rng = rng(1);
    let mut draw = |shape| normal::<2>(shape, 1.0, &mut rng, &chosen());
    let (z, noise) = (draw([200, 3]), draw([200, 2]));
    let s = z.clone().slice([0..200, 0..2]) + noise.clone() * 0.3;
    for bandwidth in [Bandwidth::Median, Bandwidth::Unit, Bandwidth::Fixed(4.0), Bandwidth::GaussianNorm] {
        let of = |z: &Tensor<2>, s: &Tensor<2>| numbers(hsic(z.clone(), s.clone(), bandwidth))[0];
        // A constant depends on nothing.
        assert!(of(&z, &Tensor::full([200, 2], 3.0, &chosen())).abs() < 1e-7);
        // Symmetric, and lower once one side is permuted.
        let (tied, permuted) = (of(&z, &s), of(&z, &s.clone().flip([0])));
        assert!((tied - of(&s, &z)).abs() < 1e-5 * tied.max(1e-2));
        assert!(permuted < 0.5 * tied, "{permuted} after permutation, {tied} before");
        let independent = of(&z, &noise);
        assert!(independent < 0.5 * tied);
        let scaled = numbers(hsic_times_n(z.clone(), s.clone(), bandwidth))[0];
        let root = numbers(hsic_root(z.clone(), s.clone(), bandwidth))[0];
        assert!((scaled / 200.0 - tied).abs() < 1e-7 && (root * root - tied).abs() < 1e-6);
    }
}

#[test]
fn hsic_is_the_trace_of_centred_kernels_and_the_three_sums() {
    let mut rng = rng(2);
    let [z, s] = [4, 2].map(|d| normal::<2>([23, d], 1.0, &mut rng, &chosen()));
    let kernel = |x: Tensor<2>, variance: f64| gaussian_kernel(squared_distances(x), variance);
    let (k, l) = (kernel(z, 5.0), kernel(s, 1.5));
    let got = numbers(hsic_of_kernels(k.clone(), l.clone()))[0];
    let n = 23usize;
    let matrix = |x: Tensor<2>| ndarray::Array2::from_shape_vec((n, n), numbers(x)).expect("square");
    let (k, l) = (matrix(k), matrix(l));
    let h = ndarray::Array2::<f64>::eye(n) - 1.0 / n as f64;
    let trace = k.dot(&h).dot(&l).dot(&h).diag().sum() / (n * n) as f64;
    let rows: f64 = k.rows().into_iter().zip(l.rows()).map(|(a, b)| a.sum() * b.sum()).sum();
    let n = n as f64;
    let sums = (&k * &l).sum() / n.powi(2) + k.sum() * l.sum() / n.powi(4) - 2.0 * rows / n.powi(3);
    assert!((got - trace).abs() < 1e-7 && (sums - trace).abs() < 1e-12, "{got} {trace} {sums}");
}

#[test]
fn distances_and_their_median_are_those_of_pairs() {
    let x = Tensor::<2>::from_floats([[1000.0], [1001.0], [1003.0], [1006.0]], &chosen());
    // 1, 4, 9, 9, 25, 36: the middle two are 9 and 9.
    assert_eq!(median_squared_distance(x.clone()), 9.0);
    assert!((median_squared_distance(x.clone().narrow(0, 0, 3)) - 4.0).abs() < 1e-4); // 1, 4, 9
    let x = Tensor::cat(vec![x, Tensor::full([1, 1], 1010.0, &chosen())], 0);
    assert_eq!(median_squared_distance(x), (16.0 + 25.0) / 2.0); // and 16, 49, 81, 100
    let alike = Tensor::<2>::ones([3, 10], &chosen());
    assert_eq!(median_squared_distance(alike.clone()), 0.0);
    let variance = Bandwidth::Median.variance(&squared_distances(alike), 10);
    assert!((variance - 19.0).abs() < 0.1);
    assert_eq!(median_squared_distance(Tensor::ones([1, 2], &chosen())), 0.0);
}

#[test]
fn total_correlation_needs_rows_and_is_zero_for_uncorrelated_parts() {
    let mut rng = rng(3);
    let [z, s] = [3, 2].map(|d| normal::<2>([6, d], 1.0, &mut rng, &chosen()));
    assert!(numbers(total_correlation(z.clone(), s.clone()).expect("enough rows"))[0] > 0.0);
    assert!(total_correlation(z.clone().narrow(0, 0, 5), s.clone().narrow(0, 0, 5)).is_err());
    assert!(total_correlation(z, s.narrow(0, 0, 5)).is_err());
    let signs = |values: [f32; 8]| Tensor::<1>::from_floats(values, &chosen()).unsqueeze_dim::<2>(1);
    let z = signs([1., 1., 1., 1., -1., -1., -1., -1.]);
    let s =
        Tensor::cat(vec![signs([1., 1., -1., -1., 1., 1., -1., -1.]), signs([1., -1., 1., -1., 1., -1., 1., -1.])], 1);
    assert!(numbers(total_correlation(z, s).expect("enough rows"))[0].abs() < 1e-6);
}

#[test]
fn divergences_of_a_small_example_are_those_by_hand() {
    let mean = row(&[1.0, -2.0], &chosen());
    let variance = row(&[0.5, 2.0], &chosen());
    let prior = row(&[0.0, 1.0], &chosen());
    let want = 0.5 * ((0.5 + 1.0 - 1.0 - 0.5f64.ln()) + (2.0 + 9.0 - 1.0 - 2f64.ln()));
    let by_variance = numbers(kl_from_variance(mean.clone(), variance.clone(), Some(prior.clone())))[0];
    let by_log = numbers(kl_from_log_variance(mean.clone(), variance.clone().log(), Some(prior)))[0];
    assert!((by_variance - want).abs() < 1e-6 && (by_log - want).abs() < 1e-6);
    assert_eq!(numbers(wasserstein_to_origin(mean, variance))[0], 7.5);
}

/// Numbers that gradients learn.
fn learned(state: &State) -> usize {
    state.iter().filter(|(name, _)| !name.contains("running_")).map(|(_, array)| array.len()).sum()
}

#[test]
fn networks_of_true_size_have_the_stated_numbers_of_parameters() {
    let (mut rng, device) = (rng(0), chosen());
    let mut encoder = |genes, latent| learned(&State::of(&CountEncoder::new(genes, 0, 128, latent, &mut rng, &device)));
    let encoders = [encoder(8563, 32), encoder(8749, 32), encoder(2000, 10)];
    assert_eq!(encoders, [1_104_704, 1_128_512, 258_964]);
    let plain = Likelihood::NegativeBinomial;
    let mut decoder =
        |latent, genes| learned(&State::of(&CountDecoder::new(latent, 0, 128, genes, plain, &mut rng, &device)));
    let decoders = [decoder(64, 8563), decoder(64, 8749), decoder(20, 2000)];
    assert_eq!(decoders, [1_113_203, 1_137_197, 260_944]);
    let classifier = learned(&State::of(&Classifier::new(10, 128, 2059, &mut rng, &device)));
    assert_eq!(classifier, 267_275);
    for case in net_cases("scvae_forward") {
        let counts = &case.json["true_size_parameter_counts"];
        for (name, got) in [
            ("encoder_k562_latent32", encoders[0]),
            ("encoder_rpe1_latent32", encoders[1]),
            ("encoder_2000_latent10", encoders[2]),
            ("decoder_k562_in64", decoders[0]),
            ("decoder_rpe1_in64", decoders[1]),
            ("decoder_2000_in20", decoders[2]),
            ("classifier_q10_2059", classifier),
        ] {
            let want = counts[name].as_u64();
            assert!(want.is_none_or(|want| want == got as u64), "{name}: {got} and not {want:?}");
        }
    }
}

#[test]
fn the_batch_is_read_where_the_reference_code_reads_it() {
    let device = chosen();
    let counts = Tensor::<2>::full([4, 30], 2.0, &device);
    let cells =
        |codes: &[usize]| Cells::new(counts.clone()).of_batches(one_hot(codes, 3, &device).expect("codes below 3"));
    let (first, second) = (cells(&[0, 0, 1, 2]), cells(&[1, 2, 0, 0]));
    let differs = |a: Tensor<2>, b: Tensor<2>| numbers((a - b).abs().max())[0] > 1e-4;

    let config = ScViConfig { batches: 3, ..ScViConfig::new(30) };
    let network = ScVi::new(&config, &mut rng(0), &device);
    let draws = ScViDraws::new(&config, 4, &mut rng(0), &device);
    let run = |cells| network.forward(cells, &draws).expect("evaluated");
    assert!(!differs(run(&first).posterior.mean, run(&second).posterior.mean)); // only the decoder reads it
    assert!(differs(run(&first).decoded.scale, run(&second).decoded.scale));
    assert_eq!(network.embed(&Cells::new(counts.clone())).expect("no batch needed").dims(), [4, 10]);

    let config = ContrastiveViConfig { batches: 3, ..ContrastiveViConfig::new(30) };
    let network = ContrastiveVi::new(&config, &mut rng(0), &device);
    let draws = ContrastiveViDraws::new(&config, 4, &mut rng(0), &device);
    let run = |cells| network.forward(cells, cells, &draws).expect("evaluated");
    assert!(differs(run(&first).s.mean, run(&second).s.mean));
    assert!(differs(run(&first).decoded.scale, run(&second).decoded.scale));

    let error = network.embed(&Cells::new(counts)).unwrap_err().to_string();
    assert!(error.contains("batch covariate of 3 columns"), "{error}");
}

#[test]
fn inputs_of_other_sizes_are_refused() {
    let device = chosen();
    let cells = |n, genes| Cells::new(Tensor::ones([n, genes], &device));
    let config = ContrastiveViConfig::new(30);
    let network = ContrastiveVi::new(&config, &mut rng(0), &device);
    let draws = ContrastiveViDraws::new(&config, 4, &mut rng(0), &device);
    assert!(network.forward(&cells(4, 30), &cells(4, 30), &draws).is_ok());
    let refused = |a: &Cells, b: &Cells| network.forward(a, b, &draws).unwrap_err().to_string();
    assert!(refused(&cells(4, 30), &cells(3, 30)).contains("4 control cells and 3 perturbed ones"));
    assert!(refused(&cells(4, 30), &cells(4, 29)).contains("4 x 29 instead of 4 x 30"));
    assert!(refused(&cells(5, 30), &cells(5, 30)).contains("draws of z"));

    let config = ScVaeConfig::new(30, 3, 0);
    let network = ScVae::new(&config, &mut rng(0), &device);
    let draws = ScVaeDraws::new(&config, 4, &mut rng(0), &device);
    let labels = |n: usize| burn::Tensor::zeros([n], &device);
    assert!(network.forward(&cells(4, 30), labels(4), &draws).is_ok());
    assert!(network.forward(&cells(4, 30), labels(3), &draws).is_err());
}

#[test]
fn what_controls_are_decoded_with_does_not_depend_on_their_own_salient_code() {
    let device = chosen();
    let config = ScVaeConfig::new(30, 3, 2);
    let network = ScVae::new(&config, &mut rng(0), &device);
    let cells = Cells::new(Tensor::ones([3, 30], &device));
    let labels = burn::Tensor::from_ints([2, 0, 2], &device);
    let draws = ScVaeDraws::new(&config, 3, &mut rng(0), &device);
    let output = network.forward(&cells, labels, &draws).expect("evaluated");
    let [decoded_with, drawn, prior] = [output.s_decoder, output.s_sample, draws.prior].map(numbers);
    let q = config.salient;
    assert_eq!(decoded_with[..q], prior[..q]);
    assert_eq!(decoded_with[q..2 * q], drawn[q..2 * q]);
    assert_eq!(decoded_with[2 * q..], prior[2 * q..]);
}

#[test]
fn sc_vae_learns_what_distinguishes_perturbed_cells() {
    let device = recording();
    let mut rng = rng(0);
    let config = ScVaeConfig { hidden: 32, background: 3, salient: 3, ..ScVaeConfig::new(40, 2, 0) };
    let mut network = ScVae::new(&config, &mut rng, &device);
    let mut adam = Adam::new(AdamConfig { rate: 0.02, epsilon: 0.01, decay: 1e-6, ..AdamConfig::default() });
    // Perturbed cells have ten times the counts of controls in the first ten genes.
    let n = 64;
    let perturbed = |cell: usize| cell % 2 == 1;
    let counts: Vec<f32> = (0..n * 40).map(|i| if perturbed(i / 40) && i % 40 < 10 { 20.0 } else { 2.0 }).collect();
    let cells = Cells::new(Tensor::<1>::from_floats(counts.as_slice(), &device).reshape([n, 40]));
    let labels: Vec<i32> = (0..n).map(|cell| i32::from(perturbed(cell))).collect();
    let weights = ScVaeWeights { kl: 0.1, hsic: Some(1.0), ..ScVaeWeights::default() };
    let (mut totals, mut surprise) = (Vec::new(), Vec::new());
    for _ in 0..200 {
        let draws = ScVaeDraws::new(&config, n, &mut rng, &device);
        let labels = burn::Tensor::from_ints(labels.as_slice(), &device);
        let output = network.forward_training(&cells, labels, &draws).expect("a step");
        let loss = network.loss(&output, &weights);
        totals.push(numbers(loss.total.clone())[0]);
        surprise.push(numbers(loss.cross_entropy.mean())[0]);
        let gradients = NamedGradients::of(&network, &loss.total.backward());
        network = adam.step(network, &gradients);
    }
    let (first, last) = (totals[0], totals[totals.len() - 1]);
    assert!(last < 0.7 * first, "{first} to {last}");
    let (first, last) = (surprise[0], surprise[190..].iter().sum::<f64>() / 10.0);
    assert!(last < 0.6 * first, "cross-entropy: {first} to {last}");
}
