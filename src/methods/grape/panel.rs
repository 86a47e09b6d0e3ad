//! Which genes GRAPE is trained and judged on: complexes that share no gene, of similar sizes.
//!
//! The paper's own list cannot be used: it has 272 names where 106 genes were trained, and lacks genes of its figures. This
//! is the rule in its place (methods 3.1, row 15 of the register):
//!
//! ```text
//! candidates   complexes with at least `least` genes in the library and `covered` of their members in it
//! order        by genes in the library, largest first, then by name
//! chosen       one after another those that share no gene with the chosen, `complexes` of them
//! genes        of each the first `most` in alphabetical order
//! ```
//!
//! Metrics depend on the list: keep it in a file, and never compare numbers across lists.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::evaluate::GeneSets;
use crate::{Error, Result};

/// Settings of [`complex_panel`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PanelConfig {
    /// Complexes.
    pub complexes: usize,
    /// Genes of a complex that the library must have.
    pub least: usize,
    /// Genes that are taken of a complex.
    pub most: usize,
    /// Share of a complex's members that the library must have.
    pub covered: f64,
}

impl Default for PanelConfig {
    /// 14 complexes of 5 to 10 genes, two thirds covered.
    fn default() -> Self {
        Self { complexes: 14, least: 5, most: 10, covered: 2.0 / 3.0 }
    }
}

/// Complexes without a common gene, chosen from `sets` for a library of genes.
///
/// ```
/// use perturbook::evaluate::GeneSets;
/// use perturbook::methods::grape::{PanelConfig, complex_panel};
///
/// let sets = GeneSets::new("toy", [
///     ("exosome", vec!["C", "B", "A"]),
///     ("its core", vec!["A", "B"]),
///     ("another", vec!["D", "E", "not in the library"]),
/// ]);
/// let config = PanelConfig { complexes: 2, least: 2, most: 2, ..PanelConfig::default() };
/// let panel = complex_panel(&sets, &["A", "B", "C", "D", "E"], &config)?;
/// let names: Vec<&str> = panel.sets().iter().map(|set| set.name.as_str()).collect();
/// assert_eq!(names, ["exosome", "another"]);
/// assert_eq!(panel.sets()[0].genes, ["A", "B"]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not as many such complexes, or `most` is below `least`.
pub fn complex_panel<S: AsRef<str>>(sets: &GeneSets, library: &[S], config: &PanelConfig) -> Result<GeneSets> {
    let PanelConfig { complexes, least, most, covered } = *config;
    if least == 0 || most < least || complexes == 0 {
        return Err(Error::new(format!("{complexes} complexes of {least} to {most} genes are no panel"))
            .fix("ask for one complex or more, of at least one gene, and for no more at least than at most"));
    }
    let library: BTreeSet<&str> = library.iter().map(AsRef::as_ref).collect();
    let mut candidates: Vec<(&str, BTreeSet<&str>)> = sets
        .sets()
        .iter()
        .map(|set| (set, set.genes.iter().map(String::as_str).filter(|gene| library.contains(gene)).collect()))
        .filter(|(set, there): &(_, BTreeSet<&str>)| {
            // What floating point lacks to a whole number counts as reached.
            there.len() >= least && there.len() as f64 >= covered * set.genes.len() as f64 - 1e-9
        })
        .map(|(set, there)| (set.name.as_str(), there))
        .collect();
    candidates.sort_by(|(a, of_a), (b, of_b)| of_b.len().cmp(&of_a.len()).then(a.cmp(b)));
    let (mut taken, mut chosen) = (BTreeSet::new(), Vec::new());
    let found = candidates.len();
    for (name, genes) in candidates {
        if chosen.len() < complexes && genes.is_disjoint(&taken) {
            taken.extend(genes.iter().copied());
            chosen.push((name.to_owned(), genes.into_iter().take(most).map(str::to_owned).collect::<Vec<String>>()));
        }
    }
    if chosen.len() < complexes {
        return Err(Error::new(format!(
            "{} of {found} complexes with enough genes in the library share none; {complexes} were asked for",
            chosen.len()
        ))
        .at(sets.name())
        .fix("ask for fewer or smaller complexes"));
    }
    Ok(GeneSets::new(&format!("{} complexes of {}", chosen.len(), sets.name()), chosen).with_terms(sets.terms()))
}
