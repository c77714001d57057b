use std::sync::Arc;

use ::opendal::services::Webdav;
use ::opendal::{Buffer, Operator};
use async_trait::async_trait;
use http::Request;
use http::header::HeaderValue;

use super::{ONE_SHOT, Service, finish, root};
use crate::Result;
use crate::opendal::StoreLogin;
use crate::opendal::http::Outgoing;
use crate::store_url::WebDavUrl;

pub(super) fn service(url: &WebDavUrl, login: &StoreLogin) -> Result<(Operator, Service)> {
    let builder = Webdav::default()
        .endpoint(url.endpoint.as_str().trim_end_matches('/'))
        .root(&root(&url.prefix))
        .username(login.user().unwrap_or_default())
        .password(login.password())
        .token(login.token());
    let mut service = Service { one_shot: Some(ONE_SHOT), ..Service::of_files() };
    // Servers look and then move: now and then two of many writers get past the look, and no
    // trial is long enough to find out.
    service.claims.exclusive_create = false;
    finish(builder, service, Some(Arc::new(NoOverwrite)), url.ca.as_deref())
}

/// A server that is asked so looks before it gives a file a name that is taken (RFC 4918,
/// section 10.6).
struct NoOverwrite;

#[async_trait]
impl Outgoing for NoOverwrite {
    async fn prepare(&self, request: &mut Request<Buffer>) -> ::opendal::Result<()> {
        if request.method().as_str() == "MOVE" {
            request.headers_mut().insert("overwrite", HeaderValue::from_static("F"));
        }
        Ok(())
    }
}
