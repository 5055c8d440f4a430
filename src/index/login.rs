//! User names and passwords, and which servers get them.
//!
//! Source: netrc as curl(1) reads it; the precedence is pip's: what the address holds, another
//! configured address of the same server, netrc, the keyring.

use std::{fmt, path::Path, time::Duration};

use percent_encoding::percent_decode_str;
use url::{Origin, Url};

use crate::{
    artifact::without_credentials,
    process::{Command, CommandRunner},
};

/// The longest that the keyring may take: a person may have to unlock it.
const KEYRING_LIMIT: Duration = Duration::from_secs(120);

/// A user name and a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub user: String,
    pub password: Option<String>,
}

impl fmt::Debug for Login {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// All that is known of users and passwords.
#[derive(Debug, Clone, Default)]
pub struct Logins {
    /// Those of addresses, for everything on the same origin.
    origins: Vec<(Origin, Login)>,
    /// Those of netrc by host; `None` for `default`.
    hosts: Vec<(Option<String>, Login)>,
}

impl Logins {
    /// Takes those that addresses hold; the first of an origin counts.
    pub fn add_addresses<'a>(&mut self, addresses: impl IntoIterator<Item = &'a str>) {
        let urls = addresses.into_iter().filter_map(|address| Url::parse(address).ok());
        for url in urls.filter(|url| !url.username().is_empty()) {
            let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            let user = decode(url.username());
            let password = url.password().map(decode);
            self.origins.push((url.origin(), Login { user, password }));
        }
    }

    /// Takes those of a netrc file's text.
    pub fn add_netrc(&mut self, text: &str) {
        let mut words = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let mut words = words.by_ref().flat_map(str::split_whitespace);
        let mut current: Option<(Option<String>, Login)> = None;
        let empty = || Login { user: String::new(), password: None };
        while let Some(word) = words.next() {
            match (word, &mut current) {
                ("machine", _) => {
                    self.hosts.extend(current.take());
                    current = words.next().map(|host| (Some(host.to_owned()), empty()));
                }
                ("default", _) => {
                    self.hosts.extend(current.take());
                    current = Some((None, empty()));
                }
                ("login", Some((_, login))) => {
                    login.user = words.next().unwrap_or_default().to_owned();
                }
                ("password", Some((_, login))) => {
                    login.password = words.next().map(str::to_owned);
                }
                _ => {}
            }
        }
        self.hosts.extend(current);
    }

    /// Asks a keyring's command for the passwords of users that addresses name without one;
    /// `variables` are those by which it finds the user's session.
    pub fn ask_keyring(
        &mut self,
        program: &Path,
        variables: &[(String, String)],
        addresses: &[String],
        runner: &dyn CommandRunner,
    ) {
        for url in addresses.iter().filter_map(|address| Url::parse(address).ok()) {
            let known = self.origins.iter_mut().find(|(origin, _)| *origin == url.origin());
            let Some((_, login)) = known.filter(|(_, login)| login.password.is_none()) else {
                continue;
            };
            let bare = without_credentials(&url);
            let mut command = Command::new(program, Path::new("/")).timeout(KEYRING_LIMIT);
            for argument in ["get", bare.as_str(), &login.user] {
                command = command.argument(argument);
            }
            for (name, value) in variables {
                command = command.variable(name, value);
            }
            let answer = runner.run(&command).ok().filter(|output| output.status == 0);
            let password =
                answer.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
            let password = password.map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
            login.password = password.filter(|text| !text.is_empty());
        }
    }

    /// Who to be at an address.
    pub(super) fn login(&self, url: &Url) -> Option<&Login> {
        let own = self.origins.iter().find(|(origin, _)| *origin == url.origin());
        let host = url.host_str();
        let by_host = || self.hosts.iter().find(|(name, _)| name.as_deref() == host);
        let default = || self.hosts.iter().find(|(name, _)| name.is_none());
        match own {
            Some((_, login)) => Some(login),
            None => by_host().or_else(default).map(|(_, login)| login),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(logins: &Logins, url: &str) -> Option<(String, Option<String>)> {
        let login = logins.login(&url.parse().unwrap())?;
        Some((login.user.clone(), login.password.clone()))
    }

    #[test]
    fn addresses_win_over_netrc() {
        let mut logins = Logins::default();
        logins.add_addresses(["https://a:b%40c@index.example/simple", "https://no.example/"]);
        logins.add_netrc(
            "# machine not.example login x\nmachine index.example login n password p\n\
             machine other.example\n  login o\n  password q\ndefault login d password e\n",
        );
        let some = |user: &str, password: &str| Some((user.to_owned(), Some(password.to_owned())));
        assert_eq!(at(&logins, "https://index.example/x"), some("a", "b@c"));
        assert_eq!(at(&logins, "http://index.example/x"), some("n", "p"));
        assert_eq!(at(&logins, "https://other.example/"), some("o", "q"));
        assert_eq!(at(&logins, "https://not.example/"), some("d", "e"));
    }

    #[test]
    fn passwords_are_not_shown() {
        let mut logins = Logins::default();
        logins.add_addresses(["https://user:secret@index.example/"]);
        assert!(!format!("{logins:?}").contains("secret"));
    }
}
