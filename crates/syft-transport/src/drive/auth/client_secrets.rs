use std::fmt;

use secrecy::SecretString;
use url::Url;

use super::document::Document;
use super::endpoints::{parse, place, reject};
use super::token_file::GOOGLE_TOKEN_URI;
use crate::{Result, endpoint};

const WHAT: &str = "the client secrets file";
const GOOGLE_AUTH_URI: &str = "https://accounts.google.com/o/oauth2/v2/auth";

/// Which program asks for a login: the `credentials.json` that Google's console gives
/// out for an "OAuth client".
#[derive(Clone)]
pub struct ClientSecrets {
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
    pub(super) auth_uri: Url,
    pub(super) token_uri: Url,
    /// The one address on this machine that Google sends the browser to, where the
    /// program may not choose the port.
    pub(super) redirect: Option<Url>,
}

impl ClientSecrets {
    /// Reads the file of a "Desktop app" (`installed`), or of a web application (`web`)
    /// if an address on this machine with a port is among its redirects.
    ///
    /// # Errors
    /// [`Error::Permanent`](crate::Error::Permanent) that says what the file is and
    /// what would be accepted.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let document = Document::parse(bytes, WHAT)?;
        if let Some(client) = document.object("installed") {
            return ClientSecrets::read(&client, None);
        }
        if let Some(client) = document.object("web") {
            let redirect = local_redirect(&client).ok_or_else(|| {
                let detail = "it is for a web application that Google sends elsewhere: make an \
                              OAuth client of the type \"Desktop app\"";
                reject(WHAT, detail)
            })?;
            return ClientSecrets::read(&client, Some(redirect));
        }
        let wanted = "wanted is a credentials.json of an OAuth client of the type \"Desktop app\"";
        Err(reject(WHAT, format!("{}; {wanted}", document.nature())))
    }

    fn read(client: &Document, redirect: Option<Url>) -> Result<Self> {
        let address = |key, google| parse(client.text(key).unwrap_or(google), WHAT);
        Ok(ClientSecrets {
            client_id: client.need("client_id", WHAT)?.to_owned(),
            client_secret: client.need("client_secret", WHAT)?.into(),
            auth_uri: address("auth_uri", GOOGLE_AUTH_URI)?,
            token_uri: address("token_uri", GOOGLE_TOKEN_URI)?,
            redirect,
        })
    }
}

fn local_redirect(client: &Document) -> Option<Url> {
    let redirects = client.get("redirect_uris")?.as_array()?;
    let urls = redirects.iter().filter_map(|uri| Url::parse(uri.as_str()?).ok());
    urls.into_iter()
        .find(|url| url.scheme() == "http" && endpoint::is_loopback(url) && url.port().is_some())
}

impl fmt::Debug for ClientSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecrets")
            .field("client_id", &self.client_id)
            .field("token_uri", &place(&self.token_uri))
            .finish_non_exhaustive()
    }
}
