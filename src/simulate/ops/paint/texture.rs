//! Smooth random texture: values on a square lattice, interpolated between its points.

use crate::simulate::streams::Draw;

const SIDE: usize = 16;

/// A texture that repeats every 16 grains; standard normal at the lattice points.
pub(super) struct Texture {
    values: [f32; SIDE * SIDE],
    grains: f32,
}

impl Texture {
    /// A texture with `grains` lattice points to the side of a crop.
    pub(super) fn new(draw: &mut Draw, grains: f32) -> Self {
        let mut values = [0.0; SIDE * SIDE];
        values.iter_mut().for_each(|value| *value = draw.normal(1.0));
        Self { values, grains }
    }

    #[inline(always)]
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        // Shifted so that the truncation below rounds down for every point near a crop.
        let (x, y) = (x * self.grains + 1024.0, y * self.grains + 1024.0);
        let (column, row) = (x as usize, y as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let value = |dy: usize, dx: usize| self.values[((row + dy) % SIDE) * SIDE + (column + dx) % SIDE];
        let upper = value(0, 0) + fx * (value(0, 1) - value(0, 0));
        let lower = value(1, 0) + fx * (value(1, 1) - value(1, 0));
        upper + fy * (lower - upper)
    }
}
