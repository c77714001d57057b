//! A store in a mail folder (Maildir): each object is a mail whose subject is its key. Any
//! program that carries such a folder from one machine to another makes it a store.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures::stream::{self, StreamExt as _};
use syft_sync::StoreKind;
use syft_sync::core::{ContentHash, Email};
use syft_sync::transport::keys::{self, KeyTree, check_delete, check_retire, check_write};
use syft_sync::transport::{
    ByteStream, Capabilities, Discovered, Error, Identities, Info, ListOptions, ListStream, Listed,
    Object, ObjectName, PutBody, PutMode, Result, Skipped, Space, SpaceKind, Transport,
};
use url::Url;

/// Largest object, in bytes: a mail is held in memory as a whole.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The addresses `mail:///its/path`.
#[derive(Debug)]
pub struct MailKind;

impl StoreKind for MailKind {
    fn scheme(&self) -> &'static str {
        "mail"
    }

    fn open(&self, address: &Url, me: Email, first: bool) -> Result<Arc<dyn Transport>> {
        // Not its path, in which a space is `%20`.
        let folder = address.to_file_path().ok().filter(|_| address.query().is_none());
        let folder = folder
            .ok_or_else(|| Error::permanent("open", "a mail folder", "write mail:///its/path"))?;
        Ok(Arc::new(if first {
            MailFolder::create(folder, me)?
        } else {
            MailFolder::open(folder, me)?
        }))
    }
}

/// A mail folder as one participant sees it.
#[derive(Debug)]
pub struct MailFolder {
    folder: PathBuf,
    info: Info,
}

impl MailFolder {
    /// Makes the folder if need be.
    ///
    /// # Errors
    /// What the disk says.
    pub fn create(folder: impl AsRef<Path>, me: Email) -> Result<Self> {
        for part in ["new", "tmp"] {
            fs::create_dir_all(folder.as_ref().join(part)).map_err(|e| failed("make", part, &e))?;
        }
        MailFolder::open(folder, me)
    }

    /// Opens a folder that is there.
    ///
    /// # Errors
    /// [`Error::Temporary`] if it is not.
    pub fn open(folder: impl AsRef<Path>, me: Email) -> Result<Self> {
        let folder = folder.as_ref().to_owned();
        if !folder.join("new").is_dir() {
            return Err(Error::temporary("open", folder.display(), "it is no mail folder"));
        }
        let mut capabilities = Capabilities::none();
        capabilities.exclusive_create = true;
        capabilities.largest = Some(LARGEST);
        let info = Info {
            name: format!("mail folder {}", folder.display()),
            identity: me,
            // Whoever can write the folder can write in anybody's name.
            identities: Identities::Claimed,
            must_seal: true,
            capabilities,
        };
        Ok(MailFolder { folder, info })
    }

    /// Where the mail of a key lies.
    fn mail(&self, key: &str) -> PathBuf {
        self.folder.join("new").join(ContentHash::of(key.as_bytes()).to_string())
    }

    /// Files a mail unless its key has one with another body. Mail is written aside and then
    /// linked: it appears whole or not at all, and the first of many wins.
    fn file(&self, key: &str, body: &[u8]) -> Result<()> {
        let io = |error: io::Error| failed("put", key, &error);
        let aside = self.folder.join("tmp").join(uuid::Uuid::new_v4().to_string());
        let mail = format!("Subject: {key}\nSize: {}\n\n{}\n", body.len(), BASE64.encode(body));
        let mut file = File::create_new(&aside).map_err(io)?;
        file.write_all(mail.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
        let filed = fs::hard_link(&aside, self.mail(key));
        let _ = fs::remove_file(&aside);
        match filed {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match self.body(key)? {
                same if same == body => Ok(()),
                _ => Err(Error::already_exists("put", key, "")),
            },
            filed => filed.map_err(io),
        }
    }

    /// What a mail holds.
    fn body(&self, key: &str) -> Result<Vec<u8>> {
        let io = |error: io::Error| failed("get", key, &error);
        let mut mail = String::new();
        // Four characters for three bytes, and the head.
        let limit = LARGEST / 3 * 4 + 4096;
        let file = File::open(self.mail(key)).map_err(io)?;
        file.take(limit).read_to_string(&mut mail).map_err(io)?;
        let body = mail.split_once("\n\n").and_then(|(_, body)| BASE64.decode(body.trim()).ok());
        body.ok_or_else(|| Error::permanent("get", key, "its mail is damaged"))
    }

    /// All keys with their sizes, by the heads of the mails.
    fn keys(&self) -> Result<Vec<(String, u64)>> {
        let io = |error: io::Error| failed("list", &self.info.name, &error);
        let mut keys = Vec::new();
        for entry in fs::read_dir(self.folder.join("new")).map_err(io)? {
            // One that is being taken away is no longer there.
            let Ok(file) = File::open(entry.map_err(io)?.path()) else { continue };
            let mut lines = BufReader::new(file.take(4096)).lines().map_while(io::Result::ok);
            let mut head = |name| lines.next()?.strip_prefix(name).map(str::to_owned);
            let (subject, size) = (head("Subject: "), head("Size: "));
            // Somebody may get other mail there.
            if let (Some(key), Some(Ok(size))) = (subject, size.map(|size| size.parse())) {
                keys.push((key, size));
            }
        }
        Ok(keys)
    }

    fn remove(&self, action: &'static str, objects: &[Object]) -> Result<()> {
        for object in objects {
            match fs::remove_file(self.mail(&object.to_string())) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(failed(action, &object.name, &error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Transport for MailFolder {
    fn info(&self) -> &Info {
        &self.info
    }

    async fn open(&self, space: &Space) -> Result<()> {
        check_write("open", space, &self.info.identity)?;
        // A key that ends with a slash is of a folder.
        self.file(&format!("{space}/"), &[])
    }

    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        check_write("put into", space, &self.info.identity)?;
        let key = format!("{space}/{name}");
        if mode != PutMode::Create {
            return Err(Error::unsupported("replace", key, "a mail is not changed"));
        }
        let bytes = body.read(&key, Some(LARGEST)).await?;
        self.file(&key, &bytes)?;
        Ok(object(space, name.clone(), body.length()))
    }

    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let body = self.body(&object.to_string())?;
        let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
        let range = range.map_or(0..body.len(), |range| within(range.start)..within(range.end));
        let part = body.get(range).unwrap_or_default().to_vec();
        Ok(stream::iter([Ok(part.into())]).boxed())
    }

    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        let folder = format!("{space}/");
        let lines = self.keys()?.into_iter().filter_map(|(key, size)| {
            let name = key.strip_prefix(&folder).filter(|name| !name.is_empty())?;
            options.selects(name).then(|| match ObjectName::parse(name) {
                Ok(parsed) => Ok(Listed::Object(object(space, parsed, size))),
                Err(error) => Ok(Listed::Skipped(Skipped::new(name, error.to_string()))),
            })
        });
        Ok(stream::iter(lines.collect::<Vec<_>>()).boxed())
    }

    async fn delete(&self, objects: &[Object]) -> Result<()> {
        objects.iter().try_for_each(|object| check_delete(&object.space, &self.info.identity))?;
        self.remove("delete", objects)
    }

    async fn retire(&self, objects: &[Object]) -> Result<()> {
        objects.iter().try_for_each(|object| check_retire(&object.space, &self.info.identity))?;
        self.remove("retire", objects)
    }

    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        let tree = KeyTree::new(self.keys()?.into_iter().map(|(key, _)| key));
        keys::discover(&tree, &self.info.identity, kind).await
    }
}

fn object(space: &Space, name: ObjectName, size: u64) -> Object {
    let id = format!("{space}/{name}");
    Object { space: space.clone(), name, id, size, version: None, owner: None, created: None }
}

fn failed(action: &'static str, what: impl std::fmt::Display, error: &io::Error) -> Error {
    let make = match error.kind() {
        ErrorKind::NotFound => Error::not_found,
        ErrorKind::PermissionDenied => Error::denied,
        ErrorKind::StorageFull => Error::quota,
        _ => Error::temporary,
    };
    make(action, what, error.to_string())
}
