//! A package's header as the elements of `primary`, `filelists` and `other`.

use std::{fmt::Write, io::Read};

use rpm::{FileFlags, IndexTag, PackageMetadata};

use super::{
    RpmMetadata, guard,
    relations::{Relations, is_primary},
    xml,
};
use crate::{
    base::signing,
    format::package::{FormatData, PackageEntry, PackageFile},
    plan::Evr,
};

/// `createrepo_c` keeps this many changelog entries.
const CHANGELOG_LIMIT: usize = 10;

/// The entry of a package file whose bytes begin at `input`.
pub(crate) fn entry(input: &mut impl Read, file: &PackageFile<'_>) -> Result<PackageEntry, String> {
    let beginning = guard::read(input)?;
    let package =
        PackageMetadata::parse(&mut &beginning.bytes[..]).map_err(|error| error.to_string())?;
    let header = PackageHeader::new(&package)?;
    Ok(PackageEntry {
        package: header.name.to_owned(),
        evr: header.evr.clone(),
        architecture: header.architecture.to_owned(),
        file: file.name.to_owned(),
        folder: String::new(),
        size: file.size,
        sha256: file.sha256.clone(),
        time: header.time(),
        signed_by: signed_by(&package),
        data: FormatData::Rpm(RpmMetadata {
            primary: header.primary(file, beginning.header, beginning.bytes.len()),
            filelists: header.filelists(&file.sha256),
            other: header.other(&file.sha256),
        }),
    })
}

/// Who signed a package first.
fn signed_by(package: &PackageMetadata) -> Option<String> {
    package.raw_signatures().ok()?.first().and_then(|signature| signing::issuer(signature))
}

/// A header with what every element needs.
struct PackageHeader<'a> {
    package: &'a PackageMetadata,
    name: &'a str,
    evr: Evr,
    architecture: &'a str,
    files: Vec<InstalledFile>,
    relations: Relations,
}

/// A file as metadata shows it.
struct InstalledFile {
    path: String,
    /// ` type="dir"`, ` type="ghost"` or nothing.
    kind: &'static str,
}

impl<'a> PackageHeader<'a> {
    fn new(package: &'a PackageMetadata) -> Result<Self, String> {
        let required =
            |tag| package.header.get_entry_data_as_string(tag).map_err(|e| e.to_string());
        let files = files(package)?;
        let paths = files.iter().map(|file| file.path.as_str());
        let relations = Relations::new(package, paths).map_err(|error| error.to_string())?;
        Ok(Self {
            package,
            name: required(IndexTag::RPMTAG_NAME)?,
            evr: Evr {
                epoch: package.get_epoch().map_or(0, u64::from),
                version: required(IndexTag::RPMTAG_VERSION)?.to_owned(),
                release: required(IndexTag::RPMTAG_RELEASE)?.to_owned(),
            },
            architecture: if package.is_source_package() {
                "src"
            } else {
                required(IndexTag::RPMTAG_ARCH)?
            },
            files,
            relations,
        })
    }

    fn time(&self) -> u64 {
        self.package.get_build_time().unwrap_or(0)
    }

    fn primary(&self, file: &PackageFile<'_>, start: usize, end: usize) -> String {
        let package = self.package;
        let text = |value: Result<&str, rpm::Error>| xml::text(value.unwrap_or_default());
        let mut out = String::new();
        line(&mut out, 0, "<package type=\"rpm\">");
        element(&mut out, 1, "name", &xml::text(self.name));
        element(&mut out, 1, "arch", &xml::text(self.architecture));
        line(&mut out, 1, &self.version());
        let checksum =
            format!("<checksum type=\"sha256\" pkgid=\"YES\">{}</checksum>", file.sha256);
        line(&mut out, 1, &checksum);
        element(&mut out, 1, "summary", &text(package.get_summary()));
        element(&mut out, 1, "description", &text(package.get_description()));
        element(&mut out, 1, "packager", &text(package.get_packager()));
        element(&mut out, 1, "url", &text(package.get_url()));
        // The file's own time is not a property of its bytes: the build's stands for it.
        line(&mut out, 1, &format!("<time file=\"{0}\" build=\"{0}\"/>", self.time()));
        let installed = package.get_installed_size().unwrap_or(0);
        let sizes = format!(
            "<size package=\"{}\" installed=\"{installed}\" archive=\"{}\"/>",
            file.size,
            archive_size(package)
        );
        line(&mut out, 1, &sizes);
        line(&mut out, 1, &format!("<location href=\"{}\"/>", xml::attribute(file.name)));
        line(&mut out, 1, "<format>");
        element(&mut out, 2, "rpm:license", &text(package.get_license()));
        element(&mut out, 2, "rpm:vendor", &text(package.get_vendor()));
        element(&mut out, 2, "rpm:group", &text(package.get_group()));
        element(&mut out, 2, "rpm:buildhost", &text(package.get_build_host()));
        element(&mut out, 2, "rpm:sourcerpm", &text(package.get_source_rpm()));
        line(&mut out, 2, &format!("<rpm:header-range start=\"{start}\" end=\"{end}\"/>"));
        for (name, entries) in self.relations.elements() {
            line(&mut out, 2, &format!("<rpm:{name}>"));
            entries.iter().for_each(|entry| line(&mut out, 3, entry));
            line(&mut out, 2, &format!("</rpm:{name}>"));
        }
        for file in self.files.iter().filter(|file| is_primary(&file.path)) {
            file_element(&mut out, 2, file);
        }
        line(&mut out, 1, "</format>");
        line(&mut out, 0, "</package>");
        out
    }

    fn filelists(&self, sha256: &str) -> String {
        let mut out = self.opening(sha256);
        for file in &self.files {
            file_element(&mut out, 1, file);
        }
        line(&mut out, 0, "</package>");
        out
    }

    /// The newest changelog entries, oldest first. Entries of the same moment are moved apart by
    /// seconds, because clients sort by time.
    fn other(&self, sha256: &str) -> String {
        let mut entries = self.package.get_changelog_entries().unwrap_or_default();
        entries.truncate(CHANGELOG_LIMIT);
        entries.reverse();
        let mut out = self.opening(sha256);
        let mut previous = None;
        for entry in entries {
            let date = match previous {
                Some((stated, written)) if stated == entry.timestamp => written + 1,
                _ => entry.timestamp,
            };
            previous = Some((entry.timestamp, date));
            let author = xml::attribute(entry.name.trim_end_matches(' '));
            let text = xml::text(&entry.description);
            let entry =
                format!("<changelog author=\"{author}\" date=\"{date}\">{text}</changelog>");
            line(&mut out, 1, &entry);
        }
        line(&mut out, 0, "</package>");
        out
    }

    fn version(&self) -> String {
        format!(
            "<version epoch=\"{}\" ver=\"{}\" rel=\"{}\"/>",
            self.evr.epoch,
            xml::attribute(&self.evr.version),
            xml::attribute(&self.evr.release)
        )
    }

    /// How a package begins in `filelists` and `other`.
    fn opening(&self, sha256: &str) -> String {
        let mut out = String::new();
        let (name, arch) = (xml::attribute(self.name), xml::attribute(self.architecture));
        let tag = format!("<package pkgid=\"{sha256}\" name=\"{name}\" arch=\"{arch}\">");
        line(&mut out, 0, &tag);
        line(&mut out, 1, &self.version());
        out
    }
}

/// The installed files in header order.
fn files(package: &PackageMetadata) -> Result<Vec<InstalledFile>, String> {
    let paths = package.get_file_paths_split().map_err(|error| error.to_string())?;
    let header = &package.header;
    let modes = header.get_entry_data_as_u16_array(IndexTag::RPMTAG_FILEMODES).unwrap_or_default();
    let flags = header.get_entry_data_as_u32_array(IndexTag::RPMTAG_FILEFLAGS).unwrap_or_default();
    let ghost = FileFlags::GHOST.bits();
    Ok(paths
        .into_iter()
        .enumerate()
        .map(|(at, (folder, name))| InstalledFile {
            path: format!("{folder}{name}"),
            kind: match (modes.get(at), flags.get(at)) {
                (Some(mode), _) if mode & 0o170000 == 0o040000 => " type=\"dir\"",
                (_, Some(flags)) if flags & ghost != 0 => " type=\"ghost\"",
                _ => "",
            },
        })
        .collect())
}

/// The size of the unpacked archive. It is in the signature header, unless it needs 64 bits.
fn archive_size(package: &PackageMetadata) -> u64 {
    let signature = &package.signature;
    signature
        .get_entry_data_as_u32(rpm::IndexSignatureTag::RPMSIGTAG_PAYLOADSIZE)
        .map(u64::from)
        .or_else(|_| {
            signature.get_entry_data_as_u64(rpm::IndexSignatureTag::RPMSIGTAG_LONGARCHIVESIZE)
        })
        .unwrap_or(0)
}

fn file_element(out: &mut String, depth: usize, file: &InstalledFile) {
    line(out, depth, &format!("<file{}>{}</file>", file.kind, xml::text(&file.path)));
}

fn element(out: &mut String, depth: usize, name: &str, content: &str) {
    line(out, depth, &format!("<{name}>{content}</{name}>"));
}

fn line(out: &mut String, depth: usize, content: &str) {
    // Writing to a `String` does not fail.
    let _ = writeln!(out, "{:1$}{content}", "", depth * 2);
}
