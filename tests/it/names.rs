//! Projects that are called like packages of the distribution.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{Run, run, support::wheel::Wheel};

/// Targets, projects, and the names that the convention would give them.
const TAKEN: [(&str, &[&str], &str, &[&str]); 7] = [
    ("debian-12", &[], "python3-", &["minimal", "apt", "dbus", "gi", "rpm", "gpg", "doc", "yaml"]),
    ("debian-13", &[], "python3-", &["minimal", "apt", "dev", "venv", "selinux"]),
    ("ubuntu-24.04", &[], "python3-", &["minimal", "apt", "gi"]),
    (
        "fedora-43",
        &[],
        "python3-",
        &["libs", "devel", "test", "rpm", "dnf", "gpg", "dbus", "python-libs"],
    ),
    ("el9", &["--python", "3.11"], "python3.11-", &["libs", "devel", "test"]),
    ("opensuse-tumbleweed", &[], "python313-", &["base", "devel", "tools", "rpm"]),
    ("archlinux", &[], "python-", &["yaml", "dbus", "systemd"]),
];

fn index(at: &Path, projects: &[&str]) {
    for project in projects {
        let module = project.replace('-', "_");
        Wheel { project: &module, ..Wheel::default() }.write(&at.join("index"));
    }
}

fn files(at: &Path) -> Vec<String> {
    let entries = fs::read_dir(at.join("dist")).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".deb") || name.ends_with(".rpm")).collect()
}

fn planned(found: &Run) -> Vec<Value> {
    assert_eq!(found.status, 0, "{}", found.stderr);
    let plans: Value = serde_json::from_str(&found.stdout).unwrap();
    match plans {
        Value::Array(plans) => plans,
        one => vec![one],
    }
}

#[test]
fn a_name_of_another_package_is_given_to_no_project() {
    for (target, python, prefix, projects) in TAKEN {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        index(at, projects);
        let shared = [&["-q", "-t", target, "-i", "index"], python].concat();
        for project in projects {
            let plan = run(at, &[&["plan", project, "--json"][..], &shared].concat());
            let plan = &planned(&plan)[0];
            let stem = project.strip_prefix("python-").unwrap_or(project);
            let name = format!("{prefix}{stem}");
            assert_eq!(plan["package"], format!("{name}-pypi"), "{target}");
            let text = plan.to_string();
            assert!(
                text.contains(&format!("`{name}`, the name for `{project}`, is another")),
                "{text}"
            );
            // Neither does it stand for that package, nor replace it.
            let relations = plan["relations"].to_string();
            assert!(!relations.contains(&format!("\"{name}\"")), "{target}: {relations}");
            if target != "archlinux" {
                let built = run(at, &[&["build", project][..], &shared].concat());
                assert_eq!(built.status, 1, "{target} {project}: {}", built.stderr);
                let wanted = format!(
                    "say it with `name = \"{name}-pypi\"` or another under `[project.{project}]`"
                );
                assert!(built.stderr.contains(&wanted), "{}", built.stderr);
                assert!(files(at).is_empty(), "{target} {project}: {:?}", files(at));
            }
        }
    }
}

#[test]
fn the_user_may_name_such_a_project() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at, &["minimal"]);
    let shared = ["minimal", "-q", "-t", "debian-12", "-i", "index", "--builder", "embedded"];
    let build = |more: &[&str]| run(at, &[&["build"], &shared[..], more].concat());
    let built = build(&["--name", "acme-minimal"]);
    assert_eq!((built.status, built.stderr.as_str()), (0, ""));
    let built = build(&["--name-prefix", "acme-"]);
    assert_eq!((built.status, built.stderr.as_str()), (0, ""));
    for package in ["acme-minimal", "acme-python3-minimal"] {
        let path = at.join(format!("dist/{package}_1.0-1_all.deb"));
        let bytes = fs::read(&path).unwrap_or_else(|_| panic!("{:?}", files(at)));
        assert!(!bytes.is_empty());
        let plan = run(
            at,
            &[
                "plan",
                "minimal",
                "--json",
                "-q",
                "-t",
                "debian-12",
                "-i",
                "index",
                "--name",
                package,
            ],
        );
        let relations = planned(&plan)[0]["relations"].to_string();
        assert!(!relations.contains("python3-minimal\""), "{relations}");
    }
    let built = build(&["--name", "python3-minimal"]);
    assert_eq!(built.status, 0);
    let wanted = "warning: `python3-minimal`, the name given to `minimal`, is another package of Debian \
                  GNU/Linux 12 (bookworm)";
    assert!(built.stderr.starts_with(wanted), "{}", built.stderr);
}

#[test]
fn no_relation_is_met_by_the_other_package() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at, &["apt", "python-apt"]);
    Wheel { project: "two", fields: "Requires-Dist: apt\n", ..Wheel::default() }
        .write(&at.join("index"));
    let shared = ["-q", "-t", "debian-12", "-i", "index", "--builder", "embedded"];
    let build = |more: &[&str]| run(at, &[&["build"], &shared[..], more].concat());
    // What stands for the distribution has the other package.
    assert_eq!(build(&["python-apt", "-o", "distro"]).status, 0);
    fs::write(at.join("r.txt"), "two\n").unwrap();
    for more in [&[][..], &["--satisfy-from", "distro"]] {
        let found = build(&[&["-r", "r.txt"], more].concat());
        assert_eq!(found.status, 1, "{}", found.stderr);
        let text = fs::read_to_string(at.join("dist/collection.json")).unwrap();
        assert!(text.contains("python3-apt-pypi") && !text.contains("\"python3-apt\""), "{text}");
    }
    // Where it is left to the distribution, its name is a question.
    let found = build(&["two", "--exclude", "apt", "-o", "other"]);
    assert_eq!(found.status, 1);
    assert!(
        found.stderr.contains("which may call it otherwise than `python3-apt`"),
        "{}",
        found.stderr
    );
}

#[test]
fn what_a_repository_gives_to_something_else_is_taken_too() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at, &["one", "two"]);
    let shared = ["-q", "-t", "fedora-43", "-i", "index", "--builder", "embedded"];
    let build = |more: &[&str]| run(at, &[&["build"], &shared[..], more].concat());
    assert_eq!(build(&["two", "--name", "python3-one", "-o", "distro"]).status, 0);
    let found = build(&["one", "--satisfy-from", "distro"]);
    assert_eq!(found.status, 1);
    assert!(
        found.stderr.contains("`python3-one`, the name for `one`, is another"),
        "{}",
        found.stderr
    );
    assert!(files(at).is_empty());
    assert_eq!(build(&["two", "--satisfy-from", "distro"]).status, 0);
}

#[test]
fn names_by_a_template_are_not_those_of_the_base_system() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at, &["bash", "one"]);
    fs::write(at.join("pypi2pkg.toml"), "name-template = '{project}'\n").unwrap();
    let build = |project: &str| {
        run(
            at,
            &["build", project, "-q", "-t", "debian-12", "-i", "index", "--builder", "embedded"],
        )
    };
    assert_eq!(build("bash").status, 1);
    assert!(files(at).is_empty());
    assert_eq!(build("one").status, 0);
}

#[test]
fn names_that_a_format_forbids_are_refused_where_they_are_given() {
    let debian = "lower case letters, digits and `+-.`, two at least, the first a letter or digit";
    let rpm = "letters, digits and `._+-`, the first a letter, digit or `_`, without `..`";
    let pacman = "lower case letters, digits and `@._+-`, the first not `.` or `-`";
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at, &["one"]);
    let build = |target: &str, more: &[&str]| {
        let shared = ["build", "one", "-q", "-i", "index", "--builder", "embedded", "-t", target];
        run(at, &[&shared, more].concat())
    };
    for (target, expected, more, name) in [
        ("debian-12", debian, ["--name", "Okone"], "`Okone`, the name for `one`,"),
        ("debian-12", debian, ["--name", "ok_one"], "`ok_one`, the name for `one`,"),
        ("debian-12", debian, ["--name-prefix", "Foo-"], "`Foo-`, the prefix of names,"),
        ("ubuntu-24.04", debian, ["--name-prefix", "foo_"], "`foo_`, the prefix of names,"),
        ("debian-13", debian, ["--name-template", "X{name}"], "`X{name}`, the template of names,"),
        ("fedora-43", rpm, ["--name", "one..two"], "`one..two`, the name for `one`,"),
        ("el9", rpm, ["--name-prefix", "a..b"], "`a..b`, the prefix of names,"),
        ("debian-12", debian, ["--name", "a"], "`a`, the name for `one`,"),
        ("archlinux", pacman, ["--name", "Okone"], "`Okone`, the name for `one`,"),
    ] {
        let format = match target {
            "archlinux" => "archlinux",
            _ if target.starts_with(['d', 'u']) => "deb",
            _ => "rpm",
        };
        let found = build(target, &more);
        let wanted = format!(
            "error: {name} is not allowed in names of {format} packages\nhint: write {expected}\n"
        );
        assert_eq!((found.status, found.stderr), (2, wanted), "{target} {more:?}");
        assert!(!at.join("dist").exists());
    }
    for (key, value) in [("name-prefix", "Foo-"), ("name-template", "X{project}")] {
        fs::write(at.join("pypi2pkg.toml"), format!("{key} = '{value}'\n")).unwrap();
        let found = build("debian-12", &[]);
        assert_eq!(found.status, 2, "{key}: {}", found.stderr);
    }
    fs::write(at.join("pypi2pkg.toml"), "[project.one]\nname = 'Okone'\n").unwrap();
    assert_eq!(build("debian-12", &[]).status, 2);
    assert_eq!(build("fedora-43", &[]).status, 0);
    assert_eq!(files(at), ["Okone-1.0-1.fc43.noarch.rpm"]);
    fs::remove_file(at.join("pypi2pkg.toml")).unwrap();
    let built = build("fedora-43", &["--name-template", "X_{project}", "-o", "other"]);
    assert_eq!((built.status, built.stderr.as_str()), (0, ""));
    assert!(built.stdout.contains("X_one-1.0-1.fc43.noarch.rpm"), "{}", built.stdout);
}

#[test]
fn of_two_projects_with_one_name_one_keeps_its_full_name() {
    for (target, python, expected) in [
        ("fedora-43", "3.14", ["python3-tool", "python3-python-tool"]),
        // The distribution's own name is that project's.
        ("fedora-43", "3.14", ["python3-slip-pypi", "python3-slip"]),
        ("opensuse-tumbleweed", "3.13", ["python313-tool", "python313-python_tool"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let stem = if expected[0].contains("slip") { "slip" } else { "tool" };
        let (plain, prefixed) = (stem, format!("python-{stem}"));
        index(at, &[plain, &prefixed]);
        let shared = ["plan", plain, &prefixed, "--json", "-q", "-i", "index", "-t", target];
        let plans = planned(&run(at, &[&shared[..], &["--python", python]].concat()));
        let name = |project: &str| {
            plans.iter().find(|plan| plan["project"] == project).unwrap()["package"].clone()
        };
        assert_eq!([name(plain), name(&prefixed)], expected, "{target}");
        // Neither stands for the other.
        let provided = plans.iter().flat_map(|plan| plan["relations"].as_array().unwrap());
        let mut provided = provided.filter_map(|r| r["capability"]["package"]["name"].as_str());
        assert!(!provided.any(|alias| expected.contains(&alias)), "{target}");
    }
}

#[test]
fn the_distributions_own_spelling_is_provided_and_obsoleted() {
    for builder in ["embedded", "system"] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        index(at, &["one"]);
        let shared = ["-q", "-t", "fedora-43", "-i", "index", "--no-sandbox", "--bytecode", "none"];
        let build = |more: &[&str]| {
            let found =
                run(at, &[&["build", "one", "--builder", builder], &shared[..], more].concat());
            assert_eq!((found.status, found.stderr.as_str()), (0, ""), "{builder}");
        };
        // A collection stands for the distribution.
        build(&["--name", "python3-One", "-o", "distro"]);
        build(&["--satisfy-from", "distro"]);
        let package = at.join("dist/python3-one-1.0-1.fc43.noarch.rpm");
        let mut tool = std::process::Command::new("rpm");
        let output =
            tool.args(["-qp", "--provides", "--obsoletes"]).arg(&package).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("python3-One = 1.0-1.fc43\n"), "{text}");
        assert!(text.contains("python3-One < 1.0-1.fc43\n"), "{text}");
        let spec = fs::read_to_string(at.join("dist/recipes/python3-one/python3-one.spec"))
            .or_else(|_| fs::read_to_string(at.join("dist/recipes/one/python3-one.spec")))
            .unwrap();
        assert!(spec.contains("Obsoletes: python3-One < %{version}-%{release}\n"), "{spec}");
    }
}

#[test]
fn of_two_projects_that_the_distribution_packages_as_one_one_keeps_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at, &["one", "ace"]);
    fs::create_dir_all(at.join("targets/names")).unwrap();
    fs::write(at.join("targets/names/own.txt"), "one\nace python3-one\n").unwrap();
    let target = "extends = 'debian-12'\ndescription = 'Own 1'\n[naming]\nnames = 'own'\n";
    fs::write(at.join("targets/own.toml"), target).unwrap();
    fs::write(at.join("pypi2pkg.toml"), "targets = 'targets'\n").unwrap();
    let shared = ["-q", "-t", "own", "-i", "index", "--builder", "embedded"];
    let build = |more: &[&str]| run(at, &[&["build"], more, &shared[..]].concat());
    let built = build(&["one", "ace"]);
    assert_eq!((built.status, built.stderr.as_str()), (0, ""));
    let mut found = files(at);
    found.sort();
    assert_eq!(found, ["python3-ace_1.0-1_all.deb", "python3-one_1.0-1_all.deb"]);
    // Alone, it is called as there.
    let built = build(&["ace", "-o", "alone"]);
    assert_eq!(built.stdout, "alone/python3-one_1.0-1_all.deb\n", "{}", built.stderr);
    // A name that the user gives is not changed for another's sake.
    let built = build(&["one", "ace", "--name", "ace=python3-one", "-o", "given"]);
    assert_eq!(built.status, 2, "{}", built.stdout);
    assert!(built.stderr.contains("`python3-one`"), "{}", built.stderr);
}

#[test]
fn two_projects_that_want_the_distributions_name_are_both_built() {
    for (target, expected) in [
        ("debian-12", ["python3-multipart", "python3-multipart-pypi"]),
        ("fedora-43", ["python3-multipart", "python3-python-multipart"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        index(at, &["multipart", "python-multipart"]);
        let fields = "Requires-Dist: multipart\nRequires-Dist: python-multipart\n";
        Wheel { project: "two", fields, ..Wheel::default() }.write(&at.join("index"));
        let built = run(at, &["build", "two", "-q", "-t", target, "-i", "index", "-o", "dist"]);
        assert_eq!(built.status, 0, "{}", built.stderr);
        let text = fs::read_to_string(at.join("dist/collection.json")).unwrap();
        for name in expected {
            assert!(text.contains(&format!("\"package\": \"{name}\"")), "{target}: {text}");
        }
        if target == "debian-12" {
            let wanted = "warning: `multipart` becomes `python3-multipart-pypi`, since \
                          `python3-multipart` is `python-multipart` in Debian GNU/Linux 12 (bookworm)";
            assert!(built.stderr.contains(wanted), "{}", built.stderr);
        }
        assert_eq!(run(at, &["check", "dist"]).status, 0);
    }
}
