//! What translated cells look like, beside real ones.

use ndarray::{Array2, ArrayView3};

use super::Model;
use crate::evaluate::{
    ContentKept, DoseTransfer, DosedCell, FeatureTransfer, GeneSets, ReplicatePlate, TransferReading, content_kept,
    dose_transfer, feature_transfer, transferred_cells,
};
use crate::methods::engineered::{EngineeredSettings, measure_screen, nuclear_ratio};
use crate::screen::{Label, Role, Screen};
use crate::{Error, Result};

/// Pixels around a nucleus that are taken for its cell, in crops of 32 pixels.
const AROUND: f64 = 4.0;
/// The plate's channels: FKHR-GFP and DNA.
const FKHR: usize = 0;
const DNA: usize = 1;

/// How crops of 32 pixels are measured.
fn measured() -> EngineeredSettings {
    EngineeredSettings { expand: AROUND, ..EngineeredSettings::default() }
}

impl Model {
    /// Untreated measured cells of the plate [`bbbc013`](crate::datasets::bbbc013()), so many from all over it, translated to every
    /// dose that was learned: how much of FKHR is in their nuclei ([`nuclear_ratio`]), beside the measured cells of that dose.
    ///
    /// # Errors
    /// When no dose was learned, no untreated cell was measured, or as [`Model::translated`].
    pub fn dose_reading(&self, plate: &Screen, halves: &ReplicatePlate, cells: usize) -> Result<DoseTransfer> {
        let dosed = |(drug, dose): (String, f64), value: Option<f64>| Some(DosedCell { drug, dose, value: value? });
        let ratio = |crop: ArrayView3<'_, f32>| nuclear_ratio(crop, FKHR, DNA, AROUND);
        let treated = |&cell: &usize| Some((ReplicatePlate::dose_of(&halves.treatments[cell])?, cell));
        let (doses, rows): (Vec<_>, Vec<usize>) = halves.measured.iter().filter_map(treated).unzip();
        let images = plate.read_images(&rows)?;
        let real = doses.into_iter().zip(images.outer_iter()).filter_map(|(dose, crop)| dosed(dose, ratio(crop)));
        let real: Vec<DosedCell> = real.collect();

        let untreated = halves.measured.iter().copied().filter(|&cell| halves.doses[cell] == 0.0);
        let untreated: Vec<usize> = untreated.collect();
        let step = (untreated.len() / cells.max(1)).max(1);
        let untreated: Vec<usize> = untreated.into_iter().step_by(step).take(cells).collect();
        let doses = self.classes().names.iter().filter_map(|name| Some((name, ReplicatePlate::dose_of(name)?)));
        let each = doses.flat_map(|of| untreated.iter().map(move |&row| (row, of.clone())));
        let (rows, each): (Vec<usize>, Vec<_>) = each.unzip();
        let (names, doses): (Vec<&String>, Vec<_>) = each.into_iter().unzip();
        let images = self.translated(plate, &rows, &names)?;
        let translated = doses.into_iter().zip(images.outer_iter());
        let translated: Vec<DosedCell> = translated.filter_map(|(dose, crop)| dosed(dose, ratio(crop))).collect();
        dose_transfer(&translated, &real)
    }

    /// The `top` engineered features that tell cells of a gene from controls, of both and of controls translated to the gene, up to
    /// `cells` of each: figure 2 of the paper.
    ///
    /// # Errors
    /// When the gene was not learned, there are too few cells, or features cannot be measured.
    pub fn feature_reading(
        &self,
        screen: &Screen,
        gene: &str,
        cells: usize,
        top: usize,
        seed: u64,
    ) -> Result<FeatureTransfer> {
        let labels = screen.labels(Label::Gene)?;
        let rows =
            |of: &dyn Fn(usize) -> bool| (0..screen.len()).filter(|&row| of(row)).take(cells).collect::<Vec<_>>();
        let controls = rows(&|row| screen.role(row) == Role::Control);
        let real = rows(&|row| labels.of(row) == gene);
        let translated = self.translated_screen(screen, &controls, &vec![gene; controls.len()])?;
        let settings = measured();
        let of = |rows: &[usize]| measure_screen(&screen.select(rows)?, &settings);
        let (controls, real, translated) = (of(&controls)?, of(&real)?, measure_screen(&translated, &settings)?);
        feature_transfer(gene, [controls.values(), real.values(), translated.values()], controls.names(), top, seed)
    }

    /// Controls of a screen, the first so many, translated to every gene of some complexes: as genes of which complex a classifier
    /// of real cells takes them, and whether they are still the same cells. The classifier is a random forest on engineered
    /// features of all other cells; genes of one complex are one class, other perturbations one each.
    ///
    /// # Errors
    /// When there are no controls, a gene was not learned, or features cannot be measured.
    pub fn transfer_reading(
        &self,
        screen: &Screen,
        complexes: &GeneSets,
        cells: usize,
        seed: u64,
    ) -> Result<(TransferReading, ContentKept)> {
        let labels = screen.labels(Label::Gene)?;
        let controls = (0..screen.len()).filter(|&row| screen.role(row) == Role::Control);
        let cells: Vec<usize> = controls.take(cells).collect();
        if cells.is_empty() {
            return Err(Error::new("there are no controls to translate").at("screen").fix("choose controls"));
        }
        let complex = |gene: &str| -> String {
            let of = complexes.sets().iter().find(|set| set.genes.iter().any(|one| one == gene));
            of.map_or(gene, |set| &set.name).to_owned()
        };
        let others: Vec<usize> = (0..screen.len()).filter(|row| !cells.contains(row)).collect();
        let known: Vec<String> = others.iter().map(|&row| complex(labels.of(row))).collect();
        let genes: Vec<&String> = complexes.sets().iter().flat_map(|set| &set.genes).collect();
        let (rows, targets): (Vec<usize>, Vec<&String>) =
            genes.iter().flat_map(|gene| cells.iter().map(move |&row| (row, *gene))).unzip();
        let translated = self.translated_screen(screen, &rows, &targets)?;

        let settings = measured();
        let features =
            |screen: &Screen| Ok::<Array2<f32>, Error>(measure_screen(screen, &settings)?.values().to_owned());
        let (real, after) = (features(&screen.select(&others)?)?, features(&translated)?);
        let once = features(&screen.select(&cells)?)?;
        let before = Array2::from_shape_fn(after.dim(), |(row, feature)| once[[row % cells.len(), feature]]);
        let targets: Vec<String> = targets.into_iter().map(|gene| complex(gene)).collect();
        let reading = transferred_cells((&real, &known), &before, &after, &targets, seed)?;
        let all: Vec<usize> = (0..rows.len()).collect();
        Ok((reading, content_kept(&screen.read_images(&rows)?, &translated.read_images(&all)?)?))
    }
}
