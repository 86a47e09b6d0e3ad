//! Named gene sets: protein complexes, pathways, functional clusters.
//!
//! Four file formats are read, each plain or gzip compressed:
//!
//! | [`SetFormat`] | one line is |
//! |---|---|
//! | `Spaced` | `name<TAB>GENE GENE GENE` |
//! | `Enrichr` | `name<TAB>description or nothing<TAB>GENE<TAB>GENE...` (also known as GMT) |
//! | `Corum` | a row of CORUM's table of complexes, with `ComplexName`, `Organism` and `subunits(Gene name)` |
//! | `ByGene` | not lines but JSON: `{"GENE": "name", ...}`, one set for each gene |

use std::collections::BTreeMap;
use std::path::Path;

use crate::io::delimited::{Delimited, read_text};
use crate::{Error, Result};

/// How a file of gene sets is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetFormat {
    /// `name<TAB>GENE GENE GENE`.
    Spaced,
    /// `name<TAB>description<TAB>GENE<TAB>GENE...`; a weight after a comma (`GENE,1.0`) is dropped.
    Enrichr,
    /// CORUM's table of complexes, subunits separated by `;`.
    Corum {
        /// Keep only this organism (`"Human"`), or all when `None`.
        organism: Option<String>,
    },
    /// JSON that names the one set of each gene, as the functional clusters of Multi-ContrastiveVAE.
    ByGene,
}

/// One named set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneSet {
    /// The name of the complex or pathway.
    pub name: String,
    /// Its genes, each once, in the order given.
    pub genes: Vec<String>,
}

/// A collection of gene sets with the name and the terms of its source.
///
/// ```
/// use perturbook::evaluate::{GeneSets, Relations};
///
/// let complexes = GeneSets::new("toy", [("exosome", vec!["EXOSC1", "EXOSC2", "EXOSC3"])]);
/// assert_eq!(complexes.len(), 1);
/// assert_eq!(Relations::from_sets(&complexes).len(), 3); // all pairs of three genes
/// ```
#[derive(Clone, Debug)]
pub struct GeneSets {
    name: String,
    terms: String,
    sets: Vec<GeneSet>,
}

impl GeneSets {
    /// A collection called `name`; a gene repeated inside a set is kept once.
    pub fn new<S, G>(name: &str, sets: impl IntoIterator<Item = (S, Vec<G>)>) -> Self
    where
        S: Into<String>,
        G: Into<String>,
    {
        let sets = sets
            .into_iter()
            .map(|(name, genes)| GeneSet { name: name.into(), genes: unique(genes.into_iter().map(Into::into)) })
            .collect();
        Self { name: name.to_owned(), terms: String::new(), sets }
    }

    /// Reads a file; the collection takes its name from the file's.
    ///
    /// # Errors
    /// When the file cannot be read, a line does not have the layout of `format`, or nothing is left after the
    /// organism filter.
    pub fn read(path: impl AsRef<Path>, format: SetFormat) -> Result<Self> {
        let path = path.as_ref();
        let sets = match format {
            SetFormat::Spaced => read_lines(path, |fields| match fields {
                [_, genes] if !genes.trim().is_empty() => Some(genes.split_whitespace().map(str::to_owned).collect()),
                _ => None,
            })?,
            SetFormat::Enrichr => read_lines(path, |fields| match fields {
                [_, _, genes @ ..] if !genes.is_empty() => Some(
                    genes
                        .iter()
                        .map(|gene| gene.split(',').next().unwrap_or_default().trim().to_owned())
                        .filter(|gene| !gene.is_empty())
                        .collect(),
                ),
                _ => None,
            })?,
            SetFormat::Corum { organism } => read_corum(path, organism.as_deref())?,
            SetFormat::ByGene => read_by_gene(path)?,
        };
        let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = file.split('.').next().unwrap_or_default();
        Ok(Self::new(stem, sets))
    }

    /// Keeps the source and licence of the sets, to be shown wherever they are used.
    #[must_use]
    pub fn with_terms(mut self, terms: &str) -> Self {
        self.terms = terms.to_owned();
        self
    }

    /// Another name for the collection.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// The name of the collection.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Source and licence; empty when not known.
    pub fn terms(&self) -> &str {
        &self.terms
    }

    /// The sets, in file order.
    pub fn sets(&self) -> &[GeneSet] {
        &self.sets
    }

    /// Number of sets.
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// True when there is no set.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// For each set the rows of `keys` that belong to it, ascending; sets without any have an empty list.
    pub fn rows(&self, keys: &[String]) -> Vec<Vec<usize>> {
        let index: std::collections::HashMap<&str, usize> =
            keys.iter().enumerate().rev().map(|(row, key)| (key.as_str(), row)).collect();
        self.sets
            .iter()
            .map(|set| {
                let mut rows: Vec<usize> = set.genes.iter().filter_map(|g| index.get(g.as_str()).copied()).collect();
                rows.sort_unstable();
                rows
            })
            .collect()
    }
}

type NamedGenes = (String, Vec<String>);

fn read_lines(path: &Path, genes: impl Fn(&[&str]) -> Option<Vec<String>>) -> Result<Vec<NamedGenes>> {
    let text = read_text(path)?;
    let mut sets = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split('\t').collect();
        let genes = genes(&fields).ok_or_else(|| {
            Error::new("the line is not a gene set of the chosen format")
                .at(format!("{}, line {}", path.display(), number + 1))
                .fix("SetFormat::Spaced is name<TAB>genes separated by spaces, SetFormat::Enrichr is name<TAB>description<TAB>genes separated by tabs")
        })?;
        sets.push((fields[0].to_owned(), genes));
    }
    Ok(sets)
}

fn read_by_gene(path: &Path) -> Result<Vec<NamedGenes>> {
    let set_of: BTreeMap<String, String> = serde_json::from_str(&read_text(path)?).map_err(|e| {
        Error::new(format!("this is no JSON object of genes and the names of their sets: {e}"))
            .at(path.display().to_string())
            .fix("give {\"GENE\": \"name\", ...}, or choose another SetFormat")
    })?;
    let mut sets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (gene, set) in set_of {
        sets.entry(set).or_default().push(gene);
    }
    Ok(sets.into_iter().collect())
}

fn read_corum(path: &Path, organism: Option<&str>) -> Result<Vec<NamedGenes>> {
    let table = Delimited::read(path)?;
    let name = table.column_any(&["ComplexName", "complex_name"])?;
    let subunits = table.column_any(&["subunits(Gene name)", "subunits_gene_name"])?;
    let kept = match organism {
        Some(_) => Some(table.column_any(&["Organism", "organism"])?),
        None => None,
    };
    let sets: Vec<NamedGenes> = table
        .records()
        .iter()
        .filter(|r| kept.is_none_or(|column| Some(r.fields[column].as_str()) == organism))
        .map(|r| {
            let genes = r.fields[subunits].split(';').map(str::trim).filter(|g| !g.is_empty() && *g != "None");
            (r.fields[name].clone(), genes.map(str::to_owned).collect())
        })
        .collect();
    if let (true, Some(wanted), Some(column)) = (sets.is_empty(), organism, kept) {
        let known = unique(table.records().iter().map(|r| r.fields[column].clone()));
        return Err(Error::new(format!("no complex of organism {wanted:?}"))
            .at(path.display().to_string())
            .fix(format!("choose one of: {}", known.join(", "))));
    }
    Ok(sets)
}

fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    names.filter(|name| seen.insert(name.clone())).collect()
}
