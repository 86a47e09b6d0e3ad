//! One run on several devices: every device has the same weights and a part of each batch, and all take the same step.
//!
//! ```text
//! batch -> parts          one for each device, in order
//! device i   g_i          gradients of the mean loss of its part, all devices at once
//! first      g = sum of share_i g_i, share_i = rows of part i / rows of the batch, in the order of the devices
//! device i   its own step of the optimiser along g
//! ```
//!
//! That is the step of one device on the whole batch, for losses that are means over rows, but for rounding: sums have
//! another order. The order is fixed, so that one number of devices gives one result. Terms that look at a batch as a whole
//! (HSIC, covariances, statistics of batch normalisation) see the parts.
//!
//! Gradients go over the first device one after another: (n - 1) transfers there and back for n devices of one machine.
//! burn 0.21 has two exchanges of its own. `burn-collective` adds in the order of a hash map, which differs from run to run
//! and rounding with it, and brings a WebSocket stack that cannot be left out. The feature `distributed` (NCCL) is written
//! for CUDA only and aborts on the CPU, so that nothing here could test it. [`StepTimes`] says from measured times what more
//! devices would give. On one CPU, whose cores a single replica uses already, replicas gain nothing.
//!
//! With several GPUs there is one replica for each, of `Device::autodiff(DeviceChoice::of("cuda:1")?.device)` and so on,
//! started from one seed. That was run on CPU replicas only.

mod times;

use std::time::Instant;

pub use times::StepTimes;

use super::{Learner, NamedGradients, Settings, Step, Terms};
use crate::nn::State;
use crate::tensor::Device;
use crate::{Error, Result};

/// A learner whose step is cut in two, so that gradients can be exchanged between the halves.
///
/// Its own [`Learner::learn`] is `gradients` followed by `apply`. Random numbers that rows need are drawn for the whole
/// batch, in [`Replica::split`] or where batches are made: all replicas have the same [`Step::noise`].
pub trait Replica: Learner + Send {
    /// The batch in so many parts, in order, each with its number of rows; a part may not be empty.
    ///
    /// # Errors
    /// When there are fewer rows than parts.
    fn split(batch: Self::Batch, parts: usize) -> Result<Vec<(Self::Batch, usize)>>;

    /// The gradients of the mean loss of some rows, and its terms; nothing changes.
    ///
    /// # Errors
    /// As [`Learner::learn`].
    fn gradients(&mut self, part: Self::Batch, at: &Step) -> Result<(Terms, NamedGradients)>;

    /// A step of the optimiser along the gradients of the whole batch, which are on this replica's device.
    ///
    /// # Errors
    /// When they are of another network. Then replicas may differ: build them anew.
    fn apply(&mut self, gradients: NamedGradients, at: &Step) -> Result<()>;

    /// Where it is, without recording.
    fn device(&self) -> Device;
}

/// Replicas that learn as one; a learner like each of them.
#[derive(Debug)]
pub struct Parallel<R> {
    replicas: Vec<R>,
    times: StepTimes,
}

impl<R: Replica> Parallel<R> {
    /// One replica for each device, all with the same numbers.
    ///
    /// # Errors
    /// When there is none, or one differs from the first in method, settings or numbers.
    pub fn new(replicas: Vec<R>) -> Result<Self> {
        let Some((first, others)) = replicas.split_first() else {
            return Err(Error::new("there is no replica").fix("give one for each device"));
        };
        let state = first.state();
        for (number, other) in others.iter().enumerate() {
            let same = other.method() == first.method() && other.settings() == first.settings();
            if !same || other.state() != state {
                return Err(Error::new(format!("replica {} is not the same as the first", number + 2))
                    .fix("start all of them from one seed with the same settings"));
            }
        }
        let times = StepTimes { devices: replicas.len(), ..StepTimes::default() };
        Ok(Self { replicas, times })
    }

    /// The first replica: all have the same numbers.
    pub fn first(&self) -> &R {
        &self.replicas[0]
    }

    /// Mean seconds of the parts of a step so far.
    pub fn times(&self) -> StepTimes {
        self.times
    }

    /// The gradients of the whole batch, on the first device.
    fn exchanged(&self, found: Vec<(Terms, NamedGradients, f64)>) -> (Terms, NamedGradients) {
        let device = self.replicas[0].device();
        let mut sum = NamedGradients::default();
        let mut means: Vec<(&'static str, f64)> = Vec::new();
        for (terms, gradients, share) in found {
            sum = sum.plus(gradients.on(&device).times(share));
            for (name, value) in terms.0 {
                match means.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, mean)) => *mean += share * value,
                    None => means.push((name, share * value)),
                }
            }
        }
        (Terms(means), sum)
    }
}

/// What every replica gives, all at once; the first error in their order.
fn each<R: Send, I: Send, O: Send>(
    replicas: &mut [R],
    inputs: Vec<I>,
    work: impl Fn(&mut R, I) -> Result<O> + Sync,
) -> Result<Vec<O>> {
    let work = &work;
    std::thread::scope(|scope| {
        let pairs = replicas.iter_mut().zip(inputs);
        let threads: Vec<_> = pairs.map(|(replica, input)| scope.spawn(move || work(replica, input))).collect();
        let ended = threads.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| {
                Err(Error::new("a replica ended before its time")
                    .fix("its message stands above; replicas must not panic"))
            })
        });
        // All threads are waited for before an error is passed on.
        let ended: Vec<Result<O>> = ended.collect();
        ended.into_iter().collect()
    })
}

impl<R: Replica> Learner for Parallel<R> {
    type Batch = R::Batch;

    fn learn(&mut self, batch: R::Batch, at: &Step) -> Result<Terms> {
        let parts = R::split(batch, self.replicas.len())?;
        if parts.len() != self.replicas.len() || parts.iter().any(|(_, rows)| *rows == 0) {
            return Err(Error::new(format!("{} parts of a batch for {} replicas", parts.len(), self.replicas.len()))
                .fix("make batches of at least as many rows as there are devices"));
        }
        let rows: usize = parts.iter().map(|(_, rows)| rows).sum();
        let shares: Vec<f64> = parts.iter().map(|(_, part)| *part as f64 / rows as f64).collect();
        let parts = parts.into_iter().map(|(part, _)| part).collect();
        let began = Instant::now();
        let found = each(&mut self.replicas, parts, |replica, part| {
            let (terms, gradients) = replica.gradients(part, at)?;
            Ok((terms.finite(at)?, gradients))
        })?;
        let computed = began.elapsed();
        let found =
            found.into_iter().zip(shares).map(|((terms, gradients), share)| (terms, gradients, share)).collect();
        let (terms, gradients) = self.exchanged(found);
        let copies = self.replicas.iter().map(|replica| gradients.clone().on(&replica.device())).collect();
        let exchanged = began.elapsed();
        each(&mut self.replicas, copies, |replica, gradients| replica.apply(gradients, at))?;
        self.times.add(computed, exchanged - computed, began.elapsed() - exchanged);
        Ok(terms)
    }

    fn judge(&mut self, batch: R::Batch, at: &Step) -> Result<Terms> {
        self.replicas[0].judge(batch, at)
    }

    fn state(&self) -> State {
        self.replicas[0].state()
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        self.replicas.iter_mut().try_for_each(|replica| replica.restore(state))
    }

    fn method(&self) -> &str {
        self.replicas[0].method()
    }

    fn settings(&self) -> Settings {
        self.replicas[0].settings()
    }
}
