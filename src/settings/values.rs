//! Values of options that are written into recipes and packages. They are checked when the command
//! line and the configuration are read, so that they cannot contain syntax of recipes.

use pep508_rs::VersionOrUrl;
use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

use crate::{
    base::text::OneLine,
    format::build::Compression,
    planner::is_package_name,
    python::{
        artifact::{ExtraName, ProjectName, extra_name, project_name},
        metadata::{Requirement, parse_expression, parse_requirement},
    },
};

/// Why the value of an option is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not of the expected form.
    #[error("expected {expected}, found `{}`", .found.escape_debug())]
    Unexpected {
        /// A description of the form.
        expected: &'static str,
        /// The value.
        found: String,
    },
    /// Not a name in the form that the packaging standards define.
    #[error("`{text}` is not a valid {subject} name")]
    Name {
        /// What the name would be of: a project or an extra.
        subject: &'static str,
        /// The value.
        text: String,
    },
    /// Not a compression that packages can have.
    #[error("{0}")]
    Compression(String),
}

/// The URL schemes under which collections can be served.
const SCHEMES: [&str; 4] = ["http", "https", "ftp", "file"];

/// Parses a release number (Debian: revision): `1`, `2.1`, `0.1~rc1`.
///
/// # Errors
/// The text is not a release number.
pub fn release(text: &str) -> Result<String, ValueError> {
    let is_release = text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ".~+".contains(c));
    expect(text, is_release, "a number such as 1 or 2.1")
}

/// Parses the name of a package.
///
/// # Errors
/// The text is not a package name.
pub fn package_name(text: &str) -> Result<String, ValueError> {
    expect(text, is_package_name(text), "a package name of letters, digits and `._+-`")
}

/// Parses a prefix of package names, which may be empty.
///
/// # Errors
/// A name that begins with the text is not a package name.
pub fn name_prefix(text: &str) -> Result<String, ValueError> {
    let is_prefix = text.is_empty() || is_package_name(&format!("{text}x"));
    expect(text, is_prefix, "the beginning of a package name, such as `acme-`")
}

/// Parses a template of package names.
///
/// # Errors
/// The text has no placeholder, or does not result in a package name.
pub fn name_template(text: &str) -> Result<String, ValueError> {
    let filled = text.replace("{name}", "x1").replace("{project}", "x1");
    let is_template = filled != text && is_package_name(&filled);
    expect(text, is_template, "a package name with `{name}` or `{project}` in it")
}

/// Parses the name and mail address of a packager: one line, with nothing behind the address.
///
/// # Errors
/// The text is not of the form `Name <address>`.
pub fn packager(text: &str) -> Result<String, ValueError> {
    let is_line = !text.is_empty() && OneLine::new(text).as_str() == text;
    let is_person = match text.split_once('<') {
        None => !text.contains('>'),
        Some((name, address)) => {
            let address = address.strip_suffix('>').unwrap_or_default();
            let is_address = |c: char| c.is_ascii_graphic() && !"<>,;()\"".contains(c);
            name.ends_with(' ') && address.contains('@') && address.chars().all(is_address)
        }
    };
    expect(text, is_line && is_person, "`Name <address>` on one line")
}

/// Parses an SPDX expression, and returns it in its canonical form.
///
/// # Errors
/// The text is not an SPDX expression.
pub fn licence(text: &str) -> Result<String, ValueError> {
    match parse_expression(text) {
        Some(expression) => Ok(expression),
        None => expect(text, false, "an SPDX expression such as `MIT OR Apache-2.0`"),
    }
}

/// Parses the URL of a collection: one without credentials that package managers can read.
///
/// # Errors
/// The text is not a URL of this form.
pub fn repo_url(text: &str) -> Result<Url, ValueError> {
    let expected = "an address that begins with http, https, ftp or file and has no password";
    let is_usable = |url: &Url| {
        SCHEMES.contains(&url.scheme())
            && url.username().is_empty()
            && url.password().is_none()
            && url.as_str().chars().all(|c| c.is_ascii_graphic() && !"'\"`\\".contains(c))
    };
    let url = Url::parse(text).ok().filter(is_usable);
    url.ok_or_else(|| ValueError::Unexpected { expected, found: text.to_owned() })
}

/// Parses the name of a project.
///
/// # Errors
/// The text is not a valid name.
pub fn project(text: &str) -> Result<ProjectName, ValueError> {
    let wrong = || ValueError::Name { subject: "project", text: text.to_owned() };
    project_name(text).ok_or_else(wrong)
}

/// Parses the name of an extra.
///
/// # Errors
/// The text is not a valid name.
pub fn extra(text: &str) -> Result<ExtraName, ValueError> {
    let wrong = || ValueError::Name { subject: "extra", text: text.to_owned() };
    extra_name(text).ok_or_else(wrong)
}

/// Parses `PROJECT=NAME`, a project and its package's name, or `NAME` without a project.
///
/// # Errors
/// The project or the package name is not a valid name.
pub fn project_package(text: &str) -> Result<(Option<ProjectName>, String), ValueError> {
    match text.split_once('=') {
        Some((project, name)) => Ok((Some(self::project(project)?), package_name(name)?)),
        None => Ok((None, package_name(text)?)),
    }
}

/// Parses a compression and returns it as it was written.
///
/// # Errors
/// The text is not an algorithm with an optional level.
pub fn compression(text: &str) -> Result<String, ValueError> {
    let parsed = text.parse::<Compression>();
    parsed.map_err(|error| ValueError::Compression(error.to_string()))?;
    Ok(text.to_owned())
}

fn expect(text: &str, is_valid: bool, expected: &'static str) -> Result<String, ValueError> {
    if is_valid {
        Ok(text.to_owned())
    } else {
        Err(ValueError::Unexpected { expected, found: text.to_owned() })
    }
}

macro_rules! keys {
    ($($name:ident($key:literal, $parse:path) -> $type:ty),+ $(,)?) => {
        /// Deserializers for keys of the configuration.
        pub(super) mod key {
            use super::*;

            pub(crate) fn build_requires<'de, D: Deserializer<'de>>(
                from: D,
            ) -> Result<Vec<String>, D::Error> {
                let texts = Vec::<String>::deserialize(from)?;
                let checked: Result<_, ValueError> =
                    texts.iter().map(|text| super::build_requirement(text)).collect();
                checked.map_err(|problem| D::Error::custom(format!("`build-requires`: {problem}")))
            }

            $(pub(crate) fn $name<'de, D: Deserializer<'de>>(from: D) -> Result<Option<$type>, D::Error> {
                let text = String::deserialize(from)?;
                let parsed = $parse(&text);
                parsed.map(Some).map_err(|problem| D::Error::custom(format!("`{}`: {problem}", $key)))
            })+
        }
    };
}

/// Parses a build requirement, which names a project and has no URL.
///
/// # Errors
/// The text is not a requirement of this form.
pub fn build_requirement(text: &str) -> Result<String, ValueError> {
    let by_name = |requirement: &Requirement| {
        !matches!(requirement.version_or_url, Some(VersionOrUrl::Url(_)))
    };
    let is_usable = parse_requirement(text).ok().filter(by_name).is_some();
    expect(text, is_usable, "a requirement such as `setuptools<70`")
}

keys! {
    release("release", super::release) -> String,
    name("name", super::package_name) -> String,
    name_prefix("name-prefix", super::name_prefix) -> String,
    name_template("name-template", super::name_template) -> String,
    packager("packager", super::packager) -> String,
    licence("licence", super::licence) -> String,
    unknown_licence("unknown-licence", super::licence) -> String,
    repo_url("repo-url", super::repo_url) -> Url,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_they_seem() {
        assert!(release("1").is_ok() && release("2.1~rc1").is_ok());
        for bad in ["", "x", "1-2", "1 2", "1\nRequires: evil", "%(id)", "1;id"] {
            assert!(release(bad).is_err(), "{bad}");
        }
        assert!(package_name("acme-flask").is_ok());
        for bad in ["", "a b", "a, evil", "a\nProvides: x", "-rf", "../x", "%(id)", "a|b"] {
            assert!(package_name(bad).is_err(), "{bad}");
            assert!(bad.is_empty() || name_prefix(bad).is_err(), "{bad}");
        }
        assert!(name_prefix("").is_ok() && name_prefix("acme-").is_ok());
        assert!(name_template("acme-{name}").is_ok());
        for bad in ["acme", "{name}, evil", "{nam}", "{name}\n", "{{name}}"] {
            assert!(name_template(bad).is_err(), "{bad}");
        }
        assert!(packager("Pat <pat@one.example>").is_ok() && packager("Acme").is_ok());
        for bad in ["", "Pat <pat>", "Pat <a@b>\nEssential: yes", "Pat <a@b> x", "Pat <a@b", "a>"] {
            assert!(packager(bad).is_err(), "{bad}");
        }
        assert_eq!(licence("mit or apache-2.0").unwrap(), "MIT OR Apache-2.0");
        for bad in
            ["", "Do as you like", "MIT\n%post", "MIT AND", "LicenseRef-", "MIT OR LicenseRef- "]
        {
            assert!(licence(bad).is_err(), "{bad}");
        }
        assert!(build_requirement("setuptools<70").is_ok());
        for bad in ["", "a b", "-r x", "a @ https://one.example/a.whl", "./a"] {
            assert!(build_requirement(bad).is_err(), "{bad}");
        }
        assert!(repo_url("https://packages.example/a$releasever/").is_ok());
        for bad in ["packages", "javascript:x", "https://a:b@c.example/", "https://c.example/'x"] {
            assert!(repo_url(bad).is_err(), "{bad}");
        }
    }
}
