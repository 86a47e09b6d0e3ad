//! Batches made by other threads while the step before them runs, in the order of the steps.
//!
//! Worker k of n makes batches k, k + n, k + 2n, ... and keeps up to `ahead` of them ready; the loop takes from one
//! worker after another. What a batch holds depends on its step only, never on the number of workers.

use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use crate::{Error, Result};

/// Batches to come.
pub(super) struct Batches<B> {
    workers: Vec<Receiver<Result<B>>>,
    next: usize,
}

impl<B: Send> Batches<B> {
    /// Starts `workers` threads that make the batches of these steps.
    pub(super) fn start<'scope, M>(
        scope: &'scope Scope<'scope, '_>,
        make: M,
        steps: Range<u64>,
        workers: usize,
        ahead: usize,
    ) -> Self
    where
        B: 'scope,
        M: Fn(u64) -> Result<B> + Clone + Send + 'scope,
    {
        let workers = workers.max(1);
        let start = |worker: usize| {
            let (sender, receiver) = sync_channel(ahead.max(1));
            let (make, steps) = (make.clone(), steps.clone());
            scope.spawn(move || {
                for step in steps.skip(worker).step_by(workers) {
                    // The loop has ended, and nobody waits for more.
                    if sender.send(make(step)).is_err() {
                        return;
                    }
                }
            });
            receiver
        };
        Self { workers: (0..workers).map(start).collect(), next: 0 }
    }

    /// The batch of the next step.
    pub(super) fn next(&mut self) -> Result<B> {
        let worker = self.next % self.workers.len();
        self.next += 1;
        match self.workers[worker].recv() {
            Ok(batch) => batch,
            Err(_) => Err(Error::new("a thread that makes batches ended before its time")
                .fix("its message stands above; batches must not panic")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_come_in_order_from_any_number_of_workers() {
        for workers in 1..5 {
            let got: Vec<u64> = std::thread::scope(|scope| {
                let mut batches = Batches::start(scope, |step| Ok(step * step), 3..20, workers, 2);
                (3..20).map(|_| batches.next().unwrap()).collect()
            });
            assert_eq!(got, (3..20).map(|step| step * step).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn a_loop_that_ends_early_ends_its_workers() {
        std::thread::scope(|scope| {
            let mut batches = Batches::start(scope, Ok, 0..u64::MAX, 2, 1);
            assert_eq!(batches.next().unwrap(), 0);
        });
    }

    #[test]
    fn a_batch_that_fails_is_an_error_of_its_step() {
        std::thread::scope(|scope| {
            let make = |step| if step == 1 { Err(Error::new("no such cell")) } else { Ok(step) };
            let mut batches = Batches::start(scope, make, 0..3, 2, 1);
            assert!(batches.next().is_ok());
            assert!(batches.next().unwrap_err().to_string().contains("no such cell"));
        });
    }
}
