//! Images that the decoder makes: of cells, and of codes.

use ndarray::{Array2, Array4, ArrayView2, Axis, concatenate, s};

use super::model::BLOCK;
use super::net::{images_of, images_on, indices_on, matrix, rows_on};
use super::{CellPictures, McVae};
use crate::screen::{Role, Screen};
use crate::{Error, Result};

impl McVae {
    /// Images of codes (`n x dims`, salient dimensions first, as in an embedding), each as the batch of this name is
    /// imaged; `n x c x side x side`. Where the decoder sees no batch the names do not matter.
    ///
    /// # Errors
    /// When there is not one batch a row, the decoder does not know a batch, codes have another width, or are not finite.
    pub fn decode<S: AsRef<str>>(&self, codes: ArrayView2<'_, f32>, batches: &[S]) -> Result<Array4<f32>> {
        if batches.len() != codes.nrows() {
            return Err(Error::new(format!("{} batches for {} codes", batches.len(), codes.nrows()))
                .at("mcvae")
                .fix("name the batch of every code"));
        }
        let row_of = |name: &S| {
            let at = self.facts.batches.iter().position(|known| known == name.as_ref());
            match at {
                Some(at) => Ok(at as i32),
                None if self.facts.batches.is_empty() => Ok(0),
                None => Err(Error::new(format!("the decoder knows no batch {:?}", name.as_ref()))
                    .at("mcvae")
                    .fix(format!("choose one of the {} that it was trained on", self.facts.batches.len()))),
            }
        };
        let batches: Vec<i32> = batches.iter().map(row_of).collect::<Result<_>>()?;
        self.decoded(codes, &batches)
    }

    /// The same by rows of the table of batches.
    pub(super) fn decoded(&self, codes: ArrayView2<'_, f32>, batches: &[i32]) -> Result<Array4<f32>> {
        let dims = self.plan.settings.dims();
        if codes.ncols() != dims || codes.iter().any(|v| !v.is_finite()) {
            return Err(Error::new(format!(
                "codes of {} dimensions cannot be decoded, or are not finite",
                codes.ncols()
            ))
            .at("mcvae")
            .fix(format!("give {dims} finite numbers a row, salient first")));
        }
        let side = self.plan.settings.side;
        let mut images = Array4::zeros((codes.nrows(), self.facts.channels.len(), side, side));
        for (start, block) in (0..).step_by(BLOCK).zip(codes.axis_chunks_iter(Axis(0), BLOCK)) {
            let end = start + block.nrows();
            let made = self.net.decode(rows_on(block, &self.device), indices_on(&batches[start..end], &self.device));
            images.slice_mut(s![start..end, .., .., ..]).assign(&images_of(made)?);
        }
        Ok(images)
    }

    /// The codes of cells as the decoder sees them in training, without noise: a control's salient code is 0.
    pub(super) fn codes_for_decoder(&self, screen: &Screen, rows: &[usize]) -> Result<Array2<f32>> {
        let settings = &self.plan.settings;
        let mut codes = Array2::zeros((rows.len(), settings.dims()));
        for (start, block) in (0..).step_by(BLOCK).zip(rows.chunks(BLOCK)) {
            let seen = self.seen(screen, block)?;
            let of = matrix(self.net.codes(images_on(seen, &self.device)))?;
            codes.slice_mut(s![start..start + block.len(), ..]).assign(&of);
        }
        if settings.variant.is_contrastive() {
            for (mut code, &row) in codes.rows_mut().into_iter().zip(rows) {
                if screen.role(row) == Role::Control {
                    code.slice_mut(s![..settings.latent]).fill(0.0);
                }
            }
        }
        Ok(codes)
    }

    /// Cells and what the model makes of them, a column each: rows `image` and `reconstruction`.
    ///
    /// # Errors
    /// When the screen has other images than the model was trained on, a row is not there, or a cell is of a batch that the
    /// decoder does not know.
    pub fn reconstruct(&self, screen: &Screen, rows: &[usize]) -> Result<CellPictures> {
        let images = self.seen(screen, rows)?;
        let batches = self.facts.batch_rows(&screen.select(rows)?)?;
        let made = self.decoded(self.codes_for_decoder(screen, rows)?.view(), &batches)?;
        Ok(CellPictures {
            title: format!("Cells and their reconstruction by {}", self.plan.settings.variant.name()),
            channels: self.facts.channels.clone(),
            columns: rows.iter().map(|row| format!("cell {row}")).collect(),
            rows: vec![("image".to_owned(), images), ("reconstruction".to_owned(), made)],
            intensity: self.plan.settings.intensity,
        })
    }
}

/// Rows under each other.
pub(super) fn stacked(parts: &[Array2<f32>]) -> Result<Array2<f32>> {
    let views: Vec<ArrayView2<'_, f32>> = parts.iter().map(|part| part.view()).collect();
    concatenate(Axis(0), &views).map_err(|e| Error::new(format!("codes of different widths: {e}")))
}
