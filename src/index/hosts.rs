//! Checks of hosts for requests and redirects.
//!
//! Source: pip's list of secure origins and `--trusted-host`; RFC 1918, RFC 3927, RFC 4193, RFC
//! 4291, RFC 6598 and RFC 6890 on non-public addresses.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::{IndexError, error::redacted, repository::lock};

/// Hosts that may be used without encryption.
#[derive(Debug, Clone, Default)]
pub(super) struct TrustedHosts(Vec<(String, Option<u16>)>);

impl TrustedHosts {
    /// Parses `HOST` and `HOST:PORT`.
    ///
    /// # Errors
    /// A text in neither form.
    pub(super) fn parse(texts: &[String]) -> Result<Self, IndexError> {
        let parsed = texts.iter().map(|text| {
            // The part after a scheme is normalized as in browsers: names to lower case, numbers to
            // addresses.
            let url = Url::parse(&format!("http://{text}/")).ok();
            let url = url.filter(|url| url.username().is_empty() && url.path() == "/");
            let host = url.as_ref().and_then(Url::host_str).ok_or_else(|| IndexError::Address {
                address: text.clone(),
                problem: "a trusted host is HOST or HOST:PORT".to_owned(),
            })?;
            let digits = text.rsplit_once(':').map(|(_, digits)| digits);
            let port = digits.filter(|_| !text.ends_with(']')).and_then(|port| port.parse().ok());
            Ok((host.to_owned(), port))
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether a URL's host is trusted, with its port or for all ports.
    pub(super) fn has(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        let is = |(host, own): &(String, Option<u16>)| {
            url.host_str() == Some(host) && own.is_none_or(|own| Some(own) == port)
        };
        self.0.iter().any(is)
    }

    /// Refuses unencrypted connections to other machines.
    ///
    /// # Errors
    /// An `http` URL of a host that is neither this machine nor trusted.
    pub(super) fn check(&self, url: &Url) -> Result<(), IndexError> {
        if url.scheme() == "https" || stated(url) == Some(Network::Loopback) || self.has(url) {
            return Ok(());
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        Err(IndexError::Insecure { url: redacted(url), host })
    }

    /// Returns whether a page may link to a file: pages of public hosts must not link to addresses
    /// of this machine or its network, unless those are trusted.
    pub(super) fn may_link(&self, page: &Url, file: &Url) -> bool {
        let from = stated(page).unwrap_or(Network::Public);
        stated(file).is_none_or(|to| from.reaches(to)) || self.has(file)
    }
}

/// The reach of an address, nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Network {
    Loopback,
    LinkLocal,
    Private,
    Public,
}

impl Network {
    fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            // Connections to the unspecified address reach this machine.
            [127 | 0, ..] => Self::Loopback,
            [169, 254, ..] | [224..=255, ..] => Self::LinkLocal,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Self::Private,
            // Carrier-grade NAT, protocol assignments, benchmarks.
            [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18 | 19, ..] => Self::Private,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let [a, b, c, d, e, f, g, h] = address.segments();
        let inner = |high: u16, low: u16| {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Self::of_v4(Ipv4Addr::new(a, b, c, d))
        };
        match (a, b) {
            _ if address.is_loopback() || address.is_unspecified() => Self::Loopback,
            // Embedded IPv4 addresses: mapped, compatible, NAT64 and 6to4.
            (0, 0) if [c, d, e] == [0, 0, 0] && matches!(f, 0 | 0xffff) => inner(g, h),
            (0x64, 0xff9b) => inner(g, h),
            (0x2002, _) => inner(b, c),
            (0xfe80..=0xfebf | 0xff00..=0xffff, _) => Self::LinkLocal,
            (0xfc00..=0xfdff | 0xfec0..=0xfeff, _) => Self::Private,
            _ => Self::Public,
        }
    }

    /// Returns whether a server in this network may redirect to a server in another: only to the
    /// same or to the public network. Servers on this machine may redirect anywhere.
    pub(super) fn reaches(self, other: Self) -> bool {
        self == Self::Loopback || other == self || other == Self::Public
    }
}

/// Returns the network of a host that is an address or `localhost`; `None` for other names.
fn stated(url: &Url) -> Option<Network> {
    match url.host()? {
        Host::Ipv4(address) => Some(Network::of_v4(address)),
        Host::Ipv6(address) => Some(Network::of_v6(address)),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            (name == "localhost" || name.ends_with(".localhost")).then_some(Network::Loopback)
        }
    }
}

/// Returns a host's network. A name is resolved; of several addresses the farthest counts. A name
/// that does not resolve here counts as public, because a proxy may resolve it.
pub(super) async fn network(url: &Url) -> Network {
    if let Some(network) = stated(url) {
        return network;
    }
    let name = url.host_str().unwrap_or_default().to_owned();
    let addresses = addresses(name).await.unwrap_or_default();
    let networks = addresses.iter().map(|address| Network::of(address.ip()));
    networks.max().unwrap_or(Network::Public)
}

async fn addresses(name: String) -> std::io::Result<Vec<SocketAddr>> {
    let look_up = move || (name.as_str(), 0).to_socket_addrs().map(Iterator::collect);
    tokio::task::spawn_blocking(look_up).await.map_err(std::io::Error::other)?
}

/// The resolver for redirect targets: it drops addresses that the redirecting server must not
/// redirect to. Connections use the addresses that were checked.
#[derive(Debug, Clone, Default)]
pub(super) struct Guard(Arc<Mutex<HashMap<String, Network>>>);

impl Guard {
    /// Admits a redirect from a server in the network `from`.
    ///
    /// # Errors
    /// The URL has an address that the server must not redirect to: the rest of a sentence.
    pub(super) fn admit(&self, from: Network, to: &Url) -> Result<(), String> {
        match (stated(to), to.host_str()) {
            (Some(network), host) if !from.reaches(network) => {
                let host = host.unwrap_or_default();
                Err(format!("it redirects to `{host}`, which is not a public address"))
            }
            (None, Some(name)) => {
                lock(&self.0).insert(name.to_ascii_lowercase(), from);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_ascii_lowercase();
        // A name without an entry is the proxy's, which the user configured.
        let from = lock(&self.0).get(&name).copied().unwrap_or(Network::Loopback);
        Box::pin(async move {
            let mut found = addresses(name.clone()).await?;
            found.retain(|address| from.reaches(Network::of(address.ip())));
            if found.is_empty() {
                Err(format!("a redirect leads to `{name}`, which has no public address").into())
            } else {
                Ok(Box::new(found.into_iter()) as Addrs)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn networks_of_addresses_are_known() {
        use Network::{LinkLocal, Loopback, Private, Public};
        for (host, expected) in [
            ("127.0.0.1", Loopback),
            ("127.9.9.9", Loopback),
            ("0.0.0.0", Loopback),
            ("0x7f000001", Loopback),
            ("2130706433", Loopback),
            ("localhost", Loopback),
            ("LocalHost.", Loopback),
            ("a.localhost", Loopback),
            ("[::1]", Loopback),
            ("[::]", Loopback),
            ("[::ffff:127.0.0.1]", Loopback),
            ("[64:ff9b::7f00:1]", Loopback),
            ("[2002:7f00:1::]", Loopback),
            ("169.254.169.254", LinkLocal),
            ("[fe80::1]", LinkLocal),
            ("[ff02::1]", LinkLocal),
            ("224.0.0.1", LinkLocal),
            ("255.255.255.255", LinkLocal),
            ("10.1.2.3", Private),
            ("172.16.0.1", Private),
            ("192.168.1.1", Private),
            ("100.64.0.1", Private),
            ("[fd00::1]", Private),
            ("[::ffff:10.0.0.1]", Private),
            ("192.0.2.1", Public),
            ("172.32.0.1", Public),
            ("[2001:db8::1]", Public),
        ] {
            assert_eq!(stated(&url(&format!("http://{host}/"))), Some(expected), "{host}");
        }
        assert_eq!(stated(&url("http://index.example/")), None);
    }

    #[test]
    fn redirects_do_not_lead_inward() {
        use Network::{LinkLocal, Loopback, Private, Public};
        let guard = Guard::default();
        let admits = |from, to: &str| guard.admit(from, &url(to)).is_ok();
        for to in ["http://127.0.0.1/", "https://localhost/", "http://169.254.169.254/x"] {
            assert!(!admits(Public, to) && !admits(Private, to) && admits(Loopback, to), "{to}");
        }
        assert!(!admits(Public, "https://10.0.0.1/") && admits(Private, "https://10.0.0.1/"));
        assert!(!admits(LinkLocal, "http://[::1]/"));
        assert!(admits(Public, "https://192.0.2.1/") && admits(Public, "https://other.example/"));
    }

    #[tokio::test]
    async fn a_name_that_a_redirect_leads_to_has_only_addresses_it_may() {
        let resolve = |guard: &Guard| guard.resolve("localhost".parse().unwrap());
        let guard = Guard::default();
        assert!(resolve(&guard).await.is_ok());
        lock(&guard.0).insert("localhost".to_owned(), Network::Public);
        let error = resolve(&guard).await.err().unwrap().to_string();
        assert!(error.contains("no public address"), "{error}");
        assert_eq!(network(&url("http://localhost./")).await, Network::Loopback);
        assert_eq!(network(&url("http://no-such-host.invalid/")).await, Network::Public);
    }

    #[test]
    fn only_trusted_hosts_may_send_plain_text() {
        let hosts = ["Index.example", "other.example:8080", "[2001:db8::1]:80", "10.0.0.1"];
        let hosts = TrustedHosts::parse(&hosts.map(str::to_owned)).unwrap();
        let admits = |text: &str| hosts.check(&url(text)).is_ok();
        for text in [
            "https://any.example/",
            "http://127.0.0.1:1/",
            "http://localhost/",
            "http://[::1]/",
            "http://index.example/",
            "http://index.example:81/",
            "http://other.example:8080/",
            "http://[2001:db8::1]/",
        ] {
            assert!(admits(text), "{text}");
        }
        for text in ["http://any.example/", "http://other.example/", "http://[2001:db8::1]:81/"] {
            assert!(!admits(text), "{text}");
        }
        for text in ["", "a/b", "user@host", "a b", "http://a/"] {
            assert!(TrustedHosts::parse(&[text.to_owned()]).is_err(), "{text}");
        }
        let links = |page: &str, file: &str| hosts.may_link(&url(page), &url(file));
        assert!(links("http://127.0.0.1/", "http://127.0.0.1:9/f"));
        assert!(links("https://any.example/", "https://files.example/f"));
        assert!(links("https://any.example/", "https://10.0.0.1/f"));
        assert!(!links("https://any.example/", "https://10.0.0.2/f"));
        assert!(!links("https://any.example/", "http://localhost:8000/f"));
    }
}
