//! The lines that the evaluating process sends: outputs, and news of how the cell fares.

use serde_json::Value;

use super::Event;
use super::failure::{self, Failure};
use super::runtime::MARK;

/// A line of ours.
pub enum Message {
    Event(Event),
    /// What, and its particulars.
    News(String, Value),
}

/// Reads a line; `None` when it is not one of ours.
pub fn parse(line: &str) -> Option<Message> {
    let mut message: Value = serde_json::from_str(line.strip_prefix(MARK)?).ok()?;
    let msg_type = message["msg_type"].as_str()?.to_owned();
    let mut content = message["content"].take();
    let id = content["transient"]["display_id"].as_str().map(str::to_owned);
    let event = match (msg_type.as_str(), id) {
        ("stream", _) => {
            Event::Stream { name: content["name"].as_str()?.to_owned(), text: content["text"].as_str()?.to_owned() }
        }
        ("update_display_data", Some(id)) => {
            Event::Update { data: content["data"].take(), metadata: content["metadata"].take(), id }
        }
        (kind @ ("display_data" | "execute_result"), id) => {
            let value = kind == "execute_result";
            Event::Display { data: content["data"].take(), metadata: content["metadata"].take(), id, value }
        }
        ("clear_output", _) => Event::Clear { wait: content["wait"].as_bool().unwrap_or(false) },
        _ => return Some(Message::News(msg_type, content)),
    };
    Some(Message::Event(event))
}

/// What was heard of a cell besides its outputs: whether it panicked or returned an error, and where.
#[derive(Default)]
pub struct News {
    panicked: bool,
    returned_err: bool,
    panic: Value,
    /// A panic on another thread; it is the cell's own when that thread passed it on, as rayon's do.
    thread_panic: Value,
    error: Value,
    pub environment: Value,
}

impl News {
    pub fn hear(&mut self, what: &str, content: Value) {
        match what {
            "panicked" => self.panicked = true,
            "returned_err" => self.returned_err = true,
            "panic" => self.panic = content,
            "thread_panic" => self.thread_panic = content,
            "error" => self.error = content,
            "environment" => self.environment = content["pairs"].clone(),
            // The others need no answer.
            _ => {}
        }
    }

    pub fn failed(&self) -> bool {
        self.panicked || self.returned_err
    }

    fn panic(&self) -> &Value {
        if self.panic.is_null() { &self.thread_panic } else { &self.panic }
    }

    pub fn line(&self) -> Option<usize> {
        let line = if self.panicked { &self.panic()["line"] } else { &self.error["line"] };
        line.as_u64().and_then(|line| usize::try_from(line).ok()).filter(|&line| line > 0)
    }

    pub fn failure(&self, source: &str, generated: &str) -> Failure {
        if self.panicked {
            failure::panic(source, generated, self.panic(), self.line())
        } else {
            failure::returned(source, &self.error, self.line())
        }
    }
}
