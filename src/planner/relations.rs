//! What a package relates to: its dependencies, what it provides, its interpreter and libraries.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::{Version, VersionSpecifiers};

use crate::{
    base::text::OneLine,
    distro::{hints, targets::Target},
    plan::{
        Open,
        relation::{Capability, CapabilityName, LibraryName, Relation, Strength},
    },
    python::{
        artifact::{ExtraName, ProjectName},
        metadata::{self, CoreMetadata, Requirement},
    },
    wheels::Wheel,
};

use super::{Others, PlanError, Policy, naming, relax};

/// A project of the collection, as the others see it.
#[derive(Debug, Clone)]
pub struct Neighbour {
    /// The native package that has it.
    pub package: String,
    pub version: Version,
    /// What the distribution puts before the versions of its package of that name.
    pub epoch: u64,
    pub metadata: std::sync::Arc<CoreMetadata>,
}

/// All projects of the collection.
pub type Neighbours = BTreeMap<ProjectName, Neighbour>;

/// Relations with what is outside of Python, and what the user has to know or decide.
#[derive(Default)]
pub struct Outside {
    pub relations: Vec<Relation>,
    pub notes: Vec<OneLine>,
    pub open: Vec<Open>,
}

/// The relations that come from the dependencies which apply on the target, with the requested
/// extras and those of the dependencies inlined.
///
/// # Errors
/// A name that is given for a dependency's package, and that no package may have.
pub fn dependencies(
    wheel: &Wheel,
    extras: &[ExtraName],
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Result<Vec<Relation>, PlanError> {
    let mut walk = ExtraWalk {
        subject: &wheel.metadata.name,
        target,
        policy,
        markers: target.markers(),
        others,
        seen: BTreeSet::new(),
        relations: Vec::new(),
    };
    walk.add(&wheel.metadata, extras, "Requires-Dist")?;
    Ok(walk.relations)
}

struct ExtraWalk<'a> {
    subject: &'a ProjectName,
    target: &'a Target,
    policy: &'a Policy,
    markers: pep508_rs::MarkerEnvironment,
    others: &'a Others<'a>,
    /// Extras that are inlined already.
    seen: BTreeSet<(ProjectName, ExtraName)>,
    relations: Vec<Relation>,
}

impl ExtraWalk<'_> {
    /// Adds what `metadata` requires with and without the extras.
    fn add(
        &mut self,
        metadata: &CoreMetadata,
        extras: &[ExtraName],
        field: &str,
    ) -> Result<(), PlanError> {
        for requirement in &metadata.requires_dist {
            if metadata::evaluate(&requirement.marker, &self.markers, extras) {
                self.require(requirement, &format!("{field}: {requirement}"))?;
            }
        }
        Ok(())
    }

    /// Adds only what the extra requires beyond the project itself.
    fn add_extra(&mut self, project: &ProjectName, extra: &ExtraName) -> Result<(), PlanError> {
        if !self.seen.insert((project.clone(), extra.clone())) {
            return Ok(());
        }
        let neighbours = self.others.neighbours;
        let Some(neighbour) = neighbours.get(project) else { return Ok(()) };
        let extras = std::slice::from_ref(extra);
        for requirement in &neighbour.metadata.requires_dist {
            let marker = &requirement.marker;
            if metadata::evaluate(marker, &self.markers, extras)
                && !metadata::evaluate(marker, &self.markers, &[])
            {
                self.require(requirement, &format!("extra `{project}[{extra}]`: {requirement}"))?;
            }
        }
        Ok(())
    }

    fn require(&mut self, requirement: &Requirement, origin: &str) -> Result<(), PlanError> {
        let project = &requirement.name;
        if self.policy.ignored.contains(project) {
            return Ok(());
        }
        if project != self.subject {
            let relation =
                self::requirement(requirement, origin, self.target, self.others, self.policy);
            self.relations.push(relation?);
        }
        requirement.extras.iter().try_for_each(|extra| self.add_extra(project, extra))
    }
}

/// The versions that a requirement allows; all where it says nothing of them.
pub fn specifiers(requirement: &Requirement) -> VersionSpecifiers {
    match &requirement.version_or_url {
        Some(pep508_rs::VersionOrUrl::VersionSpecifier(specifiers)) => specifiers.clone(),
        _ => VersionSpecifiers::empty(),
    }
}

/// The relation that a requirement becomes.
///
/// # Errors
/// The name that is given for its package is none that a package may have.
pub fn requirement(
    requirement: &Requirement,
    origin: &str,
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Result<Relation, PlanError> {
    let project = &requirement.name;
    // What was left out on purpose is expected of the distribution, under its own name.
    let neighbour = others.neighbours.get(project);
    let package = match (neighbour, policy.naming.names.get(project)) {
        (Some(neighbour), _) => neighbour.package.clone(),
        (None, Some(given)) => given.clone(),
        (None, None) => naming::distribution_name(project, target, &policy.naming),
    };
    let available = match neighbour {
        Some(_) => None,
        None => naming::available(&package, target, others.repository),
    };
    let specifiers = specifiers(requirement);
    let candidate = neighbour.map(|neighbour| neighbour.version.clone());
    let stated = policy.relax.applied(&specifiers, candidate.as_ref());
    // Where packages are required by their own versions, and it is not known how these are written,
    // no upper bound could be relied on.
    let format = others.format;
    let is_known = |version: &String| format.are_bounds_comparable(&package, version, &stated);
    let is_numbered = !format.requires_by_name()
        || neighbour.is_some()
        || available.as_ref().is_some_and(is_known);
    let (stated, unstated) = if is_numbered {
        (stated, VersionSpecifiers::empty())
    } else {
        relax::lower_bounds(&stated)
    };
    let left = others.left.get(project);
    let origin = left.map_or(origin.to_owned(), |reason| format!("{origin}: {reason}"));
    let package = naming::checked(project, package, target)?;
    let distributed = available.as_deref().map(crate::plan::epoch);
    Ok(Relation {
        strength: Strength::Requires,
        capability: Capability::Project {
            project: project.clone(),
            extras: requirement.extras.clone(),
            specifiers: stated,
            package,
            candidate,
            epoch: neighbour.map(|neighbour| neighbour.epoch).or(distributed).unwrap_or_default(),
            available,
            unstated,
        },
        origin: OneLine::new(&origin),
    })
}

/// The interpreter that the files are for.
pub fn interpreter(wheel: &Wheel, target: &Target) -> Relation {
    let python_marker = wheel.metadata.requires_dist.iter().find(|requirement| {
        requirement.marker.try_to_string().is_some_and(|marker| marker.contains("python_"))
    });
    // Native code in a wheel for any platform is not an extension module of one version.
    let has_extension = wheel.platform_specific && !wheel.stable_abi;
    let is_isolated = target.isolation.is_some();
    let origin = match python_marker {
        _ if is_isolated => "the folder is this version's".to_owned(),
        _ if has_extension => "extension modules for this version only".to_owned(),
        Some(requirement) => format!("dependency chosen for this version: {requirement}"),
        None => match &wheel.metadata.requires_python {
            Some(specifiers) => format!("Requires-Python: {specifiers}"),
            None => "Python modules".to_owned(),
        },
    };
    Relation {
        strength: Strength::Requires,
        capability: Capability::Interpreter {
            version: target.python.version,
            exact: has_extension || is_isolated || python_marker.is_some(),
        },
        origin: OneLine::new(&origin),
    }
}

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

/// The system libraries that the wheel's native code needs. What the wheel bundles is left out:
/// it must neither be required from the system nor offered to it.
pub fn libraries(wheel: &Wheel, target: &Target, others: &Others<'_>) -> Outside {
    let machine = target.architecture.machine.as_str();
    let bundled: BTreeSet<&str> = wheel
        .native_code(machine)
        .flat_map(|elf| [elf.soname.as_deref(), elf.member.rsplit('/').next()])
        .flatten()
        .collect();
    let mut needs: BTreeMap<&LibraryName, BTreeSet<&LibraryName>> = BTreeMap::new();
    let mut strangers: BTreeMap<&LibraryName, &str> = BTreeMap::new();
    for elf in wheel.native_code(machine) {
        for soname in &elf.needed {
            if bundled.contains(&**soname) {
            } else if wheel.built_here || SYSTEM_LIBRARIES.contains(&&**soname) {
                needs.entry(soname).or_default();
            } else {
                strangers.entry(soname).or_insert(&elf.member);
            }
        }
        for (soname, version) in &elf.versions {
            if let Some(versions) = needs.get_mut(soname) {
                versions.insert(version);
            }
        }
    }
    let mut relations: Vec<Relation> =
        needs.into_iter().map(|(soname, versions)| library(soname, versions, target)).collect();
    // Such as `libcudart.so.12`, which comes with a wheel of its own.
    let mut siblings: BTreeMap<&ProjectName, &LibraryName> = BTreeMap::new();
    strangers.retain(|soname, _| match others.libraries.get(&***soname) {
        Some(project) => {
            siblings.entry(project).or_insert(soname);
            false
        }
        None => true,
    });
    relations.extend(siblings.into_iter().filter_map(|(project, soname)| {
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
    }));
    // A wheel works without what its tag does not promise, or with it only in part.
    relations.extend(strangers.keys().filter_map(|soname| {
        let package = hints::library_package(soname, target);
        (package.is_some() || target.layout.requires_files).then(|| Relation {
            strength: Strength::Recommends,
            capability: Capability::Library {
                soname: (*soname).clone(),
                versions: Vec::new(),
                package,
            },
            origin: OneLine::new(&format!(
                "native code needs {soname}, which its wheel does not promise"
            )),
        })
    }));
    let notes = strangers.iter().map(|(soname, member)| {
        let note = format!(
            "`{member}` needs `{soname}`, which is neither in the wheel nor promised by its tag"
        );
        OneLine::new(&note)
    });
    let unreadable = wheel.native_code(machine).flat_map(|elf| {
        elf.unreadable.iter().map(|text| {
            let (member, text) = (&elf.member, text.escape_debug());
            OneLine::new(&format!("`{member}` needs `{text}`, which is not the name of a library"))
        })
    });
    Outside { relations, notes: notes.chain(unreadable).collect(), open: Vec::new() }
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
