//! Small files of every format, made by our own writers: what `fuzz/corpus` starts from.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use hdf5_pure::{AttrValue, CompoundTypeBuilder, FileBuilder, GroupBuilder, MaxExtent};
use ndarray::{Array2, Array3, Array4, arr0};
use perturbook::images::store::{Storage, StoreLayout, StoreWriter};
use perturbook::io::npy::{self, write_npz};
use perturbook::io::numbers::Stored;
use perturbook::io::{safetensors, tiff};
use polars::prelude::{DataFrame, ParquetCompression, ParquetWriter, df};

use crate::lmdb_bytes;
use crate::readers::BETWEEN;
use crate::tiff_bytes::{self, PageSpec};

/// File names and contents for the reader of this name.
pub fn seeds(reader: &str) -> Vec<(&'static str, Vec<u8>)> {
    match reader {
        "csv" => csv(),
        "h5ad" => h5ad(),
        "image_store" => image_store(),
        "lmdb" => lmdb(),
        "npy" => npy(),
        "npz" => npz(),
        "parquet" => parquet(),
        "png" => png(),
        "safetensors" => safetensors(),
        "tenx_h5" => tenx_h5(),
        "tenx_mtx" => tenx_mtx(),
        "tiff" => tiff(),
        other => panic!("no seeds for {other}"),
    }
}

/// The bytes of a file that `write` makes.
fn written(write: impl FnOnce(&std::path::Path) -> perturbook::Result<()>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seed");
    write(&path).unwrap();
    fs::read(&path).unwrap()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn csv() -> Vec<(&'static str, Vec<u8>)> {
    let plain = "gene,well,tile,0,1\nTP53,A01,7,0.5,-1e-3\nnontargeting,A02,8,2,NaN\n\"a,\"\"b\n\",A03,9,inf,\n";
    let tabs = "\u{feff}#gene\tnumber\tCells_Area\r\nMYC\t01\t1.5\r\n\r\nMYC\t\tNA\r\n";
    vec![("commas", plain.into()), ("tabs", tabs.into()), ("packed", gz(plain.as_bytes()))]
}

fn table() -> DataFrame {
    df!(
        "gene" => [Some("TP53"), None, Some("MYC"), Some("MYC")],
        "well" => ["A1", "A1", "A2", "B12"],
        "tile" => [7i64, -8, 9, 1 << 40],
        "control" => [Some(true), Some(false), None, Some(true)],
        "0" => [0.5f64, -1.0, 2.0, 1e-9],
        "1" => [1f32, 2.0, 3.0, 4.0],
    )
    .unwrap()
}

fn parquet() -> Vec<(&'static str, Vec<u8>)> {
    let encoded = |compression, mut table: DataFrame| {
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).with_compression(compression).finish(&mut table).unwrap();
        bytes
    };
    let few = || table().select(["well", "0"]).unwrap();
    vec![
        ("plain", encoded(ParquetCompression::Uncompressed, table())),
        ("zstd", encoded(ParquetCompression::Zstd(None), few())),
        ("snappy", encoded(ParquetCompression::Snappy, few())),
        ("gzip", encoded(ParquetCompression::Gzip(None), few())),
        ("lz4", encoded(ParquetCompression::Lz4Raw, few())),
    ]
}

fn npy() -> Vec<(&'static str, Vec<u8>)> {
    let x = Array2::from_shape_fn((5, 4), |(i, j)| (i * j) as f32);
    let mut fortran = b"\x93NUMPY\x02\x00\x44\x00\x00\x00".to_vec();
    let header = "{'descr': '>u2', 'fortran_order': True, 'shape': (2, 1, 3), }";
    fortran.extend(format!("{header:<67}\n").bytes());
    fortran.extend((0..6u16).flat_map(u16::to_be_bytes));
    vec![
        ("matrix", written(|path| npy::write(path, &x))),
        ("numbers", written(|path| npy::write(path, &ndarray::array![1u8, 2, 255]))),
        ("one", written(|path| npy::write(path, &arr0(true)))),
        ("fortran", fortran),
    ]
}

fn npz() -> Vec<(&'static str, Vec<u8>)> {
    let x = Array2::from_shape_fn((3, 4), |(i, j)| (i * j) as f32);
    let stored = written(|path| write_npz(path, &[("x", (&x).into()), ("y", (&ndarray::array![7u8]).into())]));
    let mut packed = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    packed.start_file("x.npy", options).unwrap();
    packed.write_all(&written(|path| npy::write(path, &x))).unwrap();
    vec![("stored", stored), ("packed", packed.finish().unwrap().into_inner())]
}

fn safetensors() -> Vec<(&'static str, Vec<u8>)> {
    let x = Array2::from_shape_fn((2, 3), |(i, j)| (i + j) as f32);
    let halves = x.mapv(half::bf16::from_f32);
    let named: [(&str, Stored); 3] =
        [("layer.weight", (&x).into()), ("halves", (&halves).into()), ("n", (&arr0(7i64)).into())];
    vec![("model", written(|path| safetensors::write(path, &named)))]
}

/// Small ones by hand: the h5ad writer takes the current layout, in which each text of a group has a heap of its own.
fn h5ad() -> Vec<(&'static str, Vec<u8>)> {
    vec![("rows", rows()), ("dense", dense()), ("chunks", chunks()), ("records", records()), ("heap", heap())]
}

fn text(group: &mut GroupBuilder, name: &str, value: &str) {
    group.set_attr(name, AttrValue::String(value.to_owned()));
}

/// A table with an index, and what `more` adds.
fn table_of(file: &mut FileBuilder, name: &str, index: &[&str], more: impl FnOnce(&mut GroupBuilder)) {
    let mut group = file.create_group(name);
    text(&mut group, "encoding-type", "dataframe");
    text(&mut group, "_index", "_index");
    group.create_dataset("_index").with_strings(index).unwrap();
    more(&mut group);
    file.add_group(group.finish());
}

/// A matrix by rows, an embedding, and columns of every kind.
fn rows() -> Vec<u8> {
    let mut file = FileBuilder::new();
    table_of(&mut file, "obs", &["a", "b"], |obs| {
        let mut guide = obs.create_group("guide");
        text(&mut guide, "encoding-type", "categorical");
        guide.create_dataset("codes").with_i32_data(&[1, -1]);
        guide.create_dataset("categories").with_strings(&["MYC_1", "nt"]).unwrap();
        obs.add_group(guide.finish());
        let mut umis = obs.create_group("umis");
        text(&mut umis, "encoding-type", "nullable-integer");
        umis.create_dataset("values").with_i64_data(&[7, 0]);
        umis.create_dataset("mask").with_u8_data(&[0, 1]);
        obs.add_group(umis.finish());
        obs.create_dataset("size").with_f32_data(&[1.5, 2.5]);
    });
    table_of(&mut file, "var", &["g", "h", "i"], |_| {});
    let mut x = file.create_group("X");
    sparse(&mut x, "csr_matrix");
    file.add_group(x.finish());
    let mut obsm = file.create_group("obsm");
    obsm.create_dataset("X_pca").with_f64_data(&[0.5, 1.0, 1.5, 2.0]).with_shape(&[2, 2]);
    file.add_group(obsm.finish());
    file.finish().unwrap()
}

/// The arrays of a matrix of 2 x 3.
fn sparse(group: &mut GroupBuilder, encoding: &str) {
    text(group, "encoding-type", encoding);
    group.set_attr("shape", AttrValue::I64Array(vec![2, 3]));
    group.create_dataset("indptr").with_i32_data(if encoding == "csr_matrix" { &[0, 1, 3] } else { &[0, 1, 1, 3] });
    group.create_dataset("indices").with_i32_data(&[1, 0, 1]);
    group.create_dataset("data").with_f32_data(&[1.0, 2.0, 3.0]);
}

/// A dense matrix in packed chunks, a layer by columns, and one kept from before genes were filtered.
fn dense() -> Vec<u8> {
    let mut file = FileBuilder::new();
    table_of(&mut file, "obs", &["a", "b"], |_| {});
    table_of(&mut file, "var", &["g", "h", "i"], |_| {});
    let x = file.create_dataset("X").with_f32_data(&[1.0, 0.0, 2.0, 0.0, 3.0, 0.0]);
    x.with_shape(&[2, 3]).with_chunks(&[1, 3]).with_deflate(4);
    let mut layers = file.create_group("layers");
    let mut csc = layers.create_group("csc");
    sparse(&mut csc, "csc_matrix");
    layers.add_group(csc.finish());
    file.add_group(layers.finish());
    file.finish().unwrap()
}

/// A matrix by rows whose arrays could grow, in chunks that are not packed, as anndata writes it.
fn chunks() -> Vec<u8> {
    let mut file = FileBuilder::new();
    table_of(&mut file, "obs", &["a", "b"], |_| {});
    table_of(&mut file, "var", &["g", "h", "i"], |_| {});
    let mut x = file.create_group("X");
    text(&mut x, "encoding-type", "csr_matrix");
    x.set_attr("shape", AttrValue::I64Array(vec![2, 3]));
    for (name, numbers) in [("indptr", [0, 1, 3]), ("indices", [1, 0, 1])] {
        x.create_dataset(name).with_i32_data(&numbers).with_chunks(&[2]).with_maxshape(&[MaxExtent::Unlimited]);
    }
    x.create_dataset("data").with_f32_data(&[1.0, 2.0, 3.0]).with_chunks(&[2]);
    file.add_group(x.finish());
    file.finish().unwrap()
}

/// Texts of a length of their own, in the heap.
fn heap() -> Vec<u8> {
    let mut file = FileBuilder::new();
    for (name, index) in [("obs", ["a", "bcd"]), ("var", ["TP53", "MYC"])] {
        let mut group = file.create_group(name);
        text(&mut group, "_index", "_index");
        group.create_dataset("_index").with_vlen_strings(&index);
        file.add_group(group.finish());
    }
    file.create_dataset("X").with_u8_data(&[1, 0, 0, 3]).with_shape(&[2, 2]);
    file.finish().unwrap()
}

/// Tables as anndata before 0.7 wrote them.
fn records() -> Vec<u8> {
    let mut file = FileBuilder::new();
    for (name, rows) in [("obs", 2i64), ("var", 3)] {
        let kind = CompoundTypeBuilder::new().i64_field("index").f32_field("size").build().unwrap();
        let raw = (0..rows).flat_map(|row| [&row.to_le_bytes()[..], &1.5f32.to_le_bytes()].concat()).collect();
        file.create_dataset(name).with_compound_data(kind, raw, rows as u64);
    }
    file.create_dataset("X").with_f32_data(&[1.0, 0.0, 2.0, 0.0, 3.0, 0.0]).with_shape(&[2, 3]);
    file.finish().unwrap()
}

fn tenx_h5() -> Vec<(&'static str, Vec<u8>)> {
    let matrix = |group: &mut GroupBuilder| {
        group.create_dataset("barcodes").with_strings(&["AAAC-1", "AAAG-1"]).unwrap();
        group.create_dataset("data").with_i32_data(&[3, 1, 2]);
        group.create_dataset("indices").with_i64_data(&[0, 2, 1]);
        group.create_dataset("indptr").with_i64_data(&[0, 2, 3]);
        group.create_dataset("shape").with_i32_data(&[3, 2]);
    };
    let mut third = FileBuilder::new();
    let mut group = third.create_group("matrix");
    matrix(&mut group);
    let mut features = group.create_group("features");
    features.create_dataset("id").with_strings(&["E1", "E2", "E3"]).unwrap();
    features.create_dataset("name").with_strings(&["TP53", "MYC", "nt_1"]).unwrap();
    let types = ["Gene Expression", "Gene Expression", "CRISPR Guide Capture"];
    features.create_dataset("feature_type").with_strings(&types).unwrap();
    features.create_dataset("genome").with_strings(&["GRCh38"; 3]).unwrap();
    group.add_group(features.finish());
    third.add_group(group.finish());
    let mut second = FileBuilder::new();
    let mut group = second.create_group("GRCh38");
    matrix(&mut group);
    group.create_dataset("genes").with_strings(&["E1", "E2", "E3"]).unwrap();
    group.create_dataset("gene_names").with_strings(&["TP53", "MYC", "ACTB"]).unwrap();
    second.add_group(group.finish());
    vec![("version3", third.finish().unwrap()), ("version2", second.finish().unwrap())]
}

fn tenx_mtx() -> Vec<(&'static str, Vec<u8>)> {
    let (barcodes, genes) = ("A-1\nB-1\nC-1\nD-1\n", "E1\tTP53\nE2\tMYC\nE3\tACTB\n");
    let features = "E1\tTP53\tGene Expression\nE2\tMYC\tGene Expression\nE3\tnt_1\tCRISPR Guide Capture\n";
    let whole = "%%MatrixMarket matrix coordinate integer general\n%\n3 4 5\n1 1 3\n3 1 2\n2 2 1\n1 4 7\n3 4 120\n";
    let real = "%%MatrixMarket matrix coordinate real general\n3 4 2\n1 2 1e1\n\n3 1 .5\n";
    let join = |parts: [&[u8]; 3]| parts.join(BETWEEN);
    vec![
        ("plain", join([barcodes.as_bytes(), features.as_bytes(), whole.as_bytes()])),
        ("real", join([barcodes.as_bytes(), genes.as_bytes(), real.as_bytes()])),
        ("packed", join([&gz(barcodes.as_bytes()), &gz(features.as_bytes()), &gz(whole.as_bytes())])),
    ]
}

fn png() -> Vec<(&'static str, Vec<u8>)> {
    use ::png::{BitDepth, ColorType};
    let encoded = |colour, depth, width, height, data: &[u8]| {
        let mut bytes = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if colour == ColorType::Indexed {
            encoder.set_palette(vec![10, 20, 30, 40, 50, 60]);
            encoder.set_trns(vec![255, 0]);
        }
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(data).unwrap();
        writer.finish().unwrap();
        bytes
    };
    let data: Vec<u8> = (0..48).map(|i: u8| i.wrapping_mul(37)).collect();
    vec![
        ("grey", encoded(ColorType::Grayscale, BitDepth::Eight, 6, 8, &data)),
        ("bits", encoded(ColorType::Grayscale, BitDepth::Two, 10, 16, &data)),
        ("colours", encoded(ColorType::Rgba, BitDepth::Sixteen, 3, 2, &data)),
        ("palette", encoded(ColorType::Indexed, BitDepth::One, 3, 1, &[0b0100_0000])),
    ]
}

fn tiff() -> Vec<(&'static str, Vec<u8>)> {
    let grey = |bits| PageSpec::grey(6, 7, bits);
    let colours = PageSpec { samples: 3, photometric: 2, ..grey(8) };
    let ome = "<OME><Image><Pixels DimensionOrder=\"XYZCT\" SizeC=\"2\" SizeZ=\"1\" SizeT=\"2\"><Channel Name=\"DNA\"/>\
               <Channel Name=\"a&amp;b\"/><TiffData FirstC=\"1\" IFD=\"2\" PlaneCount=\"2\"/></Pixels></Image></OME>";
    let made = |spec: PageSpec, pages, big_endian, big_tiff| tiff_bytes::tiff(&spec, pages, big_endian, big_tiff);
    let planes = Array3::from_shape_fn((2, 3, 4), |(c, y, x)| (c * 12 + y * 4 + x) as u16);
    // Pages of ImageJ that have no directory: the pixels of one are followed by those of the others.
    let mut lzw = tiff_bytes::raw(
        &[
            (256, 3, vec![4]),
            (257, 3, vec![3]),
            (258, 3, vec![8]),
            (259, 3, vec![5]),
            (262, 3, vec![1]),
            (273, 4, vec![1000]),
            (278, 3, vec![3]),
            (279, 4, vec![60]),
        ],
        &weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(&[7; 12]).unwrap(),
    );
    lzw.resize(1060, 0);
    let image_j = tiff_bytes::raw(
        &[
            (256, 3, vec![4]),
            (257, 3, vec![3]),
            (258, 3, vec![8]),
            (259, 3, vec![1]),
            (262, 3, vec![1]),
            (270, 2, "ImageJ=1.5\nimages=4\nchannels=2\nframes=2\n\0".bytes().map(u64::from).collect()),
            (273, 4, vec![1000]),
            (278, 3, vec![3]),
            (279, 4, vec![12]),
        ],
        &(0..48).collect::<Vec<u8>>(),
    );
    vec![
        ("ours", written(|path| tiff::write_u16(path, planes.view()))),
        ("ome", made(PageSpec { description: ome.to_owned(), ..grey(16) }, 4, true, false)),
        ("tiles", made(PageSpec { chunk: (16, 16), compression: 8, predictor: 2, ..colours.clone() }, 1, false, false)),
        ("planes", made(PageSpec { planar: true, chunk: (4, 0), compression: 32773, ..colours }, 1, false, true)),
        ("floats", made(PageSpec { compression: 8, predictor: 3, ..grey(32) }, 1, true, true)),
        ("lzw", lzw),
        ("image_j", image_j),
    ]
}

fn lmdb() -> Vec<(&'static str, Vec<u8>)> {
    let small: Vec<(String, Vec<u8>)> = (0..6u8).map(|i| (format!("TP53;A{i};{i}"), vec![i; 16])).collect();
    vec![
        ("small", lmdb_bytes::inline(&small)),
        ("set_dino", lmdb_bytes::large("HLA-A;ACGT;20200202_6W-LaC024F;A1;41;7", 4 * 96 * 96 * 4)),
        ("contrastive_ops", lmdb_bytes::large("00000012_20200202_6W-LaC024A_B2_333_MT_CO2_5", 4 * 100 * 100 * 2)),
    ]
}

fn image_store() -> Vec<(&'static str, Vec<u8>)> {
    let table = df!("plate" => ["P1"; 3], "well" => ["A1", "A1", "A2"], "gene" => ["TP53", "nt", "nt"]).unwrap();
    let images =
        Array4::from_shape_fn((3, 2, 2, 3), |(cell, channel, y, x)| (cell * 12 + channel * 6 + y * 3 + x) as f32);
    let store = |layout: StoreLayout| {
        written(|path| {
            let mut writer = StoreWriter::create(path, layout)?;
            writer.append(images.view(), &table)?;
            writer.finish().map(drop)
        })
    };
    let layout = |storage| StoreLayout::new((2, 2, 3), storage).unwrap();
    vec![
        ("bytes", store(layout(Storage::U8).channels(["DNA", "actin"]).unwrap())),
        ("scaled", store(layout(Storage::U16).range(0.0, 100.0).unwrap())),
        ("halves", store(layout(Storage::F16))),
        ("floats", store(layout(Storage::F32))),
    ]
}
