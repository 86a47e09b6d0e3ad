//! One crop: a cell in the middle, its neighbours around it.

use super::body::{Body, NEIGHBOURS, Pens, State};
use super::paint::paint;
use super::phase::{Phase, mix, phase_at, stage_at};
use super::phenotype::Effects;
use super::sheet::{Canvas, Sheet};
use crate::simulate::streams::{Draw, cell_stream};

/// What a worker draws with, again and again.
pub(super) struct Easel {
    pub(super) canvas: Canvas,
    pub(super) sheet: Sheet,
}

impl Easel {
    pub(super) fn new(height: usize, width: usize, scale: f32) -> Self {
        Self { canvas: Canvas::new(height, width, scale), sheet: Sheet::default() }
    }

    /// Draws cell number `cell`. Neighbours lie under it and are unperturbed.
    pub(super) fn draw_crop(&mut self, seed: u64, cell: usize, state: State) {
        self.canvas.clear();
        let mut pens = Pens::new(seed, cell, 0);
        let body = Body::grow(state, &mut pens);
        let mut around = Draw(cell_stream(seed, cell, NEIGHBOURS));
        let (count, turn) = (around.count(2, 5), around.angle());
        for neighbour in 0..count {
            let angle = turn + std::f32::consts::TAU * (neighbour as f32 + around.within(-0.25, 0.25)) / count as f32;
            let (place, progress, apart) = (around.within(0.0, 1.0), around.within(0.0, 1.0), around.within(0.9, 1.15));
            let mut pens = Pens::new(seed, cell, neighbour as u8 + 1);
            let other = Body::grow(control(place, progress), &mut pens);
            let distance = apart * (ray(&body, angle) + ray(&other, angle + std::f32::consts::PI));
            let (dx, dy) = (distance * angle.cos(), distance * angle.sin());
            self.lay(&other.moved(dx, dy), &mut pens);
        }
        self.lay(&body, &mut pens);
    }

    pub(super) fn lay(&mut self, body: &Body, pens: &mut Pens) {
        if self.sheet.open(&self.canvas, body) {
            paint(&mut self.sheet, body, pens);
            self.canvas.lay(&mut self.sheet);
        }
    }
}

/// An unperturbed cell at this place in the mix of phases.
pub(super) fn control(place: f32, progress: f32) -> State {
    let effects = Effects::default();
    let phase = phase_at(mix(&effects), place);
    State { phase, progress, stage: (phase == Phase::M).then(|| stage_at(progress)), effects }
}

fn ray(body: &Body, angle: f32) -> f32 {
    let (x, y) = body.cell.point(angle, 1.0);
    (x - body.cell.x).hypot(y - body.cell.y)
}
