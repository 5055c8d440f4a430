//! Requirements files as pip reads them.

use std::fs;

use super::*;

const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Reads `r.txt` among files that are written to a folder of their own; the folder's name is left
/// out of errors.
fn read(files: &[(&str, &str)]) -> Result<Requirements, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let shown = format!("{}/", folder.path().display());
    Requirements::read(&[], &[folder.path().join("r.txt")], &[])
        .map_err(|error| error.to_string().replace(&shown, ""))
}

fn error(text: &str) -> String {
    read(&[("r.txt", text)]).unwrap_err()
}

fn shown(list: &[RootRequirement]) -> Vec<String> {
    let line = |origin: &Origin| match origin {
        Origin::CommandLine => 0,
        Origin::File { line, .. } => *line,
    };
    list.iter().map(|root| format!("{} {}", line(&root.origin), root.requirement)).collect()
}

#[test]
fn comments_and_continuation_lines() {
    let text = "\u{feff}# first\r\na==1.0  # why\r\n\r\nb >= 1, \\\n  < 2\n  # c==1 \\\nd[x] ; \
                python_version < '3'\nurl#no-comment==1";
    assert_eq!(
        error(text),
        "r.txt:8: `url#no-comment==1` is not a requirement: `#no-comment==1`: \
                             Unexpected end of version specifier, expected operator"
    );
    let text = text.rsplit_once('\n').unwrap().0;
    let read = read(&[("r.txt", text)]).unwrap();
    assert_eq!(shown(&read.roots), ["2 a==1.0", "4 b>=1,<2", "7 d[x] ; python_full_version < '3'"]);
}

#[test]
fn nested_files_are_relative_to_the_file() {
    let read = read(&[
        ("r.txt", "-r sub/a.txt\n--constraint=sub/c.txt\n-r sub/a.txt"),
        ("sub/a.txt", "a\n-rb.txt\n-f wheels\n"),
        ("sub/b.txt", "b"),
        ("sub/c.txt", "c<2 # limit"),
        ("sub/wheels/x", ""),
    ])
    .unwrap();
    assert_eq!(shown(&read.roots), ["1 a", "1 b"]);
    assert_eq!(shown(&read.constraints), ["1 c<2"]);
    assert!(read.options.find_links[0].ends_with("/sub/wheels"), "{:?}", read.options.find_links);
}

#[test]
fn options_are_kept() {
    let read = read(&[(
        "r.txt",
        "-i https://index.example/simple\n--extra-index-url 'https://more.example/simple'\n\
         --no-index --pre\n--no-binary a,B_c\n--only-binary=:all:\n--prefer-binary\n\
         --trusted-host index.example\n--find-links https://files.example/\n",
    )])
    .unwrap();
    let options = read.options;
    assert_eq!(options.index_url.as_deref(), Some("https://index.example/simple"));
    assert_eq!(options.extra_index_urls, ["https://more.example/simple"]);
    assert_eq!(options.find_links, ["https://files.example/"]);
    assert_eq!(options.trusted_hosts, ["index.example"]);
    assert!(options.no_index && options.pre && options.prefer_binary && !options.require_hashes);
    let names: Vec<String> = options.no_binary.projects.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["a", "b-c"]);
    assert!(options.only_binary.all);
}

#[test]
fn hashes_belong_to_their_requirement() {
    let text = format!("a==1 \\\n  --hash=sha256:{DIGEST} \\\n  --hash sha256:{DIGEST}\nb==1\n");
    let read = read(&[("r.txt", &text)]).unwrap();
    assert_eq!(read.roots[0].hashes.len(), 2);
    assert_eq!(read.roots[0].hashes[0].sha256(), Some(DIGEST));
    assert!(read.roots[1].hashes.is_empty());
    assert!(read.options.require_hashes);
}

#[test]
fn errors_name_file_and_line() {
    for (text, expected) in [
        ("a\n--frobnicate", "r.txt:2: the option `--frobnicate` is unknown"),
        ("a --frobnicate=1", "r.txt:1: the option `--frobnicate` is unknown"),
        ("--pre=yes", "r.txt:1: the option `--pre` takes no value"),
        ("-r", "r.txt:1: the option `-r` needs a value"),
        ("a --global-option=x", "r.txt:1: the option `--global-option` is not supported"),
        (
            "-i https://${NAME}@index.example/",
            "r.txt:1: the option `-i` names an environment variable, which is not supported",
        ),
        (
            "a --hash=md5:00",
            "r.txt:1: the option `--hash` cannot be used: `md5` names no hash algorithm of \
             sha256, sha384, sha512",
        ),
        (
            "--no-binary a,?",
            "r.txt:1: the option `--no-binary` has `?`, which is no project's name",
        ),
        (
            "\n-r none.txt",
            "cannot read the requirements file `none.txt`, which r.txt:2 names: No such file or directory (os error 2)",
        ),
        ("-r r.txt", "r.txt:1: `r.txt` names itself"),
        ("a\u{0}b", "r.txt:1: `a\u{0}b` is not a requirement: it has a control character"),
    ] {
        assert_eq!(error(text), expected);
    }
}

#[test]
fn forms_that_are_not_supported_are_named() {
    for (text, what) in [
        ("-e .", "an editable project"),
        ("--editable=git+https://host.example/x", "an editable project"),
        ("./folder", "a local path"),
        ("folder/a-1.0-py3-none-any.whl", "a local path"),
        ("a-1.0.tar.gz", "a local path"),
        (".", "a local path"),
        ("git+https://host.example/x", "a version control address"),
        ("https://files.example/a-1.0.tar.gz", "a URL"),
        ("a @ https://files.example/a-1.0.tar.gz", "a URL"),
        ("-r https://files.example/r.txt", "a requirements file of another machine"),
    ] {
        let error = error(text);
        assert!(error.starts_with("r.txt:1: `"), "{error}");
        assert!(error.contains(&format!("is {what}, which is not supported")), "{error}");
    }
}

#[test]
fn constraints_have_no_extras() {
    let files = [("r.txt", "-c c.txt"), ("c.txt", "a[x]<2")];
    let error = read(&files).unwrap_err();
    assert!(error.starts_with("c.txt:1: `a[x]<2` is a constraint with extras"), "{error}");
}

#[test]
fn arguments_are_requirements() {
    let read = Requirements::read(&["A.b>=1".to_owned()], &[], &[]).unwrap();
    assert_eq!(shown(&read.roots), ["0 a-b>=1"]);
    let error = Requirements::read(&["a=1".to_owned()], &[], &[]).unwrap_err().to_string();
    assert!(error.starts_with("command line: `a=1` is not a requirement: "), "{error}");
}

#[test]
fn a_file_that_is_no_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.txt");
    fs::write(&path, b"\xff\xfea").unwrap();
    let error = Requirements::read(&[], &[path], &[]).unwrap_err().to_string();
    assert!(error.ends_with("/r.txt`: it is no UTF-8 text"), "{error}");
}
