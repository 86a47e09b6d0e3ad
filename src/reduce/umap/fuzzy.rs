//! The fuzzy graph: how much each point belongs to the neighbourhood of each other.
//!
//! With `d_ij` the distance of point `i` to its `j`-th neighbour, `rho_i` the smallest positive one and `n_neighbours` the
//! neighbours counted with the point itself,
//!
//! ```text
//! w_ij = exp(-max(0, d_ij - rho_i) / sigma_i),   sigma_i such that  sum over j of w_ij = log2(n_neighbours)
//! W    = w + w' - w w'   (entry by entry)
//! ```
//!
//! (UMAP, McInnes, Healy and Melville 2018, algorithms 2 and 3, local connectivity 1.) `sigma_i` is not allowed below a
//! thousandth of the mean distance to the neighbours.

use crate::reduce::Neighbours;

/// `sigma` is at least this part of the mean distance.
const FLOOR: f64 = 1e-3;

/// A symmetric graph of memberships between 0 and 1, by rows.
#[derive(Clone, Debug, PartialEq)]
pub struct FuzzyGraph {
    /// Where each row starts in `columns` and `weights`; one more entry than points.
    pub starts: Vec<usize>,
    /// The other end of each edge, ascending within a row.
    pub columns: Vec<u32>,
    /// Membership of each edge.
    pub weights: Vec<f64>,
    /// Distance of each point to its nearest neighbour that is not at the same place.
    pub rho: Vec<f64>,
    /// Width of each point's neighbourhood.
    pub sigma: Vec<f64>,
}

impl FuzzyGraph {
    /// The graph of these neighbours, which do not count the point itself. Points that are all at one place belong to each
    /// other fully, with `rho` 0.
    ///
    /// # Panics
    /// When a neighbour is none of the points, which no search gives.
    pub fn new(neighbours: &Neighbours) -> Self {
        let n = neighbours.len();
        let overall = neighbours.distances.sum() / (n * (neighbours.k() + 1)) as f64;
        let (mut rho, mut sigma) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let mut directed: Vec<Vec<(u32, f64)>> = Vec::with_capacity(n);
        for (rows, distances) in neighbours.rows.rows().into_iter().zip(neighbours.distances.rows()) {
            let distances: Vec<f64> = distances.to_vec();
            let (nearest, width) = width(&distances, overall);
            directed.push(rows.iter().copied().zip(distances.iter().map(|&d| membership(d, nearest, width))).collect());
            rho.push(nearest);
            sigma.push(width);
        }
        let mut edges: Vec<Vec<(u32, f64, f64)>> = vec![Vec::new(); n];
        for (i, row) in directed.iter().enumerate() {
            for &(j, weight) in row {
                edges[i].push((j, weight, 0.0));
                edges[j as usize].push((i as u32, 0.0, weight));
            }
        }
        let (mut starts, mut columns, mut weights) = (vec![0], Vec::new(), Vec::new());
        for mut row in edges {
            row.sort_unstable_by_key(|&(j, ..)| j);
            for same in row.chunk_by(|x, y| x.0 == y.0) {
                let (out, back) = same.iter().fold((0.0, 0.0), |(out, back), e| (out + e.1, back + e.2));
                let weight = out + back - out * back;
                if weight > 0.0 {
                    columns.push(same[0].0);
                    weights.push(weight);
                }
            }
            starts.push(columns.len());
        }
        Self { starts, columns, weights, rho, sigma }
    }

    /// Number of points, `n`.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// True when there is no point.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of edges, each counted in both directions.
    pub fn edges(&self) -> usize {
        self.columns.len()
    }

    /// The edges of one point: their other ends and memberships.
    pub fn row(&self, i: usize) -> (&[u32], &[f64]) {
        let range = self.starts[i]..self.starts[i + 1];
        (&self.columns[range.clone()], &self.weights[range])
    }

    /// Number of parts that no edge connects.
    pub fn components(&self) -> usize {
        let (mut seen, mut count) = (vec![false; self.len()], 0);
        for start in 0..self.len() {
            if std::mem::replace(&mut seen[start], true) {
                continue;
            }
            count += 1;
            let mut open = vec![start];
            while let Some(i) = open.pop() {
                for &j in self.row(i).0 {
                    if !std::mem::replace(&mut seen[j as usize], true) {
                        open.push(j as usize);
                    }
                }
            }
        }
        count
    }
}

/// How much a point at this distance belongs to the neighbourhood.
pub(super) fn membership(distance: f64, rho: f64, sigma: f64) -> f64 {
    if distance <= rho { 1.0 } else { (-(distance - rho) / sigma).exp() }
}

/// `rho` and `sigma` of one point; `overall` is the mean distance of all points.
fn width(distances: &[f64], overall: f64) -> (f64, f64) {
    let rho = distances.iter().copied().filter(|&d| d > 0.0).fold(f64::INFINITY, f64::min);
    let rho = if rho.is_finite() { rho } else { 0.0 };
    let counted = (distances.len() + 1) as f64;
    let mean = if rho > 0.0 { distances.iter().sum::<f64>() / counted } else { overall };
    (rho, sigma(distances, rho, counted.log2(), mean))
}

/// The width at which the memberships sum to `target`, but at least a thousandth of the mean distance.
pub(super) fn sigma(distances: &[f64], rho: f64, target: f64, mean: f64) -> f64 {
    let sum = |sigma: f64| distances.iter().map(|&d| membership(d, rho, sigma)).sum::<f64>();
    let (mut low, mut high, mut sigma) = (0.0, f64::INFINITY, 1.0);
    for _ in 0..200 {
        let excess = sum(sigma) - target;
        if excess == 0.0 || high - low <= f64::EPSILON * sigma {
            break;
        }
        if excess > 0.0 {
            high = sigma
        } else {
            low = sigma
        }
        sigma = if high.is_finite() { f64::midpoint(low, high) } else { 2.0 * sigma };
        if sigma > 1e300 {
            break;
        }
    }
    sigma.max(FLOOR * mean).max(f64::MIN_POSITIVE)
}
