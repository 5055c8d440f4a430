use std::{fs, path::Path};

use super::{difference, merge};
use crate::support::expected::compare;

/// Every folder of `tests/data/merge`: the three sides of a file, and what comes of them.
#[test]
fn merges() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/merge");
    let mut cases: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for case in cases {
        let read = |name: &str| fs::read_to_string(case.join(name)).unwrap();
        let name = read("name");
        let (base, ours, theirs) = (read("base"), read("ours"), read("theirs"));
        let merged = merge(name.trim(), &base, &ours, &theirs);
        let mut found = merged.text;
        if merged.is_conflict {
            found += "== conflict\n";
        }
        found.extend(merged.kept_out.iter().map(|line| format!("== kept out: {line}\n")));
        let mine = difference(name.trim(), &base, &ours);
        found += &format!("== mine\n{mine}");
        wrong.extend(compare(&case.join("expected"), &found).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
