//! Enrichment of a gene set in a query: the upper tail of the hypergeometric law.
//!
//! Of `population` genes `marked` belong to the set; `drawn` genes are picked. The overlap `X` has
//! `P(X = k) = C(marked, k) C(population - marked, drawn - k) / C(population, drawn)`.
//!
//! An overlap that cannot be undercut has `p = 1` (an empty set or query among them, and a population of none), one that
//! cannot be reached `p = 0`.

use statrs::function::gamma::ln_gamma;

use crate::{Error, Result};

/// P(X >= overlap): the p-value of the enrichment.
///
/// ```
/// // Both genes of a set of two among 3 picked out of 10: C(8,1) / C(10,3) = 8 / 120.
/// let p = perturbook::evaluate::hypergeometric_upper_tail(10, 2, 3, 2)?;
/// assert!((p - 8.0 / 120.0).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the set or the query is larger than the population.
pub fn hypergeometric_upper_tail(population: u64, marked: u64, drawn: u64, overlap: u64) -> Result<f64> {
    if marked > population || drawn > population {
        return Err(Error::new(format!("{marked} marked and {drawn} drawn genes do not fit into {population}"))
            .at("hypergeometric_upper_tail")
            .fix("count only genes of the map, in the set as in the query"));
    }
    let least = marked.saturating_sub(population - drawn);
    let most = marked.min(drawn);
    if overlap <= least {
        return Ok(1.0);
    }
    if overlap > most {
        return Ok(0.0);
    }
    let ln_choose = |n: u64, k: u64| {
        let ln_factorial = |m: u64| ln_gamma(m as f64 + 1.0);
        ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
    };
    let first =
        ln_choose(marked, overlap) + ln_choose(population - marked, drawn - overlap) - ln_choose(population, drawn);
    // Each further term from the one before it, relative to the first.
    let (mut term, mut sum) = (1.0, 1.0);
    for k in overlap..most {
        // Subtracted in this order nothing falls below 0.
        let left = (population - marked - (drawn - k - 1)) as f64;
        let ratio = (marked - k) as f64 * (drawn - k) as f64 / ((k + 1) as f64 * left);
        term *= ratio;
        sum += term;
        // The terms fall from here on and no longer count, or the overlap is so far below the expected one that p is 1.
        if (ratio < 1.0 && term < 1e-18 * sum) || sum.is_infinite() {
            break;
        }
    }
    Ok(if sum.is_infinite() { 1.0 } else { (first.exp() * sum).min(1.0) })
}
