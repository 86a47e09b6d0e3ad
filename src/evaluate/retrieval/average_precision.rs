//! Average precision of one ranked list.
//!
//! ```text
//! AP = (1/R) sum over the R hits of hits so far / rank
//! ```
//!
//! Rows at equal distance share the last rank among them, so that the order of the rows does not matter: the precision
//! after the tie counts for each hit in it.

/// The Euler-Mascheroni constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// Average precision of a list of relevant and other items in the order of their ranks; NaN without a relevant one.
///
/// ```
/// use perturbook::evaluate::retrieval::average_precision;
///
/// let ap = average_precision(&[true, false, true, false]);
/// assert!((ap - (1.0 / 1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-15);
/// assert!(average_precision(&[false]).is_nan());
/// ```
pub fn average_precision(relevant: &[bool]) -> f64 {
    let (mut hits, mut sum) = (0usize, 0.0);
    for (i, _) in relevant.iter().enumerate().filter(|(_, relevant)| **relevant) {
        hits += 1;
        sum += hits as f64 / (i + 1) as f64;
    }
    sum / hits as f64
}

/// The mean of the average precision over all orders of `n` items, `relevant` of them relevant:
///
/// ```text
/// E[AP] = (H_n + (R - 1) / (n - 1) * (n - H_n)) / n,   H_n = 1 + 1/2 + ... + 1/n
/// ```
///
/// NaN without a relevant item, and with more of them than items.
///
/// ```
/// use perturbook::evaluate::retrieval::random_average_precision;
///
/// assert_eq!(random_average_precision(1, 2), 0.75); // rank 1 or 2: the mean of 1 and 1/2
/// assert_eq!(random_average_precision(3, 3), 1.0);
/// ```
pub fn random_average_precision(relevant: usize, n: usize) -> f64 {
    if relevant == 0 || relevant > n {
        return f64::NAN;
    }
    expected(relevant, n, harmonic(n))
}

/// `1 + 1/2 + ... + 1/n`, of large numbers by Euler's expansion, which is exact to the last digits there.
fn harmonic(n: usize) -> f64 {
    if n <= 1 << 20 {
        return (1..=n).map(|k| 1.0 / k as f64).sum();
    }
    let n = n as f64;
    n.ln() + EULER + 0.5 / n - 1.0 / (12.0 * n * n)
}

/// The same with the harmonic number of `n` given.
pub(super) fn expected(relevant: usize, n: usize, harmonic: f64) -> f64 {
    let size = n as f64;
    let others = if n > 1 { (relevant as f64 - 1.0) / (size - 1.0) } else { 0.0 };
    (harmonic + others * (size - harmonic)) / size
}
