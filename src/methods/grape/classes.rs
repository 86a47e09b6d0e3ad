//! The perturbations that GRAPE's table has rows for, and the cells of each.

use std::collections::BTreeMap;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::Settings;
use crate::screen::{Label, Role, Screen};
use crate::{Error, Result};

/// The names of the classes, in the order in which they first appear in the screen that was learned from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes {
    /// Perturbations and controls.
    pub names: Vec<String>,
    /// Whether each is a control.
    pub controls: Vec<bool>,
}

impl Classes {
    /// Those of a screen: the perturbations of the settings, all where these name none, and the controls.
    ///
    /// # Errors
    /// When a perturbation has too few cells or none, or fewer than two classes are left.
    pub(super) fn of(screen: &Screen, settings: &Settings) -> Result<Self> {
        let labels = screen.labels(settings.unit.label())?;
        let mut cells = vec![0; labels.names().len()];
        let mut control = vec![false; labels.names().len()];
        for row in (0..screen.len()).filter(|&row| screen.role(row) != Role::Other) {
            let code = labels.codes()[row] as usize;
            cells[code] += 1;
            control[code] |= screen.role(row) == Role::Control;
        }
        let wanted = &settings.perturbations;
        let number = |name: &String| labels.names().iter().position(|known| known == name);
        let few = |name: &&String| number(name).is_none_or(|code| cells[code] < settings.fewest);
        let lacking: Vec<&String> = wanted.iter().filter(few).collect();
        if let Some(first) = lacking.first() {
            return Err(Error::new(format!(
                "{} of {} perturbations have fewer than {} cells",
                lacking.len(),
                wanted.len(),
                settings.fewest
            ))
            .at(format!("{first:?}"))
            .fix("take them out of `perturbations`, or lower `fewest`"));
        }
        let (names, controls): (Vec<String>, Vec<bool>) = labels
            .names()
            .iter()
            .enumerate()
            .filter(|(code, name)| {
                cells[*code] >= settings.fewest && (control[*code] || wanted.is_empty() || wanted.contains(name))
            })
            .map(|(code, name)| (name.clone(), control[code]))
            .unzip();
        if names.len() < 2 {
            return Err(Error::new(format!("{} perturbations have {} cells or more", names.len(), settings.fewest))
                .at("screen")
                .fix("style transfer needs two or more; lower `fewest`, or check the labels"));
        }
        Ok(Self { names, controls })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The number of a perturbation.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn number(&self, name: &str) -> Result<usize> {
        self.names.iter().position(|known| known == name).ok_or_else(|| {
            Error::new(format!("the model has not learned {name:?}"))
                .fix(format!("it has learned {}, ...", self.names[..self.names.len().min(8)].join(", ")))
        })
    }

    /// The rows of a screen whose cells are of a class, and the class of each.
    pub(super) fn rows(&self, screen: &Screen, settings: &Settings) -> Result<(Vec<usize>, Vec<usize>)> {
        let labels = screen.labels(settings.unit.label())?;
        let known: BTreeMap<&str, usize> = self.names.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
        let of_code: Vec<Option<usize>> = labels.names().iter().map(|name| known.get(name.as_str()).copied()).collect();
        let class = |row: usize| Some((row, of_code[labels.codes()[row] as usize]?));
        Ok((0..screen.len()).filter(|&row| screen.role(row) != Role::Other).filter_map(class).unzip())
    }

    /// The vectors of the classes from a file, `classes x width`; of several rows of one name the mean. Controls without
    /// one get zeros.
    pub(super) fn vectors(&self, settings: &Settings) -> Result<Option<Array2<f32>>> {
        let Some(path) = &settings.vectors else { return Ok(None) };
        let at = |e: Error| Error::new(e.to_string()).at(path.display().to_string());
        let file = Screen::open(path).map_err(at)?;
        let (embedding, labels) = (
            file.embedding().map_err(at)?,
            file.labels(settings.unit.label()).or(file.labels(Label::Gene)).map_err(at)?,
        );
        let mut vectors = Array2::<f64>::zeros((self.len(), embedding.dims()));
        let mut found = vec![0.0; self.len()];
        for (row, values) in embedding.values().outer_iter().enumerate() {
            if let Ok(class) = self.number(labels.of(row)) {
                vectors.row_mut(class).zip_mut_with(&values, |sum, &v| *sum += f64::from(v));
                found[class] += 1.0;
            }
        }
        let lacking: Vec<&String> =
            (0..self.len()).filter(|&i| found[i] == 0.0 && !self.controls[i]).map(|i| &self.names[i]).collect();
        if let Some(first) = lacking.first() {
            return Err(Error::new(format!("{} of {} perturbations have no vector", lacking.len(), self.len()))
                .at(format!("{}, {first:?}", path.display()))
                .fix("leave them out of `perturbations`, or add their vectors"));
        }
        for (mut row, n) in vectors.outer_iter_mut().zip(found) {
            row /= f64::max(n, 1.0);
        }
        Ok(Some(vectors.mapv(|v| v as f32)))
    }
}
