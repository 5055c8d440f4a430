//! Relations as an rpm header holds them.

use std::{collections::BTreeSet, fmt};

use crate::{
    format::{
        NativeRelation,
        build::{BuildError, BuildJob},
    },
    plan::{
        Content, Moment,
        relation::{RelationError, Strength},
    },
};

use super::{
    SHELL,
    header::{HeaderBuilder, Value},
    tags::relation as tag,
};

/// Bits of a dependency. Source: rpmds.h, `rpmsenseFlags_e`.
const LESS: u32 = 1 << 1;
const GREATER: u32 = 1 << 2;
const EQUAL: u32 = 1 << 3;
const RPMLIB: u32 = 1 << 24;
const INTERPRETER: u32 = 1 << 8;

/// A dependency, in the order in which rpmbuild sorts them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HeaderDependency {
    name: String,
    version: String,
    flags: u32,
}

impl HeaderDependency {
    fn any(name: &str) -> Self {
        Self { name: name.to_owned(), version: String::new(), flags: 0 }
    }

    /// A feature that rpm must have to read the package.
    fn feature(name: &str, version: &str) -> Self {
        let flags = RPMLIB | LESS | EQUAL;
        Self { name: format!("rpmlib({name})"), version: version.to_owned(), flags }
    }
}

impl fmt::Display for HeaderDependency {
    /// As rpm shows it: `NAME`, `NAME >= VERSION`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, flags } = self;
        let operators = [
            ("<", LESS),
            ("<=", LESS | EQUAL),
            ("=", EQUAL),
            (">=", GREATER | EQUAL),
            (">", GREATER),
        ];
        let sense = flags & (LESS | GREATER | EQUAL);
        match operators.iter().find(|(_, flags)| *flags == sense) {
            Some((operator, _)) => write!(f, "{name} {operator} {version}"),
            None => f.write_str(name),
        }
    }
}

/// The relations of a job's package: the planned ones, its own names, and what runs its scriptlets.
///
/// # Errors
/// A relation that rpm would not read as one.
pub(crate) fn planned(
    job: &BuildJob<'_>,
) -> Result<BTreeSet<(Strength, HeaderDependency)>, BuildError> {
    let native = job.native;
    let mut all = BTreeSet::new();
    for relation in &native.relations {
        let dependency = parse(relation).map_err(|reason| wrong(job, relation, reason))?;
        all.insert((relation.strength, dependency));
    }
    for moment in job.plan.scriptlets.keys() {
        let flags = INTERPRETER | scriptlet_flag(*moment);
        let shell = HeaderDependency { flags, ..HeaderDependency::any(SHELL) };
        all.insert((Strength::Requires, shell));
    }
    let epoch = native.epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
    let version = format!("{epoch}{}-{}", native.version, native.release);
    for name in native.own_names.clone() {
        let own = HeaderDependency { name, version: version.clone(), flags: EQUAL };
        all.insert((Strength::Provides, own));
    }
    Ok(all)
}

/// Adds the relations of a job, its own names, and the features of rpm that reading it takes;
/// `compression` is that of its payload.
///
/// rpmbuild drops repetitions and requires the features `TildeInVersions` and `CaretInVersions`
/// where any version of a dependency or of the package itself has such a character.
pub(crate) fn add(
    header: &mut HeaderBuilder,
    job: &BuildJob<'_>,
    compression: Option<(&str, &str)>,
) -> Result<(), BuildError> {
    let native = job.native;
    let mut all = planned(job)?;
    let is_rich = |dependency: &HeaderDependency| dependency.name.starts_with('(');
    let has = |character: char| {
        // The versions in a rich dependency are in its name.
        let stated = |d: &HeaderDependency| {
            d.version.contains(character) || is_rich(d) && d.name.contains(character)
        };
        [&native.version, &native.release].into_iter().any(|own| own.contains(character))
            || all.iter().any(|(_, dependency)| stated(dependency))
    };
    let mut files = job.plan.files.iter();
    let is_linked = files.any(|file| matches!(file.content, Content::HardLink(_)));
    let features = [
        Some(("CompressedFileNames", "3.0.4-1")),
        Some(("FileDigests", "4.6.0-1")),
        Some(("PayloadFilesHavePrefix", "4.0-1")),
        compression,
        is_linked.then_some(("PartialHardlinkSets", "4.0.4-1")),
        has('~').then_some(("TildeInVersions", "4.10.0-1")),
        has('^').then_some(("CaretInVersions", "4.15.0-1")),
        all.iter().any(|(_, d)| is_rich(d)).then_some(("RichDependencies", "4.12.0-1")),
    ];
    for (name, version) in features.into_iter().flatten() {
        all.insert((Strength::Requires, HeaderDependency::feature(name, version)));
    }
    let kinds = [
        (Strength::Provides, tag::PROVIDES),
        (Strength::Requires, tag::REQUIRES),
        (Strength::Conflicts, tag::CONFLICTS),
        (Strength::Replaces, tag::OBSOLETES),
        (Strength::Recommends, tag::RECOMMENDS),
        (Strength::Suggests, tag::SUGGESTS),
    ];
    for (kind, [names, flags, versions]) in kinds {
        let of_kind = || all.iter().filter(move |(strength, _)| *strength == kind).map(|(_, d)| d);
        if of_kind().next().is_some() {
            let texts = |of: fn(&HeaderDependency) -> &String| {
                Value::Texts(of_kind().map(|dependency| of(dependency).clone()).collect())
            };
            header.set(names, texts(|dependency| &dependency.name));
            header.set(flags, Value::Int32(of_kind().map(|d| d.flags).collect()));
            header.set(versions, texts(|dependency| &dependency.version));
        }
    }
    Ok(())
}

fn scriptlet_flag(moment: Moment) -> u32 {
    match moment {
        Moment::PreInstall => 1 << 9,
        Moment::PostInstall => 1 << 10,
        Moment::PreRemove => 1 << 11,
        Moment::PostRemove => 1 << 12,
    }
}

fn wrong(job: &BuildJob<'_>, relation: &NativeRelation, reason: &'static str) -> BuildError {
    BuildError::Relation { package: job.package(), relation: relation.text.clone(), reason }
}

/// `NAME`, `NAME OP EVR`, or a rich dependency in parentheses, which is a name as a whole.
fn parse(relation: &NativeRelation) -> Result<HeaderDependency, &'static str> {
    let text = relation.text.as_str();
    let may_be_rich = !matches!(relation.strength, Strength::Provides | Strength::Replaces);
    crate::format::rpm::relation::check(text, may_be_rich).map_err(|error| match error {
        RelationError::Dependency { problem, .. } => problem,
        RelationError::Specifier { .. } => "its version is invalid",
    })?;
    if text.starts_with('(') {
        return Ok(HeaderDependency::any(text));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [name] => Ok(HeaderDependency::any(name)),
        [name, operator, evr] => Ok(HeaderDependency {
            name: name.to_owned(),
            version: evr.to_owned(),
            flags: flags(operator).ok_or("expected one of the operators < <= = >= >")?,
        }),
        _ => Err("expected a name, or a name, an operator and a version"),
    }
}

fn flags(operator: &str) -> Option<u32> {
    Some(match operator {
        "<" => LESS,
        "<=" => LESS | EQUAL,
        "=" => EQUAL,
        ">=" => GREATER | EQUAL,
        ">" => GREATER,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(strength: Strength, text: &str) -> Result<HeaderDependency, &'static str> {
        parse(&NativeRelation { strength, text: text.to_owned(), origin: String::new() })
    }

    #[test]
    fn names_versions_and_rich_dependencies_are_read() {
        let any = [
            "/usr/bin/python3",
            "libc.so.6(GLIBC_2.17)(64bit)",
            "(a >= 1 with a < 2)",
            "((a or b) if c(d))",
        ];
        for text in any {
            assert_eq!(parsed(Strength::Requires, text), Ok(HeaderDependency::any(text)));
        }
        let name = "python3.13dist(idna)";
        let cases = [
            ("<", LESS),
            ("<=", LESS | EQUAL),
            ("=", EQUAL),
            (">=", GREATER | EQUAL),
            (">", GREATER),
        ];
        for (operator, flags) in cases {
            let version = "2.5~rc1".to_owned();
            let wanted = HeaderDependency { name: name.to_owned(), version, flags };
            assert_eq!(
                parsed(Strength::Requires, &format!("{name} {operator} 2.5~rc1")),
                Ok(wanted)
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "a b", "a >= 1 b", ">= 1", ">=", "a == 1", "(a", "(a) b", "(a))", "(a) (b)"]
        {
            assert!(parsed(Strength::Requires, text).is_err(), "{text}");
        }
        assert_eq!(
            parsed(Strength::Provides, "(a or b)"),
            Err("only dependencies may be in parentheses")
        );
    }
}
