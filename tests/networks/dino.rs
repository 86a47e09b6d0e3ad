//! Set-DINO's networks, loss, schedules and training step, and the layers that normalise, against reference values.

use std::collections::BTreeSet;

use crate::nets::{NetCase, net_cases, tensor};
use crate::{chosen, recording};
use burn::tensor::activation::gelu;
use ndarray::{Array1, ArrayD, Axis, concatenate};
use perturbook::methods::set_dino::{
    Collapse, Distillation, Optimisation, Pairs, SetDino, SetDinoTraining, SetLossConfig, TeacherHead, collapse,
    moved_centre, set_loss, teacher_probabilities, updated_student,
};
use perturbook::nn::dino_head::{DinoHead, DinoHeadConfig, set_mean};
use perturbook::nn::vit::{Vit, VitConfig, bicubic_weights};
use perturbook::nn::{BatchNorm, InstanceNorm, LayerNorm, State, l2_normalise};
use perturbook::tensor::{Backend, Device, Tensor};
use perturbook::train::{Adam, NamedGradients, average};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(0)
}

/// The same with names that start with `prefix`.
fn under(prefix: &str, state: &State) -> State {
    state.renamed(|name| Some(format!("{prefix}{name}")))
}

/// Compares a tensor if the case has one of that name.
fn check_known<const D: usize>(case: &NetCase, name: &str, got: Tensor<D>) {
    if case.expected_names().iter().any(|known| known == name) {
        case.check_tensor(name, got);
    }
}

fn size(case: &NetCase, path: &str) -> usize {
    case.config_number(path) as usize
}

fn scalar(value: Tensor<1>) -> f64 {
    f64::from(value.into_scalar())
}

/// The sizes of a transformer by its weights, and its settings by the configuration where this has them.
fn vit_config(case: &NetCase, prefix: &str) -> VitConfig {
    let shape = |name: &str| case.weight(&format!("{prefix}{name}")).shape().to_vec();
    let [_, channels, patch, _] = shape("patch_embed.weight")[..] else { panic!("a weight of another shape") };
    let hidden = shape("blocks.0.fc1.weight")[0];
    let width = size(case, "/dim");
    VitConfig {
        channels,
        patch,
        width,
        blocks: size(case, "/depth"),
        heads: size(case, "/heads"),
        mlp_ratio: hidden / width,
        grid: (shape("pos_embed")[1] - 1).isqrt(),
        epsilon: case.json["config"]["layer_norm_eps"].as_f64().unwrap_or(VitConfig::default().epsilon),
        drop_path: 0.0,
    }
}

#[test]
fn the_transformer_agrees_at_every_size() {
    for case in net_cases("dino_vit") {
        let device = recording();
        let config = vit_config(&case, "backbone.");
        let vit = Vit::new(&config, &mut rng(), &device).expect("a network");
        let vit: Vit = case.state().part("backbone.").load_into(vit).expect("its weights");
        let names = case.expected_names();
        let sides: BTreeSet<&str> =
            names.iter().filter(|n| n.starts_with("px")).filter_map(|n| n.split('.').next()).collect();
        for side in sides {
            let name = |what: &str| format!("{side}.{what}");
            let pixels = &side[2..];
            let images: Tensor<4> = case.tensor(&format!("x{pixels}"), &device);
            let grid = [images.dims()[2] / config.patch, images.dims()[3] / config.patch];

            check_known(&case, &name("pos_table"), vit.positions(grid));
            check_known(&case, &name("tokens_in"), vit.tokens(images.clone()).expect("tokens"));
            for (i, output) in vit.outputs(images.clone()).expect("outputs").into_iter().enumerate() {
                check_known(&case, &name(&format!("block{i}")), output);
            }
            let attention = vit.attention(images.clone()).expect("attention");
            let [n, heads, tokens, _] = attention.dims();
            let of_class = attention.narrow(2, 0, 1).reshape([n, heads, tokens]);
            check_known(&case, &name("last_attention_cls"), of_class);
            check_known(&case, &name("cls"), vit.forward(images.clone()).expect("class tokens"));

            let features = vit.features(images, size(&case, "/n_last")).expect("features");
            case.check_tensor(&name("features"), features.clone());
            let scalar = (features * case.tensor(&format!("cotangent{pixels}"), &device)).sum();
            let gradients = scalar.backward();
            case.check_tensor(&name("scalar"), scalar);
            let gradients = under("backbone.", &State::gradients_of(&vit, &gradients));
            case.check_gradients(&format!("grad.{side}"), &gradients);

            let table = case.weight("backbone.pos_embed").index_axis(Axis(0), 0);
            let plain = plain_table(&table.to_owned(), config.grid, grid);
            if names.contains(&name("pos_table_without_offset")) {
                case.check(&name("pos_table_without_offset"), &plain.clone().insert_axis(Axis(0)));
                let shifted = vit.positions(grid).into_data().to_vec::<f32>().expect("numbers");
                let apart = plain.iter().zip(&shifted).fold(0.0f64, |w, (a, b)| w.max((a - f64::from(*b)).abs()));
                case.expect(apart > 1e-3, "the two tables should differ");
            }
        }
        case.finish();
    }
}

/// A table resized without what published weights add to the grid.
fn plain_table(table: &ArrayD<f64>, from: usize, [rows, columns]: [usize; 2]) -> ArrayD<f64> {
    let (down, across) = (bicubic_weights(from, rows, 0.0), bicubic_weights(from, columns, 0.0));
    let width = table.shape()[1];
    let mut resized = ArrayD::zeros(vec![1 + rows * columns, width]);
    resized.index_axis_mut(Axis(0), 0).assign(&table.index_axis(Axis(0), 0));
    for (to, mut row) in resized.axis_iter_mut(Axis(0)).skip(1).enumerate() {
        for (i, source) in table.axis_iter(Axis(0)).skip(1).enumerate() {
            row.scaled_add(down[[to / columns, i / from]] * across[[to % columns, i % from]], &source);
        }
    }
    resized
}

#[test]
fn the_head_agrees_for_sets_and_for_single_cells() {
    for case in net_cases("dino_head") {
        let device = recording();
        let [hidden, bottleneck, outputs] = ["/hidden", "/bottleneck", "/out_dim"].map(|path| size(&case, path));
        let config = DinoHeadConfig { hidden, bottleneck, outputs };
        let head = DinoHead::new(size(&case, "/dim"), &config, &mut rng(), &device);
        let head: DinoHead = case.state().part("head.").load_into(head).expect("its weights");
        for (kind, cells, cotangent) in
            [("set", size(&case, "/n_cells"), "cotangent"), ("single", 1, "cotangent_single")]
        {
            let name = |what: &str| format!("{kind}.{what}");
            let class = case.tensor::<2>("cls", &device).require_grad();
            let sets = set_mean(class.clone(), cells).expect("whole sets");
            check_known(&case, &name("set_mean"), sets.clone());
            let hidden = gelu(head.fc1.forward(sets.clone()));
            check_known(&case, &name("hidden1"), hidden.clone());
            check_known(&case, &name("hidden2"), gelu(head.fc2.forward(hidden)));
            let bottleneck = head.bottleneck(sets.clone());
            check_known(&case, &name("bottleneck"), bottleneck.clone());
            check_known(&case, &name("normalised"), l2_normalise(bottleneck, 1e-12));
            check_known(&case, &name("last_weight"), head.last.weight());
            let logits = head.forward(sets);
            case.check_tensor(&name("logits"), logits.clone());
            let scalar = (logits * case.tensor(cotangent, &device)).sum();
            let gradients = scalar.backward();
            case.check_tensor(&name("scalar"), scalar);
            case.check_tensor(&format!("grad.{kind}.cls"), class.grad(&gradients).expect("a gradient"));
            let gradients = under("head.", &State::gradients_of(&head, &gradients));
            case.check_gradients(&format!("grad.{kind}"), &gradients);
        }
        case.finish();
    }
}

#[test]
fn the_loss_agrees_for_all_pairs_and_for_cross_pairs() {
    for case in net_cases("dino_loss") {
        let device = recording();
        let teacher: Tensor<2> = case.tensor("teacher", &device);
        let centre: Tensor<2> = case.tensor("center", &device);
        let [student_temperature, teacher_temperature] =
            ["/student_temp", "/teacher_temp"].map(|path| case.config_number(path));
        for (pairs, loss_name, gradient) in
            [(Pairs::All, "loss", "grad.student"), (Pairs::CrossOnly, "loss_cross_only", "grad_cross_only.student")]
        {
            let config = SetLossConfig { student_temperature, teacher_temperature, pairs };
            let student = case.tensor::<2>("student", &device).require_grad();
            let loss = set_loss(student.clone(), teacher.clone(), &centre, &config).expect("a loss");
            case.check_tensor("terms", loss.terms.clone());
            case.check_tensor("global_part", loss.global());
            case.check_tensor("local_part", loss.local());
            case.check_tensor(loss_name, loss.total.clone());
            case.check_tensor(gradient, student.grad(&loss.total.backward()).expect("a gradient"));
        }
        let probabilities = teacher_probabilities(teacher.clone(), &centre, teacher_temperature);
        case.check_tensor("teacher_probabilities", probabilities);
        let momentum = case.config_number("/center_momentum");
        case.check_tensor("center_after", moved_centre(&centre, teacher, momentum));
        for name in case.expected_names() {
            let Some(width) = name.strip_prefix("loss_uniform_").and_then(|width| width.parse().ok()) else { continue };
            let (units, views) = (size(&case, "/units"), size(&case, "/n_crops"));
            let zeros = |rows: usize| Tensor::<2>::zeros([rows, width], &chosen());
            let loss = set_loss(zeros(views * units), zeros(2 * units), &zeros(1), &SetLossConfig::default());
            case.check_tensor(&name, loss.expect("a loss").total);
        }
        case.finish();
    }
}

#[test]
fn the_schedules_agree() {
    for case in net_cases("dino_schedules") {
        let pair = |path: &str| [0, 1].map(|i| case.config(path)[i].as_f64().expect("a number"));
        let whole = |path: &str| case.config_number(path) as u64;
        let numbers = case.json["definition"]["small.teacher_temp"].as_str().unwrap_or_default();
        let numbers: Vec<f64> =
            numbers.split(|c: char| !c.is_ascii_digit() && c != '.').filter_map(|n| n.parse().ok()).collect();
        let [first, last, warm_up] = numbers[..] else { panic!("the temperatures are {numbers:?}") };
        for part in ["small", "true"] {
            let training = SetDinoTraining {
                units: 256, // the peak is the rate
                epochs: whole(&format!("/{part}/epochs")),
                steps_per_epoch: whole(&format!("/{part}/steps_per_epoch")),
                optimisation: Optimisation {
                    rate: case.config_number("/lr_peak"),
                    last_rate: case.config_number("/lr_final"),
                    decay: pair("/wd"),
                    momentum: pair("/momentum"),
                    warm_up_epochs: whole(&format!("/{part}/warmup_epochs")),
                    teacher_temperature: [first, last],
                    temperature_epochs: warm_up as u64,
                    ..Optimisation::default()
                },
                ..SetDinoTraining::default()
            };
            let steps: Vec<u64> = match part {
                "small" => (0..training.steps()).collect(),
                _ => case.input("steps_true").iter().map(|&step| step as u64).collect(),
            };
            let at = |values: &dyn Fn(u64) -> f64| Array1::from_iter(steps.iter().map(|&step| values(step)));
            let [rates, decays, momenta] = [training.rates(), training.decays(), training.momenta()];
            case.check(&format!("{part}.lr"), &at(&|step| rates.at(step)));
            case.check(&format!("{part}.weight_decay"), &at(&|step| decays.at(step)));
            case.check(&format!("{part}.momentum"), &at(&|step| momenta.at(step)));
            if part == "true" {
                case.check("true.one_minus_momentum", &at(&|step| 1.0 - momenta.at(step)));
            } else {
                let temperatures = training.teacher_temperatures();
                let epochs = Array1::from_iter((0..training.epochs).map(|epoch| temperatures.at(epoch)));
                case.check("small.teacher_temp", &epochs);
            }
        }
        case.finish();
    }
}

/// Student or teacher of a case.
fn network(case: &NetCase, part: &str, device: &Device) -> SetDino {
    let vit = vit_config(case, &format!("{part}.backbone."));
    let head = DinoHeadConfig {
        hidden: size(case, "/head_hidden"),
        bottleneck: size(case, "/bottleneck"),
        outputs: size(case, "/out_dim"),
    };
    let network = SetDino::new(&vit, &head, &mut rng(), device).expect("a network");
    case.state().part(&format!("{part}.")).load_into(network).expect("its weights")
}

/// The same without gradients. (The trait is not imported: its `train` would hide that of the networks.)
fn unlearned(network: SetDino) -> SetDino {
    burn::module::Module::no_grad(network)
}

/// Rates and decay of a case, the same at every step.
fn training(case: &NetCase) -> SetDinoTraining {
    let number = |path: &str| case.config_number(path);
    SetDinoTraining {
        units: 256, // the peak is the rate
        cells: size(case, "/n_cells"),
        optimisation: Optimisation {
            warm_up_epochs: 0,
            rate: number("/lr"),
            last_rate: number("/lr"),
            decay: [number("/weight_decay"); 2],
            momentum: [number("/momentum"); 2],
            teacher_temperature: [number("/teacher_temp"); 2],
            student_temperature: number("/student_temp"),
            clip: number("/clip"),
            frozen_epochs: 0,
            ..Optimisation::default()
        },
        ..SetDinoTraining::default()
    }
}

/// The views of a case, those of one kind one after another.
fn views(case: &NetCase, device: &Device) -> [Tensor<4>; 2] {
    ["global_views", "local_views"].map(|name| case.tensor::<5>(name, device).flatten(0, 1))
}

#[test]
fn a_training_step_agrees_in_every_part() {
    for case in net_cases("dino_train_step") {
        let device = recording();
        let (student, teacher) = (network(&case, "student", &device), unlearned(network(&case, "teacher", &device)));
        let (training, views) = (training(&case), views(&case, &device));
        let centre: Tensor<2> = case.tensor("center", &device);

        let said = teacher.forward(views[0].clone(), training.cells).expect("the teacher's logits");
        case.check_tensor("teacher_logits", said.clone());
        let heard = student.forward_views(views, training.cells).expect("the student's logits");
        case.check_tensor("student_logits", heard.clone());
        let loss = set_loss(heard, said.clone(), &centre, &training.loss(0)).expect("a loss");
        case.check_tensor("terms", loss.terms.clone());
        case.check_tensor("loss", loss.total.clone());
        case.check_tensor("center_after", moved_centre(&centre, said, training.optimisation.centre_momentum));

        let backward = loss.total.backward();
        case.check_gradients("grad", &under("student.", &State::gradients_of(&student, &backward)));
        let gradients = NamedGradients::of(&student, &backward);
        let clipped = gradients.clone().clipped(training.clipping());
        let mut cut = State::default();
        for (name, weight) in State::of(&student).iter() {
            let values = clipped.get(name).expect("a gradient").to_data().to_vec::<f32>().expect("numbers");
            cut.insert(name, ArrayD::from_shape_vec(weight.shape(), values).expect("of its shape"));
        }
        case.check_state("grad_clipped", &under("student.", &cut));

        let two_steps = |training: &SetDinoTraining| {
            let mut adam = Adam::new(training.adam(0));
            (0..2).fold(student.clone(), |s, i| updated_student(s, &mut adam, gradients.clone(), training, i))
        };
        let after = two_steps(&training);
        let state = under("student.", &State::of(&after));
        case.check_state("after2", &state);
        for name in case.expected_names() {
            // Of queries, keys and values, the keys' bias has no gradient but rounding.
            let Some(parameter) = name.strip_prefix("after2_qv.") else { continue };
            let bias = state.get(parameter).expect("a bias");
            let third = bias.len() / 3;
            let parts = [0, 2].map(|i| bias.slice_axis(Axis(0), (i * third..(i + 1) * third).into()));
            case.check(&name, &concatenate(Axis(0), &parts).expect("joined"));
        }
        let first_epoch = two_steps(&SetDinoTraining {
            optimisation: Optimisation { frozen_epochs: 1, ..training.optimisation },
            ..training
        });
        case.check_state("after2_epoch0", &under("student.", &State::of(&first_epoch)));
        let moved = average(teacher, &after, training.optimisation.momentum[0]).expect("networks of one shape");
        case.check_state("ema_after", &under("teacher.", &State::of(&moved)));
        the_learner_agrees(&case);
        case.finish();
    }
}

/// A learner's step is that of its parts, with the last layer frozen.
fn the_learner_agrees(case: &NetCase) {
    let device = recording();
    let (student, teacher) = (network(case, "student", &device), unlearned(network(case, "teacher", &device)));
    let usual = training(case);
    let optimisation = Optimisation { frozen_epochs: 1, ..usual.optimisation };
    let training = SetDinoTraining { optimisation, ..usual };
    let centre: Tensor<2> = case.tensor("center", &device);
    let adam = Adam::new(training.adam(0));
    let mut learner = Distillation { student, teacher, centre, adam, training, step: 0 };
    let loss = learner.step(views(case, &device), None).expect("a step");
    case.check_tensor("terms", loss.terms);
    case.check_tensor("loss", loss.total);
    case.check_tensor("center_after", learner.centre.clone());
    let (before, after) = (case.state(), State::of(&learner.student));
    let state = State::of(&learner.teacher);
    for (name, array) in after.iter() {
        let [old, old_teacher] =
            ["student", "teacher"].map(|part| before.get(&format!("{part}.{name}")).expect("a parameter"));
        assert_eq!(old == array, name.starts_with("head.last"), "{name}: only the last layer stays");
        let keep = training.optimisation.momentum[0] as f32;
        let apart = (state.get(name).expect("a parameter") - &(old_teacher * keep + array * (1.0 - keep)))
            .fold(0.0f32, |w, v| w.max(v.abs()));
        assert!(apart < 1e-5, "{name}: the teacher is {apart} from the average");
    }
    // The next step starts from what this one has left.
    let next = learner.step(views(case, &device), None).expect("a step");
    assert!(next.total.into_scalar().is_finite() && learner.step == 2);
}

#[test]
fn normalising_layers_agree_where_the_epsilon_counts() {
    for case in net_cases("norm_epsilons") {
        let device = recording();
        let weights = case.state();
        let width = case.weight("weight").len();
        let number = |name: &str| case.config_number(&format!("/{name}"));
        for name in ["vit_layer_norm", "scorer_layer_norm"] {
            let norm = weights.load_into(LayerNorm::new(width, number(name), &device)).expect("its weights");
            let x = case.tensor::<2>("rows", &device).require_grad();
            check_with_gradient(&case, name, &x, norm.forward(x.clone()));
        }
        let norm = weights.load_into(InstanceNorm::new(width, &device)).expect("its weights");
        let x = case.tensor::<4>("images", &device).require_grad();
        check_with_gradient(&case, "instance_norm", &x, norm.forward(x.clone()));

        let norm = BatchNorm::new(width, number("batch_norm"), 0.1, &device);
        let mut full = State::of(&norm);
        weights.iter().for_each(|(name, array)| full.insert(name, array.clone()));
        let mut norm = full.load_into(norm).expect("its weights");
        let x = case.tensor::<2>("cells", &device).require_grad();
        let y = norm.forward_training(x.clone());
        check_with_gradient(&case, "batch_norm_train", &x, y);

        let x = case.tensor::<2>("tiny", &device).require_grad();
        check_with_gradient(&case, "l2_normalise", &x, l2_normalise(x.clone(), number("l2_normalise")));
        case.finish();
    }
}

/// A result, and the gradient of the sum of its numbers times the sines of their places.
fn check_with_gradient<const D: usize>(case: &NetCase, name: &str, x: &Tensor<D>, y: Tensor<D>) {
    let sines: Vec<f64> = (0..y.dims().iter().product()).map(|k: usize| (k as f64).sin()).collect();
    let sines = ArrayD::from_shape_vec(y.dims().to_vec(), sines).expect("of its shape");
    let gradients = (y.clone() * tensor(&sines, &y.device())).sum().backward();
    case.check_tensor(name, y);
    case.check_tensor(&format!("grad.{name}.x"), x.grad(&gradients).expect("a gradient"));
}

fn count(network: &impl burn::module::Module<Backend>) -> usize {
    network.num_params()
}

#[test]
fn networks_have_their_published_sizes() {
    let vit = Vit::new(&VitConfig::default(), &mut rng(), &chosen()).expect("ViT-S/16");
    assert_eq!(count(&vit), 21_763_968);
    let config = DinoHeadConfig::default();
    let head = DinoHead::new(384, &config, &mut rng(), &chosen());
    // Published counts include the gain of each output, which is 1 and stays it.
    assert_eq!((count(&head), count(&head) + config.outputs), (6_033_664, 6_035_712));
    for case in net_cases("dino_vit") {
        let known = |name: &str| case.json["true_size_parameter_counts"][name].as_u64().map(|n| n as usize);
        assert_eq!(known("vit_small"), Some(count(&vit)));
        assert_eq!(known("head_2048"), Some(count(&head)));
        assert_eq!(known("head_2048_with_2048_fixed_gains"), Some(count(&head) + config.outputs));
    }
    assert_eq!(vit.positions([14, 14]).into_data(), vit.pos_embed.val().into_data()); // its own grid
    assert_eq!((vit.cls_token.val().dims().len(), vit.pos_embed.val().dims().len()), (3, 3)); // these decay
}

#[test]
fn stochastic_depth_leaves_out_what_the_draws_say() {
    let config = VitConfig {
        channels: 1,
        patch: 4,
        width: 8,
        blocks: 3,
        heads: 2,
        grid: 2,
        drop_path: 0.5,
        ..VitConfig::default()
    };
    let vit = Vit::new(&config, &mut rng(), &chosen()).expect("a network");
    let images = Tensor::<4>::from_data(
        burn::tensor::TensorData::new((0..128).map(|i| (i as f32).sin()).collect::<Vec<_>>(), [2, 1, 8, 8]),
        &chosen(),
    );
    let tokens = vit.tokens(images.clone()).expect("tokens");
    // Rates are 0, 0.25 and 0.5: the first image keeps what the second loses.
    let [keep, lose] = [0.6f32, 0.1];
    let draws: Vec<f32> = [lose, lose, lose, lose, keep, lose, keep, lose, keep, lose, keep, lose].to_vec();
    let draws = Tensor::from_data(burn::tensor::TensorData::new(draws, [3, 2, 2]), &chosen());
    let got = vit.forward_training(images.clone(), draws).expect("class tokens");
    let mut x = vit.blocks[0].forward(tokens);
    let second = vit.norm.forward(x.clone().narrow(0, 1, 1).narrow(1, 0, 1).reshape([1, 8])); // one block only
    for (block, rate) in vit.blocks[1..].iter().zip([0.25, 0.5]) {
        let scale = || Tensor::<3>::full([2, 1, 1], 1.0 / (1.0 - rate), &chosen());
        x = block.forward_training(x, Some([scale(), scale()]));
    }
    let first = vit.norm.forward(x.narrow(0, 0, 1).narrow(1, 0, 1).reshape([1, 8]));
    let apart = (got - Tensor::cat(vec![first, second], 0)).abs().max();
    assert!(scalar(apart) < 1e-6);
    // Draws that keep everything at rate 0 change nothing, and draws are uniform.
    let still = Vit::new(&VitConfig { drop_path: 0.0, ..config }, &mut rng(), &chosen()).expect("a network");
    let draws = still.draws(2, &mut rng());
    let same =
        still.forward_training(images.clone(), draws).expect("a pass") - still.forward(images.clone()).expect("a pass");
    assert!(scalar(same.abs().max()) < 1e-6); // one on the tape, one by hand
    let mean = scalar(vit.draws(1000, &mut rng()).mean());
    assert!((mean - 0.5).abs() < 0.02, "{mean}");
    assert!(vit.forward_training(images, vit.draws(3, &mut rng())).is_err());
}

#[test]
fn what_does_not_fit_is_named() {
    let vit = Vit::new(&VitConfig { width: 12, blocks: 1, heads: 2, ..VitConfig::default() }, &mut rng(), &chosen());
    let vit = vit.expect("a network");
    let error = |images: [usize; 4]| match vit.forward(Tensor::zeros(images, &chosen())) {
        Ok(_) => panic!("{images:?} should not pass"),
        Err(error) => error.to_string(),
    };
    assert!(error([1, 3, 96, 96]).contains("3 channels"));
    assert!(error([1, 4, 96, 100]).contains("96 x 100"));
    assert!(vit.features(Tensor::zeros([1, 4, 16, 16], &chosen()), 2).is_err());
    assert!(Vit::new(&VitConfig { heads: 5, ..VitConfig::default() }, &mut rng(), &chosen()).is_err());
    assert!(Vit::new(&VitConfig { drop_path: 1.0, ..VitConfig::default() }, &mut rng(), &chosen()).is_err());
    assert!(set_mean(Tensor::zeros([5, 2], &chosen()), 2).is_err());
    // `empty`: a GPU's runtime fails for good when a tensor of no rows is filled.
    let rows_of = |rows: usize, width: usize| Tensor::<2>::empty([rows, width], &chosen());
    for (student, teacher, centre) in [(9, 2, 4), (10, 3, 4), (10, 2, 5), (10, 0, 4), (0, 2, 4)] {
        assert!(
            set_loss(rows_of(student, 4), rows_of(teacher, 4), &rows_of(1, centre), &SetLossConfig::default()).is_err()
        );
    }
    let head = DinoHeadConfig { hidden: 4, bottleneck: 4, outputs: 4 };
    let vit = VitConfig { width: 12, blocks: 1, heads: 2, ..VitConfig::default() };
    assert!(Distillation::new(&vit, &head, &SetDinoTraining::default(), &mut rng(), &chosen()).is_err()); // no gradients there
    let optimisation = Optimisation { teacher_head: TeacherHead::Independent, ..Optimisation::default() };
    let independent = SetDinoTraining { optimisation, ..SetDinoTraining::default() };
    let learner = Distillation::new(&vit, &head, &independent, &mut rng(), &recording()).expect("a learner");
    let (student, teacher) = (State::of(&learner.student), State::of(&learner.teacher));
    assert_eq!(student.part("backbone."), teacher.part("backbone."));
    assert_ne!(student.part("head."), teacher.part("head."));
}

#[test]
fn collapsed_features_show() {
    let rows = |i: usize, j: usize| ((i * i * (j + 1)) as f32 * 0.37).sin() * if j < 3 { 1.0 } else { 1e-4 };
    let features = ndarray::Array2::from_shape_fn((40, 4), |(i, j)| rows(i, j));
    let Collapse { share, median_log } = collapse(features.view()).expect("eigenvalues");
    assert_eq!(share, 0.75);
    assert!(median_log > -3.0, "{median_log}");
    let constant = collapse(ndarray::Array2::from_elem((5, 3), 2.0f32).view()).expect("eigenvalues");
    assert_eq!((constant.share, constant.median_log), (0.0, f64::NEG_INFINITY));
    let mut spoilt = features;
    spoilt[[3, 1]] = f32::NAN;
    assert!(collapse(spoilt.view()).unwrap_err().to_string().contains("row 3, column 1"));
    assert!(collapse(spoilt.slice(ndarray::s![..1, ..])).is_err());
}
