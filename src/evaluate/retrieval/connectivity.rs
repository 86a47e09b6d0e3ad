//! Graph connectivity: do the rows of a group hang together in the graph of nearest neighbours?
//!
//! ```text
//! GC = mean over groups of (nodes of the largest connected component) / (nodes of the group)
//! ```
//!
//! The graph joins every row to its `k` nearest rows among **all** rows, edges are undirected, and of each group only
//! its own nodes and the edges between them are kept. By batch a low value means that batches
//! are mixed (Set-DINO, Table 1); by label a high value means that replicates lie together.
//!
//! A zero vector under the cosine distance sends out no edge, see [`knn_accuracy`](super::knn_accuracy).

use serde::{Deserialize, Serialize};

use super::knn::has_no_direction;
use super::labels::RowLabels;
use crate::Result;
use crate::reduce::{Metric, Neighbours, Points, neighbours};

/// Connectivity of one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupConnectivity {
    /// The group: a batch or a label.
    pub group: String,
    /// Its nodes.
    pub n: usize,
    /// Nodes of its largest connected component.
    pub largest: usize,
    /// `largest / n`, from `1 / n` to 1.
    pub connectivity: f64,
}

/// Connectivity of all groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GraphConnectivity {
    /// Mean over the groups.
    pub mean: f64,
    /// One entry for each group, in the order of the labels.
    pub groups: Vec<GroupConnectivity>,
    /// Neighbours of each row in the graph.
    pub k: usize,
    /// The distance.
    pub metric: Metric,
}

/// Connectivity of the groups in the graph of the `k` nearest neighbours. A group of one row has connectivity 1, and one
/// group of all rows says whether the graph is in one part.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{RowLabels, graph_connectivity};
/// use perturbook::reduce::Metric;
///
/// let points = array![[0.0], [1.0], [10.0], [11.0]];
/// let together = RowLabels::new(&["a", "a", "b", "b"]);
/// assert_eq!(graph_connectivity(&points, &together, 1, Metric::Euclidean)?.mean, 1.0);
/// let apart = RowLabels::new(&["a", "b", "a", "b"]);
/// assert_eq!(graph_connectivity(&points, &apart, 1, Metric::Euclidean)?.mean, 0.5);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not as many labels as rows, not more than `k` rows, a value is not finite, or the work was stopped.
pub fn graph_connectivity(
    points: &dyn Points,
    groups: &RowLabels,
    k: usize,
    metric: Metric,
) -> Result<GraphConnectivity> {
    groups.require_rows(points.shape().0, "graph_connectivity")?;
    graph_connectivity_of(&neighbours(points, k, metric)?, groups)
}

/// The same from neighbours that are known already.
///
/// # Errors
/// When there are not as many labels as rows, no row or no neighbour, or a neighbour that is none of the rows.
pub fn graph_connectivity_of(near: &Neighbours, groups: &RowLabels) -> Result<GraphConnectivity> {
    groups.require_rows(near.len(), "graph_connectivity_of")?;
    near.check()?;
    let codes = groups.codes();
    let mut parent: Vec<u32> = (0..near.len() as u32).collect();
    for row in (0..near.len()).filter(|&row| !has_no_direction(near, row)) {
        for &other in near.rows.row(row) {
            if codes[row] == codes[other as usize] {
                let (a, b) = (root(&mut parent, row as u32), root(&mut parent, other));
                parent[a.max(b) as usize] = a.min(b);
            }
        }
    }
    let mut sizes = vec![0usize; near.len()];
    let (mut nodes, mut largest) = (vec![0usize; groups.names().len()], vec![0usize; groups.names().len()]);
    for (row, &code) in codes.iter().enumerate() {
        let size = &mut sizes[root(&mut parent, row as u32) as usize];
        *size += 1;
        nodes[code as usize] += 1;
        largest[code as usize] = largest[code as usize].max(*size);
    }
    let groups: Vec<GroupConnectivity> = (0..nodes.len())
        .filter(|&group| nodes[group] > 0)
        .map(|group| GroupConnectivity {
            group: groups.names()[group].clone(),
            n: nodes[group],
            largest: largest[group],
            connectivity: largest[group] as f64 / nodes[group] as f64,
        })
        .collect();
    let mean = groups.iter().map(|group| group.connectivity).sum::<f64>() / groups.len() as f64;
    Ok(GraphConnectivity { mean, groups, k: near.k(), metric: near.metric })
}

/// The smallest row of a component; the path to it is halved on the way.
fn root(parent: &mut [u32], mut row: u32) -> u32 {
    while parent[row as usize] != row {
        parent[row as usize] = parent[parent[row as usize] as usize];
        row = parent[row as usize];
    }
    row
}
