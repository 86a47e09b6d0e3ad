//! Small files that claim much, or hide much behind few bytes: refused soon and within little memory.

#[path = "common/lmdb_bytes.rs"]
mod lmdb_bytes;
#[path = "common/refusal.rs"]
mod refusal;
#[path = "common/tiff_bytes.rs"]
mod tiff_bytes;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};
use perturbook::images::{KeyPattern, LmdbImages, RawPixels};
use perturbook::io::delimited::Delimited;
use perturbook::io::features::FeatureTable;
use perturbook::io::h5ad::H5ad;
use perturbook::io::npy::Npz;
use perturbook::io::{tenx, tiff};
use refusal::refused;
use tempfile::TempDir;

fn put(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[track_caller]
fn says(error: &str, words: &[&str]) {
    for word in words {
        assert!(error.contains(word), "{word:?} is missing in:\n{error}");
    }
}

#[test]
fn tiff_pixels_and_what_they_are_unpacked_from_are_counted_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![0; 80_000]).unwrap();
    let packed = packed.finish().unwrap();
    let strips = |height: u64| {
        tiff_bytes::raw(
            &[
                (256, 4, vec![8000]),
                (257, 4, vec![height]),
                (258, 3, vec![32]),
                (259, 3, vec![8]),
                (273, 4, vec![1000]),
                (278, 4, vec![height]),
                (279, 4, vec![packed.len() as u64]),
                (339, 3, vec![3]),
            ],
            &packed,
        )
    };
    // 256 MB of pixels, from as much again.
    says(&refused("bomb", || tiff::read(put(&folder, "bomb.tif", strips(8000)))), &["bomb.tif", "claims"]);
    says(&refused("short", || tiff::read(put(&folder, "short.tif", strips(3)))), &["fewer pixels"]);
    // Tiles of which one pixel each is within the image.
    let tiles = tiff_bytes::raw(
        &[
            (256, 4, vec![20]),
            (257, 4, vec![1]),
            (258, 3, vec![8]),
            (259, 3, vec![8]),
            (322, 4, vec![1]),
            (323, 4, vec![60 << 20]),
            (324, 4, vec![1000; 20]),
            (325, 4, vec![packed.len() as u64; 20]),
        ],
        &packed,
    );
    let tiles = put(&folder, "tiles.tif", tiles);
    says(&refused("tiles", || tiff::read(&tiles)), &["tiles.tif", "claims"]);
}

#[test]
fn lmdb_nodes_that_overlap_and_keys_that_are_too_long_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pattern = KeyPattern::new("gene;well;index").unwrap();
    let open = |bytes: &[u8]| {
        let path = put(&folder, "data.mdb", bytes);
        LmdbImages::open(path, &pattern, (1, 4, 4), RawPixels::U8)
    };
    let values: Vec<(String, Vec<u8>)> = (0..6u8).map(|i| (format!("TP53;A{i};{i}"), vec![i; 16])).collect();
    let good = lmdb_bytes::inline(&values);
    assert!(open(&good).is_ok());
    // Every slot of the leaf points to its first node; so many keys do not fit into it.
    let mut same = good.clone();
    let leaf = 2 * 512;
    let slots = 100;
    let first = [good[leaf + 16], good[leaf + 17]];
    same[leaf + 12..leaf + 14].copy_from_slice(&(16 + 2 * slots as u16).to_le_bytes());
    (0..slots).for_each(|slot| same[leaf + 16 + 2 * slot..leaf + 18 + 2 * slot].copy_from_slice(&first));
    for meta in [0, 512] {
        same[meta + 120..meta + 128].copy_from_slice(&(slots as u64).to_le_bytes());
    }
    says(&refused("overlap", || open(&same)), &["page 2", "taken apart"]);
}

#[test]
fn texts_of_many_empty_fields_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let wide = put(&folder, "wide.csv", vec![b','; 200_000]);
    says(&refused("wide", || FeatureTable::open(&wide)), &["wide.csv", "131072 fields"]);
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(b"a,b,c,d,e\n").unwrap();
    packed.write_all(&b",,,,\n".repeat(1_000_000)).unwrap();
    let bomb = put(&folder, "bomb.csv.gz", packed.finish().unwrap());
    says(&refused("bomb", || Delimited::read(&bomb)), &["bomb.csv.gz", "fields in a file of"]);
}

#[test]
fn bytes_that_are_asked_for_as_floats_are_counted_as_floats() {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("x.npy", options).unwrap();
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (41943040,), }";
    let mut start = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    start.extend(format!("{header:<117}\n").bytes());
    archive.write_all(&start).unwrap();
    archive.write_all(&vec![0; 40 << 20]).unwrap();
    let path = put(&folder, "zeros.npz", archive.finish().unwrap().into_inner());
    let arrays = Npz::open(&path).unwrap();
    says(&refused("as f64", || arrays.read::<f64>("x")), &["zeros.npz", "claims"]);
    assert_eq!(arrays.read::<u8>("x").unwrap().len(), 40 << 20);
}

fn text(group: &mut GroupBuilder, name: &str, value: &str) {
    group.set_attr(name, AttrValue::String(value.to_owned()));
}

#[test]
fn categories_of_categories_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5ad");
    let mut file = FileBuilder::new();
    for name in ["obs", "var"] {
        let mut table = file.create_group(name);
        text(&mut table, "_index", "_index");
        table.create_dataset("_index").with_strings(&["a", "b"]).unwrap();
        let mut guide = table.create_group("guide");
        text(&mut guide, "encoding-type", "categorical");
        guide.create_dataset("codes").with_i32_data(&[0, 0]);
        let mut inner = guide.create_group("categories");
        text(&mut inner, "encoding-type", "categorical");
        inner.create_dataset("codes").with_i32_data(&[0]);
        inner.create_dataset("categories").with_strings(&["nt"]).unwrap();
        guide.add_group(inner.finish());
        table.add_group(guide.finish());
        file.add_group(table.finish());
    }
    file.write(&path).unwrap();
    says(&refused("categories", || H5ad::open(&path)?.obs()), &["x.h5ad", "/obs/guide/categories"]);
}

#[test]
fn lists_of_nothing_are_short_however_long_they_claim_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.h5");
    let mut file = FileBuilder::new();
    let mut matrix = file.create_group("matrix");
    matrix.create_dataset("barcodes").with_vlen_strings(&[]).with_shape(&[1 << 50, 0]);
    matrix.create_dataset("shape").with_i32_data(&[1, 1]);
    let mut features = matrix.create_group("features");
    features.create_dataset("id").with_strings(&["g"]).unwrap();
    features.create_dataset("name").with_strings(&["g"]).unwrap();
    matrix.add_group(features.finish());
    file.add_group(matrix.finish());
    file.write(&path).unwrap();
    says(&refused("nothing", || tenx::read_h5(&path)), &["x.h5", "0 barcodes"]);
}
