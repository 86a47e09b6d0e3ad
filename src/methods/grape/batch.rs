//! Images of one training step, with the classes they are of and the classes they are translated to.

use burn::tensor::{Int, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::NetworkConfig;
use crate::tensor::{Backend, Tensor};
use crate::{Error, Result};

/// Images with classes and targets.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `n x channels x side x side`.
    pub images: Tensor<4>,
    /// The class of each.
    pub labels: burn::Tensor<Backend, 1, Int>,
    /// The class that each is translated to.
    pub targets: burn::Tensor<Backend, 1, Int>,
}

impl Batch {
    /// Images with the class of each and the class that each is translated to.
    ///
    /// # Errors
    /// When images do not fit the networks ([`NetworkConfig::check`]), or there is not one class and one target for each,
    /// or one of them is not a class of the networks.
    pub fn new(images: Tensor<4>, labels: &[usize], targets: &[usize], config: &NetworkConfig) -> Result<Self> {
        let [n, channels, rows, columns] = images.dims();
        if channels != config.channels {
            return Err(Error::new(format!("images have {channels} channels and the networks {}", config.channels))
                .fix("set `channels` of the networks"));
        }
        [rows, columns].into_iter().try_for_each(|side| config.check(side))?;
        let device = images.device();
        let classes = |what: &str, classes: &[usize]| {
            if classes.len() != n {
                return Err(Error::new(format!("there are {n} images and {} {what}", classes.len()))
                    .fix("give one for each image"));
            }
            if let Some(at) = classes.iter().position(|&class| class >= config.classes) {
                return Err(Error::new(format!("{} is not one of {} classes", classes[at], config.classes))
                    .at(format!("{what}, image {at}"))
                    .fix("count classes from 0, or set `classes` of the networks"));
            }
            let numbers: Vec<i32> = classes.iter().map(|&class| class as i32).collect();
            Ok(burn::Tensor::from_data(TensorData::new(numbers, [n]), &device))
        };
        Ok(Self { labels: classes("labels", labels)?, targets: classes("targets", targets)?, images })
    }
}

/// For each class another one, all others being equally likely.
///
/// ```
/// use perturbook::methods::grape::draw_targets;
/// use rand::SeedableRng;
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let targets = draw_targets(&[2; 1000], 3, &mut rng);
/// let zeros = targets.iter().filter(|&&target| target == 0).count();
/// assert!(targets.iter().all(|&target| target < 2) && (400..600).contains(&zeros));
/// ```
pub fn draw_targets(labels: &[usize], classes: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    if classes < 2 {
        return labels.to_vec();
    }
    labels.iter().map(|label| (label + rng.random_range(1..classes)) % classes).collect()
}
