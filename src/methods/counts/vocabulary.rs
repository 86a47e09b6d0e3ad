//! What the columns and classes of a model are called.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::io::parquet::name_some;
use crate::screen::{Label, Role, Screen};
use crate::{Error, Result};

/// The control's class where its cells have several labels.
const CONTROL: &str = "control";

/// The names of what a model has learned from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    /// Genes, in the order of the columns.
    pub genes: Vec<String>,
    /// Classes of cells: the control first where there is one, then perturbations in alphabetical order.
    pub classes: Vec<String>,
    /// The name of the control's class.
    pub control: Option<String>,
    /// Batches that the network reads, in alphabetical order; none where it reads none or there is only one.
    pub batches: Vec<String>,
}

impl Vocabulary {
    /// Of a screen's controls and perturbed cells.
    ///
    /// # Errors
    /// When cells lack a label, or a perturbation is called as the control is.
    pub(super) fn of(screen: &Screen, genes: Vec<String>, batch_covariate: bool) -> Result<Self> {
        let labels = screen.labels(Label::Gene)?;
        let mut names: [BTreeSet<&str>; 2] = Default::default();
        for row in 0..screen.len() {
            match screen.role(row) {
                Role::Control => names[0].insert(labels.of(row)),
                Role::Perturbed => names[1].insert(labels.of(row)),
                Role::Other => false,
            };
        }
        let [controls, perturbations] = names;
        let control = match controls.len() {
            0 => None,
            1 => controls.first().map(|&name| name.to_owned()),
            _ => Some(CONTROL.to_owned()),
        };
        if let Some(name) = control.as_deref().filter(|name| perturbations.contains(name)) {
            return Err(Error::new(format!("{name:?} is the control and a perturbation"))
                .at("labels of genes")
                .fix("rename the perturbation, or choose the controls with Screen::with_controls"));
        }
        let classes = control.clone().into_iter().chain(perturbations.into_iter().map(str::to_owned)).collect();
        let mut batches = Vec::new();
        if batch_covariate {
            let labels = screen.labels(Label::Batch)?;
            let names: BTreeSet<&str> = (0..screen.len()).map(|row| labels.of(row)).collect();
            if names.len() > 1 {
                batches = names.into_iter().map(str::to_owned).collect();
            }
        }
        Ok(Self { genes, classes, control, batches })
    }

    /// The class of each cell; none for cells that are neither control nor perturbed and for perturbations that the model
    /// has not seen.
    pub(in crate::methods) fn classes_of(&self, screen: &Screen) -> Result<Vec<Option<usize>>> {
        let labels = screen.labels(Label::Gene)?;
        let number: HashMap<&str, usize> =
            self.classes.iter().enumerate().map(|(class, name)| (name.as_str(), class)).collect();
        let control = self.control.is_some().then_some(0);
        let by_name: Vec<Option<usize>> = labels
            .names()
            .iter()
            .map(|name| number.get(name.as_str()).copied().filter(|class| Some(*class) != control))
            .collect();
        let class = |row: usize| match screen.role(row) {
            Role::Control => control,
            Role::Perturbed => by_name[labels.codes()[row] as usize],
            Role::Other => None,
        };
        Ok((0..screen.len()).map(class).collect())
    }

    /// The number of each cell's batch; empty where the network reads none.
    pub(super) fn batches_of(&self, screen: &Screen) -> Result<Vec<usize>> {
        if self.batches.is_empty() {
            return Ok(Vec::new());
        }
        let labels = screen.labels(Label::Batch)?;
        let number: HashMap<&str, usize> =
            self.batches.iter().enumerate().map(|(batch, name)| (name.as_str(), batch)).collect();
        let known: Vec<Option<usize>> = labels.names().iter().map(|name| number.get(name.as_str()).copied()).collect();
        let batch = |row: usize| {
            known[labels.codes()[row] as usize].ok_or_else(|| {
                Error::new(format!("the model has not seen the batch {:?}", labels.of(row)))
                    .at(format!("row {row}"))
                    .fix(format!("embed cells of the batches {}, or train without batches", name_some(&self.batches)))
            })
        };
        (0..screen.len()).map(batch).collect()
    }
}
