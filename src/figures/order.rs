//! An order in which similar rows stand together: the leaves of a dendrogram.

use kodama::{Method, linkage};
use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::{Error, Result};

/// Most rows that are ordered: their distances are held in memory, 0.4 GB for so many.
const MOST: usize = 10_000;

/// Rows in the order of the leaves of average-linkage clustering on Euclidean distances; missing values are left out of a
/// distance, which is scaled up for them.
pub(super) fn leaves(rows: ArrayView2<'_, f64>) -> Result<Vec<usize>> {
    let n = rows.nrows();
    if n > MOST {
        return Err(Error::new(format!("{n} rows are too many to order by similarity"))
            .fix(format!("order them by something known, or average them to at most {MOST} rows first")));
    }
    if n < 3 {
        return Ok((0..n).collect());
    }
    let distance = |a: usize, b: usize| {
        let (mut sum, mut known) = (0.0, 0usize);
        for (x, y) in rows.row(a).iter().zip(rows.row(b)).filter(|(x, y)| x.is_finite() && y.is_finite()) {
            sum += (x - y).powi(2);
            known += 1;
        }
        // two rows that share no value are as far apart as possible
        if known == 0 { f32::MAX.sqrt() } else { (sum * rows.ncols() as f64 / known as f64).sqrt() as f32 }
    };
    let mut condensed: Vec<f32> = (0..n)
        .into_par_iter()
        .flat_map_iter(|a| (a + 1..n).map(move |b| (a, b)))
        .map(|(a, b)| distance(a, b))
        .collect();
    let dendrogram = linkage(&mut condensed, n, Method::Average);
    // clusters of one row, then one for each step
    let mut clusters: Vec<Vec<usize>> = (0..n).map(|row| vec![row]).collect();
    for step in dendrogram.steps() {
        let (mut first, mut second) =
            (std::mem::take(&mut clusters[step.cluster1]), std::mem::take(&mut clusters[step.cluster2]));
        // the larger one first
        if second.len() > first.len() {
            std::mem::swap(&mut first, &mut second);
        }
        first.append(&mut second);
        clusters.push(first);
    }
    Ok(clusters.pop().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::leaves;

    #[test]
    fn alike_rows_stand_together() {
        let rows = array![[0.0, 0.1], [5.0, 5.0], [0.1, 0.0], [5.1, 5.0], [0.0, f64::NAN]];
        let order = leaves(rows.view()).unwrap();
        assert_eq!(order.len(), 5);
        let at = |row| order.iter().position(|&r| r == row).unwrap();
        let low: Vec<usize> = [0, 2, 4].map(at).into();
        assert!(low.iter().max().unwrap() - low.iter().min().unwrap() == 2, "{order:?}");
        assert_eq!(leaves(array![[1.0]].view()).unwrap(), [0]);
    }
}
