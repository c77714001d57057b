//! Stores that [OpenDAL](opendal) reaches: S3, Google Cloud Storage, Azure, WebDAV, SFTP and
//! Dropbox, one implementation for all of them.

mod errors;
mod get;
mod http;
mod list;
mod login;
mod open;
mod put;
mod services;

use std::ops::Range;

use ::opendal::Operator;
use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use syft_core::Email;

use self::open::Opened;
use self::services::{Service, service};
use crate::keys::{check_delete, check_retire, check_write, discover};
use crate::{
    ByteStream, Capabilities, Discovered, Identities, Info, ListOptions, ListStream, Listed,
    Object, ObjectName, PutBody, PutMode, Result, Space, SpaceKind, StoreUrl, Transport,
};

pub use login::StoreLogin;

/// How many listings are asked for at the same time.
const LISTS_AT_ONCE: usize = 4;

/// A store of a [`StoreUrl`], under the keys of [`Space`].
///
/// An object appears whole or not at all. Identities are claimed: whoever has a login to the
/// store can write in anybody's name. This participant's own calls are held to what each
/// space is for.
#[derive(Debug)]
pub struct OpendalTransport {
    operator: Operator,
    service: Service,
    opened: Opened,
    info: Info,
}

impl OpendalTransport {
    /// A store, of which nothing is promised but what [`probe`](crate::probe) has found out
    /// about it; of one that nobody tried, [nothing](Capabilities::none). No call is made.
    ///
    /// # Errors
    /// [`Error::Permanent`](crate::Error::Permanent) if this program was built without this
    /// kind of store, or the login is not one for it.
    pub fn new(
        url: &StoreUrl,
        identity: Email,
        login: &StoreLogin,
        found: Capabilities,
    ) -> Result<Self> {
        let (operator, service) = service(url, login)?;
        let mut capabilities = Capabilities::none();
        capabilities.exclusive_create = service.claims.exclusive_create && found.exclusive_create;
        capabilities.replace = service.claims.replace && found.replace;
        capabilities.largest = service.one_shot;
        let info = Info {
            name: url.to_string(),
            identity,
            identities: Identities::Claimed,
            must_seal: true,
            capabilities,
        };
        Ok(OpendalTransport { operator, service, opened: Opened::default(), info })
    }

    /// A store that is taken at its word: for the [`probe`](crate::probe) that finds out
    /// whether it is true.
    ///
    /// # Errors
    /// As for [`new`](OpendalTransport::new).
    pub fn as_claimed(url: &StoreUrl, identity: Email, login: &StoreLogin) -> Result<Self> {
        let mut all = Capabilities::none();
        all.exclusive_create = true;
        all.replace = true;
        OpendalTransport::new(url, identity, login, all)
    }

    fn me(&self) -> &Email {
        &self.info.identity
    }
}

/// The key of a space as OpenDAL has folders: with a slash at the end.
fn folder_of(components: &[&str]) -> String {
    format!("{}/", components.join("/"))
}

#[async_trait]
impl Transport for OpendalTransport {
    fn info(&self) -> &Info {
        &self.info
    }

    async fn open(&self, space: &Space) -> Result<()> {
        check_write("open", space, self.me())?;
        self.make_folder(space).await
    }

    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        check_write("put into", space, self.me())?;
        self.put_as(space, name, &body, mode).await
    }

    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        self.read(object, range).await
    }

    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.list_space(space, options).await
    }

    async fn list_many(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        let lists =
            stream::iter(spaces.to_vec()).map(|space| async move { self.list_whole(&space).await });
        Ok(lists.buffered(LISTS_AT_ONCE).collect().await)
    }

    async fn delete(&self, objects: &[Object]) -> Result<()> {
        objects.iter().try_for_each(|object| check_delete(&object.space, self.me()))?;
        self.remove("delete", objects).await
    }

    async fn retire(&self, objects: &[Object]) -> Result<()> {
        objects.iter().try_for_each(|object| check_retire(&object.space, self.me()))?;
        self.remove("retire", objects).await
    }

    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        match self.collections(kind).await? {
            Some(tree) => discover(&tree, self.me(), kind).await,
            None => discover(self, self.me(), kind).await,
        }
    }
}
