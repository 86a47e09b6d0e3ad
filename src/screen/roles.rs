//! Which cells are controls and which are perturbed: by label, by a list of labels, or by an expression of the table.

use polars::prelude::Expr;

use super::labels::Labels;
use super::rows::cells;
use super::{filter, label};
use crate::io::parquet::name_some;
use crate::{Error, Result};
use polars::prelude::DataFrame;

/// What a cell is in the comparison that a screen makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Not perturbed, or by something without effect, such as a non-targeting guide.
    Control,
    /// Perturbed.
    Perturbed,
    /// Neither, such as a positive control that is set aside.
    Other,
}

/// How cells of one role are found.
#[derive(Clone, Debug)]
pub enum RoleRule {
    /// By the label of the gene: one of these.
    Labels(Vec<String>),
    /// By an expression that is true for them.
    Where(Expr),
}

impl From<&str> for RoleRule {
    fn from(label: &str) -> Self {
        Self::Labels(vec![label.to_owned()])
    }
}

impl From<String> for RoleRule {
    fn from(label: String) -> Self {
        Self::Labels(vec![label])
    }
}

impl From<Vec<String>> for RoleRule {
    fn from(labels: Vec<String>) -> Self {
        Self::Labels(labels)
    }
}

impl From<&[&str]> for RoleRule {
    fn from(labels: &[&str]) -> Self {
        Self::Labels(labels.iter().map(|&label| label.to_owned()).collect())
    }
}

impl<const N: usize> From<[&str; N]> for RoleRule {
    fn from(labels: [&str; N]) -> Self {
        labels.as_slice().into()
    }
}

impl From<Expr> for RoleRule {
    fn from(expression: Expr) -> Self {
        Self::Where(expression)
    }
}

impl RoleRule {
    /// The rule in words, for a summary.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Labels(labels) => name_some(labels),
            Self::Where(expression) => format!("where {expression}"),
        }
    }

    /// For each row of the table whether the rule holds; at least one must.
    pub(super) fn matches(
        &self,
        table: &DataFrame,
        genes: impl Fn() -> Result<Labels>,
        role: &str,
    ) -> Result<Vec<bool>> {
        let matches = match self {
            Self::Labels(wanted) => {
                let genes = genes()?;
                let unknown: Vec<&str> =
                    wanted.iter().map(String::as_str).filter(|w| !genes.names().iter().any(|name| name == w)).collect();
                if !unknown.is_empty() || wanted.is_empty() {
                    return Err(Error::new(format!("no cell has the label {}", name_some(&unknown)))
                        .at(format!("{role} cells of the screen"))
                        .fix(format!("the labels there are: {}", name_some(genes.names()))));
                }
                let is_one: Vec<bool> = genes.names().iter().map(|name| wanted.contains(name)).collect();
                genes.codes().iter().map(|&code| is_one[code as usize]).collect()
            }
            Self::Where(expression) => filter::mask(table, expression)?,
        };
        if !matches.contains(&true) {
            return Err(Error::new(format!("no {role} cell: the rule holds for none of {}", cells(matches.len())))
                .at(self.words())
                .fix("check the column and the value in the expression"));
        }
        Ok(matches)
    }

    /// The labels among these that controls usually have.
    pub(super) fn usual(names: &[String]) -> Option<Self> {
        let controls: Vec<String> = names.iter().filter(|name| label::is_control(name)).cloned().collect();
        (!controls.is_empty()).then_some(Self::Labels(controls))
    }
}
