//! Values of which arrays, tensors, vectors and maps consist: how each is written, and what is said of many.

use super::numbers::{aligned, minus, number};
use super::statistics::Statistics;

/// A number or a truth value.
pub trait Element: Copy {
    /// The name of the type, such as `f32`.
    const NAME: &'static str;

    /// The value as a number; `true` is 1.
    fn number(self) -> f64;

    /// The values as text, to stand below or beside each other.
    fn texts(values: &[Self]) -> Vec<String>;

    /// Range, mean and spread, or how many are true.
    fn summary(values: impl Iterator<Item = Self>) -> String {
        Statistics::of(values.map(Self::number)).text()
    }
}

macro_rules! floats {
    ($($float:ty),*) => {$(
        impl Element for $float {
            const NAME: &'static str = stringify!($float);

            fn number(self) -> f64 {
                f64::from(self)
            }

            fn texts(values: &[Self]) -> Vec<String> {
                match values {
                    [one] => vec![number(f64::from(*one))],
                    _ => aligned(&values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>()),
                }
            }
        }
    )*};
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Element for $integer {
            const NAME: &'static str = stringify!($integer);

            fn number(self) -> f64 {
                self as f64
            }

            fn texts(values: &[Self]) -> Vec<String> {
                values.iter().map(|v| minus(&v.to_string())).collect()
            }
        }
    )*};
}

floats!(f32, f64);
integers!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl Element for bool {
    const NAME: &'static str = "bool";

    fn number(self) -> f64 {
        f64::from(u8::from(self))
    }

    fn texts(values: &[Self]) -> Vec<String> {
        values.iter().map(bool::to_string).collect()
    }

    fn summary(values: impl Iterator<Item = Self>) -> String {
        let (mut all, mut yes) = (0usize, 0usize);
        values.for_each(|value| (all, yes) = (all + 1, yes + usize::from(value)));
        if all == 0 { "no values".to_owned() } else { format!("{yes} of {all} true") }
    }
}
