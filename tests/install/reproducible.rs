//! The same bytes whoever builds, when and where.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{BUILDERS, have, privileged, run, tree};

/// Every file of a folder, with its content. Who may read them is what the umask says.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = tree(folder).into_iter().filter(|path| folder.join(path).is_file());
    let read = |path: &PathBuf| std::fs::read(folder.join(path)).expect("the file is readable");
    paths.map(|path| (path.clone(), read(&path))).collect()
}

/// What a build must not depend on.
struct Surroundings {
    user: &'static str,
    umask: &'static str,
    zone: &'static str,
    locale: &'static str,
    host: &'static str,
    folder: &'static str,
    jobs: &'static str,
}

const HERE: Surroundings = Surroundings {
    user: "0",
    umask: "022",
    zone: "UTC",
    locale: "C",
    host: "here",
    folder: "a",
    jobs: "1",
};

const THERE: Surroundings = Surroundings {
    user: "65534",
    umask: "077",
    zone: "Pacific/Auckland",
    locale: "tr_TR.UTF-8",
    host: "there",
    folder: "another/folder with spaces/and 100%",
    jobs: "4",
};

fn built(
    work: &Path,
    target: &str,
    builder: &str,
    around: &Surroundings,
) -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = work.join(around.folder);
    std::fs::create_dir_all(folder.join("tmp")).expect("the work folder is writable");
    run(Command::new("chown").args(["-R", around.user]).arg(&folder));
    let script = "umask $1; hostname $2; \
                  exec setpriv --reuid $3 --regid $3 --clear-groups -- $4 build requests==2.32.3 \
                  -q -t $5 --builder $6 -j $7 --index-url $8 --cache-dir cache -o out";
    run(Command::new("unshare")
        .args(["--uts", "sh", "-c", script, "sh", around.umask, around.host, around.user])
        .arg(work.join("pypi2pkg"))
        .args([target, builder, around.jobs])
        .arg(work.join("index"))
        .current_dir(&folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", &folder)
        .env("TMPDIR", folder.join("tmp"))
        .env("TZ", around.zone)
        .env("LC_ALL", around.locale));
    contents(&folder.join("out"))
}

/// Whether a file states when the metadata were made: besides, it names files that are compared.
fn is_dated(path: &Path) -> bool {
    path.ends_with("repomd.xml") || path.ends_with("Release")
}

#[test]
fn no_surroundings_change_a_byte() {
    if !privileged() || !have(&["unshare", "setpriv", "hostname", "rpmbuild", "dpkg-deb"]) {
        return;
    }
    let work = tempfile::tempdir().expect("the temporary folder is writable");
    let work = work.path();
    // All users have to reach them.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(work, open).expect("the folder is ours");
    std::fs::copy(env!("CARGO_BIN_EXE_pypi2pkg"), work.join("pypi2pkg")).expect("it is readable");
    let index = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/index");
    run(Command::new("cp").arg("-r").arg(index).arg(work.join("index")));
    for target in ["fedora-43", "debian-12"] {
        for builder in BUILDERS {
            let (here, there) =
                (built(work, target, builder, &HERE), built(work, target, builder, &THERE));
            assert!(here.len() > 20, "{target} {builder}: {}", here.len());
            let differing: Vec<&PathBuf> = here
                .keys()
                .chain(there.keys())
                .filter(|path| !is_dated(path) && here.get(*path) != there.get(*path))
                .collect();
            assert!(differing.is_empty(), "{target} {builder}: {differing:?}");
            for around in [HERE, THERE] {
                let out = work.join(around.folder).join("out");
                std::fs::remove_dir_all(out).expect("the folder is ours");
            }
        }
    }
}
