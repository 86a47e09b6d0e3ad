//! `perturbook run --in-place`: outputs stored in the notebooks themselves.

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::{Project, stderr, text};
use serde_json::Value;

/// A notebook that shows text, messages, a progress bar, a value and a figure.
const CELLS: [&str; 3] = [
    "println!(\"before\");\neprintln!(\"a message\");\nprintln!(\"after\");",
    "let mut sum = 0;\nfor i in progress(\"steps\", 0..3) {\n    sum += i;\n}\nsum",
    "Table::new(\"T\").number(\"x\", &[1.5], 1).figure()?",
];

fn perturbook(project: &Project, command: &str, arguments: &[&str]) -> Output {
    let mut perturbook = Command::new(env!("CARGO_BIN_EXE_perturbook"));
    perturbook.arg(command).arg(project.path("n.ipynb")).args(arguments).output().unwrap()
}

fn run_in_place(project: &Project, arguments: &[&str]) -> Output {
    let out = project.path("report");
    perturbook(project, "run", &[&["--in-place", "--out", out.to_str().unwrap()], arguments].concat())
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn what_is_stored_is_checked_and_the_same_after_every_run() {
    let project = Project::new();
    project.notebook("n.ipynb", &CELLS);
    assert!(!perturbook(&project, "check", &[]).status.success(), "it was not executed yet");
    let output = run_in_place(&project, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let once = read(&project.path("n.ipynb"));
    let notebook: Value = serde_json::from_str(&once).unwrap();
    let cells = notebook["cells"].as_array().unwrap();
    assert_eq!(text(&cells[0]), "before\nafter\n");
    assert_eq!((text(&cells[1]).as_str(), &cells[2]["execution_count"]), ("3", &Value::from(3)));
    assert!(cells[2]["outputs"][0]["data"]["text/html"].to_string().contains("1.5"), "{cells:#?}");
    assert!(project.path("report/n.html").is_file() && project.path("report/n.ipynb").is_file());
    let output = perturbook(&project, "check", &[]);
    assert!(output.status.success(), "{}", stderr(&output));

    let output = run_in_place(&project, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(read(&project.path("n.ipynb")), once);

    std::fs::write(project.path("n.ipynb"), once.replace("0..3", "0..4")).unwrap();
    let output = perturbook(&project, "check", &[]);
    assert!(!output.status.success());
    let said = stderr(&output);
    assert!(said.contains("n.ipynb: cell 2 (c1)") && said.contains("cargo book run --in-place"), "{said}");
}

#[test]
fn a_notebook_that_fails_grows_too_large_or_changes_meanwhile_stays_as_it_was() {
    let cases = [
        ("panic!(\"boom\")".to_owned(), "boom"),
        (
            "for _ in 0..5 { display(&perturbook::display::Bundle::text(\"a\".repeat(700_000))); }".to_owned(),
            "output 3: 0.70 MB (text/plain)",
        ),
    ];
    for (cell, why) in cases {
        let project = Project::new();
        project.notebook("n.ipynb", &["1 + 1", &cell]);
        let before = read(&project.path("n.ipynb"));
        let output = run_in_place(&project, &[]);
        assert!(!output.status.success());
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
        assert_eq!(read(&project.path("n.ipynb")), before);
    }
    let project = Project::new();
    project.notebook(
        "n.ipynb",
        &["std::fs::write(\"n.ipynb\", std::fs::read_to_string(\"n.ipynb\")?.replace(\"fs\", \"io\"))?;"],
    );
    let output = run_in_place(&project, &[]);
    assert!(!output.status.success());
    assert!(stderr(&output).contains("changed while it ran"), "{}", stderr(&output));
    assert!(!read(&project.path("n.ipynb")).contains("fs::"), "the edit is lost");
}

#[test]
fn outputs_of_other_parameters_or_another_scale_are_not_stored() {
    let project = Project::new();
    project.notebook("n.ipynb", &["let x = 1;"]);
    for arguments in [["--quick"].as_slice(), &["--set", "x=2"]] {
        let output = run_in_place(&project, arguments);
        assert!(!output.status.success());
        assert!(stderr(&output).contains("without --quick"), "{}", stderr(&output));
    }
    assert!(!project.path("report").exists());
}
