//! Packages for Arch Linux, which a plugin makes: as pacman, repo-add and makepkg take them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::signed::key;
use crate::tools::{build_with, files, have, output, privileged, run, tree};

/// What stands for the interpreter, which is not in the root.
const PYTHON: &str = "python=3.14.3";
/// Nobody's user and group.
const NOBODY: &str = "65534";

/// A pacman with a root of its own, for which the collection is the only repository.
struct Root {
    folder: PathBuf,
}

impl Root {
    fn new(work: &Path, collection: &Path) -> Self {
        let root = Self { folder: work.join("arch") };
        for folder in ["root", "db", "cache", "keys"] {
            fs::create_dir_all(root.folder.join(folder)).expect("the work folder is writable");
        }
        let section = fs::read_to_string(collection.join("pypi2pkg.conf"))
            .expect("it was written")
            .replace("https://packages.example", &format!("file://{}", collection.display()));
        let configuration = format!("[options]\nArchitecture = x86_64\n{section}");
        fs::write(root.folder.join("pacman.conf"), configuration).expect("the folder is writable");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(root.folder.join("keys"), mode).expect("the folder is ours");
        root
    }

    fn pacman(&self) -> Command {
        let at = |name: &str| self.folder.join(name).display().to_string();
        let mut command = Command::new("pacman");
        command
            .env("LC_ALL", "C.UTF-8")
            .args(["--noconfirm", "--config", &at("pacman.conf"), "--root", &at("root")])
            .args(["--dbpath", &at("db"), "--cachedir", &at("cache"), "--gpgdir", &at("keys")])
            .args(["--logfile", &at("log")]);
        command
    }

    /// The same, which installs.
    fn sync(&self, words: &[&str]) -> Command {
        let mut command = self.pacman();
        command.args(words).args(["--assume-installed", PYTHON]);
        command
    }

    /// Trusts the key that lies beside the packages.
    fn trust(&self, collection: &Path, fingerprint: &str) {
        let keys = self.folder.join("keys");
        let gpg = || {
            let mut command = Command::new("gpg");
            command.arg("--homedir").arg(&keys).arg("--batch");
            command
        };
        run(gpg().arg("--import").arg(collection.join("pypi2pkg.asc")));
        let trust = self.folder.join("trust");
        fs::write(&trust, format!("{fingerprint}:6:\n")).expect("the folder is writable");
        run(gpg().arg("--import-ownertrust").arg(trust));
    }
}

#[test]
fn pacman_installs_upgrades_and_removes_signed_packages() {
    if !privileged() || !have(&["pacman", "gpg", "gpgconf", "python3"]) {
        return;
    }
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    let fingerprint = key(work.path());
    let secret = work.path().join("key.asc").display().to_string();
    let build = |options: &[&str]| {
        let own = ["--sign-key", secret.as_str()];
        build_with(work.path(), "archlinux", "embedded", &[&own[..], options].concat())
    };
    let collection = build(&[]);
    let root = Root::new(work.path(), &collection);
    // Nobody is trusted yet.
    assert!(!output(&mut root.sync(&["-Sy"])).status.success());
    root.trust(&collection, &fingerprint);
    run(&mut root.sync(&["-Sy", "python-requests"]));
    let installed = run(root.pacman().arg("-Q"));
    assert_eq!(installed.lines().count(), 5, "{installed}");
    let checked = run(root.pacman().arg("-Qkk"));
    assert_eq!(checked.matches(" 0 altered files").count(), 5, "{checked}");
    let site = root.folder.join("root/usr/lib/python3.14/site-packages");
    let import = "import idna, requests; print(requests.__version__, idna.__file__)";
    let imported = run(Command::new("python3").env("PYTHONPATH", &site).args(["-c", import]));
    assert!(imported.starts_with("2.32.3 ") && imported.contains("/arch/root/"), "{imported}");

    build(&["--release", "2", "--keep", "1"]);
    assert_eq!(files(&collection, "sig").len(), 5 + 2, "of packages and of both databases");
    run(&mut root.sync(&["-Syu"]));
    let upgraded = run(root.pacman().arg("-Q"));
    assert!(upgraded.lines().all(|line| line.ends_with("-2")), "{upgraded}");
    run(root.pacman().args(["-Rs", "python-requests"]));
    assert_eq!(tree(&site), BTreeSet::new());

    for name in ["python-idna", "pypi2pkg.db"] {
        let found = fs::read_dir(&collection).expect("it is readable").flatten();
        let path = found.map(|entry| entry.path()).find(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file.starts_with(name) && !file.ends_with(".sig")
        });
        let path = path.expect("it is there");
        let whole = fs::read(&path).expect("it is readable");
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        fs::write(&path, changed).expect("it is writable");
        fs::remove_dir_all(root.folder.join("cache")).expect("it is ours");
        fs::create_dir(root.folder.join("cache")).expect("it is ours");
        assert!(!output(&mut root.sync(&["-Syy", "python-idna"])).status.success(), "{name}");
        fs::write(&path, whole).expect("it is writable");
    }
    run(&mut root.sync(&["-Syy", "python-idna"]));
    let stop = Command::new("gpgconf")
        .arg("--homedir")
        .arg(root.folder.join("keys"))
        .args(["--kill", "all"])
        .status();
    assert!(stop.is_ok_and(|status| status.success()));
}

#[test]
fn signatures_follow_the_packages_and_others_stay() {
    if !have(&["gpg", "gpgconf", "zstd"]) {
        return;
    }
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    key(work.path());
    let secret = work.path().join("key.asc").display().to_string();
    let collection = build_with(work.path(), "archlinux", "embedded", &["--sign-key", &secret]);
    let package = files(&collection, "zst").remove(0);
    let signature = format!("{}.sig", package.display());
    let verify = || {
        let mut gpg = Command::new("gpg");
        gpg.env("GNUPGHOME", work.path().join("gnupg")).args(["--batch", "--verify", &signature]);
        output(gpg.arg(&package)).status.success()
    };
    assert!(verify());
    // The same package, compressed otherwise.
    let other = work.path().join("other");
    run(Command::new("zstd").args(["-dq", "-o"]).arg(&other).arg(&package));
    run(Command::new("zstd").args(["-qf", "-1", "-o"]).arg(&package).arg(&other));
    fs::write(collection.join("mine.sig"), "mine").expect("it is writable");
    assert!(!verify());
    run(Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
        .args(["repo", "--sign-key", &secret])
        .arg(&collection)
        .env("HOME", work.path()));
    assert!(verify());
    assert!(collection.join("mine.sig").exists());
}

/// What a database says: the text of each file, without what the formats of 2026 leave out.
fn database(path: &Path, unpacked: &Path) -> BTreeMap<PathBuf, Vec<String>> {
    fs::create_dir(unpacked).expect("the work folder is writable");
    run(Command::new("bsdtar").arg("-xf").arg(path).arg("-C").arg(unpacked));
    let files = walkdir::WalkDir::new(unpacked).into_iter().map(|entry| entry.expect("readable"));
    let files = files.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let text = fs::read_to_string(entry.path()).expect("it is a text");
            let sections = text.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
            let sections = sections.filter(|text| !text.starts_with("%MD5SUM%"));
            let inside = entry.path().strip_prefix(unpacked).expect("it lies there");
            (inside.to_owned(), sections.map(str::to_owned).collect())
        })
        .collect()
}

#[test]
fn databases_say_what_those_of_repo_add_say() {
    if !have(&["repo-add", "bsdtar", "vercmp"]) {
        return;
    }
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    let collection = build_with(work.path(), "archlinux", "embedded", &[]);
    let theirs = work.path().join("theirs");
    fs::create_dir(&theirs).expect("the work folder is writable");
    for package in files(&collection, "zst") {
        let to = theirs.join(package.file_name().expect("packages have names"));
        fs::copy(&package, to).expect("the folder is writable");
    }
    run(Command::new("repo-add").arg(theirs.join("theirs.db.tar.gz")).args(files(&theirs, "zst")));
    for kind in ["db", "files"] {
        let at = |name: &str| work.path().join(format!("{name}-{kind}"));
        let ours = database(&collection.join(format!("pypi2pkg.{kind}")), &at("ours"));
        assert_eq!(ours, database(&theirs.join(format!("theirs.{kind}.tar.gz")), &at("theirs")));
        assert_eq!(ours.len(), if kind == "db" { 5 } else { 10 });
    }
}

/// The members of a package, with their modes, times, sizes and digests; without what makepkg says of
/// itself.
fn listed(package: &Path) -> BTreeSet<String> {
    let keywords = "!all,type,mode,size,time,link,sha256";
    let text = run(Command::new("bsdtar")
        .args(["-cf", "-", "--format=mtree", "--options", keywords])
        .arg(format!("@{}", package.display())));
    let own = |line: &&str| {
        let names = [".PKGINFO", ".MTREE", ".BUILDINFO"];
        !names.iter().any(|name| line.trim_start_matches("./").starts_with(name))
    };
    text.lines().filter(own).map(str::to_owned).collect()
}

#[test]
fn makepkg_makes_the_same_packages_of_recipes() {
    if !privileged() || !have(&["makepkg", "bsdtar", "fakeroot", "setpriv"]) {
        return;
    }
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    let work = work.path();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(work, open).expect("the folder is ours");
    let collection = build_with(work, "archlinux", "embedded", &[]);
    let manifest = fs::read(collection.join("collection.json")).expect("it was written");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("it is JSON");
    for name in ["python-idna", "python-charset-normalizer"] {
        let packages = manifest["packages"].as_array().expect("it has packages");
        let record = packages.iter().find(|record| record["package"] == name).expect("it is there");
        let recipe = work.join(name);
        run(Command::new("cp").arg("-r").arg(collection.join("recipes").join(name)).arg(&recipe));
        let wheel = record["source"]["filename"].as_str().expect("a text");
        let index = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/index");
        let found = walkdir::WalkDir::new(index).into_iter().flatten();
        let found = found.map(walkdir::DirEntry::into_path).find(|path| path.ends_with(wheel));
        fs::copy(found.expect("the index has it"), recipe.join(wheel)).expect("it is writable");
        run(Command::new("chown").args(["-R", NOBODY]).arg(&recipe));
        let ours = collection.join(record["file"].as_str().expect("a text"));
        let about = run(Command::new("bsdtar").arg("-xOf").arg(&ours).arg(".PKGINFO"));
        let time = about.lines().find_map(|line| line.strip_prefix("builddate = "));
        run(Command::new("setpriv")
            .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"])
            .args(["makepkg", "--nodeps", "--skippgpcheck", "--holdver"])
            .current_dir(&recipe)
            .env("HOME", &recipe)
            .env("PKGEXT", ".pkg.tar")
            .env("SOURCE_DATE_EPOCH", time.expect("it has a time")));
        let theirs = files(&recipe, "tar");
        assert_eq!(listed(&ours), listed(&theirs[0]), "{name}");
        assert!(listed(&ours).len() > 10, "{name}");
    }
}

/// A verb that works on the recorded index, and writes into a folder of its own name.
fn pypi2pkg(work: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"));
    command
        .args(arguments)
        .args(["-q", "--index-url", "tests/data/index", "--cache-dir"])
        .arg(work.join("cache"))
        .arg("-o")
        .arg(work.join(arguments[0]))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("HOME", work);
    command
}

#[test]
fn edited_recipes_say_what_a_package_is() {
    if !privileged() || !have(&["makepkg", "bsdtar", "fakeroot", "setpriv", "pacman"]) {
        return;
    }
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    let work = work.path();
    let pypi2pkg = |arguments: &[&str]| run(&mut pypi2pkg(work, arguments));
    pypi2pkg(&["render", "idna", "--target", "archlinux"]);
    let recipe = work.join("render/idna/PKGBUILD");
    let text = fs::read_to_string(&recipe).expect("it was written");
    let edited = text.lines().map(|line| {
        if line.starts_with("pkgdesc=") {
            "pkgdesc='Names for hosts'\n".to_owned()
        } else {
            format!("{line}\n")
        }
    });
    fs::write(&recipe, edited.collect::<String>()).expect("it is writable");
    let recipes = work.join("render").display().to_string();
    pypi2pkg(&["build", &recipes]);
    let package = files(&work.join("build"), "zst");
    let about = run(Command::new("pacman").arg("-Qip").arg(&package[0]).env("LC_ALL", "C.UTF-8"));
    assert!(about.contains("Names for hosts"), "{about}");
}

/// Writes a wheel with modules whose names are options of `sed`, and commands for it.
const HOSTILE_WHEEL: &str = r##"
import base64, hashlib, sys, zipfile

members = {
    "evil/__init__.py": "",
    "-e1e touch ran;#.py": "#!/usr/bin/python\nONE = 1\n",
    "-i.py": "#!/usr/bin/python\nTWO = 2\n",
    "evil-1.0.data/scripts/evil": "#!python\nprint(3)\n",
    "evil-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n"
        "Summary: %DEPENDS%\nLicense: MIT\n\nA description of this.\n",
    "evil-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "evil-1.0.dist-info/LICENSE": "one\n",
    "evil-1.0.dist-info/licenses/LICENSE": "two\n",
    "evil-1.0.dist-info/notice.txt": "three\n",
    "evil-1.0.dist-info/licenses/notice.txt": "four\n",
}
record = "".join(
    f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},{len(text)}\n"
    for name, text in members.items()
)
members["evil-1.0.dist-info/RECORD"] = record + "evil-1.0.dist-info/RECORD,,\n"
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    for name, text in members.items():
        wheel.writestr(name, text)
"##;

#[test]
fn names_in_wheels_are_no_options_of_the_tools_in_recipes() {
    if !privileged() || !have(&["makepkg", "bsdtar", "pacman", "rpmbuild", "rpm", "unzip"]) {
        return;
    }
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    let work = work.path();
    let wheels = work.join("wheels");
    fs::create_dir(&wheels).expect("the work folder is writable");
    let wheel = wheels.join("evil-1.0-py3-none-any.whl");
    run(Command::new("python3").args(["-c", HOSTILE_WHEEL]).arg(wheel));
    let pypi2pkg = |arguments: &[&str], folder: &str| {
        run(Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
            .args(arguments)
            .args(["-q", "--no-index", "--find-links"])
            .arg(&wheels)
            .arg("--cache-dir")
            .arg(work.join("cache"))
            .arg("-o")
            .arg(work.join(folder))
            .env("HOME", work));
        work.join(folder)
    };
    let rpm = pypi2pkg(&["build", "evil", "-t", "fedora-43", "--builder", "system"], "rpm");
    let listed = run(Command::new("rpm").arg("-qlp").args(files(&rpm, "rpm")));
    assert!(listed.contains("/-e1e touch ran;#.py\n"), "{listed}");
    assert!(!listed.contains("/ran\n"), "{listed}");

    let rendered = pypi2pkg(&["render", "evil", "-t", "archlinux"], "recipes");
    let recipe = rendered.join("evil/PKGBUILD");
    let edited = fs::read_to_string(&recipe).expect("it was written") + "# mine\n";
    fs::write(&recipe, edited).expect("it is writable");
    let made = pypi2pkg(&["build", &rendered.display().to_string()], "edited");
    let ours = pypi2pkg(&["build", "evil", "-t", "archlinux"], "arch");
    let (made, ours) = (files(&made, "zst").remove(0), files(&ours, "zst").remove(0));
    assert_eq!(listed_names(&ours), listed_names(&made));
    assert!(listed_names(&ours).contains("usr/share/licenses/python-evil/licenses/LICENSE"));
    let about = run(Command::new("pacman").arg("-Qip").arg(&ours).env("LC_ALL", "C.UTF-8"));
    assert!(about.contains(": | %DEPENDS%\n"), "{about}");
}

/// The members of a package beside those that makepkg writes of itself.
fn listed_names(package: &Path) -> BTreeSet<String> {
    let text = run(Command::new("bsdtar").arg("-tf").arg(package));
    text.lines().filter(|name| !name.starts_with('.')).map(str::to_owned).collect()
}

#[test]
fn what_a_changed_recipe_runs_is_confined() {
    if !privileged() || !have(&["makepkg", "bwrap", "fakeroot"]) {
        return;
    }
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    let work = work.path();
    let pypi2pkg = |arguments: &[&str]| pypi2pkg(work, arguments);
    run(&mut pypi2pkg(&["render", "idna", "--target", "archlinux"]));
    let recipe = work.join("render/idna/PKGBUILD");
    let secret = work.join("secret");
    fs::write(&secret, "").expect("it is writable");
    let text = fs::read_to_string(&recipe).expect("it was written");
    let look = format!(
        "package() {{\n  test ! -e {} && touch \"$pkgdir/hidden\"\n  \
         test \"$(grep -c : /proc/net/dev)\" -le 1 && touch \"$pkgdir/alone\"\n",
        secret.display()
    );
    fs::write(&recipe, text.replace("package() {\n", &look)).expect("it is writable");
    let recipes = work.join("render").display().to_string();
    let said = output(&mut pypi2pkg(&["build", &recipes]));
    let stderr = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success() && !stderr.contains("nothing confines"), "{stderr}");
    let package = files(&work.join("build"), "zst").remove(0);
    let names = listed_names(&package);
    assert!(names.contains("hidden") && names.contains("alone"), "{names:?}");
}
