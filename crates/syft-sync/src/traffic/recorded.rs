use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::TryStreamExt;
use futures::stream::{self, StreamExt};
use serde_json::{Value, json};
use syft_core::{Clock, ContentHash, ContentHasher, Email, NewEntry};
use syft_transport::{
    ByteStream, Changes, Discovered, Error, Info, ListOptions, ListStream, Listed, Object,
    ObjectName, PutBody, PutMode, Recipient, Result, Sharing, Space, SpaceKind, Transport, grants,
};

use super::body::{Reading, Went};
use super::{COPIED, GRANTED, REVOKED, SENT, TAKEN};
use crate::shared_audit::SharedAudit;

/// Records in the audit log each object that goes through a transport, with its
/// size and the hash of the bytes that went, and whom the store lets read: everything
/// goes through here, so nothing enters or leaves unrecorded. What leaves is a line each
/// time, also if the store did not take it; the same bytes that come under the same name
/// again are one line.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    inner: Arc<dyn Transport>,
    ledger: Arc<Ledger>,
    /// Whether all is recorded elsewhere but the files of datasets that are copied here.
    only_copies: bool,
}

#[derive(Debug)]
struct Ledger {
    me: Email,
    clock: Arc<dyn Clock>,
    audit: SharedAudit,
    /// Lines about what left that could not be written yet.
    unwritten: Mutex<Vec<NewEntry>>,
}

impl Recorded {
    pub(crate) fn new(
        inner: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        audit: SharedAudit,
        me: Email,
    ) -> Self {
        let ledger = Ledger { me, clock, audit, unwritten: Mutex::default() };
        Recorded { inner, ledger: Arc::new(ledger), only_copies: false }
    }

    /// One of several stores below a transport that records: of what goes there only the
    /// files of my datasets come from another store, and not through that transport.
    pub(crate) fn of_copies(self) -> Self {
        Recorded { only_copies: true, ..self }
    }

    fn records(&self, space: &Space, name: &ObjectName) -> bool {
        let is_copy = matches!(space, Space::Collection { .. }) && !grants::is_grant(name);
        is_copy || !self.only_copies
    }

    fn inner_sharing(&self) -> Result<&dyn Sharing> {
        let missing = || Error::unsupported("share in", &self.info().name, "");
        self.inner.sharing().ok_or_else(missing)
    }
}

impl Ledger {
    fn sent(&self, space: &Space, name: &ObjectName, went: Went, complete: bool) -> NewEntry {
        let mut details = self.of_object(space, went.bytes, went.sha256);
        if !complete {
            details.push(("complete", json!(false)));
        }
        self.entry(SENT, format!("{space}/{name}"), None, details)
    }

    /// No byte of it left this node: the store had them.
    fn copied(&self, from: &Object, space: &Space, name: &ObjectName) -> Result<()> {
        let mut details = self.of_object(space, 0, ContentHash::of(b""));
        details.push(("from", json!(from.to_string())));
        self.append(self.entry(COPIED, format!("{space}/{name}"), None, details))
    }

    fn taken(&self, object: &Object, bytes: u64, hash: ContentHash) -> Result<()> {
        let key = format!("taken:{object}:{hash}");
        let details = self.of_object(&object.space, bytes, hash);
        self.append(self.entry(TAKEN, object.to_string(), Some(key), details))
    }

    fn shared(&self, action: &str, space: &Space, with: &Recipient) -> Result<()> {
        let details = vec![("peer", json!(with.to_string()))];
        self.append(self.entry(action, space.to_string(), None, details))
    }

    fn of_object(&self, space: &Space, bytes: u64, hash: ContentHash) -> Vec<(&str, Value)> {
        let peer = peer_of(space, &self.me).map(Email::as_str);
        vec![("bytes", json!(bytes)), ("sha256", json!(hash)), ("peer", json!(peer))]
    }

    fn entry(
        &self,
        action: &str,
        subject: String,
        key: Option<String>,
        details: Vec<(&str, Value)>,
    ) -> NewEntry {
        NewEntry {
            key,
            at: self.clock.now(),
            actor: self.me.to_string(),
            action: action.to_owned(),
            subject,
            details: details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }

    fn append(&self, entry: NewEntry) -> Result<()> {
        let subject = entry.subject.clone();
        self.audit
            .append(entry)
            .map_err(|error| Error::permanent("record", subject, error.to_string()).because(error))
    }

    /// The same of what has left: a line that could not be written is not forgotten.
    fn keep(&self, entry: NewEntry) -> Result<()> {
        let kept = self.append(entry.clone());
        if kept.is_err() {
            self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        }
        kept
    }

    /// Nothing more goes while a line is missing.
    fn catch_up(&self) -> Result<()> {
        let mut unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(entry) = unwritten.first() {
            self.append(entry.clone())?;
            unwritten.remove(0);
        }
        Ok(())
    }
}

/// An object on its way. What went of it is told however that ends: also if nobody waits
/// for the store any more.
struct Sending<'a> {
    ledger: &'a Ledger,
    space: &'a Space,
    name: &'a ObjectName,
    /// Into which store, if it is not the one where such things lie.
    store: Option<&'a str>,
    reading: Reading,
    told: bool,
}

impl Sending<'_> {
    /// The line about it. A store that has the same bytes already may read none.
    fn line(&mut self, taken: bool) -> Option<NewEntry> {
        self.told = true;
        let went = self.reading.went()?;
        let mut line = self.ledger.sent(self.space, self.name, went, taken && went.whole);
        line.details.extend(self.store.map(|store| ("store".to_owned(), json!(store))));
        Some(line)
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if self.told {
            return;
        }
        if let Some(line) = self.line(false) {
            // Whoever sends the next object hears of it.
            let _ = self.ledger.keep(line);
        }
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

    fn info_of(&self, space: &Space) -> &Info {
        self.inner.info_of(space)
    }

    fn is_partial(&self, space: &Space) -> bool {
        self.inner.is_partial(space)
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
        if !self.records(space, name) {
            return self.inner.put(space, name, body, mode).await;
        }
        self.ledger.catch_up()?;
        let (body, reading) = Reading::of(body);
        let (ledger, store) = (&*self.ledger, self.only_copies.then(|| &*self.info().name));
        let mut sending = Sending { ledger, space, name, store, reading, told: false };
        let put = self.inner.put(space, name, body, mode).await;
        sending.line(put.is_ok()).map_or(Ok(()), |line| ledger.keep(line))?;
        put
    }

    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let listed = range.is_none().then_some(object.size);
        let body = self.inner.get(object, range).await?;
        if self.only_copies {
            return Ok(body);
        }
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
        let copied = self.inner.copy(object, space, name).await?;
        if !self.only_copies {
            self.ledger.copied(object, space, name)?;
        }
        Ok(copied)
    }

    fn sharing(&self) -> Option<&dyn Sharing> {
        self.inner.sharing().map(|_| self as &dyn Sharing)
    }

    fn changes(&self) -> Option<&dyn Changes> {
        self.inner.changes()
    }
}

#[async_trait]
impl Sharing for Recorded {
    async fn grant(&self, space: &Space, recipient: &Recipient) -> Result<()> {
        self.inner_sharing()?.grant(space, recipient).await?;
        if self.only_copies { Ok(()) } else { self.ledger.shared(GRANTED, space, recipient) }
    }

    async fn revoke(&self, space: &Space, recipient: &Recipient) -> Result<()> {
        self.inner_sharing()?.revoke(space, recipient).await?;
        if self.only_copies { Ok(()) } else { self.ledger.shared(REVOKED, space, recipient) }
    }

    async fn grants(&self, space: &Space) -> Result<Vec<Recipient>> {
        self.inner_sharing()?.grants(space).await
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
