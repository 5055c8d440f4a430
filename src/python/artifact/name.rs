//! Project and extra names.
//! Source: PyPA names and normalisation (PEP 503, PEP 685).

use std::str::FromStr;

use pep508_rs::{ExtraName, PackageName as ProjectName};

/// The longest name taken; the public index refuses longer ones.
const LIMIT: usize = 200;

/// Parses and normalises a project's name; `None` where it is invalid.
///
/// The name type's own parser accepts the empty text.
pub fn project_name(text: &str) -> Option<ProjectName> {
    is_sized(text).then(|| ProjectName::from_str(text).ok()).flatten()
}

/// Parses and normalises an extra's name; `None` where it is invalid.
pub fn extra_name(text: &str) -> Option<ExtraName> {
    is_sized(text).then(|| ExtraName::from_str(text).ok()).flatten()
}

fn is_sized(text: &str) -> bool {
    (1..=LIMIT).contains(&text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalised_and_never_empty() {
        assert_eq!(project_name("Foo__Bar.baz").unwrap().as_ref(), "foo-bar-baz");
        for name in ["", "-a", "a-", "a b", "á", &"a".repeat(LIMIT + 1)] {
            assert!(project_name(name).is_none(), "{name}");
            assert!(extra_name(name).is_none(), "{name}");
        }
    }
}
