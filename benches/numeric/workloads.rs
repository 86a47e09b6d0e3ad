/// A tensor with values that repeat, the same everywhere.
fn values<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let n = shape.iter().product::<usize>();
    let numbers: Vec<f32> = (0..n).map(|i| ((i * 7919) % 1009) as f32 / 1009.0 - 0.5).collect();
    Tensor::<1>::from_floats(numbers.as_slice(), device).reshape(shape)
}

/// Waits until a tensor is computed.
fn wait<const D: usize>(tensor: Tensor<D>) {
    let _ = tensor.into_data();
}

/// The best of several runs, in seconds.
fn best(mut work: impl FnMut()) -> f64 {
    let seconds = |work: &mut dyn FnMut()| {
        let started = std::time::Instant::now();
        work();
        started.elapsed().as_secs_f64()
    };
    (0..8).map(|_| seconds(&mut work)).fold(f64::INFINITY, f64::min)
}

/// A product of two square matrices.
fn matrix_product() -> f64 {
    let device = cpu();
    let (a, b) = (values([1024, 1024], &device), values([1024, 1024], &device));
    best(|| wait(a.clone().matmul(b.clone())))
}

/// A training step of a convolutional VAE on 32 images of 3 x 64 x 64: forward, loss, gradients, update.
fn training_step() -> f64 {
    use burn::tensor::activation::relu;
    use burn::tensor::module::{conv2d, conv_transpose2d};
    use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
    let device = Device::autodiff(cpu());
    let images = values([32, 3, 64, 64], &device);
    let shrink = ConvOptions::new([2, 2], [1, 1], [1, 1], 1);
    let grow = ConvTransposeOptions::new([2, 2], [1, 1], [0, 0], [1, 1], 1);
    let mut kernels: Vec<Tensor<4>> =
        [[32, 3, 4, 4], [64, 32, 4, 4], [64, 32, 4, 4], [32, 3, 4, 4]].map(|s| values(s, &device).require_grad()).into();
    let mut layers: Vec<Tensor<2>> =
        [[64 * 16 * 16, 32], [64 * 16 * 16, 32], [32, 64 * 16 * 16]].map(|s| values(s, &device).require_grad()).into();
    let noise = values([32, 32], &device);
    best(|| {
        let x = relu(conv2d(images.clone(), kernels[0].clone(), None, shrink.clone()));
        let x = relu(conv2d(x, kernels[1].clone(), None, shrink.clone())).reshape([32, 64 * 16 * 16]);
        let mean = x.clone().matmul(layers[0].clone()) * 1e-3;
        let log_variance = x.matmul(layers[1].clone()) * 1e-3;
        let z = mean.clone() + (log_variance.clone() * 0.5).exp() * noise.clone();
        let x = relu(z.matmul(layers[2].clone())).reshape([32, 64, 16, 16]);
        let x = relu(conv_transpose2d(x, kernels[2].clone(), None, grow.clone()));
        let x = conv_transpose2d(x, kernels[3].clone(), None, grow.clone());
        let divergence = (log_variance.clone().exp() + mean.clone() * mean - log_variance - 1.0).mean();
        let difference = x - images.clone();
        let loss = (difference.clone() * difference).mean() + divergence;
        let gradients = loss.backward();
        for kernel in &mut kernels {
            let gradient = kernel.grad(&gradients).unwrap();
            *kernel = Tensor::from_inner(kernel.clone().inner() - gradient * 1e-6).require_grad();
        }
        for layer in &mut layers {
            let gradient = layer.grad(&gradients).unwrap();
            *layer = Tensor::from_inner(layer.clone().inner() - gradient * 1e-6).require_grad();
        }
        wait(layers[0].clone());
    })
}

/// Loops of the user's own: 20 epochs of a layout in which 15 neighbours of each of 4,000 points attract it and five
/// other points repel it.
fn layout_loops() -> f64 {
    let n = 4_000usize;
    let start: Vec<[f64; 2]> = (0..n).map(|i| [(i * 7919 % 1009) as f64 / 100.0, (i * 104_729 % 997) as f64 / 100.0]).collect();
    best(|| {
        let mut points = start.clone();
        let mut seed = 12_345u64;
        for epoch in 0..20 {
            let rate = 1.0 - f64::from(epoch) / 20.0;
            for i in 0..n {
                for k in 1..=20 {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let attracts = k <= 15;
                    let j = if attracts { (i + k * k) % n } else { (seed >> 33) as usize % n };
                    let (dx, dy) = (points[i][0] - points[j][0], points[i][1] - points[j][1]);
                    let d2 = dx * dx + dy * dy;
                    let pull = if attracts {
                        -2.0 * 1.577 * 0.895 * d2.powf(0.895 - 1.0) / (1.0 + 1.577 * d2.powf(0.895))
                    } else {
                        2.0 * 0.895 / ((0.001 + d2) * (1.0 + 1.577 * d2.powf(0.895)))
                    };
                    if d2 > 0.0 {
                        points[i][0] += rate * (pull * dx).clamp(-4.0, 4.0);
                        points[i][1] += rate * (pull * dy).clamp(-4.0, 4.0);
                    }
                }
            }
        }
        assert!(points.iter().flatten().all(|v| v.is_finite()));
    })
}

/// A UMAP of 2,000 points in 32 dimensions: neighbours, graph, start and 100 epochs of layout.
fn umap_of_points() -> f64 {
    let points = ndarray::Array2::from_shape_fn((2_000, 32), |(i, k)| {
        let noise = (i * 7919 + k * 104_729) % 1009;
        (i % 20 * (k + 3) % 7) as f64 + noise as f64 / 1009.0
    });
    let config = UmapConfig { epochs: Some(100), ..UmapConfig::default() };
    best(|| assert!(umap(&points, &config).unwrap().map.iter().all(|v| v.is_finite())))
}
