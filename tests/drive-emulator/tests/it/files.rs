//! Making, reading, changing and deleting files.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use syft_drive_emulator::DriveEmulator;

use crate::client::{ALICE, Client, FOLDER, encoded, id, names};

#[test]
fn about_says_who_one_is_and_needs_fields() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let about = alice.get("/drive/v3/about?fields=user(emailAddress)").ok().json();
    assert_eq!(about, json!({"user": {"emailAddress": ALICE}}));
    let refused = alice.get("/drive/v3/about");
    assert_eq!(refused.reason(), (400, "required".to_owned()));
    assert_eq!(refused.message(), "The 'fields' parameter is required for this method.");
}

#[test]
fn a_file_has_four_fields_of_its_own_accord() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let made = alice.post("/drive/v3/files", &json!({"name": "SyftBox", "mimeType": FOLDER})).ok();
    let expected = json!({
        "kind": "drive#file", "id": id(&made), "name": "SyftBox", "mimeType": FOLDER});
    assert_eq!(made.json(), expected);
    let listed = alice.get("/drive/v3/files").ok().json();
    assert_eq!(listed["files"], json!([expected]));
    assert_eq!(listed["kind"], "drive#fileList");
}

#[test]
fn names_need_not_be_unique_and_lie_in_the_root() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let first = alice.folder("twice", "root");
    let second = id(&alice.post("/drive/v3/files", &json!({"name": "twice"})).ok());
    assert_ne!(first, second);
    assert_eq!(alice.names("name = 'twice' and 'root' in parents"), ["twice", "twice"]);
    let root = id(&alice.about("root", "id").ok());
    assert_eq!(alice.about(&second, "parents").json(), json!({"parents": [root]}));
}

#[test]
fn all_of_a_file_is_told() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    drive.set_now(SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123));
    let file = alice.file("a.txt", "root", "abc");
    let told = alice.about(&file, "*").ok().json();
    for (field, expected) in [
        ("kind", json!("drive#file")),
        ("mimeType", json!("text/plain")),
        ("size", json!("3")),
        ("md5Checksum", json!("900150983cd24fb0d6963f7d28e17f72")),
        (
            "sha256Checksum",
            json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ),
        ("createdTime", json!("2023-11-14T22:13:20.123Z")),
        ("modifiedTime", json!("2023-11-14T22:13:20.123Z")),
        ("version", json!("1")),
        ("ownedByMe", json!(true)),
        ("trashed", json!(false)),
        ("shared", json!(false)),
        ("fileExtension", json!("txt")),
    ] {
        assert_eq!(told[field], expected, "{field}");
    }
    assert_eq!(told["owners"][0]["emailAddress"], ALICE);
    assert_eq!(told["owners"][0]["me"], true);
    assert_eq!(told["capabilities"]["canDelete"], true);
    assert!(told["headRevisionId"].is_string());
    let folder = alice.folder("f", "root");
    let told = alice.about(&folder, "*").ok().json();
    assert_eq!((&told["size"], &told["md5Checksum"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_is_not_there_is_not_found() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let missing = alice.get("/drive/v3/files/nowhere");
    assert_eq!(missing.reason(), (404, "notFound".to_owned()));
    assert_eq!(missing.message(), "File not found: nowhere.");
    assert_eq!(missing.json()["error"]["errors"][0]["location"], "fileId");
    assert_eq!(alice.get("/drive/v2/files").status, 404);
    assert_eq!(alice.try_file("x", "nowhere", "").reason(), (404, "notFound".to_owned()));
    let file = alice.file("a", "root", "");
    assert_eq!(alice.try_file("x", &file, "").reason(), (403, "parentNotAFolder".to_owned()));
}

#[test]
fn a_download_comes_whole_or_in_ranges() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let file = alice.file("a", "root", "0123456789");
    let target = format!("/drive/v3/files/{file}?alt=media");
    let ranged = |range: &str| alice.send("GET", &target, &[("Range", range)], None).unwrap();
    let whole = alice.bytes(&file);
    assert_eq!((whole.status, whole.body.as_slice()), (200, b"0123456789".as_slice()));
    for (range, bytes, told) in [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=4-", "456789", "bytes 4-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=0-10485759", "0123456789", "bytes 0-9/10"),
    ] {
        let piece = ranged(range);
        assert_eq!((piece.status, piece.header("content-range")), (206, told), "{range}");
        assert_eq!(piece.body, bytes.as_bytes(), "{range}");
    }
    assert_eq!(ranged("bytes=10-").reason(), (416, "requestedRangeNotSatisfiable".to_owned()));
    let empty = alice.file("empty", "root", "");
    let target = format!("/drive/v3/files/{empty}?alt=media");
    let range = [("Range", "bytes=0-99")];
    let refused = alice.send("GET", &target, &range, None).unwrap();
    assert_eq!((refused.status, refused.header("content-range")), (416, "bytes */0"));
    assert_eq!((alice.bytes(&empty).status, alice.bytes(&empty).body), (200, Vec::new()));
    let folder = alice.folder("f", "root");
    assert_eq!(alice.bytes(&folder).reason(), (403, "fileNotDownloadable".to_owned()));
}

#[test]
fn lists_come_in_pages() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    for number in 0..5 {
        alice.file(&format!("f{number}"), "root", "");
    }
    let page = |more: &[(&str, &str)]| {
        let pairs =
            [more, &[("q", "trashed=false"), ("orderBy", "name"), ("pageSize", "2")]].concat();
        alice.get(&format!("/drive/v3/files?{}", encoded(&pairs)))
    };
    let (mut found, mut token) = (Vec::new(), None);
    loop {
        let more: Vec<(&str, &str)> =
            token.iter().map(|t: &String| ("pageToken", t.as_str())).collect();
        let answer = page(&more).ok();
        found.push(names(&answer));
        token = answer.json()["nextPageToken"].as_str().map(str::to_owned);
        if token.is_none() {
            break;
        }
        // What comes in between does not disturb the order.
        alice.file("f00", "root", "");
    }
    assert_eq!(found, [vec!["f0", "f1"], vec!["f2", "f3"], vec!["f4"]]);
    assert_eq!(page(&[("pageToken", "made-up")]).reason(), (400, "invalid".to_owned()));
    for size in ["0", "1001", "many"] {
        assert_eq!(alice.get(&format!("/drive/v3/files?pageSize={size}")).status, 400, "{size}");
    }
}

#[test]
fn a_page_has_a_hundred_lines_unless_told() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    for number in 0..101 {
        alice.folder(&number.to_string(), "root");
    }
    let first = alice.get("/drive/v3/files").ok();
    assert_eq!(names(&first).len(), 100);
    let token = first.json()["nextPageToken"].as_str().unwrap().to_owned();
    let other = encoded(&[("pageToken", token.as_str()), ("q", "trashed=true")]);
    assert_eq!(alice.get(&format!("/drive/v3/files?{other}")).status, 400, "of another list");
    let rest = alice.get(&format!("/drive/v3/files?{}", encoded(&[("pageToken", &token)])));
    assert_eq!(names(&rest.ok()).len(), 1);
    assert_eq!(names(&alice.get("/drive/v3/files?pageSize=1000").ok()).len(), 101);
    drive.advance(Duration::from_secs(7 * 3600));
    let alice = Client::user(&drive, ALICE);
    let late = alice.get(&format!("/drive/v3/files?{}", encoded(&[("pageToken", &token)])));
    assert_eq!(late.reason(), (400, "invalid".to_owned()));
}

#[test]
fn lists_are_ordered_by_several_keys() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    drive.set_now(SystemTime::UNIX_EPOCH);
    for (name, text) in [("b", "12"), ("A", "1"), ("c", "")] {
        drive.advance(Duration::from_secs(1));
        alice.file(name, "root", text);
    }
    alice.folder("d", "root");
    for (order, expected) in [
        ("name", ["A", "b", "c", "d"]),
        ("name desc", ["d", "c", "b", "A"]),
        ("createdTime,name", ["b", "A", "c", "d"]),
        ("modifiedTime desc,name desc", ["d", "c", "A", "b"]),
        ("folder,name", ["d", "A", "b", "c"]),
        ("folder,quotaBytesUsed desc", ["d", "b", "A", "c"]),
    ] {
        let listed = alice.get(&format!("/drive/v3/files?{}", encoded(&[("orderBy", order)]))).ok();
        assert_eq!(names(&listed), expected, "{order}");
    }
    for order in ["size", "name down", "name desc desc"] {
        let refused = alice.get(&format!("/drive/v3/files?{}", encoded(&[("orderBy", order)])));
        assert_eq!(refused.reason(), (400, "invalid".to_owned()), "{order}");
    }
}

#[test]
fn metadata_changes_and_null_deletes_a_property() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let file = alice.file("old", "root", "abc");
    let target = format!("/drive/v3/files/{file}?fields=name,appProperties,properties,version");
    let set =
        json!({"name": "new", "appProperties": {"a": "1", "b": "2"}, "properties": {"c": "3"}});
    let changed = alice.patch(&target, &set).ok().json();
    assert_eq!(changed["name"], "new");
    assert_eq!(changed["appProperties"], json!({"a": "1", "b": "2"}));
    assert_eq!(changed["properties"], json!({"c": "3"}));
    let changed = alice.patch(&target, &json!({"appProperties": {"a": null}})).ok().json();
    assert_eq!(changed["appProperties"], json!({"b": "2"}));
    assert_eq!(changed["version"], "3");
    assert_eq!(alice.bytes(&file).body, b"abc");
    let long = json!({"appProperties": {"k": "x".repeat(124)}});
    assert_eq!(alice.patch(&target, &long).status, 400);
    let many: serde_json::Map<_, _> = (0..31).map(|n| (n.to_string(), json!("v"))).collect();
    assert_eq!(alice.patch(&target, &json!({"appProperties": many})).status, 400);
    let place = alice.patch(&target, &json!({"parents": ["root"]}));
    assert_eq!(place.reason(), (403, "fieldNotWritable".to_owned()));
    assert_eq!(alice.send("PATCH", &target, &[], Some(b"{")).unwrap().reason().1, "parseError");
}

#[test]
fn private_properties_are_those_of_the_client_that_wrote_them() {
    let drive = DriveEmulator::start().unwrap();
    let user = drive.add_user(ALICE);
    let (one, other) = (Client::of(&drive, &user), Client::of(&drive, &user.through("other")));
    let file = one.folder("f", "root");
    let target = format!("/drive/v3/files/{file}?fields=appProperties");
    one.patch(&target, &json!({"appProperties": {"k": "v"}})).ok();
    assert_eq!(one.get(&target).json(), json!({"appProperties": {"k": "v"}}));
    assert_eq!(other.get(&target).json(), json!({}));
    let query = "appProperties has { key='k' and value='v' }";
    assert_eq!((one.names(query).len(), other.names(query).len()), (1, 0));
}

#[test]
fn an_id_is_reserved_and_used_once() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, "bob@example.com"));
    let ids = alice.get("/drive/v3/files/generateIds?count=2&fields=ids").ok().json();
    let reserved = ids["ids"][0].as_str().unwrap();
    let body = json!({"id": reserved, "name": "once"});
    assert_eq!(bob.post("/drive/v3/files", &body).status, 400, "reserved for another");
    assert_eq!(id(&alice.post("/drive/v3/files?fields=id", &body).ok()), reserved);
    let again = alice.post("/drive/v3/files", &body);
    assert_eq!(again.reason(), (409, "fileIdInUse".to_owned()));
    assert_eq!(again.message(), "A file already exists with the provided ID.");
    alice.delete(&format!("/drive/v3/files/{reserved}")).ok();
    assert_eq!(alice.post("/drive/v3/files", &body).status, 409, "also when it is gone");
    assert_eq!(alice.post("/drive/v3/files", &json!({"id": "made-up"})).status, 400);
    assert_eq!(
        alice.get("/drive/v3/files/generateIds").json()["ids"].as_array().unwrap().len(),
        10
    );
    assert_eq!(alice.get("/drive/v3/files/generateIds?count=1001").status, 400);
}

#[test]
fn a_copy_belongs_to_who_made_it() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, "bob@example.com"));
    let folder = alice.folder("f", "root");
    let file = alice.file("a", &folder, "abc");
    alice.share(&folder, "bob@example.com", "reader");
    let target = format!("/drive/v3/files/{file}/copy?fields=id,name,parents,ownedByMe");
    let own = alice.post(&target, &json!({"name": "b"})).ok().json();
    assert_eq!((&own["name"], &own["parents"][0]), (&json!("b"), &json!(folder)));
    let theirs = bob.post(&target, &json!({})).ok();
    assert_eq!(theirs.json()["name"], "Copy of a");
    assert_eq!(theirs.json()["parents"][0], bob.about("root", "id").json()["id"]);
    assert_eq!(bob.bytes(&id(&theirs)).body, b"abc");
    let folder = alice.post(&format!("/drive/v3/files/{folder}/copy"), &json!({}));
    assert_eq!(folder.reason(), (403, "cannotCopyFile".to_owned()));
}

#[test]
fn what_is_deleted_is_gone_with_all_below() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let top = alice.folder("top", "root");
    let inner = alice.folder("inner", &top);
    let file = alice.file("a", &inner, "abc");
    let answer = alice.delete(&format!("/drive/v3/files/{top}"));
    assert_eq!((answer.status, answer.body), (204, Vec::new()));
    for id in [top, inner, file] {
        assert_eq!(alice.get(&format!("/drive/v3/files/{id}")).status, 404);
    }
    assert!(drive.files().is_empty());
    assert_eq!(alice.delete("/drive/v3/files/root").reason().0, 403);
}

#[test]
fn the_trash_holds_a_folder_with_all_below() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let top = alice.folder("top", "root");
    let file = alice.file("a", &top, "abc");
    let target = format!("/drive/v3/files/{top}?fields=trashed");
    assert_eq!(
        alice.patch(&target, &json!({"trashed": true})).ok().json(),
        json!({"trashed": true})
    );
    let told = alice.about(&file, "trashed,explicitlyTrashed").json();
    assert_eq!(told, json!({"trashed": true, "explicitlyTrashed": false}));
    assert_eq!(alice.names("trashed = true"), ["a", "top"]);
    assert!(alice.names("trashed = false").is_empty());
    alice.patch(&target, &json!({"trashed": false})).ok();
    assert_eq!(alice.names("trashed = false"), ["a", "top"]);
}

#[test]
fn a_long_query_may_travel_as_a_form() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    alice.folder("f", "root");
    let headers =
        [("X-HTTP-Method-Override", "GET"), ("Content-Type", "application/x-www-form-urlencoded")];
    let query = encoded(&[("q", "name = 'f'"), ("fields", "files(name)")]);
    let found = alice.send("POST", "/drive/v3/files", &headers, Some(query.as_bytes())).unwrap();
    assert_eq!(names(&found.ok()), ["f"]);
}
