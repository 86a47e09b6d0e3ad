//! The exact law of a rank sum: how many of all choices of `k` of the pooled ranks have each sum.
//!
//! Ranks are doubled mid-ranks, which are whole numbers whether values are tied or not; with ties this is the law given
//! the pooled sample. Counts are kept as shares of all choices, so that nothing overflows: of the ranks seen so far,
//! the share of choices that take the next one is added in the proportion in which it is taken.

/// Ranks times sums that are computed at most.
pub(super) const MOST: usize = 2_000_000_000;

/// Operations that the law takes.
pub(super) fn work(doubled: &[usize], k: usize) -> usize {
    let sum: usize = largest_sum(doubled, k);
    doubled.len().saturating_mul(k).saturating_mul(sum + 1)
}

fn largest_sum(doubled: &[usize], k: usize) -> usize {
    let mut sorted = doubled.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    sorted.iter().take(k).sum()
}

/// P(sum >= observed) and P(sum <= observed) for a random choice of `k` of the ranks.
pub(super) fn tails(doubled: &[usize], k: usize, observed: usize) -> [f64; 2] {
    let width = largest_sum(doubled, k) + 1;
    // shares[j][s]: of the choices of j among the ranks seen, the share with the sum s.
    let mut shares = vec![vec![0.0f64; width]; k + 1];
    shares[0][0] = 1.0;
    for (seen, &rank) in doubled.iter().enumerate() {
        let seen = seen + 1;
        for j in (1..=k.min(seen)).rev() {
            // Of the choices of j among `seen`, j / seen take the last one.
            let taken = j as f64 / seen as f64;
            let (fewer, these) = shares.split_at_mut(j);
            let (fewer, these) = (&fewer[j - 1], &mut these[0]);
            these.iter_mut().for_each(|share| *share *= 1.0 - taken);
            for (share, &before) in these.iter_mut().skip(rank).zip(fewer.iter()) {
                *share += taken * before;
            }
        }
    }
    let law = &shares[k];
    let upper = law.iter().skip(observed).sum::<f64>().min(1.0);
    let lower = law.iter().take(observed + 1).sum::<f64>().min(1.0);
    [upper, lower]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_four_ranks() {
        // Sums 3, 4, 5, 5, 6, 7 of the ranks 1 to 4, doubled.
        let [upper, lower] = tails(&[2, 4, 6, 8], 2, 12);
        assert!((upper - 2.0 / 6.0).abs() < 1e-15 && (lower - 5.0 / 6.0).abs() < 1e-15);
        // Three tied values and one above: 2 2 2 4.
        let [upper, lower] = tails(&[4, 4, 4, 8], 2, 12);
        assert!((upper - 0.5).abs() < 1e-15 && (lower - 1.0).abs() < 1e-15);
    }
}
