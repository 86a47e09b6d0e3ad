//! Fewer points of a long curve, with the same outline.
//!
//! The curve is cut into runs of equal length; each run keeps its lowest and its highest point, in their order. The
//! first and the last point always stay.

/// Rows to keep of a curve with these heights, at most about `most`.
pub(super) fn rows(y: &[f64], most: usize) -> Vec<usize> {
    if y.len() <= most {
        return (0..y.len()).collect();
    }
    let run = (2 * y.len()).div_ceil(most.max(2));
    let mut kept = vec![0];
    for start in (0..y.len()).step_by(run) {
        let span = start..(start + run).min(y.len());
        // a break in the curve (NaN) sorts above every number and is kept as the highest
        let low = span.clone().min_by(|&a, &b| y[a].total_cmp(&y[b]));
        let high = span.max_by(|&a, &b| y[a].total_cmp(&y[b]));
        kept.extend(low.into_iter().chain(high));
    }
    kept.push(y.len() - 1);
    kept.sort_unstable();
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn a_spike_survives_thinning() {
        let mut y = vec![0.0; 10_000];
        y[4_321] = 1.0;
        let kept = rows(&y, 100);
        assert!(kept.len() <= 102 && kept.contains(&4_321) && kept.contains(&0) && kept.contains(&9_999));
    }
}
