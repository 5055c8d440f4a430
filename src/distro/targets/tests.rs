use std::path::PathBuf;

use super::{Target, TargetError, Targets};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The words of each line of a table; a line that begins with `#` is a comment.
fn table(name: &str) -> Vec<Vec<String>> {
    let rows = text(name);
    let rows = rows.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let words = line.split_whitespace().filter(|word| *word != "|");
        words.map(str::to_owned).collect()
    })
    .collect()
}

fn load(name: &str, python: &str, architecture: &str) -> Target {
    Targets::embedded().load(name, Some(python), Some(architecture)).unwrap()
}

fn message<T: std::fmt::Debug>(result: Result<T, TargetError>) -> String {
    result.unwrap_err().to_string()
}

const NAMES: &str = "amazonlinux-2023, centos-stream-9, centos-stream-10, debian-12, debian-13, \
    el8, el9, el10, fedora-42, fedora-43, fedora-44, opensuse-leap-15.6, opensuse-leap-16.0, \
    opensuse-tumbleweed, ubuntu-22.04, ubuntu-24.04, ubuntu-26.04";

#[test]
fn names_are_in_natural_order_without_the_abstract_ones() {
    assert_eq!(Targets::embedded().names().join(", "), NAMES);
}

#[test]
fn every_target_loads_for_every_python_and_architecture() {
    let targets = Targets::embedded();
    for name in targets.names() {
        let default = targets.load(name, None, None).unwrap();
        assert!(default.python.is_default, "{name}");
        assert_eq!(default.architecture.machine, "x86_64", "{name}");
        for python in targets.pythons(name).unwrap() {
            for machine in targets.architectures(name).unwrap() {
                let target = targets.load(name, Some(&python), Some(&machine)).unwrap();
                let (major, minor) = target.python.version;
                assert_eq!(format!("{major}.{minor}"), python);
                let patch = target.python.full_version.strip_prefix(&python);
                assert!(patch.is_some_and(|rest| rest.starts_with('.')), "{name} {python}");
                assert_eq!(target.markers().platform_machine(), machine);
                let (major, minor) = target.glibc;
                let best = target.tags().iter().nth(1).unwrap().platform.clone();
                assert_eq!(best, format!("manylinux_{major}_{minor}_{machine}"));
                let library = target.libraries.get(&target.architecture.loader);
                assert_eq!(library.is_some(), target.format == "deb", "{name} {machine}");
            }
        }
    }
}

#[test]
fn facts_are_those_of_the_table() {
    for row in table("target-facts.txt") {
        let target = load(&row[0], &row[1], &row[2]);
        let answer = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        let text = |text: &str| if text.is_empty() { "-" } else { text }.to_owned();
        let python = &target.python;
        let naming = &target.naming;
        let found = vec![
            answer(python.is_default),
            python.package_prefix.clone(),
            python.interpreter_package.clone(),
            python.interpreter.clone(),
            text(&python.shebang_options),
            python.platlib.clone(),
            format!("{}.{}", target.glibc.0, target.glibc.1),
            target.architecture.package.clone(),
            text(&target.dist_tag),
            target.compression.clone(),
            answer(naming.unversioned_dist),
            answer(naming.dotted_dist),
            text(&naming.aliases.join(",")),
            answer(naming.fold_python_prefix),
        ];
        assert_eq!(found, row[3..], "{} {}", row[0], row[1]);
    }
}

#[test]
fn name_maps_hold_what_distributions_have() {
    let targets = Targets::embedded();
    for row in table("target-names.txt") {
        let target = targets.load(&row[0], None, None).unwrap();
        let package = target.naming.map.get(&row[1].parse().unwrap());
        assert_eq!(package.map_or("-", String::as_str), row[2], "{row:?}");
    }
}

#[test]
fn libraries_have_the_names_of_the_release() {
    let package = |target: &str, soname: &str| {
        let target = Targets::embedded().load(target, None, None).unwrap();
        target.libraries[soname].clone()
    };
    assert_eq!(package("debian-12", "ld-linux-x86-64.so.2"), "libc6");
    assert_eq!(package("debian-12", "libglib-2.0.so.0"), "libglib2.0-0");
    assert_eq!(package("ubuntu-22.04", "libssl.so.3"), "libssl3");
    assert_eq!(package("debian-13", "libglib-2.0.so.0"), "libglib2.0-0t64");
    assert_eq!(package("ubuntu-24.04", "libssl.so.3"), "libssl3t64");
    assert_eq!(package("ubuntu-26.04", "libstdc++.so.6"), "libstdc++6");
    for name in ["debian-12", "debian-13", "ubuntu-22.04", "ubuntu-24.04", "ubuntu-26.04"] {
        let (major, minor) = Targets::embedded().load(name, None, None).unwrap().python.version;
        let library = package(name, &format!("libpython{major}.{minor}.so.1.0"));
        assert!(library.starts_with(&format!("libpython{major}.{minor}")), "{library}");
    }
}

#[test]
fn architectures_are_known_in_every_dialect() {
    let fedora = load("fedora-43", "3.14", "aarch64").architecture;
    assert_eq!((&*fedora.package, &*fedora.independent), ("aarch64", "noarch"));
    assert_eq!((&*fedora.library_mark, &*fedora.isa), ("(64bit)", "(aarch-64)"));
    assert_eq!(fedora.loader, "ld-linux-aarch64.so.1");
    let debian = load("debian-12", "3.11", "arm64").architecture;
    assert_eq!((&*debian.machine, &*debian.package), ("aarch64", "arm64"));
    assert_eq!(debian.independent, "all");
}

#[test]
fn os_release_files_are_recognised() {
    let targets = Targets::embedded();
    let rows = table("os-release.txt");
    let files = path("os-release").read_dir().unwrap().count();
    assert_eq!(rows.len(), files, "the list names every file of the folder");
    for row in rows {
        let found = targets.detect(&text(&format!("os-release/{}", row[0])));
        assert_eq!(found.as_deref().unwrap_or("-"), row[1], "{}", row[0]);
    }
}

#[test]
fn tags_are_those_of_packaging() {
    for (file, target) in [
        ("el8_3.6_x86_64", load("el8", "3.6", "x86_64")),
        ("el9_3.11_aarch64", load("el9", "3.11", "aarch64")),
    ] {
        let tags = target.tags();
        let found: Vec<String> =
            tags.iter().map(|tag| format!("{}-{}-{}", tag.python, tag.abi, tag.platform)).collect();
        let expected = text(&format!("tags/{file}.txt"));
        assert_eq!(found, expected.lines().collect::<Vec<_>>(), "{file}");
    }
}

#[test]
fn the_number_of_native_tags_is_that_of_packaging() {
    for (name, python, machine, expected) in [
        ("el8", "3.12", "x86_64", 758),
        ("el9", "3.9", "x86_64", 716),
        ("el9", "3.9", "s390x", 422),
        ("ubuntu-22.04", "3.10", "x86_64", 807),
        ("ubuntu-24.04", "3.12", "x86_64", 1055),
        ("debian-13", "3.13", "aarch64", 785),
    ] {
        let tags = load(name, python, machine).tags();
        let rank = tags
            .iter()
            .position(|tag| (&*tag.python, &*tag.abi, &*tag.platform) == ("py3", "none", "any"));
        assert_eq!(rank, Some(expected), "{name} {python} {machine}");
    }
}

#[test]
fn markers_are_those_of_the_target() {
    let markers = load("ubuntu-22.04", "3.10", "arm64").markers();
    let json = serde_json::to_value(&markers).unwrap();
    let expected = serde_json::json!({
        "implementation_name": "cpython",
        "implementation_version": "3.10.12",
        "os_name": "posix",
        "platform_machine": "aarch64",
        "platform_python_implementation": "CPython",
        "platform_release": "6.1.0",
        "platform_system": "Linux",
        "platform_version": "#1 SMP",
        "python_full_version": "3.10.12",
        "python_version": "3.10",
        "sys_platform": "linux",
    });
    assert_eq!(json, expected);
}

#[test]
fn a_shown_target_counts_its_name_map() {
    let target = load("debian-12", "3.11", "x86_64");
    let shown = toml::to_string(&target).unwrap();
    let mapped = format!("mapped-names = {}\n", target.naming.map.len());
    assert!(target.naming.map.len() > 1900);
    assert!(shown.contains(&mapped), "{shown}");
    assert!(shown.starts_with("name = \"debian-12\"\n"), "{shown}");
    assert!(shown.contains("\"libz.so.1\" = \"zlib1g\"\n"), "{shown}");
}

#[test]
fn unknown_names_are_refused_with_what_there_is() {
    let targets = Targets::embedded();
    let load = |name, python, machine| message(targets.load(name, python, machine));
    assert_eq!(
        load("debian12", None, None),
        format!("unknown target `debian12` (did you mean `debian-12`?); the targets are {NAMES}")
    );
    assert_eq!(
        load("plan9", None, None),
        format!("unknown target `plan9`; the targets are {NAMES}")
    );
    assert_eq!(
        load("linux", None, None),
        format!("unknown target `linux`; the targets are {NAMES}"),
        "an abstract file is not a target"
    );
    assert_eq!(
        load("el8", Some("3.10"), None),
        "target `el8` has no Python `3.10`; it has 3.6, 3.8, 3.9, 3.11, 3.12"
    );
    assert_eq!(
        load("debian-12", None, Some("mips")),
        "target `debian-12` has no architecture `mips`; it has x86_64, aarch64, ppc64le, s390x"
    );
    assert_eq!(
        message(targets.detect("ID=alpine\nVERSION_ID=3.21.0\n")),
        format!("no target fits the system `alpine 3.21.0`; the targets are {NAMES}")
    );
    assert_eq!(
        message(targets.detect("")),
        format!("no target fits the system `unnamed`; the targets are {NAMES}")
    );
}

#[test]
fn mistakes_in_a_file_are_named() {
    let add = |text: &str| Targets::embedded().with_text("mine", text);
    let load = |text: &str| message(add(text).and_then(|targets| targets.load("mine", None, None)));
    for (text, expected) in [
        (
            "extends = \"el9\"\n\nglib = \"2.34\"\n",
            "target file `mine.toml`, line 3: unknown key `glib` (did you mean `glibc`?)",
        ),
        (
            "[naming]\nzzz = 1\n",
            "target file `mine.toml`, line 2: unknown key `zzz`; the keys are unversioned-dist, \
             dotted-dist, aliases, fold-python-prefix, published-spelling, rule, names, map, taken, owners",
        ),
        (
            "glibc = 2\n",
            "target file `mine.toml`, line 1: invalid type: integer `2`, expected a string",
        ),
        ("extends = \"no\"\n", "target `mine` extends `no`, which does not exist"),
        ("extends = \"mine\"\n", "target `mine` extends `mine`, which does not exist"),
        ("", "target `mine` has no value for `default-python`"),
        (
            "extends = \"el9\"\nglibc = \"new\"\n",
            "target `mine`: the value `new` of `glibc` is not a version such as `2.36`",
        ),
        (
            "extends = \"el9\"\n[pythons.\"3.9\"]\nfull-version = \"new\"\n",
            "target `mine`: the value `new` of `full-version` is not a version",
        ),
        (
            "extends = \"el9\"\n[python]\npurelib = \"/usr/{libs}\"\n",
            "target `mine`: the value `/usr/{libs}` of `purelib` is not free of unknown \
             placeholders",
        ),
        (
            "extends = \"el9\"\ndefault-python = \"3\"\n[pythons.\"3\"]\n",
            "target `mine`: the value `3` of `pythons` is not a major and a minor version such as \
             `3.11`",
        ),
        (
            "extends = \"el9\"\narchitectures = [\"mips\"]\n",
            "target `mine` has no value for `architecture.mips`",
        ),
        (
            "extends = \"el9\"\n[naming]\nnames = \"no\"\n",
            "target `mine`: the value `no` of `names` is not the name of a name map",
        ),
    ] {
        assert_eq!(load(text), expected);
    }
    let cycle = add("extends = \"yours\"\n").unwrap();
    let cycle = cycle.with_text("yours", "extends = \"mine\"\n").unwrap();
    assert_eq!(message(cycle.load("mine", None, None)), "target `mine` extends itself");
    let map = add("extends = \"el9\"\n[naming]\nnames = \"mine\"\n").unwrap();
    let map = map.with_names("mine", "# mine\nfoo python3-foo  # as it is\nbar baz qux\n");
    assert_eq!(
        message(map.load("mine", None, None)),
        "name map `mine.txt`, line 3: `bar baz qux` is not a project and a package"
    );
}

#[test]
fn a_folder_overrides_and_adds() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("names")).unwrap();
    write("el.toml", "extends = \"el\"\ncompression = \"gzip:9\"\n");
    write("el9.toml", "extends = \"el9\"\ndist-tag = \".acme9\"\n");
    write(
        "acme-1.toml",
        "extends = \"el9\"\ndescription = \"Acme 1\"\n[os-release]\nids = [\"acme\"]\n\
         [naming]\nnames = \"acme\"\n",
    );
    write("names/acme.txt", "Foo.Bar acme-foo\n");
    write("README", "not a target");
    let targets = Targets::embedded().with_folder(folder.path()).unwrap();

    assert_eq!(targets.names()[0], "acme-1");
    assert!(!targets.names().contains(&"el"));
    let acme = targets.load("acme-1", None, None).unwrap();
    assert_eq!((&*acme.dist_tag, &*acme.compression), (".acme9", "gzip:9"));
    assert_eq!(acme.naming.map[&"foo-bar".parse().unwrap()], "acme-foo");
    assert_eq!(targets.detect("ID='acme'\nVERSION_ID=\"1.\\2\"\n").unwrap(), "acme-1");
    assert_eq!(
        targets.detect("ID=rocky\nVERSION_ID=9.4\n").unwrap(),
        "el9",
        "an override keeps the systems of what it extends, a relative has its own"
    );

    let gone = folder.path().join("gone");
    let failed = Targets::embedded().with_folder(&gone);
    assert_eq!(
        message(failed),
        format!(
            "cannot read `{}` for targets: No such file or directory (os error 2)",
            gone.display()
        )
    );
}
