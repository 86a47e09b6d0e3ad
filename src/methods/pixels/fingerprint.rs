//! What tells one screen of images from another, so that a run goes on with the data it was started with.

use super::Pixels;
use crate::Result;
use crate::screen::{Labels, Screen};

/// Cells whose pixels are looked at.
const PROBES: usize = 16;

/// Number of cells, what they hold, and a hash of these labels of all cells and of the pixels of some.
pub(in crate::methods) fn fingerprint(screen: &Screen, labels: &[&Labels], pixels: &Pixels) -> Result<String> {
    let mut hash = Fnv::default();
    for labels in labels {
        (0..screen.len()).for_each(|row| hash.add(labels.of(row).as_bytes()));
    }
    let step = screen.len().div_ceil(PROBES).max(1);
    let rows: Vec<usize> = (0..screen.len()).step_by(step).collect();
    pixels.read(screen, &rows)?.iter().for_each(|value| hash.add(&value.to_bits().to_le_bytes()));
    Ok(format!("{} cells, {}, {:016x}", screen.len(), screen.payload().describe(), hash.0))
}

/// The hash of Fowler, Noll and Vo (FNV-1a, 64 bits): the same on every machine.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        // The end of each item counts as well, so that `ab, c` is not `a, bc`.
        for byte in bytes.iter().copied().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
