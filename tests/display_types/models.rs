//! Summaries of models.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::backend::Backend;
use perturbook::display::ModelSummary;
use perturbook::tensor::{Backend as Dispatch, Device, Tensor, cpu};

use super::{has, html, plain};

#[derive(Module, Debug)]
struct Encoder<B: Backend> {
    conv1: Conv2d<B>,
    norm: BatchNorm<B>,
}

#[derive(Module, Debug)]
struct Net<B: Backend> {
    encoder: Encoder<B>,
    heads: Vec<Linear<B>>,
    scale: Param<burn::Tensor<B, 1>>,
    rate: f64,
}

fn net(device: &Device, heads: usize) -> Net<Dispatch> {
    let encoder =
        Encoder { conv1: Conv2dConfig::new([3, 8], [3, 3]).init(device), norm: BatchNormConfig::new(8).init(device) };
    let heads = (0..heads).map(|_| LinearConfig::new(8, 1000).init(device)).collect();
    Net { encoder, heads, scale: Param::from_tensor(Tensor::<1>::ones([5], device)), rate: 0.1 }
}

#[test]
fn a_model_lists_its_parameters_by_layer() {
    let net = net(&Device::autodiff(cpu()), 2);
    let summary = ModelSummary::of(&net);
    assert_eq!(summary.parameters(), 3 * 8 * 9 + 8 + 4 * 8 + 2 * 9000 + 5);
    assert_eq!(summary.trainable(), 3 * 8 * 9 + 8 + 2 * 8 + 2 * 9000 + 5, "running means are not learned");
    let text = plain(&summary);
    has(&text, &["encoder (Encoder)", "4 tensors", "encoder.conv1.weight", "8 x 3 x 3 x 3", "216"]);
    has(&text, &["heads (Vec)", "heads.1.weight", "8 x 1000", "18,000", "f32", "in part", "scale"]);
    has(&text, &["18,261 parameters in 11 tensors, 18,245 of them trainable, 73.0 kB"]);
    has(
        &html(&summary),
        &["<th scope=\"row\" style=\"text-align:left;padding:2px 10px;font-weight:bold;\">encoder (Encoder)"],
    );
    assert!(net.rate > 0.0);
}

#[test]
fn nothing_is_trainable_without_autodiff() {
    let summary = ModelSummary::of(&net(&cpu(), 1));
    assert_eq!(summary.trainable(), 0);
    assert!(!plain(&summary).contains("yes"));
}

#[test]
fn deep_layers_of_a_large_model_are_summed() {
    let text = plain(&ModelSummary::of(&net(&cpu(), 70)));
    has(&text, &["heads.69 (Linear)", "9,000", "630,000"]);
    assert!(!text.contains("heads.69.weight"));
    let layers = ModelSummary::of(&net(&cpu(), 3000));
    has(&plain(&layers), &["heads (Vec)", "27,000,000"]);
    html(&layers);
    assert!(!plain(&layers).contains("heads.0"));
}

#[test]
fn a_model_without_parameters_says_so() {
    let summary = ModelSummary::of::<Dispatch>(&Vec::<Linear<Dispatch>>::new());
    has(&plain(&summary), &["0 parameters in 0 tensors"]);
    html(&summary);
}
