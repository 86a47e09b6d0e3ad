//! Draws one cell, stain by stain.

mod actin;
mod damage;
mod dna;
mod texture;
mod tubulin;

use super::body::{Body, Pens};
use super::sheet::Sheet;

/// Draws a cell on a sheet that was opened for it.
pub(super) fn paint(sheet: &mut Sheet, body: &Body, pens: &mut Pens) {
    dna::paint(sheet, body, &mut pens.dna);
    damage::paint(sheet, body, &mut pens.damage, &mut pens.phenotype);
    actin::paint(sheet, body, &mut pens.actin);
    tubulin::paint(sheet, body, &mut pens.tubulin, &mut pens.phenotype);
}
