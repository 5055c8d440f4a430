use std::collections::{BTreeMap, BTreeSet};

use crate::{
    format::{
        build::testing::{Sample, query, system_builder},
        rpm::build::EmbeddedRpm,
    },
    support::tools::{skip, tool},
};

const FILE: &str = "python3-sample-1.0-1.fc43.noarch.rpm";

#[test]
fn the_same_job_gives_the_same_bytes() {
    let (one, other) = (Sample::rpm(), Sample::rpm());
    assert_ne!(one.wheel, other.wheel);
    assert!(one.build(&EmbeddedRpm).unwrap() == other.build(&EmbeddedRpm).unwrap());
    let Some(system) = system_builder("rpm", "rpmbuild") else { return };
    assert!(one.build(system.as_ref()).unwrap() == other.build(system.as_ref()).unwrap());
}

#[test]
fn every_compression_passes_the_checks_of_rpm() {
    let Some(rpm) = tool("rpm") else { return };
    let mut sample = Sample::rpm();
    for compression in ["zstd:3", "zstd:19", "xz:2", "gzip:9", "none"] {
        sample.native.compression = compression.to_owned();
        let package = sample.build(&EmbeddedRpm).unwrap();
        let checked = query(&rpm, &["-Kv", FILE], FILE, &package);
        assert!(checked.contains("Payload SHA256 digest: OK"), "{compression}: {checked}");
        let listed = query(
            &rpm,
            &["-qp", "--qf", "%{NEVR} %{ARCH} %{PAYLOADCOMPRESSOR}:%{PAYLOADFLAGS}", FILE],
            FILE,
            &package,
        );
        let wanted = compression.replace("none", "(none):");
        assert_eq!(listed, format!("python3-sample-1.0-1.fc43 noarch {wanted}"));
    }
}

/// The tags in which the two builders' packages differ, and why.
const DIFFERENT: [(&str, u32, &str); 11] = [
    ("signature", 62, "leads back over another number of tags"),
    ("signature", 269, "SHA-1 of the header: SHA-256 stands beside it"),
    ("signature", 273, "digest of a header that differs"),
    ("signature", 1000, "the size of a header that differs"),
    ("signature", 1004, "MD5 of all: machines in FIPS mode cannot check it, no rpm here needs it"),
    ("header", 63, "leads back over another number of tags"),
    ("header", 1064, "names what wrote the package"),
    ("header", 1140, "colours: which of two word sizes a library has, on machines with both"),
    ("header", 1141, "classes, as this machine's libmagic calls them; only linters look at them"),
    ("header", 1142, "names of the classes"),
    ("header", 5092, "depends on the compressor's version; 5097 is that of the plain payload"),
];

/// Type, count and data of each tag of both headers, and the payload's plain bytes.
fn tags(bytes: &[u8]) -> BTreeMap<(&'static str, u32), String> {
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let mut found = BTreeMap::new();
    let mut at = 96;
    for part in ["signature", "header"] {
        let (count, size) = (number(at + 8), number(at + 12));
        let data = at + 16 + 16 * count;
        for entry in (at + 16..data).step_by(16) {
            let (tag, kind) = (number(entry) as u32, number(entry + 4));
            let (offset, count) = (data + number(entry + 8), number(entry + 12));
            let length = match kind {
                3 => 2 * count,
                4 => 4 * count,
                7 => count,
                _ => {
                    let texts = bytes[offset..].split_inclusive(|byte| *byte == 0).take(count);
                    texts.map(<[u8]>::len).sum()
                }
            };
            let value = bytes[offset..offset + length].escape_ascii();
            found.insert((part, tag), format!("type {kind}, {count}: {value}"));
        }
        at = (data + size).next_multiple_of(8 - 7 * usize::from(part == "header"));
    }
    found.insert(("lead", 0), bytes[..96].escape_ascii().to_string());
    found
}

#[test]
fn the_embedded_writer_says_what_rpmbuild_says() {
    let Some(system) = system_builder("rpm", "rpmbuild") else { return };
    let sample = Sample::rpm();
    let built = tags(&sample.build(system.as_ref()).unwrap());
    let written = tags(&sample.build(&EmbeddedRpm).unwrap());
    let all: BTreeSet<_> = built.keys().chain(written.keys()).collect();
    let known = |tag: &(&str, u32)| DIFFERENT.iter().any(|(p, t, _)| (*p, *t) == *tag);
    let differing =
        all.into_iter().filter(|tag| !known(tag) && built.get(*tag) != written.get(*tag));
    let shown: Vec<String> = differing
        .map(|tag| format!("{tag:?}:\n  {:?}\n  {:?}", built.get(tag), written.get(tag)))
        .collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
    assert!(written.len() > 50, "{}", written.len());
}

#[test]
fn features_of_rpm_are_required_as_rpmbuild_requires_them() {
    let Some(system) = system_builder("rpm", "rpmbuild") else { return };
    let mut sample = Sample::rpm();
    let spec = sample.recipe.files.get_mut("python3-sample.spec").unwrap();
    let kept = |line: &&str| !line.contains("1.0~rc1") && !line.contains("^post1");
    spec.text = spec.text.lines().filter(kept).map(|line| format!("{line}\n")).collect();
    sample.native.relations.retain(|relation| kept(&relation.text.as_str()));
    let required = |bytes: &[u8]| tags(bytes)[&("header", 1049)].clone();
    let built = required(&sample.build(system.as_ref()).unwrap());
    assert!(built.contains("rpmlib(TildeInVersions)"), "{built}");
    assert_eq!(required(&sample.build(&EmbeddedRpm).unwrap()), built);
}

#[test]
fn files_come_from_several_wheels_and_have_their_owners() {
    let Some(rpm) = tool("rpm") else { return };
    let package = Sample::rpm().with_a_second_wheel().build(&EmbeddedRpm).unwrap();
    let format =
        "[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILESIZES} %{FILENAMES}\n]";
    let listed = query(&rpm, &["-qp", "--qf", format, FILE], FILE, &package);
    assert!(listed.contains("-rw-r----- games:daemon 10 /opt/sample/other.py\n"), "{listed}");
    assert!(
        listed.contains(
            "-rw-r--r-- root:root 10 /usr/lib/python3.13/site-packages/sample/__init__.py\n"
        ),
        "{listed}"
    );
}

#[test]
fn an_installed_package_verifies_clean() {
    let (Some(rpm), Some(shell)) = (tool("rpm"), tool("sh")) else { return };
    if !rustix::process::geteuid().is_root() {
        skip("only root may install into another root");
        return;
    }
    let package = Sample::rpm().build(&EmbeddedRpm).unwrap();
    let script = format!(
        "set -e; mkdir root; rpm=\"{} --root $PWD/root --dbpath /db\"; $rpm --initdb; \
         $rpm -i --nodeps {FILE}; $rpm -V --nodeps python3-sample; \
         $rpm -qf /usr/lib/python3.13/site-packages/sample/sub",
        rpm.display()
    );
    let said = query(&shell, &["-c", &script], FILE, &package);
    assert_eq!(said, "python3-sample-1.0-1.fc43.noarch\n");
}

#[test]
fn a_sandbox_changes_no_byte() {
    let Some((open, confined)) = crate::format::build::testing::both_ways("rpm", "rpmbuild") else {
        return;
    };
    let sample = Sample::rpm();
    assert_eq!(sample.build(&*open).unwrap(), sample.build(&*confined).unwrap());
}
