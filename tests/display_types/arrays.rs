//! Arrays of all kinds of values and dimensions.

use ndarray::{Array1, Array2, Array3, ArrayD, arr0, array, s};

use super::{has, html, plain};

#[test]
fn small_arrays_are_shown_whole() {
    assert_eq!(
        plain(&array![[1.5f32, -2.0], [3.25, f32::NAN]]),
        "      0      1\n─  ────  ─────\n0  1.50  −2.00\n1  3.25    NaN\narray 2 x 2, f32, 16 B\n\
         min −2, mean 0.9167, max 3.25, sd 2.183, 1 NaN"
    );
    assert_eq!(
        plain(&array![7usize, 12]),
        "0   1\n─  ──\n7  12\narray 2, usize, 16 B\nmin 7, mean 9.5, max 12, sd 2.5"
    );
    has(&html(&array![[1, 2], [3, 4]]), &["<th scope=\"row\"", "<th scope=\"col\"", "array 2 x 2, i32, 16 B"]);
}

#[test]
fn integers_and_truth_values_are_written_exactly() {
    has(&plain(&array![i64::MAX, -1]), &["9223372036854775807", "−1", "i64"]);
    has(&plain(&array![true, false, true]), &["true  false  true", "array 3, bool, 3 B", "2 of 3 true"]);
    has(&plain(&array![1u8, 2]), &["u8"]);
    has(&plain(&array![[1u32, 2]]), &["u32"]);
}

#[test]
fn large_arrays_show_their_corners() {
    let large = Array2::from_shape_fn((300, 20), |(i, j)| (i * 100 + j) as i64);
    let text = plain(&large);
    has(&text, &["array 300 x 20, i64, 48.0 kB", "min 0, mean 14960, max 29919", "29717", "29919"]);
    has(&text, &["      0      1      2  …     17     18     19", "  ⋮      ⋮      ⋮      ⋮  …      ⋮"]);
    assert_eq!(text.lines().count(), 2 + 7 + 2);
    let long = Array1::from_elem(100_000, 0.5f64);
    has(&html(&long), &[">99999</th>", ">…<", "array 100000, f64, 800.0 kB", "sd 0"]);
}

#[test]
fn views_and_more_dimensions_are_shown() {
    let cube = Array3::from_shape_fn((4, 2, 3), |(i, j, k)| (100 * i + 10 * j + k) as f64);
    has(&plain(&cube), &["1  10  11  12", "shown: [0, ..., ...]", "array 4 x 2 x 3, f64, 192 B", "max 312"]);
    has(&plain(&cube.view().into_dyn()), &["shown: [0, ..., ...]", "array 4 x 2 x 3"]);
    has(&plain(&cube.slice(s![1, .., ..2])), &["0  100  101", "array 2 x 2, f64"]);
    has(&plain(&cube.slice(s![3, 1, ..])), &["310  311  312", "array 3, f64"]);
    has(&plain(&arr0(4.5)), &["4.5", "array of one value, f64, 8 B"]);
    has(&plain(&ArrayD::<f32>::zeros(vec![1, 1, 1, 1])), &["shown: [0, 0, ..., ...]"]);
}

#[test]
fn arrays_without_values_say_so() {
    assert_eq!(plain(&Array1::<f32>::zeros(0)), "array 0, f32, 0 B\nno values");
    for text in [plain(&Array2::<i32>::zeros((0, 5))), plain(&Array2::<i32>::zeros((5, 0)))] {
        has(&text, &["no values", "i32, 0 B"]);
    }
    assert!(!html(&Array3::<bool>::default((2, 0, 3))).contains("<table"));
    has(&plain(&array![f64::NAN, f64::NAN]), &["no finite value, 2 NaN"]);
}
