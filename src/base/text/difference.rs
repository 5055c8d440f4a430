//! How texts differ.

use std::borrow::Cow;

/// Two texts as a unified diff under their names; empty where they are the same.
pub fn unified(names: [&str; 2], old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let mut options = diffy::DiffOptions::new();
    options
        .set_original_filename(Cow::Owned(names[0].to_owned()))
        .set_modified_filename(Cow::Owned(names[1].to_owned()));
    options.create_patch(old, new).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_texts_do_not_differ() {
        assert_eq!(unified(["a", "b"], "x\n", "x\n"), "");
        let changed = "--- a\n+++ b\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n";
        assert_eq!(unified(["a", "b"], "x\ny\n", "x\nz\n"), changed);
    }
}
