//! LMDB files of a few small pages, written byte by byte: the C library takes the pages of the system, of 4 KB or more.

#![allow(dead_code)] // each test file uses its own part

const PAGE: usize = 512;
const HEADER: usize = 16;

fn header(page: &mut [u8], number: u64, flags: u16) {
    page[..8].copy_from_slice(&number.to_le_bytes());
    page[10..12].copy_from_slice(&flags.to_le_bytes());
}

/// Both meta pages: a tree of one leaf, page 2.
fn metas(entries: u64) -> Vec<u8> {
    let mut bytes = vec![0; 2 * PAGE];
    for (number, page) in bytes.chunks_mut(PAGE).enumerate() {
        header(page, number as u64, 8);
        page[16..20].copy_from_slice(&0xBEEF_C0DE_u32.to_le_bytes());
        page[20..24].copy_from_slice(&1u32.to_le_bytes());
        page[40..44].copy_from_slice(&(PAGE as u32).to_le_bytes());
        page[94..96].copy_from_slice(&1u16.to_le_bytes()); // depth
        page[120..128].copy_from_slice(&entries.to_le_bytes());
        page[128..136].copy_from_slice(&2u64.to_le_bytes()); // root
        page[144..152].copy_from_slice(&(number as u64).to_le_bytes()); // transaction
    }
    bytes
}

/// A leaf with these nodes: flags, key, length of the value, and what stands behind the key.
fn leaf(nodes: &[(u16, &str, usize, Vec<u8>)]) -> Vec<u8> {
    let mut page = vec![0; PAGE];
    header(&mut page, 2, 2);
    let (mut slot, mut end) = (HEADER, PAGE);
    for (flags, key, length, behind) in nodes {
        let mut node = (*length as u32).to_le_bytes().to_vec();
        node.extend(flags.to_le_bytes());
        node.extend((key.len() as u16).to_le_bytes());
        node.extend(key.bytes());
        node.extend(behind);
        let start = (end - node.len()) & !1;
        page[start..start + node.len()].copy_from_slice(&node);
        page[slot..slot + 2].copy_from_slice(&(start as u16).to_le_bytes());
        (slot, end) = (slot + 2, start);
    }
    assert!(slot <= end, "the nodes do not fit");
    page[12..14].copy_from_slice(&(slot as u16).to_le_bytes());
    page[14..16].copy_from_slice(&(end as u16).to_le_bytes());
    page
}

/// Values within their leaf.
pub fn inline(values: &[(String, Vec<u8>)]) -> Vec<u8> {
    let nodes: Vec<_> = values.iter().map(|(key, value)| (0, key.as_str(), value.len(), value.clone())).collect();
    [metas(values.len() as u64), leaf(&nodes)].concat()
}

/// One value on pages of its own, of which only the first bytes are there.
pub fn large(key: &str, length: usize) -> Vec<u8> {
    let mut value = vec![7; 64];
    header(&mut value, 3, 4);
    [metas(1), leaf(&[(1, key, length, 3u64.to_le_bytes().to_vec())]), value].concat()
}
