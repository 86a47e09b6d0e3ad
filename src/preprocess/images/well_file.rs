//! Statistics of wells in a JSON file: computed once for a screen, read by every run that normalises its images.
//!
//! A list with an entry for each well, `{"plate": "P", "well": "A1", "mean": [...], "std": [...], "median": [...],
//! "mads": [...]}`, one number for each channel. Numbers are read to 15 digits.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ChannelStatistics, WellStatistics};
use crate::io::part_file::write_bytes;
use crate::{Error, Result};

/// The largest file that is read; a thousand plates of 384 wells stay below.
const LARGEST: u64 = 256 << 20;

#[derive(Serialize, Deserialize)]
struct Entry {
    plate: String,
    well: String,
    #[serde(flatten)]
    statistics: ChannelStatistics,
}

impl WellStatistics {
    /// Writes all wells. The path never holds half a file.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_json(&self, path: impl AsRef<Path>) -> Result<()> {
        let entry = |(plate, well, statistics): (&str, &str, &ChannelStatistics)| Entry {
            plate: plate.to_owned(),
            well: well.to_owned(),
            statistics: statistics.clone(),
        };
        let entries: Vec<Entry> = self.iter().map(entry).collect();
        let text = serde_json::to_vec(&entries).map_err(|e| Error::file(path.as_ref(), e))?;
        write_bytes(path.as_ref(), &text)
    }

    /// Reads what [`WellStatistics::write_json`] has written.
    ///
    /// # Errors
    /// When the file is missing, too large or no such list, a well comes twice, the wells have different numbers of
    /// channels, or a number is not finite or a spread negative.
    pub fn read_json(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let place = || path.display().to_string();
        let size = fs::metadata(path).map_err(|e| Error::file(path, e))?.len();
        if size > LARGEST {
            return Err(Error::new(format!("{size} bytes are too many for statistics of wells"))
                .at(place())
                .fix("give a file written by WellStatistics::write_json"));
        }
        let bytes = fs::read(path).map_err(|e| Error::file(path, e))?;
        let entries: Vec<Entry> = serde_json::from_slice(&bytes).map_err(|e| {
            Error::new(format!("the file is no list of wells with their statistics: {e}"))
                .at(place())
                .fix("give a file written by WellStatistics::write_json")
                .caused_by(e)
        })?;
        let channels = entries.first().map_or(0, |entry| entry.statistics.mean.len());
        let mut wells = Self::new();
        for Entry { plate, well, statistics } in entries {
            let at = || format!("{}: plate {plate:?}, well {well:?}", place());
            check(&statistics, channels).map_err(|e| e.at(at()))?;
            if wells.get(&plate, &well).is_ok() {
                return Err(Error::new("the well comes twice").at(at()));
            }
            wells.insert(&plate, &well, statistics);
        }
        Ok(wells)
    }
}

fn check(statistics: &ChannelStatistics, channels: usize) -> Result<()> {
    let ChannelStatistics { mean, std, median, mads } = statistics;
    if [mean, std, median, mads].iter().any(|numbers| numbers.len() != channels) {
        return Err(Error::new(format!("not one number for each of the {channels} channels of the first well")));
    }
    let finite = [mean, std, median, mads].iter().all(|numbers| numbers.iter().all(|v| v.is_finite()));
    if !finite || std.iter().chain(mads).any(|spread| *spread < 0.0) {
        return Err(Error::new("a number is not finite, or a spread is negative"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wells() -> WellStatistics {
        let mut wells = WellStatistics::new();
        for (well, mean) in [("A1", 0.1), ("B 2", 1.0 / 3.0)] {
            let of = |v: f64| vec![v, 2.0 * v];
            let statistics =
                ChannelStatistics { mean: of(mean), std: of(0.25), median: of(-mean), mads: of(mean * 1e-9) };
            wells.insert("plate \"x\"", well, statistics);
        }
        wells
    }

    #[test]
    fn what_is_written_is_read_to_fifteen_digits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new folder/wells.json");
        wells().write_json(&path).unwrap();
        let (read, written) = (WellStatistics::read_json(&path).unwrap(), wells());
        assert_eq!(read.len(), 2);
        let numbers = |s: &ChannelStatistics| [&s.mean, &s.std, &s.median, &s.mads].map(Clone::clone).concat();
        for (plate, well, statistics) in written.iter() {
            let pairs = numbers(read.get(plate, well).unwrap()).into_iter().zip(numbers(statistics));
            assert!(pairs.into_iter().all(|(got, want)| (got - want).abs() <= 1e-15 * want.abs()));
        }
    }

    #[test]
    fn damaged_files_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wells.json");
        wells().write_json(&path).unwrap();
        let whole = fs::read(&path).unwrap();
        let refused = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            WellStatistics::read_json(&path).unwrap_err().to_string()
        };
        for part in 0..20 {
            assert!(refused(&whole[..whole.len() * part / 20]).contains("no list of wells"));
        }
        assert!(refused(b"\xff\xfe[]").contains("no list"));
        assert!(refused(&[b'['; 100_000]).contains("no list"));
        assert!(refused(br#"[{"plate":"p","well":"w"}]"#).contains("missing field"));
        let entry = |well: &str, mean: &str, std: &str| {
            format!(r#"{{"plate":"p","well":"{well}","mean":{mean},"std":{std},"median":[0],"mads":[0]}}"#)
        };
        let two = |a: String, b: String| refused(format!("[{a},{b}]").as_bytes());
        assert!(two(entry("a", "[1]", "[1]"), entry("a", "[1]", "[1]")).contains("twice"));
        assert!(two(entry("a", "[1]", "[1]"), entry("b", "[1,2]", "[1]")).contains("not one number"));
        assert!(two(entry("a", "[1]", "[1]"), entry("b", "[1]", "[-1]")).contains("negative"));
        assert!(two(entry("a", "[1]", "[1]"), entry("b", "[1e999]", "[1]")).contains("no list"));
        assert!(WellStatistics::read_json(folder.path().join("none.json")).is_err());
    }
}
