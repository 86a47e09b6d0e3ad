//! What a model knows of the screen it has learned from: channels, sizes, and which row of its tables a label has.

use std::collections::HashMap;
use std::sync::Arc;

use ndarray::{Array4, ArrayView4};
use serde::{Deserialize, Serialize};

use super::intensity::{WellNumbers, prepared};
use super::{Intensity, McVaeSettings};
use crate::images::{CellImages, batch_statistics};
use crate::screen::{Label, Payload, Role, Screen};
use crate::{Error, Result};

/// The name of the first row of the tables of priors, that of all controls.
pub(super) const CONTROLS: &str = "controls";
/// Images from which the range of intensities is judged, at most.
const LOOKED_AT: usize = 64;
/// Where the largest number that the networks would see lies, at least.
const DARKEST: f32 = -0.7;
/// And at most: the decoder's tanh ends at 1.
const BRIGHTEST: f32 = 1.5;

/// What a screen must have in common with the one that the model was trained on, and the rows of tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) channels: Vec<String>,
    /// Pixels of a side of the crops.
    pub(super) size: usize,
    /// The rows of the tables of priors: the controls, then the perturbations; only the controls where no priors are learned.
    pub(super) labels: Vec<String>,
    /// The rows of the table of batches; empty where the decoder does not see them.
    pub(super) batches: Vec<String>,
    /// Intensities of each batch, where they are scaled by it.
    pub(super) wells: Vec<(String, WellNumbers)>,
}

/// The images of a screen, which must be square.
pub(super) fn images_of_screen(screen: &Screen) -> Result<Arc<dyn CellImages>> {
    let Payload::Images(images) = screen.payload() else {
        return Err(Error::new(format!(
            "this method learns from images, but the screen holds {}",
            screen.payload().describe()
        ))
        .at("mcvae")
        .fix("open crops of cells: an LMDB, an image store, or a simulated screen of images"));
    };
    let (channels, height, width) = images.shape();
    if height != width || height < 8 || channels == 0 {
        return Err(Error::new(format!("images of {channels} x {height} x {width} cannot be encoded"))
            .at("mcvae")
            .fix("give square crops of at least 8 x 8 pixels and one channel"));
    }
    Ok(images.clone())
}

impl Facts {
    /// Of the screen to learn from.
    pub(super) fn of(screen: &Screen, settings: &McVaeSettings) -> Result<Self> {
        let images = images_of_screen(screen)?;
        let mut labels = vec![CONTROLS.to_owned()];
        if settings.variant.learns_priors() {
            let genes = screen.labels(Label::Gene)?;
            let mut perturbed = vec![false; genes.names().len()];
            for row in (0..screen.len()).filter(|&row| screen.role(row) == Role::Perturbed) {
                perturbed[genes.codes()[row] as usize] = true;
            }
            labels.extend(genes.names().iter().zip(perturbed).filter(|(_, yes)| *yes).map(|(name, _)| name.clone()));
        }
        let present = |label| -> Result<Vec<String>> {
            let labels = screen.labels(label)?;
            let counts = labels.counts();
            Ok(labels.names().iter().zip(counts).filter(|(_, n)| *n > 0).map(|(name, _)| name.clone()).collect())
        };
        let batches = if settings.sees_batch() {
            present(Label::Batch).map_err(|e| {
                e.fix("choose one with Screen::with_label, or set batch_width to 0: the decoder then sees no batch")
            })?
        } else {
            Vec::new()
        };
        let wells = match settings.intensity {
            Intensity::Asinh(_) => Vec::new(),
            Intensity::OfWell => well_numbers(screen, &*images, &[])?,
        };
        Ok(Self { channels: images.channels().to_vec(), size: images.shape().1, labels, batches, wells })
    }

    /// How many channels, batches and labels there are; none of them 0, as a table must have a row.
    pub(super) fn sizes(&self) -> [usize; 3] {
        [self.channels.len(), self.batches.len().max(1), self.labels.len()]
    }

    /// The images of another screen, if the model can see them.
    pub(super) fn images(&self, screen: &Screen) -> Result<Arc<dyn CellImages>> {
        let images = images_of_screen(screen)?;
        if images.shape().1 != self.size {
            let size = images.shape().1;
            return Err(Error::new(format!(
                "crops of {size} x {size} pixels, but the model has seen {0} x {0}",
                self.size
            ))
            .at("mcvae")
            .fix("cut crops of the size that the model was trained on"));
        }
        if images.channels() != self.channels {
            return Err(Error::new(format!(
                "the channels are {}, but the model has seen {}",
                images.channels().join(", "),
                self.channels.join(", ")
            ))
            .at("mcvae")
            .fix("give the channels that the model was trained on, in the same order"));
        }
        Ok(images)
    }

    /// The row of each cell in the tables of priors; cells of perturbations that have none are -1.
    pub(super) fn label_rows(&self, screen: &Screen, settings: &McVaeSettings) -> Result<Vec<i32>> {
        if !settings.variant.learns_priors() {
            return Ok(vec![0; screen.len()]);
        }
        let genes = screen.labels(Label::Gene)?;
        let row_of = positions(&self.labels[1..], genes.names());
        let of = |row: usize| match screen.role(row) {
            Role::Control => 0,
            Role::Perturbed | Role::Other => row_of[genes.codes()[row] as usize].map_or(-1, |at| at + 1),
        };
        Ok((0..screen.len()).map(of).collect())
    }

    /// The row of each cell in the table of batches.
    pub(super) fn batch_rows(&self, screen: &Screen) -> Result<Vec<i32>> {
        if self.batches.is_empty() {
            return Ok(vec![0; screen.len()]);
        }
        let batches = screen.labels(Label::Batch)?;
        let row_of = positions(&self.batches, batches.names());
        batches
            .codes()
            .iter()
            .map(|&code| {
                row_of[code as usize].ok_or_else(|| {
                    Error::new(format!("the decoder knows no batch {:?}", batches.names()[code as usize]))
                        .at("mcvae")
                        .fix("only cells of batches that the model was trained on can be decoded")
                })
            })
            .collect()
    }

    /// The intensities of each batch of a screen, by the code of its label; those that the model does not know are taken
    /// from the screen's controls. Empty where intensities do not go by batch.
    pub(super) fn wells_of(&self, screen: &Screen, settings: &McVaeSettings) -> Result<Wells> {
        if settings.intensity != Intensity::OfWell {
            return Ok(Wells::default());
        }
        let batches = screen.labels(Label::Batch)?;
        let names: Vec<&str> = self.wells.iter().map(|(name, _)| name.as_str()).collect();
        let new = well_numbers(screen, &*images_of_screen(screen)?, &names)?;
        let known: HashMap<&str, &WellNumbers> =
            self.wells.iter().chain(&new).map(|(name, numbers)| (name.as_str(), numbers)).collect();
        Ok(Wells {
            numbers: batches.names().iter().map(|name| known.get(name.as_str()).copied().cloned()).collect(),
            of_cell: batches.codes().to_vec(),
        })
    }
}

/// Median and MAD of the batch of each cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Wells {
    numbers: Vec<Option<WellNumbers>>,
    of_cell: Vec<u32>,
}

impl Wells {
    /// Those of these cells; empty where intensities do not go by batch.
    fn of(&self, rows: &[usize]) -> Vec<&WellNumbers> {
        if self.of_cell.is_empty() {
            return Vec::new();
        }
        rows.iter().filter_map(|&row| self.numbers[self.of_cell[row] as usize].as_ref()).collect()
    }

    /// Raw crops of these cells as the networks see them.
    pub(super) fn prepared(&self, raw: Array4<f32>, rows: &[usize], settings: &McVaeSettings) -> Result<Array4<f32>> {
        prepared(raw, settings.side, settings.resize, &settings.intensity, &self.of(rows))
    }
}

/// For each wanted name its place among the known ones.
fn positions(known: &[String], wanted: &[String]) -> Vec<Option<i32>> {
    let at: HashMap<&str, i32> = known.iter().enumerate().map(|(i, name)| (name.as_str(), i as i32)).collect();
    wanted.iter().map(|name| at.get(name.as_str()).copied()).collect()
}

/// Median and MAD of the controls of every batch that is not known yet.
fn well_numbers(screen: &Screen, images: &dyn CellImages, known: &[&str]) -> Result<Vec<(String, WellNumbers)>> {
    let batches = screen.labels(Label::Batch)?;
    let counts = batches.counts();
    let mut rows = vec![Vec::new(); batches.names().len()];
    for row in (0..screen.len()).filter(|&row| screen.role(row) == Role::Control) {
        rows[batches.codes()[row] as usize].push(screen.source_row(row));
    }
    let wanted: Vec<(String, Vec<usize>)> = batches
        .names()
        .iter()
        .zip(rows)
        .zip(counts)
        .filter(|((name, _), n)| *n > 0 && !known.contains(&name.as_str()))
        .map(|((name, rows), _)| (name.clone(), rows))
        .collect();
    let statistics = batch_statistics(images, &wanted)?;
    let numbers = statistics.batches().iter().map(|(name, channels)| {
        let median = channels.iter().map(|channel| channel.median).collect();
        (name.clone(), WellNumbers { median, mad: channels.iter().map(|channel| channel.mad).collect() })
    });
    Ok(numbers.collect())
}

/// Refuses images whose intensities, compressed, are all dark or do not fit the decoder: numbers from 0 to 1 that were taken
/// for 16-bit ones, or the reverse.
pub(super) fn check_range(screen: &Screen, wells: &Wells, settings: &McVaeSettings) -> Result<()> {
    let step = screen.len().div_ceil(LOOKED_AT).max(1);
    let rows: Vec<usize> = (0..screen.len()).step_by(step).collect();
    let raw = screen.read_images(&rows)?;
    let largest = |images: ArrayView4<'_, f32>| images.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if let Some(bad) = raw.iter().find(|v| !v.is_finite()) {
        return Err(Error::new(format!("a pixel is {bad}")).at("images of the screen").fix("leave such crops out"));
    }
    let before = largest(raw.view());
    let after = largest(wells.prepared(raw, &rows, settings)?.view());
    if !matches!(settings.intensity, Intensity::Asinh(_)) || (DARKEST..=BRIGHTEST).contains(&after) {
        return Ok(());
    }
    Err(Error::new(format!("the brightest pixel of {} cells is {before}, for the networks {after:.2}", rows.len()))
        .at("setting intensity")
        .fix("choose factor, centre and scale so that pixels lie between -1 and 1: factor 1 for 16-bit numbers, 65535 for 0 to 1"))
}
