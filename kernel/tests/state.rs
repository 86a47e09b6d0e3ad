//! Cells share one library: its state, burn's graphs and all variables live on from cell to cell.

mod common;

use common::{Project, stderr, text};

fn shown(cells: &[&str]) -> Vec<String> {
    let project = Project::new();
    project.notebook("state.ipynb", cells);
    let output = project.run(&project.path("state.ipynb"), &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    project.executed("state.ipynb")["cells"].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn a_counter_in_the_library_counts_across_cells() {
    let shown = shown(&[
        "let first = perturbook::cell::statements();",
        "let one = 1;",
        "println!(\"{}\", perturbook::cell::statements() - first);",
    ]);
    // From within the first statement: itself was counted already; the other two follow.
    assert_eq!(shown[2], "2\n");
}

#[test]
fn a_graph_built_in_one_cell_gives_its_gradient_in_the_next() {
    let shown = shown(&[
        "let x = Tensor::<1>::from_floats([3.0, -2.0], &Device::autodiff(cpu())).require_grad();\n\
         let y = (x.clone() * x.clone()).sum();",
        "let gradients = y.backward();",
        "println!(\"{:?}\", x.grad(&gradients).unwrap().into_data().to_vec::<f32>()?);",
    ]);
    assert_eq!(shown[2], "[6.0, -4.0]\n");
}

#[test]
fn types_are_inferred_for_variables_of_every_library() {
    let shown = shown(&[
        "use polars::prelude::*;\n\
         let frame = df![\"a\" => [1, 2, 3], \"b\" => [\"x\", \"y\", \"z\"]]?;\n\
         let (rows, mut copy) = (frame.height(), frame.clone());\n\
         let matrix = ndarray::array![[1.0, 2.0], [3.0, 4.0]];\n\
         let mut list = Vec::new();\n\
         list.push((rows, String::from(\"x\")));",
        "let rows = \"shadowed\";\nlet rows = rows.len();\n\
         let most = copy.clone().lazy().filter(col(\"a\").gt(lit(1))).collect()?;\n\
         println!(\"{rows} {:?} {} {}\", list, most.height(), matrix.dot(&matrix)[[1, 1]]);",
        "copy.with_column(Column::new(\"c\".into(), [0.5, 1.5, 2.5]))?;\ncopy.width()",
    ]);
    assert_eq!(shown[1], "8 [(3, \"x\")] 2 22\n");
    assert_eq!(shown[2], "3");
}

#[test]
fn several_outputs_of_one_cell_come_in_order() {
    let shown = shown(&["println!(\"before\");\ndisplay(&ndarray::array![1.0, 2.0]);\nprintln!(\"between\");\n\
         display(&ndarray::array![3.0, 4.0]);\neprintln!(\"aside\");\nprint!(\"after\");"]);
    let place = |what: &str| shown[0].find(what).unwrap_or_else(|| panic!("{what:?} not in {shown:?}"));
    assert!(place("before") < place("mean 1.5"));
    assert!(place("mean 1.5") < place("between"));
    assert!(place("between") < place("mean 3.5"));
    assert!(place("mean 3.5") < place("after"));
    assert!(shown[0].contains("aside"), "stderr is a pipe of its own: it comes, but where is not promised");
}

#[test]
fn the_first_question_mark_of_a_notebook_may_stand_in_what_it_shows() {
    let project = Project::new();
    project.notebook("table.ipynb", &["Table::new(\"T\").number(\"x\", &[1.5], 1).figure()?"]);
    let output = project.run(&project.path("table.ipynb"), &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let data = &project.executed("table.ipynb")["cells"][0]["outputs"][0]["data"];
    assert!(data["text/html"].to_string().contains("1.5"), "{data}");
}

#[test]
fn an_output_can_be_updated_in_place_from_a_later_cell() {
    let shown = shown(&[
        "perturbook::display::display_id(&ndarray::array![1.0, 2.0], \"x\");",
        "perturbook::display::update(&ndarray::array![5.0, 7.0], \"x\");",
    ]);
    assert!(shown[0].contains("mean 6"), "{shown:?}");
    assert_eq!(shown[1], "");
}
