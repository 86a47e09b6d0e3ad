//! What the scorer reads: vectors standardised by the mean and spread of control cells.

use super::CellVectors;
use crate::Result;

/// Cells that are read at a time.
const BLOCK: usize = 8_192;
/// A spread below this counts as none, and its dimension is only centred.
const FLAT: f64 = 1e-12;

/// Mean and inverse standard deviation (population) of each dimension.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    mean: Vec<f32>,
    inverse: Vec<f32>,
}

impl Scale {
    /// Of these cells, in one pass.
    pub(super) fn of(vectors: &dyn CellVectors, rows: &[usize]) -> Result<Self> {
        let dims = vectors.dims();
        // Deviations from the first cell: squares of large common values would cancel.
        let mut first = vec![0.0f32; dims];
        if let Some(&row) = rows.first() {
            vectors.read(&[row], &mut first)?;
        }
        let (mut sum, mut squares, mut buffer) = (vec![0.0f64; dims], vec![0.0f64; dims], Vec::new());
        for rows in rows.chunks(BLOCK) {
            buffer.resize(rows.len() * dims, 0.0);
            vectors.read(rows, &mut buffer)?;
            for cell in buffer.chunks_exact(dims) {
                for (d, (&value, &first)) in cell.iter().zip(&first).enumerate() {
                    let apart = f64::from(value - first);
                    sum[d] += apart;
                    squares[d] += apart * apart;
                }
            }
        }
        let n = rows.len().max(1) as f64;
        let spread = |d: usize| (squares[d] / n - (sum[d] / n).powi(2)).max(0.0).sqrt();
        let inverse = |d: usize| if spread(d) > FLAT { (1.0 / spread(d)) as f32 } else { 1.0 };
        Ok(Self {
            mean: (0..dims).map(|d| first[d] + (sum[d] / n) as f32).collect(),
            inverse: (0..dims).map(inverse).collect(),
        })
    }

    /// Standardises cells, `n x dims`.
    pub(super) fn apply(&self, cells: &mut [f32]) {
        for cell in cells.chunks_exact_mut(self.mean.len()) {
            for ((value, mean), inverse) in cell.iter_mut().zip(&self.mean).zip(&self.inverse) {
                *value = (*value - mean) * inverse;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn cells_become_standard_and_a_flat_dimension_is_centred() {
        let cells = array![[1_000.0f32, 5.0], [1_002.0, 5.0], [9.0, 9.0]];
        let scale = Scale::of(&cells, &[0, 1]).unwrap();
        let mut two = [1_000.0, 5.0, 1_002.0, 6.0];
        scale.apply(&mut two);
        assert_eq!(two, [-1.0, 0.0, 1.0, 1.0]);
    }
}
