//! Google Drive, with the folders, names and sharing of the Python client, so that
//! its users are peers (`protocol.md` a).

pub mod auth;
mod batch;
mod call;
mod changes;
mod client;
mod errors;
mod files;
mod folders;
mod get;
mod ids;
mod in_place;
mod known;
mod list;
mod many;
mod names;
mod pieces;
mod put;
mod query;
mod remove;
mod sharing;
mod source;
mod sweep;
mod upload;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use google_drive3::api::About;
use google_drive3::hyper::Method;
use syft_core::Email;
use url::Url;

use self::auth::{Endpoints, HttpClient, Tokens};
use self::call::What;
use self::client::Client;
use self::folders::Folders;
use self::known::Known;
use self::names::Folder;
use self::put::Puts;
use crate::access::{check_write, reads_by_role};
use crate::{
    ByteStream, Cache, Capabilities, Changes, Discovered, Error, Identities, Info, ListOptions,
    ListStream, Listed, Object, ObjectName, PutBody, PutMode, Result, Sharing, Space, SpaceKind,
    Transport,
};

/// The store of one account at Google Drive.
///
/// Who put a file is what Drive says; nobody can pose as somebody else. Names may
/// repeat in Drive: what may have been put before an answer was lost is looked for
/// before it is put again. A file that arrives damaged is not taken.
#[derive(Debug)]
pub struct DriveTransport {
    folders: Folders,
    puts: Puts,
    info: Info,
}

impl DriveTransport {
    /// The store of this account, to which these tokens must give access. What is
    /// remembered of it saves requests. Nothing is asked of Google yet.
    ///
    /// # Errors
    /// None in practice: the addresses of `endpoints` were read before.
    pub fn new(
        identity: Email,
        http: HttpClient,
        tokens: Tokens,
        endpoints: &Endpoints,
        cache: Option<Arc<dyn Cache>>,
    ) -> Result<Self> {
        let root = Url::parse(endpoints.api_root()).map_err(|error| {
            Error::permanent("reach", "Google Drive", error.to_string()).because(error)
        })?;
        let mut capabilities = Capabilities::none();
        capabilities.copy = true;
        capabilities.in_place = true;
        capabilities.access_control = true;
        capabilities.any_by_name = true;
        capabilities.checked_puts = true;
        capabilities.profiles = true;
        let info = Info {
            name: format!("Google Drive of {identity}"),
            identity: identity.clone(),
            identities: Identities::Proven,
            must_seal: false,
            capabilities,
        };
        let client = Client::new(http, tokens, root);
        let folders = Folders::new(client, identity, Known::new(cache));
        Ok(DriveTransport { folders, puts: Puts::default(), info })
    }

    /// Makes sure that the tokens are those of the account that this store is said to
    /// be of.
    ///
    /// # Errors
    /// [`Error::Denied`] if they are another's or give no access; what the store says.
    pub async fn check_account(&self) -> Result<()> {
        let what = What::new("log in to", "Google Drive");
        let call = self
            .client()
            .call(Method::GET, &["about"], what.clone())
            .query("fields", "user(emailAddress)");
        let about: About = self.client().json(&call).await?;
        let found = about.user.and_then(|user| user.email_address).unwrap_or_default();
        if found.eq_ignore_ascii_case(self.info.identity.as_str()) {
            return Ok(());
        }
        let shown = syft_core::shorten(&syft_core::safe_text(&found), Email::MAX_BYTES);
        let detail = format!(
            "the account at Google is {shown}, not {}; log in with that address, or choose the \
             other account",
            self.info.identity
        );
        Err(Error::denied(what.action, what.subject, detail))
    }

    fn client(&self) -> &Client {
        &self.folders.client
    }

    fn me(&self) -> &Email {
        &self.info.identity
    }

    /// Whether I may look into a space, as far as can be told without a look.
    async fn check_read(&self, space: &Space, what: &What) -> Result<()> {
        if !self.reads(space) && matches!(space, Space::Collection { .. }) {
            self.places(space, what).await?;
        }
        if self.reads(space) {
            return Ok(());
        }
        let detail = format!("it is not shared with {}", self.me());
        Err(Error::denied(what.action, &what.subject, detail))
    }

    /// The same, as far as it is known.
    fn reads(&self, space: &Space) -> bool {
        reads_by_role(space, self.me())
            || space.writer() == self.me()
            || match space {
                Space::Profile { .. } => true,
                Space::Collection { .. } => !self.known_places(space).is_empty(),
                _ => false,
            }
    }
}

#[async_trait]
impl Transport for DriveTransport {
    fn info(&self) -> &Info {
        &self.info
    }

    async fn open(&self, space: &Space) -> Result<()> {
        check_write("open", space, self.me())?;
        let what = What::new("open", space);
        match space {
            Space::Inbox { owner, .. } => self.folders.open_pair(owner, &what).await,
            Space::Outbox { recipient, .. } => self.folders.open_outbox(recipient, &what).await,
            // Its parts are made when something is put into them.
            Space::Profile { owner } => {
                self.folders.make(&Folder::root(owner), &what).await.map(drop)
            }
            own => {
                for folder in Folder::all_of(own, None) {
                    self.folders.make(&folder, &what).await?;
                }
                Ok(())
            }
        }
    }

    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        let what = What::new("put", format!("{space}/{name}"));
        check_write("put into", space, self.me())?;
        match mode {
            PutMode::Create => self.put_new(space, name, &body, &what).await,
            PutMode::InPlaceOf(older) => self.put_in_place(space, &older, name, &body, &what).await,
            PutMode::Replace(_) => {
                Err(Error::unsupported("replace", what.subject, "Drive checks no versions"))
            }
        }
    }

    async fn get(
        &self,
        object: &Object,
        range: Option<std::ops::Range<u64>>,
    ) -> Result<ByteStream> {
        self.get_object(object, range).await
    }

    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        let what = What::new("list", space);
        self.check_read(space, &what).await?;
        let lines = self.listed(space, &what).await?;
        let selected = |line: &Listed| options.selects(line.name());
        let lines: Vec<Listed> = lines.into_iter().filter(selected).collect();
        Ok(stream::iter(lines.into_iter().map(Ok)).boxed())
    }

    async fn list_many(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        self.list_together(spaces).await
    }

    async fn refresh(&self) -> Result<()> {
        self.folders.refresh();
        Ok(())
    }

    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.clear_all(objects, &[]).await
    }

    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.clear_all(&[], objects).await
    }

    async fn clear(&self, deleted: &[Object], retired: &[Object]) -> Result<()> {
        self.clear_all(deleted, retired).await
    }

    async fn sweep(&self, received: bool) -> Result<Vec<String>> {
        self.sweep_all(received).await
    }

    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        let what = What::new("look around in", &self.info.name);
        let mut found = Discovered::default();
        match kind {
            SpaceKind::OwnCollection | SpaceKind::Mine => self.folders.look_at_mine(&what).await?,
            _ => found.skipped = self.folders.look_at_others(&what).await?,
        }
        let me = self.me();
        // What others are to have opened is not in my own Drive.
        let may_be_mine = matches!(kind, SpaceKind::OwnCollection | SpaceKind::Mine);
        let wanted = |folder: &Folder| {
            let space = folder.space().filter(|space| kind.is_of(space, me))?;
            (may_be_mine || folder.owner != *me).then_some(space)
        };
        found.spaces = self.folders.known.folders().iter().filter_map(wanted).collect();
        found.spaces.sort();
        found.spaces.dedup();
        Ok(found)
    }

    async fn copy(&self, object: &Object, space: &Space, name: &ObjectName) -> Result<Object> {
        check_write("copy into", space, self.me())?;
        self.copy_object(object, space, name).await
    }

    fn sharing(&self) -> Option<&dyn Sharing> {
        Some(self)
    }

    fn changes(&self) -> Option<&dyn Changes> {
        Some(self)
    }
}
