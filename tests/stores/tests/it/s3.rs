use std::time::Duration;

use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use syft_test_stores::{S3, required_or_noted};

/// The statuses of a write and of a read, signed with that secret, and what was read.
fn write_and_read(store: &S3, secret: &str, text: &str) -> (u16, u16, String) {
    let endpoint = store.endpoint().parse().unwrap();
    let bucket = Bucket::new(endpoint, UrlStyle::Path, "bucket", store.region().to_owned());
    let (bucket, who) = (bucket.unwrap(), Credentials::new(store.access_key(), secret));
    let minute = Duration::from_secs(60);
    let put = bucket.put_object(Some(&who), "folder/object").sign(minute);
    let get = bucket.get_object(Some(&who), "folder/object").sign(minute);
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let bytes = "application/octet-stream";
    let put = agent.put(put.as_str()).header("if-none-match", "*").content_type(bytes);
    let written = put.send(text).unwrap().status().as_u16();
    let mut read = agent.get(get.as_str()).call().unwrap();
    (written, read.status().as_u16(), read.body_mut().read_to_string().unwrap())
}

#[test]
fn moto_holds_the_condition_of_a_write() {
    let Some(store) = required_or_noted(S3::moto()) else { return };
    store.create_bucket("bucket");
    let one = write_and_read(&store, store.secret_key(), "one");
    assert_eq!(one, (200, 200, "one".to_owned()), "{}", store.said());
    let (written, _, text) = write_and_read(&store, store.secret_key(), "two");
    assert_eq!((written, text.as_str()), (412, "one"), "{}", store.said());
}

#[test]
fn rclone_refuses_a_wrong_secret() {
    let Some(store) = required_or_noted(S3::rclone()) else { return };
    store.create_bucket("bucket");
    let one = write_and_read(&store, store.secret_key(), "one");
    assert_eq!(one, (200, 200, "one".to_owned()), "{}", store.said());
    let (written, read, text) = write_and_read(&store, "another secret", "two");
    assert_eq!((written, read), (403, 403), "{text}");
}
