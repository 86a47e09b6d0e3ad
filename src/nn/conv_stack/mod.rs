//! Convolutions one after the other, forward and backward by hand on a CPU.
//!
//! A tape passes over all images once for every operation, through new memory each time, and burn does much of it on one
//! thread. Here an image goes through all layers while it lies in the cache, and images are shared out to all cores. Gradients
//! are summed image by image within parts of fixed size, and these in their order: the same numbers from run to run.

mod layer;

use ndarray::Array1;
use rayon::prelude::*;

pub(crate) use layer::Layer;
use layer::{Sides, Slopes};

use super::State;
use super::hand::add;

/// Images that a core does at a time.
const PART: usize = 4;

/// Convolutions of images of one size.
pub(crate) struct ConvStack {
    layers: Vec<Layer>,
    sides: Vec<Sides>,
}

/// What forward gives.
pub(crate) struct Forward {
    /// What each image gives after the last layer, and what backward needs.
    images: Vec<Image>,
}

/// What each layer made of one image, with the slope of its GELU.
struct Image {
    layers: Vec<(Vec<f32>, Vec<f32>)>,
}

impl Forward {
    /// What the last layer made of all images, `n x out x height x width`.
    pub(crate) fn values(&self) -> Vec<f32> {
        let last = |image: &Image| image.layers.last().map(|(values, _)| values.clone()).unwrap_or_default();
        self.images.iter().map(last).collect::<Vec<_>>().concat()
    }
}

impl ConvStack {
    /// Of layers that fit each other, for images of this height and width.
    pub(crate) fn new(layers: Vec<Layer>, size: [usize; 2]) -> Self {
        let mut from = size;
        let sides = layers.iter().map(|layer| {
            let sides = layer.sides(from);
            from = sides.to;
            sides
        });
        let sides = sides.collect();
        Self { layers, sides }
    }

    /// Channels, height and width of what the last layer gives.
    pub(crate) fn shape(&self) -> [usize; 3] {
        let last = self.layers.last().zip(self.sides.last());
        last.map_or([0; 3], |(layer, sides)| [layer.outputs(), sides.to[0], sides.to[1]])
    }

    /// Numbers of an image that the first layer reads.
    fn reads(&self) -> usize {
        self.layers.first().zip(self.sides.first()).map_or(1, |(layer, s)| layer.inputs() * s.from[0] * s.from[1])
    }

    /// Images `n x in x height x width` through all layers.
    pub(crate) fn forward(&self, images: &[f32]) -> Forward {
        let one = |image: &[f32]| {
            let mut done: Vec<(Vec<f32>, Vec<f32>)> = Vec::with_capacity(self.layers.len());
            for (layer, &sides) in self.layers.iter().zip(&self.sides) {
                let made = layer.forward(done.last().map_or(image, |(values, _)| values), sides);
                done.push(made);
            }
            Image { layers: done }
        };
        Forward { images: images.par_chunks(self.reads()).with_min_len(PART).map(one).collect() }
    }

    /// The gradients of weights and biases by name, flat, from that of what forward gave; and that of the images where it is
    /// `wanted`, else nothing.
    pub(crate) fn backward(&self, images: &[f32], forward: &Forward, slope: &[f32], wanted: bool) -> (State, Vec<f32>) {
        let given: usize = self.shape().iter().product();
        let part = |((made, images), slope): ((&[Image], &[f32]), &[f32])| {
            let mut sums: Vec<Slopes> = self.layers.iter().map(Layer::no_slopes).collect();
            let mut inner = Vec::with_capacity(if wanted { images.len() } else { 0 });
            let each = made.iter().zip(images.chunks(self.reads())).zip(slope.chunks(given));
            for ((made, image), slope) in each {
                let mut slope = slope.to_vec();
                for (place, layer) in self.layers.iter().enumerate().rev() {
                    let read = if place == 0 { image } else { &made.layers[place - 1].0 };
                    let (sides, wanted) = (self.sides[place], wanted || place > 0);
                    slope = layer.backward(read, &made.layers[place].1, slope, sides, &mut sums[place], wanted);
                }
                inner.extend(slope);
            }
            (sums, inner)
        };
        let parts = forward.images.par_chunks(PART);
        let parts = parts.zip(images.par_chunks(PART * self.reads())).zip(slope.par_chunks(PART * given));
        let mut parts = parts.map(part).collect::<Vec<_>>().into_iter();
        let (mut sums, mut inner) = parts.next().unwrap_or_default();
        for (more, inner_more) in parts {
            for (sum, more) in sums.iter_mut().zip(more) {
                add(&mut sum.weight, &more.weight);
                add(&mut sum.bias, &more.bias);
            }
            inner.extend(inner_more);
        }
        let mut state = State::default();
        for (layer, sum) in self.layers.iter().zip(sums) {
            for (what, values) in [("weight", sum.weight), ("bias", sum.bias)] {
                state.insert(format!("{}.{what}", layer.name), Array1::from(values).into_dyn());
            }
        }
        (state, inner)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::TensorData;
    use burn::tensor::backend::Backend as Burn;
    use rand::SeedableRng;

    use super::*;
    use crate::nn::state::array;
    use crate::nn::{Conv, ConvTranspose, Init, gelu};
    use crate::tensor::{Backend, Device, Tensor, cpu};

    #[derive(Module, Debug)]
    struct Net<B: Burn = Backend> {
        down: Conv<B>,
        same: Conv<B>,
        up: ConvTranspose<B>,
    }

    #[test]
    fn values_and_gradients_are_those_of_the_tape() {
        let device = Device::autodiff(cpu());
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let init = Init::Uniform;
        let net = Net {
            down: Conv::new([2, 3], 3, init, &mut rng, &device).strided(2).padded(1),
            same: Conv::new([3, 4], 3, init, &mut rng, &device).padded(1),
            up: ConvTranspose::doubling([4, 2], init, &mut rng, &device),
        };
        for [height, width] in [[8, 8], [7, 10], [1, 3]] {
            let n = 2 * PART + 1;
            let values: Vec<f32> = (0..n * 2 * height * width).map(|i| ((i * 37 % 101) as f32 - 50.0) / 40.0).collect();
            let data = TensorData::new(values.clone(), [n, 2, height, width]);
            let x = Tensor::<4>::from_data(data, &device).require_grad();
            let y = gelu(net.same.forward(gelu(net.down.forward(x.clone()))));
            let y = net.up.forward(y);
            let expected = y.clone().sin().sum().backward();
            let layers = vec![
                Layer::of("down", &net.down).then_gelu(),
                Layer::of("same", &net.same).then_gelu(),
                Layer::of_transposed("up", &net.up),
            ];
            let stack = ConvStack::new(layers, [height, width]);
            let forward = stack.forward(&values);
            assert_eq!(stack.shape()[..], y.dims()[1..]);
            let made = array(y.clone());
            let apart = forward.values().iter().zip(&made).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(apart < 1e-5, "{apart}");
            let slope: Vec<f32> = array(y.cos()).into_iter().collect();
            let (found, inner) = stack.backward(&values, &forward, &slope, true);
            let close = |name: &str, found: &[f32], expected: &[f32]| {
                assert_eq!(found.len(), expected.len(), "{name}");
                let apart = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                let largest = expected.iter().copied().map(f32::abs).fold(0.0, f32::max);
                assert!(apart < 1e-5 * largest.max(1.0) && largest > 0.0, "{name}: {apart} of {largest}");
            };
            let tape = State::gradients_of(&net, &expected);
            assert_eq!(found.names(), tape.names());
            for (name, values) in tape.iter() {
                close(name, found.get(name).unwrap().as_slice().unwrap(), values.as_slice().unwrap());
            }
            close("images", &inner, array(x.grad(&expected).unwrap()).as_slice().unwrap());
            assert!(stack.backward(&values, &forward, &slope, false).1.is_empty());
        }
    }
}
