//! The one way anything becomes visible: a value gives a [`Bundle`], a transport carries it to the notebook.
//!
//! [`Show::bundle`] is pure and deterministic, so that what a notebook shows can be tested as bytes. With the prelude
//! in scope the last expression of a cell is shown by itself; [`display`] shows something in the middle of a cell, and
//! [`display_id`] with [`update`] replace an output in place.

mod arrays;
mod bundle;
mod column;
mod configs;
mod corner;
mod counts;
mod edges;
mod element;
mod embedding;
mod fields;
mod frame;
mod grid;
mod images;
mod lazy;
mod lists;
mod memory;
mod model;
mod numbers;
mod plotly;
mod profiles;
mod screen;
mod series;
mod shade;
mod shaded;
mod statistics;
mod tensors;
mod transport;
pub mod variables;

pub use bundle::Bundle;
pub(crate) use column::Column;
use element::Element;
pub use fields::{Fields, fields};
pub use grid::{Grid, escape};
pub(crate) use images::pictures;
pub use model::ModelSummary;
pub(crate) use numbers::{aligned, number};
pub(crate) use shade::Shades;
pub use shaded::{ShadeColumns, ShadedFrame};
pub(crate) use statistics::statistics;
pub use transport::{Slot, Transport, encode};

/// Something a notebook can show.
///
/// ```
/// use ndarray::array;
/// use perturbook::display::Show;
///
/// let plain = array![1.0, 2.0, 6.0].bundle().get("text/plain").unwrap().to_string();
/// assert!(plain.contains("mean 3"));
/// ```
pub trait Show {
    /// The representations of this value, `text/plain` always among them.
    fn bundle(&self) -> Bundle;

    /// Shows the value as an output of the running cell; kernels call it for a cell's last expression.
    fn evcxr_display(&self) {
        crate::live::flush();
        transport::publish(Slot::Value, &self.bundle());
    }
}

impl Show for Bundle {
    fn bundle(&self) -> Bundle {
        self.clone()
    }
}

impl<T: Show + ?Sized> Show for &T {
    fn bundle(&self) -> Bundle {
        (**self).bundle()
    }
}

impl<T: Show + ?Sized> Show for Box<T> {
    fn bundle(&self) -> Bundle {
        (**self).bundle()
    }
}

impl<T: Show + ?Sized> Show for std::sync::Arc<T> {
    fn bundle(&self) -> Bundle {
        (**self).bundle()
    }
}

/// Shows `value` as an output of the running cell.
pub fn display(value: &impl Show) {
    transport::publish(Slot::New, &value.bundle());
}

/// Shows `value` under a name that [`update`] can refer to.
pub fn display_id(value: &impl Show, id: &str) {
    transport::publish(Slot::Named(id), &value.bundle());
}

/// Replaces what [`display_id`] showed under this name; where outputs cannot be replaced, shows it anew.
pub fn update(value: &impl Show, id: &str) {
    transport::publish(Slot::Update(id), &value.bundle());
}

/// Removes what the running cell has shown so far; with `wait` only when its next output comes, which avoids flicker.
///
/// Where outputs cannot be removed, nothing happens.
pub fn clear_output(wait: bool) {
    crate::cell::tell("clear_output", serde_json::json!({ "wait": wait }));
}
