//! Draws the counts.
//!
//! A negative binomial count is a Poisson count whose mean is itself drawn, from a gamma law:
//!
//! ```text
//! lambda ~ Gamma(shape theta, scale mu / theta),  x ~ Poisson(lambda):  mean mu, variance mu + mu^2 / theta
//! ```

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, Poisson};
use rayon::prelude::*;

use super::config::PerturbSeqConfig;
use super::truth::PerturbSeqTruth;
use crate::simulate::streams::cell_stream;
use crate::{Error, Result};

/// Part of a cell's random streams from which its counts are drawn.
const COUNTS: u8 = 1;

/// Compressed sparse rows.
pub(super) struct Rows {
    pub(super) indptr: Vec<u64>,
    pub(super) indices: Vec<u32>,
    pub(super) values: Vec<f32>,
}

type Row = (Vec<u32>, Vec<f32>);

pub(super) fn draw(config: &PerturbSeqConfig, truth: &PerturbSeqTruth) -> Result<Rows> {
    // Gamma variables of mean 1 for each gene; a cell scales them by its means.
    let unit: Vec<Gamma<f64>> = truth
        .genes
        .iter()
        .map(|gene| Gamma::new(gene.theta, 1.0 / gene.theta))
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| Error::new(format!("cannot draw counts: {e}")).at("settings theta, theta_spread").caused_by(e))?;
    let rows: Vec<Row> = truth
        .cells
        .par_iter()
        .enumerate()
        .map(|(number, cell)| {
            let mut rng = cell_stream(config.seed, number, COUNTS);
            let mut row = Row::default();
            for (gene, (mean, unit)) in truth.expected(cell).iter().zip(&unit).enumerate() {
                let count = poisson(mean * unit.sample(&mut rng), &mut rng);
                if count > 0.0 {
                    row.0.push(gene as u32);
                    row.1.push(count as f32);
                }
            }
            row
        })
        .collect();
    let stored = rows.iter().map(|row| row.0.len()).sum();
    let mut all = Rows { indptr: vec![0], indices: Vec::with_capacity(stored), values: Vec::with_capacity(stored) };
    for (indices, values) in rows {
        all.indices.extend(indices);
        all.values.extend(values);
        all.indptr.push(all.indices.len() as u64);
    }
    Ok(all)
}

/// A Poisson count; 0 where the mean is too small to be told from 0.
fn poisson(mean: f64, rng: &mut ChaCha8Rng) -> f64 {
    Poisson::new(mean).map_or(0.0, |poisson| poisson.sample(rng))
}
