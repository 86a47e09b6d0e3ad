//! Tables of features, one row per cell or well: parquet or delimited text, one file or a folder of parts.
//!
//! [`FeatureTable::open`] looks only at the columns. Which of them are features is guessed from names and types, or chosen
//! with a [`ColumnChoice`]; all others are labels. Reading takes the chosen columns and nothing else, block by block: a
//! part of a hundred gigabytes needs the memory of the features that are kept.
//!
//! A folder is read as one table: its files in order of their names, sub-folders included, names that start with `.` or
//! `_` left out. All parts must have the same columns. Folders named `plate=A` add a label `plate` to what is below them.
//! So are the single-cell tables of the Funk 2022 screen kept, with about 1,000 features a cell and rows that hold missing
//! or infinite values, which [`FeatureTable::drop_missing`] leaves out.

mod csv;
mod folder;
mod narrow;
mod parquet;
mod part;

use std::path::{Path, PathBuf};

use ndarray::{Array2, Axis, s};
use polars::prelude::{DataFrame, IdxCa};

use crate::io::parquet::{count, name_some};
use crate::live::Bar;
use crate::screen::{ColumnChoice, ColumnKind, Features, Screen};
use crate::{Error, Result};
use part::Part;

/// Rows that are held at once while reading.
const BLOCK: usize = 1 << 15;

/// A column of a table of features.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// The type in the file; of delimited text, as the first thousand rows suggest.
    pub dtype: String,
}

/// Rows of a table of features.
#[derive(Clone, Debug)]
pub struct FeatureBlock {
    /// The labels of the rows. From delimited text they are texts.
    pub table: DataFrame,
    /// The features, `rows x features`.
    pub values: Array2<f32>,
    /// Rows that were left out because a feature was missing, NaN or infinite.
    pub dropped: usize,
}

/// A table of features that is not read yet.
///
/// ```
/// use perturbook::io::features::FeatureTable;
/// use perturbook::screen::ColumnChoice;
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("plate.csv");
/// std::fs::write(&path, "Metadata_gene,Cells_Area,Cells_Mean\nTP53,4.0,0.5\ncontrol,3.0,inf\n").unwrap();
/// let table = FeatureTable::open(&path)?; // the names say that it comes from CellProfiler
/// assert_eq!(table.features(), ["Cells_Area", "Cells_Mean"]);
/// assert_eq!(table.drop_missing().read()?.len(), 1);
/// let area = FeatureTable::open(&path)?.choose(&ColumnChoice::suffix("_Area"))?.read()?;
/// assert_eq!(area.features()?.column(0).to_vec(), [4.0, 3.0]);
/// assert_eq!(area.controls()?.len(), 1);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FeatureTable {
    path: PathBuf,
    parts: Vec<Part>,
    columns: Vec<FeatureColumn>,
    features: Vec<String>,
    labels: Vec<String>,
    drop_missing: bool,
}

/// Reads a table of features as a screen; `columns` says which are features and which labels.
///
/// # Errors
/// As [`FeatureTable::open`], [`FeatureTable::choose`] and [`FeatureTable::read`].
pub fn read(path: impl AsRef<Path>, columns: &ColumnChoice) -> Result<Screen> {
    FeatureTable::open(path)?.choose(columns)?.read()
}

/// Writes the labels and features of a screen to a parquet file; the path never holds half a file.
///
/// # Errors
/// When the screen holds images or counts, the folder cannot be written, or a label has the name of a feature.
pub fn write(path: impl AsRef<Path>, screen: &Screen) -> Result<()> {
    screen.embedding()?.write_parquet(path)
}

impl FeatureTable {
    /// Finds the parts of a table and its columns, and guesses which are features.
    ///
    /// # Errors
    /// When nothing is there, a file is damaged or no table, or parts differ in their columns (the first that does is
    /// named, with the columns).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let parts = folder::parts(path)?;
        let first = parts.first().ok_or_else(|| {
            Error::new("the folder holds no table")
                .at(path.display().to_string())
                .fix("parts end in .parquet, .csv, .tsv or .txt, the texts perhaps in .gz")
        })?;
        let columns = first.columns()?;
        for part in &parts[1..] {
            same_columns(first, &columns, part)?;
        }
        let mut table =
            Self { path: path.to_owned(), parts, columns, features: vec![], labels: vec![], drop_missing: false };
        table.labels = table.columns.iter().map(|column| column.name.clone()).collect();
        match ColumnChoice::guess(&table.kinds()) {
            Some(choice) => table.choose(&choice),
            None => Ok(table),
        }
    }

    /// Chooses features and labels.
    ///
    /// # Errors
    /// When no column is a feature, columns are missing (all are listed), or a feature is no number.
    pub fn choose(mut self, choice: &ColumnChoice) -> Result<Self> {
        let place = self.path.display().to_string();
        let (features, labels) = choice.split_typed(&self.kinds()).map_err(|e| e.at(place.clone()))?;
        let text = |name: &&String| self.columns.iter().any(|c| c.name == **name && c.kind == ColumnKind::Other);
        let texts: Vec<&String> = features.iter().filter(text).collect();
        if let Some(&name) = texts.first() {
            let dtype = self.columns.iter().find(|c| c.name == *name).map_or("", |c| c.dtype.as_str());
            return Err(Error::new(format!(
                "a feature must be numeric, but {name:?} holds {dtype} ({} affected)",
                count(texts.len(), "column")
            ))
            .at(place)
            .fix("choose the features with ColumnChoice::numbers, or leave columns out with ColumnChoice::except"));
        }
        (self.features, self.labels) = (features, labels);
        Ok(self)
    }

    /// Leaves out rows in which a feature is missing, NaN or infinite; without it such rows are an error.
    #[must_use]
    pub fn drop_missing(mut self) -> Self {
        self.drop_missing = true;
        self
    }

    /// All columns, in file order, those that name folders last.
    pub fn columns(&self) -> &[FeatureColumn] {
        &self.columns
    }

    /// The columns that are read as features.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The columns that are read as labels.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The number of rows, where files state it; delimited text does not.
    pub fn rows(&self) -> Option<usize> {
        self.parts.iter().map(Part::rows).sum()
    }

    /// The files of the table.
    pub fn files(&self) -> Vec<&Path> {
        self.parts.iter().map(Part::path).collect()
    }

    /// The format, in words: `parquet, 3 row groups`.
    pub(crate) fn format(&self) -> String {
        let format = self.parts.first().map_or("", Part::format);
        match (self.parts.len(), self.parts.iter().map(Part::groups).sum::<usize>()) {
            (1, 0) => format.to_owned(),
            (1, groups) => format!("{format}, {}", count(groups, "row group")),
            (parts, _) => format!("{} of {format}", count(parts, "part")),
        }
    }

    fn kinds(&self) -> Vec<(&str, ColumnKind)> {
        self.columns.iter().map(|column| (column.name.as_str(), column.kind)).collect()
    }

    /// Calls `each` with the rows of the table, at most `rows` at a time, in order; ends early when it returns false or
    /// a stop is requested.
    ///
    /// # Errors
    /// When a file is damaged, a value is no number (file, line and column are named), no feature is chosen, or `each`
    /// fails.
    pub fn for_each_block(&self, rows: usize, mut each: impl FnMut(FeatureBlock) -> Result<bool>) -> Result<()> {
        self.check_features()?;
        self.blocks(rows, &mut each)
    }

    fn check_features(&self) -> Result<()> {
        if self.features.is_empty() {
            let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
            return Err(Error::new("no column is a feature: none looks like one by name and type")
                .at(self.path.display().to_string())
                .fix(format!("choose them with ColumnChoice; the columns there are: {}", name_some(&names))));
        }
        Ok(())
    }

    /// The same, features or not.
    fn blocks(&self, rows: usize, each: &mut dyn FnMut(FeatureBlock) -> Result<bool>) -> Result<()> {
        for part in &self.parts {
            let mut go_on = true;
            part.read(&self.features, &self.labels, rows.max(1), &mut |block| {
                go_on = each(if self.drop_missing { block.without_missing()? } else { block })?;
                Ok(go_on)
            })?;
            if !go_on {
                break;
            }
        }
        Ok(())
    }

    /// The first rows.
    ///
    /// # Errors
    /// As [`FeatureTable::for_each_block`].
    pub fn head(&self, rows: usize) -> Result<FeatureBlock> {
        self.check_features()?;
        self.head_of_all(rows)
    }

    /// The same of a table without features, too.
    pub(crate) fn head_of_all(&self, rows: usize) -> Result<FeatureBlock> {
        let mut whole: Option<FeatureBlock> = None;
        self.blocks(rows, &mut |block| {
            let have = whole.as_ref().map_or(0, |whole| whole.table.height());
            let block = block.first(rows - have);
            match &mut whole {
                Some(whole) => whole.append(block)?,
                None => whole = Some(block),
            }
            Ok(whole.as_ref().is_some_and(|whole| whole.table.height() < rows))
        })?;
        let mut block = whole.ok_or_else(|| self.empty())?;
        if self.parts.iter().any(Part::is_text) {
            block.table = narrow::narrow(&block.table)?;
        }
        Ok(block)
    }

    /// Reads the table as a screen. Labels of delimited text become numbers where every one of them is written as a
    /// number, without leading zeros.
    ///
    /// # Errors
    /// As [`FeatureTable::for_each_block`]; when there is no row, a row has a missing, NaN or infinite feature and these
    /// are not dropped (the first rows are named), or a stop was requested.
    pub fn read(&self) -> Result<Screen> {
        let mut bar = Bar::new(&format!("reading {}", self.path.display()), self.rows().map(|rows| rows as u64));
        let (mut values, mut tables, mut rows, mut dropped) = (Vec::new(), Vec::new(), 0, 0);
        let mut stopped = false;
        self.for_each_block(BLOCK, |block| {
            values.extend_from_slice(block.values.as_slice().unwrap_or_default());
            rows += block.table.height();
            dropped += block.dropped;
            bar.advance((block.table.height() + block.dropped) as u64);
            tables.push(block.table);
            stopped = bar.stopped();
            Ok(!stopped)
        })?;
        drop(bar);
        if stopped {
            return Err(Error::new("reading was stopped").at(self.path.display().to_string()).fix("run it again"));
        }
        let mut tables = tables.into_iter();
        let mut table = tables.next().ok_or_else(|| self.empty())?;
        for next in tables {
            part::stack(&mut table, &next, &self.path)?;
        }
        if rows == 0 {
            return Err(self.empty());
        }
        if self.parts.iter().any(Part::is_text) {
            table = narrow::narrow(&table)?;
        }
        table.rechunk_mut_par();
        let values = Array2::from_shape_vec((rows, self.features.len()), values)
            .map_err(|e| Error::new("blocks of unequal length").at(self.path.display().to_string()).caused_by(e))?;
        let features = Features::new(values, self.features.clone())?;
        let screen = Screen::new(table, features).map_err(|e| Error::new(format!("{}: {e}", self.path.display())))?;
        if dropped == 0 {
            return Ok(screen);
        }
        let left_out = count(dropped, "row");
        Ok(screen.noted(format!("{left_out} with missing or infinite features left out while reading")))
    }

    fn empty(&self) -> Error {
        let what = if self.drop_missing { "no row is left" } else { "the table has no row" };
        Error::new(what).at(self.path.display().to_string()).fix("check the file and the choice of features")
    }
}

impl FeatureBlock {
    fn first(self, rows: usize) -> Self {
        let keep = rows.min(self.table.height());
        let values = self.values.slice_move(s![..keep, ..]);
        Self { table: self.table.head(Some(keep)), values, dropped: self.dropped }
    }

    fn append(&mut self, next: Self) -> Result<()> {
        part::stack(&mut self.table, &next.table, Path::new("table"))?;
        self.values
            .append(Axis(0), next.values.view())
            .map_err(|e| Error::new("blocks of unequal length").caused_by(e))?;
        self.dropped += next.dropped;
        Ok(())
    }

    /// Without the rows in which a feature is missing, NaN or infinite.
    pub(crate) fn without_missing(self) -> Result<Self> {
        let rows = self.values.rows().into_iter().enumerate();
        let keep: Vec<usize> = rows.filter(|(_, row)| row.iter().all(|v| v.is_finite())).map(|(row, _)| row).collect();
        let dropped = self.values.nrows() - keep.len();
        if dropped == 0 {
            return Ok(self);
        }
        let indices = IdxCa::from_vec("rows".into(), keep.iter().map(|&row| row as u32).collect());
        let table = self.table.take(&indices).map_err(|e| Error::new(e.to_string()).caused_by(e))?;
        let values = self.values.select(Axis(0), &keep);
        Ok(Self { table, values, dropped: self.dropped + dropped })
    }
}

/// Compares the columns of a part with those of the first.
fn same_columns(first: &Part, columns: &[FeatureColumn], part: &Part) -> Result<()> {
    let own = part.columns()?;
    let differ = |a: &[FeatureColumn], b: &[FeatureColumn]| -> Vec<String> {
        a.iter().filter(|x| !b.iter().any(|y| y.name == x.name)).map(|x| x.name.clone()).collect()
    };
    let (missing, more) = (differ(columns, &own), differ(&own, columns));
    let file = |part: &Part| part.path().display().to_string();
    if !missing.is_empty() || !more.is_empty() {
        let mut what = Vec::new();
        if !missing.is_empty() {
            what.push(format!("lacks {}", name_some(&missing)));
        }
        if !more.is_empty() {
            what.push(format!("has {} besides", name_some(&more)));
        }
        return Err(Error::new(format!(
            "the parts of the table have different columns: this one {}",
            what.join(" and ")
        ))
        .at(format!("{}, compared with {}", file(part), file(first)))
        .fix("take the file out of the folder, or write all parts with the same columns"));
    }
    if part.is_text() {
        return Ok(()); // Its types are only a guess from the first rows.
    }
    let other =
        columns.iter().find_map(|x| own.iter().find(|y| y.name == x.name && y.dtype != x.dtype).map(|y| (x, y)));
    match other {
        None => Ok(()),
        Some((x, y)) => {
            Err(Error::new(format!("the column {:?} holds {} here and {} elsewhere", x.name, y.dtype, x.dtype))
                .at(format!("{}, compared with {}", file(part), file(first)))
                .fix("write all parts with the same types"))
        }
    }
}
