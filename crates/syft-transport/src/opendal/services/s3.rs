use ::opendal::Operator;
use ::opendal::services::S3;

use super::{Service, finish, root, s3_profile};
use crate::opendal::StoreLogin;
use crate::store_url::S3Url;
use crate::{Error, Result};

/// What is told to servers that are not Amazon's, and have no regions.
const ANY_REGION: &str = "us-east-1";

pub(super) fn service(url: &S3Url, login: &StoreLogin) -> Result<(Operator, Service)> {
    let region = region(url, login)?;
    let mut builder = S3::default()
        .bucket(&url.bucket)
        .root(&root(&url.prefix))
        .access_key_id(login.user().unwrap_or_default())
        .secret_access_key(login.password())
        .session_token(login.token())
        .region(&region)
        .endpoint(url.endpoint.as_ref().map_or("", |endpoint| endpoint.as_str()))
        .role_arn(url.role.as_deref().unwrap_or_default());
    if let Some(profile) = url.profile.as_ref().filter(|_| login.ambient && login.user.is_none()) {
        builder = builder.credential_provider_chain(s3_profile::chain(url, profile, &region));
    }
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
    finish(builder, service, None, url.ca.as_deref())
}

fn region(url: &S3Url, login: &StoreLogin) -> Result<String> {
    let named = url.region.as_ref().or(login.region.as_ref()).cloned();
    named.or_else(|| url.endpoint.is_some().then(|| ANY_REGION.to_owned())).ok_or_else(|| {
        let detail = "nothing says in which region it is: add ?region=NAME to its address";
        Error::permanent("open", format!("s3://{}", url.bucket), detail)
    })
}
