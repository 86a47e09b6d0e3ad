//! Any file as a screen: each format opened and inspected, and the screens of the simulators.

mod common;

use std::fs;

use common::shared_file;
use perturbook::images::{Storage, StoreWriter, store::StoreLayout};
use perturbook::io::{self, inspect};
use perturbook::prelude::*;
use perturbook::simulate::{CONTROL, OpsConfig, PerturbSeqConfig, ops_images, ops_screen, perturb_seq};

#[test]
fn counts_of_a_real_screen_open_with_their_roles() {
    let Some(path) = shared_file("data/papalexi_eccite/papalexi_eccite_lowmoi_20729x299.h5ad") else { return };
    let screen = Screen::open(&path).unwrap();
    assert_eq!((screen.len(), screen.counts().unwrap().genes().len()), (20_729, 299));
    assert_eq!(screen.controls().unwrap().len(), 2_386);
    let perturbed = screen.perturbed().unwrap();
    assert_eq!(perturbed.summary().perturbations.unwrap().groups, 25);
    let told = inspect(&path).unwrap();
    assert_eq!(told.format, "h5ad");
    assert!(told.screen.unwrap().notes.iter().any(|note| note.contains("of 20729 cells")));
}

#[test]
fn both_forms_of_a_10x_run_open_as_the_same_screen() {
    let file = shared_file("data/formats/tenx/3.0.0_filtered_feature_bc_matrix.h5");
    let (Some(file), Some(folder)) = (file, shared_file("data/formats/tenx/3.0.0_mtx")) else { return };
    let [file, folder] = [file, folder].map(|path| Screen::open(path).unwrap());
    assert_eq!(file.counts().unwrap(), folder.counts().unwrap());
    assert!(file.table().equals(folder.table()));
    assert!(file.table().column("barcode").is_ok());
}

#[test]
fn crops_of_a_real_screen_open_as_images() {
    let Some(path) = shared_file("data/ops_cells/lmdb_rebuilt") else { return };
    let screen = Screen::open(&path).unwrap();
    assert_eq!(screen.len(), 10);
    let genes = screen.labels(Label::Gene).unwrap();
    let row = (0..10).find(|&row| genes.of(row) == "ADRM1").unwrap();
    let image = screen.read_images(&[row]).unwrap();
    let npy = "data/ops_cells/images/ADRM1;CACGAACTCTCTGCGCTAGG;20200206_6W-LaC025A;B3;1051;6.npy";
    let Some(npy) = shared_file(npy) else { return };
    assert_eq!(image.into_dyn().index_axis_move(ndarray::Axis(0), 0), io::npy::read::<f32>(npy).unwrap());
    let told = inspect(&path).unwrap();
    assert!(told.preview.unwrap().get("text/html").is_some());
    assert_eq!(told.screen.unwrap().cells, 10);
}

#[test]
fn pictures_and_arrays_are_described_and_make_no_screen() {
    for (path, fact) in [
        ("data/formats/tiff/cp_5channel.tif", "64 x 64, u8"),
        ("data/formats/tiff/setdino_cell0_u16_expected.npz", "4 x 96 x 96"),
        ("data/ops_cells/images/CEBPE;GCAGCCACTCGAGTTCTCAG;20200202_6W-LaC024B;B2;230;0.npy", "f32 4 x 96 x 96"),
        ("oracles/nets/mcvae_encoder/inputs.safetensors", "f32"),
    ] {
        let Some(path) = shared_file(path) else { return };
        let told = inspect(&path).unwrap();
        assert!(told.facts.iter().any(|(_, value)| value.contains(fact)), "{}: {:?}", path.display(), told.facts);
        assert!(told.screen.is_err());
        assert!(Screen::open(&path).unwrap_err().to_string().contains("makes no screen"), "{}", path.display());
    }
}

#[test]
fn an_image_store_opens_with_what_was_written() {
    let simulated = ops_images(&OpsConfig::quick()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.store");
    let layout = StoreLayout::new((4, 48, 48), Storage::F32).unwrap().channels(simulated.channels.clone()).unwrap();
    let mut writer = StoreWriter::create(&path, layout).unwrap();
    writer.append(simulated.images.view(), &simulated.cells).unwrap();
    writer.finish().unwrap();
    let screen = Screen::open(&path).unwrap();
    assert_eq!(screen.len(), simulated.cells.height());
    let number = screen.table().column("cell").unwrap().cast(&polars::prelude::DataType::Int64).unwrap();
    let number = number.i64().unwrap().get(17).unwrap() as usize;
    assert_eq!(screen.read_images(&[17]).unwrap(), simulated.images.select(ndarray::Axis(0), &[number]));
    assert_eq!(inspect(&path).unwrap().format, "image store");
}

#[test]
fn simulated_screens_hold_what_was_simulated() {
    let counts = perturb_seq(&PerturbSeqConfig::quick()).unwrap();
    let screen = counts.screen().unwrap();
    assert_eq!(screen.counts().unwrap().row(3), counts.row(3));
    let controls = screen.controls().unwrap();
    assert!(controls.len() > 10 && controls.labels(Label::Gene).unwrap().of(0) == CONTROL);

    let planned = ops_screen(&OpsConfig::quick()).unwrap();
    let drawn = planned.images(&[5, 9]).unwrap();
    assert_eq!(planned.screen().unwrap().read_images(&[5, 9]).unwrap(), drawn);
    let at_once = ops_images(&OpsConfig::quick()).unwrap().screen().unwrap();
    assert_eq!(at_once.read_images(&[5, 9]).unwrap(), drawn);
}

#[test]
fn files_that_are_not_what_they_are_called_are_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let opened = Screen::open(&path).unwrap_err().to_string();
        assert!(opened.contains(name), "{opened}");
        assert!(inspect(&path).is_err());
        opened
    };
    refused("cells.h5ad", b"\x89HDF\r\n\x1a\n and no more");
    refused("cells.h5", b"no HDF5 at all");
    refused("cells.parquet", b"PAR1 cut short");
    refused("cells.mdb", &[7; 5000]);
    refused("picture.tif", b"II*\0\xff\xff\xff\xff");
    refused("store.cells", b"PBCELLS\0\x01");
    assert!(refused("unknown.bin", &[0, 1, 2, 255]).contains("no format that perturbook knows"));
}
