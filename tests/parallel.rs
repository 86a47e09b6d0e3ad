//! Several replicas learn as one: the numbers of one device, deterministic, resumable.

#[path = "common/stop_after.rs"]
mod stop_after;

use perturbook::nn::{Init, Linear, State};
use perturbook::tensor::{Device, Tensor, cpu};
use perturbook::train::parallel::{Parallel, Replica};
use perturbook::train::{
    Adam, AdamConfig, Clip, FitConfig, Learner, NamedGradients, OwnedData, Purpose, Settings, Silent, Step, Terms,
    Uniform, fit, stream,
};
use perturbook::{Error, Result};
use stop_after::StopAfter;

/// Two layers with a bend between them.
#[derive(Debug)]
struct Bent {
    layers: [Linear; 2],
    adam: [Adam; 2],
    device: Device,
}

impl Bent {
    fn new(seed: u64) -> Self {
        let device = Device::autodiff(cpu());
        let mut rng = stream(seed, Purpose::Weights, 0);
        let layers = [(2, 8), (8, 1)].map(|(a, b)| Linear::new(a, b, Init::Uniform, &mut rng, &device));
        let adam = [(); 2].map(|()| Adam::new(AdamConfig { rate: 0.01, ..AdamConfig::default() }));
        Self { layers, adam, device }
    }

    fn loss(&self, rows: &[usize]) -> Tensor<1> {
        let inputs: Vec<f32> = rows.iter().flat_map(|&row| [row as f32 * 0.05, (row % 7) as f32 * 0.1]).collect();
        let targets: Vec<f32> = rows.iter().map(|&row| (row as f32 * 0.3).sin()).collect();
        let x = Tensor::<1>::from_floats(inputs.as_slice(), &self.device).reshape([rows.len(), 2]);
        let y = Tensor::<1>::from_floats(targets.as_slice(), &self.device);
        let guess: Tensor<1> = self.layers[1].forward(self.layers[0].forward(x).tanh()).squeeze_dim(1);
        (guess - y).powi_scalar(2).mean()
    }
}

fn terms(loss: &Tensor<1>) -> Terms {
    Terms(vec![("loss", f64::from(loss.clone().into_scalar()))])
}

impl Learner for Bent {
    type Batch = Vec<usize>;

    fn learn(&mut self, batch: Vec<usize>, at: &Step) -> Result<Terms> {
        let (terms, gradients) = self.gradients(batch, at)?;
        let terms = terms.finite(at)?;
        self.apply(gradients, at)?;
        Ok(terms)
    }

    fn judge(&mut self, batch: Vec<usize>, _: &Step) -> Result<Terms> {
        Ok(terms(&self.loss(&batch)))
    }

    fn state(&self) -> State {
        (0..2).fold(State::default(), |state, i| {
            let state = state.with(&format!("layers.{i}."), &State::of(&self.layers[i]));
            state.with(&format!("adam.{i}."), &self.adam[i].state())
        })
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        for i in 0..2 {
            self.layers[i] = state.part(&format!("layers.{i}.")).load_into(self.layers[i].clone())?;
            self.adam[i].load(&state.part(&format!("adam.{i}.")), &cpu())?;
        }
        Ok(())
    }

    fn method(&self) -> &str {
        "bent"
    }

    fn settings(&self) -> Settings {
        Settings::Null
    }
}

impl Replica for Bent {
    fn split(batch: Vec<usize>, parts: usize) -> Result<Vec<(Vec<usize>, usize)>> {
        if batch.len() < parts {
            return Err(Error::new("too few rows"));
        }
        let ends: Vec<usize> = (0..=parts).map(|part| part * batch.len() / parts).collect();
        Ok(ends.windows(2).map(|ends| (batch[ends[0]..ends[1]].to_vec(), ends[1] - ends[0])).collect())
    }

    fn gradients(&mut self, part: Vec<usize>, _: &Step) -> Result<(Terms, NamedGradients)> {
        if part.contains(&13) && part.len() == 1 {
            return Err(Error::new("row 13 is refused"));
        }
        let loss = self.loss(&part);
        let found = terms(&loss);
        let gradients = loss.backward();
        let all = self.layers.iter().enumerate().fold(State::default(), |state, (i, layer)| {
            state.with(&format!("{i}."), &NamedGradients::of(layer, &gradients).to_state())
        });
        Ok((found, NamedGradients::from_state(&all, &cpu())))
    }

    fn apply(&mut self, gradients: NamedGradients, _: &Step) -> Result<()> {
        let all = gradients.clipped(Clip::GlobalNorm(1.0)).to_state();
        for i in 0..2 {
            let own = NamedGradients::from_state(&all.part(&format!("{i}.")), &cpu());
            self.layers[i] = self.adam[i].step(self.layers[i].clone(), &own);
        }
        Ok(())
    }

    fn device(&self) -> Device {
        cpu()
    }
}

/// Batches of ten: for three replicas the parts differ in size.
fn data() -> OwnedData<Uniform, Vec<usize>> {
    let sampler = Uniform::new((0..60).collect(), 10, 1).expect("a sampler");
    OwnedData::new(sampler, |rows: &Vec<usize>, _| Ok(rows.clone())).with_validation(vec![(0..20).collect()])
}

fn replicas(n: usize) -> Parallel<Bent> {
    Parallel::new((0..n).map(|_| Bent::new(1)).collect()).expect("replicas")
}

fn far(a: &State, b: &State) -> f32 {
    let difference = |(a, b): (&ndarray::ArrayD<f32>, &ndarray::ArrayD<f32>)| {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    assert_eq!(a.names(), b.names());
    a.iter().zip(b.iter()).map(|((_, a), (_, b))| difference((a, b))).fold(0.0, f32::max)
}

#[test]
fn two_or_three_devices_take_the_steps_of_one() {
    let config = FitConfig { epochs: 5, ..FitConfig::default() };
    let mut one = Bent::new(1);
    let history = fit(&mut one, &data(), &config, &mut Silent).expect("trained");
    for n in [1, 2, 3] {
        let mut several = replicas(n);
        let also = fit(&mut several, &data(), &config, &mut Silent).expect("trained");
        assert!(far(&several.state(), &one.state()) < 1e-5, "{n} devices");
        for (a, b) in history.rows.iter().zip(&also.rows) {
            assert!(a.terms.iter().zip(&b.terms).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 1e-5));
        }
        // The same once more, bit by bit, and the same everywhere.
        let mut again = replicas(n);
        fit(&mut again, &data(), &config, &mut Silent).expect("trained");
        assert_eq!(again.state(), several.state());
        let times = several.times();
        assert_eq!((times.devices, times.steps), (n, 30));
        assert!(times.compute > 0.0 && times.seconds(1) > 0.0 && times.speed_up(1) == 1.0);
    }
}

#[test]
fn a_run_on_two_devices_resumes_as_if_nothing_had_been() {
    let folder = tempfile::tempdir().expect("a folder");
    let straight = FitConfig { epochs: 4, ..FitConfig::default() };
    let parts = FitConfig { folder: Some(folder.path().to_owned()), resume: true, ..straight.clone() };
    let mut whole = replicas(2);
    fit(&mut whole, &data(), &straight, &mut Silent).expect("trained");
    fit(&mut replicas(2), &data(), &parts, &mut StopAfter(11)).expect("stopped");
    let mut second = replicas(2);
    fit(&mut second, &data(), &parts, &mut Silent).expect("resumed");
    assert_eq!(second.state(), whole.state());
}

#[test]
fn replicas_that_differ_and_parts_that_fail_are_refused() {
    assert!(Parallel::<Bent>::new(vec![]).is_err());
    let error = Parallel::new(vec![Bent::new(1), Bent::new(1), Bent::new(2)]).expect_err("another seed");
    assert!(error.to_string().contains("replica 3 is not the same"), "{error}");
    let at = Step { seed: 0, epoch: 0, done: 0, per_epoch: 1, total: 1 };
    let mut two = replicas(2);
    let before = two.state();
    assert!(two.learn(vec![1], &at).is_err(), "one row for two devices");
    let error = two.learn(vec![1, 13], &at).expect_err("the second part fails");
    assert!(error.to_string().contains("row 13"), "{error}");
    assert_eq!(two.state(), before, "nobody has moved");
}
