//! Tensors: shape, type, device, range, and the first values.

use super::{Bundle, Grid, Show, number, statistics};

const FIRST: usize = 8;

impl<const D: usize> Show for burn::Tensor<burn::Dispatch, D> {
    /// Copies the values to the CPU, which waits for what the device is still computing.
    fn bundle(&self) -> Bundle {
        let data = self.clone().into_data();
        let shape = self.dims().map(|n| n.to_string()).join(" x ");
        let mut first: Vec<String> = data.iter::<f64>().take(FIRST).map(number).collect();
        if data.num_elements() > FIRST {
            first.push("…".to_owned());
        }
        Grid::new()
            .text("tensor", ["shape", "type", "device", "values", "first"])
            .text(
                "",
                [
                    shape,
                    format!("{:?}", self.dtype()).to_lowercase(),
                    format!("{:?}", self.device()),
                    statistics(data.iter::<f64>()),
                    first.join(", "),
                ],
            )
            .bundle()
    }
}
