//! Gradients of a network's numbers, and where the gradient of each lies.

use ndarray::Array1;
use rayon::prelude::*;

use super::Planes;
use crate::nn::State;
use crate::nn::hand::add;

/// The gradients of all numbers, parameter by parameter.
pub(crate) struct Slopes(Vec<Vec<f32>>);

impl Slopes {
    /// Of the parameter at a place.
    pub(crate) fn at(&mut self, place: usize) -> &mut [f32] {
        &mut self.0[place]
    }

    /// Adds others.
    pub(super) fn add(&mut self, more: &Self) {
        self.0.par_iter_mut().zip(&more.0).for_each(|(sum, more)| add(sum, more));
    }
}

/// How the gradient of a parameter is laid out.
enum Layout {
    /// As the parameter.
    Plain,
    /// Of a convolution `out x in x taps`: `in x out x taps`, the taps from last to first.
    Turned { outputs: usize, inputs: usize },
}

/// The parameters that layers have asked places for.
#[derive(Default)]
pub(crate) struct Places(Vec<(String, usize, Layout)>);

impl Places {
    /// A place for a parameter of `length` numbers.
    pub(crate) fn plain(&mut self, name: String, length: usize) -> usize {
        self.add(name, length, Layout::Plain)
    }

    /// A place for a convolution's weight, whose gradient is turned.
    pub(super) fn turned(&mut self, name: String, length: usize, [outputs, inputs]: [usize; 2]) -> usize {
        self.add(name, length, Layout::Turned { outputs, inputs })
    }

    fn add(&mut self, name: String, length: usize, layout: Layout) -> usize {
        self.0.push((name, length, layout));
        self.0.len() - 1
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// No gradients.
    pub(crate) fn zeros(&self) -> Slopes {
        Slopes(self.0.iter().map(|(_, length, _)| vec![0.0; *length]).collect())
    }

    /// Gradients by name, flat, each as its parameter is laid out.
    pub(crate) fn named(&self, slopes: Slopes) -> State {
        let mut state = State::default();
        for ((name, _, layout), values) in self.0.iter().zip(slopes.0) {
            let values = match *layout {
                Layout::Plain => values,
                Layout::Turned { outputs, inputs } => turned_back(&values, outputs, inputs),
            };
            state.insert(name.as_str(), Array1::from(values).into_dyn());
        }
        state
    }
}

/// `in x out x taps` with taps from last to first to `out x in x taps`; its own inverse with both numbers exchanged.
pub(super) fn turned_back(values: &[f32], outputs: usize, inputs: usize) -> Vec<f32> {
    let taps = values.len() / (outputs * inputs);
    let mut found = Vec::with_capacity(values.len());
    for output in 0..outputs {
        for input in 0..inputs {
            found.extend(values[(input * outputs + output) * taps..][..taps].iter().rev());
        }
    }
    found
}

/// What becomes of what a backward pass finds.
pub(crate) enum Sink<'a> {
    /// Gradients of weights are added to these.
    Learn(&'a mut Slopes),
    /// The gradient of what each convolution gave is kept at the place of its weight.
    Keep(&'a mut Vec<Option<Planes>>),
    /// Only the gradient of the images matters.
    Pass,
}

impl Sink<'_> {
    /// Where gradients of other numbers than convolutions' are added, if anywhere.
    pub(crate) fn slopes(&mut self) -> Option<&mut Slopes> {
        match self {
            Sink::Learn(slopes) => Some(slopes),
            Sink::Keep(_) | Sink::Pass => None,
        }
    }
}
