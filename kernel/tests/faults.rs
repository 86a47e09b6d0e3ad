//! What goes wrong, in cells and on the wire: it is said, what can be kept is kept, and the kernel lives on.

mod client;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use client::{
    Borrowed, Channel, Connection, Executed, Kernel, Shared, displays_of, error_of, is_running, kill, peak_kib,
    rss_kib, said, stderr_of, stdout_of, until, value_of,
};
use serde_json::{Value, json};

static KERNEL: Shared = Shared::new();

fn kernel() -> Borrowed<'static> {
    KERNEL.borrow()
}

/// The kernel answers on shell, beats, and evaluates.
#[track_caller]
fn check_alive(kernel: &mut Kernel) {
    kernel.kernel_info(Duration::from_secs(10));
    assert!(kernel.ping(b"alive?", Duration::from_secs(5)).is_some(), "no heartbeat\n{}", kernel.history());
    assert_eq!(value_of(&kernel.execute("1 + 1").ok()), "2");
}

// Failing cells.

#[test]
fn a_panic_keeps_the_variables() {
    let mut kernel = kernel();
    kernel.execute("let kept = vec![1, 2, 3];").ok();
    let cell = kernel.execute("let lost = kept.len();\npanic!(\"boom {lost}\");").failed("Panic");
    assert_eq!(error_of(&cell)["evalue"], "boom 3");
    assert_eq!(value_of(&kernel.execute("kept.len()").ok()), "3");
}

#[test]
fn an_err_keeps_the_variables() {
    let mut kernel = kernel();
    kernel.execute("let kept = vec![1, 2, 3];").ok();
    kernel.execute("let n: u8 = \"300\".parse()?;").failed("Err");
    assert_eq!(value_of(&kernel.execute("kept.len()").ok()), "3");
}

/// The evaluating process is gone: why, and which variables went with it.
#[track_caller]
fn check_crash(kernel: &mut Kernel, cell: Executed, why: &[&str]) {
    let cell = cell.failed("Crash");
    let error = error_of(&cell);
    assert_eq!(error["evalue"], cell.reply["evalue"]);
    let said = cell.reply.to_string();
    assert!(why.iter().any(|signal| said.contains(signal)), "none of {why:?}: {:#}", cell.reply);
    assert!(said.contains("kept"), "the lost variable is not named: {:#}", cell.reply);
    kernel.execute("kept").failed("CompileError");
    check_alive(kernel);
}

#[test]
fn an_abort_is_reported_with_its_last_words() {
    let mut kernel = kernel();
    kernel.execute("let kept = 5;").ok();
    let cell = kernel.execute("println!(\"last words\");\nstd::process::abort();");
    assert!(stdout_of(&cell).contains("last words"), "{:#?}", cell.outputs);
    check_crash(&mut kernel, cell, &["SIGABRT", "signal: 6", "signal 6"]);
}

#[test]
fn an_exit_is_reported() {
    let mut kernel = kernel();
    kernel.execute("let kept = 5;").ok();
    let cell = kernel.execute("std::process::exit(3);");
    check_crash(&mut kernel, cell, &["status: 3", "status 3", "code 3", "code: 3"]);
}

#[test]
fn a_stack_overflow_is_reported() {
    let mut kernel = kernel();
    kernel.execute("let kept = 5;").ok();
    let cell = kernel.execute(
        "fn deep(n: u64) -> u64 {\n    std::hint::black_box(if n == u64::MAX { 0 } else { deep(n + 1) + 1 })\n}\ndeep(0)",
    );
    check_crash(&mut kernel, cell, &["SIGABRT", "SIGSEGV", "signal: 6", "signal: 11", "overflow"]);
}

/// Starts an endless cell; returns its request's id and the process that evaluates it.
fn begin_endless(kernel: &mut Kernel) -> (String, u32) {
    let id = kernel.begin(
        "println!(\"process {};\", std::process::id());\n\
         loop {\n    std::thread::sleep(std::time::Duration::from_millis(10))\n}",
    );
    let line = kernel.expect(Channel::IoPub, Duration::from_secs(60), "the number of the process", |m| {
        m.answers(&id) && m.content["text"].as_str().is_some_and(|text| text.contains("process"))
    });
    let text = line.content["text"].as_str().unwrap();
    let number = text.split(' ').nth(1).and_then(|number| number.trim().strip_suffix(';')?.parse().ok());
    (id, number.unwrap_or_else(|| panic!("no number in {text:?}")))
}

#[test]
fn an_evaluating_process_killed_from_outside_is_reported() {
    let mut kernel = kernel();
    kernel.execute("let kept = 5;").ok();
    let (id, process) = begin_endless(&mut kernel);
    kill(process);
    let cell = kernel.finish(&id);
    check_crash(&mut kernel, cell, &["SIGKILL", "signal: 9", "signal 9"]);
}

#[test]
fn an_evaluating_process_killed_between_cells_is_reported_by_the_next() {
    let mut kernel = kernel();
    kernel.execute("let kept = 5;").ok();
    let process = value_of(&kernel.execute("std::process::id()").ok()).parse().unwrap();
    kill(process);
    assert!(until(Duration::from_secs(5), || !is_running(process)));
    let cell = kernel.execute("println!(\"next\");");
    assert!(said(&cell).contains("kept"), "the lost variable is not named: {:#}\n{:#?}", cell.reply, cell.outputs);
    check_alive(&mut kernel);
}

// Interrupts.

/// Interrupts a cell a second after it printed `begun`; it must end well within two.
fn interrupt_after_a_second(kernel: &mut Kernel, id: &str) {
    kernel.wait_for_print(id, "begun");
    std::thread::sleep(Duration::from_millis(1000));
    let asked = Instant::now();
    assert_eq!(kernel.interrupt()["status"], "ok");
    kernel.finish(id).ok();
    assert!(asked.elapsed() < Duration::from_secs(2), "it took {:?}", asked.elapsed());
}

#[test]
fn an_interrupted_loop_of_the_library_ends_with_what_it_has() {
    let mut kernel = kernel();
    kernel.execute("let mut kept = 5;\nlet mut n = 0;").ok();
    let id = kernel.begin(
        "println!(\"begun\");\nfor i in perturbook::progress(\"steps\", 0..1000) {\n    \
         std::thread::sleep(std::time::Duration::from_millis(100));\n    n += 1;\n}\nkept += 1;",
    );
    interrupt_after_a_second(&mut kernel, &id);
    let n: u32 = value_of(&kernel.execute("n").ok()).parse().unwrap();
    assert!((5..1000).contains(&n), "{n} steps");
    assert_eq!(value_of(&kernel.execute("kept").ok()), "6", "the rest of the cell runs");
    // The request is over with its cell.
    let all = kernel.execute("progress(\"more\", 0..10).count()").ok();
    assert_eq!(value_of(&all), "10");
}

/// A method that counts its steps, a tenth of a second each.
const COUNTER: &str = r#"use perturbook::nn::State;
use perturbook::train::{Data, FitConfig, History, Learner, Settings, Silent, Step, Terms, Uniform, fit};
pub struct Counter { pub steps: u64 }
impl Learner for Counter {
    type Batch = usize;
    fn learn(&mut self, cells: usize, _: &Step) -> perturbook::Result<Terms> {
        std::thread::sleep(std::time::Duration::from_millis(100));
        self.steps += 1;
        Ok(Terms(vec![("loss", cells as f64 / self.steps as f64)]))
    }
    fn judge(&mut self, _: usize, _: &Step) -> perturbook::Result<Terms> { Ok(Terms(vec![("loss", 1.0)])) }
    fn state(&self) -> State { State::default() }
    fn restore(&mut self, _: &State) -> perturbook::Result<()> { Ok(()) }
    fn method(&self) -> &str { "counter" }
    fn settings(&self) -> Settings { Settings::Null }
}
let mut counter = Counter { steps: 0 };
let mut history = History::default();"#;

#[test]
fn interrupted_training_ends_at_its_next_step_and_keeps_what_it_learned() {
    let mut kernel = kernel();
    kernel.execute(COUNTER).ok();
    let id = kernel.begin(
        "println!(\"begun\");\n{\nlet sampler = Uniform::new((0..1000).collect(), 1, 0)?;\n\
         let data = Data { sampler: &sampler, load: &|rows, _| Ok(rows.len()), validation: vec![], fingerprint: String::new() };\n\
         history = fit(&mut counter, &data, &FitConfig::default(), &mut Silent)?;\n}",
    );
    interrupt_after_a_second(&mut kernel, &id);
    let steps: u64 = value_of(&kernel.execute("counter.steps").ok()).parse().unwrap();
    assert!((5..1000).contains(&steps), "{steps} steps");
    assert_eq!(value_of(&kernel.execute("format!(\"{:?}\", history.ended)").ok()), "\"Some(Stopped)\"");
}

#[test]
fn library_work_may_take_longer_than_user_code_to_stop() {
    let mut kernel = kernel();
    kernel.execute("let mut kept = 5;").ok();
    let id = kernel.begin(
        "println!(\"begun\");\nfor i in progress(\"long steps\", 0..1000) {\n    \
         std::thread::sleep(std::time::Duration::from_secs(4));\n    kept += 1;\n}",
    );
    kernel.wait_for_print(&id, "begun");
    kernel.interrupt();
    kernel.finish(&id).ok();
    assert_eq!(value_of(&kernel.execute("kept").ok()), "6", "the step that ran was finished");
}

/// Interrupts an endless cell as often as told; returns the seconds until its reply.
fn interrupt_endless(kernel: &mut Kernel, times: usize) -> f64 {
    kernel.execute("let kept = 5;").ok();
    let (id, process) = begin_endless(kernel);
    let asked = Instant::now();
    for _ in 0..times {
        assert_eq!(kernel.interrupt()["status"], "ok");
        std::thread::sleep(Duration::from_millis(100));
    }
    let cell = kernel.finish(&id).failed("Interrupted");
    let seconds = asked.elapsed().as_secs_f64();
    assert!(cell.reply.to_string().contains("kept"), "the lost variable is not named: {:#}", cell.reply);
    assert_eq!(error_of(&cell)["ename"], "Interrupted");
    kernel.execute("kept").failed("CompileError");
    check_alive(kernel);
    assert!(!is_running(process), "the process of the cell still runs");
    seconds
}

#[test]
fn an_endless_loop_is_ended_two_seconds_after_an_interrupt_and_at_once_after_a_second() {
    let mut kernel = kernel();
    let first = interrupt_endless(&mut kernel, 1);
    assert!((1.8..6.0).contains(&first), "after one interrupt it took {first} s");
    let second = interrupt_endless(&mut kernel, 2);
    assert!(second < first - 0.8, "after two interrupts it took {second} s, after one {first} s");
}

#[test]
fn cells_queued_behind_an_interrupted_one_are_aborted() {
    let mut kernel = kernel();
    let (id, _) = begin_endless(&mut kernel);
    let queued = kernel.begin("println!(\"never\");");
    std::thread::sleep(Duration::from_millis(200));
    kernel.interrupt();
    kernel.finish(&id).failed("Interrupted");
    assert_eq!(kernel.finish(&queued).reply["status"], "aborted");
    check_alive(&mut kernel);
}

#[test]
fn a_cell_interrupted_while_it_compiles_does_not_begin() {
    let mut kernel = kernel();
    kernel.execute("let mut kept = 5;").ok();
    // Long enough that the interrupt comes while it compiles, also from a client that has to wait for a processor.
    let long: String = (0..1000).map(|i| format!("println!(\"{i}\");\n")).collect();
    let id = kernel.begin(&format!("println!(\"begun\");\n{long}kept += 1;"));
    kernel.expect(Channel::IoPub, Duration::from_secs(10), "its input", |m| {
        m.answers(&id) && m.msg_type() == "execute_input"
    });
    kernel.interrupt();
    let cell = kernel.finish(&id).failed("Interrupted");
    assert_eq!(stdout_of(&cell), "");
    assert_eq!(value_of(&kernel.execute("kept").ok()), "5");
}

// Too much.

/// The streams are cut, a note says how much there was, and no process has held much of it.
#[track_caller]
fn check_cut(kernel: &mut Kernel, cell: Executed, unit: &str) {
    let cell = cell.ok();
    let text = stdout_of(&cell) + &stderr_of(&cell);
    assert!(text.len() < 4_000_000, "{} bytes came", text.len());
    // Besides the note only this character was printed.
    let note = said(&cell).replace('#', "");
    assert!(note.contains(unit), "no note says how much was cut: {}", note.chars().take(2000).collect::<String>());
    let tree: Vec<u32> = kernel.children().into_iter().chain([kernel.pid()]).collect();
    let (now, most) =
        tree.iter().fold((0, 0), |(now, most), &process| (now + rss_kib(process), most + peak_kib(process)));
    assert!(most < 1_500_000, "the kernel holds {now} KiB and held up to {most} KiB");
    check_alive(kernel);
}

#[test]
fn a_gigabyte_of_prints_is_cut() {
    let mut kernel = Kernel::start();
    let cell = kernel.execute("let line = \"#\".repeat(1 << 20);\nfor _ in 0..1024 {\n    println!(\"{line}\");\n}");
    check_cut(&mut kernel, cell, "MB");
    let cell = kernel.execute("println!(\"next\");").ok();
    assert_eq!(stdout_of(&cell), "next\n", "the limit is one of each cell");
}

#[test]
fn a_gigabyte_of_complaints_is_cut() {
    let mut kernel = Kernel::start();
    let cell = kernel.execute("let line = \"#\".repeat(1 << 20);\nfor _ in 0..1024 {\n    eprintln!(\"{line}\");\n}");
    check_cut(&mut kernel, cell, "MB");
}

#[test]
fn a_line_of_a_hundred_megabytes_without_an_end_is_cut() {
    let mut kernel = Kernel::start();
    let cell = kernel.execute("print!(\"{}\", \"#\".repeat(100 << 20));");
    check_cut(&mut kernel, cell, "MB");
}

/// A display that is too large is not shown; a message says so.
#[track_caller]
fn check_refused(kernel: &mut Kernel, code: &str) {
    let cell = kernel.execute(code);
    let large = displays_of(&cell).into_iter().any(|data| data.to_string().len() > 10_000_000);
    assert!(!large, "the display came");
    let said = said(&cell);
    assert!(said.len() < 1_000_000 && said.contains("MB"), "{}", said.chars().take(2000).collect::<String>());
    check_alive(kernel);
}

const HEAVY: &str = "struct Heavy;\nimpl perturbook::display::Show for Heavy {\n    \
                     fn bundle(&self) -> perturbook::display::Bundle {\n        \
                     perturbook::display::Bundle::text(\"#\".repeat(100 << 20))\n    }\n}\n";

#[test]
fn a_display_of_a_hundred_megabytes_is_refused() {
    let mut kernel = kernel();
    check_refused(&mut kernel, &format!("{HEAVY}display(&Heavy);"));
    check_refused(&mut kernel, &format!("{HEAVY}Heavy"));
}

#[test]
fn a_hundred_megabytes_displayed_as_stock_evcxr_does_are_refused() {
    let mut kernel = kernel();
    let code = "println!(\"EVCXR_BEGIN_CONTENT text/plain\\n{}\\nEVCXR_END_CONTENT\", \"#\".repeat(100 << 20));";
    check_refused(&mut kernel, code);
    let lines = "println!(\"EVCXR_BEGIN_CONTENT text/plain\");\nlet line = \"#\".repeat(1 << 10);\n\
                 for _ in 0..100 << 10 {\n    println!(\"{line}\");\n}\nprintln!(\"EVCXR_END_CONTENT\");";
    check_refused(&mut kernel, lines);
}

#[test]
fn a_value_of_a_hundred_megabytes_is_refused() {
    check_refused(&mut kernel(), "\"#\".repeat(100 << 20)");
}

// Clients that go.

#[test]
fn a_cell_outlives_the_client_that_sent_it() {
    let mut kernel = kernel();
    kernel.execute("let mut after = 0;").ok();
    let id = kernel.begin(
        "println!(\"begun\");\nstd::thread::sleep(std::time::Duration::from_secs(1));\n\
         for _ in 0..100 {\n    println!(\"{}\", \"#\".repeat(10_000));\n}\n\
         display(&ndarray::array![1.0, 2.0]);\nafter = 5;",
    );
    kernel.wait_for_print(&id, "begun");
    kernel.disconnect();
    kernel.reconnect();
    assert_eq!(value_of(&kernel.execute("after").ok()), "5");
    check_alive(&mut kernel);
}

#[test]
fn a_question_to_a_client_that_has_gone_can_be_interrupted() {
    let mut kernel = kernel();
    kernel.begin_with("let name = perturbook::input(\"name? \")?;", json!({ "allow_stdin": true }));
    kernel.recv_stdin(Duration::from_secs(60));
    kernel.disconnect();
    // A new client's first request waits behind the question: it must be given up first.
    let mut control = Stranger::meet(&kernel, Channel::Control);
    let parts = request("interrupt_request", &json!({}));
    control.message(&signed(kernel.connection(), &parts));
    kernel.reconnect();
    check_alive(&mut kernel);
}

// Strangers on the wire.

/// A peer that speaks as much of ZeroMQ's protocol (ZMTP 3.0) as it wants to.
struct Stranger(TcpStream);

impl Stranger {
    /// Connects, and says nothing yet.
    fn arrive(connection: &Connection, channel: Channel) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", connection.port(channel))).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        Self(stream)
    }

    /// Connects and shakes hands, as the kind of socket that is expected there.
    #[track_caller]
    fn meet(kernel: &Kernel, channel: Channel) -> Self {
        let met = Self::shake_hands(kernel.connection(), channel);
        met.unwrap_or_else(|error| panic!("{channel:?}: {error}\n{}", kernel.history()))
    }

    fn shake_hands(connection: &Connection, channel: Channel) -> std::io::Result<Self> {
        let mut stranger = Self::arrive(connection, channel);
        let kind: &[u8] = match channel {
            Channel::IoPub => b"SUB",
            Channel::Heartbeat => b"REQ",
            _ => b"DEALER",
        };
        stranger.bytes(&greeting());
        stranger.0.read_exact(&mut [0; 64])?;
        stranger.command(
            &[b"\x05READY\x0bSocket-Type", &u32::try_from(kind.len()).unwrap().to_be_bytes()[..], kind].concat(),
        );
        let mut head = [0; 2];
        stranger.0.read_exact(&mut head)?;
        stranger.0.read_exact(&mut vec![0; usize::from(head[1])])?;
        Ok(stranger)
    }

    /// A kernel may close the connection at any time: that is one way to ignore somebody.
    fn bytes(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    fn command(&mut self, body: &[u8]) {
        self.bytes(&[&[4, u8::try_from(body.len()).unwrap()], body].concat());
    }

    fn message(&mut self, frames: &[Vec<u8>]) {
        for (i, frame) in frames.iter().enumerate() {
            let more = u8::from(i + 1 < frames.len());
            let length = u64::try_from(frame.len()).unwrap().to_be_bytes();
            self.bytes(&[&[2 | more][..], &length, frame].concat());
        }
    }
}

fn greeting() -> Vec<u8> {
    let mut greeting = vec![0; 64];
    greeting[0] = 0xff;
    greeting[9] = 0x7f;
    greeting[10] = 3;
    greeting[12..16].copy_from_slice(b"NULL");
    greeting
}

/// Header, parent header, metadata and content of a request.
fn request(msg_type: &str, content: &Value) -> Vec<Vec<u8>> {
    let header = json!({
        "msg_id": "stranger-1", "session": "stranger", "username": "stranger", "version": "5.4", "msg_type": msg_type,
        "date": jiff::Timestamp::now().to_string(),
    });
    [header.to_string(), "{}".into(), "{}".into(), content.to_string()].map(String::into_bytes).to_vec()
}

/// The frames of a message with this signature.
fn with_signature(signature: &str, parts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    [b"<IDS|MSG>".to_vec(), signature.as_bytes().to_vec()].into_iter().chain(parts.to_vec()).collect()
}

/// The frames of a message with the right signature, whatever its parts are.
fn signed(connection: &Connection, parts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    with_signature(&connection.sign(&parts[..parts.len().min(4)]), parts)
}

/// Bytes in no order, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn bytes_that_are_not_zeromq_are_ignored() {
    let mut kernel = kernel();
    let mut half = greeting();
    half.truncate(10);
    let mut other_mechanism = greeting();
    other_mechanism[12..17].copy_from_slice(b"CURVE");
    let mut old = greeting();
    old[10] = 1;
    let said = [
        Vec::new(),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        noise(4096),
        [&greeting()[..], &noise(4096)].concat(),
        half,
        other_mechanism,
        old,
        [0xff; 4096].to_vec(),
    ];
    for channel in Channel::ALL {
        let mut open = Vec::new();
        for bytes in &said {
            let mut stranger = Stranger::arrive(kernel.connection(), channel);
            stranger.bytes(bytes);
            // One stays, one goes.
            open.push(stranger);
            Stranger::arrive(kernel.connection(), channel).bytes(bytes);
        }
        check_alive(&mut kernel);
        drop(open);
        check_alive(&mut kernel);
    }
}

#[test]
fn a_wrong_handshake_is_ignored() {
    let mut kernel = kernel();
    let ready =
        |kind: &[u8]| [b"\x05READY\x0bSocket-Type\0\0\0", &[u8::try_from(kind.len()).unwrap()][..], kind].concat();
    let identity = [&ready(b"DEALER")[..], b"\x08Identity\0\0\x04\0", &[7; 100]].concat();
    for channel in Channel::ALL {
        let bodies: [&[u8]; 8] =
            [b"", b"\x05READY", b"\x05REA", b"\x04PONG", &ready(b"PAIR"), &ready(b"TEAPOT"), b"\xffREADY", &identity];
        for body in bodies {
            let mut stranger = Stranger::arrive(kernel.connection(), channel);
            stranger.bytes(&greeting());
            stranger.command(body);
            stranger.message(&[b"hello".to_vec()]);
        }
        check_alive(&mut kernel);
    }
}

/// Sends each of these messages over a connection of its own and all of them over one.
#[track_caller]
fn check_ignored(kernel: &mut Kernel, channel: Channel, messages: &[Vec<Vec<u8>>]) {
    let mut one = Stranger::meet(kernel, channel);
    for message in messages {
        one.message(message);
        Stranger::meet(kernel, channel).message(message);
    }
    check_alive(kernel);
    drop(one);
    check_alive(kernel);
}

#[test]
fn messages_without_the_form_of_jupyters_are_ignored() {
    let mut kernel = kernel();
    let parts = request("kernel_info_request", &json!({}));
    let right = kernel.connection().sign(&parts).into_bytes();
    let delimiter = b"<IDS|MSG>".to_vec();
    let (empty, hello) = (Vec::new(), b"hello".to_vec());
    let messages = [
        vec![hello.clone()],
        vec![empty.clone()],
        vec![empty.clone(), empty.clone()],
        vec![empty.clone(), hello.clone()],
        vec![hello.clone(), empty.clone()],
        vec![noise(100_000)],
        vec![hello.clone(); 1000],
        [vec![right.clone()], parts.clone()].concat(),
        vec![delimiter.clone()],
        vec![delimiter.clone(), right.clone()],
        vec![delimiter.clone(), right.clone(), parts[0].clone()],
        vec![delimiter.clone(), delimiter.clone(), delimiter.clone()],
        vec![b"\x01topic".to_vec()],
        vec![b"\x00nothing".to_vec()],
    ];
    for channel in Channel::ALL {
        check_ignored(&mut kernel, channel, &messages);
    }
}

#[test]
fn wrong_signatures_are_ignored() {
    let mut kernel = kernel();
    let connection = kernel.connection().clone();
    let parts = request("kernel_info_request", &json!({}));
    let right = connection.sign(&parts);
    let of_another_key = Connection::new().0.sign(&parts);
    let zeros = "0".repeat(64);
    let signatures = ["", "00", "not hexadecimal", &zeros, &right[..32], &right[..63], &of_another_key, "µ"];
    let mut messages: Vec<_> = signatures.iter().map(|signature| with_signature(signature, &parts)).collect();
    messages.push(vec![
        b"<IDS|MSG>".to_vec(),
        vec![0xff; 64],
        parts[0].clone(),
        parts[1].clone(),
        parts[2].clone(),
        parts[3].clone(),
    ]);
    let mut changed = parts.clone();
    changed[3] = b"{\"changed\": true}".to_vec();
    messages.push(with_signature(&right, &changed));
    for channel in Channel::ALL {
        check_ignored(&mut kernel, channel, &messages);
    }
}

#[test]
fn what_a_stranger_without_the_key_asks_for_is_not_done() {
    let mut kernel = kernel();
    kernel.execute("let kept = 5;").ok();
    let before = kernel.execute("kept").ok().reply["execution_count"].as_u64().unwrap();
    let zeros = "0".repeat(64);
    let mut shell = Stranger::meet(&kernel, Channel::Shell);
    let code = "std::process::abort();";
    shell.message(&with_signature(&zeros, &request("execute_request", &json!({ "code": code, "silent": false }))));
    let mut control = Stranger::meet(&kernel, Channel::Control);
    for msg_type in ["shutdown_request", "interrupt_request"] {
        control.message(&with_signature(&zeros, &request(msg_type, &json!({ "restart": false }))));
    }
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(kernel.execute("kept").ok().reply["execution_count"], before + 1);
    // Nor is it answered.
    shell.0.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    match shell.0.read(&mut [0; 1]) {
        Ok(0) => {}
        Ok(_) => panic!("the kernel answered"),
        Err(error) => assert!([ErrorKind::WouldBlock, ErrorKind::ConnectionReset].contains(&error.kind()), "{error}"),
    }
}

#[test]
fn signed_messages_that_make_no_sense_are_ignored() {
    let mut kernel = kernel();
    let connection = kernel.connection().clone();
    let good = request("kernel_info_request", &json!({}));
    let junk: [&[u8]; 8] =
        [b"", b"not json", b"[]", b"null", b"5", b"{\"msg_type\": 5}", b"\xff\xfe", &[b'['; 100_000]];
    let mut messages = Vec::new();
    for part in 0..4 {
        for bytes in junk {
            let mut parts = good.clone();
            parts[part] = bytes.to_vec();
            messages.push(signed(&connection, &parts));
        }
    }
    messages.push(signed(&connection, &good[..3]));
    let senseless = [
        ("execute_request", json!({})),
        ("execute_request", json!({ "code": 5, "silent": "perhaps" })),
        ("complete_request", json!({ "code": "x", "cursor_pos": 1000 })),
        ("complete_request", json!({ "code": "µµ", "cursor_pos": -1 })),
        ("inspect_request", json!({ "code": "", "cursor_pos": 7, "detail_level": 9 })),
        ("is_complete_request", json!([])),
        ("history_request", json!({ "hist_access_type": "dream" })),
        ("comm_msg", json!({ "comm_id": "nobody", "data": {} })),
        ("comm_close", json!({ "comm_id": "nobody", "data": {} })),
        ("input_reply", json!({ "value": "nobody asked" })),
        ("execute_reply", json!({ "status": "ok" })),
        ("", json!({})),
    ];
    messages.extend(senseless.iter().map(|(msg_type, content)| signed(&connection, &request(msg_type, content))));
    for channel in Channel::ALL {
        check_ignored(&mut kernel, channel, &messages);
    }
}

#[test]
fn a_frame_of_any_claimed_length_is_no_reason_to_die() {
    let mut kernel = kernel();
    for channel in Channel::ALL {
        let mut open = Vec::new();
        for length in [1_u64 << 31, 1 << 40, 1 << 62, u64::MAX] {
            for flags in [2, 3, 6] {
                let mut stranger = Stranger::meet(&kernel, channel);
                stranger.bytes(&[&[flags][..], &length.to_be_bytes(), b"and little behind it"].concat());
                open.push(stranger);
            }
        }
        std::thread::sleep(Duration::from_millis(200));
        check_alive(&mut kernel);
        drop(open);
        check_alive(&mut kernel);
    }
    assert!(rss_kib(kernel.pid()) < 1_500_000, "{} KiB", rss_kib(kernel.pid()));
}

#[test]
fn many_connections_come_and_go() {
    let mut kernel = kernel();
    let files = |kernel: &Kernel| std::fs::read_dir(format!("/proc/{}/fd", kernel.pid())).unwrap().count();
    check_alive(&mut kernel);
    let before = files(&kernel);
    for _ in 0..100 {
        for channel in Channel::ALL {
            let mut stranger = Stranger::meet(&kernel, channel);
            stranger.message(&[b"hello".to_vec()]);
        }
    }
    check_alive(&mut kernel);
    assert!(until(Duration::from_secs(10), || files(&kernel) < before + 50), "{before}, then {}", files(&kernel));
}
