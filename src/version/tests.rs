use std::{cmp::Ordering, fmt::Write, process::Command, str::FromStr};

use pep440_rs::Version;
use serde_json::Value;

use super::{deb, rpm};

fn cases() -> Value {
    serde_json::from_str(include_str!("../../tests/data/version-cases.json")).unwrap()
}

fn order(number: &Value) -> Ordering {
    number.as_i64().unwrap().cmp(&0)
}

#[test]
fn versions_are_mapped_as_recorded() {
    for case in cases()["version_mapping"].as_array().unwrap() {
        let version = Version::from_str(case["pep440"].as_str().unwrap()).unwrap();
        let rpm = &case["rpm"];
        assert_eq!(rpm::tag(&version), rpm["version_tag"], "{version}");
        assert_eq!(rpm::provide(&version), rpm["pythondist_provide"], "{version}");
        assert_eq!(rpm["epoch"].as_u64().unwrap_or(0), version.epoch(), "{version}");
        let evr = super::Evr {
            epoch: version.epoch(),
            version: deb::upstream(&version),
            release: "1".to_owned(),
        };
        assert_eq!(evr.to_string(), case["deb"]["version"].as_str().unwrap(), "{version}");
    }
}

#[test]
fn mapped_versions_keep_their_order() {
    for chain in cases()["ordering_chains"].as_array().unwrap() {
        let compare = match chain["format"].as_str().unwrap() {
            "rpm" => rpm::compare_evr,
            _ => deb::compare,
        };
        let mapped: Vec<&str> =
            chain["mapped"].as_array().unwrap().iter().map(|m| m.as_str().unwrap()).collect();
        for pair in mapped.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
    }
}

#[test]
fn recorded_comparisons_hold() {
    for fact in cases()["ordering_facts"].as_array().unwrap() {
        let (a, b) = (fact["a"].as_str().unwrap(), fact["b"].as_str().unwrap());
        let compared = match fact["format"].as_str().unwrap() {
            "rpm" => rpm::compare(a, b),
            _ => deb::compare(a, b),
        };
        assert_eq!(compared, order(&fact["compare"]), "{}", fact["claim"]);
    }
}

/// Texts that hit every rule of both comparisons; the same ones in each run.
fn texts(alphabet: &[&str], count: usize) -> Vec<String> {
    let mut state: u32 = 20_261_120;
    let mut next = |limit: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize % limit
    };
    (0..count)
        .map(|_| {
            let length = 1 + next(5);
            let parts: String = (0..length).map(|_| alphabet[next(alphabet.len())]).collect();
            format!("1{parts}")
        })
        .collect()
}

/// Whether a tool is here; `REQUIRE_TOOLS=1` makes a missing one a failure.
fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    assert!(found || std::env::var_os("REQUIRE_TOOLS").is_none(), "`{tool}` is missing");
    if !found {
        eprintln!("skipped: `{tool}` is missing");
    }
    found
}

#[test]
fn rpm_compares_alike() {
    if !has("rpm") {
        return;
    }
    let texts = texts(&["0", "1", "10", "01", ".", "~", "^", "_", "rc", "a", "post", "+"], 600);
    let mut script = String::from("%{lua:");
    for pair in texts.chunks(2) {
        write!(script, "print(rpm.vercmp(\"{}\",\"{}\")..\" \") ", pair[0], pair[1]).unwrap();
    }
    script.push('}');
    let output = Command::new("rpm").args(["--eval", &script]).output().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<i8> = answers.split_whitespace().map(|a| a.parse().unwrap()).collect();
    assert_eq!(answers.len(), texts.len() / 2);
    for (pair, answer) in texts.chunks(2).zip(answers) {
        assert_eq!(rpm::compare(&pair[0], &pair[1]) as i8, answer, "{pair:?}");
    }
}

#[test]
fn dpkg_compares_alike() {
    if !has("dpkg") {
        return;
    }
    let texts = texts(&["0", "1", "10", "01", ".", "~", "~~", "-1", "rc", "a", "post", "+"], 240);
    for pair in texts.chunks(2) {
        let less =
            Command::new("dpkg").args(["--compare-versions", &pair[0], "lt", &pair[1]]).status();
        let compared = deb::compare(&pair[0], &pair[1]) == Ordering::Less;
        assert_eq!(compared, less.unwrap().success(), "{pair:?}");
    }
}
