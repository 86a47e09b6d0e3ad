//! Engineered features of simulated cells: they know what was planted.

use ndarray::Axis;
use perturbook::display::Show;
use perturbook::evaluate::{DifferentialConfig, differential_features, explained_controls, explained_curves};
use perturbook::methods::Method;
use perturbook::methods::Plan;
use perturbook::methods::engineered::{
    Cut, Engineered, EngineeredSettings, feature_names, feature_screen, measure, measure_screen, segment,
};
use perturbook::screen::{Label, Screen};
use perturbook::simulate::{CONTROL, OpsConfig, OpsTruth, Phase, Phenotype, ops_images};
use perturbook::tensor::cpu;
use perturbook::train::Silent;

fn cells() -> (Screen, OpsTruth) {
    let config = OpsConfig {
        size: 64,
        genes: 3,
        complexes: 0,
        null_genes: 1,
        phenotypes: vec![Phenotype::FociBurst, Phenotype::GiantNucleus],
        effect_spread: 0.0,
        escaping: 0.0,
        guides: 1,
        control_guides: 2,
        cells_per_guide: 60,
        plates: 1,
        wells_per_plate: 2,
        seed: 4,
        ..OpsConfig::default()
    };
    let images = ops_images(&config).expect("images");
    (images.screen().expect("a screen"), images.truth)
}

fn column(screen: &Screen, name: &str) -> Vec<f64> {
    let at = screen.feature_names().expect("names").iter().position(|known| known == name).expect("a feature");
    screen.features().expect("features").index_axis(Axis(1), at).iter().map(|&v| f64::from(v)).collect()
}

fn mean(values: &[f64], keep: impl Fn(usize) -> bool) -> f64 {
    let kept: Vec<f64> = values.iter().enumerate().filter(|(row, _)| keep(*row)).map(|(_, &v)| v).collect();
    kept.iter().sum::<f64>() / kept.len() as f64
}

#[test]
fn features_see_what_was_planted() {
    let (screen, truth) = cells();
    let settings = EngineeredSettings { expand: 8.0, ..EngineeredSettings::default() };
    let measured = feature_screen(&screen, &settings).expect("measured");
    assert_eq!(measured.len(), screen.len());
    assert_eq!(measured.controls().expect("controls").len(), screen.controls().expect("controls").len());
    assert_eq!(measured.label_columns(Label::Batch), screen.label_columns(Label::Batch));
    let area = column(&measured, "Nuclei_AreaShape_Area");
    let of_gene = |kind: Phenotype| {
        truth.genes.iter().position(|gene| gene.effects.iter().any(|(effect, _)| *effect == kind)).expect("a gene")
    };
    let interphase = |row: usize| truth.cells[row].phase != Phase::M;
    let (giant, foci) = (of_gene(Phenotype::GiantNucleus), of_gene(Phenotype::FociBurst));
    let control = mean(&area, |row| truth.cells[row].gene.is_none() && interphase(row));
    let large = mean(&area, |row| truth.cells[row].gene == Some(giant) && interphase(row));
    assert!(large > 1.3 * control, "nuclei of {large} and {control} pixels");
    let g1 = mean(&area, |row| truth.cells[row].gene.is_none() && truth.cells[row].phase == Phase::G1);
    let g2 = mean(&area, |row| truth.cells[row].gene.is_none() && truth.cells[row].phase == Phase::G2);
    assert!(g2 > 1.1 * g1, "G1 {g1}, G2 {g2}");
    // Foci make the damage channel uneven within the nucleus.
    let spread = column(&measured, "Nuclei_Intensity_StdIntensity_DNA.damage");
    let (with, without) = (
        mean(&spread, |row| truth.cells[row].gene == Some(foci)),
        mean(&spread, |row| truth.cells[row].gene.is_none()),
    );
    assert!(with > 1.5 * without, "{with} and {without}");

    let group = [truth.genes[foci].symbol.as_str()];
    let found = differential_features(&measured, &group, &DifferentialConfig::default()).expect("tested");
    assert_eq!(found.batches, 2);
    assert!(!found.ranking.is_empty() && found.ranking[0].batches == 2);
    let damage = found.ranking.iter().filter(|ranked| ranked.feature.contains("DNA.damage")).count();
    assert!(2 * damage > found.ranking.len(), "{:?}", found.ranking);
    assert!(found.bundle().get("text/plain").is_some());
    let without = DifferentialConfig { leave_out: vec!["DNA.damage".to_owned()], ..DifferentialConfig::default() };
    let others = differential_features(&measured, &group, &without).expect("tested");
    assert!(others.tests.iter().all(|test| !test.feature.contains("DNA.damage")));
    let null = truth.genes.iter().find(|gene| gene.effects.is_empty()).expect("a gene without effect");
    let nothing =
        differential_features(&measured, &[null.symbol.as_str()], &DifferentialConfig::default()).expect("tested");
    assert!(nothing.ranking.len() <= 2, "{:?}", nothing.ranking);
    assert!(differential_features(&measured, &["no such gene"], &DifferentialConfig::default()).is_err());
    assert!(differential_features(&screen, &group, &DifferentialConfig::default()).is_err());

    let names: Vec<String> =
        ["Nuclei_AreaShape_Area", "Nuclei_Intensity_MeanIntensity_DNA", "Cells_Intensity_MeanIntensity_F-actin"]
            .map(str::to_owned)
            .to_vec();
    let explained = explained_controls(&measured, &names, 0).expect("explained");
    assert!(explained.r2.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12) && explained.r2[2] <= 1.0);
    assert_eq!(explained.controls, 120);
    assert!(explained.variance_ratio[0] >= explained.variance_ratio[1]);
    assert!(explained_curves(&[("foci", &explained)]).expect("a figure").svg().starts_with("<svg"));
    assert!(explained_controls(&measured, &["no such feature".to_owned()], 0).is_err());
}

#[test]
fn the_embedding_is_of_standardised_features_and_survives_a_file() {
    let (screen, _) = cells();
    let model = Engineered::fit(&screen, &Engineered::quick(), &cpu(), &mut Silent).expect("fitted");
    let explained: f64 = model.explained_variance_ratio().iter().sum();
    assert!(explained > 0.9 && explained < 1.0, "{explained}");
    let scaled = model.standardised(&screen.controls().expect("controls")).expect("scaled");
    for column in scaled.columns() {
        // Each batch of controls has mean 0, and so have all together.
        assert!(column.mean().expect("cells").abs() < 1e-6);
    }
    let embedding = model.embed(&screen).expect("embedded");
    assert_eq!(embedding.dims(), model.explained_variance_ratio().len());
    assert_eq!(model.components().dim(), (embedding.dims(), model.features().len()));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("engineered.safetensors");
    model.save(&path).expect("saved");
    let loaded = Engineered::load(&path, &cpu()).expect("loaded");
    assert_eq!(loaded, model);
    assert_eq!(loaded.embed(&screen).expect("embedded").values(), embedding.values());
    let again = Engineered::fit(&screen, &Engineered::quick(), &cpu(), &mut Silent).expect("fitted");
    assert_eq!(again, model);
    let settings = EngineeredSettings { cut: Cut::Count(7), by_batch: false, ..EngineeredSettings::default() };
    let plan = Plan { settings, ..Engineered::quick() };
    let seven = Engineered::fit(&screen, &plan, &cpu(), &mut Silent).expect("fitted");
    assert_eq!(seven.embed(&screen).expect("embedded").dims(), 7);
}

#[test]
fn names_and_numbers_belong_together_and_wrong_screens_are_refused() {
    let (screen, _) = cells();
    let settings = EngineeredSettings::default();
    let channels = screen.payload().channels().to_vec();
    let names = feature_names(&channels, &settings);
    let crop = screen.read_images(&[3]).expect("an image");
    let crop = crop.index_axis(Axis(0), 0);
    let masks = segment(crop.index_axis(Axis(0), 2), settings.expand);
    let values = measure(crop, &masks, &settings);
    assert_eq!(values.len(), names.len());
    assert!(values.iter().all(|v| v.is_finite()));
    let mut sorted = names.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), names.len());
    // A screen of 60 cells measures the same as one by one.
    let part = screen.select(&[3]).expect("a view");
    assert_eq!(measure_screen(&part, &settings).expect("measured").values().row(0).to_vec(), values);
    let other = EngineeredSettings { nucleus: "Hoechst".to_owned(), ..settings.clone() };
    assert!(measure_screen(&screen, &other).expect_err("no channel").to_string().contains("F-actin"));
    let none = EngineeredSettings { rings: 0, ..settings };
    assert!(measure_screen(&screen, &none).is_err());
    let controls = screen.controls().expect("controls");
    assert!(controls.labels(Label::Gene).expect("genes").of(0) == CONTROL);
}
