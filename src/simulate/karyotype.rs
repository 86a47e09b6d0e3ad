//! Human chromosomes in outline: how long each arm is and how many genes it carries, rounded.
//!
//! Lengths and centromeres are those of hg38 in Mb, gene counts are of protein-coding genes; the genes of a chromosome
//! are shared between its arms by length. The short arms of 13, 14, 15, 21 and 22 carry next to no protein-coding
//! genes and are left empty; Y is left out.

use crate::Result;
use crate::genome::{Arm, Chromosome, Side};

/// (index, length, centromere, genes).
const CHROMOSOMES: [(u8, f64, f64, f64); 23] = [
    (1, 249.0, 123.4, 2050.0),
    (2, 242.2, 93.9, 1250.0),
    (3, 198.3, 90.9, 1070.0),
    (4, 190.2, 50.0, 760.0),
    (5, 181.5, 48.8, 880.0),
    (6, 170.8, 59.8, 1040.0),
    (7, 159.3, 60.1, 930.0),
    (8, 145.1, 45.2, 680.0),
    (9, 138.4, 43.0, 780.0),
    (10, 133.8, 39.8, 730.0),
    (11, 135.1, 53.4, 1300.0),
    (12, 133.3, 35.5, 1030.0),
    (13, 114.4, 17.7, 320.0),
    (14, 107.0, 17.2, 610.0),
    (15, 102.0, 19.0, 600.0),
    (16, 90.3, 36.8, 850.0),
    (17, 83.3, 25.1, 1180.0),
    (18, 80.4, 18.5, 270.0),
    (19, 58.6, 26.2, 1470.0),
    (20, 64.4, 28.1, 540.0),
    (21, 46.7, 12.0, 230.0),
    (22, 50.8, 15.0, 440.0),
    (24, 156.0, 60.6, 850.0),
];
const EMPTY_SHORT_ARMS: [u8; 5] = [13, 14, 15, 21, 22];

/// An arm that carries genes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArmOutline {
    pub(crate) arm: Arm,
    /// First base pair.
    pub(crate) start: i64,
    /// Last base pair.
    pub(crate) end: i64,
    /// Number of genes it carries in the real genome, about.
    pub(crate) genes: f64,
}

/// The 41 arms that carry genes, in genome order.
pub(crate) fn arms() -> Result<Vec<ArmOutline>> {
    let base_pairs = |mb: f64| (mb * 1e6) as i64;
    let mut arms = Vec::new();
    for (index, length, centromere, genes) in CHROMOSOMES {
        let chromosome = Chromosome::from_index(index)?;
        let short = if EMPTY_SHORT_ARMS.contains(&index) { 0.0 } else { centromere };
        let long = length - centromere;
        for (side, start, end, mb) in [(Side::P, 0.0, centromere, short), (Side::Q, centromere, length, long)] {
            if mb > 0.0 {
                arms.push(ArmOutline {
                    arm: Arm { chromosome, side },
                    start: base_pairs(start) + 1,
                    end: base_pairs(end),
                    genes: genes * mb / (short + long),
                });
            }
        }
    }
    Ok(arms)
}
