//! Transports that wrap a transport, including its sharing and its changes.

mod chaos;
mod metered;
mod mirror;
#[cfg(feature = "record")]
mod recorder;
mod retry;
mod stale;

use crate::{Changes, Error, Result, Sharing, Transport};

pub use chaos::{Chaos, Fault, FaultRates};
pub use metered::{Metered, Usage};
pub use mirror::Mirror;
#[cfg(feature = "record")]
pub use recorder::{Recorder, Wire};
pub use retry::{Retry, RetryPolicy, Sleeper, TokioSleeper};
pub use stale::Stale;

pub(crate) fn sharing_of(transport: &dyn Transport) -> Result<&dyn Sharing> {
    let missing = || Error::unsupported("share in", &transport.info().name, "");
    transport.sharing().ok_or_else(missing)
}

pub(crate) fn changes_of(transport: &dyn Transport) -> Result<&dyn Changes> {
    let missing = || Error::unsupported("read the changes of", &transport.info().name, "");
    transport.changes().ok_or_else(missing)
}

/// Makes a type a transport of which each call goes through its
/// `call(operation, || future)`; bodies and listings go through its own `put_through`,
/// `get_through`, `list_through` and `list_many_through`; with a second argument, looking
/// for spaces goes through the method of that name; with two more, so does a refresh,
/// and what was removed is told to the last one.
macro_rules! impl_layer {
    ($layer:ident) => {
        impl $layer {
            async fn discover_as_is(&self, kind: SpaceKind) -> Result<Discovered> {
                self.call(Operation::Discover, || self.inner.discover(kind)).await
            }
        }
        impl_layer!($layer, discover_as_is);
    };
    ($layer:ident, $discover:ident) => {
        impl $layer {
            async fn refresh_as_is(&self) -> Result<()> {
                self.inner.refresh().await
            }

            fn removed_as_is(&self, _: &[Object]) {}
        }
        impl_layer!($layer, $discover, refresh_as_is, removed_as_is);
    };
    ($layer:ident, $discover:ident, $refresh:ident, $removed:ident) => {
        #[async_trait]
        impl Transport for $layer {
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
                self.call(Operation::Open, || self.inner.open(space)).await
            }

            async fn refresh(&self) -> Result<()> {
                self.$refresh().await
            }

            async fn sweep(&self, received: bool) -> Result<Vec<String>> {
                self.inner.sweep(received).await
            }

            async fn delete(&self, objects: &[Object]) -> Result<()> {
                self.call(Operation::Delete, || self.inner.delete(objects)).await?;
                self.$removed(objects);
                Ok(())
            }

            async fn retire(&self, objects: &[Object]) -> Result<()> {
                self.call(Operation::Retire, || self.inner.retire(objects)).await?;
                self.$removed(objects);
                Ok(())
            }

            async fn clear(&self, deleted: &[Object], retired: &[Object]) -> Result<()> {
                let operation = match retired {
                    [] => Operation::Delete,
                    _ => Operation::Retire,
                };
                self.call(operation, || self.inner.clear(deleted, retired)).await?;
                self.$removed(deleted);
                self.$removed(retired);
                Ok(())
            }

            async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
                self.$discover(kind).await
            }

            async fn copy(
                &self,
                object: &Object,
                space: &Space,
                name: &ObjectName,
            ) -> Result<Object> {
                self.call(Operation::Copy, || self.inner.copy(object, space, name)).await
            }

            fn sharing(&self) -> Option<&dyn Sharing> {
                self.inner.sharing().map(|_| self as &dyn Sharing)
            }

            fn changes(&self) -> Option<&dyn Changes> {
                self.inner.changes().map(|_| self as &dyn Changes)
            }

            async fn put(
                &self,
                space: &Space,
                name: &ObjectName,
                body: PutBody,
                mode: PutMode,
            ) -> Result<Object> {
                self.put_through(space, name, body, mode).await
            }

            async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
                self.get_through(object, range).await
            }

            async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
                self.list_through(space, options).await
            }

            async fn list_many(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
                self.list_many_through(spaces).await
            }
        }

        #[async_trait]
        impl Sharing for $layer {
            async fn grant(&self, space: &Space, recipient: &Recipient) -> Result<()> {
                let sharing = sharing_of(&self.inner)?;
                self.call(Operation::Grant, || sharing.grant(space, recipient)).await
            }

            async fn revoke(&self, space: &Space, recipient: &Recipient) -> Result<()> {
                let sharing = sharing_of(&self.inner)?;
                self.call(Operation::Revoke, || sharing.revoke(space, recipient)).await
            }

            async fn grants(&self, space: &Space) -> Result<Vec<Recipient>> {
                let sharing = sharing_of(&self.inner)?;
                self.call(Operation::Grants, || sharing.grants(space)).await
            }
        }

        #[async_trait]
        impl Changes for $layer {
            async fn cursor(&self) -> Result<Cursor> {
                let changes = changes_of(&self.inner)?;
                self.call(Operation::Cursor, || changes.cursor()).await
            }

            async fn since(&self, cursor: &Cursor) -> Result<ChangePage> {
                let changes = changes_of(&self.inner)?;
                self.call(Operation::Since, || changes.since(cursor)).await
            }
        }
    };
}

pub(crate) use impl_layer;
