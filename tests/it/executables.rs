//! Programs and native code in wheels: their modes, what starts them, and the package's architecture.

use std::{fs, path::Path, process::Command};

use crate::{
    hostile_wheel::{package, writers},
    run,
    support::tools::have,
    support::wheel::Wheel,
};

const X86_64: u16 = 62;
const AARCH64: u16 = 183;

/// The header of an ELF file of 64 bits for a machine, which needs nothing.
fn elf(machine: u16) -> Vec<u8> {
    let mut header = vec![0; 64];
    header[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    header[16..18].copy_from_slice(&3_u16.to_le_bytes());
    header[18..20].copy_from_slice(&machine.to_le_bytes());
    header[20] = 1;
    header[52] = 64;
    header
}

fn build(at: &Path, target: &str, builder: &str) {
    let options = ["--target", target, "--builder", builder, "-i", "index", "--arch", "x86_64"];
    let more = ["--packager", "A <a@example.org>", "--bytecode", "none"];
    let found = run(at, &[&["build", "one"], &options[..], &more].concat());
    assert_eq!(found.status, 0, "{target} {builder}\n{}", found.stderr);
}

/// Unpacks the package that was built.
fn unpacked(at: &Path) -> std::path::PathBuf {
    let (package, _) = package(at);
    let root = at.join("root");
    fs::create_dir(&root).unwrap();
    let script = match package.rsplit('.').next() {
        Some("deb") => "dpkg-deb -x \"$0\" .",
        Some("rpm") => "rpm2cpio \"$0\" | cpio -idm --quiet",
        _ => "bsdtar -xf \"$0\"",
    };
    let mut shell = Command::new("sh");
    assert!(shell.args(["-c", script, &package]).current_dir(&root).status().unwrap().success());
    root
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    metadata.permissions().mode() & 0o777
}

fn have_tools() -> bool {
    have(&["rpm", "rpm2cpio", "cpio", "dpkg-deb", "bsdtar", "python3"])
}

#[test]
fn programs_of_the_data_scheme_can_be_started() {
    if !have_tools() {
        return;
    }
    let data = "one-1.0.data/data";
    let members = [
        (format!("{data}/bin/one-native"), elf(X86_64)),
        (format!("{data}/bin/one-script"), b"#!/opt/venv/bin/python3.9\nimport sys\n".to_vec()),
        (format!("{data}/bin/one-found"), b"#!/usr/bin/env bash\ntrue\n".to_vec()),
        (format!("{data}/bin/one-readme"), b"Read me\n".to_vec()),
        (format!("{data}/share/one/plain.sh"), b"#!/bin/sh\n".to_vec()),
        (format!("{data}/share/one/tool.py"), b"#!python\nprint(1)\n".to_vec()),
        (format!("{data}/share/one/tool"), b"#!/bin/sh\n".to_vec()),
    ];
    let members: Vec<(&str, Vec<u8>)> =
        members.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let started = ["one-1.0.data/data/share/one/tool.py", "one-1.0.data/data/share/one/tool"];
    for (target, builder) in writers() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel { binaries: &members, executables: &started, ..Wheel::default() }
            .write(&at.join("index"));
        build(at, target, builder);
        let root = unpacked(at);
        for (path, wanted) in [
            ("usr/bin/one-native", 0o755),
            ("usr/bin/one-script", 0o755),
            ("usr/bin/one-found", 0o755),
            ("usr/bin/one-readme", 0o644),
            ("usr/share/one/plain.sh", 0o644),
            ("usr/share/one/tool.py", 0o755),
            ("usr/share/one/tool", 0o755),
        ] {
            assert_eq!(mode(&root.join(path)), wanted, "{target} {builder} {path}");
        }
        let line = |path: &str| {
            let text = fs::read_to_string(root.join(path)).unwrap();
            text.lines().next().unwrap().to_owned()
        };
        for path in ["usr/bin/one-script", "usr/share/one/tool.py"] {
            assert!(line(path).starts_with("#!/usr/bin/python"), "{target} {}", line(path));
        }
        assert_eq!(line("usr/bin/one-found"), "#!/usr/bin/bash", "{target} {builder}");
    }
}

/// The architecture of the package that was built, and what it requires.
fn header(at: &Path) -> (String, String) {
    let (package, _) = package(at);
    let output = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).arg(&package).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    match package.rsplit('.').next() {
        Some("rpm") => {
            (output("rpm", &["-qp", "--qf", "%{ARCH}"]), output("rpm", &["-qp", "--requires"]))
        }
        Some("deb") => {
            let fields = output("dpkg-deb", &["-I"]);
            let field = |name: &str| {
                let mut lines = fields.lines().map(str::trim);
                lines.find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned()
            };
            (field("Architecture: "), field("Depends: "))
        }
        _ => {
            let mut tar = Command::new("bsdtar");
            let output = tar.arg("-xOf").arg(&package).arg(".PKGINFO").output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let lines = text.lines().find_map(|line| line.strip_prefix("arch = "));
            let depends = text.lines().filter(|line| line.starts_with("depend = "));
            (lines.unwrap().to_owned(), depends.collect::<Vec<_>>().join("\n"))
        }
    }
}

#[test]
fn native_code_in_a_pure_wheel_gives_the_package_its_architecture() {
    if !have_tools() || !have(&["cc"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("x.c");
    fs::write(&source, "#include <stdio.h>\nint x(void) { return puts(\"x\"); }\n").unwrap();
    let library = folder.path().join("x.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source);
    assert!(compiler.status().unwrap().success());
    let members =
        [("one_data/x.so", fs::read(&library).unwrap()), ("one_data/other.so", elf(AARCH64))];
    for (target, builder) in writers() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel { binaries: &members, ..Wheel::default() }.write(&at.join("index"));
        build(at, target, builder);
        let (architecture, requires) = header(at);
        assert!(["x86_64", "amd64"].contains(&architecture.as_str()), "{target} {builder}");
        assert!(
            requires.contains("libc.so.6()(64bit)")
                || requires.contains("libc6")
                || requires.contains("glibc"),
            "{requires}"
        );
        assert!(
            !requires.contains("python3 (<<") && !requires.contains("python3.11"),
            "{requires}"
        );
    }
}

#[test]
fn native_code_for_other_machines_is_data() {
    if !have_tools() {
        return;
    }
    let mut other_system = elf(X86_64);
    other_system[7] = 9;
    let members = [
        ("one_data/lib.so", elf(AARCH64)),
        ("one_data/big.bin", [b"\x7fELF\x02\x02\x01".to_vec(), vec![0; 57]].concat()),
        ("one_data/freebsd", other_system),
        ("one_data/short", b"\x7fELF\x01".to_vec()),
    ];
    for (target, builder) in writers() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel { binaries: &members, ..Wheel::default() }.write(&at.join("index"));
        build(at, target, builder);
        let (architecture, requires) = header(at);
        assert!(["noarch", "all", "any"].contains(&architecture.as_str()), "{target} {builder}");
        assert!(!requires.contains("libc"), "{requires}");
        let explained = run(at, &["explain", "one", "one", "-q", "-t", target, "-i", "index"]);
        assert!(
            explained
                .stdout
                .contains("native code for aarch64, another system, which x86_64 does not run"),
            "{}{}",
            explained.stdout,
            explained.stderr
        );
    }
}

/// What the package that was built only recommends.
fn recommends(at: &Path) -> String {
    let (package, _) = package(at);
    let (program, arguments): (&str, &[&str]) = match package.rsplit('.').next() {
        Some("rpm") => ("rpm", &["-qp", "--recommends", &package]),
        Some("deb") => ("dpkg-deb", &["-f", &package, "Recommends"]),
        _ => ("bsdtar", &["-xOf", &package, ".PKGINFO"]),
    };
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn programs_that_start_scripts_are_required() {
    if !have_tools() {
        return;
    }
    let members = [
        ("one-1.0.data/scripts/one-perl", b"#!/usr/bin/perl -w\n".to_vec()),
        ("one-1.0.data/scripts/one-node", b"#!/usr/bin/env node\n".to_vec()),
        ("one-1.0.data/scripts/one-shell", b"#!/bin/bash\n".to_vec()),
        ("one-1.0.data/scripts/one-odd", b"#!/opt/odd/bin/odd\n".to_vec()),
        ("one-1.0.data/scripts/one-python", b"#!/usr/bin/env python3\n".to_vec()),
        // Nothing starts it.
        ("one_data/example.rb", b"#!/usr/bin/ruby\n".to_vec()),
    ];
    for (target, builder) in writers() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel { binaries: &members, ..Wheel::default() }.write(&at.join("index"));
        build(at, target, builder);
        let (_, requires) = header(at);
        let (wanted, unwanted): (&[&str], &[&str]) = match target {
            "fedora-43" => {
                (&["/usr/bin/perl", "/usr/bin/node", "/bin/bash"], &["/opt/odd", "python3\n"])
            }
            "debian-12" => (&["perl:any", "nodejs"], &["bash", "odd"]),
            _ => (&["depend = perl", "depend = nodejs"], &["bash", "odd"]),
        };
        for text in wanted {
            assert!(requires.contains(text), "{target} {builder} {text}\n{requires}");
        }
        for text in [unwanted, &["ruby"]].concat() {
            assert!(!requires.contains(text), "{target} {builder} {text}\n{requires}");
        }
        let explained = run(at, &["explain", "one", "one", "-q", "-t", target, "-i", "index"]);
        let note =
            "`/usr/bin/one-odd` starts with `#!/opt/odd/bin/odd`, which no known package has";
        assert!(explained.stdout.contains(note), "{}{}", explained.stdout, explained.stderr);
    }
}

#[test]
fn libraries_that_a_wheel_does_not_promise_are_recommended() {
    if !have_tools() || !have(&["cc"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let compile = |arguments: &[&str]| {
        let mut compiler = Command::new("cc");
        let status = compiler.args(arguments).current_dir(folder.path()).status().unwrap();
        assert!(status.success());
    };
    for (name, text) in
        [("egl", "int egl(void) { return 1; }"), ("own", "int own(void) { return 1; }")]
    {
        fs::write(folder.path().join(format!("{name}.c")), text).unwrap();
    }
    compile(&["-shared", "-fPIC", "-Wl,-soname,libEGL.so.1", "-o", "libEGL.so", "egl.c"]);
    compile(&["-shared", "-fPIC", "-Wl,-soname,libodd.so.7", "-o", "libodd.so", "own.c"]);
    fs::write(
        folder.path().join("x.c"),
        "int egl(void); int own(void); int x(void) { return egl() + own(); }",
    )
    .unwrap();
    compile(&["-shared", "-fPIC", "-o", "x.so", "x.c", "-L.", "-lEGL", "-lodd"]);
    let members = [("one_data/x.so", fs::read(folder.path().join("x.so")).unwrap())];
    for (target, builder) in writers() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let tags = "py3-none-manylinux2014_x86_64";
        Wheel { binaries: &members, tags, ..Wheel::default() }.write(&at.join("index"));
        build(at, target, builder);
        let (_, requires) = header(at);
        let (egl, odd) = match target {
            "fedora-43" => ("libEGL.so.1()(64bit)", Some("libodd.so.7()(64bit)")),
            "debian-12" => ("libegl1", None),
            _ => ("optdepend = libglvnd", None),
        };
        let found = recommends(at);
        assert!(found.contains(egl), "{target} {builder}\n{found}");
        assert_eq!(found.contains("odd"), odd.is_some(), "{target} {builder}\n{found}");
        assert!(odd.is_none_or(|odd| found.contains(odd)), "{target} {builder}\n{found}");
        assert!(!requires.contains("libEGL") && !requires.contains("libegl1"), "{requires}");
        let explained = run(at, &["explain", "one", "one", "-q", "-t", target, "-i", "index"]);
        let note = "needs `libodd.so.7`, which is neither in the wheel nor promised by its tag";
        assert!(explained.stdout.contains(note), "{}{}", explained.stdout, explained.stderr);
    }
}

#[test]
fn manual_pages_are_compressed() {
    if !have_tools() {
        return;
    }
    // Long enough for programs to compress it in different ways.
    let text: String =
        (0..2000).map(|n: u32| format!("line {}\n", n.wrapping_mul(2_654_435_761))).collect();
    let members = [
        ("one-1.0.data/data/share/man/man1/one.1", text.clone().into_bytes()),
        ("one-1.0.data/data/share/man/de/man5/one.5", b".TH ONE 5\n".to_vec()),
    ];
    for (target, builder) in writers().filter(|(target, _)| *target != "archlinux") {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel { binaries: &members, ..Wheel::default() }.write(&at.join("index"));
        build(at, target, builder);
        let root = unpacked(at);
        let packed = fs::read(root.join("usr/share/man/man1/one.1.gz")).unwrap();
        let mut unpacked = String::new();
        let mut stream = flate2::read::GzDecoder::new(&packed[..]);
        std::io::Read::read_to_string(&mut stream, &mut unpacked).unwrap();
        assert_eq!(unpacked, text, "{target} {builder}");
        assert!(root.join("usr/share/man/de/man5/one.5.gz").is_file(), "{target} {builder}");
        assert!(!root.join("usr/share/man/man1/one.1").exists(), "{target} {builder}");
    }
}

#[test]
fn folders_of_the_machine_that_built_a_wheel_are_warned_of() {
    if !have(&["cc"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("x.c"), "int x(void) { return 1; }").unwrap();
    let mut compiler = Command::new("cc");
    compiler.args([
        "-shared",
        "-fPIC",
        "-Wl,-rpath,/usr/lib:$ORIGIN/libs:/home/ci/lib",
        "-o",
        "x.so",
    ]);
    assert!(compiler.arg("x.c").current_dir(at).status().unwrap().success());
    let code = fs::read(at.join("x.so")).unwrap();
    let members = [("one_data/x.so", code.clone()), ("one_data/y.so", code)];
    let tags = "py3-none-manylinux2014_x86_64";
    Wheel { binaries: &members, tags, ..Wheel::default() }.write(&at.join("index"));
    for target in ["debian-12", "fedora-43", "archlinux"] {
        let planned = run(at, &["plan", "one", "-q", "-t", target, "-i", "index"]);
        assert_eq!(planned.status, 0, "{target}");
        assert_eq!(
            planned.stderr,
            "warning: `one`: looks for libraries outside the system's folders: `one_data/x.so` in \
             `/home/ci/lib` and 1 more file: whoever can write there runs code in its place\n"
        );
    }
}
