//! Tensors of numbers and truth values, on the CPU and with gradients.

use burn::tensor::{Bool, Int, TensorData};
use perturbook::tensor::{Backend, Device, Tensor, cpu};

use super::{has, html, plain};

#[test]
fn a_small_tensor_is_shown_whole() {
    let tensor = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 6.0]], &cpu());
    assert_eq!(
        plain(&tensor),
        "   0  1\n─  ─  ─\n0  1  2\n1  3  6\ntensor 2 x 2, f32, 16 B, CPU\nmin 1, mean 3, max 6, sd 1.871"
    );
    has(&plain(&Tensor::<1>::from_floats([0.5, f32::NAN], &cpu())), &["0.5  NaN", "tensor 2, f32", "1 NaN"]);
    has(&html(&tensor), &["<th scope=\"row\"", "<th scope=\"col\""]);
}

#[test]
fn the_range_of_a_large_tensor_is_computed_where_it_lies() {
    let mut values: Vec<f32> = (0..60_000).map(|i| i as f32).collect();
    (values[5], values[6]) = (f32::NAN, f32::INFINITY);
    let tensor = Tensor::<2>::from_data(TensorData::new(values, [300, 200]), &cpu());
    let text = plain(&tensor);
    has(
        &text,
        &["tensor 300 x 200, f32, 240.0 kB, CPU", "min 0, mean 30001, max 59999, sd 17320", "1 NaN, 1 infinite"],
    );
    has(&text, &["…", "⋮", "59800", "59999"]);
    assert_eq!(text.lines().count(), 2 + 7 + 2);
    html(&tensor);
}

#[test]
fn a_tensor_of_only_nan_has_no_range() {
    let tensor = Tensor::<1>::from_data(TensorData::new(vec![f32::NAN; 10_000], [10_000]), &cpu());
    has(&plain(&tensor), &["no finite value, 10000 NaN", "NaN  NaN  NaN  …"]);
}

#[test]
fn tensors_of_more_dimensions_show_their_first_matrix() {
    let tensor = Tensor::<4>::ones([2, 3, 40, 50], &cpu()) * 2.0;
    has(&plain(&tensor), &["tensor 2 x 3 x 40 x 50, f32", "shown: [0, 0, ..., ...]", "min 2, mean 2, max 2, sd 0"]);
}

#[test]
fn empty_tensors_are_shown_without_values() {
    has(&plain(&Tensor::<2>::zeros([0, 4], &cpu())), &["tensor 0 x 4, f32, 0 B, CPU\nno values"]);
    has(&plain(&burn::Tensor::<Backend, 1, Int>::zeros([0], &cpu())), &["tensor 0, i", "no values"]);
    has(&plain(&burn::Tensor::<Backend, 1, Bool>::empty([0], &cpu())), &["tensor 0, bool", "no values"]);
}

#[test]
fn integers_and_truth_values_have_their_own_words() {
    let counts = burn::Tensor::<Backend, 1, Int>::arange(0..5000, &cpu());
    has(&plain(&counts), &["4997  4998  4999", "min 0, mean 2500, max 4999", "tensor 5000, i"]);
    has(&plain(&counts.clone().lower_elem(7)), &["true", "7 of 5000 true", "bool"]);
    let small = burn::Tensor::<Backend, 2, Int>::from_ints([[1, -2]], &cpu());
    has(&plain(&small), &["0  1  −2", "min −2, mean −0.5, max 1"]);
}

#[test]
fn recorded_gradients_are_told() {
    let device = Device::autodiff(cpu());
    let weights = Tensor::<2>::ones([100, 100], &device).require_grad();
    has(&plain(&weights), &["CPU, gradients recorded, requires grad", "mean 1"]);
    let computed = plain(&(weights.clone() * 3.0));
    assert!(computed.contains("gradients recorded") && !computed.contains("requires grad"), "{computed}");
    let gradients = (weights.clone() * 3.0).sum().backward();
    assert!(weights.grad(&gradients).is_some(), "showing a tensor does not disturb its gradients");
}
