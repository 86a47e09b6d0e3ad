//! Control cells as if they had been perturbed: their own background, and the mean salient code of a perturbation.
//!
//! ```text
//! image = decoder(z of the control cell, mean of s over the cells of the perturbation, batch of the control cell)
//! ```

use ndarray::{Array1, Axis, s};

use super::{CellPictures, McVae, Space};
use crate::screen::{Embedding, Label, Role, Screen};
use crate::{Error, Result};

impl McVae {
    /// What control cells would look like under perturbations, a column for each cell: rows `image`, `control` (salient
    /// code 0), and one for each perturbation. `embedding` is this model's of the same screen; salient codes are averaged
    /// over its cells in `f64`.
    ///
    /// # Errors
    /// When the model has no salient space, the embedding is not of this model and screen, a row is no control, or a
    /// perturbation has no cell.
    pub fn counterfactuals<S: AsRef<str>>(
        &self,
        screen: &Screen,
        embedding: &Embedding,
        controls: &[usize],
        perturbations: &[S],
    ) -> Result<CellPictures> {
        let salient = self.columns(Space::Salient)?;
        self.check_embedding(screen, embedding)?;
        let batches = self.facts.batch_rows(&screen.select(controls)?)?;
        if let Some(&row) = controls.iter().find(|&&row| screen.role(row) != Role::Control) {
            return Err(Error::new("this cell is no control").at(format!("row {row}")).fix("choose rows of controls"));
        }
        let genes = screen.labels(Label::Gene)?;
        let codes = self.codes_for_decoder(screen, controls)?;
        let mut rows = vec![
            ("image".to_owned(), self.seen(screen, controls)?),
            ("control".to_owned(), self.decoded(codes.view(), &batches)?),
        ];
        for name in perturbations.iter().map(AsRef::as_ref) {
            let cells: Vec<usize> = (0..screen.len()).filter(|&row| genes.of(row) == name).collect();
            if cells.is_empty() {
                return Err(Error::new(format!("no cell of {name:?}"))
                    .at("counterfactuals")
                    .fix("look at labels(Label::Gene) for the names there are"));
            }
            let mut mean = Array1::<f64>::zeros(salient.len());
            for &cell in &cells {
                let code = embedding.values();
                mean.zip_mut_with(&code.slice(s![cell, salient.clone()]), |sum, &v| *sum += f64::from(v));
            }
            mean /= cells.len() as f64;
            let mut moved = codes.clone();
            for mut code in moved.axis_iter_mut(Axis(0)) {
                code.slice_mut(s![salient.clone()]).zip_mut_with(&mean, |v, &m| *v = m as f32);
            }
            rows.push((name.to_owned(), self.decoded(moved.view(), &batches)?));
        }
        Ok(CellPictures {
            title: format!("Control cells as if perturbed, by {}", self.plan.settings.variant.name()),
            channels: self.facts.channels.clone(),
            columns: controls.iter().map(|row| format!("cell {row}")).collect(),
            rows,
            intensity: self.plan.settings.intensity,
        })
    }
}
