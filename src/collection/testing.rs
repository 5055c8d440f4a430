//! Small packages and the tools that judge what is said of them.

use std::{fs, path::Path};

use ::rpm::{BuildConfig, Dependency, FileOptions, PackageBuilder};

use super::{Collection, CollectionManifest, Described, Merge, Publishing, Record, Why};
use crate::{
    base::process::{Command, CommandRunner, HostRunner},
    distro::targets::{Target, Targets},
    format::{Drift, Formats, PackageEntry, build::BuiltPackage},
    plan::{PackagePlan, Recipe, RecipeFile},
};

/// 14 November 2023, 22:13:20.
pub(super) const TIME: u64 = 1_700_000_000;

pub(super) fn target(name: &str) -> Target {
    Targets::embedded().load(name, None, None).unwrap()
}

/// Runs a tool in a folder and gives what it prints.
pub(super) fn run(tool: &Path, folder: &Path, arguments: &[&str]) -> String {
    let command = arguments.iter().fold(Command::new(tool, folder), Command::argument);
    let output = HostRunner.run(&command).unwrap();
    assert_eq!(output.status, 0, "{}\n{}", command.line(), output.reason(20));
    String::from_utf8(output.stdout).unwrap()
}

/// Writes an rpm package `NAME-VERSION-1.noarch.rpm` into a folder.
pub(super) fn write_rpm(folder: &Path, name: &str, version: &str, text: &str) -> BuiltPackage {
    let module = format!("/usr/lib/python3.13/site-packages/{name}.py");
    let package = PackageBuilder::new(name, version, "MIT", "noarch", "A sample")
        .using_config(BuildConfig::v4().source_date(TIME as u32))
        .release("1")
        .description("Line one.\n\n<two> & \"three\"")
        .provides(Dependency::eq(format!("python3.13dist({name})"), version))
        .requires(Dependency::eq("python(abi)", "3.13"))
        .with_file_contents(text, FileOptions::new(module))
        .unwrap()
        .build()
        .unwrap();
    let path = folder.join(format!("{name}-{version}-1.noarch.rpm"));
    package.write_file(&path).unwrap();
    BuiltPackage { path }
}

/// Writes a Debian package `NAME_VERSION-1_all.deb`, whose control archive is packed as `packing`
/// says, into a folder.
pub(super) fn write_deb(folder: &Path, name: &str, version: &str, packing: &str) -> BuiltPackage {
    let control = format!(
        "Package: {name}\nVersion: {version}-1\nArchitecture: all\nMaintainer: Pat \
         <pat@sample.example>\nInstalled-Size: 1\nDepends: python3 (>= 3.11)\nSection: python\n\
         Priority: optional\nHomepage: https://sample.example/\nDescription: A sample\n Line \
         one.\n .\n  two\n"
    );
    let path = folder.join(format!("{name}_{version}-1_all.deb"));
    fs::write(&path, deb(&control, packing)).unwrap();
    BuiltPackage { path }
}

/// The bytes of a Debian package with a control file and no files.
pub(super) fn deb(control: &str, packing: &str) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(control.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, "./control", control.as_bytes()).unwrap();
    let plain = archive.into_inner().unwrap();
    let packed = match packing {
        "" => plain,
        ".gz" => crate::format::repository::metadata::gzip(&plain).unwrap(),
        ".xz" => crate::format::repository::metadata::xz(&plain).unwrap(),
        ".zst" => zstd::stream::encode_all(&plain[..], 3).unwrap(),
        _ => panic!("`{packing}` is not a compression"),
    };
    let data = tar::Builder::new(Vec::new()).into_inner().unwrap();
    let mut file = b"!<arch>\n".to_vec();
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        (&*format!("control.tar{packing}"), packed),
        ("data.tar", data),
    ];
    for (name, content) in members {
        let size = content.len();
        let header = format!("{name:<16}{TIME:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 100_644);
        file.extend_from_slice(header.as_bytes());
        file.extend_from_slice(&content);
        file.resize(file.len().next_multiple_of(2), b'\n');
    }
    file
}

/// The plan of a package.
pub(super) fn plan(package: &str) -> PackagePlan {
    let text = include_str!("../../tests/data/collection/plan.json");
    let mut plan: PackagePlan = serde_json::from_str(text).unwrap();
    plan.package = package.to_owned();
    plan.project = package.parse().unwrap();
    plan
}

/// A recipe of a spec and a script.
pub(super) fn recipe(package: &str) -> Recipe {
    let file = |text: &str, executable| RecipeFile { text: text.to_owned(), executable };
    let files = [
        (format!("{package}.spec"), file("Name: sample\n", false)),
        ("scripts/launcher".to_owned(), file("#!/bin/sh\n", true)),
    ];
    Recipe { files: files.into_iter().collect() }
}

/// Keeps a package that is in a staging folder, under its own file name as inputs.
pub(super) fn keep(
    collection: &Collection<'_>,
    name: &str,
    built: &BuiltPackage,
) -> Result<Record, super::CollectionError> {
    let file = built.path.file_name().unwrap().to_string_lossy();
    let entry = Formats::default().read(&built.path)?;
    collection.records().keep(&file, built, described(&plan(name), &recipe(name), entry))
}

/// Merges packages that a function writes into a staging folder.
pub(super) fn add(
    collection: &Collection<'_>,
    names: &[&str],
    write: impl Fn(&Path, &str) -> BuiltPackage,
) -> CollectionManifest {
    let publishing = Publishing { time: Some(TIME), ..Publishing::default() };
    publish(collection, publishing, names, write)
}

/// Adds packages to a collection that is published so.
pub(super) fn publish(
    collection: &Collection<'_>,
    publishing: Publishing<'_>,
    names: &[&str],
    write: impl Fn(&Path, &str) -> BuiltPackage,
) -> CollectionManifest {
    let staging = collection.staging().unwrap();
    let records =
        names.iter().map(|name| keep(collection, name, &write(staging.path(), name)).unwrap());
    let built = records.map(|record| (record, Why::default())).collect();
    collection.merge(Merge { built, publishing, ..Merge::default() }).unwrap()
}

/// The unpacked text of a gzip file.
pub(super) fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(bytes), &mut text).unwrap();
    text
}

/// A package that is as planned.
pub(super) fn described<'a>(
    plan: &'a PackagePlan,
    recipe: &'a Recipe,
    entry: PackageEntry,
) -> Described<'a> {
    Described { plan, recipe, own_recipe: false, entry, drift: Drift::default() }
}
