//! Which rows or columns of many are shown: the first and the last, with a gap between.

/// The positions to show of `n`, where `None` stands for those left out; all of them while `first + last` are enough.
///
/// At least two are left out at once: a gap in the place of a single one would save nothing.
pub(crate) fn edges(n: usize, first: usize, last: usize) -> Vec<Option<usize>> {
    if n <= first + last + 1 {
        return (0..n).map(Some).collect();
    }
    (0..first).map(Some).chain([None]).chain((n - last..n).map(Some)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_stands_for_two_or_more() {
        assert_eq!(edges(3, 1, 1), [Some(0), Some(1), Some(2)]);
        assert_eq!(edges(4, 1, 1), [Some(0), None, Some(3)]);
        assert!(edges(0, 1, 1).is_empty());
    }
}
