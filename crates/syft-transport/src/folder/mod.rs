//! A folder that peers share: a network drive, a synchronised folder, a stick.

mod children;
mod create;
mod errors;
mod fs;
mod names;
mod publish;
mod read;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use syft_core::Email;
use tokio::sync::mpsc;

use self::create::{Incoming, Piece};
use self::fs::Root;
use crate::keys::{self, Child, Folders, check_delete, check_retire, check_write};
use crate::{
    ByteStream, Capabilities, Discovered, Error, Identities, Info, ListOptions, ListStream, Object,
    ObjectName, PutBody, PutMode, Result, Space, SpaceKind, Transport,
};

/// How many pieces of a body wait for the disk.
const PIECES_AHEAD: usize = 4;

/// A store in a folder, under the keys of [`Space`].
///
/// An object appears whole or not at all, also at a crash, and creation has
/// exactly one winner among threads, processes and machines; where the file system has no
/// call for that, [`Capabilities::exclusive_create`] says so. A program that synchronises the
/// folder may do otherwise on the other side. No link is ever
/// followed below the folder. Identities are claimed: whoever can write the
/// folder can pose as anyone and read everything. This participant's own calls
/// are held to what each space is for.
#[derive(Debug, Clone)]
pub struct FolderTransport {
    root: Arc<Root>,
    info: Info,
}

impl FolderTransport {
    /// Makes a store in a folder, and the folder if need be; opens one that is
    /// there already.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Quota`], and what else the disk says.
    pub fn create(root: &Path, identity: Email) -> Result<Self> {
        let transport = FolderTransport::unchecked(root, identity);
        transport.root.make()?;
        Ok(transport.tried())
    }

    /// Opens the store in a folder. Nothing is made: a folder that is not there,
    /// or is the empty mount point of a drive that is away, is no store.
    ///
    /// # Errors
    /// [`Error::Temporary`] that names the folder if no store is there now.
    pub fn open(root: &Path, identity: Email) -> Result<Self> {
        let transport = FolderTransport::unchecked(root, identity);
        transport.root.layout("open")?;
        Ok(transport.tried())
    }

    /// With what this file system can.
    fn tried(mut self) -> Self {
        let is_exclusive = create::is_exclusive(&self.root, &self.info.identity);
        self.info.capabilities.exclusive_create = is_exclusive;
        self
    }

    fn unchecked(root: &Path, identity: Email) -> Self {
        let mut capabilities = Capabilities::none();
        capabilities.arrives_in_parts = true;
        let info = Info {
            name: format!("folder {}", root.display()),
            identity,
            identities: Identities::Claimed,
            must_seal: false,
            capabilities,
        };
        FolderTransport { root: Arc::new(Root::new(root)), info }
    }

    /// Disk work on the threads that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Root) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let root = self.root.clone();
        let done = tokio::task::spawn_blocking(move || work(&root)).await;
        done.unwrap_or_else(|error| {
            Err(Error::permanent("use", &self.info.name, error.to_string()).because(error))
        })
    }

    async fn remove(&self, action: &'static str, objects: &[Object]) -> Result<()> {
        let objects = objects.to_vec();
        self.blocking(move |root| read::remove(root, action, &objects)).await
    }
}

#[async_trait]
impl Transport for FolderTransport {
    fn info(&self) -> &Info {
        &self.info
    }

    async fn open(&self, space: &Space) -> Result<()> {
        check_write("open", space, &self.info.identity)?;
        let (space, me) = (space.clone(), self.info.identity.clone());
        self.blocking(move |root| create::open(root, &space, &me)).await
    }

    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        let key = format!("{space}/{name}");
        match mode {
            PutMode::Create => {}
            PutMode::Replace(_) => {
                return Err(Error::unsupported("replace", key, "a folder has no versions"));
            }
            // Between the new name and the end of the older one there would be two, or none.
            PutMode::InPlaceOf(_) => {
                let detail = "a folder gives no file new bytes and a new name in one step";
                return Err(Error::unsupported("replace", key, detail));
            }
        }
        check_write("put into", space, &self.info.identity)?;
        let (pieces, incoming) = mpsc::channel(PIECES_AHEAD);
        let (space, name, length) = (space.clone(), name.clone(), body.length());
        let me = self.info.identity.clone();
        let written = self.blocking(move |root| {
            let body = Incoming { from: &me, length, pieces: incoming };
            create::create(root, &space, &name, body)
        });
        let (fed, written) = futures::join!(feed(&body, pieces), written);
        fed?;
        written
    }

    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let object = object.clone();
        let open = self.blocking(move |root| read::Body::open(root, &object, range)).await?;
        let bodies = stream::try_unfold(open, |mut body| async move {
            let read = tokio::task::spawn_blocking(move || {
                let piece = body.next()?;
                Ok(piece.map(|piece| (piece, body)))
            });
            read.await.unwrap_or_else(|error| {
                Err(Error::permanent("get", "an object", error.to_string()).because(error))
            })
        });
        Ok(bodies.boxed())
    }

    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        let (space, options) = (space.clone(), options.clone());
        let lines = self.blocking(move |root| read::list(root, &space, &options)).await?;
        Ok(stream::iter(lines.into_iter().map(Ok)).boxed())
    }

    async fn delete(&self, objects: &[Object]) -> Result<()> {
        let me = &self.info.identity;
        objects.iter().try_for_each(|object| check_delete(&object.space, me))?;
        self.remove("delete", objects).await
    }

    async fn retire(&self, objects: &[Object]) -> Result<()> {
        let me = &self.info.identity;
        objects.iter().try_for_each(|object| check_retire(&object.space, me))?;
        self.remove("retire", objects).await
    }

    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        keys::discover(self, &self.info.identity, kind).await
    }
}

#[async_trait]
impl Folders for FolderTransport {
    async fn children(&self, folder: &[&str]) -> Result<Vec<Child>> {
        let components: Vec<String> = folder.iter().map(|name| (*name).to_owned()).collect();
        self.blocking(move |root| {
            let components: Vec<&str> = components.iter().map(String::as_str).collect();
            children::children(root, &components)
        })
        .await
    }
}

/// Hands a body to the writer. The end is said, never inferred: a body that
/// fails, or whose put is given up, is not committed.
async fn feed(body: &PutBody, pieces: mpsc::Sender<Piece>) -> Result<()> {
    let mut stream = body.open();
    while let Some(piece) = stream.try_next().await? {
        if !send(&pieces, piece).await {
            return Ok(());
        }
    }
    let _ = pieces.send(Piece::End).await;
    Ok(())
}

/// Whether the writer still listens; if not, it says itself what is wrong.
async fn send(pieces: &mpsc::Sender<Piece>, piece: Bytes) -> bool {
    pieces.send(Piece::Data(piece)).await.is_ok()
}
