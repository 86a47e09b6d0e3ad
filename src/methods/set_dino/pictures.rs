//! What Set-DINO sees: the views of some cells, and where its class token looks.
//!
//! ```text
//! attention of a head   softmax of the class token's query with the keys of all tokens, last block; patches only
//! shown                 image x attention / (largest attention in the cell), a patch as a square
//! ```

use ndarray::{Array4, Axis};

use super::{Model, Settings, Viewer};
use crate::display::{Bundle, Show};
use crate::figures::{Figure, ImageGrid, coloured_channels, figure_or_reason};
use crate::methods::Method;
use crate::methods::pixels::image_tensor;
use crate::preprocess::images::augment::set_views;
use crate::screen::Screen;
use crate::{Error, Result};

/// Cells as they are and their augmented views by these settings, before normalisation: a row for the cells, one for the
/// global views and one for each local view. Local views are drawn at twice their size.
///
/// # Errors
/// When the images do not fit the settings, or their pixels are not in 0..1.
pub fn views_figure(screen: &Screen, settings: &Settings, rows: &[usize], seed: u64) -> Result<Figure> {
    let pixels = settings.pixels();
    pixels.check(screen)?;
    let cells = pixels.read(screen, rows)?;
    let mut sampler = settings.sampler(seed, 0)?;
    let views = set_views(cells.view(), &mut sampler, settings.locals)?;
    let locals: Vec<Array4<f32>> = views.locals.iter().map(|view| enlarged(view, settings.side)).collect();
    let grid = ImageGrid::new("Views of cells", &coloured_channels(screen.payload().channels()))
        .row("cell", cells.outer_iter())
        .row("global view", views.global.outer_iter());
    let numbered = locals.iter().enumerate();
    let grid = numbered.fold(grid, |grid, (i, view)| grid.row(&format!("local view {}", i + 1), view.outer_iter()));
    Ok(grid.figure()?.caption(
        "Turns and flips, zoom or window, and for each channel an exponent and an offset of its own. The kind of Figure 1 of \
         the Set-DINO paper.",
    ))
}

/// The images, each pixel a square, `side` pixels wide.
fn enlarged(images: &Array4<f32>, side: usize) -> Array4<f32> {
    let (n, channels, height, width) = images.dim();
    let from = |at: usize, of: usize| (at * of / side).min(of.saturating_sub(1));
    Array4::from_shape_fn((n, channels, side, side), |(i, c, y, x)| images[[i, c, from(y, height), from(x, width)]])
}

/// Where the class token looks in the last block.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    /// The cells, `n x channels x side x side`, as they are stored.
    pub images: Array4<f32>,
    /// How much each head looks at each patch, `n x heads x rows x columns`; what the class token gives to itself is left
    /// out, so that a map sums to less than 1.
    pub maps: Array4<f32>,
    /// Names of the channels.
    pub channels: Vec<String>,
}

impl Model {
    /// Where the teacher's class token looks in these cells.
    ///
    /// ```no_run
    /// use perturbook::methods::{Method, set_dino};
    /// # fn f(screen: &perturbook::screen::Screen, model: &set_dino::Model) -> perturbook::Result<()> {
    /// let attention = model.attention(screen, &[0, 1, 2])?;
    /// attention.figure()?.save("attention.svg")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When images cannot be read or do not fit the network.
    pub fn attention(&self, screen: &Screen, rows: &[usize]) -> Result<Attention> {
        let settings = &self.plan().settings;
        settings.pixels().check(screen)?;
        let statistics = self.statistics_for(screen)?;
        let normalised = Viewer::new(screen, settings, statistics.as_ref())?.plain(rows)?;
        let weights = self.teacher().backbone.attention(image_tensor(normalised, self.device()))?;
        let [n, heads, tokens, _] = weights.dims();
        let grid = settings.side / settings.vit.patch;
        let patches = weights.narrow(2, 0, 1).narrow(3, 1, tokens - 1);
        let values = patches.into_data().convert::<f32>().into_vec::<f32>().unwrap_or_default();
        let maps = Array4::from_shape_vec((n, heads, grid, grid), values)
            .map_err(|e| Error::new("attention of another shape").caused_by(e))?;
        let channels = screen.payload().channels().to_vec();
        Ok(Attention { images: settings.pixels().read(screen, rows)?, maps, channels })
    }
}

impl Attention {
    /// A row for the cells, and one for each head in which a cell is lit where the head looks.
    ///
    /// # Errors
    /// When there is no cell.
    pub fn figure(&self) -> Result<Figure> {
        let heads = self.maps.len_of(Axis(1));
        let lit: Vec<Array4<f32>> = (0..heads).map(|head| self.lit(head)).collect();
        let grid = ImageGrid::new("Where the class token looks", &coloured_channels(&self.channels))
            .row("cell", self.images.outer_iter());
        let numbered = lit.iter().enumerate();
        let grid =
            numbered.fold(grid, |grid, (head, images)| grid.row(&format!("head {}", head + 1), images.outer_iter()));
        Ok(grid.figure()?.caption(
            "Attention of the class token to patches in the last block; the patch that a head looks at most has its full \
             light.",
        ))
    }

    fn lit(&self, head: usize) -> Array4<f32> {
        let mut images = self.images.clone();
        for (mut image, map) in images.outer_iter_mut().zip(self.maps.outer_iter()) {
            let map = map.index_axis(Axis(0), head);
            let largest = map.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
            let (rows, columns) = map.dim();
            let (_, height, width) = image.dim();
            for ((_, y, x), pixel) in image.indexed_iter_mut() {
                *pixel *= map[[y * rows / height, x * columns / width]] / largest;
            }
        }
        images
    }
}

impl Show for Attention {
    fn bundle(&self) -> Bundle {
        figure_or_reason(self.figure())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::s;

    use super::*;

    #[test]
    fn cells_are_lit_where_a_head_looks() {
        let images = Array4::ones((1, 2, 4, 4));
        let mut maps = Array4::zeros((1, 2, 2, 2));
        maps.slice_mut(s![0, 1, .., ..]).assign(&ndarray::array![[0.1, 0.2], [0.0, 0.4]]);
        let attention = Attention { images, maps, channels: vec!["DNA".to_owned(), "actin".to_owned()] };
        let lit = attention.lit(1);
        assert_eq!(lit.slice(s![0, 1, ..;3, ..;3]), ndarray::array![[0.25, 0.5], [0.0, 1.0]]);
        assert!(attention.figure().unwrap().summary().contains("head 2"));
    }
}
