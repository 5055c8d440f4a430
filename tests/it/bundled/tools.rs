//! Bundled plugins with the tools that they, or those who read what they write, stand on.

use std::{fs, process::Command};

use serde_json::{Value, json};

use super::{Plugin, data};
use crate::{run, support::tools::have, support::wheel::Wheel};

/// The vectors of versions in their order: each release is affected by what the next one fixes,
/// and not by what it fixes itself.
#[test]
fn advisories_order_versions_as_pep_440_does() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../data/vectors/versions.json")).unwrap();
    let groups = vectors["order"].as_array().unwrap().iter();
    let texts: Vec<&str> = groups.map(|group| group[0].as_str().unwrap()).collect();
    // A local version counts as the release that it was made of.
    let texts: Vec<&str> = texts.into_iter().filter(|text| !text.contains('+')).collect();
    let folder = tempfile::tempdir().unwrap();
    let affected = |project: String, fixed: &str| {
        json!({
            "package": {"ecosystem": "PyPI", "name": project},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
        })
    };
    let mut packages = Vec::new();
    let (mut by_next, mut by_itself) = (Vec::new(), Vec::new());
    for (number, pair) in texts.windows(2).enumerate() {
        packages.push(json!({"project": format!("p{number}"), "release": pair[0]}));
        by_next.push(affected(format!("p{number}"), pair[1]));
        by_itself.push(affected(format!("p{number}"), pair[0]));
    }
    for (name, parts) in [("next", by_next), ("itself", by_itself)] {
        let advisory = json!({"id": name, "summary": name, "affected": parts});
        fs::write(folder.path().join(format!("{name}.json")), advisory.to_string()).unwrap();
    }
    let request = json!({
        "api": "1.0.0", "hook": "plan", "settings": {"database": folder.path()},
        "packages": packages,
    });
    let answer = Plugin::named("advisories").answer(&request);
    let messages = answer["messages"].as_array().unwrap();
    assert!(packages.len() > 300, "{}", packages.len());
    assert_eq!(messages.len(), packages.len());
    for message in messages {
        assert!(message["text"].as_str().unwrap().starts_with("next affects "), "{message}");
    }
}

/// The linters themselves, on packages that were built.
#[test]
fn lint_understands_the_linters_that_are_here() {
    for (linter, target, file, finding) in [
        (
            "rpmlint",
            "fedora-43",
            "python3-one-1.0-1.fc43.noarch.rpm",
            "rpmlint error `no-signature`",
        ),
        ("lintian", "debian-12", "python3-one_1.0-1_all.deb", "lintian warning `no-manual-page`"),
    ] {
        if !have(&[linter]) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        Wheel::default().write(&folder.path().join("index"));
        let common = ["one", "-q", "-t", target, "-i", "index", "--builder", "embedded"];
        let built = run(folder.path(), &[&["build"], &common[..]].concat());
        assert_eq!(built.status, 0, "{}", built.stderr);
        let plans = run(folder.path(), &[&["plan", "--json"], &common[..6]].concat());
        let plans: Value = serde_json::from_str(&plans.stdout).unwrap();
        let path = folder.path().join("dist").join(file);
        let request = json!({
            "api": "1.0.0", "hook": "package", "settings": {"require-tools": true},
            "packages": [{"plan": plans[0], "package": "python3-one", "path": path}],
        });
        let answer = Plugin::named("lint").answer(&request);
        let messages = answer["messages"].as_array().unwrap();
        let is_told = messages.iter().any(|message| {
            message["project"] == "one" && message["text"].as_str().unwrap().starts_with(finding)
        });
        assert!(is_told, "{answer:#}");
        assert!(messages.iter().all(|message| message["level"] != "error"), "{answer:#}");
    }
}

/// The text of a recipe's file in the answer that a case expects.
fn expected_file(case: &str, file: &str) -> String {
    let path = data().join("git-changelog").join(format!("{case}.expected"));
    let text = fs::read_to_string(path).unwrap();
    let answer: Value =
        serde_json::Deserializer::from_str(&text).into_iter().next().unwrap().unwrap();
    answer["packages"][0]["recipe"][file]["text"].as_str().unwrap().to_owned()
}

/// What a stranger wrote into the log is text to rpm and dpkg, too.
#[test]
fn logs_are_text_to_those_who_read_changelogs() {
    let readers = [
        ("rpmspec", "hostile-messages-rpm", "python3-logged.spec"),
        ("dpkg-parsechangelog", "hostile-messages-deb", "changelog"),
    ];
    for (reader, case, file) in readers {
        if !have(&[reader]) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), expected_file(case, file)).unwrap();
        let arguments: &[&str] = match reader {
            "rpmspec" => &["-q", "--qf", "[%{CHANGELOGNAME}\n%{CHANGELOGTEXT}\n]"],
            _ => &["--all", "-l"],
        };
        let mut command = Command::new(reader);
        let found = command.args(arguments).arg(file).current_dir(folder.path()).output().unwrap();
        let (text, said) =
            (String::from_utf8_lossy(&found.stdout), String::from_utf8_lossy(&found.stderr));
        assert!(found.status.success() && said.is_empty(), "{reader}: {said}");
        assert!(text.contains("%post -p <lua> os.execute(\"touch x\")"), "{text}");
        assert!(text.contains("# %(touch x) %{lua:x} "), "{text}");
        // One entry and one closing line, and nothing ran.
        assert_eq!(text.matches("Local Packages").count(), 1, "{text}");
        assert!(!text.contains("\nCloses"), "{text}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{reader}");
    }
}
