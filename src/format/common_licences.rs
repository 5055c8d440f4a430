//! Licences whose text every Debian system has: Policy 12.5 wants them referred to, not repeated.

use sha2::{Digest as _, Sha256};

/// Titles and versions of the GNU licences, and their files in the package base-files. These
/// texts say themselves that they may not be changed, so the title is enough.
const GNU: [(&str, &str, &str); 4] = [
    ("GNU GENERAL PUBLIC LICENSE", "Version 2, June 1991", "GPL-2"),
    ("GNU GENERAL PUBLIC LICENSE", "Version 3, 29 June 2007", "GPL-3"),
    ("GNU LESSER GENERAL PUBLIC LICENSE", "Version 2.1, February 1999", "LGPL-2.1"),
    ("GNU LESSER GENERAL PUBLIC LICENSE", "Version 3, 29 June 2007", "LGPL-3"),
];

/// A licence file's text, or a reference in place of what every Debian system has.
pub fn refer(text: &str) -> String {
    let title = text.trim_start().lines().next().unwrap_or_default();
    let is_gnu =
        |(name, version, _): &&(&str, &str, &str)| title.contains(name) && text.contains(version);
    match GNU.iter().find(is_gnu) {
        Some((_, _, file)) => format!(
            "On Debian systems, the full text of this licence is in\n/usr/share/common-licenses/{file}"
        ),
        None => refer_to_apache(text),
    }
}

/// The SHA-256 of the words of the Apache licence's terms, from the first to the last, each
/// followed by a space: wrapping and indentation differ between projects.
const APACHE_TERMS: &str = "ef01201c601f04aa2989ed1e2555a9f4e50f67fb3c56848c4206059a54d7df64";

/// Policy 12.5: the terms of the Apache licence 2.0 are referred to, not repeated. Only terms that
/// are word for word the licence's are replaced; what stands before and after them is kept.
fn refer_to_apache(text: &str) -> String {
    const FIRST: &str = "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION";
    const LAST: &str = "such warranty or additional liability.";
    let Some((before, rest)) = text.split_once(FIRST) else {
        return text.to_owned();
    };
    let Some((terms, after)) = rest.split_once(LAST) else {
        return text.to_owned();
    };
    let mut words = Sha256::new();
    for word in [FIRST, terms, LAST].iter().flat_map(|part| part.split_whitespace()) {
        words.update(word);
        words.update(" ");
    }
    if hex::encode(words.finalize()) != APACHE_TERMS {
        return text.to_owned();
    }
    let before = before.trim_end();
    format!(
        "{before}\n\nOn Debian systems, the full text of the Apache License, Version 2.0, is in\n\
         /usr/share/common-licenses/Apache-2.0{after}"
    )
}

#[cfg(test)]
mod tests {
    use super::refer_to_apache;

    #[test]
    fn altered_terms_are_kept_whole() {
        let altered = "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION\n\
                       Not on Sundays: such warranty or additional liability.\nEnd";
        assert_eq!(refer_to_apache(altered), altered);
        assert_eq!(refer_to_apache("Permission is granted"), "Permission is granted");
    }
}
