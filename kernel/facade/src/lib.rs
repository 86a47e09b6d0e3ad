//! The shared library that every notebook cell links: perturbook and the crates a notebook uses with it.
//!
//! Cells know it as `perturbook`.

pub use perturbook::*;
pub use {burn, ndarray, plotly, polars};

/// [`perturbook::prelude`] and the crates themselves, so that a cell can say `use polars::prelude::*`.
pub mod prelude {
    pub use perturbook::prelude::*;
    pub use {burn, ndarray, plotly, polars};
}
