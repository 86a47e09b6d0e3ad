//! Arrays: shape, type, range, and the values themselves while they are few.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::{Bundle, Grid, Show};

const SMALL: usize = 12;

/// A number in four significant digits, without trailing zeros.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "NaN".to_owned() } else { value.to_string().replace('-', "−") };
    }
    let size = value.abs();
    let text = if size != 0.0 && !(1e-4..1e7).contains(&size) {
        format!("{value:.3e}")
    } else {
        let decimals = if size == 0.0 { 0 } else { (3 - size.log10().floor() as i32).max(0) as usize };
        let text = format!("{value:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    text.replace('-', "−")
}

/// `min a, mean b, max c` over the finite values, and how many are not finite.
pub(crate) fn statistics(values: impl Iterator<Item = f64>) -> String {
    let (mut low, mut high, mut sum, mut n, mut bad) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0usize, 0usize);
    for value in values {
        if value.is_finite() {
            (low, high, sum, n) = (low.min(value), high.max(value), sum + value, n + 1);
        } else {
            bad += 1;
        }
    }
    let not_finite = if bad > 0 { format!(", {bad} not finite") } else { String::new() };
    if n == 0 {
        return format!("no finite value{not_finite}");
    }
    format!("min {}, mean {}, max {}{not_finite}", number(low), number(sum / n as f64), number(high))
}

fn show_matrix(values: ArrayView2<'_, f64>, shape: &str, dtype: &str) -> Bundle {
    let mut grid = Grid::new();
    if values.nrows() <= SMALL && values.ncols() <= SMALL && !values.is_empty() {
        grid = grid.right("", (0..values.nrows()).map(|row| row.to_string()));
        for (i, column) in values.axis_iter(Axis(1)).enumerate() {
            grid = grid.right(&i.to_string(), column.iter().map(|&v| number(v)));
        }
    }
    grid.note(format!("array {shape}, {dtype}")).note(statistics(values.iter().copied())).bundle()
}

macro_rules! show_array {
    ($($float:ty),*) => {$(
        impl Show for Array1<$float> {
            fn bundle(&self) -> Bundle {
                let row = self.mapv(f64::from).insert_axis(Axis(0));
                show_matrix(row.view(), &self.len().to_string(), stringify!($float))
            }
        }

        impl Show for Array2<$float> {
            fn bundle(&self) -> Bundle {
                let shape = format!("{} x {}", self.nrows(), self.ncols());
                show_matrix(self.mapv(f64::from).view(), &shape, stringify!($float))
            }
        }
    )*};
}

show_array!(f32, f64);
