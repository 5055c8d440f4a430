//! Recipes run no data: what a wheel brings is never part of a program that a recipe, a builder or a
//! package manager runs.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{run, support::tools::have, support::wheel::Wheel};

/// First lines that run something where they become part of a program, or that are odd in another way.
/// Each makes a file `canary` in the working folder, or in `/tmp`, if it runs.
const LINES: [&str; 16] = [
    r"#!/usr/bin/env x\ntouch${IFS}canary|e;#",
    "#!/usr/bin/env x|e;touch canary;#",
    "#!/usr/bin/env $(touch canary)",
    "#!/usr/bin/env `touch canary`",
    "#!/usr/bin/env '$(touch canary)'",
    "#!/usr/bin/env %(touch canary)",
    "#!/usr/bin/env %{lua:os.execute('touch canary')}",
    "#!/usr/bin/env -S touch canary",
    "#!/usr/bin/env A=b touch canary",
    "#!/usr/bin/env -i python3 -c id",
    "#!/usr/bin/env python3\rtouch canary",
    "#!/usr/bin/env python3\0touch canary",
    "#!/usr/bin/python3|w /tmp/canary",
    "#!/bin/sh -c touch${IFS}canary",
    "#!/usr/bin/env x&y\\1",
    "#!/usr/bin/env 'a b'",
];

/// A wheel with a script for each first line.
fn scripts(folder: &Path) {
    let scripts: Vec<(String, Vec<u8>)> = (1..)
        .zip(LINES)
        .map(|(number, line)| {
            let name = format!("one-1.0.data/scripts/script-{number}");
            (name, format!("{line}\nprint({number})\n").into_bytes())
        })
        .collect();
    let binaries: Vec<(&str, Vec<u8>)> =
        scripts.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    Wheel { binaries: &binaries, ..Wheel::default() }.write(folder);
}

/// The target of each format, and what builds its packages.
const BUILDS: [(&str, &str); 5] = [
    ("fedora-43", "system"),
    ("fedora-43", "embedded"),
    ("debian-12", "system"),
    ("debian-12", "embedded"),
    ("archlinux", "auto"),
];

/// The first lines of the installed scripts.
fn installed(package: &Path, folder: &Path) -> Vec<String> {
    fs::create_dir_all(folder).unwrap();
    let unpack = match package.extension().and_then(|ending| ending.to_str()) {
        Some("rpm") => "rpm2cpio \"$0\" | cpio -idm --quiet",
        Some("deb") => "dpkg-deb -x \"$0\" .",
        _ => "bsdtar -xf \"$0\"",
    };
    let status = Command::new("sh").args(["-c", unpack]).arg(package).current_dir(folder).status();
    assert!(status.unwrap().success(), "{}", package.display());
    (1..=LINES.len())
        .map(|number| {
            let path = folder.join(format!("usr/bin/script-{number}"));
            let text = fs::read(&path).unwrap();
            let rest = format!("\nprint({number})\n").into_bytes();
            assert!(text.ends_with(&rest), "{}", String::from_utf8_lossy(&text));
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o755);
            String::from_utf8_lossy(&text[..text.len() - rest.len()]).into_owned()
        })
        .collect()
}

fn package(folder: &Path) -> PathBuf {
    let endings = ["rpm", "deb", "zst"];
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_package = |path: &PathBuf| {
        path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known))
    };
    entries.filter(is_package).max().unwrap()
}

#[test]
fn first_lines_of_scripts_run_nothing() {
    if !have(&["rpmbuild", "dpkg-deb", "bwrap", "bsdtar", "cpio"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    scripts(&at.join("index"));
    for (target, builder) in BUILDS {
        let out = format!("{target}-{builder}");
        let arguments =
            ["build", "one", "-q", "-i", "index", "-t", target, "--builder", builder, "-o", &out];
        let built = run(at, &arguments);
        assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{out}");
        let lines = installed(&package(&at.join(&out)), &at.join(format!("{out}-root")));
        for (line, wanted) in lines.iter().zip(LINES) {
            let python = match target {
                "fedora-43" => "#!/usr/bin/python3 -sP",
                "archlinux" => "#!/usr/bin/python",
                _ => "#!/usr/bin/python3",
            };
            let is_python = wanted.starts_with("#!/usr/bin/env -i python3");
            assert_eq!(line, if is_python { python } else { wanted }, "{out}");
        }
        assert!(!at.join("canary").exists() && !Path::new("/tmp/canary").exists(), "{out}");
    }
}

#[test]
fn recipes_that_are_built_by_hand_run_nothing() {
    if !have(&["rpmbuild", "makepkg", "bsdtar", "cpio"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::set_permissions(at, fs::Permissions::from_mode(0o777)).unwrap();
    scripts(&at.join("index"));
    for target in ["fedora-43", "archlinux"] {
        let render = ["render", "one", "-q", "-i", "index", "-t", target, "-o", target];
        let rendered = run(at, &[&render[..], &["--bytecode", "none"]].concat());
        assert_eq!((rendered.status, rendered.stderr.as_str()), (0, ""), "{target}");
    }
    let wheel = at.join("index/one-1.0-py3-none-any.whl");
    for place in ["fedora-43/one", "archlinux/one"] {
        fs::copy(&wheel, at.join(place).join("one-1.0-py3-none-any.whl")).unwrap();
    }
    let by_hand = "set -e
        rpmbuild -bb --quiet --nodeps --define \"_topdir $PWD/top\" \\
            --define \"_sourcedir $PWD/fedora-43/one\" fedora-43/one/python3-one.spec
        chmod -R a+rwX archlinux
        cd archlinux/one
        if [ \"$(id -u)\" = 0 ]; then run='setpriv --reuid 65534 --regid 65534 --clear-groups'; fi
        HOME=$PWD $run makepkg --nodeps --nosign --skippgpcheck > log 2>&1 || { cat log; exit 1; }";
    let said = Command::new("sh")
        .args(["-c", by_hand])
        .current_dir(at)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
    let found: Vec<PathBuf> = walkdir::WalkDir::new(at)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            assert_ne!(name, "canary", "{}", path.display());
            name.ends_with(".noarch.rpm") || name.contains(".pkg.tar")
        })
        .collect();
    assert_eq!(found.len(), 2, "{said}");
    for (number, package) in found.iter().enumerate() {
        let lines = installed(package, &at.join(format!("root-{number}")));
        assert_eq!(lines[0], LINES[0]);
        assert!(lines[9].starts_with("#!/usr/bin/python"), "{}", lines[9]);
    }
}

/// The lines of a recipe that are programs, without quoted words and comments.
fn program(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut is_program = false;
    for line in text.lines() {
        let starts = ["%install", "%prep", "%build", "%check", "package() {"];
        if starts.iter().any(|start| line.starts_with(start)) {
            is_program = true;
        } else if line.starts_with("%files") || line.starts_with('}') {
            is_program = false;
        }
        if !is_program || line.trim_start().starts_with('#') {
            continue;
        }
        // Words in single quotes, with `'\''` in them.
        let mut plain = String::new();
        let mut is_quoted = false;
        for c in line.replace(r"'\''", "").chars() {
            is_quoted ^= c == '\'';
            if !is_quoted && c != '\'' {
                plain.push(c);
            }
        }
        assert!(!is_quoted, "{line}");
        lines.push(plain);
    }
    lines
}

#[test]
fn programs_of_recipes_are_those_of_a_harmless_project() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let harmless = ["a plain", "a note", "a tool", "a config"];
    let hostile = ["a;touch canary;#", "$(touch canary)`id`", "it's|e;#", "%(touch canary)*?[x]"];
    let lines = ["#!/usr/bin/env node", "#!python"];
    for (index, names) in [("harmless", harmless), ("hostile", hostile)] {
        let [module, notes, tool, config] = names;
        let members = [
            (format!("one/{module}.py"), b"X = 1\n".to_vec()),
            (format!("one/{notes}.txt"), b"text\n".to_vec()),
            (format!("one/{tool}.py"), b"#!/usr/bin/env python\nX = 1\n".to_vec()),
            (format!("one-1.0.data/data/share/one/{config}"), b"a = 1\n".to_vec()),
            ("one-1.0.data/scripts/first".to_owned(), format!("{}\n", lines[0]).into_bytes()),
            ("one-1.0.data/scripts/other".to_owned(), format!("{}\n", lines[1]).into_bytes()),
            (format!("tests/{module}.py"), b"X = 1\n".to_vec()),
        ];
        let binaries: Vec<(&str, Vec<u8>)> =
            members.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
        Wheel { binaries: &binaries, ..Wheel::default() }.write(&at.join(index));
    }
    for (target, file) in [("fedora-43", "python3-one.spec"), ("archlinux", "PKGBUILD")] {
        let [harmless, hostile] = ["harmless", "hostile"].map(|index| {
            let out = format!("{target}-{index}");
            let render = ["render", "one", "-q", "-i", index, "-t", target, "-o", &out];
            let found = run(at, &[&render[..], &["--bytecode", "none"]].concat());
            assert_eq!((found.status, found.stderr.as_str()), (0, ""), "{out}");
            program(&fs::read_to_string(at.join(&out).join("one").join(file)).unwrap())
        });
        assert!(harmless.len() > 10, "{harmless:?}");
        assert_eq!(hostile, harmless, "{target}");
    }
    // The control files of Debian packages name no file at all.
    let [harmless, hostile] = ["harmless", "hostile"].map(|index| {
        let out = format!("debian-{index}");
        let found = run(at, &["render", "one", "-q", "-i", index, "-t", "debian-12", "-o", &out]);
        assert_eq!((found.status, found.stderr.as_str()), (0, ""), "{out}");
        ["control", "postinst", "prerm"]
            .map(|name| fs::read_to_string(at.join(&out).join("one/DEBIAN").join(name)).unwrap())
    });
    assert_eq!(hostile, harmless);
}

/// A shell in which `dpkg -L` lists what lies below the root, and `py3clean` is there or not.
fn remove(at: &Path, script: &Path, has_py3clean: bool) -> String {
    let bin = at.join("bin");
    fs::create_dir_all(&bin).unwrap();
    let program = |name: &str, text: &str| {
        fs::write(bin.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    program("dpkg", "cat \"$ROOT/list\"");
    program("find", "echo find \"$@\"");
    let py3clean = bin.join("py3clean");
    if has_py3clean {
        program("py3clean", "echo py3clean \"$@\"");
    } else if py3clean.exists() {
        fs::remove_file(&py3clean).unwrap();
    }
    for tool in ["rm", "sed", "cat", "touch", "xargs"] {
        let _ = std::os::unix::fs::symlink(format!("/bin/{tool}"), bin.join(tool));
    }
    let output = Command::new("/bin/dash")
        .arg(script)
        .arg("remove")
        .current_dir(at)
        .env_clear()
        .env("PATH", &bin)
        .env("ROOT", at)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &text
}

#[test]
fn names_of_files_run_nothing_when_a_package_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    for options in [&[][..], &["--install-prefix", "/opt/acme"]] {
        let out = format!("out-{}", options.len());
        let render = ["render", "one", "-q", "-i", "index", "-t", "debian-12", "-o", &out];
        let found = run(at, &[&render[..], options].concat());
        assert_eq!((found.status, found.stderr.as_str()), (0, ""));
        let script = at.join(&out).join("one/DEBIAN/prerm");
        let text = fs::read_to_string(&script).unwrap();
        assert!(!text.contains("sed") && !text.contains("xargs"), "{text}");

        let site = at.join("site");
        let cache = site.join("__pycache__");
        fs::create_dir_all(&cache).unwrap();
        let names = [
            "plain",
            "$(touch canary)",
            "`touch canary`",
            "\";touch canary;\"",
            "';touch canary;'",
            "a b\\n",
            "-rf",
            "*",
        ];
        let mut list = String::new();
        for name in names {
            fs::write(cache.join(format!("{name}.cpython-311.pyc")), "").unwrap();
            list += &format!("{}\n", site.join(format!("{name}.py")).display());
        }
        let kept = cache.join("other.cpython-311.pyc");
        fs::write(&kept, "").unwrap();
        list += "/usr/share/doc/one/$(touch canary)\nlocally diverted to: /x/$(touch canary).py\n";
        fs::write(at.join("list"), &list).unwrap();

        let said = remove(at, &script, true);
        assert!(said.starts_with("py3clean -p ") && cache.join("plain.cpython-311.pyc").exists());
        let said = remove(at, &script, false);
        assert!(said.starts_with("find "), "{said}");
        let left: Vec<PathBuf> =
            fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [kept], "{said}");
        assert!(!at.join("canary").exists(), "{text}");
        fs::remove_dir_all(&site).unwrap();
    }
}

/// What a wheel states of the system's packages, and what must not be in a package's relations.
const EXTERNAL: [&str; 9] = [
    "git, evil (>= 9)",
    "git evil",
    "/usr/bin/git, evil",
    "pkgconfig(libpq), evil",
    "pkgconfig(libpq)) evil",
    "libpq.so.5, evil",
    "libpq.so.5\0evil",
    "(git or evil)",
    "${misc:Depends} evil",
];

#[test]
fn what_wheels_state_is_no_list_of_relations() {
    if !have(&["rpm", "dpkg-deb", "rpmbuild", "bsdtar"]) {
        return;
    }
    for external in EXTERNAL {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let fields = format!("Requires-External: {external}\n");
        Wheel { fields: &fields, ..Wheel::default() }.write(&at.join("index"));
        for (target, builder) in BUILDS {
            let out = format!("{target}-{builder}");
            let build = ["build", "one", "-q", "-i", "index", "-t", target, "--builder", builder];
            let built = run(at, &[&build[..], &["--allow-fixme", "-o", &out]].concat());
            // A name that no package can have is a question, or metadata that nobody reads.
            if built.status != 0 {
                assert!(!at.join(&out).join("collection.json").exists(), "{}", built.stderr);
                continue;
            }
            let package = package(&at.join(&out));
            let query = match target {
                "fedora-43" => "rpm -qp --requires \"$0\" && rpm -K --nosignature \"$0\"",
                "debian-12" => "dpkg-deb -f \"$0\" Depends Pre-Depends Recommends",
                _ => "bsdtar -xOf \"$0\" .PKGINFO",
            };
            let said = Command::new("sh").args(["-c", query]).arg(&package).output().unwrap();
            let said = String::from_utf8_lossy(&said.stdout).into_owned();
            assert!(!said.is_empty() && !said.contains("evil"), "{external:?} {out}: {said}");
        }
    }
}

#[test]
fn ones_own_configuration_is_read_as_strictly() {
    let cases = [
        ("[project.one]\nrun = ['git, evil']\n", "hints.toml:2: `project.one.run`: `git, evil`"),
        ("[project.one]\nrecommend = ['a\\u0000b']\n", "hints.toml:2: "),
        ("[project.one]\nrun = [\"x\\nEssential: yes\"]\n", "hints.toml:2: "),
        ("[names]\n'git' = 'a b'\n", "hints.toml:2: `names.git`: `a b`"),
    ];
    for (text, wanted) in cases {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel::default().write(&at.join("index"));
        fs::write(at.join("hints.toml"), text).unwrap();
        let found = run(
            at,
            &["build", "one", "-q", "-i", "index", "-t", "debian-12", "--hints", "hints.toml"],
        );
        assert_eq!(found.status, 2, "{text}: {}", found.stderr);
        assert!(found.stderr.contains(wanted), "{text}: {}", found.stderr);
    }
    let cases = [
        ("release = \"1\\nRequires: evil\"", "1: `release`: expected a number"),
        ("name-prefix = 'a, b'", "1: `name-prefix`: expected the beginning of a package name"),
        ("name-template = '{name}, evil'", "1: `name-template`: expected a package name"),
        ("packager = \"Pat <a@b.example>\\nEssential: yes\"", "1: `packager`: expected `Name"),
        ("repo-url = 'javascript:x'", "1: `repo-url`: expected an address"),
        ("[project.one]\nlicence = \"MIT\\n%post\"", "2: `licence`: expected an SPDX expression"),
        ("[project.one]\nname = 'x | y'", "2: `name`: expected a package name"),
        ("apt-suite = 'a b'", "1: "),
    ];
    for (text, wanted) in cases {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel::default().write(&at.join("index"));
        fs::write(at.join("pypi2pkg.toml"), text).unwrap();
        let found = run(at, &["build", "one", "-q", "-i", "index", "-t", "debian-12"]);
        assert_eq!(found.status, 2, "{text}: {}", found.stderr);
        let wanted = format!("pypi2pkg.toml:{wanted}");
        assert!(found.stderr.contains(&wanted), "{text}: {}", found.stderr);
    }
    for (flag, value) in [
        ("--name", "a b"),
        ("--name", "one=a, evil"),
        ("--name-prefix", "a b"),
        ("--release", "1-2"),
        ("--packager", "Pat <a@b.example>\nEssential: yes"),
        ("--repo-url", "https://user:secret@packages.example/"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let found = run(folder.path(), &["build", "one", "-t", "debian-12", flag, value]);
        assert_eq!(found.status, 2, "{flag}");
        assert!(found.stderr.contains("expected"), "{flag}: {}", found.stderr);
    }
}

#[test]
fn without_a_sandbox_the_systems_tools_are_left_aside() {
    if !have(&["rpmbuild", "dpkg-deb"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    // No `bwrap` there.
    let bin = at.join("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(bin.join("bwrap"), "#!/bin/sh\necho no namespaces >&2; exit 1\n").unwrap();
    fs::set_permissions(bin.join("bwrap"), fs::Permissions::from_mode(0o755)).unwrap();
    let build = |target: &str, out: &str, more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
            .args(["build", "one", "-i", "index", "-t", target, "-o", out])
            .args(more)
            .current_dir(at)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .env("PYPI2PKG_CACHE_DIR", at.join("cache"))
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (target, tool) in [("fedora-43", "rpmbuild"), ("debian-12", "dpkg-deb")] {
        let (status, said) = build(target, &format!("{target}-auto"), &[]);
        let line = format!("nothing confines `{tool}` here: `bwrap` does not work");
        assert_eq!(status, 0, "{said}");
        assert_eq!(said.matches(&line).count(), 1, "{said}");
        let (status, said) = build(target, &format!("{target}-system"), &["--builder", "system"]);
        assert_eq!(status, 1, "{said}");
        assert!(said.contains(&line) && said.contains("`--no-sandbox`"), "{said}");
        let more = ["--builder", "system", "--no-sandbox"];
        let (status, said) = build(target, &format!("{target}-open"), &more);
        assert_eq!(status, 0, "{said}");
        assert!(!said.contains("confines"), "{said}");
    }
}

#[test]
fn a_changed_recipe_is_not_built_where_nothing_confines_it() {
    if !have(&["rpmbuild", "makepkg"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    Wheel::default().write(&at.join("index"));
    let bin = at.join("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(bin.join("bwrap"), "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(bin.join("bwrap"), fs::Permissions::from_mode(0o755)).unwrap();
    let rendered =
        run(at, &["render", "one", "-q", "-i", "index", "-t", "fedora-43", "-o", "recipes"]);
    assert_eq!((rendered.status, rendered.stderr.as_str()), (0, ""));
    let spec = at.join("recipes/one/python3-one.spec");
    let text = fs::read_to_string(&spec).unwrap();
    fs::write(&spec, text.replacen("\n%files", "\n# changed\n%files", 1)).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let output = Command::new(env!("CARGO_BIN_EXE_pypi2pkg"))
        .args(["build", "recipes", "-q", "-i", "index", "-o", "built"])
        .current_dir(at)
        .env_clear()
        .env("PATH", &path)
        .env("PYPI2PKG_CACHE_DIR", at.join("cache"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("nothing confines that") && said.contains("--no-sandbox"), "{said}");

    // Plugins look for programs in the system's folders only.
    let script = "import pathlib, sys\n\
                  from alpm import errors, makepkg\n\
                  folder = pathlib.Path('.', 'recipe')\n\
                  try:\n    makepkg.command(folder, False)\n\
                  except errors.Refused as error:\n    print(error)\n";
    let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/archlinux");
    let said = Command::new("/usr/bin/python3")
        .args(["-B", "-c", script])
        .current_dir(at)
        .env_clear()
        .env("PATH", &path)
        .env("PYTHONPATH", plugin)
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(said.contains("nothing confines that here") && said.contains("--no-sandbox"), "{said}");
}

#[test]
fn a_changed_spec_gets_nothing_that_it_does_not_say() {
    if !have(&["rpmbuild", "bwrap"]) {
        return;
    }
    // What a build makes beside what the recipe says is refused.
    let hidden = "%install\ninstall -D -m $((4700 + 55)) /dev/null %{buildroot}/opt/tool\n";
    let cases = [
        (hidden, "%files\n/opt/tool\n", "`/opt/tool` is a file of root:root with mode 4755"),
        ("%install\n", "%post\necho mine\n\n%files\n", ""),
        ("%install\n", "%post -p /sbin/ldconfig\n\n%files\n", ""),
        ("%install\n", "%files\n%attr(2755,root,root) %{_bindir}/one\n", ""),
    ];
    for (install, files, wanted) in cases {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel::default().write(&at.join("index"));
        let render = ["render", "one", "-q", "-i", "index", "-t", "fedora-43", "-o", "recipes"];
        assert_eq!(run(at, &[&render[..], &["--bytecode", "none"]].concat()).status, 0);
        let spec = at.join("recipes/one/python3-one.spec");
        let text = fs::read_to_string(&spec).unwrap();
        let text = text.replacen("%install\n", install, 1).replacen("%files\n", files, 1);
        fs::write(&spec, text).unwrap();
        let found = run(at, &["build", "recipes", "-q", "-i", "index", "-o", "built"]);
        assert_eq!(found.status, i32::from(!wanted.is_empty()), "{files}: {}", found.stderr);
        assert!(found.stderr.contains(wanted), "{}", found.stderr);
    }
}
