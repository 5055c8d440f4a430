use std::{collections::BTreeSet, io::BufReader};

use ::rpm::{Package, PackageMetadata};

use crate::build::{
    EmbeddedRpm,
    testing::{Sample, query, system_builder, tool},
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

/// All that a header says, but for `config(NAME)`, which the crate always provides and requires
/// and rpmbuild only where a spec has automatic dependencies, and for what the crate does not write
/// (colours, classes, the platform) or writes in its own name (the source package, rpm's version).
fn facts(bytes: &[u8]) -> BTreeSet<String> {
    let package = Package::parse(&mut BufReader::new(bytes)).unwrap();
    let m: &PackageMetadata = &package.metadata;
    let mut facts = BTreeSet::from([
        format!("nevra {:?}", m.get_nevra().unwrap()),
        format!("texts {:?} {:?}", m.get_summary().unwrap(), m.get_description().unwrap()),
        format!("licence {:?} url {:?}", m.get_license().unwrap(), m.get_url().unwrap()),
        format!("group {:?} packager {:?}", m.get_group().unwrap(), m.get_packager().unwrap()),
        format!("built {:?} {:?}", m.get_build_host().unwrap(), m.get_build_time().unwrap()),
        format!("changelog {:?}", m.get_changelog_entries().unwrap()),
        format!("size {:?}", m.get_installed_size().unwrap()),
    ]);
    let relations = [
        ("provides", m.get_provides()),
        ("requires", m.get_requires()),
        ("recommends", m.get_recommends()),
        ("suggests", m.get_suggests()),
        ("conflicts", m.get_conflicts()),
        ("obsoletes", m.get_obsoletes()),
    ];
    for (kind, found) in relations {
        let found = found.unwrap();
        let compared = found.iter().filter(|relation| !relation.name.starts_with("config("));
        for (at, relation) in compared.enumerate() {
            let (name, version) = (&relation.name, &relation.version);
            facts.insert(format!("{kind} {at} {name} {:#x} {version}", relation.flags.bits()));
        }
    }
    for file in m.get_file_entries().unwrap() {
        facts.insert(format!("file {file:?}"));
    }
    facts
}

#[test]
fn the_embedded_writer_says_what_rpmbuild_says() {
    let Some(system) = system_builder("rpm", "rpmbuild") else { return };
    let sample = Sample::rpm();
    let built = facts(&sample.build(system.as_ref()).unwrap());
    let written = facts(&sample.build(&EmbeddedRpm).unwrap());
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
        a.difference(b).cloned().collect::<Vec<_>>().join("\n")
    };
    assert!(
        built == written,
        "only rpmbuild:\n{}\nonly embedded:\n{}",
        only(&built, &written),
        only(&written, &built)
    );
}

#[test]
fn an_installed_package_verifies_clean() {
    let (Some(rpm), Some(shell)) = (tool("rpm"), tool("sh")) else { return };
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root may install into another root");
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
