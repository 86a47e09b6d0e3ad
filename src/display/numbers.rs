//! Numbers as text: one alone, and a column of them with their decimal points below each other.

/// Sizes that are written out; beyond them, in powers of ten.
const WRITTEN_OUT: std::ops::Range<f64> = 1e-4..1e7;

/// A number in four significant digits, without trailing zeros.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "NaN".to_owned() } else { minus(&value.to_string()) };
    }
    let size = value.abs();
    let text = if size != 0.0 && !WRITTEN_OUT.contains(&size) {
        format!("{value:.3e}")
    } else {
        let decimals = if size == 0.0 { 0 } else { (3 - magnitude(size)).max(0) as usize };
        let text = format!("{value:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    minus(&text)
}

/// The numbers with equally many decimals: four significant digits of the largest, two of nearly all others. Where one
/// number of decimals cannot serve all (a range of more than six powers of ten), in powers of ten.
pub(crate) fn aligned(values: &[f64]) -> Vec<String> {
    let mut sizes: Vec<f64> = values.iter().map(|v| v.abs()).filter(|v| v.is_finite() && *v > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    let Some(&high) = sizes.last() else { return values.iter().map(|&v| number(v)).collect() };
    // One number in ten may be too small to be seen: a zero that rounding left is not what a column is about.
    let low = sizes[sizes.len() / 10];
    if !WRITTEN_OUT.contains(&high) || high / low > 1e6 {
        let text = |&v: &f64| if v.is_finite() && v != 0.0 { minus(&format!("{v:.3e}")) } else { number(v) };
        return values.iter().map(text).collect();
    }
    let decimals = (3 - magnitude(high)).max((1 - magnitude(low)).min(6 - magnitude(high))).max(0) as usize;
    let texts: Vec<Option<String>> = values.iter().map(|&v| v.is_finite().then(|| format!("{v:.decimals$}"))).collect();
    let zeros = |text: &String| text.len() - text.trim_end_matches('0').len();
    let spare = if decimals == 0 { 0 } else { texts.iter().flatten().map(zeros).min().unwrap_or(0).min(decimals) };
    let cut = if spare == decimals && decimals > 0 { spare + 1 } else { spare };
    let text = |(text, &value): (&Option<String>, &f64)| match text {
        Some(text) => minus(&text[..text.len() - cut]),
        None => number(value),
    };
    texts.iter().zip(values).map(text).collect()
}

/// The power of ten of the first digit.
fn magnitude(size: f64) -> i32 {
    size.log10().floor() as i32
}

/// With a minus sign as wide as a digit, which a zero does not get.
pub(crate) fn minus(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(zero) if zero.chars().all(|c| matches!(c, '0' | '.')) => zero.to_owned(),
        _ => text.replace('-', "−"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_one_number_of_decimals() {
        assert_eq!(aligned(&[0.35144, 0.2, -0.049]), ["0.3514", "0.2000", "−0.0490"]);
        assert_eq!(aligned(&[0.35144, -0.00049]), ["0.35144", "−0.00049"]);
        assert_eq!(aligned(&[1.5, f64::NAN, 2.0]), ["1.5", "NaN", "2.0"]);
        assert_eq!(aligned(&[10.0, 200.0, f64::INFINITY]), ["10", "200", "inf"]);
        assert_eq!(aligned(&[12_345.678, 1.0]), ["12345.7", "1.0"]);
        assert_eq!(aligned(&[0.0, f64::NAN]), ["0", "NaN"]);
        assert!(aligned(&[]).is_empty());
    }

    #[test]
    fn a_huge_range_is_written_in_powers_of_ten() {
        assert_eq!(aligned(&[0.5, 3e-12, 0.0]), ["5.000e−1", "3.000e−12", "0"]);
        assert_eq!(aligned(&[1e9, -1e9]), ["1.000e9", "−1.000e9"]);
    }

    #[test]
    fn a_tiny_rest_does_not_turn_a_column_into_powers_of_ten() {
        let mut values = [0.25; 12];
        values[3] = -1e-17;
        let texts = aligned(&values);
        assert_eq!((texts[0].as_str(), texts[3].as_str()), ("0.25", "0.00"));
    }
}
