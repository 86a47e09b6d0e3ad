//! Stopping a cell: politely at first, by force when it does not react.
//!
//! The first interrupt asks: the number of the cell goes into the stop file and SIGINT to the evaluating process, whose
//! library then stops at its next batch or block and returns what it has. A cell that neither ends nor says within two
//! seconds that it is stopping, or a second interrupt, ends the evaluating process, and the variables with it. A cell
//! that is still being compiled does not begin.

use std::path::PathBuf;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::processes;

/// How long a cell may take to react.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the session is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Compiling,
    Running,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// The number of the cell, from 1.
    cell: usize,
    asked: bool,
    /// The library has said that it will stop.
    stopping: bool,
    killed: bool,
    /// When the cell's code began to run.
    began: Option<Instant>,
    /// No further cell is to run.
    ended: bool,
}

/// Stops the running cell of a session; can be used from any thread.
#[derive(Debug, Clone)]
pub struct Interrupter {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    child: Arc<Mutex<Child>>,
    stop_file: PathBuf,
}

/// What became of the interrupts of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interrupted {
    pub asked: bool,
    pub killed: bool,
    pub began: Option<Instant>,
    pub ended: bool,
}

impl State {
    fn at(phase: Phase, cell: usize) -> Self {
        Self { phase, cell, asked: false, stopping: false, killed: false, began: None, ended: false }
    }
}

impl Interrupter {
    pub(super) fn new(child: Arc<Mutex<Child>>, stop_file: PathBuf) -> Self {
        let state = State::at(Phase::Idle, 0);
        Self { shared: Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), child, stop_file }) }
    }

    /// Asks the running cell to stop; when it was asked before, ends it by force. Nothing happens between cells.
    pub fn interrupt(&self) {
        let mut state = self.state();
        match (state.phase, state.asked) {
            (Phase::Idle, _) => {}
            (phase, false) => {
                state.asked = true;
                // Without the file the request fails, and force follows two seconds later.
                let _ = std::fs::write(&self.shared.stop_file, state.cell.to_string());
                match phase {
                    Phase::Compiling => self.stop_compiling(),
                    _ => self.ask(&state),
                }
            }
            (phase, true) => {
                if phase == Phase::Compiling {
                    self.stop_compiling();
                }
                self.kill(&mut state);
            }
        }
    }

    /// Ends the evaluating process, whatever it does.
    pub fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        self.kill(&mut state);
        self.stop_compiling();
    }

    /// Ends the evaluating process, and everything that cells have started.
    pub(super) fn kill_child(&self) {
        end_group(self.group());
    }

    /// Whether the running cell was asked to stop.
    pub fn asked(&self) -> bool {
        self.state().asked
    }

    /// A cell of this number is about to be compiled.
    pub(super) fn begin(&self, cell: usize) {
        let mut state = self.state();
        *state = State { ended: state.ended, ..State::at(Phase::Compiling, cell) };
        self.shared.changed.notify_all();
    }

    /// The cell's code runs.
    pub(super) fn began(&self) {
        let mut state = self.state();
        state.phase = Phase::Running;
        state.began = Some(Instant::now());
        if state.asked {
            self.ask(&state);
        }
    }

    /// The library says that it is stopping.
    pub(super) fn stopping(&self) {
        self.state().stopping = true;
        self.shared.changed.notify_all();
    }

    /// The cell is over.
    pub(super) fn over(&self) -> Interrupted {
        let mut state = self.state();
        state.phase = Phase::Idle;
        self.shared.changed.notify_all();
        Interrupted { asked: state.asked, killed: state.killed, began: state.began, ended: state.ended }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The evaluating process, which leads the group of all that cells have started.
    pub(super) fn group(&self) -> Pid {
        Pid::from_child(&self.shared.child.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends the request, and force after it if nothing happens.
    fn ask(&self, state: &State) {
        let _ = kill_process(self.group(), Signal::INT);
        let (cell, this) = (state.cell, self.clone());
        std::thread::spawn(move || {
            let waiting = |state: &mut State| state.cell == cell && state.phase == Phase::Running && !state.stopping;
            let guard = this.state();
            let (mut state, _) = this
                .shared
                .changed
                .wait_timeout_while(guard, PATIENCE, |state| waiting(state))
                .unwrap_or_else(PoisonError::into_inner);
            if waiting(&mut state) {
                this.kill(&mut state);
            }
        });
    }

    fn kill(&self, state: &mut State) {
        state.killed = true;
        self.kill_child();
    }

    /// Ends cargo, rustc, the linker, or the shell of a `!command`: all that we have started but the cells' process.
    fn stop_compiling(&self) {
        let keep = self.group();
        let started = processes::children(rustix::process::getpid());
        started.into_iter().filter(|&child| child != keep).for_each(processes::end);
    }
}

/// Ends all processes of a group; one that has ended already has none.
pub(super) fn end_group(group: Pid) {
    let _ = kill_process_group(group, Signal::KILL);
}
