//! What the event loop and the evaluator share: work to be done, and who runs what.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;

use super::history::{self, History};
use super::wire::{Request, Wire};
use crate::session::Interrupter;

/// Work for the evaluator.
pub enum Job {
    /// A cell.
    Execute(Request),
    /// The type of the last binding of a piece of code, wanted by help.
    TypeOf(String, Sender<Option<String>>),
    /// The end.
    Quit,
}

/// What cells have left so far.
#[derive(Debug, Clone, Default)]
pub struct Left {
    /// Variables and their types.
    pub variables: BTreeMap<String, String>,
    /// Sources of the cells that succeeded.
    pub cells: Vec<String>,
    /// Folder of the library in use.
    pub library: Option<PathBuf>,
}

/// State that both sides see.
#[derive(Debug)]
pub struct Shared {
    interrupter: Mutex<Option<Interrupter>>,
    /// Who waits for the reader's answer.
    asking: Mutex<Option<Sender<Option<String>>>>,
    running: Mutex<Option<Request>>,
    left: Mutex<Left>,
    history: Mutex<History>,
    start: Mutex<Start>,
    quitting: AtomicBool,
}

/// What there is to say while the library is built, and to whom.
#[derive(Debug, Default)]
struct Start {
    ready: bool,
    /// What was said before anybody waited.
    said: String,
    waiting: Option<Request>,
}

impl Default for Shared {
    fn default() -> Self {
        // Without a place for it, history lasts as long as the kernel.
        let history = History::open(history::default_path()).or_else(|_| History::open(None));
        Self {
            interrupter: Mutex::default(),
            asking: Mutex::default(),
            running: Mutex::default(),
            left: Mutex::default(),
            history: Mutex::new(history.unwrap_or_default()),
            start: Mutex::default(),
            quitting: AtomicBool::new(false),
        }
    }
}

/// The data are whole between any two operations, whoever panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Stops the running cell, and the waiting for an answer in it.
    pub fn interrupt(&self) {
        if let Some(interrupter) = &*lock(&self.interrupter) {
            interrupter.interrupt();
        }
        if let Some(asking) = lock(&self.asking).take() {
            let _ = asking.send(None);
        }
    }

    /// Whether the running cell was asked to stop.
    pub fn asked_to_stop(&self) -> bool {
        lock(&self.interrupter).as_ref().is_some_and(Interrupter::asked)
    }

    /// Ends whatever runs, for good.
    pub fn quit(&self) {
        self.quitting.store(true, Ordering::SeqCst);
        if let Some(interrupter) = &*lock(&self.interrupter) {
            interrupter.end();
        }
        if let Some(asking) = lock(&self.asking).take() {
            let _ = asking.send(None);
        }
    }

    /// Whether the kernel is about to end.
    pub fn quitting(&self) -> bool {
        self.quitting.load(Ordering::SeqCst)
    }

    /// A session has started: the library needs no building.
    pub fn started(&self, interrupter: Interrupter) {
        *lock(&self.interrupter) = Some(interrupter);
        lock(&self.start).ready = true;
    }

    /// A cell waits: while the library is being built it is told how that goes.
    pub async fn waiting(&self, wire: &Wire, request: &Request) {
        let said = {
            let mut start = lock(&self.start);
            if start.ready || start.waiting.is_some() {
                return;
            }
            start.waiting = Some(request.clone());
            std::mem::take(&mut start.said)
        };
        if !said.is_empty() {
            wire.publish_soon("status", json!({ "execution_state": "busy" }), Some(request)).await;
            wire.publish_soon("stream", json!({ "name": "stderr", "text": said }), Some(request)).await;
        }
    }

    /// Says how the building of the library goes.
    pub fn say(&self, wire: &Wire, text: &str) {
        let mut start = lock(&self.start);
        match start.waiting.clone() {
            Some(request) => {
                drop(start);
                wire.publish("stream", json!({ "name": "stderr", "text": text }), &request);
            }
            None => start.said.push_str(text),
        }
    }

    /// The cell that runs.
    pub fn running(&self) -> Option<Request> {
        lock(&self.running).clone()
    }

    /// Sets the cell that runs.
    pub fn run(&self, request: Option<&Request>) {
        *lock(&self.running) = request.cloned();
    }

    /// What cells have left.
    pub fn left(&self) -> MutexGuard<'_, Left> {
        lock(&self.left)
    }

    /// All inputs so far.
    pub fn history(&self) -> MutexGuard<'_, History> {
        lock(&self.history)
    }

    /// The reader's answer to what `ask` asks; `None` after an interrupt.
    pub fn wait_for_answer(&self, ask: impl FnOnce()) -> Option<String> {
        let (sender, answer) = channel();
        *lock(&self.asking) = Some(sender);
        ask();
        answer.recv().ok().flatten()
    }

    /// The reader has answered.
    pub fn answer(&self, text: String) {
        if let Some(asking) = lock(&self.asking).take() {
            let _ = asking.send(Some(text));
        }
    }
}
