//! The map of genes as a matrix of cosines, similar genes beside each other, and one complex of it close up: Set-DINO's
//! Figure 2c.

use super::figure_or_reason;
use crate::Result;
use crate::display::{Bundle, Show};
use crate::evaluate::SimilarityMap;
use crate::figures::order::leaves;
use crate::figures::{Axis, Figure, Heatmap};

fn cosine() -> Axis {
    Axis::new("cosine").limits(-1.0, 1.0)
}

/// The cosines of all genes, in the order of average-linkage clustering of their unit vectors, whose Euclidean
/// distances follow the cosines.
///
/// # Errors
/// When there are more than 10,000 genes, or none.
pub fn similarity_heatmap(map: &SimilarityMap) -> Result<Figure> {
    let order = leaves(map.units.view())?;
    Ok(whole(map, &order)?.caption(&format!("{}.", said(map))))
}

/// The same beside the genes of one set, such as a complex, close up and by name.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::similarity_map;
/// use perturbook::figures::similarity_zoom;
/// use perturbook::screen::Profiles;
///
/// let keys = ["RPL3", "TP53", "RPL4"].map(String::from).to_vec();
/// let map = similarity_map(&Profiles::new(keys, array![[1.0, 0.1], [0.0, 1.0], [1.0, 0.0]])?);
/// let figure = similarity_zoom(&map, "60S ribosome", &["RPL3", "RPL4", "RPL5"])?;
/// assert!(figure.summary().contains("60S ribosome: 2 genes, mean cosine 0.995"));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As [`similarity_heatmap`], or when fewer than two of the genes are in the map.
pub fn similarity_zoom<S: AsRef<str>>(map: &SimilarityMap, name: &str, genes: &[S]) -> Result<Figure> {
    let members = map.rows_of(genes)?;
    let order = leaves(map.units.view())?;
    let inside: Vec<usize> = order.iter().copied().filter(|row| members.contains(row)).collect();
    let close = map.cosines(&inside);
    let names: Vec<&String> = inside.iter().map(|&row| &map.keys[row]).collect();
    let n = inside.len();
    let mean = (close.sum() - close.diag().sum()) / (n * (n - 1)) as f64;
    let part = Heatmap::diverging(name, close.view(), cosine()).axes("gene", "gene").names(&names, &names).figure()?;
    let caption = format!("{}. Right, {name}: {n} genes, mean cosine {mean:.3}.", said(map));
    Ok((whole(map, &order)? | part).caption(&caption))
}

fn whole(map: &SimilarityMap, order: &[usize]) -> Result<Figure> {
    let all = map.cosines(order);
    let names: Vec<&String> = order.iter().map(|&row| &map.keys[row]).collect();
    Heatmap::diverging("Similarity of perturbations", all.view(), cosine())
        .axes("gene", "gene")
        .names(&names, &names)
        .figure()
}

fn said(map: &SimilarityMap) -> String {
    let genes = map.keys.len();
    format!("{genes} genes, ordered by average linkage. The kind of Figure 2c of the Set-DINO paper")
}

impl Show for SimilarityMap {
    fn bundle(&self) -> Bundle {
        figure_or_reason(similarity_heatmap(self))
    }
}
