//! Known gene-gene relations: an undirected graph with names, the ground truth that a map of genes is held against.
//!
//! Pairs are unordered, deduplicated and without self pairs. Gene sets become relations by connecting all pairs
//! inside each set. [`Relations::among`] restricts them to the genes of a map: its nodes are the genes that keep at
//! least one relation (Celik et al. 2024, EFAAR benchmarks; Wang et al. 2023, Multi-ContrastiveVAE).

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use crate::evaluate::GeneSets;
use crate::io::delimited::Delimited;
use crate::{Error, Result};

/// The two columns of a table of pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairColumns {
    /// Column of the first gene.
    pub first: String,
    /// Column of the second gene.
    pub second: String,
}

impl PairColumns {
    /// Columns of these names.
    pub fn new(first: &str, second: &str) -> Self {
        Self { first: first.to_owned(), second: second.to_owned() }
    }
}

impl Default for PairColumns {
    /// `entity1` and `entity2`, as in the EFAAR benchmark files.
    fn default() -> Self {
        Self::new("entity1", "entity2")
    }
}

/// A named set of undirected gene pairs.
///
/// ```
/// use perturbook::evaluate::Relations;
///
/// let known = Relations::from_pairs("toy", [("A", "B"), ("B", "A"), ("A", "A"), ("C", "D")]);
/// assert_eq!(known.len(), 2);
///
/// let keys = ["D", "X", "C"].map(String::from);
/// let graph = known.among(&keys);
/// assert_eq!(graph.nodes(), [0, 2]);
/// assert_eq!(graph.edges(), [(0, 2)]);
/// ```
#[derive(Clone, Debug)]
pub struct Relations {
    name: String,
    terms: String,
    genes: Vec<String>,
    pairs: Vec<(u32, u32)>,
}

impl Relations {
    /// Relations called `name` from pairs in either direction; repeats and self pairs are dropped.
    pub fn from_pairs<G: AsRef<str>>(name: &str, pairs: impl IntoIterator<Item = (G, G)>) -> Self {
        let mut builder = Builder::default();
        for (a, b) in pairs {
            let (a, b) = (builder.gene(a.as_ref()), builder.gene(b.as_ref()));
            builder.pair(a, b);
        }
        builder.finish(name, "")
    }

    /// All pairs inside each set; name and terms are those of the sets.
    pub fn from_sets(sets: &GeneSets) -> Self {
        let mut builder = Builder::default();
        for set in sets.sets() {
            let members: Vec<u32> = set.genes.iter().map(|gene| builder.gene(gene)).collect();
            for (k, &a) in members.iter().enumerate() {
                for &b in &members[k + 1..] {
                    builder.pair(a, b);
                }
            }
        }
        builder.finish(sets.name(), sets.terms())
    }

    /// Reads a comma or tab separated table (plain or gzip) with one pair in each line; the relations take their name
    /// from the file's.
    ///
    /// # Errors
    /// When the file cannot be read or lacks one of the columns (those there are stand in the message).
    pub fn read_pairs(path: impl AsRef<Path>, columns: PairColumns) -> Result<Self> {
        let path = path.as_ref();
        let table = Delimited::read(path)?;
        let (first, second) = (table.column(&columns.first)?, table.column(&columns.second)?);
        for record in table.records() {
            if let Some(column) = [first, second].into_iter().find(|&c| record.fields[c].trim().is_empty()) {
                return Err(Error::new("a pair lacks a gene")
                    .at(format!("{}, line {}, column {:?}", path.display(), record.line, table.columns()[column]))
                    .fix("fill the field or remove the line"));
            }
        }
        let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = file.split('.').next().unwrap_or_default();
        Ok(Self::from_pairs(name, table.records().iter().map(|r| (r.fields[first].trim(), r.fields[second].trim()))))
    }

    /// Keeps the source and licence of the relations, to be shown wherever they are used.
    #[must_use]
    pub fn with_terms(mut self, terms: &str) -> Self {
        self.terms = terms.to_owned();
        self
    }

    /// Another name for the relations.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// The name of the relations, such as `CORUM`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Source and licence; empty when not known.
    pub fn terms(&self) -> &str {
        &self.terms
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// True when there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The pairs by name.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|&(a, b)| (self.genes[a as usize].as_str(), self.genes[b as usize].as_str()))
    }

    /// The relations between the rows of a map. A name that `keys` holds twice stands for its first row.
    pub fn among(&self, keys: &[String]) -> Graph {
        let rows: HashMap<&str, usize> = keys.iter().enumerate().rev().map(|(row, key)| (key.as_str(), row)).collect();
        let row_of: Vec<Option<usize>> = self.genes.iter().map(|gene| rows.get(gene.as_str()).copied()).collect();
        let edges = self.pairs.iter().filter_map(|&(a, b)| {
            let (i, j) = (row_of[a as usize]?, row_of[b as usize]?);
            Some((i.min(j), i.max(j)))
        });
        Graph::from_edges(edges.collect())
    }
}

/// Relations between the rows of a matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    nodes: Vec<usize>,
    edges: Vec<(usize, usize)>,
}

impl Graph {
    fn from_edges(mut edges: Vec<(usize, usize)>) -> Self {
        edges.sort_unstable();
        edges.dedup();
        let nodes: BTreeSet<usize> = edges.iter().flat_map(|&(i, j)| [i, j]).collect();
        Self { nodes: nodes.into_iter().collect(), edges }
    }

    /// The rows with at least one relation, ascending.
    pub fn nodes(&self) -> &[usize] {
        &self.nodes
    }

    /// The related rows `(i, j)` with `i < j`, sorted.
    pub fn edges(&self) -> &[(usize, usize)] {
        &self.edges
    }

    /// The same edges with each row replaced by its position among [`Graph::nodes`].
    pub fn edges_between_nodes(&self) -> Vec<(usize, usize)> {
        let position: HashMap<usize, usize> = self.nodes.iter().enumerate().map(|(k, &row)| (row, k)).collect();
        self.edges.iter().map(|(i, j)| (position[i], position[j])).collect()
    }

    /// True when there is no relation.
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }
}

/// Gives genes numbers while pairs come in.
#[derive(Default)]
struct Builder {
    genes: Vec<String>,
    number: HashMap<String, u32>,
    pairs: Vec<(u32, u32)>,
}

impl Builder {
    fn gene(&mut self, gene: &str) -> u32 {
        if let Some(&known) = self.number.get(gene) {
            return known;
        }
        let next = self.genes.len() as u32;
        self.genes.push(gene.to_owned());
        self.number.insert(gene.to_owned(), next);
        next
    }

    fn pair(&mut self, a: u32, b: u32) {
        if a != b {
            self.pairs.push((a.min(b), a.max(b)));
        }
    }

    fn finish(mut self, name: &str, terms: &str) -> Relations {
        self.pairs.sort_unstable();
        self.pairs.dedup();
        Relations { name: name.to_owned(), terms: terms.to_owned(), genes: self.genes, pairs: self.pairs }
    }
}
