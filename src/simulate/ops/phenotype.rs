//! What a perturbation can do to a cell: add a structure that no control shows, or only move cells between phases that
//! controls go through too.

use serde::{Deserialize, Serialize};

/// One kind of effect. Strength 1 is plain to the eye, 0 is none.
///
/// ```
/// use perturbook::simulate::Phenotype;
///
/// assert!(Phenotype::FociBurst.adds_structure() && !Phenotype::MoreG2.adds_structure());
/// assert_eq!(Phenotype::ALL.iter().filter(|p| p.adds_structure()).count(), 5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phenotype {
    /// Nucleus half as wide again at the same density of DNA (polyploid), in a larger cell.
    GiantNucleus,
    /// Two or three nuclei; at low strength one nucleus of two or three lobes.
    Multinucleate,
    /// Bright clumps beside the nucleus, in the microtubule channel.
    Aggregates,
    /// A ring of F-actin around the nucleus.
    ActinRing,
    /// Some twenty more DNA damage foci.
    FociBurst,
    /// More cells in G1, each like a control in G1.
    MoreG1,
    /// More cells in G2, each like a control in G2.
    MoreG2,
    /// More cells in mitosis, each like a control in mitosis.
    MoreMitosis,
}

impl Phenotype {
    /// Every kind, those that add structure first.
    pub const ALL: [Self; 8] = [
        Self::GiantNucleus,
        Self::Multinucleate,
        Self::Aggregates,
        Self::ActinRing,
        Self::FociBurst,
        Self::MoreG1,
        Self::MoreG2,
        Self::MoreMitosis,
    ];

    /// Whether cells show something that no control shows; otherwise only the mix of phases changes.
    pub fn adds_structure(self) -> bool {
        !matches!(self, Self::MoreG1 | Self::MoreG2 | Self::MoreMitosis)
    }

    /// Its name in prose.
    pub fn name(self) -> &'static str {
        match self {
            Self::GiantNucleus => "giant nucleus",
            Self::Multinucleate => "multinucleate",
            Self::Aggregates => "perinuclear aggregates",
            Self::ActinRing => "actin ring",
            Self::FociBurst => "burst of damage foci",
            Self::MoreG1 => "more cells in G1",
            Self::MoreG2 => "more cells in G2",
            Self::MoreMitosis => "more cells in mitosis",
        }
    }
}

/// The strength of every kind of effect in one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Effects([f32; Phenotype::ALL.len()]);

impl Effects {
    pub(super) fn new(effects: &[(Phenotype, f64)]) -> Self {
        let mut all = Self::default();
        for &(phenotype, strength) in effects {
            all.0[phenotype as usize] += strength as f32;
        }
        all
    }

    pub(super) fn of(&self, phenotype: Phenotype) -> f32 {
        self.0[phenotype as usize]
    }
}
