//! Relations as an rpm header holds them.

use ::rpm::{Dependency, DependencyFlags, PackageBuilder};

use crate::{format::NativeRelation, relation::Strength};

use super::{BuildError, BuildJob};

/// Adds the relations of a job, and the rpm features that reading them takes.
///
/// rpmbuild drops repetitions and requires the features `TildeInVersions` and `CaretInVersions`
/// where any version of a dependency or of the package itself has such a character; the text of a
/// rich dependency does not count. `RichDependencies` and the features of the payload are the
/// crate's business.
pub(super) fn add_relations(
    builder: &mut PackageBuilder,
    job: &BuildJob<'_>,
) -> Result<(), BuildError> {
    let mut added: Vec<(Strength, Dependency)> = Vec::new();
    for relation in &job.native.relations {
        let entry =
            (relation.strength, parse(relation).map_err(|reason| wrong(job, relation, reason))?);
        if !added.contains(&entry) {
            added.push(entry);
        }
    }
    let own = [&job.native.version, &job.native.release];
    let has = |character: char| {
        own.iter().any(|text| text.contains(character))
            || added.iter().any(|(_, dependency)| dependency.version.contains(character))
    };
    if has('~') {
        builder.requires(Dependency::rpmlib("TildeInVersions", "4.10.0-1"));
    }
    if has('^') {
        builder.requires(Dependency::rpmlib("CaretInVersions", "4.15.0-1"));
    }
    for (strength, dependency) in added {
        match strength {
            Strength::Requires => builder.requires(dependency),
            Strength::Recommends => builder.recommends(dependency),
            Strength::Suggests => builder.suggests(dependency),
            Strength::Provides => builder.provides(dependency),
            Strength::Conflicts => builder.conflicts(dependency),
            Strength::Replaces => builder.obsoletes(dependency),
        };
    }
    Ok(())
}

fn wrong(job: &BuildJob<'_>, relation: &NativeRelation, reason: &'static str) -> BuildError {
    BuildError::Relation { package: job.package(), relation: relation.text.clone(), reason }
}

/// `NAME`, `NAME OP EVR`, or a rich dependency in parentheses, which is a name as a whole.
fn parse(relation: &NativeRelation) -> Result<Dependency, &'static str> {
    let text = relation.text.trim();
    if text.starts_with('(') {
        return match (is_balanced(text), relation.strength) {
            (false, _) => Err("its parentheses do not match"),
            (true, Strength::Provides | Strength::Replaces) => Err("only dependencies may be rich"),
            (true, _) => Ok(Dependency::any(text)),
        };
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [name] if !is_operator(name) => Ok(Dependency::any(name)),
        [name, operator, evr] => Ok(Dependency {
            name: name.to_owned(),
            flags: flags(operator).ok_or("its operator is none of < <= = >= >")?,
            version: evr.to_owned(),
        }),
        _ => Err("it is neither a name nor a name, an operator and a version"),
    }
}

fn is_operator(word: &str) -> bool {
    flags(word).is_some()
}

fn flags(operator: &str) -> Option<DependencyFlags> {
    Some(match operator {
        "<" => DependencyFlags::LESS,
        "<=" => DependencyFlags::LESS | DependencyFlags::EQUAL,
        "=" => DependencyFlags::EQUAL,
        ">=" => DependencyFlags::GREATER | DependencyFlags::EQUAL,
        ">" => DependencyFlags::GREATER,
        _ => return None,
    })
}

/// Whether the first parenthesis closes at the very end, and none closes too early.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0usize;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ')' => return false,
            _ => {}
        }
        if depth == 0 {
            return at + 1 == text.len();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(strength: Strength, text: &str) -> Result<Dependency, &'static str> {
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
            assert_eq!(parsed(Strength::Requires, text), Ok(Dependency::any(text)));
        }
        let name = "python3.13dist(idna)";
        let cases = [
            ("<", Dependency::less(name, "2.5~rc1")),
            ("<=", Dependency::less_eq(name, "2.5~rc1")),
            ("=", Dependency::eq(name, "2.5~rc1")),
            (">=", Dependency::greater_eq(name, "2.5~rc1")),
            (">", Dependency::greater(name, "2.5~rc1")),
        ];
        for (operator, wanted) in cases {
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
        assert_eq!(parsed(Strength::Provides, "(a or b)"), Err("only dependencies may be rich"));
    }
}
