//! Where a cell lies in its field of view, and where the field lies in its well: centre or edge.
//!
//! As Multi-ContrastiveVAE's evaluation (its Figure 3B) derives them: cells by the larger of their two distances from the
//! mean position, in pixels; fields by their place in the circle of sites that an objective visits column by column, up one
//! column and down the next.

use crate::{Error, Result};

/// Name of rows in the middle.
const CENTRE: &str = "centre";
/// Name of rows at the rim.
const EDGE: &str = "edge";

/// Distances in pixels that tell the middle of a field from its rim.
///
/// ```
/// use perturbook::evaluate::classification::FieldPosition;
///
/// let labels = FieldPosition::default().labels(&[0.0, 3000.0, 1500.0], &[0.0, 3000.0, 1500.0])?;
/// assert_eq!(labels, [Some("edge"), Some("edge"), Some("centre")]);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldPosition {
    /// Nearer than this: centre.
    pub centre: f64,
    /// At least as far as this: edge. Between the two: left out.
    pub edge: f64,
}

impl Default for FieldPosition {
    /// 450 and 1200 pixels, for fields of 2960 x 2960.
    fn default() -> Self {
        Self { centre: 450.0, edge: 1200.0 }
    }
}

impl FieldPosition {
    /// `"centre"`, `"edge"` or nothing for cells at these positions in their fields, in pixels; none for none. Cells that are
    /// all at one place are in the centre.
    ///
    /// # Errors
    /// When the numbers of coordinates differ, or one is not finite.
    pub fn labels(self, x: &[f64], y: &[f64]) -> Result<Vec<Option<&'static str>>> {
        const PLACE: &str = "position in the field of view";
        if x.len() != y.len() {
            return Err(Error::new(format!("{} x and {} y coordinates", x.len(), y.len())).at(PLACE));
        }
        if let Some(row) = x.iter().zip(y).position(|(x, y)| !(x.is_finite() && y.is_finite())) {
            return Err(Error::new("a coordinate is not finite").at(format!("{PLACE}, row {row}")).fix("drop the row"));
        }
        let n = x.len() as f64;
        let (middle_x, middle_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
        let label = |(x, y): (&f64, &f64)| {
            let distance = (x - middle_x).abs().max((y - middle_y).abs());
            match distance {
                near if near < self.centre => Some(CENTRE),
                far if far >= self.edge => Some(EDGE),
                _ => None,
            }
        };
        Ok(x.iter().zip(y).map(label).collect())
    }
}

/// The sites of a well, column by column; each column is centred, and every other one is visited backwards.
///
/// ```
/// use perturbook::evaluate::classification::SiteGrid;
///
/// let grid = SiteGrid::six_well();
/// assert_eq!(grid.len(), 1281);
/// assert_eq!(grid.place(0), Some((17, 0))); // the first of seven sites in the middle of 41 rows
/// assert_eq!(grid.place(7), Some((26, 1))); // the second column is visited backwards
/// assert_eq!(grid.labels(&[0, 640])?, [Some("edge"), Some("centre")]);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteGrid {
    /// Row and column of each site.
    places: Vec<(usize, usize)>,
    labels: Vec<Option<&'static str>>,
}

impl SiteGrid {
    /// The 1,281 sites of a well of a six-well plate at 20x, in 41 columns (Funk et al. 2022, phenotype images).
    pub fn six_well() -> Self {
        let rising = [7, 13, 17, 21, 25, 27, 29, 31, 33, 33, 35, 35, 37, 37, 39, 39, 39, 41, 41, 41];
        let columns: Vec<usize> = rising.into_iter().chain([41]).chain(rising.into_iter().rev()).collect();
        Self::new(&columns)
    }

    /// Sites in columns of these heights; a column of height 0, or no column, has none.
    pub fn new(columns: &[usize]) -> Self {
        let rows = columns.iter().copied().max().unwrap_or(0);
        let mut places = Vec::new();
        for (column, &height) in columns.iter().enumerate() {
            let first = (rows - height) / 2;
            let up = first..first + height;
            if column % 2 == 0 {
                places.extend(up.map(|row| (row, column)));
            } else {
                places.extend(up.rev().map(|row| (row, column)));
            }
        }
        let labels = labels(&places, rows, columns.len());
        Self { places, labels }
    }

    /// Number of sites.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True without a site.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Row and column of a site, counted from 0 in the order in which sites are visited.
    pub fn place(&self, site: usize) -> Option<(usize, usize)> {
        self.places.get(site).copied()
    }

    /// `"edge"`, `"centre"` or nothing for cells of these sites.
    ///
    /// Edge: sites on the border of the array or without one of their eight neighbours. Centre: sites whose steps from the
    /// middle, `|row| + |column|`, are at most as many as make a disk of no fewer sites than the edge has.
    ///
    /// # Errors
    /// When there is no such site.
    pub fn labels(&self, sites: &[usize]) -> Result<Vec<Option<&'static str>>> {
        let label = |(row, &site): (usize, &usize)| {
            self.labels.get(site).copied().ok_or_else(|| {
                Error::new(format!("there is no site {site}"))
                    .at(format!("position in the well, row {row}"))
                    .fix(format!("count the {} sites from 0", self.len()))
            })
        };
        sites.iter().enumerate().map(label).collect()
    }
}

fn labels(places: &[(usize, usize)], rows: usize, columns: usize) -> Vec<Option<&'static str>> {
    let there: std::collections::HashSet<(usize, usize)> = places.iter().copied().collect();
    let on_edge = |&(row, column): &(usize, usize)| {
        let border = row == 0 || column == 0 || row + 1 == rows || column + 1 == columns;
        border || (row - 1..=row + 1).any(|r| (column - 1..=column + 1).any(|c| !there.contains(&(r, c))))
    };
    let steps = |&(row, column): &(usize, usize)| {
        // twice the steps, since the middle of an even number of rows lies between two
        (2 * row).abs_diff(rows.saturating_sub(1)) + (2 * column).abs_diff(columns.saturating_sub(1))
    };
    let edge: Vec<bool> = places.iter().map(on_edge).collect();
    let mut sorted: Vec<usize> = places.iter().map(steps).collect();
    sorted.sort_unstable();
    let count = edge.iter().filter(|&&edge| edge).count();
    let radius = sorted.get(count.saturating_sub(1)).copied().unwrap_or(0);
    let label = |(place, edge): (&(usize, usize), bool)| match edge {
        true => Some(EDGE),
        false if steps(place) <= radius => Some(CENTRE),
        false => None,
    };
    places.iter().zip(edge).map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sites_of_a_round_well_have_a_rim_and_a_middle() {
        let grid = SiteGrid::six_well();
        let all = grid.labels(&(0..grid.len()).collect::<Vec<_>>()).unwrap();
        let count = |name: &str| all.iter().filter(|label| **label == Some(name)).count();
        assert!(count(CENTRE) >= count(EDGE), "{} and {}", count(CENTRE), count(EDGE));
        // a disk of steps has 1 + 2 r (r + 1) sites: none would do with one step less
        let disk = |r: usize| 1 + 2 * r * (r + 1);
        let r = (0..41).find(|&r| disk(r) >= count(EDGE)).unwrap();
        assert_eq!(count(CENTRE), disk(r));
        assert_eq!(grid.place(640), Some((20, 20)));
        assert!(grid.labels(&[1281]).unwrap_err().to_string().contains("1281 sites"));
    }

    #[test]
    fn positions_without_cells_or_numbers() {
        assert!(FieldPosition::default().labels(&[], &[]).unwrap().is_empty());
        assert!(FieldPosition::default().labels(&[f64::NAN], &[0.0]).is_err());
        assert!(FieldPosition::default().labels(&[0.0], &[]).is_err());
        assert!(SiteGrid::new(&[]).is_empty());
    }
}
