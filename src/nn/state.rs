//! The numbers of a network by name: out of a network, into one, and in safetensors files.
//!
//! A name is the path of fields to a parameter, joined by dots (`encoder.conv1.weight`); elements of lists have their
//! index for a name (`blocks.0.norm1.bias`). Running averages are among them. Files have the layout of common frameworks
//! (see [`nn`](crate::nn)), so that published weights load as they are, or after [`State::renamed`].

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::TensorData;
use ndarray::ArrayD;

use crate::io::numbers::Stored;
use crate::io::safetensors::{self, SafeTensors};
use crate::tensor::{Backend, Gradients, Tensor};
use crate::words::name_some;
use crate::{Error, Result};

/// Named arrays of `f32`.
///
/// ```
/// use perturbook::nn::{Init, Linear, State};
/// use perturbook::tensor::cpu;
/// use rand::SeedableRng;
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let [first, second] = [0; 2].map(|_| Linear::new(3, 2, Init::Uniform, &mut rng, &cpu()));
/// let state = State::of(&first);
/// assert_eq!(state.names(), ["bias", "weight"]);
/// let second = state.load_into(second)?;
/// assert_eq!(State::of(&second), state);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    arrays: BTreeMap<String, ArrayD<f32>>,
}

impl State {
    /// The parameters and running averages of a network.
    pub fn of(module: &impl Module<Backend>) -> Self {
        Self::read_out(flat_tensors(module, None))
    }

    /// The gradients of a network's parameters; those that the loss does not depend on are left out.
    pub fn gradients_of(module: &impl Module<Backend>, gradients: &Gradients) -> Self {
        Self::read_out(flat_tensors(module, Some(gradients)))
    }

    fn read_out(tensors: BTreeMap<String, Flat>) -> Self {
        // A tensor has as many numbers as its shape says.
        let read = |flat: Flat| array(flat.values).into_shape_with_order(flat.shape).unwrap_or_default();
        Self { arrays: tensors.into_iter().map(|(name, flat)| (name, read(flat))).collect() }
    }

    /// The names, sorted.
    pub fn names(&self) -> Vec<&str> {
        self.arrays.keys().map(String::as_str).collect()
    }

    /// One array.
    pub fn get(&self, name: &str) -> Option<&ArrayD<f32>> {
        self.arrays.get(name)
    }

    /// Puts an array in, in place of one of the same name.
    pub fn insert(&mut self, name: impl Into<String>, array: ArrayD<f32>) {
        self.arrays.insert(name.into(), array);
    }

    /// Every array with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ArrayD<f32>)> {
        self.arrays.iter().map(|(name, array)| (name.as_str(), array))
    }

    /// How many numbers there are in all.
    pub fn count(&self) -> usize {
        self.arrays.values().map(ArrayD::len).sum()
    }

    /// Both, the names of `other` after `prefix`.
    pub fn with(mut self, prefix: &str, other: &Self) -> Self {
        self.arrays.extend(other.arrays.iter().map(|(name, array)| (format!("{prefix}{name}"), array.clone())));
        self
    }

    /// Those whose names start with `prefix`, without it: the state of one part of a network.
    pub fn part(&self, prefix: &str) -> Self {
        self.renamed(|name| name.strip_prefix(prefix).map(str::to_owned))
    }

    /// The same with other names; where there is none the array is left out.
    pub fn renamed(&self, name: impl Fn(&str) -> Option<String>) -> Self {
        let arrays = self.arrays.iter().filter_map(|(old, array)| Some((name(old)?, array.clone()))).collect();
        Self { arrays }
    }

    /// The network with these numbers, on the device on which it is.
    ///
    /// # Errors
    /// When the network has a parameter that is missing here or has another shape, or here is one that the network does
    /// not have. All of them are named.
    pub fn load_into<M: Module<Backend>>(&self, module: M) -> Result<M> {
        let mut writer = Writer { path: Fields::default(), state: self, used: Vec::new(), wrong: Vec::new() };
        let module = module.map(&mut writer);
        let Writer { used, mut wrong, .. } = writer;
        let unused: Vec<&String> = self.arrays.keys().filter(|name| !used.contains(name)).collect();
        if !unused.is_empty() {
            wrong.push(format!("the network has no {}", name_some(&unused)));
        }
        if wrong.is_empty() {
            return Ok(module);
        }
        Err(Error::new(format!("these numbers do not fit the network: {}", wrong.join("; ")))
            .fix("build the network with the settings it was saved with, or rename the arrays"))
    }

    /// Reads a safetensors file; numbers of other types become `f32`.
    ///
    /// # Errors
    /// As [`SafeTensors::open`] and [`SafeTensors::read`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let file = SafeTensors::open(path)?;
        let arrays = file.names().into_iter().map(|name| Ok((name.clone(), file.read::<f32>(&name)?)));
        Ok(Self { arrays: arrays.collect::<Result<_>>()? })
    }

    /// Writes a safetensors file; the path never holds half of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        self.write_with(path, None)
    }

    /// The same with free text by key.
    pub(crate) fn write_with(&self, path: impl AsRef<Path>, text: Option<HashMap<String, String>>) -> Result<()> {
        let arrays: Vec<(&str, Stored)> = self.iter().map(|(name, array)| (name, array.into())).collect();
        safetensors::write_with(path, &arrays, text)
    }
}

/// The fields entered so far.
#[derive(Default)]
pub(crate) struct Fields(Vec<String>);

impl Fields {
    pub(crate) fn enter(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }

    pub(crate) fn exit(&mut self) {
        self.0.pop();
    }

    pub(crate) fn name(&self) -> String {
        self.0.join(".")
    }
}

/// A tensor of any number of dimensions.
pub(crate) struct Flat {
    pub(crate) values: Tensor<1>,
    pub(crate) shape: Vec<usize>,
}

/// Every parameter and running average of a network by name, or, where gradients are given, its gradient if it has one. What
/// is read is not recorded.
pub(crate) fn flat_tensors(module: &impl Module<Backend>, gradients: Option<&Gradients>) -> BTreeMap<String, Flat> {
    let mut reader = Reader { fields: Fields::default(), gradients, found: BTreeMap::new() };
    module.visit(&mut reader);
    reader.found
}

struct Reader<'a> {
    fields: Fields,
    /// Whose gradients are read instead of the values.
    gradients: Option<&'a Gradients>,
    found: BTreeMap<String, Flat>,
}

impl ModuleVisitor<Backend> for Reader<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.fields.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.fields.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = match self.gradients {
            None => Some(param.val().detach()),
            Some(gradients) => param.val().grad(gradients),
        };
        if let Some(value) = value {
            let shape = value.dims().to_vec();
            let values = value.reshape([shape.iter().product::<usize>()]);
            self.found.insert(self.fields.name(), Flat { values, shape });
        }
    }
}

/// A tensor's numbers.
pub(crate) fn array<const D: usize>(tensor: Tensor<D>) -> ArrayD<f32> {
    let shape = tensor.dims();
    ArrayD::from_shape_vec(shape.as_slice(), numbers(tensor)).unwrap_or_else(|_| ArrayD::zeros(shape.as_slice()))
}

/// A tensor's numbers one after the other.
pub(crate) fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().into_vec().unwrap_or_default()
}

struct Writer<'a> {
    path: Fields,
    state: &'a State,
    used: Vec<String>,
    wrong: Vec<String>,
}

impl ModuleMapper<Backend> for Writer<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        let (id, old, mapper) = param.consume();
        let value = match self.state.get(&name) {
            None => {
                self.wrong.push(format!("{name} is missing"));
                old
            }
            Some(array) if array.shape() != old.dims() => {
                self.wrong.push(format!("{name} is {:?} and not {:?}", array.shape(), old.dims()));
                old
            }
            Some(array) => {
                let data = TensorData::new(array.iter().copied().collect::<Vec<f32>>(), old.dims());
                replaced(&old, Tensor::from_data(data, &old.device()))
            }
        };
        self.used.push(name);
        Param::from_mapped_value(id, value, mapper)
    }
}

/// `new` in place of `old`: gradients are recorded for it if they were for the old one.
pub(crate) fn replaced<const D: usize>(old: &Tensor<D>, new: Tensor<D>) -> Tensor<D> {
    let new = new.detach();
    if old.is_require_grad() { new.require_grad() } else { new }
}
