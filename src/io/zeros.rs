//! Memory for large arrays, on large pages where the system leaves those to programs.
//!
//! Each page of new memory costs its first touch, 2 µs here: for an array of 33 MB 18 ms with pages of 4 KB, and 3 ms with
//! pages of 2 MB. numpy asks for those from the same size on.

/// Bytes from which large pages are asked for.
const LARGE: usize = 4 << 20;

/// So many zeros.
pub(crate) fn zeros<T: bytemuck::Zeroable + Copy>(len: usize) -> Vec<T> {
    // Nothing of it is touched here: the system gives zeros.
    let values = vec![T::zeroed(); len];
    let bytes = size_of_val(values.as_slice());
    if bytes >= LARGE {
        kevy_madvise::advise_hugepage(values.as_ptr().cast(), bytes);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_of_any_number_are_zeros() {
        for len in [0, 1, 1 << 20, (1 << 20) + 1, 3_000_001] {
            let values = zeros::<f32>(len);
            assert_eq!(values.len(), len);
            assert!(values.iter().all(|&value| value == 0.0));
        }
    }
}
