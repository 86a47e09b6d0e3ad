//! The cells of a run: files, folders or a simulator, with the columns that say what they are, and the part that is held out.

use polars::prelude::Column;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::arguments::{Arguments, Fold};
use super::failure::{Failure, Outcome};
use super::join::join;
use crate::screen::{Features, Label, Role, Screen};
use crate::simulate::{OpsConfig, PerturbSeqConfig, PlantedBiasConfig, ops_images, perturb_seq, planted_bias};
use crate::{Error, Result};

/// What data are called that are made on the spot.
const SIMULATE: &str = "simulate:";

/// Cells to learn from and to embed.
pub(super) struct Cells {
    /// All of them.
    pub all: Screen,
    /// Those that are learned from.
    pub train: Screen,
    /// What was read, and which columns were taken for what.
    pub lines: Vec<String>,
}

/// Opens what the arguments name.
pub(super) fn open(arguments: &Arguments, seed: u64) -> Outcome<Cells> {
    let mut parts = Vec::new();
    let mut lines = Vec::new();
    for name in &arguments.data {
        let screen = match name.strip_prefix(SIMULATE) {
            Some(what) => simulated(what)?,
            None => Screen::open(name)?,
        };
        lines.push(format!("data: {name}: {} cells, {}", screen.len(), screen.payload().describe()));
        lines.extend(screen.summary().notes.into_iter().map(|note| format!("      {note}")));
        parts.push((name.clone(), screen));
    }
    let all = labelled(join(parts)?, arguments)?;
    let Some(fold) = arguments.fold else {
        lines.extend(said(&all, arguments));
        return Ok(Cells { train: all.clone(), all, lines });
    };
    let part = folds(&all, fold.of, seed);
    let all = labelled(with_column(&all, &part)?, arguments)?;
    let rows: Vec<usize> = (0..all.len()).filter(|&row| part[row] as usize != fold.part).collect();
    let train = all.select(&rows)?;
    lines.extend(said(&all, arguments));
    let Fold { part, of } = fold;
    lines.push(format!("held out: part {part} of {of}, {} of {} cells", all.len() - train.len(), all.len()));
    Ok(Cells { all, train, lines })
}

fn simulated(what: &str) -> Outcome<Screen> {
    Ok(match what {
        "counts" => perturb_seq(&PerturbSeqConfig::quick())?.screen()?,
        "images" => ops_images(&OpsConfig::quick())?.screen()?,
        "bias" => {
            let cells = planted_bias(&PlantedBiasConfig::default())?.embedding;
            Screen::new(cells.table().clone(), Features::numbered(cells.values().to_owned())?)?
        }
        other => {
            let what =
                format!("there is no simulator {other:?}: there are simulate:counts, simulate:images, simulate:bias");
            return Err(Failure::call(what));
        }
    })
}

/// The screen with the columns and controls that were asked for.
fn labelled(mut screen: Screen, arguments: &Arguments) -> Result<Screen> {
    let asked = |e: Error, option: &str| e.at(format!("option {option}"));
    if let Some(column) = &arguments.perturbation {
        screen = screen.with_label(Label::Gene, column).map_err(|e| asked(e, "--perturbation"))?;
    }
    if let Some(column) = &arguments.batch {
        screen = screen.with_label(Label::Batch, column).map_err(|e| asked(e, "--batch"))?;
    }
    if !arguments.control.is_empty() {
        screen = screen.with_controls(arguments.control.clone()).map_err(|e| asked(e, "--control"))?;
    }
    Ok(screen)
}

/// Which columns and labels were taken, one line each.
fn said(screen: &Screen, arguments: &Arguments) -> Vec<String> {
    let mut lines = Vec::new();
    for (label, name, option, asked) in [
        (Label::Gene, "perturbation", "--perturbation", arguments.perturbation.is_some()),
        (Label::Batch, "batch", "--batch", arguments.batch.is_some()),
    ] {
        let columns = screen.label_columns(label).join(" and ");
        lines.push(match screen.labels(label) {
            Ok(labels) => {
                let how = if asked { "as asked for" } else { "by its usual name" };
                format!("{name}: column {columns}, {how}, {} labels", labels.distinct())
            }
            Err(_) => format!("{name}: no column with a usual name; choose one with {option}"),
        });
    }
    let controls = (0..screen.len()).filter(|&row| screen.role(row) == Role::Control).count();
    lines.push(match controls {
        0 => "controls: none, no usual label; choose with --control".to_owned(),
        n => format!("controls: {n} cells, {}", screen.summary().control_rule),
    });
    lines
}

/// For each cell its part, from 1: cells of each perturbation are dealt out at random, so that parts differ by one cell of a
/// perturbation at most, and by one in all.
fn folds(screen: &Screen, of: usize, seed: u64) -> Vec<u32> {
    let mut groups: Vec<Vec<usize>> = match screen.labels(Label::Gene) {
        Ok(labels) => {
            let mut groups = vec![Vec::new(); labels.names().len()];
            labels.codes().iter().enumerate().for_each(|(row, &code)| groups[code as usize].push(row));
            groups
        }
        Err(_) => vec![(0..screen.len()).collect()],
    };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut part = vec![0; screen.len()];
    let mut dealt = 0;
    for rows in &mut groups {
        rows.shuffle(&mut rng);
        for &row in rows.iter() {
            part[row] = (dealt % of) as u32 + 1;
            dealt += 1;
        }
    }
    part
}

/// The screen with a column that says each cell's part.
fn with_column(screen: &Screen, part: &[u32]) -> Result<Screen> {
    let mut names = (1..).map(|n| if n == 1 { "fold".to_owned() } else { format!("fold_{n}") });
    let name = names.find(|name| screen.table().column(name).is_err()).unwrap_or_default();
    let column = Column::new(name.as_str().into(), part.to_vec());
    let table = screen.table().hstack(&[column]).map_err(|e| {
        Error::new(format!("the column of the parts cannot be added: {e}")).at("table of the screen").caused_by(e)
    })?;
    Screen::new(table, screen.payload().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_every_perturbation_evenly() -> Result<()> {
        let screen = perturb_seq(&PerturbSeqConfig::quick())?.screen()?;
        let part = folds(&screen, 3, 1);
        assert_eq!(part, folds(&screen, 3, 1));
        assert_ne!(part, folds(&screen, 3, 2));
        let labels = screen.labels(Label::Gene)?;
        for (code, &n) in labels.counts().iter().enumerate() {
            for of in 1..=3 {
                let rows = (0..screen.len()).filter(|&row| part[row] == of && labels.codes()[row] as usize == code);
                assert!((rows.count() as f64 - n as f64 / 3.0).abs() < 1.0);
            }
        }
        let with = with_column(&with_column(&screen, &part)?, &part)?;
        assert!(with.table().column("fold_2").is_ok());
        Ok(())
    }
}
