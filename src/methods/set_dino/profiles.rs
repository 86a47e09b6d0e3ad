//! Profiles of perturbations from the features of their cells, in each batch and over batches (methods 4.8).
//!
//! ```text
//! batch profile   mean over the cells of a perturbation in a batch
//! consensus       mean over batches of (batch profile - mean over the control cells of that batch)
//! ```
//!
//! Batch profiles are what accuracy of batch and gene labels is measured on, consensus profiles what recall of known
//! relations is. Sums are in `f64`.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, Axis};
use polars::prelude::{Column, DataFrame};

use crate::display::{Bundle, Show};
use crate::evaluate::{MeasuredProfiles, ProfileMetrics, Relations};
use crate::methods::Unit;
use crate::screen::{Embedding, Label, Profiles, Role, Screen};
use crate::{Error, Result};

/// One profile for each perturbation in each batch.
#[derive(Clone, Debug)]
pub struct BatchProfiles {
    /// The column that names the perturbation.
    perturbation: String,
    embedding: Embedding,
    /// What each row is.
    rows: Vec<Row>,
    /// The mean of the control cells of each batch.
    controls: BTreeMap<String, Array1<f64>>,
}

#[derive(Clone, Debug)]
struct Row {
    unit: String,
    batch: String,
    control: bool,
    cells: usize,
}

impl BatchProfiles {
    /// Of the cells of a screen and their vectors, one row for each cell in the order of the screen; cells that are set
    /// aside are left out.
    ///
    /// ```
    /// use ndarray::{Array2, array};
    /// use perturbook::methods::{Unit, set_dino::BatchProfiles};
    /// use perturbook::screen::{Embedding, Features, Screen};
    /// use polars::prelude::df;
    ///
    /// let table = df!(
    ///     "gene" => ["A", "A", "A", "nontargeting", "nontargeting"],
    ///     "batch" => ["1", "1", "2", "1", "2"],
    /// ).unwrap();
    /// let values = array![[1.0f32], [3.0], [10.0], [1.0], [8.0]];
    /// let screen = Screen::new(table.clone(), Features::numbered(values.clone())?)?;
    /// let batches = BatchProfiles::of(&screen, &Embedding::new(values, table)?, Unit::Gene)?;
    /// assert_eq!(batches.embedding().len(), 4);
    /// assert_eq!(batches.embedding().values()[[0, 0]], 2.0); // A in batch 1
    /// assert_eq!(batches.consensus()?.row("A")?[0], 1.5); // (2 - 1 + 10 - 8) / 2
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is not one vector for each cell, or cells have no perturbation or batch.
    pub fn of(screen: &Screen, cells: &Embedding, unit: Unit) -> Result<Self> {
        if cells.len() != screen.len() {
            return Err(Error::new(format!("{} vectors for a screen of {} cells", cells.len(), screen.len()))
                .fix("pass the embedding of this screen"));
        }
        let (units, batches) = (screen.labels(unit.label())?, screen.labels(Label::Batch)?);
        let mut number: BTreeMap<(u32, u32), usize> = BTreeMap::new();
        let mut rows: Vec<Row> = Vec::new();
        let mut sums: Vec<Array1<f64>> = Vec::new();
        let mut controls: BTreeMap<String, (Array1<f64>, f64)> = BTreeMap::new();
        for (row, values) in cells.values().outer_iter().enumerate() {
            let role = screen.role(row);
            if role == Role::Other {
                continue;
            }
            let (is_control, values) = (role == Role::Control, values.mapv(f64::from));
            let at = *number.entry((units.codes()[row], batches.codes()[row])).or_insert_with(|| {
                let (unit, batch) = (units.of(row).to_owned(), batches.of(row).to_owned());
                rows.push(Row { unit, batch, control: is_control, cells: 0 });
                sums.push(Array1::zeros(cells.dims()));
                rows.len() - 1
            });
            rows[at].cells += 1;
            sums[at] += &values;
            if is_control {
                let zero = || (Array1::zeros(cells.dims()), 0.0);
                let (sum, n) = controls.entry(batches.of(row).to_owned()).or_insert_with(zero);
                *sum += &values;
                *n += 1.0;
            }
        }
        let mut means = Array2::zeros((rows.len(), cells.dims()));
        for ((mut to, sum), row) in means.axis_iter_mut(Axis(0)).zip(&sums).zip(&rows) {
            to.assign(&(sum / row.cells as f64).mapv(|v| v as f32));
        }
        let text = |of: fn(&Row) -> &String| rows.iter().map(of).cloned().collect::<Vec<_>>();
        let columns = vec![
            Column::new(unit.label().to_string().into(), text(|row| &row.unit)),
            Column::new("batch".into(), text(|row| &row.batch)),
            Column::new("cells".into(), rows.iter().map(|row| row.cells as u64).collect::<Vec<u64>>()),
            Column::new("control".into(), rows.iter().map(|row| row.control).collect::<Vec<bool>>()),
        ];
        let table = DataFrame::new(rows.len(), columns)
            .map_err(|e| Error::new(format!("cannot make the table of profiles: {e}")).caused_by(e))?;
        let controls = controls.into_iter().map(|(batch, (sum, n))| (batch, sum / n)).collect();
        Ok(Self { perturbation: unit.label().to_string(), embedding: Embedding::new(means, table)?, rows, controls })
    }

    /// The profiles; the table has `gene` (or `guide`), `batch`, `cells` and `control`.
    pub fn embedding(&self) -> &Embedding {
        &self.embedding
    }

    /// The metrics of Tables 1 and 2 of the paper, with recall of these relations.
    ///
    /// # Errors
    /// As [`MeasuredProfiles::read`] and [`BatchProfiles::consensus`].
    pub fn metrics(&self, relations: &[&Relations]) -> Result<ProfileMetrics> {
        self.measured(&self.consensus()?, relations).read()
    }

    /// The same from the first principal components, for each of these numbers of them (Figure 3 of the paper).
    ///
    /// # Errors
    /// As [`MeasuredProfiles::by_components`] and [`BatchProfiles::consensus`].
    pub fn metrics_by_components(
        &self,
        relations: &[&Relations],
        counts: &[usize],
    ) -> Result<Vec<(usize, ProfileMetrics)>> {
        self.measured(&self.consensus()?, relations).by_components(counts)
    }

    fn measured<'a>(&'a self, consensus: &'a Profiles, relations: &'a [&'a Relations]) -> MeasuredProfiles<'a> {
        let (batches, perturbation) = (&self.embedding, self.perturbation.as_str());
        MeasuredProfiles { batches, perturbation, consensus, relations }
    }

    /// One profile for each perturbation: over batches the mean of what it differs by from the batch's controls. Controls
    /// have none.
    ///
    /// # Errors
    /// When nothing is perturbed, or a batch has no control cells (those are named).
    pub fn consensus(&self) -> Result<Profiles> {
        let mut names: Vec<&str> = Vec::new();
        let mut number: BTreeMap<&str, usize> = BTreeMap::new();
        let mut sums: Vec<(Array1<f64>, f64)> = Vec::new();
        let mut lacking: Vec<&str> = Vec::new();
        for (Row { unit, batch, control, .. }, profile) in self.rows.iter().zip(self.embedding.values().outer_iter()) {
            if *control {
                continue;
            }
            let Some(control) = self.controls.get(batch) else {
                if !lacking.contains(&batch.as_str()) {
                    lacking.push(batch);
                }
                continue;
            };
            let at = *number.entry(unit).or_insert_with(|| {
                names.push(unit);
                sums.push((Array1::zeros(self.embedding.dims()), 0.0));
                sums.len() - 1
            });
            sums[at].0 += &(profile.mapv(f64::from) - control);
            sums[at].1 += 1.0;
        }
        if !lacking.is_empty() || names.is_empty() {
            return Err(Error::new(format!("{} batches have no control cells", lacking.len()))
                .at(format!("{} perturbations; batches {lacking:?}", names.len()))
                .fix("leave out batches without controls, and check the labels of controls"));
        }
        let mut values = Array2::zeros((names.len(), self.embedding.dims()));
        for (mut to, (sum, n)) in values.axis_iter_mut(Axis(0)).zip(&sums) {
            to.assign(&(sum / *n));
        }
        Profiles::new(names.into_iter().map(str::to_owned).collect(), values)
    }
}

impl Show for BatchProfiles {
    fn bundle(&self) -> Bundle {
        self.embedding.bundle()
    }
}
