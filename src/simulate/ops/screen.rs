//! The screen itself: pictures on demand, or all at once.

use ndarray::{Array4, s};
use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::config::OpsConfig;
use super::crop::Easel;
use super::sheet::CHANNELS;
use super::truth::OpsTruth;
use super::{design, optics, table};
use crate::images::{CellImages, STAINS, values_of};
use crate::{Error, Result};

/// Stains, in the order of the channels: DNA damage, F-actin, DNA, microtubules.
pub const OPS_CHANNELS: [&str; CHANNELS] = STAINS;

/// A simulated screen whose pictures are drawn when they are asked for, so that it may be larger than memory.
#[derive(Clone, Debug)]
pub struct OpsScreen {
    config: OpsConfig,
    truth: OpsTruth,
    channels: Vec<String>,
}

/// A simulated screen in memory.
#[derive(Clone, Debug)]
pub struct SimulatedImages {
    /// `n x 4 x size x size`, values in 0..1.
    pub images: Array4<f32>,
    /// The stain of each channel: [`OPS_CHANNELS`].
    pub channels: Vec<String>,
    /// One row for each cell: `cell`, `gene`, `guide`, `plate`, `well`, `batch`, `tile`, `cell_i`, `cell_j`.
    pub cells: DataFrame,
    /// What was planted.
    pub truth: OpsTruth,
}

/// Plans a screen; pictures are drawn by [`OpsScreen::images`].
///
/// Genes come in order, the non-targeting control last.
///
/// ```
/// use perturbook::simulate::{OpsConfig, ops_screen};
///
/// let screen = ops_screen(&OpsConfig { cells_per_guide: 10_000, ..OpsConfig::quick() })?;
/// assert_eq!(screen.len(), 240_000); // 8.8 GB of pixels that nobody drew yet
/// assert_eq!(screen.images(&[7, 200_000])?.dim(), (2, 4, 48, 48));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a setting cannot be used; the message names it.
pub fn ops_screen(config: &OpsConfig) -> Result<OpsScreen> {
    config.check()?;
    let channels = OPS_CHANNELS.map(str::to_owned).to_vec();
    Ok(OpsScreen { config: config.clone(), truth: design::plan(config), channels })
}

/// Simulates a screen with all its pictures, `4 size^2` values of `f32` for each cell.
///
/// ```
/// use perturbook::simulate::{OpsConfig, ops_images};
///
/// let screen = ops_images(&OpsConfig::quick())?;
/// assert_eq!(screen.images.dim(), (288, 4, 48, 48));
/// assert_eq!(screen.cells.height(), 288);
/// assert_eq!(screen.channels[2], "DNA");
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a setting cannot be used; the message names it.
pub fn ops_images(config: &OpsConfig) -> Result<SimulatedImages> {
    let screen = ops_screen(config)?;
    let rows: Vec<usize> = (0..screen.len()).collect();
    Ok(SimulatedImages {
        images: screen.images(&rows)?,
        cells: screen.table()?,
        channels: screen.channels,
        truth: screen.truth,
    })
}

impl CellImages for OpsScreen {
    fn len(&self) -> usize {
        OpsScreen::len(self)
    }

    fn shape(&self) -> (usize, usize, usize) {
        OpsScreen::shape(self)
    }

    fn channels(&self) -> &[String] {
        OpsScreen::channels(self)
    }

    fn read(&self, rows: &[usize]) -> Result<Array4<f32>> {
        self.images(rows)
    }

    fn read_into(&self, rows: &[usize], out: &mut Array4<f32>) -> Result<()> {
        self.check(rows)?;
        let out = values_of(rows, self.shape(), out)?;
        self.draw_all(rows, out);
        Ok(())
    }
}

impl OpsScreen {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.truth.cells.len()
    }

    /// Whether there is no cell; never so for a planned screen.
    pub fn is_empty(&self) -> bool {
        self.truth.cells.is_empty()
    }

    /// Channels, height and width of a picture.
    pub fn shape(&self) -> (usize, usize, usize) {
        (CHANNELS, self.config.size, self.config.size)
    }

    /// The stain of each channel: [`OPS_CHANNELS`].
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// The settings.
    pub fn config(&self) -> &OpsConfig {
        &self.config
    }

    /// What was planted.
    pub fn truth(&self) -> &OpsTruth {
        &self.truth
    }

    /// One row for each cell: `cell` (its number), `gene`, `guide`, `plate`, `well`, `batch` (plate and well), `tile`,
    /// and `cell_i`, `cell_j`, its centre in the tile in pixels of the camera, row and column.
    ///
    /// # Errors
    /// When the table cannot be built.
    pub fn table(&self) -> Result<DataFrame> {
        table::cells(&self.truth)
    }

    /// Draws cells, `n x 4 x size x size`, values in 0..1. A cell is the same whichever others are drawn with it.
    ///
    /// # Errors
    /// When a row is not in the screen, or the pictures do not fit into memory's address range.
    pub fn images(&self, rows: &[usize]) -> Result<Array4<f32>> {
        self.check(rows)?;
        let (size, pixels) = (self.config.size, CHANNELS * self.config.size * self.config.size);
        let values = rows.len().checked_mul(pixels).filter(|&values| fits(values)).ok_or_else(|| {
            Error::new(format!("{} pictures of 4 x {size} x {size} do not fit into memory", rows.len()))
                .at("simulated screen")
                .fix("draw fewer at a time")
        })?;
        let mut images = vec![0.0; values];
        self.draw_all(rows, &mut images);
        Array4::from_shape_vec((rows.len(), CHANNELS, size, size), images)
            .map_err(|e| Error::new(format!("cannot shape the pictures: {e}")).caused_by(e))
    }

    /// The same as a camera with 16 bits stores it: `round(65535 x)`.
    ///
    /// ```
    /// use perturbook::simulate::{OpsConfig, ops_screen};
    ///
    /// let screen = ops_screen(&OpsConfig::quick())?;
    /// let (real, whole) = (screen.images(&[3])?, screen.images_u16(&[3])?);
    /// assert_eq!(whole[[0, 2, 24, 24]], (real[[0, 2, 24, 24]] * 65535.0).round() as u16);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::images`].
    pub fn images_u16(&self, rows: &[usize]) -> Result<Array4<u16>> {
        Ok(to_u16(&self.images(rows)?))
    }

    fn check(&self, rows: &[usize]) -> Result<()> {
        let Some(row) = rows.iter().find(|&&row| row >= self.len()) else { return Ok(()) };
        Err(Error::new(format!("there is no cell {row}"))
            .at("simulated screen")
            .fix(format!("ask for cells below {}", self.len())))
    }

    /// Draws cells one after the other into `out`, which has room for them.
    fn draw_all(&self, rows: &[usize], out: &mut [f32]) {
        let size = self.config.size;
        let images = out.par_chunks_exact_mut(CHANNELS * size * size).zip(rows);
        images
            .for_each_init(|| Easel::new(size, size, size as f32), |easel, (image, &row)| self.draw(easel, row, image));
    }

    fn draw(&self, easel: &mut Easel, row: usize, image: &mut [f32]) {
        let cell = &self.truth.cells[row];
        easel.draw_crop(self.config.seed, row, design::state_of(&self.truth, row));
        let batch = &self.truth.batches[cell.batch];
        let view = optics::View { middle: cell.position, field: optics::FIELD, noise_of: row };
        optics::expose(&self.config, batch, &view, &easel.canvas, image);
    }
}

impl SimulatedImages {
    /// The pictures as a camera with 16 bits stores them: `round(65535 x)`.
    pub fn images_u16(&self) -> Array4<u16> {
        to_u16(&self.images)
    }

    /// The pictures of one cell as an array of its own, `4 x size x size`.
    ///
    /// # Errors
    /// When there is no such cell.
    pub fn image(&self, cell: usize) -> Result<ndarray::Array3<f32>> {
        if cell >= self.images.dim().0 {
            return Err(Error::new(format!("there is no cell {cell}"))
                .at("simulated screen")
                .fix(format!("ask for a cell below {}", self.images.dim().0)));
        }
        Ok(self.images.slice(s![cell, .., .., ..]).to_owned())
    }
}

/// Whether so many values can be allocated.
fn fits(values: usize) -> bool {
    Vec::<f32>::new().try_reserve_exact(values).is_ok()
}

fn to_u16(images: &Array4<f32>) -> Array4<u16> {
    images.mapv(|v| (v * 65535.0).round() as u16)
}
