//! Templates of one's own.

use std::{fs, path::Path, process::Command};

use crate::{run, support::tools::have, support::wheel::Wheel};

/// Writes a file and its folders.
fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Runs the program for a user whose folder is `home`.
fn as_user(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder.join("home"))
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .output()
        .unwrap();
    let text = |bytes| {
        String::from_utf8(bytes).unwrap().replace(&folder.display().to_string(), "[FOLDER]")
    };
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Standard output of a command that does what it shall.
#[track_caller]
fn done(folder: &Path, arguments: &[&str]) -> String {
    let found = run(folder, arguments);
    assert_eq!((found.status, found.stderr.as_str()), (0, ""), "{arguments:?}");
    found.stdout
}

/// The spec of a project that is rendered with these options.
fn spec(folder: &Path, options: &[&str]) -> String {
    fs::create_dir_all(folder.join("index")).unwrap();
    Wheel::default().write(&folder.join("index"));
    let render = ["render", "one", "-q", "-i", "index", "-o", "out", "-t", "fedora-43"];
    done(folder, &[&render[..], &["--force", "--bytecode", "none"], options].concat());
    fs::read_to_string(folder.join("out/one/python3-one.spec")).unwrap()
}

#[test]
fn a_template_becomes_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let before = spec(at, &[]);
    let ejected = done(at, &["templates", "eject", "rpm/description.hbs"]);
    assert_eq!(ejected, "templates/rpm/description.hbs\n");
    assert_eq!(spec(at, &["--templates", "templates"]), before);

    let own = "%description\n{{#each description}}\n{{this}}\n{{/each}}\nPackaged by Acme.\n\n";
    write(at, "templates/rpm/description.hbs", own);
    assert_eq!(done(at, &["templates", "check", "templates"]), "no problems\n");
    let after = spec(at, &["--templates", "templates"]);
    assert_eq!(after.replace("Packaged by Acme.\n", ""), before);

    let shown = done(at, &["templates", "show", "rpm/description.hbs", "--templates", "templates"]);
    assert_eq!(shown, own);
    let difference = done(at, &["templates", "diff", "--templates", "templates"]);
    assert_eq!(
        difference,
        "--- rpm/description.hbs (built in, 0.1.0)\n+++ templates/rpm/description.hbs\n\
         @@ -2,4 +2,5 @@\n {{#each description}}\n {{this}}\n {{/each}}\n+Packaged by Acme.\n \n"
            .trim_end()
            .to_owned()
            + "\n"
    );
}

#[test]
fn what_changed_in_the_built_in_file_since() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    done(at, &["templates", "eject", "deb/conffiles.hbs", "-o", "own"]);
    let older = "{{#each conffiles}}\n{{this}}\n{{/each}}\n# older\n";
    write(at, "own/deb/conffiles.hbs", older);
    let note = fs::read_to_string(at.join("own/deb/ejected.toml")).unwrap();
    // As an older version of the program would have noted it.
    let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(older));
    let note: String = note
        .lines()
        .map(|line| match line.split(" = ").next() {
            Some("version") => "version = \"0.0.9\"\n".to_owned(),
            Some("sha256") => format!("sha256 = \"{digest}\"\n"),
            _ => line.replace("{{/each}}", "{{/each}}\n# older") + "\n",
        })
        .collect();
    write(at, "own/deb/ejected.toml", &note);
    let found = done(at, &["templates", "diff", "deb", "--templates", "own"]);
    assert!(found.contains("+++ own/deb/conffiles.hbs"), "{found}");
    let since = "# what changed in `deb/conffiles.hbs` since it was ejected\n\
                 --- deb/conffiles.hbs (built in, 0.0.9)\n+++ deb/conffiles.hbs (built in, 0.1.0)\n";
    assert!(found.contains(since) && found.ends_with("-# older\n"), "{found}");
    assert_eq!(done(at, &["templates", "diff", "rpm"]), "nothing is overridden\n");
}

#[test]
fn whole_packs_are_ejected_once() {
    let folder = tempfile::tempdir().unwrap();
    let written = done(folder.path(), &["templates", "eject", "rpm", "-o", "own"]);
    assert!(written.contains("own/rpm/pack.toml\n"), "{written}");
    assert_eq!(done(folder.path(), &["templates", "check", "own"]), "no problems\n");
    let again = run(folder.path(), &["templates", "eject", "rpm/spec.hbs", "-o", "own"]);
    assert_eq!((again.status, again.stdout.as_str()), (2, ""));
    assert_eq!(
        again.stderr,
        "error: `own/rpm/spec.hbs` exists\nhint: remove it, or choose another folder with `-o`\n"
    );
}

#[test]
fn mistakes_are_told_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(at, "own/rpm/files.hbs", "%files\n{{#each file}}\n{{/each}}\n");
    write(at, "own/deb/control.hbs", "Package: {{name}}\n{{{summary}}}\n");
    let found = run(at, &["templates", "check", "own"]);
    assert_eq!(found.status, 1);
    assert_eq!(
        found.stderr,
        "error: 2 problems\n\
         own/deb/control.hbs:2: writes raw text with `{{{…}}}` or `{{&…}}`; use `{{…}}`\n\
         own/rpm/files.hbs:2: the context has no `file` (did you mean `files`?)\n"
    );
    // A run is stopped by the same.
    spec(at, &[]);
    let render = ["render", "one", "-q", "-i", "index", "-t", "el9", "-o", "el9"];
    let found = run(at, &[&render[..], &["--templates", "own"]].concat());
    assert_eq!((found.status, found.stdout.as_str()), (2, ""));
    assert_eq!(
        found.stderr,
        "error: own/rpm/files.hbs:2: the context has no `file` (did you mean `files`?)\n\
         hint: `pypi2pkg templates context PACK` lists the available names\n"
    );
    assert!(!at.join("el9").exists());
    for (arguments, error) in [
        (
            &["templates", "show", "rmp/spec.hbs"][..],
            "error: unknown template pack `rmp`; available: archlinux, deb, deb-source, rpm, rpm-source\n\
             hint: `pypi2pkg templates list` shows all packs and files\n",
        ),
        (
            &["templates", "show", "deb/contrl.hbs"],
            "error: the pack `deb` has no file `contrl.hbs`; it has changelog.hbs, conffiles.hbs, \
             control.hbs, copyright.hbs, lintian-overrides.hbs, pack.toml, postinst.hbs, \
             postrm.hbs, preinst.hbs, prerm.hbs, review.hbs\nhint: did you mean `control.hbs`?\n",
        ),
        (
            &["templates", "show", "rpm"],
            "error: `rpm` is not a file of a pack\nhint: write PACK/FILE, such as rpm/preamble.hbs\n",
        ),
        (
            &["templates", "list", "--templates", "none"],
            "error: cannot read `none`: No such file or directory (os error 2)\n",
        ),
    ] {
        let found = run(at, arguments);
        assert_eq!((found.status, found.stderr.as_str()), (2, error));
    }
}

#[test]
fn files_are_listed_with_where_they_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(at, "own/rpm/header.hbs", "# mine\n");
    let listed = done(at, &["templates", "list", "--templates", "own"]);
    let line = |wanted: &str| listed.lines().find(|line| line.contains(wanted)).unwrap();
    assert_eq!(line("own/"), "rpm         header.hbs             own/rpm/header.hbs");
    assert_eq!(line("spec.hbs"), "rpm         spec.hbs               built in");
    let json = done(at, &["templates", "list", "--json", "--templates", "own"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let row = rows.iter().find(|row| row["from"] == "own/rpm/header.hbs").unwrap();
    assert_eq!((&row["pack"], &row["file"]), (&"rpm".into(), &"header.hbs".into()));
}

/// Runs the program with folders in the places of the user's and the system's.
fn header(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("bwrap")
        .args(["--dev-bind", "/", "/"])
        .arg("--bind")
        .args([&folder.join("etc"), Path::new("/etc")])
        .arg("--bind")
        .args([&folder.join("share"), Path::new("/usr/share")])
        .args(["--chdir".as_ref(), folder])
        .arg(env!("CARGO_BIN_EXE_pypi2pkg"))
        .args(["templates", "show", "rpm/header.hbs"])
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder.join("home"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_level_lies_over_the_next() {
    if !have(&["bwrap"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for place in ["etc", "share", "home"] {
        fs::create_dir(at.join(place)).unwrap();
    }
    let levels = [
        ("share/pypi2pkg/templates", "distribution"),
        ("etc/pypi2pkg/templates", "administrator"),
        ("home/.local/share/pypi2pkg/templates", "user"),
        ("project/templates", "project"),
        ("flag", "flag"),
    ];
    // In the current folder, and not asked for.
    write(at, "templates/rpm/header.hbs", "nobody");
    assert!(header(at, &[]).starts_with("# Generated by"));
    for (place, text) in &levels[..3] {
        write(at, &format!("{place}/rpm/header.hbs"), &format!("{text}\n"));
        assert_eq!(header(at, &[]), format!("{text}\n"));
    }
    for (place, text) in &levels[3..] {
        write(at, &format!("{place}/rpm/header.hbs"), &format!("{text}\n"));
    }
    // Relative to the configuration's folder.
    write(at, "project/pypi2pkg.toml", "templates = [\"templates\"]\n");
    let configured = ["--config", "project/pypi2pkg.toml"];
    assert_eq!(header(at, &configured), "project\n");
    assert_eq!(header(at, &[&configured[..], &["--templates", "flag"]].concat()), "flag\n");
}

#[test]
fn a_sample_shows_what_there_is_to_refer_to() {
    let folder = tempfile::tempdir().unwrap();
    let sample = done(folder.path(), &["templates", "context", "rpm", "--target", "el9"]);
    let sample: serde_json::Value = serde_json::from_str(&sample).unwrap();
    assert_eq!((&sample["name"], &sample["dist_tag"]), (&"python3-sample".into(), &".el9".into()));
    // Whatever this machine runs, the sample is the same.
    for pack in ["deb", "deb-source", "rpm", "rpm-source"] {
        assert!(done(folder.path(), &["templates", "context", pack]).starts_with('{'));
    }
    let other = run(folder.path(), &["templates", "context", "deb", "-t", "el9"]);
    assert_eq!(
        (other.status, other.stderr.as_str()),
        (
            2,
            "error: the templates of `deb` are not for `el9`, whose format is rpm\n\
             hint: `pypi2pkg target list` shows each target's format\n"
        )
    );
}

#[test]
fn a_pack_for_one_target_is_installed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let manifest = "name = \"acme\"\nversion = \"1.0.0\"\napi = \"^1\"\nextends = \"rpm\"\n\
                    targets = [\"el9\"]\n";
    write(at, "acme-templates/pack.toml", manifest);
    write(at, "acme-templates/changelog.hbs", "%changelog\n{{nam}}\n");
    let refused = as_user(at, &["templates", "install", "acme-templates"]);
    let problem = "error: 1 problem\nacme-templates/changelog.hbs:2: the context has no `nam` \
                   (did you mean `name`?)\n";
    assert_eq!(refused, (1, String::new(), problem.to_owned()));
    assert!(!at.join("home").exists());

    let own = "%changelog\n* {{changelog.date}} Acme - {{changelog.version}}\n- Ours.\n";
    write(at, "acme-templates/changelog.hbs", own);
    let place = "[FOLDER]/home/.local/share/pypi2pkg/templates/acme";
    for path in ["acme-templates", "acme-templates"] {
        let done = as_user(at, &["templates", "install", path]);
        assert_eq!(done, (0, format!("{place}\n"), String::new()));
    }
    let (_, listed, _) = as_user(at, &["templates", "list"]);
    let row =
        format!("acme 1.0.0 (extends rpm for el9)  changelog.hbs          {place}/changelog.hbs\n");
    assert!(listed.ends_with(&row), "{listed}");

    fs::create_dir(at.join("index")).unwrap();
    Wheel::default().write(&at.join("index"));
    for (target, is_ours) in [("el9", true), ("el10", false)] {
        let render = ["render", "one", "-q", "-i", "index", "--bytecode", "none"];
        let (status, _, stderr) =
            as_user(at, &[&render[..], &["-t", target, "-o", target]].concat());
        assert_eq!((status, stderr.as_str()), (0, ""));
        let spec = fs::read_to_string(at.join(target).join("one/python3-one.spec")).unwrap();
        assert_eq!(spec.contains("- Ours."), is_ours, "{target}");
    }

    let unknown = as_user(at, &["templates", "remove", "acmee"]);
    let error = "error: no pack `acmee` is installed\nhint: did you mean `acme`?\n";
    assert_eq!(unknown, (2, String::new(), error.to_owned()));
    let removed = as_user(at, &["templates", "remove", "acme"]);
    assert_eq!(removed, (0, format!("{place}\n"), String::new()));
    assert!(!at.join("home/.local/share/pypi2pkg/templates/acme").exists());
}

#[test]
fn archives_of_packs_are_installed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let manifest = "name = \"acme\"\nversion = \"1.0.0\"\napi = \"^1\"\nextends = \"deb\"\n";
    write(at, "acme/pack.toml", manifest);
    write(at, "acme/review.hbs", "{{name}}\n");
    let tar = |name: &str, member: &str| {
        let status = Command::new("tar").current_dir(at).args(["-czf", name, member]).status();
        assert!(status.unwrap().success());
    };
    tar("acme.tar.gz", "acme");
    let (status, place, stderr) = as_user(at, &["templates", "install", "acme.tar.gz"]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    assert_eq!(place, "[FOLDER]/home/.local/share/pypi2pkg/templates/acme\n");
    let shown = as_user(at, &["templates", "show", "deb/review.hbs"]);
    assert_eq!(shown, (0, "{{name}}\n".to_owned(), String::new()));

    std::os::unix::fs::symlink("/etc/hostname", at.join("acme/control.hbs")).unwrap();
    tar("links.tar.gz", "acme");
    let refused = as_user(at, &["templates", "install", "links.tar.gz"]);
    let problem =
        "error: `links.tar.gz` has a member `acme/control.hbs`, which is not a regular file\n";
    assert_eq!(refused, (2, String::new(), problem.to_owned()));
    assert!(!at.join("home/.local/share/pypi2pkg/templates/acme/control.hbs").exists());
}
