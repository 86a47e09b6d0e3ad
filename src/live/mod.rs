//! Outputs that change while a cell runs: a figure that grows, a bar that moves.
//!
//! Both are shown once and then replaced in place, at most ten times a second; what a notebook keeps is their last
//! state. Where outputs cannot be replaced (a terminal, a log, stock evcxr) only that last state is written.

mod pending;
mod progress;
mod trace;

use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::display::{Show, Transport, display, display_id, update};

use pending::Flush;
pub(crate) use pending::flush;
pub use progress::{Bar, Progress, progress};
pub use trace::Trace;

/// The shortest time between two states of one output.
const BETWEEN: Duration = Duration::from_millis(100);

/// A value that is on show while it changes.
///
/// ```
/// use perturbook::live::{Live, Trace};
///
/// let mut loss = Live::new(Trace::new("Training", "epoch", "loss"));
/// for epoch in 1..=3 {
///     loss.change(|curves| curves.push("train", f64::from(epoch), 1.0 / f64::from(epoch)));
/// }
/// assert_eq!(loss.get().last("train"), Some((3.0, 1.0 / 3.0)));
/// ```
#[derive(Debug)]
pub struct Live<T: Show + Debug + Send + 'static> {
    shown: Arc<Mutex<Shown<T>>>,
}

#[derive(Debug)]
struct Shown<T> {
    value: T,
    id: String,
    last: Option<Instant>,
    /// Whether the value has changed since it was shown.
    stale: bool,
}

impl<T: Show + Debug + Send + 'static> Live<T> {
    /// Shows the value, to be changed later.
    pub fn new(value: T) -> Self {
        let shown = Arc::new(Mutex::new(Shown { value, id: fresh_id(), last: None, stale: true }));
        pending::remember(&shown);
        let live = Self { shown };
        if Transport::current() == Transport::Kernel {
            lock(&live.shown).show();
        }
        live
    }

    /// Changes the value; what is on show follows within a tenth of a second, or when the cell ends.
    pub fn change<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut shown = lock(&self.shown);
        let result = change(&mut shown.value);
        shown.stale = true;
        if Transport::current() == Transport::Kernel && shown.last.is_none_or(|last| last.elapsed() >= BETWEEN) {
            shown.show();
        }
        result
    }

    /// A copy of the value as it is now.
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        lock(&self.shown).value.clone()
    }
}

impl<T: Show + Debug + Send + 'static> Drop for Live<T> {
    fn drop(&mut self) {
        lock(&self.shown).flush();
    }
}

impl<T: Show> Shown<T> {
    fn show(&mut self) {
        match (Transport::current(), self.last) {
            (Transport::Kernel, None) => display_id(&self.value, &self.id),
            (Transport::Kernel, Some(_)) => update(&self.value, &self.id),
            _ => display(&self.value),
        }
        self.last = Some(Instant::now());
        self.stale = false;
    }
}

impl<T: Show + Send> Flush for Shown<T> {
    fn flush(&mut self) {
        if self.stale {
            self.show();
        }
    }
}

/// A poisoned value is one whose change panicked: it is still there to be shown.
fn lock<T>(shown: &Mutex<T>) -> MutexGuard<'_, T> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A display id that no other output of this notebook has, whatever process made that.
fn fresh_id() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("perturbook-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
