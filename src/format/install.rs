//! How a recipe installs the members of a wheel.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    plan::{Content, PackagePlan, PlannedFile},
    target::Target,
};

/// The part of the context by which recipes unpack a wheel into the site folder and make of it what
/// the plan says.
pub fn context(plan: &PackagePlan, target: &Target) -> Value {
    let site = plan.site(target);
    json!({
        "site": site,
        "sources": sources(plan),
        "patches": patches(plan),
        "scripts": scripts(plan, site),
        "modes": modes(plan, site),
        "moves": moves(plan, site),
        "data": data_folder(plan),
        "byte_code": byte_code(plan, target),
    })
}

/// The plan's texts that are files of their own in the recipe, by their names there.
pub fn attachments(plan: &PackagePlan) -> Vec<(String, &PlannedFile)> {
    let is_text = |file: &&PlannedFile| matches!(file.content, Content::Text(_));
    plan.files
        .iter()
        // What builds an sdist writes them itself.
        .filter(|file| {
            let is_ours = plan.from_source.is_none() || plan.added_source(&file.path).is_some();
            is_ours && is_text(file)
        })
        .map(|file| {
            if let Some(source) = plan.added_source(&file.path) {
                return (source.to_owned(), file);
            }
            let base = file.path.rsplit('/').next().unwrap_or(&file.path);
            let launches = file.mode & 0o111 != 0;
            (if launches { format!("launcher-{base}") } else { base.to_owned() }, file)
        })
        .collect()
}

/// What of a path is below a folder.
pub fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// The member that a file is made of, and whether it is installed where it lies in the wheel.
fn member<'a>(file: &'a PlannedFile, site: &str) -> Option<(&'a str, bool)> {
    let member = match &file.content {
        Content::Member(member) | Content::Script { member, .. } => member,
        _ => return None,
    };
    Some((member, below(&file.path, site) == Some(member)))
}

/// The texts with their numbers, and where each is installed.
pub fn sources(plan: &PackagePlan) -> Vec<Value> {
    let attached = attachments(plan).into_iter().enumerate();
    attached
        .map(|(position, (name, file))| {
            let mode = format!("{:04o}", file.mode);
            json!({"number": position + 1, "file": name, "mode": mode, "path": file.path})
        })
        .collect()
}

/// Patches by their numbers.
fn patches(plan: &PackagePlan) -> Vec<Value> {
    let patches = plan.patches.iter().enumerate();
    patches.map(|(at, patch)| json!({"number": at + 1, "file": patch.file})).collect()
}

/// The scripts whose first line is replaced, by the new line.
fn scripts(plan: &PackagePlan, site: &str) -> Vec<Value> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in &plan.files {
        if let (Content::Script { shebang, .. }, Some((member, _))) =
            (&file.content, member(file, site))
        {
            groups.entry(shebang).or_default().push(member);
        }
    }
    groups
        .into_iter()
        .map(|(shebang, members)| {
            let expression = format!("1s|^#!.*$|{shebang}|");
            json!({"shebang": shebang, "expression": expression, "members": members})
        })
        .collect()
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

/// The wheel's `.data` folder, where anything is installed from it.
fn data_folder(plan: &PackagePlan) -> Option<String> {
    let members = plan.files.iter().filter_map(|file| match &file.content {
        Content::Member(member) | Content::Script { member, .. } => Some(member.as_str()),
        _ => None,
    });
    let left_out = plan.left_out.iter().map(|left| left.member.as_str());
    members
        .chain(left_out)
        .filter_map(|member| member.split_once('/'))
        .find(|(folder, _)| folder.ends_with(".data"))
        .map(|(folder, _)| folder.to_owned())
}
