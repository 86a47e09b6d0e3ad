//! `perturbook fit`, driven as a user drives it, with a small method of this test's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use ndarray::{Array2, arr1};
use perturbook::methods::command::{Arguments, Failure, fit_with, main_with};
use perturbook::methods::{Method, Plan};
use perturbook::nn::State;
use perturbook::screen::{Embedding, Payload, Screen};
use perturbook::tensor::Device;
use perturbook::train::{
    Data, Ended, FitConfig, History, Learner, Observer, Settings as Json, Step, Terms, Uniform, fit,
};
use perturbook::{Error, Result};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// Learns the mean of the first number of each cell by small steps.
struct Mean {
    value: f32,
    plan: Plan<Settings>,
    history: History,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    rate: f64,
    batch: usize,
    /// Milliseconds of each step.
    pause: u64,
    noise: Option<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rate: 0.05, batch: 32, pause: 0, noise: None }
    }
}

struct Learning {
    value: f32,
    settings: Settings,
}

impl Learner for Learning {
    type Batch = Vec<f32>;

    fn learn(&mut self, batch: Vec<f32>, at: &Step) -> Result<Terms> {
        std::thread::sleep(Duration::from_millis(self.settings.pause));
        let noise = self.settings.noise.map_or(0.0, |size| size as f32 * at.noise().random::<f32>());
        let terms = self.judge(batch.clone(), at)?.finite(at)?;
        let mean = batch.iter().sum::<f32>() / batch.len() as f32 + noise;
        self.value += self.settings.rate as f32 * (mean - self.value);
        Ok(terms)
    }

    fn judge(&mut self, batch: Vec<f32>, _: &Step) -> Result<Terms> {
        let loss = batch.iter().map(|x| f64::from(x - self.value).powi(2)).sum::<f64>() / batch.len() as f64;
        Ok(Terms(vec![("loss", loss), ("distance", loss.sqrt())]))
    }

    fn state(&self) -> State {
        let mut state = State::default();
        state.insert("value", arr1(&[self.value]).into_dyn());
        state
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        self.value = value_of(state)?;
        Ok(())
    }

    fn method(&self) -> &str {
        Mean::NAME
    }

    fn settings(&self) -> Json {
        serde_json::to_value(&self.settings).unwrap_or_default()
    }
}

fn value_of(state: &State) -> Result<f32> {
    state.get("value").and_then(|value| value.first().copied()).ok_or_else(|| Error::new("no mean"))
}

/// The first number of each cell.
fn numbers(screen: &Screen) -> Result<Vec<f32>> {
    match screen.payload() {
        Payload::Features(_) => Ok(screen.features()?.column(0).to_vec()),
        Payload::Counts(_) => Ok(screen.counts()?.library_sizes().iter().map(|&size| size as f32 / 1e3).collect()),
        Payload::Images(_) => Ok((0..screen.len())
            .map(|row| screen.read_images(&[row]).map(|image| image.mean().unwrap_or_default()))
            .collect::<Result<_>>()?),
    }
}

impl Method for Mean {
    type Settings = Settings;
    const NAME: &'static str = "mean";

    fn paper() -> Plan<Settings> {
        Plan { settings: Settings::default(), run: FitConfig { epochs: 100, ..FitConfig::default() } }
    }

    fn quick() -> Plan<Settings> {
        Plan { settings: Settings::default(), run: FitConfig { epochs: 3, ..FitConfig::default() } }
    }

    fn fit(screen: &Screen, plan: &Plan<Settings>, _: &Device, observer: &mut dyn Observer) -> Result<Self> {
        let numbers = numbers(screen)?;
        let sampler = Uniform::new((0..numbers.len()).collect(), plan.settings.batch, plan.run.seed)?;
        let load =
            |rows: &Vec<usize>, _: &mut rand_chacha::ChaCha8Rng| Ok(rows.iter().map(|&row| numbers[row]).collect());
        let fingerprint = format!("{} cells", screen.len());
        let validation = vec![(0..numbers.len().min(50)).collect()];
        let data = Data { sampler: &sampler, load: &load, validation, fingerprint };
        let mut learning = Learning { value: 0.0, settings: plan.settings.clone() };
        let history = fit(&mut learning, &data, &plan.run, observer)?;
        Ok(Self { value: learning.value, plan: plan.clone(), history })
    }

    fn embed(&self, screen: &Screen) -> Result<Embedding> {
        let numbers = numbers(screen)?;
        let values =
            Array2::from_shape_fn((numbers.len(), 2), |(row, d)| (numbers[row] - self.value).powi(d as i32 + 1));
        Embedding::new(values, screen.table().clone())
    }

    fn plan(&self) -> &Plan<Settings> {
        &self.plan
    }

    fn history(&self) -> &History {
        &self.history
    }

    fn save(&self, path: &Path) -> Result<()> {
        let mut state = State::default();
        state.insert("value", arr1(&[self.value]).into_dyn());
        state.write(path)
    }

    fn load(path: &Path, _: &Device) -> Result<Self> {
        Ok(Self { value: value_of(&State::read(path)?)?, plan: Plan::default(), history: History::default() })
    }
}

/// A table of cells: 300 in three lanes, the number about 2.
fn cells(folder: &Path) -> PathBuf {
    let path = folder.join("cells.csv");
    let mut text = "target,lane,0,1\n".to_owned();
    for i in 0..300 {
        let target = ["nontargeting", "TP53", "MYC"][i % 3];
        text.push_str(&format!("{target},{},{:.3},{:.3}\n", i % 4, 2.0 + 0.01 * (i % 17) as f64, 0.1 * (i % 5) as f64));
    }
    std::fs::write(&path, text).expect("written");
    path
}

fn run(words: &[&str]) -> std::result::Result<(Ended, String), Failure> {
    let mut out = Vec::new();
    let ended = fit_with::<Mean>(Arguments::parse(words.iter().map(|&word| word.to_owned()))?, &mut out)?;
    Ok((ended, String::from_utf8(out).expect("a text")))
}

#[track_caller]
fn refused(words: &[&str], code: u8, what: &[&str]) {
    let failure = run(words).map(|(ended, _)| ended).expect_err("refused");
    let text = failure.error().to_string();
    assert_eq!(failure.code(), code, "{text}");
    what.iter().for_each(|what| assert!(text.contains(what), "{what:?} is missing in:\n{text}"));
}

struct Run {
    folder: tempfile::TempDir,
    data: String,
}

impl Run {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = cells(folder.path()).display().to_string();
        Self { folder, data }
    }

    fn out(&self) -> String {
        self.folder.path().join("run").display().to_string()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("run").join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).expect("a file of text")
    }

    fn fit(&self, more: &[&str]) -> std::result::Result<(Ended, String), Failure> {
        let out = self.out();
        run(&[&["--data", &self.data, "--out", &out, "--device", "cpu"], more].concat())
    }
}

#[test]
fn a_run_leaves_everything_in_its_folder() {
    let here = Run::new();
    let (ended, out) = here.fit(&["--preset", "quick", "--set", "rate=0.2", "--seed", "7"]).expect("a run");
    assert_eq!(ended, Ended::Finished);
    assert!(out.contains("finished after 27 steps, 3.00 epochs") && out.contains("written to"), "{out}");
    let model = Mean::load(&here.file("model.safetensors"), &perturbook::tensor::cpu()).expect("a model");
    assert!((model.value - 2.08).abs() < 0.03, "{}", model.value);
    let embedding = perturbook::io::parquet::read(here.file("embedding.parquet")).expect("an embedding");
    assert_eq!(embedding.height(), 300);
    assert!(["target", "lane", "0", "1"].iter().all(|name| embedding.column(name).is_ok()));
    let history = perturbook::io::parquet::read(here.file("history.parquet")).expect("a history");
    assert_eq!(here.text("log.jsonl").lines().count(), history.height());
    let plan = here.text("plan.toml");
    for line in ["rate = 0.2", "batch = 32", "noise = \"none\"", "seed = 7", "epochs = 3", "method = \"mean\""] {
        assert!(plan.contains(line), "{line} is missing in\n{plan}");
    }
    let report = here.text("report.html");
    for words in [
        "Run of mean",
        "device: CPU, as asked for",
        "perturbation: column target, by its usual name, 3 labels",
        "batch: column lane, by its usual name, 4 labels",
        "controls: 100 cells",
        "settings.rate",
        "0.2",
    ] {
        assert!(report.contains(words), "{words}");
    }
    assert_eq!(report.matches("<img src=\"data:image/svg+xml;base64,").count(), 2);
    assert!(!report.contains("<script") && !report.contains("http://") && !report.contains("https://"));
    let left: Vec<String> = std::fs::read_dir(here.out())
        .expect("a folder")
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_plan_of_a_run_makes_the_same_run() {
    let (first, second) = (Run::new(), Run::new());
    first.fit(&["--preset=quick", "--set", "noise=0.3", "--seed=5", "--set=run.validate_every=0.5"]).expect("a run");
    let config = first.file("plan.toml").display().to_string();
    second.fit(&["--config", &config]).expect("the same run");
    let bytes = |run: &Run| std::fs::read(run.file("model.safetensors")).expect("a model");
    assert_eq!(bytes(&first), bytes(&second));
    let strip = |run: &Run| run.text("plan.toml").lines().filter(|line| !line.contains("data")).collect::<String>();
    assert_eq!(strip(&first), strip(&second));
}

#[test]
fn settings_come_from_preset_file_and_command_line_in_this_order() {
    let here = Run::new();
    let config = here.folder.path().join("cfg.toml");
    std::fs::write(&config, "[settings]\nrate = 0.5\nbatch = 20\n[run]\nepochs = 2\n").expect("written");
    let config = config.display().to_string();
    here.fit(&["--config", &config, "--set", "batch=10"]).expect("a run");
    let plan = here.text("plan.toml");
    for line in ["rate = 0.5", "batch = 10", "epochs = 2"] {
        assert!(plan.contains(line), "{line} is missing in\n{plan}");
    }
}

#[test]
fn settings_that_do_not_exist_or_do_not_fit_are_refused() {
    let here = Run::new();
    let (out, data) = (here.out(), here.data.clone());
    let refuse = |more: &[&str], what: &[&str]| {
        refused(&[&["--data", &data, "--out", &out], more].concat(), 2, what);
        assert!(!Path::new(&out).exists(), "nothing is written");
    };
    refuse(&["--set", "rat=1"], &["there is no setting rat", "did you mean settings.rate?", "run.epochs"]);
    refuse(&["--set", "epochs=many"], &["run.epochs cannot be many", "it is 100"]);
    refuse(&["--set", "batch=-1"], &["settings.batch cannot be -1"]);
    refuse(&["--set", "folder=x"], &["folder is set by --out"]);
    refuse(&["--config", "/no/such.toml"], &["/no/such.toml"]);
    let config = here.folder.path().join("cfg.toml");
    let path = config.display().to_string();
    for (text, what) in [
        ("[settings\n", "line 1"),
        ("[settings]\nbatches = 3\n", "did you mean settings.batch?"),
        ("[command]\nmethod = \"sc_vae\"\n", "these are settings of sc_vae"),
        ("[settings]\nrate = inf\n", "not finite"),
        ("rate = 1.0\n", "there is no setting rate"),
    ] {
        std::fs::write(&config, text).expect("written");
        refuse(&["--config", &path], &[what]);
    }
    refuse(&["--device", "gpu"], &["there is no device \"gpu\""]);
    refused(&["--out", &out], 2, &["--data names no file"]);
    refused(&["--out", &out, "--data", "simulate:cells"], 2, &["simulate:counts"]);
    refused(&["--out", &out, "--data", "/no/such.h5ad"], 1, &["/no/such.h5ad"]);
    refuse_label(&here, "--perturbation", "gen");
    refuse_label(&here, "--control", "TP54");
}

fn refuse_label(here: &Run, option: &str, value: &str) {
    let failure = here.fit(&[option, value]).map(|(ended, _)| ended).expect_err("no such label");
    let text = failure.error().to_string();
    assert!(failure.code() == 1 && text.contains(option) && text.contains(value), "{text}");
}

#[test]
fn a_folder_with_a_run_is_gone_on_with_or_refused() {
    let here = Run::new();
    here.fit(&["--preset=quick", "--set=noise=0.3"]).expect("a run");
    let (out, before) = (here.out(), here.text("plan.toml"));
    refused(&["--data", &here.data, "--out", &out], 1, &["holds a run already", "--resume"]);
    // Another learning rate would be another run, and its plan is not written.
    refused(&["--out", &out, "--resume", "--set=rate=0.5"], 1, &["settings.rate was 0.05 and is 0.5"]);
    assert_eq!(here.text("plan.toml"), before);
    // Without more arguments the plan and data of the folder count; more epochs may follow.
    let (_, said) = run(&["--out", &out, "--resume", "--set=epochs=6"]).expect("it goes on");
    assert!(said.contains("finished after 54 steps, 6.00 epochs"), "{said}");
    let whole = Run::new();
    whole.fit(&["--preset=quick", "--set=noise=0.3", "--set=epochs=6"]).expect("a run");
    let bytes = |run: &Run| std::fs::read(run.file("model.safetensors")).expect("a model");
    assert_eq!(bytes(&here), bytes(&whole));
    assert!(here.text("plan.toml").contains("epochs = 6"));
}

#[test]
fn simulators_and_several_files_are_data() {
    for simulator in ["simulate:counts", "simulate:images", "simulate:bias"] {
        let here = Run::new();
        let words = ["--data", simulator, "--out", &here.out(), "--preset=quick", "--set=batch=4096", "--device=cpu"];
        assert_eq!(run(&words).expect(simulator).0, Ended::Finished);
        assert!(here.text("report.html").contains(simulator));
    }
    let here = Run::new();
    let words = ["--data", &here.data, &here.data, "--out", &here.out(), "--preset=quick", "--device=cpu"];
    run(&words).expect("two files");
    let embedding = perturbook::io::parquet::read(here.file("embedding.parquet")).expect("an embedding");
    assert_eq!(embedding.height(), 600);
    assert!(embedding.column("file").is_ok());
}

#[test]
fn a_fold_is_left_out_of_learning_and_named_in_the_embedding() {
    let here = Run::new();
    here.fit(&["--preset=quick", "--fold", "2/3", "--control", "MYC", "--batch", "target"]).expect("a run");
    let embedding = perturbook::io::parquet::read(here.file("embedding.parquet")).expect("an embedding");
    let fold = embedding.column("fold").expect("a column").cast(&polars::prelude::DataType::UInt32).expect("numbers");
    let parts: Vec<u32> = fold.u32().expect("numbers").iter().flatten().collect();
    assert_eq!((1..=3).map(|part| parts.iter().filter(|&&p| p == part).count()).collect::<Vec<_>>(), [100, 100, 100]);
    let report = here.text("report.html");
    for words in
        ["held out: part 2 of 3, 100 of 300 cells", "batch: column target, as asked for", "controls: 100 cells"]
    {
        assert!(report.contains(words), "{words}");
    }
}

/// What the program of a user's own method would print and return; runs in a process of its own.
const CHILD: &str = "PERTURBOOK_TEST_FIT";

fn child(name: &str, words: &[&str]) -> Command {
    let mut program = Command::new(std::env::current_exe().expect("this program"));
    program.args([name, "--exact", "--nocapture"]).env(CHILD, words.join("\n"));
    program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

/// Becomes the command where this process was started as one; the exit code says how it went.
fn become_the_command() {
    if let Some(words) = std::env::var_os(CHILD) {
        let words = words.to_string_lossy().into_owned();
        let code = main_with::<Mean>(words.lines().map(str::to_owned));
        std::process::exit(if code == std::process::ExitCode::SUCCESS {
            0
        } else if code == std::process::ExitCode::from(2) {
            2
        } else {
            1
        });
    }
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_program_knows_how_it_is_called() {
    let program =
        |words: &[&str]| Command::new(env!("CARGO_BIN_EXE_perturbook-fit")).args(words).output().expect("ended");
    let help = program(&["--help"]);
    assert!(help.status.success() && said(&help).0.contains("usage: perturbook fit METHOD"));
    assert!(program(&["--list"]).status.success());
    let wrong = program(&["no_such_method", "--out", "x"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said(&wrong).1.contains("\"no_such_method\" is no method"));
}

#[test]
fn signals_stop_a_run_that_then_goes_on() {
    become_the_command();
    for (signal, name) in [("-TERM", "term"), ("-INT", "int")] {
        let here = Run::new();
        let out = here.out();
        let words =
            ["mean", "--data", &here.data, "--out", &out, "--set=pause=20", "--set=epochs=1000", "--device=cpu"];
        let started = child("signals_stop_a_run_that_then_goes_on", &words).spawn().expect("started");
        let began = Instant::now();
        let log = here.file("log.jsonl");
        while std::fs::metadata(&log).map_or(0, |log| log.len()) == 0 && began.elapsed().as_secs() < 120 {
            std::thread::sleep(Duration::from_millis(20));
        }
        let id = started.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill").success());
        let asked = Instant::now();
        let output = started.wait_with_output().expect("ended");
        let (stdout, stderr) = said(&output);
        assert_eq!(output.status.code(), Some(0), "{name}: {stdout}\n{stderr}");
        assert!(asked.elapsed() < Duration::from_secs(10), "{name}");
        assert!(stdout.contains("stopped as asked after") && stdout.contains("--resume"), "{stdout}");
        assert!(here.file("model.safetensors").exists() && here.file("last.safetensors").exists());
        assert!(!here.file("embedding.parquet").exists());
        assert!(here.text("report.html").contains("Stopped as asked"));
        let model = std::fs::read(here.file("model.safetensors")).expect("a model");
        let (ended, said) = run(&["--out", &out, "--resume", "--set=epochs=5"]).expect("it goes on");
        assert_eq!(ended, Ended::Finished, "{said}");
        assert!(here.file("embedding.parquet").exists());
        assert_ne!(std::fs::read(here.file("model.safetensors")).expect("a model"), model);
    }
}

#[test]
fn exit_codes_tell_wrong_calls_from_failures() {
    become_the_command();
    let here = Run::new();
    let out = here.out();
    for (words, code, what) in [
        (&["--list"][..], 0, "mean"),
        (&["--help"], 0, "usage: perturbook fit"),
        (&[], 2, "no method is named"),
        (&["median"], 2, "\"median\" is no method; there are mean"),
        (&["mean", "--out", &out], 2, "--data names no file"),
        (&["mean", "--out", &out, "--data", "/no/such.csv"], 1, "/no/such.csv"),
    ] {
        let output = child("exit_codes_tell_wrong_calls_from_failures", words).output().expect("ended");
        let (stdout, stderr) = said(&output);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {stdout}\n{stderr}");
        assert!(stdout.contains(what) || stderr.contains(what), "{words:?}: {stdout}\n{stderr}");
    }
}
