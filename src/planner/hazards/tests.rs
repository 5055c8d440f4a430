//! The check over final paths, by tables of paths and verdicts (`tests/data/destinations.csv`).

use std::{collections::BTreeMap, path::Path};

use super::{HazardOrigin, Hazards, OwnNames, Scheme, Verdict};
use crate::{
    distro::targets::{Target, Targets},
    planner::{CommandPaths, FileRules, PlanError, Policy, scripts},
    support::pack::{Member, pack},
    wheels::Wheel,
};

fn target(name: &str, python: Option<&str>) -> Target {
    Targets::embedded().load(name, python, None).unwrap()
}

/// The wheel of a project with these members beside its own documents.
fn wheel(folder: &Path, project: &str, members: &[(&str, &str)]) -> Wheel {
    let stem = format!("{}-1.0", project.replace('-', "_"));
    let info = format!("{stem}.dist-info");
    let mut files = vec![
        (
            format!("{info}/METADATA"),
            format!("Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n"),
        ),
        (format!("{info}/WHEEL"), "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n".to_owned()),
    ];
    let stands_for =
        |name: &str| name.replace("{info}", &info).replace("{data}", &format!("{stem}.data"));
    files.extend(members.iter().map(|(name, text)| (stands_for(name), (*text).to_owned())));
    let path = folder.join(format!("{stem}-py3-none-any.whl"));
    pack(&path, &info, files.into_iter().map(|(name, text)| Member::new(name, text)));
    Wheel::inspect(&path, &project.parse().unwrap()).unwrap()
}

/// The verdict on one path, in the words of the table.
fn verdict(
    wheel: &Wheel,
    target: &Target,
    policy: &Policy,
    scheme: Scheme,
    path: &str,
) -> &'static str {
    let (launchers, _) = scripts::launchers(wheel, &[], target, policy).unwrap();
    let commands = CommandPaths::new(wheel, target, policy);
    let own = OwnNames::new(wheel, scripts::commands(wheel, &launchers, commands));
    let hazards = Hazards { wheel, target, policy, own, commands };
    let members = wheel.members.iter().map(|member| member.name.as_str());
    let end = path.rsplit('/').next().unwrap();
    let member = members.rev().find(|name| name.rsplit('/').next() == Some(end)).unwrap_or("x");
    match hazards.judge(HazardOrigin { member, scheme }, path) {
        Ok(Verdict::Install) => "install",
        Ok(Verdict::LeaveOut(_)) => "leave out",
        Err(PlanError::StartupCode { .. }) => "startup",
        Err(PlanError::Destination { .. }) => "refuse",
        Err(_) => "other",
    }
}

/// The project whose files the table is about.
const ACME: [(&str, &str); 6] = [
    ("acme/__init__.py", ""),
    ("acme/parts/x.py", ""),
    ("{info}/entry_points.txt", "[console_scripts]\nacme-run = acme:run\nsudo = acme:run\n"),
    ("{data}/scripts/acme.sh", "#!/bin/sh\n"),
    ("{data}/data/share/zsh/site-functions/_acme-run", "#compdef acme-run\n"),
    ("{data}/data/share/zsh/site-functions/_acme.sh", "#compdef acme.sh sudo\n"),
];

#[test]
fn every_path_has_its_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let wheel = wheel(folder.path(), "acme-tools", &ACME);
    let table = include_str!("../../../tests/data/destinations.csv");
    let policy = Policy::default();
    let mut wrong = Vec::new();
    for target in ["debian-12", "fedora-43"].map(|name| target(name, None)) {
        for row in super::reserved::reader(table).into_records() {
            let row = row.unwrap();
            let path = row[1].replace("{site}", &target.python.purelib);
            let found = verdict(&wheel, &target, &policy, Scheme::Data, &path);
            if found != &row[0] {
                wrong.push(format!("{}: {path}: {found}, not {}", target.name, &row[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_name_of_a_project_opens_no_folder_of_the_system() {
    let target = target("debian-12", None);
    for project in
        ["systemd", "apt", "polkit-1", "dbus-1", "pypi2pkg", "nginx", "cron.d", "sudoers.d", "bash"]
    {
        let folder = tempfile::tempdir().unwrap();
        let wheel = wheel(folder.path(), project, &[("acme.py", "")]);
        for place in ["/etc", "/usr/share", "/usr/include"] {
            let path = format!("{place}/{project}/x");
            let found = verdict(&wheel, &target, &Policy::default(), Scheme::Data, &path);
            assert_eq!(found, "refuse", "{path}");
        }
    }
}

#[test]
fn allowed_paths_are_folders_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let wheel = wheel(folder.path(), "acme-tools", &ACME);
    let target = target("debian-12", None);
    let policy = Policy {
        allowed_paths: ["/etc/cron.d/", "/usr/sbin", "/usr/bin/grep"].map(str::to_owned).to_vec(),
        ..Policy::default()
    };
    for (path, expected) in [
        ("/etc/cron.d/x", "install"),
        ("/etc/cron.daily/x", "refuse"),
        ("/etc/cron.d-x/x", "refuse"),
        ("/usr/sbin/acme", "install"),
        ("/usr/sbin/reboot", "leave out"),
        ("/usr/bin/grep", "install"),
        ("/usr/bin/sed", "leave out"),
    ] {
        assert_eq!(verdict(&wheel, &target, &policy, Scheme::Data, path), expected, "{path}");
    }
}

#[test]
fn start_up_code_is_found_whatever_brings_it() {
    let target = target("debian-12", None);
    let site = &target.python.purelib;
    let nspkg = |package: &str| {
        let template = include_str!("../../../data/paths/namespace-lines.txt");
        let line = template.lines().find(|line| !line.starts_with('#')).unwrap();
        line.replace("{path}", &format!("('{package}',)")).replace("{package}", package)
    };
    let files = [
        ("good.pth", nspkg("acme"), "leave out"),
        ("folder.pth", "acme/parts\n".to_owned(), "install"),
        ("code.pth", "import os\n".to_owned(), "startup"),
        ("BIG.PTH", "import os\n".to_owned(), "startup"),
        ("cr.pth", "# x\rimport os".to_owned(), "startup"),
        ("bom.pth", "\u{feff}import os".to_owned(), "startup"),
        ("more.pth", format!("{};import os", nspkg("acme")), "startup"),
        ("library.pth", nspkg("json"), "leave out"),
        ("other.pth", nspkg("google"), "leave out"),
        ("both.pth", format!("{}\nacme/parts\n", nspkg("acme")), "install"),
        ("foreign.pth", format!("{}\nacme/parts\n", nspkg("json")), "startup"),
        ("away.pth", "../x\n".to_owned(), "startup"),
        ("root.pth", "/tmp\n".to_owned(), "startup"),
        ("zip.pth", "acme.zip\n".to_owned(), "startup"),
        ("acme.start", "acme:run\n".to_owned(), "startup"),
        ("usercustomize.abi3.so", String::new(), "startup"),
        ("apport_python_hook.py", String::new(), "startup"),
    ];
    for (scheme, place) in [
        (Scheme::Root, String::new()),
        (Scheme::Library, "{data}/purelib/".to_owned()),
        (Scheme::Data, "{data}/data/lib/python3/dist-packages/".to_owned()),
    ] {
        for (name, text, expected) in &files {
            let folder = tempfile::tempdir().unwrap();
            let member = format!("{place}{name}");
            let members = [("acme/parts/x.py", ""), ("json/x.py", ""), (member.as_str(), text)];
            let wheel = wheel(folder.path(), "acme-tools", &members);
            let path = format!("{site}/{name}");
            let found = verdict(&wheel, &target, &Policy::default(), scheme, &path);
            // Data may only be beside the wheel's own modules.
            let is_refused = scheme == Scheme::Data && *expected == "install";
            let expected = if is_refused { "refuse" } else { *expected };
            assert_eq!(found, expected, "{scheme:?} {name}");
        }
    }
}

#[test]
fn namespaces_with_code_of_their_own_are_declared() {
    let target = target("debian-12", None);
    let template = include_str!("../../../data/paths/namespace-lines.txt");
    let line = template.lines().find(|line| !line.starts_with('#')).unwrap();
    let text = line.replace("{path}", "('acme',)").replace("{package}", "acme");
    for (members, expected) in [
        (vec![("acme-nspkg.pth", text.as_str()), ("acme/x.py", "")], "leave out"),
        (vec![("acme-nspkg.pth", text.as_str()), ("acme/__init__.py", "")], "install"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let wheel = wheel(folder.path(), "acme-tools", &members);
        let path = format!("{}/acme-nspkg.pth", target.python.purelib);
        let found = verdict(&wheel, &target, &Policy::default(), Scheme::Root, &path);
        assert_eq!(found, expected);
    }
}

#[test]
fn known_start_up_code_is_its_own_project_s() {
    let target = target("fedora-43", None);
    let text = "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') \
                == 'local'; enabled and __import__('_distutils_hack').add_shim(); \n";
    let name = "distutils-precedence.pth";
    for (project, name, text, expected) in [
        ("setuptools", name, text.to_owned(), "install"),
        ("setuptools", name, format!("{text}import os\n"), "startup"),
        ("setuptools", "other.pth", text.to_owned(), "startup"),
        ("acme", name, text.to_owned(), "startup"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let wheel = wheel(folder.path(), project, &[(name, &text)]);
        let path = format!("{}/{name}", target.python.purelib);
        let found = verdict(&wheel, &target, &Policy::default(), Scheme::Root, &path);
        assert_eq!(found, expected, "{project} {name}");
    }
}

#[test]
fn rules_of_one_project_allow_what_they_name() {
    let target = target("debian-12", None);
    let folder = tempfile::tempdir().unwrap();
    let wheel = wheel(folder.path(), "acme-tools", &[("sitecustomize.py", ""), ("acme.py", "")]);
    let text = |text: &str| text.to_owned();
    let rules = FileRules {
        moves: BTreeMap::from([(text("/usr/x"), text("/usr/lib/acme"))]),
        allow_paths: vec![text("/etc/cron.d"), text("/usr/bin/grep")],
        allow_startup_code: true,
        ..FileRules::default()
    };
    for (project, expected) in [("acme-tools", "install"), ("other", "")] {
        let file_rules = BTreeMap::from([(project.parse().unwrap(), rules.clone())]);
        let policy = Policy { file_rules, ..Policy::default() };
        for (path, refused) in [
            ("/etc/cron.d/x", "refuse"),
            ("/usr/bin/grep", "leave out"),
            ("/usr/lib/acme/x", "refuse"),
            ("/usr/lib/python3/dist-packages/sitecustomize.py", "startup"),
        ] {
            let found = verdict(&wheel, &target, &policy, Scheme::Root, path);
            let wanted = if expected.is_empty() { refused } else { expected };
            assert_eq!(found, wanted, "{project} {path}");
        }
    }
}

#[test]
fn a_folder_that_the_wheel_adds_has_no_start_up_module() {
    let folder = tempfile::tempdir().unwrap();
    let members = [("x.pth", "acme/parts\n"), ("acme/parts/sitecustomize.py", "")];
    let wheel = wheel(folder.path(), "acme-tools", &members);
    let target = target("fedora-43", None);
    let path = format!("{}/acme/parts/sitecustomize.py", target.python.purelib);
    let found = verdict(&wheel, &target, &Policy::default(), Scheme::Root, &path);
    assert_eq!(found, "startup");
    let path = format!("{}/acme/other/sitecustomize.py", target.python.purelib);
    let found = verdict(&wheel, &target, &Policy::default(), Scheme::Root, &path);
    assert_eq!(found, "install");
}

#[test]
fn commands_beside_the_default_python_are_compared_by_both_names() {
    let folder = tempfile::tempdir().unwrap();
    let wheel = wheel(folder.path(), "acme-tools", &ACME);
    let target = target("el9", Some("3.12"));
    for (path, expected) in [
        ("/usr/bin/acme-3.12", "install"),
        ("/usr/bin/python-3.12", "leave out"),
        ("/usr/bin/sed-3.12", "leave out"),
        ("/usr/bin/pip-3.12", "install"),
    ] {
        let found = verdict(&wheel, &target, &Policy::default(), Scheme::Scripts, path);
        assert_eq!(found, expected, "{path}");
    }
}
