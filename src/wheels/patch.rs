//! Patches to the members of a wheel, as `patch -p1` applies them.

use std::{collections::BTreeMap, path::Component, path::Path};

use diffy::{
    apply_bytes,
    patch_set::{FileOperation, ParseOptions, PatchSet},
};

use crate::plan::Patch;

/// A patch's change to a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatchedMember {
    Created(String),
    Changed(String),
    Deleted(String),
}

/// Returns the members that a patch changes, in its order.
///
/// # Errors
/// The text is not a patch: the end of a sentence.
pub fn changes(patch: &Patch) -> Result<Vec<PatchedMember>, String> {
    let mut found = Vec::new();
    for one in parsed(&patch.text) {
        let one = one.map_err(|error| format!("is not a patch: {error}"))?;
        found.push(change(one.operation())?);
    }
    Ok(found)
}

/// Returns the members after all patches; `None` for a deleted one. `read` returns an original
/// member.
///
/// # Errors
/// A patch does not apply; the error has its name.
pub fn patched(
    patches: &[Patch],
    mut read: impl FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<BTreeMap<String, Option<Vec<u8>>>, String> {
    let mut members: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    for patch in patches {
        let refuse = |problem: String| format!("`{}` {problem}", patch.file);
        for one in parsed(&patch.text) {
            let one = one.map_err(|error| refuse(format!("is not a patch: {error}")))?;
            let change = change(one.operation()).map_err(refuse)?;
            let hunks = one.patch().as_text();
            let hunks = hunks.ok_or_else(|| refuse("changes something that is not text".into()))?;
            let (member, before) = match &change {
                PatchedMember::Created(member) => (member, Vec::new()),
                PatchedMember::Deleted(member) => {
                    members.insert(member.clone(), None);
                    continue;
                }
                PatchedMember::Changed(member) => match members.get(member) {
                    Some(known) => (member, known.clone().unwrap_or_default()),
                    None => (member, read(member).map_err(refuse)?),
                },
            };
            let after = apply_bytes(&before, hunks)
                .map_err(|error| refuse(format!("does not fit `{member}`: {error}")))?;
            members.insert(member.clone(), Some(after));
        }
    }
    Ok(members)
}

fn parsed(text: &str) -> PatchSet<'_, [u8]> {
    let is_git = text.lines().any(|line| line.starts_with("diff --git "));
    let options = if is_git { ParseOptions::gitdiff() } else { ParseOptions::unidiff() };
    PatchSet::parse_bytes(text.as_bytes(), options)
}

fn change(operation: &FileOperation<'_, [u8]>) -> Result<PatchedMember, String> {
    let change = match operation.strip_prefix(1) {
        FileOperation::Create(path) => PatchedMember::Created(inside(&path)?),
        FileOperation::Delete(path) => PatchedMember::Deleted(inside(&path)?),
        FileOperation::Modify { original, modified } if original == modified => {
            PatchedMember::Changed(inside(&modified)?)
        }
        other => {
            return Err(format!("renames or copies a file, which is not supported: {other:?}"));
        }
    };
    Ok(change)
}

/// Parses a path that must stay in the wheel.
fn inside(path: &[u8]) -> Result<String, String> {
    let text = String::from_utf8_lossy(path).into_owned();
    let stays = Path::new(&text).components().all(|part| matches!(part, Component::Normal(_)));
    if stays && !text.is_empty() && !text.chars().any(char::is_control) {
        Ok(text)
    } else {
        Err(format!("changes `{}`, which is outside", text.escape_debug()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(text: &str) -> Patch {
        Patch { file: "fix.patch".to_owned(), text: text.to_owned() }
    }

    const CHANGE: &str = "--- a/one.py\n+++ b/one.py\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n";
    const CREATE: &str = "--- /dev/null\n+++ b/pkg/new.py\n@@ -0,0 +1 @@\n+new\n";
    const DELETE: &str = "--- a/old.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\n";

    #[test]
    fn members_are_changed_created_and_deleted() {
        let patches = [patch(CHANGE), patch(&format!("{CREATE}{DELETE}"))];
        let found = patched(&patches, |_| Ok(b"one\ntwo\n".to_vec())).unwrap();
        let wanted =
            [("old.py", None), ("one.py", Some("one\nthree\n")), ("pkg/new.py", Some("new\n"))];
        let wanted =
            wanted.map(|(name, text)| (name.to_owned(), text.map(|t| t.as_bytes().to_vec())));
        assert_eq!(found, BTreeMap::from(wanted));
        let kinds = changes(&patches[1]).unwrap();
        let (new, old) = ("pkg/new.py".to_owned(), "old.py".to_owned());
        assert_eq!(kinds, [PatchedMember::Created(new), PatchedMember::Deleted(old)]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let wrong = |text: &str, before: &'static str| {
            patched(&[patch(text)], |_| Ok(before.as_bytes().to_vec())).unwrap_err()
        };
        assert!(wrong(CHANGE, "other\n").starts_with("`fix.patch` does not fit `one.py`"));
        let outside = CHANGE.replace("/one.py", "/../../etc/passwd");
        assert!(wrong(&outside, "").contains("which is outside"));
        assert!(changes(&patch("nothing")).unwrap_err().starts_with("is not a patch: "));
    }
}
