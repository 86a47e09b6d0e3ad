//! Every message of the Jupyter protocol, as a front end sees it.

mod client;

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use client::{
    Borrowed, Channel, Client, Executed, Kernel, Shared, displays_of, error_of, stderr_of, stdout_of, value_of,
};
use serde_json::{Value, json};

/// For the tests that leave a kernel as they found it; the counts of cells and the history grow.
static KERNEL: Shared = Shared::new();

fn kernel() -> Borrowed<'static> {
    KERNEL.borrow()
}

/// The types of the messages published for a cell, in order.
fn types(messages: &[Value]) -> Vec<&str> {
    messages.iter().filter_map(|message| message["msg_type"].as_str()).collect()
}

fn plain(data: &Value) -> &str {
    data["text/plain"].as_str().unwrap_or_else(|| panic!("no plain text: {data}"))
}

/// Seconds from the request to the first output that holds these words.
#[track_caller]
fn shown_after(cell: &Executed, words: &str) -> f64 {
    let output = cell.outputs.iter().find(|output| output["content"].to_string().contains(words));
    output.unwrap_or_else(|| panic!("no {words:?}: {:#?}", cell.outputs))["seconds"].as_f64().unwrap()
}

// What the kernel says of itself.

#[test]
fn kernel_info_tells_the_language_as_front_ends_know_it() {
    let info = kernel().ask("kernel_info_request", &json!({}));
    assert_eq!(info["status"], "ok");
    assert!(info["protocol_version"].as_str().unwrap().starts_with("5."), "{info}");
    assert_eq!(info["implementation"], "perturbook");
    assert!(info["implementation_version"].as_str().is_some_and(|version| !version.is_empty()), "{info}");
    assert!(info["banner"].as_str().is_some_and(|banner| !banner.is_empty()), "{info}");
    let rustc = Command::new("rustc").arg("--version").output().unwrap();
    let version = String::from_utf8(rustc.stdout).unwrap().split_whitespace().nth(1).unwrap().to_owned();
    let language = &info["language_info"];
    assert_eq!(language["name"], "rust");
    assert_eq!(language["version"], version);
    assert_eq!(language["file_extension"], ".rs");
    assert_eq!(language["pygments_lexer"], "rust");
    assert_eq!(language["codemirror_mode"], "rust");
    assert!(language["mimetype"].as_str().is_some_and(|mime| mime.contains("rust")), "{language}");
}

#[test]
fn the_heartbeat_sends_back_what_it_gets() {
    let kernel = kernel();
    for payload in [&b"ping"[..], b"\x00\xff", &[7; 1000]] {
        assert_eq!(kernel.ping(payload, Duration::from_secs(2)).as_deref(), Some(payload));
    }
}

#[test]
fn the_heart_beats_while_a_cell_runs() {
    let mut kernel = kernel();
    let id = kernel.begin("println!(\"begun\");\nstd::thread::sleep(std::time::Duration::from_secs(1));");
    kernel.wait_for_print(&id, "begun");
    assert!(kernel.ping(b"alive?", Duration::from_millis(700)).is_some());
    kernel.finish(&id).ok();
}

#[test]
fn the_sockets_listen_on_loopback_only() {
    let kernel = kernel();
    for channel in Channel::ALL {
        // Another loopback address is free only when the kernel took no more than its own.
        let other = TcpListener::bind(("127.0.0.2", kernel.connection().port(channel)));
        assert!(other.is_ok(), "{channel:?} is bound to more than 127.0.0.1");
    }
}

// Cells and what they show.

#[test]
fn a_cell_is_busy_says_its_input_shows_its_outputs_and_is_idle() {
    let cell = kernel().execute("println!(\"hello\");\n6 * 7").ok();
    assert_eq!(types(&cell.messages), ["status", "execute_input", "stream", "execute_result", "status"]);
    assert_eq!(cell.messages[0]["content"]["execution_state"], "busy");
    assert_eq!(cell.messages[4]["content"]["execution_state"], "idle");
    assert_eq!(cell.messages[1]["content"]["code"], "println!(\"hello\");\n6 * 7");
    let count = &cell.reply["execution_count"];
    assert!(count.is_u64(), "{}", cell.reply);
    assert_eq!(&cell.messages[1]["content"]["execution_count"], count);
    assert_eq!(&cell.messages[3]["content"]["execution_count"], count);
    assert_eq!(cell.reply["user_expressions"], json!({}));
    assert_eq!(cell.reply["payload"], json!([]));
}

#[test]
fn the_value_of_the_last_expression_is_the_result() {
    let mut kernel = kernel();
    let cell = kernel.execute("6*7").ok();
    assert_eq!(value_of(&cell), "42");
    assert_eq!(types(&cell.outputs), ["execute_result"]);
    let cell = kernel.execute("Table::new(\"T\").number(\"x\", &[1.5], 1).figure()?").ok();
    assert_eq!(types(&cell.outputs), ["execute_result"]);
    assert!(displays_of(&cell)[0]["text/html"].as_str().unwrap().contains("1.5"));
    assert!(value_of(&cell).contains("1.5"));
}

#[test]
fn a_cell_without_a_value_has_no_result() {
    let mut kernel = kernel();
    for code in ["", "// nothing", "let x = 5;", "fn f() -> u8 {\n    1\n}", "let _ = 5;", "for _ in 0..3 {}"] {
        assert_eq!(types(&kernel.execute(code).ok().outputs), [""; 0], "{code:?}");
    }
}

#[test]
fn display_shows_a_value_in_the_middle_of_a_cell() {
    let cell = kernel().execute("display(&ndarray::array![1.0, 2.0]);").ok();
    assert_eq!(types(&cell.outputs), ["display_data"]);
    let content = &cell.outputs[0]["content"];
    assert!(plain(&content["data"]).contains("mean 1.5"), "{content}");
    assert!(content["metadata"].is_object(), "{content}");
}

#[test]
fn metadata_of_a_representation_reaches_the_front_end() {
    let cell = kernel()
        .execute(
            "struct Dot;\nimpl perturbook::display::Show for Dot {\n    fn bundle(&self) -> perturbook::display::Bundle {\n        \
             perturbook::display::Bundle::text(\"dot\").with_metadata(\"text/plain\", \"small\")\n    }\n}\ndisplay(&Dot);",
        )
        .ok();
    assert_eq!(cell.outputs[0]["content"]["metadata"], json!({ "text/plain": "small" }));
}

#[test]
fn several_outputs_come_in_order_with_prints() {
    let cell = kernel()
        .execute(
            "println!(\"before\");\ndisplay(&ndarray::array![1.0, 2.0]);\nprintln!(\"between\");\n\
             display(&ndarray::array![3.0, 4.0]);\nprintln!(\"after\");\n\"last\"",
        )
        .ok();
    assert_eq!(
        types(&cell.outputs),
        ["stream", "display_data", "stream", "display_data", "stream", "execute_result"],
        "{:#?}",
        cell.outputs
    );
    assert!(plain(displays_of(&cell)[0]).contains("mean 1.5"));
    assert!(plain(displays_of(&cell)[1]).contains("mean 3.5"));
    assert_eq!(stdout_of(&cell), "before\nbetween\nafter\n");
}

#[test]
fn outputs_arrive_while_the_cell_runs() {
    let cell = kernel()
        .execute(
            "println!(\"first\");\nstd::thread::sleep(std::time::Duration::from_secs(1));\n\
             display(&ndarray::array![1.0, 2.0]);\nstd::thread::sleep(std::time::Duration::from_secs(1));",
        )
        .ok();
    assert!(cell.seconds - shown_after(&cell, "first") > 1.7, "{:#?}", cell.messages);
    let before_end = cell.seconds - shown_after(&cell, "mean 1.5");
    assert!((0.7..1.7).contains(&before_end), "{:#?}", cell.messages);
}

#[test]
fn a_line_without_its_end_is_shown_while_the_cell_runs() {
    let cell = kernel()
        .execute(
            "use std::io::Write;\nprint!(\"half\");\nstd::io::stdout().flush()?;\n\
             std::thread::sleep(std::time::Duration::from_secs(1));\nprintln!(\" whole\");",
        )
        .ok();
    assert_eq!(stdout_of(&cell), "half whole\n");
    assert!(shown_after(&cell, "whole") - shown_after(&cell, "half") > 0.7, "{:#?}", cell.outputs);
}

#[test]
fn text_arrives_as_it_was_written() {
    let cell = kernel().execute("print!(\"\\r10 %\\r20 %\\n\\n  µ😀\\t\\u{1b}[31mred\\u{1b}[0m\\nno end\");").ok();
    assert_eq!(stdout_of(&cell), "\r10 %\r20 %\n\n  µ😀\t\u{1b}[31mred\u{1b}[0m\nno end");
}

#[test]
fn stderr_is_a_stream_of_its_own() {
    let cell = kernel().execute("eprintln!(\"aside\");\nprintln!(\"main\");").ok();
    assert_eq!(stderr_of(&cell), "aside\n");
    assert_eq!(stdout_of(&cell), "main\n");
}

#[test]
fn a_display_is_updated_in_place_under_its_id() {
    let mut kernel = kernel();
    let shown = kernel.execute("perturbook::display::display_id(&ndarray::array![1.0, 2.0], \"x\");").ok();
    assert_eq!(types(&shown.outputs), ["display_data"]);
    assert_eq!(shown.outputs[0]["content"]["transient"]["display_id"], "x");
    let updated = kernel.execute("perturbook::display::update(&ndarray::array![5.0, 7.0], \"x\");").ok();
    assert_eq!(types(&updated.outputs), ["update_display_data"]);
    let content = &updated.outputs[0]["content"];
    assert_eq!(content["transient"]["display_id"], "x");
    assert!(plain(&content["data"]).contains("mean 6"), "{content}");
}

#[test]
fn outputs_are_cleared_on_request() {
    let cell =
        kernel().execute("println!(\"old\");\nperturbook::display::clear_output(true);\nprintln!(\"new\");").ok();
    assert_eq!(types(&cell.outputs), ["stream", "clear_output", "stream"]);
    assert_eq!(cell.outputs[1]["content"], json!({ "wait": true }));
}

#[test]
fn what_crates_print_for_stock_evcxr_is_shown() {
    let cell = kernel()
        .execute(
            "println!(\"EVCXR_BEGIN_CONTENT text/html\\n<b>1</b>\\nEVCXR_END_CONTENT\");\n\
             println!(\"EVCXR_BEGIN_CONTENT text/plain\\n1\\nEVCXR_END_CONTENT\");\n\
             println!(\"text\");\n\
             println!(\"EVCXR_BEGIN_CONTENT application/json\\n{{\\\"a\\\": 2}}\\nEVCXR_END_CONTENT\");",
        )
        .ok();
    let displays = displays_of(&cell);
    assert_eq!(displays.len(), 2, "{:#?}", cell.outputs);
    assert_eq!(displays[0]["text/html"].as_str().unwrap().trim(), "<b>1</b>");
    assert_eq!(plain(displays[0]).trim(), "1");
    assert_eq!(displays[1]["application/json"], json!({ "a": 2 }));
    assert_eq!(stdout_of(&cell), "text\n");
}

#[test]
fn a_progress_bar_moves_in_place_about_ten_times_a_second() {
    let cell = kernel()
        .execute(
            "for _ in progress(\"steps\", 0..300) {\n    std::thread::sleep(std::time::Duration::from_millis(10));\n}",
        )
        .ok();
    let shown = types(&cell.outputs);
    assert_eq!(shown[0], "display_data");
    assert!(shown[1..].iter().all(|t| *t == "update_display_data"), "{shown:?}");
    assert!((10..60).contains(&shown.len()), "{} messages in {} s", shown.len(), cell.seconds);
    let id = |output: &Value| output["content"]["transient"]["display_id"].clone();
    assert!(cell.outputs.iter().all(|output| id(output) == id(&cell.outputs[0])));
    assert!(plain(&cell.outputs.last().unwrap()["content"]["data"]).contains("300 of 300"));
}

#[test]
fn several_clients_see_the_outputs_and_one_gets_the_reply() {
    let mut kernel = kernel();
    let mut other = kernel.another_client();
    let id = kernel.begin("println!(\"for both\");");
    other.wait_for_print(&id, "for both");
    kernel.finish(&id).ok();
    assert!(other.wait(Channel::Shell, Duration::from_millis(300), |_| true).is_none());
}

// Counting, history, silence.

#[test]
fn cells_are_counted_from_one_and_remembered_in_order() {
    let mut kernel = Kernel::start();
    let first = kernel.execute("1 + 1").ok();
    assert_eq!(first.reply["execution_count"], 1);
    assert_eq!(first.messages[1]["content"]["execution_count"], 1);
    assert_eq!(kernel.execute("println!(\"two\");").ok().reply["execution_count"], 2);

    let silent = kernel.execute_with("3 + 3", json!({ "silent": true })).ok();
    assert!(!types(&silent.messages).contains(&"execute_input"), "{:#?}", silent.messages);
    assert!(!types(&silent.messages).contains(&"execute_result"), "{:#?}", silent.messages);
    kernel.execute_with("4 + 4", json!({ "store_history": false })).ok();
    assert_eq!(kernel.execute("panic!(\"counted too\")").failed("Panic").reply["execution_count"], 3);
    assert_eq!(kernel.execute("5 + 5").ok().reply["execution_count"], 4);

    let inputs = ["1 + 1", "println!(\"two\");", "panic!(\"counted too\")", "5 + 5"];
    let tail = json!({ "hist_access_type": "tail", "n": 10, "raw": true, "output": false });
    let history = kernel.ask("history_request", &tail);
    assert_eq!(history["status"], "ok");
    let entries = history["history"].as_array().unwrap();
    let lines: Vec<_> = entries.iter().map(|entry| (&entry[1], &entry[2])).collect();
    let (one, two, three, four) = (json!(1), json!(2), json!(3), json!(4));
    let inputs = inputs.map(Value::from);
    assert_eq!(lines, [(&one, &inputs[0]), (&two, &inputs[1]), (&three, &inputs[2]), (&four, &inputs[3])]);

    let last = json!({ "hist_access_type": "tail", "n": 1, "raw": true, "output": true });
    let history = kernel.ask("history_request", &last);
    let pair = history["history"][0][2].as_array().unwrap();
    assert_eq!((pair.len(), &pair[0]), (2, &inputs[3]), "an input and its output, or null: {history}");
    let session = history["history"][0][0].clone();
    let range =
        json!({ "hist_access_type": "range", "session": session, "start": 2, "stop": 3, "raw": true, "output": false });
    assert_eq!(kernel.ask("history_request", &range)["history"], json!([[session, 2, inputs[1]]]));
    let search = json!({ "hist_access_type": "search", "pattern": "print*", "n": 5, "raw": true, "output": false });
    assert_eq!(kernel.ask("history_request", &search)["history"], json!([[session, 2, inputs[1]]]));
}

#[test]
fn user_expressions_are_evaluated_after_the_cell() {
    let mut kernel = kernel();
    let wanted = json!({ "x": "1+1", "y": "from_this_cell", "bad": "no_such_variable" });
    let cell = kernel.execute_with("let from_this_cell = 7;", json!({ "user_expressions": wanted })).ok();
    let values = &cell.reply["user_expressions"];
    assert_eq!(values["x"]["status"], "ok", "{values}");
    assert_eq!(values["x"]["data"]["text/plain"], "2");
    assert!(values["x"]["metadata"].is_object(), "{values}");
    assert_eq!(values["y"]["data"]["text/plain"], "7", "{values}");
    assert_eq!(values["bad"]["status"], "error");
    for key in ["ename", "evalue"] {
        assert!(values["bad"][key].is_string(), "{values}");
    }
    assert!(values["bad"]["traceback"].is_array(), "{values}");
    assert!(cell.outputs.is_empty(), "their values are no outputs: {:#?}", cell.outputs);
}

// Failures.

/// A failed cell says so twice, in its reply and as an output, in the same words.
#[track_caller]
fn check_failure(code: &str, ename: &str, says: &str) {
    let cell = kernel().execute(code).failed(ename);
    assert!(cell.reply["evalue"].as_str().unwrap().contains(says), "{:#}", cell.reply);
    assert!(cell.reply["execution_count"].is_u64(), "{:#}", cell.reply);
    let traceback: Vec<&str> =
        cell.reply["traceback"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
    assert!(traceback.join("\n").contains(says), "{:#}", cell.reply);
    let error = error_of(&cell);
    for key in ["ename", "evalue", "traceback"] {
        assert_eq!(error[key], cell.reply[key]);
    }
    assert_eq!(types(&cell.outputs), ["error"], "{:#?}", cell.outputs);
}

#[test]
fn a_panic_is_an_error() {
    check_failure("let v: Vec<u8> = vec![];\nv[3];", "Panic", "index out of bounds");
}

#[test]
fn an_err_through_a_question_mark_is_an_error() {
    check_failure("let n: u8 = \"300\".parse()?;", "Err", "number too large");
}

#[test]
fn a_cell_that_does_not_compile_is_an_error() {
    check_failure("let b = 1;\nlet c: String = b;", "CompileError", "mismatched types");
    check_failure("let = 5;", "CompileError", "expected");
}

#[test]
fn a_traceback_shows_the_line_of_the_cell() {
    let cell = kernel().execute("let a = 1;\nassert_eq!(a, 2, \"so it is\");").failed("Panic");
    let traceback = cell.reply["traceback"].to_string();
    assert!(traceback.contains("assert_eq!(a, 2,"), "{traceback}");
}

#[test]
fn variables_survive_a_panic_and_an_err() {
    let mut kernel = kernel();
    kernel.execute("let mut kept = vec![1, 2];").ok();
    kernel.execute("panic!(\"boom\")").failed("Panic");
    kernel.execute("let n: u8 = \"x\".parse()?;").failed("Err");
    kernel.execute("kept.push(3);").ok();
    assert_eq!(value_of(&kernel.execute("kept.len()").ok()), "3");
}

/// Sends three cells at once, of which the first fails after all have come; returns the states of their replies.
fn statuses(stop_on_error: bool) -> [Value; 3] {
    let mut kernel = kernel();
    let failing = "std::thread::sleep(std::time::Duration::from_millis(500));\npanic!(\"boom\")";
    let first = kernel.begin_with(failing, json!({ "stop_on_error": stop_on_error }));
    let ids = [first, kernel.begin("println!(\"second\");"), kernel.begin("println!(\"third\");")];
    let cells = ids.map(|id| kernel.finish(&id));
    for cell in &cells[1..] {
        let ran = !cell.outputs.is_empty();
        assert_eq!(ran, cell.reply["status"] == "ok", "{:#}\n{:#?}", cell.reply, cell.outputs);
    }
    assert_eq!(value_of(&kernel.execute("1 + 1").ok()), "2", "what is sent later runs");
    cells.map(|cell| cell.reply["status"].clone())
}

#[test]
fn a_failure_aborts_the_cells_queued_behind_it() {
    assert_eq!(statuses(true), ["error", "aborted", "aborted"]);
}

#[test]
fn queued_cells_run_when_the_failed_one_shall_not_stop_them() {
    assert_eq!(statuses(false), ["error", "ok", "ok"]);
}

// Help while typing.

#[test]
fn a_cell_is_known_to_be_complete_incomplete_or_invalid() {
    let mut kernel = kernel();
    let mut check = |status: &str, samples: &[&str]| {
        for code in samples {
            let reply = kernel.ask("is_complete_request", &json!({ "code": code }));
            assert_eq!(reply["status"], status, "{code:?}: {reply}");
            assert_eq!(reply["indent"].is_string(), status == "incomplete", "{code:?}: {reply}");
        }
    };
    check("complete", &["let x = 1;", "6 * 7", "fn f() -> u8 {\n    1\n}", "// a comment", ":vars", "\"{\""]);
    check(
        "incomplete",
        &["fn f() {", "let v = vec![1,", "let s = \"abc", "/* not yet", "let x =", "if a {\n    1\n} else {"],
    );
    check("invalid", &["let = 5;", "fn f() }", "let x = );"]);
    let reply = kernel.ask("is_complete_request", &json!({ "code": "fn f() {" }));
    assert_eq!(reply["indent"], "    ");
}

/// The code with each match in the place of what it completes; the cursor stands at `|`.
#[track_caller]
fn completions(kernel: &mut Client, code: &str) -> Vec<String> {
    let (before, after) = code.split_once('|').unwrap();
    let cursor = before.chars().count();
    let reply = kernel.ask("complete_request", &json!({ "code": format!("{before}{after}"), "cursor_pos": cursor }));
    assert_eq!(reply["status"], "ok", "{reply}");
    assert!(reply["metadata"].is_object(), "{reply}");
    let place = |key: &str| usize::try_from(reply[key].as_u64().unwrap()).unwrap();
    let (start, end) = (place("cursor_start"), place("cursor_end"));
    assert!(start <= cursor && cursor <= end && end <= cursor + after.chars().count(), "{reply}");
    let whole: Vec<char> = before.chars().chain(after.chars()).collect();
    let put = |text: &str| whole[..start].iter().collect::<String>() + text + &whole[end..].iter().collect::<String>();
    reply["matches"].as_array().unwrap().iter().map(|text| put(text.as_str().unwrap())).collect()
}

/// As [`completions`], asked again while there are none: a kernel on a busy machine answers without the types of
/// variables rather than late.
#[track_caller]
fn completions_in_time(kernel: &mut Client, code: &str) -> Vec<String> {
    let asked = Instant::now();
    loop {
        let found = completions(kernel, code);
        if !found.is_empty() || asked.elapsed() > Duration::from_secs(60) {
            return found;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn names_of_the_preloaded_library_are_completed() {
    let mut kernel = kernel();
    let found = completions_in_time(&mut kernel, "perturbook::evaluate::rec|");
    assert!(found.contains(&"perturbook::evaluate::recall".to_owned()), "{found:?}");
    let found = completions_in_time(&mut kernel, "let c = recall_a|(&p);");
    assert!(found.contains(&"let c = recall_at(&p);".to_owned()), "{found:?}");
    assert_eq!(completions(&mut kernel, "zzz_nothing_of_the_kind|"), [""; 0]);
}

/// Whether std's sources are there, without which its items are not known; says so where they are not.
fn std_is_known() -> bool {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap().stdout;
    let sysroot = PathBuf::from(String::from_utf8(sysroot).unwrap().trim());
    let known = sysroot.join("lib/rustlib/src/rust/library/std/src/lib.rs").is_file();
    if !known {
        println!("skipped: the component rust-src is not installed");
    }
    known
}

#[test]
fn variables_and_their_methods_are_completed() {
    if !std_is_known() {
        return;
    }
    let mut kernel = kernel();
    kernel.execute("let words_of_wisdom = vec![String::from(\"a\")];").ok();
    let found = completions_in_time(&mut kernel, "words_of_w|");
    assert!(found.contains(&"words_of_wisdom".to_owned()), "{found:?}");
    let found = completions_in_time(&mut kernel, "let n = words_of_wisdom.is_em|;\nlet m = 2;");
    assert!(found.iter().any(|code| code.starts_with("let n = words_of_wisdom.is_empty")), "{found:?}");
}

#[test]
fn cursors_count_characters() {
    if !std_is_known() {
        return;
    }
    let mut kernel = kernel();
    kernel.execute("let words_of_wisdom = vec![String::from(\"a\")];").ok();
    let found = completions_in_time(&mut kernel, "let µ = \"😀😀\"; words_of_wisdom.is_em|");
    assert!(found.iter().any(|code| code.starts_with("let µ = \"😀😀\"; words_of_wisdom.is_empty")), "{found:?}");
}

#[test]
fn the_documentation_of_a_name_is_shown() {
    let mut kernel = kernel();
    for (code, cursor) in [("recall", 6), ("let c = recall(&p);", 11), ("perturbook::evaluate::recall", 25)] {
        let request = json!({ "code": code, "cursor_pos": cursor, "detail_level": 0 });
        let reply = kernel.ask("inspect_request", &request);
        assert_eq!(reply["status"], "ok");
        assert_eq!(reply["found"], true, "{code:?}: {reply}");
        for mime in ["text/plain", "text/markdown"] {
            let docs = reply["data"][mime].as_str().unwrap_or_else(|| panic!("no {mime}: {reply}"));
            assert!(docs.contains("percentiles 80 to 99"), "{docs}");
            assert!(docs.contains("fn recall"), "the signature belongs to it: {docs}");
        }
    }
    let request = json!({ "code": "zzz_nothing_of_the_kind", "cursor_pos": 5, "detail_level": 0 });
    let reply = kernel.ask("inspect_request", &request);
    assert_eq!((&reply["status"], &reply["found"]), (&json!("ok"), &json!(false)), "{reply}");
}

#[test]
fn the_type_of_a_variable_is_shown() {
    let mut kernel = kernel();
    kernel.execute("let words_of_wisdom = vec![String::from(\"a\")];").ok();
    let reply =
        kernel.ask("inspect_request", &json!({ "code": "words_of_wisdom", "cursor_pos": 3, "detail_level": 0 }));
    assert_eq!(reply["found"], true, "{reply}");
    assert!(plain(&reply["data"]).contains("Vec<"), "{reply}");
}

#[test]
fn a_question_mark_behind_a_name_opens_its_documentation_in_the_pager() {
    let cell = kernel().execute("recall?").ok();
    let payload = &cell.reply["payload"];
    assert_eq!(payload.as_array().map(Vec::len), Some(1), "{payload}");
    assert_eq!(payload[0]["source"], "page");
    assert!(payload[0]["start"].is_u64(), "{payload}");
    assert!(plain(&payload[0]["data"]).contains("percentiles 80 to 99"), "{payload}");
}

#[test]
fn a_cell_is_timed_on_request() {
    let cell = kernel().execute("%%time\nlet n = 1;\nstd::thread::sleep(std::time::Duration::from_millis(300));").ok();
    let text = stdout_of(&cell) + &stderr_of(&cell);
    let line = text.lines().find(|line| line.to_lowercase().contains("time"));
    assert!(line.is_some_and(|line| line.contains(|c: char| c.is_ascii_digit())), "{text:?}");
}

#[test]
fn variables_are_listed_in_a_table() {
    let mut kernel = kernel();
    kernel
        .execute(
            "let matrix_of_ten = ndarray::Array2::<f64>::zeros((2, 5));\n\
             let tensor_of_two = Tensor::<1>::from_floats([3.0, -2.0], &cpu());",
        )
        .ok();
    let cell = kernel.execute(":vars").ok();
    let displays = displays_of(&cell);
    assert_eq!(displays.len(), 1, "{:#?}", cell.outputs);
    let html = displays[0]["text/html"].as_str().unwrap().to_lowercase();
    for heading in ["name", "type", "shape", "memory", "device"] {
        assert!(html.contains(heading) && plain(displays[0]).to_lowercase().contains(heading), "no {heading}: {html}");
    }
    assert!(html.contains("<table") && html.contains("matrix_of_ten"), "{html}");
    let row = |name: &str| {
        let line = plain(displays[0]).lines().find(|line| line.contains(name));
        line.unwrap_or_else(|| panic!("no {name}: {}", plain(displays[0]))).to_owned()
    };
    let matrix = row("matrix_of_ten");
    assert!(matrix.contains("2 x 5") && matrix.contains("80") && matrix.contains("CPU"), "{matrix}");
    assert!(row("tensor_of_two").contains("Tensor"), "{}", row("tensor_of_two"));
}

// Comms.

#[test]
fn there_are_no_comms_and_unknown_ones_are_closed() {
    let mut kernel = kernel();
    assert_eq!(kernel.ask("comm_info_request", &json!({})), json!({ "status": "ok", "comms": {} }));
    let open = json!({ "comm_id": "c1", "target_name": "nobody", "data": {} });
    let id = kernel.send(Channel::Shell, "comm_open", &open);
    let limit = Duration::from_secs(5);
    let closed = kernel.expect(Channel::IoPub, limit, "comm_close", |m| m.answers(&id) && m.msg_type() == "comm_close");
    assert_eq!(closed.content["comm_id"], "c1");
}

// Questions to the user.

#[test]
fn a_cell_may_ask_the_user() {
    let mut kernel = kernel();
    let id = kernel.begin_with("let name = perturbook::input(\"name? \")?;", json!({ "allow_stdin": true }));
    let question = kernel.recv_stdin(Duration::from_secs(60));
    assert_eq!(question.msg_type(), "input_request");
    assert!(question.answers(&id));
    assert_eq!(question.content, json!({ "prompt": "name? ", "password": false }));
    kernel.reply("Ada: the first 😀");
    kernel.finish(&id).ok();
    assert_eq!(value_of(&kernel.execute("name").ok()), "\"Ada: the first 😀\"");
}

#[test]
fn a_password_is_asked_for_as_such() {
    let mut kernel = kernel();
    let id = kernel.begin_with("let secret = perturbook::password(\"key: \")?;", json!({ "allow_stdin": true }));
    let question = kernel.recv_stdin(Duration::from_secs(60));
    assert_eq!(question.content, json!({ "prompt": "key: ", "password": true }));
    kernel.reply("");
    kernel.finish(&id).ok();
    assert_eq!(value_of(&kernel.execute("secret.len()").ok()), "0");
}

#[test]
fn a_question_fails_when_nobody_can_answer() {
    let mut kernel = kernel();
    let cell = kernel.execute_with("let name = perturbook::input(\"name? \")?;", json!({ "allow_stdin": false }));
    assert_eq!(cell.failed("Err").reply["status"], "error");
    assert!(kernel.wait(Channel::Stdin, Duration::from_millis(300), |_| true).is_none());
}

// Control.

#[test]
fn an_interrupt_of_an_idle_kernel_changes_nothing() {
    let mut kernel = kernel();
    kernel.execute("let kept = 5;").ok();
    assert_eq!(kernel.interrupt(), json!({ "status": "ok" }));
    assert_eq!(value_of(&kernel.execute("kept").ok()), "5");
}

#[test]
fn messages_of_unknown_types_are_ignored() {
    let mut kernel = kernel();
    for channel in [Channel::Shell, Channel::Control, Channel::Stdin] {
        kernel.send(channel, "brew_coffee_request", &json!({ "sugar": 2 }));
        assert_eq!(value_of(&kernel.execute("1 + 1").ok()), "2");
    }
}

#[test]
fn a_kernel_that_is_shut_down_says_so_and_ends() {
    for restart in [true, false] {
        let mut kernel = Kernel::start();
        kernel.execute("let x = 1;").ok();
        let (reply, status) = kernel.shutdown(restart);
        assert_eq!(reply, json!({ "status": "ok", "restart": restart }));
        assert!(status.success(), "{status}");
    }
}

#[test]
fn a_kernel_can_be_shut_down_while_a_cell_runs() {
    let mut kernel = Kernel::start();
    let id =
        kernel.begin("println!(\"begun\");\nloop {\n    std::thread::sleep(std::time::Duration::from_millis(10))\n}");
    kernel.wait_for_print(&id, "begun");
    let below = kernel.children();
    let (_, status) = kernel.shutdown(false);
    assert!(status.success(), "{status}");
    assert!(client::until(Duration::from_secs(5), || !below.iter().any(|&pid| client::is_running(pid))));
}

#[test]
fn text_that_looks_like_the_kernels_own_is_only_text() {
    let cell = kernel().execute("println!(\"PERTURBOOK {{}}\");\n\"EVCXR_END_CONTENT\"").ok();
    assert_eq!(stdout_of(&cell), "PERTURBOOK {}\n");
    assert_eq!(value_of(&cell), "\"EVCXR_END_CONTENT\"");
}
