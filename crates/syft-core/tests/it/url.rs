//! `syft://` addresses, as the Python peer reads them.

use serde_json::Value;
use syft_core::{HomePath, SyftUrl};

#[test]
fn addresses_are_read_as_the_python_peer_reads_them() {
    let cases: Value = serde_json::from_str(include_str!("../fixtures/urls.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let text = case["url"].as_str().unwrap();
        let read = SyftUrl::parse(text);
        assert_eq!(read.is_ok(), case["ok"].as_bool().unwrap(), "{text}");
        let Ok(url) = read else { continue };
        assert_eq!(url.host(), case["host"].as_str().unwrap(), "{text}");
        assert_eq!(url.path(), case["path"].as_str().unwrap(), "{text}");
        assert_eq!(url.to_string(), text);
        let there = case["local"].as_str().unwrap();
        match url.place() {
            Ok(place) => assert_eq!(format!("/home/do/SyftBox/{place}"), there, "{text}"),
            // P1: there it leads into the home of somebody else; here nowhere.
            Err(_) => assert!(text.contains(".."), "{text}"),
        }
    }
}

#[test]
fn a_place_has_one_address() {
    for text in ["alice@hospital.org/public/syft_datasets/a b", "alice@hospital.org"] {
        let place = HomePath::parse(text).unwrap();
        let url = SyftUrl::of(&place);
        assert_eq!(url.to_string(), format!("syft://{text}"));
        assert_eq!(url.to_string().parse::<SyftUrl>().unwrap().place().unwrap(), place);
    }
}
