//! What a source of cells' images looks like: how many, of which shape, how they are kept, what their table says of them,
//! and the first ones.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ndarray::{Array4, Axis};
use polars::prelude::DataFrame;

use super::column::Cell;
use super::memory::{memory, shape};
use super::screen::spread;
use super::variables::{Describe, Description};
use super::{Bundle, Grid, Show};
use crate::figures::{Channel, ImageGrid, Rgb};
use crate::images::{CellImages, CropFolder, FieldImages, ImageStore, LmdbImages, MemoryImages};
use crate::io::parquet::count;
use crate::screen::Sizes;

/// Cells that are shown.
const SHOWN: usize = 4;
/// Pixels of all pictures together; larger ones are averaged over blocks.
const PIXELS: usize = 40_000;
/// Rows of a table up to which the different values of its columns are counted.
const COUNTED: usize = 1 << 20;
/// Characters of a line.
const TEXT: usize = 160;

/// Names and what is said of them.
type Facts = Vec<(String, String)>;

impl Show for ImageStore {
    fn bundle(&self) -> Bundle {
        let (layout, bytes) = (self.layout(), self.layout().record_bytes());
        let kept = format!(
            "{}, {} a cell, {} in all",
            format!("{:?}", layout.storage()).to_lowercase(),
            memory(bytes),
            memory(bytes.saturating_mul(self.len()))
        );
        let (mut batches, mut perturbations) = (BTreeMap::new(), BTreeMap::new());
        for group in self.groups() {
            *batches.entry(group.batch).or_insert(0) += group.rows.len();
            *perturbations.entry(group.perturbation).or_insert(0) += group.rows.len();
        }
        let groups = |columns: &[&str], sizes: BTreeMap<&str, usize>| {
            let sizes = Sizes::of(sizes.into_values().collect());
            format!("{}: {}", columns.join("/"), sizes.map_or_else(|| "none".to_owned(), |sizes| spread(&sizes)))
        };
        let batch: Vec<&str> = layout.batch_columns().iter().map(String::as_str).collect();
        let columns = match self.table_rows(0..self.len().min(1)) {
            Ok(table) => types(&table).into_iter().map(|(name, kind)| format!("{name} ({kind})")).collect::<Vec<_>>(),
            Err(error) => vec![refusal(&error)],
        };
        let facts = vec![
            ("kept as".to_owned(), kept),
            ("batches".to_owned(), groups(&batch, batches)),
            ("perturbations".to_owned(), groups(&[layout.perturbation_column()], perturbations)),
            ("columns".to_owned(), columns.join(", ")),
        ];
        let of = |row: usize| self.groups().find(|group| group.rows.contains(&row)).map(|group| group.perturbation);
        let names: Vec<String> =
            (0..self.len().min(SHOWN)).map(|row| format!("{row} {}", of(row).unwrap_or_default())).collect();
        source("image store", self, facts, &names)
    }
}

macro_rules! sources {
    ($($kind:ty, $title:literal, $facts:expr;)*) => {$(
        impl Show for $kind {
            fn bundle(&self) -> Bundle {
                let facts: fn(&Self) -> Facts = $facts;
                source($title, self, facts(self), &[])
            }
        }
    )*};
}
sources! {
    LmdbImages, "LMDB images", |images| counted(images.table());
    CropFolder, "folder of crops", |images| counted(images.table());
    FieldImages, "cells in fields", |images| {
        let mut facts = vec![("fields".to_owned(), images.fields().to_string())];
        if images.dropped() > 0 {
            facts.push(("left out at the rim".to_owned(), count(images.dropped(), "cell")));
        }
        facts.extend(counted(images.table()));
        facts
    };
    MemoryImages, "images in memory", |images| {
        vec![("kept as".to_owned(), format!("f32, {} in all", memory(images.values().len() * size_of::<f32>())))]
    };
}

macro_rules! described {
    ($($kind:ty, $bytes:expr;)*) => {$(
        impl Describe for $kind {
            fn describe(&self) -> Description {
                let bytes: fn(&Self) -> usize = $bytes;
                let (channels, height, width) = self.shape();
                Description {
                    shape: shape(&[self.len(), channels, height, width]),
                    bytes: bytes(self),
                    at_least: true,
                    device: "CPU".to_owned(),
                }
            }
        }
    )*};
}
described! {
    ImageStore, |images| images.index_bytes();
    LmdbImages, |images| images.table().estimated_size() + images.len() * size_of::<u64>();
    CropFolder, |images| images.table().estimated_size();
    FieldImages, |images| images.table().estimated_size();
    MemoryImages, |images| images.values().len() * size_of::<f32>();
}

/// What is common to all sources, the facts of this one, and its first images under these names.
fn source(title: &str, images: &dyn CellImages, facts: Facts, names: &[String]) -> Bundle {
    let (channels, height, width) = images.shape();
    let mut all = vec![
        ("cells".to_owned(), images.len().to_string()),
        ("size".to_owned(), format!("{height} x {width} pixels")),
        ("channels".to_owned(), format!("{channels}: {}", images.channels().join(", "))),
    ];
    all.extend(facts);
    let rows: Vec<usize> = (0..images.len().min(SHOWN)).collect();
    let first = images.read(&rows).map_err(|error| all.push(("first images".to_owned(), refusal(&error))));
    let grid = Grid::new()
        .labels(title, all.iter().map(|(name, _)| Cell::cut(name, 40).text))
        .text("", all.iter().map(|(_, what)| Cell::cut(what, TEXT).text));
    let (mut plain, mut html) = (grid.plain(), grid.html());
    if let Some((text, image)) = first.ok().and_then(|first| pictures(&first, names, images.channels(), PIXELS)) {
        plain += &format!("\n\n{text}");
        html += &image;
    }
    Bundle::text(plain).with("text/html", html)
}

/// A row for each image, its channels side by side in grey, at most `most` pixels in all: what stands for them in a
/// terminal, and the picture. Names that are missing are numbers.
pub(crate) fn pictures(
    images: &Array4<f32>,
    names: &[String],
    channels: &[String],
    most: usize,
) -> Option<(String, String)> {
    if images.is_empty() {
        return None;
    }
    let channels: Vec<Channel> = channels.iter().map(|name| Channel::new(name, Rgb(255, 255, 255))).collect();
    let grid = images
        .outer_iter()
        .enumerate()
        .fold(ImageGrid::new("", &channels).separate().most(most), |grid, (i, image)| {
            grid.row(names.get(i).unwrap_or(&i.to_string()), [image])
        });
    let svg = STANDARD.encode(grid.figure().ok()?.svg());
    let text = format!("a notebook shows {}", count(images.len_of(Axis(0)), "image"));
    Some((text, format!("<img alt=\"the first images\" src=\"data:image/svg+xml;base64,{svg}\">")))
}

/// Each column: its type, and how many different values it has.
fn counted(table: &DataFrame) -> Facts {
    let different = |name: &str| {
        let column = table.column(name).ok().filter(|column| column.len() <= COUNTED)?;
        Some(format!(", {} different", column.n_unique().ok()?))
    };
    let facts = types(table).into_iter().map(|(name, kind)| {
        let what = format!("{kind}{}", different(&name).unwrap_or_default());
        (name, what)
    });
    facts.collect()
}

/// The names and types of columns.
fn types(table: &DataFrame) -> Facts {
    table.columns().iter().map(|column| (column.name().to_string(), column.dtype().to_string())).collect()
}

fn refusal(error: &crate::Error) -> String {
    format!("cannot be read: {}", error.to_string().lines().next().unwrap_or_default())
}
