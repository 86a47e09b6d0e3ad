//! One classification tree, grown on a bootstrap sample (CART: Breiman et al. 1984).
//!
//! A node is divided where the Gini impurity `1 - sum_c p_c^2` of its two sides, weighted by their rows, is smallest, among
//! thresholds half-way between neighbouring values of some randomly drawn columns; `x <= threshold` goes left. Columns that
//! are constant in the node do not count as drawn. Of equally good divisions the first one found stays. A node that is
//! pure, too small, or constant in all columns is a leaf, with the shares of its classes.

use ndarray::ArrayView2;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// A division, or the end of a branch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Node {
    Split { column: usize, threshold: f64, left: usize, right: usize },
    Leaf { shares: Vec<(usize, f64)> },
}

/// A grown tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

/// What trees are grown on.
pub(super) struct Data<'a> {
    /// `d x n`, so that a column of the data lies together.
    pub columns: ArrayView2<'a, f64>,
    pub classes: &'a [usize],
    pub n_classes: usize,
    /// Columns drawn for each division.
    pub drawn: usize,
    /// Fewest rows of a leaf.
    pub min_leaf: usize,
}

/// The best division found so far: column, threshold and score.
type Best = Option<(usize, f64, f64)>;

impl Tree {
    /// Grows a tree on these rows, in which a row may occur more than once.
    pub fn grow(data: &Data<'_>, mut rows: Vec<usize>, rng: &mut ChaCha8Rng) -> Self {
        let mut nodes = vec![Node::Leaf { shares: Vec::new() }];
        let mut order: Vec<usize> = (0..data.columns.nrows()).collect();
        let mut open = vec![(0, 0, rows.len())];
        while let Some((node, from, to)) = open.pop() {
            let here = &mut rows[from..to];
            let counts = counts(data, here);
            let division = if counts.iter().filter(|&&n| n > 0).count() > 1 {
                divide(data, here, &counts, &mut order, rng)
            } else {
                None
            };
            let Some((column, threshold, _)) = division else {
                let total = here.len() as f64;
                let present = counts.iter().enumerate().filter(|(_, n)| **n > 0);
                nodes[node] = Node::Leaf { shares: present.map(|(class, &n)| (class, n as f64 / total)).collect() };
                continue;
            };
            let values = data.columns.row(column);
            here.sort_by_key(|&row| values[row] > threshold);
            let middle = from + here.partition_point(|&row| values[row] <= threshold);
            let (left, right) = (nodes.len(), nodes.len() + 1);
            nodes.extend([Node::Leaf { shares: Vec::new() }, Node::Leaf { shares: Vec::new() }]);
            nodes[node] = Node::Split { column, threshold, left, right };
            open.extend([(right, middle, to), (left, from, middle)]);
        }
        Self { nodes }
    }

    /// The leaf that a row falls into; `value` gives its columns.
    pub fn leaf(&self, value: impl Fn(usize) -> f64) -> usize {
        let mut at = 0;
        while let Node::Split { column, threshold, left, right } = self.nodes[at] {
            at = if value(column) <= threshold { left } else { right };
        }
        at
    }

    /// Classes and their shares in a leaf.
    pub fn shares(&self, leaf: usize) -> &[(usize, f64)] {
        match &self.nodes[leaf] {
            Node::Leaf { shares } => shares,
            Node::Split { .. } => &[],
        }
    }

    /// Whether a column divides some node.
    pub fn uses(&self, wanted: usize) -> bool {
        self.nodes.iter().any(|node| matches!(node, Node::Split { column, .. } if *column == wanted))
    }
}

fn counts(data: &Data<'_>, rows: &[usize]) -> Vec<usize> {
    let mut counts = vec![0; data.n_classes];
    rows.iter().for_each(|&row| counts[data.classes[row]] += 1);
    counts
}

/// The best division of these rows, if any.
fn divide(data: &Data<'_>, rows: &[usize], counts: &[usize], order: &mut [usize], rng: &mut ChaCha8Rng) -> Best {
    let mut best = None;
    let mut seen = 0;
    for k in 0..order.len() {
        // the next column of a random order
        order.swap(k, rng.random_range(k..order.len()));
        let column = data.columns.row(order[k]);
        let mut values: Vec<(f64, usize)> = rows.iter().map(|&row| (column[row], data.classes[row])).collect();
        values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        if values.first().map(|v| v.0) == values.last().map(|v| v.0) {
            continue;
        }
        seen += 1;
        best = scan(order[k], &values, counts, data.min_leaf, best);
        if seen == data.drawn {
            break;
        }
    }
    best
}

/// Moves the threshold through sorted values. The impurity is smallest where the sum over both sides of
/// `sum_c n_c^2 / n` is largest; the squares are kept in whole numbers.
fn scan(column: usize, values: &[(f64, usize)], counts: &[usize], min_leaf: usize, mut best: Best) -> Best {
    let (mut left, mut right) = (vec![0usize; counts.len()], counts.to_vec());
    let (mut left_squares, mut right_squares) = (0, counts.iter().map(|n| n * n).sum::<usize>());
    for (i, pair) in values.windows(2).enumerate() {
        let (value, class) = pair[0];
        left_squares += 2 * left[class] + 1;
        left[class] += 1;
        right_squares -= 2 * right[class] - 1;
        right[class] -= 1;
        let (n_left, n_right) = (i + 1, values.len() - i - 1);
        let next = pair[1].0;
        if value == next || n_left < min_leaf || n_right < min_leaf {
            continue;
        }
        let score = left_squares as f64 / n_left as f64 + right_squares as f64 / n_right as f64;
        if best.is_none_or(|(_, _, so_far)| score > so_far) {
            let middle = value + (next - value) / 2.0;
            best = Some((column, if middle < next { middle } else { value }, score));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_tree_learns_what_no_single_threshold_tells() {
        // exclusive or
        let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        let classes = [0, 1, 1, 0];
        let columns = x.t();
        let data = Data { columns: columns.view(), classes: &classes, n_classes: 2, drawn: 2, min_leaf: 1 };
        let tree = Tree::grow(&data, vec![0, 1, 2, 3], &mut ChaCha8Rng::seed_from_u64(0));
        for (row, &class) in x.rows().into_iter().zip(&classes) {
            assert_eq!(tree.shares(tree.leaf(|column| row[column])), [(class, 1.0)]);
        }
        assert!(tree.uses(0) && tree.uses(1));
    }

    #[test]
    fn equal_rows_of_different_classes_share_a_leaf() {
        let columns = array![[1.0, 1.0, 1.0]];
        let data = Data { columns: columns.view(), classes: &[0, 1, 1], n_classes: 2, drawn: 1, min_leaf: 1 };
        let tree = Tree::grow(&data, vec![0, 1, 2], &mut ChaCha8Rng::seed_from_u64(0));
        assert_eq!(tree.shares(tree.leaf(|_| 1.0)), [(0, 1.0 / 3.0), (1, 2.0 / 3.0)]);
    }

    #[test]
    fn leaves_are_no_smaller_than_asked_for() {
        let columns = array![[0.0, 1.0, 2.0, 3.0, 4.0]];
        let data = Data { columns: columns.view(), classes: &[0, 1, 1, 1, 1], n_classes: 2, drawn: 1, min_leaf: 2 };
        let tree = Tree::grow(&data, (0..5).collect(), &mut ChaCha8Rng::seed_from_u64(0));
        assert_eq!(tree.shares(tree.leaf(|_| 0.0)), [(0, 0.5), (1, 0.5)]);
    }
}
