use std::{fs, path::Path};

use super::*;
use crate::support::expected::compare;

const TARGETS: [&str; 2] = ["debian-12", "el9"];

/// Where the tables of the context begin in its document; all behind is built from the table.
const TABLES: &str = "<!-- The tables below are made of `templates/context.csv`. -->\n";

#[test]
fn the_document_of_the_context_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/templates.md");
    let document = fs::read_to_string(&path).unwrap();
    let (text, _) = document.split_once(TABLES).unwrap();
    let tables = context::tables();
    compare(&path, &format!("{text}{TABLES}{tables}")).unwrap_or_else(|wrong| panic!("{wrong}"));
}

/// Writes files below a folder.
fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// All that is wrong with a folder of these files; `[]` stands for the folder.
fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    let errors = Templates::new(vec![folder.path().to_owned()]).check(&TARGETS);
    let here = folder.path().display().to_string();
    errors.iter().map(|error| error.to_string().replace(&here, "[]")).collect()
}

/// What is wrong with a template of the pack `rpm`.
fn template(text: &str) -> Vec<String> {
    let found = problems(&[("rpm/changelog.hbs", text)]);
    found.iter().map(|problem| problem.replace("[]/rpm/changelog.hbs:", "")).collect()
}

#[test]
fn the_built_in_packs_are_sound() {
    assert_eq!(Templates::default().check(&TARGETS), []);
}

#[test]
fn templates_that_do_too_much() {
    for (text, problem) in [
        ("a\n{{{name}}}", "2: writes raw text with `{{{…}}}` or `{{&…}}`; use `{{…}}`"),
        (
            "{{#if name}}\n{{&name}}{{/if}}",
            "2: writes raw text with `{{{…}}}` or `{{&…}}`; use `{{…}}`",
        ),
        (
            "{{#if name}}\n{{else if homepage}}\n{{{name}}}{{/if}}",
            "3: writes raw text with `{{{…}}}` or `{{&…}}`; use `{{…}}`",
        ),
        (
            "{{#*inline \"x\"}}{{{name}}}{{/inline}}",
            "1: defines something with `{{*…}}`; use a template",
        ),
        (
            "\n\n{{> hedaer}}",
            "3: includes `hedaer`, which is not a template (did you mean `header`?)",
        ),
        ("{{> (lookup this \"name\")}}", "1: includes a template whose name is computed"),
    ] {
        assert_eq!(template(text), [problem], "{text}");
    }
    assert_eq!(template("{{> changelog}}"), ["1: includes itself, directly or through others"]);
    assert_eq!(template("a\n{{#if name}}")[0].split(':').next(), Some("2"));
}

#[test]
fn templates_that_would_exhaust_the_stack() {
    let deep = |start: &str, end: &str| start.repeat(20_000) + &end.repeat(20_000);
    for text in [
        deep("{{#if name}}", "{{/if}}"),
        deep("{{~ #if name}}", "{{/if}}"),
        format!("{{{{#if {}name{}}}}}{{{{/if}}}}", "(not ".repeat(20_000), ")".repeat(20_000)),
        format!("{{{{log {}}}}}", deep("[", "]")),
        format!("{{{{#if name}}}}{}{{{{/if}}}}", "{{else if name}}".repeat(20_000)),
        format!("{{{{#if name}}}}{}{{{{/if}}}}", "{{~else\tif name}}".repeat(20_000)),
    ] {
        assert_eq!(template(&text), ["1: nests too deeply"], "{}", &text[..30]);
    }
    assert_eq!(template(&"{{#if name}}{{/if}}".repeat(1000)), [""; 0]);
}

#[test]
fn includes_that_would_take_for_ever() {
    let packs = Packs::default();
    let own = packs.files("rpm-source").unwrap().keys();
    let own = own.filter_map(|file| file.strip_suffix(".hbs"));
    let mut names: Vec<&str> = own.filter(|name| *name != "spec").collect();
    names.insert(0, "spec");
    let thrice = |name: &str| {
        let include = format!("{{{{> {name}}}}}");
        ["@root.open", "@root.notes"]
            .map(|list| format!("{{{{#each {list}}}}}{include}{{{{/each}}}}"))
            .concat()
            + &include
    };
    let chain = names.windows(2).map(|two| (format!("rpm-source/{}.hbs", two[0]), thrice(two[1])));
    let mut chain: Vec<(String, String)> = chain.collect();
    chain.push((format!("rpm-source/{}.hbs", names[names.len() - 1]), String::new()));
    let files: Vec<(&str, &str)> = chain.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let found = problems(&files);
    assert!(!found.is_empty());
    let too_many = |problem: &String| problem.ends_with(": includes templates in too many places");
    assert!(found.iter().all(too_many), "{found:#?}");
}

#[test]
fn names_that_the_context_does_not_have() {
    for (text, problem) in [
        ("{{nmae}}", "1: the context has no `nmae` (did you mean `name`?)"),
        ("\n{{#if hompage}}x{{/if}}", "2: the context has no `hompage` (did you mean `homepage`?)"),
        ("{{#unless a}}{{/unless}}", "1: the context has no `a`"),
        (
            "{{#each notse}}{{this}}{{/each}}",
            "1: the context has no `notse` (did you mean `notes`?)",
        ),
        ("{{#each name}}{{/each}}", "1: `name` is not a list"),
        (
            "{{#each open}}\n{{questoin}}{{/each}}",
            "2: the context has no `open[].questoin` (did you mean `open[].question`?)",
        ),
        ("{{#each open}}{{../../../name}}{{/each}}", "1: `../../../name` goes up too far"),
        (
            "{{#each open}}{{../nmae}}{{/each}}",
            "1: the context has no `nmae` (did you mean `name`?)",
        ),
        (
            "{{#each open as |one|}}{{one.qestion}}{{/each}}",
            "1: the context has no `open[].qestion` (did you mean `open[].question`?)",
        ),
        (
            "{{#with source}}{{#if fielname}}{{/if}}{{/with}}",
            "1: the context has no `source.fielname` (did you mean `source.filename`?)",
        ),
        ("{{#each notes}}{{text}}{{/each}}", "1: the context has no `notes[].text`"),
        ("{{#if (eq nmae \"x\")}}{{/if}}", "1: the context has no `nmae` (did you mean `name`?)"),
        ("{{shel name}}", "1: there is no helper `shel` (did you mean `shell`?)"),
        (
            "{{@root.target.nam}}",
            "1: the context has no `target.nam` (did you mean `target.name`?)",
        ),
        (
            "{{#if name}}{{else if hompage}}{{/if}}",
            "1: the context has no `hompage` (did you mean `homepage`?)",
        ),
    ] {
        assert_eq!(template(text), [problem], "{text}");
    }
}

#[test]
fn names_that_the_context_has() {
    for text in [
        "{{name}} {{this.name}} {{./name}} {{target.name}} {{target/name}}",
        "{{#each open}}{{key}}{{this.key}}{{../name}}{{@index}}{{#unless @last}}, {{/unless}}{{/each}}",
        "{{#each open}}{{#if key}}{{../name}}{{/if}}{{/each}}",
        "{{#each scripts}}{{#each members}}{{shell this}}{{../expression}}{{../../name}}{{/each}}{{/each}}",
        "{{#each open as |one at|}}{{one.key}}{{at}}{{/each}}",
        "{{#each target}}{{@key}} {{this}}{{/each}}",
        "{{#with byte_code}}{{interpreter}}{{else}}{{name}}{{/with}}",
        "{{#if (and name (not homepage))}}{{/if}}",
        "{{open.[0].key}} {{notes.0}}",
    ] {
        assert_eq!(template(text), [""; 0], "{text}");
    }
}

#[test]
fn names_are_followed_into_partials() {
    let found = problems(&[
        ("rpm/changelog.hbs", "{{#each open}}{{> header}}{{/each}}{{> files one=name}}"),
        ("rpm/header.hbs", "\n{{key}}"),
        ("rpm/files.hbs", "{{one}}{{two}}"),
    ]);
    // The header stands at the top of the spec, too, where there is no key.
    assert_eq!(
        found,
        [
            "[]/rpm/header.hbs:2: the context has no `key`",
            "[]/rpm/files.hbs:1: the context has no `one`",
            "[]/rpm/files.hbs:1: the context has no `two`",
        ]
    );
}

#[test]
fn wrong_manifests() {
    for (text, problem) in [
        ("api = \"^1\"\nouptuts = []", "2: unknown key `ouptuts` (did you mean `outputs`?)"),
        ("outputs = []\napi = \"^2\"", "2: wants the template context ^2, this is 1.0.0"),
        (
            "api = \"1\"\noutputs = [{ path = \"{{nmae}}.spec\", template = \"spec\" }]",
            "1: the context has no `nmae` (did you mean `name`?)",
        ),
        (
            "api = \"1\"\noutputs = [{ path = \"x\", template = \"spce\" }]",
            "1: there is no template `spce`",
        ),
    ] {
        let found = problems(&[("rpm/pack.toml", text)]);
        assert_eq!(found, [format!("[]/rpm/pack.toml:{problem}")], "{text}");
    }
}

#[test]
fn files_that_override_nothing() {
    assert_eq!(
        problems(&[
            ("rpm/preambel.hbs", ""),
            ("rmp/spec.hbs", ""),
            ("spec.hbs", ""),
            ("docs/x.md", "")
        ]),
        [
            "`[]/rmp` does not belong to a template pack; available: deb, deb-source, rpm, rpm-source",
            "`[]/rpm/preambel.hbs` overrides no file of the pack `rpm`: did you mean `preamble.hbs`?",
            "`[]/spec.hbs` does not belong to a template pack; available: deb, deb-source, rpm, rpm-source",
        ]
    );
    assert_eq!(problems(&[("rpm/.spec.hbs.swp", "{{{"), ("rpm/ejected.toml", "")]), [""; 0]);
}

#[test]
fn every_problem_is_told() {
    let found = problems(&[
        ("rpm/header.hbs", "{{{name}}}"),
        ("deb/control.hbs", "{{#if"),
        ("rmp/x.hbs", ""),
    ]);
    assert_eq!(found.len(), 3, "{found:#?}");
}

#[test]
fn the_first_folder_that_has_a_file_counts() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(
        folder.path(),
        &[
            ("one/rpm/header.hbs", "first"),
            ("two/rpm/header.hbs", "second"),
            ("two/rpm/files.hbs", "second"),
        ],
    );
    let files = Templates::new(vec![at("one"), at("two")]).files("rpm").unwrap();
    assert_eq!(files["header.hbs"].text, "first");
    assert_eq!(files["files.hbs"].path, Some(at("two/rpm/files.hbs")));
    assert_eq!(files["spec.hbs"].path, None);
    assert!(Templates::new(vec![at("none")]).files("rpm").is_err());
}

const MANIFEST: &str = "name = \"acme\"\nversion = \"1.0.0\"\napi = \"^1\"\nextends = \"rpm\"\n";

#[test]
fn a_pack_for_one_target_counts_for_that_one() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("rpm/header.hbs", "for all"),
            ("acme/pack.toml", &format!("{MANIFEST}targets = [\"el9\"]\n")),
            ("acme/header.hbs", "for el9"),
            ("acme/README", "Read this."),
        ],
    );
    let templates = || Templates::new(vec![folder.path().to_owned()]);
    assert_eq!(templates().check(&TARGETS), []);
    for (target, text) in [("el9", "for el9"), ("fedora-43", "for all")] {
        let files = templates().for_target(target).files("rpm").unwrap();
        assert_eq!(files["header.hbs"].text, text);
    }
    let (extension, files) = templates().extensions().unwrap().remove(0);
    assert_eq!((extension.name.as_str(), files.len()), ("acme", 1));
}

#[test]
fn packs_that_cannot_be_used() {
    for (manifest, problem) in [
        (
            "name = \"acme\"\nversion = \"1.0.0\"\napi = \"^1\"\nextend = \"rpm\"\n".to_owned(),
            "4: unknown key `extend` (did you mean `extends`?)",
        ),
        (
            MANIFEST.replace("\"rpm\"", "\"rpm-sorce\""),
            "4: there is no pack `rpm-sorce` (did you mean `rpm-source`?)",
        ),
        (MANIFEST.replace("acme", "rpm"), "1: `rpm` is the name of a built-in pack"),
        (
            MANIFEST.replace("acme", "../acme"),
            "1: `../acme` is not a valid pack name: write letters a-z, digits and `-`",
        ),
        (MANIFEST.replace("^1", "^9"), "3: wants the template context ^9, this is 1.0.0"),
        (
            format!("{MANIFEST}targets = [\"el9\", \"debain-12\"]\n"),
            "5: there is no target `debain-12` (did you mean `debian-12`?)",
        ),
    ] {
        let found = problems(&[("acme/pack.toml", &manifest), ("acme/header.hbs", "")]);
        assert_eq!(found, [format!("[]/acme/pack.toml:{problem}")]);
    }
    let other = MANIFEST.replace("acme", "other");
    let found = problems(&[
        ("acme/pack.toml", MANIFEST),
        ("acme/header.hbs", ""),
        ("other/pack.toml", &other),
        ("other/header.hbs", ""),
    ]);
    let problem =
        "`[]/acme/header.hbs` and `[]/other/header.hbs` replace the same file for the same targets";
    assert_eq!(found, [problem]);
}

#[test]
fn ejected_files_know_what_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let packs = Packs::default();
    let written = eject(&packs, "rpm", Some("header.hbs"), folder.path()).unwrap();
    let header = folder.path().join("rpm/header.hbs");
    assert_eq!(written, std::slice::from_ref(&header));
    eject(&packs, "rpm", Some("files.hbs"), folder.path()).unwrap();
    let text = packs.file("rpm", "header.hbs").unwrap();
    assert_eq!(base(&header).unwrap().unwrap().text, text);
    assert_eq!(fs::read_to_string(&header).unwrap(), text);
    // One file that exists keeps all others from being written.
    let error = eject(&packs, "rpm", None, folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("/rpm/files.hbs` exists"), "{error}");
    assert!(!folder.path().join("rpm/spec.hbs").exists());
    // A note that was changed by hand says nothing.
    let note = folder.path().join("rpm/ejected.toml");
    let changed = fs::read_to_string(&note).unwrap().replace("# Note", "# Notice");
    fs::write(&note, changed).unwrap();
    assert_eq!(base(&header).unwrap(), None);
    assert!(eject(&packs, "rpm", Some("haeder.hbs"), folder.path()).is_err());
}
