//! Enrichment of a gene set in a query: the upper tail of the hypergeometric law.
//!
//! Of `population` genes `marked` belong to the set; `drawn` genes are picked. The overlap `X` has
//! `P(X = k) = C(marked, k) C(population - marked, drawn - k) / C(population, drawn)`.
//!
//! An overlap that cannot be undercut has `p = 1` (an empty set or query among them, and a population of none), one that
//! cannot be reached `p = 0`.

use statrs::function::gamma::ln_gamma;

use crate::{Error, Result};

/// Terms below this share of the sum end it.
const TINY: f64 = 1e-30;

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
    Ok(ln_hypergeometric_upper_tail(population, marked, drawn, overlap)?.exp())
}

/// ln P(X >= overlap), which does not underflow; minus infinity when the overlap is impossible.
///
/// The error is that of ln Gamma: about `population ln(population) 2^-52`, 1e-9 for a population of 100,000.
///
/// ```
/// let ln_p = perturbook::evaluate::ln_hypergeometric_upper_tail(2000, 1000, 1000, 1000)?;
/// assert!((ln_p + 1_382.267_994).abs() < 1e-6); // 1 / C(2000, 1000), below the least f64
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the set or the query is larger than the population.
pub fn ln_hypergeometric_upper_tail(population: u64, marked: u64, drawn: u64, overlap: u64) -> Result<f64> {
    if marked > population || drawn > population {
        return Err(Error::new(format!("{marked} marked and {drawn} drawn genes do not fit into {population}"))
            .at("hypergeometric_upper_tail")
            .fix("count only genes of the map, in the set as in the query"));
    }
    let least = marked.saturating_sub(population - drawn);
    let most = marked.min(drawn);
    if overlap <= least {
        return Ok(0.0);
    }
    if overlap > most {
        return Ok(f64::NEG_INFINITY);
    }
    let ln_choose = |n: u64, k: u64| {
        let ln_factorial = |m: u64| ln_gamma(m as f64 + 1.0);
        ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
    };
    // P(X = k + 1) / P(X = k).
    let ratio = |k: u64| {
        // Subtracted in this order nothing falls below 0.
        let left = (population - marked - (drawn - k - 1)) as f64;
        (marked - k) as f64 * (drawn - k) as f64 / ((k + 1) as f64 * left)
    };
    // Terms relative to the largest one of the tail: nothing overflows, and both sides end when they no longer count.
    let mode = ((marked + 1) as f64 * (drawn + 1) as f64 / (population + 2) as f64) as u64;
    let largest = mode.clamp(overlap, most);
    let first =
        ln_choose(marked, largest) + ln_choose(population - marked, drawn - largest) - ln_choose(population, drawn);
    let (mut term, mut sum) = (1.0, 1.0);
    for k in largest..most {
        term *= ratio(k);
        sum += term;
        if term < sum * TINY {
            break;
        }
    }
    term = 1.0;
    for k in (overlap..largest).rev() {
        term /= ratio(k);
        sum += term;
        if term < sum * TINY {
            break;
        }
    }
    Ok((first + f64::ln(sum)).min(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_from_either_side_of_the_mode_are_finite() {
        // Nearly everything is above; the largest term is far from the overlap.
        assert_eq!(hypergeometric_upper_tail(100_000, 50_000, 50_000, 20_000).unwrap(), 1.0);
        // Half of the symmetric law, and half of its middle term.
        let (all, half) = (10_000, 5_000);
        let p = hypergeometric_upper_tail(all, half, half, half / 2).unwrap();
        let middle = p - hypergeometric_upper_tail(all, half, half, half / 2 + 1).unwrap();
        assert!((p - 0.5 - middle / 2.0).abs() < 1e-9, "{p} {middle}");
        assert_eq!(ln_hypergeometric_upper_tail(10, 2, 3, 3).unwrap(), f64::NEG_INFINITY);
        assert_eq!(ln_hypergeometric_upper_tail(10, 8, 5, 3).unwrap(), 0.0);
        assert!(ln_hypergeometric_upper_tail(10, 11, 3, 1).is_err());
    }

    #[test]
    fn small_laws_are_those_of_counting() {
        let choose = |n: u64, k: u64| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
        for (population, marked, drawn) in [(12, 5, 7), (9, 9, 4), (15, 3, 1), (20, 10, 10), (7, 0, 3)] {
            for overlap in 0..=marked.min(drawn) + 1 {
                let possible = |k: &u64| drawn - k <= population - marked;
                let tail: f64 = (overlap..=marked.min(drawn))
                    .filter(possible)
                    .map(|k| choose(marked, k) * choose(population - marked, drawn - k) / choose(population, drawn))
                    .sum();
                let got = hypergeometric_upper_tail(population, marked, drawn, overlap).unwrap();
                assert!((got - tail).abs() < 1e-12, "{population} {marked} {drawn} {overlap}: {got} {tail}");
            }
        }
    }
}
