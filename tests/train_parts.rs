//! Pieces of training by themselves: gradients of several batches, averages, numbers of half the size, data that are kept,
//! logs and snapshots.

use ndarray::arr1;
use perturbook::display::{Bundle, Show};
use perturbook::nn::{Conv, Init, LayerNorm, Linear, State};
use perturbook::tensor::{Device, Tensor, cpu};
use perturbook::train::{
    Accumulate, Adam, AdamConfig, Average, Ended, FitConfig, Learner, Lines, NamedGradients, Observer, OwnedData,
    Precision, Purpose, Settings, Silent, Snapshot, Step, Terms, Uniform, Watch, fit, stream,
};
use perturbook::{Error, Result};
use rand::RngExt;

fn net(seed: u64) -> Linear {
    Linear::new(3, 2, Init::Uniform, &mut stream(seed, Purpose::Weights, 0), &Device::autodiff(cpu()))
}

fn rows(n: usize, seed: u64) -> Tensor<2> {
    let mut rng = stream(seed, Purpose::Noise, 0);
    let values: Vec<f32> = (0..3 * n).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::<1>::from_floats(values.as_slice(), &Device::autodiff(cpu())).reshape([n, 3])
}

fn gradients(net: &Linear, rows: Tensor<2>) -> NamedGradients {
    NamedGradients::of(net, &net.forward(rows).powi_scalar(2).mean().backward())
}

fn far(a: &State, b: &State) -> f32 {
    assert_eq!(a.names(), b.names());
    let pairs = a.iter().zip(b.iter());
    pairs
        .flat_map(|((_, a), (_, b))| a.iter().zip(b).map(|(a, b)| (a - b).abs()).collect::<Vec<_>>())
        .fold(0.0, f32::max)
}

#[test]
fn gradients_of_small_batches_are_those_of_the_large_one() {
    let net = net(1);
    let all = rows(12, 2);
    let mut accumulate = Accumulate::every(4).expect("batches");
    let mut mean = None;
    for part in 0..4 {
        assert!(mean.is_none());
        mean = accumulate.add(gradients(&net, all.clone().narrow(0, 3 * part, 3)));
    }
    let mean = mean.expect("four batches").to_state();
    assert!(far(&mean, &gradients(&net, all.clone()).to_state()) < 1e-6);
    // What is left over at the end of a run.
    assert!(accumulate.rest().is_none());
    assert!(accumulate.add(gradients(&net, all.clone().narrow(0, 0, 6))).is_none());
    assert!(accumulate.add(gradients(&net, all.clone().narrow(0, 6, 6))).is_none());
    let rest = accumulate.rest().expect("two batches wait").to_state();
    assert!(far(&rest, &gradients(&net, all).to_state()) < 1e-6);
    assert_eq!(accumulate.waiting(), 0);
}

#[test]
fn what_cannot_be_accumulated_or_averaged_is_refused() {
    assert!(Accumulate::every(0).is_err());
    let mut three = Accumulate::every(3).expect("batches");
    let net = net(1);
    three.add(gradients(&net, rows(2, 2)));
    three.add(gradients(&net, rows(2, 3)));
    let state = three.state();
    let mut two = Accumulate::every(2).expect("batches");
    assert!(two.load(&state, &cpu()).expect_err("two wait").to_string().contains("other than 2 batches"));
    assert!(two.load(&State::default(), &cpu()).is_err());
    let mut same = Accumulate::every(3).expect("batches");
    same.load(&state, &Device::autodiff(cpu())).expect("the same");
    assert_eq!(same.state(), state);
    for (keep, every) in [(-0.1, 1), (1.1, 1), (f64::NAN, 1), (0.5, 0)] {
        assert!(Average::of(&net, keep, every).is_err());
    }
    let mut average = Average::of(&net, 0.5, 1).expect("an average");
    let at = Step { seed: 0, epoch: 0, done: 0, per_epoch: 1, total: 1 };
    let device = Device::autodiff(cpu());
    let other = Linear::new(4, 2, Init::Uniform, &mut stream(0, Purpose::Weights, 0), &device);
    assert!(average.follow(&other, &at).is_err());
    assert!(average.load(&State::of(&other)).is_err());
}

#[test]
fn an_average_moves_as_its_formula_says() {
    let (start, mut network) = (State::of(&net(1)), net(1));
    let mut average = Average::of(&network, 0.75, 2).expect("an average");
    let moved = State::of(&net(2));
    network = moved.load_into(network).expect("the same shape");
    for done in 0..5 {
        average.follow(&network, &Step { seed: 0, epoch: 0, done, per_epoch: 5, total: 5 }).expect("the same shape");
    }
    // After steps 2 and 4.
    let expected = |name: &str| {
        let (a, b) = (start.get(name).expect("a start"), moved.get(name).expect("an end"));
        a * 0.75f32.powi(2) + b * (1.0 - 0.75f32.powi(2))
    };
    for (name, array) in average.state().iter() {
        assert!(array.iter().zip(expected(name).iter()).all(|(a, b)| (a - b).abs() < 1e-6), "{name}");
    }
}

#[test]
fn half_precision_gives_gradients_near_those_of_full() {
    let device = Device::autodiff(cpu());
    let mut rng = stream(3, Purpose::Weights, 0);
    let conv = Conv::new([2, 4], 3, Init::KaimingIn, &mut rng, &device).padded(1);
    let norm = LayerNorm::new(4, 1e-5, &device);
    let head = Linear::new(4, 1, Init::KaimingIn, &mut rng, &device);
    let image: Vec<f32> = (0..2 * 2 * 36).map(|_| rng.random_range(0.0..1.0)).collect();
    let image = Tensor::<1>::from_floats(image.as_slice(), &device).reshape([2, 2, 6, 6]);
    let run = |precision: Precision| {
        let x = precision.network(&conv).forward(precision.tensor(image.clone()));
        let x = x.tanh().mean_dim(3).mean_dim(2).reshape([2, 4]);
        let y = precision.network(&head).forward(precision.network(&norm).forward(x));
        let loss = Precision::full(y).powi_scalar(2).mean();
        let value = loss.clone().into_scalar();
        let gradients = loss.backward();
        let all = State::default()
            .with("conv.", &NamedGradients::of(&conv, &gradients).to_state())
            .with("norm.", &NamedGradients::of(&norm, &gradients).to_state())
            .with("head.", &NamedGradients::of(&head, &gradients).to_state());
        (value, all)
    };
    let (full, full_gradients) = run(Precision::F32);
    let (half, half_gradients) = run(Precision::Bf16);
    assert_ne!(full, half);
    assert!((full - half).abs() < 0.03 * full.abs().max(0.1), "{full} and {half}");
    assert_eq!(full_gradients.names(), half_gradients.names());
    let size = full_gradients.iter().flat_map(|(_, array)| array.iter().copied()).fold(0.0f32, |a, b| a.max(b.abs()));
    assert!(far(&full_gradients, &half_gradients) < 0.05 * size, "{full_gradients:?}\n{half_gradients:?}");
}

#[test]
fn weights_stay_in_full_precision_over_a_step_in_half() {
    let half = Precision::Bf16;
    let mut net = net(4);
    let before = State::of(&net);
    let loss = Precision::full(half.network(&net).forward(half.tensor(rows(5, 5)))).powi_scalar(2).mean();
    let gradients = NamedGradients::of(&net, &loss.backward());
    // A change that `bf16` cannot hold.
    net = Adam::new(AdamConfig { rate: 1e-5, ..AdamConfig::default() }).step(net, &gradients);
    let after = State::of(&net);
    let moved = far(&before, &after);
    assert!((moved - 1e-5).abs() < 1e-6, "{moved}");
}

/// Counts rows, and has one weight to look at.
struct Counter {
    rows: f32,
    fails_at: Option<u64>,
}

impl Learner for Counter {
    type Batch = usize;

    fn learn(&mut self, batch: usize, at: &Step) -> Result<Terms> {
        if self.fails_at == Some(at.done) {
            return Err(Error::new("killed"));
        }
        self.rows += batch as f32;
        Ok(Terms(vec![("loss", 1.0 / f64::from(self.rows)), ("rows", self.rows.into())]))
    }

    fn judge(&mut self, batch: usize, _: &Step) -> Result<Terms> {
        Ok(Terms(vec![("loss", batch as f64)]))
    }

    fn state(&self) -> State {
        let mut state = State::default();
        state.insert("rows", arr1(&[self.rows]).into_dyn());
        state
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        self.rows = state.get("rows").and_then(|rows| rows.first().copied()).unwrap_or(f32::NAN);
        Ok(())
    }

    fn method(&self) -> &str {
        "counter"
    }

    fn settings(&self) -> Settings {
        Settings::Null
    }
}

fn kept() -> OwnedData<Uniform, usize> {
    let sampler = Uniform::new((0..40).collect(), 4, 0).expect("a sampler");
    OwnedData::new(sampler, |rows: &Vec<usize>, _| Ok(rows.len()))
        .with_validation(vec![vec![1, 2]])
        .with_fingerprint("forty")
}

#[test]
fn owned_data_outlive_what_made_them() {
    let data = kept();
    let mut counter = Counter { rows: 0.0, fails_at: None };
    let config = FitConfig { epochs: 2, ..FitConfig::default() };
    let history = fit(&mut counter, &data, &config, &mut Silent).expect("trained");
    assert_eq!(counter.rows, 80.0);
    assert_eq!(history.ended, Some(Ended::Finished));
    // On another thread, with a copy.
    let copy = data.clone();
    let rows = std::thread::spawn(move || {
        let mut counter = Counter { rows: 0.0, fails_at: None };
        fit(&mut counter, &copy, &FitConfig { epochs: 1, ..FitConfig::default() }, &mut Silent).map(|_| counter.rows)
    });
    assert_eq!(rows.join().expect("ended").expect("trained"), 40.0);
    assert!(format!("{data:?}").contains("forty"));
}

fn steps(log: &std::path::Path) -> Vec<(u64, String)> {
    let text = std::fs::read_to_string(log).expect("a log");
    let line = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        (line["step"].as_u64().expect("a step"), line["phase"].as_str().expect("a phase").to_owned())
    };
    text.lines().map(line).collect()
}

#[test]
fn a_log_holds_each_row_once_also_after_a_run_that_was_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log.jsonl");
    let run = folder.path().join("run");
    let config = |resume| FitConfig { epochs: 3, folder: Some(run.clone()), resume, ..FitConfig::default() };
    let mut first = Counter { rows: 0.0, fails_at: Some(14) };
    fit(&mut first, &kept(), &config(false), &mut Lines::append(&log).expect("a log")).expect_err("it fails");
    // As a run leaves it that was killed later than its last checkpoint, within a line.
    let mut text = std::fs::read_to_string(&log).expect("a log");
    for step in 15..=17 {
        text.push_str(&format!("{{\"step\":{step},\"phase\":\"training\"}}\n"));
    }
    std::fs::write(&log, text + "{\"step\":18,\"pha").expect("written");
    let mut second = Counter { rows: 0.0, fails_at: None };
    let mut lines = Lines::append(&log).expect("a log");
    let history = fit(&mut second, &kept(), &config(true), &mut lines).expect("it goes on");
    assert!(lines.failure().is_none());
    let expected: Vec<(u64, String)> = history.rows.iter().map(|row| (row.step, row.phase.name().to_owned())).collect();
    assert_eq!(steps(&log), expected);
    assert_eq!(expected.len(), 33);
}

#[test]
fn snapshots_see_the_weights_every_so_many_steps() {
    let mut seen = Vec::new();
    let mut snapshot = Snapshot::every(7, |at, state| {
        let rows = state.get("rows").expect("rows")[[0]];
        seen.push((at.done + 1, rows));
        if at.done == 13 { Err(Error::new("no picture")) } else { Ok(Bundle::text(format!("{rows} rows"))) }
    })
    .expect("a snapshot");
    let config = FitConfig { epochs: 2, ..FitConfig::default() };
    let mut counter = Counter { rows: 0.0, fails_at: None };
    // Beside a log that never looks.
    fit(&mut counter, &kept(), &config, &mut (&mut snapshot, Silent)).expect("trained");
    let last = snapshot.last().expect("a picture").bundle();
    assert!(last.get("text/plain").expect("a text").to_string().contains("no picture"));
    drop(snapshot);
    assert_eq!(seen, [(7, 28.0), (14, 56.0)]);
    assert!(Snapshot::every(0, |_, _| Ok(Bundle::default())).is_err());
}

#[test]
fn several_terms_are_watched_together() {
    let config = FitConfig { epochs: 2, ..FitConfig::default() };
    for mut watch in [Watch::terms(&["loss", "rows"]).on(&cpu()), Watch::bar(), Watch::loss()] {
        let mut counter = Counter { rows: 0.0, fails_at: None };
        let history = fit(&mut counter, &kept(), &config, &mut watch).expect("trained");
        assert_eq!(history.terms(), ["loss", "rows"]);
    }
    let mut nobody = Silent;
    assert!(!nobody.looks(1));
}
