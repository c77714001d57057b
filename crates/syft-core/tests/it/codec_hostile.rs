//! What a hostile peer or store may send, by the rows of the threat list.

use std::io::Write;

use crate::support::{
    MEMBER, PROPOSAL, gzip, header, pack, read_events, read_proposal, tar_of, with,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use syft_core::codec::{Limits, decode_proposal, encode_events, encode_proposal, is_cut};
use syft_core::{
    Change, Content, ContentHash, Email, EventsName, FileChangeEvent, FileChangeEventsMessage,
    ProposedFileChangesMessage, Reject, RejectCode, Timestamp,
};

const HASH: &str =
    r#""new_hash": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881""#;

fn code<T>(result: Result<T, Reject>) -> Option<RejectCode> {
    result.err().map(|reject| reject.code)
}

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

fn baseline() -> ProposedFileChangesMessage {
    read_proposal(PROPOSAL).unwrap()
}

fn change(path: &str, content: &str) -> String {
    format!(
        r#"{{"id": "6f1ed002-ab55-4f6c-8a2b-1b1b1b1b1b1b", "submitted_timestamp": 1.5,
            "path_in_datasite": "{path}", "content": "{content}", "datasite_email": "do@org.example"}}"#
    )
}

fn deletion(path: &str) -> String {
    change(path, "").replace(r#""content": """#, r#""is_deleted": true"#)
}

/// A proposal of these changes.
fn proposing(changes: &[String]) -> String {
    let start = PROPOSAL.find('[').unwrap();
    format!("{}[{}]}}", &PROPOSAL[..start], changes.join(","))
}

#[test]
fn s1_s3_s6_a_proposal_must_agree_with_its_channel() {
    let (ds, owner) = (email("ds@uni.example"), email("do@org.example"));
    let message = baseline();
    assert_eq!(message.check_channel(&ds, &owner), Ok(()));

    let spoofed = read_proposal(with("ds@uni.example", "do@org.example")).unwrap();
    let reject = spoofed.check_channel(&ds, &owner).unwrap_err();
    assert_eq!(reject.code, RejectCode::SenderMismatch);
    assert_eq!(reject.detail, "message in ds@uni.example's folder says it is from do@org.example");

    let other = email("other@org.example");
    assert_eq!(code(message.check_channel(&ds, &other)), Some(RejectCode::DatasiteMismatch));
}

#[test]
fn s4_an_address_with_special_characters_is_refused() {
    for bad in ["*", "**", "DS@uni.example", "ds@uni.example ", "dѕ@uni.example", "", "../"] {
        let sender = with("ds@uni.example", bad);
        assert_eq!(code(read_proposal(sender)), Some(RejectCode::BadEmail), "sender {bad:?}");
        let datasite = with("do@org.example", bad);
        assert_eq!(code(read_proposal(datasite)), Some(RejectCode::BadEmail), "datasite {bad:?}");
    }
}

#[test]
fn s5_a_key_that_stands_twice_is_refused() {
    let cases = [
        with("{", r#"{"sender_email": "do@org.example", "#),
        with(r#""content": "x""#, r#""path_in_datasite": "c", "content": "x""#),
        with(r#""content": "x""#, r#""path\u005fin_datasite": "c", "content": "x""#),
        with("{", r#"{"unknown": [[{"a": 1, "a": 1}]], "#),
        with(r#""uid""#, r#""uid": "u", "uid""#),
    ];
    for case in cases {
        assert_eq!(code(read_proposal(&case)), Some(RejectCode::DuplicateKey), "{case}");
    }
}

#[test]
fn s7_an_event_for_another_datasite_is_refused() {
    let message = FileChangeEventsMessage {
        events: vec![FileChangeEvent::accept(baseline().changes.remove(0), Timestamp::EPOCH)],
        name: EventsName { timestamp: Timestamp::EPOCH, id: baseline().id },
        position: None,
        record: None,
    };
    assert_eq!(message.check_channel(&email("do@org.example")), Ok(()));
    let mismatch = message.check_channel(&email("ds@uni.example"));
    assert_eq!(code(mismatch), Some(RejectCode::DatasiteMismatch));
}

#[test]
fn p1_p2_p3_bad_paths_are_refused() {
    let long = "x".repeat(201);
    let deep = vec!["d"; 25].join("/");
    for bad in ["inbox/ds/../../private/x", "../x", "/etc/passwd", "C:/x", "", ".", &long, &deep] {
        let case = with("a/b", bad);
        assert_eq!(code(read_proposal(case)), Some(RejectCode::BadPath), "{bad:?}");
    }
}

#[test]
fn p3_p9_names_that_one_file_system_would_merge_are_refused() {
    let colliding: [(&str, Vec<String>); 6] = [
        ("letter case", vec![change("a/run.sh", "1"), change("a/RUN.SH", "2")]),
        ("a file and below it", vec![change("a", "1"), change("a/b", "2")]),
        ("below a file, and the file", vec![change("a/b/c", "1"), change("a/b", "2")]),
        ("case of a folder", vec![change("a/b", "1"), change("A/c", "2")]),
        ("a folder, in another case", vec![change("a/b/c", "1"), change("A", "2")]),
        ("deleted in another case", vec![change("a", "1"), deletion("A")]),
    ];
    for (what, changes) in colliding {
        let found = code(read_proposal(proposing(&changes)));
        assert_eq!(found, Some(RejectCode::NameCollision), "{what}");
    }
    let fine: [(&str, Vec<String>); 4] = [
        ("the same file again", vec![change("a", "1"), change("a", "2")]),
        ("a rename that changes the case", vec![deletion("README"), change("readme", "1")]),
        ("a file becomes a folder", vec![change("a", "1"), deletion("a"), change("a/b", "1")]),
        ("two in one folder", vec![change("d/a", "1"), change("d/b", "2"), deletion("d/a")]),
    ];
    for (what, changes) in fine {
        assert_eq!(code(read_proposal(proposing(&changes))), None, "{what}");
    }
}

#[test]
fn i3_a_repeated_message_has_the_same_bytes() {
    let message = baseline();
    let first = encode_proposal(&message).unwrap();
    let again = encode_proposal(&message.clone()).unwrap();
    assert_eq!(ContentHash::of(&first), ContentHash::of(&again));
}

#[test]
fn i6_deletions_work_and_contradictions_do_not() {
    let deleted = with(r#""content": "x""#, r#""content": null"#)
        .replace(HASH, r#""new_hash": null"#)
        .replace(r#""is_deleted": false"#, r#""is_deleted": true"#);
    assert_eq!(read_proposal(&deleted).unwrap().changes[0].change, Change::Delete);

    let contradictions = [
        with(r#""is_deleted": false"#, r#""is_deleted": true"#),
        deleted.replace(r#""new_hash": null"#, HASH),
        deleted.replace(r#""content": null"#, r#""content": """#),
        deleted.replace("true", "false"),
    ];
    for case in contradictions {
        assert_eq!(code(read_proposal(&case)), Some(RejectCode::Contradiction), "{case}");
    }
}

#[test]
fn i7_numbers_that_are_none_are_refused() {
    for bad in ["NaN", "Infinity", "-Infinity", "1e400", "\"nan\"", "\"inf\"", "\"\"", "true", "[]"]
    {
        let case = with("2.5", bad);
        assert_eq!(code(read_proposal(case)), Some(RejectCode::BadJson), "{bad}");
    }
}

#[test]
fn i8_odd_times_are_only_odd_times() {
    for time in ["-1", "1e308", "32503680000.0", "\"5.5\"", "0", "-0.0", "5e-324"] {
        let message = read_proposal(with("2.5", time)).unwrap_or_else(|e| panic!("{time}: {e}"));
        let bytes = encode_proposal(&message).unwrap();
        assert_eq!(decode_proposal(&bytes, &Limits::PROPOSAL), Ok(message), "{time}");
    }
}

#[test]
fn i10_bad_containers_are_refused() {
    let json = PROPOSAL.as_bytes();
    let size = json.len() as u64;
    let good = pack(json);
    assert_eq!(code(decode_proposal(&good, &Limits::PROPOSAL)), None);
    let entry = |change: &dyn Fn(&mut tar::Header)| {
        let mut entry = header(MEMBER, size);
        change(&mut entry);
        entry.set_cksum();
        gzip(&tar_of(&[(entry, json)]))
    };
    let kind = |kind| entry(&move |header: &mut tar::Header| header.set_entry_type(kind));
    let raw_size =
        |field: [u8; 12]| entry(&move |header: &mut tar::Header| header.as_old_mut().size = field);
    let mut wrong_crc = good.clone();
    let crc = good.len() - 8;
    wrong_crc[crc] ^= 1;
    let mut unpadded = tar_of(&[(header(MEMBER, size), json)]);
    unpadded.truncate(2048);
    let mut unsummed = header(MEMBER, size);
    unsummed.as_old_mut().cksum = *b"000000\0 ";
    for at in 0..good.len() {
        assert!(is_cut(&good[..at], &Limits::PROPOSAL), "{at}");
    }
    for whole in [&good, &wrong_crc, &[good.as_slice(), b"x"].concat(), &b"garbage".to_vec()] {
        assert!(!is_cut(whole, &Limits::PROPOSAL));
    }
    let pax = format!("{} size=1\n", 9);
    let cases = [
        ("empty", vec![]),
        ("garbage", b"\x1f\x8b\x08 and so on".to_vec()),
        ("cut in the data", good[..good.len() / 2].to_vec()),
        ("cut before the checksum", good[..good.len() - 8].to_vec()),
        ("wrong checksum", wrong_crc),
        ("data behind the gzip", [good.as_slice(), b"x"].concat()),
        ("a second gzip", [good.as_slice(), good.as_slice()].concat()),
        ("no member", gzip(&tar_of(&[]))),
        ("two members", gzip(&tar_of(&[(header(MEMBER, size), json), (header("x", 0), b"")]))),
        ("twice the member", gzip(&tar_of(&vec![(header(MEMBER, size), json); 2]))),
        ("another name", gzip(&tar_of(&[(header("./x.json", size), json)]))),
        ("a link", kind(tar::EntryType::Symlink)),
        ("a hard link", kind(tar::EntryType::Link)),
        ("a folder", kind(tar::EntryType::Directory)),
        ("a sparse file", kind(tar::EntryType::GNUSparse)),
        (
            "a PAX size",
            gzip(&tar_of(&[
                (
                    {
                        let mut extended = header("PaxHeader", pax.len() as u64);
                        extended.set_entry_type(tar::EntryType::XHeader);
                        extended.set_cksum();
                        extended
                    },
                    pax.as_bytes(),
                ),
                (header(MEMBER, size), json),
            ])),
        ),
        ("a size in base 256", raw_size(*b"\x80\0\0\0\0\0\0\0\0\0\0\xff")),
        ("8 EiB in base 256", raw_size([0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255])),
        ("a negative size", raw_size([0xff; 12])),
        ("a size with a sign", raw_size(*b"-0000000001\0")),
        ("an empty size", raw_size([0; 12])),
        ("a size that is too small", entry(&|header| header.set_size(size - 1))),
        ("a size that goes beyond the end", entry(&|header| header.set_size(20_000))),
        ("a header that is not summed", gzip(&tar_of(&[(unsummed, json)]))),
        ("no padding", gzip(&unpadded)),
        (
            "more padding",
            gzip(&[tar_of(&[(header(MEMBER, size), json)]), vec![0; 10_240]].concat()),
        ),
    ];
    for (what, bytes) in cases {
        let found = code(decode_proposal(&bytes, &Limits::PROPOSAL));
        assert_eq!(found, Some(RejectCode::BadContainer), "{what}");
    }
}

#[test]
fn i11_a_bomb_is_refused_before_it_is_unpacked() {
    // One MiB that unpacks to one GiB, were anybody to unpack it.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(header(MEMBER, 1 << 30).as_bytes()).unwrap();
    gzip.write_all(&vec![b' '; 4 << 20]).unwrap();
    let bomb = gzip.finish().unwrap();
    assert_eq!(code(decode_proposal(&bomb, &Limits::PROPOSAL)), Some(RejectCode::TooLarge));

    let spaces = |count: usize| pack(&[PROPOSAL.as_bytes(), &vec![b' '; count]].concat());
    assert_eq!(
        code(decode_proposal(&spaces(2 << 20), &Limits::PROPOSAL)),
        Some(RejectCode::TooLarge)
    );
    assert_eq!(code(decode_proposal(&spaces(900_000), &Limits::PROPOSAL)), None);
    let small = Limits { unpacked_bytes: 100, ..Limits::PROPOSAL };
    assert_eq!(code(decode_proposal(&spaces(0), &small)), Some(RejectCode::TooLarge));
    let small = Limits { packed_bytes: 100, ..Limits::PROPOSAL };
    assert_eq!(code(decode_proposal(&spaces(0), &small)), Some(RejectCode::TooLarge));
}

#[test]
fn i11_an_honest_repetitive_file_travels() {
    let mut message = baseline();
    message.changes[0].change = Change::Write(Content::from_bytes(vec![b'0'; 2 << 20]));
    let bytes = encode_proposal(&message).unwrap();
    assert_eq!(decode_proposal(&bytes, &Limits::PROPOSAL), Ok(message));
}

#[test]
fn i11_an_owner_may_publish_a_repetitive_log_but_not_a_bomb() {
    let mut message = baseline();
    let log = |size: usize| Change::Write(Content::from_bytes(vec![b'0'; size]));
    let json = |message: ProposedFileChangesMessage| {
        let event = FileChangeEvent::accept(message.changes[0].clone(), Timestamp::EPOCH);
        let name = EventsName { timestamp: Timestamp::EPOCH, id: message.id };
        let events =
            FileChangeEventsMessage { events: vec![event], name, position: None, record: None };
        (serde_json::to_vec(&events).unwrap(), events)
    };
    message.changes[0].change = log(4 << 20);
    let (bytes, events) = json(message.clone());
    assert_eq!(read_events(bytes), Ok(events), "as another writer packs it");
    message.changes[0].change = log(17 << 20);
    let (bytes, events) = json(message);
    assert_eq!(code(read_events(bytes)), Some(RejectCode::TooLarge));
    assert!(encode_events(&events).is_ok(), "our own writer stores it instead");
}

#[test]
fn i11_the_writer_refuses_what_its_reader_would() {
    let mut message = baseline();
    message.changes = vec![message.changes[0].clone(); 2_001];
    let error = encode_proposal(&message).unwrap_err().to_string();
    assert!(error.starts_with("too_large: "), "{error}");
}

#[test]
fn i12_bad_json_is_refused() {
    let deep = |count: usize| {
        with("{", &format!(r#"{{"x": {}{}, "#, "[".repeat(count), "]".repeat(count)))
    };
    let cases: [(&str, Vec<u8>); 14] = [
        ("nothing", vec![]),
        ("a list", b"[]".to_vec()),
        ("null", b"null".to_vec()),
        ("100,000 deep", deep(100_000).into_bytes()),
        ("33 deep", deep(32).into_bytes()),
        ("deep and open", "[".repeat(100_000).into_bytes()),
        (
            "bad UTF-8",
            PROPOSAL
                .replace("\"x\"", "\"?\"")
                .bytes()
                .map(|b| if b == b'?' { 0xff } else { b })
                .collect(),
        ),
        ("a lone surrogate", with("\"x\"", "\"\\ud800\"").into_bytes()),
        ("a lone surrogate in an unknown key", with("{", "{\"\\udc00\": 1, ").into_bytes()),
        ("a byte order mark", format!("\u{feff}{PROPOSAL}").into_bytes()),
        ("a raw NUL", with("\"x\"", "\"\0\"").into_bytes()),
        ("two documents", PROPOSAL.repeat(2).into_bytes()),
        ("text behind it", format!("{PROPOSAL} x").into_bytes()),
        ("a comment", format!("{PROPOSAL} // x").into_bytes()),
    ];
    for (what, json) in cases {
        assert_eq!(code(read_proposal(json)), Some(RejectCode::BadJson), "{what}");
    }
    assert_eq!(code(read_proposal(deep(31))), None, "32 deep");
    assert_eq!(code(read_events(PROPOSAL)), Some(RejectCode::BadJson), "a proposal as events");
}

#[test]
fn i13_too_many_changes_are_refused() {
    let many = |count: usize| -> Vec<String> {
        (0..count).map(|n| change(&format!("a/{n}"), "")).collect()
    };
    assert_eq!(code(read_proposal(proposing(&many(2_000)))), None);
    assert_eq!(code(read_proposal(proposing(&many(2_001)))), Some(RejectCode::TooLarge));
    let keys: String = (0..100).map(|n| format!(r#""k{n}": 0, "#)).collect();
    assert_eq!(code(read_proposal(with("{", &format!("{{{keys}")))), Some(RejectCode::TooLarge));
}

#[test]
fn i15_bytes_are_bytes() {
    let samples: [&[u8]; 6] = [
        b"",
        b"a\r\nb\r",
        b"\xef\xbb\xbfbom",
        b"nul\0nul",
        b"\xff\xfe\x00",
        "é\u{2028}".as_bytes(),
    ];
    for sample in samples {
        let mut message = baseline();
        message.changes[0].change = Change::Write(Content::from_bytes(sample.to_vec()));
        let event = FileChangeEvent::accept(message.changes[0].clone(), Timestamp::EPOCH);
        let events = FileChangeEventsMessage {
            events: vec![event],
            name: EventsName { timestamp: Timestamp::EPOCH, id: message.id },
            position: None,
            record: None,
        };
        assert!(encode_proposal(&message).is_ok(), "{sample:?}");
        assert!(encode_events(&events).is_ok(), "{sample:?}");
        let content = message.changes[0].change.content().unwrap();
        assert_eq!(content.as_bytes(), sample);
    }
}

#[test]
fn a_complaint_never_repeats_the_content() {
    let secret = "s3cret ".repeat(1_000);
    let reject = read_proposal(with("2.5", &format!("\"{secret}\""))).unwrap_err();
    assert!(reject.detail.chars().count() <= 201, "{}", reject.detail.len());
}
