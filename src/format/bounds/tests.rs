use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use serde_json::Value;

use crate::format::{
    deb::{relation as deb, version::Numbering},
    rpm::relation as rpm,
};

/// The specifiers of a requirement string such as `name[extra]>=1; marker`.
fn specifiers(requirement: &str) -> VersionSpecifiers {
    let before_marker = requirement.split(';').next().unwrap_or_default();
    let start = before_marker.find(['<', '>', '=', '!', '~']).unwrap_or(before_marker.len());
    VersionSpecifiers::from_str(&before_marker[start..]).unwrap()
}

fn cases() -> Vec<Value> {
    let text = include_str!("../../../tests/data/version-cases.json");
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
            let numbering = Numbering::own(&Version::from_str(candidate).unwrap(), 0);
            let written =
                deb::dependency(package, &specifiers(requirement), numbering).unwrap().join(", ");
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

            let numbering = Numbering::own(&version, 0);
            let clauses = deb::dependency("x", &specifiers, numbering).unwrap();
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

#[test]
fn rpm_reads_one_relation() {
    for good in [
        "python(abi) = 3.13",
        "/bin/sh",
        "libc.so.6(GLIBC_2.17)(64bit)",
        "a >= 1:2~rc1^post1-1.fc43",
        "(a >= 1 with a < 2~~)",
        "((a or b) if c(d))",
        "(a >= 2 with (a < 3 or a > 3.0))",
    ] {
        assert!(rpm::check(good, true).is_ok(), "{good}");
    }
    for bad in [
        "",
        "a, b",
        "a b",
        "a  >= 1",
        "a >= 1, b",
        "a == 1",
        "a >=",
        "(a",
        "(a))",
        "(a)",
        "(a b)",
        "(a or b) c",
        "(a, b)",
        "a\0",
        "(a or b\n)",
        "(or or or)",
        "a >= %{version}",
        "(a nor b)",
        "-a",
        "a(b",
    ] {
        assert!(rpm::check(bad, true).is_err(), "{bad}");
    }
    assert!(rpm::check("(a or b)", false).is_err());
}

#[test]
fn dpkg_reads_one_relation() {
    for good in ["python3:any", "a (>= 1:2~rc1+b-1)", "a (<< 2) | b (>= 3)", "libc6", "Acme_x"] {
        assert!(deb::check(good, true).is_ok(), "{good}");
    }
    for bad in [
        "",
        "a, b",
        "a b",
        "a >= 1",
        "a (> 1)",
        "a (>= 1",
        "a (>=1)",
        "a (>= 1) b",
        "a|b",
        "a | ",
        "a\nb",
        "${misc:Depends}",
        "a [amd64]",
        "a <!nocheck>",
        "/usr/bin/a",
        "a(b)",
        "a:",
        "pkgconfig(a)",
        "a (>= 1) | b, c",
    ] {
        assert!(deb::check(bad, true).is_err(), "{bad}");
    }
    assert!(deb::check("a | b", false).is_err());
}

#[test]
fn bounds_carry_the_epoch_and_allow_what_repacking_adds() {
    let read = |text: &str| VersionSpecifiers::from_str(text).unwrap();
    let own = Numbering::own(&Version::from_str("5.2.0").unwrap(), 3);
    for (specifiers, expected) in [
        ("", "x"),
        (">=5.2,<5.3", "x (>= 3:5.2.0), x (<< 3:5.3~~)"),
        ("==5.2", "x (>= 3:5.2.0), x (<< 3:5.2.0+post0~~)"),
        ("!=5.2.1", "x (<< 3:5.2.1) | x (>= 3:5.2.1+post0~~)"),
        (">=1!2", "x (>= 3:2.0.0)"),
        (">=4!2", "x (>= 4:2.0.0)"),
    ] {
        let written = deb::dependency("x", &read(specifiers), own).unwrap();
        assert_eq!(written.join(", "), expected, "{specifiers}");
    }
    for (available, specifiers, is_met) in [
        ("1:2.1.0-1", "==2.1", true),
        ("1:2.1.0+repack2-1", "==2.1.0", true),
        ("2.1+dfsg-1", "==2.1.0", true),
        ("2.1.1-1", "==2.1.0", false),
        ("1:2.1-1", ">2.1", false),
        ("1:2.1+dfsg-1", "<=2.1", true),
        ("1:2.1+ds-1", "!=2.1", false),
        ("1:2.1-1", ">=2.2", false),
        ("1:2.1-1", "<2.1", false),
    ] {
        let numbering = Numbering::distributed(Some(available));
        let clauses = deb::dependency("x", &read(specifiers), numbering).unwrap();
        let found = deb::satisfied(&clauses, "x", available).unwrap();
        assert_eq!(found, is_met, "{available} {specifiers}: {clauses:?}");
    }
}
