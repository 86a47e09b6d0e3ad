//! Whole views, and all views of a set of cells.

use ndarray::parallel::prelude::*;
use ndarray::{Array3, Array4, ArrayView3, ArrayView4, Axis};

use super::{GlobalDraw, LocalDraw, ViewSampler, gamma_offset, local_crop, zoom};
use crate::Result;

/// A global view of the image (`c x h x w`): orientation, zoom, gamma and offset; the size stays.
///
/// # Errors
/// When the values do not fit the image.
pub fn global_view(image: ArrayView3<'_, f32>, draw: &GlobalDraw) -> Result<Array3<f32>> {
    let mut view = zoom(draw.orientation.view(image), &draw.zoom)?;
    gamma_offset(view.view_mut(), &draw.gamma, &draw.offset)?;
    Ok(view)
}

/// A local view of the image (`c x h x w`): orientation, gamma and offset, then the window at half the image's size.
///
/// # Errors
/// When the values do not fit the image.
pub fn local_view(image: ArrayView3<'_, f32>, draw: &LocalDraw) -> Result<Array3<f32>> {
    let turned = draw.orientation.view(image);
    let (_, height, width) = turned.dim();
    // The window takes pixels as they are, so that those it leaves out need no gamma.
    let mut view = local_crop(turned, &draw.window, (height / 2, width / 2))?;
    gamma_offset(view.view_mut(), &draw.gamma, &draw.offset)?;
    Ok(view)
}

/// The views of one set of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct SetViews {
    /// `n x c x h x w`: one global view of each cell.
    pub global: Array4<f32>,
    /// Each `n x c x h/2 x w/2`: local views of the same cells, in the same order.
    pub locals: Vec<Array4<f32>>,
}

/// One global and `locals` local views of every cell of a set (`n x c x s x s`); Set-DINO takes 4, of each of two sets.
///
/// Every cell has its own draws. They are made one after the other and applied by all threads, so that the views depend
/// on the seed alone. Normalise the views afterwards ([`zscore`](crate::preprocess::images::zscore) or
/// [`control_zscore`](crate::preprocess::images::control_zscore)).
///
/// # Errors
/// When the images are not square, or too small for local crops. A set without cells gives views without cells.
pub fn set_views(cells: ArrayView4<'_, f32>, sampler: &mut ViewSampler, locals: usize) -> Result<SetViews> {
    let (n, channels, height, width) = cells.dim();
    if height != width {
        return Err(crate::Error::new(format!("a set of images of {height} x {width} pixels has no common shape"))
            .fix("quarter turns need square images: crop or pad them first"));
    }
    let global: Vec<GlobalDraw> = (0..n).map(|_| sampler.global(channels, height, width)).collect::<Result<_>>()?;
    let local: Vec<Vec<LocalDraw>> =
        (0..locals).map(|_| (0..n).map(|_| sampler.local(channels, height, width)).collect()).collect::<Result<_>>()?;
    Ok(SetViews {
        global: of_all(cells, &global, (height, width), global_view)?,
        locals: local
            .iter()
            .map(|draws| of_all(cells, draws, (height / 2, width / 2), local_view))
            .collect::<Result<_>>()?,
    })
}

fn of_all<D: Sync>(
    cells: ArrayView4<'_, f32>,
    draws: &[D],
    size: (usize, usize),
    view: impl Fn(ArrayView3<'_, f32>, &D) -> Result<Array3<f32>> + Sync,
) -> Result<Array4<f32>> {
    let mut views = Array4::zeros((cells.dim().0, cells.dim().1, size.0, size.1));
    let pairs = views.axis_iter_mut(Axis(0)).into_par_iter().zip(cells.axis_iter(Axis(0))).zip(draws.par_iter());
    pairs.try_for_each(|((mut to, cell), draw)| view(cell, draw).map(|made| to.assign(&made)))?;
    Ok(views)
}
