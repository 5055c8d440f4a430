//! Dates of metadata: clients ignore those that are older than what they know.

use std::{fs, path::Path};

use crate::{
    collection::{
        Collection, Publishing,
        testing::{TIME, publish, target, write_deb, write_rpm},
    },
    format::{build::BuiltPackage, repository::metadata::clock},
};

struct DateCase {
    target: &'static str,
    /// The file that names all others.
    pointer: &'static str,
    write: fn(&Path, &str) -> BuiltPackage,
    /// The time that the pointer states, in seconds since 1970.
    stated: fn(&str) -> u64,
}

const CASES: [DateCase; 2] = [
    DateCase {
        target: "debian-12",
        pointer: "Release",
        write: |folder, name| write_deb(folder, name, "1", ".xz"),
        stated: |text| {
            let date = text.lines().find_map(|line| line.strip_prefix("Date: ")).unwrap();
            let date = jiff::fmt::rfc2822::parse(&date.replace("UTC", "+0000")).unwrap();
            date.timestamp().as_second() as u64
        },
    },
    DateCase {
        target: "fedora-43",
        pointer: "repodata/repomd.xml",
        write: |folder, name| write_rpm(folder, name, "1", ""),
        stated: |text| {
            let (_, rest) = text.split_once("<revision>").unwrap();
            rest.split_once('<').unwrap().0.parse().unwrap()
        },
    },
];

#[test]
fn changed_metadata_are_never_older_than_those_they_replace() {
    for case in CASES {
        let folder = tempfile::tempdir().unwrap();
        let collection = Collection::open(folder.path(), &target(case.target)).unwrap();
        let add = |package: &str, time| {
            publish(
                &collection,
                Publishing { time, ..Publishing::default() },
                &[package],
                case.write,
            );
            (case.stated)(&fs::read_to_string(folder.path().join(case.pointer)).unwrap())
        };
        assert_eq!(add("a", Some(TIME)), TIME);
        // What has not changed keeps its date, too.
        assert_eq!(add("a", Some(TIME + 60)), TIME);
        assert_eq!(add("b", Some(TIME - 60)), TIME);
        assert_eq!(add("c", Some(TIME + 60)), TIME + 60);
        let before = clock();
        let stated = add("d", None);
        assert!((before..=clock()).contains(&stated), "{stated}");
    }
}
