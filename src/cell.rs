//! What a running notebook cell tells the kernel: which line it is at, why it failed, what it ran on.
//!
//! The kernel writes calls of these functions into the cells it runs; nobody else needs them. Outside the
//! perturbook kernel they are silent.

use std::fmt::{Debug, Display};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::display::{Bundle, Transport};

/// The line of the statement that is running, from 1; 0 before the first.
static LINE: AtomicUsize = AtomicUsize::new(0);

/// Statements of cells that this process has begun.
static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

/// What a cell panics with that was asked to stop before it began.
struct Cancelled;

/// Says that the cell of this number begins, from 1; it does not when it was asked to stop by then.
pub fn begin(cell: usize) {
    LINE.store(0, Ordering::Relaxed);
    crate::live::flush();
    if crate::stop::begin(cell) {
        tell("cancelled", Value::Null);
        // Not a panic of anybody's code: without the hook's report.
        std::panic::resume_unwind(Box::new(Cancelled));
    }
    tell("began", Value::Null);
}

/// Says that the statement in this line of the cell begins.
pub fn at(line: usize) {
    LINE.store(line, Ordering::Relaxed);
    STATEMENTS.fetch_add(1, Ordering::Relaxed);
}

/// Says that the cell's last statement is done: what was printed without a line end is written out.
pub fn end() {
    crate::live::flush();
    // Nobody is left to read when standard output is closed.
    let _ = std::io::stdout().flush();
}

/// Shows values that have nothing but `Debug`: the kernel writes `value.evcxr_display()`, which finds this where there is
/// no [`Show`](crate::display::Show) and no method of that name.
pub trait DebugValue {
    /// Shows the value, unless it is `()`.
    fn evcxr_display(&self);
}

impl<T: Debug> DebugValue for &T {
    fn evcxr_display(&self) {
        if std::any::type_name::<T>() != "()" {
            crate::display::Show::evcxr_display(&Bundle::text(format!("{self:?}")));
        }
    }
}

/// How many statements of cells this process has begun: one count for all cells, since they share one library.
pub fn statements() -> usize {
    STATEMENTS.load(Ordering::Relaxed)
}

/// Passes a result on and, when it is an error, tells the kernel its text and its line.
///
/// ```
/// assert_eq!(perturbook::cell::tried(3, "7".parse::<u8>()), Ok(7));
/// ```
///
/// # Errors
/// The error it was given.
pub fn tried<T, E: Display>(line: usize, result: Result<T, E>) -> Result<T, E> {
    if let Err(error) = &result {
        crate::live::flush();
        tell("error", json!({ "line": line, "message": error.to_string() }));
    }
    result
}

/// Whether this run is to be small and fast: `cargo book run --quick`, or `PERTURBOOK_QUICK` set by hand.
pub fn quick() -> bool {
    std::env::var_os("PERTURBOOK_QUICK").is_some()
}

/// Called once when a kernel starts: panics are reported with their message, place and statement, and interrupts are
/// requests to stop.
pub fn start() {
    tell("started", Value::Null);
    crate::stop::listen();
    let cells = std::thread::current().id();
    std::panic::set_hook(Box::new(move |panic| {
        let location = panic.location();
        // A panic elsewhere is the cell's own only if that thread passes it on; the cell's end decides that.
        let other = std::thread::current().id() != cells;
        if other {
            eprintln!("a thread of the cell panicked: {panic}");
        } else {
            crate::live::flush();
        }
        tell(
            if other { "thread_panic" } else { "panic" },
            json!({
                "line": LINE.load(Ordering::Relaxed),
                "message": panic.payload_as_str().unwrap_or("the cell panicked with a value that is not text"),
                "file": location.map(std::panic::Location::file),
                "at": location.map(std::panic::Location::line),
            }),
        );
    }));
}

/// Tells the kernel what this run depended on: pairs of label and value for the foot of the report.
pub fn environment() {
    let pairs: Vec<Value> = crate::datasets::used().into_iter().map(|(name, source)| json!([name, source])).collect();
    tell("environment", json!({ "pairs": pairs }));
}

pub(crate) fn tell(what: &str, content: Value) {
    if Transport::current() != Transport::Kernel {
        return;
    }
    let line = format!("\u{2}PERTURBOOK {}\n", json!({ "msg_type": what, "content": content }));
    let mut out = std::io::stdout().lock();
    // Nobody is left to tell when standard output is closed.
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}
