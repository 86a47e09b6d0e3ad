//! The augmentations of Set-DINO: random views of a set of cells, for self-distillation.
//!
//! Every augmentation is a pure function of an image (`c x h x w`, intensities in `[0, 1]`) and the values drawn for
//! it; a [`ViewSampler`] draws them. In this order:
//!
//! ```text
//! both kinds   flip up-down, flip left-right, quarter turn, each with probability 1/2
//! global view  zoom on u ~ U(0.9, 1) of the image, back to full size; then clip(x^a + b, 0, 1) per channel
//! local view   clip(x^a + b, 0, 1) per channel; then a crop of 0.4 to 0.6 of each side, to half size
//! ```
//!
//! with `a ~ U(0.5, 1.5)` (an exponent) and `b ~ U(-0.3, 0.3)`. The published runs differ in two places, which
//! [`Release`] switches: `b` reached up to 0.5 and the zoom always took the lower right corner.
//!
//! ```
//! use ndarray::Array4;
//! use perturbook::preprocess::images::augment::{Release, ViewSampler, set_views};
//!
//! let cells = Array4::from_elem((8, 4, 96, 96), 0.25f32);
//! let views = set_views(cells.view(), &mut ViewSampler::new(1, 0, Release::Corrected2025), 4)?;
//! assert_eq!(views.global.dim(), (8, 4, 96, 96));
//! assert_eq!((views.locals.len(), views.locals[0].dim()), (4, (8, 4, 48, 48)));
//! # Ok::<(), perturbook::Error>(())
//! ```

mod draws;
mod gamma;
mod local_crop;
mod orientation;
mod views;
mod zoom;

pub use draws::{GlobalDraw, LocalDraw, Release, ViewSampler};
pub use gamma::gamma_offset;
pub use local_crop::{LocalCrop, local_crop};
pub use orientation::{Orientation, flip_left_right, flip_up_down, rotate90};
pub use views::{SetViews, global_view, local_view, set_views};
pub use zoom::{Zoom, zoom, zoom_side};
