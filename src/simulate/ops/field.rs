//! A whole field of a simulated well, for readers that cut crops around centroids.
//!
//! Cells stand on a triangular grid, each moved a little at random. Cells whose centre lies just outside the field show
//! at its border and are not in the table.

use ndarray::Array3;
use polars::prelude::DataFrame;
use rand::seq::SliceRandom;

use super::body::{Body, Pens};
use super::config::OpsConfig;
use super::crop::Easel;
use super::optics::{self, CROP, View};
use super::sheet::CHANNELS;
use super::truth::OpsTruth;
use super::{design, table};
use crate::simulate::planted::{Stream, stream};
use crate::simulate::streams::Draw;
use crate::{Error, Result};

/// Distance of neighbours, in sides of a crop.
const SPACING: f32 = 0.84;
/// Standard deviation of their displacement.
const JITTER: f32 = 0.07;

/// A simulated field.
#[derive(Clone, Debug)]
pub struct SimulatedField {
    /// `4 x side x side`, values in 0..1.
    pub image: Array3<f32>,
    /// One row for each cell whose centre lies in the field, with the columns of
    /// [`SimulatedImages::cells`](super::SimulatedImages::cells); `cell_i` and `cell_j` are the row and the column of
    /// the nucleus in pixels of `image`.
    pub cells: DataFrame,
    /// What was planted; its cells are those of the table.
    pub truth: OpsTruth,
}

/// Simulates a square field of `side` pixels in the first well, filled with cells of the screen that `config` describes,
/// in random order. A crop is `config.size` pixels wide, so 100 gives pixels as a 20x lens does.
///
/// ```
/// use perturbook::simulate::{OpsConfig, ops_field};
///
/// let field = ops_field(&OpsConfig { size: 100, ..OpsConfig::quick() }, 500)?;
/// assert_eq!(field.image.dim(), (4, 500, 500));
/// assert_eq!(field.cells.height(), field.truth.cells.len());
/// assert!(field.cells.height() > 30);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a setting cannot be used, or the screen has too few cells to fill the field.
pub fn ops_field(config: &OpsConfig, side: usize) -> Result<SimulatedField> {
    config.check()?;
    if side < config.size || side > 16_384 {
        return Err(Error::new(format!("a field cannot be {side} pixels wide"))
            .at("argument side")
            .fix(format!("give {} (one crop) to 16384", config.size)));
    }
    let mut truth = design::plan(config);
    let mut rng = stream(config.seed, Stream::OpsField);
    let mut order: Vec<usize> = (0..truth.cells.len()).collect();
    order.shuffle(&mut rng);
    let scale = config.size as f32;
    let places = places(side as f32 / scale, &mut Draw(rng));
    if places.len() > order.len() {
        return Err(Error::new(format!("{} cells do not fill a field of {}", order.len(), places.len()))
            .at("settings genes, guides, control_guides, cells_per_guide")
            .fix("simulate more cells or a smaller field"));
    }

    let mut easel = Easel::new(side, side, scale);
    let mut kept = Vec::new();
    for (&cell, (x, y)) in order.iter().zip(places) {
        let mut pens = Pens::new(config.seed, cell, 0);
        let body = Body::grow(design::state_of(&truth, cell), &mut pens);
        let body = body.moved(x - 0.5, y - 0.5);
        easel.lay(&body, &mut pens);
        let (column, row) = (body.centre.0 * scale, body.centre.1 * scale);
        let inside = |at: f32| (0.0..side as f32).contains(&at);
        if inside(row) && inside(column) {
            let mut cell = truth.cells[cell];
            (cell.batch, cell.tile, cell.position) = (0, 0, (row, column));
            kept.push(cell);
        }
    }
    truth.cells = kept;
    let mut image = vec![0.0; CHANNELS * side * side];
    let width = side as f32 / scale * CROP;
    let view = View { middle: (width / 2.0, width / 2.0), field: width, noise_of: config.cells() };
    optics::expose(config, &truth.batches[0], &view, &easel.canvas, &mut image);
    let image = Array3::from_shape_vec((CHANNELS, side, side), image)
        .map_err(|e| Error::new(format!("cannot shape the field: {e}")).caused_by(e))?;
    Ok(SimulatedField { image, cells: table::cells(&truth)?, truth })
}

/// Points x, y of the grid, from half a crop outside the field on, in sides of a crop.
fn places(side: f32, draw: &mut Draw) -> Vec<(f32, f32)> {
    let mut places = Vec::new();
    let (rise, start) = (SPACING * 0.75_f32.sqrt(), -0.5);
    let rows = ((side + 1.0) / rise).ceil() as usize;
    let columns = ((side + 1.0) / SPACING).ceil() as usize + 1;
    for row in 0..rows {
        let indent = if row % 2 == 0 { 0.0 } else { -SPACING / 2.0 };
        for column in 0..columns {
            let (dx, dy) = (draw.normal(JITTER), draw.normal(JITTER));
            places.push((start + indent + SPACING * column as f32 + dx, start + rise * row as f32 + dy));
        }
    }
    places
}
