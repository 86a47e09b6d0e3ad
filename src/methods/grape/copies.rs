//! Copies of the table while GRAPE learns, of its last state and of its running average.

use ndarray::{Array1, Array2, ArrayD, Axis, Ix3, stack};

use crate::nn::State;
use crate::{Error, Result};

/// The copies, the earliest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Copies(Vec<Copy>);

/// What the table was after some steps.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    /// Steps done.
    pub(super) step: u64,
    /// `classes x code`.
    pub(super) last: Array2<f32>,
    /// The same of the running average.
    pub(super) average: Array2<f32>,
}

impl Copies {
    pub(super) fn push(&mut self, copy: Copy) {
        self.0.push(copy);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Copy> {
        self.0.iter()
    }

    /// The last copies, `most` of them.
    pub(super) fn last(&self, most: usize) -> &[Copy] {
        &self.0[self.0.len().saturating_sub(most)..]
    }

    /// What a file keeps: `last` and `average`, `copies x classes x code`, and `steps`.
    pub(super) fn state(&self) -> State {
        let mut state = State::default();
        if self.0.is_empty() {
            return state;
        }
        state.insert("steps", halves(self.0.iter().map(|copy| copy.step)));
        for (name, of) in
            [("last", (|copy| &copy.last) as fn(&Copy) -> &Array2<f32>), ("average", |copy| &copy.average)]
        {
            let views: Vec<_> = self.0.iter().map(|copy| of(copy).view()).collect();
            state.insert(name, stack(Axis(0), &views).map(|all| all.into_dyn()).unwrap_or_default());
        }
        state
    }

    /// Takes up what [`Copies::state`] gave.
    pub(super) fn restore(state: &State) -> Result<Self> {
        if state.names().is_empty() {
            return Ok(Self::default());
        }
        let lacks = || Error::new("the state lacks copies of the table").fix("take another checkpoint, or train again");
        let tables = |name: &str| {
            let all = state.get(name).cloned().ok_or_else(lacks)?;
            all.into_dimensionality::<Ix3>().map_err(|_| lacks())
        };
        let (last, average) = (tables("last")?, tables("average")?);
        let steps = whole(state.get("steps").ok_or_else(lacks)?);
        let both = last.outer_iter().zip(average.outer_iter());
        let copy = |(step, (last, average)): (u64, (ndarray::ArrayView2<'_, f32>, ndarray::ArrayView2<'_, f32>))| {
            Copy { step, last: last.to_owned(), average: average.to_owned() }
        };
        Ok(Self(steps.into_iter().zip(both).map(copy).collect()))
    }
}

/// The mean of the last states in some copies; none where there is no copy.
pub(super) fn mean(copies: &[Copy]) -> Option<Array2<f32>> {
    let sum = copies.iter().map(|copy| copy.last.mapv(f64::from)).reduce(|sum, copy| sum + copy)?;
    Some((sum / copies.len() as f64).mapv(|v| v as f32))
}

/// Whole numbers as pairs of `f32`, which are exact up to 2^24 only.
pub(super) fn halves(values: impl Iterator<Item = u64>) -> ArrayD<f32> {
    Array1::from_iter(values.flat_map(|v| [(v >> 20) as f32, (v & 0xf_ffff) as f32])).into_dyn()
}

/// Whole numbers from [`halves`].
pub(super) fn whole(halves: &ArrayD<f32>) -> Vec<u64> {
    let halves: Vec<u64> = halves.iter().map(|&half| half as u64).collect();
    halves.chunks_exact(2).map(|pair| (pair[0] << 20) + pair[1]).collect()
}
