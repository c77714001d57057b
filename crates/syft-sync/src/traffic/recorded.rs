use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::TryStreamExt;
use futures::stream::{self, StreamExt};
use serde_json::json;
use syft_core::{Clock, ContentHash, ContentHasher, Email, NewEntry};
use syft_transport::{
    ByteStream, Changes, Discovered, Error, Info, ListOptions, ListStream, Listed, Object,
    ObjectName, PutBody, PutMode, Result, Sharing, Space, SpaceKind, Transport,
};

use super::{SENT, TAKEN};
use crate::shared_audit::SharedAudit;

/// Records in the audit log each object that goes through a transport, with its
/// size and the hash of the bytes that went: everything goes through here, so
/// nothing enters or leaves unrecorded. The same bytes under the same name are
/// one line, however often they travel.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    inner: Arc<dyn Transport>,
    ledger: Arc<Ledger>,
}

#[derive(Debug)]
struct Ledger {
    me: Email,
    clock: Arc<dyn Clock>,
    audit: SharedAudit,
}

impl Recorded {
    pub(crate) fn new(
        inner: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        audit: SharedAudit,
        me: Email,
    ) -> Self {
        let ledger = Ledger { me, clock, audit };
        Recorded { inner, ledger: Arc::new(ledger) }
    }
}

impl Ledger {
    fn sent(&self, space: &Space, name: &ObjectName, bytes: u64, hash: ContentHash) -> Result<()> {
        let object = format!("{space}/{name}");
        let key = format!("sent:{object}:{hash}");
        self.append(SENT, space, object, bytes, hash, key)
    }

    fn taken(&self, object: &Object, bytes: u64, hash: ContentHash) -> Result<()> {
        let key = format!("taken:{object}:{hash}");
        self.append(TAKEN, &object.space, object.to_string(), bytes, hash, key)
    }

    fn append(
        &self,
        action: &str,
        space: &Space,
        object: String,
        bytes: u64,
        hash: ContentHash,
        key: String,
    ) -> Result<()> {
        let peer = peer_of(space, &self.me);
        let details = [
            ("bytes", json!(bytes)),
            ("sha256", json!(hash)),
            ("peer", json!(peer.map(Email::as_str))),
        ];
        let entry = NewEntry {
            key: Some(key),
            at: self.clock.now(),
            actor: self.me.to_string(),
            action: action.to_owned(),
            subject: object.clone(),
            details: details.map(|(name, value)| (name.to_owned(), value)).into(),
        };
        self.audit
            .append(entry)
            .map_err(|error| Error::permanent("record", object, error.to_string()).because(error))
    }
}

/// With whom a space is shared; `None` for what is mine alone, or for several.
fn peer_of<'a>(space: &'a Space, me: &Email) -> Option<&'a Email> {
    match space {
        Space::Inbox { owner, sender } if sender == me => Some(owner),
        Space::Inbox { sender, .. } => Some(sender),
        Space::Outbox { owner, recipient } if owner == me => Some(recipient),
        other => Some(other.owner()).filter(|owner| *owner != me),
    }
}

#[async_trait]
impl Transport for Recorded {
    fn info(&self) -> &Info {
        self.inner.info()
    }

    async fn open(&self, space: &Space) -> Result<()> {
        self.inner.open(space).await
    }

    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        let bytes = body.length();
        let (body, went) = hashed(body);
        let object = self.inner.put(space, name, body, mode).await?;
        let hash = *went.lock().unwrap_or_else(PoisonError::into_inner);
        let unread = || Error::permanent("record", &object, "the store did not read it");
        self.ledger.sent(space, name, bytes, hash.ok_or_else(unread)?)?;
        Ok(object)
    }

    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let listed = range.is_none().then_some(object.size);
        let body = self.inner.get(object, range).await?;
        let (ledger, object) = (self.ledger.clone(), object.clone());
        let start = (body, ContentHasher::new(), 0_u64);
        let recorded = stream::try_unfold(Some(start), move |state| {
            let (ledger, object) = (ledger.clone(), object.clone());
            async move {
                let Some((mut body, mut hasher, mut bytes)) = state else { return Ok(None) };
                let Some(piece) = body.try_next().await? else {
                    check_size(&object, bytes, listed)?;
                    ledger.taken(&object, bytes, hasher.finish())?;
                    return Ok(None);
                };
                hasher.update(&piece);
                bytes += piece.len() as u64;
                if listed.is_some_and(|listed| bytes > listed) {
                    check_size(&object, bytes, listed)?;
                }
                Ok::<_, Error>(Some((piece, Some((body, hasher, bytes)))))
            }
        });
        Ok(recorded.boxed())
    }

    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.inner.list(space, options).await
    }

    async fn list_many(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        self.inner.list_many(spaces).await
    }

    async fn refresh(&self) -> Result<()> {
        self.inner.refresh().await
    }

    async fn sweep(&self, received: bool) -> Result<Vec<String>> {
        self.inner.sweep(received).await
    }

    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.inner.delete(objects).await
    }

    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.inner.retire(objects).await
    }

    async fn clear(&self, deleted: &[Object], retired: &[Object]) -> Result<()> {
        self.inner.clear(deleted, retired).await
    }

    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        self.inner.discover(kind).await
    }

    async fn copy(&self, object: &Object, space: &Space, name: &ObjectName) -> Result<Object> {
        self.inner.copy(object, space, name).await
    }

    fn sharing(&self) -> Option<&dyn Sharing> {
        self.inner.sharing()
    }

    fn changes(&self) -> Option<&dyn Changes> {
        self.inner.changes()
    }
}

/// A body that is not as long as the listing said is cut, or still being written
/// (`threats.md` F10).
fn check_size(object: &Object, came: u64, listed: Option<u64>) -> Result<()> {
    match listed {
        Some(listed) if listed != came => {
            let detail = format!("{came} bytes came, {listed} are listed");
            Err(Error::temporary("get", object, detail))
        }
        _ => Ok(()),
    }
}

/// The hash of a body that was read to its end.
type Went = Arc<Mutex<Option<ContentHash>>>;

/// A body that leaves the hash of what was read of it.
fn hashed(body: PutBody) -> (PutBody, Went) {
    if let Some(bytes) = body.as_bytes() {
        let went = Arc::new(Mutex::new(Some(ContentHash::of(bytes))));
        return (body, went);
    }
    let went = Went::default();
    let seen = went.clone();
    let wrapped = PutBody::from_stream(body.length(), move || {
        let start = (body.open(), ContentHasher::new());
        let seen = seen.clone();
        let pieces = stream::try_unfold(start, move |(mut pieces, mut hasher)| {
            let seen = seen.clone();
            async move {
                let Some(piece) = pieces.try_next().await? else {
                    *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(hasher.finish());
                    return Ok(None);
                };
                hasher.update(&piece);
                Ok::<_, Error>(Some((piece, (pieces, hasher))))
            }
        });
        pieces.boxed()
    });
    (wrapped, went)
}
