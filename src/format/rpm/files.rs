//! What `%files` of a package of a wheel lists.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    distro::targets::Target,
    format::install,
    plan::{FileOwner, FileRole, PackagePlan, PlannedFile, owned_folders},
};

/// The lines of `%files`: whole folders below the site folders, single files elsewhere. A folder
/// with marked files is listed file by file: rpm warns of what is listed twice.
pub(super) fn files(plan: &PackagePlan, target: &Target, site: &str) -> Vec<Value> {
    let python = &target.python;
    let sites = [python.purelib.as_str(), python.platlib.as_str()];
    // The folder on top in a site folder that a path is in; `__pycache__` is the interpreter's.
    let top = |path: &str| {
        let (site, inside) =
            sites.iter().find_map(|site| Some((site, install::below(path, site)?)))?;
        let (top, _) = inside.split_once('/').filter(|(top, _)| *top != "__pycache__")?;
        Some(format!("{site}/{top}"))
    };
    let marked = plan.files.iter().filter(|file| !attribute(file).is_empty());
    let apart: BTreeSet<String> = marked.filter_map(|file| top(&file.path)).collect();
    let whole = |path: &str| top(path).filter(|top| !apart.contains(top));

    let mut lines = BTreeSet::new();
    for file in &plan.files {
        match whole(&file.path) {
            Some(top) => lines.insert((format!("{top}/"), String::new())),
            None => lines.insert((file.path.clone(), attribute(file))),
        };
    }
    let folders = owned_folders(&plan.files);
    let single = folders.into_iter().filter(|folder| whole(&format!("{folder}/")).is_none());
    lines.extend(single.map(|folder| (folder, "dir".to_owned())));
    lines
        .into_iter()
        .map(|(path, attribute)| {
            let inside = install::below(&path, site);
            json!({
                "in_site": inside.is_some(),
                "path": listed(inside.unwrap_or(&path)),
                "attribute": attribute,
            })
        })
        .collect()
}

/// How `%files` marks a file; empty for a plain one of root's.
fn attribute(file: &PlannedFile) -> String {
    let role = match file.role {
        FileRole::Configuration => "config(noreplace)",
        FileRole::Licence => "license",
        FileRole::Documentation => "doc",
        FileRole::Plain => "",
    };
    if file.owner.is_root() {
        return role.to_owned();
    }
    let FileOwner { user, group } = &file.owner;
    let owner = format!("attr(-,{},{})", user.as_str(), group.as_str());
    if role.is_empty() { owner } else { format!("{owner} %{role}") }
}

/// A path as `%files` takes it: rpm would expand, split or glob other characters.
/// A question mark matches any one character.
pub(super) fn listed(path: &str) -> String {
    path.chars()
        .map(|c| if c.is_ascii_alphanumeric() || "/._+-".contains(c) { c } else { '?' })
        .collect()
}
