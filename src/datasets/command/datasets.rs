//! `list`, `info`, `get` and `verify`.

use std::path::Path;

use crate::Result;
use crate::datasets::space::say;
use crate::datasets::{self, Dataset, FileState};
use crate::display::Grid;

/// Characters of a title in the list.
const TITLE: usize = 88;

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
    }
}

fn size(dataset: &Dataset) -> String {
    dataset.bytes().map_or_else(|| "?".to_owned(), say)
}

/// How a dataset is had.
fn access(dataset: &Dataset) -> &'static str {
    let public = dataset.files.iter().filter(|file| !file.addresses.is_empty()).count();
    match public {
        0 => "by hand",
        n if n == dataset.files.len() => "download",
        _ => "download, rest by hand",
    }
}

/// One line for each dataset.
pub(super) fn list() -> String {
    let all = datasets::list();
    Grid::new()
        .labels("name", all.iter().map(|dataset| dataset.name.clone()))
        .right("size", all.iter().map(size))
        .text("access", all.iter().map(access))
        .text("what", all.iter().map(|dataset| cut(&dataset.title, TITLE)))
        .note("more of one: perturbook data info NAME")
        .plain()
}

/// Everything the registry says of one dataset.
pub(super) fn info(name: &str) -> Result<String> {
    let dataset = datasets::info(name)?;
    let mut lines = vec![
        dataset.name.clone(),
        String::new(),
        dataset.title.clone(),
        String::new(),
        format!("licence     {}", dataset.licence),
        format!("cite        {}", dataset.citation),
        format!("reproduces  {}", dataset.reproduces),
        format!("opened by   {}", dataset.loader),
        format!("size        {}", size(&dataset)),
    ];
    if !dataset.obtain.is_empty() {
        lines.push(format!("by hand     {}", dataset.obtain));
    }
    if !dataset.files.is_empty() {
        let files = &dataset.files;
        let sum = |sum: &Option<String>| {
            sum.as_deref().map_or("not published".to_owned(), |sum| sum[..12.min(sum.len())].to_owned())
        };
        let grid = Grid::new()
            .labels("role", files.iter().map(|file| file.role.clone()))
            .text("file", files.iter().map(|file| file.path.clone()))
            .right("size", files.iter().map(|file| file.bytes.map_or_else(|| "?".to_owned(), say)))
            .text("SHA-256", files.iter().map(|file| sum(&file.sha256)))
            .text(
                "address",
                files.iter().map(|file| file.addresses.first().cloned().unwrap_or_else(|| "–".to_owned())),
            );
        lines.extend([String::new(), grid.plain()]);
    }
    Ok(lines.join("\n"))
}

/// Downloads; says where the files are, and under which terms.
pub(super) fn get(name: &str, folder: &Path) -> Result<String> {
    let dataset = datasets::info(name)?;
    eprintln!("{}\nlicence: {}\ncite: {}\n", dataset.title, dataset.licence, dataset.citation);
    let paths = datasets::get(&dataset, folder)?;
    let mut lines: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let by_hand: Vec<&str> =
        dataset.files.iter().filter(|file| file.addresses.is_empty()).map(|file| file.path.as_str()).collect();
    if !by_hand.is_empty() {
        lines.push(format!("not public as files: {}. {}", by_hand.join(", "), dataset.obtain));
    } else if !dataset.obtain.is_empty() {
        lines.push(dataset.obtain.clone());
    }
    Ok(lines.join("\n"))
}

/// Says of each file whether it is right; false when one is wrong, or none is there.
pub(super) fn verify(name: &str, folder: &Path) -> Result<(String, bool)> {
    let dataset = datasets::info(name)?;
    let files = datasets::verify(&dataset, folder)?;
    let words = |state: &FileState| match state {
        FileState::Right => "right".to_owned(),
        FileState::Unknown => "there; no checksum is known".to_owned(),
        FileState::Absent => "not there".to_owned(),
        FileState::Wrong(why) => format!("WRONG: {}", why.lines().next().unwrap_or_default()),
    };
    let there = files.iter().filter(|(_, state)| *state != FileState::Absent).count();
    let wrong = files.iter().filter(|(_, state)| matches!(state, FileState::Wrong(_))).count();
    let grid = Grid::new()
        .labels("file", files.iter().map(|(path, _)| path.clone()))
        .text("state", files.iter().map(|(_, state)| words(state)))
        .note(format!("{there} of {} files are in {}", files.len(), folder.join(name).display()));
    Ok((grid.plain(), wrong == 0 && there > 0))
}
