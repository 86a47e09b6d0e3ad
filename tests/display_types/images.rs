//! Sources of cells' images.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ndarray::{Array3, Array4};
use perturbook::display::variables::Describe;
use perturbook::images::field::FieldConfig;
use perturbook::images::store::{ImageStore, Storage, StoreLayout, StoreWriter};
use perturbook::images::{CropFolder, FieldImages, KeyPattern, MemoryImages};
use perturbook::io::tiff;
use polars::prelude::df;

use super::{SCRIPT, has, html, plain};

/// The picture within a page.
fn svg(page: &str) -> String {
    let start = "src=\"data:image/svg+xml;base64,";
    let picture = &page[page.find(start).expect("a picture") + start.len()..];
    String::from_utf8(STANDARD.decode(&picture[..picture.find('"').unwrap()]).unwrap()).unwrap()
}

#[test]
fn an_image_store_says_what_it_keeps_and_shows_its_first_cells() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("screen.cells");
    let layout = StoreLayout::new((2, 8, 6), Storage::U16).unwrap().channels(["DNA", SCRIPT]).unwrap();
    let mut writer = StoreWriter::create(&path, layout).unwrap();
    let images = Array4::from_shape_fn((7, 2, 8, 6), |(cell, c, y, x)| (100 * cell + 10 * c + y + x) as f32);
    let table = df!(
        "plate" => ["P1"; 7],
        "well" => ["A1", "A1", "A2", "A1", "A2", "A2", "A2"],
        "gene" => ["TP53", SCRIPT, "TP53", "MYC", "MYC", "MYC", SCRIPT],
        "area" => [1.5; 7]
    );
    writer.append(images.view(), &table.unwrap()).unwrap();
    writer.finish().unwrap();
    let store = ImageStore::open(&path).unwrap();
    let text = plain(&store);
    has(
        &text,
        &["image store", "cells          7", "8 x 6 pixels", "2: DNA, <script>", "u16, 192 B a cell, 1.3 kB in all"],
    );
    has(&text, &["plate/well: 2 with 3 to 4 cells", "gene: 3 with 2 to 3 cells"]);
    has(&text, &["plate (str), well (str), gene (str), area (f64)", "a notebook shows 4 images"]);
    let page = html(&store);
    has(&page, &["<th scope=\"row\"", "&lt;script&gt;", "<img alt=\"the first images\""]);
    let picture = svg(&page);
    assert_eq!(picture.matches("<image").count(), 8, "four cells of two channels");
    has(&picture, &["0 &lt;script&gt;", "1 MYC", "2 TP53"]);
    assert_eq!(plain(&&store), text);
    assert_eq!(store.describe().shape, "7 x 2 x 8 x 6");
    // What went missing since is said.
    std::fs::remove_file(folder.path().join("screen.cells.parquet")).unwrap();
    std::fs::write(&path, "").unwrap();
    has(&plain(&store), &["columns        cannot be read: ", "first images   cannot be read: ", "8 x 6 pixels"]);
    assert!(!html(&store).contains("<img"));
}

#[test]
fn crops_fields_and_arrays_show_their_tables_and_first_cells() {
    let folder = tempfile::tempdir().unwrap();
    let crop = Array3::from_shape_fn((2, 20, 20), |(c, y, x)| (1000 * c + 20 * y + x) as f32);
    for name in ["TP53;A1.tif", "MYC;A1.tif"] {
        tiff::write_f32(folder.path().join(name), crop.view()).unwrap();
    }
    let crops = CropFolder::open(folder.path(), &KeyPattern::new("gene;well").unwrap()).unwrap();
    has(&plain(&crops), &["folder of crops", "gene", "str, 2 different", "well", "str, 1 different", "shows 2 images"]);
    assert_eq!(svg(&html(&crops)).matches("<image").count(), 4);
    let table = df!("field" => ["TP53;A1"; 2], "y" => [10.0, 0.0], "x" => [10.0, 10.0]).unwrap();
    let fields = FieldImages::open(folder.path(), &table, FieldConfig::new("{field}.tif", 8)).unwrap();
    has(&plain(&fields), &["cells in fields", "fields", "left out at the rim", "1 cell", "f64, 1 different"]);
    assert_eq!(svg(&html(&fields)).matches("<image").count(), 2);
    // Large pictures are averaged: an output stays small whatever the cells are.
    let noise = |i: usize| (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) as f32;
    let large = Array4::from_shape_fn((9, 3, 200, 200), |(n, c, y, x)| noise(((n * 3 + c) * 200 + y) * 200 + x));
    let memory = MemoryImages::unnamed(large);
    has(&plain(&memory), &["images in memory", "200 x 200 pixels", "f32, 4.3 MB in all", "shows 4 images"]);
    has(&svg(&html(&memory)), &["each pixel is the mean of"]);
    let empty = MemoryImages::unnamed(Array4::zeros((0, 2, 4, 4)));
    has(&plain(&empty), &["cells             0"]);
    assert!(!html(&empty).contains("<img"));
}
