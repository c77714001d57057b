use ::opendal::Operator;
use ::opendal::services::Gcs;

use super::{Service, finish, root};
use crate::Result;
use crate::opendal::StoreLogin;
use crate::store_url::GsUrl;

pub(super) fn service(url: &GsUrl, login: &StoreLogin) -> Result<(Operator, Service)> {
    let mut builder = Gcs::default()
        .bucket(&url.bucket)
        .root(&root(&url.prefix))
        .endpoint(
            url.endpoint.as_ref().map_or("", |endpoint| endpoint.as_str().trim_end_matches('/')),
        )
        .credential(login.password())
        // The machine of Google's on which this runs is asked for nothing.
        .disable_vm_metadata();
    if !login.token().is_empty() {
        builder = builder.token(login.token().to_owned());
    }
    if !login.ambient {
        builder = builder.disable_config_load();
    }
    finish(builder, Service::of_objects(), None, None)
}
