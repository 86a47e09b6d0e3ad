//! NaN and infinite values are refused where a method has no answer to them.

use ndarray::{ArrayView, Dimension};

use crate::{Error, Result};

/// Refuses NaN and infinite values; `wrong` makes the error of the first one from its place and its value.
pub(crate) fn require<V, D>(values: ArrayView<'_, V, D>, wrong: impl FnOnce(D::Pattern, f64) -> Error) -> Result<()>
where
    V: Copy + Into<f64>,
    D: Dimension,
{
    if values.iter().all(|&value| value.into().is_finite()) {
        return Ok(()); // without counting places
    }
    match values.indexed_iter().find(|(_, value)| !(**value).into().is_finite()) {
        Some((at, &value)) => Err(wrong(at, value.into())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};

    use super::*;

    #[test]
    fn the_first_value_is_named() {
        let values = array![[1.0f32, 2.0], [f32::INFINITY, f32::NAN]];
        let wrong = |(row, column), value: f64| Error::new(format!("{value} at {row}, {column}"));
        let e = require(values.view(), wrong).unwrap_err().to_string();
        assert!(e.contains("inf at 1, 0"), "{e}");
        // Laid out by columns, the place is still that of rows.
        let e = require(values.t(), wrong).unwrap_err().to_string();
        assert!(e.contains("inf at 0, 1"), "{e}");
        assert!(require(Array1::<f64>::zeros(0).view(), |_, _| Error::new("none")).is_ok());
    }
}
