//! What a distribution has, and whether a collection holds together.

use std::{fs, process::Command};

use serde_json::Value;

use crate::{run, support::wheel::Wheel};

const TARGETS: [&str; 2] = ["debian-12", "fedora-43"];

#[test]
fn what_the_distribution_has_is_required_and_not_built() {
    for target in TARGETS {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel::default().write(&at.join("index"));
        Wheel { project: "two", fields: "Requires-Dist: one<2\n", ..Wheel::default() }
            .write(&at.join("index"));
        Wheel { project: "three", fields: "Requires-Dist: one>=2\n", ..Wheel::default() }
            .write(&at.join("index"));
        fs::write(at.join("r.txt"), "two\n").unwrap();
        let shared = ["-q", "-t", target, "-i", "index", "--builder", "embedded"];
        // A collection stands for the distribution.
        let build = |arguments: &[&str]| run(at, &[&["build"], &shared[..], arguments].concat());
        assert_eq!(build(&["one", "-o", "distro"]).status, 0);
        let built = build(&["-r", "r.txt", "-o", "dist", "--satisfy-from", "distro"]);
        assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{target}");
        assert_eq!(built.stdout.lines().count(), 1, "{}", built.stdout);
        let text = fs::read_to_string(at.join("dist/collection.json")).unwrap();
        let manifest: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(manifest["distribution"][0]["package"], "python3-one", "{target}");
        assert!(text.contains("one<2: the distribution's python3-one 1.0-1"), "{text}");

        // The proof needs the distribution only for what was left to it.
        let alone = run(at, &["check", "dist"]);
        assert_eq!(alone.status, 0, "{}", alone.stderr);
        let whole = run(at, &["check", "dist", "--satisfy-from", "distro"]);
        assert_eq!(whole.status, 1, "it has no interpreter: {}", whole.stdout);
        assert!(!whole.stderr.contains("one"), "{}", whole.stderr);

        // Constraints hold for what is left to it, too; those for other systems do not.
        Wheel { version: "1.5", ..Wheel::default() }.write(&at.join("index"));
        for (constraint, count) in [("one>=1.2", 2), ("one>=1.2; sys_platform == 'win32'", 1)] {
            fs::write(at.join("c.txt"), format!("{constraint}\n")).unwrap();
            let more = ["-r", "r.txt", "-c", "c.txt", "-o", "bound", "--satisfy-from", "distro"];
            let built = build(&more);
            assert_eq!(built.stdout.lines().count(), count, "{constraint}: {}", built.stdout);
        }

        // What the distribution has too old, or is named, is built.
        Wheel { version: "2.0", ..Wheel::default() }.write(&at.join("index"));
        fs::write(at.join("r.txt"), "three\n").unwrap();
        let built = build(&["-r", "r.txt", "-o", "newer", "--satisfy-from", "distro"]);
        assert_eq!(built.stdout.lines().count(), 2, "{}", built.stdout);
        let named = build(&["one==1.0", "-o", "named", "--satisfy-from", "distro"]);
        assert_eq!(named.stdout.lines().count(), 1, "{}", named.stdout);
        assert!(named.stderr.contains("the distribution has `python3-one` 1.0-1"), "{target}");
        fs::write(at.join("pypi2pkg.toml"), "[project.one]\norigin = 'distro'\n").unwrap();
        let named = build(&["-r", "r.txt", "-o", "set"]);
        assert_eq!(named.stdout.lines().count(), 1, "{}", named.stdout);
        fs::write(at.join("pypi2pkg.toml"), "[project.one]\norigin = 'ignore'\n").unwrap();
        assert_eq!(build(&["-r", "r.txt", "-o", "ignored"]).status, 0);
        let text = fs::read_to_string(at.join("ignored/collection.json")).unwrap();
        assert!(!text.contains("\"one\""), "{text}");
    }
}

#[test]
fn a_collection_that_does_not_hold_together_is_told() {
    for target in TARGETS {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel::default().write(&at.join("index"));
        Wheel { project: "two", fields: "Requires-Dist: one<2\n", ..Wheel::default() }
            .write(&at.join("index"));
        let shared = ["-q", "-t", target, "-i", "index", "--builder", "embedded"];
        let build = |arguments: &[&str]| run(at, &[&["build"], &shared[..], arguments].concat());
        assert_eq!(build(&["two"]).status, 0);
        let good = run(at, &["check"]);
        assert_eq!(good.status, 0, "{}", good.stderr);
        assert!(good.stdout.ends_with("2 packages, every relation met, no path owned twice\n"));

        // A newer release beside it leaves a relation open.
        Wheel { version: "2.0", ..Wheel::default() }.write(&at.join("index"));
        assert_eq!(build(&["one==2.0"]).status, 0);
        let first = fs::read_dir(at.join("dist")).unwrap().map(|e| e.unwrap().path());
        let old = first.filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("python3-one") && name.contains("1.0")
        });
        for path in old {
            fs::write(path, "damaged").unwrap();
        }
        let bad = run(at, &["check", "--json"]);
        assert_eq!(bad.status, 1);
        assert!(bad.stderr.contains("is not the file that the repository lists"), "{}", bad.stderr);
        let missing = run(at, &["check", "index"]);
        assert_eq!(
            missing.stderr,
            "error: `index` is not a collection: it has no `collection.json`\n\
             hint: use a folder that `pypi2pkg build -o` wrote\n"
        );
    }
}

#[test]
fn what_projects_need_from_the_system_is_required() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel {
        project: "gitpython",
        version: "9.0",
        fields: "Requires-External: libpq (>=12)\nRequires-External: frobnicator\n",
        ..Wheel::default()
    }
    .write(&at.join("index"));
    let plan = |more: &[&str]| {
        let shared = ["plan", "gitpython", "-q", "-i", "index", "--json"];
        run(at, &[&shared, more].concat())
    };
    for (target, names) in
        [("debian-12", ["\"git\"", "\"libpq5\""]), ("el9", ["/usr/bin/git", "libpq.so.5()(64bit)"])]
    {
        let found = plan(&["-t", target]);
        for name in names {
            assert!(found.stdout.contains(name), "{target} {name}: {}", found.stdout);
        }
        assert!(found.stdout.contains("frobnicator (the project), which is not a known package"));
    }
    let strict = plan(&["-t", "debian-12", "--strict-hints"]);
    assert_eq!(strict.status, 1);
    assert!(
        strict.stderr.contains("system that are not known: `frobnicator`"),
        "{}",
        strict.stderr
    );
    fs::write(at.join("hints.toml"), "[names]\nfrobnicator = 'frob-tools'\n").unwrap();
    let known = plan(&["-t", "debian-12", "--strict-hints", "--hints", "hints.toml"]);
    assert_eq!((known.status, known.stderr.as_str()), (0, ""));
    assert!(known.stdout.contains("\"frob-tools\""));
}

#[test]
fn files_that_two_packages_would_own_are_found_before_building() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel { project: "one", module: "same", ..Wheel::default() }.write(&at.join("index"));
    Wheel { project: "two", module: "same", version: "2.0", ..Wheel::default() }
        .write(&at.join("index"));
    let build = |more: &[&str]| {
        let shared = ["build", "one", "two", "-q", "-t", "debian-12", "-i", "index"];
        run(at, &[&shared, more].concat())
    };
    let refused = build(&[]);
    assert_eq!(refused.status, 1);
    assert!(
        refused.stderr.starts_with(
            "error: several packages contain the same files:\n  \
             `/usr/lib/python3/dist-packages/same.py` of `one` and `two`\n"
        ),
        "{}",
        refused.stderr
    );
    assert!(!at.join("dist/collection.json").exists());
    let dropped = build(&["--on-conflict", "drop"]);
    assert_eq!((dropped.status, dropped.stderr.as_str()), (0, ""));
    let checked = run(at, &["check"]);
    assert_eq!((checked.status, checked.stderr.as_str()), (0, ""));
}

#[test]
fn licences_and_decisions_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    Wheel { project: "two", fields: "Requires-Dist: one<2\n", ..Wheel::default() }
        .write(&at.join("index"));
    let shared = ["two", "-q", "-t", "debian-12", "-i", "index"];
    assert_eq!(run(at, &[&["build"], &shared[..]].concat()).status, 0);
    let licences = run(at, &["licences"]);
    assert_eq!(
        licences.stdout,
        "PACKAGE      RELEASE  LICENCE  FROM               NOTE\n\
         python3-one  1.0      MIT      the field License\n\
         python3-two  1.0      MIT      the field License\n"
    );
    let explained = run(at, &[&["explain", "one"], &shared[..]].concat());
    assert_eq!((explained.status, explained.stderr.as_str()), (0, ""));
    for line in [
        "python3-one 1.0-1",
        "  name: the convention of Debian GNU/Linux 12 (bookworm)",
        "    `one<2` by two 1.0",
        "  licence: MIT (from the field License)",
    ] {
        assert!(
            explained.stdout.lines().any(|found| found == line),
            "{line}\n{}",
            explained.stdout
        );
    }
    let exact = run(at, &[&["explain", "two", "--relax", "exact"], &shared[..]].concat());
    assert!(exact.stdout.contains("python3-one (>= 1.0)"), "{}", exact.stdout);
    let none = run(at, &[&["explain", "two", "--relax", "none"], &shared[..]].concat());
    assert!(none.stdout.contains("Requires: python3-one\n"), "{}", none.stdout);
    fs::write(at.join("names"), "# ours\none acme-one\n").unwrap();
    let mapped = run(at, &[&["explain", "two", "--name-map", "names"], &shared[..]].concat());
    assert!(mapped.stdout.contains("acme-one (<< 2~~)"), "{}", mapped.stdout);
}

#[test]
fn two_applications_live_beside_each_other() {
    if !crate::support::tools::have(&["python3"]) {
        return;
    }
    for (target, unpack) in [("debian-12", "dpkg-deb -x"), ("el9", "rpm2cpio")] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel::default().write(&at.join("index"));
        Wheel { version: "2.0", ..Wheel::default() }.write(&at.join("index"));
        for (prefix, requirement, output) in
            [("/opt/acme", "one<2", "acme"), ("/srv/other", "one>=2", "other")]
        {
            let arguments = [
                "build",
                requirement,
                "-q",
                "-t",
                target,
                "-i",
                "index",
                "-o",
                output,
                "--install-prefix",
                prefix,
                "--builder",
                "embedded",
            ];
            let built = run(at, &arguments);
            assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{target}");
            let package = built.stdout.trim();
            let root = at.join("root");
            fs::create_dir_all(&root).unwrap();
            let script = match unpack {
                "rpm2cpio" => format!("cd root && rpm2cpio ../{package} | cpio -idm --quiet"),
                _ => format!("{unpack} {package} root"),
            };
            let status = Command::new("sh").current_dir(at).args(["-c", &script]).status().unwrap();
            assert!(status.success(), "{script}");
            let manifest = fs::read_to_string(at.join(output).join("collection.json")).unwrap();
            assert!(manifest.contains(&format!("\"{output}-python3")), "{manifest}");
            assert!(!manifest.contains("conflicts") && !manifest.contains("replaces"));
            assert_eq!(run(at, &["check", output]).status, 0);
        }
        // Each command finds the modules of its own tree, here below a root of the test.
        for (prefix, version) in [("/opt/acme", "1.0"), ("/srv/other", "2.0")] {
            let command = fs::read_to_string(at.join(format!("root{prefix}/bin/one"))).unwrap();
            let root = at.join("root").display().to_string();
            let script = command.replace(prefix, &format!("{root}{prefix}"));
            let script = script.replace("sys.exit(main())", "import one; print(one.VERSION)");
            let script = script.replace("from one import main", "");
            let output = Command::new("python3").args(["-I", "-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), version, "{script}");
        }
        let system =
            run(at, &["plan", "one", "-t", target, "-i", "index", "--install-prefix", "/usr"]);
        assert_eq!(system.status, 2);
        assert!(system.stderr.contains("`/usr` cannot be an install prefix"));
    }
}

#[test]
fn a_release_that_would_be_no_upgrade_is_warned_of() {
    for target in TARGETS {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel { version: "2.0.0rc1", ..Wheel::default() }.write(&at.join("index"));
        let build = |requirement: &str| {
            let shared = ["-q", "-t", target, "-i", "index", "--builder", "embedded"];
            run(at, &[&["build", requirement], &shared[..]].concat())
        };
        assert_eq!(build("one==2.0.0rc1").stderr, "");
        Wheel { version: "2.0", ..Wheel::default() }.write(&at.join("index"));
        let warned = build("one==2.0");
        assert_eq!(warned.status, 0);
        assert!(
            warned.stderr.contains("is the newer release, but sorts below"),
            "{}",
            warned.stderr
        );
    }
}

#[test]
fn a_library_of_another_wheel_is_required_by_its_project() {
    if !crate::support::tools::have(&["cc"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("lib.c"), "int answer(void) { return 42; }\n").unwrap();
    fs::write(at.join("module.c"), "int answer(void); int ask(void) { return answer(); }\n")
        .unwrap();
    for arguments in [
        &["lib.c", "-o", "libanswer.so.1", "-Wl,-soname,libanswer.so.1"][..],
        &["module.c", "-o", "module.so", "libanswer.so.1"],
    ] {
        let mut cc = Command::new("cc");
        cc.current_dir(at).args(["-shared", "-fPIC", "-nostdlib"]).args(arguments);
        assert!(cc.status().unwrap().success(), "{arguments:?}");
    }
    let tags = format!("cp311-cp311-manylinux_2_17_{}", std::env::consts::ARCH);
    let bytes = |name: &str| fs::read(at.join(name)).unwrap();
    Wheel {
        project: "answer",
        tags: &tags,
        binaries: &[("answer_libs/libanswer.so.1", bytes("libanswer.so.1"))],
        ..Wheel::default()
    }
    .write(&at.join("index"));
    Wheel {
        project: "native",
        tags: &tags,
        binaries: &[("native_module.so", bytes("module.so"))],
        ..Wheel::default()
    }
    .write(&at.join("index"));
    let arch = std::env::consts::ARCH;
    let explained = |projects: &[&str]| {
        let shared = ["explain", "native", "-q", "-t", "debian-12", "--arch", arch, "-i", "index"];
        let found = run(at, &[&shared, projects].concat());
        assert_eq!((found.status, found.stderr.as_str()), (0, ""));
        found.stdout
    };
    let both = explained(&["native", "answer"]);
    assert!(both.contains("native code needs libanswer.so.1, which is in `answer`"), "{both}");
    assert!(both.contains("Requires: python3-answer\n"), "{both}");
    let alone = explained(&["native"]);
    assert!(alone.contains("needs `libanswer.so.1`, which is neither in the wheel"), "{alone}");
}
