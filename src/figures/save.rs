//! Figures as files.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use svg2pdf::usvg::fontdb::{Database, Family, Query};
use svg2pdf::usvg::{Options, Tree};

use super::Figure;
use crate::display::escape;
use crate::io::part_file::write_bytes;
use crate::{Error, Result};

/// Pixels of a saved PNG for each px of the figure.
const SHARPNESS: f32 = 2.0;

pub(super) fn save(figure: &Figure, path: &Path) -> Result<()> {
    let place = || path.display().to_string();
    let content = match path.extension().and_then(|e| e.to_str()) {
        Some("svg") => figure.svg().into_bytes(),
        Some("json") => figure.plotly().to_string().into_bytes(),
        Some("html") => html(figure)?.into_bytes(),
        Some("png") => png(&tree(figure).map_err(|e| e.at(place()))?).map_err(|e| e.at(place()))?,
        Some("pdf") => pdf(&tree(figure).map_err(|e| e.at(place()))?).map_err(|e| e.at(place()))?,
        _ => {
            return Err(Error::new("a figure cannot be saved under this extension")
                .at(place())
                .fix("end the name in .svg, .png, .pdf, .json (plotly) or .html"));
        }
    };
    write_bytes(path, &content)
}

/// The fonts of the machine; text in `sans-serif` takes the first of those that figures ask for.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_system_fonts();
    let wanted = ["Helvetica", "Arial", "Liberation Sans", "DejaVu Sans", "Noto Sans"];
    let there = |name: &&&str| fonts.query(&Query { families: &[Family::Name(name)], ..Query::default() }).is_some();
    let any = || fonts.faces().next().and_then(|face| face.families.first()).map(|(name, _)| name.clone());
    let found = wanted.iter().find(there).map(ToString::to_string).or_else(any);
    if let Some(name) = found {
        fonts.set_sans_serif_family(name);
    }
    Arc::new(fonts)
});

/// The figure as shapes, its text with the fonts of this machine.
fn tree(figure: &Figure) -> Result<Tree> {
    if FONTS.is_empty() {
        return Err(Error::new("this machine has no font to write the figure's text with")
            .fix("install one, such as the package fonts-dejavu-core, or save the figure as .svg"));
    }
    let options = Options { fontdb: FONTS.clone(), ..Options::default() };
    Tree::from_str(&figure.svg(), &options).map_err(|e| Error::new(format!("the figure cannot be drawn: {e}")))
}

fn png(tree: &Tree) -> Result<Vec<u8>> {
    use resvg::tiny_skia::{Pixmap, Transform};
    let size = tree.size();
    let (width, height) = ((size.width() * SHARPNESS).ceil() as u32, (size.height() * SHARPNESS).ceil() as u32);
    let mut pixels = Pixmap::new(width, height)
        .ok_or_else(|| Error::new(format!("a picture of {width} x {height} pixels is too large")))?;
    resvg::render(tree, Transform::from_scale(SHARPNESS, SHARPNESS), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| Error::new(format!("the picture cannot be written: {e}")))
}

fn pdf(tree: &Tree) -> Result<Vec<u8>> {
    svg2pdf::to_pdf(tree, svg2pdf::ConversionOptions::default(), svg2pdf::PageOptions::default())
        .map_err(|e| Error::new(format!("the figure cannot be written as PDF: {e}")))
}

/// A page that holds plotly.js and needs no network.
fn html(figure: &Figure) -> Result<String> {
    let svg = figure.svg();
    let title = figure.block.panels().iter().map(|p| p.title.as_str()).collect::<Vec<_>>().join("; ");
    // "</script>" inside a JSON string would end the script element
    let json = figure.plotly().to_string().replace("</", "<\\/");
    let scripts = plotly::Plot::offline_js_sources();
    let script = scripts.split_once('>').and_then(|(_, rest)| rest.split_once("</script>"));
    let (script, _) = script.ok_or_else(|| Error::new("the plotly crate carries no plotly.js"))?;
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head><body>\n\
         <div id=\"figure\">{svg}</div>\n<script type=\"application/json\" id=\"plot\">{json}</script>\n\
         <script>{script}</script>\n\
         <script>const plot = JSON.parse(document.getElementById('plot').textContent); \
         const figure = document.getElementById('figure'); figure.textContent = ''; \
         Plotly.newPlot(figure, plot.data, plot.layout, plot.config)</script>\n</body></html>\n",
        escape(&title)
    ))
}
