//! Convolutions with steps of one pixel.
//!
//! ```text
//! y = W U(x) + b,    U(x) the pixels under the kernel, side by side: (in k k) x pixels
//! dx = T U(dy),  dT = x U(dy)^T,  db = sum of dy          T: in x (out k k), W turned by half a circle
//! ```
//!
//! `U` of the gradient serves both the images' and the weight's, so pixels are laid side by side once each way.

use std::cell::RefCell;
use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatRef, Par};
use pulp::Arch;

use super::slopes::turned_back;
use super::{Places, Planes, Sink, Slopes};
use crate::nn::columns::Kernel;
use crate::nn::hand::{rows, rows_mut, sum};
use crate::nn::{Conv, numbers};

/// Columns that are multiplied at a time, unless an image has more.
const COLUMNS: usize = 1024;

thread_local! {
    /// Pixels side by side: made anew for every product, in the same memory.
    static SIDE_BY_SIDE: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// The numbers of a convolution.
pub(crate) struct Convolution {
    /// `out x (in k k)`.
    weight: Vec<f32>,
    /// `in x (out k k)`, turned.
    turned: Vec<f32>,
    bias: Option<(Vec<f32>, usize)>,
    inputs: usize,
    outputs: usize,
    kernel: Kernel,
    place: usize,
}

impl Convolution {
    /// That of a convolution with steps of one pixel; `name` is its path in the network.
    pub(crate) fn of(name: &str, conv: &Conv, places: &mut Places) -> Self {
        let weight = conv.weight.val();
        let [outputs, inputs, ..] = weight.dims();
        let weight = numbers(weight);
        let turned = turned_back(&weight, inputs, outputs);
        let place = places.turned(format!("{name}.weight"), weight.len(), [outputs, inputs]);
        let bias = conv.bias.as_ref().map(|bias| {
            let bias = numbers(bias.val());
            let place = places.plain(format!("{name}.bias"), bias.len());
            (bias, place)
        });
        Self { weight, turned, bias, inputs, outputs, kernel: conv.kernel(), place }
    }

    /// Where the gradient of its weight lies.
    pub(crate) fn place(&self) -> usize {
        self.place
    }

    /// What it makes of images.
    pub(crate) fn forward(&self, x: &Planes) -> Planes {
        let mut y = self.tangent(x);
        if let Some((bias, _)) = &self.bias {
            let row = y.images * y.pixels();
            Arch::new().dispatch(|| {
                for (row, bias) in y.values.chunks_exact_mut(row).zip(bias) {
                    row.iter_mut().for_each(|y| *y += bias);
                }
            });
        }
        y
    }

    /// The change of what it gives for a change of images: the same without the bias.
    pub(crate) fn tangent(&self, x: &Planes) -> Planes {
        let mut y = Planes::zeros(self.outputs, x.images, x.size.map(|side| self.kernel.steps(side)));
        let weight = rows(&self.weight, self.weight.len() / self.outputs);
        let wide = y.pixels();
        each_block(x, self.kernel, |images, columns| {
            let into = y.matrix_mut().subcols_mut(images.start * wide, images.len() * wide);
            matmul(into, Accum::Replace, weight, columns, 1.0, Par::Seq);
        });
        y
    }

    /// The gradient of images `x` from that of what it made of them, where it is wanted.
    pub(crate) fn backward(&self, x: &Planes, dy: &Planes, sink: &mut Sink<'_>, wanted: bool) -> Option<Planes> {
        let mut dx = wanted.then(|| Planes::zeros(self.inputs, x.images, x.size));
        self.products(x, dy, dx.as_mut(), sink.slopes());
        match sink {
            Sink::Learn(slopes) => self.learn_bias(dy, slopes),
            Sink::Keep(kept) => kept[self.place] = Some(dy.clone()),
            Sink::Pass => (),
        }
        dx
    }

    /// Adds the gradient of the weight for images `x` whose products with the weight have the gradient `dy`.
    pub(crate) fn learn_weight(&self, x: &Planes, dy: &Planes, slopes: &mut Slopes) {
        self.products(x, dy, None, Some(slopes));
    }

    /// Adds the gradient of the bias.
    pub(crate) fn learn_bias(&self, dy: &Planes, slopes: &mut Slopes) {
        if let Some((_, place)) = self.bias {
            let row = dy.images * dy.pixels();
            let both = slopes.at(place).iter_mut().zip(dy.values.chunks_exact(row));
            Arch::new().dispatch(|| both.for_each(|(slope, row)| *slope += sum(row)));
        }
    }

    /// The products of the gradient's pixels side by side: `dx`, and what is added to the weight's slopes, each where it is wanted.
    fn products(&self, x: &Planes, dy: &Planes, mut dx: Option<&mut Planes>, slopes: Option<&mut Slopes>) {
        let mut slope = slopes.map(|slopes| slopes.at(self.place));
        if dx.is_none() && slope.is_none() {
            return;
        }
        let Kernel { side, stride, padding } = self.kernel;
        let (across, wide) = (self.turned.len() / self.inputs, x.pixels());
        let turned = rows(&self.turned, across);
        each_block(dy, Kernel { side, stride, padding: side - 1 - padding }, |images, columns| {
            let (first, count) = (images.start * wide, images.len() * wide);
            if let Some(slope) = &mut slope {
                let x = x.matrix().subcols(first, count);
                matmul(rows_mut(slope, across), Accum::Add, x, columns.transpose(), 1.0, Par::Seq);
            }
            if let Some(dx) = &mut dx {
                let into = dx.matrix_mut().subcols_mut(first, count);
                matmul(into, Accum::Replace, turned, columns, 1.0, Par::Seq);
            }
        });
    }
}

/// The pixels under the kernel, `(channels k k) x (images pixels)`, of some images at a time.
fn each_block(x: &Planes, kernel: Kernel, mut work: impl FnMut(Range<usize>, MatRef<'_, f32>)) {
    if kernel.side == 1 && kernel.padding == 0 {
        return work(0..x.images, x.matrix());
    }
    let wide: usize = x.size.iter().map(|&side| kernel.steps(side)).product();
    let at_a_time = (COLUMNS / wide.max(1)).clamp(1, x.images.max(1));
    SIDE_BY_SIDE.with_borrow_mut(|memory| {
        for start in (0..x.images).step_by(at_a_time) {
            let images = start..(start + at_a_time).min(x.images);
            let columns = images.len() * wide;
            let needed = x.channels * kernel.side * kernel.side * columns;
            if memory.len() < needed {
                memory.resize(needed, 0.0);
            }
            lay(x, &images, kernel, &mut memory[..needed]);
            work(images, rows(&memory[..needed], columns));
        }
    });
}

/// Writes every number of the columns of some images.
fn lay(x: &Planes, images: &Range<usize>, kernel: Kernel, out: &mut [f32]) {
    let [height, width] = x.size;
    let [high, wide] = x.size.map(|side| kernel.steps(side));
    let mut to = out.chunks_exact_mut(wide);
    for channel in 0..x.channels {
        for tap in 0..kernel.side * kernel.side {
            let (lines, top) = kernel.inside(tap / kernel.side, height);
            let (places, left) = kernel.inside(tap % kernel.side, width);
            for image in images.clone() {
                let plane = &x.values[(channel * x.images + image) * height * width..][..height * width];
                for (line, to) in to.by_ref().take(high).enumerate() {
                    if !lines.contains(&line) {
                        to.fill(0.0);
                        continue;
                    }
                    let from = (top + line - lines.start) * width + left;
                    to[..places.start].fill(0.0);
                    to[places.end..].fill(0.0);
                    to[places.clone()].copy_from_slice(&plane[from..][..places.len()]);
                }
            }
        }
    }
}
