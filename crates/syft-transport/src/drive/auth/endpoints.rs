use google_drive3::hyper::Uri;
use url::Url;

use crate::{Error, Result, endpoint};

const GOOGLE_API: &str = "https://www.googleapis.com/";

/// Where Google is: the API of Drive, and the two addresses of OAuth.
///
/// An address without TLS is accepted on this machine only, where a test or an
/// emulator listens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoints(Option<Other>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Other {
    api_root: Url,
    auth_uri: Url,
    token_uri: Url,
}

impl Endpoints {
    /// Google's own; the addresses of OAuth are those that the files of a login name.
    #[must_use]
    pub fn google() -> Self {
        Endpoints::default()
    }

    /// Another server, as `http://127.0.0.1:8080`: the API at `/`, tokens at `/token`,
    /// the login page at `/o/oauth2/v2/auth`. The files' own addresses are then not used.
    ///
    /// # Errors
    /// [`Error::Permanent`] if it is no address, has a user or a query, or is neither
    /// `https` nor on this machine.
    pub fn at(root: &str) -> Result<Self> {
        let what = "the address in place of Google's";
        let mut api_root = parse(root, what)?;
        if api_root.query().is_some() || api_root.fragment().is_some() {
            return Err(reject(what, "it must end with the path"));
        }
        if !api_root.path().ends_with('/') {
            let path = format!("{}/", api_root.path());
            api_root.set_path(&path);
        }
        let below = |path| api_root.join(path).map_err(|error| reject(what, error.to_string()));
        let (auth_uri, token_uri) = (below("o/oauth2/v2/auth")?, below("token")?);
        Ok(Endpoints(Some(Other { api_root, auth_uri, token_uri })))
    }

    /// Where the API begins; ends with `/`. Calls of Drive are below `drive/v3/`.
    #[must_use]
    pub fn api_root(&self) -> &str {
        self.0.as_ref().map_or(GOOGLE_API, |other| other.api_root.as_str())
    }

    /// The login page, if it is not the one that the credentials name.
    #[must_use]
    pub fn auth_uri(&self) -> Option<&Url> {
        self.0.as_ref().map(|other| &other.auth_uri)
    }

    /// Where tokens are given out, if it is not where the credentials say.
    #[must_use]
    pub fn token_uri(&self) -> Option<&Url> {
        self.0.as_ref().map(|other| &other.token_uri)
    }
}

/// An address that secrets may be sent to; `what` names it in the error.
pub(in crate::drive) fn parse(text: &str, what: &str) -> Result<Url> {
    let url = endpoint::parse(text, what)?;
    if url.as_str().parse::<Uri>().is_err() {
        return Err(reject(what, "it is no address for HTTP"));
    }
    Ok(url)
}

/// Who is asked, in the words of an error: no path and no query, which may be secret.
pub(super) fn place(url: &Url) -> String {
    url.origin().ascii_serialization()
}

pub(super) fn reject(what: &str, detail: impl Into<String>) -> Error {
    Error::permanent("use", what, detail)
}
