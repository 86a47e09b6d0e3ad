//! Batches in the graph of nearest neighbours: connectivity and mixing (Set-DINO, Table 1: GC, kNN of the batch).

use super::by_label::{ByLabel, Series};
use super::figure_or_reason;
use crate::Result;
use crate::display::{Bundle, Show};
use crate::evaluate::{BatchMixing, GraphConnectivity};
use crate::figures::Figure;

/// Connectivity of each group.
fn connectivity(result: &GraphConnectivity) -> Result<Figure> {
    let values = result.groups.iter().map(|group| (group.group.as_str(), group.connectivity)).collect();
    let figure = ByLabel {
        title: "Graph connectivity",
        category: "group",
        value: "nodes in the largest component (share)",
        mark: "",
        references: vec![("mean".to_owned(), result.mean)],
    };
    Ok(figure.figure(&[Series { name: "connectivity", values, marked: Vec::new() }])?.caption(&format!(
        "Undirected graph of the {} nearest neighbours, each group on its own; mean {:.4}. The kind of GC in Table 1 of \
         the Set-DINO paper, where groups are batches and less is better.",
        result.k, result.mean
    )))
}

/// Inverse Simpson index of each batch.
fn mixing(result: &BatchMixing) -> Result<Figure> {
    let values = result.batches.iter().map(String::as_str).zip(result.per_batch.iter().copied()).collect();
    let figure = ByLabel {
        title: "Batches among the nearest neighbours",
        category: "batch",
        value: "inverse Simpson index (batches)",
        mark: "",
        references: vec![("mixed".to_owned(), result.inverse_simpson_when_mixed), ("apart".to_owned(), 1.0)],
    };
    Ok(figure.figure(&[Series { name: "index", values, marked: Vec::new() }])?.caption(&format!(
        "Mean over all rows: inverse Simpson index {:.3} of {} batches (iLISI-like), entropy {:.3} of {:.3} when mixed, \
         {:.1} % of the neighbourhoods accepted (kBET-like); k = {}, equal weights.",
        result.inverse_simpson,
        result.batches.len(),
        result.entropy,
        result.entropy_when_mixed,
        100.0 * result.acceptance,
        result.k
    )))
}

impl Show for GraphConnectivity {
    fn bundle(&self) -> Bundle {
        figure_or_reason(connectivity(self))
    }
}

impl Show for BatchMixing {
    fn bundle(&self) -> Bundle {
        figure_or_reason(mixing(self))
    }
}
