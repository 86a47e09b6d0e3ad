//! Which page is which channel of which frame, as the first page's description says it.
//!
//! Three conventions are understood: OME-XML (`DimensionOrder`, `SizeC`, `SizeZ`, `SizeT`, `Channel Name`, `TiffData`),
//! ImageJ's `key=value` lines (channels change fastest, then slices, then frames), and the JSON `{"shape": [...]}` of
//! tifffile. Without any, or where one contradicts the number of pages, the pages are the channels of one frame.

/// The pages of each frame, and the channels' names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// `frames x channels` page numbers, row by row.
    pub(super) pages: Vec<usize>,
    /// How many pages make one frame.
    pub(super) channels: usize,
    /// The names, empty where there are none.
    pub(super) names: Vec<String>,
}

impl Order {
    /// The order of `pages` pages of `samples` samples each, from the description of the first.
    pub(super) fn of(description: &str, pages: usize, samples: usize) -> Self {
        let said = if description.contains("<OME") || description.contains(":OME") {
            ome(description, pages, samples)
        } else if description.starts_with("ImageJ=") {
            image_j(description, pages)
        } else {
            shape(description, pages, samples)
        };
        said.unwrap_or_else(|| {
            // The samples of coloured pages are channels already; then each page is a frame.
            let channels = if samples > 1 { 1 } else { pages };
            Self { pages: (0..pages).collect(), channels, names: Vec::new() }
        })
    }
}

/// How many images ImageJ says it wrote after the first without a directory of their own.
pub(super) fn image_j_images(description: &str) -> Option<usize> {
    description.starts_with("ImageJ=").then(|| image_j_number(description, "images"))?
}

fn image_j_number(description: &str, key: &str) -> Option<usize> {
    description.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')?.trim().parse().ok())
}

fn image_j(description: &str, pages: usize) -> Option<Order> {
    let size = |key| image_j_number(description, key).unwrap_or(1);
    let (channels, frames) = (size("channels"), size("slices").checked_mul(size("frames"))?);
    // A plain stack of several images names neither.
    let (channels, frames) = if channels == 1 && frames == 1 { (pages, 1) } else { (channels, frames) };
    (channels > 0 && channels.checked_mul(frames)? == pages).then(|| Order {
        pages: (0..pages).collect(),
        channels,
        names: Vec::new(),
    })
}

fn shape(description: &str, pages: usize, samples: usize) -> Option<Order> {
    let json: serde_json::Value = serde_json::from_str(description.trim()).ok()?;
    let shape: Option<Vec<usize>> = json.get("shape")?.as_array()?.iter().map(|n| Some(n.as_u64()? as usize)).collect();
    // The axes of one page come last: height and width, and the samples of a coloured page.
    let shape = shape?;
    let outer = shape.len().checked_sub(if samples > 1 { 3 } else { 2 })?;
    let product = shape[..outer].iter().try_fold(1usize, |product, &size| product.checked_mul(size))?;
    let channels = if samples > 1 { 1 } else { *shape[..outer].last()? };
    (product == pages && channels > 0).then(|| Order { pages: (0..pages).collect(), channels, names: Vec::new() })
}

fn ome(xml: &str, pages: usize, samples: usize) -> Option<Order> {
    let image = element(xml, "Pixels")?;
    let inside = &xml[image.end..];
    let inside = &inside[..inside.find("Pixels>").unwrap_or(inside.len())];
    let size =
        |name: &str| attribute(image.text, name).and_then(|value| value.parse::<usize>().ok()).filter(|&n| n > 0);
    let names: Vec<String> = elements(inside, "Channel").filter_map(|tag| attribute(tag.text, "Name")).collect();
    let (c, z, t) = (size("SizeC")?, size("SizeZ").unwrap_or(1), size("SizeT").unwrap_or(1));
    if c % samples != 0 {
        return None;
    }
    let channels = c / samples;
    let planes = channels.checked_mul(z)?.checked_mul(t)?;
    if planes > pages {
        return None;
    }
    let order = attribute(image.text, "DimensionOrder").unwrap_or_else(|| "XYCZT".into());
    let mut axes: Vec<char> = order.chars().filter(|axis| matches!(axis, 'C' | 'Z' | 'T')).take(4).collect();
    let named = axes.clone();
    axes.sort_unstable();
    if axes != ['C', 'T', 'Z'] {
        return None;
    }
    // The place of a plane in the file's order: the axis named first changes fastest. `None` is beyond all places.
    let place = |ci: usize, zi: usize, ti: usize| {
        let placed = named.iter().try_fold((0usize, 1usize), |(place, stride), axis| {
            let (at, size) = match axis {
                'C' => (ci, channels),
                'Z' => (zi, z),
                _ => (ti, t),
            };
            Some((place.checked_add(at.checked_mul(stride)?)?, stride.checked_mul(size)?))
        });
        placed.map(|(place, _)| place)
    };
    let mut page_of: Vec<usize> = (0..planes).collect();
    let mut placed = 0;
    for data in elements(inside, "TiffData") {
        let number = |name: &str| attribute(data.text, name).and_then(|value| value.parse::<usize>().ok());
        let Some(page) = number("IFD") else { continue };
        let first = |name: &str| number(name).unwrap_or(0);
        let start = place(first("FirstC"), first("FirstZ"), first("FirstT"))?;
        let count = number("PlaneCount").unwrap_or(1).min(planes.saturating_sub(start));
        placed += count;
        if placed > planes {
            return None;
        }
        for i in 0..count {
            page_of[start + i] = page.checked_add(i).filter(|&page| page < pages)?;
        }
    }
    let mut ordered = Vec::with_capacity(planes);
    for ti in 0..t {
        for zi in 0..z {
            for ci in 0..channels {
                ordered.push(*page_of.get(place(ci, zi, ti)?)?);
            }
        }
    }
    Some(Order { pages: ordered, channels, names: if names.len() == c { names } else { Vec::new() } })
}

/// The attributes of an element and where its opening tag ends.
struct Element<'a> {
    text: &'a str,
    end: usize,
}

/// The first element of this name, with or without a prefix.
fn element<'a>(xml: &'a str, name: &str) -> Option<Element<'a>> {
    let mut from = 0;
    while let Some(found) = xml[from..].find(name) {
        let (start, after) = (from + found, from + found + name.len());
        let before = &xml[..start];
        let before = before.strip_suffix(':').map_or(before, |prefix| prefix.trim_end_matches(char::is_alphanumeric));
        if before.ends_with('<') && xml[after..].starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/') {
            let end = after + xml[after..].find('>')?;
            return Some(Element { text: &xml[after..end], end: end + 1 });
        }
        from = after;
    }
    None
}

fn elements<'a>(xml: &'a str, name: &'a str) -> impl Iterator<Item = Element<'a>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let found = element(&xml[from..], name)?;
        from += found.end;
        Some(found)
    })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut from = 0;
    loop {
        let start = from + tag[from..].find(name)?;
        let rest = tag[start + name.len()..].trim_start();
        let whole = tag[..start].ends_with(|c: char| c.is_whitespace());
        if let (true, Some(rest)) = (whole, rest.strip_prefix('=')) {
            let rest = rest.trim_start();
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            return Some(unescape(rest[1..].split(quote).next()?));
        }
        from = start + name.len();
    }
}

/// The five named entities of XML, and characters by number.
fn unescape(text: &str) -> String {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').unwrap_or((part, ""));
        let character = match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => entity.strip_prefix('#').and_then(|number| {
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                char::from_u32(code.ok()?)
            }),
        };
        match character {
            Some(character) => {
                out.push(character);
                out.push_str(rest);
            }
            None => {
                out.push('&');
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ome_orders_are_followed() {
        let xml = r#"<?xml version="1.0"?><ome:OME><ome:Image><ome:Pixels DimensionOrder="XYCTZ" SizeC="2" SizeT="3" SizeZ="1">
            <ome:Channel ID="0" Name="A &amp; B"/><ome:Channel ID="1" Name='&#181;'/></ome:Pixels></ome:Image></ome:OME>"#;
        let order = Order::of(xml, 6, 1);
        assert_eq!(order, Order { pages: (0..6).collect(), channels: 2, names: vec!["A & B".into(), "µ".into()] });
        let order = Order::of(&xml.replace("XYCTZ", "XYTCZ"), 6, 1);
        assert_eq!(order.pages, [0, 3, 1, 4, 2, 5]);
        assert_eq!(Order::of(xml, 5, 1).channels, 5); // contradicts the pages: they are channels
        // An axis that stands a thousand times would make a place that no number holds.
        assert_eq!(Order::of(&xml.replace("XYCTZ", &"C".repeat(1000)), 6, 1).channels, 6);
    }

    #[test]
    fn tiff_data_moves_planes() {
        let xml = r#"<OME><Pixels DimensionOrder="XYCZT" SizeC="2" SizeT="1" SizeZ="1"><TiffData FirstC="0" IFD="1"/>
            <TiffData FirstC="1" IFD="0"/></Pixels></OME>"#;
        assert_eq!(Order::of(xml, 2, 1).pages, [1, 0]);
    }

    #[test]
    fn shapes_and_image_j_give_frames() {
        assert_eq!(Order::of(r#"{"shape": [10, 4, 96, 96]}"#, 40, 1).channels, 4);
        assert_eq!(Order::of(r#"{"shape": [4, 96, 96]}"#, 4, 1).channels, 4);
        assert_eq!(Order::of(r#"{"shape": [10, 1, 96, 96]}"#, 10, 1).channels, 1);
        assert_eq!(Order::of(r#"{"shape": [10, 96, 96, 3]}"#, 10, 3).channels, 1);
        assert_eq!(Order::of("ImageJ=1.5\nimages=6\nchannels=2\nframes=3\n", 6, 1).channels, 2);
        assert_eq!(Order::of("ImageJ=1.5\nimages=6\n", 6, 1).channels, 6);
        assert_eq!(Order::of("", 3, 3).channels, 1);
    }
}
