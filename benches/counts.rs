//! Reading counts beside Python's anndata and scanpy, the same files in one run: `cargo bench --profile dev -p perturbook`.
//!
//! Python writes the files, so that ours are read as everybody's are: an h5ad file packed by gzip and one as it is, a
//! 10x HDF5 file and a 10x folder. Prints the best of several repetitions and the ratio peer / ours; above 1 we are
//! faster. Without Python and its packages there is nothing to read, and the bench says so.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use perturbook::io::h5ad::{H5ad, Matrix};
use perturbook::io::tenx;

const CELLS: usize = 40_000;
const REPETITIONS: usize = 3;

fn main() -> perturbook::Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("perturbook-bench-counts-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| perturbook::Error::file(&folder, e))?;
    let result = run(&folder);
    let _ = std::fs::remove_dir_all(&folder);
    result
}

fn run(folder: &Path) -> perturbook::Result<()> {
    let Some(_) = peer(&["make".as_ref(), folder.as_os_str(), CELLS.to_string().as_ref()]) else {
        println!("nothing to read: python3 lacks anndata or scanpy");
        return Ok(());
    };
    let file = |name: &str| -> PathBuf { folder.join(name) };
    let h5ad = |name: &str| {
        let path = file(name);
        best(move || {
            let file = H5ad::open(&path)?;
            file.obs()?;
            file.var()?;
            Ok(file.counts(Matrix::X)?.stored())
        })
    };
    let blocks = file("gzip.h5ad");
    let ours = [
        ("h5ad, gzip: X, obs, var", h5ad("gzip.h5ad")?),
        ("h5ad, not packed: X, obs, var", h5ad("plain.h5ad")?),
        ("h5ad, gzip: blocks of 4,096 rows", {
            best(move || {
                let file = H5ad::open(&blocks)?;
                file.row_blocks(Matrix::X, 4_096)?.map(|block| Ok(block?.1.stored())).sum()
            })?
        }),
        ("10x HDF5", best(|| Ok(tenx::read_h5(file("run.h5"))?.counts.stored()))?),
        ("10x folder, gzip (a tenth of the cells)", best(|| Ok(tenx::read_mtx(file("run"))?.counts.stored()))?),
    ];
    let theirs = peer(&["time".as_ref(), folder.as_os_str(), REPETITIONS.to_string().as_ref()]).unwrap_or_default();
    println!("{CELLS} cells x 2000 genes, a tenth of them not zero; best of {REPETITIONS}");
    println!("{:<42} {:>10} {:>16} {:>7}", "", "ours", "anndata, scanpy", "ratio");
    for (name, (seconds, stored)) in ours {
        let their = theirs.lines().filter_map(|line| line.split_once('\t')).find(|(known, _)| *known == name);
        let their = their.and_then(|(_, text)| {
            let (seconds, number) = text.split_once('\t')?;
            assert_eq!(number.parse(), Ok(stored), "{name}: both read the same number of values");
            seconds.parse::<f64>().ok()
        });
        let ratio = their.map(|their| format!("{:.1}", their / seconds)).unwrap_or_default();
        let their = their.map(|their| format!("{:.1} ms", their * 1e3)).unwrap_or_default();
        println!("{name:<42} {:>7.1} ms {their:>16} {ratio:>7}", seconds * 1e3);
    }
    Ok(())
}

/// Seconds of the fastest of several calls, and what the call counted.
fn best(mut work: impl FnMut() -> perturbook::Result<usize>) -> perturbook::Result<(f64, usize)> {
    let (mut best, mut counted) = (f64::INFINITY, 0);
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        counted = work()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok((best, counted))
}

/// What the peer prints; `None` where it cannot run.
fn peer(arguments: &[&std::ffi::OsStr]) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/counts_peer.py");
    let python = std::env::var("PERTURBOOK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python).arg(script).args(arguments).output().ok()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        eprintln!("the peer did not run: {}", said.lines().last().unwrap_or_default());
        return None;
    }
    String::from_utf8(output.stdout).ok()
}
