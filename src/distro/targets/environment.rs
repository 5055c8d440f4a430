//! pip's view of the target: the marker environment and the compatible tags.

use std::iter::once;

use pep440_rs::Version;
use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder};

use super::Target;
use crate::python::artifact::{Tag, Tags};

/// The oldest glibc minor of the platform tags. Source: PEP 513 for x86 (2.5), PEP 599 for the
/// other architectures (2.17), as in `packaging.tags`.
fn oldest_minor(machine: &str) -> u32 {
    match machine {
        "x86_64" | "i686" => 5,
        _ => 17,
    }
}

/// Returns the legacy name of a platform tag. Source: PEP 600.
fn legacy_name(glibc: (u32, u32)) -> Option<&'static str> {
    match glibc {
        (2, 17) => Some("manylinux2014"),
        (2, 12) => Some("manylinux2010"),
        (2, 5) => Some("manylinux1"),
        _ => None,
    }
}

impl Target {
    /// Returns the environment in which markers are evaluated. Source: PyPA dependency specifiers.
    ///
    /// A package does not know the kernel that it will run on, so `platform_release` and
    /// `platform_version` are constants of a common form; they belong to no particular system.
    pub fn markers(&self) -> MarkerEnvironment {
        let (major, minor) = self.python.version;
        let python_version = Version::new([u64::from(major), u64::from(minor)]);
        let full_version = self.python.full_version.parse();
        // A loaded target's version is valid; a manually constructed one falls back to its release.
        let full_version = full_version.unwrap_or_else(|_| python_version.clone());
        MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
            implementation_name: "cpython",
            implementation_version: "3",
            os_name: "posix",
            platform_machine: &self.architecture.machine,
            platform_python_implementation: "CPython",
            platform_release: "6.1.0",
            platform_system: "Linux",
            platform_version: "#1 SMP",
            python_full_version: "3",
            python_version: "3",
            sys_platform: "linux",
        })
        .expect("`3` is a version")
        .with_implementation_version(full_version.clone())
        .with_python_full_version(full_version)
        .with_python_version(python_version)
    }

    /// Returns the tags of compatible wheels, best first.
    pub fn tags(&self) -> Tags {
        compatible_tags(self.python.version, self.glibc, &self.architecture.machine)
    }
}

/// Returns the tags of compatible wheels, best first, for a CPython of `version` with the GIL on a
/// machine with `glibc`. Source: the order of `packaging.tags.sys_tags` (PEP 425, PEP 600; PEP 384
/// for `abi3`).
pub fn compatible_tags(version: (u32, u32), glibc: (u32, u32), machine: &str) -> Tags {
    let (major, minor) = version;
    let own = format!("cp{major}{minor}");
    // Until 3.7 the ABI name had a flag for pymalloc.
    let abi = if version < (3, 8) { format!("{own}m") } else { own.clone() };
    let older = || (2..minor).rev();
    let generic = || {
        let older = (0..minor).rev().map(|minor| format!("py{major}{minor}"));
        [format!("py{major}{minor}"), format!("py{major}")].into_iter().chain(older)
    };

    let platforms = platforms(glibc, machine);
    let native = [abi, "abi3".to_owned(), "none".to_owned()]
        .map(|abi| (own.clone(), abi))
        .into_iter()
        .chain(older().map(|minor| (format!("cp{major}{minor}"), "abi3".to_owned())))
        .chain(generic().map(|python| (python, "none".to_owned())));
    let mut tags = Vec::new();
    for (python, abi) in native {
        tags.extend(platforms.iter().map(|platform| Tag {
            python: python.clone(),
            abi: abi.clone(),
            platform: platform.clone(),
        }));
    }
    tags.extend(once(own.clone()).chain(generic()).map(|python| Tag {
        python,
        abi: "none".to_owned(),
        platform: "any".to_owned(),
    }));
    Tags::new(tags)
}

/// Returns the platform tags, best first.
fn platforms(glibc: (u32, u32), machine: &str) -> Vec<String> {
    let (major, newest) = glibc;
    // A locally built wheel, which comes from no index, is there on purpose.
    let mut platforms = vec![format!("linux_{machine}")];
    for minor in (oldest_minor(machine)..=newest).rev() {
        platforms.push(format!("manylinux_{major}_{minor}_{machine}"));
        if let Some(name) = legacy_name((major, minor)) {
            platforms.push(format!("{name}_{machine}"));
        }
    }
    platforms
}
