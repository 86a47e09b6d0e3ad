//! Ctrl-C: running cells are asked to stop, at a second time they are ended.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::session::Interrupter;

/// What runs a notebook.
pub(super) enum Running {
    /// A kernel of this process.
    Session(Interrupter),
    /// Another process of this program.
    Process(Pid),
}

impl Running {
    fn tell(&self, signal: i32) {
        match self {
            Self::Session(session) if signal == SIGINT => session.interrupt(),
            Self::Session(session) => session.end(),
            Self::Process(id) => {
                let signal = if signal == SIGINT { Signal::INT } else { Signal::TERM };
                // It may have ended a moment ago.
                let _ = kill_process(*id, signal);
            }
        }
    }
}

/// Whether the run is to end, and what is told so.
pub(super) struct Stop {
    requested: Arc<AtomicBool>,
    running: Arc<Mutex<HashMap<usize, Running>>>,
}

impl Stop {
    pub(super) fn listen() -> Result<Self> {
        let (requested, running) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(HashMap::new())));
        let (flag, told) = (requested.clone(), running.clone());
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        std::thread::spawn(move || {
            for signal in signals.forever() {
                let told: &Mutex<HashMap<usize, Running>> = &told;
                let told = told.lock().unwrap_or_else(PoisonError::into_inner);
                flag.store(true, Ordering::SeqCst);
                if signal == SIGINT && told.values().any(|running| matches!(running, Running::Session(_))) {
                    eprintln!("\nstopping; once more ends the cell by force");
                }
                told.values().for_each(|running| running.tell(signal));
            }
        });
        Ok(Self { requested, running })
    }

    /// Tells this of a stop from now on, in place of what had the number before.
    pub(super) fn watch(&self, number: usize, running: Running) {
        let mut all = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // A stop that was asked for before it could be told; a session asks for itself before each cell.
        if self.requested() && matches!(running, Running::Process(_)) {
            running.tell(SIGINT);
        }
        all.insert(number, running);
    }

    pub(super) fn forget(&self, number: usize) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    }

    pub(super) fn requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }
}
