//! The names under which weights of vision transformers and of Set-DINO are published, and ours.
//!
//! | published (DINO, Set-DINO; timm's ViT has those of the backbone) | ours |
//! |---|---|
//! | `cls_token`, `pos_embed` | the same |
//! | `patch_embed.proj.weight`, `.bias` | `patch_embed.weight`, `.bias` |
//! | `blocks.I.norm1.*`, `blocks.I.norm2.*`, `norm.*` | the same |
//! | `blocks.I.attn.qkv.*`, `blocks.I.attn.proj.*` | `blocks.I.qkv.*`, `blocks.I.proj.*` |
//! | `blocks.I.mlp.fc1.*`, `blocks.I.mlp.fc2.*` | `blocks.I.fc1.*`, `blocks.I.fc2.*` |
//! | `head.mlp.0.*`, `head.mlp.2.*`, `head.mlp.4.*` | `head.fc1.*`, `head.fc2.*`, `head.fc3.*` |
//! | `head.last_layer.weight_v` | `head.last.weight_v` |
//! | `head.last_layer.parametrizations.weight.original1` | `head.last.weight_v` |
//! | `head.last_layer.weight_g`, `...original0` | none: the gain is 1 and stays it |
//! | `pool.*` (other aggregations) | the same |
//!
//! In front of these may stand `module.` (a network trained on several GPUs) and, before all but the head and the
//! aggregation, `backbone.`; ours always have `backbone.`. A checkpoint of both networks has them under `student.` and
//! `teacher.`. Shapes are the same on both sides.

use ndarray::ArrayD;

use crate::nn::State;

/// The part of a published name behind `head.`, as ours.
const HEAD: [(&str, &str); 5] = [
    ("mlp.0.", "fc1."),
    ("mlp.2.", "fc2."),
    ("mlp.4.", "fc3."),
    ("last_layer.parametrizations.weight.original1", "last.weight_v"),
    ("last_layer.", "last."),
];
/// The parts of a published name of the backbone that ours lack.
const BACKBONE: [(&str, &str); 3] = [("patch_embed.proj.", "patch_embed."), (".attn.", "."), (".mlp.", ".")];

/// Published weights of one network by our names; what has no place here (gains, heads of classifiers) is left out.
///
/// ```
/// use ndarray::ArrayD;
/// use perturbook::methods::set_dino::from_published;
/// use perturbook::nn::State;
///
/// let mut published = State::default();
/// let names = ["module.blocks.3.attn.qkv.weight", "module.head.mlp.2.bias", "module.head.last_layer.weight_g"];
/// names.iter().for_each(|&name| published.insert(name, ArrayD::zeros(vec![1])));
/// assert_eq!(from_published(&published).names(), ["backbone.blocks.3.qkv.weight", "head.fc2.bias"]);
/// ```
pub fn from_published(state: &State) -> State {
    state.renamed(ours)
}

/// Weights of one network by their published names, with the gains of the last layer, which are 1.
///
/// ```
/// use perturbook::methods::set_dino::{SetDino, from_published, to_published};
/// use perturbook::nn::{State, dino_head::DinoHeadConfig, vit::VitConfig};
/// use perturbook::tensor::cpu;
/// use rand::SeedableRng;
///
/// let vit = VitConfig { width: 12, blocks: 1, heads: 2, ..VitConfig::default() };
/// let head = DinoHeadConfig { hidden: 8, bottleneck: 4, outputs: 16 };
/// let network = SetDino::new(&vit, &head, &mut rand_chacha::ChaCha8Rng::seed_from_u64(0), &cpu())?;
/// let published = to_published(&State::of(&network));
/// assert_eq!(published.get("head.last_layer.weight_g").unwrap().shape(), [16, 1]);
/// assert!(published.get("backbone.blocks.0.attn.qkv.weight").is_some());
/// assert_eq!(from_published(&published), State::of(&network));
/// # Ok::<(), perturbook::Error>(())
/// ```
pub fn to_published(state: &State) -> State {
    let mut published = state.renamed(|name| Some(published(name)));
    if let Some(directions) = state.get("head.last.weight_v") {
        let outputs = directions.shape().first().copied().unwrap_or(0);
        published.insert("head.last_layer.weight_g", ArrayD::from_elem(vec![outputs, 1], 1.0));
    }
    published
}

fn ours(name: &str) -> Option<String> {
    let name = name.strip_prefix("module.").unwrap_or(name);
    if let Some(rest) = name.strip_prefix("head.") {
        if rest.ends_with("weight_g") || rest.ends_with("original0") {
            return None;
        }
        // A classifier's head is one layer, `head.weight` and `head.bias`.
        let (from, to) = HEAD.into_iter().find(|(from, _)| rest.starts_with(from))?;
        return Some(format!("head.{to}{}", &rest[from.len()..]));
    }
    if name.starts_with("pool.") {
        return Some(name.to_owned());
    }
    let rest = name.strip_prefix("backbone.").unwrap_or(name);
    let known = ["cls_token", "pos_embed", "patch_embed.", "blocks.", "norm."];
    if !known.iter().any(|start| rest.starts_with(start)) {
        return None;
    }
    let renamed = BACKBONE.iter().fold(rest.to_owned(), |name, (from, to)| name.replacen(from, to, 1));
    Some(format!("backbone.{renamed}"))
}

fn published(name: &str) -> String {
    if let Some(rest) = name.strip_prefix("head.") {
        let known = [("fc1.", "mlp.0."), ("fc2.", "mlp.2."), ("fc3.", "mlp.4."), ("last.", "last_layer.")];
        let renamed = known.into_iter().find(|(from, _)| rest.starts_with(from));
        return renamed.map_or_else(|| name.to_owned(), |(from, to)| format!("head.{to}{}", &rest[from.len()..]));
    }
    let parts = [
        ("patch_embed.", "patch_embed.proj."),
        (".qkv.", ".attn.qkv."),
        (".proj.", ".attn.proj."),
        (".fc1.", ".mlp.fc1."),
        (".fc2.", ".mlp.fc2."),
    ];
    if !name.starts_with("backbone.") {
        return name.to_owned();
    }
    match parts.into_iter().find(|(from, _)| name.contains(from)) {
        Some((from, to)) => name.replacen(from, to, 1),
        None => name.to_owned(),
    }
}
