//! A screen: a table with one row per cell, and what was measured of each cell.
//!
//! ```text
//! table    n rows: gene, guide, well, plate, batch, and whatever else is known of a cell
//! payload  n entries: images, counts or features
//! role     of each cell: control, perturbed or neither
//! ```
//!
//! A screen is checked when it is made and never changes. What is taken out of it (controls, a well, a part of a split)
//! is a screen again, a view that shares table and measurements and costs four bytes a cell.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use ndarray::{Array2, Array4, Axis, CowArray, Ix2};
use polars::prelude::{DataFrame, Expr, IdxCa};

use super::labels::Labels;
use super::roles::{Role, RoleRule};
use super::rows::{cells, name_rows};
use super::{Counts, Embedding, Features, Label, Payload, filter};
use crate::images::MemoryImages;
use crate::io::parquet::{count, name_some, require_columns};
use crate::{Error, Result};

/// Cells, what is known of them and what was measured of them.
///
/// ```
/// use ndarray::array;
/// use perturbook::screen::{Features, Label, Screen};
/// use polars::prelude::{col, df, lit};
///
/// let table = df!(
///     "gene" => ["nontargeting", "TP53", "TP53", "MYC"],
///     "well" => ["A1", "A1", "A2", "A2"],
/// ).unwrap();
/// let screen = Screen::new(table, Features::numbered(array![[0.0], [1.0], [2.0], [3.0]])?)?;
/// assert_eq!((screen.controls()?.len(), screen.perturbed()?.len()), (1, 3)); // found by the usual label
/// let well = screen.filter(col("well").eq(lit("A2")))?;
/// assert_eq!(well.features()?.column(0).to_vec(), [2.0, 3.0]);
/// assert_eq!(well.labels(Label::Gene)?.of(1), "MYC");
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Screen {
    base: Arc<Base>,
    /// The rows of a view; all without it.
    rows: Option<Arc<Vec<u32>>>,
    /// The table of a view, made when it is first asked for.
    table: OnceLock<DataFrame>,
}

/// What all views of one screen share.
#[derive(Clone, Debug)]
struct Base {
    table: DataFrame,
    payload: Payload,
    /// The columns that make up each label.
    columns: HashMap<Label, Vec<String>>,
    /// Whether the batch is made of plate and well, because nothing else was found or named.
    made_batch: bool,
    labels: HashMap<Label, OnceLock<Labels>>,
    roles: Vec<Role>,
    /// What was chosen, and how, for the summary.
    notes: Notes,
}

/// What a reader should know of how a screen was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    pub controls: String,
    pub perturbed: String,
    pub others: Vec<String>,
}

impl Screen {
    /// Joins a table with the measurements of its rows, in the same order.
    ///
    /// Columns of labels are found by their usual names ([`Label::usual_names`]), controls by their usual labels
    /// ([`CONTROL_LABELS`](super::CONTROL_LABELS)); the summary says which were taken. [`Screen::with_label`] and
    /// [`Screen::with_controls`] choose others.
    ///
    /// # Errors
    /// When the lengths differ, there is no cell, or a feature is NaN or infinite (the first rows are named).
    pub fn new(table: DataFrame, payload: impl Into<Payload>) -> Result<Self> {
        let payload = payload.into();
        let n = table.height();
        if payload.cells() != n {
            return Err(Error::new(format!("{} measured for a table of {}", cells(payload.cells()), count(n, "row")))
                .at("screen")
                .fix("give the table one row for each cell, in the same order"));
        }
        if n == 0 || u32::try_from(n).is_err() {
            return Err(Error::new(format!("a screen of {n} cells cannot be used"))
                .at("screen")
                .fix("a screen holds between one cell and 4 thousand million; split a larger one"));
        }
        if let Payload::Features(features) = &payload {
            check_finite(features, &table)?;
        }
        let mut base = Base {
            table,
            payload,
            columns: HashMap::new(),
            made_batch: false,
            labels: Label::ALL.map(|label| (label, OnceLock::new())).into(),
            roles: vec![Role::Perturbed; n],
            notes: Notes::default(),
        };
        base.find_labels();
        base.find_controls();
        Ok(Self::whole(base))
    }

    fn whole(base: Base) -> Self {
        Self { base: Arc::new(base), rows: None, table: OnceLock::new() }
    }

    /// Takes a label from this column instead of the one found by its name.
    ///
    /// # Errors
    /// When there is no such column, or a cell has no label in it (the first rows are named).
    pub fn with_label(self, label: Label, column: &str) -> Result<Self> {
        self.with_label_columns(label, &[column])
    }

    /// Takes a label from several columns together, such as a batch from plate and well: their texts, joined by `/`.
    ///
    /// # Errors
    /// As [`Screen::with_label`].
    pub fn with_label_columns(self, label: Label, columns: &[&str]) -> Result<Self> {
        let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        let found = Labels::of_columns(&self.base.table, label, &columns)?;
        let mut base = Base::clone(&self.base);
        base.columns.insert(label, columns);
        base.labels.insert(label, OnceLock::from(found));
        match label {
            Label::Gene => base.find_controls(),
            Label::Batch => base.made_batch = false,
            Label::Plate | Label::Well if base.made_batch => base.make_batch(),
            Label::Plate | Label::Well | Label::Guide => {}
        }
        Ok(Self { base: Arc::new(base), ..self })
    }

    /// Says which cells are the controls: by label, by a list of labels, or by an expression. All others count as
    /// perturbed, unless [`Screen::with_perturbed`] says otherwise.
    ///
    /// ```
    /// # use ndarray::Array2;
    /// # use perturbook::screen::{Features, Screen};
    /// use polars::prelude::{col, df, lit};
    ///
    /// let table = df!("compound" => ["none", "LY294002", "LY294002"], "dose" => [0.0, 0.0, 5.0]).unwrap();
    /// let screen = Screen::new(table, Features::numbered(Array2::zeros((3, 1)))?)?;
    /// assert_eq!(screen.clone().with_controls("none")?.controls()?.len(), 1);
    /// assert_eq!(screen.with_controls(col("dose").eq(lit(0.0)))?.controls()?.len(), 2);
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a label occurs nowhere (those that do are listed), the expression cannot be computed, or no cell or every
    /// cell is a control.
    pub fn with_controls(self, rule: impl Into<RoleRule>) -> Result<Self> {
        let rule = rule.into();
        let mut base = Base::clone(&self.base);
        base.set_controls(&rule, rule.words())?;
        Ok(Self { base: Arc::new(base), ..self })
    }

    /// Says which cells are perturbed; those that are neither these nor controls are set aside.
    ///
    /// # Errors
    /// As [`Screen::with_controls`]; and when a control is among them (the first rows are named).
    pub fn with_perturbed(self, rule: impl Into<RoleRule>) -> Result<Self> {
        let rule = rule.into();
        let perturbed = rule.matches(&self.base.table, || self.base.labels(Label::Gene), "perturbed")?;
        let mut base = Base::clone(&self.base);
        let both: Vec<usize> =
            (0..perturbed.len()).filter(|&row| perturbed[row] && base.roles[row] == Role::Control).collect();
        if !both.is_empty() {
            return Err(Error::new(format!("{} called both control and perturbed", cells(both.len())))
                .at(name_rows(&both))
                .fix("exclude the controls in the rule for perturbed cells"));
        }
        for (role, perturbed) in base.roles.iter_mut().zip(perturbed) {
            if *role != Role::Control {
                *role = if perturbed { Role::Perturbed } else { Role::Other };
            }
        }
        base.notes.perturbed = rule.words();
        Ok(Self { base: Arc::new(base), ..self })
    }

    /// Checks that these columns together name each cell once.
    ///
    /// # Errors
    /// When a column is missing, a part of a key is missing, or two cells have the same key (the first are named).
    pub fn with_key(self, columns: &[&str]) -> Result<Self> {
        require_columns(&self.base.table, columns, "key of the screen")?;
        let owned: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        // A label of several columns is just such a key.
        let keys = Labels::of_columns(&self.base.table, Label::Batch, &owned)
            .map_err(|e| Error::new(format!("not every cell has a key\n{e}")))?;
        if keys.names().len() < self.base.table.height() {
            let mut first = vec![None; keys.names().len()];
            let mut twice = Vec::new();
            for (row, &code) in keys.codes().iter().enumerate() {
                match first[code as usize] {
                    None => first[code as usize] = Some(row),
                    Some(earlier) => twice.push((earlier, row)),
                }
            }
            let shown: Vec<String> = twice
                .iter()
                .take(5)
                .map(|&(earlier, row)| format!("rows {earlier} and {row} ({:?})", keys.of(row)))
                .collect();
            return Err(Error::new(format!("{} with the key of an earlier cell", cells(twice.len())))
                .at(format!("{}: {}", columns.join(", "), shown.join("; ")))
                .fix("drop the repeated rows, or name the columns that tell these cells apart"));
        }
        let mut base = Base::clone(&self.base);
        base.notes.others.push(format!("each cell has its own {}", columns.join("/")));
        Ok(Self { base: Arc::new(base), ..self })
    }

    /// Adds a line to the summary, such as how many rows a reader has dropped.
    pub(crate) fn noted(self, note: String) -> Self {
        let mut base = Base::clone(&self.base);
        base.notes.others.push(note);
        Self { base: Arc::new(base), ..self }
    }

    /// The number of cells.
    pub fn len(&self) -> usize {
        self.rows.as_ref().map_or(self.base.table.height(), |rows| rows.len())
    }

    /// Whether there is no cell; so it is only in a part of a split that was to get none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The table, one row for each cell.
    pub fn table(&self) -> &DataFrame {
        let Some(rows) = &self.rows else { return &self.base.table };
        self.table.get_or_init(|| {
            let rows = IdxCa::from_vec("rows".into(), rows.to_vec());
            // Rows of a view were checked when it was made.
            self.base.table.take(&rows).unwrap_or_default()
        })
    }

    /// The measurements of the whole screen; cell `i` of this view is entry [`Screen::source_row`]`(i)`.
    pub fn payload(&self) -> &Payload {
        &self.base.payload
    }

    /// The row of the whole screen that row `i` of this view is.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn source_row(&self, i: usize) -> usize {
        self.rows.as_ref().map_or(i, |rows| rows[i] as usize)
    }

    /// The features, `cells x features`; copied only in a view.
    ///
    /// # Errors
    /// When the screen holds images or counts.
    pub fn features(&self) -> Result<CowArray<'_, f32, Ix2>> {
        let Payload::Features(features) = &self.base.payload else { return Err(self.holds("features")) };
        Ok(match &self.rows {
            None => features.values().into(),
            Some(rows) => {
                let rows: Vec<usize> = rows.iter().map(|&row| row as usize).collect();
                features.values().select(Axis(0), &rows).into()
            }
        })
    }

    /// The names of the features.
    ///
    /// # Errors
    /// When the screen holds images or counts.
    pub fn feature_names(&self) -> Result<&[String]> {
        let Payload::Features(features) = &self.base.payload else { return Err(self.holds("features")) };
        Ok(features.names())
    }

    /// The counts, `cells x genes`; copied only in a view.
    ///
    /// # Errors
    /// When the screen holds images or features.
    pub fn counts(&self) -> Result<Arc<Counts>> {
        let Payload::Counts(counts) = &self.base.payload else { return Err(self.holds("counts")) };
        Ok(match &self.rows {
            None => counts.clone(),
            Some(rows) => {
                let rows: Vec<usize> = rows.iter().map(|&row| row as usize).collect();
                Arc::new(counts.select_cells(&rows)?)
            }
        })
    }

    /// The images of these cells of the view, `cells x channels x height x width`.
    ///
    /// # Errors
    /// When the screen holds no images, there is no such row, or an image cannot be read.
    pub fn read_images(&self, rows: &[usize]) -> Result<Array4<f32>> {
        let Payload::Images(images) = &self.base.payload else { return Err(self.holds("images")) };
        self.check_rows(rows)?;
        let rows: Vec<usize> = rows.iter().map(|&row| self.source_row(row)).collect();
        images.read(&rows)
    }

    /// The same screen with all images read into memory, so that no step of training waits for a disk; cells x channels x height
    /// x width x 4 bytes.
    ///
    /// # Errors
    /// When the screen holds no images, or one cannot be read.
    pub fn in_memory(&self) -> Result<Self> {
        let Payload::Images(images) = &self.base.payload else { return Err(self.holds("images")) };
        let mut base = (*self.base).clone();
        base.payload = Payload::Images(Arc::new(MemoryImages::load(&**images)?));
        Ok(Self { base: Arc::new(base), ..self.clone() })
    }

    fn holds(&self, wanted: &str) -> Error {
        Error::new(format!("this screen holds no {wanted}"))
            .at("screen")
            .fix(format!("it holds {}", self.base.payload.describe()))
    }

    /// The features as an embedding, with the table of the cells.
    ///
    /// # Errors
    /// When the screen holds images or counts, or is empty.
    pub fn embedding(&self) -> Result<Embedding> {
        let names = self.feature_names()?.to_vec();
        let values: Array2<f32> = self.features()?.into_owned();
        Embedding::with_dims(values, self.table().clone(), names)
    }

    /// The columns that make up a label; none when no column was found.
    pub fn label_columns(&self, label: Label) -> &[String] {
        self.base.columns.get(&label).map_or(&[], Vec::as_slice)
    }

    /// The labels of the cells.
    ///
    /// # Errors
    /// When no column says this of the cells.
    pub fn labels(&self, label: Label) -> Result<Labels> {
        let labels = self.base.labels(label)?;
        Ok(self.rows.as_ref().map_or_else(|| labels.clone(), |rows| labels.take(rows)))
    }

    /// The role of the cell in this row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn role(&self, row: usize) -> Role {
        self.base.roles[self.source_row(row)]
    }

    /// The cells of these rows, in this order; a row may occur more than once.
    ///
    /// # Errors
    /// When no row is given, or one is not there.
    pub fn select(&self, rows: &[usize]) -> Result<Self> {
        self.check_rows(rows)?;
        self.view(rows.to_vec()).some("no row is selected")
    }

    /// The cells for which the expression is true; a missing value counts as false.
    ///
    /// # Errors
    /// When the expression cannot be computed, or is true for no cell.
    pub fn filter(&self, expression: Expr) -> Result<Self> {
        let keep = filter::mask(self.table(), &expression)?;
        let rows = (0..keep.len()).filter(|&row| keep[row]).collect();
        self.view(rows).some(&format!("no cell is left where {expression}"))
    }

    /// The control cells.
    ///
    /// # Errors
    /// When there is none.
    pub fn controls(&self) -> Result<Self> {
        self.of_role(Role::Control).some("there is no control cell")
    }

    /// The perturbed cells.
    ///
    /// # Errors
    /// When there is none.
    pub fn perturbed(&self) -> Result<Self> {
        self.of_role(Role::Perturbed).some("there is no perturbed cell")
    }

    pub(super) fn of_role(&self, role: Role) -> Self {
        self.view((0..self.len()).filter(|&row| self.role(row) == role).collect())
    }

    /// A view of rows that are there; it may be empty.
    pub(super) fn view(&self, rows: Vec<usize>) -> Self {
        let rows = rows.into_iter().map(|row| self.source_row(row) as u32).collect();
        Self { base: self.base.clone(), rows: Some(Arc::new(rows)), table: OnceLock::new() }
    }

    fn some(self, otherwise: &str) -> Result<Self> {
        if !self.is_empty() {
            return Ok(self);
        }
        let known = self.base.labels(Label::Gene).map(|labels| name_some(labels.names()));
        let known = known.map_or_else(|_| String::new(), |names| format!("; the labels of genes are: {names}"));
        Err(Error::new(otherwise)
            .at(format!("screen of {}", cells(self.base.table.height())))
            .fix(format!("check the choice of cells, or name the controls with Screen::with_controls{known}")))
    }

    fn check_rows(&self, rows: &[usize]) -> Result<()> {
        let outside: Vec<usize> = rows.iter().copied().filter(|&row| row >= self.len()).collect();
        if outside.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!("{} not there", count(outside.len(), "row")))
            .at(name_rows(&outside))
            .fix(format!("the screen has the rows 0 to {}", self.len().saturating_sub(1))))
    }

    pub(super) fn notes(&self) -> &Notes {
        &self.base.notes
    }
}

impl Base {
    /// Finds the columns of labels by their usual names; one in which cells lack a label is passed over.
    fn find_labels(&mut self) {
        let names: Vec<String> = self.table.get_column_names().iter().map(|name| name.to_string()).collect();
        for label in Label::ALL {
            for name in label.among(&names) {
                let missing = self.table.column(name).map_or(0, |column| column.null_count());
                if missing == 0 {
                    self.columns.insert(label, vec![name.to_owned()]);
                    break;
                }
                let note =
                    format!("the column {name:?} was not taken for the {label}: {} without a label", cells(missing));
                self.notes.others.push(note);
            }
        }
        self.made_batch = !self.columns.contains_key(&Label::Batch);
        if self.made_batch {
            self.make_batch();
        }
    }

    /// Without a column that names the batch, a batch is a well of a plate.
    fn make_batch(&mut self) {
        let parts = [Label::Plate, Label::Well].iter().filter_map(|part| self.columns.get(part));
        let parts: Vec<String> = parts.flatten().cloned().collect();
        if !parts.is_empty() {
            self.columns.insert(Label::Batch, parts);
            self.labels.insert(Label::Batch, OnceLock::new());
        }
    }

    /// Takes the cells with a usual control label for the controls, if there are any.
    fn find_controls(&mut self) {
        let usual = self.labels(Label::Gene).ok().and_then(|genes| RoleRule::usual(genes.names()));
        let found = usual.map(|rule| (rule.words(), self.set_controls(&rule, String::new())));
        match found {
            Some((words, Ok(()))) => self.notes.controls = format!("{words}, known by the label"),
            _ => {
                self.roles.fill(Role::Perturbed);
                self.notes.controls = "none: no usual label; choose with Screen::with_controls".to_owned();
            }
        }
    }

    fn set_controls(&mut self, rule: &RoleRule, words: String) -> Result<()> {
        let controls = rule.matches(&self.table, || self.labels(Label::Gene), "control")?;
        if !controls.contains(&false) {
            return Err(Error::new("every cell would be a control").at(rule.words()).fix("choose fewer of them"));
        }
        self.roles = controls.into_iter().map(|yes| if yes { Role::Control } else { Role::Perturbed }).collect();
        self.notes.controls = words;
        self.notes.perturbed.clear();
        Ok(())
    }

    fn labels(&self, label: Label) -> Result<Labels> {
        let columns = self.columns.get(&label).ok_or_else(|| {
            Error::new(format!("no column names the {label} of a cell"))
                .at("table of the screen")
                .fix(format!("choose one with Screen::with_label: {}", name_some(&self.table.get_column_names())))
        })?;
        let Some(kept) = self.labels.get(&label) else { return Labels::of_columns(&self.table, label, columns) };
        if let Some(labels) = kept.get() {
            return Ok(labels.clone());
        }
        let labels = Labels::of_columns(&self.table, label, columns)?;
        Ok(kept.get_or_init(|| labels).clone())
    }
}

/// Refuses features that are NaN or infinite; the first rows are named, with the gene where there is one.
fn check_finite(features: &Features, table: &DataFrame) -> Result<()> {
    let bad = features.unusable_rows();
    let Some(&first) = bad.first() else { return Ok(()) };
    let row = features.values().row(first).to_vec();
    let column = row.iter().position(|v| !v.is_finite()).unwrap_or_default();
    let names: Vec<String> = table.get_column_names().iter().map(|name| name.to_string()).collect();
    let gene = Label::Gene.among(&names).first().and_then(|name| table.column(name).ok()?.get(first).ok());
    let gene = gene.map_or_else(String::new, |gene| format!(" ({gene})"));
    Err(Error::new(format!("{} with a feature that is missing, NaN or infinite", cells(bad.len())))
        .at(format!("{}; row {first}{gene}: {:?} is {}", name_rows(&bad), features.names()[column], row[column]))
        .fix("drop these rows or these features, or impute the values, before building the screen"))
}
