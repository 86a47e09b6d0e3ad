//! The contrastive image autoencoders as methods, on simulated cells with known truth.

mod common;
#[path = "common/stop_after.rs"]
mod stop_after;

use std::sync::{Arc, OnceLock};

use ndarray::{Array1, Array2, ArrayView2, Axis};
use perturbook::display::Show;
use perturbook::images::{CellImages, MemoryImages};
use perturbook::methods::mcvae::{
    Along, Independence, Intensity, Keep, KlWeight, McVae, McVaeSettings, Space, Traversal, Variant,
};
use perturbook::methods::{Method, Plan};
use perturbook::screen::{Embedding, Features, Label, Payload, Role, Screen};
use perturbook::simulate::{CONTROL, OpsConfig, OpsTruth, Phase, Phenotype, ops_images, ops_screen};
use perturbook::tensor::{Device, cpu};
use perturbook::train::{Ended, FitConfig, History, Phase as Of, Silent};
use polars::prelude::df;
use stop_after::StopAfter;

/// Cells of 32 x 32 pixels: controls, and genes that each add a structure of their own.
fn config() -> OpsConfig {
    OpsConfig {
        size: 32,
        genes: 3,
        complexes: 0,
        null_genes: 0,
        phenotypes: vec![Phenotype::Aggregates, Phenotype::ActinRing, Phenotype::FociBurst],
        effect: 2.0,
        effect_spread: 0.0,
        escaping: 0.0,
        guides: 1,
        control_guides: 3,
        cells_per_guide: 100,
        plates: 1,
        wells_per_plate: 2,
        seed: 3,
        ..OpsConfig::default()
    }
}

/// The cells in memory, drawn once, with their truth.
fn cells() -> &'static (Screen, OpsTruth) {
    static CELLS: OnceLock<(Screen, OpsTruth)> = OnceLock::new();
    CELLS.get_or_init(|| {
        let images = ops_images(&config()).expect("images");
        (images.screen().expect("a screen"), images.truth)
    })
}

/// Small networks.
fn plan(variant: Variant, epochs: u64) -> Plan<McVaeSettings> {
    let settings = McVaeSettings {
        variant,
        side: 16,
        base: 8,
        latent: 6,
        batch_width: 3,
        batch: 32,
        rate: 4e-3,
        kl: KlWeight::Ramp { steps: 40 },
        ..McVae::quick().settings
    };
    Plan { settings, run: FitConfig { epochs, seed: 1, ..FitConfig::default() } }
}

fn fit(plan: &Plan<McVaeSettings>) -> McVae {
    McVae::fit(&cells().0, plan, &cpu(), &mut Silent).expect("trained")
}

/// How often a network is judged must not change what it learns.
#[test]
fn validations_leave_no_trace_in_what_is_learned() {
    for variant in [Variant::Mcvae, Variant::Vae] {
        let codes = [0.2, 1.0, 2.0].map(|validate_every| {
            let mut plan = plan(variant, 3);
            plan.settings.keep = Keep::Last;
            plan.settings.shares = [0.7, 0.2, 0.1];
            plan.run.validate_every = validate_every;
            fit(&plan).embed(&cells().0).expect("codes").values().to_owned()
        });
        assert!(codes[0] == codes[1] && codes[1] == codes[2], "{variant:?}");
    }
}

/// The mcVAE that most tests look at, trained once.
fn trained() -> &'static McVae {
    static MODEL: OnceLock<McVae> = OnceLock::new();
    MODEL.get_or_init(|| {
        let mut plan = plan(Variant::Mcvae, 40);
        plan.settings = McVaeSettings { batch: 16, kl: KlWeight::Ramp { steps: 100 }, ..plan.settings };
        fit(&plan)
    })
}

fn embedding() -> &'static Embedding {
    static EMBEDDING: OnceLock<Embedding> = OnceLock::new();
    EMBEDDING.get_or_init(|| trained().embed(&cells().0).expect("embedded"))
}

/// The share of the variance of codes that lies between classes; cells without a class do not count.
fn between(values: ArrayView2<'_, f32>, class: &[Option<usize>], classes: usize) -> f64 {
    let rows = |wanted: &dyn Fn(usize) -> bool| -> Array2<f64> {
        let rows: Vec<usize> = (0..class.len()).filter(|&row| class[row].is_some_and(wanted)).collect();
        values.select(Axis(0), &rows).mapv(f64::from)
    };
    let all = rows(&|_| true);
    let mean = all.mean_axis(Axis(0)).expect("cells");
    let total = (&all - &mean).mapv(|v| v * v).sum();
    let of_class = |class: usize| {
        let cells = rows(&|of| of == class);
        let apart = cells.mean_axis(Axis(0)).expect("cells") - &mean;
        cells.nrows() as f64 * apart.mapv(|v| v * v).sum()
    };
    (0..classes).map(of_class).sum::<f64>() / total
}

/// The share of cells that are nearest to the mean of their own class, means taken from every other cell of a class, in
/// dimensions of equal variance; balanced over classes.
fn nearest_mean(values: ArrayView2<'_, f32>, class: &[Option<usize>], classes: usize) -> f64 {
    let x = values.mapv(f64::from);
    let mean = x.mean_axis(Axis(0)).expect("cells");
    let sd = x.std_axis(Axis(0), 0.0).mapv(|sd| if sd > 1e-9 { sd } else { 1.0 });
    let x = (x - &mean) / &sd;
    let shares = (0..classes).map(|wanted| {
        let rows = |wanted: usize, odd: usize| -> Vec<usize> {
            let all = (0..class.len()).filter(|&row| class[row] == Some(wanted));
            all.skip(odd).step_by(2).collect()
        };
        let mean = |class: usize| x.select(Axis(0), &rows(class, 0)).mean_axis(Axis(0)).expect("cells");
        let means: Vec<Array1<f64>> = (0..classes).map(mean).collect();
        let tested = rows(wanted, 1);
        let apart = |row: usize, class: usize| (&x.row(row) - &means[class]).mapv(|v| v * v).sum();
        let right = tested
            .iter()
            .filter(|&&row| (0..classes).all(|other| other == wanted || apart(row, wanted) < apart(row, other)));
        right.count() as f64 / tested.len() as f64
    });
    shares.sum::<f64>() / classes as f64
}

#[test]
fn the_loss_falls() {
    let history = trained().history();
    assert_eq!(history.ended, Some(Ended::Finished));
    let losses = history.curve(Of::Training, "loss");
    let (first, last) = (losses[0].1, losses[losses.len() - 1].1);
    assert!(last < first - 2_000.0, "{first} to {last}");
    let validation = history.curve(Of::Validation, "loss");
    assert!(validation[validation.len() - 1].1 < validation[0].1);
    for term in ["NLL of controls", "NLL of perturbed", "KL background", "KL salient", "Wasserstein", "sigma"] {
        assert!(history.last(Of::Training, term).is_some_and(f64::is_finite), "{term}");
    }
    assert_eq!(history.last(Of::Training, "KL weight"), Some(1.0));
}

#[test]
fn salient_codes_know_the_perturbation_and_background_codes_the_cell_cycle() {
    let (screen, truth) = cells();
    let embedding = embedding();
    assert_eq!((embedding.len(), embedding.dims()), (screen.len(), 12));
    assert_eq!(embedding.block_names(), ["salient", "background"]);
    let block = |name: &str| embedding.block(name).expect("a block");
    let (salient, background) = (block("salient"), block("background"));
    let gene: Vec<Option<usize>> = truth.cells.iter().map(|cell| cell.gene).collect();
    let [by_s, by_z] = [&salient, &background].map(|block| between(block.values(), &gene, 3));
    println!("variance between perturbations: salient {by_s:.3}, background {by_z:.3}");
    assert!(by_s > by_z + 0.1, "perturbation: salient {by_s}, background {by_z}");
    let phase: Vec<Option<usize>> = truth
        .cells
        .iter()
        .map(|cell| match cell.phase {
            Phase::G1 => Some(0),
            Phase::G2 => Some(1),
            Phase::S | Phase::M => None,
        })
        .collect();
    let of_controls = |all: &[Option<usize>]| -> Vec<Option<usize>> {
        all.iter().zip(&truth.cells).map(|(class, cell)| class.filter(|_| cell.gene.is_none())).collect()
    };
    let phase = of_controls(&phase);
    let [by_s, by_z] = [&salient, &background].map(|block| nearest_mean(block.values(), &phase, 2));
    println!("G1 and G2 among controls: salient {by_s:.3}, background {by_z:.3}");
    assert!(by_z > by_s + 0.05, "G1 and G2: salient {by_s}, background {by_z}");
    // Salient codes of controls lie near 0.
    let norm = |role: Role| {
        let rows: Vec<usize> = (0..screen.len()).filter(|&row| screen.role(row) == role).collect();
        salient.values().select(Axis(0), &rows).mapv(|v| f64::from(v).powi(2)).sum() / rows.len() as f64
    };
    assert!(norm(Role::Control) < 0.5 * norm(Role::Perturbed), "{} {}", norm(Role::Control), norm(Role::Perturbed));
}

fn values(history: &History) -> Vec<(u64, Vec<(String, f64)>)> {
    history.rows.iter().map(|row| (row.step, row.terms.clone())).collect()
}

#[test]
fn a_stopped_run_goes_on_to_the_same_bits() {
    for (variant, kl, independence) in [
        (Variant::Mcvae, KlWeight::Cyclic { steps: 3 }, Some(Independence::TotalCorrelation)),
        (Variant::Cvae, KlWeight::Ramp { steps: 5 }, Some(Independence::Hsic)),
        (Variant::Vae, KlWeight::Cyclic { steps: 4 }, None),
    ] {
        let mut plan = plan(variant, 1);
        // 12 steps: 240 controls, or 480 cells.
        let batch = if variant == Variant::Vae { 40 } else { 20 };
        plan.settings = McVaeSettings { kl, independence, batch, ..plan.settings };
        plan.run.validate_every = 0.25;
        let whole = fit(&plan);
        assert_eq!(whole.history().rows.last().map(|row| row.step), Some(12));
        let folder = tempfile::tempdir().expect("a folder");
        let mut parts = plan.clone();
        parts.run = FitConfig { folder: Some(folder.path().join("run")), resume: true, workers: 3, ..plan.run.clone() };
        let screen = &cells().0;
        let first = McVae::fit(screen, &parts, &cpu(), &mut StopAfter(6)).expect("stopped");
        assert_eq!(first.history().ended, Some(Ended::Stopped));
        let second = McVae::fit(screen, &parts, &cpu(), &mut Silent).expect("resumed");
        assert!(second.weights() == whole.weights(), "{}: the weights differ", variant.name());
        assert!(values(second.history()) == values(whole.history()), "{}: the histories differ", variant.name());
        assert!(first.weights() != whole.weights());
        // Another network is refused with what differs.
        parts.settings.rate = 0.5;
        let error = McVae::fit(screen, &parts, &cpu(), &mut Silent).expect_err("another run").to_string();
        assert!(error.contains("settings.rate"), "{error}");
    }
}

#[test]
fn one_seed_gives_one_model_and_another_another() {
    let plan = plan(Variant::PriorS, 1);
    let [a, b] = [1, 3].map(|workers| {
        let run = FitConfig { workers, ..plan.run.clone() };
        fit(&Plan { run, ..plan.clone() })
    });
    assert!(a.weights() == b.weights());
    let run = FitConfig { seed: 2, ..plan.run.clone() };
    assert!(fit(&Plan { run, ..plan.clone() }).weights() != a.weights());
}

#[test]
fn every_variant_learns_and_has_its_blocks_and_tables() {
    for variant in Variant::ALL {
        let model = fit(&plan(variant, 1));
        let embedding = model.embed(&cells().0).expect("embedded");
        assert_eq!(embedding.dims(), 12);
        let blocks: &[&str] = if variant == Variant::Vae { &["latent"] } else { &["salient", "background"] };
        assert_eq!(embedding.block_names(), blocks);
        let weights = model.weights();
        let table = |name: &str| weights.get(name).map(|table| table.shape().to_vec());
        let (z, s) = (table("prior_z.weight"), table("prior_s.weight"));
        assert_eq!(z.is_some(), matches!(variant, Variant::Mcvae | Variant::PriorZ));
        assert_eq!(s.is_some(), matches!(variant, Variant::Mcvae | Variant::PriorS));
        for table in z.iter().chain(&s) {
            assert_eq!(*table, [4, 6]); // controls and three genes
        }
        assert_eq!(table("batch_embedding.weight"), (variant != Variant::Vae).then(|| vec![2, 3]));
        assert_eq!(model.perturbations().len(), if variant.learns_priors() { 3 } else { 0 });
    }
}

#[test]
fn sides_that_are_no_multiple_of_8_and_the_last_weights() {
    let mut plan = plan(Variant::Cvae, 1);
    plan.settings = McVaeSettings { side: 25, keep: Keep::Last, batch_width: 0, ..plan.settings };
    let model = fit(&plan);
    let pictures = model.reconstruct(&cells().0, &[0, 400]).expect("decoded");
    assert_eq!(pictures.row("reconstruction").map(|row| row.dim()), Some((2, 4, 25, 25)));
    assert!(model.batches().is_empty());
}

#[test]
fn a_saved_model_gives_the_same_embedding() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    trained().save(&path).expect("saved");
    let loaded = McVae::load(&path, &cpu()).expect("loaded");
    assert_eq!(loaded.plan(), trained().plan());
    assert_eq!(loaded.history().rows.len(), trained().history().rows.len());
    let rows: Vec<usize> = (0..40).collect();
    let part = cells().0.select(&rows).expect("a view");
    let again = loaded.embed(&part).expect("embedded");
    assert_eq!(again.values(), trained().embed(&part).expect("embedded").values());
    let close =
        again.values().iter().zip(embedding().values().slice(ndarray::s![..40, ..])).all(|(a, b)| (a - b).abs() < 1e-4);
    assert!(close, "a cell's code depends on the cells beside it");
    std::fs::write(&path, b"half a file").expect("written");
    assert!(McVae::load(&path, &cpu()).is_err());
    let other = perturbook::nn::State::default();
    other.write(&path).expect("written");
    let error = McVae::load(&path, &cpu()).expect_err("no model").to_string();
    assert!(error.contains("no trained model"), "{error}");
}

#[test]
fn reconstructions_are_near_the_images() {
    let (screen, _) = cells();
    let rows: Vec<usize> = (0..screen.len()).step_by(7).collect();
    let pictures = trained().reconstruct(screen, &rows).expect("decoded");
    let (image, made) = (pictures.row("image").expect("a row"), pictures.row("reconstruction").expect("a row"));
    assert_eq!(image.dim(), (rows.len(), 4, 16, 16));
    let mean_image = image.mean_axis(Axis(0)).expect("images");
    let error = (image - made).mapv(|v| f64::from(v).powi(2)).sum();
    let of_mean = (image - &mean_image).mapv(|v| f64::from(v).powi(2)).sum();
    println!("squared error: {:.3} of that of the mean image", error / of_mean);
    assert!(error < 0.8 * of_mean, "{error} of {of_mean}");
    let shown = pictures.bundle();
    assert!(shown.mimes().contains(&"image/svg+xml"), "{:?}", shown.mimes());
}

#[test]
fn ten_real_cells_go_through_all_variants() {
    let Some(path) = common::shared_file("data/ops_cells/lmdb_rebuilt") else { return };
    let real = Screen::open(&path).expect("ten cells");
    let few = OpsConfig { size: 96, cells_per_guide: 20, ..config() };
    let simulated = ops_images(&few).expect("images").screen().expect("a screen");
    let rows: Vec<usize> = (0..real.len()).collect();
    let images = real.read_images(&rows).expect("images");
    let Payload::Images(known) = simulated.payload() else { panic!("no images") };
    let names = known.channels().to_vec();
    let images = MemoryImages::new(images, names).expect("four channels");
    let real = Screen::new(real.table().clone(), Arc::new(images) as Arc<dyn CellImages>).expect("a screen");
    for variant in Variant::ALL {
        let mut plan = plan(variant, 1);
        // Plates and wells of the real cells are not those of the simulated ones.
        (plan.settings.side, plan.settings.batch_width) = (32, 0);
        let model = McVae::fit(&simulated, &plan, &cpu(), &mut Silent).expect("trained");
        let seen = model.seen(&real, &rows).expect("prepared");
        assert_eq!(seen.dim(), (10, 4, 32, 32));
        assert!(seen.iter().all(|v| (-1.0..=1.0).contains(v)), "{variant:?}");
        let codes = model.embed(&real).expect("encoded");
        assert!((codes.len(), codes.dims()) == (10, 12) && codes.values().iter().all(|v| v.is_finite()));
        let (first, second) = (codes.values().row(0).to_owned(), codes.values().row(1).to_owned());
        assert!((&first - &second).iter().any(|apart| apart.abs() > 1e-3), "{variant:?}: all cells have one code");
        let made = model.reconstruct(&real, &rows).expect("decoded");
        let made = made.row("reconstruction").expect("a row");
        assert_eq!(made.dim(), (10, 4, 32, 32));
        assert!(made.iter().all(|v| v.abs() <= 1.0), "{variant:?}");
    }
}

#[test]
fn walks_change_what_they_should_and_start_at_the_cell() {
    let (screen, _) = cells();
    let walk = Traversal { along: Along::Principal(2), steps: 2, ..Traversal::default() };
    let model = trained();
    let perturbed = 5;
    let pictures = model.traverse(screen, embedding(), perturbed, &walk).expect("walked");
    assert_eq!(pictures.columns, ["-3.0 sd", "-1.5 sd", "+0.0 sd", "+1.5 sd", "+3.0 sd"]);
    assert_eq!(pictures.rows.len(), 2);
    let start = model.reconstruct(screen, &[perturbed]).expect("decoded");
    let start = start.row("reconstruction").expect("a row").index_axis(Axis(0), 0).to_owned();
    for (_, images) in &pictures.rows {
        let apart = |at: usize| (&images.index_axis(Axis(0), at) - &start).mapv(|v| v.abs()).sum();
        assert!(apart(2) < 1e-2, "{}", apart(2));
        assert!(apart(0) > apart(1) && apart(4) > apart(3) && apart(1) > 1.0);
    }
    let axes = Traversal { space: Space::Background, along: Along::Axes(vec![0, 5]), ..walk.clone() };
    let pictures = model.traverse(screen, embedding(), 0, &axes).expect("walked");
    assert_eq!(pictures.rows.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["dimension 0", "dimension 5"]);
    let error = model.traverse(screen, embedding(), 0, &Traversal { along: Along::Axes(vec![6]), ..walk.clone() });
    assert!(error.expect_err("no such dimension").to_string().contains("0 to 5"));
    let few = embedding().block("salient").expect("a block");
    assert!(model.traverse(screen, &few, 0, &walk).is_err());
}

#[test]
fn controls_as_if_perturbed_come_near_the_perturbed_cells() {
    let (screen, truth) = cells();
    let model = trained();
    let genes: Vec<&str> = truth.genes.iter().map(|gene| gene.symbol.as_str()).collect();
    let controls: Vec<usize> = (0..screen.len()).filter(|&row| screen.role(row) == Role::Control).take(60).collect();
    let pictures = model.counterfactuals(screen, embedding(), &controls, &genes).expect("decoded");
    assert_eq!(pictures.rows.len(), 2 + 3);
    let labels = screen.labels(Label::Gene).expect("genes");
    let mean = |images: &ndarray::Array4<f32>| images.mean_axis(Axis(0)).expect("images");
    let of_controls = mean(pictures.row("control").expect("a row"));
    let mut nearer = 0;
    for gene in &genes {
        let rows: Vec<usize> = (0..screen.len()).filter(|&row| labels.of(row) == *gene).collect();
        let real = mean(&model.seen(screen, &rows).expect("images"));
        let apart = |of: &ndarray::Array3<f32>| (of - &real).mapv(|v| f64::from(v).powi(2)).sum();
        let moved = mean(pictures.row(gene).expect("a row"));
        println!("{gene}: {:.3} as a control, {:.3} as if perturbed", apart(&of_controls), apart(&moved));
        nearer += usize::from(apart(&moved) < apart(&of_controls));
    }
    assert!(nearer >= 2, "{nearer} of 3 perturbations are nearer to their cells than controls are");
    assert!(model.counterfactuals(screen, embedding(), &[0], &genes).is_err()); // a perturbed cell
    assert!(model.counterfactuals(screen, embedding(), &controls, &["no such gene"]).is_err());
    let vae = fit(&plan(Variant::Vae, 1));
    let codes = vae.embed(screen).expect("embedded");
    let error = vae.counterfactuals(screen, &codes, &controls, &genes).expect_err("one space").to_string();
    assert!(error.contains("no salient space"), "{error}");
}

#[test]
fn screens_that_cannot_be_learned_from_are_refused() {
    let refused = |screen: &Screen, plan: &Plan<McVaeSettings>| {
        McVae::fit(screen, plan, &cpu(), &mut Silent).expect_err("refused").to_string()
    };
    let (screen, _) = cells();
    let quick = plan(Variant::Mcvae, 1);
    let table = df!("gene" => [CONTROL, "A"]).expect("a table");
    let features = Screen::new(table, Features::numbered(Array2::zeros((2, 3))).expect("features")).expect("a screen");
    assert!(refused(&features, &quick).contains("3 features"));
    assert!(refused(&screen.perturbed().expect("cells"), &quick).contains("no control cell"));
    let mut other = quick.clone();
    other.settings.intensity = Intensity::default();
    assert!(refused(screen, &other).contains("65535"));
    let mut sorted = quick.clone();
    sorted.settings.mixed = true;
    sorted.settings.shares = [0.6, 0.2, 0.2]; // in the order of the rows the third gene is for testing
    assert!(refused(screen, &sorted).contains("set mixed to false"));
    for (settings, word) in [
        (McVaeSettings { side: 4, ..quick.settings.clone() }, "side"),
        (McVaeSettings { rate: f64::NAN, ..quick.settings.clone() }, "rate"),
        (McVaeSettings { shares: [0.5, 0.1, 0.1], ..quick.settings.clone() }, "split"),
        (McVaeSettings { kl: KlWeight::Ramp { steps: 0 }, ..quick.settings.clone() }, "kl"),
    ] {
        let text = refused(screen, &Plan { settings, ..quick.clone() });
        assert!(text.contains(word), "{text}");
    }
    // A trained model refuses other channels and other sizes.
    let larger = ops_screen(&OpsConfig { size: 40, ..config() }).expect("a plan").screen().expect("a screen");
    assert!(trained().embed(&larger).expect_err("another size").to_string().contains("40 x 40"));
    let images = ops_images(&OpsConfig { cells_per_guide: 1, ..config() }).expect("images");
    let fewer = perturbook::images::MemoryImages::new(
        images.images.slice(ndarray::s![.., ..2, .., ..]).to_owned(),
        ["DNA damage", "F-actin"],
    )
    .expect("images");
    let payload = perturbook::screen::Payload::Images(std::sync::Arc::new(fewer));
    let fewer = Screen::new(images.cells.clone(), payload).expect("a screen");
    assert!(trained().embed(&fewer).expect_err("other channels").to_string().contains("the channels are"));
    // Cells of another plate can be embedded, but not decoded.
    let elsewhere = ops_screen(&OpsConfig { plates: 3, ..config() }).expect("a plan").screen().expect("a screen");
    let rows: Vec<usize> = (0..elsewhere.len()).collect();
    let batch = elsewhere.labels(Label::Batch).expect("batches");
    let new = rows.into_iter().find(|&row| !trained().batches().contains(&batch.of(row).to_owned())).expect("a cell");
    assert!(trained().embed(&elsewhere.select(&[new]).expect("a view")).is_ok());
    assert!(trained().reconstruct(&elsewhere, &[new]).expect_err("no batch").to_string().contains("no batch"));
}

#[test]
fn plans_survive_text_and_refuse_names_that_do_not_exist() {
    for plan in [McVae::paper(), McVae::quick(), plan(Variant::PriorZ, 3)] {
        let text = serde_json::to_string(&plan).expect("text");
        assert_eq!(serde_json::from_str::<Plan<McVaeSettings>>(&text).expect("a plan"), plan);
    }
    let paper = McVae::paper();
    assert_eq!((paper.settings.rate, paper.settings.wasserstein, paper.settings.batch_width), (1e-4, 8.0, 32));
    assert_eq!((paper.run.epochs, paper.run.validate_every, paper.run.patience), (2, 0.1, Some(5)));
    let partial: Plan<McVaeSettings> =
        serde_json::from_str(r#"{"settings": {"variant": "prior_s", "intensity": {"asinh": {"factor": 2.0}}}}"#)
            .expect("a plan");
    assert_eq!(partial.settings.variant, Variant::PriorS);
    for wrong in [r#"{"settings": {"lattent": 3}}"#, r#"{"settings": {"intensity": {"asinh": {"fctor": 1.0}}}}"#] {
        assert!(serde_json::from_str::<Plan<McVaeSettings>>(wrong).is_err(), "{wrong}");
    }
    let device = Device::autodiff(cpu()); // a device that records gradients is fine, too
    let model = McVae::fit(&cells().0, &plan(Variant::Cvae, 1), &device, &mut Silent).expect("trained");
    assert!(model.embed(&cells().0).is_ok());
}

#[test]
fn intensities_can_go_by_well() {
    let mut plan = plan(Variant::Cvae, 1);
    plan.settings.intensity = Intensity::OfWell;
    let model = fit(&plan);
    let controls = cells().0.controls().expect("controls");
    let perturbed = cells().0.perturbed().expect("perturbed");
    // Numbers of known wells are the model's own, so that controls need not be there.
    assert_eq!(model.embed(&perturbed).expect("embedded").len() + model.embed(&controls).expect("embedded").len(), 600);
}
