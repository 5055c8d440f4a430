//! What native code needs: sonames and symbol versions, read from ELF files.
//! Source: System V ABI, chapter 5, and the LSB's symbol versioning.

use object::{
    elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, FileHeader32, FileHeader64},
    read::elf::{ElfFile, FileHeader},
};
use serde::{Deserialize, Serialize};

/// The needs of one ELF file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ElfNeeds {
    /// The member's path in the wheel.
    pub member: String,
    /// What it calls itself (`DT_SONAME`).
    pub soname: Option<String>,
    /// The sonames that it needs (`DT_NEEDED`), in file order.
    pub needed: Vec<String>,
    /// The symbol versions that it needs: soname and version, such as `GLIBC_2.17`; sorted.
    pub versions: Vec<(String, String)>,
    /// The folders in which it looks for them first (`DT_RPATH`, `DT_RUNPATH`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub library_paths: Vec<String>,
}

/// Reads an ELF file; `None` where the bytes are no ELF file or none that can be read.
pub fn needs(member: &str, bytes: &[u8]) -> Option<ElfNeeds> {
    match *bytes.get(4)? {
        _ if !bytes.starts_with(b"\x7fELF") => None,
        1 => read::<FileHeader32<object::Endianness>>(member, bytes),
        2 => read::<FileHeader64<object::Endianness>>(member, bytes),
        _ => None,
    }
}

fn read<Elf: FileHeader<Endian = object::Endianness>>(
    member: &str,
    bytes: &[u8],
) -> Option<ElfNeeds> {
    let file = ElfFile::<Elf>::parse(bytes).ok()?;
    let table = file.elf_dynamic_table().ok()?;
    let mut soname = None;
    let mut needed = Vec::new();
    let mut library_paths = Vec::new();
    for entry in table.iter() {
        let text = || Some(String::from_utf8_lossy(table.string(entry).ok()?).into_owned());
        if entry.tag == DT_NEEDED {
            needed.extend(text());
        } else if entry.tag == DT_SONAME {
            soname = text();
        } else if matches!(entry.tag, DT_RPATH | DT_RUNPATH) {
            let list = text().unwrap_or_default();
            library_paths.extend(list.split(':').filter(|f| !f.is_empty()).map(str::to_owned));
        }
    }
    let mut versions = symbol_versions(&file).unwrap_or_default();
    versions.sort();
    versions.dedup();
    Some(ElfNeeds { member: member.to_owned(), soname, needed, versions, library_paths })
}

fn symbol_versions<Elf: FileHeader>(file: &ElfFile<'_, Elf>) -> Option<Vec<(String, String)>> {
    let endian = file.endian();
    let sections = file.elf_section_table();
    let (mut needs, strings) = sections.gnu_verneed(endian, file.data()).ok()??;
    let strings = sections.strings(endian, file.data(), strings).ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut versions = Vec::new();
    while let Ok(Some((need, mut entries))) = needs.next() {
        let soname = text(need.file(endian, strings).ok()?);
        while let Ok(Some(entry)) = entries.next() {
            versions.push((soname.clone(), text(entry.name(endian, strings).ok()?)));
        }
    }
    Some(versions)
}
