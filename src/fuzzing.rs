//! What `cargo fuzz` feeds: each function takes untrusted bytes, and panics where what came
//! out of the parser breaks a promise.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::OnceLock,
};

use url::Url;

use crate::{
    base::text::OneLine,
    distro::targets::{Target, Targets},
    format,
    index::{PageFormat, parse_page},
    plan::{Content, PackagePlan, SCHEMA},
    planner::{self, Neighbours, Others, Policy, Subject},
    plugin::check_changed_plan,
    python::{
        artifact::{FileKind, Hashes, ProjectName, ReleaseFile},
        metadata::{CoreMetadata, EntryPoints},
        requirements::{InputRequest, Inputs},
    },
    recipe::{self, template::Templates},
    wheels::{Sdist, Wheel, elf_needs},
};

/// The project that wheels and pages are read for.
const PROJECT: &str = "fuzzed";
/// One target of each built-in format.
const TARGETS: [&str; 2] = ["debian-12", "fedora-43"];

/// The targets, loaded once.
fn targets() -> &'static [Target] {
    static LOADED: OnceLock<Vec<Target>> = OnceLock::new();
    LOADED.get_or_init(|| {
        let load = |name| Targets::embedded().load(name, None, None).expect("a built-in target");
        TARGETS.into_iter().map(load).collect()
    })
}

fn project() -> ProjectName {
    ProjectName::new(PROJECT.to_owned()).expect("a valid name")
}

/// Reads a wheel, and plans and renders it where it is sound.
pub fn wheel(path: &Path) {
    let Ok(wheel) = Wheel::inspect(path, &project()) else { return };
    for target in targets() {
        plan_and_render(&wheel, target);
    }
}

fn plan_and_render(wheel: &Wheel, target: &Target) {
    let kind = FileKind::parse(&wheel.filename, None).expect("the wheel was read by this name");
    let url = Url::parse("https://files.example/x.whl").expect("an address");
    let file = ReleaseFile::new(wheel.filename.clone(), url, kind, Hashes::default());
    let policy = Policy { release: "1".to_owned(), ..Policy::default() };
    let subject = Subject {
        wheel,
        file: &file,
        extras: &[],
        external: &[],
        stated: &[],
        licence: planner::licence_of_wheel(wheel, &policy),
        version: "1",
        origin: None,
        is_rebuilt: false,
    };
    let others = Others {
        neighbours: &Neighbours::new(),
        left: &BTreeMap::new(),
        libraries: &BTreeMap::new(),
        repository: None,
        format: format::named(&target.format).expect("a built-in format"),
    };
    let Ok(plan) = planner::plan(&subject, target, &others, &policy) else { return };
    for file in &plan.files {
        let parts = file.path.strip_prefix('/').expect("paths are absolute").split('/');
        for part in parts {
            assert!(!matches!(part, "" | "." | ".."), "{:?}", file.path);
            assert!(!part.chars().any(char::is_control), "{:?}", file.path);
        }
        assert_eq!(file.mode & !0o755, 0, "{:?}", file.path);
        if let Content::Script { shebang, .. } = &file.content {
            assert!(!shebang.as_str().contains(['\n', '\r', '\0']), "{shebang:?}");
        }
    }
    render(&plan, target);
}

fn render(plan: &PackagePlan, target: &Target) {
    let format = format::named(&target.format).expect("a built-in format");
    let Ok(native) = format.lower_one(plan, target) else { return };
    for relation in &native.relations {
        assert!(!relation.text.chars().any(char::is_control), "{:?}", relation.text);
    }
    let templates = Templates::new(Vec::new()).for_target(&target.name);
    let pack = templates.pack(format.name(), format.syntax().escape()).expect("a built-in pack");
    let Ok(recipe) = recipe::render(plan, target, &native, format, &pack) else { return };
    // Files that the package installs may hold anything.
    let installed: BTreeSet<String> =
        format.attachments(plan).into_iter().map(|attached| attached.name).collect();
    for (name, file) in recipe.files.iter().filter(|(name, _)| !installed.contains(*name)) {
        let is_clean = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
        assert!(file.text.chars().all(is_clean), "{name}: {:?}", file.text);
    }
}

/// Looks through an sdist.
pub fn sdist(path: &Path, filename: &str) {
    let Ok(sdist) = Sdist::inspect(path, filename) else { return };
    for name in sdist.files.iter().chain([&sdist.folder]) {
        let is_inside = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
        assert!(name.chars().all(|c| c.is_ascii_graphic()) && is_inside, "{name:?}");
    }
}

/// Reads core metadata.
pub fn metadata(bytes: &[u8]) {
    if let Ok(metadata) = CoreMetadata::parse(bytes) {
        let summary = OneLine::new(metadata.summary.as_deref().unwrap_or_default());
        assert!(!summary.as_str().chars().any(char::is_control), "{summary:?}");
    }
}

/// Reads `entry_points.txt`.
pub fn entry_points(bytes: &[u8]) {
    let Ok(entries) = EntryPoints::parse(bytes) else { return };
    for entry in entries.console_scripts.iter().chain(&entries.gui_scripts) {
        assert!(!entry.name.contains(['/', '\0', '\n']) && !entry.name.starts_with(['-', '.']));
    }
}

/// Reads the needs of an ELF file.
pub fn elf(bytes: &[u8]) {
    let _ = elf_needs("member.so", bytes);
}

/// Reads a page of a project, in both of its forms.
pub fn simple_page(bytes: &[u8]) {
    let address = Url::parse("https://index.example/simple/fuzzed/").expect("an address");
    for format in [PageFormat::Html, PageFormat::Json] {
        let Ok(files) = parse_page(bytes, format, &address, &project()) else { continue };
        for file in files {
            assert!(["http", "https"].contains(&file.url.scheme()), "{}", file.url);
            assert!(file.url.username().is_empty() && file.url.password().is_none());
            assert!(!file.filename.contains('/') && !file.filename.starts_with('.'));
        }
    }
}

/// Reads a requirements file from a folder of its own.
pub fn requirements(path: &Path) {
    let request = InputRequest {
        arguments: &[],
        files: &[path.to_owned()],
        constraints: &[],
        extras: &[],
        all_extras: false,
        groups: &[],
        require_pinned: false,
        lock_format: None,
        folder: Path::new("/"),
        variable: &|_| None,
    };
    let _ = Inputs::read(&request);
}

/// Reads a plugin's answer about one plan.
pub fn plugin_answer(bytes: &[u8]) {
    let Ok(after) = serde_json::from_slice::<PackagePlan>(bytes) else { return };
    let sample = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/plan.json"));
    let before: PackagePlan =
        serde_json::from_str(&sample.expect("the sample is there")).expect("a plan");
    assert_eq!(before.schema, SCHEMA);
    if check_changed_plan(&before, &after).is_err() {
        return;
    }
    let target = targets().iter().find(|target| target.name == after.target);
    render(&after, target.expect("the sample is for one of the targets"));
}
