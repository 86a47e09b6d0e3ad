//! A few cells that are translated again and again while GRAPE learns, always the same to the same perturbations.

use ndarray::{Array4, Axis, Ix4, Ix5, concatenate, stack};

use super::copies::{halves, whole};
use super::{StyleTransfer, Translator};
use crate::methods::pixels::{image_tensor, tensor_images};
use crate::nn::State;
use crate::tensor::{Backend, Device};
use crate::{Error, Result};

/// Cells that are followed.
pub(super) const FOLLOWED: usize = 6;

/// The cells, what they are translated to, and what they looked like after some steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    /// Rows of the screen that was learned from.
    pub(super) rows: Vec<usize>,
    /// Normalised, `n x channels x side x side`.
    pub(super) images: Array4<f32>,
    /// The class that each is translated to.
    pub(super) targets: Vec<usize>,
    /// After how many steps, and the translations.
    pub(super) seen: Vec<(u64, Array4<f32>)>,
}

impl Samples {
    /// Translates all of them once more.
    pub(super) fn look(&mut self, step: u64, translator: &Translator, device: &Device) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let numbers: Vec<i32> = self.targets.iter().map(|&class| class as i32).collect();
        let styles = translator.style(burn::Tensor::<Backend, 1, burn::tensor::Int>::from_ints(&numbers[..], device));
        let images = translator.generator.forward(image_tensor(self.images.clone(), device), styles);
        self.seen.push((step, tensor_images(images)?));
        Ok(())
    }

    /// What a file keeps.
    pub(super) fn state(&self) -> State {
        let mut state = State::default();
        if self.seen.is_empty() {
            return state;
        }
        state.insert("rows", halves(self.rows.iter().map(|&row| row as u64)));
        state.insert("targets", halves(self.targets.iter().map(|&class| class as u64)));
        state.insert("steps", halves(self.seen.iter().map(|(step, _)| *step)));
        state.insert("images", self.images.clone().into_dyn());
        let views: Vec<_> = self.seen.iter().map(|(_, images)| images.view()).collect();
        state.insert("seen", stack(Axis(0), &views).map(|all| all.into_dyn()).unwrap_or_default());
        state
    }

    /// Takes up what [`Samples::state`] gave; none are followed where it gave nothing.
    pub(super) fn restore(state: &State) -> Result<Self> {
        if state.get("seen").is_none() {
            return Ok(Self::default());
        }
        let lacks = |what: &str| Error::new(format!("the state lacks {what} of the followed cells")).fix("train again");
        let whole = |what: &str| Ok::<Vec<u64>, Error>(whole(state.get(what).ok_or_else(|| lacks(what))?));
        let array = |what: &str| state.get(what).cloned().ok_or_else(|| lacks(what));
        let images = array("images")?.into_dimensionality::<Ix4>().map_err(|_| lacks("images"))?;
        let seen = array("seen")?.into_dimensionality::<Ix5>().map_err(|_| lacks("images"))?;
        let seen = whole("steps")?.into_iter().zip(seen.outer_iter().map(|images| images.to_owned())).collect();
        let places = |what: &str| Ok::<Vec<usize>, Error>(whole(what)?.into_iter().map(|v| v as usize).collect());
        Ok(Self { rows: places("rows")?, images, targets: places("targets")?, seen })
    }

    /// The cells and what became of them, each channel of all of them stretched to 0..1 alike: `names` of the classes.
    pub(super) fn transfer(&self, names: &[String], channels: &[String]) -> Result<StyleTransfer> {
        if self.seen.is_empty() {
            return Err(Error::new("no cell was followed").fix("train for more steps than `ema_every`"));
        }
        let all: Vec<_> =
            [self.images.view()].into_iter().chain(self.seen.iter().map(|(_, seen)| seen.view())).collect();
        let all = concatenate(Axis(0), &all).map_err(|e| Error::new("images of different shapes").caused_by(e))?;
        let limits: Vec<(f32, f32)> = all.axis_iter(Axis(1)).map(|channel| central(channel.iter().copied())).collect();
        let stretched = |images: &Array4<f32>| {
            let mut images = images.clone();
            for (mut channel, &(low, high)) in images.axis_iter_mut(Axis(1)).zip(&limits) {
                channel.mapv_inplace(|v| ((v - low) / (high - low).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0));
            }
            images
        };
        let first = ("the cells".to_owned(), stretched(&self.images));
        let later = self.seen.iter().map(|(step, images)| (format!("{step} steps"), stretched(images)));
        let column = |(row, target): (&usize, &usize)| format!("cell {row} to {}", names[*target]);
        Ok(StyleTransfer {
            title: "The same cells while GRAPE learns".to_owned(),
            channels: channels.to_vec(),
            rows: std::iter::once(first).chain(later).collect(),
            columns: self.rows.iter().zip(&self.targets).map(column).collect(),
        })
    }
}

/// The values that a half per cent lies below and above.
fn central(values: impl Iterator<Item = f32>) -> (f32, f32) {
    let mut sorted: Vec<f32> = values.collect();
    sorted.sort_by(f32::total_cmp);
    let cut = sorted.len() / 200;
    match sorted.get(cut..sorted.len() - cut) {
        Some([low, .., high]) => (*low, *high),
        _ => (0.0, 1.0),
    }
}
