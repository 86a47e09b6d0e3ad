//! Several files as one screen: the columns that all their tables have, and their measurements one below the other.
//!
//! Counts must be of the same genes, features have the same names, images the same channels and size, all in the same order;
//! what differs first is said. Images stay where they are and are read when they are asked for.

use std::path::Path;
use std::sync::Arc;

use ndarray::{Array4, ArrayView2, Axis, concatenate, s};
use polars::prelude::{Column, DataFrame, DataType};

use crate::images::CellImages;
use crate::screen::{Counts, Features, Payload, Screen};
use crate::{Error, Result};

/// One screen of all parts, each with its name; a column `file` says where cells are from.
pub(super) fn join(mut parts: Vec<(String, Screen)>) -> Result<Screen> {
    if parts.len() < 2 {
        return match parts.pop() {
            Some((_, only)) => Ok(only),
            None => Err(Error::new("no data are named").fix("name a file")),
        };
    }
    let payload = payload(&parts)?;
    Screen::new(table(&parts)?, payload)
}

fn table(parts: &[(String, Screen)]) -> Result<DataFrame> {
    let (_, first) = &parts[0];
    let everywhere = |name: &str| parts.iter().all(|(_, part)| part.table().column(name).is_ok());
    let names: Vec<String> =
        first.table().get_column_names().iter().map(|name| name.to_string()).filter(|name| everywhere(name)).collect();
    let mut joined: Option<DataFrame> = None;
    for (file, part) in parts {
        let failed = |e: polars::prelude::PolarsError| {
            Error::new(format!("this table cannot be put below the others: {e}")).at(file.clone()).caused_by(e)
        };
        let mut columns = Vec::new();
        for name in &names {
            let column = part.table().column(name).map_err(failed)?;
            // A batch may be a number in one file and a word in another.
            let mut all = parts.iter().filter_map(|(_, part)| part.table().column(name).ok());
            let same = all.all(|other| other.dtype() == column.dtype());
            columns.push(if same { column.clone() } else { column.cast(&DataType::String).map_err(failed)? });
        }
        if !names.iter().any(|name| name == "file") {
            let name = Path::new(file).file_name().map_or(file.clone(), |name| name.to_string_lossy().into_owned());
            columns.push(Column::new("file".into(), vec![name; part.len()]));
        }
        let below = DataFrame::new(part.len(), columns).map_err(failed)?;
        joined = Some(match joined {
            None => below,
            Some(above) => above.vstack(&below).map_err(failed)?,
        });
    }
    joined.ok_or_else(|| Error::new("no data are named").fix("name a file"))
}

fn payload(parts: &[(String, Screen)]) -> Result<Payload> {
    let differ = |file: &str, what: String| {
        Err(Error::new(format!("these data do not go with {}: {what}", parts[0].0))
            .at(file.to_owned())
            .fix("give files of one screen, with the same genes, features or channels in the same order"))
    };
    match parts[0].1.payload() {
        Payload::Counts(first) => {
            let mut all = Vec::new();
            for (file, part) in parts {
                match part.payload() {
                    Payload::Counts(counts) if counts.genes() == first.genes() => all.push(counts.clone()),
                    Payload::Counts(counts) => return differ(file, first_difference(first.genes(), counts.genes())),
                    other => return differ(file, format!("they are {}", other.describe())),
                }
            }
            Ok(below_counts(&all)?.into())
        }
        Payload::Features(first) => {
            let mut all: Vec<ArrayView2<'_, f32>> = Vec::new();
            for (file, part) in parts {
                match part.payload() {
                    Payload::Features(features) if features.names() == first.names() => all.push(features.values()),
                    Payload::Features(features) => {
                        return differ(file, first_difference(first.names(), features.names()));
                    }
                    other => return differ(file, format!("they are {}", other.describe())),
                }
            }
            let values = concatenate(Axis(0), &all)
                .map_err(|e| Error::new(format!("the features cannot be put together: {e}")).caused_by(e))?;
            Ok(Features::new(values, first.names().to_vec())?.into())
        }
        Payload::Images(first) => {
            let mut all = Vec::new();
            for (file, part) in parts {
                match part.payload() {
                    Payload::Images(images)
                        if images.shape() == first.shape() && images.channels() == first.channels() =>
                    {
                        all.push(images.clone());
                    }
                    other => return differ(file, format!("they are {}", other.describe())),
                }
            }
            Ok(Payload::Images(Arc::new(Joined::new(all))))
        }
    }
}

/// `feature 3 is "a" there and "b" here`.
fn first_difference(first: &[String], other: &[String]) -> String {
    match first.iter().zip(other).position(|(a, b)| a != b) {
        Some(at) => format!("number {at} is {:?} there and {:?} here", first[at], other[at]),
        None => format!("there are {} there and {} here", first.len(), other.len()),
    }
}

fn below_counts(parts: &[Arc<Counts>]) -> Result<Counts> {
    let (mut indptr, mut indices, mut values) = (vec![0u64], Vec::new(), Vec::new());
    for counts in parts {
        for cell in 0..counts.cells() {
            let (genes, of) = counts.row(cell);
            indices.extend_from_slice(genes);
            values.extend_from_slice(of);
            indptr.push(indices.len() as u64);
        }
    }
    Counts::new(parts[0].genes().to_vec(), indptr, indices, values)
}

/// Images of several places in one row of numbers.
struct Joined {
    parts: Vec<Arc<dyn CellImages>>,
    /// The number behind the last image of each part.
    ends: Vec<usize>,
}

impl Joined {
    fn new(parts: Vec<Arc<dyn CellImages>>) -> Self {
        let mut end = 0;
        let ends = parts.iter().map(|part| {
            end += part.len();
            end
        });
        Self { ends: ends.collect(), parts }
    }
}

impl CellImages for Joined {
    fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    fn shape(&self) -> (usize, usize, usize) {
        self.parts[0].shape()
    }

    fn channels(&self) -> &[String] {
        self.parts[0].channels()
    }

    fn read(&self, rows: &[usize]) -> Result<Array4<f32>> {
        let (channels, height, width) = self.shape();
        if let Some(&outside) = rows.iter().find(|&&row| row >= self.len()) {
            return Err(Error::new(format!("there is no image {outside}"))
                .at("joined images")
                .fix(format!("the numbers go from 0 to {}", self.len().saturating_sub(1))));
        }
        let mut out = Array4::zeros((rows.len(), channels, height, width));
        for (number, part) in self.parts.iter().enumerate() {
            let start = self.ends[number] - part.len();
            let inside = |row: usize| (start..self.ends[number]).contains(&row);
            let places: Vec<usize> = (0..rows.len()).filter(|&at| inside(rows[at])).collect();
            if places.is_empty() {
                continue;
            }
            let wanted: Vec<usize> = places.iter().map(|&at| rows[at] - start).collect();
            let images = part.read(&wanted)?;
            for (image, &at) in images.outer_iter().zip(&places) {
                out.slice_mut(s![at, .., .., ..]).assign(&image);
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use polars::prelude::df;

    use super::*;
    use crate::simulate::{OpsConfig, PerturbSeqConfig, ops_images, perturb_seq};

    #[test]
    fn tables_keep_their_common_columns() -> Result<()> {
        let part = |table, value: f32| Screen::new(table, Features::numbered(array![[value]])?);
        let one = part(df!("gene" => ["A"], "lane" => [1]).expect("a table"), 1.0)?;
        let two = part(df!("lane" => ["x"], "gene" => ["B"], "y" => [2]).expect("a table"), 2.0)?;
        let joined = join(vec![("a/1.csv".to_owned(), one.clone()), ("a/2.csv".to_owned(), two)])?;
        let names: Vec<String> = joined.table().get_column_names().iter().map(|name| name.to_string()).collect();
        assert_eq!(names, ["gene", "lane", "file"]);
        assert_eq!(joined.features()?.column(0).to_vec(), [1.0, 2.0]);
        let other = Features::new(array![[1.0]], vec!["area".to_owned()])?;
        let other = Screen::new(df!("gene" => ["A"]).expect("a table"), other)?;
        let error = join(vec![("1".to_owned(), one), ("2".to_owned(), other)]).expect_err("other features");
        assert!(error.to_string().contains("number 0 is \"0\" there and \"area\" here"), "{error}");
        Ok(())
    }

    #[test]
    fn counts_and_images_of_a_part_are_found_again() -> Result<()> {
        let counts = perturb_seq(&PerturbSeqConfig::quick())?.screen()?;
        let joined = join(vec![("a".to_owned(), counts.clone()), ("b".to_owned(), counts.clone())])?;
        let (whole, part) = (joined.counts()?, counts.counts()?);
        assert_eq!(whole.cells(), 2 * part.cells());
        assert_eq!(whole.row(part.cells() + 3), part.row(3));
        let images = ops_images(&OpsConfig::quick())?.screen()?;
        let n = images.len();
        let twice = join(vec![("a".to_owned(), images.clone()), ("b".to_owned(), images.clone())])?;
        assert_eq!(twice.read_images(&[n + 5, 2, n])?, images.read_images(&[5, 2, 0])?);
        Ok(())
    }
}
