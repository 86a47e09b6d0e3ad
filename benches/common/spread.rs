//! Numbers over several seeds.

/// Their mean, the least and the largest of them.
pub fn spread(values: &[f64]) -> String {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    format!("{mean:.3} ({low:.3} to {high:.3})")
}
