//! What a cell shows, as messages.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::jobs::Shared;
use super::wire::{Request, Wire};
use crate::session::{Event, Failure, Front};

/// The front end that sent a cell.
pub struct Reader<'a> {
    pub wire: &'a Wire,
    pub shared: &'a Shared,
    pub request: &'a Request,
    /// The cell's number.
    pub count: usize,
}

impl Reader<'_> {
    /// Publishes a message about the cell.
    pub fn publish(&self, msg_type: &str, content: Value) {
        self.wire.publish(msg_type, content, self.request);
    }

    /// Shows text.
    pub fn text(&self, name: &str, text: &str) {
        self.publish("stream", json!({ "name": name, "text": text }));
    }

    /// Shows why the cell failed.
    pub fn failure(&self, failure: &Failure) {
        self.publish("error", error(failure));
    }
}

/// A failure as Jupyter states it.
pub fn error(failure: &Failure) -> Value {
    json!({ "ename": failure.name, "evalue": failure.value, "traceback": failure.traceback })
}

impl Front for Reader<'_> {
    fn show(&self, event: Event) {
        let object = |value: Value| if value.is_object() { value } else { json!({}) };
        match event {
            Event::Stream { name, text } => self.text(&name, &text),
            Event::Clear { wait } => self.publish("clear_output", json!({ "wait": wait })),
            Event::Update { data, metadata, id } => self.publish(
                "update_display_data",
                json!({ "data": data, "metadata": object(metadata), "transient": { "display_id": id } }),
            ),
            Event::Display { data, metadata, id, value } => {
                let transient = id.map_or_else(|| json!({}), |id| json!({ "display_id": id }));
                let mut content = json!({ "data": data, "metadata": object(metadata), "transient": transient });
                if value {
                    content["execution_count"] = json!(self.count);
                }
                self.publish(if value { "execute_result" } else { "display_data" }, content);
            }
        }
    }

    fn ask(&self, prompt: &str, password: bool) -> Option<String> {
        if !self.request.flag("allow_stdin", false) || self.shared.asked_to_stop() {
            return None;
        }
        self.shared.wait_for_answer(|| self.wire.ask(prompt, password, self.request))
    }
}

/// Keeps what an expression shows instead of showing it.
#[derive(Default)]
pub struct Keeper(Mutex<Option<Value>>);

impl Keeper {
    /// The representations of the last thing shown.
    pub fn data(self) -> Value {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(|| json!({}))
    }
}

impl Front for Keeper {
    fn show(&self, event: Event) {
        if let Event::Display { data, .. } = event {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(data);
        }
    }
}
