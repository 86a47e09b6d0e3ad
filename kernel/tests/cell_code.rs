//! Cells as people write them: what is kept, what is refused and why, what runs.

mod client;

use std::time::Duration;

use client::{Borrowed, Channel, Shared, error_of, is_running, stdout_of, until, value_of};
use serde_json::json;

static KERNEL: Shared = Shared::new();

fn kernel() -> Borrowed<'static> {
    KERNEL.borrow()
}

fn value(code: &str) -> String {
    value_of(&kernel().execute(code).ok()).to_owned()
}

#[test]
fn variables_of_any_spelling_are_kept() {
    let mut kernel = kernel();
    kernel.execute("let X = vec![1.0, 2.0];\nlet (A, b) = (vec![1], 2);\nlet COUNT = 7;\nlet r#type = \"t\";").ok();
    let cell = kernel.execute("format!(\"{} {} {b} {COUNT} {}\", X[1], A[0], r#type)").ok();
    assert_eq!(value_of(&cell), "\"2 1 2 7 t\"");
}

#[test]
fn functions_are_kept_by_their_signature() {
    let mut kernel = kernel();
    kernel.execute("fn triple(x: i32) -> i32 { 3 * x }").ok();
    kernel.execute("let by_name = triple;\nlet sine = f64::sin;").ok();
    assert_eq!(value_of(&kernel.execute("by_name(4) + sine(0.0) as i32").ok()), "12");
}

#[test]
fn what_cannot_be_kept_is_said_with_the_reason() {
    let mut kernel = kernel();
    for (code, says) in [
        ("let closure = |x: i32| x + 1;", "closure"),
        ("let numbers = (0..3).map(|v| v * 2);", "numbers"),
        ("let held = vec![1];\nlet reference = &held;", "reference"),
    ] {
        let failed = kernel.execute(code).failed("CompileError");
        let value = error_of(&failed)["evalue"].as_str().unwrap().to_owned();
        assert!(value.contains(says), "{code}: {value}");
    }
}

#[test]
fn lines_that_go_on_with_an_exclamation_mark_or_a_path_are_rust() {
    assert_eq!(value("let flag = false;\nlet both = 1 == 1 &&\n!flag;\nboth"), "true");
    assert_eq!(value("1 +\n::std::mem::size_of::<u8>()"), "2");
    assert_eq!(value("let x = 5;\r\nx + 1\r\n"), "6");
}

#[test]
fn every_value_is_shown_by_what_it_has() {
    let mut kernel = kernel();
    kernel
        .execute(
            "#[derive(Debug)]\nstruct Plain(u8);\nstruct Foreign;\nimpl Foreign {\n    fn evcxr_display(&self) {\n        \
             println!(\"EVCXR_BEGIN_CONTENT text/html\\n<i>foreign</i>\\nEVCXR_END_CONTENT\");\n    }\n}\nstruct Secret;",
        )
        .ok();
    for (code, shown) in [
        ("Plain(3)", "Plain(3)"),
        ("6 * 7", "42"),
        ("vec![1.5][0]", "1.5"),
        ("\"text\"", "\"text\""),
        ("[1, 2].iter().max()", "Some(2)"),
        ("let t = Table::new(\"T\").number(\"x\", &[1.5], 1);\nt.figure()?", "1.5"),
        ("&Table::new(\"T\").number(\"x\", &[2.5], 1).figure()?", "2.5"),
        ("Box::new(ndarray::array![1.0, 2.0])", "mean 1.5"),
    ] {
        let cell = kernel.execute(code).ok();
        assert!(value_of(&cell).contains(shown) && cell.outputs.len() == 1, "{code}: {:#?}", cell.outputs);
    }
    let foreign = kernel.execute("Foreign").ok();
    assert!(
        foreign.outputs[0]["content"]["data"]["text/html"].to_string().contains("foreign"),
        "{:#?}",
        foreign.outputs
    );
    kernel.execute("Secret").failed("CompileError");
    kernel.execute("let kept = vec![1, 2, 3];").ok();
    kernel.execute("kept").ok();
    assert_eq!(value_of(&kernel.execute("kept.len()").ok()), "3", "showing a variable does not consume it");
}

#[test]
fn what_was_written_to_stderr_comes_before_the_result() {
    let cell = kernel().execute("eprintln!(\"aside\");\nvec![1]").ok();
    let kinds: Vec<&str> = cell.outputs.iter().filter_map(|output| output["msg_type"].as_str()).collect();
    assert_eq!(kinds, ["stream", "execute_result"]);
}

#[test]
fn a_long_sum_is_no_reason_to_die() {
    let terms = vec!["1"; 3000].join(" + ");
    let mut kernel = kernel();
    kernel.execute_within(&terms, Duration::from_secs(60));
    assert_eq!(value_of(&kernel.execute("6 * 7").ok()), "42");
}

#[test]
fn an_unfinished_line_before_a_question_does_not_hide_it() {
    let mut kernel = kernel();
    let id =
        kernel.begin_with("print!(\"name: \");\nlet who = input(\"who? \")?;\nwho", json!({ "allow_stdin": true }));
    let asked = kernel.recv_stdin(Duration::from_secs(20));
    assert_eq!(asked.content["prompt"], "who? ");
    kernel.reply("me");
    let cell = kernel.finish(&id).ok();
    assert_eq!((stdout_of(&cell).as_str(), value_of(&cell)), ("name: ", "\"me\""));
}

#[test]
fn a_loop_at_the_end_of_a_cell_leaves_its_figure_up_to_date() {
    let cell = kernel()
        .execute(
            "let mut loss = Live::new(Trace::new(\"Loss\", \"epoch\", \"loss\"));\n\
             for i in 1..=5 {\n    loss.change(|t| t.push(\"train\", f64::from(i), 1.0));\n}",
        )
        .ok();
    let last = cell.outputs.last().unwrap();
    assert!(last["content"].to_string().contains("5 points"), "{last}");
}

#[test]
fn what_is_shown_may_panic() {
    let mut kernel = kernel();
    kernel
        .execute(
            "#[derive(Debug)]\nstruct Bad(u8);\nimpl Show for Bad {\n    fn bundle(&self) -> perturbook::display::Bundle {\n        \
             if self.0 > 0 { panic!(\"cannot be drawn\") }\n        perturbook::display::Bundle::text(\"fine\")\n    }\n}",
        )
        .ok();
    let id = kernel.begin("let mut bad = Live::new(Bad(0));\nbad.change(|bad| bad.0 = 1);");
    kernel.finish_within(&id, Duration::from_secs(30));
    assert_eq!(value_of(&kernel.execute("6 * 7").ok()), "42");
}

#[test]
fn a_bar_of_an_earlier_cell_does_not_shield_an_endless_loop() {
    let mut kernel = kernel();
    kernel.execute("let mut kept = progress(\"kept\", 0..3);\nkept.next();").ok();
    let id =
        kernel.begin("println!(\"begun\");\nloop {\n    std::thread::sleep(std::time::Duration::from_millis(10))\n}");
    kernel.wait_for_print(&id, "begun");
    kernel.interrupt();
    kernel.finish_within(&id, Duration::from_secs(10)).failed("Interrupted");
}

#[test]
fn what_a_cell_has_started_ends_with_a_crash() {
    let mut kernel = kernel();
    let code = "println!(\"{}\", std::process::Command::new(\"sleep\").arg(\"600\").spawn()?.id());";
    let pid: u32 = stdout_of(&kernel.execute(code).ok()).trim().parse().unwrap();
    assert!(is_running(pid));
    kernel.execute("std::process::abort();").failed("Crash");
    assert!(until(Duration::from_secs(5), || !is_running(pid)));
}

#[test]
fn a_cell_sent_after_a_failed_one_has_ended_runs() {
    let mut kernel = kernel();
    for round in 0..5 {
        kernel.execute("panic!(\"round\")").failed("Panic");
        assert_eq!(value_of(&kernel.execute(&format!("{round} + 1")).ok()), (round + 1).to_string());
    }
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody_for_long() {
    let mut kernel = kernel();
    let port = kernel.connection().port(Channel::IoPub);
    // A subscriber, by hand, that never reads: a greeting, a handshake, a subscription to everything.
    let mut silent = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut greeting = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0];
    greeting.extend(b"NULL");
    greeting.resize(64, 0);
    let ready = b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB";
    std::io::Write::write_all(&mut silent, &[&greeting[..], ready, b"\x00\x01\x01"].concat()).unwrap();
    let big = "for _ in 0..20 {\n    let text = \"x\".repeat(1_000_000);\n    \
               println!(\"EVCXR_BEGIN_CONTENT text/plain\\n{text}\\nEVCXR_END_CONTENT\");\n}";
    kernel.execute_within(big, Duration::from_secs(60)).ok();
    let started = std::time::Instant::now();
    kernel.execute("1 + 1").ok();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}
