use ::opendal::Operator;
use ::opendal::services::Azblob;

use super::{Service, finish, root};
use crate::Result;
use crate::opendal::StoreLogin;
use crate::store_url::AzblobUrl;

pub(super) fn service(url: &AzblobUrl, login: &StoreLogin) -> Result<(Operator, Service)> {
    let usual = || format!("https://{}.blob.core.windows.net", url.account);
    let endpoint = url.endpoint.as_ref().map_or_else(usual, ToString::to_string);
    let builder = Azblob::default()
        .container(&url.container)
        .root(&root(&url.prefix))
        .endpoint(endpoint.trim_end_matches('/'))
        .account_name(&url.account)
        .account_key(login.password())
        .sas_token(login.token());
    let mut service = Service::of_objects();
    service.claims.replace = true;
    finish(builder, service, None, None)
}
