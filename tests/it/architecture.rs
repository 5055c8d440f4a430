//! The rules of the source tree, read from the sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// All source files with their paths below `src/`.
fn all_sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The source files that are part of the program, tests left out.
fn sources() -> Vec<(String, String)> {
    let files = all_sources().into_iter();
    let files = files.filter(|(name, _)| !name.contains("test") && !name.ends_with("server.rs"));
    let program = |text: String| text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
    files.map(|(name, text)| (name, program(text))).collect()
}

/// The top-level modules (rooms) in the order of their declaration, the most basic first.
fn modules() -> Vec<String> {
    let text = include_str!("../../src/lib.rs");
    let declared = text.lines().filter_map(|line| line.strip_prefix("pub mod "));
    declared.map(|name| name.trim_end_matches(';').to_owned()).collect()
}

/// The top-level module that a file belongs to.
fn module_of(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The modules that a text names after `crate::`, in braces too.
fn uses(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("crate::") {
        let rest = &text[start + "crate::".len()..];
        let name = |text: &str| -> String {
            text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()
        };
        match rest.strip_prefix('{') {
            None => found.push(name(rest)),
            Some(list) => {
                let mut depth = 1;
                let mut at_start = true;
                for (position, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 1 => at_start = true,
                        c if c.is_whitespace() => {}
                        _ if at_start && depth == 1 => {
                            found.push(name(&list[position..]));
                            at_start = false;
                        }
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
    }
    found
}

#[test]
fn modules_use_only_those_above_them() {
    let modules = modules();
    let place = |name: &str| modules.iter().position(|module| module == name);
    for (file, text) in sources() {
        let Some(own) = place(module_of(&file)) else { continue };
        for used in uses(&text) {
            if let Some(other) = place(&used) {
                assert!(
                    other <= own,
                    "src/{file} uses `{used}`, which is declared below its module"
                );
            }
        }
    }
}

#[test]
fn the_reader_of_uses_sees_them() {
    assert_eq!(uses("use crate::{\n    a::B,\n    c::{D, E},\n};\ncrate::f::g()"), ["a", "c", "f"]);
}

#[test]
fn few_modules_use_each_other() {
    let modules = modules();
    let mut pairs = BTreeSet::new();
    for (file, text) in sources() {
        let own = module_of(&file).to_owned();
        let used = uses(&text).into_iter().filter(|used| *used != own && modules.contains(used));
        pairs.extend(used.map(|used| (own.clone(), used)));
    }
    // What fuzzing starts is not a part of the program.
    pairs.retain(|(own, _)| own != "fuzzing" && modules.contains(own));
    assert!(pairs.len() <= 100, "{} pairs: {pairs:?}", pairs.len());
}

/// The derive that types of options' values have, wherever they are defined.
const VALUE_DERIVE: &str = "clap::ValueEnum";

/// `clippy.toml` guards the doors that are functions and macros; these are whole crates.
#[test]
fn each_door_to_the_outside_has_one_keeper() {
    let doors = [
        ("reqwest", &["index/"][..]),
        ("handlebars", &["recipe/template/"]),
        ("clap", &["cli/", "settings/"]),
    ];
    for (file, text) in sources() {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code.map(|line| line.replace(VALUE_DERIVE, "")) {
            for (door, keepers) in doors {
                assert!(
                    keepers.iter().any(|keeper| file.starts_with(keeper)) || !line.contains(door),
                    "src/{file} has `{door}`, which belongs to {keepers:?}: {line}"
                );
            }
        }
    }
}

#[test]
fn files_are_short() {
    for (file, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 400, "src/{file} has {lines} lines");
    }
}

/// Test modules count, too; associated types do not.
#[test]
fn type_names_are_unique() {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for (file, text) in all_sources() {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("type ")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let at = usize::from(words.first().is_some_and(|word| word.starts_with("pub")));
            let Some([keyword, name]) = words.get(at..at + 2) else { continue };
            if !["struct", "enum", "trait", "type"].contains(keyword) {
                continue;
            }
            let end = name.find(|c: char| !c.is_alphanumeric()).unwrap_or(name.len());
            let other = found.insert(name[..end].to_owned(), file.clone());
            assert_eq!(other, None, "src/{file} has another `{}`", &name[..end]);
        }
    }
}
