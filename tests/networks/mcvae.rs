//! Networks, losses and schedules of the contrastive image autoencoders against reference values.

use crate::nets::{NetCase, net_cases};
use crate::{chosen, recording};
use burn::module::Module;
use perturbook::methods::mcvae::{ContrastiveConfig, ContrastiveVae, Decoder, Encoder, NetConfig, Pairs, Priors, Vae};
use perturbook::nn::State;
use perturbook::tensor::Tensor;
use perturbook::train::{Adam, AdamConfig, Clip, NamedGradients, Schedule};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

fn size(case: &NetCase, name: &str) -> usize {
    case.config_number(name) as usize
}

#[test]
fn encoders_agree() {
    for case in net_cases("mcvae_encoder") {
        let device = recording();
        let net =
            NetConfig { side: size(&case, "/side"), channels: size(&case, "/channels"), base: size(&case, "/base") };
        let encoder = Encoder::new(&net, size(&case, "/latent"), &mut rng(), &device);
        let encoder = case.state().part("encoder.").load_into(encoder).expect("the weights fit");
        let image = case.tensor::<4>("image", &device).require_grad();
        for (i, activation) in encoder.activations(image.clone()).into_iter().enumerate() {
            check_corner(&case, &format!("act.encoder.conv{}", i + 1), activation);
        }
        let posterior = encoder.forward(image.clone());
        case.check_tensor("mu", posterior.mean.clone());
        case.check_tensor("logvar", posterior.log_variance.clone());
        let of = |values: Tensor<2>, name: &str| (values * case.tensor::<2>(name, &device)).sum();
        let scalar = of(posterior.mean, "cotangent_mu") + of(posterior.log_variance, "cotangent_logvar");
        case.check_tensor("scalar", scalar.clone());
        let gradients = scalar.backward();
        case.check_tensor("grad.image", image.grad(&gradients).expect("a gradient"));
        check_part(&case, "encoder", &State::gradients_of(&encoder, &gradients));
        case.finish();
    }
}

#[test]
fn decoders_agree() {
    for case in net_cases("mcvae_decoder") {
        let device = recording();
        let net =
            NetConfig { side: size(&case, "/side"), channels: size(&case, "/channels"), base: size(&case, "/base") };
        let decoder = Decoder::new(&net, size(&case, "/latent_in"), &mut rng(), &device);
        let decoder = case.state().part("decoder.").load_into(decoder).expect("the weights fit");
        let latent = case.tensor::<2>("latent", &device).require_grad();
        let names = ["convt1", "conv2", "convt3", "conv4"];
        for (name, activation) in names.iter().zip(decoder.activations(latent.clone())) {
            check_corner(&case, &format!("act.decoder.{name}"), activation);
        }
        let output = decoder.forward(latent.clone());
        case.check_tensor("output", output.clone());
        let scalar = (output * case.tensor::<4>("cotangent", &device)).sum();
        case.check_tensor("scalar", scalar.clone());
        let gradients = scalar.backward();
        case.check_tensor("grad.latent", latent.grad(&gradients).expect("a gradient"));
        check_part(&case, "decoder", &State::gradients_of(&decoder, &gradients));
        case.finish();
    }
}

/// Large activations are stored in part: the first image and four of its channels.
fn check_corner(case: &NetCase, name: &str, got: Tensor<4>) {
    let shape = case.expected(name).shape().to_vec();
    case.check_tensor(name, got.narrow(0, 0, shape[0]).narrow(1, 0, shape[1]));
}

fn check_part(case: &NetCase, part: &str, gradients: &State) {
    case.check_gradients("grad", &gradients.renamed(|name| Some(format!("{part}.{name}"))));
}

#[test]
fn losses_of_all_contrastive_variants_agree() {
    for case in net_cases("mcvae_loss_").into_iter().filter(|case| case.config("/variant") != "vae") {
        let device = recording();
        let config = ContrastiveConfig {
            net: NetConfig { side: case.input("target").shape()[2], channels: 4, base: size(&case, "/base") },
            latent: size(&case, "/latent"),
            batch_width: size(&case, "/batch_dim"),
            batches: size(&case, "/n_batches"),
            labels: size(&case, "/n_labels"),
            priors: Priors {
                background: case.has_weight("prior_z.weight"),
                salient: case.has_weight("prior_s.weight"),
            },
        };
        let net = case.state().load_into(ContrastiveVae::new(&config, &mut rng(), &device)).expect("the weights fit");
        let pairs = Pairs {
            background: case.tensor("background", &device),
            target: case.tensor("target", &device),
            background_label: case.integers("background_label", &device),
            target_label: case.integers("target_label", &device),
            background_batch: case.integers("background_batch", &device),
            target_batch: case.integers("target_batch", &device),
        };
        let pass = net.pass(&pairs, case.tensor("eps_z", &device), case.tensor("eps_s", &device));
        for (name, posterior) in [("z", &pass.z), ("s", &pass.s)] {
            case.check_tensor(&format!("{name}_mean"), posterior.mean.clone());
            case.check_tensor(&format!("{name}_logvar"), posterior.log_variance.clone());
            case.check_tensor(&format!("{name}_std"), posterior.std());
        }
        case.check_tensor("decoder_input", pass.decoder_input.clone());
        case.check_tensor("reconstruction", pass.reconstruction.clone());
        case.check_tensor("embedding", pass.embedding());
        case.check_tensor("nll_background", pass.nll_background.clone());
        case.check_tensor("nll_target", pass.nll_target.clone());
        case.check_tensor("kl_z_background", pass.kl_z_background.clone());
        case.check_tensor("kl_z_target", pass.kl_z_target.clone());
        case.check_tensor("kl_s_target", pass.kl_s_target.clone());
        let n = pairs.background.dims()[0];
        let unused = net.kl_s(&pass.s.cells(0, n), pairs.background_label.clone());
        case.check_tensor("kl_s_background_unused", unused);
        case.check_tensor("wasserstein_background", pass.wasserstein_background.clone());
        let (weight, distance) = (case.config_number("/kl_weight"), case.config_number("/lambda_w"));
        case.check_tensor("total_per_pair", pass.of_pairs(weight, distance));
        case.check_tensor("total_kl_weight_1", pass.loss(1.0, distance));
        let total = pass.loss(weight, distance);
        case.check_tensor("total", total.clone());
        finish_with_steps(case, net, total);
    }
}

#[test]
fn the_loss_of_the_plain_autoencoder_agrees() {
    for case in net_cases("mcvae_loss_vae") {
        let device = recording();
        let net = NetConfig { side: case.input("image").shape()[2], channels: 4, base: size(&case, "/base") };
        let vae = Vae::new(&net, size(&case, "/latent"), &mut rng(), &device);
        let vae = case.state().load_into(vae).expect("the weights fit");
        let pass = vae.pass(case.tensor("image", &device), case.tensor("eps", &device));
        case.check_tensor("mu", pass.posterior.mean.clone());
        case.check_tensor("logvar", pass.posterior.log_variance.clone());
        case.check_tensor("std", pass.posterior.std());
        case.check_tensor("z", pass.latent.clone());
        case.check_tensor("reconstruction", pass.reconstruction.clone());
        case.check_tensor("nll", pass.nll.clone());
        case.check_tensor("kl", pass.kl.clone());
        case.check_tensor("total_kl_weight_1", pass.loss(1.0));
        let total = pass.loss(case.config_number("/kl_weight"));
        case.check_tensor("total", total.clone());
        finish_with_steps(case, vae, total);
    }
}

/// Gradients, and two steps of Adam along them, cut by value.
fn finish_with_steps(case: NetCase, mut net: impl Module<perturbook::tensor::Backend>, total: Tensor<1>) {
    let gradients = total.backward();
    case.check_gradients("grad", &State::gradients_of(&net, &gradients));
    let cut = NamedGradients::of(&net, &gradients).clipped(Clip::Value(0.5));
    let mut adam = Adam::new(AdamConfig { rate: 1e-3, ..AdamConfig::default() });
    for _ in 0..2 {
        net = adam.step(net, &cut);
    }
    case.check_state("adam2", &State::of(&net));
    case.finish();
}

#[test]
fn weights_of_the_divergence_agree() {
    for case in net_cases("mcvae_kl_schedule") {
        let values = |schedule: Schedule, calls: &[u64]| -> ndarray::Array1<f64> {
            calls.iter().map(|&call| schedule.at(call)).collect()
        };
        let (small, step) = (size(&case, "/step_small") as u64, size(&case, "/step") as u64);
        let cycle = |steps| Schedule::Cycle { steps, period: 2 * steps };
        let first: Vec<u64> = (0..5 * small).collect();
        case.check("cyclic_small", &values(cycle(small), &first));
        case.check("ramp_nowrap_small", &values(Schedule::Ramp { steps: small }, &first));
        let calls: Vec<u64> = case.input("calls_4500").iter().map(|&call| call as u64).collect();
        case.check("cyclic_4500", &values(cycle(step), &calls));
        case.finish();
    }
}

#[test]
fn networks_of_the_papers_size_have_its_parameter_counts() {
    let (net, device) = (NetConfig::default(), chosen());
    assert_eq!(Encoder::new(&net, 32, &mut rng(), &device).num_params(), 364_992);
    assert_eq!(Encoder::new(&net, 64, &mut rng(), &device).num_params(), 627_200);
    assert_eq!(Decoder::new(&net, 96, &mut rng(), &device).num_params(), 500_036);
    assert_eq!(Decoder::new(&net, 64, &mut rng(), &device).num_params(), 368_964);
    assert_eq!(Vae::new(&net, 64, &mut rng(), &device).num_params(), 996_165);
    let count = |priors| {
        let config = ContrastiveConfig { priors, ..ContrastiveConfig::default() };
        ContrastiveVae::new(&config, &mut rng(), &device).num_params()
    };
    assert_eq!(count(Priors { background: true, salient: true }), 1_554_309);
    assert_eq!(count(Priors { background: false, salient: false }), 1_231_109);
}

#[test]
fn first_numbers_follow_the_reference_code() {
    let decoder = State::of(&Decoder::new(&NetConfig::default(), 96, &mut rng(), &chosen()));
    let std = |name: &str| decoder.get(name).expect("a weight").std(0.0);
    let largest = |name: &str| decoder.get(name).expect("a weight").iter().fold(0.0f32, |m, v| m.max(v.abs()));
    assert!((std("conv2.weight") - 0.0589).abs() < 0.001);
    assert!((std("conv4.weight") - 0.0833).abs() < 0.002);
    assert!((std("fc.weight") - 0.1443).abs() < 0.001);
    for (name, bound) in [("convt1.weight", 0.0417), ("convt3.weight", 0.0589), ("convt5.bias", 0.1667)] {
        assert!(largest(name) <= bound + 1e-4, "{name}");
    }
    assert!(largest("convt1.weight") > 0.0415);
    assert_eq!(largest("conv2.bias"), 0.0);
}
