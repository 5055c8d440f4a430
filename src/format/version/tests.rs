use std::{
    cmp::Ordering,
    fmt::Write as _,
    io::Write as _,
    process::{Command, Stdio},
    str::FromStr,
};

use pep440_rs::Version;
use serde_json::Value;

use crate::{
    format::{deb::version as deb, rpm::version as rpm},
    support::tools::have,
};

fn cases() -> Value {
    serde_json::from_str(include_str!("../../../tests/data/version-cases.json")).unwrap()
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
        let evr = crate::plan::Evr {
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

/// The pairs of a run: more than 50,000.
const PAIRS: usize = 52_000;

/// Versions with every combination of parts, the same ones in each run.
fn versions(count: usize) -> Vec<Version> {
    let mut state: u32 = 1_605_440;
    let mut next = |limit: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % limit
    };
    (0..count)
        .map(|_| {
            let mut text = if next(12) == 0 { "1!".to_owned() } else { String::new() };
            let numbers: Vec<String> = (0..=next(3)).map(|_| next(4).to_string()).collect();
            text += &numbers.join(".");
            if next(3) == 0 {
                write!(text, "{}{}", ["a", "b", "rc"][next(3) as usize], next(3)).unwrap();
            }
            if next(4) == 0 {
                write!(text, ".post{}", next(3)).unwrap();
            }
            if next(4) == 0 {
                write!(text, ".dev{}", next(3)).unwrap();
            }
            text.parse().unwrap()
        })
        .collect()
}

/// A program's answer to lines on its standard input, a line each.
fn answers(program: &str, arguments: &[&str], input: String) -> Vec<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{program}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn sign(order: Ordering) -> &'static str {
    match order {
        Ordering::Less => "-1",
        Ordering::Equal => "0",
        Ordering::Greater => "1",
    }
}

/// Pairs whose release numbers differ in trailing zeros only: `1.0` is newer than `1` to rpm and
/// dpkg, and equal by PEP 440. Dependencies are written so that it does not matter.
fn differs_by_zeros(a: &Version, b: &Version) -> bool {
    let stripped = |version: &Version| {
        let mut numbers = version.release().to_vec();
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        numbers
    };
    a.release() != b.release() && stripped(a) == stripped(b)
}

#[test]
fn the_order_of_versions_is_kept() {
    let versions = versions(2 * PAIRS);
    for pair in versions.chunks(2) {
        let (a, b) = (&pair[0], &pair[1]);
        let epoch = |version: &Version| format!("{}:", version.epoch());
        let provided = |version: &Version| rpm::provide(version);
        assert_eq!(rpm::compare_evr(&provided(a), &provided(b)), a.cmp(b), "{a} {b}");
        if !differs_by_zeros(a, b) {
            let tag = |version: &Version| format!("{}{}", epoch(version), rpm::tag(version));
            assert_eq!(rpm::compare_evr(&tag(a), &tag(b)), a.cmp(b), "{a} {b}");
            let deb = |version: &Version| format!("{}{}-1", epoch(version), deb::upstream(version));
            assert_eq!(deb::compare(&deb(a), &deb(b)), a.cmp(b), "{a} {b}");
        }
    }
}

#[test]
fn packaging_orders_versions_alike() {
    if !have(&["python3"]) {
        return;
    }
    let script = "import sys\ntry:\n  from packaging.version import Version\nexcept ImportError:\n  \
                  from pip._vendor.packaging.version import Version\nfor line in sys.stdin:\n  \
                  a, b = map(Version, line.split())\n  print((a > b) - (a < b))";
    let versions = versions(2 * PAIRS);
    let input = versions.chunks(2).map(|pair| format!("{} {}\n", pair[0], pair[1])).collect();
    let answers = answers("python3", &["-c", script], input);
    assert_eq!(answers.len(), PAIRS);
    for (pair, answer) in versions.chunks(2).zip(answers) {
        assert_eq!(sign(pair[0].cmp(&pair[1])), answer, "{pair:?}");
    }
}

#[test]
fn rpm_compares_alike() {
    if !have(&["rpm"]) {
        return;
    }
    let parts = ["0", "1", "10", "01", ".", "~", "^", "_", "rc", "a", "post", "+"];
    let mapped: Vec<String> = versions(PAIRS).iter().map(rpm::tag).collect();
    let texts = [texts(&parts, PAIRS + 2), mapped].concat();
    // As much as an argument may have.
    for texts in texts.chunks(4_000) {
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
}

#[test]
fn dpkg_compares_alike() {
    // dpkg's own library for Perl, since a process for each pair would take minutes.
    if !have(&["dpkg-source"]) {
        return;
    }
    let parts = ["0", "1", "10", "01", ".", "~", "~~", "-1", "rc", "a", "post", "+"];
    let mapped: Vec<String> = versions(PAIRS).iter().map(deb::upstream).collect();
    let texts = [texts(&parts, PAIRS + 2), mapped].concat();
    let input = texts.chunks(2).map(|pair| format!("{} {}\n", pair[0], pair[1])).collect();
    let script = "my ($a, $b) = split; print version_compare($a, $b), \"\\n\"";
    let answers = answers("perl", &["-MDpkg::Version", "-ne", script], input);
    assert_eq!(answers.len(), texts.len() / 2);
    for (pair, answer) in texts.chunks(2).zip(answers) {
        assert_eq!(sign(deb::compare(&pair[0], &pair[1])), answer, "{pair:?}");
    }
}

#[test]
fn debian_versions_are_read_as_upstream_wrote_them() {
    for (version, expected) in [
        ("1:1.24.2-1", Some("1.24.2")),
        ("2.0~rc1-1", Some("2.0rc1")),
        ("9.4.0-1.1+deb12u1", Some("9.4.0")),
        ("3.2.1+dfsg-2", Some("3.2.1")),
        ("1:1.26.4+ds-6ubuntu1", Some("1.26.4")),
        ("0.4~dfsg1-1", Some("0.4")),
        ("2.0+really1.9-1", Some("1.9")),
        ("1:2.0+really1.9+dfsg-3", Some("1.9")),
        ("1.0+post1-1", Some("1.0.post1")),
        ("abc", None),
    ] {
        let read = deb::published(version).map(|version| version.to_string());
        assert_eq!(read.as_deref(), expected, "{version}");
    }
    for (version, epoch) in [("3:3.2.25-1", 3), ("3.2", 0), ("", 0), ("x:1", 0)] {
        assert_eq!(crate::plan::epoch(version), epoch, "{version}");
    }
}
