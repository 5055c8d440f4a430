//! Native code's machine, sonames and symbol versions, read from ELF
//! files. Source: System V ABI, chapters 4 and 5, and the LSB's symbol versioning.

use std::collections::BTreeSet;

use object::{
    elf::{self, DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, FileHeader32, FileHeader64},
    read::elf::{ElfFile, FileHeader},
};
use serde::{Deserialize, Serialize};

use crate::plan::relation::LibraryName;

/// The requirements of one ELF file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ElfNeeds {
    /// The member's path in the wheel.
    pub member: String,
    /// The machine whose Linux runs it, in the spelling of wheel tags; `None` for other systems and
    /// machines.
    #[serde(default)]
    pub machine: Option<String>,
    /// Its own soname (`DT_SONAME`), if that is the name of a library.
    pub soname: Option<LibraryName>,
    /// The required sonames (`DT_NEEDED`), in file order.
    pub needed: Vec<LibraryName>,
    /// The required symbol versions: soname and version, such as `GLIBC_2.17`; sorted.
    pub versions: Vec<(LibraryName, LibraryName)>,
    /// Required sonames and versions that are not names of libraries; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
    /// The folders searched first (`DT_RPATH`, `DT_RUNPATH`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub library_paths: Vec<String>,
}

impl ElfNeeds {
    /// Returns a file without requirements.
    fn without(member: &str) -> Self {
        Self {
            member: member.to_owned(),
            machine: None,
            soname: None,
            needed: Vec::new(),
            versions: Vec::new(),
            unreadable: Vec::new(),
            library_paths: Vec::new(),
        }
    }

    /// Returns whether the target's machine runs it, or links with it.
    pub fn is_for(&self, machine: &str) -> bool {
        self.machine.as_deref() == Some(machine)
    }
}

/// Returns whether bytes begin with the ELF magic number, which is also the criterion of rpm.
pub(super) fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF") && matches!(bytes.get(4), Some(1 | 2))
}

/// Reads an ELF file; `None` if the bytes are not one. A file that is damaged further on has no
/// requirements.
pub(crate) fn needs(member: &str, bytes: &[u8]) -> Option<ElfNeeds> {
    if !is_elf(bytes) {
        return None;
    }
    let needs = match bytes[4] {
        1 => read::<FileHeader32<object::Endianness>>(member, bytes),
        _ => read::<FileHeader64<object::Endianness>>(member, bytes),
    };
    let machine = machine(bytes).map(str::to_owned);
    Some(ElfNeeds { machine, ..needs.unwrap_or_else(|| ElfNeeds::without(member)) })
}

/// Returns the machine of an ELF file, by its class, byte order, system and number.
/// Source: elf(5), "ELF header"; `platform.machine()` of Python.
fn machine(bytes: &[u8]) -> Option<&'static str> {
    const LITTLE: u8 = 1;
    const BIG: u8 = 2;
    // System V, the value on Linux unless GNU extensions are used, and GNU.
    let is_linux = matches!(bytes.get(7)?, 0 | 3);
    let number = [*bytes.get(18)?, *bytes.get(19)?];
    let (class, order) = (*bytes.get(4)?, *bytes.get(5)?);
    let number = if order == BIG { u16::from_be_bytes(number) } else { u16::from_le_bytes(number) };
    let machine = match (elf::Machine(number), class, order) {
        (elf::EM_X86_64, 2, LITTLE) => "x86_64",
        (elf::EM_AARCH64, 2, LITTLE) => "aarch64",
        (elf::EM_386, 1, LITTLE) => "i686",
        (elf::EM_ARM, 1, LITTLE) => "armv7l",
        (elf::EM_PPC64, 2, LITTLE) => "ppc64le",
        (elf::EM_S390, 2, BIG) => "s390x",
        (elf::EM_RISCV, 2, LITTLE) => "riscv64",
        _ => return None,
    };
    is_linux.then_some(machine)
}

fn read<Elf: FileHeader<Endian = object::Endianness>>(
    member: &str,
    bytes: &[u8],
) -> Option<ElfNeeds> {
    let file = ElfFile::<Elf>::parse(bytes).ok()?;
    let table = file.elf_dynamic_table().ok()?;
    let mut soname = None;
    let mut needed = Vec::new();
    let mut unreadable = BTreeSet::new();
    let mut library_paths = Vec::new();
    for entry in table.iter() {
        let text = || Some(String::from_utf8_lossy(table.string(entry).ok()?).into_owned());
        if entry.tag == DT_NEEDED {
            let text = text().unwrap_or_default();
            match LibraryName::parse(&text) {
                Ok(name) => needed.push(name),
                Err(_) => drop(unreadable.insert(text)),
            }
        } else if entry.tag == DT_SONAME {
            soname = text().and_then(|text| LibraryName::parse(&text).ok());
        } else if matches!(entry.tag, DT_RPATH | DT_RUNPATH) {
            let list = text().unwrap_or_default();
            library_paths.extend(list.split(':').filter(|f| !f.is_empty()).map(str::to_owned));
        }
    }
    let mut versions = BTreeSet::new();
    for (soname, version) in symbol_versions(&file).unwrap_or_default() {
        match (LibraryName::parse(&soname), LibraryName::parse(&version)) {
            (Ok(soname), Ok(version)) => drop(versions.insert((soname, version))),
            _ => drop(unreadable.insert(format!("{soname}({version})"))),
        }
    }
    Some(ElfNeeds {
        soname,
        needed,
        versions: versions.into_iter().collect(),
        unreadable: unreadable.into_iter().collect(),
        library_paths,
        ..ElfNeeds::without(member)
    })
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
