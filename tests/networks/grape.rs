//! GRAPE's blocks, networks, losses and one iteration against reference values.

use crate::nets::{NetCase, net_cases, tensor};
use crate::{chosen, recording};
use burn::module::{Module, Param};
use burn::tensor::backend::Backend as Burn;
use ndarray::{Array4, ArrayD, Ix4, s};
use perturbook::methods::grape::{
    Batch, Discriminator, GeneAttention, Generator, GeneratorLoss, GrapeTraining, LossConfig, Mapping, NetworkConfig,
    StyleEncoder, Translator, discriminator_loss, generator_loss, image_gradient, of_class,
};
use perturbook::nn::{AdaIn, AdaInBlock, Dual, Init, ResidualBlock, State, normal};
use perturbook::tensor::{Backend, Gradients, Tensor};
use perturbook::train::{Adam, AdamConfig, NamedGradients, average};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(0)
}

fn size(case: &NetCase, path: &str) -> Option<usize> {
    case.json.pointer(&format!("/config/{path}")).and_then(|v| v.as_u64()).map(|v| v as usize)
}

fn flag(case: &NetCase, path: &str) -> bool {
    case.config(path).as_bool().expect("true or false")
}

/// A case's network sizes: of its configuration and, where that is silent, of its weights.
fn sizes(case: &NetCase, channels: usize) -> NetworkConfig {
    let paper = NetworkConfig::default();
    let blocks =
        |network: &str| (1..).take_while(|i| case.has_weight(&format!("{network}.down{i}.conv1.weight"))).count();
    let some = |found: usize, otherwise: usize| if found > 0 { found } else { otherwise };
    let head = "discriminator.head_conv.weight";
    NetworkConfig {
        channels,
        classes: size(case, "n_class").unwrap_or(paper.classes),
        code: size(case, "table_dim").unwrap_or(paper.code),
        hidden: size(case, "hidden").unwrap_or(paper.hidden),
        style: size(case, "style").unwrap_or(paper.style),
        base: size(case, "base").unwrap_or(paper.base),
        widest: size(case, "max").unwrap_or(paper.widest),
        levels: size(case, "down_blocks").unwrap_or_else(|| some(blocks("generator"), paper.levels)),
        blocks: size(case, "blocks").unwrap_or_else(|| some(blocks("discriminator"), paper.blocks)),
        head: if case.has_weight(head) { case.weight(head).shape()[2] } else { paper.head },
        attention: false,
    }
}

/// The case's weights of one part of it, in that part.
fn loaded<M: Module<Backend>>(case: &NetCase, prefix: &str, module: M) -> M {
    case.state().part(prefix).load_into(module).unwrap_or_else(|e| panic!("{}: {e}", case.name))
}

fn prefixed(state: &State, prefix: &str) -> State {
    state.renamed(|name| Some(format!("{prefix}{name}")))
}

fn gradients(module: &impl Module<Backend>, gradients: &Gradients, prefix: &str) -> State {
    prefixed(&State::gradients_of(module, gradients), prefix)
}

fn joined<const N: usize>(states: [State; N]) -> State {
    let mut all = State::default();
    for state in states {
        state.iter().for_each(|(name, array)| all.insert(name, array.clone()));
    }
    all
}

fn values<const D: usize>(tensor: Tensor<D>) -> ArrayD<f32> {
    let shape = tensor.dims();
    ArrayD::from_shape_vec(shape.as_slice(), tensor.into_data().to_vec().expect("numbers")).expect("of its shape")
}

fn images(tensor: Tensor<4>) -> Array4<f32> {
    values(tensor).into_dimensionality::<Ix4>().expect("images")
}

fn number(tensor: Tensor<1>) -> f64 {
    f64::from(tensor.into_scalar())
}

/// Compares a layer's output, of which a case may hold the first channels of the first images only.
fn check_act(case: &NetCase, name: &str, got: &Tensor<4>) {
    let want = case.expected(name).shape();
    let part = got.clone().slice([0..want[0].min(got.dims()[0]), 0..want[1].min(got.dims()[1])]);
    case.check_tensor(name, part);
}

fn shape<const D: usize>(case: &NetCase, input: &str) -> [usize; D] {
    case.input(input).shape().try_into().expect("as many dimensions")
}

#[test]
fn adaptive_instance_norm_agrees() {
    for case in net_cases("grape_adain").into_iter().filter(|case| !case.name.starts_with("grape_adainblk")) {
        let (channels, style) = (size(&case, "channels").expect("channels"), size(&case, "style").expect("style"));
        let layer = AdaIn::new(channels, style, Init::KaimingIn, &mut rng(), &recording());
        let layer = loaded(&case, "adain.", layer);
        block_agrees(case, "adain.", &layer, |x, style| layer.forward(x, style.expect("a style")));
    }
}

#[test]
fn adaptive_blocks_agree() {
    for case in net_cases("grape_adainblk") {
        let [c_in, c_out, style] = ["c_in", "c_out", "style"].map(|name| size(&case, name).expect("a size"));
        let block = AdaInBlock::new([c_in, c_out], style, Init::KaimingIn, &mut rng(), &recording());
        let block = if flag(&case, "/upsample") { block.doubling() } else { block };
        let block = loaded(&case, "block.", block);
        block_agrees(case, "block.", &block, |x, style| block.forward(x, style.expect("a style")));
    }
}

#[test]
fn residual_blocks_agree() {
    for case in net_cases("grape_resblk") {
        let channels = ["c_in", "c_out"].map(|name| size(&case, name).expect("a size"));
        let block = ResidualBlock::new(channels, Init::KaimingIn, &mut rng(), &recording());
        let block = if flag(&case, "/instance_norm") { block.normalised() } else { block };
        let block = if flag(&case, "/downsample") { block.halving() } else { block };
        let block = loaded(&case, "block.", block);
        block_agrees(case, "block.", &block, |x, _| block.forward(x));
    }
}

/// Output, its product with the cotangent, and all gradients of that.
fn block_agrees(
    case: NetCase,
    prefix: &str,
    module: &impl Module<Backend>,
    forward: impl Fn(Tensor<4>, Option<Tensor<2>>) -> Tensor<4>,
) {
    let x = case.tensor::<4>("x", &recording()).require_grad();
    let style = case.has_input("style").then(|| case.tensor::<2>("style", &recording()).require_grad());
    let output = forward(x.clone(), style.clone());
    case.check_tensor("output", output.clone());
    let scalar = (output * case.tensor("cotangent", &recording())).sum();
    case.check_tensor("scalar", scalar.clone());
    let grads = scalar.backward();
    case.check_tensor("grad.x", x.grad(&grads).expect("a gradient"));
    if let Some(style) = style {
        case.check_tensor("grad.style", style.grad(&grads).expect("a gradient"));
    }
    case.check_gradients("grad", &gradients(module, &grads, prefix));
    case.finish();
}

#[test]
fn mapping_network_agrees_with_and_without_attention() {
    for case in net_cases("grape_mapping") {
        let config = sizes(&case, 4);
        let (label, cotangent) = (case.integers("label", &recording()), case.tensor::<2>("cotangent", &recording()));
        let mapping = loaded(&case, "mapping.", Mapping::new(&config, &mut rng(), &recording()));
        let attention = loaded(&case, "attention.", GeneAttention::new(config.code, &mut rng(), &recording()));
        let table = tensor::<2>(case.weight("table"), &recording()).require_grad();
        let of_table = |grads: &Gradients| {
            let mut state = State::default();
            state.insert("table", values(table.grad(grads).expect("a gradient")));
            joined([state, gradients(&mapping, grads, "mapping."), gradients(&attention, grads, "attention.")])
        };

        let [first, second, style] = mapping.activations(table.clone().select(0, label.clone()));
        case.check_tensor("act.fc1", first);
        case.check_tensor("act.fc2", second);
        case.check_tensor("act.fc3", style.clone());
        case.check_tensor("style", style.clone());
        let scalar = (style * cotangent.clone()).sum();
        case.check_tensor("scalar", scalar.clone());
        case.check_gradients("grad", &of_table(&scalar.backward()));

        case.check_tensor("attention.weights", attention.weights(table.clone()));
        let tokens = attention.forward(table.clone());
        case.check_tensor("attention.tokens", tokens.clone());
        let style = mapping.forward(tokens.select(0, label));
        case.check_tensor("attention.style", style.clone());
        let grads = (style * cotangent).sum().backward();
        case.check_gradients("grad_attention", &of_table(&grads));
        case.finish();
    }
}

#[test]
fn generator_agrees_at_every_size() {
    for case in net_cases("grape_generator") {
        let sides: Vec<String> = case
            .expected_names()
            .iter()
            .filter_map(|name| Some(name.strip_suffix(".output")?.strip_prefix("px")?.to_owned()))
            .collect();
        assert!(!sides.is_empty());
        for side in sides {
            let [_, channels, _, _] = shape::<4>(&case, &format!("x{side}"));
            let config = sizes(&case, channels);
            let generator = Generator::new(&config, &mut rng(), &recording()).expect("a generator");
            let generator = loaded(&case, "generator.", generator);
            let x = case.tensor::<4>(&format!("x{side}"), &recording());
            let style = case.tensor::<2>(&format!("style{side}"), &recording()).require_grad();
            let output = generator.watched(x, style.clone(), &mut |name, act| {
                check_act(&case, &format!("px{side}.act.{name}"), act);
            });
            case.check_tensor(&format!("px{side}.output"), output.clone());
            let count = output.dims().iter().product::<usize>() as f64;
            let scalar = (output * case.tensor(&format!("cotangent{side}"), &recording())).sum() / count.sqrt();
            case.check_tensor(&format!("px{side}.scalar"), scalar.clone());
            let grads = scalar.backward();
            case.check_tensor(&format!("grad.px{side}.style"), style.grad(&grads).expect("a gradient"));
            case.check_gradients(&format!("grad.px{side}"), &gradients(&generator, &grads, "generator."));
        }
        case.finish();
    }
}

#[test]
fn discriminator_and_style_encoder_agree() {
    for case in net_cases("grape_disc_style") {
        let config = sizes(&case, shape::<4>(&case, "x")[1]);
        assert_eq!(serde_json::json!(config.widths(config.blocks)), *case.config("/widths"));
        let x = case.tensor::<4>("x", &recording());
        let discriminator = Discriminator::new(&config, &mut rng(), &recording()).expect("a discriminator");
        let discriminator = loaded(&case, "discriminator.", discriminator);
        let logits = discriminator
            .watched(x.clone(), &mut |name, act| check_act(&case, &format!("discriminator.act.{name}"), act));
        case.check_tensor("discriminator.logits", logits.clone());
        let selected = of_class(logits, case.integers("label", &recording()));
        case.check_tensor("discriminator.selected", selected.clone());
        let grads = selected.sum().backward();
        let of_discriminator = gradients(&discriminator, &grads, "discriminator.");

        let encoder = StyleEncoder::new(&config, &mut rng(), &recording()).expect("a style encoder");
        let encoder = loaded(&case, "style_encoder.", encoder);
        let style = encoder.watched(x, &mut |name, act| check_act(&case, &format!("style_encoder.act.{name}"), act));
        case.check_tensor("style_encoder.style", style.clone());
        let grads = (style * case.tensor("cotangent_style", &recording())).sum().backward();
        let of_encoder = gradients(&encoder, &grads, "style_encoder.");
        case.check_gradients("grad", &joined([of_discriminator, of_encoder]));
        case.finish();
    }
}

/// Two parameters of which the loss sees the second times 0.
#[derive(Module, Debug)]
struct TwoParameters<B: Burn = Backend> {
    param: Param<burn::Tensor<B, 2>>,
    unused_rows: Param<burn::Tensor<B, 2>>,
}

#[test]
fn adam_with_coupled_decay_and_the_average_agree() {
    for case in net_cases("grape_adam") {
        let number = |path: &str| case.config_number(path);
        let mut adam = Adam::new(AdamConfig {
            rate: number("/lr"),
            betas: [number("/betas/0"), number("/betas/1")],
            epsilon: number("/eps"),
            decay: number("/weight_decay"),
            ..AdamConfig::default()
        });
        let param = |name: &str| Param::from_tensor(tensor::<2>(case.weight(name), &recording()));
        let mut network = TwoParameters { param: param("param"), unused_rows: param("unused_rows") };
        let start = network.param.val();
        let steps = (1..).take_while(|step| case.has_input(&format!("g{step}"))).count();
        for step in 1..=steps {
            let along = network.param.val() * case.tensor(&format!("g{step}"), &recording());
            let grads = (along.sum() + (network.unused_rows.val() * 0.0).sum()).backward();
            network = adam.step(network.clone(), &NamedGradients::of(&network, &grads));
            case.check_tensor(&format!("param_step{step}"), network.param.val());
            case.check_tensor(&format!("unused_rows_step{step}"), network.unused_rows.val());
            case.check_tensor(&format!("delta_step{step}"), network.param.val() - start.clone());
        }
        let ema = TwoParameters { param: param("ema"), unused_rows: param("unused_rows") };
        let ema = average(ema, &network, number("/ema_gamma")).expect("an average");
        case.check_tensor("ema_after", ema.param.val());
        case.finish();
    }
}

/// A case's networks, batch and settings.
struct Step {
    translator: Translator,
    discriminator: Discriminator,
    batch: Batch,
    loss: LossConfig,
}

fn step(case: &NetCase) -> Step {
    let config = sizes(case, shape::<4>(case, "x")[1]);
    let weights = case.state().renamed(|name| (!name.starts_with("discriminator.")).then(|| name.to_owned()));
    let translator = Translator::new(&config, &mut rng(), &recording()).expect("networks");
    let translator = weights.load_into(translator).unwrap_or_else(|e| panic!("{}: {e}", case.name));
    let discriminator = Discriminator::new(&config, &mut rng(), &recording()).expect("a discriminator");
    let classes = |name: &str| case.input(name).iter().map(|&class| class as usize).collect::<Vec<_>>();
    let batch = Batch::new(case.tensor("x", &recording()), &classes("label"), &classes("target"), &config);
    let number = |path: &str| case.config_number(path);
    let loss = LossConfig {
        r1: number("/r1_weight"),
        cycle: number("/lambda_cyc"),
        style: number("/lambda_sty"),
        detach: true,
    };
    let discriminator = loaded(case, "discriminator.", discriminator);
    Step { translator, discriminator, batch: batch.expect("a batch"), loss }
}

#[test]
fn losses_their_gradients_and_an_iteration_agree() {
    for case in net_cases("grape_train_step") {
        discriminator_agrees(&case, &step(&case));
        generator_agrees(&case, &step(&case));
        iteration_agrees(&case, step(&case));
        case.finish();
    }
}

fn discriminator_agrees(case: &NetCase, step: &Step) {
    let Step { translator, discriminator, batch, loss } = step;
    let terms = || discriminator_loss(discriminator, translator, batch, loss).expect("a loss");
    let got = terms();
    case.check_tensor("d.real_logit", got.real_logit.clone());
    case.check_tensor("d.fake_logit", got.fake_logit.clone());
    case.check_tensor("d.loss_real", got.real.clone().mean());
    case.check_tensor("d.loss_fake", got.fake.clone().mean());
    case.check_tensor("d.r1", got.r1.clone().mean());
    case.check_tensor("d.r1_per_image", got.r1.clone());
    case.check_tensor("d.total", got.total(loss));
    let grads = got.total(loss).backward();
    case.check_gradients("grad_d", &gradients(discriminator, &grads, "discriminator."));
    assert!(State::gradients_of(translator, &grads).names().is_empty());
    let grads = terms().r1.mean().backward();
    case.check_gradients("grad_r1", &gradients(discriminator, &grads, "discriminator."));

    let v = image_gradient(discriminator, batch.images.clone(), batch.labels.clone()).expect("a gradient");
    case.check("d.image_gradient_head", &images(v).slice(s![.., 0, ..;4, ..;4]).to_owned());
    let style = translator.style(batch.targets.clone());
    let fake = translator.generator.forward(batch.images.clone(), style);
    case.check("d.fake_image_head", &images(fake).slice(s![.., .., ..;4, ..;4]).to_owned());
}

fn generator_agrees(case: &NetCase, step: &Step) {
    let Step { translator, discriminator, batch, loss } = step;
    let terms = |loss: &LossConfig| generator_loss(translator, discriminator, batch, loss);
    case.check_tensor("g.style", translator.style(batch.targets.clone()));
    case.check_tensor("g.style_of_x", translator.style_encoder.forward(batch.images.clone()));
    let got = terms(loss);
    case.check_tensor("g.adv", got.adversarial.clone().mean());
    case.check_tensor("g.cyc", got.cycle.clone().mean());
    case.check_tensor("g.sty", got.style.clone().mean());
    case.check_tensor("g.total", got.total(loss));
    let grads = got.total(loss).backward();
    case.check_gradients("grad_g", &State::gradients_of(translator, &grads));
    assert!(State::gradients_of(discriminator, &grads).names().is_empty());

    type Term = fn(GeneratorLoss) -> Tensor<1>;
    let routed: [(&str, Term); 3] = [("adv", |g| g.adversarial), ("cyc", |g| g.cycle), ("sty", |g| g.style)];
    for (name, term) in routed {
        let grads = term(terms(loss)).mean().backward();
        let grads = State::gradients_of(translator, &grads);
        for part in ["generator", "mapping", "table", "style_encoder"] {
            let of_part = grads.iter().filter(|(name, _)| name.split('.').next() == Some(part));
            let squares: f64 = of_part.flat_map(|(_, array)| array).map(|&v| f64::from(v).powi(2)).sum();
            case.check_number(&format!("routing.{name}.{part}"), squares.sqrt());
        }
    }
    let attached = LossConfig { detach: false, ..*loss };
    let grads = terms(&attached).total(&attached).backward();
    case.check_gradients("grad_nodetach", &State::gradients_of(translator, &grads));
}

fn iteration_agrees(case: &NetCase, step: Step) {
    let number = |path: &str| case.config_number(path);
    let adam = AdamConfig {
        rate: number("/adam/lr"),
        betas: [number("/adam/betas/0"), number("/adam/betas/1")],
        epsilon: number("/adam/eps"),
        decay: number("/adam/coupled_l2"),
        ..AdamConfig::default()
    };
    let loss = step.loss;
    let mut learner = GrapeTraining::new(step.translator, step.discriminator, loss, adam);
    let iteration = learner.step(&step.batch).expect("a step");
    case.check_tensor("iteration.g_total_after_d_step", iteration.generator.total(&loss));
    let after =
        joined([State::of(&learner.translator), prefixed(&State::of(&learner.discriminator), "discriminator.")]);
    case.check_state("after", &after);
}

#[test]
fn networks_have_as_many_parameters_as_published() {
    let paper = NetworkConfig::default();
    let flat = NetworkConfig { blocks: 3, head: 12, ..paper.clone() };
    let discriminator =
        |config: &NetworkConfig| Discriminator::new(config, &mut rng(), &chosen()).expect("sizes").num_params();
    let encoder =
        |config: &NetworkConfig| StyleEncoder::new(config, &mut rng(), &chosen()).expect("sizes").num_params();
    let generator = Generator::new(&paper, &mut rng(), &chosen()).expect("sizes").num_params();
    let mapping = Mapping::new(&paper, &mut rng(), &chosen()).num_params();
    let (d5, e5) = (discriminator(&paper), encoder(&paper));
    assert_eq!([generator, e5, d5], [24_319_236, 14_330_048, 14_352_107]);
    assert_eq!([encoder(&flat), discriminator(&flat)], [40_280_256, 40_302_315]);
    assert_eq!([mapping, paper.classes * paper.code], [552_000, 53_500]);
    for case in net_cases("grape_generator") {
        let Some(counts) = case.json.get("true_size_parameter_counts") else { continue };
        let expected = serde_json::json!({
            "generator": generator, "discriminator_5_blocks": d5, "style_encoder_5_blocks": e5, "mapping": mapping,
            "table": paper.classes * paper.code,
        });
        assert_eq!(*counts, expected, "{}", case.name);
    }
}

/// `<c, J v> = <J^T c, v>`: the forward mode against the backward mode.
fn adjoint_agrees(
    x: Tensor<4>,
    backward: impl Fn(Tensor<4>) -> Tensor<2>,
    forward: impl Fn(Tensor<4>, Tensor<4>) -> Tensor<2>,
) {
    let random = |shape| normal(shape, 1.0, &mut ChaCha8Rng::seed_from_u64(7), &recording());
    let x = x.require_grad();
    let out = backward(x.clone());
    let weights = normal(out.dims(), 1.0, &mut rng(), &recording());
    let grads = (out * weights.clone()).sum().backward();
    let pulled = Tensor::<4>::from_inner(x.grad(&grads).expect("a gradient"));
    let v = random(x.dims());
    let (one, other) = ((pulled * v.clone()).sum(), (forward(x.detach(), v) * weights).sum());
    let (one, other) = (number(one), number(other));
    assert!((one - other).abs() < 1e-4 * one.abs().max(1.0), "{one} and {other}");
}

#[test]
fn forward_mode_is_the_transpose_of_backward_mode() {
    let x = |shape| normal(shape, 1.0, &mut rng(), &recording());
    for (normalised, halving, channels) in [(true, true, [3, 5]), (true, false, [4, 4]), (false, true, [3, 5])] {
        let block = ResidualBlock::new(channels, Init::KaimingIn, &mut rng(), &recording());
        let block = if normalised { block.normalised() } else { block };
        let block = if halving { block.halving() } else { block };
        let forward = |value, change| block.tangent(Dual { value, change }).change.flatten(1, 3);
        adjoint_agrees(x([2, channels[0], 8, 8]), |x| block.forward(x).flatten(1, 3), forward);
    }
    for (side, blocks) in [(96, 5), (32, 3), (48, 2)] {
        let config = NetworkConfig { base: 4, widest: 16, classes: 5, blocks, ..NetworkConfig::default() };
        let discriminator = Discriminator::new(&config, &mut rng(), &recording()).expect("a discriminator");
        let forward = |value, change| discriminator.tangent(value, change).1;
        adjoint_agrees(x([2, 4, side, side]), |x| discriminator.forward(x), forward);
    }
}

fn small() -> (NetworkConfig, Translator, Discriminator) {
    let config = NetworkConfig {
        base: 4,
        widest: 8,
        classes: 5,
        code: 6,
        hidden: 7,
        style: 3,
        levels: 2,
        blocks: 2,
        attention: true,
        ..NetworkConfig::default()
    };
    let translator = Translator::new(&config, &mut rng(), &recording()).expect("networks");
    let discriminator = Discriminator::new(&config, &mut rng(), &recording()).expect("a discriminator");
    (config, translator, discriminator)
}

#[test]
fn a_term_without_weight_is_left_out() {
    let (config, translator, discriminator) = small();
    let images = normal([3, 4, 16, 16], 1.0, &mut rng(), &recording());
    let batch = Batch::new(images, &[0, 1, 2], &[1, 2, 4], &config).expect("a batch");
    let learned = |loss: LossConfig| {
        let terms = generator_loss(&translator, &discriminator, &batch, &loss);
        let grads = State::gradients_of(&translator, &terms.total(&loss).backward());
        let of = |prefix: &str| grads.names().iter().any(|name| name.starts_with(prefix));
        (number(terms.cycle.sum()), of("generator."), of("attention."), of("style_encoder."))
    };
    let (cycle, generator, attention, encoder) = learned(LossConfig::default());
    assert!(cycle > 0.0 && generator && attention && encoder);
    assert_eq!(learned(LossConfig::without_cycle()), (0.0, true, true, true));
    assert_eq!(learned(LossConfig { style: 0.0, ..LossConfig::without_cycle() }), (0.0, true, true, false));

    let plain = LossConfig { r1: 0.0, ..LossConfig::default() };
    let [with, without] = [LossConfig::default(), plain]
        .map(|loss| discriminator_loss(&discriminator, &translator, &batch, &loss).expect("a loss"));
    assert_eq!(values(with.real), values(without.real));
    assert!(number(with.r1.sum()) > 0.0 && number(without.r1.sum()) == 0.0);
}

#[test]
fn what_does_not_fit_is_said() {
    let (config, _, discriminator) = small();
    let images = |shape: [usize; 4]| Tensor::<4>::zeros(shape, &chosen());
    let refused = |images, labels: &[usize], targets: &[usize]| {
        Batch::new(images, labels, targets, &config).expect_err("refused").to_string()
    };
    assert!(refused(images([2, 3, 16, 16]), &[0, 1], &[1, 0]).contains("3 channels"));
    assert!(refused(images([2, 4, 18, 16]), &[0, 1], &[1, 0]).contains("18 pixels"));
    assert!(refused(images([2, 4, 16, 8]), &[0, 1], &[1, 0]).contains("`head`"));
    assert!(refused(images([2, 4, 16, 16]), &[0], &[1, 0]).contains("1 labels"));
    assert!(refused(images([2, 4, 16, 16]), &[0, 1], &[1, 5]).contains("targets, image 1"));
    let batch = Batch::new(images([2, 4, 16, 16]), &[0, 1], &[1, 0], &config).expect("a batch");
    let error = image_gradient(&discriminator, batch.images, batch.labels).expect_err("refused").to_string();
    assert!(error.contains("Device::autodiff"), "{error}");
    for wrong in [
        NetworkConfig { levels: 4, ..config.clone() },
        NetworkConfig { blocks: 6, ..config.clone() },
        NetworkConfig { style: 0, ..config.clone() },
    ] {
        assert!(Translator::new(&wrong, &mut rng(), &chosen()).is_err());
        assert!(Discriminator::new(&wrong, &mut rng(), &chosen()).is_err());
    }
}
