//! A notebook with a failing cell fails the run, and says which cell, which line and why.

mod common;

use common::{Project, stderr, text};
use serde_json::Value;

/// Runs a notebook whose second cell fails; returns what was said and the executed cells.
fn failing(second: &str) -> (String, Vec<Value>) {
    let project = Project::new();
    project.notebook("broken.ipynb", &["let a = 5;\nprintln!(\"first {a}\");", second, "println!(\"never\");"]);
    let output = project.run(&project.path("broken.ipynb"), &[]);
    assert!(!output.status.success(), "a failing cell must fail the run");
    let executed = project.executed("broken.ipynb");
    assert!(project.path("report").join("broken.html").is_file(), "what was executed is still written");
    (stderr(&output), executed["cells"].as_array().unwrap().clone())
}

fn check(second: &str, kind: &str, line: usize, says: &str) {
    let (stderr, cells) = failing(second);
    assert_eq!(text(&cells[0]), "first 5\n");
    let error = cells[1]["outputs"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(error["output_type"], "error", "{error}");
    assert_eq!(error["ename"], kind, "{error}");
    assert!(error["evalue"].as_str().unwrap().contains(says), "{error}");
    assert!(stderr.contains(&format!("broken.ipynb: cell [2], line {line} failed")), "{stderr}");
    let source = second.lines().nth(line - 1).unwrap();
    assert!(stderr.contains(source) && stderr.contains(says), "{stderr}");
    assert_eq!(cells[2]["execution_count"], Value::Null, "later cells are not run");
    assert_eq!(cells[2]["outputs"].as_array().unwrap().len(), 0);
}

#[test]
fn a_panic_names_its_line_inside_a_block() {
    check("let v: Vec<u8> = vec![];\nif a > 2 {\n    println!(\"{}\", v[a as usize]);\n}", "Panic", 3, "out of bounds");
}

#[test]
fn a_panic_inside_a_library_names_the_statement() {
    check(
        "// two matrices that do not fit\nlet m = ndarray::Array2::<f64>::zeros((2, 3));\nlet p = m.dot(&m);",
        "Panic",
        3,
        "not compatible for matrix multiplication",
    );
}

#[test]
fn a_panic_on_a_worker_thread_keeps_its_message() {
    check(
        "let n = a;\nstd::thread::scope(|s| s.spawn(|| panic!(\"worker {n}\")).join().map_err(|e| std::panic::resume_unwind(e)).ok());",
        "Panic",
        2,
        "worker 5",
    );
}

#[test]
fn an_error_inside_a_macro_names_its_line() {
    check("let b = a;\nprintln!(\"{b} {}\", \"300\".parse::<u8>()?);", "Err", 2, "number too large");
}

#[test]
fn an_error_that_leaves_through_a_question_mark_names_its_line() {
    check("let b = a + 1;\nlet n: u8 = \"300\".parse()?;", "Err", 2, "number too large to fit in target type");
}

#[test]
fn an_error_of_the_library_shows_place_and_fix() {
    let (stderr, _) =
        failing("let e = Embedding::read_parquet(\"none.parquet\", perturbook::screen::ColumnChoice::numbered())?;");
    assert!(stderr.contains("none.parquet") && stderr.contains("fix:"), "{stderr}");
}

#[test]
fn a_type_error_names_its_line() {
    check("let b = 1;\nlet c: String = a + b;", "CompileError", 2, "mismatched types");
}

#[test]
fn a_borrow_error_names_its_line() {
    check("let s = String::from(\"x\");\nlet t = s;\nprintln!(\"{s}\");", "CompileError", 3, "borrow of moved value");
}

#[test]
fn a_crash_of_the_evaluating_process_is_a_failure() {
    let (stderr, cells) = failing("println!(\"last words\");\nstd::process::abort();");
    assert!(text(&cells[1]).contains("last words"));
    assert!(stderr.contains("Crash") && stderr.contains("all variables are lost"), "{stderr}");
}

#[test]
fn a_syntax_error_is_a_failure() {
    let (stderr, _) = failing("let = 5;");
    assert!(stderr.contains("CompileError"), "{stderr}");
}
