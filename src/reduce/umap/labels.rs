//! Labels that are known, such as the complex of each gene, as a second opinion on which points belong together.
//!
//! With `w_ij` the membership of an edge of the points' own graph,
//!
//! ```text
//! v_ij = w_ij                        labels are equal
//! v_ij = w_ij exp(-unknown_dist)     one of the labels is not known
//! v_ij = w_ij exp(-far_dist)         labels differ,   far_dist = 2.5 / (1 - target_weight)
//! u_ij = v_ij / max over j of v_ij
//! W    = u + u' - u u'               (entry by entry)
//! ```
//!
//! The fourth line gives each point at least one neighbour to which it belongs fully. (UMAP, McInnes, Healy and Melville
//! 2018, intersection of fuzzy sets; with the distances of the reference implementation for categories.)

use std::collections::HashMap;

use super::FuzzyGraph;
use crate::{Error, Result};

/// `far_dist` is this over `1 - target_weight`.
const FAR: f64 = 2.5;

/// One category for each point, or none where it is not known.
#[derive(Clone, Debug)]
pub(super) struct Labels {
    codes: Vec<Option<u32>>,
    names: Vec<String>,
}

impl Labels {
    pub(super) fn of<'a>(labels: impl Iterator<Item = Option<&'a str>>) -> Self {
        let mut known = HashMap::new();
        let mut names = Vec::new();
        let codes = labels.map(|label| {
            label.map(|label| {
                *known.entry(label).or_insert_with(|| {
                    names.push(label.to_owned());
                    (names.len() - 1) as u32
                })
            })
        });
        let codes = codes.collect();
        Self { codes, names }
    }

    pub(super) fn codes(&self) -> &[Option<u32>] {
        &self.codes
    }

    /// The label of each point as text.
    pub(super) fn texts(&self) -> Vec<&str> {
        let text = |code: &Option<u32>| code.map_or("label not known", |code| self.names[code as usize].as_str());
        self.codes.iter().map(text).collect()
    }
}

impl FuzzyGraph {
    /// The graph that also follows labels, of which those that are `None` are not known.
    ///
    /// `target_weight` is 0 where the points count most and 1 where no edge between different labels is left.
    ///
    /// ```
    /// use ndarray::array;
    /// use perturbook::reduce::{FuzzyGraph, Metric, neighbours};
    ///
    /// let line = array![[0.0], [1.0], [2.0], [3.0]];
    /// let graph = FuzzyGraph::new(&neighbours(&line, 1, Metric::Euclidean)?);
    /// let labelled = graph.with_labels(&[Some("a"), Some("a"), Some("b"), Some("b")], 1.0, 1.0)?;
    /// assert_eq!((graph.components(), labelled.components()), (1, 2));
    /// assert_eq!(labelled.row(0), (&[1][..], &[1.0][..]));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is not one label for each point, the weight is not from 0 to 1, or the distance is negative.
    pub fn with_labels<L: PartialEq>(
        &self,
        labels: &[Option<L>],
        target_weight: f64,
        unknown_dist: f64,
    ) -> Result<Self> {
        let n = self.len();
        if labels.len() != n {
            return Err(Error::new(format!("{} labels for {n} points", labels.len()))
                .at("labels")
                .fix("give one label for each point, None where it is not known"));
        }
        if !(0.0..=1.0).contains(&target_weight) || unknown_dist.is_nan() || unknown_dist < 0.0 {
            return Err(Error::new(format!("target_weight {target_weight} and unknown_dist {unknown_dist}"))
                .at("labels")
                .fix("give a weight from 0 to 1, and a distance of 0 or more"));
        }
        let (far, unknown) = ((-FAR / (1.0 - target_weight)).exp(), (-unknown_dist).exp());
        let kept = |i: usize, j: u32| match (&labels[i], &labels[j as usize]) {
            (Some(a), Some(b)) if a == b => 1.0,
            (Some(_), Some(_)) => far,
            _ => unknown,
        };
        let row = |i: usize| {
            let (columns, weights) = self.row(i);
            columns.iter().zip(weights).map(move |(&j, w)| (j, w * kept(i, j)))
        };
        let largest: Vec<f64> = (0..n).map(|i| row(i).map(|(_, v)| v).fold(0.0, f64::max)).collect();
        let (mut starts, mut columns, mut weights) = (vec![0], Vec::new(), Vec::new());
        for i in 0..n {
            for (j, v) in row(i).filter(|(_, v)| *v > 0.0) {
                let (out, back) = (v / largest[i], v / largest[j as usize]);
                columns.push(j);
                weights.push(out + back - out * back);
            }
            starts.push(columns.len());
        }
        Ok(Self { starts, columns, weights, rho: self.rho.clone(), sigma: self.sigma.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reduce::{Metric, neighbours};
    use ndarray::Array2;

    #[test]
    fn weights_are_those_of_the_definition() {
        let x = Array2::from_shape_fn((40, 3), |(i, k)| ((i * (k + 5)) as f64).sin());
        let graph = FuzzyGraph::new(&neighbours(&x, 6, Metric::Euclidean).unwrap());
        let labels: Vec<Option<usize>> = (0..40).map(|i| (i % 5 != 0).then_some(i % 3)).collect();
        let (weight, unknown): (f64, f64) = (0.5, 1.0);
        let labelled = graph.with_labels(&labels, weight, unknown).unwrap();
        // As matrices, step by step.
        let mut v = Array2::<f64>::zeros((40, 40));
        for i in 0..40 {
            for (&j, w) in graph.row(i).0.iter().zip(graph.row(i).1) {
                let factor = match (labels[i], labels[j as usize]) {
                    (None, _) | (_, None) => (-1.0f64).exp(),
                    (a, b) if a == b => 1.0,
                    _ => (-5.0f64).exp(),
                };
                v[[i, j as usize]] = w * factor;
            }
        }
        for mut row in v.rows_mut() {
            let largest = row.iter().copied().fold(0.0, f64::max);
            row /= largest;
        }
        let want = &v + &v.t() - &v * &v.t();
        let mut got = Array2::<f64>::zeros((40, 40));
        for i in 0..40 {
            labelled.row(i).0.iter().zip(labelled.row(i).1).for_each(|(&j, w)| got[[i, j as usize]] = *w);
        }
        assert!((&got - &want).iter().all(|v| v.abs() < 1e-14));
        assert!(got.rows().into_iter().all(|row| row.iter().any(|w| (w - 1.0).abs() < 1e-14)));
    }

    #[test]
    fn a_point_whose_neighbours_all_have_other_labels_keeps_no_edge_at_full_weight() {
        let line = Array2::from_shape_fn((6, 1), |(i, _)| i as f64);
        let graph = FuzzyGraph::new(&neighbours(&line, 2, Metric::Euclidean).unwrap());
        let labels = [0, 0, 1, 0, 0, 0].map(Some);
        let labelled = graph.with_labels(&labels, 1.0, 1.0).unwrap();
        assert!(labelled.row(2).0.is_empty() && labelled.weights.iter().all(|w| w.is_finite()));
        assert!(graph.with_labels(&labels[..5], 0.5, 1.0).is_err());
        assert!(graph.with_labels(&labels, 1.5, 1.0).is_err());
        assert!(graph.with_labels(&labels, 0.5, f64::NAN).is_err());
    }
}
