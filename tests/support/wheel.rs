//! A simple wheel.

use std::{fs, path::Path};

use super::pack::{Member, pack};

/// A wheel of one module, written into a folder.
pub struct Wheel<'a> {
    pub project: &'a str,
    /// The module; empty: called as the project.
    pub module: &'a str,
    pub version: &'a str,
    /// The tags in the file name.
    pub tags: &'a str,
    /// The line of `METADATA` that is the summary; none where it is empty.
    pub summary: &'a str,
    /// Further lines of `METADATA`.
    pub fields: &'a str,
    /// Whether a command is called as the project.
    pub entry_points: bool,
    /// Further members and their bytes.
    pub binaries: &'a [(&'a str, Vec<u8>)],
    /// Members that the archive marks as executable.
    pub executables: &'a [&'a str],
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
            summary: "The project",
            fields: "",
            entry_points: true,
            binaries: &[],
            executables: &[],
            honest: true,
        }
    }
}

impl Wheel<'_> {
    pub fn write(&self, folder: &Path) {
        let Self { project, module, version, tags, summary, fields, .. } = self;
        let Self { entry_points, binaries, executables, honest, .. } = self;
        let summary = if summary.is_empty() {
            String::new()
        } else {
            format!("Summary: {summary} {project}\n")
        };
        let licence = if fields.starts_with("License: ") { "" } else { "License: MIT\n" };
        let module = if module.is_empty() { project } else { module };
        let info = format!("{project}-{version}.dist-info");
        let mut texts = vec![
            (format!("{module}.py"), format!("VERSION = '{version}'\n")),
            (
                format!("{info}/METADATA"),
                format!(
                    "Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n{summary}{licence}{fields}\nA description that is long enough to be one.\n"
                ),
            ),
            (
                format!("{info}/WHEEL"),
                "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                    .to_owned(),
            ),
        ];
        if *entry_points {
            texts.push((
                format!("{info}/entry_points.txt"),
                format!("[console_scripts]\n{project} = {project}:main\n"),
            ));
        }
        let texts = texts.into_iter().map(|(name, text)| (name, text.into_bytes()));
        let binaries = binaries.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone()));
        let members = texts.chain(binaries).map(|(name, bytes)| {
            let mode = if executables.contains(&name.as_str()) { 0o755 } else { 0o644 };
            let recorded = (!honest).then(|| [&bytes, &b" "[..]].concat());
            Member { mode, recorded, ..Member::new(name, bytes) }
        });
        fs::create_dir_all(folder).unwrap();
        pack(&folder.join(format!("{project}-{version}-{tags}.whl")), &info, members);
    }
}
