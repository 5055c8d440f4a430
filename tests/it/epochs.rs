//! Packages beside those of the distribution that have the same names.

use std::{fs, path::Path, process::Command};

use crate::{Run, run, support::tools::have, support::wheel::Wheel};

/// A target whose distribution has packages in these versions.
const NAMES: &str = "one\ntwo\nthree python3-3\n= python3-one 2:1.2.0-1\n= python3-two 1.0+dfsg-2\n\
                     = python3-3 1:2.0+really1.9.0-1\n= python3-four 1.0-3\n= python3-five 0.9-1\n";

const PACKAGES: &str = "Package: python3-one\nVersion: 2:1.2.0-1\nArchitecture: all\n\n\
                        Package: python3\nVersion: 3.11.2-1\nArchitecture: amd64\n";

fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir_all(at.join("targets/names")).unwrap();
    fs::write(at.join("targets/names/own.txt"), NAMES).unwrap();
    let target = "extends = 'debian-12'\ndescription = 'Own 1'\n[naming]\nnames = 'own'\n";
    fs::write(at.join("targets/own.toml"), target).unwrap();
    fs::write(at.join("pypi2pkg.toml"), "targets = 'targets'\n").unwrap();
    fs::create_dir(at.join("distro")).unwrap();
    fs::write(at.join("distro/Packages"), PACKAGES).unwrap();
    let index = at.join("index");
    Wheel { version: "1.4.0", ..Wheel::default() }.write(&index);
    Wheel { project: "app", fields: "Requires-Dist: one<2,>=1.3,!=1.3.5\n", ..Wheel::default() }
        .write(&index);
    folder
}

fn build(at: &Path, target: &str, more: &[&str]) -> Run {
    run(at, &[&["build", "-q", "-t", target, "-i", "index"], more].concat())
}

/// Fields of a package's control file.
fn fields(package: &Path, names: &[&str]) -> Vec<String> {
    let mut tool = Command::new("dpkg-deb");
    let output = tool.arg("--field").arg(package).args(names).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn versions_and_bounds_carry_the_distributions_epoch() {
    if !have(&["dpkg-deb"]) {
        return;
    }
    for builder in ["embedded", "system"] {
        let folder = place();
        let at = folder.path();
        let more = ["app", "--builder", builder, "--no-sandbox"];
        let built = build(at, "own", &more);
        assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{builder}");
        let one = at.join("dist/python3-one_1.4.0-1_all.deb");
        assert_eq!(fields(&one, &["Version"]), ["2:1.4.0-1"], "{builder}");
        let bounds = "Depends: python3-one (<< 2:1.3.5) | python3-one (>= 2:1.3.5+post0~~), \
                      python3-one (<< 2:2~~), python3-one (>= 2:1.3.0), python3:any";
        let app = at.join("dist/python3-app_1.0-1_all.deb");
        assert_eq!(fields(&app, &["Depends", "Version"]), [bounds, "Version: 1.0-1"], "{builder}");
        let checked = run(at, &["check", "--satisfy-from", "distro"]);
        assert_eq!((checked.status, checked.stderr.as_str()), (0, ""), "{}", checked.stdout);

        // A package of another name stands for the distribution's in a version with its epoch.
        let renamed = [&more[..], &["--name-prefix", "acme-", "-o", "renamed"]].concat();
        assert_eq!(build(at, "own", &renamed).status, 0);
        let one = at.join("renamed/acme-python3-one_1.4.0-1_all.deb");
        assert_eq!(fields(&one, &["Provides"]), ["python3-one (= 2:1.4.0-1)"], "{builder}");

        // In a tree of its own nothing stands for anything.
        let isolated = [&more[..], &["--install-prefix", "/opt/acme", "-o", "isolated"]].concat();
        assert_eq!(build(at, "own", &isolated).status, 0);
        let text = fs::read_to_string(at.join("isolated/Packages")).unwrap();
        assert!(!text.contains("2:1"), "{text}");
    }
}

#[test]
fn what_the_distribution_has_instead_is_a_problem_of_the_collection() {
    let folder = place();
    let at = folder.path();
    let app = ["app", "--builder", "embedded"];
    // As if the epoch were not known.
    assert_eq!(build(at, "debian-12", &app).status, 0);
    assert_eq!(run(at, &["check"]).status, 0);
    let checked = run(at, &["check", "--satisfy-from", "distro"]);
    assert_eq!(
        (checked.status, checked.stderr.as_str()),
        (
            1,
            "error: 1 problem in `dist`:\n  python3-one: is 1.4.0-1 here and 2:1.2.0-1 in the \
             distribution, which package managers prefer\n"
        ),
        "{}",
        checked.stdout
    );
    let fields = "Requires-Dist: one>=1.3\n";
    Wheel { project: "app", version: "1.1", fields, ..Wheel::default() }.write(&at.join("index"));
    assert_eq!(build(at, "debian-12", &[&app[..], &["-o", "other"]].concat()).status, 0);
    let checked = run(at, &["check", "other", "--satisfy-from", "distro"]);
    let wanted = "  python3-app: requires `python3-one`, `>=1.3`, and takes python3-one 2:1.2.0-1 \
                  of the distribution for it\n";
    assert!(checked.stderr.contains(wanted), "{}", checked.stderr);

    // The repository alone settles it.
    let seen = [&app[..], &["-o", "seen", "--satisfy-from", "distro"]].concat();
    let built = build(at, "debian-12", &seen);
    assert_eq!((built.status, built.stderr.as_str()), (0, ""));
    let checked = run(at, &["check", "seen", "--satisfy-from", "distro"]);
    assert_eq!((checked.status, checked.stderr.as_str()), (0, ""), "{}", checked.stdout);
}

#[test]
fn the_repository_of_an_rpm_distribution_has_epochs_too() {
    if !have(&["rpm"]) {
        return;
    }
    for builder in ["embedded", "system"] {
        let folder = place();
        let at = folder.path();
        // A collection stands for the distribution.
        Wheel { project: "one", version: "1!1.0", ..Wheel::default() }.write(&at.join("past"));
        let shared = ["one", "--builder", builder, "--no-sandbox", "--bytecode", "none"];
        let past = [&shared[..], &["-i", "past", "-o"]].concat();
        assert_eq!(
            run(at, &[&["build", "-q", "-t", "fedora-43"], &past[..], &["past-dist"]].concat())
                .status,
            0
        );
        let built =
            build(at, "fedora-43", &[&shared[..], &["--satisfy-from", "past-dist"]].concat());
        assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{builder}");
        let package = at.join("dist/python3-one-1.4.0-1.fc43.noarch.rpm");
        let mut tool = Command::new("rpm");
        let query = ["-qp", "--provides", "--queryformat", "%{EPOCH}:%{VERSION}\n"];
        let output = tool.args(query).arg(&package).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("1:1.4.0\n"), "{builder}: {text}");
        // What projects are required by has no epoch but PEP 440's.
        assert!(text.contains("python3.14dist(one) = 1.4\n"), "{builder}: {text}");
        assert!(text.contains("python-one = 1:1.4.0-1.fc43\n"), "{builder}: {text}");
        // A repository that holds the collection's own packages raises nothing.
        let again = [&past[..], &["again", "--satisfy-from", "past-dist"]].concat();
        let again = run(at, &[&["build", "-q", "-t", "fedora-43"], &again[..]].concat());
        assert!(again.stderr.contains("has `python3-one` 1:1.0-1.fc43, too"), "{}", again.stderr);
        // Without the repository, the distribution's is higher.
        let alone = build(at, "fedora-43", &[&shared[..], &["-o", "alone"]].concat());
        assert_eq!(alone.status, 0, "{}", alone.stderr);
        let checked = run(at, &["check", "alone", "--satisfy-from", "past-dist"]);
        let wanted = "python3-one: is 1.4.0-1.fc43 here and 1:1.0-1.fc43 in the distribution";
        assert!(checked.stderr.contains(wanted), "{}", checked.stderr);
    }
}

#[test]
fn a_version_below_the_distributions_is_warned_of() {
    let folder = place();
    let at = folder.path();
    let index = at.join("index");
    for (project, version) in [("two", "1.0"), ("three", "1.9.0"), ("four", "1.0"), ("five", "0.9")]
    {
        Wheel { project, version, ..Wheel::default() }.write(&index);
    }
    let known = |name: &str, version: &str, own: &str| {
        format!(
            "warning: the distribution has `{name}` {version}, which is newer than yours, {own}, and \
             is preferred: "
        )
    };
    let newer =
        "use a newer release, or pin the collection's repository above the distribution's\n";
    let higher = "use a higher `--release`\n";
    for (project, expected) in [
        ("two", known("python3-two", "1.0+dfsg-2", "1.0-1") + newer),
        ("three", known("python3-3", "1:2.0+really1.9.0-1", "1:1.9.0-1") + newer),
        ("four", known("python3-four", "1.0-3", "1.0-1") + higher),
        (
            "five",
            "warning: the distribution has `python3-five` 0.9-1, too: use another \
             `--release`, such as `1+acme1`\n"
                .to_owned(),
        ),
        ("one", String::new()),
    ] {
        let built = build(at, "own", &[project, "--builder", "embedded", "-o", project]);
        assert_eq!((built.status, built.stderr), (0, expected), "{project}");
    }
}

#[test]
fn what_is_left_to_the_distribution_keeps_its_bounds_where_they_can_be_compared() {
    let depends = |at: &Path, folder: &str| -> String {
        let text = fs::read_to_string(at.join(folder).join("Packages")).unwrap();
        text.lines().find(|line| line.starts_with("Depends: ")).unwrap().to_owned()
    };
    let folder = place();
    let at = folder.path();
    let bounds = "Depends: python3-one (<< 2:1.3.5) | python3-one (>= 2:1.3.5.0~~), \
                  python3-one (<< 2:2~~), python3-one (>= 2:1.3.0), python3:any";
    fs::write(at.join("r.txt"), "app\n").unwrap();
    for (at_folder, target, more) in [
        ("excluded", "own", &["--exclude", "one"][..]),
        ("alone", "own", &["--no-deps"]),
        (
            "seen",
            "debian-12",
            &["--no-deps", "--satisfy-from", "distro", "--name", "one=python3-one"],
        ),
    ] {
        let shared = ["-r", "r.txt", "--builder", "embedded", "-o", at_folder];
        let built = build(at, target, &[&shared[..], more].concat());
        assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{at_folder}");
        assert_eq!(depends(at, at_folder), bounds, "{at_folder}");
    }

    let lower = "Depends: python3-one (>= 1.3), python3:any";
    let warning = "warning: `python3-one` is left to the distribution, but its bounds are omitted: \
                   its versions cannot be compared with `!=1.3.5`, `<2`; use `--satisfy-from`\n";
    let shared = ["app", "--builder", "embedded", "--no-deps", "--name", "one=python3-one"];
    let built = build(at, "debian-12", &[&shared[..], &["-o", "unknown"]].concat());
    assert_eq!((built.status, built.stderr.as_str()), (0, warning));
    assert_eq!(depends(at, "unknown"), lower);
    let relaxed = [&shared[..], &["-o", "relaxed", "--relax", "minimum"]].concat();
    let built = build(at, "debian-12", &relaxed);
    assert_eq!((built.status, built.stderr.as_str()), (0, ""));
    assert_eq!(depends(at, "relaxed"), lower);

    // A version that is not what it looks like cannot be compared with.
    let fields = "Requires-Dist: three<2,>=1.5\n";
    Wheel { project: "app", version: "1.1", fields, ..Wheel::default() }.write(&at.join("index"));
    let built = build(at, "own", &["app", "--builder", "embedded", "--no-deps", "-o", "really"]);
    assert!(built.stderr.contains("compared with `<2`"), "{}", built.stderr);
    assert_eq!(depends(at, "really"), "Depends: python3-3 (>= 1:1.5.0), python3:any");

    // What rpm packages provide is numbered as upstream does.
    for more in [&["--exclude", "three"][..], &["--no-deps"]] {
        let shared = ["plan", "app", "--json", "-q", "-t", "fedora-43", "-i", "index"];
        let plan = run(at, &[&shared[..], more].concat());
        assert_eq!((plan.status, plan.stderr.as_str()), (0, ""));
        assert!(plan.stdout.contains("\"specifiers\": \">=1.5,<2\""), "{}", plan.stdout);
    }
}

/// What apt would install beside a distribution's flat repository, with these packages installed.
fn simulated(at: &Path, installed: &str, words: &[&str]) -> Vec<String> {
    let work = at.join("apt");
    for folder in ["state/lists/partial", "cache/archives/partial", "parts"] {
        fs::create_dir_all(work.join(folder)).unwrap();
    }
    let source =
        |folder: &str| format!("deb [trusted=yes] file:{} ./\n", at.join(folder).display());
    fs::write(work.join("sources.list"), source("distro") + &source("dist")).unwrap();
    fs::write(work.join("status"), installed).unwrap();
    let apt = |words: &[&str]| {
        let mut apt = Command::new("apt-get");
        for (option, place) in [
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::Etc::sourceparts", "parts"),
            ("Dir::State", "state"),
            ("Dir::State::status", "status"),
            ("Dir::Cache", "cache"),
        ] {
            apt.arg("-o").arg(format!("{option}={}", work.join(place).display()));
        }
        for option in [
            "APT::Sandbox::User=root",
            "Acquire::AllowInsecureRepositories=1",
            "APT::Architecture=amd64",
        ] {
            apt.args(["-o", option]);
        }
        let output = apt.args(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };
    apt(&["update"]);
    let text = apt(&[&["--simulate", "--allow-downgrades", "install"], words].concat());
    let lines = text.lines().filter_map(|line| line.strip_prefix("Inst "));
    // The name, what is installed, and what takes its place, without where that is from.
    let mut lines: Vec<String> = lines
        .map(|line| {
            let (before, after) = line.split_once(" (").unwrap();
            format!("{before} {}", after.split(' ').next().unwrap())
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn apt_takes_the_collection_by_name_and_goes_back_when_told() {
    if !have(&["apt-get"]) {
        return;
    }
    let folder = place();
    let at = folder.path();
    Wheel { project: "five", version: "1.0", ..Wheel::default() }.write(&at.join("index"));
    let paragraphs: String = [
        ("python3-one", "2:1.2.0-1"),
        ("python3-five", "0.9-1"),
        ("python3", "3.11.2-1"),
    ]
    .map(|(name, version)| {
        format!(
            "Package: {name}\nVersion: {version}\nArchitecture: amd64\nMulti-Arch: allowed\nMaintainer: A <a@b.example>\n\
                 Filename: {name}.deb\nSize: 1\nDescription: one\n"
        )
    })
    .join("\n");
    fs::write(at.join("distro/Packages"), &paragraphs).unwrap();
    let built = build(at, "own", &["app", "five", "--builder", "embedded"]);
    assert_eq!((built.status, built.stderr.as_str()), (0, ""));
    let fresh = simulated(at, "", &["python3-app", "python3-five"]);
    let all =
        ["python3 3.11.2-1", "python3-app 1.0-1", "python3-five 1.0-1", "python3-one 2:1.4.0-1"];
    assert_eq!(fresh, all);

    let is_installed = |version: &str| format!("Status: install ok installed\n{version}");
    let installed = paragraphs.replace("Version: ", &is_installed("Version: "));
    let upgraded = simulated(at, &installed, &["python3-app", "python3-five"]);
    let all =
        ["python3-app 1.0-1", "python3-five [0.9-1] 1.0-1", "python3-one [2:1.2.0-1] 2:1.4.0-1"];
    assert_eq!(upgraded, all);
    // An application that needs the newer one makes apt take it, where it is not named.
    assert_eq!(simulated(at, &installed, &["python3-app"]).len(), 2);

    let own = installed.replace("2:1.2.0-1", "2:1.4.0-1").replace("0.9-1", "1.0-1");
    let back = simulated(at, &own, &["python3-one=2:1.2.0-1", "python3-five=0.9-1"]);
    assert_eq!(back, ["python3-five [1.0-1] 0.9-1", "python3-one [2:1.4.0-1] 2:1.2.0-1"]);
}

/// A version may have an epoch of its own, below the distribution's.
#[test]
fn what_owns_a_shared_file_is_required_with_its_whole_epoch() {
    if !have(&["dpkg-deb"]) {
        return;
    }
    let folder = place();
    let at = folder.path();
    let shared = [("shared.txt", b"same".to_vec())];
    Wheel { version: "1!1.4.0", binaries: &shared, ..Wheel::default() }.write(&at.join("index"));
    Wheel { project: "other", binaries: &shared, ..Wheel::default() }.write(&at.join("index"));
    let built = build(at, "own", &["one", "other", "--builder", "embedded"]);
    assert_eq!((built.status, built.stderr.as_str()), (0, ""));
    let other = at.join("dist/python3-other_1.0-1_all.deb");
    assert_eq!(fields(&other, &["Depends"]), ["python3-one (>= 2:1.4.0), python3:any"]);
}
