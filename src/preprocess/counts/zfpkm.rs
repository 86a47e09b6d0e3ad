//! zFPKM: whether a gene is expressed, from where it stands in the distribution of its sample (Hart et al. 2013).
//!
//! The `log2` of FPKM (or TPM) of the genes of a sample has a main peak of expressed genes with a tail of hardly
//! expressed ones to its left. The right half of the peak is that of a Gaussian:
//!
//! ```text
//! mu    = where the kernel density of log2 FPKM is highest
//! sd    = (mean of the values above mu - mu) * sqrt(pi / 2)
//! zFPKM = (log2 FPKM - mu) / sd
//! ```
//!
//! A gene counts as expressed from -3 on; arms are centred on genes below that
//! ([`centre_arms_by_expression`](crate::methods::proximity::centre_arms_by_expression)). The density is a Gaussian
//! kernel estimate at 512 points from 3 bandwidths below the smallest value to 3 above the largest, with the bandwidth
//! `0.9 min(sd, IQR / 1.34) n^(-1/5)` of Silverman (1986), which is what R's `density` and the zFPKM package use.

use crate::{Error, Result};

const POINTS: usize = 512;

/// Scores of one sample, and the Gaussian they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Zfpkm {
    /// One score a gene; minus infinity where the FPKM is 0.
    pub scores: Vec<f64>,
    /// The peak, in `log2` FPKM.
    pub mu: f64,
    /// The standard deviation right of the peak, in `log2` FPKM.
    pub sd: f64,
}

/// Scores of the genes of one sample, from FPKM or TPM.
///
/// ```
/// use perturbook::preprocess::counts::zfpkm;
///
/// let spread = |i: usize| (i as f64 - 500.0) / 250.0;
/// let fpkm: Vec<f64> = (0..=1000).map(|i| (3.0 + spread(i).powi(3)).exp2()).collect(); // most genes near 2^3
/// let sample = zfpkm(&fpkm)?;
/// assert!((sample.mu - 3.0).abs() < 0.1);
/// assert!(sample.scores[0] < -3.0 && sample.scores[500].abs() < 0.1);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a value is negative, NaN or infinite (the first one is named), fewer than two are above 0, or they are all equal.
pub fn zfpkm(fpkm: &[f64]) -> Result<Zfpkm> {
    if let Some(gene) = fpkm.iter().position(|v| !(v.is_finite() && *v >= 0.0)) {
        return Err(Error::new(format!("an expression is {}", fpkm[gene]))
            .at(format!("zFPKM: gene number {gene}"))
            .fix("give FPKM or TPM, not logarithms; drop genes without a value"));
    }
    let logs: Vec<f64> = fpkm.iter().map(|v| v.log2()).collect();
    let mut finite: Vec<f64> = logs.iter().copied().filter(|v| v.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    let (Some(&lowest), Some(&highest)) = (finite.first(), finite.last()) else {
        return Err(Error::new(format!("none of the {} genes is expressed", fpkm.len())).at("zFPKM"));
    };
    if lowest == highest {
        return Err(Error::new(format!("the {} expressed genes all have the same value", finite.len()))
            .at("zFPKM")
            .fix("a distribution needs the genes of a whole sample"));
    }
    let mu = peak(&finite);
    let above: Vec<f64> = finite.iter().copied().filter(|v| *v > mu).collect();
    if above.is_empty() {
        return Err(Error::new("no gene lies above the main peak").at("zFPKM").fix("give the genes of a whole sample"));
    }
    let mean_above = above.iter().sum::<f64>() / above.len() as f64;
    let sd = (mean_above - mu) * (std::f64::consts::PI / 2.0).sqrt();
    Ok(Zfpkm { scores: logs.iter().map(|v| (v - mu) / sd).collect(), mu, sd })
}

/// Where the kernel density of sorted values is highest.
fn peak(sorted: &[f64]) -> f64 {
    let bandwidth = bandwidth(sorted);
    let (lowest, highest) = (sorted[0] - 3.0 * bandwidth, sorted[sorted.len() - 1] + 3.0 * bandwidth);
    let step = (highest - lowest) / (POINTS - 1) as f64;
    // Beyond 8 bandwidths a kernel is below 1e-14 of its height.
    let density = |at: f64| {
        let from = sorted.partition_point(|v| *v < at - 8.0 * bandwidth);
        let near = sorted[from..].iter().take_while(|v| **v <= at + 8.0 * bandwidth);
        near.map(|v| (-0.5 * ((at - v) / bandwidth).powi(2)).exp()).sum::<f64>()
    };
    let mut best = (lowest, f64::NEG_INFINITY);
    for point in (0..POINTS).map(|i| lowest + i as f64 * step) {
        let height = density(point);
        if height > best.1 {
            best = (point, height);
        }
    }
    best.0
}

/// Silverman's rule of thumb; where the interquartile range is 0, with the standard deviation alone.
fn bandwidth(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let sd = (sorted.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let quantile = |p: f64| {
        let position = p * (n - 1.0);
        let below = position.floor() as usize;
        let above = (below + 1).min(sorted.len() - 1);
        sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
    };
    let spread = (quantile(0.75) - quantile(0.25)) / 1.34;
    0.9 * if spread > 0.0 { sd.min(spread) } else { sd } * n.powf(-0.2)
}
