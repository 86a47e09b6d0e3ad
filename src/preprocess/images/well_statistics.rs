//! Statistics of the control crops of every well, the reference of Set-DINO's control z-score.
//!
//! A batch is a well of a plate: intensities differ from well to well for reasons of staining and illumination, and
//! the non-targeting cells of the same well show by how much.

use std::collections::BTreeMap;

use ndarray::{Array4, ArrayView4, ArrayViewMut4, Axis};

use super::{ChannelStatistics, control_zscore};
use crate::live::Bar;
use crate::{Error, Result};

/// `(plate, well)` to the statistics of its controls.
///
/// ```
/// use ndarray::array;
/// use perturbook::preprocess::images::WellStatistics;
///
/// let mut images = array![[[[1.0f32, 3.0]]], [[[4.0, 4.0]]], [[[10.0, 30.0]]]];
/// let (plates, wells) = (["P"; 3], ["A1", "A1", "A2"]);
/// let statistics = WellStatistics::of_controls(images.view(), &plates, &wells, &[true, false, true])?;
/// assert_eq!(statistics.get("P", "A2")?.mean, [20.0]);
/// statistics.zscore(images.view_mut(), &plates, &wells, 1.0)?;
/// assert!((images[[1, 0, 0, 0]] - 2.0).abs() < 1e-5); // (4 - 2) / 1
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WellStatistics {
    wells: BTreeMap<(String, String), ChannelStatistics>,
}

impl WellStatistics {
    /// No well yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Of the crops marked as `controls`, grouped by the plate and well of each crop (`n` each).
    ///
    /// A well without a control has no entry: its images cannot be scaled, which [`WellStatistics::zscore`] says.
    ///
    /// # Errors
    /// When the lengths differ, no crop is a control, or a control's pixel is NaN or infinite.
    pub fn of_controls<L: AsRef<str>>(
        images: ArrayView4<'_, f32>,
        plates: &[L],
        wells: &[L],
        controls: &[bool],
    ) -> Result<Self> {
        require_labels(images.dim().0, plates, wells)?;
        Self::read_controls(|rows| Ok(images.select(Axis(0), rows)), plates, wells, controls)
    }

    /// The same for images that are not in memory: `read` returns the crops of the given rows (`n x c x h x w`).
    ///
    /// It is called once for each well, with the numbers of the well's controls in ascending order, so that every
    /// control is read once and no more than one well is in memory. After a request to stop, the statistics of the wells
    /// so far are returned.
    ///
    /// ```
    /// use ndarray::Array4;
    /// use perturbook::preprocess::images::WellStatistics;
    ///
    /// let store = |rows: &[usize]| Ok(Array4::from_shape_fn((rows.len(), 1, 2, 2), |(i, ..)| rows[i] as f32));
    /// let statistics = WellStatistics::read_controls(store, &["P"; 4], &["A1", "A2", "A1", "A2"], &[true; 4])?;
    /// assert_eq!(statistics.get("P", "A2")?.mean, [2.0]); // rows 1 and 3
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the lengths differ, no crop is a control, `read` fails, or a control's pixel is NaN or infinite.
    pub fn read_controls<L: AsRef<str>>(
        read: impl Fn(&[usize]) -> Result<Array4<f32>>,
        plates: &[L],
        wells: &[L],
        controls: &[bool],
    ) -> Result<Self> {
        require_labels(controls.len(), plates, wells)?;
        let mut groups: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for image in (0..controls.len()).filter(|&image| controls[image]) {
            groups.entry((plates[image].as_ref(), wells[image].as_ref())).or_default().push(image);
        }
        if groups.is_empty() {
            return Err(Error::new("no image is a control")
                .at("well statistics")
                .fix("check the label of the non-targeting guides"));
        }
        let mut statistics = Self::new();
        let mut bar = Bar::new("statistics of wells", Some(groups.len() as u64));
        for ((plate, well), rows) in groups {
            if bar.stopped() {
                break;
            }
            let of_well = ChannelStatistics::of(read(&rows)?.view())
                .map_err(|e| Error::new(format!("controls of plate {plate:?}, well {well:?}: {e}")))?;
            statistics.insert(plate, well, of_well);
            bar.advance(1);
        }
        Ok(statistics)
    }

    /// Keeps the statistics of one well, in place of those it had.
    pub fn insert(&mut self, plate: &str, well: &str, statistics: ChannelStatistics) {
        self.wells.insert((plate.to_owned(), well.to_owned()), statistics);
    }

    /// Number of wells.
    pub fn len(&self) -> usize {
        self.wells.len()
    }

    /// True when there is no well.
    pub fn is_empty(&self) -> bool {
        self.wells.is_empty()
    }

    /// Plates, wells and their statistics, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &ChannelStatistics)> {
        self.wells.iter().map(|((plate, well), statistics)| (plate.as_str(), well.as_str(), statistics))
    }

    /// The statistics of a well.
    ///
    /// # Errors
    /// When the well has none.
    pub fn get(&self, plate: &str, well: &str) -> Result<&ChannelStatistics> {
        self.wells.get(&(plate.to_owned(), well.to_owned())).ok_or_else(|| {
            Error::new("there are no statistics of this well's controls")
                .at(format!("plate {plate:?}, well {well:?}"))
                .fix("drop its images, or normalise them one by one with zscore")
        })
    }

    /// The control z-score of every image with the statistics of its own well, in place (see [`control_zscore`]).
    ///
    /// # Errors
    /// When the lengths differ, a well has no statistics or other channels. Lengths and wells are checked before
    /// anything changes.
    pub fn zscore<L: AsRef<str>>(
        &self,
        mut images: ArrayViewMut4<'_, f32>,
        plates: &[L],
        wells: &[L],
        factor: f64,
    ) -> Result<()> {
        require_labels(images.dim().0, plates, wells)?;
        let of_image: Vec<&ChannelStatistics> = plates
            .iter()
            .zip(wells)
            .map(|(plate, well)| self.get(plate.as_ref(), well.as_ref()))
            .collect::<Result<_>>()?;
        for (image, statistics) in images.axis_chunks_iter_mut(Axis(0), 1).zip(of_image) {
            control_zscore(image, &statistics.mean, &statistics.std, factor)?;
        }
        Ok(())
    }
}

fn require_labels<L>(images: usize, plates: &[L], wells: &[L]) -> Result<()> {
    if plates.len() == images && wells.len() == images {
        return Ok(());
    }
    Err(Error::new(format!("{} plates and {} wells for {images} images", plates.len(), wells.len()))
        .at("well statistics")
        .fix("give the plate and well of every image, in the order of the images"))
}
