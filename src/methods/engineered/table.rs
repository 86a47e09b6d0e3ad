//! The engineered features of all cells of a screen, as a screen of features.

use ndarray::{Array2, Array4, Axis};
use rayon::prelude::*;

use super::{EngineeredSettings, feature_names, measure, segment};
use crate::images::each_batch;
use crate::live::Bar;
use crate::screen::{Features, Label, Payload, Role, Screen};
use crate::{Error, Result};

/// Cells in memory at once.
const BLOCK: usize = 256;

/// The features of every cell, `cells x features`, with their names; nuclei are found by [`segment`].
///
/// # Errors
/// When the screen holds no images or has no such channel for nuclei, a crop cannot be read, or it was stopped.
pub fn measure_screen(screen: &Screen, settings: &EngineeredSettings) -> Result<Features> {
    settings.check()?;
    let Payload::Images(images) = screen.payload() else {
        return Err(Error::new(format!(
            "engineered features are those of images, but the screen holds {}",
            screen.payload().describe()
        ))
        .at("engineered features")
        .fix("open crops of cells: an LMDB, an image store, or a simulated screen of images"));
    };
    let channels = images.channels();
    let nucleus = channels.iter().position(|name| *name == settings.nucleus).ok_or_else(|| {
        Error::new(format!("no channel is called {:?}", settings.nucleus))
            .at("setting nucleus")
            .fix(format!("choose one of {}", channels.join(", ")))
    })?;
    let names = feature_names(channels, settings);
    let rows: Vec<usize> = (0..screen.len()).map(|row| screen.source_row(row)).collect();
    let mut values = Array2::zeros((rows.len(), names.len()));
    let mut bar = Bar::new("engineered features", Some(rows.len() as u64));
    let mut done = 0;
    let mut measure_block = |crops: &Array4<f32>| {
        let mut part = values.slice_mut(ndarray::s![done..done + crops.dim().0, ..]);
        let pairs: Vec<_> = part.axis_iter_mut(Axis(0)).zip(crops.axis_iter(Axis(0))).collect();
        pairs.into_par_iter().for_each(|(mut to, crop)| {
            let masks = segment(crop.index_axis(Axis(0), nucleus), settings.expand);
            to.iter_mut().zip(measure(crop, &masks, settings)).for_each(|(to, value)| *to = value);
        });
        done += crops.dim().0;
    };
    each_batch(&**images, &rows, BLOCK, |block, crops| {
        if bar.stopped() {
            return Err(
                Error::new("the measurement of features was stopped").fix("run it again, or on a part of the screen")
            );
        }
        measure_block(crops);
        bar.advance(block.len() as u64);
        Ok(())
    })?;
    bar.finish();
    Features::new(values, names)
}

/// The same as a screen, with the table, labels and controls of the screen of images.
///
/// ```
/// use perturbook::methods::engineered::{EngineeredSettings, feature_screen};
/// use perturbook::simulate::{OpsConfig, ops_screen};
///
/// let cells = ops_screen(&OpsConfig { genes: 2, complexes: 0, null_genes: 1, ..OpsConfig::quick() })?.screen()?;
/// let features = feature_screen(&cells, &EngineeredSettings::default())?;
/// assert_eq!(features.controls()?.len(), cells.controls()?.len());
/// assert!(features.feature_names()?.contains(&"Nuclei_AreaShape_Area".to_owned()));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As [`measure_screen`]; and when controls were chosen by a rule that their labels do not tell.
pub fn feature_screen(screen: &Screen, settings: &EngineeredSettings) -> Result<Screen> {
    let features = measure_screen(screen, settings)?;
    let mut measured = Screen::new(screen.table().clone(), features)?;
    for label in Label::ALL {
        let columns: Vec<&str> = screen.label_columns(label).iter().map(String::as_str).collect();
        if !columns.is_empty() && measured.label_columns(label) != screen.label_columns(label) {
            measured = measured.with_label_columns(label, &columns)?;
        }
    }
    let differs = |measured: &Screen| (0..screen.len()).any(|row| measured.role(row) != screen.role(row));
    if differs(&measured) {
        let genes = screen.labels(Label::Gene)?;
        let of_role = |role: Role| -> Vec<String> {
            let mut is_one = vec![false; genes.names().len()];
            let rows = (0..screen.len()).filter(|&row| screen.role(row) == role);
            rows.for_each(|row| is_one[genes.codes()[row] as usize] = true);
            genes.names().iter().zip(is_one).filter(|(_, yes)| *yes).map(|(name, _)| name.clone()).collect()
        };
        measured = measured.with_controls(of_role(Role::Control))?;
        if differs(&measured) {
            measured = measured.with_perturbed(of_role(Role::Perturbed))?;
        }
        if differs(&measured) {
            return Err(Error::new("the labels of genes do not tell which cells are controls")
                .at("engineered features")
                .fix("give controls a label of their own in a column, and choose it with Screen::with_label"));
        }
    }
    Ok(measured)
}
