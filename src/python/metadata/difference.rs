//! How the metadata that a release is chosen by differ from those in its file.

use std::collections::BTreeSet;

use pep440_rs::VersionSpecifiers;
use pep508_rs::{MarkerEnvironment, VersionOrUrl};

use super::{CoreMetadata, Requirement, evaluate};

/// The most pairs of a requirement and an extra whose meaning is looked at.
const PAIR_LIMIT: usize = 1_000_000;

impl CoreMetadata {
    /// How `own`, the metadata in the file, differ from these in what they require: a phrase whose
    /// subject is the file. Nothing where they agree; the order of lists does not count.
    pub fn requirements_differ(&self, own: &Self) -> Option<String> {
        if (&self.name, &self.version) != (&own.name, &own.version) {
            return Some(format!(
                "it is `{} {}`, not `{} {}`",
                own.name, own.version, self.name, self.version
            ));
        }
        let python = |metadata: &Self| metadata.requires_python.as_ref().map(sorted);
        if python(self) != python(own) {
            let shown = |metadata: &Self| python(metadata).unwrap_or_else(|| "any".to_owned());
            return Some(format!("it needs Python {}, not {}", shown(own), shown(self)));
        }
        let requires = |metadata: &Self| metadata.requires_dist.iter().map(text).collect();
        let extras = |metadata: &Self| {
            metadata.provides_extra.iter().map(ToString::to_string).collect::<BTreeSet<_>>()
        };
        compared("requires", requires(self), requires(own))
            .or_else(|| compared("has the extra", extras(self), extras(own)))
    }

    /// As [`Self::requirements_differ`], of what is required in one environment only: metadata that
    /// need not be those of every file of the release state what does not apply in other words.
    pub fn needs_differ(&self, own: &Self, environment: &MarkerEnvironment) -> Option<String> {
        let all = |metadata: &Self| metadata.requires_dist.iter().map(text).collect();
        let difference = compared("requires", all(self), all(own))?;
        let extras: BTreeSet<_> = self.provides_extra.iter().chain(&own.provides_extra).collect();
        let count = self.requires_dist.len().max(own.requires_dist.len());
        if count.saturating_mul(extras.len()) > PAIR_LIMIT {
            return Some(difference);
        }
        let needs = |metadata: &Self| {
            let mut needs = BTreeSet::new();
            for requirement in &metadata.requires_dist {
                let bare = Requirement { marker: Default::default(), ..requirement.clone() };
                if evaluate(&requirement.marker, environment, &[]) {
                    needs.insert(text(&bare));
                    continue;
                }
                let asked = extras.iter().filter(|extra| {
                    evaluate(&requirement.marker, environment, &[(**extra).clone()])
                });
                needs.extend(asked.map(|extra| format!("{} ; extra == '{extra}'", text(&bare))));
            }
            needs
        };
        compared("requires", needs(self), needs(own))
    }
}

fn compared(verb: &str, stated: BTreeSet<String>, own: BTreeSet<String>) -> Option<String> {
    let list = |more: &BTreeSet<String>, less: &BTreeSet<String>| {
        more.difference(less).cloned().collect::<Vec<_>>().join("`, `")
    };
    match (list(&own, &stated), list(&stated, &own)) {
        (added, lost) if added.is_empty() && lost.is_empty() => None,
        (added, lost) if added.is_empty() => Some(format!("it does not {} `{lost}`", bare(verb))),
        (added, lost) if lost.is_empty() => Some(format!("it {verb} `{added}`, too")),
        (added, lost) => Some(format!("it {verb} `{added}`, not `{lost}`")),
    }
}

/// The verb of a phrase without its ending.
fn bare(verb: &str) -> String {
    verb.replacen("requires", "require", 1).replacen("has ", "have ", 1)
}

/// A requirement in one form, however its lists are ordered.
fn text(requirement: &Requirement) -> String {
    let mut extras: Vec<String> = requirement.extras.iter().map(ToString::to_string).collect();
    extras.sort();
    let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
    let source = match &requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(list)) => sorted(list),
        Some(VersionOrUrl::Url(url)) => format!(" @ {url}"),
        None => String::new(),
    };
    let marker = requirement.marker.try_to_string();
    let marker = marker.map(|marker| format!(" ; {marker}")).unwrap_or_default();
    format!("{}{extras}{source}{marker}", requirement.name)
}

fn sorted(list: &VersionSpecifiers) -> String {
    let mut texts: Vec<String> = list.iter().map(ToString::to_string).collect();
    texts.sort();
    texts.dedup();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(fields: &str) -> CoreMetadata {
        let text = format!("Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n{fields}");
        CoreMetadata::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn requirements_are_compared_in_any_order_and_spelling() {
        let stated = metadata(
            "Requires-Dist: a (<2,>=1)\nRequires-Dist: b[y,x]; extra == 'E'\nProvides-Extra: e\n\
             Requires-Python: >=3.8, <4\n",
        );
        let same = metadata(
            "Summary: other\nProvides-Extra: E\nRequires-Dist: B[x,y] ; extra == \"e\"\n\
             Requires-Dist: A>=1,<2\nRequires-Python: <4,>=3.8\n",
        );
        assert_eq!(stated.requirements_differ(&same), None);
    }

    #[test]
    fn a_difference_names_both_sides() {
        let differ = |stated: &str, own: &str| {
            metadata(stated).requirements_differ(&metadata(own)).unwrap_or_default()
        };
        for (stated, own, expected) in [
            ("", "Requires-Dist: evil\n", "it requires `evil`, too"),
            ("Requires-Dist: a\n", "", "it does not require `a`"),
            ("Requires-Dist: a\n", "Requires-Dist: evil\n", "it requires `evil`, not `a`"),
            ("Requires-Dist: a>=1\n", "Requires-Dist: a\n", "it requires `a`, not `a>=1`"),
            ("", "Requires-Python: >=3.9\n", "it needs Python >=3.9, not any"),
            ("Provides-Extra: x\n", "", "it does not have the extra `x`"),
        ] {
            assert_eq!(differ(stated, own), expected);
        }
        let other = CoreMetadata { version: "2".parse().unwrap(), ..metadata("") };
        let difference = metadata("").requirements_differ(&other);
        assert_eq!(difference.as_deref(), Some("it is `foo 2`, not `foo 1.0`"));
    }
}
