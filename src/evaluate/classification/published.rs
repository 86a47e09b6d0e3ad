//! What the Multi-ContrastiveVAE paper shows of technical covariates and gene functions, to set beside one's own.
//!
//! Wang et al., Figures 3B, 4B and 4C: the numbers of the published vector figures. The CellProfiler column of gene functions
//! is in the authors' repository and not in the paper; those features tell most functions better than the embeddings do.

/// How well a covariate is read from a space (Figure 3B).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublishedCovariate {
    /// `salient`, `background`, `combined` or `CellProfiler` (corrected for batches).
    pub space: &'static str,
    /// `batch`, `FOV` or `well`.
    pub covariate: &'static str,
    /// Macro area under the ROC curve.
    pub auroc: f64,
    /// Macro F1.
    pub f1_macro: f64,
}

/// Recall of a gene function (Figures 4B and C).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublishedRecall {
    /// The function.
    pub function: &'static str,
    /// Recall in the salient space.
    pub salient: f64,
    /// Recall in the background space.
    pub background: f64,
    /// Recall in both together.
    pub combined: f64,
    /// Recall with the features of CellProfiler.
    pub cell_profiler: f64,
    /// Recall in the background less recall in the salient space, as Figure 4C prints it.
    pub delta: f64,
}

/// Figure 3B.
///
/// ```
/// use perturbook::evaluate::classification::published::mcvae_covariates;
///
/// let of = |space| mcvae_covariates().iter().find(|e| e.space == space && e.covariate == "batch").unwrap().auroc;
/// assert_eq!((of("salient"), of("background")), (0.6441, 0.9470));
/// ```
pub fn mcvae_covariates() -> &'static [PublishedCovariate; 12] {
    &COVARIATES
}

/// Figures 4B and 4C: 17 functions.
///
/// ```
/// use perturbook::evaluate::classification::published::mcvae_functions;
///
/// let mean = mcvae_functions().iter().map(|f| f.background).sum::<f64>() / 17.0;
/// assert!((mean - 0.493).abs() < 1e-3);
/// ```
pub fn mcvae_functions() -> &'static [PublishedRecall; 17] {
    &FUNCTIONS
}

const fn covariate(space: &'static str, covariate: &'static str, auroc: f64, f1_macro: f64) -> PublishedCovariate {
    PublishedCovariate { space, covariate, auroc, f1_macro }
}

static COVARIATES: [PublishedCovariate; 12] = [
    covariate("salient", "batch", 0.6441, 0.0607),
    covariate("salient", "FOV", 0.6373, 0.6014),
    covariate("salient", "well", 0.5745, 0.5462),
    covariate("background", "batch", 0.9470, 0.4211),
    covariate("background", "FOV", 0.8248, 0.7466),
    covariate("background", "well", 0.8527, 0.7752),
    covariate("combined", "batch", 0.9563, 0.4725),
    covariate("combined", "FOV", 0.8404, 0.7651),
    covariate("combined", "well", 0.8553, 0.7810),
    covariate("CellProfiler", "batch", 0.6450, 0.0604),
    covariate("CellProfiler", "FOV", 0.8109, 0.7386),
    covariate("CellProfiler", "well", 0.8789, 0.8062),
];

const fn recall(function: &'static str, recalls: [f64; 4], delta: f64) -> PublishedRecall {
    let [salient, background, combined, cell_profiler] = recalls;
    PublishedRecall { function, salient, background, combined, cell_profiler, delta }
}

static FUNCTIONS: [PublishedRecall; 17] = [
    recall("40S ribosome", [0.64, 0.70, 0.74, 0.84], 0.06),
    recall("60S ribosome", [0.94, 0.76, 0.77, 0.96], -0.1754),
    recall("Actin/adhesion", [0.30, 0.78, 0.90, 0.98], 0.475),
    recall("Cell cycle", [0.32, 0.39, 0.45, 0.63], 0.0781),
    recall("Chromosome alignment", [0.40, 0.52, 0.40, 0.60], 0.12),
    recall("DNA damage", [0.39, 0.57, 0.62, 0.92], 0.1842),
    recall("DNA replication", [0.68, 0.58, 0.66, 0.93], -0.0896),
    recall("General TF", [0.39, 0.83, 0.92, 0.87], 0.4375),
    recall("Protein degradation", [0.62, 0.65, 0.69, 0.91], 0.0263),
    recall("RNA polymerase", [0.00, 0.06, 0.17, 0.68], 0.0571),
    recall("RNA processing", [0.02, 0.08, 0.29, 0.64], 0.0612),
    recall("Ribosome biogenesis", [0.13, 0.44, 0.43, 0.67], 0.3222),
    recall("Spindle bipolarity", [0.00, 0.25, 0.19, 0.50], 0.25),
    recall("Spliceosome", [0.90, 0.47, 0.55, 0.89], -0.4248),
    recall("Translation", [0.64, 0.75, 0.79, 0.88], 0.1071),
    recall("Tubulin", [0.83, 0.34, 0.72, 0.89], -0.5),
    recall("Vesicle trafficking", [0.02, 0.21, 0.17, 0.66], 0.1897),
];
