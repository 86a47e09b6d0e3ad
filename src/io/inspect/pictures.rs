//! Images: TIFF and PNG files, LMDB environments of crops, and our own image store.

use std::path::Path;
use std::sync::Arc;

use ndarray::{Array4, Axis};

use super::{Inspection, Probe, Start, makes_no_screen};
use crate::Result;
use crate::display::{Bundle, pictures};
use crate::images::store::MARK as STORE_MARK;
use crate::images::{CellImages, ImageStore, LmdbImages, Picture};
use crate::io::{png, tiff};
use crate::screen::{Payload, Screen};

/// Cells and frames that are shown.
const SHOWN: usize = 8;
/// Pixels of the largest picture that is shown.
const LARGEST: usize = 1 << 24;
const WHY: &str = "a picture without a table of cells";

pub(super) const TIFF: Probe = Probe {
    format: "TIFF",
    recognises: |start| [&b"II*\0"[..], b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|mark| start.bytes.starts_with(mark)),
    inspect: |path| {
        let told = tiff::describe(path)?;
        let sizes = [told.frames, told.channels.len(), told.height, told.width];
        let pixels = sizes.iter().try_fold(1usize, |pixels, &size| pixels.checked_mul(size));
        let small = pixels.is_some_and(|pixels| pixels <= LARGEST);
        let picture = if small { Some(tiff::read(path)?) } else { None };
        let facts = vec![
            ("frames".to_owned(), told.frames.to_string()),
            ("channels".to_owned(), format!("{}: {}", told.channels.len(), told.channels.join(", "))),
            ("size".to_owned(), format!("{} x {}, {}", told.height, told.width, told.pixel)),
        ];
        Ok(Inspection { preview: picture.as_ref().and_then(preview), ..picture_of(path, "TIFF", facts) })
    },
    open: |path| makes_no_screen(path, WHY),
};

pub(super) const PNG: Probe = Probe {
    format: "PNG",
    recognises: |start| start.bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
    inspect: |path| {
        let picture = png::read(path)?;
        let (height, width) = picture.size();
        let facts = vec![
            ("channels".to_owned(), format!("{}: {}", picture.channels().len(), picture.channels().join(", "))),
            ("size".to_owned(), format!("{height} x {width}, {}", picture.pixel())),
        ];
        Ok(Inspection { preview: preview(&picture), ..picture_of(path, "PNG", facts) })
    },
    open: |path| makes_no_screen(path, WHY),
};

pub(super) const STORE: Probe = Probe {
    format: "image store",
    recognises: |start| start.bytes.starts_with(STORE_MARK),
    inspect: |path| {
        let store = Arc::new(ImageStore::open(path)?);
        let facts = vec![
            ("groups".to_owned(), format!("{} of {} batches", store.groups().len(), store.batches().len())),
            ("bytes of a cell".to_owned(), store.layout().record_bytes().to_string()),
        ];
        let screen = Screen::new(store.table()?, Payload::Images(store.clone()))?;
        Ok(cells(path, "image store", facts, &*store, &screen))
    },
    open: |path| {
        let store = ImageStore::open(path)?;
        Screen::new(store.table()?, Payload::Images(Arc::new(store)))
    },
};

pub(super) const LMDB: Probe = Probe {
    format: "LMDB of crops (set-dino or contrastive-ops layout)",
    recognises: |start| start.named(&[".mdb", ".lmdb"]) || (start.folder && environments(start)),
    inspect: |path| {
        let images = Arc::new(lmdb(path)?);
        let screen = Screen::new(images.table().clone(), Payload::Images(images.clone()))?;
        Ok(cells(path, "LMDB", Vec::new(), &*images, &screen))
    },
    open: |path| {
        let images = lmdb(path)?;
        Screen::new(images.table().clone(), Payload::Images(Arc::new(images)))
    },
};

fn environments(start: &Start) -> bool {
    let holds = |name: &str| start.path.join(name).join("data.mdb").is_file();
    start.path.join("data.mdb").is_file() || (holds("ntc") && holds("perturbed"))
}

fn lmdb(path: &Path) -> Result<LmdbImages> {
    if path.join("ntc").is_dir() { LmdbImages::contrastive_ops(path) } else { LmdbImages::set_dino(path) }
}

fn picture_of(path: &Path, format: &str, facts: Vec<(String, String)>) -> Inspection {
    let (path, format) = (path.to_owned(), format.to_owned());
    Inspection { path, format, facts, preview: None, screen: Err(WHY.to_owned()) }
}

/// What an image store or environment holds.
fn cells(
    path: &Path,
    format: &str,
    facts: Vec<(String, String)>,
    images: &dyn CellImages,
    screen: &Screen,
) -> Inspection {
    let (channels, height, width) = images.shape();
    let mut all = vec![
        ("cells".to_owned(), images.len().to_string()),
        ("images".to_owned(), format!("{channels} x {height} x {width}: {}", images.channels().join(", "))),
    ];
    all.extend(facts);
    let rows: Vec<usize> = (0..images.len().min(SHOWN)).collect();
    let preview = images.read(&rows).ok().and_then(|first| grid(&first, images.channels()));
    let (path, format) = (path.to_owned(), format.to_owned());
    Inspection { path, format, facts: all, preview, screen: Ok(screen.summary()) }
}

fn preview(picture: &Picture) -> Option<Bundle> {
    let shown = picture.frames().min(SHOWN);
    let frames = picture.values().slice_axis(Axis(0), (0..shown).into()).to_owned();
    grid(&frames, picture.channels())
}

/// A row for each image, its channels side by side in grey; in a terminal only that they are there.
fn grid(images: &Array4<f32>, channels: &[String]) -> Option<Bundle> {
    let (text, html) = pictures(images, &[], channels, usize::MAX)?;
    Some(Bundle::text(text).with("text/html", html))
}
