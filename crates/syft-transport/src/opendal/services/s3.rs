use ::opendal::Operator;
use ::opendal::services::S3;

use super::{Service, finish, root};
use crate::opendal::StoreLogin;
use crate::store_url::S3Url;
use crate::{Error, Result};

/// What is told to servers that are not Amazon's, and have no regions.
const ANY_REGION: &str = "us-east-1";

pub(super) fn service(url: &S3Url, login: &StoreLogin) -> Result<(Operator, Service)> {
    let mut builder = S3::default()
        .bucket(&url.bucket)
        .root(&root(&url.prefix))
        .access_key_id(login.user().unwrap_or_default())
        .secret_access_key(login.password())
        .session_token(login.token())
        .region(&region(url, login)?)
        .endpoint(url.endpoint.as_ref().map_or("", |endpoint| endpoint.as_str()))
        .profile(url.profile.as_deref().unwrap_or_default())
        .role_arn(url.role.as_deref().unwrap_or_default());
    if url.is_virtual {
        builder = builder.enable_virtual_host_style();
    }
    if !login.ambient {
        builder = builder.disable_config_load();
    }
    if !url.instance {
        builder = builder.disable_ec2_metadata();
    }
    let mut service = Service::of_objects();
    service.claims.replace = true;
    finish(builder, service, None)
}

fn region(url: &S3Url, login: &StoreLogin) -> Result<String> {
    let named = url.region.as_ref().or(login.region.as_ref()).cloned();
    named.or_else(|| url.endpoint.is_some().then(|| ANY_REGION.to_owned())).ok_or_else(|| {
        let detail = "nothing says in which region it is: add ?region=NAME to its address";
        Error::permanent("open", format!("s3://{}", url.bucket), detail)
    })
}
