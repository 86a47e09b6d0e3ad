//! numpy's and safetensors' arrays: round trips, what Python writes, and damaged files.

mod common;
#[path = "common/peer.rs"]
mod peer;
#[path = "common/refusal.rs"]
mod refusal;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use common::{shared, shared_file, skipped};
use half::{bf16, f16};
use ndarray::{Array, Array2, Array3, ArrayD, array};
use peer::Peer;
use perturbook::Result;
use perturbook::io::npy::{self, Npz, write_npz};
use perturbook::io::numbers::{Dtype, Number, Stored};
use perturbook::io::safetensors::{self, SafeTensors};
use refusal::{cuts, refused};
use serde_json::Value;

fn trip<T: Number + PartialEq + std::fmt::Debug>(folder: &Path, values: Vec<T>) {
    let array = Array::from_shape_vec((2, values.len() / 2), values).unwrap();
    let name = T::DTYPE.name();
    if T::DTYPE != Dtype::Bf16 {
        let path = folder.join(format!("{name}.npy"));
        npy::write(&path, &array).unwrap();
        assert_eq!(npy::read::<T>(&path).unwrap(), array.clone().into_dyn());
        assert_eq!(npy::describe(&path).unwrap().dtype, T::DTYPE);
        write_npz(folder.join("one.npz"), &[(name, (&array).into())]).unwrap();
        assert_eq!(Npz::open(folder.join("one.npz")).unwrap().read::<T>(name).unwrap(), array.clone().into_dyn());
    }
    let path = folder.join("one.safetensors");
    safetensors::write(&path, &[(name, (&array).into())]).unwrap();
    let file = SafeTensors::open(&path).unwrap();
    assert_eq!(file.read::<T>(name).unwrap(), array.into_dyn());
    assert_eq!(file.dtype(name).unwrap(), T::DTYPE);
}

#[test]
fn every_type_survives_a_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    trip(at, vec![true, false, false, true]);
    trip(at, vec![i8::MIN, -1, 0, i8::MAX]);
    trip(at, vec![i16::MIN, -1, 0, i16::MAX]);
    trip(at, vec![i32::MIN, -1, 0, i32::MAX]);
    trip(at, vec![i64::MIN, -1, 0, i64::MAX]);
    trip(at, vec![u8::MIN, 1, 2, u8::MAX]);
    trip(at, vec![u16::MIN, 1, 2, u16::MAX]);
    trip(at, vec![u32::MIN, 1, 2, u32::MAX]);
    trip(at, vec![u64::MIN, 1, 2, u64::MAX]);
    trip(at, vec![f16::MIN, f16::EPSILON, f16::INFINITY, f16::from_f32(0.5)]);
    trip(at, vec![bf16::MIN, bf16::EPSILON, bf16::INFINITY, bf16::from_f32(0.5)]);
    trip(at, vec![f32::MIN, f32::EPSILON, f32::INFINITY, 0.1]);
    trip(at, vec![f64::MIN, f64::EPSILON, f64::INFINITY, 0.1]);
}

#[test]
fn shapes_of_every_rank_survive_views_included() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    for shape in [vec![], vec![0], vec![5], vec![3, 0, 2], vec![2, 3, 4, 5]] {
        let n: usize = shape.iter().product();
        let array = ArrayD::from_shape_vec(shape.clone(), (0..n).map(|v| v as f32).collect()).unwrap();
        npy::write(&path, &array).unwrap();
        assert_eq!(npy::read::<f32>(&path).unwrap(), array);
        assert_eq!(npy::describe(&path).unwrap().shape, shape);
    }
    let array = Array3::from_shape_fn((3, 4, 5), |(i, j, k)| (i * 100 + j * 10 + k) as f64);
    let view = array.slice(ndarray::s![..;2, 1.., ..;-1]);
    npy::write(&path, &view).unwrap();
    assert_eq!(npy::read::<f64>(&path).unwrap(), view.into_dyn());
    npy::write(&path, &array.view().reversed_axes()).unwrap();
    assert_eq!(npy::read::<f64>(&path).unwrap(), array.reversed_axes().into_dyn());
}

#[test]
fn a_narrow_type_does_not_take_what_it_would_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    npy::write(&path, &array![300i64, -1]).unwrap();
    let error = npy::read::<u8>(&path).unwrap_err().to_string();
    assert!(error.contains("i64") && error.contains("u8") && error.contains("x.npy"), "{error}");
    assert_eq!(npy::read::<f32>(&path).unwrap(), array![300.0f32, -1.0].into_dyn());
}

#[test]
fn what_numpy_and_torch_write_is_read() {
    let Some(peer) = Peer::new("arrays_peer.py", "numpy") else { return };
    let folder = tempfile::tempdir().unwrap();
    let want = peer.json([folder.path()]);
    for (name, want) in want["npy"].as_object().unwrap() {
        compare(&npy::read::<f64>(folder.path().join(name)).unwrap(), want, name);
    }
    for name in ["stored.npz", "deflated.npz"] {
        let arrays = Npz::open(folder.path().join(name)).unwrap();
        for (array, want) in want["npz"].as_object().unwrap() {
            compare(&arrays.read::<f64>(array).unwrap(), want, &format!("{name}, {array}"));
        }
    }
    for (name, words) in [
        ("objects.npy", ["pickled", "fix:"]),
        ("text.npy", ["text", "fix:"]),
        ("records.npy", ["records", "fix:"]),
        ("times.npy", ["times", "fix:"]),
    ] {
        let error = npy::read::<f64>(folder.path().join(name)).unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
    if want["safetensors"].is_null() {
        return skipped("python3 has no safetensors");
    }
    let file = SafeTensors::open(folder.path().join("x.safetensors")).unwrap();
    for (array, want) in want["safetensors"].as_object().unwrap() {
        compare(&file.read::<f64>(array).unwrap(), want, array);
    }
    assert_eq!(file.metadata()["made"], "for a test");
}

#[track_caller]
fn compare(got: &ArrayD<f64>, want: &Value, place: &str) {
    let shape: Vec<u64> = got.shape().iter().map(|&axis| axis as u64).collect();
    assert_eq!(serde_json::json!(shape), want["shape"], "{place}");
    let values: Vec<f64> = want["values"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    // JSON's numbers are exact to the last digit but one.
    let same = got.iter().zip(&values).all(|(got, want)| (got - want).abs() <= 4e-16 * want.abs());
    assert!(same && got.len() == values.len(), "{place}: {got}, expected {values:?}");
}

#[test]
fn what_we_write_is_read_by_numpy_and_safetensors() {
    let Some(peer) = Peer::new("arrays_peer.py", "numpy") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let x = Array2::from_shape_fn((3, 4), |(i, j)| i as f32 - j as f32 * 0.5);
    npy::write(file("x.npy"), &x).unwrap();
    let parts: [(&str, Stored); 2] = [("x", (&x).into()), ("n", (&array![7u16, 9]).into())];
    write_npz(file("x.npz"), &parts).unwrap();
    safetensors::write(file("x.safetensors"), &parts).unwrap();
    let said = peer.json(["read".as_ref(), folder.path().as_os_str()]);
    let want = serde_json::json!({"dtype": "float32", "shape": [3, 4], "values": x.mapv(f64::from).iter().collect::<Vec<_>>()});
    let number = serde_json::json!({"dtype": "uint16", "shape": [2], "values": [7, 9]});
    assert_eq!(said["npy"], want);
    assert_eq!(said["npz"]["x"], want);
    assert_eq!(said["npz"]["n"], number);
    if said["safetensors"].is_null() {
        return skipped("python3 has no safetensors");
    }
    assert_eq!(said["safetensors"]["x"], want);
    assert_eq!(said["safetensors"]["n"], number);
}

/// All files under a folder with this ending.
fn files(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, into);
        } else if path.extension().is_some_and(|found| found == ending) {
            into.push(path);
        }
    }
}

#[test]
fn every_shared_array_is_what_another_reader_says() {
    if shared_file("oracles").is_none() {
        return;
    }
    let mut paths = Vec::new();
    files(&shared(), "npy", &mut paths);
    assert!(paths.len() > 100, "{}", paths.len());
    for path in &paths {
        let header = npy::describe(path).unwrap();
        let got = npy::read::<f64>(path).unwrap();
        assert_eq!(got.shape(), header.shape);
        // ndarray-npy reads a type only as itself.
        let want: Option<ArrayD<f64>> = match header.dtype {
            Dtype::F64 => Some(ndarray_npy::read_npy(path).unwrap()),
            Dtype::F32 => Some(ndarray_npy::read_npy::<_, ArrayD<f32>>(path).unwrap().mapv(f64::from)),
            Dtype::I64 => Some(ndarray_npy::read_npy::<_, ArrayD<i64>>(path).unwrap().mapv(|v| v as f64)),
            Dtype::I32 => Some(ndarray_npy::read_npy::<_, ArrayD<i32>>(path).unwrap().mapv(f64::from)),
            Dtype::U8 => Some(ndarray_npy::read_npy::<_, ArrayD<u8>>(path).unwrap().mapv(f64::from)),
            Dtype::Bool => {
                Some(ndarray_npy::read_npy::<_, ArrayD<bool>>(path).unwrap().mapv(|v| f64::from(u8::from(v))))
            }
            _ => None,
        };
        if let Some(want) = want {
            let same = got.iter().zip(&want).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
            assert!(same && got.shape() == want.shape(), "{}", path.display());
        }
    }
    let mut tensors = Vec::new();
    files(&shared(), "safetensors", &mut tensors);
    for path in &tensors {
        let file = SafeTensors::open(path).unwrap();
        let bytes = fs::read(path).unwrap();
        let other = ::safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.names().len(), other.len());
        for name in file.names() {
            let (got, want) = (file.read::<f64>(&name).unwrap(), other.tensor(&name).unwrap());
            assert_eq!(got.shape(), want.shape(), "{} {name}", path.display());
            if file.dtype(&name).unwrap() == Dtype::F32 {
                let want = want.data().as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b)));
                assert!(got.iter().copied().eq(want), "{} {name}", path.display());
            }
        }
    }
    println!("{} npy and {} safetensors files", paths.len(), tensors.len());
}

#[test]
fn the_shared_archive_is_the_cell_it_belongs_to() {
    let Some(path) = shared_file("data/formats/tiff/setdino_cell0_u16_expected.npz") else { return };
    let arrays = Npz::open(path).unwrap();
    let names = arrays.names();
    assert_eq!(names, ["u16"]);
    let cell = arrays.read::<u16>("u16").unwrap();
    assert_eq!(cell.shape(), [4, 96, 96]);
    let wide = arrays.read::<f64>("u16").unwrap();
    assert!(cell.iter().zip(&wide).all(|(&a, &b)| f64::from(a) == b));
}

// Damaged files.

fn read_npz(path: &Path) -> Result<()> {
    let arrays = Npz::open(path)?;
    for name in arrays.names() {
        arrays.read::<f64>(name)?;
    }
    Ok(())
}

fn read_safetensors(path: &Path) -> Result<()> {
    let file = SafeTensors::open(path)?;
    for name in file.names() {
        file.read::<f64>(&name)?;
    }
    Ok(())
}

#[test]
fn files_cut_anywhere_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let x = Array2::from_shape_fn((40, 50), |(i, j)| (i * j) as f64);
    npy::write(file("x.npy"), &x).unwrap();
    cuts(&file("x.npy"), |path| npy::read::<f64>(path).map(|_| ()));
    write_npz(file("x.npz"), &[("x", (&x).into()), ("y", (&x).into())]).unwrap();
    cuts(&file("x.npz"), read_npz);
    safetensors::write(file("x.safetensors"), &[("x", (&x).into()), ("y", (&x).into())]).unwrap();
    cuts(&file("x.safetensors"), read_safetensors);
}

#[test]
fn wrong_marks_lengths_and_shapes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let numpy = |header: &str, data: usize| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(std::iter::repeat_n(0, data));
        bytes
    };
    let shape =
        |shape: &str, data| numpy(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"), data);
    for (bytes, word) in [
        (b"<html>".to_vec(), "not an npy file"),
        (Vec::new(), "empty"),
        (b"\x93NUMPY\x09\x00".to_vec(), "version 9"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(), "claims"),
        (shape("(3,)", 23), "cut short"),
        (shape("(3,)", 25), "longer"),
        (shape("(1000000000000,)", 80), "cut short"),
        (shape("(4294967296, 4294967296, 4294967296)", 80), "claims a shape"),
        (shape("(0, 18446744073709551615, 2)", 0), "claims a shape"),
        (shape("(99999999999999999999999,)", 0), "damaged"),
        (shape("(3", 24), "damaged"),
        (numpy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8), "pickled"),
        (numpy("\u{fffd}\u{1}", 8), "damaged"),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = refused(word, || npy::read::<f64>(&path));
        assert!(error.contains(word) && error.contains("x.npy"), "{word}: {error}");
    }
    // A header that is not text.
    let mut bytes = shape("(3,)", 24);
    bytes[20] = 0xff;
    fs::write(&path, bytes).unwrap();
    refused("not text", || npy::read::<f64>(&path));
}

#[test]
fn archives_that_lie_about_their_size_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.npz");
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000,), }";
    let mut start = b"\x93NUMPY\x01\x00".to_vec();
    start.extend((header.len() as u16).to_le_bytes());
    start.extend(header.bytes());
    // 8 GB of zeros claimed, none there
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let mut archive = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    archive.start_file("x.npy", options).unwrap();
    archive.write_all(&start).unwrap();
    archive.finish().unwrap();
    let error = refused("shape", || read_npz(&path));
    assert!(error.contains("its member has 0"), "{error}");
    // 300 MB of zeros that are there, in 300 kB
    let header = header.replace("1000000000", "37500000");
    let mut start = b"\x93NUMPY\x01\x00".to_vec();
    start.extend((header.len() as u16).to_le_bytes());
    start.extend(header.bytes());
    let mut archive = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    archive.start_file("x.npy", options).unwrap();
    archive.write_all(&start).unwrap();
    for _ in 0..300 {
        archive.write_all(&vec![0; 1_000_000]).unwrap();
    }
    archive.finish().unwrap();
    let error = refused("bomb", || read_npz(&path));
    assert!(error.contains("compression bomb"), "{error}");
    // a changed byte of the numbers
    let x = Array2::from_elem((50, 50), 1.0);
    write_npz(&path, &[("x", (&x).into())]).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[1_000] ^= 1;
    fs::write(&path, bytes).unwrap();
    refused("checksum", || read_npz(&path));
    fs::write(&path, b"PK\x05\x06").unwrap();
    refused("zip", || read_npz(&path));
}

#[test]
fn safetensors_headers_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    let made = |header: &str, data: usize| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.bytes());
        bytes.extend(std::iter::repeat_n(0, data));
        bytes
    };
    let one = |dtype: &str, shape: &str, offsets: &str, data| {
        made(&format!(r#"{{"x":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#), data)
    };
    let deep = "[".repeat(100_000);
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("a header beyond the file", u64::MAX.to_le_bytes().to_vec()),
        ("a long header", [&(1u64 << 40).to_le_bytes()[..], b"{}"].concat()),
        ("no JSON", made("{\"x\":", 0)),
        ("deep JSON", made(&deep, 0)),
        ("not text", [&2u64.to_le_bytes()[..], b"\xff\xfe"].concat()),
        ("too few numbers", one("F32", "[2,2]", "[0,16]", 12)),
        ("too many numbers", one("F32", "[2,2]", "[0,16]", 20)),
        ("a gap", one("F32", "[2,2]", "[4,20]", 20)),
        ("another shape", one("F32", "[2,3]", "[0,16]", 16)),
        ("offsets that fall", one("F32", "[2,2]", "[16,0]", 16)),
        ("a shape that overflows", one("F32", "[4294967296,4294967296,4]", "[0,16]", 16)),
        ("an unknown type", one("F99", "[4]", "[0,16]", 16)),
        ("8-bit floats", one("F8_E4M3", "[16]", "[0,16]", 16)),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = refused(what, || read_safetensors(&path));
        assert!(error.contains("x.safetensors") && error.contains("fix:"), "{what}: {error}");
    }
    safetensors::write(&path, &[("x", (&array![1.0f32]).into())]).unwrap();
    let error = SafeTensors::open(&path).unwrap().read::<f32>("y").unwrap_err().to_string();
    assert!(error.contains("\"x\""), "{error}");
    assert!(safetensors::write(&path, &[("x", (&array![1.0f32]).into()), ("x", (&array![1.0f32]).into())]).is_err());
}
