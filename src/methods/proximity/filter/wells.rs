//! Which cells lie in which well, and which wells belong to which gene: the units over which vectors are averaged.
//!
//! ```text
//! gene = mean of its experiments, each the mean of its plates, each the mean of its wells, each the mean of its cells
//! ```
//!
//! (section 1.2 of the specification: nested means, so that a plate with many wells does not outvote the others). A well
//! here is one gene in one place: where several genes share a well of the plate, each has its own part of it.

use std::collections::HashMap;

use ndarray::Array2;
use polars::prelude::{DataFrame, DataType};

use super::CellVectors;
use crate::genome::{Chromosome, Genome};
use crate::screen::{Label, Profiles};
use crate::{Error, Result};

/// Cells that are read at a time.
const BLOCK: usize = 4_096;

/// One gene in one well.
#[derive(Clone, Debug)]
pub struct Well {
    /// The gene's number.
    pub gene: usize,
    /// The plate, numbered among all plates of all experiments.
    pub plate: usize,
    /// The experiment.
    pub experiment: usize,
    /// Rows of its cells, ascending.
    pub cells: Vec<usize>,
}

/// The wells of a table of cells.
#[derive(Clone, Debug)]
pub struct Wells {
    genes: Vec<String>,
    wells: Vec<Well>,
    controls: Vec<usize>,
    cells: usize,
}

impl Wells {
    /// From the columns of a table that are usually called so: gene and well are needed, plate and batch (as the
    /// experiment) are used where there are any. `control` is what controls are called in the column of genes.
    ///
    /// ```
    /// use perturbook::methods::proximity::Wells;
    /// use polars::prelude::df;
    ///
    /// let table = df!("gene" => ["A", "A", "A", "nt"], "well" => ["w1", "w1", "w2", "w3"]).unwrap();
    /// let wells = Wells::of(&table, "nt")?;
    /// assert_eq!((wells.len(), wells.genes().len(), wells.controls().len()), (2, 1, 1));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no column of genes or of wells, a label is missing, or every cell is a control.
    pub fn of(table: &DataFrame, control: &str) -> Result<Self> {
        let names: Vec<&str> = table.get_column_names().into_iter().map(|name| name.as_str()).collect();
        let column = |label: Label| label.among(&names).first().map(|&name| codes(table, name)).transpose();
        let needed = |label: Label, found: Option<Codes>| {
            found.ok_or_else(|| {
                Error::new(format!("no column says the {label} of each cell"))
                    .at(format!("the table's columns {}", names.join(", ")))
                    .fix(format!("name one of them {:?}", label.usual_names()[0]))
            })
        };
        let gene = needed(Label::Gene, column(Label::Gene)?)?;
        let well = needed(Label::Well, column(Label::Well)?)?;
        let (plate, batch) = (column(Label::Plate)?, column(Label::Batch)?);
        let of = |codes: &Option<Codes>, row: usize| codes.as_ref().map_or(0, |codes| codes.of[row]);

        let mut this = Self { genes: Vec::new(), wells: Vec::new(), controls: Vec::new(), cells: table.height() };
        let (mut number, mut plates, mut known) = (HashMap::new(), HashMap::new(), HashMap::new());
        for row in 0..table.height() {
            let name = &gene.names[gene.of[row] as usize];
            if name == control {
                this.controls.push(row);
                continue;
            }
            let place = (of(&batch, row), of(&plate, row));
            let key = (gene.of[row], well.of[row], place);
            let at = *known.entry(key).or_insert_with(|| {
                let genes = &mut this.genes;
                let gene = *number.entry(gene.of[row]).or_insert_with(|| {
                    genes.push(name.clone());
                    genes.len() - 1
                });
                let plates_so_far = plates.len();
                let plate = *plates.entry(place).or_insert(plates_so_far);
                this.wells.push(Well { gene, plate, experiment: place.0 as usize, cells: Vec::new() });
                this.wells.len() - 1
            });
            this.wells[at].cells.push(row);
        }
        if this.wells.is_empty() {
            return Err(Error::new(format!("all {} cells are controls", table.height()))
                .fix("say what controls are called in the column of genes"));
        }
        Ok(this)
    }

    /// The genes, in the order of their first cells.
    pub fn genes(&self) -> &[String] {
        &self.genes
    }

    /// Rows of control cells.
    pub fn controls(&self) -> &[usize] {
        &self.controls
    }

    /// How many wells there are, without those of controls.
    pub fn len(&self) -> usize {
        self.wells.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.wells.is_empty()
    }

    /// How many cells the table has, controls among them.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// All wells.
    pub fn wells(&self) -> &[Well] {
        &self.wells
    }

    /// The wells of the genes of one chromosome, under the same rows; without controls.
    pub fn on(&self, genome: &Genome, chromosome: Chromosome) -> Self {
        let on = |gene: &String| genome.arm_of(gene).is_some_and(|arm| arm.chromosome == chromosome);
        let genes: Vec<bool> = self.genes.iter().map(on).collect();
        let wells = self.wells.iter().filter(|well| genes[well.gene]).cloned().collect();
        Self { genes: self.genes.clone(), wells, controls: Vec::new(), cells: self.cells }
    }

    /// The rows of all cells in these wells.
    pub fn rows(&self) -> Vec<usize> {
        self.wells.iter().flat_map(|well| well.cells.iter().copied()).collect()
    }

    /// The rows of all cells in some of these wells, given by number.
    pub(super) fn rows_of(&self, numbers: &[usize]) -> Vec<usize> {
        numbers.iter().flat_map(|&number| self.wells[number].cells.iter().copied()).collect()
    }

    /// The nested means of the cells for which `keep` says yes, one profile for each gene that has such a cell.
    ///
    /// # Errors
    /// When vectors cannot be read or are not as many as the table's rows.
    pub fn profiles(&self, vectors: &dyn CellVectors, keep: &dyn Fn(usize) -> bool) -> Result<Profiles> {
        self.expect(vectors)?;
        let dims = vectors.dims();
        let mut means = HashMap::<(usize, usize, usize), Mean>::new();
        let mut buffer = Vec::new();
        for well in &self.wells {
            let rows: Vec<usize> = well.cells.iter().copied().filter(|&row| keep(row)).collect();
            let mut mean = Mean::new(dims);
            for rows in rows.chunks(BLOCK) {
                buffer.resize(rows.len() * dims, 0.0);
                vectors.read(rows, &mut buffer)?;
                buffer.chunks_exact(dims).for_each(|cell| mean.add(cell.iter().map(|&v| f64::from(v))));
            }
            if mean.n > 0 {
                let key = (well.gene, well.experiment, well.plate);
                means.entry(key).or_insert_with(|| Mean::new(dims)).add(mean.value());
            }
        }
        // Plates into experiments, experiments into genes; in order, so that sums are the same in every run.
        let mut plates: Vec<_> = means.into_iter().collect();
        plates.sort_by_key(|(key, _)| *key);
        let mut experiments: Vec<((usize, usize), Mean)> = Vec::new();
        for ((gene, experiment, _), mean) in &plates {
            add_to_last(&mut experiments, (*gene, *experiment), mean, dims);
        }
        let mut genes: Vec<(usize, Mean)> = Vec::new();
        for ((gene, _), mean) in &experiments {
            add_to_last(&mut genes, *gene, mean, dims);
        }
        let mut values = Array2::zeros((genes.len(), dims));
        for ((_, mean), mut to) in genes.iter().zip(values.rows_mut()) {
            to.iter_mut().zip(mean.value()).for_each(|(to, v)| *to = v);
        }
        Profiles::new(genes.iter().map(|(gene, _)| self.genes[*gene].clone()).collect(), values)
    }

    /// Whether there is a vector for each cell of the table.
    pub(super) fn expect(&self, vectors: &dyn CellVectors) -> Result<()> {
        if vectors.cells() != self.cells || vectors.dims() == 0 {
            return Err(Error::new(format!(
                "{} vectors of {} dimensions for a table of {} cells",
                vectors.cells(),
                vectors.dims(),
                self.cells
            ))
            .fix("give the vectors in the order of the table's rows"));
        }
        Ok(())
    }
}

fn add_to_last<K: PartialEq>(all: &mut Vec<(K, Mean)>, key: K, mean: &Mean, dims: usize) {
    if all.last().is_none_or(|(last, _)| *last != key) {
        all.push((key, Mean::new(dims)));
    }
    if let Some((_, last)) = all.last_mut() {
        last.add(mean.value());
    }
}

struct Mean {
    sum: Vec<f64>,
    n: usize,
}

impl Mean {
    fn new(dims: usize) -> Self {
        Self { sum: vec![0.0; dims], n: 0 }
    }

    fn add(&mut self, values: impl Iterator<Item = f64>) {
        self.sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        self.n += 1;
    }

    fn value(&self) -> impl Iterator<Item = f64> + '_ {
        let n = self.n.max(1) as f64;
        self.sum.iter().map(move |sum| sum / n)
    }
}

/// A column as numbers of its different texts.
struct Codes {
    of: Vec<u32>,
    names: Vec<String>,
}

fn codes(table: &DataFrame, name: &str) -> Result<Codes> {
    let broken = |what: String| Error::new(what).at(format!("column {name:?}"));
    let column = table.column(name).and_then(|column| column.cast(&DataType::String));
    let column = column.map_err(|e| broken(e.to_string()))?;
    let texts = column.str().map_err(|e| broken(e.to_string()))?;
    let (mut of, mut names, mut known) = (Vec::with_capacity(texts.len()), Vec::new(), HashMap::<&str, u32>::new());
    for (row, text) in texts.iter().enumerate() {
        let text = text.ok_or_else(|| {
            broken("a cell has no label".to_owned()).at(format!("column {name:?}, row {row}")).fix("drop these rows")
        })?;
        of.push(*known.entry(text).or_insert_with(|| {
            names.push(text.to_owned());
            names.len() as u32 - 1
        }));
    }
    Ok(Codes { of, names })
}
