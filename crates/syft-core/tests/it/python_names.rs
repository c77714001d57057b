//! The names of the Python peer's folders, against what it makes of them.

use serde_json::Value;
use syft_core::Email;
use syft_core::python_names::{
    CollectionFolder, P2pDirection, P2pFolder, archive_folder, bundle_file, bundles_folder,
    checkpoints_folder, is_kept_by, log_folder, rolling_state_folder, version_in_name,
};

const VERSION: &str = "0.10.0";

fn table(name: &str) -> Value {
    let names: Value = serde_json::from_str(include_str!("../fixtures/names.json")).unwrap();
    names[name].clone()
}

#[test]
fn folders_between_peers() {
    // The Python peer reads any word for the direction; ours knows two.
    let refused = ["syft_datasite#x#do@org.example#weird#ds@uni.example"];
    for case in table("p2p_folder").as_array().unwrap() {
        let input = case["input"].as_str().unwrap();
        let accepted = case["ok"] == true && !refused.contains(&input);
        let Ok(folder) = P2pFolder::parse(input) else {
            assert!(!accepted, "{input}");
            continue;
        };
        assert!(accepted, "{input}");
        assert_eq!(folder.to_string(), input);
        assert_eq!(case["datasite"], folder.datasite.as_str(), "{input}");
        assert_eq!(case["type"], folder.direction.to_string(), "{input}");
        assert_eq!(case["peer"], folder.peer.as_str(), "{input}");
        let ours = P2pFolder { version: VERSION.to_owned(), ..folder };
        assert_eq!(case["as_string"], ours.to_string(), "{input}");
    }
}

#[test]
fn f8_a_name_that_would_break_a_query_is_no_folder_of_a_peer() {
    for peer in ["x' in owners or name contains '", "*@org.example", "a@b", ""] {
        let name = format!("syft_datasite#{VERSION}#do@org.example#inbox#{peer}");
        assert!(P2pFolder::parse(&name).is_err(), "{name}");
    }
}

#[test]
fn versions_in_names() {
    for case in table("version_in_name").as_array().unwrap() {
        let input = case["input"].as_str().unwrap();
        assert_eq!(case["version"].as_str(), version_in_name(input), "{input}");
        assert_eq!(case["kept_by_0_10_0"], is_kept_by(input, VERSION), "{input}");
    }
}

#[test]
fn folders_of_collections() {
    for case in table("collection_folder").as_array().unwrap() {
        let input = case["input"].as_str().unwrap();
        let private = case["prefix"] == "syft_privatecollection";
        let Ok(folder) = CollectionFolder::parse(private, input) else {
            assert_eq!(case["ok"], false, "{input}");
            continue;
        };
        assert_eq!(case["ok"], true, "{input}");
        assert_eq!(case["tag"], folder.tag.as_str(), "{input}");
        assert_eq!(case["hash"], folder.hash, "{input}");
        assert_eq!(folder.to_string(), input);
    }
}

#[test]
fn p12_a_collection_names_no_path() {
    for tag in ["../x", "a/b", "/abs", "v1"] {
        let name = format!("syft_datasetcollection_{tag}_abc");
        assert!(CollectionFolder::parse(false, &name).is_err(), "{name}");
    }
}

#[test]
fn names_that_are_built() {
    let datasite = Email::parse("do@org.example").unwrap();
    let peer = Email::parse("ds@uni.example").unwrap();
    let between = |direction| {
        let (datasite, peer) = (datasite.clone(), peer.clone());
        P2pFolder { version: VERSION.to_owned(), datasite, direction, peer }.to_string()
    };
    let ours = [
        ("personal", log_folder(VERSION, &datasite)),
        ("inbox", between(P2pDirection::Inbox)),
        ("outbox", between(P2pDirection::Outbox)),
        ("archive", archive_folder(&peer, &datasite)),
        ("bundles", bundles_folder(&datasite)),
        ("bundle_file", bundle_file(&datasite, &peer)),
        ("checkpoints", checkpoints_folder(VERSION, &datasite)),
        ("rolling", rolling_state_folder(VERSION, &datasite)),
    ];
    let built = table("built");
    assert_eq!(built.as_object().unwrap().len(), ours.len());
    for (name, ours) in ours {
        assert_eq!(built[name], ours, "{name}");
    }
}
