//! Files and folders that are made once, whatever becomes of the answers (Drive API,
//! "Generate IDs to use with your files").

use google_drive3::api::{File, GeneratedIds};
use google_drive3::hyper::Method;

use super::call::What;
use super::folders::Folders;
use crate::{Error, Result};

/// Ids that are asked for at a time.
const AT_A_TIME: &str = "100";

/// What became of a wish to make something.
pub(super) enum Made {
    /// It was made.
    Now(File),
    /// An earlier try had made it, of which no answer came. It may have been moved since.
    Before(File),
}

impl Folders {
    /// Makes a file or folder of this name under an id that is reserved for this key until it
    /// is [known](super::known::Known::end) what became of it. A second try, after an answer
    /// was lost, is refused by Drive if the first one came through: no list need show it.
    pub(super) async fn make_once<F: Future<Output = Result<File>>>(
        &self,
        key: &str,
        name: &str,
        what: &What,
        make: impl Fn(String) -> F,
    ) -> Result<Made> {
        let mut is_last = false;
        loop {
            let id = self.reserve(key, what).await?;
            let error = match make(id.clone()).await {
                Err(error @ Error::AlreadyExists { .. }) => match self.made(&id, what).await? {
                    Some(file) if file.name.as_deref() == Some(name) => {
                        return Ok(Made::Before(file));
                    }
                    // It was made and is gone: another one is to be made.
                    _ => error,
                },
                // An id that was kept may be one of another account.
                Err(error @ Error::Permanent { .. }) => {
                    self.known.drop_spare_ids();
                    error
                }
                made => return made.map(Made::Now),
            };
            self.known.end(key);
            if is_last {
                return Err(error);
            }
            is_last = true;
        }
    }

    /// The id under which something is to be made.
    async fn reserve(&self, key: &str, what: &What) -> Result<String> {
        if let Some(id) = self.known.reserve(key) {
            return Ok(id);
        }
        let _asking = self.asking.lock().await;
        if let Some(id) = self.known.reserve(key) {
            return Ok(id);
        }
        let call = self
            .client
            .call(Method::GET, &["files", "generateIds"], what.clone())
            .query("count", AT_A_TIME)
            .query("fields", "ids");
        let new: GeneratedIds = self.client.json(&call).await?;
        self.known.add_spare_ids(new.ids.unwrap_or_default());
        self.known
            .reserve(key)
            .ok_or_else(|| Error::temporary(what.action, &what.subject, "Google gave out no id"))
    }

    /// What was made under an id, if it is still there.
    async fn made(&self, id: &str, what: &What) -> Result<Option<File>> {
        match self.client.look_up(id, what).await {
            Ok(file) => Ok((file.trashed != Some(true)).then_some(file)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
