//! The indexes and trusted hosts in pip's own configuration.
//! Source: pip 26.3, "Configuration": later files take precedence over earlier ones, and variables
//! over files.

use std::{fs, path::PathBuf};

/// The settings that contain addresses.
const KEYS: [&str; 3] = ["index-url", "extra-index-url", "find-links"];
const VARIABLES: [&str; 3] = ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"];
/// The setting with the hosts that may be used without encryption.
const TRUSTED_KEY: [&str; 1] = ["trusted-host"];
const TRUSTED_VARIABLE: [&str; 1] = ["PIP_TRUSTED_HOST"];

/// Returns all addresses of pip's variables and configuration files, in order of precedence.
pub(super) fn addresses<'e>(get: &dyn Fn(&str) -> Option<&'e str>) -> Vec<String> {
    values(get, &VARIABLES, &KEYS)
}

/// Returns the hosts that pip trusts.
pub(super) fn trusted_hosts<'e>(get: &dyn Fn(&str) -> Option<&'e str>) -> Vec<String> {
    values(get, &TRUSTED_VARIABLE, &TRUSTED_KEY)
}

/// Returns the words of variables and of settings in pip's files, in order of precedence.
fn values<'e>(
    get: &dyn Fn(&str) -> Option<&'e str>,
    variables: &[&str],
    keys: &[&str],
) -> Vec<String> {
    let variables = variables.iter().filter_map(|name| get(name));
    let mut found: Vec<String> =
        variables.flat_map(str::split_whitespace).map(str::to_owned).collect();
    let home = get("HOME").map(PathBuf::from);
    let below_home = |path: &str| home.as_ref().map(|home| home.join(path));
    let user = get("XDG_CONFIG_HOME").map(|folder| PathBuf::from(folder).join("pip/pip.conf"));
    let files = [
        get("PIP_CONFIG_FILE").map(PathBuf::from),
        user.or_else(|| below_home(".config/pip/pip.conf")),
        below_home(".pip/pip.conf"),
        Some(PathBuf::from("/etc/pip.conf")),
    ];
    for text in files.into_iter().flatten().filter_map(|path| fs::read_to_string(path).ok()) {
        found.extend(listed(&text, keys));
    }
    found
}

/// Returns the words of settings in a configuration file; indented lines continue a value.
fn listed(text: &str, keys: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_wanted = false;
    let is_comment = |line: &&str| line.trim_start().starts_with(['#', ';']);
    for line in text.lines().filter(|line| !is_comment(line)) {
        let value = match line.split_once(['=', ':']) {
            _ if line.starts_with(char::is_whitespace) => line,
            Some((key, value)) => {
                is_wanted = keys.contains(&key.trim().replace('_', "-").as_str());
                value
            }
            None => {
                is_wanted = false;
                continue;
            }
        };
        if is_wanted {
            found.extend(value.split_whitespace().map(str::to_owned));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_files_and_variables_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pip.conf");
        fs::write(
            &file,
            "[global]\nindex-url = https://a:b@one.example/simple\ntimeout = 60\n  9\n\
             extra_index_url =\n    https://two.example\n    # https://no.example\n    \
             https://three.example\n[install]\nno-index\n",
        )
        .unwrap();
        let file = file.display().to_string();
        let found = addresses(&|name| match name {
            "PIP_CONFIG_FILE" => Some(&file),
            "PIP_EXTRA_INDEX_URL" => Some("https://x.example https://y.example"),
            _ => None,
        });
        let expected = [
            "https://x.example",
            "https://y.example",
            "https://a:b@one.example/simple",
            "https://two.example",
            "https://three.example",
        ];
        assert_eq!(&found[..5], expected);
    }

    #[test]
    fn trusted_hosts_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pip.conf");
        fs::write(&file, "[global]\ntrusted-host =\n  one.example\n  two.example:8080\n").unwrap();
        let file = file.display().to_string();
        let found = trusted_hosts(&|name| match name {
            "PIP_CONFIG_FILE" => Some(&file),
            "PIP_TRUSTED_HOST" => Some("three.example"),
            _ => None,
        });
        assert_eq!(&found[..3], ["three.example", "one.example", "two.example:8080"]);
    }
}
