//! How many images or cells a second the device learns from.

use crate::{recording, steps};

#[test]
#[ignore = "takes a while and prints a table: --ignored --nocapture throughput"]
fn throughput() {
    let fusion = if cfg!(feature = "fusion") { "with" } else { "without" };
    println!("{:<12} {:>12} {:>14}   {fusion} fusion", "", "ms a step", "items/s");
    for mut workload in steps::workloads(&recording()) {
        let (seconds, loss) = workload.best(20);
        println!("{:<12} {:>12.2} {:>14.0}", workload.name, 1e3 * seconds, workload.items as f64 / seconds);
        assert!(loss.is_finite(), "{}: the loss is {loss}", workload.name);
    }
}
