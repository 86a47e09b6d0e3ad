//! What a run learns from: which rows a step sees, how they become a batch, and the rows of validation.
//!
//! [`Data`] borrows its parts, as a function does that makes them and trains; [`OwnedData`] keeps them, as a notebook needs
//! that trains in one cell and goes on in another. [`Feed`] is what the loop asks of both.

use std::fmt;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;

use crate::Result;
use crate::train::Sampler;

/// Makes a batch of rows; random numbers are for augmentation.
pub type Load<'a, R, B> = &'a (dyn Fn(&R, &mut ChaCha8Rng) -> Result<B> + Sync);

/// The same, kept and shared.
type SharedLoad<R, B> = Arc<dyn Fn(&R, &mut ChaCha8Rng) -> Result<B> + Send + Sync>;

/// What the loop asks of data.
pub trait Feed: Sync {
    /// The rows of a step.
    type Rows: Send + Sync + 'static;
    /// What they become.
    type Batch: Send + 'static;

    /// Steps of an epoch, at least 1.
    fn steps(&self) -> u64;

    /// The rows of a step, counted from 0 in its epoch.
    fn rows(&self, epoch: u64, step: u64) -> Self::Rows;

    /// Makes a batch; called by several threads at once.
    ///
    /// # Errors
    /// When it cannot be made.
    fn load(&self, rows: &Self::Rows, rng: &mut ChaCha8Rng) -> Result<Self::Batch>;

    /// The rows of each validation batch.
    fn validation(&self) -> &[Self::Rows];

    /// What tells these data from others.
    fn fingerprint(&self) -> &str;
}

/// What a run learns from, borrowed.
pub struct Data<'a, S: Sampler, B> {
    /// Which rows a step sees.
    pub sampler: &'a S,
    /// How they become a batch.
    pub load: Load<'a, S::Rows, B>,
    /// The rows of each validation batch; may be empty.
    pub validation: Vec<S::Rows>,
    /// What tells these data from others, such as their size and sum; checkpoints of other data are refused.
    pub fingerprint: String,
}

impl<S: Sampler, B: Send + 'static> Feed for Data<'_, S, B>
where
    S::Rows: Sync,
{
    type Rows = S::Rows;
    type Batch = B;

    fn steps(&self) -> u64 {
        self.sampler.steps()
    }

    fn rows(&self, epoch: u64, step: u64) -> S::Rows {
        self.sampler.rows(epoch, step)
    }

    fn load(&self, rows: &S::Rows, rng: &mut ChaCha8Rng) -> Result<B> {
        (self.load)(rows, rng)
    }

    fn validation(&self) -> &[S::Rows] {
        &self.validation
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// What a run learns from, owned: a value that outlives the cell or function that made it. A copy shares the parts.
///
/// ```
/// use perturbook::train::{Feed, OwnedData, Purpose, Uniform, stream};
///
/// let sampler = Uniform::new((0..10).collect(), 5, 0)?;
/// let numbers: Vec<f32> = (0..10).map(|row| row as f32).collect();
/// let sum = move |rows: &Vec<usize>, _: &mut _| Ok(rows.iter().map(|&row| numbers[row]).sum::<f32>());
/// let data = OwnedData::new(sampler, sum).with_fingerprint("ten numbers");
/// let mut rng = stream(0, Purpose::Augmentation, 0);
/// assert_eq!(data.load(&data.rows(0, 0), &mut rng)? + data.load(&data.rows(0, 1), &mut rng)?, 45.0);
/// # Ok::<(), perturbook::Error>(())
/// ```
pub struct OwnedData<S: Sampler, B> {
    sampler: Arc<S>,
    load: SharedLoad<S::Rows, B>,
    validation: Arc<Vec<S::Rows>>,
    fingerprint: String,
}

impl<S: Sampler, B> OwnedData<S, B> {
    /// Rows of a sampler, and how they become a batch; without validation.
    pub fn new(sampler: S, load: impl Fn(&S::Rows, &mut ChaCha8Rng) -> Result<B> + Send + Sync + 'static) -> Self {
        Self {
            sampler: Arc::new(sampler),
            load: Arc::new(load),
            validation: Arc::new(Vec::new()),
            fingerprint: String::new(),
        }
    }

    /// The same with these rows for validation, one entry for each batch.
    #[must_use]
    pub fn with_validation(mut self, rows: Vec<S::Rows>) -> Self {
        self.validation = Arc::new(rows);
        self
    }

    /// The same with a text that tells these data from others; checkpoints of other data are refused.
    #[must_use]
    pub fn with_fingerprint(mut self, text: impl Into<String>) -> Self {
        self.fingerprint = text.into();
        self
    }
}

impl<S: Sampler, B> Clone for OwnedData<S, B> {
    fn clone(&self) -> Self {
        Self {
            sampler: self.sampler.clone(),
            load: self.load.clone(),
            validation: self.validation.clone(),
            fingerprint: self.fingerprint.clone(),
        }
    }
}

impl<S: Sampler, B> fmt::Debug for OwnedData<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedData")
            .field("steps", &self.sampler.steps())
            .field("validation", &self.validation.len())
            .field("fingerprint", &self.fingerprint)
            .finish()
    }
}

impl<S: Sampler, B: Send + 'static> Feed for OwnedData<S, B>
where
    S::Rows: Sync,
{
    type Rows = S::Rows;
    type Batch = B;

    fn steps(&self) -> u64 {
        self.sampler.steps()
    }

    fn rows(&self, epoch: u64, step: u64) -> S::Rows {
        self.sampler.rows(epoch, step)
    }

    fn load(&self, rows: &S::Rows, rng: &mut ChaCha8Rng) -> Result<B> {
        (self.load)(rows, rng)
    }

    fn validation(&self) -> &[S::Rows] {
        &self.validation
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}
