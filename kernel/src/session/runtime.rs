//! The evaluating process's side of a session.
//!
//! evcxr runs every cell in a child process and reads that child's stdout line by line. So that a kernel can
//! show partial lines, carry several rich outputs per cell, and still have the last words of a process that aborts,
//! the child writes into two pipes and a small relay process turns what comes out of them into one line protocol.
//! stdout keeps its own order with the outputs; stderr is a pipe of its own and falls into its place as far as it is
//! written a moment apart.
//!
//! * `\u{2}PERTURBOOK {json}`: a message of ours (`stream`, `display_data`, `update_display_data`, `panic`, ...);
//! * `EVCXR_...`: evcxr's own markers, passed on as they are.
//!
//! What a cell prints is cut after a megabyte, and an output of more than 16 MB is refused, so that no cell can fill the
//! memory of the kernel or the notebook file; both are said.

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, Signal};
use serde_json::{Map, Value, json};

/// Marks the start of a message of ours on the child's stdout.
pub const MARK: &str = "\u{2}PERTURBOOK ";

const RELAY: &str = "PERTURBOOK_RELAY";
const COMPLETE: &str = "EVCXR_EXECUTION_COMPLETE";
const PANICKED: &str = "EVCXR_PANIC_NOTIFICATION";
const RETURNED_ERR: &str = "EVCXR_ERROR_OCCURRED";
const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
const END: &str = "EVCXR_END_CONTENT";
const INPUT: &str = "EVCXR_INPUT_REQUEST";

/// Bytes of text that a cell may print.
const TEXT_LIMIT: usize = 1 << 20;
/// Text shorter than this is passed on as it was written.
const SHORT: usize = 4 << 10;
/// Bytes of one rich output.
const OUTPUT_LIMIT: usize = 16 << 20;
/// A line without its end is shown after this time.
const PAUSE: Duration = Duration::from_millis(30);
/// ... and when it never pauses, as often as this.
const TICK: Duration = Duration::from_millis(100);

/// Call first in `main`: in an evaluating process, or in its relay, this never returns.
pub fn hook() -> Result<()> {
    if std::env::var_os(RELAY).is_some() {
        relay()?;
        std::process::exit(0);
    }
    if std::env::var_os("EVCXR_IS_RUNTIME").is_some() {
        // A kernel that is killed must not leave an endless loop behind.
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
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
    // What the cells have started may hold the pipes open after the evaluating process has gone.
    let source = rustix::process::getppid().context("the evaluating process is gone")?;
    let source = rustix::process::pidfd_open(source, PidfdFlags::empty())?;
    let mut relay = Relay { to: std::io::stdout(), state: Protocol::default(), shown: Instant::now() };
    let (mut out_open, mut err_open) = (true, true);
    while out_open || err_open {
        let pause = Timespec { tv_sec: 0, tv_nsec: PAUSE.subsec_nanos().into() };
        let waiting = relay.state.has_partial();
        let mut fds = vec![PollFd::new(&source, PollFlags::IN)];
        if out_open {
            fds.push(PollFd::new(&out, PollFlags::IN));
        }
        if err_open {
            fds.push(PollFd::new(&err, PollFlags::IN));
        }
        if poll(&mut fds, waiting.then_some(&pause))? == 0 {
            relay.partial()?;
            continue;
        }
        let ended = !fds[0].revents().is_empty();
        let (out_ready, err_ready) = (out_open && ready(out.as_fd())?, err_open && ready(err.as_fd())?);
        // stdout first: it says which of the lines on stderr are evcxr's.
        if out_ready {
            out_open = relay.copy_stdout(&out, &err)?;
        }
        if err_ready && ready(err.as_fd())? {
            err_open = relay.copy_stderr(&err)?;
        }
        if ended && !out_ready && !err_ready {
            break;
        }
    }
    let rest = std::mem::take(&mut relay.state.open_line);
    if relay.state.started {
        relay.stream("stdout", &rest)?;
        relay.release(None)?;
        relay.say_what_was_cut()?;
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
    /// When an unfinished line was last shown.
    shown: Instant,
}

impl<W: Write> Relay<W> {
    fn line(&mut self, line: &str) -> Result<()> {
        writeln!(self.to, "{line}")?;
        self.to.flush()?;
        Ok(())
    }

    /// Passes text on while the cell has printed less than the limit.
    fn stream(&mut self, name: &str, text: &str) -> Result<()> {
        let text = collapsed(text);
        let left = TEXT_LIMIT.saturating_sub(self.state.printed);
        self.state.printed += text.len();
        let shown = &text[..text.floor_char_boundary(left)];
        if shown.is_empty() { Ok(()) } else { self.line(&message("stream", json!({ "name": name, "text": shown }))) }
    }

    /// Shows a line that has not ended.
    fn partial(&mut self) -> Result<()> {
        self.shown = Instant::now();
        let text = self.state.partial();
        self.stream("stdout", &text)
    }

    fn say_what_was_cut(&mut self) -> Result<()> {
        let cut = std::mem::take(&mut self.state.printed).saturating_sub(TEXT_LIMIT);
        if cut == 0 {
            return Ok(());
        }
        let text = format!("\n[{} more was printed and is not shown: write it to a file]\n", size(cut));
        self.line(&message("stream", json!({ "name": "stderr", "text": text })))
    }

    /// False when the pipe has ended.
    fn copy_stderr(&mut self, err: &OwnedFd) -> Result<bool> {
        let bytes = read_some(err)?;
        let text = self.state.stderr.decode(&bytes);
        self.state.early_stderr.push_str(&text);
        if self.state.started && self.state.error.is_none() {
            self.release(None)?;
        }
        Ok(!bytes.is_empty())
    }

    /// Shows what was held back of stderr, without the text of the error that evcxr has printed there last.
    fn release(&mut self, error: Option<&str>) -> Result<()> {
        let text = std::mem::take(&mut self.state.early_stderr);
        let shown = error.and_then(|error| text.strip_suffix('\n')?.strip_suffix(error)).unwrap_or(&text);
        self.stream("stderr", shown)
    }

    fn copy_stdout(&mut self, out: &OwnedFd, err: &OwnedFd) -> Result<bool> {
        let bytes = read_some(out)?;
        for step in self.state.feed(&bytes) {
            match step {
                Step::Text(text) => self.stream("stdout", &text)?,
                Step::Line(line) => {
                    // What was written to stderr before an output is shown before it.
                    if self.state.error.is_none() && line.starts_with(MARK) {
                        while ready(err.as_fd())? && self.copy_stderr(err)? {}
                    }
                    self.line(&line)?;
                }
                Step::Refused(bytes) => {
                    let text = format!(
                        "[an output of {} is not shown: the limit is {}; save it to a file]\n",
                        size(bytes),
                        size(OUTPUT_LIMIT)
                    );
                    self.line(&message("stream", json!({ "name": "stderr", "text": text })))?;
                }
                Step::Returned => {
                    while ready(err.as_fd())? && self.copy_stderr(err)? {}
                    let error = self.state.error.take();
                    self.release(error.as_deref())?;
                }
                Step::Complete => {
                    // What the cell wrote to stderr is shown before the cell counts as done.
                    while ready(err.as_fd())? && self.copy_stderr(err)? {}
                    self.state.error = None;
                    self.release(None)?;
                    self.say_what_was_cut()?;
                    self.line(COMPLETE)?;
                }
            }
        }
        if self.state.has_partial() && self.shown.elapsed() > TICK {
            self.partial()?;
        }
        Ok(!bytes.is_empty())
    }
}

fn size(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// The text with only the last state of a line that returns to its start again and again.
fn collapsed(text: &str) -> String {
    let line = |line: &str| {
        let (body, end) = line.split_at(line.trim_end_matches(['\r', '\n']).len());
        match body.rsplit_once('\r') {
            Some((_, last)) => format!("\r{last}{end}"),
            None => line.to_owned(),
        }
    };
    let endless = text.len() > SHORT && text.contains('\r');
    if endless { text.split_inclusive('\n').map(line).collect() } else { text.to_owned() }
}

/// One message line of ours.
fn message(msg_type: &str, content: Value) -> String {
    format!("{MARK}{}", json!({ "msg_type": msg_type, "content": content }))
}

#[derive(Debug, PartialEq)]
enum Step {
    Text(String),
    Line(String),
    /// An output of so many bytes was left out.
    Refused(usize),
    /// The cell's error has left it: evcxr has printed its text.
    Returned,
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
    /// Bytes of an overlong message that were left out so far; its line has not ended yet.
    skipped: usize,
    /// The mime type, content and length of an `EVCXR_BEGIN_CONTENT` block being read.
    block: Option<Block>,
    /// Blocks read one after the other belong to one object.
    bundle: Map<String, Value>,
    /// Bytes that the cell has printed.
    printed: usize,
    /// Whether the library has reported for the first time. Until then evcxr talks to its child alone, with nobody
    /// to receive messages of ours.
    started: bool,
    /// What came from stderr and is held back: all before that, later what may be the text of an error.
    early_stderr: String,
    /// The error that is about to leave the cell; evcxr prints it, and it is shown as the cell's failure.
    error: Option<String>,
}

struct Block {
    mime: String,
    content: String,
    /// Bytes, those above the limit included.
    bytes: usize,
}

impl Protocol {
    /// True when there is text to show although its line has not ended.
    fn has_partial(&self) -> bool {
        self.started && self.block.is_none() && self.printable() > 0
    }

    /// How much of the open line is surely text: a message or a marker may begin behind it.
    fn printable(&self) -> usize {
        let line = &self.open_line;
        let marker = line.find(MARK).or_else(|| line.find("EVCXR_"));
        let begins =
            |mark: &str| (1..mark.len()).rev().find(|&n| mark.is_char_boundary(n) && line.ends_with(&mark[..n]));
        marker.unwrap_or_else(|| line.len() - begins(MARK).max(begins("EVCXR_")).unwrap_or(0))
    }

    fn partial(&mut self) -> String {
        let rest = self.open_line.split_off(self.printable());
        std::mem::replace(&mut self.open_line, rest)
    }

    fn feed(&mut self, bytes: &[u8]) -> Vec<Step> {
        let mut steps = Vec::new();
        let text = self.stdout.decode(bytes);
        for part in text.split_inclusive('\n') {
            if self.skipped > 0 {
                self.skipped += part.len();
            } else {
                self.open_line.push_str(part);
            }
            if part.ends_with('\n') {
                if self.skipped > 0 {
                    steps.push(Step::Refused(std::mem::take(&mut self.skipped)));
                } else {
                    let line = std::mem::take(&mut self.open_line);
                    self.line(line.trim_end_matches('\n'), &mut steps);
                }
            } else if self.open_line.len() > OUTPUT_LIMIT {
                self.overlong(&mut steps);
            }
        }
        steps
    }

    /// A line above the limit: the text in it goes on, a message is left out.
    fn overlong(&mut self, steps: &mut Vec<Step>) {
        if let Some(block) = &mut self.block {
            block.bytes += std::mem::take(&mut self.open_line).len();
            return;
        }
        let text = self.partial();
        self.text(&text, steps);
        self.skipped = std::mem::take(&mut self.open_line).len();
    }

    fn line(&mut self, line: &str, steps: &mut Vec<Step>) {
        self.started |= line.contains(MARK);
        if !self.started {
            steps.push(if line == COMPLETE { Step::Complete } else { Step::Line(line.to_owned()) });
            return;
        }
        if let Some(block) = &mut self.block {
            if line != END {
                block.bytes += line.len() + 1;
                if block.bytes <= OUTPUT_LIMIT {
                    if !block.content.is_empty() {
                        block.content.push('\n');
                    }
                    block.content.push_str(line);
                }
            } else if let Some(block) = self.block.take() {
                self.end_block(block, steps);
            }
            return;
        }
        // A cell may have left a line without its end in front of a marker.
        for marker in [COMPLETE, PANICKED, RETURNED_ERR] {
            if let Some(before) = line.strip_suffix(marker) {
                self.text(before, steps);
                // What was shown last, right before the end, is the value of the cell.
                self.end_bundle(if marker == COMPLETE { "execute_result" } else { "display_data" }, steps);
                if marker == COMPLETE {
                    steps.push(Step::Complete);
                } else {
                    // evcxr keeps this news to itself and calls the cell a success.
                    let news = if marker == PANICKED { "panicked" } else { "returned_err" };
                    if marker == RETURNED_ERR {
                        steps.push(Step::Returned);
                    }
                    steps.push(Step::Line(message(news, json!({}))));
                    steps.push(Step::Line(marker.to_owned()));
                }
                return;
            }
        }
        if let Some(at) = line.find(BEGIN) {
            self.text(&line[..at], steps);
            let mime = line[at + BEGIN.len()..].trim().to_owned();
            self.block = Some(Block { mime, content: String::new(), bytes: 0 });
            return;
        }
        self.end_bundle("display_data", steps);
        if let Some(at) = line.find(MARK) {
            self.text(&line[..at], steps);
            if line[at..].contains("\"msg_type\":\"error\"") {
                let json = serde_json::from_str::<Value>(&line[at + MARK.len()..]).unwrap_or_default();
                self.error = json["content"]["message"].as_str().map(str::to_owned);
            }
            steps.push(Step::Line(line[at..].to_owned()));
        } else if let Some(at) = line.find(INPUT).or_else(|| line.starts_with("EVCXR_").then_some(0)) {
            self.text(&line[..at], steps);
            steps.push(Step::Line(line[at..].to_owned()));
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

    fn end_block(&mut self, block: Block, steps: &mut Vec<Step>) {
        if block.bytes > OUTPUT_LIMIT {
            steps.push(Step::Refused(block.bytes));
            return;
        }
        if self.bundle.contains_key(&block.mime) {
            self.end_bundle("display_data", steps);
        }
        let value = match block.mime.contains("json").then(|| serde_json::from_str(&block.content)) {
            Some(Ok(json)) => json,
            _ => Value::String(block.content),
        };
        self.bundle.insert(block.mime, value);
    }

    fn end_bundle(&mut self, msg_type: &str, steps: &mut Vec<Step>) {
        let data = Value::Object(std::mem::take(&mut self.bundle));
        // The value of a cell that ends in a loop or a macro call is nothing to show.
        if data != json!({}) && data != json!({ "text/plain": "()" }) {
            steps.push(Step::Line(message(msg_type, json!({ "data": data, "metadata": {} }))));
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
    fn a_question_behind_unfinished_text_is_still_asked() {
        assert_eq!(
            fed(&["name: EVCXR_INPUT_REQUEST:who\n"]),
            [Step::Text("name: ".into()), Step::Line("EVCXR_INPUT_REQUEST:who".into())]
        );
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
        assert!(matches!(&steps[0], Step::Line(l) if l.contains("display_data")));
        assert!(matches!(&steps[1], Step::Line(l) if l.contains("\"2\"") && l.contains("execute_result")));
    }

    #[test]
    fn overlong_outputs_are_refused_and_what_follows_is_not() {
        let big = "x".repeat(OUTPUT_LIMIT + 10);
        let steps = fed(&[&format!("a{MARK}{big}"), "y\nb\n"]);
        assert_eq!(steps[0], Step::Text("a".into()));
        assert!(matches!(steps[1], Step::Refused(bytes) if bytes > OUTPUT_LIMIT));
        assert_eq!(steps[2], Step::Text("b\n".into()));
        let block = format!("EVCXR_BEGIN_CONTENT text/plain\n{big}\nEVCXR_END_CONTENT\nEVCXR_EXECUTION_COMPLETE\n");
        assert_eq!(fed(&[&block]), [Step::Refused(OUTPUT_LIMIT + 11), Step::Complete]);
        assert!(matches!(&fed(&[&big])[..], [Step::Text(text)] if text.len() == big.len()), "text may be long");
    }

    #[test]
    fn text_is_cut_at_the_limit_and_the_rest_is_counted() {
        let mut relay = Relay { to: Vec::new(), state: started(), shown: Instant::now() };
        for _ in 0..3 {
            relay.stream("stdout", &"µ".repeat(TEXT_LIMIT / 2)).unwrap();
        }
        relay.say_what_was_cut().unwrap();
        let said = String::from_utf8(relay.to).unwrap();
        assert!(
            said.matches('µ').count() == TEXT_LIMIT / 2 && said.contains("2.1 MB more was printed"),
            "{}",
            said.len()
        );
    }

    #[test]
    fn the_text_of_an_error_is_not_shown_twice() {
        let mut relay = Relay { to: Vec::new(), state: started(), shown: Instant::now() };
        relay.state.early_stderr = "mine\nno such file\n".to_owned();
        relay.release(Some("no such file")).unwrap();
        assert!(String::from_utf8(relay.to).unwrap().contains(r#""text":"mine\n""#));
        let error = format!("{MARK}{}\n", json!({ "msg_type": "error", "content": { "message": "no such file" } }));
        let mut protocol = started();
        protocol.feed(error.as_bytes());
        assert_eq!(protocol.error.as_deref(), Some("no such file"));
    }

    #[test]
    fn a_bar_that_returns_keeps_its_last_state() {
        let many = "1 %\r".repeat(SHORT);
        assert_eq!(collapsed(&format!("{many}3 %")), "\r3 %");
        assert_eq!(collapsed(&format!("{many}2 %\r")), "\r2 %\r");
        assert_eq!(collapsed(&format!("{many}2 %\nb\r\n")), "\r2 %\nb\r\n");
        assert_eq!(collapsed("1 %\r2 %"), "1 %\r2 %", "what is short stays as it is");
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
        protocol.feed(b"R or not\n50 %EVCX");
        assert!(protocol.has_partial());
        assert_eq!((protocol.partial().as_str(), protocol.open_line.as_str()), ("50 %", "EVCX"));
    }
}
