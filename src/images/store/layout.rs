//! What the images of a store look like and by which columns its cells are grouped.

use super::storage::{Scale, Storage};
use crate::images::numbered;
use crate::images::picture::check_channels;
use crate::{Error, Result};

/// Shape, numbers and grouping of an image store.
///
/// ```
/// use perturbook::images::store::{Storage, StoreLayout};
///
/// let layout = StoreLayout::new((4, 96, 96), Storage::U16)?
///     .channels(["DNA damage", "F-actin", "DNA", "microtubules"])?
///     .range(0.0, 1.0)? // a step of 1/65535
///     .grouped(["plate", "well"], "gene");
/// assert_eq!(layout.record_bytes(), 4 * 96 * 96 * 2);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct StoreLayout {
    pub(super) shape: (usize, usize, usize),
    pub(super) storage: Storage,
    pub(super) channels: Vec<String>,
    pub(super) scales: Vec<Scale>,
    pub(super) batch: Vec<String>,
    pub(super) perturbation: String,
}

impl StoreLayout {
    /// Images of `(channels, height, width)`; integers keep values as they are, cells are grouped by the columns `plate`
    /// and `well`, and `gene`.
    ///
    /// # Errors
    /// When a side is 0 or one image needs more than 1 GB.
    pub fn new(shape: (usize, usize, usize), storage: Storage) -> Result<Self> {
        let bytes = record_bytes(shape, storage).filter(|&bytes| bytes > 0 && bytes <= 1 << 30 && shape.0 <= 4096);
        if bytes.is_none() {
            return Err(Error::new(format!("{shape:?} is no shape of a cell's image"))
                .fix("give (channels, height, width), each above 0"));
        }
        Ok(Self {
            shape,
            storage,
            channels: numbered(shape.0),
            scales: vec![Scale::ONE; shape.0],
            batch: vec!["plate".into(), "well".into()],
            perturbation: "gene".into(),
        })
    }

    /// Names the channels.
    ///
    /// # Errors
    /// When the number of names is not the number of channels, or a name is longer than 1000 bytes.
    pub fn channels<S: Into<String>>(mut self, channels: impl IntoIterator<Item = S>) -> Result<Self> {
        let channels: Vec<String> = channels.into_iter().map(Into::into).collect();
        check_channels(&channels, self.shape.0)?;
        if let Some(long) = channels.iter().find(|name| name.len() > 1000) {
            return Err(Error::new(format!(
                "the channel name {:?}... is too long",
                long.get(..20).unwrap_or_default()
            )));
        }
        self.channels = channels;
        Ok(self)
    }

    /// The lowest and highest value of all channels: integers spread their codes between them.
    ///
    /// # Errors
    /// As [`StoreLayout::ranges`].
    pub fn range(self, low: f32, high: f32) -> Result<Self> {
        let ranges = vec![(low, high); self.shape.0];
        self.ranges(&ranges)
    }

    /// The lowest and highest value of each channel: integers spread their codes between them.
    ///
    /// # Errors
    /// When there is not one range per channel, a range is empty, or the store keeps floats, which need none.
    pub fn ranges(mut self, ranges: &[(f32, f32)]) -> Result<Self> {
        let Some(largest) = self.storage.largest() else {
            return Err(Error::new(format!("{:?} keeps values as they are", self.storage))
                .fix("give ranges for U8 and U16 only"));
        };
        let good = |&(low, high): &(f32, f32)| low.is_finite() && high.is_finite() && high > low;
        if ranges.len() != self.shape.0 || !ranges.iter().all(good) {
            return Err(Error::new(format!("{ranges:?} are no ranges for {} channels", self.shape.0))
                .fix("give one (low, high) per channel with low < high"));
        }
        self.scales = ranges.iter().map(|&(low, high)| Scale { scale: (high - low) / largest, offset: low }).collect();
        Ok(self)
    }

    /// The columns of the cells' table whose values together are the batch (within which controls are compared), and the
    /// one that names the perturbation.
    #[must_use]
    pub fn grouped<S: Into<String>>(
        mut self,
        batch: impl IntoIterator<Item = S>,
        perturbation: impl Into<String>,
    ) -> Self {
        self.batch = batch.into_iter().map(Into::into).collect();
        self.perturbation = perturbation.into();
        self
    }

    /// Bytes of one cell.
    pub fn record_bytes(&self) -> usize {
        record_bytes(self.shape, self.storage).unwrap_or(usize::MAX)
    }

    /// The columns whose values together are the batch.
    pub fn batch_columns(&self) -> &[String] {
        &self.batch
    }

    /// The column that names the perturbation.
    pub fn perturbation_column(&self) -> &str {
        &self.perturbation
    }

    /// The numbers that are kept.
    pub fn storage(&self) -> Storage {
        self.storage
    }
}

pub(super) fn record_bytes(shape: (usize, usize, usize), storage: Storage) -> Option<usize> {
    shape.0.checked_mul(shape.1)?.checked_mul(shape.2)?.checked_mul(storage.bytes())
}
