//! Set-DINO as a whole on small simulated screens: training, resumption, features, files, and what is refused.

mod common;
#[path = "common/stop_after.rs"]
mod stop_after;

use std::path::Path;

use burn::tensor::TensorData;
use ndarray::{Array2, Array4, Axis, s};
use perturbook::images::{CellImages, MemoryImages};
use perturbook::methods::pixels::{ControlStatistics, Intensity};
use perturbook::methods::set_dino::{
    Aggregation, Augmentation, BatchProfiles, Distillation, Model, Monitor, Normalisation, Optimisation, SetDino,
    Settings, Strategy, Trainer, Viewer, views_figure,
};
use perturbook::methods::{Method, Plan, Unit};
use perturbook::nn::State;
use perturbook::nn::dino_head::DinoHeadConfig;
use perturbook::nn::vit::VitConfig;
use perturbook::screen::{Features, Label, Payload, Screen};
use perturbook::simulate::{OpsConfig, Phenotype, ops_images};
use perturbook::tensor::{Device, Tensor, cpu};
use perturbook::train::{Ended, FitConfig, Learner, Phase, Sampler, SetPair, Sets, Silent, Step};
use polars::prelude::{col, df, lit};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stop_after::StopAfter;

/// Four genes in two complexes and controls, in four wells.
fn simulated() -> OpsConfig {
    OpsConfig {
        size: 32,
        genes: 4,
        complexes: 2,
        complex_size: 2,
        null_genes: 0,
        phenotypes: vec![Phenotype::GiantNucleus, Phenotype::ActinRing],
        effect: 1.5,
        escaping: 0.0,
        control_guides: 4,
        cells_per_guide: 16,
        plates: 2,
        wells_per_plate: 2,
        ..OpsConfig::default()
    }
}

fn screen() -> Screen {
    ops_images(&simulated()).expect("a screen").screen().expect("a screen")
}

fn settings() -> Settings {
    Settings {
        cells: 4,
        images: 16,
        fewest: 4,
        repeats: Some(4),
        side: 32,
        locals: 2,
        monitor_every: 5,
        optimisation: Optimisation {
            rate: 6e-2,
            warm_up_epochs: 1,
            momentum: [0.95, 1.0],
            teacher_temperature: [0.04, 0.04],
            ..Optimisation::default()
        },
        vit: VitConfig { patch: 8, width: 24, blocks: 2, heads: 2, grid: 4, drop_path: 0.1, ..VitConfig::default() },
        head: DinoHeadConfig { hidden: 48, bottleneck: 16, outputs: 64 },
        ..Settings::quick()
    }
}

fn plan(settings: Settings, epochs: u64) -> Plan<Settings> {
    Plan { settings, run: FitConfig { epochs, seed: 1, ..FitConfig::default() } }
}

fn fitted(screen: &Screen, plan: &Plan<Settings>) -> Model {
    Model::fit(screen, plan, &cpu(), &mut Silent).expect("trained")
}

fn features(model: &Model, screen: &Screen) -> Array2<f32> {
    model.embed(screen).expect("features").values().to_owned()
}

#[track_caller]
fn refused(screen: &Screen, settings: Settings) -> String {
    match Model::fit(screen, &plan(settings, 1), &cpu(), &mut Silent) {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error.to_string(),
    }
}

/// Rings in five sizes, the first of controls, in four wells of other brightness; and the size of each cell's ring.
fn rings() -> (Screen, Vec<usize>) {
    let (side, classes, wells, cells) = (32, 5, 4, 8);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let gains: Vec<f32> = (0..wells).map(|_| rng.random_range(0.5..1.0)).collect();
    let of: Vec<(usize, usize)> =
        (0..classes * wells * cells).map(|cell| (cell / (wells * cells), cell / cells % wells)).collect();
    let mut images = Array4::<f32>::zeros((of.len(), 4, side, side));
    for (mut image, &(class, well)) in images.outer_iter_mut().zip(&of) {
        let radius = side as f32 * (0.1 + 0.07 * class as f32 + rng.random_range(-0.04..0.04));
        let middle = [0; 2].map(|_| side as f32 / 2.0 + rng.random_range(-2.0..2.0f32));
        for ((_, row, column), pixel) in image.indexed_iter_mut() {
            let off = (row as f32 - middle[0]).hypot(column as f32 - middle[1]) - radius;
            let light = 0.1 + 0.7 * gains[well] * (-(off / 1.5).powi(2)).exp() + rng.random_range(-0.1..0.1);
            *pixel = light.clamp(0.0, 1.0);
        }
    }
    let gene = |&(class, _): &(usize, usize)| if class == 0 { "nontargeting".into() } else { format!("RING{class}") };
    let table = df!(
        "gene" => of.iter().map(gene).collect::<Vec<String>>(),
        "well" => of.iter().map(|(_, well)| format!("A{well}")).collect::<Vec<String>>(),
    );
    let images: std::sync::Arc<dyn CellImages> = std::sync::Arc::new(MemoryImages::unnamed(images));
    let screen = Screen::new(table.expect("a table"), Payload::Images(images)).expect("a screen");
    (screen, of.into_iter().map(|(class, _)| class).collect())
}

/// The share of cells whose most similar cell of another well, by cosine of what differs from the mean, is of their class.
fn matched_across_wells(screen: &Screen, values: &Array2<f32>, classes: &[usize]) -> f64 {
    let wells = screen.labels(Label::Batch).expect("wells");
    let mut values = values - &values.mean_axis(Axis(0)).expect("a mean");
    for mut row in values.outer_iter_mut() {
        row /= row.dot(&row).sqrt().max(1e-12);
    }
    let similar = values.dot(&values.t());
    let right = |&cell: &usize| {
        let others = (0..classes.len()).filter(|&other| wells.of(other) != wells.of(cell));
        let nearest = others.max_by(|&a, &b| similar[[cell, a]].total_cmp(&similar[[cell, b]])).expect("another");
        classes[nearest] == classes[cell]
    };
    (0..classes.len()).filter(right).count() as f64 / classes.len() as f64
}

/// What learns in 200 steps: sets of 4 cells of all 5 classes.
fn learning() -> Settings {
    Settings {
        images: 20,
        repeats: Some(8),
        normalisation: Normalisation::ZScore,
        optimisation: Optimisation {
            rate: 0.1,
            momentum: [0.98, 1.0],
            teacher_temperature: [0.06, 0.06],
            frozen_epochs: 0,
            ..settings().optimisation
        },
        ..settings()
    }
}

#[test]
fn cells_of_a_class_come_together_across_wells() {
    let (screen, classes) = rings();
    let model = fitted(&screen, &plan(learning(), 25));
    let history = model.history();
    assert_eq!(history.ended, Some(Ended::Finished));
    for term in ["loss", "global", "local", "teacher entropy", "eigenvalue share", "log eigenvalue"] {
        let curve = history.curve(Phase::Training, term);
        assert!(curve.len() == 200 && curve.iter().all(|(_, value)| value.is_finite()), "{term}");
    }
    let cells = model.embed(&screen).expect("features");
    assert_eq!((cells.len(), cells.dims()), (screen.len(), 2 * 24));
    assert_eq!(cells.block_names(), ["block 1", "block 2"]);

    let still = Optimisation { rate: 0.0, last_rate: 0.0, ..learning().optimisation };
    let drawn = fitted(&screen, &plan(Settings { optimisation: still, repeats: Some(1), ..learning() }, 1));
    let before = matched_across_wells(&screen, &features(&drawn, &screen), &classes);
    let after = matched_across_wells(&screen, &cells.values().to_owned(), &classes);
    println!("cells matched across wells: {after:.3}, before training {before:.3}, by chance 0.2");
    assert!(after > 0.35 && after > before + 0.1, "{after}, before training {before}");

    let consensus = BatchProfiles::of(&screen, &cells, Unit::Gene).expect("profiles").consensus().expect("consensus");
    assert_eq!(consensus.len(), 4);
    assert!(consensus.row("nontargeting").is_err());
}

#[test]
fn the_loss_falls_against_a_teacher_that_stays() {
    // With a teacher that moves, its target moves as well, and the loss need not fall.
    let (screen, _) = rings();
    let fixed = Optimisation {
        momentum: [1.0, 1.0],
        centre_momentum: 1.0,
        teacher_temperature: [0.04, 0.04],
        ..learning().optimisation
    };
    let model = fitted(&screen, &plan(Settings { optimisation: fixed, ..learning() }, 10));
    let mean = |part: &[(f64, f64)]| part.iter().map(|(_, value)| value).sum::<f64>() / part.len() as f64;
    let (losses, entropies) =
        (model.history().curve(Phase::Training, "loss"), model.history().curve(Phase::Training, "teacher entropy"));
    let (first, last, least) = (mean(&losses[..4]), mean(&losses[60..]), mean(&entropies[60..]));
    println!("loss {first:.3} -> {last:.3}; it cannot be below the teacher's entropy, {least:.3}");
    assert!(last < 0.7 * first, "{first} to {last}");
    assert!(last > least - 1e-6 && last < least + 0.1, "{last} against {least}");
}

#[test]
fn one_seed_gives_one_result_on_any_number_of_workers() {
    let screen = screen();
    let run = |workers: usize, seed: u64| {
        let plan = plan(settings(), 2);
        let plan = Plan { run: FitConfig { workers, seed, ..plan.run }, ..plan };
        features(&fitted(&screen, &plan), &screen)
    };
    let one = run(1, 1);
    assert!(one == run(3, 1), "another result with three workers");
    assert!(one != run(1, 2), "the seed changes nothing");
}

#[test]
fn a_run_that_was_stopped_goes_on_to_the_same_bits() {
    let screen = screen();
    let settings = Settings { aggregation: Aggregation::Attention, ..settings() };
    let whole = fitted(&screen, &plan(settings.clone(), 3));
    let folder = tempfile::tempdir().expect("a folder");
    let parts = plan(settings.clone(), 3);
    let run = FitConfig { folder: Some(folder.path().join("run")), resume: true, ..parts.run };
    let parts = Plan { run, ..parts };
    let first = Model::fit(&screen, &parts, &cpu(), &mut StopAfter(8)).expect("stopped");
    assert_eq!(first.history().ended, Some(Ended::Stopped));
    let second = fitted(&screen, &parts);
    let state = |model: &Model| (State::of(model.student()), State::of(model.teacher()));
    assert!(state(&second) == state(&whole), "other weights after the stop");
    assert!(state(&first) != state(&whole));
    let terms = |model: &Model| model.history().rows.iter().map(|row| row.terms.clone()).collect::<Vec<_>>();
    assert!(terms(&second) == terms(&whole), "another history after the stop");

    let other = Settings { locals: 3, ..settings };
    let error =
        Model::fit(&screen, &Plan { settings: other, ..parts.clone() }, &cpu(), &mut Silent).expect_err("other");
    assert!(error.to_string().contains("settings.locals was 2 and is 3"), "{error}");
    let longer = Plan { run: FitConfig { epochs: 5, ..parts.run.clone() }, ..parts };
    let error = Model::fit(&screen, &longer, &cpu(), &mut Silent).expect_err("its schedules would differ");
    assert!(error.to_string().contains("epochs was 3 and is 5"), "{error}");
}

#[test]
fn every_choice_runs() {
    let screen = screen();
    let strategies = [Strategy::CrossBatch, Strategy::WithinBatch, Strategy::SameCell];
    let aggregations = [Aggregation::Mean, Aggregation::Attention, Aggregation::DeepSets];
    for (strategy, aggregation) in strategies.into_iter().zip(aggregations) {
        let one = Settings { strategy, aggregation, repeats: Some(1), ..settings() };
        let values = features(&fitted(&screen, &plan(one, 1)), &screen);
        assert!(values.iter().all(|value| value.is_finite()), "{strategy:?}, {aggregation:?}");
    }
    let dino = Settings {
        strategy: Strategy::SameCell,
        cells: 1,
        images: 4,
        fewest: 1,
        unit: Unit::Guide,
        augmentation: Augmentation::Published2024,
        normalisation: Normalisation::ZScore,
        ..settings()
    };
    let model = fitted(&screen, &plan(Settings { repeats: Some(1), ..dino }, 1));
    assert!(features(&model, &screen).iter().all(|value| value.is_finite()));
    assert!(model.statistics().is_empty());
}

#[test]
fn validation_batches_are_held_out_and_looked_at() {
    let screen = screen();
    let batches = screen.labels(Label::Batch).expect("batches");
    let validation = batches.names()[..2].to_vec();
    let held = Settings { validation: validation.clone(), repeats: Some(2), ..settings() };
    let model = fitted(&screen, &plan(held.clone(), 2));
    let looked = model.history().curve(Phase::Validation, "matched");
    assert_eq!(looked.len(), 2);
    assert!(looked.iter().all(|(_, share)| (0.0..=1.0).contains(share)));
    // Pixels of the held out batches do not matter for the weights.
    let rows: Vec<usize> = (0..screen.len()).collect();
    let mut images = screen.read_images(&rows).expect("images");
    for &row in rows.iter().filter(|&&row| validation.iter().any(|name| name == batches.of(row))) {
        images.slice_mut(s![row, .., .., ..]).mapv_inplace(|value| value * 0.5);
    }
    let changed = with_images(&screen, images);
    let other = fitted(&changed, &plan(held, 2));
    assert!(State::of(model.teacher()) == State::of(other.teacher()), "validation cells were learned from");
    let unknown = Settings { validation: vec!["Z9".to_owned()], ..settings() };
    assert!(refused(&screen, unknown).contains("no cell is of the batch \"Z9\""));
}

fn with_images(screen: &Screen, images: Array4<f32>) -> Screen {
    let channels: Vec<String> = match images.dim().1 == screen.payload().channels().len() {
        true => screen.payload().channels().to_vec(),
        false => (0..images.dim().1).map(|channel| channel.to_string()).collect(),
    };
    let images: std::sync::Arc<dyn CellImages> =
        std::sync::Arc::new(MemoryImages::new(images, channels).expect("images"));
    Screen::new(screen.table().clone(), Payload::Images(images)).expect("a screen")
}

#[test]
fn wrong_screens_and_settings_are_refused() {
    let screen = screen();
    let rows: Vec<usize> = (0..screen.len()).collect();
    let images = screen.read_images(&rows).expect("images");

    let features = Features::numbered(Array2::zeros((screen.len(), 3))).expect("features");
    let without = Screen::new(screen.table().clone(), features).expect("a screen");
    assert!(refused(&without, settings()).contains("holds no images"));
    let three = with_images(&screen, images.slice(s![.., ..3, .., ..]).to_owned());
    assert!(refused(&three, settings()).contains("have 3 channels"));
    assert!(refused(&screen, Settings { side: 48, ..settings() }).contains("hold no part of 48 x 48"));
    let sixteen_bits = with_images(&screen, images.mapv(|value| value * 65535.0));
    assert!(refused(&sixteen_bits, settings()).contains("0 to 1 is needed"));
    let divided = Settings { intensity: Intensity::DividedBy(65535.0), repeats: Some(1), ..settings() };
    fitted(&sixteen_bits, &plan(divided, 1));
    let mut spoiled = images.clone();
    spoiled[[screen.controls().expect("controls").source_row(2), 1, 3, 3]] = f32::NAN;
    assert!(refused(&with_images(&screen, spoiled), settings()).contains("NaN"));

    let uncontrolled = screen.perturbed().expect("perturbed cells");
    assert!(refused(&uncontrolled, settings()).contains("no control cell"));
    let batches = screen.labels(Label::Batch).expect("batches");
    let first = batches.names()[0].as_str();
    let lacking = screen.filter(col("gene").neq(lit("nontargeting")).or(col("batch").neq(lit(first)))).expect("some");
    let text = refused(&lacking, settings());
    assert!(text.contains("1 of 4 batches have no control cell") && text.contains(first), "{text}");
    assert!(refused(&screen, Settings { fewest: 100, ..settings() }).contains("at least 100 cells"));
    assert!(refused(&screen, Settings { images: 128, ..settings() }).contains("a step needs 32"));

    let patch = VitConfig { patch: 12, ..settings().vit };
    assert!(refused(&screen, Settings { vit: patch, ..settings() }).contains("do not fill views"));
    assert!(refused(&screen, Settings { cells: 0, ..settings() }).contains("make no set of 0"));
    assert!(refused(&screen, Settings { ntc_std_factor: 0.0, ..settings() }).contains("a factor of 0"));
    let cold = Optimisation { student_temperature: 0.0, ..settings().optimisation };
    assert!(refused(&screen, Settings { optimisation: cold, ..settings() }).contains("temperatures"));

    // A model refuses a screen of other cells, and takes a view without controls: it knows the batches.
    let model = fitted(&screen, &plan(Settings { repeats: Some(1), ..settings() }, 1));
    assert!(model.embed(&three).expect_err("other channels").to_string().contains("3 channels"));
    let all = self::features(&model, &screen);
    let genes = model.embed(&uncontrolled).expect("features");
    let at: Vec<usize> = (0..uncontrolled.len()).map(|row| uncontrolled.source_row(row)).collect();
    assert!(genes.values() == all.select(Axis(0), &at), "other features in a view");
}

#[test]
fn a_model_is_what_its_file_says() {
    let screen = screen();
    let plan = plan(Settings { aggregation: Aggregation::DeepSets, repeats: Some(1), ..settings() }, 1);
    let model = fitted(&screen, &plan);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    model.save(&path).expect("saved");
    let loaded = Model::load(&path, &cpu()).expect("loaded");
    assert_eq!(loaded.plan(), &plan);
    assert_eq!(loaded.history().rows.len(), model.history().rows.len());
    assert!(features(&loaded, &screen) == features(&model, &screen), "other features after a way through a file");

    // As a checkpoint of published names it is the same network; statistics come from the screen.
    let names = State::read(&path).expect("arrays");
    let names = names.names();
    for name in [
        "teacher.backbone.blocks.0.attn.qkv.weight",
        "teacher.backbone.patch_embed.proj.weight",
        "student.head.mlp.0.bias",
        "student.head.last_layer.weight_g",
        "teacher.pool.rho.fc1.weight",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    let checkpoint = Model::from_checkpoint(&path, &plan.settings, &cpu()).expect("a checkpoint");
    assert!(features(&checkpoint, &screen) == features(&model, &screen));

    // A backbone alone, by the names of timm, with the head of a classifier.
    let mut timm = State::read(&path).expect("arrays").part("teacher.backbone.");
    timm.insert("head.weight", ndarray::ArrayD::zeros(vec![10, 24]));
    let backbone = folder.path().join("vit.safetensors");
    timm.write(&backbone).expect("written");
    let of_backbone = Model::from_checkpoint(&backbone, &plan.settings, &cpu()).expect("a backbone");
    assert!(features(&of_backbone, &screen) == features(&model, &screen));
    let wider = Settings { vit: VitConfig { width: 48, ..plan.settings.vit }, ..plan.settings.clone() };
    let error = Model::from_checkpoint(&backbone, &wider, &cpu()).expect_err("another width").to_string();
    assert!(error.contains("backbone.cls_token") && error.contains("vit.safetensors"), "{error}");

    assert!(Model::load(&backbone, &cpu()).expect_err("no model").to_string().contains("no model of ours"));
    let bytes = std::fs::read(&path).expect("bytes");
    let half = folder.path().join("half.safetensors");
    for part in 1..10 {
        std::fs::write(&half, &bytes[..bytes.len() * part / 10]).expect("written");
        assert!(Model::load(&half, &cpu()).is_err(), "{part} tenths of a file were accepted");
    }
    assert!(Model::load(Path::new("/nowhere/model.safetensors"), &cpu()).is_err());
}

/// A trainer whose teacher says the same of every cell: all that depends on the image is 0.
fn collapsed_trainer(settings: &Settings, device: &Device) -> Trainer {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let student = SetDino::new(&settings.vit, &settings.head, &mut rng, device).expect("a network");
    let training = settings.training(1, 10);
    let mut distillation = Distillation::of(student, &settings.head, &training, &mut rng, device);
    let mut state = State::of(&distillation.teacher);
    let shape = state.get("backbone.patch_embed.weight").expect("weights").shape().to_vec();
    state.insert("backbone.patch_embed.weight", ndarray::ArrayD::zeros(shape));
    distillation.teacher = state.load_into(distillation.teacher).expect("a teacher");
    Trainer::new(distillation, settings, device)
}

#[test]
fn a_collapse_is_seen() {
    let (screen, device) = (screen(), Device::autodiff(cpu()));
    let settings = Settings { normalisation: Normalisation::ZScore, ..settings() };
    let (units, batches) = (screen.labels(Label::Gene).expect("genes"), screen.labels(Label::Batch).expect("batches"));
    let codes = |labels: &perturbook::screen::Labels| -> Vec<usize> {
        labels.codes().iter().map(|&code| code as usize).collect()
    };
    let between = Strategy::CrossBatch.between();
    let sets = Sets::new(&codes(&units), &codes(&batches), between, 4, 4, 0).expect("sets");
    let viewer = Viewer::new(&screen, &settings, None).expect("a viewer");
    let views = viewer.views(&sets.rows(0, 0), &mut ChaCha8Rng::seed_from_u64(1)).expect("views");
    assert_eq!((views.globals.dim(), views.locals.dim()), ((32, 4, 32, 32), (64, 4, 16, 16)));

    let at = Step { seed: 0, epoch: 0, done: 0, per_epoch: 10, total: 10 };
    let mut trainer = collapsed_trainer(&settings, &device);
    let terms = trainer.learn(views.clone(), &at).expect("a step");
    assert_eq!(terms.get("eigenvalue share"), Some(0.0));
    assert!(trainer.monitor.collapsed());
    // A healthy network is none, and a state knows what was seen.
    let other = collapsed_trainer(&settings, &device);
    let student = other.distillation.student.clone();
    let healthy = student.backbone.forward(Tensor::from_data(
        burn::tensor::TensorData::new(views.globals.iter().copied().collect::<Vec<f32>>(), [32, 4, 32, 32]),
        &device,
    ));
    let healthy = healthy.expect("tokens").into_data().to_vec::<f32>().expect("numbers");
    let mut monitor = Monitor::new(1, settings.collapse_below);
    let healthy = Array2::from_shape_vec((32, 24), healthy).expect("a matrix");
    assert_eq!(monitor.look(healthy.view()).expect("a look"), None);
    assert!(!monitor.collapsed());
    let mut again = other;
    again.restore(&trainer.state()).expect("restored");
    assert!(again.monitor.collapsed() && again.state() == trainer.state());
    assert!(again.restore(&State::default()).is_err());

    // A loss that is no number leaves the last good weights.
    let before = trainer.state();
    let mut spoiled = views;
    spoiled.globals[[0, 0, 0, 0]] = f32::NAN;
    assert!(trainer.learn(spoiled, &at).expect_err("no loss").to_string().contains("loss is NaN"));
    assert!(trainer.state() == before);
}

#[test]
fn settings_survive_json_and_refuse_unknown_names() {
    for plan in [Model::paper(), Model::quick(), Plan { settings: Settings::released(), run: FitConfig::default() }] {
        let text = serde_json::to_string(&plan).expect("text");
        assert_eq!(serde_json::from_str::<Plan<Settings>>(&text).expect("a plan"), plan);
        plan.settings.check().expect("settings that can be");
    }
    for text in [r#"{"epochs": 3}"#, r#"{"optimisation": {"lr": 1}}"#, r#"{"vit": {"depth": 3}}"#] {
        assert!(serde_json::from_str::<Settings>(text).is_err(), "{text}");
    }
    let text = r#"{"strategy": "within_batch", "augmentation": "2024", "aggregation": "deep_sets", "unit": "guide"}"#;
    let parsed: Settings = serde_json::from_str(text).expect("settings");
    assert_eq!((parsed.strategy, parsed.aggregation), (Strategy::WithinBatch, Aggregation::DeepSets));
    assert_eq!((parsed.augmentation, parsed.repeated()), (Augmentation::Published2024, 10));
}

/// What a reader of a trained model looks at: views, where heads look, and the numbers of the paper's tables.
#[test]
fn views_attention_and_metrics_of_a_small_screen() {
    let simulated = ops_images(&simulated()).expect("a screen");
    let complexes = perturbook::evaluate::Relations::from_sets(&simulated.truth.gene_sets());
    let screen = simulated.screen().expect("a screen");
    let model = fitted(&screen, &plan(settings(), 1));

    let attention = model.attention(&screen, &[0, 7]).expect("attention");
    assert_eq!(attention.maps.dim(), (2, 2, 4, 4));
    for head in attention.maps.outer_iter().flat_map(|cell| cell.outer_iter().map(|map| map.sum()).collect::<Vec<_>>())
    {
        assert!(head > 0.1 && head < 1.0, "{head}"); // the rest is the class token's own
    }
    assert!(attention.figure().expect("a figure").summary().contains("head 2"));
    let views = views_figure(&screen, &settings(), &[0, 7, 11], 1).expect("views").summary();
    assert!(views.contains("local view 2, column 3") && !views.contains("local view 3"), "{views}");

    let cells = model.embed(&screen).expect("features");
    let profiles = BatchProfiles::of(&screen, &cells, Unit::Gene).expect("profiles");
    let metrics = profiles.metrics(&[&complexes]).expect("metrics");
    assert!(metrics.numbers().iter().all(|(_, value)| (0.0..=1.0).contains(value)), "{metrics:?}");
    assert!(metrics.map > metrics.map_by_chance, "{metrics:?}");
    let by_components = profiles.metrics_by_components(&[&complexes], &[1, 5]).expect("metrics");
    assert_eq!(by_components.iter().map(|(count, _)| *count).collect::<Vec<_>>(), [1, 5]);
}

#[test]
fn ten_real_cells_go_through_views_normalisation_and_the_published_network() {
    let Some(path) = common::shared_file("data/ops_cells/lmdb_rebuilt") else { return };
    let real = Screen::open(&path).expect("ten cells");
    let rows: Vec<usize> = (0..real.len()).collect();
    let images = real.read_images(&rows).expect("images");
    let each = Settings { normalisation: Normalisation::ZScore, ..Settings::default() };
    let plain = Viewer::new(&real, &each, None).expect("a viewer").plain(&rows).expect("normalised");
    assert_eq!(plain.dim(), (10, 4, 96, 96));
    for plane in
        plain.outer_iter().flat_map(|image| image.outer_iter().map(|plane| plane.to_owned()).collect::<Vec<_>>())
    {
        let plane = plane.mapv(f64::from);
        assert!(plane.mean().unwrap().abs() < 1e-3 && (plane.std(0.0) - 1.0).abs() < 1e-3);
    }

    // By controls: as though the first five cells were those of the well.
    let gene = |row: usize| if row < 5 { "nontargeting".to_owned() } else { format!("GENE{row}") };
    let table =
        df!("gene" => rows.iter().map(|&row| gene(row)).collect::<Vec<String>>(), "well" => ["A1"; 10]).unwrap();
    let images: std::sync::Arc<dyn CellImages> = std::sync::Arc::new(MemoryImages::unnamed(images));
    let well = Screen::new(table, Payload::Images(images)).expect("a screen");
    let settings = Settings::default();
    let statistics = ControlStatistics::of(&well, &settings.pixels()).expect("controls");
    let viewer = Viewer::new(&well, &settings, Some(&statistics)).expect("a viewer");
    let controls = viewer.plain(&rows[..5]).expect("normalised").mapv(f64::from);
    for channel in controls.axis_iter(Axis(1)) {
        assert!(channel.mean().unwrap().abs() < 1e-3 && (channel.std(0.0) - 1.0).abs() < 1e-3);
    }
    let pair = SetPair { perturbation: 0, batches: [0, 0], rows: [rows[..5].to_vec(), rows[5..].to_vec()] };
    let views = viewer.views(&[pair], &mut ChaCha8Rng::seed_from_u64(4)).expect("views");
    assert_eq!((views.globals.dim(), views.locals.dim()), ((10, 4, 96, 96), (40, 4, 48, 48)));
    assert!(views.globals.iter().chain(&views.locals).all(|v| v.is_finite()));
    let pictures = views_figure(&real, &settings, &rows, 0).expect("a figure");
    assert!(pictures.summary().contains("global view"), "{}", pictures.summary());

    let network =
        SetDino::new(&settings.vit, &settings.head, &mut ChaCha8Rng::seed_from_u64(5), &cpu()).expect("ViT-S");
    let tensor = |images: &Array4<f32>| -> Tensor<4> {
        let (n, channels, height, width) = images.dim();
        Tensor::from_data(
            TensorData::new(images.iter().copied().collect::<Vec<f32>>(), [n, channels, height, width]),
            &cpu(),
        )
    };
    let seen = network.features(tensor(&plain)).expect("features");
    assert_eq!(seen.dims(), [10, 1536]);
    let one = network.features(tensor(&plain.slice(s![3..4, .., .., ..]).to_owned())).expect("features of one");
    let apart = (seen.clone().narrow(0, 3, 1) - one).abs().max().into_scalar();
    let cells_apart = (seen.clone().narrow(0, 3, 1) - seen.narrow(0, 4, 1)).abs().max().into_scalar();
    assert!(apart < 1e-4 && cells_apart > 1e-2, "{apart} {cells_apart}");
}
