//! `perturbook data`: public datasets, and what files are. `cargo book data` builds and runs this.

fn main() -> std::process::ExitCode {
    perturbook::datasets::command::main(std::env::args().skip(1))
}
