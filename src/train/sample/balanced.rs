//! Every class equally often: a class is drawn, and then one of its rows, both with replacement. That is a draw of rows
//! with the weight 1 / (rows of their class).

use rand::RngExt;

use super::Sampler;
use crate::train::{Purpose, stream};
use crate::{Error, Result};

/// Batches of rows of balanced classes.
#[derive(Debug)]
pub struct Balanced {
    /// The rows of each class.
    classes: Vec<Vec<usize>>,
    batch: usize,
    steps: u64,
    seed: u64,
}

impl Balanced {
    /// Batches of `batch` rows where `class[i]` is the class of row i; an epoch has as many steps as batches fill the
    /// rows.
    ///
    /// ```
    /// use perturbook::train::{Balanced, Sampler};
    ///
    /// // Nine rows of class 0 and one of class 1.
    /// let sampler = Balanced::new(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 1_000, 1)?;
    /// let rare = sampler.rows(0, 0).iter().filter(|&&row| row == 9).count();
    /// assert!((450..550).contains(&rare));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no row or the batch is empty.
    pub fn new(class: &[usize], batch: usize, seed: u64) -> Result<Self> {
        let mut classes = vec![Vec::new(); class.iter().max().map_or(0, |&last| last + 1)];
        class.iter().enumerate().for_each(|(row, &class)| classes[class].push(row));
        classes.retain(|rows| !rows.is_empty());
        if classes.is_empty() || batch == 0 {
            return Err(Error::new(format!("batches of {batch} of {} rows hold nothing", class.len()))
                .fix("give at least one row and a batch of at least one"));
        }
        Ok(Self { classes, batch, steps: class.len().div_ceil(batch) as u64, seed })
    }
}

impl Sampler for Balanced {
    type Rows = Vec<usize>;

    fn steps(&self) -> u64 {
        self.steps
    }

    fn rows(&self, epoch: u64, step: u64) -> Vec<usize> {
        let mut rng = stream(self.seed, Purpose::Order, epoch * self.steps + step);
        let mut draw = || {
            let rows = &self.classes[rng.random_range(0..self.classes.len())];
            rows[rng.random_range(0..rows.len())]
        };
        (0..self.batch).map(|_| draw()).collect()
    }
}
