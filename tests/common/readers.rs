//! One function per reader: it takes bytes, makes a file of them, and reads all that a user would.
//!
//! The tests with changed files, the corpus and the fuzz targets share them.

#![allow(dead_code)] // each user takes its own part

#[path = "checksums.rs"]
pub mod checksums;

use std::fs::{self, File};
use std::path::Path;
use std::sync::LazyLock;

use perturbook::Result;
use perturbook::images::{CellImages, ImageStore, KeyPattern, LmdbImages, RawPixels};
use perturbook::io::delimited::Delimited;
use perturbook::io::features::FeatureTable;
use perturbook::io::h5ad::{self, H5ad};
use perturbook::io::npy::Npz;
use perturbook::io::safetensors::SafeTensors;
use perturbook::io::{npy, parquet, png, tenx, tiff};
use perturbook::screen::ColumnChoice;
use polars::prelude::df;
use tempfile::TempDir;

pub type Reader = fn(&[u8]) -> Result<()>;

/// Name and function of every reader.
pub const READERS: [(&str, Reader); 12] = [
    ("csv", csv),
    ("h5ad", h5ad),
    ("image_store", image_store),
    ("lmdb", lmdb),
    ("npy", npy),
    ("npz", npz),
    ("parquet", parquet),
    ("png", png),
    ("safetensors", safetensors),
    ("tenx_h5", tenx_h5),
    ("tenx_mtx", tenx_mtx),
    ("tiff", tiff),
];

/// Stands between the three files of a 10x folder.
pub const BETWEEN: &[u8] = b"\n----\n";

/// Images that are read, and how many at a time: those of the loaders are large.
const IMAGES: usize = 32;
const TOGETHER: usize = 8;

/// Bytes of the largest image of an LMDB layout, and some pages.
const PADDED: u64 = 200 << 10;

/// A fuzz target ends with the first panic, even with one that its reader turns into an error, as some of the decoder
/// behind parquet are. From here on, only those end it that leave the reader.
pub fn let_decoders_panic() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// A folder in memory, where the system has such a place.
fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { TempDir::with_prefix_in("perturbook-", memory) } else { TempDir::new() };
    folder.or_else(|_| TempDir::new()).unwrap()
}

fn file(name: &str, bytes: &[u8], read: impl Fn(&Path) -> Result<()>) -> Result<()> {
    let folder = scratch();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    read(&path)
}

/// The same, and once more with the checksums set right, behind which changed bytes would never be looked at.
fn sealed(name: &str, bytes: &[u8], seal: impl Fn(&mut [u8]), read: impl Fn(&Path) -> Result<()> + Copy) -> Result<()> {
    let mut right = bytes.to_vec();
    seal(&mut right);
    let first = file(name, bytes, read);
    if right == bytes { first } else { file(name, &right, read) }
}

/// The first error; every part was tried, whatever the one before said.
fn all<const N: usize>(results: [Result<()>; N]) -> Result<()> {
    results.into_iter().collect()
}

pub fn tiff(bytes: &[u8]) -> Result<()> {
    file("x.tif", bytes, |path| {
        all([tiff::describe(path).map(drop), tiff::read(path).map(drop), tiff::read_up_to(path, 1 << 20).map(drop)])
    })
}

pub fn png(bytes: &[u8]) -> Result<()> {
    sealed("x.png", bytes, checksums::png, |path| png::read(path).map(drop))
}

pub fn npy(bytes: &[u8]) -> Result<()> {
    file("x.npy", bytes, |path| {
        let _ = npy::read::<u16>(path); // most files hold another type
        all([npy::describe(path).map(drop), npy::read::<f64>(path).map(drop), npy::read::<f32>(path).map(drop)])
    })
}

pub fn npz(bytes: &[u8]) -> Result<()> {
    file("x.npz", bytes, |path| {
        let arrays = Npz::open(path)?;
        let each = arrays
            .names()
            .into_iter()
            .map(|name| all([arrays.describe(name).map(drop), arrays.read::<f64>(name).map(drop)]));
        each.collect::<Vec<_>>().into_iter().collect()
    })
}

pub fn safetensors(bytes: &[u8]) -> Result<()> {
    file("x.safetensors", bytes, |path| {
        let arrays = SafeTensors::open(path)?;
        arrays.metadata();
        let each = arrays.names().into_iter().map(|name| {
            all([
                arrays.shape(&name).map(drop),
                arrays.dtype(&name).map(drop),
                arrays.read::<f64>(&name).map(drop),
                arrays.read::<f32>(&name).map(drop),
            ])
        });
        each.collect::<Vec<_>>().into_iter().collect()
    })
}

pub fn h5ad(bytes: &[u8]) -> Result<()> {
    sealed("x.h5ad", bytes, checksums::hdf5, |path| {
        let file = H5ad::open(path)?;
        let summary = file.summary();
        let _ = summary.to_string();
        let mut matrices: Vec<h5ad::Matrix> =
            summary.layers.iter().map(|(name, _)| h5ad::Matrix::Layer(name)).collect();
        matrices.extend(summary.x.as_ref().map(|_| h5ad::Matrix::X));
        matrices.extend(summary.raw.as_ref().map(|_| h5ad::Matrix::Raw));
        let mut results = vec![file.obs().map(drop), file.var().map(drop), file.cell_names().map(drop)];
        let rows = (summary.n_obs / 8).max(1_000);
        for matrix in matrices {
            results.push(file.counts(matrix).map(drop));
            results.push(file.dense(matrix).map(drop));
            results.push(
                file.row_blocks(matrix, rows).and_then(|mut blocks| blocks.try_for_each(|block| block.map(drop))),
            );
        }
        results.extend(summary.obsm.iter().map(|(name, _)| file.obsm(name).map(drop)));
        results.into_iter().collect()
    })
}

pub fn tenx_h5(bytes: &[u8]) -> Result<()> {
    sealed("x.h5", bytes, checksums::hdf5, |path| {
        let _ = tenx::read_h5_genome(path, "GRCh38");
        let run = tenx::read_h5(path)?;
        let _ = run.of_type("Gene Expression"); // files of version 2 have no types
        Ok(())
    })
}

/// Barcodes, features and the matrix, with [`BETWEEN`] between them.
pub fn tenx_mtx(bytes: &[u8]) -> Result<()> {
    let folder = scratch();
    let mut rest = bytes;
    for name in ["barcodes.tsv", "features.tsv", "matrix.mtx"] {
        let at = rest.windows(BETWEEN.len()).position(|some| some == BETWEEN).filter(|_| name != "matrix.mtx");
        let (part, after) = at.map_or((rest, &[][..]), |at| (&rest[..at], &rest[at + BETWEEN.len()..]));
        fs::write(folder.path().join(name), part).unwrap();
        rest = after;
    }
    let run = tenx::read_mtx(folder.path())?;
    let _ = run.of_type("Gene Expression");
    Ok(())
}

/// Text with commas or tabs, as a table of features and as plain records.
pub fn csv(bytes: &[u8]) -> Result<()> {
    file("cells.txt", bytes, |path| all([features(path), Delimited::read(path).map(drop)]))
}

pub fn parquet(bytes: &[u8]) -> Result<()> {
    file("cells.parquet", bytes, |path| all([features(path), parquet::read(path).map(drop)]))
}

fn features(path: &Path) -> Result<()> {
    let table = FeatureTable::open(path)?;
    // As guessed, with every missing value an error.
    let _ = (table.head(3), table.read());
    table.choose(&ColumnChoice::numbers())?.drop_missing().read().map(drop)
}

/// An LMDB file in the layouts of both loaders and in one of small images. Behind a short file of the first two follow
/// zeros for their images, which take no memory.
pub fn lmdb(bytes: &[u8]) -> Result<()> {
    let folder = scratch();
    let at = |name: &str| folder.path().join(name);
    for name in ["dino", "ntc", "perturbed"] {
        fs::create_dir(at(name)).unwrap();
    }
    for name in ["dino/data.mdb", "small.mdb"] {
        fs::write(at(name), bytes).unwrap();
    }
    let padded = File::options().write(true).open(at("dino/data.mdb")).unwrap();
    padded.set_len(PADDED.max(bytes.len() as u64)).unwrap();
    for name in ["ntc", "perturbed"] {
        fs::hard_link(at("dino/data.mdb"), at(name).join("data.mdb")).unwrap();
    }
    let small = KeyPattern::new("gene;well;index")?;
    let results = [
        LmdbImages::open(at("small.mdb"), &small, (1, 4, 4), RawPixels::U8).and_then(|cells| images(&cells)),
        LmdbImages::set_dino(at("dino")).and_then(|cells| images(&cells)),
        LmdbImages::contrastive_ops(folder.path()).and_then(|cells| images(&cells)),
    ];
    // A file has one layout.
    if results.iter().any(Result::is_ok) { Ok(()) } else { all(results) }
}

fn images(cells: &dyn CellImages) -> Result<()> {
    let rows: Vec<usize> = (0..cells.len().min(IMAGES)).collect();
    rows.chunks(TOGETHER).try_for_each(|rows| cells.read(rows).map(drop))
}

/// The table beside the image stores.
static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = scratch();
    let path = folder.path().join("table");
    let table = df!("plate" => ["P1"; 3], "well" => ["A1", "A1", "A2"], "gene" => ["TP53", "nt", "nt"]).unwrap();
    parquet::write(&path, &table).unwrap();
    fs::read(&path).unwrap()
});

/// The file of an image store; its table is a good one of three cells.
pub fn image_store(bytes: &[u8]) -> Result<()> {
    sealed(
        "x.cells",
        bytes,
        |bytes| checksums::image_store(bytes, &TABLE),
        |path| {
            let mut beside = path.as_os_str().to_owned();
            beside.push(".parquet");
            fs::write(beside, &*TABLE).unwrap();
            let store = ImageStore::open(path)?;
            let few = |names: &[String]| names.iter().take(4).cloned().collect::<Vec<_>>();
            let (batches, perturbations) = (few(store.batches()), few(store.perturbations()));
            let mut results =
                vec![store.table().map(drop), store.table_rows(0..store.len().min(2)).map(drop), images(&store)];
            let _ = store.groups().count();
            for perturbation in &perturbations {
                results.extend(batches.iter().map(|batch| store.group(batch, perturbation).map(drop)));
                results.push(store.perturbation(perturbation).map(drop));
            }
            results.extend(batches.iter().map(|batch| store.batch(batch).map(drop)));
            results.into_iter().collect()
        },
    )
}
