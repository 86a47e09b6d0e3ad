//! The training loop: runs that are broken off go on to the same numbers, for every sampler.

#[path = "common/stop_after.rs"]
mod stop_after;

use std::path::Path;

use burn::tensor::TensorData;
use perturbook::display::Show;
use perturbook::nn::{Init, Linear, State};
use perturbook::tensor::{Device, Tensor, cpu};
use perturbook::train::{
    Accumulate, Adam, AdamConfig, Average, Balanced, Between, Clip, Data, Decay, Ended, FitConfig, History, Learner,
    NamedGradients, Observer, Paired, PairedRows, Phase, Sampler, SetPair, Sets, Silent, Step, Terms, Uniform, fit,
};
use perturbook::{Error, Result};
use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use stop_after::StopAfter;

/// A line through noisy points, learned with noise of its own: all kinds of state that a method has.
struct Line {
    net: Linear,
    adam: Adam,
    accumulate: Accumulate,
    average: Average<Linear>,
    device: Device,
    /// The step whose loss is made infinite.
    broken: Option<u64>,
}

impl Line {
    fn new(config: AdamConfig) -> Self {
        Self::with(config, [1, 1])
    }

    /// A step of the optimiser and one of the average for each so many batches.
    fn with(config: AdamConfig, every: [u32; 2]) -> Self {
        let device = Device::autodiff(cpu());
        let net = Linear::new(2, 1, Init::Uniform, &mut ChaCha8Rng::seed_from_u64(5), &device);
        let accumulate = Accumulate::every(every[0]).expect("batches");
        let average = Average::of(&net, 0.9, every[1].into()).expect("an average");
        Self { net, adam: Adam::new(config), accumulate, average, device, broken: None }
    }

    fn loss(&self, batch: &Points) -> Tensor<1> {
        let points =
            Tensor::<2>::from_data(TensorData::new(batch.inputs.clone(), [batch.targets.len(), 2]), &self.device);
        let targets = Tensor::<1>::from_floats(batch.targets.as_slice(), &self.device);
        let guess: Tensor<1> = self.net.forward(points).squeeze_dim(1);
        (guess - targets).powi_scalar(2).mean()
    }
}

/// Some points: two inputs and a target each.
struct Points {
    inputs: Vec<f32>,
    targets: Vec<f32>,
}

fn number(tensor: &Tensor<1>) -> f64 {
    f64::from(tensor.clone().into_scalar())
}

impl Learner for Line {
    type Batch = Points;

    fn learn(&mut self, mut batch: Points, at: &Step) -> Result<Terms> {
        let mut noise = at.noise();
        batch.inputs.iter_mut().for_each(|x| *x += 0.01 * noise.random::<f32>());
        if self.broken == Some(at.done) {
            batch.targets[0] = f32::INFINITY;
        }
        let loss = self.loss(&batch);
        let terms = Terms(vec![("loss", number(&loss))]).finite(at)?;
        if let Some(gradients) = self.accumulate.add(NamedGradients::of(&self.net, &loss.backward())) {
            self.net = self.adam.step(self.net.clone(), &gradients.clipped(Clip::GlobalNorm(1.0)));
        }
        self.average.follow(&self.net, at)?;
        Ok(terms)
    }

    fn judge(&mut self, batch: Points, _: &Step) -> Result<Terms> {
        Ok(Terms(vec![("loss", number(&self.loss(&batch)))]))
    }

    fn state(&self) -> State {
        let state = State::default().with("net.", &State::of(&self.net)).with("adam.", &self.adam.state());
        state.with("accumulate.", &self.accumulate.state()).with("average.", &self.average.state())
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        self.net = state.part("net.").load_into(self.net.clone())?;
        self.adam.load(&state.part("adam."), &cpu())?;
        self.accumulate.load(&state.part("accumulate."), &self.device)?;
        self.average.load(&state.part("average."))
    }

    fn method(&self) -> &str {
        "line"
    }

    fn settings(&self) -> Value {
        json!({"adam": self.adam.config})
    }
}

/// Points of these rows, with augmentation.
fn points(rows: &[usize], rng: &mut ChaCha8Rng) -> Points {
    let input = |row: usize| [row as f32 * 0.01, (row % 7) as f32 * 0.1];
    let shift = rng.random_range(-0.001..0.001f32);
    Points {
        inputs: rows.iter().flat_map(|&row| input(row)).map(|x| x + shift).collect(),
        targets: rows.iter().map(|&row| 2.0 * input(row)[0] - input(row)[1] + 0.5).collect(),
    }
}

/// Every sampler with a way from its rows to a list of rows.
trait AllRows {
    fn all(&self) -> Vec<usize>;
}

impl AllRows for Vec<usize> {
    fn all(&self) -> Vec<usize> {
        self.clone()
    }
}

impl AllRows for PairedRows {
    fn all(&self) -> Vec<usize> {
        [self.controls.clone(), self.perturbed.clone()].concat()
    }
}

impl AllRows for Vec<SetPair> {
    fn all(&self) -> Vec<usize> {
        self.iter().flat_map(|pair| pair.rows.concat()).collect()
    }
}

fn train<S: Sampler>(line: &mut Line, sampler: &S, config: &FitConfig, watch: &mut dyn Observer) -> Result<History>
where
    S::Rows: AllRows + Sync,
{
    let load = |rows: &S::Rows, rng: &mut ChaCha8Rng| Ok(points(&rows.all(), rng));
    let data =
        Data { sampler, load: &load, validation: vec![sampler.rows(1_000, 0)], fingerprint: "100 points".to_owned() };
    fit(line, &data, config, watch)
}

fn optimisers() -> [AdamConfig; 3] {
    let rate = AdamConfig { rate: 0.01, ..AdamConfig::default() };
    [
        rate,
        AdamConfig { decay: 1e-4, betas: [0.0, 0.99], ..rate },
        AdamConfig { decay: 0.1, decays: Decay::Decoupled, ..rate },
    ]
}

fn resumes_as_if_nothing_had_been<S: Sampler>(sampler: &S)
where
    S::Rows: AllRows + Sync,
{
    // Stopped after 97 steps: with one batch of three, and between two moves of the average.
    let every = [[1, 1], [3, 5]];
    for (adam, every) in optimisers().into_iter().flat_map(|adam| every.map(|every| (adam, every))) {
        let line = || Line::with(adam, every);
        let epochs = 200u64.div_ceil(sampler.steps());
        let straight = FitConfig { epochs, seed: 3, validate_every: 0.5, ..FitConfig::default() };
        let mut whole = line();
        let history = train(&mut whole, sampler, &straight, &mut Silent).expect("trained");
        assert_eq!(history.ended, Some(Ended::Finished));

        let folder = tempfile::tempdir().expect("a folder");
        let folder = Some(folder.path().join("run"));
        let parts = FitConfig { folder, resume: true, workers: 3, ..straight };
        let mut first = line();
        let stopped = train(&mut first, sampler, &parts, &mut StopAfter(97)).expect("stopped");
        assert_eq!(stopped.ended, Some(Ended::Stopped));
        assert_eq!(first.accumulate.waiting(), 97 % every[0]);
        let mut second = line();
        let resumed = train(&mut second, sampler, &parts, &mut Silent).expect("resumed");
        assert_eq!(second.state(), whole.state());
        assert_ne!(first.state(), whole.state());
        let values =
            |history: &History| history.rows.iter().map(|row| (row.step, row.terms.clone())).collect::<Vec<_>>();
        assert!(values(&resumed) == values(&history), "the histories differ");
    }
}

#[test]
fn every_sampler_resumes() {
    let class: Vec<usize> = (0..100).map(|row| row % 3 / 2).collect();
    let batch: Vec<usize> = (0..100).map(|row| row / 50).collect();
    resumes_as_if_nothing_had_been(&Uniform::new((0..100).collect(), 16, 3).expect("a sampler"));
    let paired = || Paired::new((0..30).collect(), (30..100).collect(), 8).expect("a sampler");
    resumes_as_if_nothing_had_been(&paired());
    resumes_as_if_nothing_had_been(&paired().shuffled(3));
    resumes_as_if_nothing_had_been(&Balanced::new(&class, 16, 3).expect("a sampler"));
    for between in [Between::Batches, Between::OneBatch, Between::SameCells] {
        let sets = Sets::repeating(&class, &batch, between, 4, (2, 10), 3).expect("a sampler");
        resumes_as_if_nothing_had_been(&sets);
    }
}

fn uniform() -> Uniform {
    Uniform::new((0..100).collect(), 16, 3).expect("a sampler")
}

fn config(folder: Option<&Path>) -> FitConfig {
    FitConfig { epochs: 30, folder: folder.map(Path::to_owned), ..FitConfig::default() }
}

#[test]
fn the_loss_falls_and_its_curve_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut line = Line::new(optimisers()[0]);
    let history = train(&mut line, &uniform(), &config(Some(folder.path())), &mut Silent).expect("trained");
    let losses = history.curve(Phase::Validation, "loss");
    assert_eq!(losses.len(), 30);
    assert!(losses[29].1 < 0.2 * losses[0].1, "{losses:?}");
    let shown = history.bundle();
    let text = shown.get("text/plain").and_then(|text| text.as_str()).expect("a text");
    assert!(text.contains("loss, training") && text.contains("loss, validation"), "{text}");
    let table = perturbook::io::parquet::read(folder.path().join("history.parquet")).expect("a table");
    assert_eq!(table.height(), history.rows.len());
    assert!(folder.path().join("best.safetensors").exists());
}

#[test]
fn a_loss_that_is_no_number_stops_and_leaves_the_last_good_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut line = Line::new(optimisers()[0]);
    line.broken = Some(20);
    let error = train(&mut line, &uniform(), &config(Some(folder.path())), &mut Silent).expect_err("no loss");
    let text = error.to_string();
    assert!(text.contains("loss is inf") && text.contains("step 21 of 180"), "{text}");
    assert!(line.state().iter().all(|(_, array)| array.iter().all(|v| v.is_finite())));
    let mut good = Line::new(optimisers()[0]);
    let resume = FitConfig { resume: true, ..config(Some(folder.path())) };
    train(&mut good, &uniform(), &resume, &mut Silent).expect("goes on from the step before");
}

#[test]
fn patience_ends_a_run_that_gets_no_better() {
    let mut line = Line::new(AdamConfig { rate: 1e-12, ..AdamConfig::default() });
    let patient = FitConfig { patience: Some(3), epochs: 1_000, ..FitConfig::default() };
    let history = train(&mut line, &uniform(), &patient, &mut Silent).expect("trained");
    assert_eq!(history.ended, Some(Ended::Patience));
    assert!(history.rows.len() < 100);
}

#[test]
fn another_run_is_refused_with_the_difference() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |adam: AdamConfig, config: FitConfig| {
        train(&mut Line::new(adam), &uniform(), &config, &mut Silent).map(|_| ()).map_err(|e: Error| e.to_string())
    };
    let [adam, other, _] = optimisers();
    run(adam, config(Some(folder.path()))).expect("a first run");
    let again = run(adam, config(Some(folder.path()))).expect_err("it is there");
    assert!(again.contains("holds a run already"), "{again}");
    let resume = FitConfig { resume: true, ..config(Some(folder.path())) };
    let text = run(other, resume.clone()).expect_err("other settings");
    assert!(text.contains("settings.adam.decay was 0.0 and is 0.0001"), "{text}");
    let text = run(adam, FitConfig { seed: 1, ..resume.clone() }).expect_err("another seed");
    assert!(text.contains("seed was 0 and is 1"), "{text}");
    std::fs::write(folder.path().join("last.safetensors"), b"half a file").expect("written");
    assert!(run(adam, resume).expect_err("damaged").contains("safetensors"));
}

#[test]
fn samplers_of_sets_keep_their_promises() {
    let perturbation: Vec<usize> = (0..600).map(|row| row % 5).collect();
    let batch: Vec<usize> = (0..600).map(|row| row / 150).collect();
    for between in [Between::Batches, Between::OneBatch, Between::SameCells] {
        let sets = Sets::repeating(&perturbation, &batch, between, 8, (5, 4), 1).expect("a sampler");
        assert_eq!(sets.steps(), 4);
        for step in 0..4 {
            for pair in sets.rows(2, step) {
                assert_eq!(pair.batches[0] == pair.batches[1], between != Between::Batches);
                assert_eq!(pair.rows[0] == pair.rows[1], between == Between::SameCells);
                for (rows, of) in pair.rows.iter().zip(pair.batches) {
                    let mut distinct = rows.clone();
                    distinct.sort_unstable();
                    distinct.dedup();
                    assert_eq!(distinct.len(), 8);
                    assert!(rows.iter().all(|&row| perturbation[row] == pair.perturbation && batch[row] == of));
                }
            }
        }
    }
    // One perturbation has only one batch: it is left out, and then too few are left.
    let error = Sets::new(&[0, 0, 0, 0, 1, 1], &[0, 0, 1, 1, 0, 0], Between::Batches, 2, 2, 1).expect_err("too few");
    assert!(error.to_string().contains("1 of 2 perturbations"), "{error}");
}

#[test]
fn a_killed_run_loses_at_most_the_steps_since_its_last_checkpoint() {
    const FOLDER: &str = "PERTURBOOK_TEST_KILLED";
    let slow = |folder: &Path| FitConfig { resume: true, save_every: 0.0, epochs: 100_000, ..config(Some(folder)) };
    if let Some(folder) = std::env::var_os(FOLDER) {
        let _ = train(&mut Line::new(optimisers()[0]), &uniform(), &slow(folder.as_ref()), &mut Silent);
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let me = std::env::current_exe().expect("this program");
    let name = "a_killed_run_loses_at_most_the_steps_since_its_last_checkpoint";
    let last = folder.path().join("last.safetensors");
    for _ in 0..5 {
        let mut child = std::process::Command::new(&me)
            .args([name, "--exact"])
            .env(FOLDER, folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("started");
        let began = std::time::Instant::now();
        while !last.exists() && began.elapsed().as_secs() < 60 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
        child.kill().expect("killed");
        child.wait().expect("ended");
        let mut line = Line::new(optimisers()[0]);
        let go_on = slow(folder.path());
        let history = train(&mut line, &uniform(), &go_on, &mut StopAfter(5)).expect("goes on");
        assert_eq!(history.ended, Some(Ended::Stopped));
    }
}
