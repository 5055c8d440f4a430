//! The libraries that the native code of a wheel needs.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::VersionSpecifiers;

use crate::{
    base::text::OneLine,
    distro::{hints, targets::Target},
    plan::relation::{Capability, CapabilityName, LibraryName, Relation, Strength, glibc_version},
    python::artifact::ProjectName,
    wheels::Wheel,
};

use super::{Others, PlanError, Subject, relations::ExternalRelations};

/// Libraries that every manylinux policy lets a wheel take from the system.
/// Source: auditwheel's policies, 6.8.
const SYSTEM_LIBRARIES: [&str; 28] = [
    "libGL.so.1",
    "libICE.so.6",
    "libSM.so.6",
    "libX11.so.6",
    "libXext.so.6",
    "libXrender.so.1",
    "libanl.so.1",
    "libatomic.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libexpat.so.1",
    "libgcc_s.so.1",
    "libglib-2.0.so.0",
    "libgobject-2.0.so.0",
    "libgthread-2.0.so.0",
    "libm.so.6",
    "libmvec.so.1",
    "libnsl.so.1",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libstdc++.so.6",
    "libutil.so.1",
    "libz.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
    "ld64.so.2",
    "ld64.so.1",
];

/// Returns the relations with the libraries that the wheel's native code needs. Libraries in the
/// wheel itself are left out: they must be neither required from the system nor offered to it.
pub(super) fn libraries(wheel: &Wheel, target: &Target, others: &Others<'_>) -> ExternalRelations {
    let NeededLibraries { promised, siblings, unpromised } =
        NeededLibraries::of(wheel, target, others);
    let mut relations: Vec<Relation> =
        promised.into_iter().map(|(soname, versions)| library(soname, versions, target)).collect();
    let siblings = siblings.into_iter();
    relations
        .extend(siblings.filter_map(|(project, soname)| sibling(project, soname, wheel, others)));
    relations.extend(unpromised.keys().filter_map(|soname| recommended(soname, target)));
    let notes = unpromised.iter().map(|(soname, member)| {
        let note = format!(
            "`{member}` needs `{soname}`, which is neither in the wheel nor promised by its tag"
        );
        OneLine::new(&note)
    });
    let unreadable = wheel.native_code(&target.architecture.machine).flat_map(|elf| {
        elf.unreadable.iter().map(|text| {
            let (member, text) = (&elf.member, text.escape_debug());
            OneLine::new(&format!("`{member}` needs `{text}`, which is not the name of a library"))
        })
    });
    ExternalRelations { relations, notes: notes.chain(unreadable).collect(), open: Vec::new() }
}

/// Checks that the target's glibc has the symbols that the native code needs.
///
/// # Errors
/// The native code was built on a newer system and would not start.
pub(super) fn check_glibc(subject: &Subject<'_>, target: &Target) -> Result<(), PlanError> {
    let wheel = subject.wheel;
    let machine = target.architecture.machine.as_str();
    let versions = wheel.native_code(machine).flat_map(|elf| &elf.versions);
    let newest = versions.filter_map(|(_, version)| glibc_version(version)).max();
    match newest {
        Some(needed) if needed > target.glibc && !subject.is_rebuilt => Err(PlanError::Glibc {
            file: wheel.filename.clone(),
            needed: format!("{}.{}", needed.0, needed.1),
            present: format!("{}.{}", target.glibc.0, target.glibc.1),
        }),
        _ => Ok(()),
    }
}

/// The libraries outside a wheel that its native code needs.
#[derive(Default)]
struct NeededLibraries<'a> {
    /// Those that the system has to have, with the versions of their symbols.
    promised: BTreeMap<&'a LibraryName, BTreeSet<&'a LibraryName>>,
    /// Other projects of the collection, with one of their libraries, such as `libcudart.so.12`.
    siblings: BTreeMap<&'a ProjectName, &'a LibraryName>,
    /// Those that the wheel's tag does not promise, with the member that needs them.
    unpromised: BTreeMap<&'a LibraryName, &'a str>,
}

impl<'a> NeededLibraries<'a> {
    fn of(wheel: &'a Wheel, target: &Target, others: &'a Others<'_>) -> Self {
        let machine = target.architecture.machine.as_str();
        let bundled: BTreeSet<&str> = wheel
            .native_code(machine)
            .flat_map(|elf| [elf.soname.as_deref(), elf.member.rsplit('/').next()])
            .flatten()
            .collect();
        let mut needed = Self::default();
        for elf in wheel.native_code(machine) {
            for soname in elf.needed.iter().filter(|soname| !bundled.contains(&***soname)) {
                if wheel.built_here || SYSTEM_LIBRARIES.contains(&&**soname) {
                    needed.promised.entry(soname).or_default();
                } else if let Some(project) = others.libraries.get(&**soname) {
                    let first = needed.siblings.entry(project).or_insert(soname);
                    *first = soname.min(*first);
                } else {
                    needed.unpromised.entry(soname).or_insert(&elf.member);
                }
            }
            for (soname, version) in &elf.versions {
                if let Some(versions) = needed.promised.get_mut(soname) {
                    versions.insert(version);
                }
            }
        }
        needed
    }
}

/// Returns the relation with another project of the collection whose library is needed, unless the
/// wheel's metadata require the project, too.
fn sibling(
    project: &ProjectName,
    soname: &LibraryName,
    wheel: &Wheel,
    others: &Others<'_>,
) -> Option<Relation> {
    let neighbour = others.neighbours.get(project)?;
    let is_required = wheel.metadata.requires_dist.iter().any(|r| r.name == *project);
    let package = CapabilityName::parse(&neighbour.package).ok()?;
    (!is_required && *project != wheel.metadata.name).then(|| Relation {
        strength: Strength::Requires,
        capability: Capability::Project {
            project: project.clone(),
            extras: Vec::new(),
            specifiers: VersionSpecifiers::empty(),
            package,
            candidate: Some(neighbour.version.clone()),
            epoch: neighbour.epoch,
            available: None,
            unstated: VersionSpecifiers::empty(),
        },
        origin: OneLine::new(&format!("native code needs {soname}, which is in `{project}`")),
    })
}

/// Returns the relation with a library that the wheel's tag does not promise: without it, the wheel
/// works at least in part.
fn recommended(soname: &LibraryName, target: &Target) -> Option<Relation> {
    let package = hints::library_package(soname, target);
    (package.is_some() || target.layout.requires_files).then(|| Relation {
        strength: Strength::Recommends,
        capability: Capability::Library { soname: soname.clone(), versions: Vec::new(), package },
        origin: OneLine::new(&format!(
            "native code needs {soname}, which its wheel does not promise"
        )),
    })
}

fn library(soname: &LibraryName, versions: BTreeSet<&LibraryName>, target: &Target) -> Relation {
    Relation {
        strength: Strength::Requires,
        capability: Capability::Library {
            soname: soname.clone(),
            versions: versions.into_iter().cloned().collect(),
            package: hints::library_package(soname, target),
        },
        origin: OneLine::new(&format!("native code needs {soname}")),
    }
}
