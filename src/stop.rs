//! A request to stop, and how long work answers it: at its next batch or block, with what it has.
//!
//! In a notebook the first interrupt is such a request. Work that asks [`requested`] between two batches and then returns
//! early loses nothing; everything under [`progress`](crate::live::progress) does so by itself. Work that never asks is
//! ended by the kernel, and its variables with it.
//!
//! The kernel writes the number of the cell it wants stopped into the file `$PERTURBOOK_STOP` and sends SIGINT. The
//! number keeps a request that comes too late from stopping the next cell.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Once, PoisonError, RwLock};

use serde_json::Value;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

static REQUESTED: AtomicBool = AtomicBool::new(false);
/// Pieces of work in the running cell that will answer a request.
static LISTENERS: AtomicUsize = AtomicUsize::new(0);
/// The running cell; 0 in programs that are no notebook. Held while a request is compared with it.
static CELL: RwLock<usize> = RwLock::new(0);

/// Whether the running cell, or this program, was asked to stop.
///
/// ```
/// let mut sum = 0;
/// for batch in 0..10 {
///     if perturbook::stop::requested() {
///         break; // keep what is there
///     }
///     sum += batch;
/// }
/// assert_eq!(sum, 45);
/// ```
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Held by work that asks [`requested`] again and again: the kernel then waits for it instead of ending it.
#[derive(Debug)]
pub struct Stoppable {
    /// The cell it counts for.
    cell: usize,
}

/// Announces work that will answer a request to stop; hold the value as long as that work runs.
pub fn stoppable() -> Stoppable {
    let mut work = Stoppable { cell: usize::MAX };
    work.renew();
    work
}

impl Stoppable {
    /// Announces work again that was begun in an earlier cell and goes on in this one.
    pub fn renew(&mut self) {
        let cell = CELL.read().unwrap_or_else(PoisonError::into_inner);
        if self.cell != *cell {
            self.cell = *cell;
            LISTENERS.fetch_add(1, Ordering::SeqCst);
            drop(cell);
            if requested() {
                tell_stopping();
            }
        }
    }
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        let cell = CELL.read().unwrap_or_else(PoisonError::into_inner);
        if self.cell == *cell {
            LISTENERS.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Takes Ctrl-C (SIGINT) for a request to stop from now on; a second one ends the program.
///
/// Notebooks need not call it. In a program, call it once, before the long work.
pub fn listen() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        // Without signals work just cannot be stopped politely.
        let Ok(mut signals) = Signals::new([SIGINT]) else { return };
        std::thread::spawn(move || {
            for _ in signals.forever() {
                let cell = CELL.read().unwrap_or_else(PoisonError::into_inner);
                let notebook = *cell > 0;
                if notebook && asked_for() != Some(*cell) {
                    continue;
                }
                if REQUESTED.swap(true, Ordering::SeqCst) && !notebook {
                    std::process::exit(130);
                }
                if LISTENERS.load(Ordering::SeqCst) > 0 {
                    tell_stopping();
                }
            }
        });
    });
}

/// Takes SIGTERM, with which schedulers end a job, and Ctrl-C for requests to stop from now on; a second one ends the
/// program. For programs that are no notebooks.
pub fn listen_to_termination() {
    static STARTED: Once = Once::new();
    listen();
    STARTED.call_once(|| {
        let Ok(mut signals) = Signals::new([SIGTERM]) else { return };
        std::thread::spawn(move || {
            for _ in signals.forever() {
                if REQUESTED.swap(true, Ordering::SeqCst) {
                    std::process::exit(143);
                }
            }
        });
    });
}

/// Says that this cell begins; true when it was asked to stop before that.
pub(crate) fn begin(cell: usize) -> bool {
    let mut current = CELL.write().unwrap_or_else(PoisonError::into_inner);
    *current = cell;
    LISTENERS.store(0, Ordering::SeqCst);
    let stop = asked_for() == Some(cell);
    REQUESTED.store(stop, Ordering::SeqCst);
    stop
}

/// The number of the cell that the kernel wants stopped.
fn asked_for() -> Option<usize> {
    let path = std::env::var_os("PERTURBOOK_STOP")?;
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn tell_stopping() {
    crate::cell::tell("stopping", Value::Null);
}
