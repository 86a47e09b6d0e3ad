//! The cells of one step: their counts, and optionally the batch each comes from.

use burn::tensor::TensorData;

use crate::tensor::{Device, Tensor, cat};
use crate::{Error, Result};

/// Counts of cells, on the device of the network that reads them.
#[derive(Clone, Debug)]
pub struct Cells {
    /// `n x genes`.
    pub counts: Tensor<2>,
    /// The batch of each cell, one-hot, `n x batches`; see [`one_hot`].
    pub batch: Option<Tensor<2>>,
}

impl Cells {
    /// Cells of one batch, `n x genes`.
    ///
    /// ```
    /// use perturbook::nn::counts::Cells;
    /// use perturbook::tensor::{Tensor, cpu};
    ///
    /// let cells = Cells::new(Tensor::from_floats([[1.0, 0.0, 2.0]], &cpu()));
    /// assert_eq!(cells.library().into_scalar(), 3.0);
    /// ```
    pub fn new(counts: Tensor<2>) -> Self {
        Self { counts, batch: None }
    }

    /// The same with a batch covariate, `n x batches`.
    pub fn of_batches(self, one_hot: Tensor<2>) -> Self {
        Self { batch: Some(one_hot), ..self }
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.counts.dims()[0]
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All counts of each cell, `n x 1`.
    pub fn library(&self) -> Tensor<2> {
        self.counts.clone().sum_dim(1)
    }

    /// `ln(1 + counts)`, `n x genes`: what encoders read.
    pub fn logs(&self) -> Tensor<2> {
        self.counts.clone().log1p()
    }

    /// These cells and then the others.
    pub(crate) fn and(&self, others: &Self) -> Self {
        let both = |a: &Tensor<2>, b: &Tensor<2>| cat(vec![a.clone(), b.clone()], 0);
        let batch = self.batch.as_ref().zip(others.batch.as_ref()).map(|(a, b)| both(a, b));
        Self { counts: both(&self.counts, &others.counts), batch }
    }

    /// The first and the second half; none where the number of cells is odd.
    pub(crate) fn halves(&self) -> Option<[Self; 2]> {
        let n = self.len() / 2;
        (2 * n == self.len()).then(|| {
            let part = |of: &Tensor<2>, from: usize| of.clone().narrow(0, from, n);
            [0, n].map(|from| Self {
                counts: part(&self.counts, from),
                batch: self.batch.as_ref().map(|batch| part(batch, from)),
            })
        })
    }

    /// Fails unless there are counts of so many genes, and of so many batches where the network wants to know them.
    pub(crate) fn expect(&self, genes: usize, batches: usize) -> Result<()> {
        expect_shape("counts", &self.counts, [self.len(), genes])?;
        match &self.batch {
            Some(one_hot) => expect_shape("the one-hot batch covariate", one_hot, [self.len(), batches]),
            None if batches == 0 => Ok(()),
            None => {
                Err(Error::new(format!("the network expects a batch covariate of {batches} columns, there is none"))
                    .fix("give the cells their batches with `Cells::of_batches`, or build the network without batches"))
            }
        }
    }
}

/// Fails unless a tensor has this shape.
pub(crate) fn expect_shape(what: &str, got: &Tensor<2>, want: [usize; 2]) -> Result<()> {
    let ([rows, columns], [n, width]) = (got.dims(), want);
    if got.dims() == want {
        return Ok(());
    }
    Err(Error::new(format!("{what}: {rows} x {columns} instead of {n} x {width}"))
        .fix("build the network and its inputs with the same sizes"))
}

/// Batch codes as rows that are 1 in the column of the code and 0 elsewhere, `n x batches`.
///
/// ```
/// use perturbook::nn::counts::one_hot;
/// use perturbook::tensor::cpu;
///
/// let rows = one_hot(&[1, 0], 3, &cpu())?;
/// assert_eq!(rows.into_data().to_vec::<f32>().unwrap(), [0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
/// assert!(one_hot(&[3], 3, &cpu()).is_err());
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a code is not below `batches`.
pub fn one_hot(codes: &[usize], batches: usize, device: &Device) -> Result<Tensor<2>> {
    let mut values = vec![0f32; codes.len() * batches];
    for (cell, &code) in codes.iter().enumerate() {
        if code >= batches {
            return Err(Error::new(format!("batch code {code} is not below {batches}"))
                .at(format!("cell {cell}"))
                .fix("number the batches from 0"));
        }
        values[cell * batches + code] = 1.0;
    }
    Ok(Tensor::from_data(TensorData::new(values, [codes.len(), batches]), device))
}
