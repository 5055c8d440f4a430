//! Fedora: `dnf` into a root with a stand-in for the interpreter.

use std::fs;

use super::{BUILDERS, build, can_run, packages, shell};

/// A package that provides what the interpreter's package provides to others.
const INTERPRETER: &str = "Name: python3
Version: 3.14.0
Release: 1
Summary: Stand-in for the interpreter
License: MIT
BuildArch: noarch
AutoReqProv: no
Provides: python(abi) = 3.14
%description
It holds nothing.
%files
";

#[test]
fn dnf_installs_the_collection_and_python_imports_it() {
    if !can_run(&["dnf", "rpmbuild", "createrepo_c", "unzip", "python3"]) {
        return;
    }
    for builder in BUILDERS {
        let work = tempfile::tempdir().unwrap();
        let folder = work.path();
        let collection = folder.join("collection");
        build("fedora-43", builder, &collection);
        fs::create_dir(folder.join("interpreter")).unwrap();
        fs::write(folder.join("python3.spec"), INTERPRETER).unwrap();
        let at = folder.display();
        shell(&format!(
            "rpmbuild --quiet -bb --define '_topdir {at}/build' --define '_rpmdir {at}/interpreter' \
             {at}/python3.spec
             createrepo_c -q {at}/interpreter"
        ));
        shell(&format!(
            "dnf -q -y --installroot={at}/root --releasever=43 --forcearch=x86_64 --nogpgcheck \
             --setopt=reposdir=/dev/null --setopt=cachedir={at}/cache --setopt=persistdir={at}/dnf \
             --setopt=logdir={at} --setopt=install_weak_deps=0 \
             --repofrompath=collection,file://{at}/collection \
             --repofrompath=interpreter,file://{at}/interpreter \
             --repo=collection --repo=interpreter install python3-requests"
        ));
        let names = shell(&format!("rpm --root {at}/root -qa --qf '%{{NAME}}\\n' | sort"));
        assert_eq!(
            names,
            "python3\npython3-certifi\npython3-charset-normalizer\npython3-idna\n\
             python3-requests\npython3-urllib3\n",
            "{builder}"
        );
        assert_eq!(shell(&format!("rpm --root {at}/root -Va")), "", "{builder}");
        let imported = shell(&format!(
            "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={at}/root/usr/lib/python3.14/site-packages \
             python3 -S -c 'import requests, urllib3; print(requests.__version__, requests.__file__)'"
        ));
        assert_eq!(
            imported,
            format!("2.32.3 {at}/root/usr/lib/python3.14/site-packages/requests/__init__.py\n"),
            "{builder}"
        );
        assert_eq!(packages(&collection, "rpm").len(), 5);
    }
}

#[test]
fn a_spec_builds_without_us() {
    if !can_run(&["rpmbuild", "unzip"]) {
        return;
    }
    let work = tempfile::tempdir().unwrap();
    let at = work.path().display();
    build("fedora-43", "embedded", &work.path().join("collection"));
    shell(&format!(
        "mkdir -p {at}/top/SOURCES
         cp {at}/collection/recipes/python3-idna/* {index}/idna-*.whl {at}/top/SOURCES
         rpmbuild --quiet -ba --nodeps --define '_topdir {at}/top' {at}/top/SOURCES/python3-idna.spec",
        index = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/index"),
    ));
    let query = |package: &str| shell(&format!("rpm -qp --requires --provides -l {package}"));
    assert_eq!(
        query(&format!("{at}/top/RPMS/noarch/*.rpm"))
            .lines()
            .filter(|l| !l.starts_with("rpmlib"))
            .collect::<Vec<_>>(),
        query(&format!("{at}/collection/python3-idna-*.rpm"))
            .lines()
            .filter(|l| !l.starts_with("rpmlib"))
            .collect::<Vec<_>>()
    );
}
