//! Specs that users write themselves.

use std::{collections::BTreeSet, path::Path, time::Duration};

use crate::{
    base::process::{Command, which},
    format::{host::SystemTools, syntax::OwnRecipe},
};

/// How long a spec may take to be read.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Reads the spec at `path`, expanded by rpm if that is installed and can read it.
pub(super) fn read(path: &Path, text: &str, tools: &SystemTools<'_>) -> OwnRecipe {
    let expanded = expanded(path, tools).unwrap_or_else(|| text.to_owned());
    OwnRecipe {
        packages: package_names(&expanded),
        version: version(&expanded).map(str::to_owned),
        sources: sources(&expanded),
    }
}

/// A spec as rpm expands it.
fn expanded(path: &Path, tools: &SystemTools<'_>) -> Option<String> {
    let rpmspec = which("rpmspec", tools.path)?;
    let spec = std::path::absolute(path).ok()?;
    let command = Command::new(&rpmspec, Path::new("/")).argument("-P").argument(spec);
    let output = tools.runner.run(&command.timeout(TIME_LIMIT)).ok()?;
    (output.status == 0).then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The names of the files that a spec takes as sources and patches.
fn sources(spec: &str) -> BTreeSet<String> {
    let values = spec.lines().filter_map(|line| {
        let (tag, value) = line.split_once(':')?;
        let tag = tag.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase();
        ["source", "patch"].contains(&tag.as_str()).then(|| value.trim())
    });
    values.filter_map(|value| value.rsplit('/').next()).map(str::to_owned).collect()
}

/// The version that a spec states first; nothing where it is left in a macro.
fn version(spec: &str) -> Option<&str> {
    let mut fields = spec.lines().filter_map(|line| line.split_once(':'));
    let (_, version) = fields.find(|(field, _)| field.eq_ignore_ascii_case("version"))?;
    Some(version.trim()).filter(|version| !version.contains('%'))
}

/// The names of the packages that a spec describes, its own first; none where a name is left in a macro.
fn package_names(spec: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in spec.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (field, value) = line.split_once(':').unwrap_or_default();
        match (words.as_slice(), names.first()) {
            (["%package", "-n", name, ..], _) => names.push((*name).to_owned()),
            (["%package", part, ..], Some(own)) => names.push(format!("{own}-{part}")),
            _ if field.eq_ignore_ascii_case("name") && names.is_empty() => {
                names.push(value.trim().to_owned());
            }
            _ => {}
        }
    }
    if names.iter().any(|name| name.contains('%')) {
        names.clear();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::package_names;

    #[test]
    fn all_packages_of_a_spec_are_named() {
        let spec = "Name: python-one\nVersion: 1\n%package -n python3-one\nSummary: x\n\
                    %package doc\nname: other\n";
        assert_eq!(package_names(spec), ["python-one", "python3-one", "python-one-doc"]);
        assert!(package_names("Name: %{own}\n").is_empty());
    }
}
