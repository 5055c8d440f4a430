//! The folders into which wheels may install data.

use std::sync::LazyLock;

use crate::distro::targets::Python;

use super::{OwnNames, reserved::Reserved, reserved::reader};

static DESTINATIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let rows = reader(include_str!("../../../data/paths/destinations.csv")).into_records();
    rows.flatten().filter_map(|row| row.get(0).map(str::to_owned)).collect()
});

/// Whether an absolute path is in a folder that is harmless, or the package's own.
pub(super) fn is_harmless(path: &str, python: &Python, own: &OwnNames<'_>) -> bool {
    has_pattern(path, python, Some(own))
}

/// Whether an absolute path is in a folder that is harmless for files of the right names.
pub(super) fn is_known(path: &str, python: &Python) -> bool {
    has_pattern(path, python, None)
}

/// Whether a path has one of the patterns; without `own`, any name fits.
fn has_pattern(path: &str, python: &Python, own: Option<&OwnNames<'_>>) -> bool {
    let roots = [("{prefix}", &python.data), ("{include}", &python.include)];
    let below = roots.iter().filter_map(|(mark, folder)| {
        let rest = path.strip_prefix(folder.as_str()).filter(|rest| rest.starts_with('/'))?;
        Some(format!("{mark}{rest}"))
    });
    let spellings: Vec<String> = below.chain([path.to_owned()]).collect();
    spellings.iter().any(|spelling| {
        let found: Vec<&str> = spelling.split('/').collect();
        DESTINATIONS.iter().any(|pattern| {
            let pattern: Vec<&str> = pattern.split('/').collect();
            fits(&pattern, &found, own)
        })
    })
}

/// Whether components are those of a pattern, in which `**` is any number of them; one at least at
/// its end.
fn fits(pattern: &[&str], found: &[&str], own: Option<&OwnNames<'_>>) -> bool {
    match (pattern, found) {
        ([], []) => true,
        (["**"], [_, ..]) => true,
        (["**", rest @ ..], _) if !rest.is_empty() => {
            (0..=found.len()).any(|skip| fits(rest, &found[skip..], own))
        }
        ([first, rest @ ..], [component, others @ ..]) => {
            component_fits(first, component, own) && fits(rest, others, own)
        }
        _ => false,
    }
}

/// Whether a component is what a pattern with at most one `*` or name in braces stands for.
fn component_fits(pattern: &str, component: &str, own: Option<&OwnNames<'_>>) -> bool {
    let (before, name, after) = match (pattern.split_once('{'), pattern.split_once('*')) {
        (Some((before, rest)), _) => match rest.split_once('}') {
            Some((name, after)) if !matches!(name, "prefix" | "include") => (before, name, after),
            _ => return pattern == component,
        },
        (None, Some((before, after))) => (before, "*", after),
        (None, None) => return pattern == component,
    };
    let inside = component.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    inside.filter(|inside| !inside.is_empty()).is_some_and(|inside| match name {
        "own" => {
            own.map_or(Reserved::embedded().folder(inside).is_none(), |own| own.is_own(inside))
        }
        "command" => own.is_none_or(|own| own.commands.contains(inside)),
        "catalogue" => !Reserved::embedded().has_catalogue(inside),
        "header" => !Reserved::embedded().has_header(inside),
        _ => name == "*",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_list_is_read() {
        let rows = reader(include_str!("../../../data/paths/destinations.csv")).into_records();
        for row in rows {
            let row = row.unwrap();
            assert!(row.len() == 3 && row.iter().all(|cell| !cell.is_empty()), "{row:?}");
            assert!(row[0].starts_with('/') || row[0].starts_with('{'), "{row:?}");
        }
    }

    #[test]
    fn patterns_are_of_whole_components() {
        let own = OwnNames::default();
        let fits = |pattern: &str, path: &str| {
            let split = |text: &'static str| text.split('/').collect::<Vec<_>>();
            let (pattern, path) = (pattern.to_owned().leak(), path.to_owned().leak());
            super::fits(&split(pattern), &split(path), Some(&own))
        };
        assert!(fits("a/**", "a/b") && fits("a/**", "a/b/c") && !fits("a/**", "a"));
        assert!(fits("a/**/*.x", "a/b.x") && fits("a/**/*.x", "a/b/c.x"));
        assert!(!fits("a/**/*.x", "a/.x") && !fits("a/**/*.x", "a/b.y") && !fits("a/*", "a/b/c"));
    }
}
