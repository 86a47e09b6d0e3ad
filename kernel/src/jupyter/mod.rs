//! `perturbook kernel`: the kernel as Jupyter's front ends speak to it.
//!
//! ```text
//! sockets (wire) -> event loop (here) -> evaluator (a thread with the session) -> sockets
//! ```
//!
//! The event loop answers at once what needs no evaluation, so that help and completion work and an interrupt arrives
//! while a cell runs. Cells wait in the evaluator's queue.

mod evaluator;
mod front;
mod gate;
mod help;
mod history;
pub mod info;
mod is_complete;
mod jobs;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use crate::environment;
use crate::workspace::Workspace;
use evaluator::Evaluator;
use help::Help;
use history::History;
use is_complete::{Completeness, is_complete};
use jobs::{Job, Shared};
use wire::{Channel, Request, Wire};

/// The version of Jupyter's messaging protocol.
pub const PROTOCOL: &str = "5.4";

/// How long the evaluator may take to end.
const FAREWELL: Duration = Duration::from_secs(3);

/// What `perturbook kernel` takes.
#[derive(clap::Args)]
pub struct Options {
    /// The connection file that Jupyter writes
    #[arg(short = 'f', long, value_name = "FILE")]
    connection_file: PathBuf,
}

/// Serves a kernel until it is asked to shut down.
///
/// # Errors
/// When the connection file cannot be used or a port is taken.
pub fn run(options: &Options) -> Result<bool> {
    let home = environment::enter()?;
    let info = wire::connection(&options.connection_file)?;
    let workspace = Workspace::find()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(serve(info, home.folder(), workspace))?;
    // Threads that still wait for something end with the process, and what they started before them.
    runtime.shutdown_background();
    crate::session::end_all();
    drop(home);
    Ok(true)
}

async fn serve(info: jupyter_protocol::ConnectionInfo, folder: &Path, workspace: Workspace) -> Result<()> {
    let (wire, mut requests) = wire::open(&info, folder).await?;
    let shared = Arc::new(Shared::default());
    let mut evaluator = Evaluator::start(wire.clone(), workspace, shared.clone());
    wire.publish_soon("status", json!({ "execution_state": "starting" }), None).await;
    let rustc = crate::run::rustc_version();
    let mut kernel = Kernel {
        wire,
        info: info::kernel_info(&rustc),
        help: Arc::new(Help::new(shared.clone())),
        shared,
        jobs: evaluator.jobs.clone(),
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut parent = tokio::time::interval(Duration::from_secs(1));
    let (started_by, watched) = (rustix::process::getppid(), std::env::var_os("JPY_PARENT_PID").is_some());
    let asked = loop {
        tokio::select! {
            request = requests.recv() => {
                let (channel, request) = request.context("the sockets are closed")?;
                if kernel.handle(channel, &request).await {
                    break Some((channel, request));
                }
            }
            _ = terminate.recv() => break None,
            _ = interrupt.recv() => kernel.shared.interrupt(),
            // Jupyter's server may be killed without a word to its kernels.
            _ = parent.tick() => if watched && rustix::process::getppid() != started_by { break None },
        }
    };
    kernel.shared.quit();
    let _ = kernel.jobs.send(Job::Quit);
    let _ = tokio::time::timeout(FAREWELL, &mut evaluator.ended).await;
    if let Some((channel, request)) = asked {
        let content = json!({ "status": "ok", "restart": request.flag("restart", false) });
        kernel.wire.publish_soon("shutdown_reply", content.clone(), Some(&request)).await;
        match channel {
            Channel::Control => kernel.wire.reply_control(content, &request),
            _ => kernel.wire.reply(content, &request),
        }
        // The sockets send it within this time, or the client has gone.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

struct Kernel {
    wire: Wire,
    info: Value,
    help: Arc<Help>,
    shared: Arc<Shared>,
    jobs: std::sync::mpsc::Sender<Job>,
}

impl Kernel {
    /// Answers a request or passes it on; true when the kernel is to end.
    async fn handle(&mut self, channel: Channel, request: &Request) -> bool {
        match (channel, request.msg_type()) {
            (Channel::Stdin, "input_reply") => self.shared.answer(request.text("value").to_owned()),
            (Channel::Stdin, _) => {}
            (_, "shutdown_request") => return true,
            (_, "interrupt_request") => {
                self.shared.interrupt();
                self.answer(channel, request, json!({ "status": "ok" })).await;
            }
            (_, "kernel_info_request") => {
                let info = self.info.clone();
                self.answer(channel, request, info).await;
            }
            (Channel::Control, _) => {}
            (_, "execute_request") => {
                self.shared.waiting(&self.wire, request).await;
                let _ = self.jobs.send(Job::Execute(request.clone()));
            }
            (_, "is_complete_request") => {
                let content = completeness(request.text("code"));
                self.answer(channel, request, content).await;
            }
            (_, "history_request") => {
                let content = history(&self.shared.history(), &request.content);
                self.answer(channel, request, content).await;
            }
            (_, "comm_info_request") => self.answer(channel, request, json!({ "status": "ok", "comms": {} })).await,
            (_, "comm_open") => {
                // There is nobody to talk to: the front end is told so.
                let content = json!({ "comm_id": request.content["comm_id"], "data": {} });
                self.wire.publish_soon("comm_close", content, Some(request)).await;
            }
            (_, "complete_request" | "inspect_request") => self.assist(request),
            _ => {}
        }
        false
    }

    async fn answer(&self, channel: Channel, request: &Request, content: Value) {
        let state = |state: &str| json!({ "execution_state": state });
        self.wire.publish_soon("status", state("busy"), Some(request)).await;
        if channel == Channel::Control {
            self.wire.reply_control(content, request);
        } else {
            self.wire.reply(content, request);
        }
        self.wire.publish_soon("status", state("idle"), Some(request)).await;
        // Front ends show the last state they heard of: while a cell runs that is still busy.
        if let Some(running) = self.shared.running() {
            self.wire.publish_soon("status", state("busy"), Some(&running)).await;
        }
    }

    /// Completion and inspection may ask rustc for a type: on a thread of their own, so that nothing waits for them.
    fn assist(&self, request: &Request) {
        let (help, jobs, request) = (self.help.clone(), self.jobs.clone(), request.clone());
        let (wire, shared) = (self.wire.clone(), self.shared.clone());
        tokio::task::spawn_blocking(move || {
            let state = |state: &str, parent: &Request| {
                wire.publish("status", json!({ "execution_state": state }), parent);
            };
            state("busy", &request);
            let (code, cursor) = (request.text("code"), request.content["cursor_pos"].as_u64().unwrap_or(0));
            let content = match request.msg_type() {
                "complete_request" => help.complete(code, cursor, &jobs),
                _ => help.inspect(code, cursor, &jobs),
            };
            wire.reply(content, &request);
            state("idle", &request);
            if let Some(running) = shared.running() {
                state("busy", &running);
            }
        });
    }
}

fn completeness(code: &str) -> Value {
    match is_complete(code) {
        Completeness::Complete => json!({ "status": "complete" }),
        Completeness::Incomplete { indent } => json!({ "status": "incomplete", "indent": indent }),
        Completeness::Invalid => json!({ "status": "invalid" }),
        Completeness::Unknown => json!({ "status": "unknown" }),
    }
}

fn history(history: &History, content: &Value) -> Value {
    let number = |key: &str| content[key].as_i64();
    let count = |key: &str| number(key).and_then(|n| usize::try_from(n).ok());
    let found = match content["hist_access_type"].as_str() {
        Some("range") => history.range(number("session").unwrap_or(0), count("start").unwrap_or(0), count("stop")),
        Some("search") => history.search(
            content["pattern"].as_str().unwrap_or("*"),
            count("n"),
            content["unique"].as_bool().unwrap_or(false),
        ),
        _ => history.tail(count("n").unwrap_or(1000)),
    };
    let output = content["output"].as_bool().unwrap_or(false);
    let entries = found.into_iter().map(|(session, line, source)| {
        if output { json!([session, line, [source, null]]) } else { json!([session, line, source]) }
    });
    json!({ "status": "ok", "history": entries.collect::<Vec<_>>() })
}
