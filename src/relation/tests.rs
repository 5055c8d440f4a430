use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use serde_json::Value;

use super::{deb, rpm};

/// The specifiers of a requirement string such as `name[extra]>=1; marker`.
fn specifiers(requirement: &str) -> VersionSpecifiers {
    let before_marker = requirement.split(';').next().unwrap_or_default();
    let start = before_marker.find(['<', '>', '=', '!', '~']).unwrap_or(before_marker.len());
    VersionSpecifiers::from_str(&before_marker[start..]).unwrap()
}

fn cases() -> Vec<Value> {
    let text = include_str!("../../tests/data/version-cases.json");
    let all: Value = serde_json::from_str(text).unwrap();
    let requirements = all["requirements"].as_array().unwrap().clone();
    let applies = |case: &Value| case["applies_on"]["linux_x86_64"] == true;
    requirements.into_iter().filter(applies).collect()
}

#[test]
fn rpm_dependencies_are_as_recorded() {
    for case in cases() {
        let requirement = case["requirement"].as_str().unwrap();
        // A second recorded dependency is on an extra's own package, which is never made.
        let expected = case["rpm"]["recommended"][0].as_str().unwrap();
        let capability = &expected.trim_start_matches('(')
            [..expected.trim_start_matches('(').find(')').unwrap() + 1];
        let written = rpm::dependency(capability, &specifiers(requirement)).unwrap();
        assert_eq!(written, expected, "{requirement}");
    }
}

#[test]
fn deb_relations_are_as_recorded() {
    for case in cases() {
        let requirement = case["requirement"].as_str().unwrap();
        for (field, candidate) in [
            ("recommended_candidate_3_components", "1.0.0"),
            ("recommended_candidate_2_components", "1.0"),
        ] {
            let expected = case["deb"][field].as_str().unwrap();
            let package = expected.split(' ').next().unwrap();
            let candidate = Version::from_str(candidate).unwrap();
            let written = deb::dependency(package, &specifiers(requirement), Some(&candidate))
                .unwrap()
                .join(", ");
            assert_eq!(written, expected, "{requirement}");
        }
    }
}

#[test]
fn samples_are_accepted_as_recorded() {
    for case in cases() {
        let requirement = case["requirement"].as_str().unwrap();
        let specifiers = specifiers(requirement);
        let dependency = rpm::dependency("x", &specifiers).unwrap();
        for sample in case["samples"].as_array().unwrap() {
            let version = Version::from_str(sample["version"].as_str().unwrap()).unwrap();
            let provided = sample["rpm_provide"].as_str().unwrap();
            let accepted = rpm::satisfied(&dependency, "x", provided).unwrap();
            assert_eq!(accepted, sample["rpm_recommended"], "{requirement}: {version} on rpm");

            let clauses = deb::dependency("x", &specifiers, Some(&version)).unwrap();
            let package = sample["deb_version"].as_str().unwrap();
            let accepted = deb::satisfied(&clauses, "x", package).unwrap();
            assert_eq!(accepted, sample["deb_recommended"], "{requirement}: {version} on Debian");
        }
    }
}

#[test]
fn malformed_dependencies_are_refused() {
    for text in ["(a with b", "(a with b or c)", "a <", "(a xor b)", "a b"] {
        assert!(rpm::satisfied(text, "a", "1").is_err(), "{text}");
    }
    assert!(deb::satisfied(&["a (>= 1".to_owned()], "a", "1").is_err());
}
