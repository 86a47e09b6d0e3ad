//! A trained network of counts, and what it says of cells.
//!
//! ```text
//! code              posterior means of all latent spaces side by side        n x dimensions
//! expression        scale = softmax of the decoder at the code: the share    n x genes, rows sum to 1
//!                   of each gene in a cell's molecules, without noise
//! log-likelihood    ln p(x | code), summed over genes, in nats               n
//! ```
//!
//! Everything is in evaluation mode: running averages, no dropout, no random numbers. Labels are not read.

use std::ops::Range;
use std::path::Path;

use ndarray::{Array2, ArrayView2, s};

use super::reader::CellReader;
use super::{CountNetwork, CountSettings, Vocabulary, file, fitting};
use crate::display::{Bundle, Show};
use crate::methods::{Method, Plan};
use crate::nn::counts::Cells;
use crate::screen::{Embedding, Screen, Split};
use crate::tensor::{Device, Tensor};
use crate::train::{History, Observer};
use crate::{Error, Result};

/// Cells that go through the network at a time.
const BLOCK: usize = 1024;
/// The block of what distinguishes perturbed cells.
const SALIENT: &str = "salient";

/// The code that expression is decoded from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Code {
    /// Posterior means of all latent spaces.
    #[default]
    Inferred,
    /// The same with 0 in the salient space: what the model expects of the cell without what perturbations add.
    WithoutSalient,
}

/// A method that has learned from counts: a network and the names of what it reads.
#[derive(Clone, Debug)]
pub struct CountModel<N: CountNetwork> {
    network: N,
    config: N::Config,
    plan: Plan<N::Settings>,
    vocabulary: Vocabulary,
    history: History,
    /// What the method keeps of held-out controls.
    calibration: Option<Array2<f32>>,
    device: Device,
}

impl<N: CountNetwork> CountModel<N> {
    /// A model of a network on this device.
    pub(super) fn new(
        network: N,
        config: N::Config,
        plan: Plan<N::Settings>,
        vocabulary: Vocabulary,
        history: History,
        device: Device,
    ) -> Self {
        Self { network, config, plan, vocabulary, history, calibration: None, device }
    }

    pub(super) fn with_calibration(self, calibration: Option<Array2<f32>>) -> Self {
        Self { calibration, ..self }
    }

    /// Keeps what calls are calibrated on: the controls at these places.
    pub(super) fn calibrate(&mut self, cells: &CellReader, controls: &[usize]) -> Result<()> {
        let mut all = Array2::zeros((0, 0));
        let mut start = 0;
        for block in controls.chunks(BLOCK) {
            let code = self.network.means(&cells.batch(block).cells(&self.device)?)?;
            let Some(kept) = self.network.calibration(&self.plan.settings, code) else { return Ok(()) };
            let values = rows(kept)?;
            if all.is_empty() {
                all = Array2::zeros((controls.len(), values.ncols()));
            }
            all.slice_mut(s![start..start + block.len(), ..]).assign(&values);
            start += block.len();
        }
        self.calibration = (!all.is_empty()).then_some(all);
        Ok(())
    }

    /// The network, in evaluation mode on its device.
    pub fn network(&self) -> &N {
        &self.network
    }

    /// The network's sizes.
    pub fn config(&self) -> &N::Config {
        &self.config
    }

    /// Where the network is.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The split that a fit by this model's settings makes of a screen: for the screen that it has learned from, the cells
    /// that it has seen, those that it was stopped and calibrated by, and those that it has not seen.
    ///
    /// # Errors
    /// When cells lack labels or a part gets no cell.
    pub fn split(&self, screen: &Screen) -> Result<Split> {
        self.plan.settings.learning().split(screen)
    }

    /// Genes, classes and batches.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    pub(in crate::methods) fn calibration(&self) -> Option<ArrayView2<'_, f32>> {
        self.calibration.as_ref().map(|kept| kept.view())
    }

    /// Hands over what `of` says of all cells, block after block: cells and their codes to `n x width`.
    pub(in crate::methods) fn each_block(
        &self,
        screen: &Screen,
        of: impl Fn(&Cells, Tensor<2>) -> Result<Tensor<2>>,
        mut take: impl FnMut(Range<usize>, ArrayView2<'_, f32>) -> Result<()>,
    ) -> Result<()> {
        let reader = CellReader::unlabelled(screen, &self.vocabulary)?;
        let _stoppable = crate::stop::stoppable();
        for start in (0..reader.len()).step_by(BLOCK) {
            if crate::stop::requested() {
                return Err(Error::new(format!("stopped after {start} of {} cells", reader.len())).at(N::NAME));
            }
            let range = start..(start + BLOCK).min(reader.len());
            let cells = reader.batch(&range.clone().collect::<Vec<_>>()).cells(&self.device)?;
            let code = self.network.means(&cells)?;
            take(range, rows(of(&cells, code)?)?.view())?;
        }
        Ok(())
    }

    /// The same as one matrix.
    pub(in crate::methods) fn all_blocks(
        &self,
        screen: &Screen,
        width: usize,
        of: impl Fn(&Cells, Tensor<2>) -> Result<Tensor<2>>,
    ) -> Result<Array2<f32>> {
        let mut all = Array2::zeros((screen.len(), width));
        self.each_block(screen, of, |range, block| {
            all.slice_mut(s![range, ..]).assign(&block);
            Ok(())
        })?;
        Ok(all)
    }

    /// The denoised expression of cells, block after block of at most 1,024: places of the cells and
    /// `cells x genes`, genes in the order of [`Vocabulary::genes`].
    ///
    /// # Errors
    /// As [`Method::embed`]; when there is no salient space to leave out; and what `take` returns.
    pub fn each_expression(
        &self,
        screen: &Screen,
        code: Code,
        take: impl FnMut(Range<usize>, ArrayView2<'_, f32>) -> Result<()>,
    ) -> Result<()> {
        let shown = self.shown(code)?;
        self.each_block(screen, |cells, code| Ok(self.network.decode(shown(code), cells).scale), take)
    }

    /// The denoised expression of all cells, `n x genes`; see [`CountModel::each_expression`] for more cells than fit.
    ///
    /// # Errors
    /// As [`CountModel::each_expression`].
    pub fn expression(&self, screen: &Screen, code: Code) -> Result<Array2<f32>> {
        let shown = self.shown(code)?;
        let of = |cells: &Cells, code| Ok(self.network.decode(shown(code), cells).scale);
        self.all_blocks(screen, self.vocabulary.genes.len(), of)
    }

    /// The log-likelihood of each cell's counts given its code, in nats, `n`. Of cells that were held out it says how well
    /// the model explains counts that it has not seen.
    ///
    /// # Errors
    /// As [`Method::embed`].
    pub fn log_likelihoods(&self, screen: &Screen) -> Result<Vec<f64>> {
        let of = |cells: &Cells, code| {
            let decoded = self.network.decode(code, cells);
            Ok(self.network.reconstruction(cells, &decoded).neg().unsqueeze_dim(1))
        };
        Ok(self.all_blocks(screen, 1, of)?.into_iter().map(f64::from).collect())
    }

    /// What becomes of codes before they are decoded.
    fn shown(&self, code: Code) -> Result<impl Fn(Tensor<2>) -> Tensor<2> + use<N>> {
        let mut start = 0;
        let mut salient = None;
        for (name, width) in N::blocks(&self.config) {
            if name == SALIENT {
                salient = Some(start..start + width);
            }
            start += width;
        }
        let hidden = match (code, salient) {
            (Code::Inferred, _) => None,
            (Code::WithoutSalient, Some(range)) => Some(range),
            (Code::WithoutSalient, None) => {
                return Err(Error::new(format!("{} has no salient space to leave out", N::NAME))
                    .fix("decode with Code::Inferred"));
            }
        };
        Ok(move |code: Tensor<2>| match &hidden {
            None => code,
            Some(range) => {
                let shape = [code.dims()[0], range.len()];
                let zeros = Tensor::zeros(shape, &code.device());
                code.slice_assign([0..shape[0], range.clone()], zeros)
            }
        })
    }
}

/// A tensor's numbers.
fn rows(tensor: Tensor<2>) -> Result<Array2<f32>> {
    let [n, width] = tensor.dims();
    let values: std::result::Result<Vec<f32>, _> = tensor.into_data().into_vec();
    values.ok().and_then(|values| Array2::from_shape_vec((n, width), values).ok()).ok_or_else(|| {
        Error::new(format!("{n} x {width} numbers cannot be read from the device")).fix("use tensors of 32-bit floats")
    })
}

impl<N: CountNetwork> Show for CountModel<N> {
    /// How its training went.
    fn bundle(&self) -> Bundle {
        self.history.bundle()
    }
}

impl<N: CountNetwork> Method for CountModel<N> {
    type Settings = N::Settings;

    const NAME: &'static str = N::NAME;

    fn paper() -> Plan<N::Settings> {
        N::paper()
    }

    fn quick() -> Plan<N::Settings> {
        N::quick()
    }

    fn fit(screen: &Screen, plan: &Plan<N::Settings>, device: &Device, observer: &mut dyn Observer) -> Result<Self> {
        fitting::trained(screen, plan, device, observer)
    }

    fn embed(&self, screen: &Screen) -> Result<Embedding> {
        let blocks = N::blocks(&self.config);
        let width = blocks.iter().map(|(_, width)| width).sum();
        let values = self.all_blocks(screen, width, |_, code| Ok(code))?;
        let mut start = 0;
        blocks.iter().try_fold(Embedding::new(values, screen.table().clone())?, |embedding, (name, width)| {
            start += width;
            embedding.with_block(name, start - width..start)
        })
    }

    fn plan(&self) -> &Plan<N::Settings> {
        &self.plan
    }

    fn history(&self) -> &History {
        &self.history
    }

    fn save(&self, path: &Path) -> Result<()> {
        file::save(self, self.calibration(), path)
    }

    fn load(path: &Path, device: &Device) -> Result<Self> {
        file::load(path, &fitting::plain(device))
    }
}
