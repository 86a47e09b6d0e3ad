//! The perturbations whose class is known: those that belong to exactly one gene set.

use std::collections::{HashMap, HashSet};

use crate::evaluate::{GeneSet, GeneSets};
use crate::screen::Profiles;
use crate::{Error, Result};

/// The profiles that belong to one of `sets`, and the name of that set for each; the others, controls among them, are
/// left out.
///
/// Sets that share a gene of the map have no single truth for it and are refused: GRAPE clusters the genes of 14
/// complexes that do not overlap (section 4.1 of its paper).
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{GeneSets, clustering::in_one_set};
/// use perturbook::screen::Profiles;
///
/// let p = Profiles::new(["A", "B", "NTC"].map(String::from).into(), array![[1.0], [2.0], [3.0]])?;
/// let sets = GeneSets::new("toy", [("first", vec!["A"]), ("second", vec!["B", "Z"])]);
/// let (genes, complexes) = in_one_set(&p, &sets)?;
/// assert_eq!((genes.keys(), &complexes[..]), (&["A".to_owned(), "B".into()][..], &["first".to_owned(), "second".into()][..]));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When no profile belongs to a set, or one belongs to several.
pub fn in_one_set(profiles: &Profiles, sets: &GeneSets) -> Result<(Profiles, Vec<String>)> {
    let set_of = set_of_each(profiles.keys(), sets)?;
    let rows: Vec<usize> = (0..profiles.len()).filter(|&row| set_of[row].is_some()).collect();
    if rows.is_empty() {
        return Err(Error::new(format!(
            "none of the {} profiles belongs to a set of {:?}",
            profiles.len(),
            sets.name()
        ))
        .at("in_one_set")
        .fix("name the profiles by the gene symbols that the sets use"));
    }
    let names = rows.iter().filter_map(|&row| set_of[row]).map(|set| sets.sets()[set].name.clone()).collect();
    Ok((profiles.select(&rows), names))
}

/// For each name, which may occur more than once, the set it belongs to, if any; refuses names that belong to several.
pub(in crate::evaluate) fn set_of_each(names: &[String], sets: &GeneSets) -> Result<Vec<Option<usize>>> {
    let present: HashSet<&str> = names.iter().map(String::as_str).collect();
    let mut set_of: HashMap<&str, usize> = HashMap::new();
    for (set, GeneSet { name, genes }) in sets.sets().iter().enumerate() {
        for gene in genes.iter().map(String::as_str).filter(|gene| present.contains(gene)) {
            if let Some(other) = set_of.insert(gene, set) {
                return Err(Error::new(format!("{gene:?} belongs to {:?} and to {name:?}", sets.sets()[other].name))
                    .at(format!("gene sets {:?}", sets.name()))
                    .fix("choose sets that do not overlap, or drop the gene from all but one"));
            }
        }
    }
    Ok(names.iter().map(|name| set_of.get(name.as_str()).copied()).collect())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_gene_of_two_sets_has_no_class() {
        let p = Profiles::new(["A", "B"].map(String::from).into(), array![[1.0], [2.0]]).unwrap();
        let sets = GeneSets::new("toy", [("first", vec!["A", "B"]), ("second", vec!["B"])]);
        let e = in_one_set(&p, &sets).unwrap_err().to_string();
        assert!(e.contains("\"B\" belongs to \"first\" and to \"second\""), "{e}");
        assert!(in_one_set(&p, &GeneSets::new("far", [("only", vec!["X"])])).is_err());
    }
}
