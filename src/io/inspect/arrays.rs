//! Plain arrays: npy, npz and safetensors. They make no screen, since nothing says what their rows are.

use std::path::Path;

use super::{Inspection, Probe, makes_no_screen};
use crate::Result;
use crate::io::npy::{self, Header, Npz};
use crate::io::safetensors::SafeTensors;

const WHY: &str = "an array has no table that says what its rows are";

pub(super) const NPY: Probe = Probe {
    format: "npy",
    recognises: |start| start.bytes.starts_with(b"\x93NUMPY") || (!start.folder && start.named(&[".npy"])),
    inspect: |path| Ok(arrays(path, "npy", vec![("array".to_owned(), described(&npy::describe(path)?))])),
    open: |path| makes_no_screen(path, WHY),
};

pub(super) const NPZ: Probe = Probe {
    format: "npz",
    recognises: |start| !start.folder && start.named(&[".npz"]),
    inspect: |path| {
        let file = Npz::open(path)?;
        let fact = |name: &str| Ok((name.to_owned(), described(&file.describe(name)?)));
        Ok(arrays(path, "npz", file.names().into_iter().map(fact).collect::<Result<_>>()?))
    },
    open: |path| makes_no_screen(path, WHY),
};

pub(super) const SAFETENSORS: Probe = Probe {
    format: "safetensors",
    recognises: |start| !start.folder && start.named(&[".safetensors"]),
    inspect: |path| {
        let file = SafeTensors::open(path)?;
        let fact = |name: String| {
            let what = format!("{} {}", file.dtype(&name)?.name(), shape(file.shape(&name)?));
            Ok((name, what))
        };
        Ok(arrays(path, "safetensors", file.names().into_iter().map(fact).collect::<Result<_>>()?))
    },
    open: |path| makes_no_screen(path, WHY),
};

fn arrays(path: &Path, format: &str, facts: Vec<(String, String)>) -> Inspection {
    Inspection { path: path.to_owned(), format: format.to_owned(), facts, preview: None, screen: Err(WHY.to_owned()) }
}

fn described(header: &Header) -> String {
    let order = if header.fortran_order { ", Fortran order" } else { "" };
    let bytes = if header.big_endian { ", big-endian" } else { "" };
    format!("{} {}{order}{bytes}", header.dtype.name(), shape(&header.shape))
}

fn shape(lengths: &[usize]) -> String {
    match lengths {
        [] => "a single number".to_owned(),
        _ => lengths.iter().map(usize::to_string).collect::<Vec<_>>().join(" x "),
    }
}
