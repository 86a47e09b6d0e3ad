//! Does an embedding know what genes do? Known functions read from perturbations (Multi-ContrastiveVAE, Figure 4).
//!
//! Each row (a guide in the paper, mean over its cells) has the function of its gene; rows of genes without one are left
//! out. The confusion matrix of each space is that of Figure 4B, with the recall of each function on the diagonal, and
//! `delta recall = recall in the background - recall in the salient space` that of Figure 4C.
//!
//! The paper divides guides at random, so that guides of one gene are on both sides; [`gene_function`] can keep them
//! together, which asks the harder question.

use serde::{Deserialize, Serialize};

use super::{Classes, Classified, ClassifyConfig, classify};
use crate::evaluate::GeneSets;
use crate::evaluate::clustering::set_of_each;
use crate::live::progress;
use crate::screen::Profiles;
use crate::{Error, Result};

/// What each space knows of the functions of genes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeneFunction {
    /// The name of the functions' source.
    pub functions: String,
    /// Rows with a function, and all rows.
    pub counts: (usize, usize),
    /// Name and result of each space; rows count those that have a function.
    pub spaces: Vec<(String, Classified)>,
}

/// Difference of recalls between two spaces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeltaRecall {
    /// The space whose recall counts.
    pub of: String,
    /// The space whose recall is subtracted.
    pub minus: String,
    /// Each function and the difference; NaN where no row of it was tested.
    pub delta: Vec<(String, f64)>,
}

impl GeneFunction {
    /// The result of one space.
    ///
    /// # Errors
    /// When there is no such space.
    pub fn space(&self, name: &str) -> Result<&Classified> {
        self.spaces.iter().find(|(known, _)| known == name).map(|(_, read)| read).ok_or_else(|| {
            let known: Vec<&str> = self.spaces.iter().map(|(name, _)| name.as_str()).collect();
            Error::new(format!("no space is named {name:?}"))
                .at("gene function")
                .fix(format!("choose one of: {}", known.join(", ")))
        })
    }

    /// Recall of each function in the space `of` less that in the space `minus`.
    ///
    /// # Errors
    /// When one of the spaces is not there.
    pub fn delta_recall(&self, of: &str, minus: &str) -> Result<DeltaRecall> {
        let (of_space, minus_space) = (self.space(of)?, self.space(minus)?);
        let (recall, less) = (of_space.confusion.recall(), minus_space.confusion.recall());
        let names = of_space.confusion.names();
        let delta = names.iter().zip(recall.iter().zip(less)).map(|(name, (a, b))| (name.clone(), a - b)).collect();
        Ok(DeltaRecall { of: of.to_owned(), minus: minus.to_owned(), delta })
    }
}

/// Reads the `functions` of genes from every space; `genes` names the gene of each row, and `together` keeps the rows of
/// one gene on one side of every split.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::{GeneSets, classification::{ClassifyConfig, gene_function}};
/// use perturbook::screen::Profiles;
///
/// // five guides of each of four genes; the first column knows the function, the second does not
/// let guides: Vec<String> = (0..20).map(|i| format!("g{i}")).collect();
/// let genes: Vec<&str> = (0..20).map(|i| ["A", "B", "C", "D"][i / 5]).collect();
/// let x = Array2::from_shape_fn((20, 2), |(i, j)| if j == 0 { (i / 10) as f64 * 9.0 } else { (i * 7 % 5) as f64 });
/// let p = Profiles::new(guides, x)?.with_block("salient", 0..1)?.with_block("background", 1..2)?;
/// let functions = GeneSets::new("toy", [("ribosome", vec!["A", "B"]), ("spliceosome", vec!["C", "D"])]);
/// let (salient, background) = (p.block("salient")?, p.block("background")?);
/// let spaces = [("salient", &salient), ("background", &background)];
/// let read = gene_function(&spaces, &genes, &functions, true, &ClassifyConfig::default())?;
/// assert_eq!(read.space("salient")?.accuracy(), 1.0);
/// assert!(read.delta_recall("background", "salient")?.delta.iter().all(|(_, delta)| *delta <= 0.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no space, the spaces differ in their rows, there is not one gene for each row, a gene has two functions, or
/// the rows cannot be classified (see [`classify`]).
pub fn gene_function<G: AsRef<str>>(
    spaces: &[(&str, &Profiles)],
    genes: &[G],
    functions: &GeneSets,
    together: bool,
    config: &ClassifyConfig,
) -> Result<GeneFunction> {
    const PLACE: &str = "gene function";
    let Some((_, first)) = spaces.first() else {
        return Err(Error::new("no space").at(PLACE).fix("give at least one"));
    };
    if let Some((name, _)) = spaces.iter().find(|(_, space)| space.keys() != first.keys()) {
        return Err(Error::new(format!("the space {name:?} has other rows than the first"))
            .at(PLACE)
            .fix("take blocks of the same profiles"));
    }
    if genes.len() != first.len() {
        return Err(Error::new(format!("{} genes for {} rows", genes.len(), first.len()))
            .at(PLACE)
            .fix("name the gene of each row"));
    }
    let genes: Vec<String> = genes.iter().map(|gene| gene.as_ref().to_owned()).collect();
    let function_of = set_of_each(&genes, functions)?;
    let rows: Vec<usize> = (0..genes.len()).filter(|&row| function_of[row].is_some()).collect();
    if rows.is_empty() {
        return Err(Error::new(format!("no row has a function of {:?}", functions.name()))
            .at(PLACE)
            .fix("name genes by the symbols that the functions use"));
    }
    let names: Vec<&str> =
        rows.iter().filter_map(|&row| function_of[row]).map(|set| functions.sets()[set].name.as_str()).collect();
    let classes = Classes::new(&names)?;
    let of_rows: Vec<&str> = rows.iter().map(|&row| genes[row].as_str()).collect();
    let groups = if together { Some(Classes::new(&of_rows)?) } else { None };
    let mut read = Vec::with_capacity(spaces.len());
    for (name, profiles) in progress("spaces", spaces) {
        read.push(((*name).to_owned(), classify(&profiles.select(&rows), &classes, groups.as_ref(), config)?));
    }
    if read.len() < spaces.len() {
        return Err(Error::new("the classification was stopped").at(PLACE).fix("run the cell again"));
    }
    Ok(GeneFunction { functions: functions.name().to_owned(), counts: (rows.len(), genes.len()), spaces: read })
}
