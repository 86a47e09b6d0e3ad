//! Walks through one space while the other stands still: what its directions mean.
//!
//! ```text
//! code(t) = code of a cell + t sd direction,    t = -3 ... 3
//! ```
//!
//! Directions are axes of the space or its principal axes over the cells of an embedding; sd is the standard deviation of
//! the cells along the direction.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};

use super::reconstruction::stacked;
use super::{CellPictures, McVae};
use crate::reduce::pca::{Components, Pca};
use crate::screen::{Embedding, Screen};
use crate::{Error, Result};

/// One of the two spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Space {
    /// What perturbations add.
    Salient,
    /// What all cells share; the one space of a VAE.
    Background,
}

/// Which directions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Along {
    /// These dimensions of the space, from 0.
    Axes(Vec<usize>),
    /// So many principal axes, largest variance first.
    Principal(usize),
}

/// A walk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traversal {
    /// The space that is walked through.
    pub space: Space,
    /// The directions, a row of images each.
    pub along: Along,
    /// Standard deviations to each side.
    pub reach: f64,
    /// Images to each side of the middle one.
    pub steps: usize,
}

impl Default for Traversal {
    /// Four principal axes of the salient space, three images to each side, up to three standard deviations.
    fn default() -> Self {
        Self { space: Space::Salient, along: Along::Principal(4), reach: 3.0, steps: 3 }
    }
}

impl McVae {
    /// The columns of an embedding that belong to a space.
    pub(super) fn columns(&self, space: Space) -> Result<std::ops::Range<usize>> {
        let settings = &self.plan.settings;
        match (settings.variant.is_contrastive(), space) {
            (true, Space::Salient) => Ok(0..settings.latent),
            (true, Space::Background) => Ok(settings.latent..settings.dims()),
            (false, Space::Background) => Ok(0..settings.dims()),
            (false, Space::Salient) => Err(Error::new("a VAE has no salient space")
                .at("mcvae")
                .fix("walk through its one space, Space::Background, or train a contrastive variant")),
        }
    }

    /// Refuses an embedding that is not this model's of this screen, by its shape.
    pub(super) fn check_embedding(&self, screen: &Screen, embedding: &Embedding) -> Result<()> {
        let want = (screen.len(), self.plan.settings.dims());
        if (embedding.len(), embedding.dims()) == want {
            return Ok(());
        }
        Err(Error::new(format!(
            "an embedding of {} x {}, but the model makes {} x {} of this screen",
            embedding.len(),
            embedding.dims(),
            want.0,
            want.1
        ))
        .at("mcvae")
        .fix("give what McVae::embed made of this screen"))
    }

    /// A walk through one space from the code of the cell in this row; the other space and the batch stay. `embedding` is
    /// this model's of the same screen.
    ///
    /// # Errors
    /// When the embedding is not of this model and screen, there is no such row or dimension, fewer than two cells give no
    /// spread, or the decoder does not know the cell's batch.
    pub fn traverse(
        &self,
        screen: &Screen,
        embedding: &Embedding,
        row: usize,
        walk: &Traversal,
    ) -> Result<CellPictures> {
        self.check_embedding(screen, embedding)?;
        let batch = self.facts.batch_rows(&screen.select(&[row])?)?[0];
        let range = self.columns(walk.space)?;
        if !(walk.reach.is_finite() && walk.reach > 0.0) || walk.steps == 0 {
            return Err(Error::new(format!("{} steps to {} standard deviations are no walk", walk.steps, walk.reach))
                .at("traversal")
                .fix("give at least one step, and a positive reach"));
        }
        let directions = directions(embedding.values().slice(s![.., range.clone()]), &walk.along)?;
        let start = self.codes_for_decoder(screen, &[row])?;
        let steps: Vec<f64> = (0..=2 * walk.steps)
            .map(|step| walk.reach * (step as f64 - walk.steps as f64) / walk.steps as f64)
            .collect();
        let path = |direction: &Array1<f64>| -> Array2<f32> {
            let mut codes = Array2::from_shape_fn((steps.len(), start.ncols()), |(_, d)| start[[0, d]]);
            for (mut code, step) in codes.rows_mut().into_iter().zip(&steps) {
                let mut part = code.slice_mut(s![range.clone()]);
                part.zip_mut_with(direction, |v, &d| *v = (f64::from(*v) + step * d) as f32);
            }
            codes
        };
        let codes = stacked(&directions.iter().map(|(_, direction)| path(direction)).collect::<Vec<_>>())?;
        let images = self.decoded(codes.view(), &vec![batch; codes.nrows()])?;
        let rows = images.axis_chunks_iter(Axis(0), steps.len()).zip(&directions);
        let space = if walk.space == Space::Salient { "salient" } else { "background" };
        Ok(CellPictures {
            title: format!("{}: a walk through the {space} space", self.plan.settings.variant.name()),
            channels: self.facts.channels.clone(),
            columns: steps.iter().map(|step| format!("{step:+.1} sd")).collect(),
            rows: rows.map(|(images, (name, _))| (name.clone(), images.to_owned())).collect(),
            intensity: self.plan.settings.intensity,
        })
    }
}

/// Directions by name, each as long as the standard deviation of the cells along it.
fn directions(codes: ArrayView2<'_, f32>, along: &Along) -> Result<Vec<(String, Array1<f64>)>> {
    let (n, d) = codes.dim();
    if n < 2 {
        return Err(Error::new("one cell has no spread")
            .at("traversal")
            .fix("give the embedding of at least two cells"));
    }
    match along {
        Along::Principal(count) => {
            let pca = Pca::fit(codes, Components::Count(*count))?;
            let sd = pca.explained_variance().mapv(f64::sqrt);
            let components = pca.components();
            let axes = components.rows().into_iter().zip(&sd).enumerate();
            Ok(axes.map(|(k, (axis, sd))| (format!("principal axis {}", k + 1), &axis * *sd)).collect())
        }
        Along::Axes(axes) => axes
            .iter()
            .map(|&axis| {
                if axis >= d {
                    return Err(Error::new(format!("there is no dimension {axis}"))
                        .at("traversal")
                        .fix(format!("the space has the dimensions 0 to {}", d - 1)));
                }
                let sd = codes.column(axis).mapv(f64::from).std(1.0);
                let direction = Array1::from_shape_fn(d, |at| if at == axis { sd } else { 0.0 });
                Ok((format!("dimension {axis}"), direction))
            })
            .collect(),
    }
}
