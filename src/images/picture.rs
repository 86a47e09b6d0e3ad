//! One image file in memory: its planes as `f32`, the type they were stored as, and the channels' names.
//!
//! `values` is `frames x channels x height x width`. A frame is one cell of a stack of cells, one time point or one
//! focal plane; most files have one.

use ndarray::{Array3, Array4, ArrayView3, Axis};

use crate::{Error, Result};

/// The type of the numbers in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelKind {
    /// Unsigned integers.
    Unsigned,
    /// Signed integers.
    Signed,
    /// Floating point numbers.
    Float,
}

/// Kind and size of the numbers in the file, such as 16-bit unsigned.
///
/// All integers up to 24 bits, and half and single floats, are exact as `f32`; larger ones are rounded to 24 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelType {
    /// Integer or floating point.
    pub kind: PixelKind,
    /// Bits of one number: 1 to 64.
    pub bits: u16,
}

impl PixelType {
    /// 8-bit unsigned integers.
    pub const U8: Self = Self { kind: PixelKind::Unsigned, bits: 8 };
    /// 16-bit unsigned integers.
    pub const U16: Self = Self { kind: PixelKind::Unsigned, bits: 16 };
    /// Single-precision floats.
    pub const F32: Self = Self { kind: PixelKind::Float, bits: 32 };

    /// The largest value of an unsigned type, such as 255; `None` for the others.
    pub fn maximum(self) -> Option<f64> {
        (self.kind == PixelKind::Unsigned).then(|| (f64::from(self.bits)).exp2() - 1.0)
    }
}

impl std::fmt::Display for PixelType {
    /// The type's usual name: `u16`, `i8`, `f32`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            PixelKind::Unsigned => 'u',
            PixelKind::Signed => 'i',
            PixelKind::Float => 'f',
        };
        write!(f, "{kind}{}", self.bits)
    }
}

/// The planes of one image file.
///
/// ```
/// use ndarray::Array4;
/// use perturbook::images::{Picture, PixelType};
///
/// let picture = Picture::new(Array4::ones((1, 2, 3, 4)), PixelType::U8, vec!["DNA".into(), "actin".into()])?;
/// assert_eq!(picture.size(), (3, 4));
/// assert_eq!(picture.channel("actin")?.dim(), (1, 3, 4));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    values: Array4<f32>,
    pixel: PixelType,
    channels: Vec<String>,
}

impl Picture {
    /// Keeps `values` (`frames x channels x height x width`) with one name per channel.
    ///
    /// # Errors
    /// When the number of names is not the number of channels.
    pub fn new(values: Array4<f32>, pixel: PixelType, channels: Vec<String>) -> Result<Self> {
        check_channels(&channels, values.len_of(Axis(1)))?;
        let values = if values.is_standard_layout() { values } else { values.as_standard_layout().into_owned() };
        Ok(Self { values, pixel, channels })
    }

    /// All values, `frames x channels x height x width`.
    pub fn values(&self) -> &Array4<f32> {
        &self.values
    }

    /// The values without their description.
    pub fn into_values(self) -> Array4<f32> {
        self.values
    }

    /// The type of the numbers in the file.
    pub fn pixel(&self) -> PixelType {
        self.pixel
    }

    /// The channels' names; `"0"`, `"1"`, ... where the file names none.
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// How many frames: cells of a stack, time points, focal planes.
    pub fn frames(&self) -> usize {
        self.values.len_of(Axis(0))
    }

    /// Height and width in pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.values.len_of(Axis(2)), self.values.len_of(Axis(3)))
    }

    /// One frame, `channels x height x width`.
    ///
    /// # Errors
    /// When there is no frame `index`.
    pub fn frame(&self, index: usize) -> Result<ArrayView3<'_, f32>> {
        if index >= self.frames() {
            return Err(Error::new(format!("there is no frame {index}: the picture has {}", self.frames())));
        }
        Ok(self.values.index_axis(Axis(0), index))
    }

    /// One channel of every frame, `frames x height x width`.
    ///
    /// # Errors
    /// When no channel has this name; those there are are listed.
    pub fn channel(&self, name: &str) -> Result<ArrayView3<'_, f32>> {
        let index = self.channels.iter().position(|channel| channel == name).ok_or_else(|| {
            Error::new(format!("the picture has no channel {name:?}"))
                .fix(format!("its channels are {}", self.channels.join(", ")))
        })?;
        Ok(self.values.index_axis(Axis(1), index))
    }

    /// All planes one after the other, `(frames * channels) x height x width`.
    pub fn planes(&self) -> Array3<f32> {
        let (frames, channels, height, width) = self.values.dim();
        let planes = self.values.to_shape((frames * channels, height, width));
        planes.map(|planes| planes.to_owned()).unwrap_or_default()
    }
}

/// `"0"`, `"1"`, ... for channels without a name.
pub(crate) fn numbered(channels: usize) -> Vec<String> {
    (0..channels).map(|channel| channel.to_string()).collect()
}

/// Refuses a list of names that does not fit the number of channels.
pub(crate) fn check_channels(names: &[String], channels: usize) -> Result<()> {
    if names.len() == channels {
        return Ok(());
    }
    Err(Error::new(format!("{} channel names for images of {channels} channels: {names:?}", names.len()))
        .fix("give one name per channel, in the order of the images"))
}

/// The most memory that a file of `file` bytes may claim for its pixels as `f32`: 32 times its length, at least 256 MB.
///
/// Compressed files can promise anything; real images shrink by less than this, and those that do not are read by
/// functions that take a limit.
pub(crate) fn fair_size(file: u64) -> u64 {
    file.saturating_mul(32).max(256 << 20)
}
