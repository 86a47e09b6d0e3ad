//! Notebooks run with other parameters, and runs that are stopped.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use common::{Project, stderr, text};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

fn project() -> Project {
    let project = Project::new();
    project.notebook(
        "n.ipynb",
        &[
            "let epochs: usize = 3;\nlet device = \"auto\";\nlet genes: Option<u32> = None;",
            "println!(\"{} {device} {genes:?}\", epochs * 2);",
        ],
    );
    let path = project.path("n.ipynb");
    let mut notebook: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    notebook["cells"][0]["metadata"] = json!({ "tags": ["parameters"] });
    std::fs::write(path, notebook.to_string()).unwrap();
    project
}

fn run(project: &Project, settings: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perturbook"));
    command.arg("run").arg(project.path("n.ipynb")).arg("--out").arg(project.path("report"));
    settings.iter().for_each(|setting| {
        command.args(["--set", setting]);
    });
    command.output().unwrap()
}

#[test]
fn parameters_set_from_outside_reach_the_cells_behind_them() {
    let project = project();
    let output = run(&project, &["epochs=20", "device=cuda", "genes=7"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let cells = project.executed("n.ipynb")["cells"].as_array().unwrap().clone();
    assert_eq!(cells.len(), 3);
    assert_eq!(cells[1]["metadata"]["tags"], json!(["injected-parameters"]));
    assert_eq!(text(&cells[2]), "40 cuda Some(7)\n");
}

#[test]
fn unknown_names_and_wrong_types_are_refused_before_anything_runs() {
    let project = project();
    let output = run(&project, &["epoch=20", "epochs=-1"]);
    assert!(!output.status.success());
    let said = stderr(&output);
    assert!(said.contains("epoch") && said.contains("epochs: usize") && said.contains("-1"), "{said}");
    assert!(!project.path("report/n.ipynb").exists());
}

#[test]
fn ctrl_c_stops_a_run_politely_and_what_it_had_is_written() {
    let project = Project::new();
    project.notebook(
        "n.ipynb",
        &[
            "let mut done = 0;\nfor _ in progress(\"steps\", 0..600) {\n    if done == 3 { println!(\"three\"); }\n    \
             std::thread::sleep(std::time::Duration::from_millis(100));\n    done += 1;\n}\nprintln!(\"kept {done}\");",
            "println!(\"never\");",
        ],
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_perturbook"))
        .arg("run")
        .arg(project.path("n.ipynb"))
        .arg("--out")
        .arg(project.path("report"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("cell 1/2")));
    // The cell compiles for about a second; then its loop runs for a minute.
    std::thread::sleep(std::time::Duration::from_secs(4));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let rest: Vec<String> = said.collect();
    assert!(!child.wait().unwrap().success());
    assert!(rest.iter().any(|line| line.contains("stopped")), "{rest:#?}");
    let cells = project.executed("n.ipynb")["cells"].as_array().unwrap().clone();
    let shown = text(&cells[0]);
    assert!(shown.contains("stopped as asked") && shown.contains("kept "), "{shown}");
    assert_eq!(cells[1]["execution_count"], Value::Null);
}
