//! Image files: every variant is read as it was written, the shared files as other readers see them, and damage ends in
//! an error within two seconds.

mod common;
#[path = "common/refusal.rs"]
mod refusal;
#[path = "common/tiff_bytes.rs"]
mod tiff_bytes;

use std::fs;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{shared_file, skipped};
use ndarray::{Array3, Array4, ArrayD};
use ndarray_npy::ReadNpyExt;
use perturbook::images::{Picture, PixelKind};
use perturbook::io::{png, tiff};
use refusal::{peak_kb, soon};
use tiff_bytes::{PageSpec, raw};

fn written(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// The reader's answer to bytes, which may be an error but no panic, and comes within two seconds.
#[track_caller]
fn answer(path: &Path, read: fn(&Path) -> perturbook::Result<Picture>, bytes: &[u8]) -> perturbook::Result<Picture> {
    fs::write(path, bytes).unwrap();
    soon("a reader", || catch_unwind(AssertUnwindSafe(|| read(path))).expect("a reader never panics"))
}

#[track_caller]
fn refused(path: &Path, read: fn(&Path) -> perturbook::Result<Picture>, bytes: &[u8], words: &[&str]) {
    let error = answer(path, read, bytes).expect_err("damage was accepted").to_string();
    let name = path.file_name().unwrap().to_str().unwrap();
    for word in words.iter().chain([&name]) {
        assert!(error.contains(word), "{word:?} is missing in:\n{error}");
    }
}

fn read_tiff(path: &Path) -> perturbook::Result<Picture> {
    tiff::read(path)
}

fn read_png(path: &Path) -> perturbook::Result<Picture> {
    png::read(path)
}

fn shared_tiffs() -> Vec<PathBuf> {
    let Some(folder) = shared_file("data/formats/tiff") else { return Vec::new() };
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "tif" || e == "tiff"));
    files.sort();
    files
}

/// Every layout that a page can have.
fn variants() -> Vec<PageSpec> {
    let mut all = Vec::new();
    for (format, bits) in [(1, 8), (1, 16), (1, 32), (1, 64), (2, 8), (2, 16), (2, 32), (3, 16), (3, 32), (3, 64)] {
        for (samples, planar) in [(1, false), (3, false), (3, true), (5, false), (5, true)] {
            for chunk in [(23, 0), (7, 0), (16, 16)] {
                for (compression, predictor) in [(1, 1), (8, 1), (8, 2), (8, 3), (32773, 1), (32773, 2)] {
                    if predictor == 3 && format != 3 {
                        continue;
                    }
                    let photometric = if samples == 3 { 2 } else { 1 };
                    let grey = PageSpec::grey(23, 37, bits);
                    all.push(PageSpec { samples, planar, chunk, format, compression, predictor, photometric, ..grey });
                }
            }
        }
    }
    all
}

#[test]
fn tiff_of_every_layout_byte_order_and_offset_size_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for spec in variants() {
        for (big_endian, big_tiff) in [(false, false), (true, false), (false, true), (true, true)] {
            let path = written(folder.path(), "one.tif", &tiff_bytes::tiff(&spec, 2, big_endian, big_tiff));
            let what = format!(
                "{} bits, format {}, {} samples, planar {}, chunk {:?}, compression {}, predictor {}, big {big_endian} {big_tiff}",
                spec.bits, spec.format, spec.samples, spec.planar, spec.chunk, spec.compression, spec.predictor
            );
            let picture = tiff::read(&path).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_eq!(picture.pixel().bits, spec.bits, "{what}");
            let kind = [PixelKind::Unsigned, PixelKind::Signed, PixelKind::Float][usize::from(spec.format) - 1];
            assert_eq!(picture.pixel().kind, kind, "{what}");
            assert_eq!(picture.size(), (spec.height, spec.width), "{what}");
            let planes = picture.planes();
            assert_eq!(planes.dim(), (2 * spec.samples, spec.height, spec.width), "{what}");
            for ((plane, y, x), &got) in planes.indexed_iter() {
                let want = spec.value(plane / spec.samples, plane % spec.samples, y, x) as f32;
                assert_eq!(got, want, "{what}, plane {plane}, row {y}, column {x}");
            }
            let mut again = Array4::from_elem(picture.values().dim(), f32::NAN);
            let about = tiff::read_into(&path, &mut again).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_eq!(&again, picture.values(), "{what}");
            assert_eq!(about.channels, picture.channels(), "{what}");
            count += 1;
        }
    }
    assert!(count > 1000);
}

#[test]
fn large_pages_are_read_in_parts_that_meet() {
    let folder = tempfile::tempdir().unwrap();
    // Chunks that are larger and smaller than a part, that end within the page, and that do not follow each other.
    for (samples, planar) in [(1, false), (3, false), (3, true)] {
        for (height, width) in [(400, 301), (3, 40_001), (40_001, 3)] {
            for chunk in [(height, 0), (7, 0), (1, 0), (256, 64)] {
                if height * width / chunk.0 / chunk.1.max(width) > 6_000 {
                    continue;
                }
                for (bits, compression, predictor) in [(16, 1, 1), (32, 1, 1), (16, 8, 2), (8, 32773, 1)] {
                    let photometric = if samples == 3 { 2 } else { 1 };
                    let grey = PageSpec::grey(height, width, bits);
                    let spec = PageSpec { samples, planar, chunk, compression, predictor, photometric, ..grey };
                    let path = written(folder.path(), "large.tif", &tiff_bytes::tiff(&spec, 1, true, false));
                    let what = format!("{samples} {planar} {height} x {width} in {chunk:?}, {bits} {compression}");
                    let planes = tiff::read(&path).unwrap_or_else(|e| panic!("{what}: {e}")).planes();
                    for ((sample, y, x), &got) in planes.indexed_iter() {
                        assert_eq!(
                            got,
                            spec.value(0, sample, y, x) as f32,
                            "{what}, plane {sample}, row {y}, column {x}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn arrays_that_do_not_fit_a_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "two.tif", &tiff_bytes::tiff(&PageSpec::grey(4, 5, 16), 2, false, false));
    for shape in [(2, 1, 4, 5), (1, 2, 5, 4), (1, 1, 4, 5), (0, 2, 4, 5)] {
        let error = tiff::read_into(&path, &mut Array4::zeros(shape)).unwrap_err().to_string();
        assert!(error.contains("(1, 2, 4, 5)") && error.contains("two.tif"), "{error}");
    }
    let mut turned = Array4::zeros((5, 4, 2, 1)).reversed_axes();
    assert!(tiff::read_into(&path, &mut turned).unwrap_err().to_string().contains("C order"));
}

#[test]
fn pages_become_frames_and_channels_as_the_description_says() {
    let folder = tempfile::tempdir().unwrap();
    let ome = r#"<?xml version="1.0"?><OME><Image><Pixels DimensionOrder="XYTCZ" SizeC="2" SizeT="3" SizeZ="1">
        <Channel Name="DNA"/><Channel Name="&#947;H2AX"/></Pixels></Image></OME>"#;
    let spec = PageSpec { description: ome.into(), ..PageSpec::grey(4, 5, 16) };
    let picture = tiff::read(written(folder.path(), "a.ome.tif", &tiff_bytes::tiff(&spec, 6, true, true))).unwrap();
    assert_eq!((picture.frames(), picture.channels()), (3, &["DNA".to_owned(), "γH2AX".to_owned()][..]));
    for ((frame, channel, y, x), &got) in picture.values().indexed_iter() {
        assert_eq!(f64::from(got), spec.value(3 * channel + frame, 0, y, x)); // time changes fastest
    }
    let spec = PageSpec { description: r#"{"shape": [3, 2, 4, 5]}"#.into(), ..spec };
    let path = written(folder.path(), "b.tif", &tiff_bytes::tiff(&spec, 6, false, false));
    assert_eq!(tiff::read(&path).unwrap().values().dim(), (3, 2, 4, 5));
    let about = tiff::describe(&path).unwrap();
    assert_eq!((about.frames, about.channels.len(), about.height, about.width), (3, 2, 4, 5));
    // Stacks of ImageJ above 4 GB have one directory; the pixels of the other images follow those of the first.
    let description = "ImageJ=1.53\nimages=3\nslices=3\n".into();
    let spec = PageSpec { description, height: 12, chunk: (12, 0), ..spec };
    let mut bytes = tiff_bytes::tiff(&spec, 1, false, false);
    let at = bytes.windows(4).rposition(|w| w == 12u32.to_le_bytes()).unwrap(); // rows of a strip
    bytes[at] = 4;
    let at = bytes.windows(8).position(|w| w == [1, 1, 3, 0, 1, 0, 0, 0]).unwrap(); // height
    bytes[at + 8] = 4;
    let picture = tiff::read(written(folder.path(), "c.tif", &bytes)).unwrap();
    assert_eq!(picture.values().dim(), (3, 1, 4, 5));
    assert_eq!(f64::from(picture.values()[[2, 0, 1, 3]]), spec.value(0, 0, 9, 3));
}

#[test]
fn masks_of_single_bits_and_cameras_of_twelve_are_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let entries = |bits: u64, width: u64, size: u64| {
        vec![
            (256, 4, vec![width]),
            (257, 4, vec![2]),
            (258, 3, vec![bits]),
            (273, 4, vec![1000]),
            (278, 4, vec![2]),
            (279, 4, vec![size]),
        ]
    };
    let path = written(folder.path(), "mask.tif", &raw(&entries(1, 10, 4), &[0b1010_0000, 0b0100_0000, 0xff, 0xff]));
    let rows = tiff::read(path).unwrap().planes();
    assert_eq!(rows.as_slice().unwrap()[..10], [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(rows.sum(), 13.0);
    let path = written(folder.path(), "twelve.tif", &raw(&entries(12, 2, 6), &[0xAB, 0xC1, 0x23, 0x00, 0x1F, 0xFF]));
    assert_eq!(tiff::read(path).unwrap().planes().as_slice().unwrap(), [2748.0, 291.0, 1.0, 4095.0]);
}

#[test]
fn tiff_written_by_another_library_reads_back() {
    use ::tiff::encoder::{Compression, DeflateLevel, Predictor, TiffEncoder, colortype};
    let folder = tempfile::tempdir().unwrap();
    let pixels: Vec<u16> = (0..50 * 61u32).map(|i| (i * i % 65_521) as u16).collect();
    let compressions = [
        Compression::Uncompressed,
        Compression::Lzw,
        Compression::Deflate(DeflateLevel::Balanced),
        Compression::Packbits,
    ];
    for (which, compression) in compressions.into_iter().enumerate() {
        for predictor in [Predictor::None, Predictor::Horizontal] {
            let mut bytes = Cursor::new(Vec::new());
            let encoder = TiffEncoder::new(&mut bytes).unwrap();
            let mut encoder = encoder.with_compression(compression).with_predictor(predictor);
            encoder.write_image::<colortype::Gray16>(61, 50, &pixels).unwrap();
            let picture = tiff::read(written(folder.path(), "other.tif", bytes.get_ref())).unwrap();
            let want: Vec<f32> = pixels.iter().map(|&value| f32::from(value)).collect();
            assert_eq!(picture.values().as_slice().unwrap(), want, "compression {which}");
        }
    }
}

#[test]
fn written_tiff_reads_back_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("planes.tif");
    let bytes = Array3::from_shape_fn((3, 5, 7), |(c, y, x)| (c * 80 + y * 7 + x) as u8);
    tiff::write_u8(&path, bytes.view()).unwrap();
    assert_eq!(tiff::read(&path).unwrap().planes(), bytes.mapv(f32::from));
    let words = Array3::from_shape_fn((2, 5, 7), |(c, y, x)| (c * 30_000 + y * 700 + x * 97) as u16);
    tiff::write_u16(&path, words.view()).unwrap();
    assert_eq!(tiff::read(&path).unwrap().planes(), words.mapv(f32::from));
    let floats = Array4::from_shape_fn((4, 3, 5, 7), |(f, c, y, x)| ((f * 105 + c * 35 + y * 7 + x) as f32).sin());
    tiff::write(&path, floats.view(), &["a", "b <&> \"c\"", "µ"]).unwrap();
    let picture = tiff::read(&path).unwrap();
    assert_eq!(picture.values(), &floats);
    assert_eq!(picture.channels()[1..], ["b <&> \"c\"", "µ"]);
    tiff::write::<f32>(&path, floats.view(), &[]).unwrap();
    assert_eq!(tiff::read(&path).unwrap().values(), &floats);
    assert!(tiff::write(&path, floats.view(), &["a"]).is_err());
    assert!(tiff::write_u8(&path, Array3::zeros((0, 5, 7)).view()).is_err());
}

#[test]
fn shared_tiff_files_are_as_another_library_sees_them() {
    use ::tiff::decoder::{Decoder, DecodingResult};
    for path in shared_tiffs() {
        let picture = tiff::read(&path).unwrap_or_else(|e| panic!("{e}"));
        let mut other = Decoder::new(fs::File::open(&path).unwrap()).unwrap();
        let planes = picture.planes();
        let samples = planes.dim().0 / picture.frames() / picture.channels().len().max(1);
        assert_eq!(samples, 1);
        let colours = if picture.channels().iter().any(|name| name == "red") { 3 } else { 1 };
        let (height, width) = picture.size();
        for page in 0.. {
            let values: Vec<f32> = match other.read_image().unwrap() {
                DecodingResult::U8(values) => values.into_iter().map(f32::from).collect(),
                DecodingResult::U16(values) => values.into_iter().map(f32::from).collect(),
                DecodingResult::F32(values) => values,
                _ => panic!("{}: unexpected numbers", path.display()),
            };
            let want = Array3::from_shape_vec((height, width, colours), values).unwrap();
            for ((y, x, colour), &want) in want.indexed_iter() {
                assert_eq!(planes[[page * colours + colour, y, x]], want, "{} page {page}", path.display());
            }
            if !other.more_images() {
                assert_eq!((page + 1) * colours, planes.dim().0, "{}", path.display());
                break;
            }
            other.next_image().unwrap();
        }
    }
}

#[test]
fn the_shared_cell_of_16_bits_equals_its_expected_values() {
    let Some(file) = shared_file("data/formats/tiff/setdino_cell0_4x96x96_u16_bigtiff_tiled.tif") else { return };
    let Some(expected) = shared_file("data/formats/tiff/setdino_cell0_u16_expected.npz") else { return };
    let picture = tiff::read(file).unwrap();
    assert_eq!(picture.values().dim(), (1, 4, 96, 96));
    let mut archive = zip::ZipArchive::new(fs::File::open(expected).unwrap()).unwrap();
    assert!(!archive.is_empty());
    let mut compared = 0;
    for at in 0..archive.len() {
        let Ok(values) = ArrayD::<u16>::read_npy(archive.by_index(at).unwrap()) else { continue };
        if values.shape() == [4, 96, 96] {
            let got = picture.values().index_axis(ndarray::Axis(0), 0);
            assert_eq!(values.mapv(f32::from), got.into_dyn());
            compared += 1;
        }
    }
    assert!(compared > 0, "the archive holds no image of this shape");
}

#[test]
fn the_shared_stack_of_cells_has_frames_and_named_channels() {
    let Some(file) = shared_file("data/formats/tiff/setdino_10x4x96x96_f32.ome.tif") else { return };
    let picture = tiff::read(file).unwrap();
    assert_eq!(picture.values().dim(), (10, 4, 96, 96));
    assert_eq!(picture.channels(), ["DNA damage", "F-actin", "DNA", "microtubules"]);
    let Some(folder) = shared_file("data/ops_cells/images") else { return };
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 10);
    for (cell, path) in files.iter().enumerate() {
        let values = Array3::<f32>::read_npy(fs::File::open(path).unwrap()).unwrap();
        assert_eq!(picture.frame(cell).unwrap(), values, "{}", path.display());
    }
}

#[test]
fn the_wells_of_the_shared_plate_have_two_channels_of_640_by_640_bytes() {
    let Some(folder) = shared_file("data/bbbc013/wells") else { return };
    let mut wells = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let picture = tiff::read(entry.unwrap().path()).unwrap();
        assert_eq!(picture.values().dim(), (1, 2, 640, 640));
        assert_eq!(picture.pixel().to_string(), "u8");
        assert!(picture.values().iter().any(|&value| value > 0.0));
        wells += 1;
    }
    assert_eq!(wells, 48);
}

/// Writes every combination that tifffile offers, and what it reads back from each.
const VARIANTS: &str = r#"
import itertools, sys
import numpy as np, tifffile
folder = sys.argv[1]
rng = np.random.default_rng(0)
n = 0
for dtype, order, big, tile, planar, compression in itertools.product(
        ["u1", "u2", "u4", "i2", "f2", "f4", "f8"], "<>", [False, True], [None, (32, 16)], ["contig", "separate"],
        [None, "zlib", "lzw", "packbits"]):
    for predictor in [False, True]:
        if predictor and compression in (None, "packbits"):
            continue
        values = rng.integers(0, 200, (45, 70, 3) if planar == "contig" else (3, 45, 70)).astype(dtype)
        try:
            tifffile.imwrite(f"{folder}/{n}.tif", values, byteorder=order, bigtiff=big, tile=tile, planarconfig=planar,
                             photometric="rgb", compression=compression, predictor=predictor)
        except (ValueError, KeyError, ImportError, TypeError, NotImplementedError):
            continue
        planes = np.moveaxis(values, -1, 0) if planar == "contig" else values
        np.save(f"{folder}/{n}.npy", np.ascontiguousarray(planes.astype("<f4")))
        n += 1
print(n)
for path in sys.argv[2:]:
    with tifffile.TiffFile(path) as file:
        values = file.asarray()
        if file.pages[0].samplesperpixel > 1:
            values = np.moveaxis(values, -1, -3)
        values = values.reshape((-1,) + values.shape[-2:]).astype("<f4")
        np.save(f"{folder}/{n}.npy", np.ascontiguousarray(values))
        n += 1
"#;

#[test]
fn tiff_files_are_as_tifffile_sees_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = shared_tiffs();
    let ours = folder.path().join("ours.tif");
    let stack = Array4::from_shape_fn((3, 2, 9, 11), |(f, c, y, x)| (f * 1000 + c * 100 + y * 11 + x) as f32 / 7.0);
    tiff::write(&ours, stack.view(), &["DNA", "actin"]).unwrap();
    files.push(ours);
    let python = Command::new("python3").arg("-c").arg(VARIANTS).arg(folder.path()).args(&files).output();
    let Ok(output) = python else { return skipped("there is no python3") };
    let Ok(count) = String::from_utf8_lossy(&output.stdout).trim().parse::<usize>() else {
        return skipped("python3 has no numpy and tifffile");
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = (0..count).map(|n| folder.path().join(format!("{n}.tif")));
    for (n, path) in written.chain(files.iter().cloned()).enumerate() {
        let want = Array3::<f32>::read_npy(fs::File::open(folder.path().join(format!("{n}.npy"))).unwrap()).unwrap();
        let picture = tiff::read(&path).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(picture.planes(), want, "{}", path.display());
    }
    println!("{count} files of tifffile and {} others agree", files.len());
}

#[test]
fn tiff_files_cut_anywhere_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.tif");
    let lzw = {
        use ::tiff::encoder::{Compression, TiffEncoder, colortype};
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut bytes).unwrap().with_compression(Compression::Lzw);
        encoder.write_image::<colortype::Gray8>(40, 40, &[9; 1600]).unwrap();
        bytes.into_inner()
    };
    let made = variants().into_iter().step_by(37).map(|spec| tiff_bytes::tiff(&spec, 3, false, false));
    let files = shared_tiffs().into_iter().map(|path| fs::read(path).unwrap());
    for bytes in made.chain(files).chain([lzw]) {
        for part in 0..20 {
            refused(&path, read_tiff, &bytes[..bytes.len() * part / 20], &[]);
        }
        // The last byte may be padding.
        let _ = answer(&path, read_tiff, &bytes[..bytes.len() - 1]);
    }
}

#[test]
fn tiff_files_with_changed_bytes_never_panic_or_hang() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.tif");
    let made = variants().into_iter().step_by(53).map(|spec| tiff_bytes::tiff(&spec, 2, true, false));
    let files = shared_tiffs().into_iter().map(|path| fs::read(path).unwrap());
    for bytes in made.chain(files) {
        let n = bytes.len();
        // Directories lie at either end; of the pixels a few places are enough.
        let (some, step) = if n > 50_000 { (40, n / 20) } else { (300, (n / 100).max(1)) };
        let places = (0..some.min(n)).chain((n.saturating_sub(some)..n).step_by(3)).chain((0..n).step_by(step));
        for at in places {
            for change in [0xff, 0x01] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                if let Err(error) = answer(&path, read_tiff, &changed) {
                    assert!(error.to_string().contains("changed.tif"), "{error}");
                }
            }
        }
    }
}

#[test]
fn tiff_files_that_lie_are_refused_before_memory_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lie.tif");
    let page = |width: u64, height: u64, size: u64| {
        vec![
            (256, 4, vec![width]),
            (257, 4, vec![height]),
            (258, 3, vec![8]),
            (273, 4, vec![1000]),
            (278, 4, vec![height]),
            (279, 4, vec![size]),
        ]
    };
    let with = |mut entries: Vec<(u16, u16, Vec<u64>)>, tag: u16, kind: u16, values: Vec<u64>| {
        entries.retain(|entry| entry.0 != tag);
        entries.push((tag, kind, values));
        entries.sort_by_key(|entry| entry.0);
        entries
    };
    let before = peak_kb().unwrap_or(0);
    refused(&path, read_tiff, b"", &["empty"]);
    refused(&path, read_tiff, b"<html>404 not found</html>", &["not a TIFF"]);
    refused(&path, read_tiff, b"II*\0", &["cut short"]);
    refused(&path, read_tiff, &raw(&page(u32::MAX.into(), u32::MAX.into(), 4), &[0; 4]), &["claims"]);
    refused(&path, read_tiff, &raw(&page(60_000, 60_000, 4), &[0; 4]), &["claims"]);
    refused(&path, read_tiff, &raw(&page(0, 4, 4), &[0; 4]), &["claims"]);
    refused(&path, read_tiff, &raw(&page(2, 2, 4), &[0; 3]), &["ends at 1003"]);
    refused(&path, read_tiff, &raw(&page(2, 2, 3), &[0; 4]), &["fewer pixels"]);
    refused(&path, read_tiff, &raw(&with(page(2, 2, 4), 259, 3, vec![7]), &[0; 4]), &["JPEG", "LZW"]);
    refused(&path, read_tiff, &raw(&with(page(2, 2, 4), 258, 3, vec![200]), &[0; 4]), &["200 bits"]);
    refused(&path, read_tiff, &raw(&with(page(2, 2, 4), 278, 4, vec![0]), &[0; 4]), &["pieces"]);
    refused(&path, read_tiff, &raw(&with(page(2, 2, 4), 277, 4, vec![u32::MAX.into()]), &[0; 4]), &["samples"]);
    refused(&path, read_tiff, &raw(&with(page(2, 2, 4), 317, 3, vec![3]), &[0; 4]), &["predictor"]);
    // A directory after itself, and two after each other.
    let mut cycle = raw(&page(2, 2, 4), &[0; 4]);
    let link = 8 + 2 + 12 * 6;
    cycle[link..link + 4].copy_from_slice(&8u32.to_le_bytes());
    refused(&path, read_tiff, &cycle, &["comes after itself"]);
    // An entry whose count overflows.
    let mut overflow = raw(&page(2, 2, 4), &[0; 4]);
    let at = overflow.windows(4).position(|w| w == [0x11, 1, 4, 0]).unwrap();
    overflow[at + 4..at + 8].fill(0xff);
    refused(&path, read_tiff, &overflow, &["ends at"]);
    // Bombs: few bytes that unpack to the 256 MB that a small file may hold, and one that claims more.
    let zeros = |n: usize| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, &vec![0; n]).unwrap();
        encoder.finish().unwrap()
    };
    let bomb = zeros(40_000_000);
    let deflated = |width, height| with(page(width, height, bomb.len() as u64), 259, 3, vec![8]);
    refused(&path, read_tiff, &raw(&deflated(40_000, 40_000), &bomb), &["claims"]);
    assert!(answer(&path, read_tiff, &raw(&deflated(100, 100), &bomb)).is_ok()); // the rest is not unpacked
    let tiles = with(with(with(deflated(10, 10), 322, 4, vec![50_000]), 323, 4, vec![50_000]), 325, 4, vec![9]);
    let tiles =
        with(tiles, 324, 4, vec![1000]).into_iter().filter(|e| ![273, 278, 279].contains(&e.0)).collect::<Vec<_>>();
    refused(&path, read_tiff, &raw(&tiles, &bomb), &["claims"]);
    let grown = peak_kb().unwrap_or(0).saturating_sub(before);
    assert!(grown < 512 << 10, "memory grew by {} MB", grown >> 10);
}

#[test]
fn tiff_pages_of_different_sizes_are_refused_by_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = tiff_bytes::tiff(&PageSpec::grey(6, 8, 8), 2, false, false);
    let width = bytes.windows(8).rposition(|w| w == [0, 1, 4, 0, 1, 0, 0, 0]).unwrap() + 8;
    bytes[width] = 7;
    refused(&folder.path().join("two.tif"), read_tiff, &bytes, &["page 0", "page 1", "6 x 7"]);
}

/// A PNG file with pixels `(x + 3 y) % 2^depth`, as the png crate encodes them.
fn encoded(colour: ::png::ColorType, depth: ::png::BitDepth, (width, height): (u32, u32), data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == ::png::ColorType::Indexed {
        encoder.set_palette(vec![10, 20, 30, 40, 50, 60]);
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn png_of_every_kind_reads_back() {
    use ::png::{BitDepth, ColorType};
    let folder = tempfile::tempdir().unwrap();
    let kinds = [
        (ColorType::Grayscale, 1, vec!["0"]),
        (ColorType::GrayscaleAlpha, 2, vec!["grey", "alpha"]),
        (ColorType::Rgb, 3, vec!["red", "green", "blue"]),
        (ColorType::Rgba, 4, vec!["red", "green", "blue", "alpha"]),
    ];
    let (width, height) = (7usize, 5usize);
    for (colour, samples, names) in kinds {
        let values: Vec<u16> = (0..width * height * samples).map(|i| (i * 1871 % 65_536) as u16).collect();
        let words: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
        let bytes: Vec<u8> = values.iter().map(|&value| (value % 256) as u8).collect();
        for (depth, data) in [(BitDepth::Sixteen, &words), (BitDepth::Eight, &bytes)] {
            let file = encoded(colour, depth, (width as u32, height as u32), data);
            let picture = png::read(written(folder.path(), "one.png", &file)).unwrap();
            assert_eq!(picture.channels(), names);
            for ((_, sample, y, x), &got) in picture.values().indexed_iter() {
                let value = values[(y * width + x) * samples + sample];
                let want = if depth == BitDepth::Sixteen { value } else { value % 256 };
                assert_eq!(got, f32::from(want));
            }
        }
    }
    let file = encoded(ColorType::Indexed, BitDepth::One, (3, 1), &[0b0100_0000]);
    let picture = png::read(written(folder.path(), "palette.png", &file)).unwrap();
    assert_eq!(picture.planes().as_slice().unwrap(), [10.0, 40.0, 10.0, 20.0, 50.0, 20.0, 30.0, 60.0, 30.0]);
}

#[test]
fn damaged_png_files_are_refused() {
    use ::png::{BitDepth, ColorType};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.png");
    let data: Vec<u8> = (0..64 * 64 * 3u32).map(|i| (i * i / 7 % 256) as u8).collect();
    let bytes = encoded(ColorType::Rgb, BitDepth::Eight, (64, 64), &data);
    for part in 0..20 {
        refused(&path, read_png, &bytes[..bytes.len() * part / 20], &[]);
    }
    refused(&path, read_png, b"<html>404 not found</html>", &["PNG"]);
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 0xff;
        if let Err(error) = answer(&path, read_png, &changed) {
            assert!(error.to_string().contains("bad.png"), "{error}");
        }
    }
    // A header that promises far more than the file can hold, its checksum right.
    let mut bomb = bytes.clone();
    bomb[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    refused(&path, read_png, &bomb, &["claims 60000 x 60000"]);
}
