//! Counts of chosen genes and cells as dense rows, read from the screen's sparse matrix without a copy of it.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::{Int, TensorData};

use super::Vocabulary;
use crate::io::parquet::name_some;
use crate::nn::counts::{Cells, one_hot};
use crate::screen::{Counts, Payload, Screen};
use crate::tensor::{Backend, Device, Tensor};
use crate::{Error, Result};

/// In the table of columns: the model does not read this gene.
const UNREAD: u32 = u32::MAX;

/// The raw counts behind a screen; a view has those of the whole screen.
pub(super) fn counts_of(screen: &Screen) -> Result<&Arc<Counts>> {
    match screen.payload() {
        Payload::Counts(counts) => Ok(counts),
        other => Err(Error::new("this screen holds no counts")
            .at("screen")
            .fix(format!("it holds {}; open a matrix of counts", other.describe()))),
    }
}

/// Cells of a screen, in the columns of a model.
#[derive(Clone, Debug)]
pub struct CellReader {
    counts: Arc<Counts>,
    /// For each gene of the counts its column.
    columns: Arc<Vec<u32>>,
    genes: usize,
    batch_count: usize,
    /// Rows of the counts.
    rows: Vec<usize>,
    classes: Vec<usize>,
    batches: Vec<usize>,
}

/// The counts of some cells, on the host.
#[derive(Clone, Debug)]
pub struct CountBatch {
    /// Row after row.
    counts: Vec<f32>,
    genes: usize,
    classes: Vec<usize>,
    batches: Vec<usize>,
    batch_count: usize,
}

impl CellReader {
    /// Every cell of a screen, without classes.
    pub(super) fn unlabelled(screen: &Screen, vocabulary: &Vocabulary) -> Result<Self> {
        let counts = counts_of(screen)?;
        require_raw(counts)?;
        Ok(Self {
            columns: Arc::new(columns(counts, &vocabulary.genes)?),
            counts: counts.clone(),
            genes: vocabulary.genes.len(),
            batch_count: vocabulary.batches.len(),
            rows: (0..screen.len()).map(|row| screen.source_row(row)).collect(),
            classes: Vec::new(),
            batches: vocabulary.batches_of(screen)?,
        })
    }

    /// The cells of a screen that have a class of the model, and how many they are.
    pub(super) fn labelled(screen: &Screen, vocabulary: &Vocabulary) -> Result<Self> {
        let all = Self::unlabelled(screen, vocabulary)?;
        let classes = vocabulary.classes_of(screen)?;
        let kept: Vec<(usize, usize)> =
            classes.iter().enumerate().filter_map(|(row, class)| Some((row, (*class)?))).collect();
        let batches =
            if all.batches.is_empty() { Vec::new() } else { kept.iter().map(|&(row, _)| all.batches[row]).collect() };
        Ok(Self {
            rows: kept.iter().map(|&(row, _)| all.rows[row]).collect(),
            classes: kept.iter().map(|&(_, class)| class).collect(),
            batches,
            ..all
        })
    }

    /// These cells and then the others, of the same screen.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        self.classes.extend(other.classes);
        self.batches.extend(other.batches);
        self
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// The cells at these places.
    pub(super) fn batch(&self, places: &[usize]) -> CountBatch {
        let mut counts = vec![0f32; places.len() * self.genes];
        for (&place, to) in places.iter().zip(counts.chunks_mut(self.genes.max(1))) {
            let (genes, values) = self.counts.row(self.rows[place]);
            for (&gene, &value) in genes.iter().zip(values) {
                if let Some(to) = to.get_mut(self.columns[gene as usize] as usize) {
                    *to = value;
                }
            }
        }
        let pick = |of: &[usize]| if of.is_empty() { Vec::new() } else { places.iter().map(|&at| of[at]).collect() };
        let (classes, batches) = (pick(&self.classes), pick(&self.batches));
        CountBatch { counts, genes: self.genes, classes, batches, batch_count: self.batch_count }
    }

    /// What tells these cells from others: their number, and a hash of their classes, batches and counts.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |value: u64| hash = (hash ^ value).wrapping_mul(0x0100_0000_01b3);
        for (place, &row) in self.rows.iter().enumerate() {
            add(row as u64);
            add(self.classes.get(place).copied().unwrap_or_default() as u64);
            add(self.batches.get(place).copied().unwrap_or_default() as u64);
            let (genes, values) = self.counts.row(row);
            for (&gene, &value) in genes.iter().zip(values) {
                add(u64::from(self.columns[gene as usize]) << 32 | u64::from(value.to_bits()));
            }
        }
        format!("{} cells, {} genes, hash {hash:016x}", self.rows.len(), self.genes)
    }
}

impl CountBatch {
    /// The cells on a device.
    pub(super) fn cells(self, device: &Device) -> Result<Cells> {
        let n = self.counts.len() / self.genes.max(1);
        let cells = Cells::new(Tensor::from_data(TensorData::new(self.counts, [n, self.genes]), device));
        if self.batch_count == 0 {
            return Ok(cells);
        }
        Ok(cells.of_batches(one_hot(&self.batches, self.batch_count, device)?))
    }

    /// Their classes.
    pub(super) fn classes(&self, device: &Device) -> burn::Tensor<Backend, 1, Int> {
        let classes: Vec<i32> = self.classes.iter().map(|&class| class as i32).collect();
        burn::Tensor::from_ints(classes.as_slice(), device)
    }
}

/// Fails unless all counts are whole numbers.
pub(super) fn require_raw(counts: &Counts) -> Result<()> {
    if counts.are_whole() {
        return Ok(());
    }
    let bad = counts.values().iter().position(|value| *value < 0.0 || value.fract() != 0.0).unwrap_or_default();
    let cell = counts.indptr().partition_point(|&end| end <= bad as u64).saturating_sub(1);
    Err(Error::new(format!("raw counts are whole numbers, but there is {}", counts.values()[bad]))
        .at(format!("cell {cell}, gene {:?}", counts.genes()[counts.indices()[bad] as usize]))
        .fix("give the counts before normalisation; h5ad files keep them in `layers` or `raw`"))
}

/// For each gene of the counts its place among the model's genes.
pub(super) fn columns(counts: &Counts, genes: &[String]) -> Result<Vec<u32>> {
    let mut place: HashMap<&str, (u32, bool)> = HashMap::with_capacity(genes.len());
    for (column, gene) in genes.iter().enumerate() {
        if place.insert(gene, (column as u32, false)).is_some() {
            return Err(twice(gene));
        }
    }
    let mut columns = Vec::with_capacity(counts.genes().len());
    for gene in counts.genes() {
        columns.push(match place.get_mut(gene.as_str()) {
            None => UNREAD,
            Some((_, true)) => return Err(twice(gene)),
            Some((column, seen)) => {
                *seen = true;
                *column
            }
        });
    }
    let missing: Vec<&String> =
        genes.iter().filter(|gene| place.get(gene.as_str()).is_some_and(|(_, seen)| !seen)).collect();
    if missing.is_empty() {
        return Ok(columns);
    }
    Err(Error::new(format!(
        "{} of {} genes are not in this screen: {}",
        missing.len(),
        genes.len(),
        name_some(&missing)
    ))
    .at("counts of the screen")
    .fix("give counts of the genes that the model reads, under the same names"))
}

fn twice(gene: &str) -> Error {
    Error::new(format!("more than one gene is called {gene:?}"))
        .at("counts of the screen")
        .fix("take Counts::with_unique_genes first, or use the genes' identifiers as names")
}
