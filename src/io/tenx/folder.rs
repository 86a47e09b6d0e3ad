//! The three text files of a 10x folder, each plain or gzipped.

use std::fs;
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use super::Parts;
use super::h5::{symbols, table, text};
use super::market;
use crate::io::gzip;
use crate::io::parquet::name_some;
use crate::screen::Counts;
use crate::{Error, Result};

/// What lists of cells and genes may unpack to: this and so many times the size of the file. Names compress 3 to 8 times.
const FREE: u64 = 2 << 20;
const RATIO: u64 = 32;

const MATRIX: [&str; 2] = ["matrix.mtx", "matrix.mtx.gz"];

pub(super) fn read(path: &Path) -> Result<Parts> {
    let matrix = matrix_file(path)?;
    let barcodes = beside(&matrix, &["barcodes.tsv"])?;
    let barcodes: Vec<String> = lines(&barcodes)?.into_iter().map(|line| cell(&line, 0).to_owned()).collect();
    let features = beside(&matrix, &["features.tsv", "genes.tsv"])?;
    let rows = lines(&features)?;
    let column = |number| rows.iter().map(|row| cell(row, number).to_owned()).collect::<Vec<_>>();
    let mut columns = vec![("name".to_owned(), text(column(1)))];
    if rows.iter().any(|row| !cell(row, 2).is_empty()) {
        columns.push(("feature_type".to_owned(), text(column(2))));
    }
    if let Some(row) = rows.iter().position(|row| cell(row, 1).is_empty()) {
        // A list of names alone is enough.
        if rows.iter().any(|row| !cell(row, 1).is_empty()) {
            return Err(Error::new("a feature has no name")
                .at(format!("{}, line {}", features.display(), row + 1))
                .fix("the columns are: identifier, name, type, with a tab between them"));
        }
        columns[0].1 = text(column(0));
    }
    let features = table(column(0), columns);

    let (reader, bytes) = unpacked(&matrix)?;
    let place = matrix.display().to_string();
    let entries = market::read(reader, bytes, (features.index.len(), barcodes.len())).map_err(|e| e.at(&place))?;
    let counts =
        Counts::from_triplets(symbols(&features), barcodes.len(), &entries.column, &entries.row, &entries.value)
            .map_err(|e| Error::new(format!("{place}: {e}")))?;
    Ok(Parts { counts, barcodes, features })
}

fn cell(line: &str, number: usize) -> &str {
    line.split('\t').nth(number).unwrap_or_default()
}

/// The matrix in a folder, or the file itself.
fn matrix_file(path: &Path) -> Result<PathBuf> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(|e| Error::file(path, e).fix("give the folder that holds matrix.mtx"))? {
        let file = entry.map_err(|e| Error::file(path, e))?.path();
        if file.is_file() && MATRIX.iter().any(|end| name(&file).ends_with(end)) {
            found.push(file);
        }
    }
    found.sort();
    if let Some(exact) = found.iter().find(|file| MATRIX.contains(&name(file).as_str())) {
        return Ok(exact.clone());
    }
    match &found[..] {
        [one] => Ok(one.clone()),
        [] => Err(Error::new("the folder holds no matrix.mtx or matrix.mtx.gz")
            .at(path.display().to_string())
            .fix("give the folder that Cell Ranger wrote, such as filtered_feature_bc_matrix")),
        several => {
            let names: Vec<String> = several.iter().map(|file| name(file)).collect();
            Err(Error::new(format!("the folder holds several matrices: {}", name_some(&names)))
                .at(path.display().to_string())
                .fix("give the path of one of them"))
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The file of one of these names beside the matrix, with the prefix that the matrix has.
fn beside(matrix: &Path, names: &[&str]) -> Result<PathBuf> {
    let own = name(matrix);
    let prefix = MATRIX.iter().find_map(|end| own.strip_suffix(end)).unwrap_or_default();
    let tried: Vec<String> =
        names.iter().flat_map(|name| [format!("{prefix}{name}.gz"), format!("{prefix}{name}")]).collect();
    tried.iter().map(|name| matrix.with_file_name(name)).find(|path| path.is_file()).ok_or_else(|| {
        Error::new(format!("a file is missing beside the matrix: looked for {}", name_some(&tried)))
            .at(matrix.display().to_string())
            .fix("copy the three files of a 10x folder together")
    })
}

/// A file as its content, whether it is gzipped or not, and its size on disk.
fn unpacked(path: &Path) -> Result<(Box<dyn BufRead>, u64)> {
    let bytes = fs::metadata(path).map_err(|e| Error::file(path, e))?.len();
    Ok((gzip::open(path)?, bytes))
}

/// The lines of a text file that are not empty.
fn lines(path: &Path) -> Result<Vec<String>> {
    let (reader, bytes) = unpacked(path)?;
    let place = path.display().to_string();
    let most = FREE.saturating_add(RATIO.saturating_mul(bytes));
    let mut content = Vec::new();
    reader.take(most + 1).read_to_end(&mut content).map_err(|e| {
        Error::new(format!("the file was cut short or is damaged: {e}")).at(&place).fix("copy or download it again")
    })?;
    if content.len() as u64 > most {
        return Err(Error::new(format!("the file of {bytes} bytes unpacks to more than {most}"))
            .at(&place)
            .fix("it is damaged or a compression bomb; compare its size with the original"));
    }
    let content = String::from_utf8(content)
        .map_err(|e| Error::new(format!("the file is not text: {e}")).at(&place).fix("save it as UTF-8"))?;
    Ok(content.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
