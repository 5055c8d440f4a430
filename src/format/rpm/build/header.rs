//! rpm's headers: an index of tags, and the data that it points into.
//! Source: rpm's manual, "RPM v4 package format"; lib/header.c.

use std::collections::BTreeMap;

const MAGIC: [u8; 8] = [0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0];
/// The bytes of an entry of the index.
const ENTRY: usize = 16;
/// The type of a region, which is that of bytes.
const BYTES: u32 = 7;

/// What a tag holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Int16(Vec<u16>),
    Int32(Vec<u32>),
    Text(String),
    Bytes(Vec<u8>),
    Texts(Vec<String>),
    /// A text in each language of the header; there is only one.
    Translated(String),
}

impl Value {
    /// Its number as a type, how its data are aligned, its count and its data.
    fn data(&self) -> (u32, usize, usize, Vec<u8>) {
        let text = |text: &str| [text.as_bytes(), b"\0"].concat();
        match self {
            Self::Int16(all) => {
                (3, 2, all.len(), all.iter().flat_map(|n| n.to_be_bytes()).collect())
            }
            Self::Int32(all) => {
                (4, 4, all.len(), all.iter().flat_map(|n| n.to_be_bytes()).collect())
            }
            Self::Text(one) => (6, 1, 1, text(one)),
            Self::Bytes(bytes) => (BYTES, 1, bytes.len(), bytes.clone()),
            Self::Texts(all) => (8, 1, all.len(), all.iter().flat_map(|one| text(one)).collect()),
            Self::Translated(one) => (9, 1, 1, text(one)),
        }
    }
}

/// A header whose entries all are in one region, which signatures speak of.
pub(crate) struct HeaderBuilder {
    region: u32,
    entries: BTreeMap<u32, Value>,
}

impl HeaderBuilder {
    /// An empty header; `region` is the tag of its region, which is below all others.
    pub(crate) fn new(region: u32) -> Self {
        Self { region, entries: BTreeMap::new() }
    }

    pub(crate) fn set(&mut self, tag: u32, value: Value) {
        self.entries.insert(tag, value);
    }

    /// The header with its magic number.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let (mut index, mut data) = (Vec::new(), Vec::new());
        for (tag, value) in &self.entries {
            let (kind, alignment, count, bytes) = value.data();
            data.resize(data.len().next_multiple_of(alignment), 0);
            index.extend(entry(*tag, kind, data.len(), count));
            data.extend(bytes);
        }
        let count = self.entries.len() + 1;
        let region = entry(self.region, BYTES, data.len(), ENTRY);
        // The region's end leads back over the whole index.
        let back = (count * ENTRY).wrapping_neg();
        data.extend(entry(self.region, BYTES, back, ENTRY));
        let sizes = [(count as u32).to_be_bytes(), (data.len() as u32).to_be_bytes()].concat();
        [&MAGIC[..], &sizes, &region, &index, &data].concat()
    }
}

fn entry(tag: u32, kind: u32, offset: usize, count: usize) -> [u8; ENTRY] {
    let mut bytes = [0; ENTRY];
    let fields = [tag, kind, offset as u32, count as u32];
    for (place, field) in bytes.chunks_exact_mut(4).zip(fields) {
        place.copy_from_slice(&field.to_be_bytes());
    }
    bytes
}
