//! How a recipe installs the members of a wheel.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    distro::targets::Target,
    plan::{Content, PackagePlan, PlannedFile, Shebang},
};

/// The part of the context by which recipes unpack a wheel into the site folder and make of it what
/// the plan says.
pub(super) fn context(plan: &PackagePlan, target: &Target) -> Value {
    let site = target.python.site_of(plan);
    json!({
        "site": site,
        "sources": sources(plan),
        "patches": patches(plan),
        "scripts": scripts_list(plan),
        "modes": modes(plan, site),
        "moves": moves(plan, site),
        "compressed": compressed(plan),
        "data": data_folder(plan, site),
        "byte_code": byte_code(plan, target),
    })
}

/// The file of a recipe that lists the scripts whose first line is replaced.
pub(super) const SCRIPTS: &str = "scripts.list";

/// A file of its own in a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name in the recipe.
    pub name: String,
    pub text: String,
    /// Its mode where it is installed.
    pub mode: u32,
    /// Where it is installed; nothing for what only the recipe reads.
    pub path: Option<String>,
}

/// The plan's texts that are files of their own in the recipe.
pub fn attachments(plan: &PackagePlan) -> Vec<Attachment> {
    let is_ours = |path: &str| plan.from_source.is_none() || plan.added_source(path).is_some();
    let texts = plan.files.iter().filter_map(|file| match &file.content {
        // What builds an sdist writes the others itself.
        Content::Text(text) if is_ours(&file.path) => Some(attachment(plan, file, text)),
        _ => None,
    });
    texts.chain(scripts(plan)).collect()
}

fn attachment(plan: &PackagePlan, file: &PlannedFile, text: &str) -> Attachment {
    let base = file.path.rsplit('/').next().unwrap_or(&file.path);
    let launches = file.mode & 0o111 != 0;
    let name = match plan.added_source(&file.path) {
        Some(source) => source.to_owned(),
        None if launches => format!("launcher-{}", plain(base)),
        None => plain(base),
    };
    Attachment { name, text: text.to_owned(), mode: file.mode, path: Some(file.path.clone()) }
}

/// A name that recipes can write without quotes.
fn plain(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    if plain.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
        plain
    } else {
        format!("_{plain}")
    }
}

/// The list of the scripts whose first line is replaced: each with its new line below. What a wheel
/// calls its scripts is only ever read by a recipe, never part of it.
fn scripts(plan: &PackagePlan) -> Option<Attachment> {
    let mut lines: BTreeMap<&str, &Shebang> = BTreeMap::new();
    for file in plan.files.iter().filter(|_| plan.from_source.is_none()) {
        if let Content::Script { member, shebang } = &file.content {
            lines.entry(&member.path).or_insert(shebang);
        }
    }
    let text: String = lines.iter().map(|(member, line)| format!("{member}\n{line}\n")).collect();
    let list = Attachment { name: SCRIPTS.to_owned(), text, mode: 0o644, path: None };
    (!lines.is_empty()).then_some(list)
}

/// What of a path is below a folder.
pub(super) fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// The member that a file is built from, and whether it is installed where it is in the wheel.
fn member<'a>(file: &'a PlannedFile, site: &str) -> Option<(&'a str, bool)> {
    let member = match &file.content {
        Content::Member(member) | Content::Script { member, .. } => member,
        _ => return None,
    };
    let member = member.path.as_str();
    Some((member, below(&file.path, site) == Some(member)))
}

/// The texts with their numbers, and where each is installed.
pub(super) fn sources(plan: &PackagePlan) -> Vec<Value> {
    let attached = attachments(plan).into_iter().enumerate();
    attached
        .filter_map(|(position, Attachment { name, mode, path, .. })| {
            let (number, mode) = (position + 1, format!("{mode:04o}"));
            Some(json!({"number": number, "file": name, "mode": mode, "path": path?}))
        })
        .collect()
}

/// The list of scripts, with its number among the texts.
fn scripts_list(plan: &PackagePlan) -> Option<Value> {
    let position = attachments(plan).iter().position(|attached| attached.path.is_none())?;
    Some(json!({"number": position + 1, "file": SCRIPTS}))
}

/// Patches by their numbers.
fn patches(plan: &PackagePlan) -> Vec<Value> {
    let patches = plan.patches.iter().enumerate();
    patches.map(|(at, patch)| json!({"number": at + 1, "file": patch.file})).collect()
}

/// The files that stay where they are and do not have the usual mode, by their mode.
fn modes(plan: &PackagePlan, site: &str) -> Vec<Value> {
    let mut groups: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for file in plan.files.iter().filter(|file| file.mode != 0o644) {
        if let Some((member, true)) = member(file, site) {
            groups.entry(file.mode).or_default().push(member);
        }
    }
    groups
        .into_iter()
        .map(|(mode, members)| json!({"mode": format!("{mode:04o}"), "members": members}))
        .collect()
}

/// The files that belong to another installation scheme.
fn moves(plan: &PackagePlan, site: &str) -> Vec<Value> {
    plan.files
        .iter()
        .filter_map(|file| match member(file, site)? {
            (_, true) => None,
            (member, false) => Some(json!({
                "member": member,
                "path": file.path,
                "mode": format!("{:04o}", file.mode),
            })),
        })
        .collect()
}

/// The files that are compressed, each with its path before that.
fn compressed(plan: &PackagePlan) -> Vec<Value> {
    let files = plan.files.iter().filter_map(|file| match &file.content {
        Content::Compressed(member) => Some((file, member)),
        _ => None,
    });
    files
        .map(|(file, member)| {
            let path = file.path.strip_suffix(".gz").unwrap_or(&file.path);
            json!({"member": member.path, "path": path, "mode": format!("{:04o}", file.mode)})
        })
        .collect()
}

/// What compiles the modules, and where they are; nothing where the package has no byte code.
fn byte_code(plan: &PackagePlan, target: &Target) -> Option<Value> {
    let is_compiled = |file: &PlannedFile| matches!(file.content, Content::ByteCode { .. });
    if !plan.files.iter().any(is_compiled) {
        return None;
    }
    let python = &target.python;
    let sites = BTreeSet::from([&python.purelib, &python.platlib]);
    let has_files = |site: &&String| plan.files.iter().any(|f| below(&f.path, site).is_some());
    let (major, minor) = python.version;
    Some(json!({
        "interpreter": format!("/usr/bin/python{major}.{minor}"),
        "folders": sites.into_iter().filter(has_files).collect::<Vec<_>>(),
    }))
}

/// The wheel's `.data` folder, where anything is installed from it: nothing of it stays where it lies.
fn data_folder(plan: &PackagePlan, site: &str) -> Option<String> {
    let members = plan.files.iter().filter_map(|file| member(file, site));
    let members = members.filter(|(_, stays)| !stays).map(|(member, _)| member);
    let compressed = plan.files.iter().filter_map(|file| match &file.content {
        Content::Compressed(member) => Some(member.path.as_str()),
        _ => None,
    });
    let left_out = plan.left_out.iter().map(|left| left.member.as_str());
    members
        .chain(compressed)
        .chain(left_out)
        .filter_map(|member| member.split_once('/'))
        .find(|(folder, _)| folder.ends_with(".data"))
        .map(|(folder, _)| folder.to_owned())
}
