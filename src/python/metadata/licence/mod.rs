//! The licence that a project states, as an SPDX expression.
//!
//! Trusted in this order: `License-Expression` (PEP 639), `License` where it is an expression or
//! the well-known name of one licence, then the classifiers, and where these leave the licence
//! open ("BSD"), the texts of the licence files, the table of well-known projects, and what the
//! description says under a heading such as "License".

mod name;
mod section;
mod table;
mod text;

use std::collections::BTreeSet;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spdx::{Expression, ParseMode};

use self::text::detect;
use super::CoreMetadata;

/// What stands for a licence that nothing states.
pub const UNKNOWN_LICENCE: &str = "LicenseRef-Unknown";

/// The longest text taken for an expression; a licence's whole text is longer.
const EXPRESSION_LIMIT: usize = 500;

/// The longest text that may be a notice which names a licence, such as Apache's with 11 lines.
const NOTICE_LIMIT: usize = 1200;

/// The licence and how sure we are of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Licence {
    /// A valid SPDX expression; `LicenseRef-Unknown` where nothing was found.
    pub expression: String,
    pub evidence: LicenceEvidence,
    /// How alike the licence files and the licences' texts are at least, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likeness: Option<u8>,
}

impl Licence {
    /// Whether the user has to look: nothing names one licence.
    pub fn is_open(&self) -> bool {
        self.expression.contains("LicenseRef-")
    }

    fn new(expression: String, evidence: LicenceEvidence) -> Self {
        Self { expression, evidence, likeness: None }
    }
}

/// Where a licence expression was read, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LicenceEvidence {
    Expression,
    LicenseField,
    Classifiers,
    /// The texts of licence files.
    Text,
    /// What the release's sdist says, where the wheel says nothing.
    Sdist,
    /// The table of well-known projects.
    KnownProject,
    /// What the description says of licences.
    Description,
    /// What the user calls the licence of projects of their own that state none.
    OwnProject,
    Override,
    Nothing,
}

impl LicenceEvidence {
    /// What it is for people to read, to go after "from".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expression => "License-Expression",
            Self::LicenseField => "the field License",
            Self::Classifiers => "classifiers",
            Self::Text => "the licence files",
            Self::Sdist => "the sdist",
            Self::KnownProject => "the table of well-known projects",
            Self::Description => "the description",
            Self::OwnProject => "the configuration, for projects of one's own",
            Self::Override => "the configuration",
            Self::Nothing => "nothing that names one; please look",
        }
    }
}

/// The licence of a release by its metadata and, where these leave it open, the texts of its
/// licence files, the table of well-known projects, and its description.
///
/// Several licence classifiers are joined with `AND`, the reading that asks for most. A name or
/// classifier that fits several licences gives a `LicenseRef-` of its own, such as `LicenseRef-BSD`.
pub fn licence(metadata: &CoreMetadata, texts: &[(String, String)]) -> Licence {
    let stated = stated(metadata);
    if !stated.is_open() {
        return stated;
    }
    let by_texts = by_texts(metadata, texts);
    if let Some(found) = by_texts.clone().filter(|found| !found.is_open()) {
        return found;
    }
    if let Some(known) = table::project(&metadata.name, &metadata.version) {
        return Licence::new(known.to_owned(), LicenceEvidence::KnownProject);
    }
    if let Some(described) = section::licence(metadata) {
        return Licence::new(described, LicenceEvidence::Description);
    }
    // What is as open as before gains nothing by being guessed.
    by_texts.filter(|_| stated.expression == UNKNOWN_LICENCE).unwrap_or(stated)
}

/// The licences that texts are. The field `License` holds a whole text in some releases.
fn by_texts(metadata: &CoreMetadata, texts: &[(String, String)]) -> Option<Licence> {
    let field = metadata.license.as_deref().filter(|text| text.len() > EXPRESSION_LIMIT);
    let texts = texts.iter().map(|(_, text)| text.as_str()).chain(field);
    let found: Vec<(String, Option<u8>)> = texts.filter_map(text_licence).collect();
    let likeness = found.iter().filter_map(|(_, percent)| *percent).min();
    let names: BTreeSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let expression = names.into_iter().collect::<Vec<_>>().join(" AND ");
    Some(Licence { likeness, ..Licence::new(expression, LicenceEvidence::Text) })
}

/// The licence that a text is, and how alike both are in percent; or that a short notice names.
fn text_licence(text: &str) -> Option<(String, Option<u8>)> {
    match detect(text) {
        Some((name, percent)) => Some((name, Some(percent))),
        None if text.len() > NOTICE_LIMIT => None,
        None => Some((name::only_mentioned(text)?.to_owned(), None)),
    }
}

/// The licence of a release by the metadata and the licence files of its sdist; `None` where these
/// say nothing, either.
pub fn sdist_licence(metadata: &CoreMetadata, texts: &[(String, String)]) -> Option<Licence> {
    let found = licence(metadata, texts);
    let says = found.evidence != LicenceEvidence::Nothing;
    says.then_some(Licence { evidence: LicenceEvidence::Sdist, ..found })
}

fn stated(metadata: &CoreMetadata) -> Licence {
    let stated = metadata.license_expression.as_deref().and_then(parse_expression);
    if let Some(expression) = stated {
        return Licence::new(expression, LicenceEvidence::Expression);
    }
    let field = metadata.license.as_deref().filter(|text| text.len() <= EXPRESSION_LIMIT);
    let field = field.and_then(|text| parse_expression(text).or_else(|| name::named(text)));
    let field = field.map(|expression| Licence::new(expression, LicenceEvidence::LicenseField));
    if let Some(licence) = field.clone().filter(|licence| !licence.is_open()) {
        return licence;
    }
    let classified = classified(&metadata.classifiers);
    let classified =
        classified.map(|expression| Licence::new(expression, LicenceEvidence::Classifiers));
    classified
        .or(field)
        .unwrap_or_else(|| Licence::new(UNKNOWN_LICENCE.to_owned(), LicenceEvidence::Nothing))
}

/// A valid SPDX expression with its identifiers and operators in their usual case; `None` where
/// `text` is none.
pub fn parse_expression(text: &str) -> Option<String> {
    if text.len() > EXPRESSION_LIMIT {
        return None;
    }
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<String> = spaced.split_whitespace().map(usual_case).collect();
    let joined = words.join(" ").replace("( ", "(").replace(" )", ")");
    // Deprecated identifiers are valid (PEP 639), though they should not be used.
    let mode = ParseMode { allow_deprecated: true, ..ParseMode::STRICT };
    let is_nameless = |word: &str| word.ends_with("LicenseRef-");
    let has_names = !joined.split([' ', '(', ')']).any(is_nameless);
    (has_names && Expression::parse_mode(&joined, mode).is_ok()).then_some(joined)
}

fn usual_case(word: &str) -> String {
    for operator in ["AND", "OR", "WITH"] {
        if word.eq_ignore_ascii_case(operator) {
            return operator.to_owned();
        }
    }
    let (name, plus) = word.strip_suffix('+').map_or((word, ""), |name| (name, "+"));
    let names = spdx::identifiers::LICENSES.iter().map(|licence| licence.name);
    let mut names = names.chain(spdx::identifiers::EXCEPTIONS.iter().map(|e| e.name));
    names
        .find(|known| known.eq_ignore_ascii_case(name))
        .map_or_else(|| word.to_owned(), |known| format!("{known}{plus}"))
}

fn classified(classifiers: &[String]) -> Option<String> {
    let identifiers: BTreeSet<&str> = classifiers
        .iter()
        .filter_map(|classifier| {
            let name = classifier.strip_prefix("License :: ")?;
            let name = name.strip_prefix("OSI Approved :: ").unwrap_or(name);
            table::classifier(name)
        })
        .collect();
    let joined: Vec<&str> = identifiers.into_iter().collect();
    (!joined.is_empty()).then(|| joined.join(" AND "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &str) -> (String, LicenceEvidence) {
        let text = format!("Metadata-Version: 2.4\nName: x\nVersion: 1\n{fields}");
        let found = licence(&CoreMetadata::parse(text.as_bytes()).unwrap(), &[]);
        (found.expression, found.evidence)
    }

    #[test]
    fn texts_projects_and_descriptions_settle_what_metadata_leave_open() {
        use LicenceEvidence::{Classifiers, Description, KnownProject, Text};
        let bsd = "Classifier: License :: OSI Approved :: BSD License\n";
        let notice = "Licensed under the Apache License, Version 2.0 (the \"License\")";
        let two = "Choose the MIT license, or BSD 3-Clause.";
        for (name, fields, texts, expression, evidence) in [
            ("x", bsd, &["BSD 3-Clause"][..], "BSD-3-Clause", Text),
            ("x", bsd, &[two], "LicenseRef-BSD", Classifiers),
            ("x", "", &[notice], "Apache-2.0", Text),
            ("x", "", &[notice, "MIT license"], "Apache-2.0 AND MIT", Text),
            ("ply", "License: BSD\n", &[], "BSD-3-Clause", KnownProject),
            ("ply", "License: MIT\n", &[], "MIT", LicenceEvidence::LicenseField),
            ("x", "\n# x\n## License\nMIT\n", &[], "MIT", Description),
        ] {
            let text = format!("Metadata-Version: 2.4\nName: {name}\nVersion: 1\n{fields}");
            let texts: Vec<_> =
                texts.iter().map(|t| ("LICENSE".to_owned(), t.to_string())).collect();
            let found = licence(&CoreMetadata::parse(text.as_bytes()).unwrap(), &texts);
            assert_eq!((found.expression.as_str(), found.evidence), (expression, evidence));
        }
    }

    #[test]
    fn the_best_evidence_wins() {
        use LicenceEvidence::{Classifiers, Expression, LicenseField, Nothing};
        let approved = "Classifier: License :: OSI Approved :: ";
        for (fields, expression, evidence) in [
            (
                "License-Expression: mit or (apache-2.0 AND bsd-3-clause)\nLicense: x\n".to_owned(),
                "MIT OR (Apache-2.0 AND BSD-3-Clause)",
                Expression,
            ),
            (
                "License-Expression: GPL-2.0-or-later WITH Classpath-exception-2.0\n".to_owned(),
                "GPL-2.0-or-later WITH Classpath-exception-2.0",
                Expression,
            ),
            ("License: Apache License, Version 2.0\n".to_owned(), "Apache-2.0", LicenseField),
            ("License: The MIT License\n".to_owned(), "MIT", LicenseField),
            ("License: BSD 3-Clause\n".to_owned(), "BSD-3-Clause", LicenseField),
            ("License: GPL-3.0+\n".to_owned(), "GPL-3.0-or-later", LicenseField),
            (format!("License: BSD\n{approved}BSD License\n"), "LicenseRef-BSD", Classifiers),
            (
                format!("{approved}MIT License\n{approved}Apache Software License\n"),
                "LicenseRef-Apache AND MIT",
                Classifiers,
            ),
            (format!("License: see LICENSE\n{approved}MIT License\n"), "MIT", Classifiers),
            ("License: BSD\n".to_owned(), "LicenseRef-BSD", LicenseField),
            (
                format!("License: GNU GPL\n{approved}GNU General Public License v3 (GPLv3)\n"),
                "GPL-3.0-only",
                Classifiers,
            ),
            ("License: see LICENSE\n".to_owned(), UNKNOWN_LICENCE, Nothing),
            ("License-Expression: %(touch x)\n".to_owned(), UNKNOWN_LICENCE, Nothing),
        ] {
            assert_eq!(of(&fields), (expression.to_owned(), evidence), "{fields}");
        }
    }
}
