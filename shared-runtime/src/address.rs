//! Where a server is reached, and which server it is.

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;

use rustix::net::SocketAddrUnix;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

/// One life of one server. Never reused: a restarted server is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct ServerId(u128);

impl ServerId {
    /// No server at all.
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn random() -> Self {
        Self(crate::os::random_id())
    }

    /// The same as two numbers.
    pub(crate) fn halves(self) -> [u64; 2] {
        let [high, low] = [self.0 >> 64, self.0 & u128::from(u64::MAX)];
        [high, low].map(|half| u64::try_from(half).unwrap_or_default())
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Where a server can be reached by those who know the way and have its [`AuthKey`](crate::AuthKey): a Unix socket, of which there are two
/// kinds.
///
/// | text | what it is |
/// |---|---|
/// | `unix:/run/user/1000/models.sock` | a socket file, by its absolute path. The folder must exist; the file is made with the server, for its user alone, and goes with it. |
/// | `unix:@models` | a name in Linux's abstract socket namespace: no file, and gone with its process however that ends. Every container with a network of its own has its own names. |
///
/// A path or name has at most 107 bytes, which is what Linux has room for.
///
/// ```
/// use shared_runtime::Address;
///
/// let address: Address = "unix:/run/user/1000/models.sock".parse()?;
/// assert_eq!(address.to_string(), "unix:/run/user/1000/models.sock");
///
/// let error = "models.sock".parse::<Address>().unwrap_err();
/// assert!(error.to_string().contains("unix:/absolute/path"), "{error}");
/// # Ok::<(), shared_runtime::Error>(())
/// ```
// The text is a valid address: it begins with one of the two prefixes, and what follows fits.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Address(String);

const PATH: &str = "unix:/";
const ABSTRACT: &str = "unix:@";

/// The bytes that the kernel's `sockaddr_un` has room for, less the zero that ends a path or begins a name.
const LONGEST: usize = 107;

impl Address {
    /// A name nobody else has.
    pub(crate) fn private() -> Self {
        let number = crate::os::random_id();
        Self(format!("{ABSTRACT}shared-runtime/{number:032x}"))
    }

    /// The path of its socket file, if it has one.
    pub(crate) fn path(&self) -> Option<&Path> {
        let path = self.0.strip_prefix("unix:")?;
        path.starts_with('/').then(|| Path::new(path))
    }

    /// What sockets are bound and connected to.
    pub(crate) fn on_socket(&self) -> io::Result<SocketAddrUnix> {
        let name = || self.0.strip_prefix(ABSTRACT).unwrap_or_default();
        Ok(match self.path() {
            Some(path) => SocketAddrUnix::new(path)?,
            None => SocketAddrUnix::new_abstract_name(name().as_bytes())?,
        })
    }
}

/// What is wrong with the text of an address.
fn fault(text: &str) -> Option<String> {
    let Some(after) = text.strip_prefix(PATH).or(text.strip_prefix(ABSTRACT)) else {
        let forms = "`unix:/absolute/path` and `unix:@name`";
        return Some(format!("addresses have one of the forms {forms}"));
    };
    // The slash is a part of the path.
    let length = after.len() + usize::from(text.starts_with(PATH));
    if after.is_empty() {
        return Some("there is nothing after the prefix".to_owned());
    }
    if after.contains('\0') {
        return Some("it has a zero byte in it".to_owned());
    }
    (length > LONGEST).then(|| {
        format!("its path or name has {length} bytes, and Linux has room for {LONGEST}: choose a shorter one")
    })
}

impl TryFrom<String> for Address {
    type Error = Error;

    /// # Errors
    ///
    /// As [`from_str`](Address::from_str).
    fn try_from(text: String) -> Result<Self, Error> {
        match fault(&text) {
            None => Ok(Self(text)),
            Some(fault) => {
                let text = format!("{text:?} is not an address: {fault}");
                Err(Error::new(ErrorKind::InvalidInput, text))
            }
        }
    }
}

impl FromStr for Address {
    type Err = Error;

    /// # Errors
    ///
    /// `InvalidInput` if the text has none of the known forms, which the error lists, or is too long.
    fn from_str(text: &str) -> Result<Self, Error> {
        text.to_owned().try_into()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.0)
    }
}

/// A server and the way to it: what a handle says about its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) server: ServerId,
    pub(crate) address: Address,
    /// What the server's process is called, and its number on its machine: for people.
    pub(crate) name: String,
    pub(crate) pid: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let error = text.parse::<Address>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.to_string()
    }

    #[test]
    fn an_address_is_its_text() {
        for text in ["unix:/run/models.sock", "unix:@models", "unix:@a/b@c"] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(format!("{address:?}"), format!("Address({text})"));
            let bytes = crate::codec::encode(&address).unwrap();
            assert_eq!(crate::codec::decode::<Address>(&bytes).unwrap(), address);
        }
        let path: Address = "unix:/run/models.sock".parse().unwrap();
        assert_eq!(path.path(), Some(Path::new("/run/models.sock")));
        assert_eq!(
            path.on_socket().unwrap().path_bytes(),
            Some(&b"/run/models.sock"[..])
        );
        let name: Address = "unix:@models".parse().unwrap();
        assert_eq!(name.path(), None);
        assert_eq!(
            name.on_socket().unwrap().abstract_name(),
            Some(&b"models"[..])
        );
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_forms_there_are() {
        for text in [
            "",
            "models",
            "/run/models.sock",
            "unix:models.sock",
            "unix:",
            "tcp://127.0.0.1:7000",
        ] {
            let said = refusal(text);
            assert!(
                said.contains("`unix:/absolute/path` and `unix:@name`"),
                "{said}"
            );
        }
        for text in ["unix:/", "unix:@"] {
            assert!(refusal(text).contains("nothing after"));
        }
        assert!(refusal("unix:/a\0b").contains("zero byte"));
        let bytes = crate::codec::encode("tcp://127.0.0.1:7000").unwrap();
        assert!(crate::codec::decode::<Address>(&bytes).is_err());
    }

    #[test]
    fn the_longest_address_is_one_that_a_socket_has_room_for() {
        for prefix in ["unix:/", "unix:@"] {
            let slash = usize::from(prefix == PATH);
            let longest = format!("{prefix}{}", "a".repeat(LONGEST - slash));
            longest.parse::<Address>().unwrap().on_socket().unwrap();
            let said = refusal(&format!("{longest}a"));
            assert!(
                said.contains("108 bytes") && said.contains("room for 107"),
                "{said}"
            );
        }
        assert!(Address::private().to_string().parse::<Address>().is_ok());
    }
}
