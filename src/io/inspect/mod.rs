//! What a file is: its format, shape, columns or channels, a preview, and the screen it would make.
//!
//! Each format has a probe: how to recognise it by its first bytes or its name, and how to describe it. The first probe
//! that recognises a file describes it, or says why it cannot be read.

mod arrays;
mod counts;
mod json;
mod pictures;
mod table;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::display::{Bundle, Grid, Show, escape};
use crate::screen::{Screen, Summary};
use crate::{Error, Result};

/// Bytes at the start of a file that probes look at.
const START: u64 = 4096;

/// What a file is.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The file.
    pub path: PathBuf,
    /// Format, in words: `parquet, 3 row groups`.
    pub format: String,
    /// What is known of it: name and value.
    pub facts: Vec<(String, String)>,
    /// A first look: the head of a table, a few images.
    pub preview: Option<Bundle>,
    /// The screen it would make, or why it makes none.
    pub screen: std::result::Result<Summary, String>,
}

/// The start of a file, or a folder.
#[derive(Debug)]
pub(crate) struct Start {
    pub path: PathBuf,
    pub folder: bool,
    /// The first bytes of a file.
    pub bytes: Vec<u8>,
}

/// A format that can be recognised and described.
pub(crate) struct Probe {
    /// Its name.
    pub format: &'static str,
    /// Whether a file of this start is of this format.
    pub recognises: fn(&Start) -> bool,
    /// What such a file holds.
    pub inspect: fn(&Path) -> Result<Inspection>,
    /// The screen that it makes.
    pub open: fn(&Path) -> Result<Screen>,
}

/// All formats, those with a mark of their own before those that are recognised by exclusion.
const PROBES: &[Probe] = &[
    table::PARQUET,
    counts::HDF5,
    arrays::NPY,
    arrays::NPZ,
    pictures::TIFF,
    pictures::PNG,
    pictures::STORE,
    arrays::SAFETENSORS,
    json::JSON,
    counts::TENX_FOLDER,
    pictures::LMDB,
    table::FOLDER,
    table::TEXT,
];

/// Says what a file or folder is.
///
/// ```
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("cells.csv");
/// std::fs::write(&path, "gene,well,0,1\nTP53,A1,0.5,2.5\ncontrol,A1,0.25,1.5\n").unwrap();
/// let table = perturbook::io::inspect(&path)?;
/// assert_eq!(table.format, "delimited text");
/// assert_eq!(table.screen.unwrap().controls, 1);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When nothing is there, the format is not known (those that are known are listed), or the file is damaged.
pub fn inspect(path: impl AsRef<Path>) -> Result<Inspection> {
    (probe(path.as_ref())?.inspect)(path.as_ref())
}

/// The screen that a file or folder makes, whatever its format is; see [`Screen::open`].
pub(crate) fn open(path: &Path) -> Result<Screen> {
    (probe(path)?.open)(path)
}

/// The first probe that recognises the file.
fn probe(path: &Path) -> Result<&'static Probe> {
    let start = Start::read(path)?;
    if !start.folder && start.bytes.is_empty() {
        return Err(Error::new("the file is empty").at(path.display().to_string()).fix("fetch or write it again"));
    }
    PROBES.iter().find(|probe| (probe.recognises)(&start)).ok_or_else(|| {
        let known: Vec<&str> = PROBES.iter().map(|probe| probe.format).collect();
        Error::new("this is no format that perturbook knows")
            .at(path.display().to_string())
            .fix(format!("known are {}", known.join(", ")))
    })
}

/// A file of a known format that holds no cells.
fn makes_no_screen(path: &Path, why: &str) -> Result<Screen> {
    Err(Error::new(format!("this file makes no screen: {why}"))
        .at(path.display().to_string())
        .fix("read its parts with the functions of `io`, and put them together with Screen::new"))
}

/// What went wrong, without place and remedy.
fn first_line(e: Error) -> String {
    e.to_string().lines().next().unwrap_or_default().to_owned()
}

impl Start {
    fn read(path: &Path) -> Result<Self> {
        let folder = path.is_dir();
        let mut bytes = Vec::new();
        if !folder {
            let file = File::open(path).map_err(|e| Error::file(path, e).fix("check the path"))?;
            file.take(START).read_to_end(&mut bytes).map_err(|e| Error::file(path, e))?;
        }
        Ok(Self { path: path.to_owned(), folder, bytes })
    }

    /// Whether the name ends so, in upper or lower case.
    pub(crate) fn named(&self, endings: &[&str]) -> bool {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        endings.iter().any(|ending| name.ends_with(ending))
    }
}

impl Show for Inspection {
    fn bundle(&self) -> Bundle {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let facts = [("format".to_owned(), self.format.clone())].into_iter().chain(self.facts.iter().cloned());
        let (names, values): (Vec<String>, Vec<String>) = facts.unzip();
        let grid = Grid::new().labels(&name, names).text("", values);
        let mut plain = vec![grid.plain()];
        let mut html = vec![grid.html()];
        let text = |bundle: &Bundle, mime: &str| bundle.get(mime).and_then(|v| v.as_str()).map(str::to_owned);
        let mut add = |bundle: &Bundle| {
            let own = text(bundle, "text/plain").unwrap_or_default();
            html.push(text(bundle, "text/html").unwrap_or_else(|| format!("<pre>{}</pre>", escape(&own))));
            plain.push(own);
        };
        self.preview.iter().for_each(&mut add);
        match &self.screen {
            Ok(summary) => add(&summary.bundle()),
            Err(why) => add(&Bundle::text(format!("makes no screen: {why}"))),
        }
        Bundle::text(plain.join("\n\n")).with("text/html", html.concat())
    }
}
