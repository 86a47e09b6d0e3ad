//! Colours that also read for the colour-blind.
//!
//! Categories: the eight colours of Okabe and Ito (2008), most legible on white first and the yellow darkened so that a
//! thin line shows. Sequential: viridis, and
//! diverging: blue-white-red after ColorBrewer's RdBu, both interpolated linearly in sRGB between control points.

use std::sync::atomic::{AtomicU8, Ordering};

/// An sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rgb(
    /// Red.
    pub u8,
    /// Green.
    pub u8,
    /// Blue.
    pub u8,
);

impl Rgb {
    /// `#rrggbb`.
    ///
    /// ```
    /// assert_eq!(perturbook::figures::Rgb(0, 114, 178).hex(), "#0072b2");
    /// ```
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// True when white text reads better on it than black text (relative luminance below 0.18, WCAG 2).
    pub(super) fn is_dark(self) -> bool {
        let linear = |c: u8| (f64::from(c) / 255.0).powf(2.2);
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2) < 0.18
    }

    /// The colour a fraction `t` (0 to 1) of the way to `other`.
    #[must_use]
    pub fn mix(self, other: Self, t: f64) -> Self {
        let channel = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * t.clamp(0.0, 1.0)).round() as u8;
        Self(channel(self.0, other.0), channel(self.1, other.1), channel(self.2, other.2))
    }
}

/// What figures are drawn on.
pub(super) const PAPER: Rgb = Rgb(255, 255, 255);
/// Ink of frames, ticks and titles.
pub(super) const INK: Rgb = Rgb(34, 34, 34);
/// Captions, notes and reference lines.
pub(super) const GREY: Rgb = Rgb(102, 102, 102);
/// Grid lines.
pub(super) const PALE: Rgb = Rgb(230, 230, 230);
/// Missing values.
pub(super) const MISSING: Rgb = Rgb(189, 189, 189);

/// Text on dark and on light colours that stand for numbers, whatever the theme.
pub(super) const ON_DARK: Rgb = Rgb(254, 254, 254);
pub(super) const ON_LIGHT: Rgb = Rgb(17, 17, 17);

/// The ground that figures are drawn for.
///
/// Colours that stand for numbers are the same on both; paper, ink, and the two categorical colours that would not show
/// on a dark ground differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark ink on white.
    #[default]
    Light,
    /// Light ink on near-black.
    Dark,
}

impl Theme {
    /// What is drawn on this ground for a colour that was chosen for white.
    pub(super) fn of(self, colour: Rgb) -> Rgb {
        if self == Self::Light {
            return colour;
        }
        match colour {
            PAPER => Rgb(21, 23, 26),
            INK => Rgb(226, 228, 231),
            GREY => Rgb(162, 169, 178),
            PALE => Rgb(54, 60, 68),
            MISSING => Rgb(88, 92, 98),
            Rgb(0, 0, 0) => Rgb(245, 245, 245),
            Rgb(176, 164, 0) => Rgb(240, 228, 66),
            Rgb(0, 114, 178) => Rgb(38, 140, 204),
            other => other,
        }
    }

    /// [`Theme::of`] as `#rrggbb`.
    pub(super) fn hex(self, colour: Rgb) -> String {
        self.of(colour).hex()
    }
}

/// The theme of figures that choose none: 0 light, 1 dark.
static THEME: AtomicU8 = AtomicU8::new(0);

/// Draws every further figure that chooses no theme of its own for this ground.
pub fn set_theme(theme: Theme) {
    THEME.store(u8::from(theme == Theme::Dark), Ordering::Relaxed);
}

/// The theme of figures that choose none.
pub(super) fn theme() -> Theme {
    if THEME.load(Ordering::Relaxed) == 0 { Theme::Light } else { Theme::Dark }
}

/// The categorical colours of Okabe and Ito, the last one darkened.
pub const CATEGORIES: [Rgb; 8] = [
    Rgb(0, 114, 178),
    Rgb(213, 94, 0),
    Rgb(0, 158, 115),
    Rgb(204, 121, 167),
    Rgb(230, 159, 0),
    Rgb(86, 180, 233),
    Rgb(0, 0, 0),
    Rgb(176, 164, 0),
];

/// The colour of category `i`; colours repeat after eight.
pub fn category(i: usize) -> Rgb {
    CATEGORIES[i % CATEGORIES.len()]
}

const VIRIDIS: [Rgb; 9] = [
    Rgb(68, 1, 84),
    Rgb(71, 45, 123),
    Rgb(59, 82, 139),
    Rgb(44, 114, 142),
    Rgb(33, 145, 140),
    Rgb(40, 174, 128),
    Rgb(94, 201, 98),
    Rgb(173, 220, 48),
    Rgb(253, 231, 37),
];

const BLUE_WHITE_RED: [Rgb; 9] = [
    Rgb(5, 48, 97),
    Rgb(33, 102, 172),
    Rgb(67, 147, 195),
    Rgb(146, 197, 222),
    Rgb(255, 255, 255),
    Rgb(244, 165, 130),
    Rgb(214, 96, 77),
    Rgb(178, 24, 43),
    Rgb(103, 0, 31),
];

/// A continuous run of colours over 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// Viridis: dark is low, light is high.
    Sequential,
    /// Blue is low, white the middle, red is high.
    Diverging,
}

impl Palette {
    /// The evenly spaced control points.
    pub fn points(self) -> &'static [Rgb; 9] {
        match self {
            Self::Sequential => &VIRIDIS,
            Self::Diverging => &BLUE_WHITE_RED,
        }
    }

    /// The colour at `t`; values outside 0 to 1 take the end colours, NaN the grey of missing values.
    ///
    /// ```
    /// use perturbook::figures::{Palette, Rgb};
    ///
    /// assert_eq!(Palette::Diverging.at(0.5), Rgb(255, 255, 255));
    /// assert_eq!(Palette::Sequential.at(7.0), Rgb(253, 231, 37));
    /// ```
    pub fn at(self, t: f64) -> Rgb {
        if t.is_nan() {
            return MISSING;
        }
        let points = self.points();
        let place = t.clamp(0.0, 1.0) * (points.len() - 1) as f64;
        let i = (place as usize).min(points.len() - 2);
        points[i].mix(points[i + 1], place - i as f64)
    }
}
