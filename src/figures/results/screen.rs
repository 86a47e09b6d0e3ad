//! Public screens at a glance, and a banner that cannot be missed when it is simulated.

use serde_json::Value;

use crate::datasets::{GeneScreen, Sourced};
use crate::display::{Bundle, Grid, Show, escape};
use crate::screen::Screen;

/// Dark red on pale yellow: 9:1, whatever the theme around it.
const BANNER: &str = "background:#fff3b0;color:#6b0f0f;border:3px solid #b00020;padding:0.8em 1em;font-weight:bold;\
                      font-family:sans-serif;white-space:pre-line";

impl Show for GeneScreen {
    fn bundle(&self) -> Bundle {
        let genes = self.profiles.without(&[&self.control]);
        let placed = self.genome.place(genes.keys()).n_placed();
        let rows = [
            ("genes", genes.len().to_string()),
            ("non-targeting control", self.control.clone()),
            ("dimensions", format!("{} ({})", genes.dims(), self.profiles.block_names().join(", "))),
            ("complexes", format!("{} ({})", self.complexes.len(), self.complexes.name())),
            ("genes with a chromosome arm", placed.to_string()),
            ("source", self.source.to_string()),
        ];
        let grid = Grid::new()
            .title("Gene screen")
            .labels("property", rows.iter().map(|(label, _)| *label))
            .text("value", rows.iter().map(|(_, value)| value.as_str()));
        under(self.notice(), &grid.plain(), &grid.html())
    }
}

impl Show for Sourced<Screen> {
    fn bundle(&self) -> Bundle {
        let summary = self.value.summary().bundle();
        let source = format!("Source: {}", self.source);
        let part = |mime: &str| summary.get(mime).and_then(Value::as_str).unwrap_or_default();
        let html = format!("{}<p>{}</p>", part("text/html"), escape(&source));
        under(self.source.notice(), &format!("{}\n{source}", part("text/plain")), &html)
    }
}

/// A table under the banner, where there is a notice.
fn under(notice: Option<String>, plain: &str, html: &str) -> Bundle {
    let Some(notice) = notice else { return Bundle::text(plain).with("text/html", html) };
    let banner = format!("<div role=\"alert\" style=\"{BANNER}\">{}</div>", escape(&notice));
    Bundle::text(format!("{notice}\n\n{plain}")).with("text/html", banner + html)
}
