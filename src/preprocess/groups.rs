//! Which cells can be compared across batches: groups of a perturbation in a batch that are large enough, of
//! perturbations that have enough of them.
//!
//! Set-DINO draws two sets of `n` cells of one perturbation from two different wells. It keeps the pairs of well and
//! perturbation with at least 20 cells, and the perturbations with at least two such wells.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use crate::{Error, Result};

/// The least number of cells of a group in Set-DINO.
pub const SET_CELLS: usize = 20;
/// The least number of batches of a perturbation in Set-DINO.
pub const SET_BATCHES: usize = 2;

/// The numbers of the cells whose group (`units[i]`, `batches[i]`) has at least `min_cells` cells and whose unit, a guide
/// or a gene, has at least `min_batches` such groups; ascending.
///
/// ```
/// use perturbook::preprocess::cells_in_groups;
///
/// let units = ["A", "A", "A", "A", "A", "B", "B"];
/// let wells = ["w1", "w1", "w2", "w2", "w3", "w1", "w1"];
/// assert_eq!(cells_in_groups(&units, &wells, 2, 2)?, [0, 1, 2, 3]); // w3 is too small, B is in one well
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one unit and one batch for each cell, or no cell is left.
pub fn cells_in_groups<U: Eq + Hash, B: Eq + Hash>(
    units: &[U],
    batches: &[B],
    min_cells: usize,
    min_batches: usize,
) -> Result<Vec<usize>> {
    if units.len() != batches.len() {
        return Err(Error::new(format!("{} units and {} batches", units.len(), batches.len()))
            .at("groups of cells")
            .fix("give the unit and the batch of every cell, in the order of the cells"));
    }
    let mut cells: HashMap<(&U, &B), usize> = HashMap::new();
    units.iter().zip(batches).for_each(|group| *cells.entry(group).or_default() += 1);
    let large: HashSet<(&U, &B)> = cells.into_iter().filter(|&(_, n)| n >= min_cells).map(|(group, _)| group).collect();
    let mut wells: HashMap<&U, usize> = HashMap::new();
    large.iter().for_each(|(unit, _)| *wells.entry(unit).or_default() += 1);
    let stays = |&cell: &usize| {
        large.contains(&(&units[cell], &batches[cell]))
            && wells.get(&units[cell]).is_some_and(|&batches| batches >= min_batches)
    };
    let kept: Vec<usize> = (0..units.len()).filter(stays).collect();
    if kept.is_empty() {
        return Err(Error::new(format!(
            "no unit has {min_cells} cells in each of {min_batches} batches ({} cells looked at)",
            units.len()
        ))
        .at("groups of cells")
        .fix("ask for fewer cells or batches"));
    }
    Ok(kept)
}
