//! Number types of stored arrays, and arrays as the bytes a file holds.
//!
//! `.npy`, `.npz` and `.safetensors` all keep an array as a number type, a shape and bytes in row-major order. This file
//! knows the types; the readers know the framing. `f32` and `f64` can be asked of every stored type (an integer above
//! 2^24 or 2^53 is then rounded); every other type only of itself, so that no value is cut without a word.

use std::borrow::Cow;

use half::{bf16, f16};
use ndarray::{ArrayBase, ArrayD, Data, Dimension, IxDyn};

use crate::{Error, Result};

/// The type of the numbers in a stored array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// One byte, 0 or 1.
    Bool,
    /// Signed integer, 8 bits.
    I8,
    /// Signed integer, 16 bits.
    I16,
    /// Signed integer, 32 bits.
    I32,
    /// Signed integer, 64 bits.
    I64,
    /// Unsigned integer, 8 bits.
    U8,
    /// Unsigned integer, 16 bits.
    U16,
    /// Unsigned integer, 32 bits.
    U32,
    /// Unsigned integer, 64 bits.
    U64,
    /// IEEE 754 half precision.
    F16,
    /// The upper half of an `f32`.
    Bf16,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
}

impl Dtype {
    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 | Self::Bf16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// Rust's name of the type, such as `u16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

/// A number type that arrays can be read into and written from: `bool`, the integers, `f16`, `bf16`, `f32`, `f64`.
pub trait Number: Copy + Send + Sync + sealed::Bytes + 'static {
    /// The stored type with the same values.
    const DTYPE: Dtype;
}

mod sealed {
    use super::Dtype;

    pub trait Bytes: Sized {
        /// Appends the numbers in `bytes`, a whole number of them; `false` when this type cannot hold their type.
        fn decode(bytes: &[u8], dtype: Dtype, big_endian: bool, into: &mut Vec<Self>) -> bool;

        fn encode(self, into: &mut Vec<u8>);
    }
}

pub(crate) use sealed::Bytes;

/// `$bytes` as numbers of type `$from`, each passed through `$as`.
macro_rules! each {
    ($from:ty, $bytes:expr, $big:expr, $into:expr, $as:expr) => {{
        let (numbers, _) = $bytes.as_chunks::<{ size_of::<$from>() }>();
        if $big {
            $into.extend(numbers.iter().map(|b| $as(<$from>::from_be_bytes(*b))));
        } else {
            $into.extend(numbers.iter().map(|b| $as(<$from>::from_le_bytes(*b))));
        }
    }};
}

macro_rules! float {
    ($t:ty, $dtype:expr) => {
        impl Number for $t {
            const DTYPE: Dtype = $dtype;
        }
        impl Bytes for $t {
            fn decode(bytes: &[u8], dtype: Dtype, big: bool, into: &mut Vec<Self>) -> bool {
                match dtype {
                    Dtype::Bool => into.extend(bytes.iter().map(|&b| <$t>::from(u8::from(b != 0)))),
                    Dtype::I8 => each!(i8, bytes, big, into, |v| v as $t),
                    Dtype::I16 => each!(i16, bytes, big, into, |v| v as $t),
                    Dtype::I32 => each!(i32, bytes, big, into, |v| v as $t),
                    Dtype::I64 => each!(i64, bytes, big, into, |v| v as $t),
                    Dtype::U8 => each!(u8, bytes, big, into, |v| v as $t),
                    Dtype::U16 => each!(u16, bytes, big, into, |v| v as $t),
                    Dtype::U32 => each!(u32, bytes, big, into, |v| v as $t),
                    Dtype::U64 => each!(u64, bytes, big, into, |v| v as $t),
                    Dtype::F16 => each!(f16, bytes, big, into, <$t>::from),
                    Dtype::Bf16 => each!(bf16, bytes, big, into, <$t>::from),
                    Dtype::F32 => each!(f32, bytes, big, into, |v| v as $t),
                    Dtype::F64 => each!(f64, bytes, big, into, |v| v as $t),
                }
                true
            }

            fn encode(self, into: &mut Vec<u8>) {
                into.extend(self.to_le_bytes());
            }
        }
    };
}

macro_rules! itself {
    ($t:ty, $dtype:expr) => {
        impl Number for $t {
            const DTYPE: Dtype = $dtype;
        }
        impl Bytes for $t {
            fn decode(bytes: &[u8], dtype: Dtype, big: bool, into: &mut Vec<Self>) -> bool {
                if dtype != $dtype {
                    return false;
                }
                each!($t, bytes, big, into, |v| v);
                true
            }

            fn encode(self, into: &mut Vec<u8>) {
                into.extend(self.to_le_bytes());
            }
        }
    };
}

float!(f32, Dtype::F32);
float!(f64, Dtype::F64);
itself!(i8, Dtype::I8);
itself!(i16, Dtype::I16);
itself!(i32, Dtype::I32);
itself!(i64, Dtype::I64);
itself!(u8, Dtype::U8);
itself!(u16, Dtype::U16);
itself!(u32, Dtype::U32);
itself!(u64, Dtype::U64);
itself!(f16, Dtype::F16);
itself!(bf16, Dtype::Bf16);

impl Number for bool {
    const DTYPE: Dtype = Dtype::Bool;
}

impl Bytes for bool {
    fn decode(bytes: &[u8], dtype: Dtype, _: bool, into: &mut Vec<Self>) -> bool {
        if dtype == Dtype::Bool {
            into.extend(bytes.iter().map(|&b| b != 0));
        }
        dtype == Dtype::Bool
    }

    fn encode(self, into: &mut Vec<u8>) {
        into.push(u8::from(self));
    }
}

/// An array as the bytes of a file: row-major, little-endian.
///
/// ```
/// use perturbook::io::numbers::{Dtype, Stored};
///
/// let stored = Stored::from(&ndarray::array![[1u16, 2], [3, 4]]);
/// assert_eq!((stored.dtype(), stored.shape()), (Dtype::U16, &[2, 2][..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Stored {
    /// The type of the numbers.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The length of every axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers, little-endian, the last axis fastest.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<T: Number, S: Data<Elem = T>, D: Dimension> From<&ArrayBase<S, D>> for Stored {
    fn from(array: &ArrayBase<S, D>) -> Self {
        let mut bytes = Vec::with_capacity(array.len() * T::DTYPE.bytes());
        for &value in array {
            value.encode(&mut bytes);
        }
        Self { dtype: T::DTYPE, shape: array.shape().to_vec(), bytes }
    }
}

impl safetensors::View for &Stored {
    fn dtype(&self) -> safetensors::Dtype {
        use safetensors::Dtype as D;
        match self.dtype {
            Dtype::Bool => D::BOOL,
            Dtype::I8 => D::I8,
            Dtype::I16 => D::I16,
            Dtype::I32 => D::I32,
            Dtype::I64 => D::I64,
            Dtype::U8 => D::U8,
            Dtype::U16 => D::U16,
            Dtype::U32 => D::U32,
            Dtype::U64 => D::U64,
            Dtype::F16 => D::F16,
            Dtype::Bf16 => D::BF16,
            Dtype::F32 => D::F32,
            Dtype::F64 => D::F64,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// Bytes that an array of this shape takes, or `None` beyond what an address can reach.
pub(crate) fn byte_length(shape: &[usize], dtype: Dtype) -> Option<u64> {
    // Axes of length 0 must not hide an absurd one.
    let numbers = shape.iter().try_fold(1usize, |n, &axis| n.checked_mul(axis.max(1)))?;
    numbers.checked_mul(dtype.bytes()).filter(|&bytes| isize::try_from(bytes).is_ok())?;
    let numbers: usize = shape.iter().product();
    u64::try_from(numbers * dtype.bytes()).ok()
}

/// Reads exactly the numbers of `shape` from `from`, a mebibyte at a time.
pub(crate) fn read_array<T: Number>(
    mut from: impl std::io::Read,
    dtype: Dtype,
    big_endian: bool,
    fortran_order: bool,
    shape: &[usize],
) -> Result<ArrayD<T>> {
    let numbers: usize = shape.iter().product();
    let mut values = Vec::new();
    values.try_reserve_exact(numbers).map_err(|e| Error::new(format!("no memory for {numbers} numbers: {e}")))?;
    let mut left = numbers * dtype.bytes();
    let mut buffer = vec![0; left.min(1 << 20)];
    while left > 0 {
        let now = left.min(buffer.len());
        from.read_exact(&mut buffer[..now])
            .map_err(|e| Error::new(format!("the array was cut short or its bytes are damaged: {e}")).caused_by(e))?;
        if !T::decode(&buffer[..now], dtype, big_endian, &mut values) {
            let (stored, asked) = (dtype.name(), T::DTYPE.name());
            return Err(Error::new(format!("the array holds {stored}, but {asked} was asked for"))
                .fix(format!("read it as {stored}, or as f32 or f64, which every type converts to")));
        }
        left -= now;
    }
    let impossible = |e: ndarray::ShapeError| Error::new(format!("not a shape of {numbers} numbers: {e}"));
    if !fortran_order || shape.len() < 2 {
        return ArrayD::from_shape_vec(IxDyn(shape), values).map_err(impossible);
    }
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    let transposed = ArrayD::from_shape_vec(IxDyn(&reversed), values).map_err(impossible)?;
    Ok(transposed.reversed_axes().as_standard_layout().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absurd_shape_has_no_length_even_beside_an_empty_axis() {
        assert_eq!(byte_length(&[2, 3], Dtype::F64), Some(48));
        assert_eq!(byte_length(&[], Dtype::U16), Some(2));
        assert_eq!(byte_length(&[0, 7], Dtype::F32), Some(0));
        assert_eq!(byte_length(&[0, usize::MAX, 2], Dtype::F32), None);
        assert_eq!(byte_length(&[1 << 40, 1 << 40], Dtype::U8), None);
    }

    #[test]
    fn halves_and_wide_integers_become_floats_and_nothing_else_changes_type() {
        let mut got: Vec<f32> = Vec::new();
        assert!(f32::decode(&f16::from_f32(1.5).to_be_bytes(), Dtype::F16, true, &mut got));
        assert!(f32::decode(&bf16::from_f32(-2.0).to_le_bytes(), Dtype::Bf16, false, &mut got));
        assert!(f32::decode(&(-7i64).to_be_bytes(), Dtype::I64, true, &mut got));
        assert!(f32::decode(&[2], Dtype::Bool, false, &mut got));
        assert_eq!(got, [1.5, -2.0, -7.0, 1.0]);
        assert!(!u8::decode(&[1, 0], Dtype::U16, false, &mut Vec::new()));
    }
}
