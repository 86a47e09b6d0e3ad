//! Notebooks that `perturbook run` executes beside each other.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Project, stderr, text};
use rustix::process::{Pid, Signal, kill_process};

/// Says that it is here, waits until the other one says so, and prints what it saw.
fn meets(own: &str, other: &str) -> String {
    format!(
        "std::fs::write({own:?}, \"here\")?;\nlet mut seen = false;\nfor _ in 0..600 {{\n    \
         seen = std::path::Path::new({other:?}).exists();\n    if seen {{ break; }}\n    \
         std::thread::sleep(std::time::Duration::from_millis(100));\n}}\nprintln!(\"{own} saw {other}: {{seen}}\");"
    )
}

#[test]
fn two_notebooks_run_at_a_time_and_the_index_keeps_their_order() {
    let project = Project::new();
    project.notebook("a.ipynb", &[&meets("a", "b")]);
    project.notebook("b.ipynb", &[&meets("b", "a")]);
    project.notebook("c.ipynb", &["println!(\"c\");"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_perturbook"));
    command.args(["run", "--jobs", "2", "--out"]).arg(project.path("report"));
    let output = command.args(["a.ipynb", "b.ipynb", "c.ipynb"].map(|name| project.path(name))).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let shown = |name: &str| text(&project.executed(name)["cells"][0]);
    assert_eq!(shown("a.ipynb"), "a saw b: true\n");
    assert_eq!(shown("b.ipynb"), "b saw a: true\n");
    assert_eq!(shown("c.ipynb"), "c\n");
    let index = std::fs::read_to_string(project.path("report/index.html")).unwrap();
    let places = ["a.html", "b.html", "c.html"].map(|page| index.find(page).expect("a page"));
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_notebook_that_fails_does_not_keep_another_from_its_end() {
    let project = Project::new();
    project.notebook("bad.ipynb", &["panic!(\"boom\")"]);
    project.notebook("good.ipynb", &["1 + 1", "2 + 2"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_perturbook"));
    command.args(["run", "--jobs", "2", "--out"]).arg(project.path("report"));
    let output = command.args(["bad.ipynb", "good.ipynb"].map(|name| project.path(name))).output().unwrap();
    assert!(!output.status.success());
    assert!(stderr(&output).contains("bad.ipynb: cell [1], line 1 failed"), "{}", stderr(&output));
    assert_eq!(text(&project.executed("good.ipynb")["cells"][1]), "4");
}

#[test]
fn ctrl_c_stops_both_once() {
    let project = Project::new();
    let steps = "let mut done = 0;\nfor _ in progress(\"steps\", 0..600) {\n    \
                 std::thread::sleep(std::time::Duration::from_millis(100));\n    done += 1;\n}\nprintln!(\"kept {done}\");";
    project.notebook("a.ipynb", &[steps]);
    project.notebook("b.ipynb", &[steps]);
    project.notebook("c.ipynb", &["println!(\"never\");"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_perturbook"));
    command.args(["run", "--jobs", "2", "--out"]).arg(project.path("report"));
    command.args(["a.ipynb", "b.ipynb", "c.ipynb"].map(|name| project.path(name)));
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut begun = 0;
    while begun < 2 {
        begun += usize::from(said.next().expect("both begin").contains("cell 1/1"));
    }
    // The cells compile for a second or two; then their loops run for a minute.
    std::thread::sleep(Duration::from_secs(6));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let rest: Vec<String> = said.collect();
    assert!(!child.wait().unwrap().success());
    assert!(rest.iter().any(|line| line.contains("c.ipynb was not run")), "{rest:#?}");
    for name in ["a.ipynb", "b.ipynb"] {
        let shown = text(&project.executed(name)["cells"][0]);
        assert!(shown.contains("stopped as asked") && shown.contains("kept "), "{name}: {shown}");
    }
    assert!(!project.path("report/c.ipynb").exists());
}
