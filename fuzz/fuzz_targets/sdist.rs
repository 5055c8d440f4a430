#![no_main]

use std::{fs, io::Write};

use arbitrary::Arbitrary;
use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;

/// An sdist: the bytes of the file themselves, or members of a sound archive.
#[derive(Arbitrary, Debug)]
enum Sdist {
    Raw { is_zip: bool, bytes: Vec<u8> },
    Tar(Vec<(String, Vec<u8>)>),
    RawTar(Vec<u8>),
}

fuzz_target!(|sdist: Sdist| {
    let folder = tempfile::tempdir().unwrap();
    let (name, bytes) = match sdist {
        Sdist::Raw { is_zip: true, bytes } => ("fuzzed-1.0.zip", bytes),
        Sdist::Raw { is_zip: false, bytes } => ("fuzzed-1.0.tar.gz", bytes),
        Sdist::RawTar(bytes) => ("fuzzed-1.0.tar.gz", packed(&bytes)),
        Sdist::Tar(members) => ("fuzzed-1.0.tar.gz", packed(&tar_of(members))),
    };
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    pypi2pkg::fuzzing::sdist(&path, name);
});

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar_of(members: Vec<(String, Vec<u8>)>) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // Names that the writer refuses are no members.
        let _ = archive.append_data(&mut header, format!("fuzzed-1.0/{name}"), &bytes[..]);
    }
    archive.into_inner().unwrap()
}
