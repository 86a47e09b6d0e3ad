//! Self-attention among the genes of the table, the paper's variant; one head, every gene a token.
//!
//! ```text
//! A = softmax(q(M) k(M)^T / sqrt(width)),    M' = M + o(A v(M))        genes x width
//! ```

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::backend::Backend as Burn;
use rand_chacha::ChaCha8Rng;

use super::INIT;
use crate::nn::Linear;
use crate::tensor::{Backend, Device, Tensor, product};

/// One head of self-attention with a residual.
#[derive(Module, Debug)]
pub struct GeneAttention<B: Burn = Backend> {
    /// What a gene asks for.
    pub q: Linear<B>,
    /// What it answers to.
    pub k: Linear<B>,
    /// What it gives.
    pub v: Linear<B>,
    /// What is added to it.
    pub o: Linear<B>,
}

impl GeneAttention {
    /// For genes of `width` numbers.
    ///
    /// ```
    /// use perturbook::methods::grape::GeneAttention;
    /// use perturbook::nn::uniform;
    /// use perturbook::tensor::cpu;
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let attention = GeneAttention::new(3, &mut rng, &cpu());
    /// let table = uniform([4, 3], 1.0, &mut rng, &cpu());
    /// let sum = attention.weights(table.clone()).sum_dim(1).into_data().to_vec::<f32>().unwrap();
    /// assert!(sum.iter().all(|sum| (sum - 1.0).abs() < 1e-6));
    /// assert_eq!(attention.forward(table).dims(), [4, 3]);
    /// ```
    pub fn new(width: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let mut layer = || Linear::new(width, width, INIT, rng, device);
        Self { q: layer(), k: layer(), v: layer(), o: layer() }
    }

    /// How much each gene (row) looks at each other (column), `genes x genes`; rows sum to 1.
    pub fn weights(&self, table: Tensor<2>) -> Tensor<2> {
        let root = (table.dims()[1] as f64).sqrt();
        let (q, k) = (self.q.forward(table.clone()), self.k.forward(table));
        softmax(product(q, k.transpose()) / root, 1)
    }

    /// The genes with what they took from each other, `genes x width`.
    pub fn forward(&self, table: Tensor<2>) -> Tensor<2> {
        let weights = self.weights(table.clone());
        let taken = product(weights, self.v.forward(table.clone()));
        table + self.o.forward(taken)
    }
}
