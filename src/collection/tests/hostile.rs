//! Damaged and hostile package files are refused; nothing in them stops the program.

use std::{fs, io::Cursor};

use crate::{
    collection::testing::{write_deb, write_rpm},
    format::{Formats, deb::repository as deb, package::PackageFile, rpm::repository as rpm},
};

/// Every length, and every byte of the headers changed.
fn damaged(whole: &[u8], headers: usize) -> Vec<Vec<u8>> {
    let headers = headers.min(whole.len());
    let cut = (0..headers).step_by(7).map(|length| whole[..length].to_vec());
    let changed = (0..headers).flat_map(|at| {
        [0x00, 0x7f, 0xff].map(|byte| {
            let mut bytes = whole.to_vec();
            bytes[at] = byte;
            bytes
        })
    });
    cut.chain(changed).collect()
}

fn file() -> PackageFile<'static> {
    PackageFile { name: "a", size: 0, sha256: String::new() }
}

#[test]
fn no_damage_to_an_rpm_does_more_than_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(write_rpm(folder.path(), "a", "1", "").path).unwrap();
    let all = damaged(&whole, 6_000);
    let refused = all.iter().filter(|bytes| rpm::entry(&mut &bytes[..], &file()).is_err());
    assert!(refused.count() > 500);
}

#[test]
fn no_damage_to_a_deb_does_more_than_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for packing in ["", ".gz", ".xz", ".zst"] {
        let whole = fs::read(write_deb(folder.path(), "a", "1", packing).path).unwrap();
        let all = damaged(&whole, 2_200);
        let refused =
            all.iter().filter(|bytes| deb::entry(&mut Cursor::new(bytes), &file()).is_err());
        assert!(refused.count() > 100, "{packing}");
    }
}

#[test]
fn a_file_name_cannot_become_a_field() {
    let folder = tempfile::tempdir().unwrap();
    let built = write_deb(folder.path(), "a", "1", "");
    for name in ["a\nEssential: yes.deb", "a b.deb", "é.deb"] {
        let path = folder.path().join(name);
        fs::copy(&built.path, &path).unwrap();
        let error = Formats::default().read(&path).unwrap_err().to_string();
        assert!(error.ends_with("its name has other than visible ASCII characters"), "{error}");
    }
}
