//! The files of a `repodata` folder.
//! Source: what `createrepo_c` writes; there is no specification.

use std::{collections::BTreeMap, io};

use crate::collection::{
    Entry, Stanza,
    metadata::{gzip, sha256},
};

/// The file that names all others.
pub(in crate::collection) const POINTER: &str = "repomd.xml";

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The files of a `repodata` folder, by name, that describe packages in the order given. Revision
/// and times are `time`, in seconds since 1970.
pub(in crate::collection) fn repodata(
    stanzas: &[&Stanza],
    time: u64,
) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut data = String::new();
    for part in Part::ALL {
        let plain = part.document(stanzas);
        let packed = gzip(plain.as_bytes())?;
        let (kind, sum) = (part.kind(), sha256(&packed));
        let name = format!("{sum}-{kind}.xml.gz");
        data.push_str(&format!(
            "  <data type=\"{kind}\">
    <checksum type=\"sha256\">{sum}</checksum>
    <open-checksum type=\"sha256\">{}</open-checksum>
    <location href=\"repodata/{name}\"/>
    <timestamp>{time}</timestamp>
    <size>{}</size>
    <open-size>{}</open-size>
  </data>
",
            sha256(plain.as_bytes()),
            packed.len(),
            plain.len(),
        ));
        files.insert(name, packed);
    }
    let pointer = format!(
        "{DECLARATION}<repomd xmlns=\"http://linux.duke.edu/metadata/repo\" \
         xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\">\n  <revision>{time}</revision>\n{data}\
         </repomd>\n"
    );
    files.insert(POINTER.to_owned(), pointer.into_bytes());
    Ok(files)
}

/// One of the three files that hold an element of every package.
#[derive(Clone, Copy)]
enum Part {
    Primary,
    Filelists,
    Other,
}

impl Part {
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

    fn document(self, stanzas: &[&Stanza]) -> String {
        let elements: Vec<&str> =
            stanzas.iter().filter_map(|stanza| self.element(stanza)).collect();
        let (root, spaces) = self.root();
        let count = elements.len();
        let body = elements.concat();
        format!("{DECLARATION}<{root} {spaces} packages=\"{count}\">\n{body}</{root}>\n")
    }

    fn element(self, stanza: &Stanza) -> Option<&str> {
        match (&stanza.entry, self) {
            (Entry::Rpm { primary, .. }, Self::Primary) => Some(primary),
            (Entry::Rpm { filelists, .. }, Self::Filelists) => Some(filelists),
            (Entry::Rpm { other, .. }, Self::Other) => Some(other),
            (Entry::Deb { .. } | Entry::External { .. }, _) => None,
        }
    }
}
