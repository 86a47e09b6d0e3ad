//! The hard choice after training: the highest-scoring share of the cells of each well goes.
//!
//! ```text
//! removed per well = ceil(p n),   ties by the lower cell number
//! ```
//!
//! `p n` is rounded at 1e-9 first, so that 0.1 of 30 cells are 3.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::{Error, Result};

/// Which cells go: `score[i]`, `well[i]` and `cell[i]` belong to cell i, `share` is p.
///
/// ```
/// use perturbook::methods::proximity::remove_highest;
///
/// let removed = remove_highest(&[0.1, 0.9, 0.9, 0.2], &["A1"; 4], &[3, 2, 1, 0], 0.25)?;
/// assert_eq!(removed, [false, false, true, false]); // of the two best the one with the lower number
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the lists differ in length, a score is NaN, or the share is not within 0 and 1.
pub fn remove_highest<W: Ord>(score: &[f64], well: &[W], cell: &[u64], share: f64) -> Result<Vec<bool>> {
    if score.len() != well.len() || score.len() != cell.len() {
        return Err(Error::new(format!(
            "{} scores, {} wells and {} cell numbers do not belong together",
            score.len(),
            well.len(),
            cell.len()
        ))
        .fix("give one of each for every cell"));
    }
    if let Some(row) = score.iter().position(|score| score.is_nan()) {
        return Err(Error::new("a score is NaN").at(format!("row {row}")).fix("leave cells without a score out"));
    }
    if !(0.0..=1.0).contains(&share) {
        return Err(Error::new(format!("a share of {share} cannot be removed")).fix("choose a share within 0 and 1"));
    }
    let mut wells: BTreeMap<&W, Vec<usize>> = BTreeMap::new();
    well.iter().enumerate().for_each(|(row, well)| wells.entry(well).or_default().push(row));
    let mut removed = vec![false; score.len()];
    for rows in wells.values_mut() {
        let count = (share * rows.len() as f64 - 1e-9).ceil().max(0.0) as usize;
        let order = |&a: &usize, &b: &usize| match score[b].total_cmp(&score[a]) {
            Ordering::Equal => cell[a].cmp(&cell[b]),
            other => other,
        };
        rows.sort_by(order);
        rows.iter().take(count).for_each(|&row| removed[row] = true);
    }
    Ok(removed)
}
