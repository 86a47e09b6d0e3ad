//! Reads reference cases: a folder with `expected.json` and `.npy` arrays for each case.
//!
//! A [`Case`] hands out inputs and compares results; [`Case::finish`] fails with every difference found, and with every
//! output or scalar of the case that the test never compared. Cases are looked for under
//! `$PERTURBOOK_SHARED/oracles`, by default `../shared/oracles` beside the repository; where the folder is absent the
//! tests say so and pass.

#![allow(dead_code)] // each test file uses its own part

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, ArrayD, Axis, Dimension, Ix1, Ix2};
use ndarray_npy::read_npy;
use serde_json::Value;

/// The folder with reference cases and real data.
pub fn shared() -> PathBuf {
    env::var_os("PERTURBOOK_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
}

/// Says something past the capture that hides the output of passing tests.
pub fn said(what: &str) {
    let _ = writeln!(std::io::stdout(), "{what}");
}

/// Says that a test did not run.
pub fn skipped(why: &str) {
    said(&format!("skipped: {why}"));
}

/// A file under the shared folder, or `None` (said on standard output) where it is absent.
pub fn shared_file(path: &str) -> Option<PathBuf> {
    let file = shared().join(path);
    if !file.exists() {
        skipped(&format!("{} is not here", file.display()));
        return None;
    }
    Some(file)
}

/// All cases of a family such as `metrics/01_relation_recall`, by name.
pub fn cases(family: &str) -> Vec<Case> {
    let Some(folder) = shared_file(&format!("oracles/{family}")) else { return Vec::new() };
    let mut cases: Vec<Case> = fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.join("expected.json").exists())
        .map(Case::open)
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!cases.is_empty(), "{} holds no case", folder.display());
    cases
}

/// One case.
pub struct Case {
    pub name: String,
    folder: PathBuf,
    json: Value,
    compared: RefCell<BTreeSet<String>>,
    failures: RefCell<Vec<String>>,
}

impl Case {
    fn open(folder: PathBuf) -> Self {
        let file = folder.join("expected.json");
        let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let json = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Self { name, folder, json, compared: RefCell::default(), failures: RefCell::default() }
    }

    fn names(&self, part: &str) -> Vec<String> {
        self.json[part].as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
    }

    pub fn has_input(&self, name: &str) -> bool {
        self.json["inputs"].get(name).is_some()
    }

    pub fn has_output(&self, name: &str) -> bool {
        self.json["outputs"].get(name).is_some()
    }

    pub fn input_names(&self) -> Vec<String> {
        self.names("inputs")
    }

    pub fn scalar_names(&self) -> Vec<String> {
        self.names("scalars")
    }

    pub fn has_param(&self, name: &str) -> bool {
        self.json["params"].get(name).is_some()
    }

    pub fn param(&self, name: &str) -> &Value {
        let value = &self.json["params"][name];
        assert!(!value.is_null(), "{}: no parameter {name:?}", self.name);
        value
    }

    /// A parameter that is a list of numbers.
    pub fn param_numbers(&self, name: &str) -> Vec<f64> {
        let list = self.param(name).as_array().unwrap_or_else(|| panic!("{}: {name:?} is no list", self.name));
        list.iter().map(|v| v.as_f64().expect("a number")).collect()
    }

    /// A parameter that is a list of names.
    pub fn param_names(&self, name: &str) -> Vec<String> {
        let list = self.param(name).as_array().unwrap_or_else(|| panic!("{}: {name:?} is no list", self.name));
        list.iter().map(|v| v.as_str().expect("a string").to_owned()).collect()
    }

    /// A parameter that is a number.
    pub fn param_number(&self, name: &str) -> f64 {
        self.param(name).as_f64().unwrap_or_else(|| panic!("{}: {name:?} is no number", self.name))
    }

    /// A field of a scalar's description, such as `value` or `n_recalled`.
    pub fn scalar_field(&self, name: &str, field: &str) -> Option<f64> {
        self.json["scalars"][name][field].as_f64()
    }

    fn load(&self, part: &str, name: &str) -> ArrayD<f64> {
        let entry = &self.json[part][name];
        let file = entry["file"].as_str().unwrap_or_else(|| panic!("{}: no {part} {name:?}", self.name));
        let path = self.folder.join(file);
        let fail = |e: ndarray_npy::ReadNpyError| -> ! { panic!("{}: {e}", path.display()) };
        match entry["dtype"].as_str() {
            Some("f64") => read_npy(&path).unwrap_or_else(|e| fail(e)),
            Some("f32") => read_npy::<_, ArrayD<f32>>(&path).unwrap_or_else(|e| fail(e)).mapv(f64::from),
            Some("i64") => read_npy::<_, ArrayD<i64>>(&path).unwrap_or_else(|e| fail(e)).mapv(|v| v as f64),
            other => panic!("{}: dtype {other:?}", path.display()),
        }
    }

    /// An input of any shape, as `f64`.
    pub fn array(&self, name: &str) -> ArrayD<f64> {
        self.load("inputs", name)
    }

    pub fn matrix(&self, name: &str) -> Array2<f64> {
        self.array(name).into_dimensionality::<Ix2>().unwrap_or_else(|e| panic!("{}: {name:?}: {e}", self.name))
    }

    pub fn vector(&self, name: &str) -> Array1<f64> {
        self.array(name).into_dimensionality::<Ix1>().unwrap_or_else(|e| panic!("{}: {name:?}: {e}", self.name))
    }

    /// A vector of indices or counts.
    pub fn indices(&self, name: &str) -> Vec<usize> {
        self.vector(name).iter().map(|&v| v as usize).collect()
    }

    /// A matrix of indices or counts.
    pub fn index_matrix(&self, name: &str) -> Array2<usize> {
        self.matrix(name).mapv(|v| v as usize)
    }

    /// An expected output of any shape.
    pub fn expected_array(&self, name: &str) -> ArrayD<f64> {
        self.load("outputs", name)
    }

    /// An expected output as a matrix: for tests that need its own columns as settings.
    pub fn expected_matrix(&self, name: &str) -> Array2<f64> {
        self.load("outputs", name)
            .into_dimensionality::<Ix2>()
            .unwrap_or_else(|e| panic!("{}: {name:?}: {e}", self.name))
    }

    fn fail(&self, message: String) {
        self.failures.borrow_mut().push(message);
    }

    /// Compares a result with an output, by the rule the case states for it.
    pub fn check(&self, name: &str, got: impl Into<ArrayD<f64>>) {
        self.compared.borrow_mut().insert(format!("outputs.{name}"));
        let (got, entry) = (got.into(), &self.json["outputs"][name]);
        let want = self.load("outputs", name);
        if got.shape() != want.shape() {
            return self.fail(format!("{name}: shape {:?}, expected {:?}", got.shape(), want.shape()));
        }
        let got = match entry["compare"].as_str() {
            None | Some("elementwise") => got,
            Some("up_to_row_sign") => flip_to(got, &want, Axis(0)),
            Some("up_to_column_sign") => flip_to(got, &want, Axis(1)),
            Some(other) => return self.fail(format!("{name}: unknown comparison {other:?}")),
        };
        let (abs, rel) = tolerances(entry);
        let bad: Vec<String> = got
            .indexed_iter()
            .zip(&want)
            .filter(|((_, got), want)| !agrees(**got, **want, abs, rel))
            .map(|((at, got), want)| format!("  {:?}: {got:e}, expected {want:e}", at.slice()))
            .collect();
        if !bad.is_empty() {
            let shown = bad.iter().take(5).cloned().collect::<Vec<_>>().join("\n");
            self.fail(format!("{name}: {} of {} differ (abs {abs:e}, rel {rel:e})\n{shown}", bad.len(), want.len()));
        }
    }

    /// The same for a list of numbers.
    pub fn check_list(&self, name: &str, got: impl IntoIterator<Item = f64>) {
        self.check(name, Array1::from_iter(got).into_dyn());
    }

    /// The same for indices or counts.
    pub fn check_indices<'a>(&self, name: &str, got: impl IntoIterator<Item = &'a usize>) {
        self.check_list(name, got.into_iter().map(|&v| v as f64));
    }

    /// Compares a result with a scalar.
    pub fn check_scalar(&self, name: &str, got: f64) {
        self.compared.borrow_mut().insert(format!("scalars.{name}"));
        let entry = &self.json["scalars"][name];
        let Some(want) = entry["value"].as_f64() else {
            return self.fail(format!("{name}: the case has no such scalar"));
        };
        let (abs, rel) = tolerances(entry);
        if !agrees(got, want, abs, rel) {
            self.fail(format!("{name}: {got:e}, expected {want:e} (abs {abs:e}, rel {rel:e})"));
        }
    }

    /// Compares a list of results with a scalar that is a list.
    pub fn check_scalar_list(&self, name: &str, got: impl IntoIterator<Item = f64>) {
        self.compared.borrow_mut().insert(format!("scalars.{name}"));
        let (got, want) = (got.into_iter().collect::<Vec<_>>(), self.scalar_list(name));
        let (abs, rel) = tolerances(&self.json["scalars"][name]);
        if got.len() != want.len() || !got.iter().zip(&want).all(|(got, want)| agrees(*got, *want, abs, rel)) {
            self.fail(format!("{name}: {got:?}, expected {want:?} (abs {abs:e}, rel {rel:e})"));
        }
    }

    /// A scalar that is a list of numbers.
    pub fn scalar_list(&self, name: &str) -> Vec<f64> {
        let list = self.json["scalars"][name]["value"].as_array();
        let list = list.unwrap_or_else(|| panic!("{}: the scalar {name:?} is no list", self.name));
        list.iter().map(|v| v.as_f64().expect("a number")).collect()
    }

    /// Compares a result with a scalar that is a mark to reach: better is fine, and `slack` below it as well.
    pub fn check_at_least(&self, name: &str, got: f64, slack: f64) {
        self.compared.borrow_mut().insert(format!("scalars.{name}"));
        let Some(want) = self.scalar_field(name, "value") else {
            return self.fail(format!("{name}: the case has no such scalar"));
        };
        if got.is_nan() || got < want - slack {
            self.fail(format!("{name}: {got:e}, expected at least {want:e} - {slack:e}"));
        }
        println!("case {}: {name} {got:.4}, reference {want:.4}", self.name);
    }

    /// Notes a difference that is not a plain comparison.
    pub fn expect(&self, holds: bool, message: impl Into<String>) {
        if !holds {
            self.fail(message.into());
        }
    }

    /// Fails with all differences, and with every output and scalar that was never compared (those that describe the
    /// case or the machine it was made on, and inputs to a metric, are no targets).
    pub fn finish(self) {
        let compared = self.compared.borrow();
        let mut targets = Vec::new();
        for part in ["outputs", "scalars"] {
            for name in self.names(part) {
                let is_input = self.json[part][&name]["compare"] == "input_to_metric";
                let describes = ["conditioning.", "wall_time_s.", "peak_rss_mib."];
                if !describes.iter().any(|prefix| name.starts_with(prefix)) && !is_input {
                    targets.push(format!("{part}.{name}"));
                }
            }
        }
        let missed: Vec<String> = targets.into_iter().filter(|name| !compared.contains(name)).collect();
        let mut failures = self.failures.borrow().clone();
        if !missed.is_empty() {
            failures.push(format!("never compared: {}", missed.join(", ")));
        }
        assert!(failures.is_empty(), "case {}\n{}", self.folder.display(), failures.join("\n"));
        println!("case {}: {} values and arrays agree", self.name, compared.len());
    }
}

fn tolerances(entry: &Value) -> (f64, f64) {
    (entry["abs_tol"].as_f64().unwrap_or(0.0), entry["rel_tol"].as_f64().unwrap_or(0.0))
}

fn agrees(got: f64, want: f64, abs: f64, rel: f64) -> bool {
    got == want || (got.is_nan() && want.is_nan()) || (got - want).abs() <= abs + rel * want.abs()
}

/// Flips the sign of each row (or column) so that it points the way of the expected one.
fn flip_to(mut got: ArrayD<f64>, want: &ArrayD<f64>, axis: Axis) -> ArrayD<f64> {
    for (mut lane, want) in got.axis_iter_mut(axis).zip(want.axis_iter(axis)) {
        if lane.iter().zip(&want).map(|(a, b)| a * b).sum::<f64>() < 0.0 {
            lane.mapv_inplace(|v| -v);
        }
    }
    got
}
