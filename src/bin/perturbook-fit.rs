//! `perturbook fit`: training without a notebook. `cargo book fit` builds and runs this.

fn main() -> std::process::ExitCode {
    perturbook::methods::command::main(std::env::args().skip(1))
}
