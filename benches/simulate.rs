//! How fast screens are simulated, on one thread: `cargo bench -p perturbook --bench simulate`.

use std::hint::black_box;
use std::time::Instant;

use perturbook::simulate::{OpsConfig, PerturbSeqConfig, ops_screen, perturb_seq};

fn main() {
    // cargo test compiles and runs benches too, in passing: nothing to time there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(1).build() else { return };
    pool.install(|| {
        for size in [64, 96, 100] {
            let screen = ops_screen(&OpsConfig { size, ..OpsConfig::default() }).expect("good settings");
            let rows: Vec<usize> = (0..screen.len()).collect();
            let seconds = best_of_three(|| drop(black_box(screen.images(&rows))));
            println!("pictures 4x{size}x{size}: {:.0} cells/s", rows.len() as f64 / seconds);
        }
        let config = PerturbSeqConfig::default();
        let seconds = best_of_three(|| drop(black_box(perturb_seq(&config))));
        println!("counts of {} genes: {:.0} cells/s", config.genes, config.cells() as f64 / seconds);
    });
}

fn best_of_three(work: impl Fn()) -> f64 {
    let time = || {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    (0..3).map(|_| time()).fold(f64::INFINITY, f64::min)
}
