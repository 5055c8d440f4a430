//! A sample of what templates may refer to.

use serde_json::Value;

use super::{Format, FormatError};
use crate::{distro::targets::Target, plan::PackagePlan};

/// The context of a project that has a little of everything, as the templates of `pack` see it; a
/// pack of another format than the target's is an error.
///
/// # Errors
/// The pack is for another format than the target's.
pub fn sample(format: &dyn Format, pack: &str, target: &Target) -> Result<Value, FormatError> {
    let mut plan = plan(target);
    if pack == format.name() {
        plan.from_source = None;
    } else if Some(pack) != format.syntax().source_pack() {
        return Err(FormatError::OtherPack {
            pack: pack.to_owned(),
            target: target.name.clone(),
            format: target.format.clone(),
        });
    }
    let native = format.lower_one(&plan, target)?;
    Ok(format.context(&plan, target, &native))
}

/// The sample's plan for a target.
fn plan(target: &Target) -> PackagePlan {
    let python = &target.python;
    let mut text = include_str!("../../templates/sample.json").to_owned();
    for (mark, value) in [
        ("{target}", &target.name),
        ("{format}", &target.format),
        ("{dist}", &target.dist_tag),
        ("{prefix}", &python.package_prefix),
        ("{purelib}", &python.purelib),
        ("{scripts}", &python.scripts),
    ] {
        // A user's target may hold anything, quotes too.
        let quoted = Value::from(value.as_str()).to_string();
        text = text.replace(mark, &quoted[1..quoted.len() - 1]);
    }
    serde_json::from_str(&text).expect("a test reads it for every target")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::{
        distro::targets::Targets,
        format::named,
        recipe::template::{Packs, Shape},
    };

    /// The targets whose samples have all that there is: target, Python, prefix.
    const TARGETS: [(&str, Option<&str>, Option<&str>); 9] = [
        ("fedora-43", None, None),
        ("fedora-43", None, Some("/opt/acme")),
        ("el8", None, None),
        ("el9", Some("3.12"), None),
        ("opensuse-tumbleweed", None, None),
        ("opensuse-leap-15.6", Some("3.11"), None),
        ("debian-12", None, None),
        ("debian-12", None, Some("/opt/acme")),
        ("ubuntu-24.04", None, None),
    ];

    fn targets() -> impl Iterator<Item = Target> {
        TARGETS.into_iter().map(|(name, python, prefix)| {
            let target = Targets::embedded().load(name, python, None).unwrap();
            match prefix {
                Some(prefix) => target.isolated(prefix).unwrap(),
                None => target,
            }
        })
    }

    /// The samples of a pack, and what comes of the plans that tests build, which have next to
    /// nothing.
    fn contexts(pack: &str) -> Vec<Value> {
        let mut contexts = Vec::new();
        for target in targets() {
            let format = named(&target.format).unwrap();
            if ![Some(format.name()), format.syntax().source_pack()].contains(&Some(pack)) {
                continue;
            }
            contexts.push(sample(format, pack, &target).unwrap());
            let text = include_str!("../../tests/data/build/plan.json");
            let mut bare: PackagePlan = serde_json::from_str(text).unwrap();
            bare.homepage = None;
            bare.package = "sample".to_owned();
            if Some(pack) == format.syntax().source_pack() {
                bare.from_source = plan(&target).from_source;
                bare.from_source.as_mut().unwrap().releases_page = None;
            }
            contexts.push(context(format, &bare, &target));
        }
        contexts
    }

    fn context(format: &dyn Format, plan: &PackagePlan, target: &Target) -> Value {
        format.context(plan, target, &format.lower_one(plan, target).unwrap())
    }

    /// The shapes of all paths below a value; nothing stands for null, and for lists of which no
    /// element was seen.
    fn collect(
        path: &str,
        value: &Value,
        seen: &mut BTreeMap<String, BTreeSet<Option<SampleNames>>>,
    ) {
        let mut note = |shape| seen.entry(path.to_owned()).or_default().insert(shape);
        match value {
            Value::Null => drop(note(None)),
            Value::Bool(_) => drop(note(Some(SampleNames::Flag))),
            Value::Number(_) => drop(note(Some(SampleNames::Number))),
            Value::String(_) => drop(note(Some(SampleNames::Text))),
            Value::Array(elements) => {
                note(Some(SampleNames::List));
                elements.iter().for_each(|element| collect(&format!("{path}[]"), element, seen));
            }
            Value::Object(values) => {
                if !path.is_empty() {
                    note(Some(SampleNames::Group));
                }
                for (name, value) in values {
                    let dot = if path.is_empty() { "" } else { "." };
                    collect(&format!("{path}{dot}{name}"), value, seen);
                }
            }
        }
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum SampleNames {
        Text,
        Number,
        Flag,
        List,
        Group,
    }

    #[test]
    fn the_table_of_the_context_says_what_it_has() {
        let packs = Packs::default();
        for pack in packs.names() {
            let mut seen = BTreeMap::new();
            contexts(pack).iter().for_each(|context| collect("", context, &mut seen));
            let mut stated: BTreeMap<String, BTreeSet<Option<SampleNames>>> = BTreeMap::new();
            for field in packs.fields(pack) {
                let shape = match field.kind.shape {
                    Shape::Text => SampleNames::Text,
                    Shape::Number => SampleNames::Number,
                    Shape::Flag => SampleNames::Flag,
                    Shape::Texts | Shape::List => SampleNames::List,
                    Shape::Group => SampleNames::Group,
                };
                let mut shapes = BTreeSet::from([Some(shape)]);
                shapes.extend(field.kind.optional.then_some(None));
                assert!(stated.insert(field.path.clone(), shapes).is_none(), "{}", field.path);
                let element = match field.kind.shape {
                    Shape::Texts => SampleNames::Text,
                    Shape::List => SampleNames::Group,
                    _ => continue,
                };
                stated.insert(format!("{}[]", field.path), BTreeSet::from([Some(element)]));
            }
            for (path, shapes) in &seen {
                assert_eq!(stated.get(path), Some(shapes), "{pack}: {path}");
            }
            let unseen: Vec<_> = stated.keys().filter(|path| !seen.contains_key(*path)).collect();
            assert!(unseen.is_empty(), "{pack}: {unseen:?}");
        }
    }

    #[test]
    fn a_target_with_quotes_has_a_sample() {
        let mut target = Targets::embedded().load("fedora-43", None, None).unwrap();
        target.name = "\"mine\"".to_owned();
        target.python.scripts = "/opt/a\"".to_owned();
        let format = named("rpm").unwrap();
        assert_eq!(sample(format, "rpm", &target).unwrap()["target"]["name"], "\"mine\"");
    }

    #[test]
    fn every_target_has_a_sample() {
        let targets = Targets::embedded();
        for name in targets.names() {
            let target = targets.load(name, None, None).unwrap();
            let format = named(&target.format).unwrap();
            for pack in [Some(format.name()), format.syntax().source_pack()].into_iter().flatten() {
                sample(format, pack, &target).unwrap();
            }
            assert!(sample(format, "none", &target).is_err());
        }
    }
}
