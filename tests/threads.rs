//! Gradients of several threads at once are those of one.

use perturbook::tensor::{Device, Tensor, cat, cpu};

/// The gradients of three leaves that two views share; each view joins two of them.
fn gradients() -> Vec<Option<f32>> {
    let device = Device::autodiff(cpu());
    let leaves = [(); 3].map(|()| Tensor::<1>::from_floats([1.0, 2.0, 3.0], &device).require_grad());
    let view = |factor: f64| {
        let [a, b, c] = leaves.clone().map(|leaf| leaf.mul_scalar(factor));
        cat(vec![a, b], 0).sum() * c.sum()
    };
    let gradients = (view(1.0) + view(2.0)).backward();
    leaves.iter().map(|leaf| leaf.grad(&gradients).map(|gradient| gradient.sum().into_scalar())).collect()
}

#[test]
fn no_part_of_a_gradient_is_lost_to_another_thread() {
    // d/da of (sum a + sum b) sum c, three elements, for factors 1 and 2: 3 * 6 * (1 + 4); for c, twice as much.
    let expected = [Some(90.0), Some(90.0), Some(180.0)];
    let wrong = || (0..2_000).filter(|_| gradients() != expected).count();
    let wrong: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(wrong)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).sum()
    });
    assert_eq!(wrong, 0, "of 12,000");
}
