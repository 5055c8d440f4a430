//! Packages' purposes, as far as their names reveal them.

use crate::plan::relation::CapabilityName;

/// Returns whether a package is needed to build others, but never to run them: of alternatives,
/// whether each is. Source: Debian Policy 8.4; Fedora's packaging guidelines, "Devel Packages".
pub fn is_development(package: &CapabilityName) -> bool {
    let is_one = |name: &str| {
        let name = name.trim_start_matches('(').split([' ', ':']).next().unwrap_or_default();
        name.ends_with("-dev") || name.ends_with("-devel") || name.starts_with("pkgconfig(")
    };
    package.split(" | ").flat_map(|part| part.split(" or ")).all(is_one)
}

/// Compilers and build tools, by their names in distributions and the tables.
const COMPILERS: [&str; 22] = [
    "c-compiler",
    "cargo",
    "clang",
    "cmake",
    "cython3",
    "g++",
    "gcc",
    "gcc-c++",
    "gcc-fortran",
    "gcc-gfortran",
    "gfortran",
    "go",
    "golang",
    "golang-go",
    "make",
    "meson",
    "ninja",
    "ninja-build",
    "rust",
    "rustc",
    "swig",
    "build-essential",
];

/// Returns whether a package is a compiler or another build tool.
pub fn is_compiler(package: &CapabilityName) -> bool {
    let name = package.strip_prefix("/usr/bin/").unwrap_or(package);
    COMPILERS.contains(&name.split([' ', ':']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_packages_are_for() {
        let name = |text: &str| CapabilityName::parse(text).unwrap();
        for text in ["libxml2-dev", "zlib-devel", "pkgconfig(libpq)", "a-dev (>= 1) | b-dev:any"] {
            assert!(is_development(&name(text)), "{text}");
        }
        for text in ["libxml2", "a-dev | a", "(a or pkgconfig(a))", "devel", "a-dev-data"] {
            assert!(!is_development(&name(text)), "{text}");
        }
        for text in ["gcc", "/usr/bin/g++", "gcc-c++ >= 9", "gfortran", "/usr/bin/cargo"] {
            assert!(is_compiler(&name(text)), "{text}");
        }
        for text in ["git", "libgcc-s1", "/usr/bin/go-md2man"] {
            assert!(!is_compiler(&name(text)), "{text}");
        }
    }
}
