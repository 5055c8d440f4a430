use flate2::{Compression, write::GzEncoder};
use tar::{Builder, Header};

use super::*;

const TARGETS: [&str; 1] = ["el9"];

const PACK: &str = "name = \"acme\"\nversion = \"1.0.0\"\napi = \"^1\"\nextends = \"rpm\"\n\
                    targets = [\"el9\"]\n";

/// A member of an archive: its path, kind and text.
type TarMember<'a> = (&'a str, EntryType, &'a str);

const MANIFEST: TarMember<'static> = ("acme/pack.toml", EntryType::Regular, PACK);
const HEADER: TarMember<'static> = ("acme/header.hbs", EntryType::Regular, "# Acme\n");

/// An archive, whose paths are written as they are.
fn archive(folder: &Path, members: &[TarMember<'_>]) -> PathBuf {
    let path = folder.join("acme-1.0.tar.gz");
    let packed = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
    let mut tar = Builder::new(packed);
    for (name, kind, text) in members {
        let mut header = Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_size(text.len() as u64);
        if kind.is_symlink() || kind.is_hard_link() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        tar.append(&header, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
    path
}

fn problem(members: &[TarMember<'_>]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = archive(folder.path(), members);
    let Err(error) = NewPack::read(&path, &Packs::default()) else {
        panic!("{members:?} were read")
    };
    error.to_string().replace(&path.display().to_string(), "[]")
}

#[test]
fn a_pack_is_installed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("data");
    let readme = ("acme/README", EntryType::Regular, "Read this.\n");
    let directory = ("acme/", EntryType::Directory, "");
    let path = archive(folder.path(), &[directory, MANIFEST, HEADER, readme]);
    let new_pack = NewPack::read(&path, &Packs::default()).unwrap();
    assert_eq!(new_pack.check(&into, &TARGETS, &Packs::default()), []);
    let place = new_pack.install(&into, &Packs::default()).unwrap();
    assert_eq!(place, into.join("acme"));
    assert_eq!(fs::read_to_string(place.join("header.hbs")).unwrap(), "# Acme\n");
    assert!(place.join("README").is_file());

    // A newer version takes its place; what is gone from it goes.
    let newer = archive(folder.path(), &[MANIFEST]);
    let new_pack = NewPack::read(&newer, &Packs::default()).unwrap();
    new_pack.install(&into, &Packs::default()).unwrap();
    assert!(!place.join("header.hbs").exists());

    // So does a folder.
    let new_pack = NewPack::read(&place, &Packs::default()).unwrap();
    new_pack.install(&into, &Packs::default()).unwrap();

    fs::create_dir(into.join("rpm")).unwrap();
    fs::write(into.join("rpm/pack.toml"), "").unwrap();
    for name in ["rpm", "../data/acme", "acme/", ".", "acmee"] {
        let error = remove(&into, name, &Packs::default()).unwrap_err().to_string();
        assert_eq!(error, format!("no pack `{name}` is installed"));
    }
    assert_eq!(remove(&into, "acme", &Packs::default()).unwrap(), place);
    assert!(!place.exists());
}

#[test]
fn what_lies_in_the_place_of_a_pack_stays() {
    let folder = tempfile::tempdir().unwrap();
    let new_pack =
        NewPack::read(&archive(folder.path(), &[MANIFEST, HEADER]), &Packs::default()).unwrap();
    fs::create_dir(folder.path().join("acme")).unwrap();
    assert!(matches!(
        new_pack.install(folder.path(), &Packs::default()),
        Err(TemplateError::Exists { .. })
    ));
}

#[test]
fn hostile_archives_are_refused() {
    let text = |name| (name, EntryType::Regular, "x");
    let large = "x".repeat(SIZE_LIMIT as usize + 1);
    for (member, problem_of) in [
        (text("../header.hbs"), "has a member `../header.hbs`, which leads out of it"),
        (text("acme/../../x.hbs"), "has a member `acme/../../x.hbs`, which leads out of it"),
        (text("/etc/header.hbs"), "has a member `/etc/header.hbs`, which leads out of it"),
        (
            ("acme/x.hbs", EntryType::Symlink, ""),
            "has a member `acme/x.hbs`, which is not a regular file",
        ),
        (
            ("acme/x.hbs", EntryType::Link, ""),
            "has a member `acme/x.hbs`, which is not a regular file",
        ),
        (("acme/x", EntryType::Char, ""), "has a member `acme/x`, which is not a regular file"),
        (("acme/x", EntryType::Block, ""), "has a member `acme/x`, which is not a regular file"),
        (("acme/x", EntryType::Fifo, ""), "has a member `acme/x`, which is not a regular file"),
        (text("other/x.hbs"), "has files in several folders: `other/x.hbs`"),
        (text("acme/a/b.hbs"), "has files in several folders: `acme/a/b.hbs`"),
        (
            text("acme/a\u{1b}[m.hbs"),
            "has a file `a\\u{1b}[m.hbs`, whose name has unusual characters",
        ),
        (text("acme/header.hbs"), "has two files `header.hbs`"),
        (
            ("acme/large", EntryType::Regular, &large),
            "has a file `large` of 262145 bytes, more than 262144",
        ),
    ] {
        assert_eq!(problem(&[MANIFEST, HEADER, member]), format!("`[]` {problem_of}"));
    }
    let names: Vec<String> = (0..=FILE_LIMIT).map(|number| format!("acme/{number}")).collect();
    let many: Vec<_> = names.iter().map(|name| text(name)).collect();
    assert_eq!(problem(&many), "`[]` has more than 100 files");
    let full = "x".repeat(SIZE_LIMIT as usize);
    let heavy: Vec<_> =
        names[..20].iter().map(|name| (name.as_str(), EntryType::Regular, full.as_str())).collect();
    let found = problem(&heavy);
    assert!(found.ends_with("that breaks off"), "{found}");
}

#[test]
fn what_is_no_pack_is_refused() {
    assert_eq!(
        problem(&[HEADER]),
        "`[]` does not belong to a template pack; available: deb, deb-source, rpm, rpm-source"
    );
    let stray = ("acme/haeder.hbs", EntryType::Regular, "");
    assert_eq!(
        problem(&[MANIFEST, stray]),
        "`[]/haeder.hbs` overrides no file of the pack `rpm`: did you mean `header.hbs`?"
    );
    let folder = tempfile::tempdir().unwrap();
    let raw = ("acme/header.hbs", EntryType::Regular, "{{{name}}}");
    let new_pack =
        NewPack::read(&archive(folder.path(), &[MANIFEST, raw]), &Packs::default()).unwrap();
    let errors = new_pack.check(folder.path(), &[], &Packs::default());
    let lines: Vec<_> = errors.iter().map(|error| error.to_string()).collect();
    assert!(lines[0].ends_with("pack.toml:5: there is no target `el9`"), "{lines:#?}");
    assert!(lines[1].contains("header.hbs:1: writes raw text"), "{lines:#?}");
    fs::write(folder.path().join("text"), "no archive").unwrap();
    assert!(NewPack::read(&folder.path().join("text"), &Packs::default()).is_err());
    fs::create_dir(folder.path().join("rpm")).unwrap();
    assert!(NewPack::read(&folder.path().join("rpm"), &Packs::default()).is_err());
}

#[test]
fn packs_that_are_in_each_others_way() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("data");
    NewPack::read(&archive(folder.path(), &[MANIFEST, HEADER]), &Packs::default())
        .unwrap()
        .install(&into, &Packs::default())
        .unwrap();
    let other = PACK.replace("acme", "other");
    let other = ("acme/pack.toml", EntryType::Regular, other.as_str());
    let new_pack =
        NewPack::read(&archive(folder.path(), &[other, HEADER]), &Packs::default()).unwrap();
    let errors = new_pack.check(&into, &TARGETS, &Packs::default());
    assert!(matches!(errors[..], [TemplateError::Twice { .. }]), "{errors:?}");
}
