//! Generated hostile wheels: each is refused, or the package is what its plan says, read by the
//! distributions' own tools.
//!
//! `HOSTILE_WHEELS` sets how many are made (default 60), `HOSTILE_SEED` which ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use crate::{
    Run, run,
    support::pack::{Member, pack},
    support::tools::have,
    support::wheel::Wheel,
};

/// Pieces of hostile input, by the place that they are made for.
#[derive(Deserialize)]
struct Tokens {
    texts: Vec<String>,
    paths: Vec<String>,
    places: Vec<String>,
    destinations: Vec<String>,
    pth: Vec<String>,
    shebangs: Vec<String>,
    needs: Vec<String>,
    commands: Vec<String>,
    versions: Vec<String>,
}

/// A generator of numbers that gives the same ones for the same seed (PCG's multiplier).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn pick<'a>(&mut self, from: &'a [String]) -> &'a str {
        &from[self.below(from.len())]
    }

    /// Up to three tokens in a row.
    fn text(&mut self, from: &[String]) -> String {
        let count = 1 + self.below(3);
        (0..count).map(|_| self.pick(from)).collect::<Vec<_>>().join(" ")
    }
}

/// A folder with an index of hostile wheels and the canaries that they try to make.
struct Arena {
    folder: tempfile::TempDir,
    wheels: usize,
}

impl Arena {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let number = |name: &str, default: usize| {
            env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        let wheels = number("HOSTILE_WHEELS", 60);
        let canary = folder.path().join("canary");
        let text = include_str!("../data/hostile/tokens.json")
            .replace("@CANARY@", &canary.display().to_string())
            .replace("@FLAT@", "canary");
        let tokens: Tokens = serde_json::from_str(&text).unwrap();
        let mut random = Random(u64::try_from(number("HOSTILE_SEED", 1)).unwrap());
        let index = folder.path().join("index");
        fs::create_dir(&index).unwrap();
        let mut list = String::new();
        for position in 0..wheels {
            let name = format!("h{position}");
            write_wheel(&index, &name, &tokens, &mut random);
            list += &format!("{name}\n");
        }
        fs::write(folder.path().join("all.txt"), list).unwrap();
        Self { folder, wheels }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn run(&self, verb: &str, target: &str, more: &[&str]) -> Run {
        let inputs = [verb, "-r", "all.txt", "-q", "-i", "index", "-t", target];
        let common = ["--no-deps", "--pre", "--on-conflict", "drop"];
        run(self.folder.path(), &[&inputs[..], &common, more].concat())
    }

    /// The plans for a target.
    fn plans(&self, target: &str) -> Vec<Value> {
        let planned = self.run("plan", target, &["--json"]);
        assert!(planned.status < 2, "{}", planned.stderr);
        let document: Value =
            serde_json::from_str(&planned.stdout).unwrap_or_else(|_| panic!("{}", planned.stderr));
        document.as_array().unwrap().clone()
    }

    /// Nothing that a wheel brings has run anywhere.
    fn assert_calm(&self) {
        for entry in walkdir::WalkDir::new(self.folder.path()) {
            let entry = entry.unwrap();
            assert_ne!(entry.file_name(), "canary", "{} was made", entry.path().display());
        }
    }
}

/// Writes a wheel that is sound as an archive and hostile in some of its words.
fn write_wheel(index: &Path, name: &str, tokens: &Tokens, random: &mut Random) {
    let version = random.pick(&tokens.versions).to_owned();
    let info = format!("{name}-{version}.dist-info");
    let named = |text: &str| {
        text.replace("@NAME@.data", &format!("{name}-{version}.data")).replace("@NAME@", name)
    };
    let mut members: BTreeMap<String, (Vec<u8>, u32)> = BTreeMap::new();
    members.insert(format!("{name}.py"), (b"VALUE = 1\n".to_vec(), 0o644));
    for _ in 0..random.below(4) {
        let path = named(random.pick(&tokens.places)) + random.pick(&tokens.paths);
        let text = match random.below(3) {
            0 => format!("{}\nprint('x')\n", random.pick(&tokens.shebangs)),
            _ => random.text(&tokens.texts),
        };
        let mode = [0o644, 0o755, 0o4755, 0o666, 0o000, 0o777][random.below(6)];
        members.insert(path, (text.into_bytes(), mode));
    }
    if random.chance(2) {
        let line = random.pick(&tokens.shebangs);
        let path = named("@NAME@.data/scripts/") + &named(random.pick(&tokens.commands));
        members.insert(path, (format!("{line}\nprint(1)\n").into_bytes(), 0o755));
    }
    if random.chance(4) {
        let path = named(random.pick(&tokens.destinations));
        let text = if random.chance(2) { random.pick(&tokens.pth) } else { "x = 1\n" };
        members.insert(path, (text.as_bytes().to_vec(), 0o644));
    }
    if random.chance(6) {
        let path = format!("{name}-nspkg.pth");
        members.insert(path, (random.pick(&tokens.pth).as_bytes().to_vec(), 0o644));
    }
    members.insert(format!("{info}/METADATA"), (metadata(name, &version, tokens, random), 0o644));
    let header = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    members.insert(format!("{info}/WHEEL"), (header.into(), 0o644));
    if random.chance(2) {
        let command = named(random.pick(&tokens.commands));
        let text = format!("[console_scripts]\n{command} = {name}:main\n");
        members.insert(format!("{info}/entry_points.txt"), (text.into_bytes(), 0o644));
    }

    let members = members.into_iter();
    let members = members.map(|(name, (bytes, mode))| Member { mode, ..Member::new(name, bytes) });
    pack(&index.join(format!("{name}-{version}-py3-none-any.whl")), &info, members);
}

fn metadata(name: &str, version: &str, tokens: &Tokens, random: &mut Random) -> Vec<u8> {
    let mut text = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
    for field in ["Summary", "Author", "Author-email", "License", "Home-page", "Keywords"] {
        if random.chance(2) {
            text += &format!("{field}: {}\n", random.text(&tokens.texts).replace('\n', " "));
        }
    }
    if random.chance(4) {
        text += &format!("Requires-External: {}\n", random.pick(&tokens.needs));
    }
    text += "\n";
    for _ in 0..random.below(5) {
        text += &format!("{}\n", random.text(&tokens.texts));
    }
    text.into_bytes()
}

/// A file of a package as the distribution's tool lists it.
#[derive(Debug, PartialEq, Eq)]
struct Listed {
    mode: u32,
    owner: String,
    /// Of regular files: SHA-256 in hexadecimal digits.
    digest: Option<String>,
}

type Listing = BTreeMap<String, Listed>;

/// Builds all wheels and compares every package that came of it with its plan.
fn judge(target: &str, builder: &[&str], read: &dyn Fn(&Path) -> Listing) {
    let arena = Arena::new();
    let built = arena.run("build", target, &[&["--allow-fixme"], builder].concat());
    assert!(built.status < 2, "{}", built.stderr);
    arena.assert_calm();
    let files: Vec<&str> = built.stdout.lines().collect();
    let plans = arena.plans(target);
    let mut compared = 0;
    for plan in &plans {
        let package = plan["package"].as_str().unwrap();
        let Some(file) = files.iter().find(|file| {
            let base = file.rsplit('/').next().unwrap_or(file);
            base.strip_prefix(package).is_some_and(|rest| rest.starts_with(['-', '_']))
        }) else {
            continue;
        };
        compare(plan, read(&arena.at(file)), &arena);
        compared += 1;
    }
    assert_eq!(compared, files.len(), "a package without a plan");
    println!("{target}: {compared} of {} wheels were built and compared", arena.wheels);
    assert!(compared * 8 > arena.wheels, "only {compared} of {} were built", arena.wheels);
}

/// Compares a package's files with those that its plan states.
fn compare(plan: &Value, mut listing: Listing, arena: &Arena) {
    let project = plan["project"].as_str().unwrap();
    let wheel = arena.at("index").join(plan["source"]["filename"].as_str().unwrap());
    let mut archive = ZipArchive::new(fs::File::open(wheel).unwrap()).unwrap();
    let mut member = |name: &str| {
        let mut bytes = Vec::new();
        archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    for file in plan["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let found = listing.remove(path).unwrap_or_else(|| panic!("{project} lacks {path:?}"));
        let mode = u32::try_from(file["mode"].as_u64().unwrap()).unwrap();
        assert_eq!((found.mode & 0o7777, found.owner.as_str()), (mode, "root:root"), "{path}");
        let content = file["content"].as_object().unwrap();
        let (kind, value) = content.iter().next().unwrap();
        let wanted = match kind.as_str() {
            "member" => member(value["path"].as_str().unwrap()),
            "text" => value.as_str().unwrap().as_bytes().to_vec(),
            "script" => {
                let bytes = member(value["member"]["path"].as_str().unwrap());
                let rest = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
                [value["shebang"].as_str().unwrap().as_bytes(), &bytes[rest..]].concat()
            }
            _ => continue,
        };
        assert_eq!(found.digest, Some(hex::encode(Sha256::digest(wanted))), "{project}: {path:?}");
    }
    let stray: Vec<&String> = listing
        .iter()
        .filter(|(path, file)| file.digest.is_some() && !path.contains("/__pycache__/"))
        .map(|(path, _)| path)
        .collect();
    assert!(stray.is_empty(), "{project} has unplanned files: {stray:?}");
    let special =
        listing.values().find(|file| file.mode & 0o7000 != 0 || file.owner != "root:root");
    assert!(special.is_none(), "{project}: {special:?}");
}

fn output(program: &str, arguments: &[&str], file: &Path) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .arg(file)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What rpm reads of a package; it must have no code that runs when it is installed, and only
/// relations that are single names with at most one bound.
fn read_rpm(file: &Path) -> Listing {
    let code = output("rpm", &["-qp", "--scripts", "--triggers", "--filetriggers"], file);
    assert_eq!(String::from_utf8(code).unwrap(), "", "{}", file.display());
    let kinds = ["REQUIRE", "PROVIDE", "OBSOLETE", "CONFLICT", "RECOMMEND", "SUGGEST"];
    let format: String = kinds.iter().map(|kind| format!("[%{{{kind}NEVRS}}\\n]")).collect();
    let text = String::from_utf8(output("rpm", &["-qp", "--qf", &format], file)).unwrap();
    for line in text.lines() {
        let words = line.split(' ').count();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || " ._+-~^:()/=<>".contains(c);
        assert!([1, 3].contains(&words) && line.chars().all(is_plain), "{line:?}");
    }
    let format = "[%{FILENAMES}\\t%{FILEMODES:octal}\\t%{FILEUSERNAME}:%{FILEGROUPNAME}\\t%{FILEDIGESTS}\\n]";
    let text = String::from_utf8(output("rpm", &["-qp", "--qf", format], file)).unwrap();
    text.lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let mode = u32::from_str_radix(fields[1], 8).unwrap();
            let digest = (mode & 0o170_000 == 0o100_000).then(|| fields[3].to_owned());
            (fields[0].to_owned(), Listed { mode, owner: fields[2].to_owned(), digest })
        })
        .collect()
}

/// What is in an archive of files, as a package's payload has it.
fn read_tar(bytes: impl Read) -> Listing {
    let mut archive = tar::Archive::new(bytes);
    let mut listing = Listing::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let path = format!("/{}", path.trim_start_matches("./").trim_end_matches('/'));
        let header = entry.header();
        let (mode, kind) = (header.mode().unwrap(), header.entry_type());
        let name = |name: Option<&str>, number: u64| match number {
            0 => "root".to_owned(),
            _ => format!("{}({number})", name.unwrap_or_default()),
        };
        let owner = name(header.username().unwrap(), header.uid().unwrap());
        let group = name(header.groupname().unwrap(), header.gid().unwrap());
        let is_known = kind.is_file() || kind.is_dir() || kind.is_hard_link();
        assert!(is_known, "{path} is of the type {kind:?}");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let digest = kind.is_file().then(|| hex::encode(Sha256::digest(&bytes)));
        let twice =
            listing.insert(path, Listed { mode, owner: format!("{owner}:{group}"), digest });
        assert!(twice.is_none());
    }
    listing
}

/// What dpkg-deb reads of a package; its control members must be the usual ones.
fn read_deb(file: &Path) -> Listing {
    let folder = tempfile::tempdir().unwrap();
    let control = folder.path().join("control");
    let to = control.display().to_string();
    let unpacked = Command::new("dpkg-deb").arg("-e").arg(file).arg(&to).status().unwrap();
    assert!(unpacked.success());
    let names: BTreeSet<String> = fs::read_dir(&control)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let usual = ["conffiles", "control", "md5sums", "postinst", "prerm"];
    assert!(names.iter().all(|name| usual.contains(&name.as_str())), "{names:?}");
    let text = fs::read_to_string(control.join("control")).unwrap();
    for line in text.lines() {
        let known = [
            "Package",
            "Version",
            "Architecture",
            "Maintainer",
            "Installed-Size",
            "Depends",
            "Recommends",
            "Suggests",
            "Provides",
            "Breaks",
            "Replaces",
            "Conflicts",
            "Section",
            "Priority",
            "Homepage",
            "Description",
            "Multi-Arch",
        ];
        let is_field = line.split_once(": ").is_some_and(|(name, _)| known.contains(&name));
        assert!(line.starts_with(' ') || is_field, "{line:?}");
    }
    for name in ["postinst", "prerm"].iter().filter(|name| names.contains(**name)) {
        let script = fs::read_to_string(control.join(name)).unwrap();
        assert!(!script.contains("canary"), "{script}");
    }
    read_tar(&output("dpkg-deb", &["--fsys-tarfile"], file)[..])
}

/// What a pacman package holds, but for its own documents.
fn read_arch(file: &Path) -> Listing {
    let bytes = output("zstd", &["-dcq"], file);
    let mut listing = read_tar(&bytes[..]);
    assert!(!listing.contains_key("/.INSTALL"), "{}", file.display());
    listing.retain(|path, _| !path.starts_with("/."));
    listing
}

#[test]
fn rpm_packages_are_what_was_planned() {
    if have(&["rpm"]) {
        judge("fedora-43", &["--builder", "embedded"], &read_rpm);
    }
}

#[test]
fn rpm_packages_of_rpmbuild_are_what_was_planned() {
    // Without the sandbox, so that what runs shows.
    if have(&["rpmbuild"]) {
        judge("fedora-43", &["--builder", "system", "--no-sandbox"], &read_rpm);
    }
}

#[test]
fn debian_packages_are_what_was_planned() {
    if have(&["dpkg-deb"]) {
        judge("debian-12", &["--builder", "embedded"], &read_deb);
    }
}

#[test]
fn debian_packages_of_dpkg_are_what_was_planned() {
    if have(&["dpkg-deb"]) {
        judge("debian-12", &["--builder", "system", "--no-sandbox"], &read_deb);
    }
}

#[test]
fn arch_packages_are_what_was_planned() {
    if have(&["zstd", "python3"]) {
        judge("archlinux", &[], &read_arch);
    }
}

/// A shared library that calls itself and what it needs by hostile names.
fn native_code(folder: &Path) -> Vec<u8> {
    let compile = |output: &str, soname: &str, arguments: &[&str]| {
        let compiled = Command::new("gcc")
            .args(["-shared", "-nostdlib", "-Wl,--no-as-needed", "-o", output, "-x", "c"])
            .args(["/dev/null", "-x", "none", "-Xlinker", "-soname", "-Xlinker", soname])
            .args(arguments)
            .current_dir(folder)
            .status()
            .unwrap();
        assert!(compiled.success());
    };
    compile("needed.so", "libz.so.1, evil (>= 1) | worse%(touch canary)", &[]);
    compile("module.so", "libown.so.1 = 9, evil", &["./needed.so"]);
    fs::read(folder.join("module.so")).unwrap()
}

#[test]
fn names_in_native_code_add_no_relations() {
    if !(have(&["gcc", "rpmbuild"]) && have(&["dpkg-deb", "bsdtar"])) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let binaries = [("one/module.so", native_code(at))];
    let tags = "py3-none-manylinux_2_17_x86_64";
    Wheel { tags, binaries: &binaries, ..Wheel::default() }.write(&at.join("index"));
    for (target, builder, tool) in [
        ("fedora-43", "embedded", vec!["rpm", "-qp", "--requires", "--provides"]),
        ("fedora-43", "system", vec!["rpm", "-qp", "--requires", "--provides"]),
        ("debian-12", "embedded", vec!["dpkg-deb", "-f"]),
        ("debian-12", "system", vec!["dpkg-deb", "-f"]),
        ("archlinux", "auto", vec!["bsdtar", "-xOf"]),
    ] {
        let out = format!("{target}-{builder}");
        let built = run(
            at,
            &["build", "one", "-q", "-i", "index", "-t", target, "--builder", builder, "-o", &out],
        );
        assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{out}");
        let (program, arguments) = tool.split_first().unwrap();
        let file = at.join(built.stdout.trim());
        let mut command = Command::new(program);
        command.args(arguments).arg(&file);
        if target == "archlinux" {
            command.arg(".PKGINFO");
        }
        let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
        assert!(said.contains("one") && !said.contains("evil"), "{out}: {said}");
        assert!(!said.contains("libown.so.1"), "{out}: {said}");
    }
    assert!(!at.join("canary").exists());
}
