//! DNA damage (gamma-H2AX): a faint haze over the chromatin and foci, some more of them in S phase.

use crate::simulate::ops::body::Body;
use crate::simulate::ops::phase::Phase;
use crate::simulate::ops::phenotype::Phenotype;
use crate::simulate::ops::sheet::{DAMAGE, DNA, Sheet};
use crate::simulate::streams::Draw;

pub(super) fn paint(sheet: &mut Sheet, body: &Body, draw: &mut Draw, phenotype: &mut Draw) {
    let haze = draw.within(0.10, 0.18);
    let planes = &mut sheet.planes;
    let (damage, rest) = planes.split_at_mut(1);
    for (to, &dna) in damage[DAMAGE].iter_mut().zip(&rest[DNA - 1]) {
        *to = 0.035 + haze * (2.0 * dna).min(1.0);
    }
    let mean: f32 = match body.state.phase {
        Phase::G1 => 1.2,
        Phase::S => 3.0,
        Phase::G2 => 2.0,
        Phase::M => 1.0,
    };
    // A geometric number: most cells have few foci, some have many.
    let usual = ((1.0 - draw.within(0.0, 1.0)).ln() / (mean / (1.0 + mean)).ln()) as usize;
    foci(sheet, body, usual.min(12), draw);

    let more = 22.0 * body.state.effects.of(Phenotype::FociBurst) * phenotype.within(0.75, 1.25);
    foci(sheet, body, more.round() as usize, phenotype);
}

fn foci(sheet: &mut Sheet, body: &Body, count: usize, draw: &mut Draw) {
    for _ in 0..count {
        let (angle, part) = (draw.angle(), 0.88 * draw.within(0.0, 1.0).sqrt());
        let (sigma, light) = (draw.within(0.009, 0.014), draw.within(0.30, 0.65));
        let which = draw.within(0.0, 1.0);
        let at = match body.nuclei.get((which * body.nuclei.len() as f32) as usize) {
            Some(nucleus) => nucleus.point(angle, part),
            None => body.on_axis(0.02 * part * angle.cos(), 0.12 * part * angle.sin()),
        };
        sheet.spot(DAMAGE, at, sigma, light);
    }
}
