#![no_main]

use std::{collections::BTreeMap, fs, io::Write};

use arbitrary::Arbitrary;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use zip::{ZipWriter, write::SimpleFileOptions};

const INFO: &str = "fuzzed-1.0.dist-info";

/// A wheel: the bytes of the file themselves, or a sound archive of hostile members.
#[derive(Arbitrary, Debug)]
enum Wheel {
    Raw(Vec<u8>),
    Sound { members: Vec<(Place, String, u16, Vec<u8>)>, fields: String, commands: String },
}

#[derive(Arbitrary, Debug)]
enum Place {
    Root,
    Package,
    Scripts,
    Data,
    Etc,
    Share,
    Purelib,
    Headers,
    DistInfo,
}

impl Place {
    fn folder(&self) -> &'static str {
        match self {
            Self::Root => "",
            Self::Package => "fuzzed/",
            Self::Scripts => "fuzzed-1.0.data/scripts/",
            Self::Data => "fuzzed-1.0.data/data/",
            Self::Etc => "fuzzed-1.0.data/data/etc/fuzzed/",
            Self::Share => "fuzzed-1.0.data/data/share/fuzzed/",
            Self::Purelib => "fuzzed-1.0.data/purelib/",
            Self::Headers => "fuzzed-1.0.data/headers/",
            Self::DistInfo => "fuzzed-1.0.dist-info/",
        }
    }
}

fuzz_target!(|wheel: Wheel| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fuzzed-1.0-py3-none-any.whl");
    let bytes = match wheel {
        Wheel::Raw(bytes) => Some(bytes),
        Wheel::Sound { members, fields, commands } => packed(members, &fields, &commands),
    };
    if let Some(bytes) = bytes {
        fs::write(&path, bytes).unwrap();
        pypi2pkg::fuzzing::wheel(&path);
    }
});

/// The archive; nothing where the writer refuses a member's name.
fn packed(
    hostile: Vec<(Place, String, u16, Vec<u8>)>,
    fields: &str,
    commands: &str,
) -> Option<Vec<u8>> {
    let mut members: BTreeMap<String, (u32, Vec<u8>)> = BTreeMap::new();
    for (place, name, mode, bytes) in hostile {
        members.insert(format!("{}{name}", place.folder()), (mode.into(), bytes));
    }
    let metadata = format!("Metadata-Version: 2.1\nName: fuzzed\nVersion: 1.0\n{fields}\n");
    let header = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    for (name, text) in [
        ("METADATA", metadata),
        ("WHEEL", header.to_owned()),
        ("entry_points.txt", format!("[console_scripts]\n{commands}\n")),
    ] {
        members.insert(format!("{INFO}/{name}"), (0o644, text.into_bytes()));
    }
    let mut record = csv::Writer::from_writer(Vec::new());
    for (name, (_, bytes)) in &members {
        let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
        record.write_record([name, &format!("sha256={digest}"), ""]).ok()?;
    }
    let own = format!("{INFO}/RECORD");
    record.write_record([own.as_str(), "", ""]).ok()?;
    members.insert(own, (0o644, record.into_inner().ok()?));
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, (mode, bytes)) in members {
        zip.start_file(name, SimpleFileOptions::default().unix_permissions(mode)).ok()?;
        zip.write_all(&bytes).ok()?;
    }
    Some(zip.finish().ok()?.into_inner())
}
