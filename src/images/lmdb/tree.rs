//! An LMDB file read without mapping it: where each value lies, in the order of the keys.
//!
//! ```text
//! page       16-byte header: number u64, pad u16, flags u16, end of the slots u16, start of the nodes u16
//! pages 0, 1 meta: magic 0xBEEFC0DE, version 1, the free list and the main tree (root, depth, entries), transaction;
//!            the one with the later transaction counts
//! branch     slots of u16, each the place of a node: low child u32, high child u16, key length u16, key
//! leaf       the same with: value length u32, flags u16, key length u16, key, value; or the number of the page where a
//!            large value starts, after that page's header
//! ```
//!
//! Everything is checked against the file's length, no more pages are visited than there are, the nodes of a page must
//! fit into it side by side, and the number of entries must be the one that the meta page promises. The lock file is not needed: nothing is written, and a snapshot is what the file holds.

use std::path::Path;

use crate::Result;
use crate::io::positioned::PositionedFile;

const HEADER: usize = 16;
const MAGIC: u32 = 0xBEEF_C0DE;
const BRANCH: u16 = 1;
const LEAF: u16 = 2;
const OVERFLOW: u16 = 4;
const META: u16 = 8;
const NO_PAGE: u64 = u64::MAX;
/// Bytes of the longest key that LMDB takes.
const LONGEST_KEY: usize = 511;
/// Flags of a value: on pages of its own, a tree of its own, several values under one key.
const LARGE: u16 = 1;
const TREE: u16 = 2;
const SEVERAL: u16 = 4;

/// Where a value lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) len: u32,
    /// On pages of its own, whose header stands before it.
    pub(super) large: bool,
}

/// An open LMDB file and its main tree.
#[derive(Debug)]
pub(super) struct Tree {
    file: PositionedFile,
    page_size: u64,
    meta: Meta,
}

#[derive(Clone, Copy, Debug)]
struct Meta {
    page_size: u64,
    flags: u16,
    depth: u16,
    entries: u64,
    root: u64,
    transaction: u64,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

impl Meta {
    fn parse(page: &[u8]) -> Option<Self> {
        let right = u16_at(page, 10)? & META != 0 && u32_at(page, 16)? == MAGIC && u32_at(page, 20)? == 1;
        let page_size = u64::from(u32_at(page, 40)?);
        (right && page_size.is_power_of_two() && (512..=65536).contains(&page_size)).then_some(())?;
        Some(Self {
            page_size,
            flags: u16_at(page, 92)?,
            depth: u16_at(page, 94)?,
            entries: u64_at(page, 120)?,
            root: u64_at(page, 128)?,
            transaction: u64_at(page, 144)?,
        })
    }
}

impl Tree {
    /// Opens an environment: the file `data.mdb` of a folder, or a file of any name.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let path = if path.is_dir() { path.join("data.mdb") } else { path.to_owned() };
        let file = PositionedFile::open(&path)?;
        let start = file.start(256)?;
        if u32_at(&start, 16) != Some(MAGIC) {
            return Err(file
                .error("this is not an LMDB file: its first page lacks the mark 0xBEEFC0DE")
                .fix("give the folder that holds data.mdb; files of machines with another byte order are not read"));
        }
        let first = Meta::parse(&start).ok_or_else(|| {
            file.error("this LMDB file is of another version or damaged: its meta page cannot be used")
        })?;
        let second = file.bytes(first.page_size, 256).ok().and_then(|page| Meta::parse(&page));
        let second = second.filter(|second| second.page_size == first.page_size);
        let meta = match second {
            Some(second) if second.transaction > first.transaction => second,
            Some(_) => first,
            None => return Err(file.damaged("its second meta page is missing")),
        };
        if meta.flags & SEVERAL != 0 {
            return Err(
                file.error("this LMDB environment keeps several values under one key, which image stores do not")
            );
        }
        Ok(Self { file, page_size: first.page_size, meta })
    }

    pub(super) fn file(&self) -> &PositionedFile {
        &self.file
    }

    /// The number of keys, as the meta page promises it.
    pub(super) fn entries(&self) -> u64 {
        self.meta.entries
    }

    fn page(&self, number: u64) -> Result<Vec<u8>> {
        let offset = number.saturating_mul(self.page_size);
        self.file.bytes(offset, self.page_size)
    }

    /// Calls `visit` with every key and the place of its value, in the order of the keys.
    pub(super) fn each(&self, mut visit: impl FnMut(&[u8], Place) -> Result<()>) -> Result<()> {
        let (mut found, mut visited, pages) = (0u64, 0u64, self.file.len() / self.page_size);
        let mut waiting = if self.meta.root == NO_PAGE { Vec::new() } else { vec![(self.meta.root, 1u16)] };
        while let Some((number, depth)) = waiting.pop() {
            visited += 1;
            let page = self.page(number)?;
            let flags = u16_at(&page, 10).unwrap_or_default();
            if visited > pages || depth > self.meta.depth || u64_at(&page, 0) != Some(number) {
                return Err(self.file.damaged(format!("page {number} of its tree is reached where it cannot be")));
            }
            let broken = || self.file.damaged(format!("page {number} of its tree cannot be taken apart"));
            match flags & (BRANCH | LEAF | OVERFLOW | META) {
                BRANCH => {
                    let from = waiting.len();
                    for node in nodes(&page) {
                        let node = node.ok_or_else(broken)?;
                        waiting.push((node.word | u64::from(node.flags) << 32, depth.saturating_add(1)));
                    }
                    waiting[from..].reverse();
                    if waiting.len() as u64 > pages {
                        return Err(broken());
                    }
                }
                LEAF if depth == self.meta.depth => {
                    for node in nodes(&page) {
                        let node = node.ok_or_else(broken)?;
                        visit(node.key, self.place(number, &page, &node)?)?;
                        found += 1;
                    }
                }
                _ => return Err(broken()),
            }
        }
        if found != self.meta.entries {
            return Err(self.file.damaged(format!("it promises {} keys and holds {found}", self.meta.entries)));
        }
        Ok(())
    }

    fn place(&self, number: u64, page: &[u8], node: &Node<'_>) -> Result<Place> {
        let named = || format!("the value of {:?}", String::from_utf8_lossy(node.key));
        if node.flags & (TREE | SEVERAL) != 0 {
            return Err(self
                .file
                .error(format!("{} is a database of its own, not an image", named()))
                .fix("write the images into the environment's main database"));
        }
        let len = node.word as u32;
        let large = node.flags & LARGE != 0;
        let offset = if large {
            let first = u64_at(page, node.value_at).unwrap_or(u64::MAX);
            first.checked_mul(self.page_size).and_then(|offset| offset.checked_add(HEADER as u64)).unwrap_or(u64::MAX)
        } else {
            if node.value_at + len as usize > page.len() {
                return Err(self.file.damaged(format!("{} leaves its page", named())));
            }
            number * self.page_size + node.value_at as u64
        };
        if !self.file.holds(offset, u64::from(len)) {
            return Err(self.file.damaged(format!("{} lies beyond its end at {} bytes", named(), self.file.len())));
        }
        Ok(Place { offset, len, large })
    }

    /// Refuses a value on pages of its own whose header is not one.
    pub(super) fn check(&self, place: Place) -> Result<()> {
        if place.large {
            let mut header = [0; HEADER];
            self.file.fill(place.offset - HEADER as u64, &mut header)?;
            let number = (place.offset - HEADER as u64) / self.page_size;
            if u16_at(&header, 10).unwrap_or_default() & OVERFLOW == 0 || u64_at(&header, 0) != Some(number) {
                return Err(self.file.damaged(format!("page {number} is not the start of a value")));
            }
        }
        Ok(())
    }
}

/// One node: `word` is a value's length or the low part of a child's number.
struct Node<'a> {
    word: u64,
    flags: u16,
    key: &'a [u8],
    value_at: usize,
}

/// The nodes of a branch or leaf; `None` for one that leaves the page or overlaps with others.
fn nodes(page: &[u8]) -> impl Iterator<Item = Option<Node<'_>>> {
    let end = usize::from(u16_at(page, 12).unwrap_or_default());
    let slots = end.checked_sub(HEADER).filter(|_| end <= page.len()).map_or(0, |bytes| bytes / 2);
    let mut room = page.len().saturating_sub(end);
    (0..slots).map(move |slot| {
        let at = usize::from(u16_at(page, HEADER + 2 * slot)?);
        if at < end {
            return None;
        }
        let key_length = usize::from(u16_at(page, at + 6)?);
        let key = page.get(at + 8..at + 8 + key_length)?;
        room = room.checked_sub(8 + key_length).filter(|_| key_length <= LONGEST_KEY)?;
        Some(Node {
            word: u64::from(u32_at(page, at)?),
            flags: u16_at(page, at + 4)?,
            key,
            value_at: at + 8 + key_length,
        })
    })
}
