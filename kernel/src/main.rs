//! `perturbook`: the notebooks' kernel, their headless runner, and what belongs to them.

fn main() -> std::process::ExitCode {
    perturbook_kernel::main()
}
