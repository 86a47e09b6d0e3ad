//! Mean, standard deviation, median and MAD of the pixels of each channel, per batch, in one pass over the images.
//!
//! ```text
//! mean = sum x / n,  std = sqrt(sum (x - mean)^2 / n),  MAD = median |x - median|
//! ```
//!
//! over all pixels of all cells of a batch: what the control z-score of Set-DINO and the per-well normalisation of
//! Multi-ContrastiveVAE need (their `mads` is 1.48 MAD). Means are accumulated in `f64`, image by image (Chan's formula). Medians come
//! from counts: exact for images of whole numbers up to 65535; other values are told apart to 12 significant bits, so that
//! the median is off by at most 0.013 % of itself.

use ndarray::{Array4, ArrayView2, Axis};
use polars::prelude::{Column, DataFrame};
use rayon::prelude::*;

use super::CellImages;
use super::batches::read_again;
use crate::live::Bar;
use crate::{Error, Result};

/// Cells that are in memory at once.
const BLOCK: usize = 256;
/// Bits of a float's pattern that are not told apart.
const DROPPED: u32 = 11;

/// What the pixels of one channel are like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelStatistics {
    /// The number of pixels.
    pub pixels: u64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (divided by n, not n - 1).
    pub std: f64,
    /// Their median.
    pub median: f64,
    /// The median of the absolute deviations from the median, not scaled.
    pub mad: f64,
}

/// The statistics of every channel in every batch.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchStatistics {
    channels: Vec<String>,
    batches: Vec<(String, Vec<ChannelStatistics>)>,
}

impl BatchStatistics {
    /// Batches and their channels' statistics, in the order in which they were asked for.
    pub fn batches(&self) -> &[(String, Vec<ChannelStatistics>)] {
        &self.batches
    }

    /// The channels of one batch.
    ///
    /// # Errors
    /// When there is no such batch; those there are are listed.
    pub fn batch(&self, name: &str) -> Result<&[ChannelStatistics]> {
        let found = self.batches.iter().find(|(batch, _)| batch == name).map(|(_, channels)| channels.as_slice());
        found.ok_or_else(|| {
            let names: Vec<&String> = self.batches.iter().map(|(batch, _)| batch).collect();
            Error::new(format!("there are no statistics of batch {name:?}"))
                .fix(format!("there are those of {}", crate::io::parquet::name_some(&names)))
        })
    }

    /// One row per batch and channel: `batch`, `channel`, `pixels`, `mean`, `std`, `median`, `mad`.
    ///
    /// # Errors
    /// Never in practice: the columns have one length.
    pub fn table(&self) -> Result<DataFrame> {
        let rows: Vec<(&String, &String, &ChannelStatistics)> = self
            .batches
            .iter()
            .flat_map(|(batch, all)| self.channels.iter().zip(all).map(move |(channel, one)| (batch, channel, one)))
            .collect();
        let text = |name: &str, of: fn(&(&String, &String, &ChannelStatistics)) -> String| {
            Column::new(name.into(), rows.iter().map(of).collect::<Vec<_>>())
        };
        let number = |name: &str, of: fn(&ChannelStatistics) -> f64| {
            Column::new(name.into(), rows.iter().map(|(_, _, one)| of(one)).collect::<Vec<_>>())
        };
        let columns = vec![
            text("batch", |row| row.0.clone()),
            text("channel", |row| row.1.clone()),
            Column::new("pixels".into(), rows.iter().map(|(_, _, one)| one.pixels).collect::<Vec<_>>()),
            number("mean", |one| one.mean),
            number("std", |one| one.std),
            number("median", |one| one.median),
            number("mad", |one| one.mad),
        ];
        DataFrame::new(rows.len(), columns).map_err(|e| Error::new(format!("cannot make the table: {e}")).caused_by(e))
    }
}

/// The statistics of each channel over the cells of each batch; `batches` are names with rows, usually those of the controls.
///
/// ```
/// use ndarray::Array4;
/// use perturbook::images::{MemoryImages, batch_statistics};
///
/// // Two cells of one channel: pixels 1, 2, 3, 4 and 5, 6, 7, 100.
/// let pixels = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 100.0];
/// let cells = MemoryImages::unnamed(Array4::from_shape_vec((2, 1, 2, 2), pixels).unwrap());
/// let statistics = batch_statistics(&cells, &[("A1".into(), vec![0, 1])])?;
/// let channel = statistics.batch("A1")?[0];
/// assert_eq!((channel.mean, channel.median, channel.mad), (16.0, 4.5, 2.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a batch has no cell, a cell cannot be read or holds NaN or infinity, or it was stopped.
pub fn batch_statistics(images: &dyn CellImages, batches: &[(String, Vec<usize>)]) -> Result<BatchStatistics> {
    let mut bar = Bar::new("statistics", Some(batches.iter().map(|(_, rows)| rows.len() as u64).sum()));
    let (mut all, mut block) = (Vec::with_capacity(batches.len()), Array4::default((0, 0, 0, 0)));
    for (batch, rows) in batches {
        if rows.is_empty() {
            return Err(Error::new(format!("batch {batch:?} has no cell to take statistics of"))
                .fix("leave the batch out, or check the label of the controls"));
        }
        let mut sums: Vec<Sums> = (0..images.shape().0).map(|_| Sums::default()).collect();
        for rows in rows.chunks(BLOCK) {
            read_again(images, rows, &mut block)?;
            sums.par_iter_mut().enumerate().try_for_each(|(channel, sums)| {
                let planes = block.index_axis(Axis(1), channel);
                rows.iter().zip(planes.outer_iter()).try_for_each(|(row, plane)| {
                    sums.add(plane).map_err(|e| {
                        e.at(format!("cell {row}, channel {:?}, batch {batch:?}", images.channels().get(channel)))
                    })
                })
            })?;
            bar.advance(rows.len() as u64);
            if bar.stopped() {
                return Err(Error::new("stopped while taking statistics").at(format!("batch {batch:?}")));
            }
        }
        all.push((batch.clone(), sums.iter().map(Sums::finish).collect()));
    }
    bar.finish();
    Ok(BatchStatistics { channels: images.channels().to_vec(), batches: all })
}

/// Running sums and counts of one channel.
#[derive(Default)]
struct Sums {
    pixels: u64,
    mean: f64,
    squares: f64,
    /// How often each whole number from 0 to 65535 occurred.
    whole: Vec<u64>,
    /// How often floats occurred, by the order of their patterns.
    floats: Vec<u64>,
}

impl Sums {
    /// Adds the pixels of one image: their mean and squares by Chan's formula for two parts, and their counts.
    fn add(&mut self, plane: ArrayView2<'_, f32>) -> Result<()> {
        let n = plane.len() as f64;
        let mean = plane.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
        if !mean.is_finite() {
            return Err(Error::new("a pixel is NaN or infinite").fix("replace such pixels before statistics are taken"));
        }
        let squares = plane.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>();
        let (off, before) = (mean - self.mean, self.pixels as f64);
        self.pixels += plane.len() as u64;
        self.mean += off * n / (before + n);
        self.squares += squares + off * off * before * n / (before + n);
        for &value in plane {
            let code = value as u16;
            let (counts, size, key) = if f32::from(code) == value {
                (&mut self.whole, 1 << 16, usize::from(code))
            } else {
                (&mut self.floats, 1 << (32 - DROPPED), (ordered(value) >> DROPPED) as usize)
            };
            if counts.is_empty() {
                counts.resize(size, 0);
            }
            counts[key] += 1;
        }
        Ok(())
    }

    fn finish(&self) -> ChannelStatistics {
        let whole = self.whole.iter().enumerate().map(|(value, &count)| (value as f64, count));
        let middle = |key: usize| f64::from(value_of((key as u32) << DROPPED | 1 << (DROPPED - 1)));
        let floats = self.floats.iter().enumerate().map(|(key, &count)| (key, count));
        let floats = floats.filter(|&(_, count)| count > 0).map(|(key, count)| (middle(key), count));
        let mut counts: Vec<(f64, u64)> = whole.filter(|&(_, count)| count > 0).chain(floats).collect();
        let median = median(&mut counts, self.pixels);
        counts.iter_mut().for_each(|(value, _)| *value = (*value - median).abs());
        ChannelStatistics {
            pixels: self.pixels,
            mean: self.mean,
            std: (self.squares / self.pixels as f64).sqrt(),
            median,
            mad: self::median(&mut counts, self.pixels),
        }
    }
}

/// The median of values that occur `count` times each, `n` in all.
fn median(counts: &mut [(f64, u64)], n: u64) -> f64 {
    counts.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let at = |rank: u64| {
        let mut below = 0;
        let found = counts.iter().find(|(_, count)| {
            below += count;
            below > rank
        });
        found.map_or(f64::NAN, |(value, _)| *value)
    };
    (at((n - 1) / 2) + at(n / 2)) / 2.0
}

/// A float's pattern, ordered as the floats are.
fn ordered(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn value_of(ordered: u32) -> f32 {
    f32::from_bits(if ordered >> 31 == 1 { ordered ^ 1 << 31 } else { !ordered })
}
