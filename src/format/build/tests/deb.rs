use crate::{
    format::{
        build::testing::{Sample, output, query, system_builder},
        deb::build::EmbeddedDeb,
    },
    support::tools::tool,
};

const FILE: &str = "python3-sample_1.0-1_all.deb";

#[test]
fn the_same_job_gives_the_same_bytes() {
    let (one, other) = (Sample::deb(), Sample::deb());
    assert_ne!(one.wheel, other.wheel);
    assert!(one.build(&EmbeddedDeb).unwrap() == other.build(&EmbeddedDeb).unwrap());
    let Some(system) = system_builder("deb", "dpkg-deb") else { return };
    assert!(one.build(system.as_ref()).unwrap() == other.build(system.as_ref()).unwrap());
}

#[test]
fn both_builders_write_the_same_archives() {
    let Some(system) = system_builder("deb", "dpkg-deb") else { return };
    let Some(dpkg) = tool("dpkg-deb") else { return };
    let mut sample = Sample::deb();
    for compression in ["xz:6", "xz:0", "gzip:9", "zstd:3", "none"] {
        sample.native.compression = compression.to_owned();
        let built = sample.build(system.as_ref()).unwrap();
        let written = sample.build(&EmbeddedDeb).unwrap();
        for archive in ["--ctrl-tarfile", "--fsys-tarfile"] {
            let of = |package: &[u8]| output(&dpkg, &[archive, FILE], FILE, package);
            assert!(of(&built) == of(&written), "{compression} {archive}");
        }
        if compression == "none" {
            assert!(built == written);
        }
    }
}

#[test]
fn a_package_says_what_its_recipe_says() {
    let Some(dpkg) = tool("dpkg-deb") else { return };
    let package = Sample::deb().build(&EmbeddedDeb).unwrap();
    let control = query(&dpkg, &["-f", FILE], FILE, &package);
    assert_eq!(control, include_str!("../../../../tests/data/build/control.expected"));
    let listed = query(&dpkg, &["-c", FILE], FILE, &package);
    assert_eq!(listed, include_str!("../../../../tests/data/build/contents.expected"));
    let info = query(&dpkg, &["-I", FILE], FILE, &package);
    assert!(info.contains(" *  postinst "), "{info}");
}

#[test]
fn files_come_from_several_wheels_and_have_their_owners() {
    let Some(dpkg) = tool("dpkg-deb") else { return };
    let package = Sample::deb().with_a_second_wheel().build(&EmbeddedDeb).unwrap();
    let listed = query(&dpkg, &["-c", FILE], FILE, &package);
    let other = listed.lines().find(|line| line.ends_with(" ./opt/sample/other.py"));
    let words: Vec<&str> = other.unwrap().split_whitespace().collect();
    assert_eq!(words[..3], ["-rw-r-----", "games/daemon", "10"]);
}

#[test]
fn a_sandbox_changes_no_byte() {
    let Some((open, confined)) = crate::format::build::testing::both_ways("deb", "dpkg-deb") else {
        return;
    };
    let sample = Sample::deb();
    assert_eq!(sample.build(&*open).unwrap(), sample.build(&*confined).unwrap());
}
