//! What an answer may change, and in which form.

use std::collections::BTreeSet;

use url::Url;

use crate::{
    base::files::stays_inside,
    plan::{Content, PackagePlan, PlannedFile, Recipe, check_commands},
    python::metadata::parse_expression,
    wheels,
};

/// The names of the fields that differ.
///
/// # Errors
/// What the plugin must not do.
pub(crate) fn changed(
    before: &PackagePlan,
    after: &PackagePlan,
) -> Result<Vec<&'static str>, String> {
    let mut same = after.clone();
    let mut fields = Vec::new();
    macro_rules! changeable {
        ($($field:ident => $name:literal),+ $(,)?) => {$(
            if before.$field != after.$field {
                fields.push($name);
            }
            same.$field.clone_from(&before.$field);
        )+};
    }
    changeable! {
        summary => "summary", description => "description", licence => "licence",
        homepage => "homepage", relations => "relations", files => "files",
        left_out => "left-out", notes => "notes", open => "open", patches => "patches",
        scriptlets => "scriptlets",
    }
    if same != *before {
        return Err("change what a plan is of: its project, release, source, name, version, \
                    target or architecture"
            .to_owned());
    }
    check_words(after)?;
    check_files(before, after)?;
    for patch in &after.patches {
        wheels::changes(patch).map_err(|problem| format!("give a patch that {problem}"))?;
        if !is_plain(&patch.file) {
            return Err(format!("call a patch `{}`", patch.file.escape_debug()));
        }
    }
    for text in after.scriptlets.values() {
        check_commands(text)
            .map_err(|(line, problem)| format!("give a scriptlet whose line {line} {problem}"))?;
    }
    Ok(fields)
}

fn check_words(plan: &PackagePlan) -> Result<(), String> {
    let licence = &plan.licence.expression;
    if parse_expression(licence).as_ref() != Some(licence) {
        let licence = licence.escape_debug();
        return Err(format!("give the licence `{licence}`, which is not an SPDX expression"));
    }
    let is_address = |text: &String| {
        Url::parse(text).is_ok_and(|url| {
            ["http", "https"].contains(&url.scheme())
                && url.username().is_empty()
                && url.password().is_none()
                && url.as_str() == text
        })
    };
    match plan.homepage.as_ref().filter(|text| !is_address(text)) {
        None => Ok(()),
        Some(text) => Err(format!("give the homepage `{}`", text.escape_debug())),
    }
}

fn check_files(before: &PackagePlan, after: &PackagePlan) -> Result<(), String> {
    let members: BTreeSet<&str> = before
        .files
        .iter()
        .filter_map(member)
        .chain(before.left_out.iter().map(|left| left.member.as_str()))
        .collect();
    let is_known = |name: &str| {
        members.contains(name)
            || before
                .left_out
                .iter()
                .any(|l| l.member.ends_with('/') && name.starts_with(&l.member))
    };
    let mut paths = BTreeSet::new();
    for file in &after.files {
        let path = file.path.escape_debug();
        if !is_normal(&file.path) {
            return Err(format!("install `{path}`, which is not a normal, absolute path"));
        }
        if !paths.insert(&file.path) {
            return Err(format!("install `{path}` twice"));
        }
        if !file.owner.is_root() {
            return Err(format!("give `{path}` to another user than root"));
        }
        if file.mode & !0o777 != 0 || file.mode & 0o022 != 0 {
            return Err(format!("give `{path}` the mode {:04o}", file.mode));
        }
        if before.files.contains(file) {
            continue;
        }
        let known = match &file.content {
            Content::Text(_) => true,
            // Its first line was parsed when the answer was read.
            Content::Script { member, .. } => member.in_source().is_some_and(is_known),
            Content::Member(member) | Content::Compressed(member) => {
                member.in_source().is_some_and(is_known)
            }
            Content::ByteCode { .. } | Content::HardLink(_) | Content::Rendered { .. } => {
                before.files.iter().any(|known| known.content == file.content)
            }
        };
        if !known {
            return Err(format!("make `{path}` of something that the source does not have"));
        }
    }
    // A whole folder ends in a slash.
    let is_there = |name: &str| {
        is_known(name) || name.ends_with('/') && members.iter().any(|known| known.starts_with(name))
    };
    let gone = after.left_out.iter().find(|left| !is_there(&left.member));
    match gone {
        None => Ok(()),
        Some(left) => {
            Err(format!("leave `{}` out, which is not there", left.member.escape_debug()))
        }
    }
}

fn member(file: &PlannedFile) -> Option<&str> {
    file.content.member()?.in_source()
}

fn is_normal(path: &str) -> bool {
    path.len() > 1
        && path.starts_with('/')
        && !path.chars().any(char::is_control)
        && path[1..].split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
}

/// The files of a recipe stay in its folder.
pub(crate) fn check_recipe(recipe: &Recipe) -> Result<(), String> {
    match recipe.files.keys().find(|name| !stays_inside(name)) {
        None => Ok(()),
        Some(name) => Err(format!("write the file `{}` of a recipe", name.escape_debug())),
    }
}
