//! The cell cycle: in which phase a cell is, and how far through it.
//!
//! Controls are in G1, S, G2 and M with probabilities 0.50, 0.25, 0.21, 0.04. An effect of strength s on the mix turns
//! them into `(1 - w) control + w goal` with `w = min(s, 1)`. A cell's place in the mix is one uniform number, so that a
//! change of strength moves some cells to another phase and leaves the others as they were.

use super::phenotype::{Effects, Phenotype};

/// Phase of the cell cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// First gap: small nucleus, DNA content 2n.
    G1,
    /// Synthesis: content and nucleus grow.
    S,
    /// Second gap: nucleus half as large again in area, content 4n.
    G2,
    /// Mitosis: a round cell with condensed chromosomes.
    M,
}

/// Stage of mitosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Condensed chromosomes in a rosette.
    Prometaphase,
    /// Chromosomes in a plate across the spindle.
    Metaphase,
    /// Two plates moving apart.
    Anaphase,
    /// Two young nuclei and a cleavage furrow.
    Telophase,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 4] = [Self::G1, Self::S, Self::G2, Self::M];

    /// `G1`, `S`, `G2` or `M`.
    pub fn name(self) -> &'static str {
        ["G1", "S", "G2", "M"][self as usize]
    }
}

const CONTROL_MIX: [f32; 4] = [0.50, 0.25, 0.21, 0.04];
const GOALS: [(Phenotype, [f32; 4]); 3] = [
    (Phenotype::MoreG1, [0.88, 0.05, 0.05, 0.02]),
    (Phenotype::MoreG2, [0.10, 0.08, 0.78, 0.04]),
    (Phenotype::MoreMitosis, [0.25, 0.15, 0.20, 0.40]),
];

/// Probability of G1, S, G2 and M.
pub(super) fn mix(effects: &Effects) -> [f32; 4] {
    GOALS.iter().fold(CONTROL_MIX, |mix, (phenotype, goal)| {
        let weight = effects.of(*phenotype).clamp(0.0, 1.0);
        std::array::from_fn(|k| (1.0 - weight) * mix[k] + weight * goal[k])
    })
}

/// The phase at `place` (0 to 1) in the mix.
pub(super) fn phase_at(mix: [f32; 4], place: f32) -> Phase {
    let mut passed = 0.0;
    for (phase, share) in Phase::ALL.into_iter().zip(mix) {
        passed += share;
        if place < passed {
            return phase;
        }
    }
    Phase::M
}

/// The stage of a mitotic cell that is `progress` (0 to 1) through mitosis.
pub(super) fn stage_at(progress: f32) -> Stage {
    match progress {
        p if p < 0.25 => Stage::Prometaphase,
        p if p < 0.60 => Stage::Metaphase,
        p if p < 0.80 => Stage::Anaphase,
        _ => Stage::Telophase,
    }
}
