//! Looking on while a map is laid out.

use ndarray::{Array2, ArrayView2};

use super::labels::Labels;
use super::{UmapConfig, scatter, scatter_by};
use crate::Result;
use crate::figures::Scatter;
use crate::live::Live;

/// Epochs between two looks at a map that is being laid out.
const SHOWN_EVERY: usize = 5;

/// The map after an epoch.
#[derive(Clone, Copy, Debug)]
pub struct LayoutStep<'a> {
    /// Epochs done, from 1.
    pub epoch: usize,
    /// Epochs planned.
    pub epochs: usize,
    /// Where each point stands, `n x components`.
    pub map: ArrayView2<'a, f32>,
}

/// What is called with the map; its `false` ends the layout.
pub(super) struct Watch<'a> {
    pub(super) every: usize,
    pub(super) call: Box<dyn FnMut(&LayoutStep<'_>) -> bool + 'a>,
}

impl Watch<'_> {
    /// Whether to go on.
    pub(super) fn see(&mut self, step: &LayoutStep<'_>) -> bool {
        let due = step.epoch.is_multiple_of(self.every) || step.epoch == step.epochs;
        !due || (self.call)(step)
    }
}

/// The map as a figure that moves.
pub(super) struct Shown<'a> {
    live: Live<crate::figures::Figure>,
    labels: Option<&'a Labels>,
}

impl<'a> Shown<'a> {
    /// An empty figure, where the settings ask for one.
    pub(super) fn start(config: &UmapConfig, labels: Option<&'a Labels>) -> Result<Option<Self>> {
        if !config.live {
            return Ok(None);
        }
        let live = Live::new(Scatter::new("UMAP", "UMAP 1", "UMAP 2").figure()?);
        Ok(Some(Self { live, labels }))
    }

    pub(super) fn see(&mut self, step: &LayoutStep<'_>) {
        if step.epoch != step.epochs && !step.epoch.is_multiple_of(SHOWN_EVERY) {
            return;
        }
        let title = format!("UMAP, epoch {} of {}", step.epoch, step.epochs);
        let map: Array2<f32> = step.map.to_owned();
        let plot = match self.labels {
            Some(labels) => scatter_by(&title, &map, &labels.texts()),
            None => Ok(scatter(&title, &map)),
        };
        if let Ok(figure) = plot.and_then(|plot| plot.figure()) {
            self.live.change(|shown| *shown = figure);
        }
    }
}
