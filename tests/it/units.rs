//! systemd units in wheels: what their packages do when they are installed, upgraded and removed.

use std::{fs, io::Write, path::Path, process::Command};

use crate::{
    hostile_wheel::{package, writers},
    run,
    support::tools::have,
    support::wheel::Wheel,
};

/// The scripts of the package that was built, as its own tool shows them.
fn scripts(at: &Path) -> String {
    let (package, _) = package(at);
    if package.ends_with(".rpm") {
        let output = Command::new("rpm").args(["-qp", "--scripts", &package]).output().unwrap();
        return String::from_utf8(output.stdout).unwrap();
    }
    let control = at.join("control");
    let mut unpack = Command::new("dpkg-deb");
    assert!(unpack.args(["-e", &package]).arg(&control).status().unwrap().success());
    let scripts = ["postinst", "prerm", "postrm"];
    scripts.map(|name| fs::read_to_string(control.join(name)).unwrap_or_default()).join("\n")
}

fn is_shell(text: &str) -> bool {
    let mut shell = Command::new("sh");
    let mut child = shell.arg("-n").stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait().unwrap().success()
}

#[test]
fn units_get_the_commands_of_the_distribution() {
    if !have(&["rpm", "dpkg-deb", "bsdtar"]) {
        return;
    }
    let unit = b"[Service]\nExecStart=/usr/bin/one\n".to_vec();
    let folder_of_units = "one-1.0.data/data/lib/systemd/system";
    let members = [
        (format!("{folder_of_units}/one.service"), unit.clone()),
        (format!("{folder_of_units}/one.service.d/more.conf"), unit.clone()),
    ];
    let members: Vec<(&str, Vec<u8>)> =
        members.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    for (target, builder) in writers().filter(|(target, _)| *target != "archlinux") {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        Wheel { binaries: &members, ..Wheel::default() }.write(&at.join("index"));
        fs::write(
            at.join("pypi2pkg.toml"),
            "[project.one]\nallow-paths = [\"/usr/lib/systemd/system\"]\n",
        )
        .unwrap();
        let options = ["-t", target, "--builder", builder, "-i", "index", "--bytecode", "none"];
        let more = ["-q", "--packager", "A <a@example.org>", "--strict"];
        let built = run(at, &[&["build", "one"], &options[..], &more].concat());
        let told = (built.status, built.stderr.as_str());
        assert_eq!(told, (0, ""), "{target} {builder}");
        let found = scripts(at);
        let wanted = match target {
            "fedora-43" => [
                "systemd-update-helper install-system-units one.service",
                "systemd-update-helper remove-system-units one.service",
                "systemd-update-helper mark-restart-system-units one.service",
            ],
            _ => [
                "deb-systemd-helper update-state",
                "deb-systemd-invoke stop one.service",
                "deb-systemd-helper purge one.service",
            ],
        };
        for text in wanted {
            assert!(found.contains(text), "{target} {builder} {text}\n{found}");
        }
        assert!(!found.contains("more.conf") && !found.contains("deb-systemd-invoke start"));
        let lines = found.lines().filter(|line| !line.contains(" scriptlet (using "));
        assert!(is_shell(&lines.collect::<Vec<_>>().join("\n")), "{found}");
    }
}

#[test]
fn a_person_s_scriptlets_come_behind_those_of_units() {
    if !have(&["rpm"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let members = [("one-1.0.data/data/lib/systemd/system/one.timer", b"[Timer]\n".to_vec())];
    Wheel { binaries: &members, ..Wheel::default() }.write(&at.join("index"));
    let rules = "allow-paths = [\"/usr/lib/systemd/system\"]\n";
    fs::write(at.join("pypi2pkg.toml"), format!("[project.one]\n{rules}")).unwrap();
    let render = |what: &str| run(at, &["render", what, "-q", "-t", "fedora-43", "-i", "index"]);
    assert_eq!(render("one").status, 0);
    let scriptlets = at.join("recipes/one/scriptlets");
    fs::create_dir(&scriptlets).unwrap();
    fs::write(scriptlets.join("post-install"), "echo mine\n").unwrap();
    for _ in 0..2 {
        let again = render("recipes/one");
        assert_eq!((again.status, again.stderr.as_str()), (0, ""));
        let spec = fs::read_to_string(at.join("recipes/one/python3-one.spec")).unwrap();
        let (_, post) = spec.split_once("%post\n").unwrap();
        let post = post.split_once("\n%").unwrap().0;
        assert_eq!(post.matches("install-system-units one.timer").count(), 1, "{spec}");
        assert!(post.trim_end().ends_with("echo mine"), "{spec}");
    }
}
