//! Which cells a step of a method of counts sees, as places in the list of training and validation cells.

use super::{Learning, Sampling};
use crate::train::{Balanced, Paired, Sampler, Uniform};
use crate::{Error, Result};

/// One of the samplers; of pairs the controls come first.
#[derive(Debug)]
pub(super) enum CellSampler {
    Uniform(Uniform),
    Balanced(Balanced),
    Paired(Paired),
}

impl CellSampler {
    /// Over the cells `0..classes.len()` with these classes, of which 0 is the control.
    pub(super) fn new(learning: &Learning, classes: &[usize], seed: u64) -> Result<Self> {
        let batch = learning.batch_size;
        if classes.len() < 2 {
            return Err(Error::new(format!("{} cells to learn from", classes.len()))
                .at("split")
                .fix("give more cells, or a larger share to training"));
        }
        Ok(match learning.sampling {
            Sampling::Uniform => Self::Uniform(Uniform::new((0..classes.len()).collect(), batch, seed)?),
            Sampling::Balanced => Self::Balanced(Balanced::new(classes, batch, seed)?),
            Sampling::Paired => {
                let [controls, perturbed] = by_role(classes, 0);
                Self::Paired(Paired::new(controls, perturbed, batch)?.shuffled(seed))
            }
        })
    }
}

impl Sampler for CellSampler {
    type Rows = Vec<usize>;

    fn steps(&self) -> u64 {
        match self {
            Self::Uniform(sampler) => sampler.steps(),
            Self::Balanced(sampler) => sampler.steps(),
            Self::Paired(sampler) => sampler.steps(),
        }
    }

    fn rows(&self, epoch: u64, step: u64) -> Vec<usize> {
        match self {
            Self::Uniform(sampler) => sampler.rows(epoch, step),
            Self::Balanced(sampler) => sampler.rows(epoch, step),
            Self::Paired(sampler) => {
                let pairs = sampler.rows(epoch, step);
                [pairs.controls, pairs.perturbed].concat()
            }
        }
    }
}

/// The validation batches of the cells `first..first + classes.len()`: of nearly one size, each with cells from all over
/// the list; pairs where cells are paired, and none where there is no pair.
pub(super) fn validation(learning: &Learning, classes: &[usize], first: usize) -> Result<Vec<Vec<usize>>> {
    if learning.sampling == Sampling::Paired {
        let [controls, perturbed] = by_role(classes, first);
        if controls.is_empty() || perturbed.is_empty() {
            return Ok(Vec::new());
        }
        let pairs = CellSampler::Paired(Paired::new(controls, perturbed, learning.batch_size)?);
        return Ok((0..pairs.steps()).map(|step| pairs.rows(0, step)).collect());
    }
    let batches = classes.len().div_ceil(learning.batch_size);
    Ok((0..batches).map(|batch| (batch..classes.len()).step_by(batches).map(|place| first + place).collect()).collect())
}

/// Places of controls and of perturbed cells.
fn by_role(classes: &[usize], first: usize) -> [Vec<usize>; 2] {
    let (controls, perturbed) = (0..classes.len()).partition::<Vec<usize>, _>(|&place| classes[place] == 0);
    [controls, perturbed].map(|places| places.into_iter().map(|place| first + place).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::counts::CountSettings;

    #[test]
    fn validation_batches_hold_every_cell_once_and_are_of_one_size() {
        let learning = Learning { batch_size: 4, ..crate::methods::sc_vi::Settings::default().learning() };
        let batches = validation(&learning, &[1; 10], 100).unwrap();
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [4, 3, 3]);
        let mut all = batches.concat();
        all.sort_unstable();
        assert_eq!(all, (100..110).collect::<Vec<_>>());
        assert!(validation(&learning, &[], 5).unwrap().is_empty());
    }

    #[test]
    fn pairs_have_controls_first() {
        let learning = crate::methods::contrastive_vi::Settings::default().learning();
        let learning = Learning { batch_size: 2, ..learning };
        let sampler = CellSampler::new(&learning, &[1, 0, 2, 0, 1], 0).unwrap();
        let rows = sampler.rows(0, 0);
        assert!(
            rows[..2].iter().all(|row| [1, 3].contains(row)) && rows[2..].iter().all(|row| [0, 2, 4].contains(row))
        );
        assert!(validation(&learning, &[1, 2], 0).unwrap().is_empty());
    }
}
