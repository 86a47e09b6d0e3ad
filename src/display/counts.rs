//! What a matrix of counts looks like: its size, how much is in a cell, and the genes with the largest share.

use super::column::{Cell, Column};
use super::memory::memory;
use super::variables::Describe;
use super::{Bundle, Grid, Show, number};
use crate::io::h5ad::{H5ad, Summary};
use crate::io::parquet::count;
use crate::io::tenx::TenX;
use crate::screen::Counts;

/// Genes that are listed.
const GENES: usize = 7;

impl Show for Counts {
    fn bundle(&self) -> Bundle {
        let totals = self.gene_totals();
        let mut found = vec![0usize; self.genes().len()];
        for &gene in self.indices() {
            found[gene as usize] += 1;
        }
        let mut order: Vec<usize> = (0..totals.len()).collect();
        order.sort_by(|&a, &b| totals[b].total_cmp(&totals[a]).then(a.cmp(&b)));
        order.truncate(GENES);
        let all: f64 = totals.iter().sum();
        let cells = self.cells();
        let share = |part: f64, whole: f64| format!("{:.1} %", if whole == 0.0 { 0.0 } else { 100.0 * part / whole });
        let grid = Grid::new()
            .column(Column::new("gene", order.iter().map(|&gene| Cell::cut(&self.genes()[gene], 40))).labels())
            .right("total", order.iter().map(|&gene| number(totals[gene])))
            .right("share", order.iter().map(|&gene| share(totals[gene], all)))
            .right("cells", order.iter().map(|&gene| share(found[gene] as f64, cells as f64)));
        let size = format!("{} x {}", count(cells, "cell"), count(self.genes().len(), "gene"));
        let filled = share(self.stored() as f64, cells as f64 * self.genes().len() as f64);
        let kind = if self.are_whole() { "whole numbers" } else { "not whole: normalised values" };
        let grid = grid
            .note(format!("counts: {size}, {filled} stored, {kind}, {}", memory(self.describe().bytes)))
            .note(format!("per cell, median (range): {}", ranges(self)));
        match self.duplicated_genes().len() {
            0 => grid,
            n => {
                grid.note(format!("{} {} more than one gene", count(n, "name"), if n == 1 { "calls" } else { "call" }))
            }
        }
        .one_line()
        .bundle()
    }
}

/// `total 209 (52 to 941), genes 60 (20 to 172)`.
fn ranges(counts: &Counts) -> String {
    let mut sizes = counts.library_sizes();
    let mut genes: Vec<f64> = counts.indptr().windows(2).map(|ends| (ends[1] - ends[0]) as f64).collect();
    let words = |what: &str, values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        let (Some(low), Some(high)) = (values.first(), values.last()) else { return format!("{what} none") };
        let middle = (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0;
        format!("{what} {} ({} to {})", number(middle), number(*low), number(*high))
    };
    format!("{}, {}", words("total", &mut sizes), words("genes", &mut genes))
}

impl Show for TenX {
    fn bundle(&self) -> Bundle {
        self.counts.bundle()
    }
}

impl Show for H5ad {
    fn bundle(&self) -> Bundle {
        self.summary().bundle()
    }
}

impl Show for Summary {
    fn bundle(&self) -> Bundle {
        let mut rows: Vec<(String, String)> = Vec::new();
        rows.push(("X".to_owned(), self.x.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)));
        rows.extend(self.layers.iter().map(|(name, layer)| (format!("layer {name}"), layer.to_string())));
        rows.extend(self.raw.iter().map(|raw| ("raw".to_owned(), raw.to_string())));
        rows.extend(self.obsm.iter().map(|(name, array)| {
            (
                format!("obsm {name}"),
                array.as_ref().map_or_else(|| "a table or no matrix".to_owned(), ToString::to_string),
            )
        }));
        for (what, columns) in [("obs", &self.obs), ("var", &self.var)] {
            let columns: Vec<String> = columns.iter().map(|(name, kind)| format!("{name} ({kind})")).collect();
            rows.push((what.to_owned(), columns.join(", ")));
        }
        Grid::new()
            .column(Column::new("part", rows.iter().map(|(part, _)| Cell::cut(part, 40))).labels())
            .column(Column::new("contents", rows.iter().map(|(_, text)| Cell::cut(text, 100))))
            .note(format!("h5ad: {} x {}", count(self.n_obs, "cell"), count(self.n_vars, "gene")))
            .bundle()
    }
}
