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
            honest: true,
        }
    }
}

impl Wheel<'_> {
    pub fn write(&self, folder: &Path) {
        let Self { project, module, version, tags, fields, honest } = self;
        let module = if module.is_empty() { project } else { module };
        let info = format!("{project}-{version}.dist-info");
        let mut members = vec![
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
        let mut record = String::new();
        for (name, text) in &members {
            let stated = if *honest { text.clone() } else { format!("{text} ") };
            let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(stated));
            record += &format!("{name},sha256={digest},{}\n", text.len());
        }
        record += &format!("{info}/RECORD,,\n");
        members.push((format!("{info}/RECORD"), record));

        fs::create_dir_all(folder).unwrap();
        let file =
            fs::File::create(folder.join(format!("{project}-{version}-{tags}.whl"))).unwrap();
        let mut zip = ZipWriter::new(file);
        for (name, text) in members {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    }
}
