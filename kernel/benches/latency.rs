//! How long a user waits for the kernel, and what it holds in memory, beside the stock kernel in one run:
//!
//! ```text
//! cargo bench --profile dev -p perturbook-kernel --bench latency
//! cargo bench --profile dev -p perturbook-kernel --bench latency -- --stock
//! cargo bench --profile dev -p perturbook-kernel --bench latency -- --stock --once
//! ```
//!
//! Prints a table of medians over several starts of each kernel, which take turns, and the ratio stock / ours; above 1
//! ours is faster or smaller. What is counted from the start of the process is measured on kernels of its own: the cell
//! is the first one there. A client asks for `kernel_info` first and waits 0.1 s for what else comes, as Jupyter's does;
//! a kernel is ready when that is answered, and a cell that comes before it can evaluate waits.
//! The memory is what the processes hold (resident), pages that they share counted for each.
//!
//! The stock kernel is `evcxr_jupyter` on the PATH or in `EVCXR_JUPYTER`; without it its column stays empty. It gets the
//! library by `:dep`, which compiles all dependencies: 20-40 minutes the first time, in the folder
//! `perturbook-stock-evcxr` among the temporary files. So library cells are measured there only with `--stock`; what is
//! counted from the start includes `:dep` and `use`. A library cell takes the stock kernel up to a minute; `--once` starts
//! each kernel once instead of three times and runs ten cells of a kind in it instead of twenty.

#[path = "../tests/client/mod.rs"]
mod client;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use client::{Executed, Kernel, displays_of, processes_under, rss_kib};

/// Starts of each kernel, and cells of a kind in each; with `--once`.
const STARTS: (usize, usize) = (3, 1);
const CELLS: (usize, usize) = (20, 10);
/// `:dep` may compile everything.
const PATIENCE: Duration = Duration::from_secs(2 * 60 * 60);

const TENSOR: &str = "let first = Tensor::<2>::ones([2, 3], &cpu());";
const FIGURE: &str =
    r#"Curves::new("Loss", "epoch", "loss").points("train", &[1.0, 2.0], &[3.0, 1.0]).figure().unwrap()"#;

/// Each `#` is another number in each round of these cells.
const TRIVIAL: [&str; 5] =
    ["1 + #", "let a# = # * 7;", r#"println!("{}", a# + 3);"#, "let b# = vec![1, 2, #];", r#""text".len() + b#.len()"#];
const LIBRARY: [&str; 10] = [
    "let x# = Tensor::<2>::ones([2, 3], &cpu()) * #;",
    "let y# = x#.clone().matmul(x#.clone().transpose());",
    r#"println!("{}", y#.clone().sum());"#,
    r#"let frame# = df!["a" => [1, 2, 3], "b" => [0.5, 1.5, #.5]].unwrap();"#,
    r#"let most# = frame#.clone().lazy().filter(col("a").gt(lit(#))).collect().unwrap();"#,
    "most#.height() + #",
    "pub struct Net# { pub weights: Tensor<2>, pub bias: Tensor<2> }\n\
     let net# = Net# { weights: Tensor::ones([3, 4], &cpu()), bias: Tensor::zeros([1, 4], &cpu()) };",
    "let z# = x#.clone().matmul(net#.weights.clone()) + net#.bias.clone();",
    "let layers# = vec![net#.weights.clone(), z#.clone()];",
    r#"println!("{:?} {:?}", layers#[1].dims(), frame#.shape());"#,
];

/// A kernel to be measured.
struct Program {
    path: PathBuf,
    arguments: &'static [&'static str],
    environment: Vec<(&'static str, PathBuf)>,
    /// Whether library cells are measured.
    library: bool,
    /// The cell that brings the library, where it is not there from the start.
    bring: Option<String>,
}

/// Measured figures, seconds or MB, by the name of their row.
#[derive(Default)]
struct Figures(HashMap<&'static str, Vec<f64>>);

fn main() -> Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let with_library = std::env::args().any(|argument| argument == "--stock");
    let once = std::env::args().any(|argument| argument == "--once");
    let (starts, cells) = if once { (STARTS.1, CELLS.1) } else { (STARTS.0, CELLS.0) };
    let (ours, stock) = (ours(), stock(with_library)?);
    client::built();
    if let (Some(stock), true) = (&stock, with_library) {
        eprintln!("compiling the library for the stock kernel; the first time takes 20-40 minutes");
        stock.start().bring_library();
    }
    let load = load();
    let mut figures = [Figures::default(), Figures::default()];
    for round in 1..=starts {
        for (program, figures) in [Some(&ours), stock.as_ref()].into_iter().zip(&mut figures) {
            if let Some(program) = program {
                eprintln!("round {round} of {starts}: {}", program.path.display());
                figures.measure(program, cells)?;
            }
        }
    }
    print_table(&figures);
    println!();
    println!("medians of {starts} starts and {} cells of a kind; ratio: stock / ours", starts * cells);
    println!("{} cores; load average {load} before, {} after", std::thread::available_parallelism()?, self::load());
    match stock {
        None => {
            println!("no stock kernel found: cargo install evcxr_jupyter --version 0.22.0, or name it in EVCXR_JUPYTER")
        }
        Some(_) if !with_library => println!("library cells on the stock kernel: add `-- --stock`"),
        Some(_) => {}
    }
    Ok(())
}

fn ours() -> Program {
    Program {
        path: client::program(),
        arguments: &["kernel", "--connection-file"],
        environment: Vec::new(),
        library: true,
        bring: None,
    }
}

/// The stock kernel, where there is one.
fn stock(library: bool) -> Result<Option<Program>> {
    let named = std::env::var_os("EVCXR_JUPYTER").map(PathBuf::from);
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || std::env::split_paths(&folders).map(|folder| folder.join("evcxr_jupyter")).find(|f| f.is_file());
    let Some(path) = named.or_else(on_path) else { return Ok(None) };
    ensure!(path.is_file(), "there is no {}, which EVCXR_JUPYTER names", path.display());

    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the kernel's folder has no parent")?;
    // Not beside the program: cells of the stock kernel look for Rust's library by a relative path that is one folder off,
    // which only does no harm where the folder shares no parent with the toolchain.
    let folder = std::env::temp_dir().join("perturbook-stock-evcxr");
    std::fs::create_dir_all(folder.join("no-settings"))?;
    // As it comes, without its user's settings.
    let mut environment = vec![("EVCXR_CONFIG_DIR", folder.join("no-settings"))];
    if library {
        environment.push(("EVCXR_TMPDIR", folder));
    }
    let facade = checkout.join("kernel/facade");
    let dep = format!(":dep perturbook = {{ package = \"perturbook-facade\", path = {facade:?} }}");
    let bring = Some(format!("{dep}\nuse perturbook::prelude::*;"));
    Ok(Some(Program { path, arguments: &["--control_file"], environment, library, bring }))
}

/// A kernel that runs, and what it is.
struct Running<'a> {
    kernel: Kernel,
    program: &'a Program,
}

impl Program {
    fn start(&self) -> Running<'_> {
        let kernel = Kernel::start_program(&self.path, self.arguments, |command| {
            command.envs(self.environment.iter().map(|(name, value)| (name, value)));
            if self.bring.is_some() {
                // The stock kernel looks for compiled cells in its own folder.
                command.env_remove("CARGO_TARGET_DIR");
            }
        });
        Running { kernel, program: self }
    }
}

impl Running<'_> {
    /// Runs a cell, which must succeed.
    fn run(&mut self, code: &str) -> Executed {
        self.kernel.execute_within(code, PATIENCE).ok()
    }

    fn bring_library(&mut self) {
        if let Some(cell) = &self.program.bring {
            self.run(cell);
        }
    }

    /// Seconds since the process was started.
    fn age(&self) -> f64 {
        self.kernel.started().elapsed().as_secs_f64()
    }

    /// Runs `n` cells, no two the same; the seconds of each.
    fn several(&mut self, cells: &[&str], n: usize) -> Vec<f64> {
        let text = |i: usize| cells[i % cells.len()].replace('#', &(i / cells.len() + 1).to_string());
        (0..n).map(|i| self.run(&text(i)).seconds).collect()
    }
}

impl Figures {
    /// One round of a kernel: three starts, each with another first cell.
    fn measure(&mut self, program: &Program, cells: usize) -> Result<()> {
        let mut kernel = program.start();
        self.add("ready", (kernel.kernel.answered() - kernel.kernel.started()).as_secs_f64());
        kernel.run("6 * 7");
        self.add("first cell", kernel.age());
        self.0.entry("trivial cell").or_default().extend(kernel.several(&TRIVIAL, cells));
        self.memory(&kernel.kernel, ["trivial sum", "trivial kernel", "trivial evaluating", "trivial relay"]);
        if !program.library {
            return Ok(());
        }

        let mut kernel = program.start();
        kernel.bring_library();
        kernel.run(TENSOR);
        self.add("first library cell", kernel.age());
        kernel.run("use polars::prelude::*;");
        self.0.entry("library cell").or_default().extend(kernel.several(&LIBRARY, cells));
        self.memory(&kernel.kernel, ["library sum", "library kernel", "library evaluating", "library relay"]);

        let mut kernel = program.start();
        kernel.bring_library();
        let shown = kernel.run(FIGURE);
        self.add("first figure", kernel.age());
        ensure!(displays_of(&shown).iter().any(|data| !data["image/svg+xml"].is_null()), "no figure: {shown:#?}");
        Ok(())
    }

    fn add(&mut self, row: &'static str, figure: f64) {
        self.0.entry(row).or_default().push(figure);
    }

    /// What a kernel's processes hold: in sum, the kernel, the evaluating process below it, and the relay below that.
    fn memory(&mut self, kernel: &Kernel, rows: [&'static str; 4]) {
        let megabytes = |processes: &[u32]| processes.iter().map(|&pid| rss_kib(pid)).sum::<u64>() as f64 * 1.024e-3;
        let all = kernel.children();
        let relays: Vec<u32> = all.iter().flat_map(|&pid| processes_under(pid)).collect();
        let evaluating: Vec<u32> = all.into_iter().filter(|pid| !relays.contains(pid)).collect();
        let [sum, own, below, last] = rows;
        let parts = [(own, megabytes(&[kernel.pid()])), (below, megabytes(&evaluating)), (last, megabytes(&relays))];
        self.add(sum, parts.iter().map(|(_, figure)| figure).sum());
        parts.into_iter().for_each(|(row, figure)| self.add(row, figure));
    }

    fn median(&self, row: &str) -> Option<f64> {
        let mut figures = self.0.get(row)?.clone();
        figures.sort_by(f64::total_cmp);
        let half = figures.len() / 2;
        Some(if figures.len() % 2 == 1 { figures[half] } else { (figures[half - 1] + figures[half]) / 2.0 })
    }
}

fn print_table([ours, stock]: &[Figures; 2]) {
    let seconds = [
        ("ready", "kernel ready, since its start"),
        ("first cell", "first cell done (6 * 7), since the start"),
        ("first library cell", "first library cell done (a tensor), since the start"),
        ("first figure", "first figure shown, since the start"),
        ("trivial cell", "trivial cell"),
        ("library cell", "library cell"),
    ];
    let megabytes = [
        ("trivial sum", "memory after the trivial cells"),
        ("trivial kernel", "  kernel"),
        ("trivial evaluating", "  evaluating process"),
        ("trivial relay", "  relay"),
        ("library sum", "memory after the library cells"),
        ("library kernel", "  kernel"),
        ("library evaluating", "  evaluating process"),
        ("library relay", "  relay"),
    ];
    println!("{:<54} {:>9} {:>9} {:>7}", "", "ours", "stock", "ratio");
    let rows = seconds.map(|row| (row, 2, "s")).into_iter().chain(megabytes.map(|row| (row, 0, "MB")));
    for ((row, title), digits, unit) in rows {
        let (ours, stock) = (ours.median(row), stock.median(row));
        let cell = |figure: Option<f64>| figure.map(|figure| format!("{figure:.digits$} {unit}")).unwrap_or_default();
        let ratio = ours
            .zip(stock)
            .filter(|(ours, stock)| ours.min(*stock) > 0.0)
            .map(|(ours, stock)| format!("{:.1}", stock / ours));
        println!("{title:<54} {:>9} {:>9} {:>7}", cell(ours), cell(stock), ratio.unwrap_or_default());
    }
}

/// The machine's load of the last minute, where Linux says it.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}
