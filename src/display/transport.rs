//! How a bundle leaves the process: the only place that knows about notebooks.
//!
//! | where | what is written to standard output |
//! |---|---|
//! | the perturbook kernel (`PERTURBOOK_KERNEL` is set) | one line, `\u{2}PERTURBOOK ` and a Jupyter message in JSON |
//! | stock evcxr (`EVCXR_IS_RUNTIME` is set) | `EVCXR_BEGIN_CONTENT mime`, the content, `EVCXR_END_CONTENT`, for each mime |
//! | anything else | the `text/plain` representation |

use std::io::Write;
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Bundle;

/// Who listens to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The perturbook kernel.
    Kernel,
    /// The stock evcxr kernel.
    Evcxr,
    /// A terminal, a pipe, a test.
    Terminal,
}

impl Transport {
    /// The transport of this process, from its environment, chosen once.
    pub fn current() -> Self {
        static CURRENT: OnceLock<Transport> = OnceLock::new();
        *CURRENT.get_or_init(|| {
            let set = |name| std::env::var_os(name).is_some();
            if set("PERTURBOOK_KERNEL") {
                Self::Kernel
            } else if set("EVCXR_IS_RUNTIME") {
                Self::Evcxr
            } else {
                Self::Terminal
            }
        })
    }
}

/// Whether an output is new, named so that it can be replaced later, or replaces a named one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot<'a> {
    /// A new output.
    New,
    /// A new output: the value of the cell's last expression.
    Value,
    /// A new output under this display id.
    Named(&'a str),
    /// Replaces every output shown under this display id.
    Update(&'a str),
}

#[derive(Serialize)]
struct Message<'a> {
    msg_type: &'a str,
    content: Content<'a>,
}

#[derive(Serialize)]
struct Content<'a> {
    data: &'a Bundle,
    metadata: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transient: Option<Transient<'a>>,
}

#[derive(Serialize)]
struct Transient<'a> {
    display_id: &'a str,
}

/// The exact text that publishes `bundle` over `transport`.
///
/// Stock evcxr and terminals have no display ids: there an update is shown as a new output.
///
/// ```
/// use perturbook::display::{Bundle, Slot, Transport, encode};
///
/// let b = Bundle::text("hi");
/// assert_eq!(encode(Transport::Evcxr, Slot::New, &b), "EVCXR_BEGIN_CONTENT text/plain\nhi\nEVCXR_END_CONTENT\n");
/// assert_eq!(encode(Transport::Terminal, Slot::New, &b), "hi\n");
/// ```
pub fn encode(transport: Transport, slot: Slot<'_>, bundle: &Bundle) -> String {
    match transport {
        Transport::Kernel => {
            let (msg_type, display_id) = match slot {
                Slot::New => ("display_data", None),
                Slot::Value => ("execute_result", None),
                Slot::Named(id) => ("display_data", Some(id)),
                Slot::Update(id) => ("update_display_data", Some(id)),
            };
            let transient = display_id.map(|display_id| Transient { display_id });
            let message =
                Message { msg_type, content: Content { data: bundle, metadata: bundle.metadata(), transient } };
            let json = serde_json::to_string(&message).unwrap_or_default();
            format!("\u{2}PERTURBOOK {json}\n")
        }
        Transport::Evcxr => bundle
            .iter()
            .map(|(mime, value)| format!("EVCXR_BEGIN_CONTENT {mime}\n{}\nEVCXR_END_CONTENT\n", as_text(value)))
            .collect(),
        Transport::Terminal => bundle.get("text/plain").map_or_else(String::new, |plain| as_text(plain) + "\n"),
    }
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Writes the bundle with one locked write, so that outputs of several threads never mix.
///
/// A closed standard output is no reason to stop a computation: the failure is ignored.
pub(super) fn publish(slot: Slot<'_>, bundle: &Bundle) {
    let text = encode(Transport::current(), slot, bundle);
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
