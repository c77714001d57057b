//! What lies in a bucket, as anybody reaches it who has its login.

use std::collections::BTreeMap;
use std::time::Duration;

use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};

/// For so long a signature holds.
const SIGNED_FOR: Duration = Duration::from_secs(60);

/// The objects of a bucket, for whoever has its login and none of the keys of those who
/// seal what they put there.
#[derive(Debug)]
pub struct Objects {
    bucket: Bucket,
    login: Credentials,
}

impl Objects {
    #[track_caller]
    pub(crate) fn new(
        endpoint: &str,
        bucket: &str,
        region: &str,
        (key, secret): (&str, &str),
    ) -> Self {
        let endpoint = endpoint.parse().unwrap_or_else(|error| panic!("{endpoint}: {error}"));
        let made = Bucket::new(endpoint, UrlStyle::Path, bucket.to_owned(), region.to_owned());
        let bucket = made.unwrap_or_else(|error| panic!("{bucket}: {error}"));
        Objects { bucket, login: Credentials::new(key, secret) }
    }

    /// The keys of all, in their order.
    ///
    /// # Panics
    /// If they cannot be listed, or are more than one page.
    #[must_use]
    #[track_caller]
    pub fn keys(&self) -> Vec<String> {
        let url = self.bucket.list_objects_v2(Some(&self.login)).sign(SIGNED_FOR);
        let page = ureq::get(url.as_str()).call().and_then(|mut it| it.body_mut().read_to_string());
        let page = page.unwrap_or_else(|error| panic!("{error}"));
        let listed = ListObjectsV2::parse_response(&page);
        let listed = listed.unwrap_or_else(|error| panic!("{error}: {page}"));
        assert!(listed.next_continuation_token.is_none(), "more than one page");
        listed.contents.into_iter().map(|object| object.key).collect()
    }

    /// What an object holds.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    #[track_caller]
    pub fn read(&self, key: &str) -> Vec<u8> {
        let url = self.bucket.get_object(Some(&self.login), key).sign(SIGNED_FOR);
        let read = ureq::get(url.as_str()).call().and_then(|mut it| it.body_mut().read_to_vec());
        read.unwrap_or_else(|error| panic!("{key}: {error}"))
    }

    /// Puts an object there, whatever was there.
    ///
    /// # Panics
    /// If it cannot be put.
    #[track_caller]
    pub fn write(&self, key: &str, bytes: &[u8]) {
        let url = self.bucket.put_object(Some(&self.login), key).sign(SIGNED_FOR);
        ureq::put(url.as_str()).send(bytes).unwrap_or_else(|error| panic!("{key}: {error}"));
    }

    /// Takes an object away.
    ///
    /// # Panics
    /// If it cannot be taken away.
    #[track_caller]
    pub fn remove(&self, key: &str) {
        let url = self.bucket.delete_object(Some(&self.login), key).sign(SIGNED_FOR);
        ureq::delete(url.as_str()).call().unwrap_or_else(|error| panic!("{key}: {error}"));
    }

    /// Gives two objects what the other one holds.
    ///
    /// # Panics
    /// If one cannot be read or put.
    #[track_caller]
    pub fn swap(&self, one: &str, other: &str) {
        let [first, second] = [one, other].map(|key| self.read(key));
        self.write(one, &second);
        self.write(other, &first);
    }

    /// All that is there now, by key.
    ///
    /// # Panics
    /// If something cannot be read.
    #[must_use]
    #[track_caller]
    pub fn all(&self) -> BTreeMap<String, Vec<u8>> {
        self.keys().into_iter().map(|key| (key.clone(), self.read(&key))).collect()
    }

    /// What was there at some time is there again, and nothing else.
    ///
    /// # Panics
    /// If something cannot be put or taken away.
    #[track_caller]
    pub fn put_back(&self, past: &BTreeMap<String, Vec<u8>>) {
        self.keys().iter().filter(|key| !past.contains_key(*key)).for_each(|key| self.remove(key));
        past.iter().for_each(|(key, bytes)| self.write(key, bytes));
    }
}
