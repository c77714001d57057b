//! What lets somebody in who names a profile: that, whatever else there is, as the tools of AWS
//! have it with `--profile`.

use opendal::HttpTransporter;
use reqsign_aws_v4::{
    AssumeRoleCredentialProvider, Credential, DefaultCredentialProvider, RequestSigner,
};
use reqsign_core::{Context, OsEnv, ProvideCredentialChain, Signer};
use reqsign_file_read_tokio::TokioFileRead;

use crate::store_url::S3Url;

/// Takes it from the profile alone, and from there the role, if one is named.
pub(super) fn chain(
    url: &S3Url,
    profile: &str,
    region: &str,
) -> ProvideCredentialChain<Credential> {
    let mut of_profile = DefaultCredentialProvider::builder()
        .with_profile(profile)
        .no_env()
        .no_web_identity()
        .no_ecs();
    if !url.instance {
        of_profile = of_profile.no_imds();
    }
    let of_profile = of_profile.build();
    let Some(role) = &url.role else { return ProvideCredentialChain::new().push(of_profile) };
    // Whoever gives roles is asked by the client of the whole process.
    let context = Context::new()
        .with_file_read(TokioFileRead)
        .with_env(OsEnv)
        .with_http_send(HttpTransporter::default());
    let signer = Signer::new(context, of_profile, RequestSigner::new("sts", region));
    let of_role = AssumeRoleCredentialProvider::new(role.clone(), signer)
        .with_region(region.to_owned())
        .with_regional_sts_endpoint();
    ProvideCredentialChain::new().push(of_role)
}
