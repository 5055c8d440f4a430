//! A file of which only some parts are present.

use std::io::{self, Read, Seek, SeekFrom};

/// A reader like a file's; reading a missing part fails and records its position.
pub(super) struct Sparse {
    length: u64,
    parts: Vec<(u64, Vec<u8>)>,
    position: u64,
    missing: Option<u64>,
}

impl Sparse {
    /// Creates a file of `length` bytes, all of which are missing.
    pub(super) fn new(length: u64) -> Self {
        Self { length, parts: Vec::new(), position: 0, missing: None }
    }

    /// Adds the bytes beginning at `start`.
    pub(super) fn insert(&mut self, start: u64, bytes: Vec<u8>) {
        self.parts.push((start, bytes));
    }

    /// Returns the position at which the last read failed because of a missing part.
    pub(super) fn take_missing(&mut self) -> Option<u64> {
        self.missing.take()
    }

    /// Returns the position of the first byte after `at` that is present, or the file's end.
    pub(super) fn gap_end(&self, at: u64) -> u64 {
        let starts = self.parts.iter().map(|(start, _)| *start);
        starts.filter(|start| *start > at).min().unwrap_or(self.length)
    }
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.length || buffer.is_empty() {
            return Ok(0);
        }
        let here = self.parts.iter().find_map(|(start, bytes)| {
            let skipped = usize::try_from(self.position.checked_sub(*start)?).ok()?;
            bytes.get(skipped..).filter(|rest| !rest.is_empty())
        });
        let Some(bytes) = here else {
            self.missing = Some(self.position);
            return Err(io::Error::other("a part of the file is not here"));
        };
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position =
            position.ok_or_else(|| io::Error::other("a position before the file's beginning"))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_part_is_named() {
        let mut file = Sparse::new(10);
        file.insert(6, b"6789".to_vec());
        let mut text = String::new();
        assert!(file.read_to_string(&mut text).is_err());
        assert_eq!(file.take_missing(), Some(0));
        assert_eq!(file.gap_end(0), 6);
        file.insert(0, b"012345".to_vec());
        file.seek(SeekFrom::End(-8)).unwrap();
        text.clear();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "23456789");
        assert!(file.seek(SeekFrom::Current(-11)).is_err());
    }
}
