//! Recipes in folders: rendered, edited, merged, adopted, updated and built.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{Run, run, run_as, support::tools::have, support::wheel::Wheel};

/// A folder with an index of `one`, which requires `two`, and what a recipe of it is called.
struct Place {
    folder: tempfile::TempDir,
    target: &'static str,
    /// The file that a person edits.
    file: &'static str,
}

const PLACES: [(&str, &str); 2] =
    [("fedora-43", "one/python3-one.spec"), ("debian-12", "one/DEBIAN/control")];

impl Place {
    fn new(target: &'static str, file: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Self { folder, target, file };
        place.release("1.0", "two>=1");
        Wheel { project: "two", ..Wheel::default() }.write(&place.at("index"));
        place
    }

    fn all() -> [Self; 2] {
        PLACES.map(|(target, file)| Self::new(target, file))
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// A release of `one`.
    fn release(&self, version: &str, requires: &str) {
        let fields = format!("Requires-Dist: {requires}\n");
        Wheel { version, fields: &fields, ..Wheel::default() }.write(&self.at("index"));
    }

    fn run(&self, arguments: &[&str]) -> Run {
        run(self.folder.path(), arguments)
    }

    fn render(&self, more: &[&str]) -> Run {
        let common = ["render", "one", "-t", self.target, "-i", "index", "--bytecode", "none"];
        self.run(&[&common[..], more].concat())
    }

    fn recipe(&self) -> PathBuf {
        self.at("recipes").join(self.file)
    }

    fn text(&self) -> String {
        fs::read_to_string(self.recipe()).unwrap()
    }

    /// Replaces a text in the file, which has to be there.
    fn edit(&self, old: &str, new: &str) {
        let text = self.text();
        assert!(text.contains(old), "{old}: {text}");
        fs::write(self.recipe(), text.replacen(old, new, 1)).unwrap();
    }

    fn is_rpm(&self) -> bool {
        self.file.ends_with(".spec")
    }

    fn states(&self) -> String {
        let found = self.run(&["status", "recipes", "-i", "index", "--json", "-q"]);
        assert_eq!(found.status, 0, "{}", found.stderr);
        let rows: Value = serde_json::from_str(&found.stdout).unwrap();
        let row = rows.as_array().unwrap().iter().find(|row| row["recipe"] == "recipes/one");
        let states = row.unwrap()["states"].as_array().unwrap();
        states.iter().map(|state| state.as_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    fn build(&self, output: &str, more: &[&str]) -> Run {
        let common = ["build", "recipes", "-i", "index", "-q", "-o", output];
        self.run(&[&common[..], more].concat())
    }
}

/// What a package says of itself, with its relations.
fn said(package: &Path) -> String {
    let (tool, arguments): (&str, &[&str]) = match package.extension().unwrap().to_str() {
        Some("rpm") => ("rpm", &["-qp", "--info", "--requires", "--scripts", "--list"]),
        _ => ("dpkg-deb", &["-I"]),
    };
    let output = Command::new(tool).args(arguments).arg(package).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_round_from_rendering_to_the_next_release() {
    for place in Place::all() {
        let rendered = place.render(&[]);
        assert_eq!(rendered.stdout, "recipes/one\nrecipes/two\n", "{}", rendered.stderr);
        assert_eq!(place.states(), "clean");
        assert_eq!(place.render(&["--check", "-q"]).status, 0);

        // A person edits; rendering again changes nothing.
        let homepage = if place.is_rpm() { "URL:            " } else { "Homepage: " };
        let before = if place.is_rpm() { "Source0:" } else { "Section:" };
        let edit = format!("{homepage}https://one.example/\n{before}");
        place.edit(before, &edit);
        let edited = place.text();
        assert_eq!(place.states(), "edited");
        let mine = place.run(&["diff", "--mine", "recipes"]).stdout;
        assert!(mine.contains(&format!("+{homepage}https://one.example/")), "{mine}");
        assert_eq!(place.render(&["-q"]).status, 0);
        assert_eq!(place.text(), edited);

        // Upstream releases: both sides are in the recipe, the changelog has grown.
        place.release("1.1", "two>=1,!=1.5");
        let shown = place.render(&["--diff", "--check", "-q"]);
        assert_eq!(shown.status, 1);
        assert!(shown.stdout.contains("1.1") && place.text() == edited, "{}", shown.stdout);
        let updated = place.run(&["update", "recipes", "-i", "index", "--dry-run", "-q"]);
        assert_eq!(updated.stdout, "one 1.0 -> 1.1\n", "{}", updated.stderr);
        assert_eq!(place.text(), edited);
        let updated = place.run(&["update", "recipes", "-i", "index", "-q"]);
        assert_eq!(updated.status, 0, "{}", updated.stderr);
        let text = place.text();
        assert!(text.contains("1.1") && text.contains("https://one.example/"), "{text}");
        let log = if place.is_rpm() {
            text
        } else {
            fs::read_to_string(place.at("recipes/one/changelog")).unwrap()
        };
        assert!(log.find("1.1-1").unwrap() < log.find("1.0-1").unwrap(), "{log}");
        assert_eq!(place.states(), "edited");

        // Both sides change the same: the edit stays until a person settles it.
        let (ours, theirs) = ("https://one.example/", "https://other.example/");
        fs::write(place.at("pypi2pkg.toml"), "packager = 'Pat <pat@one.example>'\n").unwrap();
        let (field, mine) = if place.is_rpm() {
            ("Packager:       ", "Packager:       Me <me@one.example>")
        } else {
            ("Maintainer: ", "Maintainer: Me <me@one.example>")
        };
        let nobody = format!("{field}Local Packages <packages@example.org>");
        place.edit(&nobody, mine);
        let conflict = place.render(&["-q"]);
        assert_eq!(conflict.status, 1);
        assert!(conflict.stderr.contains("contradicts what was edited"), "{}", conflict.stderr);
        let merge = PathBuf::from(format!("{}.merge", place.recipe().display()));
        let merged = fs::read_to_string(&merge).unwrap();
        assert!(merged.contains("<<<<<<< ours") && merged.contains("Pat <pat@one.example>"));
        assert!(place.text().contains(mine) && !merged.contains(theirs) && merged.contains(ours));
        assert_eq!(place.states(), "edited conflicting");
        let refused = place.build("dist", &[]);
        assert_eq!(refused.status, 1);
        assert!(refused.stderr.contains("contains an unresolved merge"), "{}", refused.stderr);
        fs::remove_file(&merge).unwrap();
        assert_eq!(place.render(&["-q"]).status, 0, "settled: the edit stays");
        assert!(place.text().contains(mine));
        assert_eq!(place.states(), "edited");

        // What was reviewed is what is built.
        if place.is_rpm() && !have(&["rpmbuild"]) {
            continue;
        }
        let built = place.build("dist", &[]);
        assert_eq!(built.status, 0, "{}", built.stderr);
        let package = built.stdout.lines().next().unwrap().to_owned();
        assert!(package.contains("1.1-1"), "{package}");
        let said = said(&place.at(&package));
        assert!(said.contains("https://one.example/") && said.contains("Me <me@one.example>"));
        assert_eq!(place.build("dist", &[]).stdout, built.stdout, "nothing is built twice");

        // Another content of the same version needs another release.
        place.edit("https://one.example/", "https://one.example/home");
        let taken = place.build("dist", &[]);
        assert!(taken.stderr.contains("raise its release in the recipe"), "{}", taken.stderr);

        // Force says what it discards.
        let forced = place.render(&["--force", "-q"]);
        assert!(forced.stderr.contains("discarded: +"), "{}", forced.stderr);
        assert_eq!(place.states(), "clean");
    }
}

#[test]
fn relations_that_were_not_planned_are_told() {
    for place in Place::all() {
        if place.is_rpm() && !have(&["rpmbuild"]) {
            continue;
        }
        place.render(&["-q"]);
        let told = if place.is_rpm() {
            place.edit("Requires: python3.14dist(two) >= 1\n", "Requires: git-core\n");
            ["it lacks `Requires: python3.14dist(two) >= 1`", "it has `Requires: git-core`"]
        } else {
            place.edit("python3-two (>= 1.0)", "git");
            ["it lacks `Depends: python3-two (>= 1.0)`", "it has `Depends: git`"]
        };
        let built = place.build("dist", &[]);
        assert_eq!(built.status, 0, "{}", built.stderr);
        assert!(told.iter().all(|line| built.stderr.contains(line)), "{}", built.stderr);
        // It stays so when nothing has to be built.
        let strict = place.build("dist", &["--strict"]);
        assert_eq!(strict.status, 1);
        assert!(strict.stderr.contains("its relations differ from the plan"), "{}", strict.stderr);
    }
}

#[test]
fn a_removed_relation_stays_removed_and_is_told() {
    for place in Place::all() {
        place.render(&["-q"]);
        if place.is_rpm() {
            place.edit("Requires: python3.14dist(two) >= 1\n", "");
        } else {
            place.edit("Depends: python3-two (>= 1.0), python3:any", "Depends: python3:any, git");
        }
        place.release("1.1", "two>=2");
        Wheel { project: "two", version: "2.0", ..Wheel::default() }.write(&place.at("index"));
        let again = place.render(&["-q"]);
        assert_eq!(again.status, 0, "{}", again.stderr);
        assert!(again.stderr.contains("stays removed, as you left it"), "{}", again.stderr);
        assert!(!place.text().contains("two"), "{}", place.text());
    }
}

#[test]
fn the_changelog_of_an_update_is_signed_by_its_author() {
    for place in Place::all() {
        place.render(&["-q", "--packager", "Team <team@one.example>"]);
        place.release("1.1", "two");
        let status = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
            .args(["update", "recipes", "-i", "index", "-q", "--cache-dir", "cache"])
            .current_dir(place.folder.path())
            .env("DEBFULLNAME", "Jo Doe")
            .env("DEBEMAIL", "jo@one.example")
            .status();
        assert!(status.unwrap().success());
        let log = if place.is_rpm() {
            place.text()
        } else {
            fs::read_to_string(place.at("recipes/one/changelog")).unwrap()
        };
        let authors =
            log.match_indices('<').map(|(at, _)| &log[at..=at + log[at..].find('>').unwrap()]);
        let authors: Vec<&str> = authors.collect();
        let known = ["<jo@one.example>", "<team@one.example>"];
        assert!(authors.ends_with(&known), "{log}");
        // Who answers for the package stays.
        assert!(place.text().contains("Team <team@one.example>"));
    }
}

#[test]
fn what_is_held_back_is_told() {
    let [place, _] = Place::all();
    place.run(&["render", "one<1.1", "-t", place.target, "-i", "index", "-q"]);
    place.release("1.1", "two");
    let found = place.run(&["update", "recipes", "-i", "index", "-q", "--dry-run"]);
    assert_eq!(found.stdout, "one 1.0: 1.1 is held back by `one<1.1`\n", "{}", found.stderr);
}

/// Overrides, patches, scriptlets and sources of a person's, by each builder.
#[test]
fn what_a_person_adds_reaches_the_package() {
    for place in Place::all() {
        place.render(&["-q"]);
        let tag = if place.is_rpm() { "Requires" } else { "Depends" };
        let gone = if place.is_rpm() { "python3.14dist(two)" } else { "python3-two" };
        let overrides = format!(
            "[[add]]\nrelation = '{tag}: git'\nreason = 'it starts git'\n\n\
             [[remove]]\nrelation = '{tag}: {gone}'\nreason = 'is not needed'\n\n\
             [[set]]\nfield = 'summary'\nvalue = 'Something 100% other'\nreason = 'catalogue'\n\n\
             [[file]]\nsource = 'one.conf'\npath = '/etc/one.conf'\nconfiguration = true\n\
             reason = 'defaults'\n"
        );
        fs::write(place.at("recipes/one/overrides.toml"), overrides).unwrap();
        fs::write(place.at("recipes/one/one.conf"), "a = 1\n").unwrap();
        fs::create_dir(place.at("recipes/one/patches")).unwrap();
        fs::write(
            place.at("recipes/one/patches/fix.patch"),
            "--- a/one.py\n+++ b/one.py\n@@ -1 +1,2 @@\n VERSION = '1.0'\n+PATCHED = True\n\
             --- /dev/null\n+++ b/one_more.py\n@@ -0,0 +1 @@\n+MORE = 1\n",
        )
        .unwrap();
        fs::create_dir(place.at("recipes/one/scriptlets")).unwrap();
        fs::write(place.at("recipes/one/scriptlets/post-install"), "echo '100%' >&2\n").unwrap();

        let refused = place.build("dist", &[]);
        assert!(
            refused.stderr.contains("was changed after it was generated"),
            "{}",
            refused.stderr
        );
        assert_eq!(place.states(), "outdated");
        let again = place.run(&["render", "recipes", "-i", "index", "-q"]);
        assert_eq!(again.status, 0, "{}", again.stderr);
        let review = if place.is_rpm() {
            place.text()
        } else {
            fs::read_to_string(place.at("recipes/one/REVIEW")).unwrap()
        };
        assert!(review.contains("override: it starts git"), "{review}");
        assert!(review.contains("is removed: is not needed"), "{review}");
        assert_eq!(place.states(), "clean");

        let mut packages = Vec::new();
        for builder in ["embedded", "system"] {
            if builder == "system" && !have(&["rpmbuild"]) {
                continue;
            }
            let built = place.build(builder, &["--builder", builder]);
            assert_eq!(built.status, 0, "{builder}: {}", built.stderr);
            let package = place.at(built.stdout.lines().next().unwrap());
            let said = said(&package);
            assert!(said.contains("git") && said.contains("Something 100% other"), "{said}");
            assert!(!said.contains(gone), "{said}");
            let tree = place.at(&format!("{builder}-tree"));
            fs::create_dir(&tree).unwrap();
            unpack(&package, &tree);
            let site = if place.is_rpm() {
                "usr/lib/python3.14/site-packages"
            } else {
                "usr/lib/python3/dist-packages"
            };
            let read = |path: &str| fs::read_to_string(tree.join(path)).unwrap();
            assert_eq!(read(&format!("{site}/one.py")), "VERSION = '1.0'\nPATCHED = True\n");
            assert_eq!(read(&format!("{site}/one_more.py")), "MORE = 1\n");
            assert_eq!(read("etc/one.conf"), "a = 1\n");
            packages.push(scripts(&package));
        }
        assert!(packages.iter().all(|script| script.contains("echo '100%' >&2")), "{packages:?}");
        assert!(packages.windows(2).all(|pair| pair[0] == pair[1]), "{packages:?}");
    }
}

fn unpack(package: &Path, tree: &Path) {
    let command = match package.extension().unwrap().to_str() {
        Some("rpm") => "rpm2cpio \"$0\" | cpio -idm --quiet -D \"$1\"",
        _ => "dpkg-deb -x \"$0\" \"$1\"",
    };
    let status = Command::new("sh").arg("-c").arg(command).arg(package).arg(tree).status();
    assert!(status.unwrap().success());
}

fn scripts(package: &Path) -> String {
    let command = match package.extension().unwrap().to_str() {
        Some("rpm") => {
            "rpm -qp --scripts \"$0\"; rpm -qp --qf '[%{REQUIREFLAGS:deptype} %{REQUIRENAME}\\n]' \"$0\" | grep /bin/sh"
        }
        _ => "dpkg-deb --ctrl-tarfile \"$0\" | tar -xO ./postinst",
    };
    let output = Command::new("sh").arg("-c").arg(command).arg(package).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_cannot_be_added_is_told_with_its_line() {
    let [place, _] = Place::all();
    place.render(&["-q"]);
    let told = |file: &str, text: &str| {
        let path = place.at("recipes/one").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let found = place.run(&["render", "recipes/one", "-i", "index", "-q"]);
        fs::remove_file(&path).unwrap();
        assert_ne!(found.status, 0, "{file}");
        found.stderr
    };
    let cases = [
        (
            "overrides.toml",
            "[[add]]\nrelation = 'Requires: a'\n",
            "overrides.toml:1: missing field",
        ),
        (
            "overrides.toml",
            "[[add]]\nrelation = 'Depends: a'\nreason = 'x'\n",
            "`Depends: a` in its overrides is not a valid relation",
        ),
        ("scriptlets/post-install", "true\n%post\n", "post-install:2: begins with `%`"),
        ("scriptlets/posttrans", "true\n", "is not one of pre-install, post-install"),
        ("patches/a.patch", "nothing\n", "a.patch: is not a patch"),
        ("patches/a.txt", "nothing\n", "a.txt: is called otherwise"),
    ];
    for (file, text, wanted) in cases {
        let told = told(file, text);
        assert!(told.contains(wanted), "{file}: {told}");
    }
}

#[test]
fn edits_are_adopted_with_a_reason() {
    for place in Place::all() {
        place.render(&["-q"]);
        if place.is_rpm() {
            place.edit("Requires: python3.14dist(two) >= 1\n", "Requires: git-core\n");
            place.edit("Summary:        The project one", "Summary:        Another text");
        } else {
            place.edit("python3-two (>= 1.0)", "git-core");
            place.edit("Description: project one", "Description: Another text");
        }
        let arguments = ["adopt", "recipes", "--reason", "tried it", "-i", "index", "-q"];
        let adopted = place.run(&arguments);
        assert_eq!((adopted.status, adopted.stderr.as_str()), (0, ""), "{}", place.target);
        let overrides = fs::read_to_string(place.at("recipes/one/overrides.toml")).unwrap();
        assert_eq!(overrides.matches("reason = \"tried it\"").count(), 3, "{overrides}");
        assert_eq!(place.states(), "clean");
        assert!(place.text().contains("Another text"), "{}", place.text());
        if place.is_rpm() {
            assert!(place.text().contains("# override: tried it\nRequires: git-core\n"));
        }
        assert_eq!(place.run(&arguments).stdout, "", "there is nothing left to adopt");
    }
}

#[test]
fn what_a_person_must_settle_stops_the_build() {
    for (target, file) in PLACES {
        let place = Place::new(target, file);
        Wheel { version: "2.0", fields: "Requires-External: frobnicator\n", ..Wheel::default() }
            .write(&place.at("index"));
        let rendered = place.render(&["-q"]);
        assert_eq!(rendered.status, 0);
        let told = "FIXME(hint): needs from the system: frobnicator";
        assert!(rendered.stderr.contains(told), "{}", rendered.stderr);
        assert!(rendered.stderr.contains("`\"frobnicator\" = \"PACKAGE\"`"), "{}", rendered.stderr);
        assert_eq!(place.states(), "unsettled");
        let build = ["build", "one", "-t", target, "-i", "index", "-q", "--builder", "embedded"];
        let refused = place.run(&build);
        assert_eq!(refused.status, 1);
        assert!(refused.stderr.contains(told), "{}", refused.stderr);
        assert_eq!(place.run(&[&build[..], &["--allow-fixme"]].concat()).status, 0);
        fs::write(place.at("hints.toml"), "[names]\nfrobnicator = 'frob'\n").unwrap();
        assert_eq!(place.run(&[&build[..], &["--hints", "hints.toml"]].concat()).status, 0);
    }
}

/// A spec that shares nothing with the generated one.
const SPEC: &str = "Name: %{own_name}\nVersion: 1.0\nRelease: 7\nSummary: Own\nLicense: MIT\n\
                    Source0: https://files.example/one-1.0-py3-none-any.whl\nSource1: note\n\
                    BuildArch: noarch\n\n%description\nOwn.\n\n%install\n\
                    install -D -m 644 %{SOURCE1} %{buildroot}/usr/share/one/note\n\
                    unzip -q %{SOURCE0} -d %{buildroot}/usr/share/one\n\n%files\n/usr/share/one\n";

#[test]
fn a_spec_of_ones_own_is_built() {
    if !have(&["rpmbuild"]) {
        return;
    }
    let [place, debian] = Place::all();
    let spec = SPEC.replace("%{own_name}", "python26-one");
    fs::write(place.at("one.spec"), &spec).unwrap();
    fs::write(place.at("note"), "a note\n").unwrap();
    let build = |target: &str, more: &[&str]| {
        let common = ["build", "one", "-t", target, "-i", "index", "-q", "--no-deps"];
        place.run(&[&common[..], more].concat())
    };
    let own = ["--spec-file", "one.spec", "--name", "python26-one"];
    let built = build("fedora-43", &own);
    assert_eq!(built.stdout, "dist/python26-one-1.0-7.noarch.rpm\n", "{}", built.stderr);
    assert!(said(&place.at(built.stdout.trim())).contains("/usr/share/one/note"));
    let named = build("fedora-43", &["--name", "python26-one", "-o", "named"]);
    assert_eq!(named.stdout, "named/python26-one-1.0-1.fc43.noarch.rpm\n", "{}", named.stderr);
    let other = build("fedora-43", &["--spec-file", "one.spec", "--name", "python27-one"]);
    assert_eq!(other.status, 2, "{}", other.stderr);
    for name in ["`one.spec` makes `python26-one`", "named `python27-one`", "hint: omit `--name`"] {
        assert!(other.stderr.contains(name), "{}", other.stderr);
    }
    fs::write(place.at("newer.spec"), spec.replace("Version: 1.0", "Version: 1.1")).unwrap();
    let newer = build("fedora-43", &["--spec-file", "newer.spec", "-o", "newer"]);
    assert_eq!(newer.status, 2, "{}", newer.stderr);
    assert_eq!(
        newer.stderr,
        "error: `newer.spec` makes version 1.1, but 1.0 was resolved\n\
         hint: name the spec's version, as in `NAME==VERSION`\n"
    );
    let refused = build("fedora-43", &[&own[..], &["two"]].concat());
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    let refused = build(debian.target, &[&own[..], &["-o", "debian"]].concat());
    assert_eq!(refused.status, 2, "{}", refused.stderr);
}

#[test]
fn a_folder_of_recipes_is_for_one_target() {
    for (place, other) in Place::all().into_iter().zip(["debian-12", "fedora-43"]) {
        place.render(&["-q"]);
        let recipe = place.at("recipes/one/recipe.toml");
        let edited = place.at("recipes/one/README");
        fs::write(&edited, "mine\n").unwrap();
        let before = tree(&place.at("recipes"));
        for more in [
            &["-t", other][..],
            &["-t", other, "--force"],
            &["-t", place.target, "--arch", "aarch64"],
        ] {
            let common = ["render", "one", "-q", "-i", "index"];
            let found = place.run(&[&common[..], more].concat());
            assert_eq!(found.status, 1, "{}", found.stderr);
            let wanted = format!("`recipes/one` is a recipe for `{}` (x86_64) with", place.target);
            assert!(found.stderr.contains(&wanted), "{}", found.stderr);
            assert!(found.stderr.contains("hint: use a separate folder for each target with `-o`"));
            assert_eq!(tree(&place.at("recipes")), before);
        }
        assert!(recipe.is_file());
        let built = place.run(&["build", "recipes", "-q", "-i", "index", "-t", other]);
        assert_eq!(built.status, 2, "{}", built.stderr);
        let wanted = format!(
            "error: the recipe in `recipes/one` is for `{}`, not for `{other}`\n\
             hint: render recipes for it into another folder\n",
            place.target
        );
        assert_eq!(built.stderr, wanted);
    }
}

/// All files of a folder with their bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.map(|file| (file.path().to_owned(), fs::read(file.path()).unwrap())).collect()
}

#[test]
fn the_old_command_line_works() {
    let [place, _] = Place::all();
    place.release("1.1", "two");
    let link = place.at("pypi2rpm");
    symlink(env!("CARGO_BIN_EXE_pypi2pkg"), &link).unwrap();
    let old = |arguments: &[&str]| run_as(&link, place.folder.path(), arguments);
    let index = ["--index", "index"];
    let target = ["--target", "fedora-43"];
    let with = |more: &[&str]| old(&[more, &index[..], &target[..]].concat());

    let newest = with(&["one"]);
    assert_eq!(newest.stdout, "./python3-one-1.1-1.fc43.noarch.rpm\n", "{}", newest.stderr);
    let older = with(&["one", "--version", "1.0", "--dist-dir", "rpms"]);
    assert_eq!(older.stdout, "rpms/python3-one-1.0-1.fc43.noarch.rpm\n", "{}", older.stderr);
    assert_eq!(fs::read_dir(place.at("rpms")).unwrap().count(), 1, "the package alone");
    let named = with(&["one", "--name", "python26-one", "--dist-dir", "rpms"]);
    assert_eq!(named.stdout, "rpms/python26-one-1.1-1.fc43.noarch.rpm\n", "{}", named.stderr);
    let archive =
        old(&[&["index/one-1.0-py3-none-any.whl", "--dist-dir", "a"], &target[..]].concat());
    assert_eq!(archive.stdout, "a/python3-one-1.0-1.fc43.noarch.rpm\n", "{}", archive.stderr);
    let url = format!("file://{}", place.at("index/one-1.0-py3-none-any.whl").display());
    let archive = old(&[&[url.as_str(), "--dist-dir", "u"], &target[..]].concat());
    assert_eq!(archive.stdout, "u/python3-one-1.0-1.fc43.noarch.rpm\n", "{}", archive.stderr);
    let cached = with(&["one", "--download-cache", "downloads", "--dist-dir", "c"]);
    assert_eq!(cached.status, 0, "{}", cached.stderr);
    if have(&["rpmbuild"]) {
        fs::write(place.at("one.spec"), SPEC.replace("%{own_name}", "mine")).unwrap();
        fs::write(place.at("note"), "").unwrap();
        let own = with(&["one", "--version", "1.0", "--spec-file", "one.spec"]);
        assert_eq!(own.stdout, "./mine-1.0-7.noarch.rpm\n", "{}", own.stderr);
    }
    // On a machine that is not an RPM system, one is chosen and told.
    let any = old(&[&["one", "--dist-dir", "any"], &index[..]].concat());
    assert_eq!(any.status, 0, "{}", any.stderr);
    assert!(any.stdout.ends_with(".rpm\n"), "{}", any.stdout);
    assert_eq!(with(&["nothing-such"]).status, 1);
    assert_eq!(old(&["one", "--no-such-option"]).status, 2);
}

#[test]
fn folders_of_recipes_are_compared() {
    for place in Place::all() {
        place.render(&["-q", "-o", "old"]);
        place.release("1.1", "three");
        Wheel { project: "three", ..Wheel::default() }.write(&place.at("index"));
        place.render(&["-q", "-o", "new"]);
        let found = place.run(&["diff", "old", "new"]);
        let (two, three) = if place.is_rpm() {
            ("python3.14dist(two) >= 1", "python3.14dist(three)")
        } else {
            ("python3-two (>= 1.0)", "python3-three")
        };
        let dist = if place.is_rpm() { ".fc43" } else { "" };
        let wanted = format!(
            "- python3-two 1.0-1{dist}\n+ python3-three 1.0-1{dist}\n\
             python3-one 1.0-1{dist} -> 1.1-1{dist}\n  - requires {two}\n  + requires {three}\n"
        );
        assert_eq!(found.stdout, wanted, "{}", found.stderr);
        let json = place.run(&["diff", "old", "new", "--json"]).stdout;
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["changed"]["python3-one"]["requires"]["added"][0], three);
    }
}
