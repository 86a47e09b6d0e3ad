//! Whole fields of view and a table of cells' centres: crops are cut when they are asked for.
//!
//! ```text
//! field = planes of its files -> flat field -> channels aligned -> clipped and rescaled,  crop = field around (y, x)
//! ```
//!
//! Each step is optional and a function of its own. Fields are opened when a crop of theirs is read; the last few are kept.

mod align;
mod clip;
mod cut;
mod flat;
mod template;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::{Array3, Array4, Axis, concatenate};
use polars::prelude::{BooleanChunked, Column, DataFrame, DataType, NewChunkedArray};
use rayon::prelude::*;

pub use self::align::{align_channels, phase_shift, translated};
pub use self::clip::clip_percentiles;
pub use self::cut::EdgeRule;
pub use self::flat::{FlatField, FlatFieldConfig, OverFields};
use self::template::Template;
use super::{CellImages, Picture, check_rows, values_of};
use crate::io::parquet::{count, require_columns};
use crate::io::{png, tiff};
use crate::{Error, Result};

/// Where fields lie and how cells are cut from them.
#[derive(Clone, Debug)]
pub struct FieldConfig {
    /// The files of a field, which together are its channels: names with columns of the table in braces, such as
    /// `"wells/{well}.tif"`.
    pub files: Vec<String>,
    /// The columns with the centres' rows and columns in pixels, from 0 at the middle of the first pixel.
    pub centre: (String, String),
    /// Height and width of a crop.
    pub size: (usize, usize),
    /// What happens to cells at the rim.
    pub edge: EdgeRule,
    /// The correction of uneven light.
    pub flat_field: Option<Arc<FlatField>>,
    /// The channel onto which the others are moved, and the parts of a pixel that are told apart (1 for whole pixels).
    pub align: Option<(usize, usize)>,
    /// The percentiles at which each channel of a field is clipped before it is rescaled to `[0, 1]`.
    pub clip: Option<(f64, f64)>,
    /// How many prepared fields are kept in memory.
    pub keep: usize,
}

impl FieldConfig {
    /// Square crops from one file per field; centres in the columns `y` and `x`, cells at the rim left out, nothing corrected.
    pub fn new(file: impl Into<String>, size: usize) -> Self {
        Self {
            files: vec![file.into()],
            centre: ("y".into(), "x".into()),
            size: (size, size),
            edge: EdgeRule::Drop,
            flat_field: None,
            align: None,
            clip: None,
            keep: 4,
        }
    }

    /// The preparation of the Funk 2022 screen: channels aligned to whole pixels on the first, clip at 0.1 and 99.9 %.
    ///
    /// Source: Multi-ContrastiveVAE (data) and Set-DINO (data), which both add a flat field: [`FlatField`].
    #[must_use]
    pub fn as_funk2022(mut self) -> Self {
        self.align = Some((0, 1));
        self.clip = Some((0.1, 99.9));
        self
    }
}

/// Cells cut from fields of view.
#[derive(Debug)]
pub struct FieldImages {
    config: FieldConfig,
    fields: Vec<Vec<PathBuf>>,
    /// Field, top and left of each cell.
    cells: Vec<(u32, i32, i32)>,
    field_shape: (usize, usize, usize),
    channels: Vec<String>,
    table: DataFrame,
    dropped: usize,
    kept: Mutex<Vec<(u32, Arc<Array3<f32>>)>>,
}

impl FieldImages {
    /// Finds the field and the place of every row of `table`; files are looked for under `folder`.
    ///
    /// The first field says the size and the channels' names, and the others must have the same size.
    ///
    /// ```
    /// use ndarray::Array3;
    /// use perturbook::images::{CellImages, FieldImages, field::FieldConfig};
    /// use perturbook::io::tiff;
    /// use polars::prelude::df;
    ///
    /// # let folder = std::env::temp_dir().join(format!("fields-{}", std::process::id()));
    /// let field = Array3::from_shape_fn((2, 40, 50), |(c, y, x)| (1000 * c + 50 * y + x) as f32);
    /// tiff::write_f32(folder.join("A1.tif"), field.view())?;
    /// let table = df!("well" => ["A1", "A1"], "y" => [20.0, 2.0], "x" => [30.0, 30.0]).unwrap();
    /// let cells = FieldImages::open(&folder, &table, FieldConfig::new("{well}.tif", 8))?;
    /// assert_eq!((cells.len(), cells.dropped()), (1, 1)); // the second cell lies at the rim
    /// assert_eq!(cells.read(&[0])?[[0, 1, 4, 4]], field[[1, 20, 30]]);
    /// # std::fs::remove_dir_all(folder).unwrap();
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a column is missing or a centre is no number, the first field cannot be read, no cell is left, or the
    /// configuration does not fit the fields.
    pub fn open(folder: impl AsRef<Path>, table: &DataFrame, config: FieldConfig) -> Result<Self> {
        let folder = folder.as_ref();
        let templates = config.files.iter().map(|file| Template::new(file)).collect::<Result<Vec<_>>>()?;
        let mut names: Vec<&str> = templates.iter().flat_map(Template::columns).collect();
        names.extend([config.centre.0.as_str(), config.centre.1.as_str()]);
        require_columns(table, &names, "the table of centres")?;
        if config.size.0 == 0 || config.size.1 == 0 || config.files.is_empty() {
            return Err(Error::new("crops need a size above 0 and fields need a file")
                .fix("start from FieldConfig::new(\"{well}.tif\", 96)"));
        }
        let (y, x) = (numbers(table, &config.centre.0)?, numbers(table, &config.centre.1)?);
        let named = templates.iter().map(|template| template.fill(table)).collect::<Result<Vec<_>>>()?;
        let (mut fields, mut number_of) = (Vec::new(), HashMap::new());
        let mut field_of = Vec::with_capacity(table.height());
        for row in 0..table.height() {
            let files: Vec<&str> = named.iter().map(|names| names[row].as_str()).collect();
            let number = *number_of.entry(files.clone()).or_insert_with(|| {
                fields.push(files.iter().map(|file| folder.join(file)).collect::<Vec<_>>());
                fields.len() as u32 - 1
            });
            field_of.push(number);
        }
        let Some(first) = fields.first() else { return Err(Error::new("the table of centres has no row")) };
        let (channels, height, width) = describe(first)?;
        let field_shape = (channels.len(), height, width);
        let start = |centre: f64, size| cut::start(centre, size).clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        let mut cells: Vec<(u32, i32, i32)> = field_of
            .iter()
            .zip(y.iter().zip(&x))
            .map(|(&field, (&y, &x))| (field, start(y, config.size.0), start(x, config.size.1)))
            .collect();
        let mut table = table.clone();
        let rows = cells.len();
        if config.edge == EdgeRule::Drop {
            let inside = |&(_, top, left): &(u32, i32, i32)| {
                cut::fits(top.into(), config.size.0, height) && cut::fits(left.into(), config.size.1, width)
            };
            let mask = BooleanChunked::from_iter_values("inside".into(), cells.iter().map(inside));
            table =
                table.filter(&mask).map_err(|e| Error::new(format!("cannot filter the cells: {e}")).caused_by(e))?;
            cells.retain(inside);
        }
        let dropped = rows - cells.len();
        if cells.is_empty() {
            return Err(Error::new(format!(
                "no cell is left: the crops of all {} would leave the fields of {height} x {width} pixels",
                count(dropped, "cell")
            ))
            .fix("check that centres are in pixels of these fields, or choose a smaller crop or EdgeRule::Pad"));
        }
        Ok(Self { config, fields, cells, field_shape, channels, table, dropped, kept: Mutex::default() })
    }

    /// Names the channels.
    ///
    /// # Errors
    /// When the number of names is not the number of channels.
    pub fn with_channels<S: Into<String>>(mut self, channels: impl IntoIterator<Item = S>) -> Result<Self> {
        let channels: Vec<String> = channels.into_iter().map(Into::into).collect();
        super::picture::check_channels(&channels, self.channels.len())?;
        self.channels = channels;
        Ok(self)
    }

    /// One row per cell that is left.
    pub fn table(&self) -> &DataFrame {
        &self.table
    }

    /// How many cells were left out because their crop would leave the field.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// How many fields there are.
    pub fn fields(&self) -> usize {
        self.fields.len()
    }

    /// The planes of a field as they are stored, `channels x height x width`: what a flat field is estimated from.
    ///
    /// # Errors
    /// When there is no such field, or it cannot be read or has another size.
    pub fn raw_field(&self, field: usize) -> Result<Array3<f32>> {
        let files = self.fields.get(field).ok_or_else(|| {
            Error::new(format!("there is no field {field}: the cells lie in {}", count(self.fields.len(), "field")))
        })?;
        let planes = load(files)?;
        if planes.dim() != self.field_shape {
            return Err(Error::new(format!(
                "this field is {:?}, and the first is {:?}",
                planes.dim(),
                self.field_shape
            ))
            .at(files[0].display().to_string())
            .fix("fields of one source have one size"));
        }
        Ok(planes)
    }

    /// A field with its corrections, `channels x height x width`.
    ///
    /// # Errors
    /// As [`FieldImages::raw_field`], and when a correction fails.
    pub fn field(&self, field: usize) -> Result<Array3<f32>> {
        let mut planes = self.raw_field(field)?;
        let place = |e: Error| e.at(self.fields[field][0].display().to_string());
        if let Some(flat) = &self.config.flat_field {
            flat.correct(&mut planes).map_err(place)?;
        }
        if let Some((reference, upsample)) = self.config.align {
            align_channels(&mut planes, reference, upsample).map_err(place)?;
        }
        if let Some((low, high)) = self.config.clip {
            clip_percentiles(&mut planes, low, high).map_err(place)?;
        }
        Ok(planes)
    }

    /// A prepared field, from memory where it was used lately.
    fn prepared(&self, field: u32) -> Result<Arc<Array3<f32>>> {
        let found = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let at = kept.iter().position(|(number, _)| *number == field);
            at.map(|at| {
                let entry = kept.remove(at);
                kept.push(entry);
                Arc::clone(&kept[kept.len() - 1].1)
            })
        };
        if let Some(planes) = found {
            return Ok(planes);
        }
        let planes = Arc::new(self.field(field as usize)?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((field, Arc::clone(&planes)));
        let surplus = kept.len().saturating_sub(self.config.keep.max(1));
        kept.drain(..surplus);
        Ok(planes)
    }
}

impl CellImages for FieldImages {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn shape(&self) -> (usize, usize, usize) {
        (self.field_shape.0, self.config.size.0, self.config.size.1)
    }

    fn channels(&self) -> &[String] {
        &self.channels
    }

    fn read(&self, rows: &[usize]) -> Result<Array4<f32>> {
        check_rows(rows, self.len())?;
        let (channels, height, width) = self.shape();
        let mut images = Array4::zeros((rows.len(), channels, height, width));
        self.read_into(rows, &mut images)?;
        Ok(images)
    }

    fn read_into(&self, rows: &[usize], out: &mut Array4<f32>) -> Result<()> {
        check_rows(rows, self.len())?;
        let out = values_of(rows, self.shape(), out)?;
        let (channels, height, width) = self.shape();
        let mut by_field: HashMap<u32, Vec<(usize, &mut [f32])>> = HashMap::new();
        for (&row, out) in rows.iter().zip(out.chunks_exact_mut(channels * height * width)) {
            by_field.entry(self.cells[row].0).or_default().push((row, out));
        }
        // Field after field, so that few of them are in memory at once.
        let mut by_field: Vec<_> = by_field.into_iter().collect();
        by_field.sort_unstable_by_key(|(field, _)| *field);
        for (field, cells) in by_field {
            let planes = self.prepared(field)?;
            cells.into_par_iter().for_each(|(row, out)| {
                let (_, top, left) = self.cells[row];
                cut::cut(&planes, (top.into(), left.into()), self.config.size, self.config.edge, out);
            });
        }
        Ok(())
    }
}

fn numbers(table: &DataFrame, name: &str) -> Result<Vec<f64>> {
    let column = table.column(name).and_then(|column| column.cast(&DataType::Float64));
    let wrong = |e| {
        Error::new(format!("the column {name:?} does not hold numbers: {e}")).at("the table of centres").caused_by(e)
    };
    let column: Column = column.map_err(wrong)?;
    let values = column.f64().map_err(wrong)?;
    let bad = values.iter().position(|value| value.is_none_or(|value| !value.is_finite()));
    match bad {
        Some(row) => Err(Error::new(format!("the centre {:?} is no number", values.get(row)))
            .at(format!("row {row}, column {name:?} of the table of centres"))
            .fix("drop the rows without a centre")),
        None => Ok(values.iter().flatten().collect()),
    }
}

fn read_file(path: &Path) -> Result<Picture> {
    let is_png = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
    let picture = if is_png { png::read(path)? } else { tiff::read(path)? };
    if picture.frames() != 1 {
        return Err(Error::new(format!("the file holds {} frames, and a field is one", picture.frames()))
            .at(path.display().to_string())
            .fix("save each time point or focal plane as a file of its own, or their projection"));
    }
    Ok(picture)
}

/// The channels' names, height and width of a field.
fn describe(files: &[PathBuf]) -> Result<(Vec<String>, usize, usize)> {
    let pictures = files.iter().map(|file| read_file(file)).collect::<Result<Vec<_>>>()?;
    let mut names: Vec<String> = pictures.iter().flat_map(|picture| picture.channels().iter().cloned()).collect();
    let distinct: std::collections::HashSet<&String> = names.iter().collect();
    if distinct.len() < names.len() {
        names = super::numbered(names.len());
    }
    let (height, width) = pictures.first().map_or((0, 0), Picture::size);
    Ok((names, height, width))
}

fn load(files: &[PathBuf]) -> Result<Array3<f32>> {
    let mut pictures =
        files.iter().map(|file| read_file(file).map(Picture::into_values)).collect::<Result<Vec<_>>>()?;
    if pictures.len() == 1 {
        return Ok(pictures.remove(0).index_axis_move(Axis(0), 0));
    }
    let planes: Vec<_> = pictures.iter().map(|values| values.index_axis(Axis(0), 0)).collect();
    concatenate(Axis(0), &planes).map_err(|e| {
        Error::new(format!("the files of this field differ in size: {e}")).at(files[0].display().to_string())
    })
}
