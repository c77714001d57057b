use ::opendal::Operator;
use ::opendal::services::Dropbox;

use super::{ONE_SHOT, Service, finish, root};
use crate::Result;
use crate::opendal::StoreLogin;
use crate::store_url::DropboxUrl;

pub(super) fn service(url: &DropboxUrl, login: &StoreLogin) -> Result<(Operator, Service)> {
    let builder = Dropbox::default().root(&root(&url.prefix)).access_token(login.token());
    let service = Service { by_rename: false, one_shot: Some(ONE_SHOT), ..Service::of_files() };
    finish(builder, service, None)
}
