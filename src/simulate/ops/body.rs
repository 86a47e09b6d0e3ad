//! The shape of one cell: outline, nuclei, and for a mitotic cell the axis of its spindle.
//!
//! Lengths are in sides of a crop (32 um). A G1 nucleus has a radius of 0.18, one in G2 half as much area again; a
//! mitotic cell rounds up.

use super::outline::{Outline, Waves};
use super::phase::{Phase, Stage};
use super::phenotype::{Effects, Phenotype};
use crate::simulate::streams::{Draw, cell_stream};

/// What decides how a cell looks, apart from chance.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) progress: f32,
    pub(super) stage: Option<Stage>,
    pub(super) effects: Effects,
}

/// Random streams for the parts of one cell.
pub(super) struct Pens {
    pub(super) shape: Draw,
    pub(super) dna: Draw,
    pub(super) damage: Draw,
    pub(super) actin: Draw,
    pub(super) tubulin: Draw,
    pub(super) phenotype: Draw,
}

/// Parts of a cell's randomness that are not drawn with pens.
pub(super) const PLAN: u8 = 0;
pub(super) const NEIGHBOURS: u8 = 1;
pub(super) const NOISE: u8 = 2;
const FIRST_PEN: u8 = 8;

impl Pens {
    /// The pens of cell number `cell`, or of one of its neighbours (1 to 15).
    pub(super) fn new(seed: u64, cell: usize, neighbour: u8) -> Self {
        let pen = |part: u8| Draw(cell_stream(seed, cell, (neighbour << 4) | (FIRST_PEN + part)));
        Self { shape: pen(0), dna: pen(1), damage: pen(2), actin: pen(3), tubulin: pen(4), phenotype: pen(5) }
    }
}

/// A cell's geometry.
pub(super) struct Body {
    pub(super) cell: Outline,
    /// One nucleus as a rule; several in a multinucleate cell, two in telophase, none in the rest of mitosis.
    pub(super) nuclei: Vec<Outline>,
    /// The middle of the nucleus or of the chromosomes.
    pub(super) centre: (f32, f32),
    /// Radius of one undivided nucleus.
    pub(super) radius: f32,
    /// Concentration of DNA in the nucleus, in units of full scale.
    pub(super) dna: f32,
    /// Direction of the stress fibres, or of the spindle.
    pub(super) axis: f32,
    /// Variation of the cortex around the cell.
    pub(super) rim: Waves,
    pub(super) state: State,
}

const NUCLEUS_WAVES: [f32; 5] = [0.045, 0.02, 0.014, 0.008, 0.006];
const CELL_WAVES: [f32; 5] = [0.09, 0.075, 0.05, 0.035, 0.025];
const RIM_WAVES: [f32; 5] = [0.25, 0.25, 0.2, 0.2, 0.2];

impl Body {
    /// A cell whose nucleus is in the middle of a crop.
    pub(super) fn grow(state: State, pens: &mut Pens) -> Self {
        let draw = &mut pens.shape;
        let content = match state.phase {
            Phase::G1 => 1.0,
            Phase::S => 1.0 + state.progress,
            Phase::G2 | Phase::M => 2.0,
        };
        let area = 1.0 + 0.5 * (content - 1.0);
        let giant = 1.0 + 0.5 * state.effects.of(Phenotype::GiantNucleus);
        let radius = 0.18 * (area * draw.normal(0.12).exp()).sqrt() * giant;
        let dna = 0.30 * content / area * draw.normal(0.06).exp();
        let centre = (0.5 + draw.normal(0.008), 0.5 + draw.normal(0.008));

        let turn = draw.angle();
        let waves = Waves::random(draw, NUCLEUS_WAVES).stretched(draw.within(0.02, 0.10), turn);
        let nucleus = Outline { x: centre.0, y: centre.1, radius, waves };

        let spread = 0.37 * (1.0 + 0.12 * (content - 1.0)) * draw.normal(0.08).exp() * (1.0 + 0.5 * (giant - 1.0));
        let (shift, off) = (draw.angle(), draw.within(0.0, 0.06));
        let cell_turn = turn + draw.normal(0.5);
        let waves = Waves::random(draw, CELL_WAVES).stretched(draw.within(0.0, 0.16), cell_turn);
        let cell = Outline { x: centre.0 + off * shift.cos(), y: centre.1 + off * shift.sin(), radius: spread, waves };
        let rim = Waves::random(draw, RIM_WAVES);
        let axis = cell.waves.long_axis();
        let mut body = Self { cell, nuclei: vec![nucleus], centre, radius, dna, axis, rim, state };

        match state.stage {
            None => body.split_nucleus(&mut pens.phenotype),
            Some(stage) => body.round_up(stage),
        }
        for nucleus in &body.nuclei {
            body.cell.contain(nucleus, 0.035);
        }
        body
    }

    /// Two or three nuclei around the middle, that lie apart at strength 1.
    fn split_nucleus(&mut self, draw: &mut Draw) {
        let strength = self.state.effects.of(Phenotype::Multinucleate);
        let (pieces, turn) = (draw.count(2, 3), draw.angle());
        let whole = self.nuclei[0];
        if strength <= 0.0 {
            return;
        }
        let radius = whole.radius * (1.0 - 0.24 * strength.min(1.0));
        let away = radius * (1.0 + 0.12 * (pieces as f32 - 2.0)) * strength.min(1.3);
        self.nuclei = (0..pieces)
            .map(|k| {
                let angle = turn + std::f32::consts::TAU * k as f32 / pieces as f32 + draw.normal(0.12);
                let waves = Waves::random(draw, NUCLEUS_WAVES);
                let radius = radius * draw.within(0.9, 1.08);
                Outline { x: whole.x + away * angle.cos(), y: whole.y + away * angle.sin(), radius, waves }
            })
            .collect();
    }

    /// A dividing cell is round, later long, then pinched between two young nuclei.
    fn round_up(&mut self, stage: Stage) {
        let grown = self.radius / 0.22;
        let (radius, stretch) = match stage {
            Stage::Prometaphase | Stage::Metaphase => (0.27, 0.02),
            Stage::Anaphase => (0.275, 0.14),
            Stage::Telophase => (0.28, 0.30),
        };
        let small = |wave: f32| 0.3 * wave;
        let waves = Waves { cos: self.cell.waves.cos.map(small), sin: self.cell.waves.sin.map(small) };
        self.cell.waves = waves.stretched(stretch, self.axis);
        self.cell.radius = radius * grown.powf(0.7);
        (self.cell.x, self.cell.y) = self.centre;
        self.nuclei = match stage {
            Stage::Telophase => [-1.0, 1.0]
                .map(|side| {
                    let (dx, dy) = (0.20 * side * self.axis.cos(), 0.20 * side * self.axis.sin());
                    let waves = Waves::default().stretched(-0.25, self.axis);
                    Outline { x: self.centre.0 + dx, y: self.centre.1 + dy, radius: 0.085 * grown, waves }
                })
                .to_vec(),
            _ => Vec::new(),
        };
    }

    /// The same cell elsewhere.
    pub(super) fn moved(mut self, dx: f32, dy: f32) -> Self {
        self.cell = self.cell.moved(dx, dy);
        self.nuclei = self.nuclei.into_iter().map(|nucleus| nucleus.moved(dx, dy)).collect();
        self.centre = (self.centre.0 + dx, self.centre.1 + dy);
        self
    }

    /// A point `along` the axis and `across` it from the middle.
    pub(super) fn on_axis(&self, along: f32, across: f32) -> (f32, f32) {
        let (s, c) = self.axis.sin_cos();
        (self.centre.0 + along * c - across * s, self.centre.1 + along * s + across * c)
    }
}
