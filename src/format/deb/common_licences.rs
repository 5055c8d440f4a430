//! Licences whose text every Debian system has: Policy 12.5 wants them referred to, not repeated.

use sha2::{Digest as _, Sha256};

/// The GNU licences: title and version, what their texts end with, and their files in the package
/// base-files. These texts say themselves that they may not be changed, so that what stands
/// between is known.
const GNU: [(&str, &str, &[&str], &str); 4] = [
    ("GNU GENERAL PUBLIC LICENSE", "Version 2, June 1991", &GPL_ENDS, "GPL-2"),
    ("GNU GENERAL PUBLIC LICENSE", "Version 3, 29 June 2007", &GPL_ENDS, "GPL-3"),
    (
        "GNU LESSER GENERAL PUBLIC LICENSE",
        "Version 2.1, February 1999",
        &["That's all there is to it!", "END OF TERMS AND CONDITIONS"],
        "LGPL-2.1",
    ),
    (
        "GNU LESSER GENERAL PUBLIC LICENSE",
        "Version 3, 29 June 2007",
        &["permanent authorization for you to choose that version for the\nLibrary."],
        "LGPL-3",
    ),
];

/// The last line with the advice that most copies hold, or without it.
const GPL_ENDS: [&str; 4] = [
    "licenses/why-not-lgpl.html>.",
    "philosophy/why-not-lgpl.html>.",
    "License instead of this License.",
    "END OF TERMS AND CONDITIONS",
];

/// A licence file's text with references in place of what every Debian system has.
pub(super) fn refer(text: &str) -> String {
    let text = GNU.iter().fold(text.to_owned(), |text, row| refer_to_gnu(&text, *row));
    let text = refer_to_apache(&text);
    // A notice that only names a licence has to say where its text is, too.
    let named = [
        ("GNU Lesser General Public", "LGPL", ["3", "2.1"]),
        ("GNU General Public", "GPL", ["3", "2"]),
    ];
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let found = named.iter().find(|(name, ..)| words.contains(&name.to_ascii_lowercase()));
    match found {
        Some((_, file, versions)) if !text.contains("/usr/share/common-licenses/") => {
            let is_stated = |version: &&&str| words.contains(&format!("version {version}"));
            let version = versions.iter().find(is_stated);
            let version = version.map(|version| format!("-{version}")).unwrap_or_default();
            format!("{}\n\n{}", text.trim_end(), reference(&format!("{file}{version}")))
        }
        _ => text,
    }
}

fn reference(file: &str) -> String {
    format!(
        "On Debian systems, the full text of this licence is in\n/usr/share/common-licenses/{file}"
    )
}

fn refer_to_gnu(text: &str, (name, version, ends, file): (&str, &str, &[&str], &str)) -> String {
    // The title is a line of its own, and the version the one below it.
    let mut titles = text.match_indices(name);
    let start = titles.find_map(|(at, _)| {
        let mut below = text[at..].lines().skip(1);
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        (below.next()?.contains(version) && text[line..at].trim().is_empty()).then_some(line)
    });
    let Some(start) = start else { return text.to_owned() };
    let rest = &text[start..];
    let end = ends.iter().find_map(|end| Some(rest.find(end)? + end.len()));
    let (before, after) = (&text[..start], end.map_or("", |end| &rest[end..]));
    match end {
        Some(_) => format!("{before}{}{after}", reference(file)),
        // A shortened text is still nothing but the licence where it begins with it.
        None if before.trim().is_empty() => reference(file),
        None => text.to_owned(),
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
    use super::{refer, refer_to_apache};

    #[test]
    fn altered_terms_are_kept_whole() {
        let altered = "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION\n\
                       Not on Sundays: such warranty or additional liability.\nEnd";
        assert_eq!(refer_to_apache(altered), altered);
        assert_eq!(refer_to_apache("Permission is granted"), "Permission is granted");
    }

    #[test]
    fn gnu_texts_are_referred_to_wherever_they_stand() {
        let text = "Bundled code:\n\n                    GNU GENERAL PUBLIC LICENSE\n    \
                    Version 3, 29 June 2007\n\nmany terms\n\nEND OF TERMS AND CONDITIONS\n\nOther";
        assert_eq!(
            refer(text),
            "Bundled code:\n\nOn Debian systems, the full text of this licence is in\n\
             /usr/share/common-licenses/GPL-3\n\nOther"
        );
        let notice = "under the GNU Lesser\nGeneral Public License";
        assert!(refer(notice).ends_with("/usr/share/common-licenses/LGPL"), "{}", refer(notice));
        assert_eq!(refer("MIT"), "MIT");
    }
}
