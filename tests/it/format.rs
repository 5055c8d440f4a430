//! A package format that a plugin brings: `tests/data/format/bundle`.

use std::{
    fs,
    io::Read,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{Run, run, support::wheel::Wheel};

/// A folder with an index of `one`, which needs `two`, and the plugin.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let index = place.at("index");
        let fields = "Requires-Dist: two<2\nRequires-Dist: two>=0.5";
        Wheel { fields, ..Wheel::default() }.write(&index);
        Wheel { project: "two", ..Wheel::default() }.write(&index);
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format/bundle");
        for entry in walkdir::WalkDir::new(&data).into_iter().map(Result::unwrap) {
            let to = place.at("bundle").join(entry.path().strip_prefix(&data).unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir(to).unwrap()
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
        fs::write(place.at("pypi2pkg.toml"), "[[plugin]]\nname = './bundle'\n").unwrap();
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn run(&self, arguments: &[&str]) -> Run {
        run(self.0.path(), arguments)
    }

    fn build(&self, more: &[&str]) -> Run {
        let common = ["build", "one", "-q", "-i", "index", "-t", "bundle"];
        self.run(&[&common[..], more].concat())
    }

    /// Has the plugin change its answers by lines of Python.
    fn tamper(&self, program: &str) {
        fs::write(self.at("bundle/tamper.py"), program).unwrap();
    }
}

const PACKAGES: &str = "dist/python-one-1.0-1.bundle.tar.gz\ndist/python-two-1.0-1.bundle.tar.gz\n";

#[test]
fn a_format_is_built_collected_and_checked() {
    let place = Place::new();
    let built = place.build(&["--repo-url", "https://packages.example/"]);
    assert_eq!((built.status, built.stderr.as_str(), built.stdout.as_str()), (0, "", PACKAGES));
    let list = fs::read_to_string(place.at("dist/bundles.list")).unwrap();
    assert_eq!(list.lines().count(), 2);
    assert!(list.contains("[\"python-two <2\", \"python-two >=0.5\"]"), "{list}");
    let packed = fs::read(place.at("dist/bundles.list.gz")).unwrap();
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).unwrap();
    assert_eq!(unpacked, list);
    let client = fs::read_to_string(place.at("dist/bundles.txt")).unwrap();
    assert_eq!(client, "at https://packages.example/\n");
    let recipe = fs::read_to_string(place.at("dist/recipes/python-one/python-one.bundle")).unwrap();
    assert_eq!(
        recipe,
        "name=python-one\nversion=1.0-1\nsummary='The project one'\nmotto='it'\\''s $(id)'\n\
         needs=\"'python-two <2' 'python-two >=0.5' \"\n"
    );
    let checked = place.run(&["check", "dist"]);
    assert_eq!(
        (checked.status, checked.stdout.as_str()),
        (0, "2 packages, every relation met, no path owned twice\n"),
        "{}",
        checked.stderr
    );
    // What is not changed is not built again, and the bytes are the same anywhere.
    let before = fs::read(place.at("dist/python-one-1.0-1.bundle.tar.gz")).unwrap();
    assert_eq!(place.build(&[]).stdout, PACKAGES);
    let again = Place::new();
    again.build(&[]);
    assert_eq!(fs::read(again.at("dist/python-one-1.0-1.bundle.tar.gz")).unwrap(), before);
    // Without an address, clients get no file.
    assert!(!again.at("dist/bundles.txt").exists());
}

#[test]
fn a_collection_that_does_not_hold_together_is_told() {
    let place = Place::new();
    place.build(&[]);
    let package = place.at("dist/python-two-1.0-1.bundle.tar.gz");
    fs::rename(&package, place.at("away")).unwrap();
    let checked = place.run(&["check", "dist"]);
    assert_eq!(checked.status, 1);
    for line in [
        "python-one: requires `python-two >=0.5`, which nothing in the collection satisfies",
        "python-two: `python-two-1.0-1.bundle.tar.gz` is not there",
        "the repository's metadata: does not list the packages that lie there",
    ] {
        assert!(checked.stderr.contains(line), "{}", checked.stderr);
    }
    fs::write(&package, "nothing").unwrap();
    let checked = place.run(&["check", "dist"]);
    assert!(
        checked
            .stderr
            .contains("is not a usable package file: the plugin `bundle` in `format` ended"),
        "{}",
        checked.stderr
    );
}

#[test]
fn only_plain_files_are_read() {
    let place = Place::new();
    place.build(&[]);
    symlink("/dev/zero", place.at("dist/zero.bundle.tar.gz")).unwrap();
    let checked = place.run(&["check", "dist"]);
    assert_eq!((checked.status, checked.stderr.as_str()), (0, ""));
}

#[test]
fn what_a_format_does_not_have_is_told_first() {
    let place = Place::new();
    for (arguments, wanted) in [
        (&["--source-package"][..], "the format `bundle` has no source packages"),
        (&["--compression", "xz"], "called `….bundle.tar.gz` are not compressed with `xz`"),
    ] {
        let found = place.build(arguments);
        assert_eq!(found.status, 2);
        assert!(found.stderr.contains(wanted), "{}", found.stderr);
        assert!(!place.at("dist").exists());
    }
    place.build(&[]);
    let found = place.run(&["check", "dist", "--install"]);
    assert!(found.stderr.contains("nothing here installs packages of the format"));
}

#[test]
fn a_collection_that_loses_its_last_package_lists_none() {
    let place = Place::new();
    place.build(&[]);
    for package in ["one", "two"] {
        fs::remove_file(place.at(&format!("dist/python-{package}-1.0-1.bundle.tar.gz"))).unwrap();
    }
    assert_eq!(place.run(&["repo", "dist"]).status, 0);
    assert_eq!(fs::read_to_string(place.at("dist/bundles.list")).unwrap(), "");
}

#[test]
fn a_collection_is_left_alone_by_those_who_cannot_read_it() {
    let place = Place::new();
    place.build(&[]);
    let before = fs::read(place.at("dist/collection.json")).unwrap();
    let found = place.run(&["repo", "dist", "--target", "fedora-43"]);
    assert_eq!(found.status, 1);
    assert!(
        found.stderr.contains(
            "`dist` contains `bundle` packages, but no plugin for that format is installed"
        ),
        "{}",
        found.stderr
    );
    assert_eq!(fs::read(place.at("dist/collection.json")).unwrap(), before);
    // A signature of metadata makes it a signed one.
    fs::write(place.at("dist/bundles.list.sig"), "").unwrap();
    let found = place.run(&["repo", "dist"]);
    assert!(found.stderr.contains("is signed, and no key is given"), "{}", found.stderr);
}

#[test]
fn folders_of_packages_from_elsewhere_become_repositories() {
    let place = Place::new();
    place.build(&[]);
    fs::create_dir(place.at("other")).unwrap();
    let name = "python-two-1.0-1.bundle.tar.gz";
    fs::copy(place.at("dist").join(name), place.at("other").join(name)).unwrap();
    let found = place.run(&["repo", "other"]);
    assert!(
        found.stderr.starts_with("warning: `other` holds no packages of a format that is known")
    );
    let found = place.run(&["repo", "other", "--target", "bundle"]);
    assert_eq!((found.status, found.stderr.as_str()), (0, ""));
    assert!(fs::read_to_string(place.at("other/bundles.list")).unwrap().starts_with(name));
}

#[test]
fn newer_builds_replace_older_ones_as_the_plugin_orders_them() {
    let place = Place::new();
    for release in ["9", "10", "11"] {
        assert_eq!(place.build(&["--release", release, "--keep", "2"]).status, 0);
    }
    let names: Vec<String> = ["9", "10", "11"]
        .iter()
        .filter(|n| place.at(&format!("dist/python-one-1.0-{n}.bundle.tar.gz")).exists())
        .map(|n| (*n).to_owned())
        .collect();
    assert_eq!(names, ["10", "11"]);
    let old = place.at("old").display().to_string();
    let again = place.run(&[
        "build",
        "one",
        "-q",
        "-i",
        "index",
        "-t",
        "bundle",
        "--release",
        "7",
        "-o",
        &old,
    ]);
    assert_eq!(again.status, 0);
    let changed = place.run(&["diff", "old", "dist"]);
    assert_eq!(
        changed.stdout, "python-one 1.0-7 -> 1.0-11\npython-two 1.0-7 -> 1.0-11\n",
        "{}",
        changed.stderr
    );
    let repo = place.run(&["repo", "dist", "--keep", "1"]);
    assert_eq!((repo.status, repo.stderr.as_str()), (0, ""));
    assert!(!place.at("dist/python-one-1.0-10.bundle.tar.gz").exists());
    let listed = fs::read_to_string(place.at("dist/bundles.list")).unwrap();
    assert!(listed.contains("1.0-11") && !listed.contains("1.0-10"), "{listed}");
}

#[test]
fn its_recipes_are_rendered_edited_and_overridden() {
    let place = Place::new();
    let render = ["render", "one", "-q", "-i", "index", "-t", "bundle"];
    assert_eq!(place.run(&render).status, 0);
    let path = place.at("recipes/one/python-one.bundle");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("summary='The project one'", "summary=mine")).unwrap();
    // Another template: the edit stays.
    let ejected = place.run(&["templates", "eject", "bundle/recipe.hbs", "-o", "own"]);
    assert_eq!(ejected.stdout, "own/bundle/recipe.hbs\n");
    let own = place.at("own/bundle/recipe.hbs");
    let template = fs::read_to_string(&own).unwrap();
    fs::write(&own, format!("# {{{{target.name}}}}\n{template}")).unwrap();
    assert_eq!(place.run(&[&render[..], &["--templates", "own"]].concat()).status, 0);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# bundle\nname=python-one\n"), "{text}");
    assert!(text.contains("summary=mine\n"), "{text}");
    let shown = place.run(&["templates", "diff", "bundle", "--templates", "own"]);
    assert!(shown.stdout.contains("bundle/recipe.hbs (plugin bundle)\n"), "{}", shown.stdout);
    let listed = place.run(&["templates", "list"]);
    assert!(listed.stdout.contains("bundle      recipe.hbs"), "{}", listed.stdout);
    assert!(listed.stdout.contains("plugin bundle"), "{}", listed.stdout);
    // A name that the context does not have.
    fs::write(&own, "{{moto}}\n").unwrap();
    let found = place.run(&[&render[..], &["--templates", "own"]].concat());
    assert!(
        found.stderr.contains("the context has no `moto` (did you mean `motto`?)"),
        "{}",
        found.stderr
    );
    let context = place.run(&["templates", "context", "bundle"]);
    let context: Value = serde_json::from_str(&context.stdout).unwrap();
    assert_eq!(context["motto"], "it's $(id)");
    assert_eq!(context["fields"][0]["field"], "needs");
}

#[test]
fn other_plugins_take_its_packages() {
    let place = Place::new();
    let text = "[[plugin]]\nname = '../bundle'\n[[plugin]]\nname = 'strip-tests'\n[[plugin]]\n\
                name = 'publish-folder'\nsettings = { folder = '../served' }\n";
    fs::create_dir(place.at("conf")).unwrap();
    fs::write(place.at("conf/own.toml"), text).unwrap();
    let built = place.build(&["--config", "conf/own.toml"]);
    assert_eq!((built.status, built.stderr.as_str()), (0, ""));
    for file in ["python-one-1.0-1.bundle.tar.gz", "bundles.list", "collection.json"] {
        assert!(place.at("served").join(file).is_file(), "{file}");
    }
}

#[test]
fn its_targets_are_listed_and_shown() {
    let place = Place::new();
    let listed = place.run(&["target", "list"]);
    assert!(listed.stdout.contains("Anything that takes bundles"), "{}", listed.stdout);
    assert!(place.run(&["target", "show", "bundle"]).stdout.contains("format = \"bundle\""));
    // Without the plugin there is no such target, and a target without its plugin is told.
    let target = fs::read_to_string(place.at("bundle/targets/bundle.toml")).unwrap();
    fs::create_dir(place.at("targets")).unwrap();
    fs::write(place.at("targets/bundle.toml"), target).unwrap();
    fs::write(place.at("pypi2pkg.toml"), "targets = './targets'\n").unwrap();
    let found = place.build(&[]);
    assert_eq!(found.status, 2);
    assert!(
        found.stderr.contains("no plugin provides the format `bundle` of the target `bundle`"),
        "{}",
        found.stderr
    );
}

#[test]
fn what_a_format_may_not_do() {
    let cases = [
        ("versions", "answer['versions']['one'] = '1-0'", "leave `one` without a version"),
        ("versions", "answer = {}", "without a version"),
        ("lower", "answer['packages'].pop()", "say nothing of"),
        ("lower", "answer['packages'][0]['project'] = 'x'", "speak of `x`"),
        ("lower", "answer['packages'][0]['filename'] = '../x.bundle.tar.gz'", "call a package"),
        ("lower", "answer['packages'][0]['filename'] = 'x.deb'", "call a package"),
        ("lower", "answer['packages'][0]['architecture'] = 'a b'", "name the architecture"),
        (
            "lower",
            "answer['packages'][0]['relations'].append({'strength': 'conflicts', 'text': 'x', 'origin': ''})",
            "for which `fields` has no name",
        ),
        ("lower", "answer['packages'][0]['surprise'] = 1", "unknown field `surprise`"),
        (
            "lower",
            "answer['messages'] = [{'level': 'error', 'text': 'no', 'project': 'one'}]",
            "one 1.0, plan: no",
        ),
        (
            "lower",
            "answer['packages'][0]['filename'] = answer['packages'][1]['filename']",
            "call two packages `python-",
        ),
        ("lower", "answer['packages'].append(answer['packages'][0])", "call two packages"),
        (
            "versions",
            "answer['messages'] = [{'level': 'error', 'text': 'no', 'project': 'one'}]",
            "the plugin `bundle`: one: no",
        ),
        ("build", "answer['packages'][0]['filename'] = 'x.bundle.tar.gz'", "other packages"),
        ("build", "answer['packages'] = []", "other packages than the requested one"),
        (
            "build",
            "answer['packages'][0]['from'] = '/etc/passwd'",
            "not a file in the working folder",
        ),
        (
            "build",
            "os.symlink('/etc/passwd', 'x'); answer['packages'][0]['from'] = 'x'",
            "not a file in the working folder",
        ),
        ("build", "answer['packages'][0]['from'] = 'none'", "give `none` as a package"),
        ("read", "answer['packages'] = []", "describes 0 packages"),
        ("read", "answer['packages'][0]['package'] = '../x'", "name a package"),
        ("read", "answer['packages'][0]['version'] = '9'", "its version is `9-1`, and `1.0-1` was"),
        ("read", "answer['packages'][0]['paths'].append('/x')", "it installs `/x`, which was not"),
        ("read", "answer['packages'][0]['paths'].pop()", "it does not install `/"),
        ("read", "answer['packages'][0]['version'] = '1 0'", "read the version"),
        ("read", "answer['packages'][0]['paths'] = ['x']", "read the path"),
        ("read", "answer['packages'][0]['time'] = 1 << 40", "read the time"),
        ("read", "answer['packages'][0]['package'] = 'other'", "its name is `other`, and `python-"),
        ("index", "answer['files'][0]['path'] = '../list'", "write `../list`"),
        ("index", "answer['files'][0]['path'] = 'collection.json'", "write `collection.json`"),
        ("index", "answer['files'][0]['path'] = 'x.bundle.tar.gz'", "write `x.bundle.tar.gz`"),
        ("index", "answer['files'][0]['path'] = 'pypi2pkg.asc'", "write `pypi2pkg.asc`"),
        ("index", "answer['files'][0]['path'] = 'recipes'", "write `recipes`"),
        ("index", "answer['files'].append(answer['files'][0])", "write `bundles.list`"),
        ("index", "answer = {}", "missing field `files`"),
        ("index", "answer['files'][0]['from'] = '/etc/passwd'", "not a file in the working folder"),
        ("index", "answer['files'][1]['compression'] = 'rar'", "the compression `rar` is not one"),
        ("index", "sys.exit('broken')", "ended with status 1: broken"),
    ];
    for (step, change, wanted) in cases {
        let place = Place::new();
        place.tamper(&format!("if step == '{step}':\n    {change}\n"));
        let found = place.build(&[]);
        assert_eq!(found.status, 1, "{step}: {change}");
        assert!(found.stderr.contains(wanted), "{step}: {change}: {}", found.stderr);
        assert!(!place.at("dist/bundles.list").exists() || step != "index", "{change}");
    }
    let place = Place::new();
    place.build(&[]);
    place.tamper("if step == 'order':\n    answer['ranks'] = []\n");
    let found = place.build(&["--release", "2", "--keep", "1"]);
    assert!(found.stderr.contains("rank another number of versions"), "{}", found.stderr);
    place.tamper("if step == 'unmet':\n    answer = {}\n");
    assert!(place.run(&["check", "dist"]).stderr.contains("missing field `unmet`"));
    place.tamper(
        "if step == 'unmet':\n    answer['unmet'] = [{'package': 'x', 'relation': 'y', 'name': 'y'}]\n",
    );
    assert!(place.run(&["check", "dist"]).stderr.contains("speak of `x`"));
}

#[test]
fn plugins_that_bring_a_format_are_checked() {
    let place = Place::new();
    let checked = place.run(&["plugin", "check", "./bundle"]);
    assert_eq!(checked.stdout, "bundle 1.0.0: nothing wrong was found\n", "{}", checked.stderr);
    let checked = place.run(&["plugin", "check", "archlinux"]);
    assert_eq!(checked.stdout, "archlinux 1.0.0: nothing wrong was found\n", "{}", checked.stderr);
    for (file, text, wanted) in [
        (
            "tamper.py",
            "if step == 'lower': answer['packages'][0]['words'] = {}",
            "bundle/recipe.hbs:4: ",
        ),
        ("templates/recipe.hbs", "{{nmae}}", "bundle/recipe.hbs:1: the context has no `nmae`"),
        ("context.csv", "packs,path,type,meaning\nbundle,x,y,z\n", "the context of `bundle`:2: "),
        ("targets/bundle.toml", "formt = 'bundle'", "`bundle.toml`, line 1: unknown key `formt`"),
        ("targets/debian-12.toml", "", "provides the target `debian-12`, which exists already"),
        ("tamper.py", "if step == 'lower': sys.exit('no')", "ended with status 1: no"),
    ] {
        let place = Place::new();
        fs::write(place.at("bundle").join(file), text).unwrap();
        let found = place.run(&["plugin", "check", "./bundle"]);
        assert!(found.stderr.contains(wanted), "{file}: {}", found.stderr);
        assert_ne!(found.status, 0);
        // One that is only installed is in nobody's way.
        let data = place.at("data/pypi2pkg/plugins");
        fs::create_dir_all(&data).unwrap();
        fs::rename(place.at("bundle"), data.join("bundle")).unwrap();
        fs::remove_file(place.at("pypi2pkg.toml")).unwrap();
        let other = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
            .args(["plan", "one", "-q", "-i", "index", "-t", "debian-12"])
            .current_dir(place.0.path())
            .env("PYPI2PKG_CACHE_DIR", place.at("cache"))
            .env("XDG_DATA_HOME", place.at("data"))
            .output()
            .unwrap();
        assert!(other.status.success() && other.stderr.is_empty(), "{file}: {other:?}");
    }
}

#[test]
fn manifests_of_formats_are_checked() {
    for (from, to, wanted) in [
        ("hooks = [\"format\"]", "hooks = [\"plan\"]", "belong together"),
        ("suffix = \".bundle.tar.gz\"", "suffix = \".deb\"", "must not end as another format"),
        ("signature = \".sig\"", "signature = \"/sig\"", "must begin with a dot"),
        ("file = \"bundles.txt\"", "file = \"../x\"", "must be a file name"),
        ("requires = \"needs\"\n", "", "the field of `requires`"),
        ("name = \"bundle\"", "name = \"deb\"", "that of a built-in format"),
        ("escape = \"shell\"", "escape = \"none\"", "unknown variant `none`"),
    ] {
        let place = Place::new();
        let path = place.at("bundle/plugin.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(&path, text.replace(from, to)).unwrap();
        let found = place.build(&[]);
        assert_eq!(found.status, 2, "{to}");
        assert!(found.stderr.contains(wanted), "{to}: {}", found.stderr);
    }
}
