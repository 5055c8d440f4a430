//! Versions, specifiers, markers and requirements as `packaging` 26.3 answers.

use std::{collections::BTreeMap, str::FromStr};

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{MarkerEnvironment, MarkerTree, VersionOrUrl};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    evaluate, group_as_extra,
    marker::parse_lock_marker,
    names_prerelease, parse_marker, parse_requirement, satisfies,
    specifier::{self, Mode},
};
use crate::python::artifact::extra_name;

/// Cases in which ours is another answer on purpose: what the input holds, and why.
type Differences = &'static [(&'static str, &'static str)];

/// Compares every case, and every difference with its list.
#[derive(Default)]
struct VectorComparison {
    wrong: Vec<String>,
    used: Vec<&'static str>,
    count: usize,
}

impl VectorComparison {
    fn check(&mut self, input: &str, problem: Option<String>, differences: Differences) {
        self.count += 1;
        let known = differences.iter().find(|(part, _)| input.contains(part));
        match (problem, known) {
            (Some(_), Some((part, _))) => self.used.push(part),
            (Some(problem), None) => self.wrong.push(format!("{input:?}: {problem}")),
            (None, _) => {}
        }
    }

    fn finish(mut self, differences: Differences) {
        let unused = differences.iter().filter(|(part, _)| !self.used.contains(part));
        self.wrong.extend(unused.map(|(part, _)| format!("{part:?} makes no difference")));
        assert!(
            self.wrong.is_empty(),
            "{} of {}:\n{}",
            self.wrong.len(),
            self.count,
            self.wrong.join("\n")
        );
    }
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

#[derive(Deserialize)]
struct VectorVersions {
    /// Ascending; those of one list are equal.
    order: Vec<Vec<String>>,
    cases: Vec<VersionCase>,
}

#[derive(Deserialize)]
struct VersionCase {
    input: String,
    valid: bool,
    normalized: Option<String>,
    #[serde(default)]
    is_prerelease: bool,
    local: Option<String>,
    #[serde(default)]
    epoch: u64,
}

const VERSION_DIFFERENCES: Differences = &[
    ("99999999999999999999", "no release has a number of more than 64 bits"),
    ("\u{a0}", "only blanks of ASCII are taken off"),
    ("\u{202f}", "only blanks of ASCII are taken off"),
];

#[test]
fn versions_are_those_of_packaging() {
    let VectorVersions { order, cases } =
        read(include_str!("../../../tests/data/vectors/versions.json"));
    let mut comparison = VectorComparison::default();
    for case in &cases {
        let parsed = Version::from_str(&case.input);
        let problem = match &parsed {
            Ok(version) if case.valid => {
                let local = version.is_local().then(|| {
                    let text = version.to_string();
                    text.split_once('+').unwrap().1.to_owned()
                });
                let same = Some(version.to_string()) == case.normalized
                    && version.any_prerelease() == case.is_prerelease
                    && version.epoch() == case.epoch
                    && local == case.local;
                (!same).then(|| version.to_string())
            }
            Err(_) if !case.valid => None,
            other => Some(format!("{other:?}")),
        };
        comparison.check(&case.input, problem, VERSION_DIFFERENCES);
    }
    comparison.finish(VERSION_DIFFERENCES);
    let parse = |text: &String| Version::from_str(text).ok();
    let groups: Vec<Vec<Version>> =
        order.iter().map(|group| group.iter().filter_map(parse).collect()).collect();
    let mut last: Option<&Version> = None;
    for group in groups.iter().filter(|group| !group.is_empty()) {
        assert!(group.iter().all(|version| *version == group[0]), "{group:?}");
        assert!(last.is_none_or(|last| *last < group[0]), "{last:?} {group:?}");
        last = Some(&group[0]);
    }
}

#[derive(Deserialize)]
struct Specifiers {
    cases: Vec<SpecifierCase>,
    contains: Vec<ContainsCase>,
    filter: Vec<FilterCase>,
}

#[derive(Deserialize)]
struct SpecifierCase {
    input: String,
    valid: bool,
    #[serde(default)]
    canonical: Vec<String>,
}

#[derive(Deserialize)]
struct ContainsCase {
    specifier: String,
    version: String,
    prereleases: Option<bool>,
    result: bool,
}

#[derive(Deserialize)]
struct FilterCase {
    specifier: String,
    versions: Vec<String>,
    prereleases: Option<bool>,
    result: Vec<String>,
}

const SPECIFIER_DIFFERENCES: Differences = &[
    ("===", "a text that is not a version can match no release, so it is refused with a reason"),
    ("~=1.2.3prevıew1", "`ı` is not an `i`"),
];

/// The versions that a resolver would look at: final releases, and pre-releases where they are
/// asked for, named, or all that fits.
fn filtered<'v>(
    specifiers: &VersionSpecifiers,
    versions: &'v [String],
    prereleases: Option<bool>,
) -> Vec<&'v str> {
    let parsed = versions.iter().filter_map(|text| Some((text, Version::from_str(text).ok()?)));
    let fitting: Vec<_> = parsed.filter(|(_, version)| satisfies(version, specifiers)).collect();
    let has_final = fitting.iter().any(|(_, version)| !version.any_prerelease());
    let takes = prereleases.unwrap_or(names_prerelease(specifiers) || !has_final);
    let fitting = fitting.iter().filter(|(_, version)| takes || !version.any_prerelease());
    fitting.map(|(text, _)| text.as_str()).collect()
}

#[test]
fn specifiers_are_those_of_packaging() {
    let read: Specifiers = read(include_str!("../../../tests/data/vectors/specifiers.json"));
    let mut comparison = VectorComparison::default();
    for case in &read.cases {
        let parsed = specifier::parse(&case.input, Mode::Strict);
        let problem = match &parsed {
            Ok(specifiers) if case.valid => {
                let canonical = specifier::parse(&case.canonical.join(","), Mode::Strict).unwrap();
                let sorted = |specifiers: &VersionSpecifiers| {
                    let mut all: Vec<String> = specifiers.iter().map(|s| s.to_string()).collect();
                    all.sort();
                    all.dedup();
                    all
                };
                (sorted(specifiers) != sorted(&canonical)).then(|| specifiers.to_string())
            }
            Err(_) if !case.valid => None,
            other => Some(format!("{other:?}")),
        };
        comparison.check(&case.input, problem, SPECIFIER_DIFFERENCES);
    }
    comparison.finish(SPECIFIER_DIFFERENCES);
}

const MEMBERSHIP_DIFFERENCES: Differences = &[
    (" foobar", "a release whose version is none does not exist"),
    ("===", "versions are compared, not their spellings: releases are known by normalised ones"),
];

#[test]
fn specifiers_contain_what_packaging_says() {
    let read: Specifiers = read(include_str!("../../../tests/data/vectors/specifiers.json"));
    let mut comparison = VectorComparison::default();
    for case in &read.contains {
        let Ok(specifiers) = specifier::parse(&case.specifier, Mode::Strict) else { continue };
        let versions = std::slice::from_ref(&case.version);
        let answer = !filtered(&specifiers, versions, case.prereleases).is_empty();
        let problem = (answer != case.result).then(|| format!("{:?} {answer}", case.prereleases));
        let input = format!("{} {}", case.specifier, case.version);
        comparison.check(&input, problem, MEMBERSHIP_DIFFERENCES);
    }
    for case in &read.filter {
        let Ok(specifiers) = specifier::parse(&case.specifier, Mode::Strict) else { continue };
        let answer = filtered(&specifiers, &case.versions, case.prereleases);
        let problem = (answer != case.result).then(|| {
            format!("{:?} {:?} {answer:?}, not {:?}", case.prereleases, case.versions, case.result)
        });
        comparison.check(&case.specifier, problem, MEMBERSHIP_DIFFERENCES);
    }
    comparison.finish(MEMBERSHIP_DIFFERENCES);
}

#[derive(Deserialize)]
struct VectorMarkers {
    environments: BTreeMap<String, MarkerEnvironment>,
    lock: Vec<LockCase>,
    cases: Vec<MarkerCase>,
}

/// An answer, or the name of an error.
#[derive(Deserialize)]
#[serde(untagged)]
enum VectorAnswer {
    Holds(bool),
    Refused(#[allow(dead_code, reason = "which error it is does not matter")] String),
}

#[derive(Deserialize)]
struct MarkerCase {
    input: String,
    valid: bool,
    #[serde(default)]
    results: BTreeMap<String, VectorAnswer>,
}

#[derive(Deserialize)]
struct LockCase {
    input: String,
    extras: Vec<String>,
    dependency_groups: Vec<String>,
    environment: String,
    result: VectorAnswer,
}

const MARKER_DIFFERENCES: Differences = &[
    (" ~= python_", "the environment's version is not a bound; no release writes this"),
    (
        " ~= implementation_version",
        "the environment's version is not a bound; no release writes this",
    ),
    ("platform_release ~= ", "the kernel's release is a text, which `~=` does not compare"),
    ("implementation_version === 'lit", "as for the other versions: none is spelled so"),
    ("extra in '", "an extra is requested or not; it is not part of a text"),
    ("extra not in '", "an extra is requested or not; it is not part of a text"),
    ("' in extra", "an extra is requested or not; it is not part of a text"),
    ("' not in extra", "an extra is requested or not; it is not part of a text"),
    ("os_name == extra", "two variables are not compared; no release writes this"),
];

#[test]
fn markers_hold_where_packaging_says_so() {
    let VectorMarkers { environments, lock, cases } =
        read(include_str!("../../../tests/data/vectors/markers.json"));
    let mut comparison = VectorComparison::default();
    for case in &cases {
        let marker = match parse_marker(&case.input) {
            Ok(marker) if case.valid => marker,
            other => {
                let is_refused =
                    case.results.values().all(|a| matches!(a, VectorAnswer::Refused(_)));
                let is_expected = other.is_err() && (!case.valid || is_refused);
                let problem = (!is_expected).then(|| format!("{other:?}"));
                comparison.check(&case.input, problem, MARKER_DIFFERENCES);
                continue;
            }
        };
        let mut problem = None;
        for (key, expected) in &case.results {
            let (name, extras) = match key.split_once('+') {
                Some((name, extra)) => (name, extra_name(extra).into_iter().collect()),
                None => (key.as_str(), Vec::new()),
            };
            let all = environments.iter().filter(|(n, _)| name == "*" || *n == name);
            for (name, environment) in all {
                let answer = evaluate(&marker, environment, &extras);
                if !matches!(expected, VectorAnswer::Holds(expected) if *expected == answer) {
                    problem = Some(format!("{answer} on {name} {extras:?}"));
                }
            }
        }
        comparison.check(&case.input, problem, MARKER_DIFFERENCES);
    }
    comparison.finish(MARKER_DIFFERENCES);
    let mut comparison = VectorComparison::default();
    for case in &lock {
        let extras = case.extras.iter().filter_map(|name| extra_name(name));
        let groups = case.dependency_groups.iter().filter_map(|name| group_as_extra(name));
        let asked: Vec<_> = extras.chain(groups).collect();
        let answer = parse_lock_marker(&case.input)
            .map(|marker| evaluate(&marker, &environments[&case.environment], &asked));
        let is_same = match (&answer, &case.result) {
            (Ok(answer), VectorAnswer::Holds(expected)) => answer == expected,
            (Err(_), VectorAnswer::Refused(_)) => true,
            _ => false,
        };
        let problem = (!is_same).then(|| format!("{answer:?} with {asked:?}"));
        comparison.check(&case.input, problem, &[]);
    }
    comparison.finish(&[]);
}

#[derive(Deserialize)]
struct RequirementCases {
    cases: Vec<RequirementCase>,
}

#[derive(Deserialize)]
struct RequirementCase {
    input: String,
    valid: bool,
    normalized_name: Option<String>,
    #[serde(default)]
    extras: Vec<String>,
    #[serde(default)]
    specifier: Vec<String>,
    url: Option<String>,
    marker: Option<String>,
}

const REQUIREMENT_DIFFERENCES: Differences =
    &[("===", "a text that is not a version can match no release, so it is refused with a reason")];

#[test]
fn requirements_parse_as_packaging_parses_them() {
    let RequirementCases { cases } =
        read(include_str!("../../../tests/data/vectors/requirements.json"));
    let mut comparison = VectorComparison::default();
    for case in &cases {
        let problem = match parse_requirement(&case.input) {
            Ok(parsed) if case.valid => requirement_differs(case, parsed),
            Err(_) if !case.valid => None,
            other => Some(format!("{other:?}")),
        };
        comparison.check(&case.input, problem, REQUIREMENT_DIFFERENCES);
    }
    comparison.finish(REQUIREMENT_DIFFERENCES);
}

fn requirement_differs(case: &RequirementCase, parsed: super::Requirement) -> Option<String> {
    let names = |list: &mut Vec<String>| {
        list.sort();
        list.dedup();
        list.clone()
    };
    let mut extras: Vec<String> = parsed.extras.iter().map(ToString::to_string).collect();
    let mut expected: Vec<String> =
        case.extras.iter().map(|name| extra_name(name).unwrap().to_string()).collect();
    let expected_specifiers = specifier::parse(&case.specifier.join(","), Mode::Strict);
    let marker = case.marker.as_ref().map_or(Ok(MarkerTree::TRUE), |marker| parse_marker(marker));
    let same_place = match &parsed.version_or_url {
        Some(VersionOrUrl::Url(url)) => {
            // Which escapes and slashes are added does not matter.
            let host = |text: &str| text.split("//").nth(1).map(|t| t[..3].to_owned());
            host(url.as_str()) == case.url.as_deref().and_then(host)
        }
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => {
            expected_specifiers.as_ref() == Ok(specifiers)
        }
        None => case.specifier.is_empty() && case.url.is_none(),
    };
    let is_same = Some(parsed.name.to_string()) == case.normalized_name
        && names(&mut extras) == names(&mut expected)
        && same_place
        && marker.as_ref() == Ok(&parsed.marker);
    (!is_same).then(|| parsed.to_string())
}
