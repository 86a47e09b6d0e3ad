//! Are vectors of near doses of a drug more alike than those of far doses?
//!
//! ```text
//! of a drug   Spearman correlation over pairs of its doses of -|difference of doses| and cosine
//! ```

use std::collections::BTreeMap;

use super::{spearman, unit_rows};
use crate::screen::Profiles;
use crate::{Error, Result};

/// The correlation of each drug, in the order of their names; none where all cosines are the same. `of` says which drug and
/// dose a vector's name stands for; those that stand for none are left out.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::dose_relations;
/// use perturbook::screen::Profiles;
///
/// let names: Vec<String> = (1..=5).map(|dose| format!("A {dose}")).collect();
/// let turned = Array2::from_shape_fn((5, 2), |(i, j)| if j == 0 { (0.3 * i as f64).cos() } else { (0.3 * i as f64).sin() });
/// let dose = |name: &str| name.split_once(' ').and_then(|(drug, dose)| Some((drug.to_owned(), dose.parse().ok()?)));
/// let found = dose_relations(&Profiles::new(names, turned)?, dose)?;
/// assert!(found[0].1.unwrap() > 0.9); // pairs of one distance differ by rounding
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When no name stands for a dose.
pub fn dose_relations(
    vectors: &Profiles,
    of: impl Fn(&str) -> Option<(String, f64)>,
) -> Result<Vec<(String, Option<f64>)>> {
    let unit = unit_rows(vectors.values());
    let mut drugs: BTreeMap<String, Vec<(f64, usize)>> = BTreeMap::new();
    for (row, name) in vectors.keys().iter().enumerate() {
        if let Some((drug, dose)) = of(name) {
            drugs.entry(drug).or_default().push((dose, row));
        }
    }
    if drugs.is_empty() {
        return Err(Error::new("no vector stands for a dose of a drug").at("dose relations").fix("check the names"));
    }
    let of_drug = |(drug, doses): (String, Vec<(f64, usize)>)| {
        let pairs = doses.iter().enumerate().flat_map(|(i, a)| doses[..i].iter().map(move |b| (a, b)));
        let pair = |(a, b): (&(f64, usize), &(f64, usize))| (-(a.0 - b.0).abs(), unit.row(a.1).dot(&unit.row(b.1)));
        let (near, alike): (Vec<f64>, Vec<f64>) = pairs.map(pair).unzip();
        Ok((drug, spearman(&near, &alike)?.map(|(correlation, _)| correlation)))
    };
    drugs.into_iter().map(of_drug).collect()
}
