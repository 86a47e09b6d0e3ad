//! The same displays on stock evcxr, which knows nothing of our messages: one block of its protocol for each mime type.

use std::path::Path;
use std::process::Command;

use evcxr::{CommandContext, EvalContext};
use perturbook_kernel::facade::Facade;
use perturbook_kernel::workspace::Workspace;

/// A context as evcxr_jupyter makes it, with the library that the runner preloads; it stays while the second is held.
fn stock() -> (CommandContext, Facade) {
    let exe = Path::new(env!("CARGO_BIN_EXE_perturbook"));
    let facade = Facade::build(&Workspace::find().unwrap(), &mut |_| {}).unwrap();
    let (context, outputs) = EvalContext::with_subprocess_command(Command::new(exe)).unwrap();
    // Somebody must read what is printed; here nothing is.
    std::thread::spawn(move || outputs.stdout.iter().for_each(drop));
    let mut context = CommandContext::with_eval_context(context);
    context.execute(&format!(":build_env CARGO_ENCODED_RUSTFLAGS={}", facade.flags().join("\u{1f}"))).unwrap();
    context.execute(":opt 0").unwrap();
    context.execute("use perturbook::prelude::*;").unwrap();
    (context, facade)
}

#[test]
fn a_figure_and_a_table_show_themselves() {
    let (mut context, _facade) = stock();
    let figure = context
        .execute(
            "Curves::new(\"Loss\", \"epoch\", \"loss\").points(\"train\", &[1.0, 2.0], &[3.0, 1.0]).figure().unwrap()",
        )
        .unwrap();
    assert!(figure.get("text/plain").unwrap().contains("train: 2 points from (1, 3) to (2, 1)"));
    assert!(figure.get("image/svg+xml").unwrap().starts_with("<svg"));
    let plotly: serde_json::Value =
        serde_json::from_str(figure.get("application/vnd.plotly.v1+json").unwrap()).unwrap();
    assert!(plotly["data"].is_array());

    let table = context.execute("Table::new(\"T\").number(\"x\", &[1.5], 1).figure().unwrap()").unwrap();
    assert!(table.get("text/html").unwrap().contains("1.5"));
    assert!(table.get("text/plain").unwrap().contains("1.5"));
}
