//! Cells' images come back from every kind of store as they went in, grouped and joined as their tables say, and damage
//! ends in an error within two seconds.

mod common;
#[path = "common/refusal.rs"]
mod refusal;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use common::shared_file;
use ndarray::{Array2, Array3, Array4, Axis, s};
use ndarray_npy::{ReadNpyExt, WriteNpyExt};
use perturbook::images::field::{
    EdgeRule, FieldConfig, FlatField, FlatFieldConfig, align_channels, phase_shift, translated,
};
use perturbook::images::store::{ImageStore, Storage, StoreLayout, StoreWriter};
use perturbook::images::{
    CellImages, CropFolder, FieldImages, KeyPattern, LmdbImages, MemoryImages, RawPixels, batch_statistics, each_batch,
};
use perturbook::io::{parquet, tiff};
use polars::prelude::{BooleanChunked, Column, CsvReader, DataFrame, NewChunkedArray, SerReader, df};
use refusal::soon;

#[track_caller]
fn error_of<T>(result: perturbook::Result<T>) -> String {
    match result {
        Ok(_) => panic!("bad input was accepted"),
        Err(e) => e.to_string(),
    }
}

#[track_caller]
fn says(error: &str, words: &[&str]) {
    for word in words {
        assert!(error.contains(word), "{word:?} is missing in:\n{error}");
    }
}

/// What a call returns, which neither panics nor takes longer than two seconds.
#[track_caller]
fn swift<T>(mut call: impl FnMut() -> T) -> T {
    soon("a reader", || catch_unwind(AssertUnwindSafe(&mut call)).expect("a reader never panics"))
}

/// Asserts that a batch read into an array that is there is the one that is read anew, and returns it.
#[track_caller]
fn into_again(cells: &dyn CellImages, rows: &[usize]) -> Array4<f32> {
    let (channels, height, width) = cells.shape();
    let new = cells.read(rows).unwrap();
    assert_eq!(new.dim(), (rows.len(), channels, height, width));
    let mut kept = Array4::from_elem(new.dim(), f32::NAN);
    cells.read_into(rows, &mut kept).unwrap();
    assert_eq!(kept, new);
    let mut other = Array4::zeros((rows.len() + 1, channels, height, width));
    says(&error_of(cells.read_into(rows, &mut other)), &["cannot take", "fix:"]);
    let mut turned = Array4::zeros((width, height, channels, rows.len())).reversed_axes();
    says(&error_of(cells.read_into(rows, &mut turned)), &["C order"]);
    assert!(cells.read_into(&vec![cells.len(); rows.len()], &mut kept).is_err());
    new
}

/// Numbers without a pattern, from 0 to 1.
fn noise(i: usize) -> f64 {
    let mut x = (i as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

fn text(table: &DataFrame, column: &str) -> Vec<String> {
    let column = table.column(column).unwrap().str().unwrap().clone();
    column.iter().map(|value| value.unwrap().to_owned()).collect()
}

/// Keys with their new values; a key without one is deleted.
type Step = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Writes an LMDB environment with the C library, one transaction per step.
#[allow(unsafe_code)]
fn lmdb(folder: &Path, steps: &[Step]) {
    fs::create_dir_all(folder).unwrap();
    // SAFETY: the folder was made by this test and no other process maps its file.
    let env = unsafe { heed::EnvOpenOptions::new().map_size(256 << 20).open(folder).unwrap() };
    let created = env.create_databases_and_commit(env.write_txn().unwrap(), |opener, txn| {
        let database = opener.create_database::<heed::types::Bytes, heed::types::Bytes>(txn, None)?;
        Ok::<_, heed::Error>(heed::CommitOrAbort::<_, ()>::Commit(database))
    });
    let db = created.unwrap().unwrap_commit();
    for step in steps {
        let mut txn = env.write_txn().unwrap();
        for (key, value) in step {
            match value {
                Some(value) => db.put(&mut txn, key, value).unwrap(),
                None => assert!(db.delete(&mut txn, key).unwrap()),
            }
        }
        txn.commit().unwrap();
    }
}

#[test]
fn the_shared_lmdb_holds_the_shared_crops() {
    let Some(folder) = shared_file("data/ops_cells/lmdb_rebuilt") else { return };
    let Some(crops) = shared_file("data/ops_cells/images") else { return };
    let Some(metadata) = shared_file("data/ops_cells/metadata.parquet") else { return };
    let cells = LmdbImages::set_dino(&folder).unwrap();
    assert_eq!((cells.len(), cells.shape()), (10, (4, 96, 96)));
    assert_eq!(cells.channels(), ["DNA damage", "F-actin", "DNA", "microtubules"]);
    let images = into_again(&cells, &(0..10).collect::<Vec<_>>());
    assert!(images.iter().all(|value| (0.0..=1.0).contains(value)));
    assert_eq!(cells.table().get_column_names(), ["gene", "guide", "plate", "well", "tile", "index"]);
    let folder = CropFolder::open(&crops, &KeyPattern::set_dino()).unwrap();
    assert_eq!(folder.len(), 10);
    assert_eq!(text(folder.table(), "guide"), text(cells.table(), "guide"));
    assert_eq!(folder.read(&(0..10).collect::<Vec<_>>()).unwrap(), images);
    for (row, file) in text(folder.table(), "file").iter().enumerate() {
        let crop = Array3::<f32>::read_npy(fs::File::open(crops.join(file)).unwrap()).unwrap();
        assert_eq!(images.index_axis(Axis(0), row), crop, "{file}");
    }
    assert_eq!(cells.read(&[7, 7, 0]).unwrap().index_axis(Axis(0), 1), images.index_axis(Axis(0), 7));
    // The metadata agree with the keys in what both say, and add the rest.
    let metadata = parquet::read(metadata).unwrap();
    let joined = cells.with_metadata(&metadata, "index").unwrap();
    assert_eq!(text(joined.table(), "sgRNA"), text(joined.table(), "guide"));
    assert_eq!(joined.table().height(), 10);
    assert!(folder.with_metadata(&metadata, "index").unwrap().table().column("sgRNA").is_ok());
}

#[test]
fn both_environments_of_contrastive_ops_are_one_store() {
    let folder = tempfile::tempdir().unwrap();
    let image = |i: usize| -> Vec<u16> { (0..40_000).map(|p| (noise(i * 40_000 + p) * 65_536.0) as u16).collect() };
    let bytes = |i: usize| Some(image(i).iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
    let key = |uid: usize, rest: &str| format!("{uid:08}_20200202_6W-LaC024A_{rest}").into_bytes();
    let ntc = vec![(key(2, "A1_5_nontargeting_77"), bytes(0)), (key(10, "B3_1280_nontargeting_3"), bytes(1))];
    let genes = ["MT_CO2", "HLA-A", "TP53"];
    let perturbed =
        genes.iter().enumerate().map(|(i, gene)| (key(i, &format!("A2_{i}_{gene}_{}", 9 - i)), bytes(2 + i)));
    lmdb(&folder.path().join("ntc"), &[ntc]);
    lmdb(&folder.path().join("perturbed"), &[perturbed.collect()]);
    let cells = LmdbImages::contrastive_ops(folder.path()).unwrap();
    assert_eq!((cells.len(), cells.shape()), (5, (4, 100, 100)));
    let table = cells.table();
    assert_eq!(text(table, "gene"), ["nontargeting", "nontargeting", "MT_CO2", "HLA-A", "TP53"]);
    assert_eq!(text(table, "environment"), ["ntc", "ntc", "perturbed", "perturbed", "perturbed"]);
    assert_eq!(text(table, "plate"), vec!["20200202_6W-LaC024A"; 5]);
    assert_eq!(text(table, "uid")[1], "00000010");
    assert_eq!(table.column("index").unwrap().i64().unwrap().get(3), Some(8));
    let images = into_again(&cells, &[4, 0, 3]);
    for (at, i) in [4, 0, 3].into_iter().enumerate() {
        let want: Vec<f32> = image(i).into_iter().map(f32::from).collect();
        assert_eq!(images.index_axis(Axis(0), at).as_slice().unwrap(), want);
    }
    fs::remove_dir_all(folder.path().join("perturbed")).unwrap();
    says(&error_of(LmdbImages::contrastive_ops(folder.path())), &["perturbed", "fix:"]);
}

/// A deep tree: small values within leaves, written in a mixed order, with changes and deletions in later transactions.
fn deep(folder: &Path) -> Vec<(String, u8)> {
    let n = 2400;
    let key = |i: usize| format!("gene_{:05}_A{}_{i}", i * 7919 % 60_013, i % 12 + 1);
    let value = |v: u8| Some((0..16).map(|p| v.wrapping_add(p)).collect::<Vec<u8>>());
    let order: Vec<usize> = (0..n).map(|i| i * 1571 % n).collect();
    let first = order.iter().map(|&i| (key(i).into_bytes(), value(i as u8))).collect();
    let second = (0..n).step_by(3).map(|i| (key(i).into_bytes(), None)).collect();
    let third = (1..n).step_by(3).map(|i| (key(i).into_bytes(), value(200))).collect();
    lmdb(folder, &[first, second, third]);
    let mut left: Vec<(String, u8)> =
        (0..n).filter(|i| i % 3 != 0).map(|i| (key(i), if i % 3 == 1 { 200 } else { i as u8 })).collect();
    left.sort();
    left
}

fn open_deep(folder: &Path) -> perturbook::Result<LmdbImages> {
    let pattern = KeyPattern::new("gene_{number:digits}_{well:well}_{index:number}").unwrap();
    LmdbImages::open(folder, &pattern, (1, 4, 4), RawPixels::U8)
}

#[test]
fn an_lmdb_tree_of_many_pages_and_transactions_is_read_in_the_order_of_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let want = deep(folder.path());
    let cells = open_deep(folder.path()).unwrap();
    assert_eq!(cells.len(), want.len());
    let (numbers, wells) = (text(cells.table(), "number"), text(cells.table(), "well"));
    let index = cells.table().column("index").unwrap().i64().unwrap().clone();
    let images = into_again(&cells, &(0..want.len()).collect::<Vec<_>>());
    for (row, (key, value)) in want.iter().enumerate() {
        assert_eq!(format!("gene_{}_{}_{}", numbers[row], wells[row], index.get(row).unwrap()), *key);
        assert_eq!(images[[row, 0, 0, 3]], f32::from(value.wrapping_add(3)));
    }
}

#[test]
fn damaged_lmdb_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    deep(folder.path());
    let small = fs::read(folder.path().join("data.mdb")).unwrap();
    let other = tempfile::tempdir().unwrap();
    let path = other.path().join("bad.mdb");
    let check = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        swift(|| open_deep(&path).and_then(|cells| cells.read(&(0..cells.len()).collect::<Vec<_>>()).map(drop)))
    };
    assert!(check(&small).is_ok());
    for part in 0..20 {
        says(&error_of(check(&small[..small.len() * part / 20])), &["bad.mdb"]);
    }
    says(&error_of(check(&vec![7; 20_000])), &["not an LMDB", "bad.mdb"]);
    says(&error_of(check(b"")), &["not an LMDB"]);
    for page in [0, 4096] {
        for at in page..page + 170 {
            let mut changed = small.clone();
            changed[at] ^= 0xff;
            let _ = check(&changed);
        }
    }
    for at in (8192..small.len()).step_by(small.len() / 150) {
        let mut changed = small.clone();
        changed[at] ^= 0xff;
        if let Err(error) = check(&changed) {
            says(&error.to_string(), &["bad.mdb"]);
        }
    }
    // Both meta pages send every branch back to its root.
    let (mut cycle, size) = (small.clone(), 4096);
    let later = if small[144..152] > small[size + 144..size + 152] { 0 } else { size };
    let root = u64::from_le_bytes(small[later + 128..later + 136].try_into().unwrap()) as usize;
    let slots = (usize::from(u16::from_le_bytes([small[root * size + 12], small[root * size + 13]])) - 16) / 2;
    for slot in 0..slots {
        let at = root * size + 16 + 2 * slot;
        let node = root * size + usize::from(u16::from_le_bytes([small[at], small[at + 1]]));
        cycle[node..node + 4].copy_from_slice(&(root as u32).to_le_bytes());
    }
    says(&error_of(check(&cycle)), &["damaged"]);
}

#[test]
fn damage_of_large_lmdb_values_is_noticed() {
    let Some(folder) = shared_file("data/ops_cells/lmdb_rebuilt") else { return };
    let bytes = fs::read(folder.join("data.mdb")).unwrap();
    let other = tempfile::tempdir().unwrap();
    let path = other.path().join("data.mdb");
    for part in 0..20 {
        fs::write(&path, &bytes[..bytes.len() * part / 20]).unwrap();
        says(&error_of(swift(|| LmdbImages::set_dino(other.path()))), &["data.mdb"]);
    }
    for at in (0..3 * 4096).step_by(67) {
        let mut changed = bytes.clone();
        changed[at] ^= 0xff;
        fs::write(&path, &changed).unwrap();
        let _ = swift(|| LmdbImages::set_dino(other.path()).and_then(|cells| cells.read(&[0])));
    }
}

#[test]
fn lmdb_keys_and_values_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let one = |key: &[u8], size: usize| vec![vec![(key.to_vec(), Some(vec![0; size]))]];
    let pattern = KeyPattern::new("gene;well;index").unwrap();
    let open = |name: &str| error_of(LmdbImages::open(place(name), &pattern, (1, 10, 10), RawPixels::F32));
    lmdb(&place("short"), &one(b"TP53;A1;7", 399));
    says(&open("short"), &["\"TP53;A1;7\"", "399", "400", "short"]);
    lmdb(&place("key"), &one(b"TP53_A1_7", 400));
    says(&open("key"), &["TP53_A1_7", "gene;well;index", "fix:"]);
    lmdb(&place("bytes"), &one(b"TP53;\xff;7", 400));
    says(&open("bytes"), &["UTF-8"]);
    says(&open("none"), &["none", "fix:"]);
    assert!(LmdbImages::open(place("short"), &pattern, (usize::MAX, 10, 10), RawPixels::F32).is_err());
}

#[test]
fn key_patterns_are_checked_and_long_keys_stay_fast() {
    for bad in ["", "{}", "{a}{b}", "{a};{a}", "{a:colour}", "{a", "a}b", ";;"] {
        assert!(KeyPattern::new(bad).is_err(), "{bad:?}");
    }
    let pattern = KeyPattern::new("x{a}_{b}_{c}_{d}_{e:number}.").unwrap();
    let key = format!("x{}z.", "a_".repeat(250));
    assert!(swift(|| pattern.parse(&key).is_err()));
    assert_eq!(pattern.parse("xA_B_C_D_E_12.").unwrap().get("d"), Some("D_E"));
    assert!(pattern.parse("A_B_C_D_12.").is_err());
    assert!(pattern.parse("xA_B_C_D_12").is_err());
}

#[test]
fn crops_of_all_number_types_and_file_kinds_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let crop = Array3::from_shape_fn((2, 6, 5), |(c, y, x)| c * 100 + y * 10 + x);
    let save = |name: &str| fs::File::create(folder.path().join(name)).unwrap();
    crop.mapv(|v| v as u8).write_npy(save("a_1.npy")).unwrap();
    crop.mapv(|v| v as u16).write_npy(save("b_2.npy")).unwrap();
    crop.mapv(|v| v as i32).write_npy(save("c_3.npy")).unwrap();
    crop.mapv(|v| v as f32).write_npy(save("d_4.npy")).unwrap();
    crop.mapv(|v| v as f64).write_npy(save("e_5.npy")).unwrap();
    tiff::write_u16(folder.path().join("f_6.tif"), crop.mapv(|v| v as u16).view()).unwrap();
    fs::write(folder.path().join("notes.txt"), "no crop").unwrap();
    // Half floats and the other byte order, which ndarray-npy does not write.
    let header = |kind: &str| {
        let mut text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': (2, 6, 5), }}");
        text.extend(std::iter::repeat_n(' ', 117 - text.len()));
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(text.bytes().chain([b'\n']));
        bytes
    };
    let big: Vec<u8> = crop.iter().flat_map(|&v| (v as u16).to_be_bytes()).collect();
    fs::write(folder.path().join("g_7.npy"), [header(">u2"), big].concat()).unwrap();
    let halves: Vec<u8> = crop.iter().flat_map(|&v| half::f16::from_f32(v as f32).to_le_bytes()).collect();
    fs::write(folder.path().join("h_8.npy"), [header("<f2"), halves].concat()).unwrap();
    let cells = CropFolder::open(folder.path(), &KeyPattern::new("{gene}_{index:number}").unwrap()).unwrap();
    assert_eq!((cells.len(), cells.shape()), (8, (2, 6, 5)));
    let images = into_again(&cells, &(0..8).collect::<Vec<_>>());
    for (row, image) in images.outer_iter().enumerate() {
        assert_eq!(image, crop.mapv(|v| v as f32), "{:?}", text(cells.table(), "file")[row]);
    }
    says(&error_of(cells.read(&[0, 8])), &["no cell 8", "8 cells"]);
    let metadata = df!("gene" => ["a", "b"], "dose" => [1.0, 2.0]).unwrap();
    let error = error_of(
        CropFolder::open(folder.path(), &KeyPattern::new("{gene}_{index:number}").unwrap())
            .unwrap()
            .with_metadata(&metadata, "gene"),
    );
    says(&error, &["6 cells", "\"c\""]);
    let other = df!("file" => ["a_1.npy"; 2], "dose" => [1.0, 2.0]).unwrap();
    let again = CropFolder::open(folder.path(), &KeyPattern::new("key").unwrap()).unwrap();
    says(&error_of(again.with_metadata(&other, "file")), &["several rows", "a_1.npy"]);
    tiff::write_u16(folder.path().join("f_6.tif"), Array3::zeros((2, 6, 6)).view()).unwrap();
    says(&error_of(cells.read(&[5])), &["f_6.tif", "one shape"]);
}

#[test]
fn damaged_npy_crops_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    Array3::<f32>::zeros((2, 8, 8)).write_npy(fs::File::create(&path).unwrap()).unwrap();
    let bytes = fs::read(&path).unwrap();
    let check = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let open = || CropFolder::open(folder.path(), &KeyPattern::new("gene").unwrap())?.read(&[0]);
        swift(open)
    };
    assert!(check(&bytes).is_ok());
    for part in 0..20 {
        says(&error_of(check(&bytes[..bytes.len() * part / 20])), &["a.npy"]);
    }
    says(&error_of(check(&[bytes.as_slice(), &[0]].concat())), &["a.npy", "bytes"]);
    let swap = |from: &str, to: &str| {
        let text: Vec<u8> = bytes.clone();
        let at = text.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        let mut text = text;
        text[at..at + from.len()].copy_from_slice(to.as_bytes());
        text
    };
    says(&error_of(check(&swap("(2, 8, 8)", "(9999999)"))), &["a.npy"]);
    says(&error_of(check(&swap("(2, 8, 8)", "(2,-8, 8)"))), &["a.npy"]);
    assert!(check(&swap("False", "True ")).is_ok());
    says(&error_of(check(&swap("<f4", "<c8"))), &["c8"]);
    for at in 0..bytes.len().min(140) {
        let mut changed = bytes.clone();
        changed[at] ^= 0xff;
        let _ = check(&changed);
    }
}

fn plate_cells() -> Option<(PathBuf, DataFrame)> {
    let table = shared_file("data/bbbc013/cells_otsu_watershed.csv.gz")?;
    let mut text = String::new();
    let file = fs::File::open(table).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
    let table = CsvReader::new(std::io::Cursor::new(text)).finish().unwrap();
    let folder = shared_file("data/bbbc013/wells")?;
    // The table has the cells of all wells, the folder the images of some.
    let here = self::text(&table, "well").into_iter().map(|well| folder.join(format!("{well}.tif")).exists());
    let mask = BooleanChunked::from_iter_values("here".into(), here);
    Some((folder, table.filter(&mask).unwrap()))
}

#[test]
fn cells_of_the_shared_plate_are_cut_around_their_centres() {
    let Some((folder, table)) = plate_cells() else { return };
    let cells = FieldImages::open(&folder, &table, FieldConfig::new("{well}.tif", 64)).unwrap();
    assert_eq!(cells.shape(), (2, 64, 64));
    assert_eq!(cells.len() + cells.dropped(), table.height());
    assert_eq!(cells.fields(), 48);
    assert_eq!(cells.table().height(), cells.len());
    let (y, x) = (table.column("y").unwrap().f64().unwrap(), table.column("x").unwrap().f64().unwrap());
    let start = |centre: f64| (centre + 0.5).floor() as i64 - 32;
    let fits = |centre: f64| start(centre) >= 0 && start(centre) + 64 <= 640;
    let inside = y.iter().zip(x.iter()).filter(|(y, x)| fits(y.unwrap()) && fits(x.unwrap())).count();
    assert_eq!(cells.len(), inside);
    let wells = text(cells.table(), "well");
    let centre = |name: &str, row| cells.table().column(name).unwrap().f64().unwrap().get(row).unwrap();
    let rows: Vec<usize> = (0..cells.len()).step_by(cells.len() / 25).rev().collect();
    let images = into_again(&cells, &rows);
    for (image, &row) in images.outer_iter().zip(&rows) {
        let field = tiff::read(folder.join(format!("{}.tif", wells[row]))).unwrap().planes();
        let (top, left) = (start(centre("y", row)) as usize, start(centre("x", row)) as usize);
        assert_eq!(image, field.slice(s![.., top..top + 64, left..left + 64]));
    }
    // Nuclei lie in the middle of their crops: there DNA is brighter than at the rim.
    let dna = images.index_axis(Axis(1), 1);
    let (middle, all) = (dna.slice(s![.., 28..36, 28..36]).mean().unwrap(), dna.mean().unwrap());
    assert!(middle > 1.5 * all, "{middle} and {all}");
}

#[test]
fn crops_over_the_rim_are_dropped_padded_or_repeat_it() {
    let folder = tempfile::tempdir().unwrap();
    let field = Array3::from_shape_fn((1, 20, 30), |(_, y, x)| (y * 30 + x) as f32);
    tiff::write_f32(folder.path().join("f.tif"), field.view()).unwrap();
    let table = df!("f" => ["f"; 4], "cell_i" => [10, 0, 4, 16], "cell_j" => [15, 29, 4, 26]).unwrap();
    let config =
        |edge| FieldConfig { edge, centre: ("cell_i".into(), "cell_j".into()), ..FieldConfig::new("{f}.tif", 8) };
    let open = |edge| FieldImages::open(folder.path(), &table, config(edge)).unwrap();
    let dropped = open(EdgeRule::Drop);
    assert_eq!((dropped.len(), dropped.dropped()), (3, 1)); // rows 0 to 7 and 12 to 19 are within
    let padded = open(EdgeRule::Pad(-1.0)).read(&[1]).unwrap();
    assert_eq!((padded[[0, 0, 3, 0]], padded[[0, 0, 4, 4]], padded[[0, 0, 4, 5]]), (-1.0, 29.0, -1.0));
    assert_eq!(padded.iter().filter(|&&value| value == -1.0).count(), 64 - 4 * 5);
    let repeated = open(EdgeRule::Repeat).read(&[1]).unwrap();
    assert_eq!((repeated[[0, 0, 0, 0]], repeated[[0, 0, 7, 7]]), (25.0, 119.0));
    let far = df!("f" => ["f"], "cell_i" => [1e300], "cell_j" => [-1e300]).unwrap();
    says(&error_of(FieldImages::open(folder.path(), &far, config(EdgeRule::Drop))), &["no cell is left", "20 x 30"]);
    assert_eq!(
        FieldImages::open(folder.path(), &far, config(EdgeRule::Repeat)).unwrap().read(&[0]).unwrap().dim().0,
        1
    );
    let gap = df!("f" => ["f"], "cell_i" => [f64::NAN], "cell_j" => [1.0]).unwrap();
    says(&error_of(FieldImages::open(folder.path(), &gap, config(EdgeRule::Drop))), &["row 0", "cell_i"]);
    let error = error_of(FieldImages::open(folder.path(), &table, FieldConfig::new("{g}.tif", 8)));
    says(&error, &["\"g\"", "\"y\"", "\"x\"", "cell_i"]);
    let unknown = df!("f" => ["none"], "cell_i" => [4], "cell_j" => [4]).unwrap();
    says(&error_of(FieldImages::open(folder.path(), &unknown, config(EdgeRule::Drop))), &["none.tif"]);
}

/// A plane of blurred spots, evaluated at shifted places so that the shift is exact to any fraction.
fn spots(size: (usize, usize), shift: (f64, f64)) -> Array2<f32> {
    spots_of(6.0, size, shift)
}

/// The same with spots of this variance.
fn spots_of(variance: f64, size: (usize, usize), (down, right): (f64, f64)) -> Array2<f32> {
    let spot = |i: usize| (noise(3 * i) * size.0 as f64, noise(3 * i + 1) * size.1 as f64, 0.5 + noise(3 * i + 2));
    let places: Vec<_> = (0..40).map(spot).collect();
    Array2::from_shape_fn(size, |(y, x)| {
        let wrapped = |d: f64, n: usize| d - n as f64 * (d / n as f64).round();
        let light = places.iter().map(|&(y0, x0, strength)| {
            let (dy, dx) = (wrapped(y as f64 - y0 - down, size.0), wrapped(x as f64 - x0 - right, size.1));
            strength * (-(dy * dy + dx * dx) / (2.0 * variance)).exp()
        });
        light.sum::<f64>() as f32
    })
}

#[test]
fn phase_correlation_finds_whole_and_fractional_shifts() {
    let still = spots((60, 77), (0.0, 0.0));
    for (down, right) in [(0.0, 0.0), (5.0, -7.0), (-29.0, 30.0), (1.0, 0.0)] {
        let moved = spots((60, 77), (down, right));
        assert_eq!(phase_shift(still.view(), moved.view(), 1).unwrap(), (-down, -right));
    }
    for (down, right) in [(2.3, -4.6), (0.1, 0.2), (-10.45, 3.75)] {
        // Spots this sharp have something to say at every frequency.
        let (still, moved) = (spots_of(1.0, (60, 77), (0.0, 0.0)), spots_of(1.0, (60, 77), (down, right)));
        let (found_down, found_right) = phase_shift(still.view(), moved.view(), 20).unwrap();
        assert!((found_down + down).abs() <= 0.05 && (found_right + right).abs() <= 0.05, "{found_down} {found_right}");
    }
    let mut field = Array3::zeros((3, 60, 77));
    for (channel, shift) in [(0.0, 0.0), (3.0, -2.0), (-4.0, 6.0)].into_iter().enumerate() {
        field.index_axis_mut(Axis(0), channel).assign(&spots((60, 77), shift));
    }
    assert_eq!(align_channels(&mut field, 0, 1).unwrap(), [(0.0, 0.0), (-3.0, 2.0), (4.0, -6.0)]);
    for channel in 1..3 {
        let inner = s![8..52, 8..69];
        let off = &field.index_axis(Axis(0), channel).slice(inner) - &field.index_axis(Axis(0), 0).slice(inner);
        assert!(off.iter().all(|difference| difference.abs() < 1e-6));
    }
    assert_eq!(translated(still.view(), (0.0, 0.0)), still);
    assert!(phase_shift(still.view(), spots((60, 76), (0.0, 0.0)).view(), 1).is_err());
    assert!(phase_shift(still.view(), still.mapv(|_| f32::NAN).view(), 1).is_err());
    assert!(align_channels(&mut field, 3, 1).is_err());
}

#[test]
fn a_flat_field_estimated_from_fields_with_cells_evens_the_light() {
    let (height, width) = (150, 170);
    let light = |y: usize, x: usize| {
        let (dy, dx) = (y as f64 / height as f64 - 0.4, x as f64 / width as f64 - 0.6);
        1.3 - 0.9 * (dy * dy + dx * dx)
    };
    let field = |f: usize| {
        // Cells lie beyond the rim too, or corners would hold fewer of them.
        let place = |i: usize, size: usize| noise(f * 99 + i) * (size + 30) as f64 - 15.0;
        let cells: Vec<_> = (0..15).map(|c| (place(2 * c, height), place(2 * c + 1, width))).collect();
        Array3::from_shape_fn((1, height, width), |(_, y, x)| {
            let near = |&(cy, cx): &(f64, f64)| (y as f64 - cy).powi(2) + (x as f64 - cx).powi(2) < 60.0;
            let cell = if cells.iter().any(near) { 500.0 } else { 0.0 };
            (light(y, x) * (100.0 + cell)) as f32
        })
    };
    let mean_light = (0..height * width).map(|i| light(i / width, i % width)).sum::<f64>() / (height * width) as f64;
    // The light bends over a field this small: less smoothing than for a camera's whole chip.
    let config = FlatFieldConfig { block: 10, sigma: 15.0, ..FlatFieldConfig::default() };
    let flat = FlatField::estimate((0..200).map(|f| Ok(field(f))), &config).unwrap();
    let (mut worst, mut sum) = (0.0f64, 0.0);
    for ((_, y, x), &gain) in flat.gain().indexed_iter() {
        let off = (f64::from(gain) / (light(y, x) / mean_light) - 1.0).abs();
        (worst, sum) = (worst.max(off), sum + off);
    }
    let mean = sum / flat.gain().len() as f64;
    assert!(worst < 0.06 && mean < 0.015, "the gain is off by {:.1} %, at most {:.1} %", 100.0 * mean, 100.0 * worst);
    let mut corrected = field(99);
    let raw = corrected.clone();
    flat.correct(&mut corrected).unwrap();
    let background = |field: &Array3<f32>| {
        let mut dark: Vec<f32> = field.iter().copied().filter(|&value| value < 300.0).collect();
        dark.sort_by(f32::total_cmp);
        dark[dark.len() * 95 / 100] / dark[dark.len() * 5 / 100]
    };
    assert!(background(&corrected) < 1.1 && background(&raw) > 1.3, "{}", background(&corrected));
    assert!(flat.correct(&mut Array3::zeros((1, 10, 10))).is_err());
    assert!(FlatField::estimate([], &FlatFieldConfig::default()).is_err());
    assert!(FlatField::estimate([Ok(Array3::zeros((1, 9, 9)))], &FlatFieldConfig::default()).is_err());
}

#[test]
fn fields_are_corrected_aligned_and_clipped_before_cells_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    for (name, shift) in [("DNA", (0.0, 0.0)), ("actin", (2.0, -3.0))] {
        let plane = spots((80, 90), shift).mapv(|value| (1000.0 * value) as u16);
        tiff::write_u16(folder.path().join(format!("A1_{name}.tif")), plane.insert_axis(Axis(0)).view()).unwrap();
    }
    let table = df!("well" => ["A1"], "y" => [40.0], "x" => [45.0]).unwrap();
    let files = vec!["{well}_DNA.tif".to_owned(), "{well}_actin.tif".to_owned()];
    let config = FieldConfig { files, ..FieldConfig::new("", 32).as_funk2022() };
    let cells = FieldImages::open(folder.path(), &table, config).unwrap();
    let image = cells.read(&[0]).unwrap();
    assert_eq!(image.dim(), (1, 2, 32, 32));
    assert!(image.iter().all(|value| (0.0..=1.0).contains(value)));
    let off = &image.slice(s![0, 0, .., ..]) - &image.slice(s![0, 1, .., ..]);
    let worst = off.iter().fold(0.0f32, |worst, value| worst.max(value.abs()));
    assert!(worst < 0.05, "aligned channels differ by {worst}");
}

/// A small screen in mixed order: wells, genes and images that say which cell they are.
fn screen(n: usize, shape: (usize, usize, usize), value: impl Fn(usize, usize) -> f32) -> (Array4<f32>, DataFrame) {
    let size = shape.0 * shape.1 * shape.2;
    let pixels = (0..n * size).map(|i| value(i / size, i % size)).collect();
    let images = Array4::from_shape_vec((n, shape.0, shape.1, shape.2), pixels).unwrap();
    let of = |names: &[&str], salt: usize| -> Vec<String> {
        (0..n).map(|i| names[(noise(i + salt) * names.len() as f64) as usize].to_owned()).collect()
    };
    let table = df!(
        "well" => of(&["A1", "A2", "B1"], 1), "plate" => of(&["P2", "P1"], 2_000),
        "gene" => of(&["nt", "TP53", "MYC", "CDK1"], 5_000), "cell" => (0..n as i64).collect::<Vec<_>>()
    );
    (images, table.unwrap())
}

fn store(path: &Path, layout: StoreLayout, images: &Array4<f32>, table: &DataFrame) -> ImageStore {
    let _ = fs::remove_file(path);
    let mut writer = StoreWriter::create(path, layout).unwrap();
    for from in (0..table.height()).step_by(37) {
        let to = (from + 37).min(table.height());
        writer.append(images.slice(s![from..to, .., .., ..]), &table.slice(from as i64, to - from)).unwrap();
    }
    assert!(!path.exists(), "nothing stands under the final name before the end");
    let report = writer.finish().unwrap();
    assert_eq!(report.cells, table.height());
    assert_eq!(report.bytes, fs::metadata(path).unwrap().len());
    ImageStore::open(path).unwrap()
}

#[test]
fn stores_return_integers_and_floats_exactly_and_scaled_values_within_half_a_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.cells");
    let shape = (3, 5, 7);
    type Check = fn(f32, f32) -> bool;
    let whole = |most: f64| move |cell: usize, pixel: usize| (noise(cell * 105 + pixel) * (most + 1.0)).floor() as f32;
    let unit = |cell: usize, pixel: usize| noise(cell * 105 + pixel) as f32;
    let new = |storage| StoreLayout::new(shape, storage).unwrap();
    let exact: Check = |a, b| a == b;
    let cases: Vec<(StoreLayout, Array4<f32>, Check)> = vec![
        (new(Storage::U8), screen(100, shape, whole(255.0)).0, exact),
        (new(Storage::U16), screen(100, shape, whole(65_535.0)).0, exact),
        (new(Storage::F32), screen(100, shape, |c, p| (unit(c, p) - 0.5) * 1e30).0, exact),
        (new(Storage::F16), screen(100, shape, |c, p| unit(c, p) * 60_000.0).0, |a, b| {
            (a - b).abs() <= b.abs() / 2048.0
        }),
        (new(Storage::U8).range(0.0, 1.0).unwrap(), screen(100, shape, unit).0, |a, b| (a - b).abs() <= 0.5001 / 255.0),
        (
            new(Storage::U16).ranges(&[(-2.0, 5.0); 3]).unwrap(),
            screen(100, shape, |c, p| unit(c, p) * 7.0 - 2.0).0,
            |a, b| (a - b).abs() <= 3.501 / 65_535.0,
        ),
    ];
    let table = screen(100, shape, |_, _| 0.0).1;
    for (layout, images, check) in cases {
        let names = ["DNA", "actin", "γ"];
        let store = store(&path, layout.clone().channels(names).unwrap(), &images, &table);
        assert_eq!(store.channels(), names);
        assert_eq!((store.len(), store.shape()), (100, shape));
        let cells = store.table().unwrap();
        let cells = cells.column("cell").unwrap().i64().unwrap();
        let rows: Vec<usize> = (0..100).rev().collect();
        let got = into_again(&store, &rows);
        for (got, &row) in got.outer_iter().zip(&rows) {
            let want = images.index_axis(Axis(0), cells.get(row).unwrap() as usize);
            for (&got, &want) in got.iter().zip(want) {
                assert!(check(got, want), "{:?}: {got} for {want}", layout.storage());
            }
        }
    }
}

#[test]
fn stores_group_cells_that_arrive_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.cells");
    let (images, table) = screen(300, (1, 4, 4), |cell, _| cell as f32);
    let layout = StoreLayout::new((1, 4, 4), Storage::U16).unwrap();
    let mixed = store(&path, layout.clone(), &images, &table);
    assert_eq!(mixed.batches(), ["P1/A1", "P1/A2", "P1/B1", "P2/A1", "P2/A2", "P2/B1"]);
    assert_eq!(mixed.perturbations(), ["CDK1", "MYC", "TP53", "nt"]);
    let (wells, plates, genes) = (text(&table, "well"), text(&table, "plate"), text(&table, "gene"));
    let mut next = 0;
    for group in mixed.groups() {
        assert_eq!(group.rows.start, next);
        next = group.rows.end;
        let want: Vec<f32> = (0..300)
            .filter(|&i| format!("{}/{}", plates[i], wells[i]) == group.batch && genes[i] == group.perturbation)
            .map(|i| i as f32)
            .collect();
        let got = mixed.read(&group.rows.clone().collect::<Vec<_>>()).unwrap();
        assert_eq!(got.slice(s![.., 0, 0, 0]).to_vec(), want); // in the order of arrival
        assert_eq!(mixed.group(group.batch, group.perturbation).unwrap(), group.rows);
        let rows = mixed.table_rows(group.rows.clone()).unwrap();
        assert!(text(&rows, "gene").iter().all(|gene| gene == group.perturbation));
        assert_eq!(rows.height(), group.rows.len());
    }
    assert_eq!(next, 300);
    let mut kept = into_again(&mixed, &[299, 0, 7]);
    says(&error_of(mixed.read_into(&[299, 0], &mut kept)), &["(3, 1, 4, 4)", "2 images"]);
    let batch = mixed.batch("P1/B1").unwrap();
    assert_eq!(batch.len(), (0..300).filter(|&i| plates[i] == "P1" && wells[i] == "B1").count());
    let everywhere: usize = mixed.perturbation("MYC").unwrap().iter().map(|group| group.rows.len()).sum();
    assert_eq!(everywhere, genes.iter().filter(|gene| *gene == "MYC").count());
    says(&error_of(mixed.group("P1/B1", "nope")), &["\"nope\"", "\"TP53\""]);
    says(&error_of(mixed.batch("B1")), &["\"B1\"", "\"P1/B1\""]);
    // Written again in its own order, it is complete after one pass, and the same file.
    let (all, rows) = (mixed.read(&(0..300).collect::<Vec<_>>()).unwrap(), mixed.table().unwrap());
    let again = folder.path().join("again.cells");
    let mut writer = StoreWriter::create(&again, layout).unwrap();
    writer.append(all.view(), &rows).unwrap();
    assert!(!writer.finish().unwrap().regrouped);
    let (first, second) = (fs::read(&path).unwrap(), fs::read(&again).unwrap());
    let pixels = 4096..4096 + 300 * 32;
    assert_eq!(first[pixels.clone()], second[pixels]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "no temporary file is left");
}

#[test]
fn batches_come_in_order_and_end_where_something_fails() {
    let (images, _) = screen(10, (2, 3, 4), |cell, pixel| (100 * cell + pixel) as f32);
    // Kept in another order of axes, as arrays from elsewhere may be.
    let turned = images.clone().permuted_axes([0, 1, 3, 2]).as_standard_layout().into_owned();
    let cells = MemoryImages::unnamed(turned.permuted_axes([0, 1, 3, 2]));
    assert_eq!(into_again(&cells, &[9, 9, 0]), images.select(Axis(0), &[9, 9, 0]));
    let rows = [3, 1, 4, 1, 5, 9, 2, 6];
    for size in [1, 3, 8, 100] {
        let mut seen = Vec::new();
        each_batch(&cells, &rows, size, |rows, batch| {
            assert_eq!(*batch, images.select(Axis(0), rows));
            seen.extend_from_slice(rows);
            if rows[0] == 1 {
                let _ = std::mem::take(batch); // as a trainer does that keeps it
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, rows);
    }
    let mut calls = 0;
    let mut count = |fail: usize| {
        calls += 1;
        if calls == fail { Err(perturbook::Error::new("the trainer is ill")) } else { Ok(()) }
    };
    says(&error_of(each_batch(&cells, &rows, 2, |_, _| count(2))), &["the trainer is ill"]);
    says(&error_of(each_batch(&cells, &[0, 1, 2, 10], 2, |_, _| count(0))), &["no cell 10"]);
    assert_eq!(calls, 3, "the batch before a bad one is worked on");
    says(&error_of(each_batch(&cells, &rows, 0, |_, _| Ok(()))), &["at least one", "fix:"]);
    each_batch(&cells, &[], 2, |_, _| panic!("there is no batch")).unwrap();
}

#[test]
fn stores_refuse_what_they_cannot_keep() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.cells");
    let (mut images, table) = screen(20, (2, 4, 4), |cell, _| cell as f32);
    let layout = || StoreLayout::new((2, 4, 4), Storage::U8).unwrap().channels(["DNA", "actin"]).unwrap();
    images[[7, 1, 0, 0]] = 256.0;
    let refused = |images: &Array4<f32>, layout: StoreLayout, words: &[&str]| {
        let mut writer = StoreWriter::create(&path, layout).unwrap();
        says(&error_of(writer.append(images.view(), &table)), words);
    };
    refused(&images, layout(), &["256", "cell 7", "actin", "0 to 255"]);
    images[[7, 1, 0, 0]] = f32::NAN;
    for storage in [Storage::U8, Storage::U16, Storage::F16, Storage::F32] {
        refused(&images, StoreLayout::new((2, 4, 4), storage).unwrap(), &["NaN", "cell 7"]);
    }
    let writer = StoreWriter::create(&path, layout()).unwrap();
    says(&error_of(writer.finish()), &["at least one cell", "s.cells"]);
    let mut writer = StoreWriter::create(&path, layout()).unwrap();
    says(&error_of(writer.append(images.view(), &table.slice(0, 19))), &["20 images", "19 rows"]);
    says(&error_of(writer.append(images.view(), &table.drop("well").unwrap())), &["\"well\""]);
    let gap = df!("plate" => ["P"], "well" => ["A1"], "gene" => [None::<&str>]).unwrap();
    says(&error_of(writer.append(Array4::zeros((1, 2, 4, 4)).view(), &gap)), &["\"gene\"", "row 0"]);
    drop(writer);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
    assert!(StoreLayout::new((0, 4, 4), Storage::U8).is_err());
    assert!(StoreLayout::new((usize::MAX, 4, 4), Storage::U8).is_err());
    assert!(StoreLayout::new((2, 4, 4), Storage::F32).unwrap().range(0.0, 1.0).is_err());
    assert!(layout().range(1.0, 1.0).is_err());
    assert!(layout().channels(["DNA"]).is_err());
}

#[test]
fn damaged_stores_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.cells");
    let (images, table) = screen(40, (2, 6, 6), |cell, pixel| (cell + pixel) as f32);
    store(&path, StoreLayout::new((2, 6, 6), Storage::U16).unwrap(), &images, &table);
    let bytes = fs::read(&path).unwrap();
    let check = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        swift(|| ImageStore::open(&path).and_then(|store| store.read(&(0..store.len()).collect::<Vec<_>>()).map(drop)))
    };
    for part in 0..20 {
        says(&error_of(check(&bytes[..bytes.len() * part / 20])), &["s.cells"]);
    }
    says(&error_of(check(&[bytes.as_slice(), &[0]].concat())), &["damaged"]);
    says(&error_of(check(b"<html>404 not found</html>")), &["not an image store"]);
    let pixels = 4096..4096 + 40 * 144;
    for at in (0..200).chain(pixels.end..bytes.len()) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x41;
        says(&error_of(check(&changed)), &["s.cells"]);
    }
    assert!(check(&bytes).is_ok());
    let beside = folder.path().join("s.cells.parquet");
    parquet::write(&beside, &table.slice(0, 39)).unwrap();
    says(&error_of(check(&bytes)), &["s.cells.parquet", "fix:"]);
    fs::remove_file(beside).unwrap();
    says(&error_of(check(&bytes)), &["s.cells.parquet", "beside"]);
}

/// Mean, standard deviation, median and MAD by sorting.
fn by_sorting(values: &[f32]) -> [f64; 4] {
    let middle = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
    };
    let mut values: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let std = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
    let median = middle(&mut values);
    let mad = middle(&mut values.iter().map(|value| (value - median).abs()).collect());
    [mean, std, median, mad]
}

#[test]
fn control_statistics_of_each_batch_are_those_of_its_control_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.cells");
    let (images, table) = screen(400, (2, 5, 5), |cell, pixel| {
        (noise(cell * 50 + pixel).powi(3) * 50_000.0 + if pixel < 25 { 0.0 } else { 900.0 }).floor() as f32
    });
    let integers = store(&path, StoreLayout::new((2, 5, 5), Storage::U16).unwrap(), &images, &table);
    let statistics = integers.control_statistics("nt").unwrap();
    assert_eq!(statistics.batches().len(), 6);
    assert_eq!(statistics.table().unwrap().height(), 12);
    let (wells, plates, genes) = (text(&table, "well"), text(&table, "plate"), text(&table, "gene"));
    for (batch, channels) in statistics.batches() {
        let rows: Vec<usize> =
            (0..400).filter(|&i| genes[i] == "nt" && format!("{}/{}", plates[i], wells[i]) == *batch).collect();
        for (channel, got) in channels.iter().enumerate() {
            let pixels: Vec<f32> = rows
                .iter()
                .flat_map(|&row| images.slice(s![row, channel, .., ..]).iter().copied().collect::<Vec<_>>())
                .collect();
            let [mean, std, median, mad] = by_sorting(&pixels);
            assert_eq!(got.pixels, pixels.len() as u64);
            assert!((got.mean / mean - 1.0).abs() < 1e-12 && (got.std / std - 1.0).abs() < 1e-9);
            assert_eq!((got.median, got.mad), (median, mad));
        }
    }
    says(&error_of(integers.control_statistics("nontargeting")), &["\"nontargeting\"", "\"nt\""]);
    // Values that are no whole numbers, some negative.
    let images = images.mapv(|value| (value / 50_000.0 - 0.2).sin());
    let cells = MemoryImages::unnamed(images.clone());
    let batches = [("all".to_owned(), (0..400).collect::<Vec<_>>())];
    let statistics = batch_statistics(&cells, &batches).unwrap();
    for (channel, got) in statistics.batch("all").unwrap().iter().enumerate() {
        let pixels: Vec<f32> = images.index_axis(Axis(1), channel).iter().copied().collect();
        let [mean, std, median, mad] = by_sorting(&pixels);
        assert!((got.mean - mean).abs() < 1e-12 && (got.std / std - 1.0).abs() < 1e-9);
        assert!((got.median - median).abs() <= 1.3e-4 * median.abs());
        assert!((got.mad - mad).abs() <= 1.3e-4 * (mad + 2.0 * median.abs()));
    }
    let nan = MemoryImages::unnamed(Array4::from_elem((1, 1, 2, 2), f32::NAN));
    says(&error_of(batch_statistics(&nan, &[("A1".into(), vec![0])])), &["NaN", "cell 0", "A1"]);
    says(&error_of(batch_statistics(&nan, &[("A1".into(), vec![])])), &["no cell", "A1"]);
}

#[test]
fn the_shared_crops_go_through_a_store_unchanged() {
    let Some(folder) = shared_file("data/ops_cells/lmdb_rebuilt") else { return };
    let cells = LmdbImages::set_dino(&folder).unwrap();
    let images = cells.read(&(0..10).collect::<Vec<_>>()).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("ops.cells");
    for (storage, most) in [(Storage::F32, 0.0), (Storage::U16, 0.51 / 65_535.0), (Storage::F16, 1.0 / 4096.0)] {
        let layout = StoreLayout::new((4, 96, 96), storage).unwrap();
        let layout = if storage == Storage::U16 { layout.range(0.0, 1.0).unwrap() } else { layout };
        let store = store(&path, layout, &images, cells.table());
        let order = store.table().unwrap();
        let genes = text(cells.table(), "gene");
        for (row, gene) in text(&order, "gene").iter().enumerate() {
            let want = images.index_axis(Axis(0), genes.iter().position(|g| g == gene).unwrap());
            let got = store.read(&[row]).unwrap();
            let worst = got.iter().zip(want).fold(0.0f32, |worst, (a, b)| worst.max((a - b).abs()));
            assert!(worst <= most, "{storage:?}: off by {worst}");
        }
    }
}

#[test]
fn a_table_keeps_its_columns_through_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.cells");
    let (images, mut table) = screen(30, (1, 2, 2), |cell, _| cell as f32);
    table.with_column(Column::new("dose".into(), (0..30).map(f64::from).collect::<Vec<_>>())).unwrap();
    let layout = StoreLayout::new((1, 2, 2), Storage::F32).unwrap().grouped(["well"], "gene");
    let store = store(&path, layout, &images, &table);
    let kept = store.table().unwrap();
    assert_eq!(kept.get_column_names(), table.get_column_names());
    let (cells, doses) = (kept.column("cell").unwrap().i64().unwrap(), kept.column("dose").unwrap().f64().unwrap());
    assert!(cells.iter().zip(doses.iter()).all(|(cell, dose)| cell.unwrap() as f64 == dose.unwrap()));
}
