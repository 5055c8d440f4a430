//! What failed builds say that they lack.

/// What a compiler, a linker or a build tool misses.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Complaint<'l> {
    Header(&'l str),
    Library(&'l str),
    /// A name that pkg-config knows.
    Config(&'l str),
    Compiler {
        plus: bool,
    },
}

/// What a line complains of. Source: the messages of gcc, clang, ld, setuptools, pkg-config, meson and CMake.
pub(super) fn complaint(line: &str) -> Option<Complaint<'_>> {
    let between = |start: &str, end: &str| Some(line.split_once(start)?.1.split_once(end)?.0);
    if let Some(name) = between("fatal error: ", ": No such file")
        .or_else(|| between("fatal error: '", "' file not found"))
    {
        return Some(Complaint::Header(name));
    }
    if let Some((_, name)) = line.split_once("cannot find -l") {
        return Some(Complaint::Library(name.split([':', ' ']).next()?));
    }
    if let Some(name) = between("No package '", "' found")
        .or_else(|| between("Dependency \"", "\" not found"))
        .or_else(|| between("Package '", "' not found").map(|n| n.split('\'').next().unwrap_or(n)))
    {
        return Some(Complaint::Config(name));
    }
    let is_plus = |name: &str| name.ends_with("++");
    if let Some(name) = between("command '", "' failed: No such file")
        .or_else(|| between("unable to execute '", "'"))
        .filter(|name| ["cc", "gcc", "++"].iter().any(|end| name.ends_with(end)))
    {
        return Some(Complaint::Compiler { plus: is_plus(name) });
    }
    if line.contains("cannot execute 'cc1plus'") || line.contains("No CMAKE_CXX_COMPILER") {
        return Some(Complaint::Compiler { plus: true });
    }
    (line.contains("No CMAKE_C_COMPILER") || line.contains("Unknown compiler(s)"))
        .then_some(Complaint::Compiler { plus: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_understood() {
        for (line, wanted) in [
            (
                "src/x.c:1:10: fatal error: Python.h: No such file or directory",
                Complaint::Header("Python.h"),
            ),
            ("x.c:1:10: fatal error: 'libpq-fe.h' file not found", Complaint::Header("libpq-fe.h")),
            (
                "/usr/bin/ld: cannot find -lxslt: No such file or directory",
                Complaint::Library("xslt"),
            ),
            ("No package 'libffi' found", Complaint::Config("libffi")),
            (
                "../meson.build:9:0: ERROR: Dependency \"cairo\" not found, tried pkgconfig",
                Complaint::Config("cairo"),
            ),
            (
                "error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory",
                Complaint::Compiler { plus: false },
            ),
            ("unable to execute 'g++': No such file", Complaint::Compiler { plus: true }),
            (
                "../meson.build:1:0: ERROR: Unknown compiler(s): [['cc'], ['gcc']]",
                Complaint::Compiler { plus: false },
            ),
        ] {
            assert_eq!(complaint(line), Some(wanted), "{line}");
        }
        assert_eq!(complaint("error: command 'swig' failed: No such file or directory"), None);
        assert_eq!(complaint("all is well"), None);
    }
}
