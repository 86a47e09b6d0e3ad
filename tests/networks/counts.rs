//! Autoencoders of counts (SC-VAE, ContrastiveVI, scVI) and measures of independence against reference values.

use crate::nets::{NetCase, net_cases};
use crate::{chosen, recording};
use ndarray::Array1;
use perturbook::methods::contrastive_vi::{
    ContrastiveVi, ContrastiveViConfig, ContrastiveViDraws, ContrastiveViWeights,
};
use perturbook::methods::sc_vae::{ScVae, ScVaeConfig, ScVaeDraws, ScVaeOutput, ScVaeWeights};
use perturbook::methods::sc_vi::{ScVi, ScViConfig, ScViDraws};
use perturbook::nn::State;
use perturbook::nn::counts::{Cells, Likelihood};
use perturbook::nn::loss::{
    Bandwidth, gaussian_kernel, gaussian_norm, hsic, hsic_root, hsic_times_n, median_squared_distance,
    negative_binomial, squared_distances, total_correlation, zero_inflated_negative_binomial,
};
use perturbook::tensor::{Backend, Gradients, Tensor};
use perturbook::train::{Adam, AdamConfig, NamedGradients};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(0)
}

fn size(case: &NetCase, path: &str) -> usize {
    case.config(path).as_u64().unwrap_or_else(|| panic!("{}: {path}", case.name)) as usize
}

fn likelihood(case: &NetCase) -> Likelihood {
    match case.config("/likelihood").as_str() {
        Some("nb") => Likelihood::NegativeBinomial,
        Some("zinb") => Likelihood::ZeroInflated,
        other => panic!("{}: likelihood {other:?}", case.name),
    }
}

/// An input for which gradients are asked.
fn leaf<const D: usize>(case: &NetCase, name: &str) -> Tensor<D> {
    case.tensor(name, &recording()).require_grad()
}

fn check_gradient<const D: usize>(case: &NetCase, name: &str, input: &Tensor<D>, gradients: &Gradients) {
    let gradient = input.grad(gradients).unwrap_or_else(|| panic!("{}: {name}: no gradient", case.name));
    case.check_tensor(name, gradient);
}

/// Running averages, of which the case holds no gradients.
fn check_running(case: &NetCase, network: &impl burn::module::Module<Backend>) {
    case.check_state("after_train", &State::of(network));
}

#[test]
fn likelihoods_and_their_gradients_agree() {
    for case in net_cases("scvae_likelihood") {
        let x: Tensor<1> = case.tensor("x", &recording());
        let [mu, log_theta, logit] = ["mu", "log_theta", "pi_logit"].map(|name| leaf::<1>(&case, name));
        let nb = negative_binomial(x.clone(), mu.clone(), log_theta.clone().exp());
        check_flat(&case, "nb", nb.clone());
        let gradients = nb.sum().backward();
        check_gradient(&case, "grad_nb.mu", &mu, &gradients);
        check_gradient(&case, "grad_nb.log_theta", &log_theta, &gradients);

        let zinb = zero_inflated_negative_binomial(x, mu.clone(), log_theta.clone().exp(), logit.clone());
        check_flat(&case, "zinb", zinb.clone());
        let gradients = zinb.sum().backward();
        check_gradient(&case, "grad_zinb.mu", &mu, &gradients);
        check_gradient(&case, "grad_zinb.log_theta", &log_theta, &gradients);
        check_gradient(&case, "grad_zinb.pi_logit", &logit, &gradients);
        case.finish();
    }
}

/// Compares numbers that the case may hold in more dimensions.
fn check_flat(case: &NetCase, name: &str, got: Tensor<1>) {
    let want = case.expected(name);
    let values: Vec<f32> = got.into_data().to_vec().expect("numbers");
    let flat = Array1::from(values);
    case.expect(flat.len() == want.len(), format!("{name}: {} numbers", flat.len()));
    case.check(name, &flat.into_dyn().into_shape_with_order(want.raw_dim()).expect("of its shape"));
}

#[test]
fn independence_criteria_of_bandwidths_agree() {
    for case in net_cases("scvae_hsic") {
        let parts = || ["z", "s"].map(|name| leaf::<2>(&case, name));
        let n = size(&case, "/n") as f64;
        for (name, x) in ["z", "s"].into_iter().zip(parts()) {
            let (apart, g) = (squared_distances(x.clone()), gaussian_norm(x.dims()[1]));
            let variance = median_squared_distance(x);
            case.check_number(&format!("sigma2_{name}"), variance);
            case.check_number(&format!("fixed_g.g_{name}"), g);
            let kernel = if name == "z" { "median.K" } else { "median.L" };
            case.check_tensor(kernel, gaussian_kernel(apart, variance));
        }
        let check = |name: &str, value: Tensor<1>, [z, s]: [Tensor<2>; 2]| {
            let gradients = value.backward();
            check_gradient(&case, &format!("{name}.z"), &z, &gradients);
            check_gradient(&case, &format!("{name}.s"), &s, &gradients);
        };

        let [z, s] = parts();
        case.check_tensor("median.hsic_biased", hsic(z.clone(), s.clone(), Bandwidth::Median));
        let value = hsic_times_n(z.clone(), s.clone(), Bandwidth::Median);
        case.check_tensor("median.hsic_times_n", value.clone());
        check("grad_median_times_n", value, [z, s]);

        let [z, s] = parts();
        let value = hsic(z.clone(), s.clone(), Bandwidth::Unit);
        case.check_tensor("sigma1.hsic_biased", value.clone());
        check("grad_sigma1_times_n", value * n, [z, s]);

        let [z, s] = parts();
        case.check_tensor("fixed_g.hsic_biased", hsic(z.clone(), s.clone(), Bandwidth::GaussianNorm));
        let value = hsic_root(z.clone(), s.clone(), Bandwidth::GaussianNorm);
        case.check_tensor("fixed_g.sqrt", value.clone());
        check("grad_fixed_g_sqrt", value, [z, s]);
        case.finish();
    }
}

#[test]
fn independence_of_posterior_means_agrees() {
    for case in net_cases("mcvae_independence") {
        let parts = || ["z_means", "s_means"].map(|name| leaf::<2>(&case, name));
        let check = |name: &str, value: Tensor<1>, [z, s]: [Tensor<2>; 2]| {
            let gradients = value.backward();
            check_gradient(&case, &format!("{name}.z_means"), &z, &gradients);
            check_gradient(&case, &format!("{name}.s_means"), &s, &gradients);
        };
        let [z, s] = parts();
        let bandwidth = Bandwidth::Fixed(case.config_number("/sigma").powi(2));
        let value = hsic_times_n(z.clone(), s.clone(), bandwidth);
        case.check_tensor("hsic_times_n", value.clone());
        check("grad_hsic", value, [z, s]);

        let [z, s] = parts();
        let value = total_correlation(z.clone(), s.clone()).expect("enough rows");
        case.check_tensor("total_correlation", value.clone());
        check("grad_tc", value, [z, s]);
        case.finish();
    }
}

fn sc_vae(case: &NetCase, control: usize) -> ScVae {
    let mut config = ScVaeConfig::new(size(case, "/genes"), size(case, "/classes"), control);
    (config.hidden, config.background, config.salient) = (size(case, "/hidden"), size(case, "/p"), size(case, "/q"));
    let network = ScVae::new(&config, &mut rng(), &recording());
    case.state().load_into(network).expect("the case's weights")
}

#[test]
fn sc_vae_agrees_in_training_and_afterwards() {
    for case in net_cases("scvae_forward") {
        let device = recording();
        let cells = Cells::new(case.tensor("counts", &device));
        // The forward pass decodes every cell with its own s: none is of the control class.
        let labels = || burn::Tensor::zeros([cells.len()], &device);
        let mut network = sc_vae(&case, size(&case, "/classes"));
        let [z, s] = ["eps_z", "eps_s"].map(|name| case.tensor(name, &device));
        let draws = ScVaeDraws { z, prior: Tensor::zeros_like(&s), s, dropout: None };
        check_forward(&case, "eval", network.forward(&cells, labels(), &draws).expect("evaluated"));
        check_forward(&case, "train", network.forward_training(&cells, labels(), &draws).expect("a step"));
        check_running(&case, &network);
        case.finish();
    }
}

fn check_forward(case: &NetCase, mode: &str, output: ScVaeOutput) {
    let check = |name: &str, got: Tensor<2>| case.check_tensor(&format!("{mode}.{name}"), got);
    for (name, posterior) in [("z", output.z), ("s", output.s)] {
        check(&format!("{name}_mean"), posterior.mean);
        check(&format!("{name}_var"), posterior.var);
        check(&format!("{name}_hidden"), posterior.hidden);
    }
    check("z", output.z_sample);
    check("s", output.s_decoder);
    check("scale", output.decoded.scale);
    check("rate", output.decoded.rate);
    check("decoder_hidden", output.decoded.hidden);
    check("logits", output.logits);
}

#[test]
fn objective_of_sc_vae_and_its_steps_agree() {
    for case in net_cases("scvae_loss") {
        let device = recording();
        let control = size(&case, "/control_label");
        let cells = Cells::new(case.tensor("counts", &device));
        let [z, s, prior] = ["eps_z", "eps_s", "s_prior"].map(|name| case.tensor(name, &device));
        let draws = ScVaeDraws { z, s, prior, dropout: None };
        let step = |network: &mut ScVae| {
            network.forward_training(&cells, case.integers("label", &device), &draws).expect("a step")
        };
        let mut weights = ScVaeWeights { kl: case.config_number("/kl_weight"), ..ScVaeWeights::default() };

        let mut network = sc_vae(&case, control);
        let output = step(&mut network);
        let loss = network.loss(&output, &weights);
        case.check_tensor("loss_lambda_0", loss.total.clone());
        let gradients = State::gradients_of(&network, &loss.total.backward());
        case.check_gradients("grad_lambda_0", &gradients);

        weights.hsic = Some(case.config_number("/lambda_hsic"));
        let mut network = sc_vae(&case, control);
        let output = step(&mut network);
        check_running(&case, &network);
        let loss = network.loss(&output, &weights);
        case.check_number("hsic_sigma2_z", median_squared_distance(output.z_sample.clone()));
        case.check_number("hsic_sigma2_s", median_squared_distance(output.s_sample.clone()));
        case.check_tensor("hsic_biased", hsic(output.z_sample.clone(), output.s_sample.clone(), weights.bandwidth));
        case.check_tensor("hsic_times_n", loss.hsic_times_n.expect("asked for"));
        case.check_tensor("z", output.z_sample);
        case.check_tensor("s", output.s_sample);
        case.check_tensor("s_decoder", output.s_decoder);
        case.check_tensor("rate", output.decoded.rate);
        case.check_tensor("logits", output.logits);
        case.check_tensor("recon", loss.recon);
        case.check_tensor("cross_entropy", loss.cross_entropy);
        case.check_tensor("kl_z", loss.kl_z);
        case.check_tensor("kl_s", loss.kl_s);
        case.check_tensor("objective_per_cell", loss.objective.clone());
        let objective: Vec<f32> = loss.objective.into_data().to_vec().expect("numbers");
        for (name, of_controls) in [("objective_mean_control", true), ("objective_mean_perturbed", false)] {
            let labels = case.input("label").iter().map(|&label| label as usize == control);
            let own: Vec<f64> =
                objective.iter().zip(labels).filter(|(_, is)| *is == of_controls).map(|(v, _)| f64::from(*v)).collect();
            case.check_number(name, own.iter().sum::<f64>() / own.len() as f64);
        }
        case.check_tensor("loss", loss.total.clone());
        let gradients = State::gradients_of(&network, &loss.total.backward());
        case.check_gradients("grad", &gradients);
        check_two_steps(&case, network, &gradients);
        case.finish();
    }
}

/// Two steps of the optimiser of scvi-tools with the same gradients.
fn check_two_steps(case: &NetCase, mut network: ScVae, gradients: &State) {
    let config = AdamConfig { rate: 1e-3, epsilon: 0.01, decay: 1e-6, ..AdamConfig::default() };
    let mut adam = Adam::new(config);
    let gradients = NamedGradients::from_state(gradients, &chosen());
    for _ in 0..2 {
        network = adam.step(network, &gradients);
    }
    case.check_state("adam2", &State::of(&network));
}

#[test]
fn contrastive_vi_agrees() {
    for case in net_cases("contrastivevi_") {
        let device = recording();
        let mut config = ContrastiveViConfig::new(size(&case, "/genes"));
        config.likelihood = likelihood(&case);
        (config.hidden, config.background, config.salient) =
            (size(&case, "/hidden"), size(&case, "/p"), size(&case, "/q"));
        let network = ContrastiveVi::new(&config, &mut rng(), &device);
        let mut network = case.state().load_into(network).expect("the case's weights");
        let [control, perturbed] = ["background", "target"].map(|name| Cells::new(case.tensor(name, &device)));
        let [z, s] = ["eps_z", "eps_s"].map(|name| case.tensor(name, &device));
        let draws = ContrastiveViDraws { z, s, dropout: None };

        let output = network.forward_training(&control, &perturbed, &draws).expect("a step");
        check_running(&case, &network);
        let number = |path: &str| case.config_number(path);
        let weights = ContrastiveViWeights { kl: number("/kl_weight"), wasserstein: number("/lambda_w") };
        let loss = network.loss(&output, &weights);
        for (name, got) in [
            ("z_mean", output.z.mean),
            ("z_var", output.z.var),
            ("z", output.z_sample),
            ("s_mean", output.s.mean),
            ("s_var", output.s.var),
            ("s_decoder", output.s_decoder),
            ("rate", output.decoded.rate),
            ("scale", output.decoded.scale),
        ] {
            case.check_tensor(name, got);
        }
        if let Some(logit) = output.decoded.dropout_logit {
            case.check_tensor("dropout_logit", logit);
        }
        for (name, got) in [
            ("recon_background", loss.recon_background),
            ("recon_target", loss.recon_target),
            ("kl_z_background", loss.kl_z_background),
            ("kl_z_target", loss.kl_z_target),
            ("kl_s_target", loss.kl_s_target),
            ("wasserstein_background", loss.wasserstein_background),
            ("total", loss.total.clone()),
        ] {
            case.check_tensor(name, got);
        }
        case.check_gradients("grad", &State::gradients_of(&network, &loss.total.backward()));
        case.finish();
    }
}

#[test]
fn sc_vi_agrees() {
    for case in net_cases("scvi_") {
        let device = recording();
        let mut config = ScViConfig::new(size(&case, "/genes"));
        config.likelihood = likelihood(&case);
        (config.hidden, config.latent) = (size(&case, "/hidden"), size(&case, "/latent"));
        let network = ScVi::new(&config, &mut rng(), &device);
        let mut network = case.state().load_into(network).expect("the case's weights");
        let cells = Cells::new(case.tensor("counts", &device));
        let draws = ScViDraws { z: case.tensor("eps", &device), dropout: None };

        let output = network.forward_training(&cells, &draws).expect("a step");
        check_running(&case, &network);
        let loss = network.loss(&output, case.config_number("/kl_weight"));
        case.check_tensor("mean", output.posterior.mean);
        case.check_tensor("var", output.posterior.var);
        case.check_tensor("z", output.z);
        case.check_tensor("rate", output.decoded.rate);
        case.check_tensor("recon", loss.recon);
        case.check_tensor("kl", loss.kl);
        case.check_tensor("total", loss.total.clone());
        case.check_gradients("grad", &State::gradients_of(&network, &loss.total.backward()));
        case.finish();
    }
}
