//! A look at what a run has learned so far, every so many steps: sample images, an embedding, a histogram of weights.

use super::{History, Observer, Step};
use crate::display::{Bundle, Show};
use crate::live::Live;
use crate::nn::State;
use crate::{Error, Result};

/// Draws the learner's state.
type Draw<'a> = Box<dyn FnMut(&Step, &State) -> Result<Bundle> + 'a>;

/// Shows what a closure makes of the learner's state every so many steps, in place of what it showed before. A closure that
/// needs a network loads the part of the state that is its own (`state.part("net.").load_into(network)`).
///
/// What cannot be drawn is said where the picture would stand; training goes on.
///
/// ```
/// use perturbook::figures::Curves;
/// use perturbook::train::{Observer, Snapshot, Watch};
///
/// let mut shown = Vec::new();
/// let snapshot = Snapshot::every(100, |at, state| {
///     shown.push((at.done + 1, state.count()));
///     Curves::new("weights", "number", "value").figure()
/// })?;
/// let mut watch = (Watch::loss(), snapshot); // both at once
/// assert!(watch.looks(200) && !watch.looks(250));
/// # Ok::<(), perturbook::Error>(())
/// ```
pub struct Snapshot<'a> {
    every: u64,
    draw: Draw<'a>,
    shown: Option<Live<Bundle>>,
}

impl<'a> Snapshot<'a> {
    /// Every `steps` steps, counted from the start of the run.
    ///
    /// # Errors
    /// When that is 0.
    pub fn every<T: Show>(steps: u64, mut draw: impl FnMut(&Step, &State) -> Result<T> + 'a) -> Result<Self> {
        if steps == 0 {
            return Err(Error::new("every 0 steps is never").fix("give at least 1"));
        }
        let draw = Box::new(move |at: &Step, state: &State| Ok(draw(at, state)?.bundle()));
        Ok(Self { every: steps, draw, shown: None })
    }

    /// What was shown last.
    pub fn last(&self) -> Option<Bundle> {
        self.shown.as_ref().map(Live::get)
    }
}

impl Observer for Snapshot<'_> {
    fn begin(&mut self, _: &str, _: u64, _: u64, _: &History) {
        // A further run shows its pictures below, not in place of those of the run before it.
        self.shown = None;
    }

    fn looks(&mut self, done: u64) -> bool {
        done.is_multiple_of(self.every)
    }

    fn weights(&mut self, at: &Step, state: &State) {
        let bundle = match (self.draw)(at, state) {
            Ok(bundle) => bundle,
            Err(error) => Bundle::text(format!("after step {}: {error}", at.done + 1)),
        };
        match &mut self.shown {
            Some(live) => live.change(|shown| *shown = bundle),
            None => self.shown = Some(Live::new(bundle)),
        }
    }
}
