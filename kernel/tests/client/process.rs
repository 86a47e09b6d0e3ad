//! The kernel as a process: its start as Jupyter starts it, its end, and what it leaves behind.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::TcpStream;
use std::ops::{Deref, DerefMut};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, Once};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{Behind, Channel, Client, Connection};

/// How long a kernel may take until it answers.
const START: Duration = Duration::from_secs(120);

/// The program that is tested: ours, or the one that `PERTURBOOK_TEST_KERNEL` names.
pub fn program() -> PathBuf {
    std::env::var_os("PERTURBOOK_TEST_KERNEL")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_perturbook")), PathBuf::from)
}

/// Builds the library that kernels preload, once for all tests of a file: no test shall measure that.
pub fn built() {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        if std::env::var_os("PERTURBOOK_TEST_KERNEL").is_none() {
            let output = Command::new(program()).arg("build").output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    });
}

/// A running kernel and a client of it. Its temporary files lie in a folder of its own; what is left of it when it is
/// dropped is killed.
pub struct Kernel {
    client: Option<Client>,
    process: Child,
    started: Instant,
    behind: Behind,
    connection: Connection,
    /// Ends the kernel when the test process ends, however that happens.
    guard: Child,
    folder: tempfile::TempDir,
}

impl Deref for Kernel {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.client.as_ref().expect("a client is connected")
    }
}

impl DerefMut for Kernel {
    fn deref_mut(&mut self) -> &mut Client {
        self.client.as_mut().expect("a client is connected")
    }
}

impl Kernel {
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// Starts a kernel after changes to its command, such as another working folder or environment.
    #[track_caller]
    pub fn start_with(change: impl FnOnce(&mut Command)) -> Self {
        built();
        Self::start_program(&program(), &["kernel", "--connection-file"], change)
    }

    /// Starts any kernel: a program, and its arguments before the path of the connection file.
    #[track_caller]
    pub fn start_program(program: &Path, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let (work, temporary) = (folder.path().join("work"), folder.path().join("tmp"));
        std::fs::create_dir(&work).unwrap();
        std::fs::create_dir(&temporary).unwrap();
        let (connection, held) = Connection::new();
        let file = folder.path().join("connection.json");
        std::fs::write(&file, connection.json().to_string()).unwrap();

        let mut command = Command::new(program);
        command.args(arguments).arg(&file);
        // The history of the person who runs the tests is none of theirs.
        command.current_dir(work).env("TMPDIR", temporary).env("XDG_DATA_HOME", folder.path().join("data"));
        // Jupyter knows nothing of what cargo tells a test.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            let of_cargo = name.starts_with("CARGO") && !["CARGO_HOME", "CARGO_TARGET_DIR"].contains(&&*name);
            if of_cargo || name == "LD_LIBRARY_PATH" {
                command.env_remove(&*name);
            }
        }
        let said = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said).process_group(0);
        change(&mut command);
        drop(held);
        let started = Instant::now();
        let mut process = command.spawn().unwrap();
        let guard = guard(process.id(), folder.path());
        let behind = Behind { pid: process.id(), log };
        wait_for_sockets(&connection, &mut process, &behind);
        let client = Some(Client::connect(&connection, Some(behind.clone())));
        Self { client, process, started, behind, connection, guard, folder }
    }

    /// When the process was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The folder that the kernel takes for temporary files, unless its command was told another.
    pub fn temporary(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// Closes the client's connections; the kernel runs on.
    pub fn disconnect(&mut self) {
        self.client = None;
    }

    /// A new client takes the place of the one before.
    pub fn reconnect(&mut self) {
        self.client = None;
        self.client = Some(self.another_client());
    }

    /// One more client of the same kernel.
    pub fn another_client(&self) -> Client {
        Client::connect(&self.connection, Some(self.behind.clone()))
    }

    /// Everything that runs below the kernel.
    pub fn children(&self) -> Vec<u32> {
        processes_under(self.pid())
    }

    /// Asks the kernel to end; returns its reply and how it ended, both of which must come within five seconds.
    #[track_caller]
    pub fn shutdown(&mut self, restart: bool) -> (Value, ExitStatus) {
        let asked = Instant::now();
        let id = self.send(Channel::Control, "shutdown_request", &json!({ "restart": restart }));
        let limit = Duration::from_secs(5);
        let reply = self.expect(Channel::Control, limit, "the shutdown_reply", |m| m.answers(&id));
        assert_eq!(reply.msg_type(), "shutdown_reply");
        let status = self.ended(limit.saturating_sub(asked.elapsed()));
        let status = status.unwrap_or_else(|| panic!("the kernel still runs\n{}", self.history()));
        (reply.content, status)
    }

    /// How the process ended; none when it still runs after this time.
    pub fn ended(&mut self, timeout: Duration) -> Option<ExitStatus> {
        let mut status = None;
        until(timeout, || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        });
        status
    }

    /// Kills the kernel's process, and nothing else.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        self.client = None;
        let below = self.children();
        // An error means that it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if !until(Duration::from_secs(5), || !below.iter().any(|&pid| is_running(pid))) {
            below.into_iter().for_each(kill);
        }
        let _ = self.guard.kill();
        let _ = self.guard.wait();
    }
}

/// One kernel for those tests of a file that leave it as they found it. After a test that failed there is a fresh one.
pub struct Shared(Mutex<Option<Kernel>>);

/// The shared kernel, for one test.
pub struct Borrowed<'a>(MutexGuard<'a, Option<Kernel>>);

impl Shared {
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    #[track_caller]
    pub fn borrow(&self) -> Borrowed<'_> {
        let mut kernel = self.0.lock().unwrap_or_else(|poisoned| {
            self.0.clear_poison();
            let mut kernel = poisoned.into_inner();
            *kernel = None;
            kernel
        });
        if !kernel.as_ref().is_some_and(|kernel| is_running(kernel.pid())) {
            *kernel = None;
            *kernel = Some(Kernel::start());
        }
        let mut borrowed = Borrowed(kernel);
        borrowed.forget();
        borrowed
    }
}

impl Deref for Borrowed<'_> {
    type Target = Kernel;

    fn deref(&self) -> &Kernel {
        self.0.as_ref().expect("a shared kernel runs")
    }
}

impl DerefMut for Borrowed<'_> {
    fn deref_mut(&mut self) -> &mut Kernel {
        self.0.as_mut().expect("a shared kernel runs")
    }
}

/// Nothing of a test process runs when it is killed, and nothing ends its statics: a shell that waits for the end of
/// a pipe cleans up in its place.
fn guard(pid: u32, folder: &Path) -> Child {
    Command::new("sh")
        .args(["-c", "cat >/dev/null; kill -KILL \"-$1\"; sleep 1; rm -rf -- \"$2\"", "sh", &pid.to_string()])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap()
}

#[track_caller]
fn wait_for_sockets(connection: &Connection, process: &mut Child, behind: &Behind) {
    let started = Instant::now();
    for channel in Channel::ALL {
        while TcpStream::connect(("127.0.0.1", connection.port(channel))).is_err() {
            if let Some(status) = process.try_wait().unwrap() {
                panic!("the kernel ended ({status}) before it answered; it said:\n{}", behind.said());
            }
            assert!(started.elapsed() < START, "no socket for {channel:?} yet; the kernel said:\n{}", behind.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Waits until something holds; false when it still does not after this time.
pub fn until(timeout: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + timeout;
    while !holds() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

/// State and parent of a process.
fn stat(pid: u32) -> Option<(char, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything.
    let mut fields = text[text.rfind(')')? + 1..].split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// Whether a process does anything still; one that only waits to be collected does not.
pub fn is_running(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z' && state != 'X')
}

/// The children of a process, their children, and so on.
pub fn processes_under(pid: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let entries =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    for child in entries {
        if let Some((_, parent)) = stat(child).filter(|(state, _)| *state != 'Z') {
            children.entry(parent).or_default().push(child);
        }
    }
    let mut found = vec![pid];
    let mut at = 0;
    while at < found.len() {
        found.extend(children.remove(&found[at]).unwrap_or_default());
        at += 1;
    }
    found.split_off(1)
}

fn kib(pid: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Memory that a process holds.
pub fn rss_kib(pid: u32) -> u64 {
    kib(pid, "VmRSS")
}

/// The most memory that a process has held.
pub fn peak_kib(pid: u32) -> u64 {
    kib(pid, "VmHWM")
}

/// SIGKILL for any process; it may have ended before.
pub fn kill(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}
