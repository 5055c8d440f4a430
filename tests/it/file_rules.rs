//! What a person decides about the files of one project, in the configuration and in recipes.

use std::fs;

use crate::{
    hostile_wheel::{package, writers},
    run,
    support::tools::have,
    support::wheel::Wheel,
};

const RULES: &str = r#"
leave-out = ["/usr/LICENSE", "one_tests", "/usr/bin/one-old"]
allow-paths = ["/etc/cron.d"]
allow-startup-code = true
[project.one.move]
"/usr/x.bash" = "/usr/share/bash-completion/completions/one"
"/usr/man" = "/usr/share/man"
"#;

fn index(at: &std::path::Path) {
    let data = "one-1.0.data/data";
    let members = [
        (format!("{data}/LICENSE"), "x"),
        (format!("{data}/x.bash"), "complete one"),
        (format!("{data}/man/man1/one.1"), ".TH ONE 1"),
        (format!("{data}/etc/cron.d/one"), "x"),
        (format!("{data}/etc/one/one.conf"), "x"),
        ("one-1.0.data/scripts/one-old".to_owned(), "#!/bin/sh\n"),
        ("one_tests/x.py".to_owned(), "x = 1\n"),
        ("one_start.pth".to_owned(), "import one\n"),
    ];
    let members: Vec<(&str, Vec<u8>)> =
        members.iter().map(|(name, text)| (name.as_str(), text.as_bytes().to_vec())).collect();
    Wheel { binaries: &members, ..Wheel::default() }.write(&at.join("index"));
}

fn have_tools() -> bool {
    have(&["rpm", "dpkg-deb", "bsdtar"])
}

#[test]
fn a_project_is_built_as_its_rules_say() {
    if !have_tools() {
        return;
    }
    for (target, builder) in writers() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        index(at);
        let build = || {
            let common = ["build", "one", "-t", target, "--builder", builder, "-i", "index"];
            run(
                at,
                &[&common[..], &["--packager", "A <a@example.org>", "--bytecode", "none"]].concat(),
            )
        };
        let refused = build();
        assert_eq!(refused.status, 1, "{target} {builder}");
        for word in [
            "; so would 3 more files",
            "[project.one]",
            "leave-out = [\"/usr/LICENSE\", \"",
            "/usr/share/one/LICENSE\", \"",
            "allow-paths = [\"/usr/LICENSE\", \"",
        ] {
            assert!(refused.stderr.contains(word), "{word}\n{}", refused.stderr);
        }
        fs::write(at.join("pypi2pkg.toml"), format!("[project.one]{RULES}")).unwrap();
        let built = build();
        assert_eq!(built.status, 0, "{target} {builder}\n{}", built.stderr);
        let (_, files) = package(at);
        for path in [
            "bash-completion/completions/one",
            "share/man/man1/one.1",
            "cron.d/one",
            "etc/one/one.conf",
            "one_start.pth",
        ] {
            assert!(files.contains(path), "{target} {builder} {path}\n{files}");
        }
        for path in ["usr/LICENSE", "one_tests", "one-old", "x.bash", "usr/man"] {
            assert!(!files.contains(path), "{target} {builder} {path}\n{files}");
        }
    }
}

#[test]
fn rules_of_a_recipe_hold_as_those_of_the_configuration() {
    for target in ["fedora-43", "debian-12"] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        index(at);
        let recipe = at.join("recipes/one");
        fs::create_dir_all(&recipe).unwrap();
        let render = |more: &[&str]| {
            run(at, &[&["render", "-q", "-t", target, "-i", "index"], more].concat())
        };
        // The folder is known as a recipe once it was rendered.
        let most = RULES.replace("leave-out = [", "leave-out = [\"/usr/x\", ");
        fs::write(at.join("pypi2pkg.toml"), format!("[project.one]{most}")).unwrap();
        assert_eq!(render(&["one"]).status, 0);
        fs::remove_file(at.join("pypi2pkg.toml")).unwrap();
        let rules = RULES.replace("[project.one.move]", "[move]");
        fs::write(recipe.join("overrides.toml"), &rules).unwrap();
        let again = render(&["one"]);
        assert_eq!((again.status, again.stderr.as_str()), (0, ""), "{target}");
        let more = rules.replace("leave-out = [", "leave-out = [\"/etc/one\", ");
        fs::write(recipe.join("overrides.toml"), more).unwrap();
        let regenerated = render(&["recipes/one"]);
        assert_eq!((regenerated.status, regenerated.stderr.as_str()), (0, ""), "{target}");
        let text: String = walkdir::WalkDir::new(&recipe)
            .into_iter()
            .flatten()
            .filter(|entry| {
                entry.path().extension().is_some_and(|e| e == "spec")
                    || entry.file_name() == "REVIEW"
            })
            .map(|entry| fs::read_to_string(entry.path()).unwrap())
            .collect();
        assert!(text.contains("one.conf is left out by the configuration"), "{text}");
        assert!(text.contains("completions/one"), "{text}");
    }
}

#[test]
fn rules_that_are_no_paths_are_refused_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    for (rule, problem) in [
        ("leave-out = [\"../x\"]", "`leave-out`: `../x` is neither"),
        ("allow-paths = [\"etc\"]", "`allow-paths`: `etc` is not an absolute path"),
        ("move = { \"/usr/x\" = \"share\" }", "`move`: `share` is not an absolute path"),
    ] {
        fs::write(at.join("pypi2pkg.toml"), format!("[project.one]\n{rule}\n")).unwrap();
        let found = run(at, &["plan", "one", "-q", "-t", "debian-12", "-i", "index"]);
        assert_eq!(found.status, 2, "{}", found.stderr);
        assert!(found.stderr.contains(&format!("pypi2pkg.toml:2: {problem}")), "{}", found.stderr);
    }
}

#[test]
fn configuration_of_the_data_scheme_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let members = [("one-1.0.data/data/etc/one/one.conf", b"x".to_vec())];
    Wheel { binaries: &members, ..Wheel::default() }.write(&at.join("index"));
    for target in ["fedora-43", "debian-12"] {
        let found = run(at, &["explain", "one", "one", "-q", "-t", target, "-i", "index"]);
        let note = "configuration below `etc` of the data scheme is installed in /etc";
        assert!(found.stdout.contains(note), "{}{}", found.stdout, found.stderr);
    }
}

/// The paths of the files of the only plan.
fn planned(json: &str) -> Vec<String> {
    let plans: serde_json::Value = serde_json::from_str(json).unwrap();
    let files = plans[0]["files"].as_array().unwrap().iter();
    files.map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn commands_of_the_system_are_left_out_with_their_pages_and_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let data = "one-1.0.data/data";
    let members = [
        ("one-1.0.dist-info/entry_points.txt".to_owned(), "[console_scripts]\nls = one:main\n"),
        (format!("{data}/bin/sudo"), "#!/bin/sh\n"),
        (format!("{data}/share/man/man1/ls.1"), ".TH LS 1\n"),
        (format!("{data}/share/man/man1/one.1"), ".TH ONE 1\n"),
    ];
    let members: Vec<(&str, Vec<u8>)> =
        members.iter().map(|(name, text)| (name.as_str(), text.as_bytes().to_vec())).collect();
    Wheel { binaries: &members, entry_points: false, ..Wheel::default() }.write(&at.join("index"));
    for target in ["debian-12", "fedora-43", "archlinux"] {
        let plan = |more: &[&str]| {
            run(at, &[&["plan", "-q", "one", "--json", "-t", target, "-i", "index"], more].concat())
        };
        let found = plan(&[]);
        assert_eq!(
            found.stderr,
            "warning: `one`: the command `ls` is left out, since it belongs to the system; to install it under another name, set `move = { \"/usr/bin/ls\" = \"/usr/bin/one-ls\" }` under `[project.one]`\n\
             warning: `one`: the command `sudo` is left out, since it belongs to the system; to install it under another name, set `move = { \"/usr/bin/sudo\" = \"/usr/bin/one-sudo\" }` under `[project.one]`\n"
        );
        let paths = planned(&found.stdout);
        assert!(!paths.iter().any(|path| path.contains("/ls") || path.contains("sudo")));
        assert!(paths.iter().any(|path| path.contains("/man1/one.1")), "{paths:?}");
        let rules = "[project.one.move]\n\"/usr/bin/ls\" = \"/usr/bin/one-ls\"\n\"/usr/bin/sudo\" = \"/usr/bin/one-sudo\"\n";
        fs::write(at.join("rules.toml"), rules).unwrap();
        let found = plan(&["--config", "rules.toml"]);
        assert_eq!(found.stderr, "");
        let paths = planned(&found.stdout);
        for path in ["/usr/bin/one-ls", "/usr/bin/one-sudo"] {
            assert!(paths.iter().any(|found| found == path), "{paths:?}");
        }
    }
}

#[test]
fn rules_are_judged_by_where_they_lead() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    index(at);
    let plan = |rules: &str| {
        let start = "allow-startup-code = true\nleave-out = [\"/usr/LICENSE\", \"/etc/cron.d\", \"/usr/man\"]\n";
        fs::write(at.join("rules.toml"), format!("[project.one]\n{start}{rules}")).unwrap();
        run(at, &["plan", "-q", "one", "-i", "index", "-t", "debian-12", "--config", "rules.toml"])
    };
    for (to, problem) in [
        ("/usr/bin/sudo", "in the place of a command of the system"),
        ("/etc/passwd", "in a folder that is not the project's own"),
        ("/usr/lib/python3/dist-packages/two.py", "in a folder of other modules"),
    ] {
        let found = plan(&format!("[project.one.move]\n\"/usr/x.bash\" = \"{to}\"\n"));
        assert_eq!(found.status, 1, "{to}");
        assert!(found.stderr.contains(problem), "{to}: {}", found.stderr);
    }
    let found = plan(
        "[project.one.move]\n\"/usr/x.bash\" = \"/usr/share/one/x\"\n\"/etc/one/one.conf\" = \"/usr/share/one/x/one.conf\"\n",
    );
    assert_eq!(found.status, 1);
    assert!(
        found.stderr.contains(
            "installs `/usr/share/one/x` as a file, and other files in a folder of that name"
        ),
        "{}",
        found.stderr
    );
    let found = plan(
        "allow-paths = [\"/usr/y\"]\n[project.one.move]\n\"/usr/x.bash\" = \"/usr/share/one/x.bash\"\n\"/usr/z\" = \"/usr/share/one/z\"\n",
    );
    assert_eq!(
        (found.status, found.stderr.as_str()),
        (
            0,
            "warning: `one`: `move` of `/usr/z` matches no file of the wheel\nwarning: `one`: `allow-paths` of `/usr/y` matches no file of the wheel\n"
        )
    );
}

#[test]
fn data_is_suffixed_as_commands_are() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let members = [
        ("one-1.0.data/data/bin/solver", b"#!/bin/sh\n".to_vec()),
        ("one-1.0.data/data/share/man/man1/solver.1", b".TH SOLVER 1\n".to_vec()),
    ];
    Wheel { binaries: &members, ..Wheel::default() }.write(&at.join("index"));
    let found = run(at, &["plan", "one", "--json", "-i", "index", "-t", "el9", "--python", "3.12"]);
    let paths = planned(&found.stdout);
    for path in
        ["/usr/bin/one-3.12", "/usr/bin/solver-3.12", "/usr/share/man/man1/solver-3.12.1.gz"]
    {
        assert!(paths.iter().any(|found| found == path), "{path}: {paths:?}");
    }
}
