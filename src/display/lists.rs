//! Vectors, slices and maps of numbers and names: short tables with the first and last entries.
//!
//! Other vectors and maps are shown by `Debug`, as Rust does.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;

use super::column::{Cell, Column, gap_cell};
use super::corner::Corner;
use super::edges::edges;
use super::{Bundle, Element, Grid, Show};
use crate::io::parquet::count;

/// Entries shown at the start and at the end.
const ROWS: (usize, usize) = (10, 5);

/// Characters of a name.
const NAME: usize = 60;

/// Values of which lists are shown as tables.
pub trait Items: Sized {
    /// The table of a list.
    fn grid(items: &[Self]) -> Grid;
}

macro_rules! elements {
    ($($element:ty),*) => {$(
        impl Items for $element {
            fn grid(items: &[Self]) -> Grid {
                let corner = Corner::of(&[items.len()]);
                let shown: Vec<Self> = corner.columns().into_iter().map(|i| items[i]).collect();
                let what = format!("{}, {}", count(items.len(), "value"), Self::NAME);
                corner.grid(&shown).note(what).note(Self::summary(items.iter().copied()))
            }
        }
    )*};
}

elements!(f32, f64, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, bool);

macro_rules! names {
    ($($name:ty),*) => {$(
        impl Items for $name {
            fn grid(items: &[Self]) -> Grid {
                let rows = edges(items.len(), ROWS.0, ROWS.1);
                let cell = |row: &Option<usize>| row.map_or_else(gap_cell, |row| Cell::cut(&items[row], NAME));
                Grid::new()
                    .column(Column::new("", rows.iter().map(position)).right().labels())
                    .column(Column::new("text", rows.iter().map(cell)))
                    .note(count(items.len(), "text"))
            }
        }

        impl<A: Element> Items for ($name, A) {
            fn grid(items: &[Self]) -> Grid {
                let items: Vec<_> = items.iter().map(|(name, value)| (name, *value)).collect();
                pairs("name", &items)
            }
        }
    )*};
}

names!(String, &str);

fn position(row: &Option<usize>) -> Cell {
    row.map_or_else(gap_cell, |row| row.to_string().into())
}

/// Names and numbers beside each other.
fn pairs<K: Display, A: Element>(head: &str, items: &[(K, A)]) -> Grid {
    let rows = edges(items.len(), ROWS.0, ROWS.1);
    let shown: Vec<A> = rows.iter().flatten().map(|&row| items[row].1).collect();
    let mut texts = A::texts(&shown).into_iter();
    let name = |row: &Option<usize>| row.map_or_else(gap_cell, |row| Cell::cut(&items[row].0.to_string(), NAME));
    let value = |row: &Option<usize>| row.and_then(|_| texts.next()).map_or_else(gap_cell, Cell::from);
    Grid::new()
        .column(Column::new(head, rows.iter().map(name)).labels())
        .column(Column::new("value", rows.iter().map(value)).right())
        .note(format!("{}, {}", count(items.len(), "pair"), A::NAME))
        .note(A::summary(items.iter().map(|(_, value)| *value)))
}

impl<T: Items> Show for [T] {
    fn bundle(&self) -> Bundle {
        T::grid(self).bundle()
    }
}

impl<T: Items> Show for Vec<T> {
    fn bundle(&self) -> Bundle {
        self.as_slice().bundle()
    }
}

impl<T: Items, const N: usize> Show for [T; N] {
    fn bundle(&self) -> Bundle {
        self.as_slice().bundle()
    }
}

impl<K: Display + Ord, A: Element> Show for BTreeMap<K, A> {
    fn bundle(&self) -> Bundle {
        pairs("key", &self.iter().map(|(key, value)| (key, *value)).collect::<Vec<_>>()).bundle()
    }
}

impl<K: Display + Ord, A: Element, S> Show for HashMap<K, A, S> {
    /// In the order of the keys, so that the same map looks the same twice.
    fn bundle(&self) -> Bundle {
        let mut items: Vec<(&K, A)> = self.iter().map(|(key, value)| (key, *value)).collect();
        items.sort_by(|a, b| a.0.cmp(b.0));
        pairs("key", &items).bundle()
    }
}
