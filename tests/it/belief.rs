//! What lies in caches, indexes and folders is not believed.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    Run, build::contents, project::project, run, support::tools::have, support::wheel::Wheel,
};

/// What becomes of a file, and a name for it.
type Change<'c> = (&'static str, &'c dyn Fn(&Path));

fn done(folder: &Path, arguments: &[&str]) -> Run {
    let found = run(folder, arguments);
    assert_eq!(found.status, 0, "{arguments:?}\n{}", found.stderr);
    found
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_wheel_is_what_its_sdist_states_for_good() {
    if !have(&["python3", "bwrap"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    mode(at, 0o755);
    Wheel { project: "good", ..Wheel::default() }.write(&at.join("index"));
    Wheel { project: "evil", ..Wheel::default() }.write(&at.join("index"));
    for (requires, status) in [("good", 0), ("evil", 1)] {
        let source = at.join(requires);
        project(&source, "mine", &[requires]);
        let text = "Metadata-Version: 2.2\nName: mine\nVersion: 1.0\nRequires-Dist: good\n";
        fs::write(source.join("PKG-INFO"), text).unwrap();
        let file = fs::File::create(at.join("index/mine-1.0.tar.gz")).unwrap();
        let mut archive =
            tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
        archive.append_dir_all("mine-1.0", &source).unwrap();
        archive.into_inner().unwrap().finish().unwrap();
        let found = run(at, &["build", "mine", "-q", "-t", "debian-12", "-i", "index"]);
        assert_eq!(found.status, status, "{}", found.stderr);
        let told = found.stderr.contains("it requires `evil`, not `good`");
        assert_eq!(told, status == 1, "{}", found.stderr);
    }
}

#[test]
fn byte_code_of_the_cache_is_that_which_was_compiled() {
    if !have(&["python3.11"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    Wheel { project: "two", ..Wheel::default() }.write(&at.join("index"));
    let build = |output: &str| {
        let options = ["--python", "3.11", "--bytecode", "compile", "--builder", "embedded"];
        let common = ["build", "one", "two", "-q", "-t", "el9", "-i", "index", "-o", output];
        done(at, &[&common[..], &options].concat());
        let mut files = contents(&at.join(output));
        files.retain(|name, _| name.ends_with(".rpm"));
        files
    };
    let first = build("first");
    let kept = || {
        let files = walkdir::WalkDir::new(at.join("cache/bytecode")).into_iter().flatten();
        let files = files.map(walkdir::DirEntry::into_path);
        files.filter(|path| path.extension().is_some_and(|e| e == "pyc")).collect::<Vec<_>>()
    };
    assert!(kept().len() >= 2, "{:?}", kept());
    let foreign = fs::read(&kept()[0]).unwrap();
    let changes: [Change<'_>; 3] = [
        ("flipped", &|path| {
            let mut bytes = fs::read(path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(path, bytes).unwrap();
        }),
        ("cut", &|path| fs::write(path, &fs::read(path).unwrap()[..20]).unwrap()),
        ("foreign", &|path| fs::write(path, &foreign).unwrap()),
    ];
    for (name, change) in changes {
        kept().iter().for_each(|path| change(path));
        assert_eq!(build(name), first, "{name}");
    }
}

#[test]
fn what_others_built_is_left_out_and_what_changed_is_built_again() {
    for (target, one, other, package) in [
        ("debian-12", "python3-one_1.0-1_all.deb", "python3-other_1.0-1_all.deb", ".deb"),
        (
            "fedora-43",
            "python3-one-1.0-1.fc43.noarch.rpm",
            "python3-other-1.0-1.fc43.noarch.rpm",
            ".rpm",
        ),
        (
            "archlinux",
            "python-one-1.0-1-any.pkg.tar.zst",
            "python-other-1.0-1-any.pkg.tar.zst",
            ".zst",
        ),
    ] {
        if target == "archlinux" && !have(&["python3"]) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel::default().write(&at.join("index"));
        Wheel { project: "other", ..Wheel::default() }.write(&at.join("index"));
        let build = |project: &str, output: &str| {
            let options = ["-q", "-t", target, "-i", "index", "--builder", "embedded"];
            done(at, &[&["build", project, "-o", output], &options[..]].concat())
        };
        build("one", "dist");
        build("other", "elsewhere");
        let whole = fs::read(at.join("dist").join(one)).unwrap();
        fs::copy(at.join("elsewhere").join(other), at.join("dist").join(other)).unwrap();
        let found = build("one", "dist");
        let warning = format!("`dist/{other}` was not built here: it is left out of the metadata");
        assert!(found.stderr.contains(&warning), "{target}: {}", found.stderr);
        let mut metadata = contents(&at.join("dist"));
        metadata.retain(|name, _| !name.ends_with(package) && !name.starts_with("recipes"));
        for (name, bytes) in metadata {
            let text = if name.ends_with(".gz") {
                let mut text = String::new();
                let mut reader = flate2::read::GzDecoder::new(&bytes[..]);
                let _ = std::io::Read::read_to_string(&mut reader, &mut text);
                text
            } else {
                String::from_utf8_lossy(&bytes).into_owned()
            };
            assert!(!text.contains("python3-other") && !text.contains("python-other"), "{name}");
        }
        fs::remove_file(at.join("dist").join(other)).unwrap();

        let mut bytes = whole.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(at.join("dist").join(one), bytes).unwrap();
        let found = build("one", "dist");
        assert_eq!(found.stderr, "", "{target}");
        assert_eq!(fs::read(at.join("dist").join(one)).unwrap(), whole, "{target}");
    }
}

#[test]
fn modes_are_those_that_the_umask_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    for (target, builder) in [
        ("debian-12", "embedded"),
        ("debian-12", "system"),
        ("fedora-43", "embedded"),
        ("fedora-43", "system"),
    ] {
        let tool = if target == "debian-12" { "dpkg-deb" } else { "rpmbuild" };
        if builder == "system" && !have(&[tool]) {
            continue;
        }
        for mask in ["022", "027", "077", "002"] {
            let output = format!("{target}-{builder}-{mask}");
            let cache = at.join(format!("cache-{output}"));
            let script = format!("umask {mask}; exec \"$@\"");
            let status = Command::new("sh")
                .args(["-c", &script, "sh", env!("CARGO_BIN_EXE_pypi2pkg"), "build", "one", "-q"])
                .args(["-t", target, "-i", "index", "--builder", builder, "-o", &output])
                .current_dir(at)
                .env_clear()
                .env("PATH", "/usr/bin:/bin")
                .env("PYPI2PKG_CACHE_DIR", &cache)
                .stdin(Stdio::null())
                .status()
                .unwrap();
            assert!(status.success(), "{output}");
            let taken = u32::from_str_radix(mask, 8).unwrap();
            for entry in walkdir::WalkDir::new(at.join(&output)) {
                let entry = entry.unwrap();
                let found = entry.metadata().unwrap().mode() & 0o777;
                let wanted = if entry.file_type().is_dir() { 0o755 } else { 0o644 };
                let fits = [wanted, 0o755].iter().any(|wanted| found == wanted & !taken);
                assert!(fits, "{}: {found:o}", entry.path().display());
            }
            for entry in walkdir::WalkDir::new(&cache).into_iter().flatten() {
                let found = entry.metadata().unwrap().mode() & 0o077;
                assert_eq!(found, 0, "{}", entry.path().display());
            }
        }
    }
}

#[test]
fn a_cache_that_others_can_write_to_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    fs::create_dir(at.join("cache")).unwrap();
    fs::write(at.join("cache/notes"), "somebody's own").unwrap();
    mode(&at.join("cache"), 0o777);
    let found = done(at, &["plan", "one", "-q", "-t", "archlinux", "-i", "index"]);
    assert!(
        found.stderr.contains("warning: the cache `[FOLDER]/cache` is not used: "),
        "{}",
        found.stderr
    );
    assert_eq!(contents(&at.join("cache")).len(), 1);
}

#[test]
fn plain_http_needs_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let ask = |more: &[&str]| {
        let common =
            ["resolve", "one", "-q", "-t", "debian-12", "-i", "http://index.invalid/simple"];
        let found = run(at, &[&common[..], more].concat());
        assert_eq!(found.status, 1);
        found.stderr
    };
    assert_eq!(
        ask(&[]),
        "error: `http://index.invalid/simple` is refused: plain HTTP is not encrypted\n\
         hint: use `https://`, or allow it with `--trusted-host index.invalid`\n"
    );
    assert!(ask(&["--trusted-host", "index.invalid"]).contains("cannot reach"));
    fs::write(at.join("r.txt"), "--trusted-host index.invalid\ntwo\n").unwrap();
    assert!(ask(&["-r", "r.txt"]).contains("cannot reach"));
    fs::write(at.join("pypi2pkg.toml"), "trusted-hosts = ['index.invalid:80']\n").unwrap();
    assert!(ask(&[]).contains("cannot reach"));
}
