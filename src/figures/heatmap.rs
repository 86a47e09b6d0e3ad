//! Heatmap: a matrix of colours, with names or groups (chromosomes and their arms) along its sides.
//!
//! Matrices larger than what a screen shows are averaged over square blocks, missing values left out.

use ndarray::{ArrayView2, Axis as Dimension};
use rayon::prelude::*;

use super::axis::{Axis, Tick};
use super::figure::{Figure, Panel, Shape};
use super::layer::{Cells, ColourScale, Dash, Layer, Stroke};
use super::order::leaves;
use super::palette::{GREY, INK, Palette};
use super::same_length;
use crate::{Error, Result};

/// Most rows and columns of cells that are drawn.
const MOST: usize = 200;

/// A run of rows and columns with a name, such as a chromosome, and perhaps a place where it divides in two, such as
/// the centromere.
///
/// ```
/// use perturbook::figures::Group;
///
/// let chr1 = Group::new("chr1", 0..250).split_at(120);
/// assert_eq!(chr1.range().len(), 250);
/// ```
#[derive(Clone, Debug)]
pub struct Group {
    name: String,
    range: std::ops::Range<usize>,
    split: Option<usize>,
}

impl Group {
    /// The rows (and columns) `range`, under this name.
    pub fn new(name: &str, range: std::ops::Range<usize>) -> Self {
        Self { name: name.to_owned(), range, split: None }
    }

    /// Divides the group before this row, shown by a dotted line.
    #[must_use]
    pub fn split_at(mut self, row: usize) -> Self {
        self.split = Some(row);
        self
    }

    /// The rows of the group.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.range.clone()
    }
}

/// A heatmap under construction. NaN is drawn grey; values beyond the limits take the end colours.
///
/// ```
/// use ndarray::array;
/// use perturbook::figures::{Axis, Heatmap};
///
/// let m = array![[1.0, -0.2], [-0.2, 1.0]];
/// let figure = Heatmap::diverging("Similarity", m.view(), Axis::new("cosine").limits(-1.0, 1.0))
///     .axes("gene", "gene")
///     .names(&["TP53", "MYC"], &["TP53", "MYC"])
///     .figure()?;
/// assert!(figure.summary().contains("2 x 2 cells: min −0.2, mean 0.4, max 1"));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Heatmap<'a> {
    title: String,
    values: ArrayView2<'a, f64>,
    lower: Option<(ArrayView2<'a, f64>, String)>,
    colour: Axis,
    palette: Palette,
    x: String,
    y: String,
    rows: Vec<String>,
    columns: Vec<String>,
    groups: Vec<Group>,
    ordered: bool,
}

impl<'a> Heatmap<'a> {
    /// Blue below zero, white at zero, red above; without limits, as far as the largest absolute value.
    pub fn diverging(title: &str, values: ArrayView2<'a, f64>, colour: impl Into<Axis>) -> Self {
        Self::new(title, values, colour.into(), Palette::Diverging)
    }

    /// Dark is low, light is high; without limits, from the smallest to the largest value.
    pub fn sequential(title: &str, values: ArrayView2<'a, f64>, colour: impl Into<Axis>) -> Self {
        Self::new(title, values, colour.into(), Palette::Sequential)
    }

    fn new(title: &str, values: ArrayView2<'a, f64>, colour: Axis, palette: Palette) -> Self {
        let (x, y) = ("column".to_owned(), "row".to_owned());
        let (rows, columns, groups) = (Vec::new(), Vec::new(), Vec::new());
        let ordered = false;
        Self { title: title.to_owned(), values, lower: None, colour, palette, x, y, rows, columns, groups, ordered }
    }

    /// Says what columns (`x`) and rows (`y`) are.
    pub fn axes(mut self, x: &str, y: &str) -> Self {
        (self.x, self.y) = (x.to_owned(), y.to_owned());
        self
    }

    /// Names the rows and the columns; where there is no room for all, every k-th is shown.
    pub fn names<S: AsRef<str>>(mut self, rows: &[S], columns: &[S]) -> Self {
        let owned = |names: &[S]| names.iter().map(|name| name.as_ref().to_owned()).collect();
        (self.rows, self.columns) = (owned(rows), owned(columns));
        self
    }

    /// Draws lines around groups of rows and columns of a square matrix and names them.
    pub fn groups(mut self, groups: &[Group]) -> Self {
        self.groups = groups.to_vec();
        self
    }

    /// Puts similar rows next to each other, and similar columns (average linkage on Euclidean distances); a symmetric
    /// matrix keeps one order for both. The most that can be ordered are 10,000 rows.
    pub fn ordered(mut self) -> Self {
        self.ordered = true;
        self
    }

    /// Shows two symmetric matrices in one square: the first above the diagonal under the name `upper`, `other` below
    /// it under the name `lower`.
    pub fn over(mut self, upper: &str, other: ArrayView2<'a, f64>, lower: &str) -> Self {
        self.lower = Some((other, format!("above the diagonal: {upper}; below: {lower}")));
        self
    }

    /// The finished figure.
    ///
    /// # Errors
    /// When names do not match the matrix, groups reach beyond it, or two matrices in one square are not square and
    /// of the same size.
    pub fn figure(self) -> Result<Figure> {
        self.check()?;
        if self.ordered {
            return self.sorted();
        }
        let (rows, columns) = self.values.dim();
        let block = rows.max(columns).div_ceil(MOST).max(1);
        let mut cells = blocks(self.values, block);
        if let Some((lower, _)) = &self.lower {
            let below = blocks(*lower, block);
            let across = columns.div_ceil(block);
            for (i, cell) in cells.iter_mut().enumerate().filter(|(i, _)| i / across > i % across) {
                *cell = below[i];
            }
        }
        let scale = ColourScale::fitted(self.colour, self.palette, cells.iter().map(|&v| f64::from(v)))?;
        let (down, across) = (rows.div_ceil(block), columns.div_ceil(block));
        let size = (block as f64, block as f64);
        let mut layers =
            vec![Layer::Cells(Cells { rows: down, columns: across, values: cells, origin: (0.0, 0.0), size, scale })];
        layers.extend(group_lines(&self.groups, rows as f64));
        if self.lower.is_some() {
            let ends = vec![0.0, rows as f64];
            layers.push(thin_line(ends.clone(), ends, Dash::Solid));
        }
        let named = |names: &[String]| -> Vec<Tick> {
            if self.groups.is_empty() {
                return Tick::along(names, |i| i + 0.5);
            }
            let tick = |group: &Group| Tick {
                at: (group.range.start + group.range.end) as f64 / 2.0,
                label: group.name.clone(),
                span: group.range.len() as f64,
            };
            self.groups.iter().map(tick).collect()
        };
        let side = |label: &str, n: usize, ticks: Vec<Tick>| {
            let axis = Axis::new(label).limits(0.0, n.max(1) as f64);
            if ticks.is_empty() { axis } else { axis.named(ticks) }
        };
        let x = side(&self.x, columns, named(&self.columns));
        let y = side(&self.y, rows, named(&self.rows)).reversed();
        let mut panel = Panel::new(&self.title, x, y, layers, (0.0, 0.0))?;
        panel.shape = Shape::Frame((columns.max(1) as f64 / rows.max(1) as f64).clamp(0.4, 3.0));
        panel.note = self.lower.map_or(String::new(), |(_, note)| note);
        if block > 1 {
            let mean = format!("each cell is the mean of {block} x {block} values");
            panel.note = if panel.note.is_empty() { mean } else { format!("{}; {mean}", panel.note) };
        }
        Ok(panel.into())
    }

    /// The heatmap with rows and columns in their new order.
    fn sorted(mut self) -> Result<Figure> {
        let symmetric = self.values.is_square()
            && self.values.indexed_iter().all(|((i, j), v)| v.to_bits() == self.values[[j, i]].to_bits());
        let at = |e: Error| e.at(format!("heatmap {:?}", self.title));
        let down = leaves(self.values).map_err(at)?;
        let across = if symmetric { down.clone() } else { leaves(self.values.t()).map_err(at)? };
        let pick = |names: &[String], order: &[usize]| order.iter().filter_map(|&i| names.get(i).cloned()).collect();
        (self.rows, self.columns) = (pick(&self.rows, &down), pick(&self.columns, &across));
        let values = self.values.select(Dimension(0), &down).select(Dimension(1), &across);
        self.ordered = false;
        Heatmap { values: values.view(), lower: None, ..self }.figure()
    }

    fn check(&self) -> Result<()> {
        let (rows, columns) = self.values.dim();
        let what = format!("heatmap {:?}", self.title);
        if self.ordered && (self.lower.is_some() || !self.groups.is_empty()) {
            return Err(Error::new("an order of its own does not go with groups or a second matrix")
                .at(what)
                .fix("leave out either `ordered` or `groups` and `over`"));
        }
        if !self.rows.is_empty() {
            same_length(&what, ("rows", rows), ("row names", self.rows.len()))?;
        }
        if !self.columns.is_empty() {
            same_length(&what, ("columns", columns), ("column names", self.columns.len()))?;
        }
        if let Some((lower, _)) = &self.lower
            && (rows != columns || lower.dim() != (rows, columns))
        {
            let shapes = format!("{rows} x {columns} and {} x {}", lower.nrows(), lower.ncols());
            return Err(Error::new(format!("matrices of {shapes} do not share a square"))
                .at(what)
                .fix("give two square matrices over the same rows"));
        }
        for group in &self.groups {
            let split_outside = group.split.is_some_and(|split| !group.range.contains(&split));
            if group.range.is_empty() || group.range.end > rows || rows != columns || split_outside {
                return Err(Error::new(format!("group {:?} covers rows {:?}", group.name, group.range))
                    .at(format!("{what} of {rows} x {columns}"))
                    .fix("give groups inside a square matrix, and a split inside its group"));
            }
        }
        Ok(())
    }
}

/// Means over `block x block` values, row by row; NaN is left out, a block of nothing else stays NaN.
fn blocks(values: ArrayView2<'_, f64>, block: usize) -> Vec<f32> {
    let (rows, columns) = values.dim();
    let across = columns.div_ceil(block);
    let means_of = |start: usize| {
        let mut sums = vec![(0.0, 0u32); across];
        for row in start..(start + block).min(rows) {
            let row = values.row(row);
            for (part, (sum, n)) in row.axis_chunks_iter(Dimension(0), block).zip(&mut sums) {
                for &value in part.iter().filter(|v| v.is_finite()) {
                    *sum += value;
                    *n += 1;
                }
            }
        }
        sums.into_iter().map(|(sum, n)| if n == 0 { f32::NAN } else { (sum / f64::from(n)) as f32 })
    };
    (0..rows.div_ceil(block)).into_par_iter().flat_map_iter(|i| means_of(i * block)).collect()
}

fn thin_line(x: Vec<f64>, y: Vec<f64>, dash: Dash) -> Layer {
    let colour = if dash == Dash::Solid { INK } else { GREY };
    Layer::stroke(x, y, Stroke { colour, width: 0.5, dash })
}

/// Solid lines between groups, dotted ones where groups divide: one layer each, in both directions.
fn group_lines(groups: &[Group], n: f64) -> Vec<Layer> {
    let lines = |places: Vec<f64>, dash: Dash| {
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for at in places {
            x.extend([at, at, f64::NAN, 0.0, n, f64::NAN]);
            y.extend([0.0, n, f64::NAN, at, at, f64::NAN]);
        }
        thin_line(x, y, dash)
    };
    let mut edges: Vec<f64> =
        groups.iter().flat_map(|g| [g.range.start as f64, g.range.end as f64]).filter(|&e| e > 0.0 && e < n).collect();
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    let splits: Vec<f64> = groups.iter().filter_map(|g| g.split).map(|split| split as f64).collect();
    [(edges, Dash::Solid), (splits, Dash::Dotted)]
        .into_iter()
        .filter(|(places, _)| !places.is_empty())
        .map(|(places, dash)| lines(places, dash))
        .collect()
}
