//! Commands that begin with a colon, and crates of the user's own.

mod client;

use client::{Kernel, displays_of, error_of, value_of};

#[test]
fn a_crate_of_the_users_own_works_beside_the_library() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    let manifest = "[package]\nname = \"mine\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    std::fs::write(
        folder.path().join("src/lib.rs"),
        "pub struct Answer(pub u8);\npub fn answer() -> Answer { Answer(42) }",
    )
    .unwrap();
    let mut kernel = Kernel::start();
    kernel.execute(&format!(":dep mine = {{ path = {:?} }}", folder.path())).ok();
    kernel.execute("let answer = mine::answer();\nlet tensor = Tensor::<1>::from_floats([1.0, 2.0], &cpu());").ok();
    let cell = kernel.execute("format!(\"{} {:?}\", answer.0, tensor.dims())").ok();
    assert_eq!(value_of(&cell), "\"42 [2]\"");
    kernel.shutdown(false);
}

#[test]
fn restart_loses_variables_and_keeps_what_was_defined_and_clear_forgets_all() {
    let mut kernel = Kernel::start();
    kernel.execute("let x = 5;\nfn double(x: i32) -> i32 { 2 * x }").ok();
    kernel.execute(":restart").ok();
    let lost = kernel.execute("x").failed("CompileError");
    assert!(error_of(&lost)["evalue"].as_str().unwrap().contains("`x`"));
    assert_eq!(value_of(&kernel.execute("double(4)").ok()), "8");
    kernel.execute("panic!(\"still reported\")").failed("Panic");
    kernel.execute(":clear").ok();
    kernel.execute("double(4)").failed("CompileError");
    let figure = kernel.execute("Table::new(\"T\").number(\"x\", &[1.5], 1).figure()?").ok();
    assert!(value_of(&figure).contains("1.5"), "the library and its prelude are there again");
    kernel.shutdown(false);
}

#[test]
fn commands_show_one_object_and_those_for_the_front_end_say_so() {
    let mut kernel = Kernel::start();
    let help = kernel.execute(":help").ok();
    assert_eq!(displays_of(&help).len(), 1, "{:#?}", help.outputs);
    kernel.execute(":quit").failed("Error");
    kernel.execute("let x = 1;\n:restart").failed("Error");
    assert_eq!(value_of(&kernel.execute("6 * 7").ok()), "42");
    kernel.shutdown(false);
}
