//! `cargo book run`: notebooks executed headless, each in a fresh kernel, two at a time, with a report page for each.

mod beside;
mod stop;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::environment;
use crate::facade::Facade;
use crate::notebook::{Notebook, write_whole};
use crate::parameters::parse_setting;
use crate::report::{self, IndexEntry, PageMeta};
use crate::session::{Event, Failure, Front, Outcome, Session, timed};
use crate::stored;
use crate::workspace::Workspace;
use stop::{Running, Stop};

/// What `cargo book run` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Notebooks, or folders of notebooks [default: the project's notebooks]
    notebooks: Vec<PathBuf>,
    /// Folder for the executed notebooks and the pages
    #[arg(long, default_value = "report")]
    out: PathBuf,
    /// Small scale, for a first look and for tests: simulated screens are a third of their size
    #[arg(long)]
    quick: bool,
    /// Gives a variable of the cell tagged `parameters` another value, for instance `--set epochs=20`
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    settings: Vec<(String, String)>,
    /// Stores the outputs in the notebooks themselves as well, in those whose every cell succeeded
    #[arg(long)]
    in_place: bool,
    /// Notebooks that run at a time [default: 2, on one core 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    jobs: Option<u8>,
    /// Writes what the index would say to this file, instead of an index: for a run that runs others
    #[arg(long, hide = true)]
    entry: Option<PathBuf>,
}

/// Runs the notebooks; true when every cell of every notebook succeeded.
pub fn run(options: &Options) -> Result<bool> {
    let scaled = options.quick || std::env::var_os("PERTURBOOK_QUICK").is_some();
    if options.in_place && (scaled || !options.settings.is_empty()) {
        bail!(
            "--in-place stores what a notebook shows at full scale and with its own parameters: run it without --quick, \
             PERTURBOOK_QUICK and --set"
        );
    }
    let _home = environment::enter()?;
    let workspace = Workspace::find()?;
    let paths = workspace.notebooks(&options.notebooks)?;
    check_names(&paths)?;
    // A file that cannot be read, and a setting that no notebook takes, is said now, not after the library was built.
    let read = |path: &PathBuf| {
        let mut notebook = Notebook::read(path)?;
        notebook.set(&options.settings).with_context(|| path.display().to_string())?;
        Ok((path.clone(), notebook))
    };
    let notebooks = paths.iter().map(read).collect::<Result<Vec<_>>>()?;
    std::fs::create_dir_all(&options.out).with_context(|| format!("cannot create {}", options.out.display()))?;
    let out = options.out.canonicalize()?;
    for path in &paths {
        if stem(path) == "index" {
            bail!("{} would overwrite the report's index: rename the notebook", path.display());
        }
        if path.canonicalize()?.parent() == Some(&out) {
            bail!("{} lies in the report's folder and would be overwritten: choose another --out", path.display());
        }
    }
    let facade = Facade::open(&workspace, &mut |text| eprint!("{text}"))?;
    let stop = Stop::listen()?;
    let jobs = options.jobs.map_or(cores().min(2), usize::from).min(notebooks.len());
    let (entries, passed) = match jobs {
        0 | 1 => one_by_one(notebooks, options, &facade, &stop)?,
        _ => beside::run(&paths, jobs, options, &stop)?,
    };
    if let Some(file) = &options.entry {
        if let Some(entry) = entries.first() {
            write_whole(file, &serde_json::to_vec(entry)?)?;
        }
        return Ok(passed);
    }
    let index = options.out.join("index.html");
    write_whole(&index, report::index(&entries).as_bytes())?;
    println!("report: {}", index.display());
    Ok(passed)
}

/// Runs the notebooks in this process. What the index says of them, and whether all passed.
fn one_by_one(
    notebooks: Vec<(PathBuf, Notebook)>,
    options: &Options,
    facade: &Facade,
    stop: &Stop,
) -> Result<(Vec<IndexEntry>, bool)> {
    let rustc = rustc_version();
    let mut entries = Vec::new();
    let mut passed = true;
    for (path, notebook) in notebooks {
        let (notebook, entry) = run_one(&path, notebook, options, facade, &rustc, stop)?;
        passed &= entry.passed;
        if options.in_place
            && entry.passed
            && let Err(error) = stored::write(&path, &notebook)
        {
            eprintln!("\n{} is left as it was: {error:#}\n", path.display());
            passed = false;
        }
        entries.push(entry);
        if stop.requested() {
            eprintln!("stopped as asked: the notebooks after {} were not run", path.display());
            passed = false;
            break;
        }
    }
    Ok((entries, passed))
}

/// Refuses two notebooks whose pages would have one name.
fn check_names(paths: &[PathBuf]) -> Result<()> {
    let mut names: Vec<_> = paths.iter().map(|path| stem(path)).collect();
    names.sort();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        bail!("two notebooks are called {:?} and would overwrite each other's page: rename one", twice[0]);
    }
    Ok(())
}

/// Executes a notebook and writes it and its page into the report; returns it as executed, and what the index says.
fn run_one(
    path: &Path,
    mut notebook: Notebook,
    options: &Options,
    facade: &Facade,
    rustc: &str,
    stop: &Stop,
) -> Result<(Notebook, IndexEntry)> {
    let name = stem(path);
    let cells = notebook.code_cells();
    let executed = options.out.join(format!("{name}.ipynb"));
    let before = Notebook::read(&executed).map(|earlier| report::cell_seconds(earlier.json())).unwrap_or_default();
    notebook.prepare(rustc);

    let started = Instant::now();
    let started_at = jiff::Zoned::now();
    let mut progress = Progress::new(&name, &cells, before, options.entry.is_none());
    progress.say("starting the kernel");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().with_context(|| format!("no folder {}", folder.display()))?;
    let mut session = Session::start(facade, &folder, options.quick)?;
    stop.watch(0, Running::Session(session.interrupter()));

    let mut failed: Option<(usize, Failure)> = None;
    for (done, &cell) in cells.iter().enumerate() {
        if stop.requested() {
            failed = Some((done + 1, Failure::new("Interrupted", "the run was stopped before this cell as asked")));
            break;
        }
        let source = notebook.source(cell);
        progress.cell(done, &source);
        let start = now();
        let view = View(Mutex::new((&mut notebook, &mut progress)), cell, done + 1);
        let outcome = session.execute(&source, &view);
        if timed(&source) {
            let times = session.times();
            view.show(Event::Stream { name: "stdout".to_owned(), text: times.to_string() });
        }
        notebook.executed(cell, done + 1, &start, &now());
        match outcome {
            Outcome::Done => {}
            Outcome::Stopped => {
                failed = Some((done + 1, Failure::new("Interrupted", "the run was stopped here as asked")));
                break;
            }
            Outcome::Failed(failure) => {
                notebook.fail(cell, &failure);
                failed = Some((done + 1, failure));
                break;
            }
        }
    }
    let environment = if failed.is_none() { session.environment() } else { Vec::new() };
    drop(session);

    notebook.settle();
    notebook.write(&executed)?;
    let meta = PageMeta {
        name: name.clone(),
        started: started_at.strftime("%Y-%m-%d %H:%M %Z").to_string(),
        seconds: started.elapsed().as_secs_f64(),
        environment: machine(rustc, options.quick).into_iter().chain(environment).collect(),
    };
    let page = options.out.join(format!("{name}.html"));
    write_whole(&page, report::page(notebook.json(), &meta)?.as_bytes())?;
    progress.finished(started.elapsed(), failed.is_none());
    if let Some((count, failure)) = &failed {
        let line = failure.line.map(|line| format!(", line {line}")).unwrap_or_default();
        eprintln!("\n{}: cell [{count}]{line} failed\n{}\n", path.display(), indent(&failure.plain()));
    }
    let entry = report::index_entry(notebook.json(), &meta, failed.is_none());
    Ok((notebook, entry))
}

/// A cell's outputs go into the notebook and, in short, to the terminal.
struct View<'a>(Mutex<(&'a mut Notebook, &'a mut Progress)>, usize, usize);

impl Front for View<'_> {
    fn show(&self, event: Event) {
        let View(parts, cell, count) = self;
        let mut parts = parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.1.output(&event);
        parts.0.add(*cell, *count, event);
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "notebook".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect::<String>().trim_end().to_owned()
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// The version of the Rust compiler, such as `1.95.0`.
pub fn rustc_version() -> String {
    let output = std::process::Command::new("rustc").arg("--version").output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    text.split_whitespace().nth(1).unwrap_or("unknown").to_owned()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// What the page says of the machine.
fn machine(rustc: &str, quick: bool) -> Vec<(String, String)> {
    [
        ("perturbook", env!("CARGO_PKG_VERSION").to_owned()),
        ("rustc", rustc.to_owned()),
        ("system", format!("{} {}, {} cores", std::env::consts::OS, std::env::consts::ARCH, cores())),
        ("scale", if quick { "quick" } else { "full" }.to_owned()),
    ]
    .into_iter()
    .map(|(label, value)| (label.to_owned(), value))
    .collect()
}

/// One line on a terminal that changes in place; one line a cell elsewhere, and where notebooks run beside each other.
struct Progress {
    name: String,
    /// Seconds that each cell took in an earlier run, where known.
    expected: Vec<Option<f64>>,
    started: Instant,
    cell_started: Instant,
    terminal: bool,
}

impl Progress {
    fn new(name: &str, cells: &[usize], before: Vec<Option<f64>>, alone: bool) -> Self {
        let expected = cells.iter().map(|&cell| before.get(cell).copied().flatten()).collect();
        let now = Instant::now();
        Self {
            name: name.to_owned(),
            expected,
            started: now,
            cell_started: now,
            terminal: alone && std::io::stderr().is_terminal(),
        }
    }

    fn say(&self, what: &str) {
        let mut err = std::io::stderr().lock();
        // A terminal line that vanishes at worst: nothing to do about an error here.
        let _ = if self.terminal {
            write!(err, "\r\u{1b}[2K{}: {what}", self.name).and_then(|()| err.flush())
        } else {
            writeln!(err, "{}: {what}", self.name)
        };
    }

    fn cell(&mut self, done: usize, source: &str) {
        self.cell_started = Instant::now();
        let first = source.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let first: String = first.chars().take(48).collect();
        let left = self.left(done).map(|left| format!(", about {} left", clock(left))).unwrap_or_default();
        let elapsed = clock(self.started.elapsed());
        self.say(&format!("cell {}/{} [{elapsed}{left}] {first}", done + 1, self.expected.len()));
    }

    /// What earlier runs say of the cells left, or the mean so far where they say nothing.
    fn left(&self, done: usize) -> Option<Duration> {
        let mean = (done > 0).then(|| self.started.elapsed().as_secs_f64() / done as f64);
        let left: Option<f64> = self.expected[done..].iter().map(|seconds| seconds.or(mean)).sum();
        left.map(Duration::from_secs_f64)
    }

    /// On a terminal the last line a long cell prints is shown behind the cell.
    fn output(&self, event: &Event) {
        if let (true, Event::Stream { text, .. }) = (self.terminal, event)
            && let Some(line) = text.lines().rev().find(|line| !line.trim().is_empty())
        {
            let line: String = line.trim().chars().take(60).collect();
            self.say(&format!("[{}] {line}", clock(self.started.elapsed())));
        }
    }

    fn finished(&self, took: Duration, passed: bool) {
        let word = if passed { "passed" } else { "FAILED" };
        self.say(&format!("{word}, {} cells in {}", self.expected.len(), clock(took)));
        if self.terminal {
            eprintln!();
        }
    }
}

fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }
}
