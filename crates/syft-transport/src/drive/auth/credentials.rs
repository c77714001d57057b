use std::fmt;

use syft_core::Email;

use super::document::Document;
use super::endpoints::reject;
use super::metadata::Metadata;
use super::service_account::ServiceAccount;
use super::{Bearer, TokenFile};
use crate::Result;

/// What a participant brings to prove to Google who they are.
pub struct Credentials(pub(super) Kind);

pub(super) enum Kind {
    User(Box<TokenFile>),
    Service(ServiceAccount),
    Metadata(Metadata),
    Bearer(Bearer),
}

impl Credentials {
    /// The login of a person: the `token.json` of [`LoopbackLogin`](super::LoopbackLogin) or of Google's Python
    /// client.
    ///
    /// # Errors
    /// As [`TokenFile::parse`].
    pub fn from_token_file(bytes: &[u8]) -> Result<Self> {
        Ok(TokenFile::parse(bytes)?.into())
    }

    /// A service account by its JSON key, perhaps in the name of a person whose domain
    /// allows that (domain-wide delegation).
    ///
    /// # Errors
    /// [`Error::Permanent`](crate::Error::Permanent) that says what the file is and
    /// what would be accepted.
    pub fn from_service_account(bytes: &[u8], subject: Option<Email>) -> Result<Self> {
        let document = Document::parse(bytes, "the key of the service account")?;
        Ok(Credentials(Kind::Service(ServiceAccount::read(&document, subject)?)))
    }

    /// The file of a login, whichever it is: the token file of a person, or the key of a
    /// service account, which acts as `account` unless that is its own address.
    ///
    /// # Errors
    /// [`Error::Permanent`](crate::Error::Permanent) that says what the file is and
    /// what would be accepted.
    pub fn from_file(bytes: &[u8], account: &Email) -> Result<Self> {
        let what = "the file of a login";
        let document = Document::parse(bytes, what)?;
        if document.is_token_file() {
            return Ok(TokenFile::read(document)?.into());
        }
        if document.text("type") == Some("service_account") {
            let own = document.text("client_email").unwrap_or_default();
            let subject = (!own.eq_ignore_ascii_case(account.as_str())).then(|| account.clone());
            return Ok(Credentials(Kind::Service(ServiceAccount::read(&document, subject)?)));
        }
        let wanted = "wanted is the token.json of a login, or the key of a service account";
        Err(reject(what, format!("{}; {wanted}", document.nature())))
    }

    /// What is there without a login: the file of application default credentials that
    /// the caller found (`GOOGLE_APPLICATION_CREDENTIALS`), else the metadata server of
    /// Google's machines and of Colab at `metadata_host` (`GCE_METADATA_HOST`), by
    /// default `metadata.google.internal`.
    ///
    /// # Errors
    /// [`Error::Permanent`](crate::Error::Permanent) that says what the file is and
    /// what would be accepted.
    pub fn ambient(file: Option<&[u8]>, metadata_host: Option<&str>) -> Result<Self> {
        let what = "the application default credentials";
        let Some(bytes) = file else {
            return Ok(Credentials(Kind::Metadata(Metadata::at(metadata_host)?)));
        };
        let document = Document::parse(bytes, what)?;
        if document.is_token_file() {
            return Ok(TokenFile::read(document)?.into());
        }
        if document.text("type") == Some("service_account") {
            return Ok(Credentials(Kind::Service(ServiceAccount::read(&document, None)?)));
        }
        let wanted = "wanted is the login of a person or the key of a service account";
        Err(reject(what, format!("{}; {wanted}", document.nature())))
    }

    /// An access token alone, which works until it ends.
    ///
    /// # Errors
    /// As [`Bearer::parse`].
    pub fn bearer(token: &str) -> Result<Self> {
        Ok(Credentials(Kind::Bearer(Bearer::parse(token)?)))
    }
}

impl From<TokenFile> for Credentials {
    fn from(file: TokenFile) -> Self {
        Credentials(Kind::User(Box::new(file)))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::User(_) => "Credentials(login of a person)",
            Kind::Service(_) => "Credentials(service account)",
            Kind::Metadata(_) => "Credentials(metadata server)",
            Kind::Bearer(_) => "Credentials(access token)",
        })
    }
}
