//! The files of a `repodata` folder.
//! Source: what `createrepo_c` writes; there is no specification.

use std::io;

use crate::format::{
    package::{FormatData, PackageEntry},
    repository::metadata::{gzip, sha256},
};

/// The file that names all others.
pub(crate) const POINTER: &str = "repomd.xml";

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// One of the three files that `repomd.xml` names.
pub(crate) struct PackedPart {
    kind: &'static str,
    /// The file's digest and the one of what is packed in it.
    sums: [String; 2],
    pub(crate) packed: Vec<u8>,
    /// The length of what is packed in it, in bytes.
    open_size: usize,
}

impl PackedPart {
    /// The file's name.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}.xml.gz", self.sums[0], self.kind)
    }
}

/// The files that describe packages in the order given.
pub(crate) fn parts(entries: &[&PackageEntry]) -> io::Result<Vec<PackedPart>> {
    let pack = |part: RepodataPart| {
        let plain = part.document(entries);
        let packed = gzip(plain.as_bytes())?;
        let sums = [sha256(&packed), sha256(plain.as_bytes())];
        Ok(PackedPart { kind: part.kind(), sums, packed, open_size: plain.len() })
    };
    RepodataPart::ALL.into_iter().map(pack).collect()
}

/// `repomd.xml`. Revision and times are `time`, in seconds since 1970.
pub(crate) fn repomd(parts: &[PackedPart], time: u64) -> String {
    let mut data = String::new();
    for part in parts {
        let PackedPart { kind, sums: [sum, open_sum], packed, open_size } = part;
        data.push_str(&format!(
            "  <data type=\"{kind}\">
    <checksum type=\"sha256\">{sum}</checksum>
    <open-checksum type=\"sha256\">{open_sum}</open-checksum>
    <location href=\"repodata/{}\"/>
    <timestamp>{time}</timestamp>
    <size>{}</size>
    <open-size>{open_size}</open-size>
  </data>
",
            part.name(),
            packed.len(),
        ));
    }
    format!(
        "{DECLARATION}<repomd xmlns=\"http://linux.duke.edu/metadata/repo\" \
         xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n  <revision>{time}</revision>\n{data}\
         </repomd>\n"
    )
}

/// The revision that a `repomd.xml` of ours has; `None` where it has none.
pub(crate) fn revision(repomd: &str) -> Option<u64> {
    let (_, rest) = repomd.split_once("<revision>")?;
    rest.split_once("</revision>")?.0.parse().ok()
}

/// One of the three files that hold an element of every package.
#[derive(Clone, Copy)]
enum RepodataPart {
    Primary,
    Filelists,
    Other,
}

impl RepodataPart {
    const ALL: [Self; 3] = [Self::Primary, Self::Filelists, Self::Other];

    fn kind(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Filelists => "filelists",
            Self::Other => "other",
        }
    }

    /// The root element's name and name spaces.
    fn root(self) -> (&'static str, &'static str) {
        match self {
            Self::Primary => (
                "metadata",
                "xmlns=\"http://linux.duke.edu/metadata/common\" \
                 xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\"",
            ),
            Self::Filelists => ("filelists", "xmlns=\"http://linux.duke.edu/metadata/filelists\""),
            Self::Other => ("otherdata", "xmlns=\"http://linux.duke.edu/metadata/other\""),
        }
    }

    fn document(self, entries: &[&PackageEntry]) -> String {
        let elements: Vec<&str> = entries.iter().filter_map(|entry| self.element(entry)).collect();
        let (root, spaces) = self.root();
        let count = elements.len();
        let body = elements.concat();
        format!("{DECLARATION}<{root} {spaces} packages=\"{count}\">\n{body}</{root}>\n")
    }

    fn element(self, entry: &PackageEntry) -> Option<&str> {
        let FormatData::Rpm(metadata) = &entry.data else { return None };
        Some(match self {
            Self::Primary => &metadata.primary,
            Self::Filelists => &metadata.filelists,
            Self::Other => &metadata.other,
        })
    }
}
