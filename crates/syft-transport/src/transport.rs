use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use syft_core::{Email, safe_text, shorten};

use crate::{
    ByteStream, Changes, Error, Object, ObjectName, PutBody, Result, Sharing, Space, SpaceKind,
    Version,
};

/// A store that peers share.
///
/// What an implementer brings: eight methods, the others have defaults that a plain store
/// leaves alone. [`keys`](crate::keys) has what is the same for all stores that keep objects
/// under keys; `examples/custom-transport` is a whole one. Most promises are checked by the
/// `conformance` suite. A call that is repeated after a lost answer is harmless. A call may
/// block its thread for a moment, as a disk does, and waits for a network with `await`.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync {
    /// What this store is, who I am in it, and what it can promise.
    fn info(&self) -> &Info;

    /// The same of the store in which a space lies, where this transport reaches several.
    fn info_of(&self, space: &Space) -> &Info {
        let _ = space;
        self.info()
    }

    /// Whether what was told last of a space, by a listing or by looking for spaces of its
    /// kind, may lack what lies in a store that is away: then nothing follows from what is
    /// not there. Always false where there is one store, which answers or does not.
    fn is_partial(&self, space: &Space) -> bool {
        let _ = space;
        false
    }

    /// Makes sure that a space exists that I [write](Space::writer). Idempotent. From then on
    /// it is discovered, also while nothing lies in it.
    ///
    /// # Errors
    /// [`Error::Denied`] for a space that somebody else writes.
    async fn open(&self, space: &Space) -> Result<()>;

    /// Puts an object into a space that the caller opened, which need not be checked; it
    /// appears whole or not at all.
    ///
    /// # Errors
    /// With [`PutMode::Create`] [`Error::AlreadyExists`] if the name is taken by
    /// other bytes (the same bytes are success); with [`PutMode::Replace`]
    /// [`Error::Precondition`] if something else is there than that version; with
    /// [`PutMode::InPlaceOf`] [`Error::AlreadyExists`] as with `Create` if a third object
    /// has the name, and [`Error::Denied`] if the older one is not mine, where the store
    /// knows that, or lies elsewhere: on any error the older one stays;
    /// [`Error::Unsupported`] where the store cannot promise the mode; [`Error::TooLarge`] for
    /// a body that says that it is larger than [`Capabilities::largest`], before any of it is
    /// read; [`Error::Denied`], [`Error::Quota`].
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object>;

    /// Exactly the bytes that were put, streamed; of a range, what of it lies
    /// within the object. Which object is meant its `id` says: where that is a name, it is
    /// what has the name now.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is gone, [`Error::Denied`]; the stream ends in
    /// an error if the body is cut.
    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream>;

    /// What lies in a space, in no order; a space that nobody opened is empty.
    /// The writer of a space that only another reads sees at least what it put.
    ///
    /// # Errors
    /// [`Error::Denied`] where I may not read, if the store has
    /// [`access_control`](Capabilities::access_control).
    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream>;

    /// What lies in each of several spaces, in their order: as [`list`](Transport::list)
    /// without options tells it, not older than the last [`refresh`](Transport::refresh).
    /// What is wrong with one space is said of that one. A store that can asks for many of
    /// them in one call; any other asks for one after the other.
    ///
    /// # Errors
    /// What the store answers, if it tells of none of them.
    async fn list_many(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        Ok(one_by_one(self, spaces).await)
    }

    /// Takes notice of what others did: what [`list`](Transport::list) and
    /// [`discover`](Transport::discover) tell from now on is not older than this call.
    /// Nothing to do for a store that is asked each time.
    ///
    /// # Errors
    /// What the store answers.
    async fn refresh(&self) -> Result<()> {
        Ok(())
    }

    /// Takes away what of mine stands for nothing any more, where the store has such: folders
    /// of spaces in which nothing lies, and messages of mine that their readers put away.
    /// With `received`, folders of mine go as well that hold only what others put there; it
    /// stays theirs, and is in no space any more. Returns the names of what went, as the
    /// store's own programs show them.
    ///
    /// # Errors
    /// What the store answers; what went by then is gone.
    async fn sweep(&self, received: bool) -> Result<Vec<String>> {
        let _ = received;
        Ok(Vec::new())
    }

    /// Deletes objects; one that is gone already is success. The owner of a space
    /// deletes there, and its writer takes back what was put.
    ///
    /// # Errors
    /// [`Error::Denied`] for what only others may delete.
    async fn delete(&self, objects: &[Object]) -> Result<()>;

    /// Takes consumed messages out of the inbox: deletes them, or moves them to
    /// the archive where only their author may delete. Idempotent.
    ///
    /// # Errors
    /// [`Error::Denied`] for an inbox of somebody else.
    async fn retire(&self, objects: &[Object]) -> Result<()>;

    /// Deletes some objects and retires others, in as few calls as the store allows.
    ///
    /// # Errors
    /// Those of [`delete`](Transport::delete) and [`retire`](Transport::retire), when a
    /// part of it may be done.
    async fn clear(&self, deleted: &[Object], retired: &[Object]) -> Result<()> {
        if !deleted.is_empty() {
            self.delete(deleted).await?;
        }
        if !retired.is_empty() {
            self.retire(retired).await?;
        }
        Ok(())
    }

    /// The spaces that others opened for me, or those that I opened. Where the
    /// store proves identities, a space that the wrong one opened is not among them but in
    /// [`Discovered::skipped`] (`threats.md` S8).
    ///
    /// # Errors
    /// What the store answers.
    async fn discover(&self, kind: SpaceKind) -> Result<Discovered>;

    /// Copies an object inside the store, as [`PutMode::Create`] does.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the store has no such call; as for `put`.
    async fn copy(&self, object: &Object, space: &Space, name: &ObjectName) -> Result<Object> {
        let _ = (space, name);
        Err(Error::unsupported("copy", object, ""))
    }

    /// Who may read a collection, where the store itself keeps that; see
    /// [`grants`](crate::grants) for a call that works with any store.
    fn sharing(&self) -> Option<&dyn Sharing> {
        None
    }

    /// What changed anywhere that I can see, where the store tells.
    fn changes(&self) -> Option<&dyn Changes> {
        None
    }
}

/// The listings of several spaces, each by a call of its own.
pub(crate) async fn one_by_one<T: Transport + ?Sized>(
    transport: &T,
    spaces: &[Space],
) -> Vec<Result<Vec<Listed>>> {
    let mut lists = Vec::with_capacity(spaces.len());
    for space in spaces {
        lists.push(list_whole(transport, space).await);
    }
    lists
}

/// All that lies in a space.
pub(crate) async fn list_whole<T: Transport + ?Sized>(
    transport: &T,
    space: &Space,
) -> Result<Vec<Listed>> {
    transport.list(space, &ListOptions::default()).await?.try_collect().await
}

/// What a store says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The store for people, as `folder /mnt/shared`.
    pub name: String,
    /// Who I am in this store.
    pub identity: Email,
    /// Whether the store knows who somebody is.
    pub identities: Identities,
    /// Whether nothing may be put there in the open: true unless the store itself keeps others
    /// from reading ([`Capabilities::access_control`]), or lies on machines of ours alone.
    pub must_seal: bool,
    /// What it promises.
    pub capabilities: Capabilities,
}

/// How much a space or an object says about who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identities {
    /// The store states who put an object, and cannot be told otherwise by a peer.
    Proven,
    /// Whoever can write the store can pose as anyone.
    Claimed,
}

/// What a store promises beyond the required methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// [`PutMode::Create`] has exactly one winner among concurrent creators.
    pub exclusive_create: bool,
    /// [`PutMode::Replace`] works.
    pub replace: bool,
    /// [`PutMode::InPlaceOf`] works.
    pub in_place: bool,
    /// [`Transport::copy`] works.
    pub copy: bool,
    /// Of what it took the store states a hash, and a put that succeeds has compared it.
    pub checked_puts: bool,
    /// Others cannot read or write what is not theirs and not shared with them.
    pub access_control: bool,
    /// Clients of another kind meet here, that look for each other's versions and keys in
    /// the [`Profile`](Space::Profile)s that are shared with them.
    pub profiles: bool,
    /// What another put may be seen before all of it is there, or before what was put
    /// earlier: a program that knows nothing of objects carries it.
    pub arrives_in_parts: bool,
    /// What is shared with [any](crate::Recipient::Any) is not found by those to whom it
    /// is not granted by name as well.
    pub any_by_name: bool,
    /// The largest object that it takes, in bytes; `None` if there is no limit of its own.
    pub largest: Option<u64>,
}

impl Capabilities {
    /// A store that promises nothing but the required methods; a backend sets
    /// what it has.
    #[must_use]
    pub fn none() -> Self {
        Capabilities::default()
    }
}

/// What [`Transport::put`] does where the name is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutMode {
    /// Never overwrites.
    Create,
    /// Overwrites exactly this version.
    Replace(Version),
    /// Puts in place of this older object of mine in the same space, which is gone from
    /// then on; the name may be another one, and nobody sees both or neither. Not
    /// conditional: whoever repeats it after a lost answer changes nothing. If the older
    /// one is gone already, it is put as [`PutMode::Create`] does. What the store calls
    /// the object, and since when it is there, may stay as it was.
    InPlaceOf(Object),
}

/// What [`Transport::list`] is to leave out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ListOptions {
    /// Only names that start so; empty for all.
    pub prefix: String,
}

impl ListOptions {
    /// Only names that start with `prefix`.
    #[must_use]
    pub fn with_prefix(prefix: impl Into<String>) -> Self {
        ListOptions { prefix: prefix.into() }
    }

    /// Whether a name is asked for.
    #[must_use]
    pub fn selects(&self, name: &str) -> bool {
        name.starts_with(&self.prefix)
    }
}

/// A listing as it comes in.
pub type ListStream = BoxStream<'static, Result<Listed>>;

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Listed {
    /// An object.
    Object(Object),
    /// Something with a name or a nature that is not ours; it stays where it is.
    Skipped(Skipped),
}

impl Listed {
    /// Its name, of what is passed over as it is shown.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Listed::Object(object) => object.name.as_str(),
            Listed::Skipped(skipped) => &skipped.name,
        }
    }

    /// What the store calls it, if it calls it anything.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Listed::Object(object) => Some(&object.id),
            Listed::Skipped(skipped) => skipped.id.as_deref(),
        }
    }
}

/// Longest name and reason of what is passed over, in characters.
const MAX_SHOWN: usize = 500;

/// Something in a store that is passed over, to be counted and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Its name, made safe to show.
    pub name: String,
    /// Why.
    pub reason: String,
    /// What the store calls it, if it calls it anything.
    #[serde(default)]
    pub id: Option<String>,
}

impl Skipped {
    /// Something passed over, with its raw name. Of name and reason 500 characters are
    /// kept, made safe to show.
    #[must_use]
    pub fn new(name: &str, reason: impl AsRef<str>) -> Self {
        let safe = |text: &str| shorten(&safe_text(&shorten(text, MAX_SHOWN)), MAX_SHOWN);
        Skipped { name: safe(name), reason: safe(reason.as_ref()), id: None }
    }

    /// The same, with what the store calls it.
    #[must_use]
    pub fn with_id(mut self, id: Option<String>) -> Self {
        self.id = id;
        self
    }
}

/// What [`Transport::discover`] found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Discovered {
    /// The spaces, sorted.
    pub spaces: Vec<Space>,
    /// What looks like a space but is not accepted as one.
    pub skipped: Vec<Skipped>,
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn info(&self) -> &Info {
        (**self).info()
    }
    fn info_of(&self, space: &Space) -> &Info {
        (**self).info_of(space)
    }
    fn is_partial(&self, space: &Space) -> bool {
        (**self).is_partial(space)
    }
    async fn open(&self, space: &Space) -> Result<()> {
        (**self).open(space).await
    }
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        (**self).put(space, name, body, mode).await
    }
    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        (**self).get(object, range).await
    }
    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        (**self).list(space, options).await
    }
    async fn list_many(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        (**self).list_many(spaces).await
    }
    async fn refresh(&self) -> Result<()> {
        (**self).refresh().await
    }
    async fn sweep(&self, received: bool) -> Result<Vec<String>> {
        (**self).sweep(received).await
    }
    async fn delete(&self, objects: &[Object]) -> Result<()> {
        (**self).delete(objects).await
    }
    async fn retire(&self, objects: &[Object]) -> Result<()> {
        (**self).retire(objects).await
    }
    async fn clear(&self, deleted: &[Object], retired: &[Object]) -> Result<()> {
        (**self).clear(deleted, retired).await
    }
    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        (**self).discover(kind).await
    }
    async fn copy(&self, object: &Object, space: &Space, name: &ObjectName) -> Result<Object> {
        (**self).copy(object, space, name).await
    }
    fn sharing(&self) -> Option<&dyn Sharing> {
        (**self).sharing()
    }
    fn changes(&self) -> Option<&dyn Changes> {
        (**self).changes()
    }
}
