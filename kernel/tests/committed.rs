//! The project's own notebooks, as they are committed.

use std::process::Command;

#[test]
fn the_outputs_of_the_projects_notebooks_belong_to_their_cells() {
    let output = Command::new(env!("CARGO_BIN_EXE_perturbook")).arg("check").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
