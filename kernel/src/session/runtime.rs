//! The evaluating process's side of a session.
//!
//! evcxr runs every cell in a child process and reads that child's stdout line by line. So that a kernel can
//! show partial lines, carry several rich outputs per cell, and still have the last words of a process that aborts,
//! the child writes into two pipes and a small relay process turns what comes out of them into one line protocol.
//! stdout keeps its own order with the outputs; stderr is a pipe of its own and falls into its place as far as it is
//! written a moment apart.
//!
//!
//! * `\u{2}PERTURBOOK {json}`: a message of ours (`stream`, `display_data`, `update_display_data`, `panic`, ...);
//! * `EVCXR_...`: evcxr's own markers, passed on as they are.

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Map, Value, json};

/// Marks the start of a message of ours on the child's stdout.
pub const MARK: &str = "\u{2}PERTURBOOK ";

const RELAY: &str = "PERTURBOOK_RELAY";
const COMPLETE: &str = "EVCXR_EXECUTION_COMPLETE";
const PANICKED: &str = "EVCXR_PANIC_NOTIFICATION";
const RETURNED_ERR: &str = "EVCXR_ERROR_OCCURRED";
const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
const END: &str = "EVCXR_END_CONTENT";

/// Call first in `main`: in an evaluating process, or in its relay, this never returns.
pub fn hook() -> Result<()> {
    if std::env::var_os(RELAY).is_some() {
        relay()?;
        std::process::exit(0);
    }
    if std::env::var_os("EVCXR_IS_RUNTIME").is_some() {
        start_relay().context("cannot start the output relay of the evaluating process")?;
    }
    evcxr::runtime_hook();
    Ok(())
}

/// Puts the relay between this process's stdout and stderr and the kernel.
fn start_relay() -> Result<()> {
    let (out_read, out_write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    let (err_read, err_write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    // The relay reads the cell's stderr from its own descriptor 2 and never writes there.
    Command::new(std::env::current_exe()?)
        .env(RELAY, "1")
        .stdin(Stdio::from(out_read))
        .stderr(Stdio::from(err_read))
        .stdout(Stdio::inherit())
        .spawn()?;
    rustix::stdio::dup2_stdout(&out_write)?;
    rustix::stdio::dup2_stderr(&err_write)?;
    Ok(())
}

fn relay() -> Result<()> {
    let out = rustix::io::fcntl_dupfd_cloexec(std::io::stdin(), 3)?;
    let err = rustix::io::fcntl_dupfd_cloexec(std::io::stderr(), 3)?;
    let mut relay = Relay { to: std::io::stdout(), state: Protocol::default() };
    let (mut out_open, mut err_open) = (true, true);
    while out_open || err_open {
        // A line without its end is shown after a short pause.
        let pause = Timespec { tv_sec: 0, tv_nsec: 30_000_000 };
        let waiting = relay.state.has_partial();
        let mut fds = Vec::new();
        if out_open {
            fds.push(PollFd::new(&out, PollFlags::IN));
        }
        if err_open {
            fds.push(PollFd::new(&err, PollFlags::IN));
        }
        if poll(&mut fds, waiting.then_some(&pause))? == 0 {
            let text = relay.state.partial();
            relay.stream("stdout", &text)?;
            continue;
        }
        if err_open && ready(err.as_fd())? {
            err_open = relay.copy_stderr(&err)?;
        }
        if out_open && ready(out.as_fd())? {
            out_open = relay.copy_stdout(&out, &err)?;
        }
    }
    let rest = relay.state.partial();
    if relay.state.started {
        relay.stream("stdout", &rest)?;
    } else {
        // The library never reported: what was said instead tells why, and evcxr passes a dead child's lines on.
        for line in rest.lines().chain(std::mem::take(&mut relay.state.early_stderr).lines()) {
            relay.line(line)?;
        }
    }
    Ok(())
}

fn ready(fd: BorrowedFd<'_>) -> Result<bool> {
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    Ok(poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))? > 0)
}

fn read_some(fd: &OwnedFd) -> Result<Vec<u8>> {
    let mut file = std::fs::File::from(fd.try_clone()?);
    let mut buffer = vec![0; 1 << 16];
    let n = file.read(&mut buffer)?;
    buffer.truncate(n);
    Ok(buffer)
}

struct Relay<W> {
    to: W,
    state: Protocol,
}

impl<W: Write> Relay<W> {
    fn line(&mut self, line: &str) -> Result<()> {
        writeln!(self.to, "{line}")?;
        self.to.flush()?;
        Ok(())
    }

    fn stream(&mut self, name: &str, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.line(&message("stream", json!({ "name": name, "text": text })))
    }

    /// False when the pipe has ended.
    fn copy_stderr(&mut self, err: &OwnedFd) -> Result<bool> {
        let bytes = read_some(err)?;
        let text = self.state.stderr.decode(&bytes);
        self.state.early_stderr.push_str(&text);
        if self.state.started {
            let text = std::mem::take(&mut self.state.early_stderr);
            self.stream("stderr", &text)?;
        }
        Ok(!bytes.is_empty())
    }

    fn copy_stdout(&mut self, out: &OwnedFd, err: &OwnedFd) -> Result<bool> {
        let bytes = read_some(out)?;
        for step in self.state.feed(&bytes) {
            match step {
                Step::Text(text) => self.stream("stdout", &text)?,
                Step::Line(line) => self.line(&line)?,
                Step::Complete => {
                    // What the cell wrote to stderr is shown before the cell counts as done.
                    while ready(err.as_fd())? && self.copy_stderr(err)? {}
                    self.line(COMPLETE)?;
                }
            }
        }
        Ok(!bytes.is_empty())
    }
}

/// One message line of ours.
fn message(msg_type: &str, content: Value) -> String {
    format!("{MARK}{}", json!({ "msg_type": msg_type, "content": content }))
}

#[derive(Debug, PartialEq)]
enum Step {
    Text(String),
    Line(String),
    Complete,
}

/// Bytes to text, keeping the unfinished tail of a multi-byte character for the next read.
#[derive(Default)]
struct Utf8Tail(Vec<u8>);

impl Utf8Tail {
    fn decode(&mut self, bytes: &[u8]) -> String {
        self.0.extend_from_slice(bytes);
        let cut = match std::str::from_utf8(&self.0) {
            Ok(_) => self.0.len(),
            Err(e) if e.error_len().is_none() => e.valid_up_to(),
            Err(_) => self.0.len(),
        };
        let rest = self.0.split_off(cut);
        let text = String::from_utf8_lossy(&self.0).into_owned();
        self.0 = rest;
        text
    }
}

/// What is known of the child's stdout so far.
#[derive(Default)]
struct Protocol {
    stdout: Utf8Tail,
    stderr: Utf8Tail,
    /// The line that has not ended yet.
    open_line: String,
    /// The mime type and content of an `EVCXR_BEGIN_CONTENT` block being read.
    block: Option<(String, String)>,
    /// Blocks read one after the other belong to one object.
    bundle: Map<String, Value>,
    /// Whether the library has reported for the first time. Until then evcxr talks to its child alone, with nobody
    /// to receive messages of ours.
    started: bool,
    /// What came from stderr before that.
    early_stderr: String,
}

impl Protocol {
    /// True when there is text to show although its line has not ended.
    fn has_partial(&self) -> bool {
        let marks_possible = self.open_line.contains('\u{2}') || "EVCXR_".starts_with(self.open_line.as_str());
        !self.open_line.is_empty() && !marks_possible && !self.open_line.starts_with("EVCXR_") && self.block.is_none()
    }

    fn partial(&mut self) -> String {
        std::mem::take(&mut self.open_line)
    }

    fn feed(&mut self, bytes: &[u8]) -> Vec<Step> {
        let mut steps = Vec::new();
        let text = self.stdout.decode(bytes);
        self.open_line.push_str(&text);
        while let Some(end) = self.open_line.find('\n') {
            let rest = self.open_line.split_off(end + 1);
            let line = std::mem::replace(&mut self.open_line, rest);
            self.line(line.trim_end_matches('\n'), &mut steps);
        }
        steps
    }

    fn line(&mut self, line: &str, steps: &mut Vec<Step>) {
        self.started |= line.contains(MARK);
        if !self.started {
            steps.push(if line == COMPLETE { Step::Complete } else { Step::Line(line.to_owned()) });
            return;
        }
        if let Some((mime, content)) = &mut self.block {
            if line == END {
                let (mime, content) = (std::mem::take(mime), std::mem::take(content));
                self.block = None;
                if self.bundle.contains_key(&mime) {
                    self.end_bundle(steps);
                }
                let value = match mime.contains("json").then(|| serde_json::from_str(&content)) {
                    Some(Ok(json)) => json,
                    _ => Value::String(content),
                };
                self.bundle.insert(mime, value);
            } else {
                if !content.is_empty() {
                    content.push('\n');
                }
                content.push_str(line);
            }
            return;
        }
        // A cell may have left a line without its end in front of a marker.
        for marker in [COMPLETE, PANICKED, RETURNED_ERR] {
            if let Some(before) = line.strip_suffix(marker) {
                self.text(before, steps);
                self.end_bundle(steps);
                if marker == COMPLETE {
                    steps.push(Step::Complete);
                } else {
                    // evcxr keeps this news to itself and calls the cell a success.
                    let news = if marker == PANICKED { "panicked" } else { "returned_err" };
                    steps.push(Step::Line(message(news, json!({}))));
                    steps.push(Step::Line(marker.to_owned()));
                }
                return;
            }
        }
        if let Some(at) = line.find(BEGIN) {
            self.text(&line[..at], steps);
            self.block = Some((line[at + BEGIN.len()..].trim().to_owned(), String::new()));
            return;
        }
        self.end_bundle(steps);
        if let Some(at) = line.find(MARK) {
            self.text(&line[..at], steps);
            steps.push(Step::Line(line[at..].to_owned()));
        } else if line.starts_with("EVCXR_") {
            steps.push(Step::Line(line.to_owned()));
        } else {
            self.text(&format!("{line}\n"), steps);
        }
    }

    fn text(&mut self, text: &str, steps: &mut Vec<Step>) {
        match steps.last_mut() {
            Some(Step::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => steps.push(Step::Text(text.to_owned())),
        }
    }

    fn end_bundle(&mut self, steps: &mut Vec<Step>) {
        let data = Value::Object(std::mem::take(&mut self.bundle));
        // The value of a cell that ends in a loop or a macro call is nothing to show.
        if data != json!({}) && data != json!({ "text/plain": "()" }) {
            steps.push(Step::Line(message("display_data", json!({ "data": data, "metadata": {} }))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started() -> Protocol {
        Protocol { started: true, ..Protocol::default() }
    }

    fn fed(parts: &[&str]) -> Vec<Step> {
        let mut protocol = started();
        parts.iter().flat_map(|part| protocol.feed(part.as_bytes())).collect()
    }

    #[test]
    fn text_lines_are_batched_and_markers_pass() {
        assert_eq!(
            fed(&["a\nb\nEVCXR_EXECUTION_", "COMPLETE\n"]),
            [Step::Text("a\nb\n".into()), Step::Complete],
            "a marker split over two reads is still one marker"
        );
    }

    #[test]
    fn a_line_without_its_end_does_not_hide_the_marker_behind_it() {
        assert_eq!(fed(&["50 %EVCXR_EXECUTION_COMPLETE\n"]), [Step::Text("50 %".into()), Step::Complete]);
    }

    #[test]
    fn a_failed_cell_is_reported_before_evcxr_swallows_its_marker() {
        let steps = fed(&["EVCXR_PANIC_NOTIFICATION\n"]);
        assert_eq!(steps.len(), 2);
        assert!(matches!(&steps[0], Step::Line(l) if l.contains("panicked")));
        assert_eq!(steps[1], Step::Line("EVCXR_PANIC_NOTIFICATION".into()));
    }

    #[test]
    fn blocks_of_different_mime_types_are_one_object_and_a_repeated_type_starts_another() {
        let block = |mime: &str, body: &str| format!("EVCXR_BEGIN_CONTENT {mime}\n{body}\nEVCXR_END_CONTENT\n");
        let steps = fed(&[
            &block("text/html", "<b>1</b>"),
            &block("text/plain", "1"),
            &block("text/plain", "2"),
            "EVCXR_EXECUTION_COMPLETE\n",
        ]);
        assert_eq!(steps.len(), 3, "{steps:?}");
        assert!(matches!(&steps[0], Step::Line(l) if l.contains("<b>1</b>") && l.contains("text/plain")));
        assert!(matches!(&steps[1], Step::Line(l) if l.contains("\"2\"")));
    }

    #[test]
    fn before_the_library_reports_evcxr_gets_its_lines_as_they_are() {
        let mut protocol = Protocol::default();
        let steps = protocol.feed(b"EVCXR_BEGIN_CONTENT text/plain\n42\nEVCXR_END_CONTENT\nEVCXR_EXECUTION_COMPLETE\n");
        assert_eq!(steps.len(), 4);
        assert_eq!(steps[1], Step::Line("42".into()));
        assert_eq!(steps[3], Step::Complete);
    }

    #[test]
    fn a_character_split_over_two_reads_survives() {
        let mut protocol = started();
        let bytes = "µ\n".as_bytes();
        assert!(protocol.feed(&bytes[..1]).is_empty());
        assert_eq!(protocol.feed(&bytes[1..]), [Step::Text("µ\n".into())]);
    }

    #[test]
    fn an_unfinished_line_is_shown_after_a_pause_unless_it_may_be_a_marker() {
        let mut protocol = started();
        protocol.feed(b"epoch 1\r");
        assert!(protocol.has_partial());
        assert_eq!(protocol.partial(), "epoch 1\r");
        protocol.feed(b"EVCX");
        assert!(!protocol.has_partial());
    }
}
