//! Report pages: an executed notebook as one HTML file that needs nothing else, and an index over several.
//!
//! ```text
//! notebook (nbformat 4.5 JSON) ─ page ─ cell ─┬─ markdown ─ math      prose, equations as MathML
//!                                             ├─ code                 Rust, coloured
//!                                             └─ output ─ ansi        text, errors, images, plotly figures
//! ```
//!
//! A page asks no other host for anything, and a content security policy in it keeps notebooks' own HTML from doing
//! so: plotly.js is embedded (once, where there is a plotly figure), images are data URIs, equations need no script.
//! The same notebook and the same [`PageMeta`] give the same bytes.

mod ansi;
mod cell;
mod code;
mod html;
mod index;
mod markdown;
mod math;
mod output;
mod page;
#[cfg(test)]
mod tests;
mod timing;

pub use index::{IndexEntry, index, index_entry};
pub use page::page;
pub use timing::{cell_seconds, words};

/// What a page says of the run besides the notebook itself.
#[derive(Debug, Clone, Default)]
pub struct PageMeta {
    /// File name of the notebook and of its page, without extension.
    pub name: String,
    /// When the run began, as a reader should see it.
    pub started: String,
    /// How long the run took, in seconds.
    pub seconds: f64,
    /// Versions, device, seed, data sources: labels and values, in the order to show.
    pub environment: Vec<(String, String)>,
}
