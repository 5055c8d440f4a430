//! Plugins from outside: what they may do, and what becomes of those that misbehave.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{Run, run, support::wheel::Wheel};

const TARGETS: [&str; 2] = ["debian-12", "fedora-43"];

/// A folder with an index of `one`, and a plugin of these hooks that is this Python program.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(hooks: &[&str], program: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        Wheel::default().write(&place.at("index"));
        place.plugin("tried", hooks, program, "");
        place
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a plugin; `more` are further lines of its manifest.
    fn plugin(&self, name: &str, hooks: &[&str], program: &str, more: &str) {
        let folder = self.at(name);
        fs::create_dir_all(&folder).unwrap();
        let api = if more.contains("api") { "" } else { "api = '^2'\n" };
        let manifest = format!(
            "name = '{name}'\nversion = '1.2.3'\n{api}hooks = {hooks:?}\ncommand = ['./main']\n{more}"
        );
        fs::write(folder.join("plugin.toml"), manifest).unwrap();
        let head = "#!/usr/bin/env python3\nimport json, os, pathlib, sys\n\
                    request = json.load(sys.stdin)\n";
        fs::write(folder.join("main"), format!("{head}{program}\n")).unwrap();
        fs::set_permissions(folder.join("main"), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Run {
        run(self.folder.path(), arguments)
    }

    fn build(&self, target: &str) -> Run {
        let common = ["build", "one", "-q", "-i", "index", "--builder", "embedded"];
        self.run(&[&common[..], &["-t", target, "-o", target, "--plugin", "./tried"]].concat())
    }

    fn plan(&self, target: &str) -> Run {
        let common = ["plan", "one", "-q", "-i", "index", "--json", "--plugin", "./tried"];
        self.run(&[&common[..], &["-t", target]].concat())
    }
}

/// Answers with the plans, each changed by these lines of Python, in which it is `plan`.
fn changing(lines: &str) -> String {
    format!(
        "for plan in request['packages']:\n    {lines}\n\
         print(json.dumps({{'packages': request['packages']}}))"
    )
}

#[test]
fn plans_are_changed_and_the_change_is_told() {
    for target in TARGETS {
        let place = Place::new(
            &["plan"],
            &changing("plan['summary'] = '100% other\\n%post'; print('at work', file=sys.stderr)"),
        );
        let planned = place.plan(target);
        assert_eq!(planned.stderr, "tried: at work\n");
        let plans: Value = serde_json::from_str(&planned.stdout).unwrap();
        assert_eq!(plans[0]["summary"], "100% other %post", "one line");
        assert_eq!(plans[0]["notes"], json!(["plugin tried 1.2.3 changed: summary"]));
        assert_eq!(place.build(target).status, 0);
        let explained = place.run(&[
            "explain", "one", "one", "-q", "-i", "index", "-t", target, "--plugin", "./tried",
        ]);
        assert!(explained.stdout.contains("plugin tried 1.2.3 changed: summary"));
    }
}

#[test]
fn what_a_plan_is_of_cannot_be_changed_nor_text_slipped_in() {
    let cases = [
        ("plan['package'] = 'other'", "change what a plan is of"),
        ("plan['source']['url'] = 'https://evil.example/x'", "change what a plan is of"),
        (
            "plan['relations'].append({'strength': 'requires', 'origin': 'x', 'capability': \
             {'package': {'name': 'a\\nPre-Depends: evil', 'own-version': False}}})",
            r"`a\nPre-Depends: evil` is not a valid relation",
        ),
        (
            "plan['relations'].append({'strength': 'requires', 'origin': 'x', 'capability': \
             {'package': {'name': '%(touch x)', 'own-version': False}}})",
            "`%(touch x)` is not a valid relation",
        ),
        (
            "plan['relations'].append({'strength': 'requires', 'origin': 'x', 'capability': \
             {'package': {'name': 'a, evil (>= 9)', 'own-version': False}}})",
            "`a, evil (>= 9)` is not a valid relation",
        ),
        (
            "plan['relations'].append({'strength': 'requires', 'origin': 'x', 'capability': \
             {'library': {'soname': 'lib.so.1, evil', 'versions': []}}})",
            "`lib.so.1, evil` is not a valid relation",
        ),
        (
            "plan['files'][0]['content'] = {'script': {'member': 'one.py', 'shebang': \
             '#!/usr/bin/python3|e;#'}}",
            "is not a valid first line of a script",
        ),
        (
            "plan['files'][0]['content'] = {'script': {'member': 'one.py', 'shebang': \
             '#!/tmp/python3'}}",
            "is not a valid first line of a script",
        ),
        ("plan['files'][0]['path'] = '/usr/../etc/passwd'", "install"),
        ("plan['files'][0]['mode'] = 0o4755", "the mode 4755"),
        (
            "plan['files'][0]['content'] = {'member': '../../etc/passwd'}",
            "that the source does not have",
        ),
        (
            "plan['files'][0]['content'] = {'member': {'archive': 1, 'path': 'one.py'}}",
            "that the source does not have",
        ),
        (
            "plan['files'][0]['owner'] = {'user': 'games', 'group': 'games'}",
            "to another user than root",
        ),
        ("plan['licence']['expression'] = 'MIT\\n%post'", "not an SPDX expression"),
        ("plan['homepage'] = 'javascript:x'", "give the homepage"),
        ("plan['scriptlets'] = {'post-install': 'true\\n%include /etc/passwd\\n'}", "scriptlet"),
        ("plan['surprise'] = 1", "cannot be read: unknown field `surprise`"),
        ("plan['project'] = 'stranger'", "which it was not asked about"),
    ];
    for (change, wanted) in cases {
        let found = Place::new(&["plan"], &changing(change)).plan("debian-12");
        assert_eq!(found.status, 1, "{change}");
        assert!(
            found.stderr.contains("the plugin `tried` in `plan`"),
            "{change}: {}",
            found.stderr
        );
        assert!(found.stderr.contains(wanted), "{change}: {}", found.stderr);
    }
}

#[test]
fn plugins_that_misbehave_are_told_precisely() {
    let cases = [
        ("sys.exit('no database')", "ended with status 1: no database"),
        ("os.kill(os.getpid(), 11)", "ended with status 139"),
        ("print('garbage')", "gave an answer that cannot be read: expected value at line 1"),
        ("print('{}{}')", "gave an answer that cannot be read: trailing characters"),
        ("pass", "gave an answer that cannot be read: EOF"),
        ("print(json.dumps({'packages': [], 'more': 1}))", "unknown field `more`"),
        ("import time; time.sleep(60)", "2 s"),
        ("sys.stdout.write('x' * (80 << 20))", "67108864"),
        (
            "print(json.dumps({'messages': [{'level': 'error', 'text': 'out of date'}]}))",
            "the plugin `tried`: out of date",
        ),
    ];
    for (program, wanted) in cases {
        let place = Place::new(&["plan"], "");
        place.plugin("tried", &["plan"], program, "timeout = 2\n");
        let found = place.build("debian-12");
        assert_eq!(found.status, 1, "{program}");
        assert!(found.stderr.contains(wanted), "{program}: {}", found.stderr);
        assert!(!place.at("debian-12").exists(), "nothing was written");
    }
    let place = Place::new(&["plan"], "");
    place.plugin("tried", &["plan"], "", "api = '^3'\n");
    let found = place.build("debian-12");
    assert_eq!(found.status, 2);
    assert!(found.stderr.contains("speaks version ^3 of the protocol, and this is 2.0.0"));
    place.plugin("tried", &["plan"], "", "surprise = 1\n");
    let found = place.build("debian-12");
    assert!(
        found.stderr.contains("tried/plugin.toml:6: unknown key `surprise`"),
        "{}",
        found.stderr
    );
    place.plugin("tried", &["plan"], "", "");
    fs::remove_file(place.at("tried/main")).unwrap();
    assert!(place.build("debian-12").stderr.contains("main"));
}

#[test]
fn an_error_about_a_project_fails_that_one() {
    let place = Place::new(
        &["plan"],
        "print(json.dumps({'messages': [{'level': 'error', 'text': 'forbidden', 'project': 'two'}, \
         {'level': 'warning', 'text': 'look', 'project': 'one'}]}))",
    );
    Wheel { project: "two", ..Wheel::default() }.write(&place.at("index"));
    let found = place.run(&[
        "build",
        "one",
        "two",
        "-q",
        "-i",
        "index",
        "-t",
        "debian-12",
        "--builder",
        "embedded",
        "--plugin",
        "./tried",
    ]);
    assert_eq!(found.status, 1);
    assert_eq!(found.stdout, "dist/python3-one_1.0-1_all.deb\n");
    assert!(
        found.stderr.contains("two 1.0, plan: the plugin `tried`: forbidden"),
        "{}",
        found.stderr
    );
    assert!(found.stderr.contains("warning: tried: one: look"), "{}", found.stderr);
}

#[test]
fn recipes_packages_and_collections_are_seen() {
    for target in TARGETS {
        let place = Place::new(
            &["resolve-name", "recipe", "package", "collection", "publish"],
            "answers = {'resolve-name': lambda: {'names': {'one': 'python3-first'}},\n\
             'recipe': lambda: {'packages': [{'project': p['plan']['project'], 'recipe': {n: dict(f, \
             text=f['text'].replace('The project one', 'Renamed').replace('project one', 'renamed')) \
             for n, f in p['recipe'].items()}} for p in request['packages']]},\n\
             'package': lambda: {'messages': [{'level': 'warning', 'text': str(os.path.getsize(\
             request['packages'][0]['path']) > 500)}]},\n\
             'collection': lambda: pathlib.Path('r').write_text('a report') and {'files': [{'path': \
             'tried/report.txt', 'from': 'r'}]},\n\
             'publish': lambda: {'messages': [{'level': 'warning', 'text': str(sorted(os.listdir(\
             request['collection'])))}]}}\n\
             print(json.dumps(answers[request['hook']]()))",
        );
        let built = place.build(target);
        assert_eq!(built.status, 0, "{}", built.stderr);
        assert!(built.stdout.contains("python3-first"), "{}", built.stdout);
        assert!(built.stderr.contains("warning: tried: True"), "{}", built.stderr);
        assert!(built.stderr.contains("'reports'"), "{}", built.stderr);
        let report = fs::read_to_string(place.at(target).join("reports/tried/report.txt")).unwrap();
        assert_eq!(report, "a report");
        let recipes = place.at(target).join("recipes/python3-first");
        let texts = walkdir::WalkDir::new(recipes).into_iter().map(Result::unwrap);
        let texts = texts.filter(|entry| entry.file_type().is_file());
        let texts: String = texts.map(|e| fs::read_to_string(e.path()).unwrap()).collect();
        assert!(texts.to_lowercase().contains("renamed"), "{texts}");
        assert_eq!(place.build(target).stdout, built.stdout, "nothing is built twice");
    }
}

#[test]
fn nothing_leaves_the_folders_that_plugins_may_write_to() {
    let cases = [
        ("collection", "{'files': [{'path': '../x', 'from': 'r'}]}", "leaves the folder"),
        ("collection", "{'files': [{'path': 'x', 'from': '/etc/passwd'}]}", "leaves the folder"),
        (
            "collection",
            "os.symlink('/etc/passwd', 'r2') or {'files': [{'path': 'x', 'from': 'r2'}]}",
            "not a file in",
        ),
        (
            "recipe",
            "{'packages': [{'project': 'one', 'recipe': {'../../x': {'text': '', 'executable': False}}}]}",
            "write the file `../../x`",
        ),
    ];
    for (hook, answer, wanted) in cases {
        let program = format!("open('r', 'w').write('x')\nprint(json.dumps({answer}))");
        let place = Place::new(&[hook], &program);
        let found = place.build("debian-12");
        assert_eq!(found.status, 1, "{answer}");
        assert!(found.stderr.contains(wanted), "{answer}: {}", found.stderr);
        assert!(!place.at("x").exists() && !place.at("debian-12/reports/x").exists());
    }
}

#[test]
fn the_environment_is_the_plugins_own() {
    let place = Place::new(
        &["plan"],
        "print(sorted(os.environ), os.getcwd() != request, os.listdir('.'), file=sys.stderr)\n\
         print('{}')",
    );
    let said = place.plan("debian-12").stderr;
    let wanted = "tried: ['HOME', 'LC_ALL', 'PATH', 'PYPI2PKG_PLUGIN', 'SOURCE_DATE_EPOCH', 'TZ'] \
                  True []\n";
    assert_eq!(said, wanted);
}

#[test]
fn settings_are_checked_by_the_plugins_schema_and_order_counts() {
    let place = Place::new(&["plan"], &changing("plan['summary'] += request['settings']['end']"));
    let schema = "{\"type\": \"object\", \"required\": [\"end\"], \
                  \"properties\": {\"end\": {\"type\": \"string\"}}}";
    for name in ["first", "second"] {
        let program = changing("plan['summary'] += request['settings']['end']");
        place.plugin(name, &["plan"], &program, "settings = 'schema.json'\n");
        fs::write(place.at(name).join("schema.json"), schema).unwrap();
    }
    let plan = |configuration: &str| {
        fs::write(place.at("pypi2pkg.toml"), configuration).unwrap();
        place.run(&["plan", "one", "-q", "-i", "index", "-t", "debian-12", "--json"])
    };
    let both = plan(
        "[[plugin]]\nname = './second'\nsettings = { end = 'B' }\n\
         [[plugin]]\nname = './first'\nsettings = { end = 'A' }\n",
    );
    let plans: Value = serde_json::from_str(&both.stdout).unwrap();
    assert_eq!(plans[0]["summary"], "The project oneBA");
    let wrong = plan("[[plugin]]\nname = './first'\nsettings = { end = 3 }\n");
    assert_eq!(wrong.status, 2);
    assert!(wrong.stderr.contains("3 is not of type \"string\" (at `/end`)"), "{}", wrong.stderr);
    assert!(
        plan("[[plugin]]\nname = './first'\n").stderr.contains("\"end\" is a required property")
    );
    let none = plan("[[plugin]]\nname = './tried'\nsettings = { end = 'x' }\n");
    assert!(none.stderr.contains("it takes none"), "{}", none.stderr);
}

#[test]
fn plugins_are_found_by_name_in_data_folders_only() {
    let place = Place::new(&["plan"], "print('{}')");
    let by_name = |name: &str, data: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
            .args(["plan", "one", "-q", "-i", "index", "-t", "debian-12", "--plugin", name])
            .current_dir(place.folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("PYPI2PKG_CACHE_DIR", place.at("cache"))
            .env("XDG_DATA_HOME", data)
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let nowhere = by_name("tried", &place.at("nothing"));
    assert_eq!(nowhere.0, 2, "the current folder is not looked at: {}", nowhere.1);
    assert!(nowhere.1.contains("(did you mean `./tried`?)"), "{}", nowhere.1);
    fs::create_dir_all(place.at("data/pypi2pkg/plugins")).unwrap();
    fs::rename(place.at("tried"), place.at("data/pypi2pkg/plugins/tried")).unwrap();
    assert_eq!(by_name("tried", &place.at("data")), (0, String::new()));
    let misspelt = by_name("tired", &place.at("data"));
    assert!(
        misspelt.1.contains("unknown plugin `tired` (did you mean `tried`?)"),
        "{}",
        misspelt.1
    );
}

#[test]
fn skeletons_work_and_pass_their_checks() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for language in ["python", "shell"] {
        let name = format!("my-{language}");
        let made = run(at, &["plugin", "new", &name, "--language", language]);
        assert_eq!(made.stdout, format!("./{name}\n"), "{}", made.stderr);
        let tested = Command::new(at.join(&name).join("test")).output().unwrap();
        assert!(tested.status.success(), "{tested:?}");
        let checked = run(at, &["plugin", "check", &format!("./{name}")]);
        assert_eq!(
            checked.stdout,
            format!("{name} 0.1.0: nothing wrong was found\n"),
            "{}",
            checked.stderr
        );
        assert!(run(at, &["plugin", "info", &format!("./{name}")]).stdout.contains("hooks = "));
        assert_eq!(run(at, &["plugin", "new", &name]).status, 2, "nothing is overwritten");
    }
    let mut asked = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
        .args(["plugin", "run", "plan", "./my-python"])
        .current_dir(at)
        .env("PYPI2PKG_CACHE_DIR", at)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let request = json!({"settings": {}, "packages": []}).to_string();
    std::io::Write::write_all(&mut asked.stdin.take().unwrap(), request.as_bytes()).unwrap();
    let answer = asked.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(answer["messages"][0]["text"], "0 plans seen");
}

/// The plugin of `docs/plugins.md`, written from that page alone.
#[test]
fn the_documented_plugin_does_what_the_page_says() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/plugins.md");
    let page = fs::read_to_string(page).unwrap();
    let block = |heading: &str| {
        let behind = page.split_once(heading).unwrap().1.split_once("```").unwrap().1;
        behind.split_once('\n').unwrap().1.split_once("```").unwrap().0.to_owned()
    };
    let place = Place::new(&["plan"], "");
    fs::create_dir(place.at("fresh")).unwrap();
    for file in ["fresh/plugin.toml", "fresh/settings.schema.json", "fresh/fresh"] {
        fs::write(place.at(file), block(&format!("`{file}`"))).unwrap();
    }
    fs::set_permissions(place.at("fresh/fresh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(place.at("pypi2pkg.toml"), block("they stand there:")).unwrap();
    let planned = place.run(&["plan", "one", "-q", "-i", "index", "-t", "debian-12", "--json"]);
    assert_eq!(planned.stderr, block("and so do the notes"), "{}", planned.stdout);
    assert!(planned.stdout.contains("plugin fresh 1.0.0: 1.0 is 2 days old"));
}

#[test]
fn only_collections_that_hold_together_are_published() {
    for target in TARGETS {
        let place = Place::new(
            &["publish"],
            "print(json.dumps({'messages': [{'level': 'warning', 'text': 'published'}]}))",
        );
        let index = place.at("index");
        Wheel { project: "two", fields: "Requires-Dist: one\n", ..Wheel::default() }.write(&index);
        Wheel { project: "three", ..Wheel::default() }.write(&index);
        let open = "Requires-External: no-such-library\n";
        Wheel { project: "open", fields: open, ..Wheel::default() }.write(&index);
        let build = |projects: &[&str]| {
            let common = ["-q", "-i", "index", "-t", target, "--builder", "embedded", "-o", target];
            let more = ["--strict-hints", "--plugin", "./tried"];
            place.run(&[&["build"], projects, &common[..], &more[..]].concat())
        };
        let failed = build(&["three", "open"]);
        assert_eq!(failed.status, 1, "{}", failed.stderr);
        assert!(!failed.stderr.contains("published\n"), "{}", failed.stderr);
        assert!(
            failed.stderr.contains(
                "warning: the collection is not published: 1 project failed; \
                 `publish-incomplete = true` in the configuration publishes it all the same\n"
            ),
            "{}",
            failed.stderr
        );
        let whole = build(&["two"]);
        assert_eq!(whole.status, 0, "{}", whole.stderr);
        assert!(whole.stderr.contains("warning: tried: published\n"), "{}", whole.stderr);
        let one = whole.stdout.lines().find(|file| file.contains("one")).unwrap();
        fs::remove_file(place.at(one)).unwrap();
        let broken = build(&["three"]);
        assert_eq!(broken.status, 1, "{}", broken.stderr);
        assert!(
            broken
                .stderr
                .contains("error: the collection is not published, because it has problems:\n"),
            "{}",
            broken.stderr
        );
        assert!(!broken.stderr.contains("warning: tried: published"), "{}", broken.stderr);
    }
}

/// Bundled plugins are found by their names, and do their work in a run.
#[test]
fn bundled_plugins_take_part_by_name() {
    for target in TARGETS {
        let place = Place::new(&["plan"], "");
        Wheel { project: "two", fields: "License-Expression: GPL-3.0-only\n", ..Wheel::default() }
            .write(&place.at("index"));
        let tests =
            [("more/core.py", b"x = 1\n".to_vec()), ("more/tests/test_x.py", b"x = 1\n".to_vec())];
        Wheel { project: "three", binaries: &tests, ..Wheel::default() }.write(&place.at("index"));
        let folder = place.at("served");
        let configuration = format!(
            "publish-incomplete = true\n\n[[plugin]]\nname = 'strip-tests'\n\n[[plugin]]\nname = 'licence-policy'\n\
             settings = {{ denied = ['GPL-3.0-only'] }}\n\n[[plugin]]\nname = 'publish-folder'\n\
             settings = {{ folder = '{}' }}\n",
            folder.display()
        );
        fs::write(place.at("pypi2pkg.toml"), configuration).unwrap();
        let common = ["-q", "-i", "index", "-t", target, "--builder", "embedded"];
        let built = place.run(&[&["build", "one", "two", "three"], &common[..]].concat());
        assert_eq!(built.status, 1);
        assert!(
            built.stderr.contains("two 1.0, plan: the plugin `licence-policy`: `GPL-3.0-only`")
        );
        assert_eq!(built.stdout.lines().count(), 2, "{}", built.stderr);
        for package in built.stdout.lines() {
            let name = Path::new(package).file_name().unwrap();
            assert!(folder.join(name).is_file(), "{package}");
        }
        let explained =
            place.run(&["explain", "three", "three", "-q", "-i", "index", "-t", target]);
        assert!(
            explained.stdout.contains("plugin strip-tests 1.0.0 changed: files"),
            "{}",
            explained.stdout
        );
        assert!(explained.stdout.contains("more/tests/: "), "{}", explained.stdout);
    }
    let listed = run(tempfile::tempdir().unwrap().path(), &["plugin", "list"]);
    assert!(listed.stdout.contains("advisories      1.0.0    bundled  plan"), "{}", listed.stdout);
}
