use std::fs;

use syft_test_stores::{WebDav, required_or_noted};

#[test]
fn a_file_is_put_by_its_user_alone() {
    let Some(store) = required_or_noted(WebDav::start()) else { return };
    let file = format!("{}/file", store.url());
    let stranger = ureq::put(&file).send("text");
    assert!(matches!(stranger, Err(ureq::Error::StatusCode(401))), "{stranger:?}");
    let who = format!("{}:{}@", store.user(), store.password());
    let as_user = file.replacen("http://", &format!("http://{who}"), 1);
    ureq::put(as_user).send("text").unwrap_or_else(|error| panic!("{error}: {}", store.said()));
    assert_eq!(fs::read_to_string(store.folder().join("file")).unwrap(), "text");
}
