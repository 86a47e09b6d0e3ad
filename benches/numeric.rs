//! Numeric code under `--release`, for comparison with the same code in a notebook cell: `cargo bench -p perturbook
//! --bench numeric` prints the seconds of each workload; `cargo bench --profile dev -p perturbook-kernel
//! --bench numeric` runs both and prints the ratios.

use perturbook::prelude::*;

include!("numeric/workloads.rs");

fn main() {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if std::env::args().any(|argument| argument == "--bench") {
        println!("matrix_product {:.6}", matrix_product());
        println!("training_step {:.6}", training_step());
        println!("layout_loops {:.6}", layout_loops());
        println!("umap_of_points {:.6}", umap_of_points());
    }
}
