use std::sync::Arc;
use std::time::Duration;

use ::opendal::services::Dropbox;
use ::opendal::{Buffer, Error, ErrorKind, HttpTransporter, Operator};
use async_trait::async_trait;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, Uri};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::form_urlencoded;

use super::{ONE_SHOT, Service, finish, root};
use crate::Result;
use crate::opendal::StoreLogin;
use crate::opendal::errors::NO_LOGIN;
use crate::opendal::http::{Outgoing, OwnHttp};
use crate::store_url::DropboxUrl;

/// The header in which the calls about bodies take what else there is to say.
const ARGUMENTS: &str = "dropbox-api-arg";
const TOKENS: &str = "https://api.dropboxapi.com/oauth2/token";
/// By so much a token is renewed before it ends.
const EARLIER: Duration = Duration::from_secs(120);

pub(super) fn service(url: &DropboxUrl, login: &StoreLogin) -> Result<(Operator, Service)> {
    // Which token is sent is for the requests on their way out.
    let builder = Dropbox::default().root(&root(&url.prefix)).access_token("-");
    let service = Service { by_rename: false, one_shot: Some(ONE_SHOT), ..Service::of_files() };
    let plain = HttpTransporter::new(OwnHttp::new(None, None)?);
    let rules = Requests { login: login.clone(), plain, token: Mutex::default() };
    finish(builder, service, Some(Arc::new(rules)), None)
}

/// What is done to each request to Dropbox.
struct Requests {
    login: StoreLogin,
    plain: HttpTransporter,
    token: Mutex<Option<Token>>,
}

/// A token that was made from the one that lasts.
struct Token {
    access: SecretString,
    good_until: Instant,
}

/// The answer of a token endpoint (RFC 6749, section 5.1).
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

#[async_trait]
impl Outgoing for Requests {
    async fn prepare(&self, request: &mut Request<Buffer>) -> ::opendal::Result<()> {
        let bearer = self.token().await?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", bearer.expose_secret()))
            .map_err(|_| no_login("the token is none"))?;
        bearer.set_sensitive(true);
        let is_upload = request.uri().path().ends_with("/files/upload");
        if let Some(arguments) = request.headers().get(ARGUMENTS) {
            let arguments = rewritten(arguments.as_bytes(), is_upload)?;
            request.headers_mut().insert(ARGUMENTS, arguments);
        }
        request.headers_mut().insert(AUTHORIZATION, bearer);
        *request.uri_mut() = self.at(request.uri())?;
        Ok(())
    }

    async fn is_renewed(&self) -> bool {
        let held = self.token.lock().await.take();
        held.is_some() && !self.login.refresh().is_empty()
    }
}

impl Requests {
    /// A token that is good now: the one that was given, or one that is made from the one
    /// that lasts.
    async fn token(&self) -> ::opendal::Result<SecretString> {
        if self.login.refresh().is_empty() {
            return match &self.login.token {
                Some(token) => Ok(token.clone()),
                None => Err(no_login(NO_LOGIN)),
            };
        }
        let mut held = self.token.lock().await;
        if let Some(token) = held.as_ref().filter(|token| token.good_until > Instant::now()) {
            return Ok(token.access.clone());
        }
        let Granted { access_token, expires_in } = self.renew().await?;
        let access = SecretString::from(access_token);
        let lasts = Duration::from_secs(expires_in).saturating_sub(EARLIER);
        *held = Some(Token { access: access.clone(), good_until: Instant::now() + lasts });
        Ok(access)
    }

    /// What asks for a new token (RFC 6749, section 6).
    fn form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token");
        form.append_pair("refresh_token", self.login.refresh());
        form.append_pair("client_id", self.login.user().unwrap_or_default());
        // A program that everybody can read has none (RFC 8252, section 8.5).
        if !self.login.password().is_empty() {
            form.append_pair("client_secret", self.login.password());
        }
        form.finish()
    }

    async fn renew(&self) -> ::opendal::Result<Granted> {
        let request = Request::post(self.at(&Uri::from_static(TOKENS))?)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Buffer::from(self.form()))
            .map_err(|_| Error::new(ErrorKind::ConfigInvalid, "no request can be made"))?;
        let answer = self.plain.send(request).await?;
        let status = answer.status();
        if status.is_success() {
            return serde_json::from_slice(&answer.into_body().to_bytes())
                .map_err(|_| Error::new(ErrorKind::Unexpected, "Dropbox gave no token"));
        }
        if status.is_server_error() {
            let busy = format!("Dropbox answered {status}");
            return Err(Error::new(ErrorKind::Unexpected, busy).set_temporary());
        }
        Err(no_login("Dropbox does not take the login of this home any more"))
    }

    /// The same place at another server, if there is one in Dropbox's.
    fn at(&self, uri: &Uri) -> ::opendal::Result<Uri> {
        let Some(service) = &self.login.service else { return Ok(uri.clone()) };
        let root = service.as_str().trim_end_matches('/');
        let there = format!("{root}{}", uri.path());
        there.parse().map_err(|_| Error::new(ErrorKind::ConfigInvalid, "no address for HTTP"))
    }
}

/// The arguments of a call in ASCII, as a header must be; an upload takes no name that
/// something else has.
fn rewritten(arguments: &[u8], is_upload: bool) -> ::opendal::Result<HeaderValue> {
    let invalid = || Error::new(ErrorKind::Unexpected, "a call has no arguments");
    let mut arguments: Value = serde_json::from_slice(arguments).map_err(|_| invalid())?;
    if let Some(fields) = arguments.as_object_mut().filter(|_| is_upload) {
        fields.insert("mode".to_owned(), "add".into());
        fields.insert("strict_conflict".to_owned(), true.into());
    }
    let mut ascii = String::new();
    for unit in arguments.to_string().encode_utf16() {
        match u8::try_from(unit).ok().filter(u8::is_ascii) {
            Some(byte) => ascii.push(char::from(byte)),
            None => ascii.push_str(&format!("\\u{unit:04x}")),
        }
    }
    HeaderValue::from_str(&ascii).map_err(|_| invalid())
}

fn no_login(why: &str) -> Error {
    Error::new(ErrorKind::PermissionDenied, why)
}
