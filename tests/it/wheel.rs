//! Wheels for tests.

use std::{fs, io::Write, path::Path};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zip::{ZipWriter, write::SimpleFileOptions};

/// A wheel of one module, written into a folder.
pub struct Wheel<'a> {
    pub project: &'a str,
    /// The module; empty: called as the project.
    pub module: &'a str,
    pub version: &'a str,
    /// The tags in the file name.
    pub tags: &'a str,
    /// Further lines of `METADATA`.
    pub fields: &'a str,
    /// Further members and their bytes.
    pub binaries: &'a [(&'a str, Vec<u8>)],
    /// Whether `RECORD` states the hashes that the files have.
    pub honest: bool,
}

impl Default for Wheel<'_> {
    fn default() -> Self {
        Self {
            project: "one",
            module: "",
            version: "1.0",
            tags: "py3-none-any",
            fields: "",
            binaries: &[],
            honest: true,
        }
    }
}

impl Wheel<'_> {
    pub fn write(&self, folder: &Path) {
        let Self { project, module, version, tags, fields, binaries, honest } = self;
        let module = if module.is_empty() { project } else { module };
        let info = format!("{project}-{version}.dist-info");
        let texts = vec![
            (format!("{module}.py"), format!("VERSION = '{version}'\n")),
            (
                format!("{info}/METADATA"),
                format!(
                    "Metadata-Version: 2.1\nName: {project}\nVersion: {version}\nSummary: The project {project}\nLicense: MIT\n{fields}\nA description that is long enough to be one.\n"
                ),
            ),
            (
                format!("{info}/WHEEL"),
                "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                    .to_owned(),
            ),
            (
                format!("{info}/entry_points.txt"),
                format!("[console_scripts]\n{project} = {project}:main\n"),
            ),
        ];
        let texts = texts.into_iter().map(|(name, text)| (name, text.into_bytes()));
        let binaries = binaries.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone()));
        let mut members: Vec<(String, Vec<u8>)> = texts.chain(binaries).collect();
        let mut record = String::new();
        for (name, bytes) in &members {
            let stated = if *honest { bytes.clone() } else { [bytes, &b" "[..]].concat() };
            let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(stated));
            record += &format!("{name},sha256={digest},{}\n", bytes.len());
        }
        record += &format!("{info}/RECORD,,\n");
        members.push((format!("{info}/RECORD"), record.into_bytes()));

        fs::create_dir_all(folder).unwrap();
        let file =
            fs::File::create(folder.join(format!("{project}-{version}-{tags}.whl"))).unwrap();
        let mut zip = ZipWriter::new(file);
        for (name, bytes) in members {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(&bytes).unwrap();
        }
        zip.finish().unwrap();
    }
}
