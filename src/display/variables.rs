//! The table of a notebook's variables: name, type, shape, memory, device.
//!
//! The kernel writes a call of [`variables`] for `:vars`. A type that implements [`Describe`] tells its shape and the
//! memory behind it; of any other only the size of the value itself is known.

use std::collections::{BTreeMap, HashMap};
use std::mem::size_of;
use std::rc::Rc;
use std::sync::Arc;

use burn::tensor::BasicOps;
use ndarray::{ArrayBase, ArrayRef, Data, Dimension};

use super::memory::{memory, shape};
use super::{Grid, Show, Slot, tensors, transport};
use crate::datasets::GeneScreen;
use crate::screen::{Counts, Embedding, Profiles};

/// What can be said of a value besides its type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Such as `1200 x 128`; empty for a single value.
    pub shape: String,
    /// Bytes of the value and of what it owns.
    pub bytes: usize,
    /// Whether it may own more than `bytes`.
    pub at_least: bool,
    /// Where the values lie.
    pub device: String,
}

/// Values that know their shape and size.
pub trait Describe {
    /// Shape, memory, device.
    fn describe(&self) -> Description;
}

fn on_cpu(shape: String, bytes: usize) -> Description {
    Description { shape, bytes, at_least: false, device: "CPU".to_owned() }
}

impl<A, S: Data<Elem = A>, D: Dimension> Describe for ArrayBase<S, D> {
    fn describe(&self) -> Description {
        let values: &ArrayRef<A, D> = self;
        on_cpu(shape(values.shape()), values.len() * size_of::<A>())
    }
}

impl Describe for polars::frame::DataFrame {
    fn describe(&self) -> Description {
        on_cpu(shape(&[self.height(), self.width()]), self.estimated_size())
    }
}

impl Describe for polars::prelude::Column {
    fn describe(&self) -> Description {
        on_cpu(shape(&[self.len()]), self.as_materialized_series().estimated_size())
    }
}

impl<const D: usize, K: BasicOps<burn::Dispatch>> Describe for burn::Tensor<burn::Dispatch, D, K> {
    fn describe(&self) -> Description {
        let bytes = self.shape().num_elements() * self.dtype().size();
        let device = tensors::device_name(&self.device());
        Description { shape: shape(&self.dims()), bytes, at_least: false, device }
    }
}

impl<T> Describe for Vec<T> {
    fn describe(&self) -> Description {
        let at_least = std::mem::needs_drop::<T>();
        Description { at_least, ..on_cpu(shape(&[self.len()]), size_of::<Self>() + self.capacity() * size_of::<T>()) }
    }
}

impl<K, V, S> Describe for HashMap<K, V, S> {
    fn describe(&self) -> Description {
        Description { at_least: true, ..on_cpu(shape(&[self.len()]), self.capacity() * size_of::<(K, V)>()) }
    }
}

impl<K, V> Describe for BTreeMap<K, V> {
    fn describe(&self) -> Description {
        Description { at_least: true, ..on_cpu(shape(&[self.len()]), self.len() * size_of::<(K, V)>()) }
    }
}

impl Describe for String {
    fn describe(&self) -> Description {
        on_cpu(shape(&[self.len()]), size_of::<Self>() + self.capacity())
    }
}

impl Describe for Profiles {
    fn describe(&self) -> Description {
        let names: usize = self.keys().iter().map(|key| key.describe().bytes).sum();
        on_cpu(shape(&[self.len(), self.dims()]), self.values().describe().bytes + names)
    }
}

impl Describe for Embedding {
    fn describe(&self) -> Description {
        let bytes = self.values().describe().bytes + self.table().estimated_size();
        on_cpu(shape(&[self.len(), self.dims()]), bytes)
    }
}

impl Describe for Counts {
    fn describe(&self) -> Description {
        let names: usize = self.genes().iter().map(|gene| gene.describe().bytes).sum();
        let arrays = self.indptr().len() * 8 + self.stored() * 8;
        on_cpu(shape(&[self.cells(), self.genes().len()]), arrays + names)
    }
}

impl Describe for GeneScreen {
    fn describe(&self) -> Description {
        Description { at_least: true, ..self.profiles.describe() }
    }
}

impl<T: Describe + ?Sized> Describe for Box<T> {
    fn describe(&self) -> Description {
        (**self).describe()
    }
}

impl<T: Describe + ?Sized> Describe for Rc<T> {
    fn describe(&self) -> Description {
        (**self).describe()
    }
}

impl<T: Describe + ?Sized> Describe for Arc<T> {
    fn describe(&self) -> Description {
        (**self).describe()
    }
}

impl<T: Describe> Describe for Option<T> {
    fn describe(&self) -> Description {
        self.as_ref().map(Describe::describe).unwrap_or_default()
    }
}

/// A variable to be described. `(&Of(&x)).described()` finds [`Described`] when `x` implements [`Describe`], else, one
/// reference further, [`Opaque`].
#[derive(Debug)]
pub struct Of<'a, T>(pub &'a T);

/// Of values that know their shape and size.
pub trait Described {
    /// Shape, memory, device.
    fn described(&self) -> Description;
}

impl<T: Describe> Described for Of<'_, T> {
    fn described(&self) -> Description {
        self.0.describe()
    }
}

/// Of all other values.
pub trait Opaque {
    /// The size of the value itself.
    fn described(&self) -> Description;
}

impl<T> Opaque for &Of<'_, T> {
    fn described(&self) -> Description {
        let at_least = std::mem::needs_drop::<T>();
        Description { bytes: size_of::<T>(), at_least, ..Description::default() }
    }
}

/// Shows the table of variables, given as name, type and description.
pub fn variables(rows: &[(&str, &str, Description)]) {
    transport::publish(Slot::Value, &table(rows).bundle());
}

fn table(rows: &[(&str, &str, Description)]) -> Grid {
    if rows.is_empty() {
        return Grid::new().note("no variables");
    }
    let cells = |pick: fn(&Description) -> String| rows.iter().map(move |(_, _, what)| pick(what));
    Grid::new()
        .labels("name", rows.iter().map(|(name, _, _)| *name))
        .text("type", rows.iter().map(|(_, kind, _)| *kind))
        .right("shape", cells(|what| what.shape.clone()))
        .right("memory", cells(size))
        .text("device", cells(|what| what.device.clone()))
}

fn size(what: &Description) -> String {
    let size = memory(what.bytes);
    if what.at_least { format!("≥ {size}") } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Secret(#[expect(dead_code, reason = "only its size matters")] [u64; 4]);

    #[test]
    #[expect(clippy::needless_borrow, reason = "the kernel writes it so, for types that it does not know")]
    fn known_types_tell_their_shape_and_others_their_size() {
        let array = ndarray::Array2::<f32>::zeros((3, 5));
        let described = (&Of(&array)).described();
        assert_eq!((described.shape.as_str(), described.bytes, described.device.as_str()), ("3 x 5", 60, "CPU"));
        let secret = Secret([0; 4]);
        assert_eq!((&Of(&secret)).described(), Description { bytes: 32, ..Description::default() });
        let tensor = crate::tensor::Tensor::<2>::zeros([2, 8], &crate::tensor::cpu());
        assert_eq!((&Of(&tensor)).described().bytes, 2 * 8 * 4);
        let names = vec!["a".to_owned()];
        assert!((&Of(&names)).described().at_least);
    }

    #[test]
    fn the_table_has_a_row_for_each_variable() {
        let description =
            Description { shape: "2 x 8".to_owned(), bytes: 1_500_000, at_least: true, device: "CPU".to_owned() };
        let plain = table(&[("x", "Tensor<2>", description)]).plain();
        assert_eq!(plain.lines().last().unwrap(), "x     Tensor<2>  2 x 8  ≥ 1.5 MB  CPU");
        assert_eq!(table(&[]).plain(), "no variables");
    }
}
