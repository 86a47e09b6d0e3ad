//! Public screens by name: the real files, and what stands in for them.

mod common;

use std::path::PathBuf;

use common::shared_file;
use perturbook::datasets::Places;
use perturbook::display::Show;
use perturbook::evaluate::{GeneSets, SetFormat};
use perturbook::screen::{Label, Screen};

fn shared() -> Option<Places> {
    let folder: PathBuf = shared_file("data/papalexi_eccite")?.parent()?.to_owned();
    Some(Places { shared: vec![folder], offline: true, ..Places::default() })
}

fn treatments(screen: &Screen) -> usize {
    screen.labels(Label::Gene).unwrap().names().len()
}

#[test]
fn the_eccite_screen_has_its_targets_and_replicates() {
    let Some(places) = shared() else { return };
    let found = places.eccite().unwrap();
    assert!(!found.source.is_simulated());
    let screen = &found.value;
    assert_eq!((screen.len(), screen.counts().unwrap().genes().len()), (20_729, 299));
    assert_eq!((screen.controls().unwrap().len(), treatments(screen)), (2_386, 26));
    assert_eq!(screen.labels(Label::Batch).unwrap().names().len(), 3);
}

#[test]
fn the_lincs_plate_has_its_wells_and_features() {
    let Some(places) = shared() else { return };
    let screen = places.lincs_plate().unwrap().value;
    assert_eq!(screen.len(), 384);
    assert_eq!(screen.features().unwrap().ncols(), 480 - 26); // 26 columns of labels
    assert_eq!((screen.controls().unwrap().len(), screen.labels(Label::Well).unwrap().names().len()), (24, 384));
}

#[test]
fn the_cells_of_bbbc013_have_their_doses() {
    let Some(places) = shared() else { return };
    let screen = places.bbbc013(64).unwrap().value;
    // Two drugs in ten doses, and controls.
    assert_eq!((treatments(&screen), screen.labels(Label::Well).unwrap().names().len()), (21, 48));
    assert_eq!(screen.payload().channels(), ["FKHR-GFP", "DNA"]);
    // The drugs keep the protein in the nucleus: it is brighter in the middle than around it at the highest dose alone.
    let labels = screen.labels(Label::Gene).unwrap();
    let ratio = |treatment: &str| {
        let rows: Vec<usize> = (0..screen.len()).filter(|&row| labels.of(row) == treatment).take(100).collect();
        let images = screen.read_images(&rows).unwrap();
        let mean =
            |from: usize, to: usize| f64::from(images.slice(ndarray::s![.., 0, from..to, from..to]).mean().unwrap());
        let (inside, all) = (mean(27, 37), mean(17, 47));
        inside / ((all * 900.0 - inside * 100.0) / 800.0)
    };
    let (control, highest) = (ratio("control"), ratio("Wortmannin 10"));
    assert!(highest > 1.3 * control, "{highest} and {control}");
}

#[test]
fn a_stand_in_says_so_and_has_the_same_labels() {
    let nowhere = Places { offline: true, ..Places::default() };
    for (what, found) in
        [("eccite", nowhere.eccite()), ("lincs", nowhere.lincs_plate()), ("bbbc013", nowhere.bbbc013(64))]
    {
        let found = found.unwrap();
        assert!(found.source.is_simulated(), "{what}");
        let shown = found.bundle();
        assert!(shown.get("text/plain").unwrap().as_str().unwrap().starts_with("SIMULATED DATA"), "{what}");
        let screen = &found.value;
        assert!(!screen.controls().unwrap().is_empty() && treatments(screen) > 10, "{what}");
    }
    let plate = nowhere.bbbc013(64).unwrap().value;
    for column in ["well", "dose_index", "drug", "replicate", "treatment", "x", "y"] {
        assert!(plate.table().column(column).is_ok(), "{column}");
    }
    assert_eq!((treatments(&plate), plate.payload().channels().len()), (21, 2));
}

#[test]
fn functions_name_one_set_for_each_gene() {
    let Some(places) = shared() else { return };
    let functions = places.functions().unwrap().value;
    assert_eq!((functions.len(), functions.sets().iter().map(|set| set.genes.len()).sum::<usize>()), (17, 894));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sets.json");
    std::fs::write(&path, r#"{"A": "one", "B": "two", "C": "one"}"#).unwrap();
    let sets = GeneSets::read(&path, SetFormat::ByGene).unwrap();
    assert_eq!((sets.len(), sets.sets()[0].genes.join(" ").as_str()), (2, "A C"));
    std::fs::write(&path, r#"{"A": ["one"]}"#).unwrap();
    let error = GeneSets::read(&path, SetFormat::ByGene).unwrap_err().to_string();
    assert!(error.contains("sets.json") && error.contains("SetFormat"), "{error}");
}
