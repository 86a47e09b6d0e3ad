//! Who watches a run: a notebook, a terminal, a log, or nobody.

use super::{History, Row, Step};
use crate::nn::State;

/// Somebody who is told how a run goes.
pub trait Observer {
    /// It begins, after `done` of `total` steps; rows of an earlier part are in the history.
    fn begin(&mut self, _method: &str, _done: u64, _total: u64, _history: &History) {}

    /// A step was done.
    fn step(&mut self) {}

    /// Whether it wants to see the weights after so many steps.
    fn looks(&mut self, _done: u64) -> bool {
        false
    }

    /// What the learner's state is after step `at`, where [`Observer::looks`] said so.
    fn weights(&mut self, _at: &Step, _state: &State) {}

    /// A row was added to the history.
    fn row(&mut self, _row: &Row) {}

    /// Whether the run should stop after this step.
    fn stopped(&mut self) -> bool {
        crate::stop::requested()
    }

    /// It has ended.
    fn end(&mut self, _history: &History) {}
}

/// Nobody watches; a request to stop still stops the run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// Two at once.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn begin(&mut self, method: &str, done: u64, total: u64, history: &History) {
        self.0.begin(method, done, total, history);
        self.1.begin(method, done, total, history);
    }

    fn step(&mut self) {
        self.0.step();
        self.1.step();
    }

    fn looks(&mut self, done: u64) -> bool {
        let first = self.0.looks(done);
        self.1.looks(done) || first
    }

    fn weights(&mut self, at: &Step, state: &State) {
        // Each of the two may have asked alone.
        if self.0.looks(at.done + 1) {
            self.0.weights(at, state);
        }
        if self.1.looks(at.done + 1) {
            self.1.weights(at, state);
        }
    }

    fn row(&mut self, row: &Row) {
        self.0.row(row);
        self.1.row(row);
    }

    fn stopped(&mut self) -> bool {
        let first = self.0.stopped();
        self.1.stopped() || first
    }

    fn end(&mut self, history: &History) {
        self.0.end(history);
        self.1.end(history);
    }
}

/// Another one, lent.
impl<O: Observer + ?Sized> Observer for &mut O {
    fn begin(&mut self, method: &str, done: u64, total: u64, history: &History) {
        (**self).begin(method, done, total, history);
    }

    fn step(&mut self) {
        (**self).step();
    }

    fn looks(&mut self, done: u64) -> bool {
        (**self).looks(done)
    }

    fn weights(&mut self, at: &Step, state: &State) {
        (**self).weights(at, state);
    }

    fn row(&mut self, row: &Row) {
        (**self).row(row);
    }

    fn stopped(&mut self) -> bool {
        (**self).stopped()
    }

    fn end(&mut self, history: &History) {
        (**self).end(history);
    }
}
