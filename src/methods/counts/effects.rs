//! What perturbations do to genes, by the denoised expression of their cells.
//!
//! ```text
//! scale_pg   = mean over the cells of p of the share of gene g that the model decodes
//! log2 fold change = log2((scale_pg + e) / (scale_control,g + e)),      e = 1e-8
//! ```
//!
//! Means are over cells, in `f64`. Cells that are neither control nor perturbed are left out.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, Axis};
use polars::prelude::{Column, DataFrame};

use super::{Code, CountModel, CountNetwork};
use crate::display::{Bundle, Show};
use crate::figures::figure_or_reason;
use crate::screen::{Label, Role, Screen};
use crate::{Error, Result};

/// What is added to shares, so that a share of 0 has a logarithm.
pub const PSEUDOCOUNT: f64 = 1e-8;

/// The mean denoised expression of each perturbation beside that of the control.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    /// Perturbations, in alphabetical order.
    pub perturbations: Vec<String>,
    /// Genes.
    pub genes: Vec<String>,
    /// Cells of each perturbation.
    pub cells: Vec<usize>,
    /// Control cells.
    pub control_cells: usize,
    /// Mean shares, `perturbations x genes`.
    pub scale: Array2<f64>,
    /// Mean shares of the control cells, `genes`.
    pub control: Array1<f64>,
}

impl<N: CountNetwork> CountModel<N> {
    /// The effects of the screen's perturbations; they need not be those that the model has learned from.
    ///
    /// # Errors
    /// As [`Method::embed`](crate::methods::Method::embed), and when there is no control or no perturbed cell.
    pub fn effects(&self, screen: &Screen) -> Result<Effects> {
        screen.controls()?;
        let labels = screen.labels(Label::Gene)?;
        let mut group: BTreeMap<&str, usize> = BTreeMap::new();
        for row in (0..screen.len()).filter(|&row| screen.role(row) == Role::Perturbed) {
            group.insert(labels.of(row), 0);
        }
        if group.is_empty() {
            screen.perturbed()?;
        }
        group.values_mut().enumerate().for_each(|(number, at)| *at = number);
        let control = group.len();
        let of: Vec<Option<usize>> = (0..screen.len())
            .map(|row| match screen.role(row) {
                Role::Control => Some(control),
                Role::Perturbed => group.get(labels.of(row)).copied(),
                Role::Other => None,
            })
            .collect();
        let genes = self.vocabulary().genes.clone();
        let mut sums = Array2::<f64>::zeros((control + 1, genes.len()));
        let mut cells = vec![0usize; control + 1];
        self.each_expression(screen, Code::Inferred, |range, block| {
            for (row, values) in range.zip(block.rows()) {
                let Some(group) = of[row] else { continue };
                cells[group] += 1;
                sums.row_mut(group).zip_mut_with(&values, |sum, &value| *sum += f64::from(value));
            }
            Ok(())
        })?;
        for (mut sum, &n) in sums.rows_mut().into_iter().zip(&cells) {
            sum /= n as f64;
        }
        let (scale, means) = sums.view().split_at(Axis(0), control);
        Ok(Effects {
            perturbations: group.keys().map(|&name| name.to_owned()).collect(),
            genes,
            control_cells: cells[control],
            cells: cells[..control].to_vec(),
            scale: scale.to_owned(),
            control: means.row(0).to_owned(),
        })
    }
}

impl Effects {
    /// Logarithms to base 2 of how many times the control's share each gene has, `perturbations x genes`.
    pub fn log2_fold_change(&self) -> Array2<f64> {
        let control = self.control.mapv(|share| (share + PSEUDOCOUNT).log2());
        self.scale.mapv(|share| (share + PSEUDOCOUNT).log2()) - &control
    }

    /// One row for each perturbation and gene: `perturbation`, `gene`, `cells`, `scale`, `control_scale`,
    /// `log2_fold_change`; genes of a perturbation in the order of the model.
    ///
    /// # Errors
    /// When the table cannot be built.
    pub fn table(&self) -> Result<DataFrame> {
        let (perturbations, genes) = self.scale.dim();
        let each = |of: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            (0..perturbations * genes).map(|at| of(at / genes, at % genes)).collect()
        };
        let change = self.log2_fold_change();
        let names = |of: &dyn Fn(usize) -> String| (0..perturbations * genes).map(of).collect::<Vec<String>>();
        let cells: Vec<u32> = (0..perturbations * genes).map(|at| self.cells[at / genes] as u32).collect();
        let columns = vec![
            Column::new("perturbation".into(), names(&|at| self.perturbations[at / genes].clone())),
            Column::new("gene".into(), names(&|at| self.genes[at % genes].clone())),
            Column::new("cells".into(), cells),
            Column::new("scale".into(), each(&|p, g| self.scale[[p, g]])),
            Column::new("control_scale".into(), each(&|_, g| self.control[g])),
            Column::new("log2_fold_change".into(), each(&|p, g| change[[p, g]])),
        ];
        DataFrame::new(perturbations * genes, columns)
            .map_err(|e| Error::new(format!("cannot build the table of effects: {e}")).caused_by(e))
    }
}

impl Show for Effects {
    fn bundle(&self) -> Bundle {
        figure_or_reason(self.table())
    }
}
