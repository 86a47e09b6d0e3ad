//! Convolutions as matrix products on the CPU are burn's convolutions, in value and in gradient.

use std::time::Instant;

use burn::tensor::TensorData;
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use perturbook::nn::{conv_by_rows, conv_transpose_by_rows, normal};
use perturbook::tensor::{Device, Tensor, cpu};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Values and both gradients of a function of an image and a weight, for one and the same change of the result.
fn all(f: impl Fn(Tensor<4>, Tensor<4>) -> Tensor<4>, x: &Tensor<4>, w: &Tensor<4>) -> [Vec<f32>; 3] {
    let leaf = |t: &Tensor<4>| Tensor::<4>::from_data(t.to_data(), &Device::autodiff(cpu())).require_grad();
    let (x, w) = (leaf(x), leaf(w));
    let y = f(x.clone(), w.clone());
    let numbers = y.dims().iter().product::<usize>();
    let change: Vec<f32> = (0..numbers).map(|i| (i as f32 * 0.37).sin()).collect();
    let change = Tensor::<4>::from_data(TensorData::new(change, y.dims()), &y.device());
    let gradients = (y.clone() * change).sum().backward();
    let gradient = |t: &Tensor<4>| t.grad(&gradients).expect("a gradient").into_data().to_vec().expect("numbers");
    [y.into_data().to_vec().expect("numbers"), gradient(&x), gradient(&w)]
}

fn same(what: &str, got: [Vec<f32>; 3], want: [Vec<f32>; 3]) {
    for (part, (got, want)) in ["values", "gradient of x", "gradient of the weight"].iter().zip(got.iter().zip(&want)) {
        assert_eq!(got.len(), want.len(), "{what}, {part}");
        let size = want.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        let apart = got.iter().zip(want).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(apart <= 2e-5 * size, "{what}, {part}: {apart} of {size}");
    }
}

#[test]
fn values_and_gradients_are_those_of_burn() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (kernel, stride, padding) in [(3, 1, 1), (3, 2, 1), (4, 2, 1), (3, 1, 0), (1, 1, 0), (5, 3, 2)] {
        for (height, width) in [(12, 12), (9, 13)] {
            let x = normal([3, 4, height, width], 1.0, &mut rng, &cpu());
            let w = normal([6, 4, kernel, kernel], 1.0, &mut rng, &cpu());
            let options = || ConvOptions::new([stride; 2], [padding; 2], [1, 1], 1);
            let want = all(|x, w| conv2d(x, w, None, options()), &x, &w);
            let got = all(|x, w| conv_by_rows(x, w, stride, padding), &x, &w);
            same(&format!("{kernel} x {kernel}, stride {stride}, {height} x {width}"), got, want);
        }
    }
    for (kernel, stride, padding, more) in [(3, 2, 1, 1), (4, 2, 1, 0), (3, 1, 1, 0), (5, 2, 2, 1)] {
        let x = normal([3, 4, 6, 7], 1.0, &mut rng, &cpu());
        let w = normal([4, 5, kernel, kernel], 1.0, &mut rng, &cpu());
        let options = || ConvTransposeOptions::new([stride; 2], [padding; 2], [more; 2], [1, 1], 1);
        let want = all(|x, w| conv_transpose2d(x, w, None, options()), &x, &w);
        let size = [6, 7].map(|side| (side - 1) * stride + kernel + more - 2 * padding);
        let got = all(|x, w| conv_transpose_by_rows(x, w, stride, padding, size), &x, &w);
        same(&format!("transposed {kernel} x {kernel}, stride {stride}"), got, want);
    }
}

/// Seconds of the fastest of some steps (values and gradients), burn's and by rows: `--ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a test"]
fn time_of_a_step() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let fastest = |f: &dyn Fn()| {
        let seconds = (0..5).map(|_| {
            let start = Instant::now();
            f();
            start.elapsed().as_secs_f64()
        });
        seconds.fold(f64::INFINITY, f64::min)
    };
    for (n, inputs, outputs, side, stride) in
        [(64, 4, 32, 64, 2), (64, 32, 32, 32, 1), (64, 32, 64, 32, 2), (64, 64, 64, 16, 1), (64, 64, 64, 16, 2)]
    {
        let x = normal([n, inputs, side, side], 1.0, &mut rng, &cpu());
        let w = normal([outputs, inputs, 3, 3], 1.0, &mut rng, &cpu());
        let burn = fastest(&|| {
            all(|x, w| conv2d(x, w, None, ConvOptions::new([stride; 2], [1, 1], [1, 1], 1)), &x, &w);
        });
        let rows = fastest(&|| {
            all(|x, w| conv_by_rows(x, w, stride, 1), &x, &w);
        });
        println!("{n} x {inputs} x {side} x {side} to {outputs}, stride {stride}: {burn:.4} s, by rows {rows:.4} s");
    }
    for (n, inputs, outputs, side) in [(64, 64, 64, 8), (64, 64, 32, 16), (64, 32, 4, 32)] {
        let x = normal([n, inputs, side, side], 1.0, &mut rng, &cpu());
        let w = normal([inputs, outputs, 3, 3], 1.0, &mut rng, &cpu());
        let options = || ConvTransposeOptions::new([2, 2], [1, 1], [1, 1], [1, 1], 1);
        let burn = fastest(&|| {
            all(|x, w| conv_transpose2d(x, w, None, options()), &x, &w);
        });
        let rows = fastest(&|| {
            all(|x, w| conv_transpose_by_rows(x, w, 2, 1, [2 * side; 2]), &x, &w);
        });
        println!("transposed {n} x {inputs} x {side} x {side} to {outputs}: {burn:.4} s, by rows {rows:.4} s");
    }
}
