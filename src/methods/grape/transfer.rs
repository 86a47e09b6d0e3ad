//! Images translated between perturbations: one cell as if many had been perturbed, many cells as if one had.
//!
//! ```text
//! x' = G(x, F(M[z])), brought back from z-scores to intensities by the controls of the cell's batch
//! ```

use std::sync::Arc;

use ndarray::{Array4, Axis, concatenate, s};
use polars::prelude::{Column, DataFrame};

use super::Model;
use super::loader::Loader;
use crate::display::{Bundle, Show};
use crate::figures::{Figure, ImageGrid, coloured_channels, figure_or_reason};
use crate::images::{CellImages, MemoryImages};
use crate::methods::Method;
use crate::methods::pixels::{image_tensor, tensor_images};
use crate::screen::{Label, Screen};
use crate::{Error, Result};

/// Images that are translated at once.
const BLOCK: usize = 64;

/// Images in rows of a name each.
#[derive(Clone, Debug)]
pub struct StyleTransfer {
    /// What is shown.
    pub title: String,
    /// The names of the channels.
    pub channels: Vec<String>,
    /// Name and images (`columns x channels x side x side`) of each row, intensities in 0..1 where nothing was overdone.
    pub rows: Vec<(String, Array4<f32>)>,
    /// The names of the columns.
    pub columns: Vec<String>,
}

impl StyleTransfer {
    /// The images in a grid, channels in colours over each other: figure 2 of the paper.
    ///
    /// # Errors
    /// When images differ in shape.
    pub fn figure(&self) -> Result<Figure> {
        let grid = ImageGrid::new(&self.title, &coloured_channels(&self.channels)).columns(&self.columns);
        self.rows.iter().fold(grid, |grid, (name, images)| grid.row(name, images.outer_iter())).figure()
    }
}

impl Show for StyleTransfer {
    fn bundle(&self) -> Bundle {
        figure_or_reason(self.figure())
    }
}

impl Model {
    /// One cell, as it is and as if each of these had been perturbed instead: one row, the cell itself first.
    ///
    /// # Errors
    /// When there is no such cell, the screen lacks what the model was trained on, or a perturbation is not known.
    pub fn same_cell<S: AsRef<str>>(&self, screen: &Screen, row: usize, perturbations: &[S]) -> Result<StyleTransfer> {
        let names: Vec<&str> = perturbations.iter().map(AsRef::as_ref).collect();
        let translated = self.translated(screen, &vec![row; names.len()], &names)?;
        let itself = self.as_read(screen, &[row])?;
        let images = concatenate(Axis(0), &[itself.view(), translated.view()])
            .map_err(|e| Error::new("images of different shapes").caused_by(e))?;
        let columns = std::iter::once("the cell itself").chain(names).map(str::to_owned).collect();
        let title = format!("Cell {row} under other perturbations (as Figure 2)");
        Ok(self.transfer(screen, title, vec![(format!("cell {row}"), images)], columns))
    }

    /// Many cells as they are, and as if one perturbation were theirs: two rows, a column for each cell.
    ///
    /// # Errors
    /// As [`Model::same_cell`].
    pub fn same_perturbation(&self, screen: &Screen, rows: &[usize], perturbation: &str) -> Result<StyleTransfer> {
        let translated = self.translated(screen, rows, &vec![perturbation; rows.len()])?;
        let images = vec![
            ("real".to_owned(), self.as_read(screen, rows)?),
            (format!("translated to {perturbation}"), translated),
        ];
        let columns = rows.iter().map(|row| format!("cell {row}")).collect();
        let title = format!("Cells translated to {perturbation} (as Figure 2)");
        Ok(self.transfer(screen, title, images, columns))
    }

    /// Each cell as if its perturbation of the list were its own, `rows x channels x side x side`, in intensities of its
    /// batch.
    ///
    /// ```text
    /// row i of the result = G(cell rows[i], F(M[perturbations[i]]))
    /// ```
    ///
    /// # Errors
    /// As [`Model::same_cell`]; and when there is not one perturbation for each row.
    pub fn translated<S: AsRef<str>>(
        &self,
        screen: &Screen,
        rows: &[usize],
        perturbations: &[S],
    ) -> Result<Array4<f32>> {
        if rows.len() != perturbations.len() {
            return Err(Error::new(format!("{} cells and {} perturbations", rows.len(), perturbations.len()))
                .fix("name a perturbation for each cell"));
        }
        let classes =
            perturbations.iter().map(|name| self.classes.number(name.as_ref())).collect::<Result<Vec<_>>>()?;
        let settings = &self.plan().settings;
        settings.pixels().check(screen)?;
        let statistics = self.statistics_for(screen)?;
        let loader = Loader::new(screen, settings, Some(&statistics))?;
        let translator = self.translator(settings.weights);
        let (channels, side) = (settings.sizes.channels, settings.side);
        let mut all = Array4::zeros((rows.len(), channels, side, side));
        for (block, (rows, classes)) in rows.chunks(BLOCK).zip(classes.chunks(BLOCK)).enumerate() {
            let images = image_tensor(loader.read(rows)?, &self.device);
            let styles = translator.style(self.numbers(classes));
            let mut images = tensor_images(translator.generator.forward(images, styles))?;
            for (image, &row) in images.axis_chunks_iter_mut(Axis(0), 1).zip(rows) {
                loader.restore(image, row)?;
            }
            let start = block * BLOCK;
            all.slice_mut(s![start..start + rows.len(), .., .., ..]).assign(&images);
        }
        Ok(all)
    }

    /// The same as a screen, to be measured like real cells: beside the images the table has `source` (the row that was
    /// translated) and, under the names of labels, what the cell was translated to and its batch.
    ///
    /// # Errors
    /// As [`Model::translated`].
    pub fn translated_screen<S: AsRef<str>>(
        &self,
        screen: &Screen,
        rows: &[usize],
        perturbations: &[S],
    ) -> Result<Screen> {
        let images = self.translated(screen, rows, perturbations)?;
        let names: Vec<&str> = perturbations.iter().map(AsRef::as_ref).collect();
        let sources: Vec<u64> = rows.iter().map(|&row| row as u64).collect();
        let mut columns = vec![
            Column::new("source".into(), sources),
            Column::new(self.plan().settings.unit.label().to_string().into(), names),
        ];
        if let Ok(batches) = screen.labels(Label::Batch) {
            let batches: Vec<&str> = rows.iter().map(|&row| batches.of(row)).collect();
            columns.push(Column::new("batch".into(), batches));
        }
        let table = DataFrame::new(rows.len(), columns)
            .map_err(|e| Error::new(format!("cannot make the table of translated cells: {e}")).caused_by(e))?;
        let images = MemoryImages::new(images, screen.payload().channels().iter().cloned())?;
        Screen::new(table, Arc::new(images) as Arc<dyn CellImages>)
    }

    /// Cells as the screen has them, of the size that the networks see.
    fn as_read(&self, screen: &Screen, rows: &[usize]) -> Result<Array4<f32>> {
        self.plan().settings.pixels().read(screen, rows)
    }

    fn transfer(
        &self,
        screen: &Screen,
        title: String,
        rows: Vec<(String, Array4<f32>)>,
        columns: Vec<String>,
    ) -> StyleTransfer {
        StyleTransfer { title, channels: screen.payload().channels().to_vec(), rows, columns }
    }
}
