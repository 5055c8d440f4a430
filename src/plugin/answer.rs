//! What an answer may change, and in which form.

use std::collections::BTreeSet;

use url::Url;

use crate::{
    disk::stays_inside,
    metadata::parse_expression,
    plan::{Content, PackagePlan, PlannedFile},
    recipe::{self, Recipe},
    relation::{Capability, Relation},
    source,
};

/// The names of the fields that differ.
///
/// # Errors
/// What the plugin must not do.
pub(super) fn changed(
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
    after.relations.iter().try_for_each(check_relation)?;
    check_files(before, after)?;
    for patch in &after.patches {
        source::changes(patch).map_err(|problem| format!("give a patch that {problem}"))?;
        if !is_plain(&patch.file) {
            return Err(format!("call a patch `{}`", patch.file.escape_debug()));
        }
    }
    for text in after.scriptlets.values() {
        recipe::check_commands(text)
            .map_err(|(line, problem)| format!("give a scriptlet whose line {line} {problem}"))?;
    }
    Ok(fields)
}

fn check_words(plan: &PackagePlan) -> Result<(), String> {
    let licence = &plan.licence.expression;
    if parse_expression(licence).as_ref() != Some(licence) {
        let licence = licence.escape_debug();
        return Err(format!("give the licence `{licence}`, which is no SPDX expression"));
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

fn check_relation(relation: &Relation) -> Result<(), String> {
    let names: Vec<&str> = match &relation.capability {
        Capability::Project { package, .. } => vec![package],
        Capability::Dist { .. } | Capability::Interpreter { .. } => Vec::new(),
        Capability::Library { soname, versions, package } => {
            let names = versions.iter().chain(package).map(String::as_str);
            names.chain([soname.as_str()]).collect()
        }
        Capability::Package { name, .. } => vec![name],
    };
    match names.into_iter().find(|name| !is_capability(name)) {
        None => Ok(()),
        Some(name) => Err(format!("relate a package to `{}`", name.escape_debug())),
    }
}

/// One name, with one bound of its version at most; no rich dependency, no list.
fn is_capability(text: &str) -> bool {
    let is_name = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/')
            && word.chars().all(|c| c.is_ascii_alphanumeric() || "._+-()/:".contains(c))
    };
    let is_version =
        |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || "._+-~^:".contains(c));
    let plain = text.replace(" (", " ").trim_end_matches(')').to_owned();
    let words: Vec<&str> = match text.contains(' ') {
        true => plain.split(' ').collect(),
        false => vec![text],
    };
    match words[..] {
        [name] => is_name(name),
        [name, operator, version] => {
            is_name(name)
                && ["<", "<<", "<=", "=", ">=", ">>", ">"].contains(&operator)
                && is_version(version)
                && !version.is_empty()
        }
        _ => false,
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
            return Err(format!("install `{path}`, which is no normal, absolute path"));
        }
        if !paths.insert(&file.path) {
            return Err(format!("install `{path}` twice"));
        }
        if file.mode & !0o777 != 0 || file.mode & 0o022 != 0 {
            return Err(format!("give `{path}` the mode {:04o}", file.mode));
        }
        if before.files.contains(file) {
            continue;
        }
        let known = match &file.content {
            Content::Text(_) => true,
            Content::Script { member, shebang } => is_known(member) && is_shebang(shebang),
            Content::Member(member) | Content::Compressed(member) => is_known(member),
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
    match &file.content {
        Content::Member(member) | Content::Compressed(member) | Content::Script { member, .. } => {
            Some(member)
        }
        _ => None,
    }
}

fn is_normal(path: &str) -> bool {
    path.len() > 1
        && path.starts_with('/')
        && !path.chars().any(char::is_control)
        && path[1..].split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn is_shebang(line: &str) -> bool {
    line.is_empty()
        || line.strip_prefix("#!/").is_some_and(|rest| {
            rest.chars().all(|c| c.is_ascii_alphanumeric() || " ._/-".contains(c))
        })
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
}

/// The files of a recipe stay in its folder.
pub(super) fn check_recipe(recipe: &Recipe) -> Result<(), String> {
    match recipe.files.keys().find(|name| !stays_inside(name)) {
        None => Ok(()),
        Some(name) => Err(format!("write the file `{}` of a recipe", name.escape_debug())),
    }
}

#[cfg(test)]
mod tests {
    use super::is_capability;

    #[test]
    fn capabilities_are_one_name_with_one_bound() {
        for good in [
            "git",
            "/usr/bin/git",
            "libpq.so.5()(64bit)",
            "pkgconfig(libpq)",
            "git >= 1:2.0~rc1",
            "git (>= 2)",
        ] {
            assert!(is_capability(good), "{good}");
        }
        for bad in [
            "", "a b", "a, b", "(a or b)", "a >= ", "a >= 1 b", "a == 1", "%(x)", "a\nb", "-a",
            "a | b",
        ] {
            assert!(!is_capability(bad), "{bad}");
        }
    }
}
