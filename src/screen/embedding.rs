//! An embedding: one vector per cell (or well, or gene) and a table that says what each row is.
//!
//! `values` is `n x d`, `f32`; `table` has `n` rows with columns such as `gene`, `guide`, `well`. Columns of `values`
//! may be grouped into named blocks (`salient`, `background`).
//!
//! Profiles are nested means in `f64`: cells -> guide -> gene,
//!
//! ```text
//! profile(gene) = 1/|guides| * sum over guides ( 1/|cells of guide| * sum over cells x )
//! ```
//!
//! so that a guide with many cells does not outvote the others. Centring on controls subtracts the mean of the
//! control cells, of the whole embedding or of each batch.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use polars::prelude::{Column, DataFrame, DataType};

use super::blocks::Blocks;
use super::{ColumnChoice, ColumnKind, Label, Profiles};
use crate::io::parquet::{self, count, name_some, require_columns};
use crate::{Error, Result, finite};

/// What a profile is the mean of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By<'a> {
    /// One profile per gene: cells -> guide -> gene where the table names guides, else cells -> gene.
    Gene,
    /// One profile per guide.
    Guide,
    /// One profile per value of this column.
    Column(&'a str),
}

/// Vectors with a table of what they belong to.
///
/// ```
/// use ndarray::array;
/// use perturbook::screen::{By, Embedding};
/// use polars::prelude::df;
///
/// let table = df!("gene" => ["A", "A", "A", "nt"], "guide" => ["a1", "a1", "a2", "nt1"]).unwrap();
/// let cells = Embedding::new(array![[1.0], [3.0], [8.0], [1.0]], table)?;
/// assert_eq!(cells.profiles(By::Gene)?.row("A")?[0], 5.0); // mean of the guides 2 and 8, not of the cells
/// assert_eq!(cells.centred_on("nt")?.profiles(By::Gene)?.row("A")?[0], 4.0);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Embedding {
    values: Array2<f32>,
    table: DataFrame,
    dims: Vec<String>,
    blocks: Blocks,
}

impl Embedding {
    /// Checks and keeps `values` (`n x d`) with the `n` rows of `table`.
    ///
    /// # Errors
    /// When the lengths differ, there is no column, or a value is NaN or infinite: the message names the first row,
    /// its label and the column, and says how many rows are affected.
    pub fn new(values: Array2<f32>, table: DataFrame) -> Result<Self> {
        let dims = (0..values.ncols()).map(|d| d.to_string()).collect();
        Self::with_dims(values, table, dims)
    }

    /// The same with names for the dimensions.
    pub(super) fn with_dims(values: Array2<f32>, table: DataFrame, dims: Vec<String>) -> Result<Self> {
        if values.nrows() != table.height() {
            let (vectors, rows) = (count(values.nrows(), "vector"), count(table.height(), "row"));
            return Err(Error::new(format!("{vectors} for a table of {rows}"))
                .at("embedding")
                .fix("give the table one row for each vector, in the same order"));
        }
        if values.ncols() == 0 {
            return Err(Error::new("the vectors have no dimension").at("embedding").fix("give at least one column"));
        }
        let embedding = Self { values, table, dims, blocks: Blocks::default() };
        embedding.check_finite()?;
        Ok(embedding)
    }

    fn check_finite(&self) -> Result<()> {
        finite::require(self.values.view(), |(row, column), value| {
            let bad = self.values.axis_iter(Axis(0)).filter(|r| r.iter().any(|v| !v.is_finite())).count();
            let label = self
                .gene_column()
                .and_then(|gene| self.labels(&gene))
                .map_or_else(|_| String::new(), |labels| format!(" ({:?})", labels[row]));
            Error::new(format!("the embedding holds {value} ({} of {} affected)", count(bad, "row"), self.len()))
                .at(format!("row {row}{label}, column {:?}", self.dims[column]))
                .fix("drop or impute these rows before building the embedding")
        })
    }

    /// Reads values and table from a parquet file; `columns` says which are the dimensions and which the labels.
    ///
    /// ```no_run
    /// use perturbook::screen::{ColumnChoice, Embedding};
    ///
    /// let map = Embedding::read_parquet("map.parquet", ColumnChoice::prefix("feature_").labels(["gene", "well"]))?;
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the file is missing or damaged, columns are missing (all are listed), a dimension is not numeric, or a
    /// value is missing, NaN or infinite.
    pub fn read_parquet(path: impl AsRef<Path>, columns: ColumnChoice) -> Result<Self> {
        let path = path.as_ref();
        let place = || path.display().to_string();
        let all = parquet::read(path)?;
        let typed: Vec<(&str, ColumnKind)> =
            all.columns().iter().map(|column| (column.name().as_str(), ColumnKind::of(column.dtype()))).collect();
        let (dims, labels) = columns.split_typed(&typed).map_err(|e| e.at(place()))?;
        let unusable = |e: polars::prelude::PolarsError| Error::new(e.to_string()).at(place()).caused_by(e);
        let mut values = Array2::zeros((all.height(), dims.len()));
        for (d, name) in dims.iter().enumerate() {
            let column = all.column(name).map_err(unusable)?;
            if !column.dtype().is_primitive_numeric() {
                return Err(Error::new(format!("a dimension must be numeric, but {name:?} holds {}", column.dtype()))
                    .at(place())
                    .fix("choose the dimensions with ColumnChoice::prefix or ColumnChoice::named"));
            }
            let column = column.cast(&DataType::Float32).map_err(unusable)?;
            for (to, from) in values.column_mut(d).iter_mut().zip(column.f32().map_err(unusable)?.iter()) {
                *to = from.unwrap_or(f32::NAN);
            }
        }
        let table = all.select(labels).map_err(unusable)?;
        Self::with_dims(values, table, dims).map_err(|e| Error::new(format!("{}: {e}", place())))
    }

    /// Writes table and values to a parquet file: label columns first, then one `f32` column for each dimension. The
    /// path never holds half a file. Blocks are not stored; name them again after reading.
    ///
    /// # Errors
    /// When the folder cannot be written, or a label column has the name of a dimension.
    pub fn write_parquet(&self, path: impl AsRef<Path>) -> Result<()> {
        let columns: Vec<Column> = self
            .dims
            .iter()
            .zip(self.values.columns())
            .map(|(name, values)| Column::new(name.as_str().into(), values.to_vec()))
            .collect();
        let table = self.table.hstack(&columns).map_err(|e| {
            Error::new(format!("a label column has the name of a dimension: {e}"))
                .at(path.as_ref().display().to_string())
                .fix("rename the label column")
                .caused_by(e)
        })?;
        parquet::write(path, &table)
    }

    /// Names the columns `range` so that [`Embedding::block`] finds them.
    ///
    /// # Errors
    /// When the range is empty or reaches beyond the columns, or the name is taken.
    pub fn with_block(mut self, name: &str, range: Range<usize>) -> Result<Self> {
        let dims = self.dims();
        self.blocks.add(name, range, dims)?;
        Ok(self)
    }

    /// The columns of the named block, with the same table.
    ///
    /// # Errors
    /// When there is no such block; the names there are stand in the message.
    pub fn block(&self, name: &str) -> Result<Self> {
        let range = self.blocks.range(name)?;
        Ok(Self {
            values: self.values.slice(s![.., range.clone()]).to_owned(),
            table: self.table.clone(),
            dims: self.dims[range.clone()].to_vec(),
            blocks: Blocks::default(),
        })
    }

    /// The names of the column blocks, in the order they were added.
    pub fn block_names(&self) -> Vec<&str> {
        self.blocks.names()
    }

    /// The name of the first block that the column `dimension` belongs to.
    pub fn block_of(&self, dimension: usize) -> Option<&str> {
        self.blocks.of(dimension)
    }

    /// The vectors, `n x d`.
    pub fn values(&self) -> ArrayView2<'_, f32> {
        self.values.view()
    }

    /// What each row is, `n` rows.
    pub fn table(&self) -> &DataFrame {
        &self.table
    }

    /// Number of rows, `n`.
    pub fn len(&self) -> usize {
        self.values.nrows()
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of columns, `d`.
    pub fn dims(&self) -> usize {
        self.values.ncols()
    }

    /// The same table with other values, `n x k`, one row for each: what a normalisation returns. Names of dimensions and
    /// blocks are kept where there are as many columns as before.
    ///
    /// # Errors
    /// When there are more or fewer rows, no column, or a value is not finite.
    pub fn with_values(&self, values: Array2<f32>) -> Result<Self> {
        if values.ncols() != self.dims() {
            return Self::new(values, self.table.clone());
        }
        let replaced = Self::with_dims(values, self.table.clone(), self.dims.clone())?;
        Ok(Self { blocks: self.blocks.clone(), ..replaced })
    }

    /// One profile per group, in the order in which the groups first appear; blocks are kept.
    ///
    /// # Errors
    /// When the table has no such column, or a row has no label in it.
    pub fn profiles(&self, by: By<'_>) -> Result<Profiles> {
        let (groups, values) = match by {
            By::Gene => self.by_gene()?,
            By::Guide => self.means(&self.labels(&self.column_of(Label::Guide)?)?),
            By::Column(column) => self.means(&self.labels(column)?),
        };
        let profiles = Profiles::new(groups, values)?;
        Ok(profiles.with_blocks(self.blocks.clone()))
    }

    /// Every vector minus the mean of the control rows, those whose gene is `control`.
    ///
    /// # Errors
    /// When the table has no gene column, or no row is a control.
    pub fn centred_on(&self, control: &str) -> Result<Self> {
        self.centred(control, &vec!["all rows".to_owned(); self.len()])
    }

    /// Every vector minus the mean of the control rows of its own batch, where `batch` is a column such as `well`.
    ///
    /// # Errors
    /// When the table lacks the gene column or `batch`, or a batch holds no control (it is named).
    pub fn centred_on_within(&self, control: &str, batch: &str) -> Result<Self> {
        self.centred(control, &self.labels(batch)?)
    }

    fn centred(&self, control: &str, batches: &[String]) -> Result<Self> {
        let gene = self.gene_column()?;
        let genes = self.labels(&gene)?;
        let controls: Vec<usize> = (0..self.len()).filter(|&row| genes[row] == control).collect();
        if controls.is_empty() {
            let (known, _) = first_seen(&genes);
            return Err(Error::new(format!("no row is the control {control:?}"))
                .at(format!("column {gene:?}"))
                .fix(format!("the labels there are: {}", name_some(&known))));
        }
        let (names, batch_of) = first_seen(batches);
        let mut sums = Array2::<f64>::zeros((names.len(), self.dims()));
        let mut counts = vec![0usize; names.len()];
        for &row in &controls {
            counts[batch_of[row]] += 1;
            let mut sum = sums.row_mut(batch_of[row]);
            sum.zip_mut_with(&self.values.row(row), |s, &v| *s += f64::from(v));
        }
        let lacking: Vec<&str> =
            names.iter().zip(&counts).filter(|&(_, &n)| n == 0).map(|(name, _)| name.as_str()).collect();
        if !lacking.is_empty() {
            return Err(Error::new(format!("{} without a control cell: {}", lacking.len(), name_some(&lacking)))
                .at("batches")
                .fix("drop these batches, or centre on all controls with centred_on"));
        }
        for (mut sum, &n) in sums.rows_mut().into_iter().zip(&counts) {
            sum /= n as f64;
        }
        let mut values = self.values.clone();
        for (mut row, &batch) in values.rows_mut().into_iter().zip(&batch_of) {
            row.zip_mut_with(&sums.row(batch), |v, &mean| *v = (f64::from(*v) - mean) as f32);
        }
        Ok(Self { values, ..self.clone() })
    }

    fn by_gene(&self) -> Result<(Vec<String>, Array2<f64>)> {
        let genes = self.labels(&self.gene_column()?)?;
        let Ok(guide) = self.column_of(Label::Guide) else { return Ok(self.means(&genes)) };
        let guides = self.labels(&guide)?;
        // A guide counts within its gene, so that guides of equal name under two genes stay apart.
        let pairs: Vec<(&String, &String)> = genes.iter().zip(&guides).collect();
        let (named, guide_of) = first_seen(&pairs);
        let guide_means = means(self.values.view(), named.len(), &guide_of);
        let gene_names: Vec<String> = named.iter().map(|(gene, _)| (*gene).clone()).collect();
        let (groups, gene_of) = first_seen(&gene_names);
        let gene_means = means(guide_means.view(), groups.len(), &gene_of);
        Ok((groups, gene_means))
    }

    fn means(&self, labels: &[String]) -> (Vec<String>, Array2<f64>) {
        let (groups, group_of) = first_seen(labels);
        let values = means(self.values.view(), groups.len(), &group_of);
        (groups, values)
    }

    fn gene_column(&self) -> Result<String> {
        self.column_of(Label::Gene)
    }

    /// The column with a usual name for this label.
    fn column_of(&self, label: Label) -> Result<String> {
        let have = self.table.get_column_names();
        label.among(&have).first().map(|&name| name.to_owned()).ok_or_else(|| {
            Error::new(format!("no column names the {label}: looked for {}", name_some(label.usual_names())))
                .at("table of the embedding")
                .fix(format!("rename a column, or use By::Column with one of: {}", name_some(&have)))
        })
    }

    /// A column as text, one label per row.
    fn labels(&self, column: &str) -> Result<Vec<String>> {
        let place = "table of the embedding";
        require_columns(&self.table, &[column], place)?;
        let unusable = |e: polars::prelude::PolarsError| {
            Error::new(format!("the column {column:?} cannot label rows: {e}")).at(place).caused_by(e)
        };
        let text = self.table.column(column).and_then(|c| c.cast(&DataType::String)).map_err(unusable)?;
        let labels = text.str().map_err(unusable)?.iter().enumerate().map(|(row, label)| {
            label.map(str::to_owned).ok_or_else(|| {
                Error::new(format!("no label in the column {column:?} ({} affected)", count(text.null_count(), "row")))
                    .at(format!("row {row}"))
                    .fix("fill or drop these rows before building the embedding")
            })
        });
        labels.collect()
    }
}

/// The distinct labels in order of first appearance, and for each row the number of its label.
fn first_seen<T: Clone + Eq + std::hash::Hash>(labels: &[T]) -> (Vec<T>, Vec<usize>) {
    let mut groups = Vec::new();
    let mut number: HashMap<&T, usize> = HashMap::new();
    let group_of = labels
        .iter()
        .map(|label| {
            *number.entry(label).or_insert_with(|| {
                groups.push(label.clone());
                groups.len() - 1
            })
        })
        .collect();
    (groups, group_of)
}

/// Mean of the rows of each group, `groups x d`; every group has a row.
fn means<V: Copy + Into<f64>>(values: ArrayView2<'_, V>, groups: usize, group_of: &[usize]) -> Array2<f64> {
    let mut sums = Array2::<f64>::zeros((groups, values.ncols()));
    let mut counts = Array1::<f64>::zeros(groups);
    for (row, &group) in values.rows().into_iter().zip(group_of) {
        counts[group] += 1.0;
        sums.row_mut(group).zip_mut_with(&row, |sum, &v| *sum += v.into());
    }
    sums / counts.insert_axis(Axis(1))
}
