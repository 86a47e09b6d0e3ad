//! Training steps as the methods make them: forward, loss, gradients, Adam. `train_peer.py` has the same in PyTorch.
//!
//! | step | network | batch |
//! |---|---|---|
//! | `vit` | ViT of width 192, 6 blocks, 3 heads, patches of 8 | 32 images of 4 x 64 x 64 |
//! | `conv_vae` | the VAE of Multi-ContrastiveVAE, base 32, 64 latent dimensions | 64 images of 4 x 64 x 64 |
//! | `nb_vae` | scVI, 2,000 genes, 128 hidden units, 10 latent dimensions | 128 cells |
//! | `stargan` | two residual and two AdaIN blocks of GRAPE, 32 to 128 channels | 16 images of 4 x 64 x 64 |
//! | `grape` | both steps of GRAPE, R1 included, 16 to 64 channels (`Settings::plate`) | 32 images of 2 x 32 x 32 |

use std::time::Instant;

use burn::module::Module;
use burn::tensor::backend::Backend as Burn;
use perturbook::methods::grape::{self, Batch, Discriminator, GrapeTraining, LossConfig, Settings, Translator};
use perturbook::methods::mcvae::{NetConfig, Vae};
use perturbook::methods::sc_vi::{ScVi, ScViConfig, ScViDraws};
use perturbook::nn::counts::Cells;
use perturbook::nn::vit::{Passes, Vit, VitConfig};
use perturbook::nn::{AdaInBlock, Conv, Init, ResidualBlock, normal};
use perturbook::tensor::{Backend, Device, Tensor};
use perturbook::train::{Adam, AdamConfig, NamedGradients};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Something that learns from one batch, again and again.
pub struct Workload {
    /// As in the table above.
    pub name: &'static str,
    /// Images or cells in a batch.
    pub items: usize,
    /// A step; gives the loss before it, so that it has ended when it returns.
    pub step: Box<dyn FnMut() -> f64>,
}

impl Workload {
    /// The least seconds of a step, after some that are not counted, and the last loss.
    pub fn best(&mut self, steps: usize) -> (f64, f64) {
        let (mut best, mut loss) = (f64::INFINITY, f64::NAN);
        for i in 0..steps + 3 {
            let started = Instant::now();
            loss = (self.step)();
            if i >= 3 {
                best = best.min(started.elapsed().as_secs_f64());
            }
        }
        (best, loss)
    }
}

/// All of them, on a device that records gradients.
pub fn workloads(device: &Device) -> Vec<Workload> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    vec![
        vit(&mut rng, device),
        conv_vae(&mut rng, device),
        nb_vae(&mut rng, device),
        stargan(&mut rng, device),
        grape(&mut rng, device),
    ]
}

/// A workload whose network is updated by the gradients of what `loss` gives.
fn learning<M: Module<Backend> + 'static>(
    name: &'static str,
    items: usize,
    network: M,
    mut loss: impl FnMut(&mut M) -> Tensor<1> + 'static,
) -> Workload {
    moving(name, items, network, move |network| {
        let loss = loss(network);
        let gradients = NamedGradients::of(network, &loss.clone().backward());
        (loss, gradients)
    })
}

/// A workload whose network is updated by gradients that come with the loss.
fn moving<M: Module<Backend> + 'static>(
    name: &'static str,
    items: usize,
    mut network: M,
    mut learn: impl FnMut(&mut M) -> (Tensor<1>, NamedGradients) + 'static,
) -> Workload {
    let mut adam = Adam::new(AdamConfig { rate: 1e-4, ..AdamConfig::default() });
    let step = move || {
        let (loss, gradients) = learn(&mut network);
        let value = f64::from(loss.into_scalar());
        network = adam.step(network.clone(), &gradients);
        value
    };
    Workload { name, items, step: Box::new(step) }
}

fn images(n: usize, rng: &mut ChaCha8Rng, device: &Device) -> Tensor<4> {
    normal([n, 4, 64, 64], 0.3, rng, device)
}

fn vit(rng: &mut ChaCha8Rng, device: &Device) -> Workload {
    let config =
        VitConfig { patch: 8, width: 192, blocks: 6, heads: 3, grid: 8, drop_path: 0.0, ..VitConfig::default() };
    let network = Vit::new(&config, rng, device).expect("sizes that fit");
    let batch = images(32, rng, device);
    let still = batch.clone().inner().device();
    moving("vit", 32, network, move |network| {
        let passes = Passes::new(network, [(batch.clone(), None)]).expect("patches fill the images");
        let loss = passes.class().powi_scalar(2).mean();
        let (on_tape, by_hand) = passes.gradients(loss.clone());
        (loss, NamedGradients::of(network, &on_tape).plus(NamedGradients::from_state(&by_hand, &still)))
    })
}

fn conv_vae(rng: &mut ChaCha8Rng, device: &Device) -> Workload {
    let network = Vae::new(&NetConfig::default(), 64, rng, device);
    let (batch, noise) = (images(64, rng, device), normal([64, 64], 1.0, rng, device));
    moving("conv_vae", 64, network, move |network| network.gradients(batch.clone(), noise.clone(), 1.0))
}

fn nb_vae(rng: &mut ChaCha8Rng, device: &Device) -> Workload {
    let config = ScViConfig { dropout: 0.0, ..ScViConfig::new(2_000) };
    let network = ScVi::new(&config, rng, device);
    let counts = normal([128, 2_000], 2.0, rng, device).abs().floor();
    let (cells, draws) = (Cells::new(counts), ScViDraws::new(&config, 128, rng, device));
    learning("nb_vae", 128, network, move |network| {
        let output = network.forward_training(&cells, &draws).expect("sizes that fit");
        network.loss(&output, 1.0).total
    })
}

/// A generator of GRAPE, small.
#[derive(Module, Debug)]
struct Blocks<B: Burn = Backend> {
    first: Conv<B>,
    down1: ResidualBlock<B>,
    down2: ResidualBlock<B>,
    up1: AdaInBlock<B>,
    up2: AdaInBlock<B>,
    last: Conv<B>,
}

fn stargan(rng: &mut ChaCha8Rng, device: &Device) -> Workload {
    let init = Init::KaimingIn;
    let network = Blocks {
        first: Conv::new([4, 32], 3, init, rng, device).padded(1),
        down1: ResidualBlock::new([32, 64], init, rng, device).normalised().halving(),
        down2: ResidualBlock::new([64, 128], init, rng, device).normalised().halving(),
        up1: AdaInBlock::new([128, 64], 64, init, rng, device).doubling(),
        up2: AdaInBlock::new([64, 32], 64, init, rng, device).doubling(),
        last: Conv::new([32, 4], 1, init, rng, device),
    };
    let (batch, style) = (images(16, rng, device), normal([16, 64], 1.0, rng, device));
    learning("stargan", 16, network, move |network| {
        let x = network.down2.forward(network.down1.forward(network.first.forward(batch.clone())));
        let x = network.up2.forward(network.up1.forward(x, style.clone()), style.clone());
        (network.last.forward(x) - batch.clone()).powi_scalar(2).mean()
    })
}

fn grape(rng: &mut ChaCha8Rng, device: &Device) -> Workload {
    let settings = Settings::plate();
    let config = settings.sizes.of_classes(19);
    let translator = Translator::new(&config, rng, device).expect("sizes that fit");
    let discriminator = Discriminator::new(&config, rng, device).expect("sizes that fit");
    let mut training = GrapeTraining::new(translator, discriminator, LossConfig::default(), settings.adam());
    let (n, side) = (settings.batch, settings.side);
    let labels: Vec<usize> = (0..n).map(|image| image % 19).collect();
    let images = normal([n, config.channels, side, side], 0.3, rng, device);
    let targets = grape::draw_targets(&labels, 19, rng);
    let batch = Batch::new(images, &labels, &targets, &config).expect("sizes that fit");
    let step = move || {
        let terms = training.step(&batch).expect("a device that records");
        f64::from(terms.generator.total(&LossConfig::default()).into_scalar())
    };
    Workload { name: "grape", items: n, step: Box::new(step) }
}
