//! Addresses of stores: what is read, what is refused, and that nothing secret is in them.

use proptest::prelude::*;
use syft_transport::StoreUrl;

fn written(text: &str) -> String {
    StoreUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

fn refused(text: &str) -> String {
    StoreUrl::parse(text).map_or_else(|error| error.to_string(), |url| panic!("{url}"))
}

#[test]
fn an_address_has_one_text() {
    for (typed, kept) in [
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/a//b/", "s3://bucket/a/b"),
        ("s3://bucket/a?style=path", "s3://bucket/a"),
        (
            "s3://b/a?style=virtual&region=eu-1&endpoint=https://m.example.org",
            "s3://b/a?region=eu-1&endpoint=https://m.example.org/&style=virtual",
        ),
        ("s3://b?endpoint=http://127.0.0.1:90", "s3://b?endpoint=http://127.0.0.1:90/"),
        ("gs://bucket/a", "gs://bucket/a"),
        ("azblob://c/a?account=acme", "azblob://c/a?account=acme"),
        ("webdav://Cloud.Example.org:8443/dav/a%20b", "webdav://cloud.example.org:8443/dav/a%20b"),
        ("webdav://localhost:80/dav?tls=no", "webdav://localhost/dav?tls=no"),
        (
            "s3://b?ca=/etc/ssl/own.pem&endpoint=https://m.example.org",
            "s3://b?endpoint=https://m.example.org/&ca=/etc/ssl/own.pem",
        ),
        ("webdav://c.example.org/dav?ca=/own.pem", "webdav://c.example.org/dav?ca=/own.pem"),
        ("sftp://alice@h:2222/srv/x?host_key=add", "sftp://alice@h:2222/srv/x?host_key=add"),
        ("dropbox:///Apps/syft", "dropbox:///Apps/syft"),
        ("dropbox:///", "dropbox:///"),
    ] {
        assert_eq!(written(typed), kept);
        assert_eq!(written(kept), kept);
    }
}

#[test]
fn what_is_wrong_is_refused_with_the_rule() {
    for (typed, rule) in [
        ("ftp://host/x", "ftp: is no kind of store"),
        ("s3:///x", "names no bucket"),
        ("s3://bucket/../other", "must not hold . or .."),
        ("s3://bucket/a%2fb", "holds a slash"),
        ("s3://bucket?regoin=x", "s3: has no option \"regoin\""),
        ("s3://bucket?region=a&region=b", "twice"),
        ("s3://bucket?region=", "empty"),
        ("s3://bucket?endpoint=http://minio.example.org", "must begin with https://"),
        ("gs://bucket?endpoint=https://storage.example.org", "a host of googleapis.com"),
        ("gs://bucket?endpoint=https://evilgoogleapis.com", "a host of googleapis.com"),
        ("s3://bucket?style=other", "one of: path, virtual"),
        ("s3://bucket?ca=/own.pem", "server of your own"),
        ("s3://bucket?ca=own.pem&endpoint=https://m.example.org", "absolute path"),
        ("gs://bucket?ca=/own.pem", "gs: has no option \"ca\""),
        ("webdav://localhost/dav?tls=no&ca=/own.pem", "nobody vouches"),
        ("azblob://c/a", "names no account"),
        ("azblob://c/a?account=evil.example.org/", "small letters and digits"),
        ("webdav://cloud.example.org/dav?tls=no", "127.0.0.1 and localhost only"),
        ("webdav://alice@cloud.example.org/dav", "comes with the password"),
        ("sftp://host", "names no folder"),
        ("sftp://-oProxyCommand=x/srv", "names no host"),
        ("sftp://-l@host/srv", "must not begin with a dash"),
        ("sftp://files.example.org/srv?host_key=accept", "127.0.0.1 and localhost only"),
        ("dropbox://Apps/syft", "three slashes"),
    ] {
        let told = refused(typed);
        assert!(told.contains(rule), "{typed}: {told}");
    }
}

#[test]
fn a_password_is_refused_and_not_repeated() {
    for typed in ["s3://key:hunter2@bucket/x", "webdav://a:hunter2@cloud.example.org/x"] {
        let told = refused(typed);
        assert!(told.contains("password") && !told.contains("hunter2"), "{told}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(typed in "(s3|gs|dropbox|sftp|webdav)://[a-z@:]{0,8}/\\PC{0,20}") {
        if let Ok(url) = StoreUrl::parse(&typed) {
            prop_assert_eq!(StoreUrl::parse(&url.to_string()).unwrap(), url);
        }
    }
}
