//! What a package relates to: its dependencies, what it provides, its interpreter and libraries.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::{Version, VersionSpecifiers};

use crate::{
    artifact::{ExtraName, ProjectName},
    hint,
    metadata::{self, CoreMetadata, Requirement},
    plan::Open,
    relation::{Capability, Relation, Strength},
    source::Wheel,
    target::Target,
    text::OneLine,
};

use super::{Others, Policy, Relax, naming};

/// A project of the collection, as the others see it.
#[derive(Debug, Clone)]
pub struct Neighbour {
    /// The native package that has it.
    pub package: String,
    pub version: Version,
    pub metadata: std::sync::Arc<CoreMetadata>,
}

/// All projects of the collection.
pub type Neighbours = BTreeMap<ProjectName, Neighbour>;

/// Relations with what is outside of Python, and what a person has to know or decide.
#[derive(Default)]
pub struct Outside {
    pub relations: Vec<Relation>,
    pub notes: Vec<OneLine>,
    pub open: Vec<Open>,
}

/// The relations that come from the dependencies which apply on the target, with the requested
/// extras and those of the dependencies inlined.
pub fn dependencies(
    wheel: &Wheel,
    extras: &[ExtraName],
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Vec<Relation> {
    let mut walk = Walk {
        subject: &wheel.metadata.name,
        target,
        policy,
        markers: target.markers(),
        others,
        seen: BTreeSet::new(),
        relations: Vec::new(),
    };
    walk.add(&wheel.metadata, extras, "Requires-Dist");
    walk.relations
}

struct Walk<'a> {
    subject: &'a ProjectName,
    target: &'a Target,
    policy: &'a Policy,
    markers: pep508_rs::MarkerEnvironment,
    others: &'a Others<'a>,
    /// Extras that are inlined already.
    seen: BTreeSet<(ProjectName, ExtraName)>,
    relations: Vec<Relation>,
}

impl Walk<'_> {
    /// Adds what `metadata` requires with and without the extras.
    fn add(&mut self, metadata: &CoreMetadata, extras: &[ExtraName], field: &str) {
        for requirement in &metadata.requires_dist {
            if metadata::evaluate(&requirement.marker, &self.markers, extras) {
                self.require(requirement, &format!("{field}: {requirement}"));
            }
        }
    }

    /// Adds only what the extra requires beyond the project itself.
    fn add_extra(&mut self, project: &ProjectName, extra: &ExtraName) {
        if !self.seen.insert((project.clone(), extra.clone())) {
            return;
        }
        let neighbours = self.others.neighbours;
        let Some(neighbour) = neighbours.get(project) else { return };
        let extras = std::slice::from_ref(extra);
        for requirement in &neighbour.metadata.requires_dist {
            let marker = &requirement.marker;
            if metadata::evaluate(marker, &self.markers, extras)
                && !metadata::evaluate(marker, &self.markers, &[])
            {
                self.require(requirement, &format!("extra `{project}[{extra}]`: {requirement}"));
            }
        }
    }

    fn require(&mut self, requirement: &Requirement, origin: &str) {
        let project = &requirement.name;
        if self.policy.ignored.contains(project) {
            return;
        }
        if project != self.subject {
            let relation =
                self::requirement(requirement, origin, self.target, self.others, self.policy);
            self.relations.push(relation);
        }
        for extra in &requirement.extras {
            self.add_extra(project, extra);
        }
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
pub fn requirement(
    requirement: &Requirement,
    origin: &str,
    target: &Target,
    others: &Others<'_>,
    policy: &Policy,
) -> Relation {
    let project = &requirement.name;
    // What was left out on purpose is expected of the distribution, under its own name.
    let (package, candidate) = match others.neighbours.get(project) {
        Some(neighbour) => (neighbour.package.clone(), Some(neighbour.version.clone())),
        None => {
            let given = policy.naming.names.get(project).cloned();
            (given.unwrap_or_else(|| naming::distribution_name(project, target)), None)
        }
    };
    let specifiers = specifiers(requirement);
    // The distribution's versions have epochs that nobody here knows of: no upper bound could be
    // relied on.
    let relax = policy.relax;
    let relax = if candidate.is_some() { relax } else { relax.max(Relax::Minimum) };
    let left = others.left.get(project);
    let origin = left.map_or(origin.to_owned(), |reason| format!("{origin}: {reason}"));
    let specifiers = relax.applied(&specifiers, candidate.as_ref());
    Relation {
        strength: Strength::Requires,
        capability: Capability::Project {
            project: project.clone(),
            extras: requirement.extras.clone(),
            specifiers,
            package,
            candidate,
        },
        origin: OneLine::new(&origin),
    }
}

/// What the package provides beside its own name, and what it replaces.
pub fn provisions(wheel: &Wheel, package: &str, target: &Target) -> Vec<Relation> {
    let metadata = &wheel.metadata;
    let own = |strength, name: String, origin: &str| Relation {
        strength,
        capability: Capability::Package { name, own_version: strength == Strength::Provides },
        origin: OneLine::new(origin),
    };
    let mut relations = vec![Relation {
        strength: Strength::Provides,
        capability: Capability::Dist {
            project: metadata.name.clone(),
            version: metadata.version.clone(),
        },
        origin: OneLine::new(&format!("Name: {}", metadata.raw_name)),
    }];
    let conventional = naming::distribution_name(&metadata.name, target);
    if target.isolation.is_some() {
        // What lies in a tree of its own is nothing that others could use.
    } else if package == conventional {
        for alias in target.aliases(package) {
            relations.push(own(Strength::Provides, alias, "the target's alias for this package"));
        }
    } else {
        // Both install into the same folder: they cannot be on one system together.
        let origin = "the distribution's name for this project";
        relations.push(own(Strength::Provides, conventional.clone(), origin));
        relations.push(own(Strength::Conflicts, conventional.clone(), origin));
        if target.layout.replaces_renamed {
            relations.push(own(Strength::Replaces, conventional, origin));
        }
    }
    relations
}

/// The interpreter that the files are for.
pub fn interpreter(wheel: &Wheel, target: &Target) -> Relation {
    let python_marker = wheel.metadata.requires_dist.iter().find(|requirement| {
        requirement.marker.try_to_string().is_some_and(|marker| marker.contains("python_"))
    });
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
    let bundled: BTreeSet<&str> = wheel
        .elf
        .iter()
        .flat_map(|elf| [elf.soname.as_deref(), elf.member.rsplit('/').next()])
        .flatten()
        .collect();
    let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut strangers: BTreeMap<&str, &str> = BTreeMap::new();
    for elf in &wheel.elf {
        for soname in elf.needed.iter().map(String::as_str) {
            if bundled.contains(soname) {
            } else if wheel.built_here || SYSTEM_LIBRARIES.contains(&soname) {
                needs.entry(soname).or_default();
            } else {
                strangers.entry(soname).or_insert(&elf.member);
            }
        }
        for (soname, version) in &elf.versions {
            if let Some(versions) = needs.get_mut(soname.as_str()) {
                versions.insert(version);
            }
        }
    }
    let mut relations: Vec<Relation> =
        needs.into_iter().map(|(soname, versions)| library(soname, versions, target)).collect();
    // Such as `libcudart.so.12`, which comes with a wheel of its own.
    let mut siblings: BTreeMap<&ProjectName, &str> = BTreeMap::new();
    strangers.retain(|soname, _| match others.libraries.get(*soname) {
        Some(project) => {
            siblings.entry(project).or_insert(soname);
            false
        }
        None => true,
    });
    relations.extend(siblings.into_iter().filter_map(|(project, soname)| {
        let neighbour = others.neighbours.get(project)?;
        let is_required = wheel.metadata.requires_dist.iter().any(|r| r.name == *project);
        (!is_required && *project != wheel.metadata.name).then(|| Relation {
            strength: Strength::Requires,
            capability: Capability::Project {
                project: project.clone(),
                extras: Vec::new(),
                specifiers: VersionSpecifiers::empty(),
                package: neighbour.package.clone(),
                candidate: Some(neighbour.version.clone()),
            },
            origin: OneLine::new(&format!("native code needs {soname}, which `{project}` brings")),
        })
    }));
    let notes = strangers.iter().map(|(soname, member)| {
        let note = format!(
            "`{member}` needs `{soname}`, which is neither in the wheel nor promised by its tag"
        );
        OneLine::new(&note)
    });
    Outside { relations, notes: notes.collect(), open: Vec::new() }
}

/// The glibc version that a symbol version names: `GLIBC_2.17` is 2 and 17.
pub fn glibc_version(symbol_version: &str) -> Option<(u32, u32)> {
    let mut parts = symbol_version.strip_prefix("GLIBC_")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn library(soname: &str, versions: BTreeSet<&str>, target: &Target) -> Relation {
    Relation {
        strength: Strength::Requires,
        capability: Capability::Library {
            soname: soname.to_owned(),
            versions: versions.into_iter().map(str::to_owned).collect(),
            package: hint::library_package(soname, target),
        },
        origin: OneLine::new(&format!("native code needs {soname}")),
    }
}
