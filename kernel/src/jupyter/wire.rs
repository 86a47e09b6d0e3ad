//! The five sockets of a kernel: signed messages in, signed messages out, anything else ignored.
//!
//! | socket | what goes over it |
//! |---|---|
//! | shell | requests and their replies |
//! | control | interrupt and shutdown, which must not wait behind a running cell |
//! | iopub | outputs and states, to everybody |
//! | stdin | questions to the reader, and the answers |
//! | heartbeat | whatever comes is sent back |

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jupyter_protocol::connection_info::Transport;
use jupyter_protocol::{ConnectionInfo, JupyterMessage, JupyterMessageContent, UnknownMessage};
use jupyter_zmq_client::{
    KernelHeartbeatConnection, KernelIoPubXPubConnection, RawMessage, RouterRecvConnection, RouterSendConnection,
    SubscriptionEvent, create_kernel_control_connection, create_kernel_heartbeat_connection,
    create_kernel_iopub_xpub_connection, create_kernel_shell_connection, create_kernel_stdin_connection,
    parse_subscription_message,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use zeromq::{SocketRecv, SocketSend};

use super::gate;

/// How long a message may wait for a client that does not read; the gate cuts such a client off before that.
const STALLED: Duration = Duration::from_secs(15);

/// Outputs that wait to be sent; a cell that shows more waits for its readers.
const QUEUE: usize = 256;

/// A request whose signature is right.
#[derive(Debug, Clone)]
pub struct Request {
    message: Arc<JupyterMessage>,
    /// Its content, an object.
    pub content: Value,
}

impl Request {
    /// Such as `execute_request`.
    pub fn msg_type(&self) -> &str {
        &self.message.header.msg_type
    }

    /// A text of its content, empty when there is none.
    pub fn text(&self, key: &str) -> &str {
        self.content[key].as_str().unwrap_or_default()
    }

    /// A flag of its content.
    pub fn flag(&self, key: &str, default: bool) -> bool {
        self.content[key].as_bool().unwrap_or(default)
    }

    fn read(raw: RawMessage) -> Option<Self> {
        let header = serde_json::from_slice(&raw.jparts[0]).ok()?;
        let content: Value = serde_json::from_slice(&raw.jparts[3]).ok()?;
        let message = JupyterMessage {
            zmq_identities: raw.zmq_identities,
            header,
            parent_header: None,
            metadata: json!({}),
            content: UnknownMessage::default().into(),
            buffers: Vec::new(),
            channel: None,
        };
        content.is_object().then(|| Self { message: Arc::new(message), content })
    }
}

/// Sends messages from any thread.
#[derive(Debug, Clone)]
pub struct Wire {
    session: String,
    iopub: mpsc::Sender<JupyterMessage>,
    shell: mpsc::UnboundedSender<JupyterMessage>,
    control: mpsc::UnboundedSender<JupyterMessage>,
    stdin: mpsc::UnboundedSender<JupyterMessage>,
}

impl Wire {
    fn message(&self, msg_type: &str, content: Value, parent: Option<&Request>) -> JupyterMessage {
        let content = JupyterMessageContent::UnknownMessage(UnknownMessage { msg_type: msg_type.to_owned(), content });
        let mut message = JupyterMessage::new(content, parent.map(|request| &*request.message));
        message.header.username = "perturbook".to_owned();
        message.header.version = super::PROTOCOL.to_owned();
        message.header.session.clone_from(&self.session);
        message
    }

    /// Tells everybody; from a thread that is no part of the event loop.
    pub fn publish(&self, msg_type: &str, content: Value, parent: &Request) {
        // Nobody is left to tell when the kernel ends.
        let _ = self.iopub.blocking_send(self.topical(msg_type, content, Some(parent)));
    }

    /// Tells everybody; from within the event loop.
    pub async fn publish_soon(&self, msg_type: &str, content: Value, parent: Option<&Request>) {
        let _ = self.iopub.send(self.topical(msg_type, content, parent)).await;
    }

    /// A message for all: its first frame is a topic in place of an address.
    fn topical(&self, msg_type: &str, content: Value, parent: Option<&Request>) -> JupyterMessage {
        let topic = format!("kernel.{}.{msg_type}", self.session);
        self.message(msg_type, content, parent).with_zmq_identities(vec![topic.into_bytes().into()])
    }

    /// Answers a request from the shell socket.
    pub fn reply(&self, content: Value, request: &Request) {
        let _ = self.shell.send(self.answer(content, request));
    }

    /// Answers a request from the control socket.
    pub fn reply_control(&self, content: Value, request: &Request) {
        let _ = self.control.send(self.answer(content, request));
    }

    fn answer(&self, content: Value, request: &Request) -> JupyterMessage {
        self.message(&request.msg_type().replace("_request", "_reply"), content, Some(request))
    }

    /// Asks the reader whose request this is.
    pub fn ask(&self, prompt: &str, password: bool, request: &Request) {
        let content = json!({ "prompt": prompt, "password": password });
        let _ = self.stdin.send(self.message("input_request", content, Some(request)));
    }
}

/// Where requests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Requests for the evaluator and the library.
    Shell,
    /// Interrupt and shutdown.
    Control,
    /// Answers of the reader.
    Stdin,
}

/// Reads a connection file; only sockets of this machine, and only signed messages, are accepted.
///
/// # Errors
/// When the file cannot be read, an address is not this machine's own, or there is no key.
pub fn connection(path: &Path) -> Result<ConnectionInfo> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let info: ConnectionInfo =
        serde_json::from_str(&text).with_context(|| format!("{} is not a connection file", path.display()))?;
    let loopback = info.ip == "localhost" || info.ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if info.transport != Transport::TCP || !loopback {
        bail!("the kernel listens on this machine's own address only, not on {}://{}", info.transport, info.ip);
    }
    if info.key.is_empty() || info.signature_scheme != "hmac-sha256" {
        bail!("{} has no key for hmac-sha256: anybody on this machine could run code", path.display());
    }
    Ok(info)
}

/// Opens the sockets, those of the message library in `folder`. Requests arrive in the order in which each socket
/// received them.
///
/// # Errors
/// When a port is taken.
pub async fn open(info: &ConnectionInfo, folder: &Path) -> Result<(Wire, mpsc::UnboundedReceiver<(Channel, Request)>)> {
    let session = uuid();
    let outside = info;
    let info = &ConnectionInfo {
        transport: Transport::IPC,
        ip: folder.join("socket").display().to_string(),
        ..outside.clone()
    };
    let (requests, inbox) = mpsc::unbounded_channel();
    let mut senders = Vec::new();
    let routers = [
        (Channel::Shell, create_kernel_shell_connection(info, &session).await),
        (Channel::Control, create_kernel_control_connection(info, &session).await),
        (Channel::Stdin, create_kernel_stdin_connection(info, &session).await),
    ];
    for (channel, connection) in routers {
        let (to, from) = connection.with_context(|| format!("cannot open the {channel:?} socket"))?.split();
        let (sender, outbox) = mpsc::unbounded_channel();
        tokio::spawn(send(to, outbox));
        tokio::spawn(receive(from, channel, requests.clone()));
        senders.push(sender);
    }
    let iopub = create_kernel_iopub_xpub_connection(info, &session).await.context("cannot open the iopub socket")?;
    let (outputs, outbox) = mpsc::channel(QUEUE);
    let heartbeat = create_kernel_heartbeat_connection(info).await.context("cannot open the heartbeat socket")?;
    tokio::spawn(beat(heartbeat));
    let [shell, control, stdin] = <[_; 3]>::try_from(senders).map_err(|_| anyhow::anyhow!("three routers"))?;
    let wire = Wire { session, iopub: outputs, shell, control, stdin };
    tokio::spawn(publish(iopub, outbox, wire.clone()));
    let ports = [info.shell_port, info.control_port, info.stdin_port, info.iopub_port, info.hb_port];
    for port in ports {
        gate::open(&outside.ip, port, folder.join(format!("socket-{port}"))).await?;
    }
    Ok((wire, inbox))
}

/// A name for this run of the kernel.
fn uuid() -> String {
    JupyterMessage::new(UnknownMessage::default(), None).header.session
}

async fn send(mut to: RouterSendConnection, mut outbox: mpsc::UnboundedReceiver<JupyterMessage>) {
    while let Some(message) = outbox.recv().await {
        // A client that has gone gets no answer.
        let _ = tokio::time::timeout(STALLED, to.send(message)).await;
    }
}

async fn receive(mut from: RouterRecvConnection, channel: Channel, inbox: mpsc::UnboundedSender<(Channel, Request)>) {
    loop {
        let Ok(frames) = from.socket.recv().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Frames without a right signature, or that are no message, are nobody's request.
        let request = RawMessage::from_multipart(frames, &from.mac).ok().and_then(Request::read);
        if let Some(request) = request
            && inbox.send((channel, request)).is_err()
        {
            return;
        }
    }
}

/// Sends outputs, and greets those who begin to listen, so that they know that they miss nothing from now on.
async fn publish(mut iopub: KernelIoPubXPubConnection, mut outbox: mpsc::Receiver<JupyterMessage>, wire: Wire) {
    loop {
        tokio::select! {
            message = outbox.recv() => {
                let Some(message) = message else { return };
                let _ = tokio::time::timeout(STALLED, iopub.send(message)).await;
            }
            event = iopub.socket.recv() => match event.as_ref().map(parse_subscription_message) {
                Ok(Some(SubscriptionEvent::Subscribe(topic))) => {
                    let welcome = wire.topical("iopub_welcome", json!({ "subscription": topic }), None);
                    let _ = tokio::time::timeout(STALLED, iopub.send(welcome)).await;
                }
                Ok(_) => {}
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
}

async fn beat(mut heartbeat: KernelHeartbeatConnection) {
    loop {
        match heartbeat.socket.recv().await {
            Ok(message) => {
                let _ = heartbeat.socket.send(message).await;
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(ip: &str, key: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("connection.json");
        let info = json!({
            "transport": "tcp", "ip": ip, "shell_port": 1, "control_port": 2, "iopub_port": 3, "stdin_port": 4,
            "hb_port": 5, "key": key, "signature_scheme": "hmac-sha256",
        });
        std::fs::write(&path, info.to_string()).unwrap();
        connection(&path).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn only_this_machine_and_signed_messages_are_accepted() {
        assert_eq!(refused("127.0.0.1", "secret"), "");
        assert_eq!(refused("::1", "secret"), "");
        assert!(refused("0.0.0.0", "secret").contains("not on tcp://0.0.0.0"));
        assert!(refused("127.0.0.1", "").contains("no key"));
    }
}
