//! What was planted in a simulated optical pooled screen.

use super::{Phase, Phenotype, Stage};
use crate::simulate::CONTROL;

/// What a gene does to cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EffectClass {
    /// Nothing: its cells are controls by another name.
    Null,
    /// Cells show a structure that no control shows.
    Added,
    /// Only the mix of cell-cycle phases differs from controls.
    Shifted,
}

/// One simulated gene.
#[derive(Clone, Debug, PartialEq)]
pub struct OpsGene {
    /// Its made-up symbol.
    pub symbol: String,
    /// The complex it belongs to, as an index into [`OpsTruth::complexes`].
    pub complex: Option<usize>,
    /// Its phenotypes and their strengths; empty for a null gene.
    pub effects: Vec<(Phenotype, f64)>,
}

impl OpsGene {
    /// Whether it adds structure, only shifts the mix of phases, or does nothing.
    pub fn class(&self) -> EffectClass {
        let strong = |&&(_, strength): &&(Phenotype, f64)| strength > 0.0;
        match self.effects.iter().filter(strong).map(|(phenotype, _)| phenotype.adds_structure()).max() {
            None => EffectClass::Null,
            Some(true) => EffectClass::Added,
            Some(false) => EffectClass::Shifted,
        }
    }
}

/// One simulated cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpsCell {
    /// The targeted gene, as an index into [`OpsTruth::genes`]; none for a control.
    pub gene: Option<usize>,
    /// Number of its guide among those of its gene, from 0.
    pub guide: usize,
    /// Its well, as an index into [`OpsTruth::batches`].
    pub batch: usize,
    /// Number of its field among those of its well, from 0.
    pub tile: usize,
    /// Centre in the field, row and column, in pixels of the camera.
    pub position: (f32, f32),
    /// Whether it escaped its perturbation; never true for a control. Makes no difference under a null gene.
    pub escaped: bool,
    /// Strength of its strongest phenotype; 0 for controls, escaped cells and cells of null genes.
    pub strength: f64,
    /// Phase of the cell cycle.
    pub phase: Phase,
    /// How far through the phase, 0 to 1.
    pub progress: f32,
    /// Stage of mitosis, for a mitotic cell.
    pub stage: Option<Stage>,
}

/// How a well was imaged. A channel's pixels are `offset + gain * light * signal`, blurred, with shot and read noise.
#[derive(Clone, Debug, PartialEq)]
pub struct OpsBatch {
    /// Plate, such as `P1`.
    pub plate: String,
    /// Well, such as `A1`.
    pub well: String,
    /// Gain of each channel, about 1.
    pub gain: [f32; 4],
    /// Offset of each channel, in units of full scale.
    pub offset: [f32; 4],
    /// Blur, a standard deviation in pixels of the camera.
    pub blur: f32,
    /// Where the light is brightest, row and column, in half sides of a field from its middle.
    pub brightest: (f32, f32),
}

/// The ground truth of a simulated optical pooled screen.
#[derive(Clone, Debug, PartialEq)]
pub struct OpsTruth {
    /// The genes, in the order of their cells.
    pub genes: Vec<OpsGene>,
    /// For each complex its name and its members as indices into `genes`, ascending.
    pub complexes: Vec<(String, Vec<usize>)>,
    /// The cells, in the order of the images.
    pub cells: Vec<OpsCell>,
    /// The wells.
    pub batches: Vec<OpsBatch>,
}

impl OpsTruth {
    /// The name of the strongest phenotype that a cell shows, or that of the controls where it shows none: its gene does
    /// nothing, or it escaped.
    pub fn phenotype_of(&self, cell: &OpsCell) -> &'static str {
        let effects = self.gene_of(cell).filter(|_| !cell.escaped).map_or(&[][..], |gene| &gene.effects);
        let strongest = effects.iter().filter(|(_, strength)| *strength > 0.0).max_by(|a, b| a.1.total_cmp(&b.1));
        strongest.map_or(CONTROL, |(phenotype, _)| phenotype.name())
    }

    /// How far a cell is from the brightest place of its field, in pixels of the camera.
    pub fn from_brightest(&self, cell: &OpsCell) -> f64 {
        let half = super::optics::FIELD / 2.0;
        let (row, column) = self.batches[cell.batch].brightest;
        f64::from((cell.position.0 - half * (1.0 + row)).hypot(cell.position.1 - half * (1.0 + column)))
    }

    /// The symbols of the genes whose knock-out does this.
    pub fn symbols_of(&self, class: EffectClass) -> Vec<String> {
        self.genes.iter().filter(|gene| gene.class() == class).map(|gene| gene.symbol.clone()).collect()
    }

    /// The class of a cell's gene; [`EffectClass::Null`] for a control.
    pub fn class_of(&self, cell: &OpsCell) -> EffectClass {
        self.gene_of(cell).map_or(EffectClass::Null, OpsGene::class)
    }

    /// The symbol of a cell's gene, or the label of the control.
    pub fn symbol_of(&self, cell: &OpsCell) -> &str {
        self.gene_of(cell).map_or(CONTROL, |gene| &gene.symbol)
    }

    fn gene_of(&self, cell: &OpsCell) -> Option<&OpsGene> {
        self.genes.get(cell.gene?)
    }
}
