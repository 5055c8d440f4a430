//! User names and passwords per server.
//!
//! Source: netrc as curl(1) reads it; the precedence is pip's: the address itself, another
//! configured address of the same server, netrc, the keyring.

use std::{fmt, path::Path, time::Duration};

use percent_encoding::percent_decode_str;
use url::{Origin, Url};

use crate::{
    base::process::{Command, CommandRunner},
    python::artifact::without_credentials,
};

/// The time limit of the keyring: the user may have to unlock it.
const KEYRING_LIMIT: Duration = Duration::from_secs(120);

/// A user name and a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub user: String,
    pub password: Option<String>,
}

impl fmt::Debug for Login {
    /// Omits the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// All user names and passwords of a run.
#[derive(Debug, Clone, Default)]
pub struct Logins {
    /// Logins from addresses, for everything on the same origin.
    origins: Vec<(Origin, Login)>,
    /// Logins from netrc by host; `None` for `default`.
    hosts: Vec<(Option<String>, Login)>,
}

impl Logins {
    /// Adds the logins in addresses; the first of an origin counts.
    pub fn add_addresses<'a>(&mut self, addresses: impl IntoIterator<Item = &'a str>) {
        let urls = addresses.into_iter().filter_map(|address| Url::parse(address).ok());
        for url in urls.filter(|url| !url.username().is_empty()) {
            let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            let user = decode(url.username());
            let password = url.password().map(decode);
            self.origins.push((url.origin(), Login { user, password }));
        }
    }

    /// Adds the logins of a netrc file's text. Returns whether it contains any password.
    pub fn add_netrc(&mut self, text: &str) -> bool {
        let before = self.hosts.len();
        let mut words = NetrcTokens(text);
        let empty = || Login { user: String::new(), password: None };
        while let Some(word) = words.next(true) {
            match word.as_str() {
                "machine" => {
                    let host = words.next(false).unwrap_or_default();
                    self.hosts.push((Some(host.to_ascii_lowercase()), empty()));
                }
                "default" => self.hosts.push((None, empty())),
                "macdef" => words.skip_macro(),
                "login" | "user" | "password" | "account" => {
                    let value = words.next(false);
                    let Some((_, login)) = self.hosts[before..].last_mut() else { continue };
                    match word.as_str() {
                        "password" => login.password = value,
                        "account" => {}
                        _ => login.user = value.unwrap_or_default(),
                    }
                }
                _ => {}
            }
        }
        self.hosts[before..].iter().any(|(_, login)| login.password.is_some())
    }

    /// Queries the keyring's command for the passwords of users that addresses name without one;
    /// `variables` locate the user's session.
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

    /// Returns the login for an address.
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

/// A netrc file's tokens.
struct NetrcTokens<'t>(&'t str);

impl NetrcTokens<'_> {
    /// Returns the next token: text between blanks or in double quotes, with backslash as the
    /// escape character. If a `keyword` is expected, `#` begins a comment.
    fn next(&mut self, keyword: bool) -> Option<String> {
        loop {
            self.0 = self.0.trim_start();
            if !keyword || !self.0.starts_with('#') {
                break;
            }
            self.0 = self.0.split_once('\n').map_or("", |(_, rest)| rest);
        }
        let is_quoted = self.0.starts_with('"');
        let mut word = String::new();
        let mut characters = self.0.char_indices().skip(usize::from(is_quoted));
        let mut end = self.0.len();
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => word.extend(characters.next().map(|(_, c)| c)),
                '"' if is_quoted => {
                    end = at + 1;
                    break;
                }
                c if !is_quoted && c.is_whitespace() => {
                    end = at;
                    break;
                }
                c => word.push(c),
            }
        }
        let was_empty = self.0.is_empty();
        self.0 = &self.0[end..];
        (!was_empty).then_some(word)
    }

    /// Skips a macro definition, which ends with an empty line.
    fn skip_macro(&mut self) {
        let mut rest = self.0;
        while let Some((line, more)) = rest.split_once('\n') {
            rest = more;
            // The macro's name is in the first line.
            if line.trim_end_matches('\r').is_empty() {
                self.0 = rest;
                return;
            }
        }
        self.0 = "";
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
    fn netrc_has_macros_quotes_and_comments() {
        let mut logins = Logins::default();
        let found = logins.add_netrc(
            "machine One.example # a comment machine no.example\n\tlogin a password #b\n\
             macdef init\nmachine two.example login evil password evil\nlogin x\n\n\
             machine two.example login \"c d\" password \"e\\\"f\" account password\n\
             machine three.example user g\npassword h\\ i\n\
             macdef last\nmachine four.example login j password k\n",
        );
        assert!(found);
        let some = |user: &str, password: &str| Some((user.to_owned(), Some(password.to_owned())));
        assert_eq!(at(&logins, "https://one.example/"), some("a", "#b"));
        assert_eq!(at(&logins, "https://two.example/"), some("c d", "e\"f"));
        assert_eq!(at(&logins, "https://three.example/"), some("g", "h i"));
        assert_eq!(at(&logins, "https://four.example/"), None);
        assert_eq!(at(&logins, "https://no.example/"), None);
        assert!(!Logins::default().add_netrc("machine a login b\n# password c\n"));
        for text in ["machine", "machine a password", "\"", "macdef", "\\", "default login"] {
            Logins::default().add_netrc(text);
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let mut logins = Logins::default();
        logins.add_addresses(["https://user:secret@index.example/"]);
        assert!(!format!("{logins:?}").contains("secret"));
    }
}
