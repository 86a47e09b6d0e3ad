//! What a screen looks like: how many cells, what was measured, which columns say what, and how large the groups are.

use super::column::Cell;
use super::frame::grid as frame_grid;
use super::numbers::number;
use super::variables::{Describe, Description};
use super::{Bundle, Grid, Show};
use crate::io::parquet::count;
use crate::screen::{Groups, Payload, Screen, Sizes, Split, Summary};

/// Characters of a rule or note.
const TEXT: usize = 160;

impl Show for Summary {
    fn bundle(&self) -> Bundle {
        self.grid().bundle()
    }
}

impl Summary {
    fn grid(&self) -> Grid {
        let rule = |rule: &str| if rule.is_empty() { String::new() } else { format!(" ({rule})") };
        let mut rows: Vec<(String, String)> = vec![
            ("cells".to_owned(), self.cells.to_string()),
            ("measured".to_owned(), self.payload.clone()),
            ("controls".to_owned(), format!("{}{}", self.controls, rule(&self.control_rule))),
            ("perturbed".to_owned(), format!("{}{}", self.perturbed, rule(&self.perturbed_rule))),
        ];
        let other = self.cells - self.controls - self.perturbed;
        if other > 0 {
            rows.push(("set aside".to_owned(), other.to_string()));
        }
        rows.extend(self.perturbations.map(|sizes| ("perturbations".to_owned(), spread(&sizes))));
        for (label, columns, sizes) in &self.labels {
            let what = format!("{}: {}", columns.join("/"), spread(sizes));
            rows.push((label.to_string(), what));
        }
        let grid = Grid::new()
            .labels("screen", rows.iter().map(|(name, _)| name.as_str()))
            .text("", rows.iter().map(|(_, what)| Cell::cut(what, TEXT).text));
        self.notes.iter().fold(grid, |grid, note| grid.note(Cell::cut(note, TEXT).text))
    }
}

/// `25 with 120 to 906 cells (quartiles 310, 540, 700)`.
pub(super) fn spread(sizes: &Sizes) -> String {
    if sizes.smallest == sizes.largest {
        return format!("{} with {} each", sizes.groups, count(sizes.smallest, "cell"));
    }
    let quartiles = sizes.quartiles.map(number).join(", ");
    format!("{} with {} to {} cells (quartiles {quartiles})", sizes.groups, sizes.smallest, sizes.largest)
}

impl Show for Screen {
    /// The summary, and below it the table of the cells.
    fn bundle(&self) -> Bundle {
        let (summary, table) = (self.summary().grid(), frame_grid(self.table(), |_, _| Vec::new()));
        Bundle::text(format!("{}\n\n{}", summary.plain(), self.table()))
            .with("text/html", summary.html() + &table.html())
    }
}

impl Show for Split {
    fn bundle(&self) -> Bundle {
        let parts = [("training", &self.train), ("validation", &self.validation), ("test", &self.test)];
        let summaries = parts.map(|(_, part)| part.summary());
        let of = |pick: fn(&Summary) -> usize| summaries.iter().map(move |summary| pick(summary).to_string());
        Grid::new()
            .labels("part", parts.map(|(name, _)| name))
            .right("cells", of(|summary| summary.cells))
            .right("controls", of(|summary| summary.controls))
            .right("perturbed", of(|summary| summary.perturbed))
            .right("perturbations", of(|summary| summary.perturbations.map_or(0, |sizes| sizes.groups)))
            .bundle()
    }
}

impl Show for Groups {
    fn bundle(&self) -> Bundle {
        let sizes: Vec<usize> = self.iter().map(|group| group.rows.len()).collect();
        let (low, high) = (sizes.iter().min().copied().unwrap_or(0), sizes.iter().max().copied().unwrap_or(0));
        Grid::new()
            .labels(
                "groups",
                ["perturbations", "perturbation in a batch", "cells", "cells of a group", "cells left out"],
            )
            .right(
                "",
                [
                    self.perturbations().len().to_string(),
                    self.len().to_string(),
                    self.cells().to_string(),
                    format!("{low} to {high}"),
                    self.dropped_cells().to_string(),
                ],
            )
            .bundle()
    }
}

impl Describe for Screen {
    fn describe(&self) -> Description {
        let (bytes, at_least) = match self.payload() {
            Payload::Features(features) => (features.values().len() * size_of::<f32>(), false),
            Payload::Counts(_) | Payload::Images(_) => (0, true),
        };
        Description {
            shape: format!("{} cells", self.len()),
            bytes: bytes + self.table().estimated_size(),
            at_least,
            device: "CPU".to_owned(),
        }
    }
}
