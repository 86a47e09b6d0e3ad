//! What a model's latent spaces know of perturbations, on cells that it has not learned from.

use ndarray::{Axis, concatenate};

use crate::evaluate::classification::{AgainstControls, against_controls};
use crate::screen::{Embedding, Label, Role, Screen, Split};
use crate::{Error, Result};

/// The label that control cells have here, whatever the screen calls them.
const CONTROL: &str = "control";

/// [`against_controls`](against_controls()) for each block of an embedding, or for all of it where it has none: linear
/// models learn from the training cells of a split, and its test cells are measured. Cells that are neither control nor
/// perturbed are left out.
///
/// ```
/// use perturbook::methods::counts::{ExpressionPca, GeneChoice};
/// use perturbook::methods::held_out_signals;
/// use perturbook::screen::{Label, Shares};
/// use perturbook::simulate::{PerturbSeqConfig, perturb_seq};
///
/// let screen = perturb_seq(&PerturbSeqConfig { control_guides: 8, ..PerturbSeqConfig::quick() })?.screen()?;
/// let split = screen.split_stratified(Label::Gene, Shares::new(0.7, 0.0, 0.3)?, 0)?;
/// let pca = ExpressionPca::fit(&split.train, &GeneChoice::Variable(100), 10)?;
/// let known = held_out_signals(&split, |cells| pca.embed(cells))?;
/// assert_eq!(known[0].0, "latent");
/// assert!(known[0].1.perturbations.iter().any(|signal| signal.auc > 0.9));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a part has no controls, or cells cannot be embedded.
pub fn held_out_signals(
    split: &Split,
    embed: impl Fn(&Screen) -> Result<Embedding>,
) -> Result<Vec<(String, AgainstControls)>> {
    if split.test.is_empty() {
        return Err(Error::new("the split holds no cell out").at("held-out signals").fix("give the test a share"));
    }
    let parts = [&split.train, &split.test];
    let [train, test] = [embed(parts[0])?, embed(parts[1])?];
    let mut labels = Vec::new();
    let mut rows = [Vec::new(), Vec::new()];
    for (part, rows) in parts.iter().zip(&mut rows) {
        let genes = part.labels(Label::Gene)?;
        for row in 0..part.len() {
            let role = part.role(row);
            if matches!(role, Role::Control | Role::Perturbed) {
                rows.push(labels.len());
            }
            labels.push(if role == Role::Control { CONTROL } else { genes.of(row) }.to_owned());
        }
    }
    let measured = |name: &str, train: &Embedding, test: &Embedding| {
        let both = concatenate(Axis(0), &[train.values().view(), test.values().view()])
            .map_err(|e| Error::new(format!("training and test cells differ: {e}")).at("held-out signals"))?;
        Ok((name.to_owned(), against_controls(&both, &labels, CONTROL, &rows[0], &rows[1])?))
    };
    let blocks = train.block_names();
    if blocks.is_empty() {
        return Ok(vec![measured("all", &train, &test)?]);
    }
    blocks.iter().map(|name| measured(name, &train.block(name)?, &test.block(name)?)).collect()
}
