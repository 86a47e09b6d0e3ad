//! GRAPE as a whole on small simulated screens: training, resumption, vectors, style transfer, files, refusals.

#[path = "common/stop_after.rs"]
mod stop_after;

use ndarray::{Array2, Array4, s};
use perturbook::evaluate::GeneSets;
use perturbook::methods::grape::{LossConfig, Model, Normalisation, Position, Settings, Sizes, Weights};
use perturbook::methods::pixels::ControlStatistics;
use perturbook::methods::{Method, Plan, Unit, impa};
use perturbook::nn::State;
use perturbook::screen::{Features, Label, Screen};
use perturbook::simulate::{OpsConfig, Phenotype, ops_images};
use perturbook::tensor::cpu;
use perturbook::train::{Ended, FitConfig, Phase, Silent};
use stop_after::StopAfter;

/// Four genes in two complexes and controls, in four wells.
fn screen() -> Screen {
    let config = OpsConfig {
        size: 16,
        genes: 4,
        complexes: 2,
        complex_size: 2,
        null_genes: 0,
        phenotypes: vec![Phenotype::GiantNucleus, Phenotype::ActinRing],
        effect: 1.5,
        escaping: 0.0,
        control_guides: 4,
        cells_per_guide: 8,
        plates: 2,
        wells_per_plate: 2,
        ..OpsConfig::default()
    };
    ops_images(&config).expect("a screen").screen().expect("a screen")
}

fn settings() -> Settings {
    Settings {
        side: 16,
        batch: 8,
        ema_every: 4,
        copies: 2,
        style_cells: 10,
        steps_per_epoch: Some(6),
        sizes: Sizes { code: 8, hidden: 16, style: 8, base: 4, widest: 8, levels: 1, blocks: 2, ..Sizes::default() },
        ..Settings::quick()
    }
}

fn plan(settings: Settings, epochs: u64) -> Plan<Settings> {
    Plan { settings, run: FitConfig { epochs, seed: 1, ..FitConfig::default() } }
}

fn fitted(screen: &Screen, plan: &Plan<Settings>) -> Model {
    Model::fit(screen, plan, &cpu(), &mut Silent).expect("trained")
}

/// The steps at which cells were followed, and what they looked like then.
fn followed(model: &Model) -> Vec<(String, Array4<f32>)> {
    let channels = ["DNA damage", "F-actin", "DNA", "microtubules"].map(String::from);
    model.progress(&channels).expect("followed cells").rows
}

#[track_caller]
fn refused(screen: &Screen, settings: Settings) -> String {
    match Model::fit(screen, &plan(settings, 1), &cpu(), &mut Silent) {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error.to_string(),
    }
}

fn weights(model: &Model) -> [State; 3] {
    let of = |weights| State::of(model.translator(weights));
    [of(Weights::Last), of(Weights::Ema), State::of(model.discriminator())]
}

#[test]
fn it_learns_to_give_images_back_and_translates_them() {
    let screen = screen();
    let model = fitted(&screen, &plan(settings(), 20));
    let history = model.history();
    assert_eq!(history.ended, Some(Ended::Finished));
    for term in ["loss", "adversarial", "cycle", "style", "discriminator", "real", "fake", "r1", "accuracy"] {
        let curve = history.curve(Phase::Training, term);
        assert!(curve.len() == 120 && curve.iter().all(|(_, value)| value.is_finite()), "{term}");
    }
    let cycle: Vec<f64> = history.curve(Phase::Training, "cycle").into_iter().map(|(_, value)| value).collect();
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (first, last) = (mean(&cycle[..10]), mean(&cycle[110..]));
    println!("cycle term {first:.3} -> {last:.3}");
    assert!(last < 0.8 * first, "images there and back do not get better: {first} to {last}");

    // One row for each perturbation, controls included.
    let vectors = model.embed(&screen).expect("vectors");
    assert_eq!((vectors.len(), vectors.dims()), (5, 8));
    let names: Vec<&str> = model.classes().names.iter().map(String::as_str).collect();
    assert!(names.contains(&"nontargeting") && names.contains(&"SIM0001"));
    let styles = model.styles(&screen).expect("styles");
    assert_eq!((styles.len(), styles.dims()), (screen.len(), 8));
    let mapped = model.vectors(Position::Mapping, Weights::Ema).expect("styles of perturbations");
    assert_eq!((mapped.len(), mapped.dims()), (5, 8));
    assert!(model.vectors(Position::StyleEncoder, Weights::Last).is_err());

    let of_cell = model.same_cell(&screen, 3, &names).expect("images");
    let (name, images) = &of_cell.rows[0];
    assert_eq!((name.as_str(), images.dim(), of_cell.columns.len()), ("cell 3", (6, 4, 16, 16), 6));
    let real = screen.read_images(&[3]).expect("the cell");
    assert!(images.slice(s![0..1, .., .., ..]) == real);
    assert!(images.slice(s![1, .., .., ..]) != images.slice(s![2, .., .., ..]), "the perturbation changes nothing");
    assert!(of_cell.figure().expect("a figure").svg().starts_with("<svg"));
    let of_perturbation = model.same_perturbation(&screen, &[0, 9, 40], "SIM0001").expect("images");
    assert_eq!(of_perturbation.rows.len(), 2);
    assert!(of_perturbation.rows.iter().all(|(_, images)| images.dim() == (3, 4, 16, 16)));
    // The same cell and perturbation, by both ways.
    let third = model.same_perturbation(&screen, &[3], "SIM0001").expect("images");
    let at = 1 + names.iter().position(|&name| name == "SIM0001").expect("a gene");
    let apart = &third.rows[1].1.slice(s![0, .., .., ..]) - &images.slice(s![at, .., .., ..]);
    assert!(apart.iter().all(|v| v.abs() < 1e-5));
    assert!(model.same_cell(&screen, 3, &["TP53"]).expect_err("unknown").to_string().contains("not learned \"TP53\""));
    assert!(model.translated(&screen, &[0, 1], &["SIM0001"]).is_err());

    let stability = model.stability().expect("stability");
    assert_eq!((stability.copies, stability.last.len()), (2, 4));
    for of in [stability.of_ema, stability.of_mean] {
        assert!((-1.0..=1.000_001).contains(&of.cosine) && (-1.000_001..=1.000_001).contains(&of.relations), "{of:?}");
    }
    assert!(stability.of_ema.cosine > 0.9, "{stability:?}");
    assert!(
        model.mean_vectors().expect("vectors").values()
            != model.vectors(Position::Table, Weights::Last).expect("vectors").values()
    );
}

#[test]
fn one_seed_gives_one_result_on_any_number_of_workers() {
    let screen = screen();
    let run = |workers: usize, seed: u64| {
        let plan = plan(Settings { flips: 0.5, ..settings() }, 1);
        weights(&fitted(&screen, &Plan { run: FitConfig { workers, seed, ..plan.run }, ..plan }))
    };
    let one = run(1, 1);
    assert!(one == run(3, 1), "another result with three workers");
    assert!(one != run(1, 2), "the seed changes nothing");
}

#[test]
fn a_run_that_was_stopped_goes_on_to_the_same_bits() {
    let screen = screen();
    let settings = Settings { sizes: Sizes { attention: true, ..settings().sizes }, ..settings() };
    let whole = fitted(&screen, &plan(settings.clone(), 2));
    let folder = tempfile::tempdir().expect("a folder");
    let parts = plan(settings.clone(), 2);
    let run = FitConfig { folder: Some(folder.path().join("run")), resume: true, ..parts.run };
    let parts = Plan { run, ..parts };
    let first = Model::fit(&screen, &parts, &cpu(), &mut StopAfter(7)).expect("stopped");
    assert_eq!(first.history().ended, Some(Ended::Stopped));
    let second = fitted(&screen, &parts);
    assert!(weights(&second) == weights(&whole), "other weights after the stop");
    assert!(weights(&first) != weights(&whole));
    assert_eq!(second.mean_vectors().expect("a mean").values(), whole.mean_vectors().expect("a mean").values());
    let tables = |model: &Model| {
        let tables = model.tables().expect("copies").into_iter();
        tables.map(|(step, last, ema)| (step, last.values().to_owned(), ema.values().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(tables(&second), tables(&whole), "other copies of the table after the stop");
    assert_eq!(followed(&second), followed(&whole), "other cells followed after the stop");
    let terms = |model: &Model| model.history().rows.iter().map(|row| row.terms.clone()).collect::<Vec<_>>();
    assert!(terms(&second) == terms(&whole), "another history after the stop");
    let other = Plan { settings: Settings { rate: 0.5, ..settings }, ..parts };
    let error = Model::fit(&screen, &other, &cpu(), &mut Silent).expect_err("other settings");
    assert!(error.to_string().contains("settings.rate"), "{error}");
}

#[test]
fn it_can_be_watched_while_it_learns() {
    let model = fitted(&screen(), &plan(settings(), 2));
    let steps: Vec<u64> = model.tables().expect("copies").into_iter().map(|(step, ..)| step).collect();
    assert_eq!(steps, [4, 8, 12]);
    let (_, last, average) = model.tables().expect("copies").pop().expect("one");
    let of = |weights| model.vectors(Position::Table, weights).expect("vectors");
    assert_eq!(last.values(), of(Weights::Last).values());
    assert_eq!(average.values(), of(Weights::Ema).values());
    let rows = followed(&model);
    let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["the cells", "4 steps", "8 steps", "12 steps"]);
    assert!(rows.iter().all(|(_, images)| images.iter().all(|v| (0.0..=1.0).contains(v))));
    assert!(rows[1].1 != rows[3].1, "nothing was learned");
    let knows = model.history().last(Phase::Training, "knows").expect("a term");
    assert!(knows > 0.3 && knows < 0.98, "{knows}");
}

#[test]
fn translated_cells_are_measured_beside_real_ones() {
    let (screen, model) = (screen(), fitted(&screen(), &plan(settings(), 1)));
    let translated = model.translated_screen(&screen, &[0, 3], &["SIM0001", "SIM0002"]).expect("a screen");
    assert_eq!(translated.labels(Label::Gene).expect("genes").of(1), "SIM0002");
    let batches = |screen: &Screen, row| screen.labels(Label::Batch).expect("batches").of(row).to_owned();
    assert_eq!(batches(&translated, 1), batches(&screen, 3));
    let complexes =
        GeneSets::new("two", [("first", vec!["SIM0001", "SIM0002"]), ("second", vec!["SIM0003", "SIM0004"])]);
    let (taken, kept) = model.transfer_reading(&screen, &complexes, 8, 0).expect("a reading");
    assert_eq!(taken.targets.iter().map(|target| target.cells).collect::<Vec<_>>(), [16, 16]);
    assert!((-1.0..=1.0).contains(&kept.position) && (-1.0..=1.0).contains(&kept.orientation));
    let features = model.feature_reading(&screen, "SIM0001", 12, 3, 0).expect("features");
    assert_eq!((features.features.len(), features.features[0].translated.len()), (3, 12));
    assert!(model.feature_reading(&screen, "SIM0009", 12, 3, 0).is_err());
}

#[test]
fn every_variant_runs() {
    let screen = screen();
    let base = Settings { steps_per_epoch: Some(2), ema_every: 1, ..settings() };
    let variants = [
        Settings { loss: LossConfig::without_detach(), ..base.clone() },
        Settings { loss: LossConfig::without_cycle(), position: Position::Mapping, ..base.clone() },
        Settings { weights: Weights::Ema, normalisation: Normalisation::Symmetric, ..base.clone() },
        Settings { position: Position::StyleEncoder, unit: Unit::Guide, ..base.clone() },
        Settings { sizes: Sizes { blocks: 1, ..base.sizes }, table_start: 0.1, table_rate: 20.0, ..base.clone() },
        Settings { perturbations: vec!["SIM0002".to_owned(), "SIM0003".to_owned()], ..base.clone() },
    ];
    let classes = [5, 5, 5, 12, 5, 3];
    for (variant, classes) in variants.into_iter().zip(classes) {
        let model = fitted(&screen, &plan(variant.clone(), 1));
        let vectors = model.embed(&screen).expect("vectors");
        assert_eq!(vectors.len(), classes, "{variant:?}");
        assert!(vectors.values().iter().all(|value| value.is_finite()));
        let last = |term| model.history().last(Phase::Training, term).expect("a term");
        assert_eq!(last("cycle") == 0.0, variant.loss.cycle == 0.0);
    }
}

#[test]
fn position_three_is_the_mean_style_of_real_cells() {
    let screen = screen();
    let third = Settings { position: Position::StyleEncoder, steps_per_epoch: Some(2), style_cells: 3, ..settings() };
    let model = fitted(&screen, &plan(third, 1));
    let (vectors, styles) = (model.embed(&screen).expect("vectors"), model.styles(&screen).expect("styles"));
    let genes = screen.labels(perturbook::screen::Label::Gene).expect("genes");
    for (row, name) in model.classes().names.iter().enumerate() {
        let cells: Vec<usize> = (0..screen.len()).filter(|&cell| genes.of(cell) == name).take(3).collect();
        let mean =
            cells.iter().fold(ndarray::Array1::<f32>::zeros(8), |sum, &cell| sum + styles.values().row(cell)) / 3.0;
        let apart = &mean - &vectors.values().row(row);
        assert!(apart.iter().all(|v| v.abs() < 1e-5), "{name}: {apart}");
    }
}

#[test]
fn frozen_vectors_from_a_file_stay_as_they_are() {
    let screen = screen();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vectors.csv");
    let mut text = "gene,0,1,2\n".to_owned();
    for gene in 1..=4 {
        text += &format!("SIM000{gene},{gene}.5,0.25,-1.5\n");
    }
    std::fs::write(&path, &text).expect("written");
    let preset = impa::settings(&path);
    let small = Settings {
        vectors: preset.vectors,
        normalisation: preset.normalisation,
        flips: preset.flips,
        position: preset.position,
        loss: preset.loss,
        ..settings()
    };
    let model = fitted(&screen, &plan(small.clone(), 1));
    let table = model.vectors(Position::Table, Weights::Last).expect("the table");
    assert_eq!(table.row("SIM0002").expect("a row").to_vec(), [2.5, 0.25, -1.5]);
    assert_eq!(table.row("nontargeting").expect("a row").to_vec(), [0.0; 3]);
    assert_eq!(model.embed(&screen).expect("vectors").dims(), 8); // styles
    let saved = folder.path().join("model.safetensors");
    model.save(&saved).expect("saved");
    assert!(weights(&Model::load(&saved, &cpu()).expect("loaded")) == weights(&model));

    std::fs::write(&path, text.lines().take(4).collect::<Vec<_>>().join("\n")).expect("written");
    assert!(refused(&screen, small).contains("1 of 5 perturbations have no vector"));
}

#[test]
fn a_model_is_what_its_file_says() {
    let screen = screen();
    let plan = plan(Settings { steps_per_epoch: Some(5), ..settings() }, 1);
    let model = fitted(&screen, &plan);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    model.save(&path).expect("saved");
    let loaded = Model::load(&path, &cpu()).expect("loaded");
    assert_eq!(loaded.plan(), &plan);
    assert_eq!(loaded.classes(), model.classes());
    assert!(weights(&loaded) == weights(&model));
    assert_eq!(loaded.mean_vectors().expect("a mean").values(), model.mean_vectors().expect("a mean").values());
    let images = |model: &Model| model.translated(&screen, &[1], &["SIM0004"]).expect("an image");
    assert!(images(&loaded) == images(&model), "other images after a way through a file");
    let error = perturbook::methods::set_dino::Model::load(&path, &cpu()).expect_err("another method").to_string();
    assert!(error.contains("a model of \"grape\""), "{error}");
    let bytes = std::fs::read(&path).expect("bytes");
    for part in 1..10 {
        std::fs::write(&path, &bytes[..bytes.len() * part / 10]).expect("written");
        assert!(Model::load(&path, &cpu()).is_err(), "{part} tenths of a file were accepted");
    }
}

#[test]
fn statistics_of_controls_go_there_and_back() {
    let screen = screen();
    let pixels = settings().pixels();
    let statistics = ControlStatistics::of(&screen, &pixels).expect("statistics");
    let batches = screen.labels(perturbook::screen::Label::Batch).expect("batches");
    let images = pixels.read(&screen, &[7]).expect("an image");
    let mut there = images.clone();
    statistics.zscore(there.view_mut(), batches.of(7), 2.0).expect("z-scores");
    assert!(there != images);
    statistics.restore(there.view_mut(), batches.of(7), 2.0).expect("intensities");
    assert!((&there - &images).iter().all(|v| v.abs() < 1e-6));
    assert!(statistics.zscore(there.view_mut(), "Z9", 1.0).expect_err("no such batch").to_string().contains("Z9"));
    let text = serde_json::to_string(&statistics).expect("text");
    assert_eq!(serde_json::from_str::<ControlStatistics>(&text).expect("statistics"), statistics);
}

#[test]
fn wrong_screens_and_settings_are_refused() {
    let screen = screen();
    let features = Features::numbered(Array2::zeros((screen.len(), 3))).expect("features");
    let without = Screen::new(screen.table().clone(), features).expect("a screen");
    assert!(refused(&without, settings()).contains("holds no images"));
    let three = Sizes { channels: 3, ..settings().sizes };
    assert!(refused(&screen, Settings { sizes: three, ..settings() }).contains("have 4 channels"));
    assert!(refused(&screen, Settings { side: 32, ..settings() }).contains("hold no part of 32 x 32"));
    let deep = Sizes { blocks: 4, ..settings().sizes };
    assert!(refused(&screen, Settings { sizes: deep, ..settings() }).contains("pixels are left"));
    assert!(refused(&screen, Settings { batch: 0, ..settings() }).contains("batch cannot be 0"));
    assert!(refused(&screen, Settings { flips: 2.0, ..settings() }).contains("no shares"));
    assert!(refused(&screen, Settings { fewest: 1_000, ..settings() }).contains("0 perturbations"));
    let unknown = Settings { perturbations: vec!["TP53".to_owned()], ..settings() };
    assert!(refused(&screen, unknown).contains("\"TP53\""));
    assert!(refused(&screen.perturbed().expect("cells"), settings()).contains("no control cell"));
    let nowhere = Settings { vectors: Some("/nowhere/vectors.csv".into()), ..settings() };
    assert!(refused(&screen, nowhere).contains("/nowhere/vectors.csv"));
}

#[test]
fn settings_survive_json_and_refuse_unknown_names() {
    for plan in [Model::paper(), Model::quick(), impa::paper("gene2vec.parquet"), impa::quick("gene2vec.parquet")] {
        let text = serde_json::to_string(&plan).expect("text");
        assert_eq!(serde_json::from_str::<Plan<Settings>>(&text).expect("a plan"), plan);
        plan.settings.check().expect("settings that can be");
    }
    assert_eq!(Model::paper().settings.steps_per_epoch.map(|steps| steps * Model::paper().run.epochs), Some(100_000));
    for text in [r#"{"epochs": 3}"#, r#"{"loss": {"lambda": 1}}"#, r#"{"sizes": {"depth": 3}}"#] {
        assert!(serde_json::from_str::<Settings>(text).is_err(), "{text}");
    }
    for variant in [
        Settings::without_detach(),
        Settings::without_cycle(),
        Settings::with_attention(),
        Settings::with_ema(),
        Settings::with_three_blocks(),
    ] {
        variant.check().expect("settings that can be");
        assert_ne!(variant, Settings::default());
    }
}
