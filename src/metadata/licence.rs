//! The licence that a project states, as an SPDX expression.
//!
//! Trusted in this order: `License-Expression` (PEP 639), `License` where it is an expression or
//! the well-known name of one licence, then the classifiers, and where these leave the licence
//! open ("BSD"), the texts of the licence files.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spdx::{Expression, ParseMode};

use super::{
    CoreMetadata,
    licence_table::{CLASSIFIERS, NAMES},
    licence_text::detect,
};

/// What stands for a licence that nothing states.
pub const UNKNOWN_LICENCE: &str = "LicenseRef-Unknown";

/// The longest text taken for an expression; a licence's whole text is longer.
const EXPRESSION_LIMIT: usize = 500;

/// The licence and how sure we are of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// Whether a person has to look: nothing names one licence.
    pub fn is_open(&self) -> bool {
        self.expression.contains("LicenseRef-")
    }

    fn new(expression: String, evidence: LicenceEvidence) -> Self {
        Self { expression, evidence, likeness: None }
    }
}

/// Where a licence expression was read, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LicenceEvidence {
    Expression,
    LicenseField,
    Classifiers,
    /// The texts of licence files.
    Text,
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
            Self::Override => "the configuration",
            Self::Nothing => "nothing that names one; please look",
        }
    }
}

/// The licence of a release by its metadata and, where these leave it open, the texts of its
/// licence files.
///
/// Several licence classifiers are joined with `AND`, the reading that asks for most. A classifier
/// that fits several licences gives a `LicenseRef-` of its own, such as `LicenseRef-BSD`.
pub fn licence(metadata: &CoreMetadata, texts: &[(String, String)]) -> Licence {
    let stated = stated(metadata);
    if !stated.is_open() {
        return stated;
    }
    let found: Vec<(String, u8)> = texts.iter().filter_map(|(_, text)| detect(text)).collect();
    let names: BTreeSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let expression = names.into_iter().collect::<Vec<_>>().join(" AND ");
    match found.iter().map(|(_, percent)| *percent).min() {
        // What is as open as before gains nothing by being guessed.
        Some(percent) if !expression.contains("LicenseRef-") || is_unknown(&stated) => {
            Licence { likeness: Some(percent), ..Licence::new(expression, LicenceEvidence::Text) }
        }
        _ => stated,
    }
}

fn is_unknown(licence: &Licence) -> bool {
    licence.expression == UNKNOWN_LICENCE
}

fn stated(metadata: &CoreMetadata) -> Licence {
    let stated = metadata.license_expression.as_deref().and_then(parse_expression);
    if let Some(expression) = stated {
        return Licence::new(expression, LicenceEvidence::Expression);
    }
    let field = metadata.license.as_deref();
    if let Some(expression) = field.and_then(|text| parse_expression(text).or_else(|| named(text)))
    {
        return Licence::new(expression, LicenceEvidence::LicenseField);
    }
    if let Some(expression) = classified(&metadata.classifiers) {
        return Licence::new(expression, LicenceEvidence::Classifiers);
    }
    Licence::new(UNKNOWN_LICENCE.to_owned(), LicenceEvidence::Nothing)
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
    Expression::parse_mode(&joined, mode).is_ok().then_some(joined)
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

/// The identifier of a licence called by its name: `Apache License, Version 2.0`.
fn named(text: &str) -> Option<String> {
    let key = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    if let Some((_, identifier)) = NAMES.iter().find(|(name, _)| *name == key) {
        return Some((*identifier).to_owned());
    }
    spdx::identifiers::LICENSES
        .iter()
        .find(|licence| licence.full_name.to_lowercase() == key)
        .map(|licence| licence.name.to_owned())
}

fn classified(classifiers: &[String]) -> Option<String> {
    let identifiers: BTreeSet<&str> = classifiers
        .iter()
        .filter_map(|classifier| {
            let name = classifier.strip_prefix("License :: ")?;
            let name = name.strip_prefix("OSI Approved :: ").unwrap_or(name);
            CLASSIFIERS.iter().find(|(known, _)| *known == name).map(|(_, identifier)| *identifier)
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
            ("License: BSD\n".to_owned(), UNKNOWN_LICENCE, Nothing),
            ("License-Expression: %(touch x)\n".to_owned(), UNKNOWN_LICENCE, Nothing),
        ] {
            assert_eq!(of(&fields), (expression.to_owned(), evidence), "{fields}");
        }
    }

    #[test]
    fn tables_hold_valid_expressions() {
        for (name, expression) in NAMES.iter().chain(CLASSIFIERS) {
            assert_eq!(parse_expression(expression).as_deref(), Some(*expression), "{name}");
        }
        assert!(NAMES.iter().all(|(name, _)| name.to_lowercase() == *name));
    }
}
