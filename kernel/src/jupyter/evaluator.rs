//! The thread that evaluates: it owns the session, and runs cells in the order in which they came.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::Result;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::front::{Keeper, Reader, error};
use super::help;
use super::jobs::{Job, Shared};
use super::wire::{Request, Wire};
use crate::facade::Facade;
use crate::session::{Failure, Front, Outcome, Session, timed};
use crate::workspace::Workspace;

/// The evaluating thread.
pub struct Evaluator {
    /// Its queue.
    pub jobs: Sender<Job>,
    /// Comes when it has ended.
    pub ended: oneshot::Receiver<()>,
}

impl Evaluator {
    /// Starts the thread, and a session in it, without waiting for either.
    pub fn start(wire: Wire, workspace: Workspace, shared: Arc<Shared>) -> Self {
        let (jobs, queue) = channel();
        let (end, ended) = oneshot::channel();
        let own = jobs.clone();
        let thread = std::thread::Builder::new().stack_size(crate::STACK);
        let work = move || {
            let mut worker = Worker { wire, workspace, shared, queue, count: 0, session: None };
            worker.work();
            // The session ends with its thread.
            drop(worker);
            drop(own);
            let _ = end.send(());
        };
        // Without the thread the first cell finds its queue closed, and the kernel ends.
        let _ = thread.spawn(work);
        Self { jobs, ended }
    }
}

struct Worker {
    wire: Wire,
    workspace: Workspace,
    shared: Arc<Shared>,
    queue: Receiver<Job>,
    /// Cells counted so far.
    count: usize,
    session: Option<Session>,
}

impl Worker {
    fn work(&mut self) {
        // A failure here is said by the first cell, which tries again.
        let _ = self.session();
        while let Ok(job) = self.queue.recv() {
            match job {
                Job::Quit => return,
                Job::TypeOf(code, reply) => {
                    let _ = reply.send(self.session.as_mut().and_then(|session| session.type_of(&code)));
                }
                Job::Execute(request) => {
                    let waiting = self.execute(&request);
                    if self.abort(waiting) {
                        return;
                    }
                }
            }
        }
    }

    /// The session, started when there is none.
    fn session(&mut self) -> Result<&mut Session> {
        if self.session.is_none() {
            let facade = Facade::open(&self.workspace, &mut |text| self.shared.say(&self.wire, text))?;
            let session = Session::start(&facade, &std::env::current_dir()?, false)?;
            self.shared.started(session.interrupter());
            self.shared.left().library = Some(facade.folder().to_owned());
            self.session = Some(session);
            help::prepare(&self.workspace, &facade);
        }
        self.session.as_mut().ok_or_else(|| anyhow::anyhow!("there is no session"))
    }

    fn status(&self, state: &str, request: &Request) {
        self.wire.publish("status", json!({ "execution_state": state }), request);
    }

    /// Runs a cell; the work behind it that is not to be done.
    fn execute(&mut self, request: &Request) -> Vec<Job> {
        self.shared.run(Some(request));
        self.status("busy", request);
        let (content, stop) = self.reply(request);
        // What comes after the reply was sent in its knowledge.
        let waiting = if stop { self.queue.try_iter().collect() } else { Vec::new() };
        self.shared.run(None);
        self.wire.reply(content, request);
        self.status("idle", request);
        waiting
    }

    fn reply(&mut self, request: &Request) -> (Value, bool) {
        let code = request.text("code");
        let silent = request.flag("silent", false);
        let stored = request.flag("store_history", true) && !silent;
        let blank = code.trim().is_empty();
        if stored && !blank {
            self.count += 1;
            // A history that cannot be written is no reason to stop a cell.
            let _ = self.shared.history().add(self.count, code);
        }
        let count = self.count;
        let (wire, shared) = (self.wire.clone(), self.shared.clone());
        let reader = Reader { wire: &wire, shared: &shared, request, count };
        if !silent {
            reader.publish("execute_input", json!({ "code": code, "execution_count": count }));
        }
        let mut content = json!({
            "status": "ok", "execution_count": count, "user_expressions": {}, "payload": [],
        });
        let mut stopped = false;
        if let Some(page) = help::question(code, &shared).and_then(|name| help::page(name, &shared)) {
            content["payload"] = json!([{ "source": "page", "start": 0, "data": page }]);
        } else if !blank {
            let outcome = if silent { self.run(code, &Keeper::default()) } else { self.run(code, &reader) };
            if timed(code) && !silent {
                let times = self.session.as_ref().map(Session::times).unwrap_or_default();
                reader.text("stdout", &times.to_string());
            }
            match outcome {
                Outcome::Done => {}
                Outcome::Stopped => {
                    if !silent {
                        reader.text("stderr", "stopped as asked: what the cell had by then is kept\n");
                    }
                    stopped = true;
                }
                Outcome::Failed(failure) => {
                    if !silent {
                        reader.failure(&failure);
                    }
                    content = error(&failure);
                    content["status"] = json!("error");
                    content["execution_count"] = json!(count);
                    content["user_expressions"] = json!({});
                    return (content, request.flag("stop_on_error", true));
                }
            }
        }
        content["user_expressions"] = self.expressions(&request.content["user_expressions"]);
        (content, stopped)
    }

    fn run(&mut self, code: &str, front: &dyn Front) -> Outcome {
        let session = match self.session() {
            Ok(session) => session,
            Err(error) => return Outcome::Failed(Failure::new("KernelError", &format!("{error:#}"))),
        };
        let outcome = session.execute(code, front);
        let variables = session.variables();
        let mut left = self.shared.left();
        left.variables = variables;
        if !matches!(outcome, Outcome::Failed(_)) {
            left.cells.push(code.to_owned());
        }
        outcome
    }

    /// The values of `user_expressions`, by their names.
    fn expressions(&mut self, wanted: &Value) -> Value {
        let mut values = Map::new();
        for (name, expression) in wanted.as_object().into_iter().flatten() {
            let keeper = Keeper::default();
            let Ok(session) = self.session() else { continue };
            let value = match session.execute(expression.as_str().unwrap_or_default(), &keeper) {
                Outcome::Failed(failure) => {
                    let mut value = error(&failure);
                    value["status"] = json!("error");
                    value
                }
                _ => json!({ "status": "ok", "data": keeper.data(), "metadata": {} }),
            };
            values.insert(name.clone(), value);
        }
        Value::Object(values)
    }

    /// Sends cells back; true when the kernel is to end.
    fn abort(&mut self, waiting: Vec<Job>) -> bool {
        for job in waiting {
            match job {
                Job::Quit => return true,
                Job::TypeOf(..) => {}
                Job::Execute(request) => {
                    self.status("busy", &request);
                    self.wire.reply(json!({ "status": "aborted" }), &request);
                    self.status("idle", &request);
                }
            }
        }
        self.shared.quitting()
    }
}
