//! Reads reference cases of networks: a folder with `case.json` and three safetensors files for each case.
//!
//! A tensor passes if `max |got - expected| <= rtol * max |expected| + atol`; the longest prefix of its name among the
//! case's tolerances decides, and an entry of `fraction_rules` asks in addition that a share of the entries of each larger
//! tensor agrees to a tighter bound. [`NetCase::finish`] fails with every difference found, and with every expected
//! tensor that the test never compared.

#![allow(dead_code)] // each test file uses its own part

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Int, TensorData};
use ndarray::{Array1, Array3, Array4, ArrayD, Ix1, Ix3, Ix4};
use perturbook::nn::State;
use perturbook::tensor::{Backend, Device, Tensor};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

use crate::common::shared_file;

/// All cases under `oracles/nets` whose name starts with `prefix`, by name; none where the folder is absent.
pub fn net_cases(prefix: &str) -> Vec<NetCase> {
    let Some(folder) = shared_file("oracles/nets") else { return Vec::new() };
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(prefix) && folder.join(name).join("case.json").exists())
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{} holds no case {prefix}*", folder.display());
    names.iter().map(|name| NetCase::open(folder.join(name))).collect()
}

/// One case.
pub struct NetCase {
    pub name: String,
    pub json: Value,
    folder: PathBuf,
    weights: BTreeMap<String, ArrayD<f64>>,
    inputs: BTreeMap<String, ArrayD<f64>>,
    expected: BTreeMap<String, ArrayD<f64>>,
    compared: RefCell<BTreeSet<String>>,
    failures: RefCell<Vec<String>>,
    /// The largest share of its tolerance that a tensor has used.
    used: Cell<f64>,
}

impl NetCase {
    fn open(folder: PathBuf) -> Self {
        let file = folder.join("case.json");
        let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let json = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        Self {
            name: folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            json,
            weights: tensors(&folder.join("weights.safetensors")),
            inputs: tensors(&folder.join("inputs.safetensors")),
            expected: tensors(&folder.join("expected.safetensors")),
            folder,
            compared: RefCell::default(),
            failures: RefCell::default(),
            used: Cell::default(),
        }
    }

    /// A value of the configuration, by a path such as `/zoom/side`.
    pub fn config(&self, path: &str) -> &Value {
        let pointer = format!("/config{path}");
        self.json.pointer(&pointer).unwrap_or_else(|| panic!("{}: no {pointer}", self.name))
    }

    pub fn config_number(&self, path: &str) -> f64 {
        self.config(path).as_f64().unwrap_or_else(|| panic!("{}: {path} is no number", self.name))
    }

    /// A parameter or buffer.
    pub fn weight(&self, name: &str) -> &ArrayD<f64> {
        self.weights.get(name).unwrap_or_else(|| panic!("{}: no weight {name:?}", self.name))
    }

    /// An input of any shape, as `f64`.
    pub fn input(&self, name: &str) -> &ArrayD<f64> {
        self.inputs.get(name).unwrap_or_else(|| panic!("{}: no input {name:?}", self.name))
    }

    pub fn has_input(&self, name: &str) -> bool {
        self.inputs.contains_key(name)
    }

    pub fn has_weight(&self, name: &str) -> bool {
        self.weights.contains_key(name)
    }

    /// All parameters and buffers.
    pub fn state(&self) -> State {
        let mut state = State::default();
        for (name, values) in &self.weights {
            state.insert(name.clone(), values.mapv(|v| v as f32));
        }
        state
    }

    /// An input as a tensor.
    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        tensor(self.input(name), device)
    }

    /// An input of whole numbers as a tensor.
    pub fn integers(&self, name: &str, device: &Device) -> burn::Tensor<Backend, 1, Int> {
        let values: Vec<i32> = self.input(name).iter().map(|&v| v as i32).collect();
        burn::Tensor::from_data(TensorData::new(values, [self.input(name).len()]), device)
    }

    /// An expected tensor.
    pub fn expected(&self, name: &str) -> &ArrayD<f64> {
        self.expected.get(name).unwrap_or_else(|| panic!("{}: nothing expected of {name:?}", self.name))
    }

    /// Compares a tensor; one number may stand for a tensor of shape `[1]`.
    pub fn check_tensor<const D: usize>(&self, name: &str, got: Tensor<D>) {
        let shape = got.dims();
        let values: Vec<f32> = got.into_data().to_vec().expect("numbers");
        let one = self.expected.get(name).is_some_and(|want| want.len() == 1 && values.len() == 1);
        let shape = if one { self.expected[name].shape().to_vec() } else { shape.to_vec() };
        self.check(name, &ArrayD::from_shape_vec(shape, values).expect("of its shape"));
    }

    /// Compares a number.
    pub fn check_number(&self, name: &str, got: f64) {
        self.check(name, &Array1::from(vec![got]));
    }

    /// Compares all gradients that the case expects: `PREFIX.NAME` whole, `PREFIXnorm.NAME` their length and
    /// `PREFIXhead.NAME` their first numbers. `prefix` is `grad` or, for instance, `grad_d`, with `gradnorm_d` then.
    /// Parameters that `got` lacks have gradient 0.
    pub fn check_gradients(&self, prefix: &str, got: &State) {
        let (grad, rest) = prefix.split_at("grad".len());
        for name in self.expected_names() {
            let parts = [format!("{prefix}."), format!("{grad}norm{rest}."), format!("{grad}head{rest}.")];
            let Some(which) = parts.iter().position(|part| name.starts_with(part)) else { continue };
            let parameter = &name[parts[which].len()..];
            let Some(weight) = self.weights.get(parameter) else { continue };
            let zero = ArrayD::zeros(weight.shape());
            let gradient = got.get(parameter).unwrap_or(&zero);
            match which {
                0 => self.check(&name, gradient),
                1 => {
                    let squares: f64 = gradient.iter().map(|&v| f64::from(v).powi(2)).sum();
                    self.check_number(&name, squares.sqrt());
                }
                _ => {
                    let head: Vec<f32> = gradient.iter().take(self.expected(&name).len()).copied().collect();
                    self.check(&name, &Array1::from(head));
                }
            }
        }
    }

    /// Compares all parameters that the case expects as `PREFIX.NAME`, such as `adam2.encoder.weight`.
    pub fn check_state(&self, prefix: &str, got: &State) {
        for name in self.expected_names() {
            let Some(parameter) = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) else { continue };
            match got.get(parameter) {
                Some(array) => self.check(&name, array),
                None => self.expect(false, format!("{name}: the network has no such parameter")),
            }
        }
    }

    /// An input in the `f32` it was stored in.
    pub fn vector(&self, name: &str) -> Array1<f32> {
        self.input(name).mapv(|v| v as f32).into_dimensionality::<Ix1>().unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn image(&self, name: &str) -> Array3<f32> {
        self.input(name).mapv(|v| v as f32).into_dimensionality::<Ix3>().unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn images(&self, name: &str) -> Array4<f32> {
        self.input(name).mapv(|v| v as f32).into_dimensionality::<Ix4>().unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Names of the expected tensors.
    pub fn expected_names(&self) -> Vec<String> {
        self.expected.keys().cloned().collect()
    }

    /// Notes a difference that is not a plain comparison.
    pub fn expect(&self, holds: bool, message: impl Into<String>) {
        if !holds {
            self.failures.borrow_mut().push(message.into());
        }
    }

    fn tolerances(&self, name: &str) -> (f64, f64) {
        let entry = longest_prefix(&self.json["tolerances"], name);
        let number = |key: &str| entry.and_then(|e| e[key].as_f64());
        match (number("rtol"), number("atol")) {
            (Some(rtol), Some(atol)) => (rtol, atol),
            _ => panic!("{}: no tolerance for {name:?}", self.name),
        }
    }

    /// Compares a result with an expected tensor, by the tolerance the case states for its name.
    pub fn check<V: Copy + Into<f64>, D: ndarray::Dimension>(&self, name: &str, got: &ndarray::Array<V, D>) {
        self.compared.borrow_mut().insert(name.to_owned());
        let Some(want) = self.expected.get(name) else {
            return self.expect(false, format!("{name}: the case expects no such tensor"));
        };
        let got = got.mapv(Into::into).into_dyn();
        if got.shape() != want.shape() {
            return self.expect(false, format!("{name}: shape {:?}, expected {:?}", got.shape(), want.shape()));
        }
        let (rtol, atol) = self.tolerances(name);
        let largest = want.iter().fold(0.0f64, |largest, v| largest.max(v.abs()));
        let bound = rtol * largest + atol;
        let apart = |(got, want): (&f64, &f64)| if got == want { 0.0 } else { (got - want).abs() };
        // NaN is further than any bound, and so is infinity.
        let worst =
            got.iter().zip(want).map(apart).fold(0.0, |w: f64, v| if v.is_nan() { f64::INFINITY } else { w.max(v) });
        self.used.set(self.used.get().max(if worst == 0.0 { 0.0 } else { worst / bound }));
        self.expect(worst <= bound, format!("{name}: {worst:e} apart, {bound:e} allowed (largest value {largest:e})"));
        let rule = longest_prefix(&self.json["fraction_rules"], name);
        if let Some(rule) = rule {
            let number = |key: &str| rule[key].as_f64().unwrap_or_else(|| panic!("{}: rule without {key}", self.name));
            let (fraction, atol) = (number("min_fraction"), number("atol"));
            let close = got.iter().zip(want).filter(|&pair| apart(pair) <= atol).count();
            let small = want.len() as f64 <= number("only_tensors_with_more_entries_than");
            let enough = small || close as f64 >= fraction * want.len() as f64;
            self.expect(enough, format!("{name}: {close} of {} within {atol:e}, {fraction} asked for", want.len()));
        }
    }

    /// Fails with all differences, and with every expected tensor that was never compared.
    pub fn finish(self) {
        let compared = self.compared.borrow();
        let missed: Vec<&str> = self.expected.keys().filter(|k| !compared.contains(*k)).map(String::as_str).collect();
        let mut failures = self.failures.borrow().clone();
        if !missed.is_empty() {
            failures.push(format!("never compared: {}", missed.join(", ")));
        }
        let used = self.used.get();
        println!("case {}: {} tensors, at most {used:.2} of the tolerance used", self.name, compared.len());
        assert!(failures.is_empty(), "case {}\n{}", self.folder.display(), failures.join("\n"));
    }
}

/// The entry whose key is the longest prefix of the name.
fn longest_prefix<'a>(rules: &'a Value, name: &str) -> Option<&'a Value> {
    let rules = rules.as_object()?;
    rules.iter().filter(|(prefix, _)| name.starts_with(prefix.as_str())).max_by_key(|(p, _)| p.len()).map(|(_, r)| r)
}

fn tensors(path: &Path) -> BTreeMap<String, ArrayD<f64>> {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file = SafeTensors::deserialize(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let read = |(name, tensor): (String, safetensors::tensor::TensorView<'_>)| {
        let data = tensor.data();
        let values: Vec<f64> = match tensor.dtype() {
            Dtype::F32 => data.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
            Dtype::F64 => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
            Dtype::I64 => data.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b) as f64).collect(),
            Dtype::U8 => data.iter().map(|&b| f64::from(b)).collect(),
            other => panic!("{}: {name:?} is {other:?}", path.display()),
        };
        let array = ArrayD::from_shape_vec(tensor.shape(), values).unwrap_or_else(|e| panic!("{name}: {e}"));
        (name, array)
    };
    file.tensors().into_iter().map(read).collect()
}

/// An array as a tensor.
pub fn tensor<const D: usize>(array: &ArrayD<f64>, device: &Device) -> Tensor<D> {
    let values: Vec<f32> = array.iter().map(|&v| v as f32).collect();
    Tensor::from_data(TensorData::new(values, array.shape().to_vec()), device)
}
