//! Arm centring: subtracting what the genes of a chromosome arm have in common.
//!
//! * **Naive** ([`centre_arms`]): `x_g - mean of x over all genes on the arm of g`. The mean cosine within each arm falls
//!   to about `-1 / (n - 1)` by construction, so judge the result by other metrics too.
//! * **Expression based** ([`centre_arms_by_expression`]): the mean is over the arm's genes that the cell does not
//!   express (zFPKM below -3), whose knock-out should do nothing but show the bias. Only arms with **more than** 20 such
//!   genes are corrected.
//!
//! Genes without a position keep their vectors.

use std::collections::HashMap;

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use crate::genome::{Arm, Genome};
use crate::screen::Profiles;
use crate::{Error, Result};

/// Naive arm centring; the profiles keep their order and names.
///
/// ```
/// use ndarray::array;
/// use perturbook::genome::{Genome, Locus};
/// use perturbook::methods::proximity::centre_arms;
/// use perturbook::screen::Profiles;
///
/// let p = Profiles::new(["A", "B", "C"].map(String::from).to_vec(), array![[1.0], [3.0], [7.0]])?;
/// let arm = Locus { arm: "chr1p".parse()?, start: 1 };
/// let genome = Genome::from_genes([("A", arm), ("B", arm)]);
/// assert_eq!(centre_arms(&p, &genome)?.values(), array![[-1.0], [1.0], [7.0]]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When no profile has a position.
pub fn centre_arms(profiles: &Profiles, genome: &Genome) -> Result<Profiles> {
    let mut values = profiles.values().to_owned();
    for rows in genome.place(profiles.keys()).some_arms()?.values() {
        subtract_mean(&mut values, rows, rows);
    }
    profiles.with_values(values)
}

/// What counts as unexpressed, and how many such genes an arm needs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpressionCentring {
    /// Genes with a zFPKM **below** this are unexpressed (-3).
    pub threshold: f64,
    /// Arms with **more** unexpressed genes than this are corrected (20).
    pub min_unexpressed: usize,
}

impl Default for ExpressionCentring {
    fn default() -> Self {
        Self { threshold: -3.0, min_unexpressed: 20 }
    }
}

/// Result of the expression-based correction.
#[derive(Clone, Debug)]
pub struct ExpressionCentred {
    /// All profiles, those on corrected arms centred.
    pub profiles: Profiles,
    /// The arms that were corrected, in genome order.
    pub corrected: Vec<Arm>,
    /// Unexpressed genes found on each arm, in genome order.
    pub unexpressed: Vec<(Arm, usize)>,
}

/// Expression-based arm centring; `zfpkm` gives the expression of each gene in untreated cells, and genes without a value
/// count as expressed.
///
/// ```
/// use std::collections::HashMap;
///
/// use ndarray::array;
/// use perturbook::genome::{Genome, Locus};
/// use perturbook::methods::proximity::{ExpressionCentring, centre_arms_by_expression};
/// use perturbook::screen::Profiles;
///
/// let p = Profiles::new(["A", "B"].map(String::from).to_vec(), array![[1.0], [3.0]])?;
/// let arm = Locus { arm: "chr1p".parse()?, start: 1 };
/// let genome = Genome::from_genes([("A", arm), ("B", arm)]);
/// let zfpkm = HashMap::from([("A".to_string(), -4.0), ("B".to_string(), 1.0)]);
/// let config = ExpressionCentring { min_unexpressed: 0, ..Default::default() };
/// let centred = centre_arms_by_expression(&p, &genome, &zfpkm, config)?;
/// assert_eq!(centred.profiles.values(), array![[0.0], [2.0]]); // A alone is unexpressed
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When no profile has a position or none has an expression value.
pub fn centre_arms_by_expression(
    profiles: &Profiles,
    genome: &Genome,
    zfpkm: &HashMap<String, f64>,
    config: ExpressionCentring,
) -> Result<ExpressionCentred> {
    let arms = genome.place(profiles.keys()).some_arms()?;
    if !profiles.keys().iter().any(|key| zfpkm.contains_key(key)) {
        return Err(Error::new(format!("none of the {} profiles has an expression value", profiles.len()))
            .at("centre_arms_by_expression")
            .fix("give zFPKM values under the same gene symbols as the profiles"));
    }
    let mut values = profiles.values().to_owned();
    let (mut corrected, mut unexpressed) = (Vec::new(), Vec::new());
    for (arm, rows) in arms {
        let silent: Vec<usize> = rows
            .iter()
            .copied()
            .filter(|&row| zfpkm.get(&profiles.keys()[row]).is_some_and(|&z| z < config.threshold))
            .collect();
        unexpressed.push((arm, silent.len()));
        if silent.len() > config.min_unexpressed {
            subtract_mean(&mut values, &rows, &silent);
            corrected.push(arm);
        }
    }
    Ok(ExpressionCentred { profiles: profiles.with_values(values)?, corrected, unexpressed })
}

/// Subtracts the mean of the rows `reference` from each of `rows`.
fn subtract_mean(values: &mut Array2<f64>, rows: &[usize], reference: &[usize]) {
    let Some(mean) = values.select(Axis(0), reference).mean_axis(Axis(0)) else { return };
    for &row in rows {
        let mut vector = values.row_mut(row);
        vector -= &mean;
    }
}
