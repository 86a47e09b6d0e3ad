//! What the cells of some perturbations look like, a row for each.

use crate::figures::{Channel, Figure, ImageGrid, Rgb};
use crate::screen::{Label, Screen};
use crate::{Error, Result};

/// Colours of the channels that are laid over each other: apart in hue and in lightness, they go round after five.
const COLOURS: [Rgb; 5] =
    [Rgb(255, 90, 200), Rgb(255, 150, 0), Rgb(64, 128, 255), Rgb(0, 210, 120), Rgb(200, 200, 200)];

/// Channels of these names, each in a colour.
pub(crate) fn coloured_channels(names: &[String]) -> Vec<Channel> {
    names.iter().zip(COLOURS.iter().cycle()).map(|(name, &colour)| Channel::new(name, colour)).collect()
}

/// The first `per_row` cells of each of these perturbations, their channels in colours over each other.
///
/// The colours go round after five channels. Rows are named by perturbation, and cells come in the order of the screen.
///
/// ```
/// use perturbook::prelude::*;
///
/// let screen = simulate::ops_screen(&simulate::OpsConfig::quick())?.screen()?;
/// let figure = cell_grid("Simulated cells", &screen, &[simulate::CONTROL], 4)?;
/// assert!(figure.svg().contains(simulate::CONTROL));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the screen holds no images or names no genes, a perturbation has no cell, or an image cannot be read.
pub fn cell_grid<S: AsRef<str>>(title: &str, screen: &Screen, perturbations: &[S], per_row: usize) -> Result<Figure> {
    let genes = screen.labels(Label::Gene)?;
    let mut rows = Vec::with_capacity(perturbations.len());
    for name in perturbations.iter().map(AsRef::as_ref) {
        let code = genes.names().iter().position(|known| known == name);
        let cells = genes.codes().iter().enumerate().filter(|&(_, &of)| Some(of as usize) == code);
        let cells: Vec<usize> = cells.map(|(cell, _)| cell).take(per_row).collect();
        if cells.is_empty() {
            return Err(Error::new(format!("no cell of {name:?}")).at("cell_grid").fix("look at labels(Label::Gene)"));
        }
        rows.push((name, screen.read_images(&cells)?));
    }
    let grid = ImageGrid::new(title, &coloured_channels(screen.payload().channels()));
    rows.iter().fold(grid, |grid, (name, images)| grid.row(name, images.outer_iter())).figure()
}
