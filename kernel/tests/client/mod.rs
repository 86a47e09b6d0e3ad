//! A Jupyter client for tests: it starts a kernel, speaks with it over ZeroMQ, and says what came when a wait is in vain.
//!
//! It follows the text of the protocol rather than the crates that the kernel is made of: messages stay plain JSON, and
//! the signature and the header of everything that comes are checked.

// Each test file uses its own part of this.
#![allow(dead_code, unused_imports)]

mod process;

use std::collections::{HashMap, VecDeque};
use std::io::Read;
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ring::hmac;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use zeromq::util::PeerIdentity;
use zeromq::{DealerSendHalf, DealerSocket, ReqSocket, SubSocket, ZmqMessage};
use zeromq::{Socket, SocketOptions, SocketRecv, SocketSend};

pub use process::{
    Borrowed, Kernel, Shared, built, is_running, kill, peak_kib, processes_under, program, rss_kib, until,
};

/// How long a cell may take before a test calls it stuck.
const PATIENCE: Duration = Duration::from_secs(120);

/// The sockets of a kernel, in the order of [`Connection`]'s ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Shell,
    Control,
    Stdin,
    IoPub,
    Heartbeat,
}

impl Channel {
    pub const ALL: [Self; 5] = [Self::Shell, Self::Control, Self::Stdin, Self::IoPub, Self::Heartbeat];
}

/// What a connection file says.
#[derive(Clone, Debug)]
pub struct Connection {
    ports: [u16; 5],
    key: String,
}

impl Connection {
    /// Five free ports, held until the listeners are dropped, and a random key.
    pub fn new() -> (Self, Vec<TcpListener>) {
        let held: Vec<TcpListener> = (0..5).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports = std::array::from_fn(|i| held[i].local_addr().unwrap().port());
        (Self { ports, key: random() }, held)
    }

    pub fn port(&self, channel: Channel) -> u16 {
        self.ports[channel as usize]
    }

    fn endpoint(&self, channel: Channel) -> String {
        format!("tcp://127.0.0.1:{}", self.port(channel))
    }

    /// The content of the connection file.
    pub fn json(&self) -> Value {
        json!({
            "transport": "tcp", "ip": "127.0.0.1", "signature_scheme": "hmac-sha256", "key": self.key,
            "kernel_name": "perturbook",
            "shell_port": self.port(Channel::Shell), "control_port": self.port(Channel::Control),
            "stdin_port": self.port(Channel::Stdin), "iopub_port": self.port(Channel::IoPub),
            "hb_port": self.port(Channel::Heartbeat),
        })
    }

    /// The signature of header, parent header, metadata and content.
    pub fn sign(&self, parts: &[Vec<u8>]) -> String {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.key.as_bytes()));
        parts.iter().for_each(|part| context.update(part));
        context.sign().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What came over a channel as a message, or what is wrong with it.
    fn decode(&self, channel: Channel, frames: &[Vec<u8>]) -> Result<Message, String> {
        let text: Vec<_> = frames.iter().map(|frame| String::from_utf8_lossy(frame)).collect();
        let at = frames.iter().position(|frame| frame == b"<IDS|MSG>").ok_or(format!("no delimiter: {text:?}"))?;
        let [signature, parts @ ..] = &frames[at + 1..] else { return Err(format!("no signature: {text:?}")) };
        let parts = parts.get(..4).ok_or(format!("fewer than four parts: {text:?}"))?;
        if self.sign(parts).as_bytes() != signature {
            return Err(format!("a wrong signature: {text:?}"));
        }
        let json =
            |i: usize| serde_json::from_slice::<Value>(&parts[i]).map_err(|e| format!("no JSON ({e}): {text:?}"));
        let (header, parent, metadata, content) = (json(0)?, json(1)?, json(2)?, json(3)?);
        for key in ["msg_id", "session", "username", "date", "msg_type", "version"] {
            if !header[key].is_string() {
                return Err(format!("a header without {key}: {header}"));
            }
        }
        if !(parent.is_object() && metadata.is_object() && content.is_object()) {
            return Err(format!("parts that are no objects: {text:?}"));
        }
        Ok(Message { channel, header, parent, content, at: Instant::now() })
    }
}

/// A message that came.
#[derive(Clone, Debug)]
pub struct Message {
    pub channel: Channel,
    pub header: Value,
    pub parent: Value,
    pub content: Value,
    pub at: Instant,
}

impl Message {
    pub fn msg_type(&self) -> &str {
        self.header["msg_type"].as_str().unwrap_or_default()
    }

    pub fn answers(&self, id: &str) -> bool {
        self.parent["msg_id"] == id
    }

    fn is_idle(&self) -> bool {
        self.msg_type() == "status" && self.content["execution_state"] == "idle"
    }

    /// One line, however long the content.
    fn summary(&self) -> String {
        let content = self.content.to_string();
        let short: String = content.chars().take(300).collect();
        let more = if short.len() < content.len() { "..." } else { "" };
        format!("{:?} {} {short}{more}", self.channel, self.msg_type())
    }
}

/// What a cell gave.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The content of the `execute_reply`.
    pub reply: Value,
    /// Everything published for the cell, in order, each as `{msg_type, content, seconds}`, where the seconds are those
    /// between the request and the message.
    pub messages: Vec<Value>,
    /// The same without `status` and `execute_input`.
    pub outputs: Vec<Value>,
    /// Seconds between the request and the reply.
    pub seconds: f64,
}

impl Executed {
    /// The cell itself, which must have succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.reply["status"], "ok", "{:#}\n{:#?}", self.reply, self.outputs);
        self
    }

    /// The cell itself, which must have failed with this `ename`.
    #[track_caller]
    pub fn failed(self, ename: &str) -> Self {
        assert_eq!(self.reply["status"], "error", "{:#}\n{:#?}", self.reply, self.outputs);
        assert_eq!(self.reply["ename"], ename, "{:#}", self.reply);
        self
    }
}

fn contents<'a>(cell: &'a Executed, msg_types: &'a [&str]) -> impl Iterator<Item = &'a Value> {
    cell.outputs.iter().filter(|o| msg_types.iter().any(|t| o["msg_type"] == *t)).map(|o| &o["content"])
}

fn stream(cell: &Executed, name: &str) -> String {
    contents(cell, &["stream"]).filter(|c| c["name"] == name).filter_map(|c| c["text"].as_str()).collect()
}

/// All the cell wrote to stdout.
pub fn stdout_of(cell: &Executed) -> String {
    stream(cell, "stdout")
}

/// All the cell wrote to stderr.
pub fn stderr_of(cell: &Executed) -> String {
    stream(cell, "stderr")
}

/// The bundles that the cell showed, its value among them, updates not.
pub fn displays_of(cell: &Executed) -> Vec<&Value> {
    contents(cell, &["display_data", "execute_result"]).map(|content| &content["data"]).collect()
}

/// The plain text of the cell's value.
#[track_caller]
pub fn value_of(cell: &Executed) -> &str {
    let result = contents(cell, &["execute_result"]).next().and_then(|content| content["data"]["text/plain"].as_str());
    result.unwrap_or_else(|| panic!("no value: {:#}\n{:#?}", cell.reply, cell.outputs))
}

/// The content of the cell's `error`, null when there is none.
pub fn error_of(cell: &Executed) -> Value {
    contents(cell, &["error"]).next().cloned().unwrap_or_default()
}

/// Everything published for the cell and its reply, for a search of words in it.
pub fn said(cell: &Executed) -> String {
    cell.outputs.iter().map(|output| format!("{}\n", output["content"])).collect::<String>() + &cell.reply.to_string()
}

/// What came over one channel and was not asked for yet.
struct Inbox {
    from: Receiver<Result<Message, String>>,
    held: VecDeque<Message>,
}

/// The process behind the sockets, where known: waits end early when it is gone.
#[derive(Clone, Debug)]
pub struct Behind {
    pub pid: u32,
    pub log: std::path::PathBuf,
}

impl Behind {
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// A connected client. Every wait has an end.
pub struct Client {
    connection: Connection,
    behind: Option<Behind>,
    runtime: Option<Runtime>,
    senders: [DealerSendHalf; 3],
    inboxes: [Inbox; 4],
    session: String,
    sent: HashMap<String, Instant>,
    started: Instant,
    answered: Instant,
    log: VecDeque<String>,
}

impl Client {
    /// Connects to the sockets of a kernel, which may not be there yet, and waits until it answers on all of them.
    pub fn connect(connection: &Connection, behind: Option<Behind>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let session = random();
        let identity = PeerIdentity::try_from(session.as_bytes()).unwrap();
        let dealer = |channel| {
            let mut options = SocketOptions::default();
            options.peer_identity(identity.clone());
            let mut socket = DealerSocket::with_options(options);
            runtime.block_on(socket.connect(&connection.endpoint(channel))).unwrap();
            socket.split()
        };
        let (shell, from_shell) = dealer(Channel::Shell);
        let (control, from_control) = dealer(Channel::Control);
        let (stdin, from_stdin) = dealer(Channel::Stdin);
        let mut iopub = SubSocket::new();
        runtime
            .block_on(async {
                iopub.subscribe("").await?;
                iopub.connect(&connection.endpoint(Channel::IoPub)).await
            })
            .unwrap();
        let inboxes = [
            listen(&runtime, connection, Channel::Shell, from_shell),
            listen(&runtime, connection, Channel::Control, from_control),
            listen(&runtime, connection, Channel::Stdin, from_stdin),
            listen(&runtime, connection, Channel::IoPub, iopub),
        ];
        let mut client = Self {
            connection: connection.clone(),
            behind,
            runtime: Some(runtime),
            senders: [shell, control, stdin],
            inboxes,
            session,
            sent: HashMap::new(),
            started: Instant::now(),
            answered: Instant::now(),
            log: VecDeque::new(),
        };
        client.wait_until_ready();
        client
    }

    /// A subscription to iopub takes effect a moment after the connection: a kernel is ready when both its reply and
    /// its status have come.
    fn wait_until_ready(&mut self) {
        self.kernel_info(PATIENCE);
        self.answered = Instant::now();
        while self.wait(Channel::IoPub, Duration::from_secs(1), |_| true).is_none() {
            self.kernel_info(PATIENCE);
        }
        // The last status is on its way still, perhaps.
        while self.wait(Channel::IoPub, Duration::from_millis(100), |_| true).is_some() {}
        self.forget();
    }

    /// When the kernel answered for the first time.
    pub fn answered(&self) -> Instant {
        self.answered
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("the runtime lives as long as the client")
    }

    /// Sends a message; returns its id.
    pub fn send(&mut self, channel: Channel, msg_type: &str, content: &Value) -> String {
        let id = format!("{}-{}", self.session, self.sent.len());
        let header = json!({
            "msg_id": id, "session": self.session, "username": "test", "version": "5.4", "msg_type": msg_type,
            "date": jiff::Timestamp::now().to_string(),
        });
        let parts = [header.to_string(), "{}".into(), "{}".into(), content.to_string()].map(String::into_bytes);
        let mut message = ZmqMessage::from("<IDS|MSG>");
        message.push_back(self.connection.sign(&parts).into());
        parts.into_iter().for_each(|part| message.push_back(part.into()));
        self.sent.insert(id.clone(), Instant::now());
        let runtime = self.runtime.as_ref().expect("the runtime lives as long as the client");
        runtime.block_on(self.senders[channel as usize].send(message)).unwrap();
        id
    }

    /// Answers an `input_request`.
    pub fn reply(&mut self, value: &str) {
        self.send(Channel::Stdin, "input_reply", &json!({ "status": "ok", "value": value }));
    }

    /// Where among the held messages of a channel the first is that matches; none when the time is over or the kernel is
    /// gone.
    fn find(&mut self, channel: Channel, timeout: Duration, matches: impl Fn(&Message) -> bool) -> Option<usize> {
        let inbox = &mut self.inboxes[channel as usize];
        if let Some(at) = inbox.held.iter().position(&matches) {
            return Some(at);
        }
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match inbox.from.recv_timeout(left.min(Duration::from_millis(500))) {
                Ok(Ok(message)) => {
                    let seconds = message.at.saturating_duration_since(self.started).as_secs_f64();
                    self.log.push_back(format!("{seconds:7.2} s  {}", message.summary()));
                    if self.log.len() > 40 {
                        self.log.pop_front();
                    }
                    let found = matches(&message);
                    inbox.held.push_back(message);
                    if found {
                        return Some(inbox.held.len() - 1);
                    }
                }
                Ok(Err(wrong)) => panic!("{channel:?}: the kernel sent {wrong}"),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    let gone = self.behind.as_ref().is_some_and(|behind| !is_running(behind.pid));
                    if left.is_zero() || gone {
                        return None;
                    }
                }
            }
        }
    }

    /// Takes the first message of a channel that matches; none when the time is over or the kernel is gone.
    pub fn wait(&mut self, channel: Channel, timeout: Duration, matches: impl Fn(&Message) -> bool) -> Option<Message> {
        let at = self.find(channel, timeout, matches)?;
        self.inboxes[channel as usize].held.remove(at)
    }

    /// As [`Client::wait`], but the message must come.
    #[track_caller]
    pub fn expect(
        &mut self,
        channel: Channel,
        timeout: Duration,
        what: &str,
        matches: impl Fn(&Message) -> bool,
    ) -> Message {
        let waited = Instant::now();
        match self.wait(channel, timeout, matches) {
            Some(message) => message,
            None => panic!("{what} did not come in {:.1} s\n{}", waited.elapsed().as_secs_f64(), self.history()),
        }
    }

    /// What came last, and what the kernel's process said.
    pub fn history(&self) -> String {
        let came = self.log.iter().map(|line| format!("  {line}\n")).collect::<String>();
        let process = self.behind.as_ref().map(|behind| {
            let state = if is_running(behind.pid) { "runs" } else { "is gone" };
            format!("the kernel's process {state}; it said:\n{}", behind.said())
        });
        format!("came so far:\n{came}{}", process.unwrap_or_default())
    }

    #[track_caller]
    pub fn recv_shell(&mut self, timeout: Duration) -> Message {
        self.expect(Channel::Shell, timeout, "a message on shell", |_| true)
    }

    #[track_caller]
    pub fn recv_control(&mut self, timeout: Duration) -> Message {
        self.expect(Channel::Control, timeout, "a message on control", |_| true)
    }

    #[track_caller]
    pub fn recv_stdin(&mut self, timeout: Duration) -> Message {
        self.expect(Channel::Stdin, timeout, "a message on stdin", |_| true)
    }

    #[track_caller]
    pub fn recv_iopub(&mut self, timeout: Duration) -> Message {
        self.expect(Channel::IoPub, timeout, "a message on iopub", |_| true)
    }

    /// Drops what came and was not asked for.
    pub fn forget(&mut self) {
        for inbox in &mut self.inboxes {
            inbox.held.clear();
            while inbox.from.try_recv().is_ok() {}
        }
    }

    /// Sends a request on shell; returns the content of its reply.
    #[track_caller]
    pub fn ask(&mut self, msg_type: &str, content: &Value) -> Value {
        let id = self.send(Channel::Shell, msg_type, content);
        let reply = self.expect(Channel::Shell, PATIENCE, &format!("the reply to {msg_type}"), |m| m.answers(&id));
        assert_eq!(reply.msg_type(), msg_type.replace("_request", "_reply"));
        reply.content
    }

    #[track_caller]
    pub fn kernel_info(&mut self, timeout: Duration) -> Value {
        let id = self.send(Channel::Shell, "kernel_info_request", &json!({}));
        let reply = self.expect(Channel::Shell, timeout, "the kernel_info_reply", |m| m.answers(&id));
        assert_eq!(reply.msg_type(), "kernel_info_reply");
        reply.content
    }

    /// Requests the execution of a cell without waiting for it; returns the request's id.
    pub fn begin(&mut self, code: &str) -> String {
        self.begin_with(code, json!({}))
    }

    /// As [`Client::begin`], with fields of the request that differ from the usual.
    pub fn begin_with(&mut self, code: &str, fields: Value) -> String {
        let mut content = json!({
            "code": code, "silent": false, "store_history": true, "user_expressions": {}, "allow_stdin": false,
            "stop_on_error": true,
        });
        let fields = fields.as_object().cloned().unwrap_or_default();
        content.as_object_mut().expect("a request is an object").extend(fields);
        self.send(Channel::Shell, "execute_request", &content)
    }

    /// Waits for the end of a cell: its reply and all that it published.
    #[track_caller]
    pub fn finish(&mut self, id: &str) -> Executed {
        self.finish_within(id, PATIENCE)
    }

    /// As [`Client::finish`], for a cell that may take long.
    #[track_caller]
    pub fn finish_within(&mut self, id: &str, patience: Duration) -> Executed {
        let sent = self.sent[id];
        let mut messages = Vec::new();
        loop {
            let left = patience.saturating_sub(sent.elapsed());
            let message = self.expect(Channel::IoPub, left, "the end of the cell", |m| m.answers(id));
            let seconds = (message.at - sent).as_secs_f64();
            messages.push(json!({ "msg_type": message.msg_type(), "content": message.content, "seconds": seconds }));
            if message.is_idle() {
                break;
            }
        }
        let left = patience.saturating_sub(sent.elapsed());
        let reply = self.expect(Channel::Shell, left, "the execute_reply", |m| m.answers(id));
        assert_eq!(reply.msg_type(), "execute_reply");
        let around = ["status", "execute_input"];
        let outputs = messages.iter().filter(|m| !around.iter().any(|t| m["msg_type"] == *t)).cloned().collect();
        Executed { seconds: (reply.at - sent).as_secs_f64(), reply: reply.content, messages, outputs }
    }

    #[track_caller]
    pub fn execute(&mut self, code: &str) -> Executed {
        let id = self.begin(code);
        self.finish(&id)
    }

    /// As [`Client::execute`], for a cell that may take long.
    #[track_caller]
    pub fn execute_within(&mut self, code: &str, patience: Duration) -> Executed {
        let id = self.begin(code);
        self.finish_within(&id, patience)
    }

    #[track_caller]
    pub fn execute_with(&mut self, code: &str, fields: Value) -> Executed {
        let id = self.begin_with(code, fields);
        self.finish(&id)
    }

    /// Waits until the cell has printed these words, in one message. The message stays for [`Client::finish`].
    #[track_caller]
    pub fn wait_for_print(&mut self, id: &str, words: &str) {
        let says = |m: &Message| m.answers(id) && m.content["text"].as_str().is_some_and(|text| text.contains(words));
        let at = self.find(Channel::IoPub, PATIENCE, |m| says(m) || (m.answers(id) && m.is_idle()));
        let printed = at.is_some_and(|at| says(&self.inboxes[Channel::IoPub as usize].held[at]));
        assert!(printed, "the cell did not print {words:?}\n{}", self.history());
    }

    /// Asks the kernel to interrupt; returns the content of its reply, which must come at once.
    #[track_caller]
    pub fn interrupt(&mut self) -> Value {
        let id = self.send(Channel::Control, "interrupt_request", &json!({}));
        let soon = Duration::from_secs(2);
        self.expect(Channel::Control, soon, "the interrupt_reply", |m| m.answers(&id)).content
    }

    /// What the heartbeat socket sends back; none when it does not answer in time.
    pub fn ping(&self, payload: &[u8], timeout: Duration) -> Option<Vec<u8>> {
        self.runtime().block_on(async {
            let mut socket = ReqSocket::new();
            let round = async {
                socket.connect(&self.connection.endpoint(Channel::Heartbeat)).await?;
                socket.send(ZmqMessage::from(payload.to_vec())).await?;
                socket.recv().await
            };
            let reply = tokio::time::timeout(timeout, round).await.ok()?.ok()?;
            Some(reply.into_vec().concat())
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Closes the connections: they belong to its tasks.
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}

fn listen(
    runtime: &Runtime,
    connection: &Connection,
    channel: Channel,
    mut socket: impl SocketRecv + Send + 'static,
) -> Inbox {
    let (to, from) = std::sync::mpsc::channel();
    let connection = connection.clone();
    runtime.spawn(async move {
        while let Ok(message) = socket.recv().await {
            let frames: Vec<Vec<u8>> = message.iter().map(|frame| frame.to_vec()).collect();
            if to.send(connection.decode(channel, &frames)).is_err() {
                break;
            }
        }
    });
    Inbox { from, held: VecDeque::new() }
}

/// 32 hexadecimal digits that nobody else has.
fn random() -> String {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
