//! How much memory hostile bytes may cost (`threats.md` I11 to I14). One test, since
//! it counts what its whole process has in use.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[path = "memory/counting.rs"]
mod counting;
#[path = "memory/gzips.rs"]
mod gzips;
#[allow(dead_code, unreachable_pub, reason = "it has more than this program needs")]
#[path = "it/support/mod.rs"]
mod support;

use std::io::Write;

use counting::{Counting, peak_of};
use flate2::Compression;
use flate2::write::GzEncoder;
use gzips::megabyte_of;
use support::{MEMBER, PROPOSAL, header, tar_of};
use syft_core::codec::{Limits, WireFormat, decode};
use syft_core::{
    Checkpoint, DatasitePath, Email, FileChangeEventsMessage, IncrementalCheckpoint, JobName,
    ProposedFileChangesMessage, Reject, RollingState, Timestamp, yaml,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MIB: usize = 1 << 20;
const GIB: u64 = 1 << 30;
/// What a message of one megabyte may cost, whatever it holds.
const ALLOWED: usize = 64 * MIB;
/// Longest complaint, in bytes.
const LONGEST: usize = 2_100;

#[test]
fn i11_i12_i13_i14_a_megabyte_never_costs_more_than_64() {
    for (what, gzip) in bombs() {
        assert!((900_000..1_200_000).contains(&gzip.len()), "{what}: {} bytes", gzip.len());
        refused_by_every_decoder(what, &gzip);
    }
    for (what, json) in documents() {
        refused::<ProposedFileChangesMessage>(what, &stored(&json));
        refused::<FileChangeEventsMessage>(what, &stored(&json));
    }
    many_long_paths_cost_a_small_multiple();
    for (what, text) in yaml_bombs() {
        let (read, peak) = peak_of(|| yaml::from_str::<serde_json::Value>(&text));
        let complaint = read.expect_err(what).to_string();
        assert!(complaint.len() <= LONGEST, "{what}: {} bytes", complaint.len());
        assert!(peak < ALLOWED, "{what}: {peak} bytes");
    }
    names_cost_nothing();
}

fn refused_by_every_decoder(what: &str, gzip: &[u8]) {
    refused::<ProposedFileChangesMessage>(what, gzip);
    refused::<FileChangeEventsMessage>(what, gzip);
    refused::<RollingState>(what, gzip);
    refused::<IncrementalCheckpoint>(what, gzip);
    refused::<Checkpoint>(what, gzip);
}

fn refused<T: WireFormat>(what: &str, gzip: &[u8]) {
    let kind = std::any::type_name::<T>();
    let (read, peak) = peak_of(|| decode::<T>(gzip, &T::LIMITS).map(drop));
    let Err(Reject { code, detail }) = read else { panic!("{what}: taken as {kind}") };
    assert!(peak < ALLOWED, "{what}, {kind}: {peak} bytes, then {code}: {detail}");
    assert!(detail.len() <= LONGEST, "{what}, {kind}: a reason of {} bytes", detail.len());
}

/// A gzip of about a megabyte that holds about a GiB.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let member = |size: u64| header(MEMBER, size).as_bytes().to_vec();
    let of_kind = |kind: tar::EntryType| {
        let mut entry = header("././@LongLink", GIB);
        entry.set_entry_type(kind);
        entry.set_cksum();
        entry.as_bytes().to_vec()
    };
    let filled = |with: &str| with.repeat(MIB / with.len()).into_bytes();
    let json = |start: &str, with: &str| {
        megabyte_of(&[&member(GIB), start.as_bytes()].concat(), &filled(with), &[])
    };
    let zeros = vec![0; MIB];
    let stated = |size: u64| megabyte_of(&member(size), &zeros, &[]);
    let empty_members = header(MEMBER, 0).as_bytes().repeat(MIB / 512);
    let honest = tar_of(&[(header(MEMBER, PROPOSAL.len() as u64), PROPOSAL.as_bytes())]);
    let inner = stated(GIB);
    let nested = tar_of(&[(header(MEMBER, inner.len() as u64), &inner)]);
    let mut boxed = GzEncoder::new(Vec::new(), Compression::none());
    boxed.write_all(&nested).unwrap();
    let mut bare = GzEncoder::new(Vec::new(), Compression::none());
    bare.write_all(&inner).unwrap();
    vec![
        ("zeros in the member", stated(GIB)),
        ("more than the member states, which is all that is allowed", stated(64 << 20)),
        ("far more than the member states", stated(1)),
        ("what follows the one member", megabyte_of(&honest, &zeros, &[])),
        ("as many members as go in", megabyte_of(&member(0), &empty_members, &zeros)),
        ("a gzip in the member", boxed.finish().unwrap()),
        ("a gzip in the gzip", bare.finish().unwrap()),
        ("a text", json("{\"id\": \"", "x")),
        ("a text of escapes", json("{\"id\": \"", "\\u0041\\u0041__")),
        ("a list of half a billion", json("[", "0,")),
        ("lists in lists", json("", "[")),
        ("an object of many keys", json("{\"a\":0", ",\"bcd\":0,\"efg\":")),
        ("a number", json("{\"seq\": ", "9")),
        ("blanks", json("", " ")),
        ("a PAX header", megabyte_of(&of_kind(tar::EntryType::XHeader), &zeros, &[])),
        ("a long name", megabyte_of(&of_kind(tar::EntryType::GNULongName), &zeros, &[])),
        ("a sparse file", megabyte_of(&of_kind(tar::EntryType::GNUSparse), &zeros, &[])),
    ]
}

/// Documents that a container may hold, of 2 MiB each.
fn documents() -> Vec<(&'static str, Vec<u8>)> {
    let size = 2 * MIB;
    let filled = |start: &str, with: &str, end: &str| {
        [start, &with.repeat(size / with.len()), end].concat().into_bytes()
    };
    let in_proposal = |key: &str, with: &str| {
        let text = format!("\"{}\"", with.repeat(size / with.len()));
        PROPOSAL.replacen(key, &text, 1).into_bytes()
    };
    vec![
        ("a long list", filled("[0", ",0", "]")),
        ("a long list in an unknown key", filled("{\"x\": [[]", ",[]", "]}")),
        ("lists of lists", filled("[", "[[[[[[[]]]]]]],", "0]")),
        ("deep lists", filled("", "[", "")),
        ("deep objects", filled("", "{\"a\":", "")),
        ("an object of many keys", filled("{\"a\":0", ",\"bcd\":0,\"efg\":0", "}")),
        ("a long key", filled("{\"", "k", "\": 1}")),
        ("a long key twice", {
            let key = "k".repeat(size / 2);
            format!("{{\"{key}\": 1, \"{key}\": 2}}").into_bytes()
        }),
        ("a long number", filled("{\"seq\": ", "9", "}")),
        ("a long fraction", filled("{\"seq\": 0.", "9", "}")),
        ("a long exponent", filled("{\"seq\": 1e", "9", "}")),
        ("a long text that never ends", filled("{\"id\": \"", "x", "")),
        ("escapes that never end", filled("{\"id\": \"", "\\u202e", "")),
        ("a long id", in_proposal("\"6f1ed002-ab55-4f6c-8a2b-000000000001\"", "i")),
        ("a long address", in_proposal("\"ds@uni.example\"", "a@b.c")),
        ("a long path", in_proposal("\"a/b\"", "a/")),
        ("a long time", in_proposal("2.5", "1")),
        ("a long hash", in_proposal("null", "\\u202e")),
        ("a long word", in_proposal("false", "\\u0007")),
    ]
}

/// A container that is not compressed: its ratio is no reason to refuse it.
fn stored(json: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    gzip.write_all(&tar_of(&[(header(MEMBER, json.len() as u64), json)])).unwrap();
    gzip.finish().unwrap()
}

/// Each path states 24 folders of its own, and is longer once it is folded.
fn many_long_paths_cost_a_small_multiple() {
    let change = &PROPOSAL[PROPOSAL.find("[{").unwrap() + 1..PROPOSAL.rfind("]}").unwrap()];
    for (what, component, events) in
        [("plain", "d".repeat(36), 800), ("folded", "ﷺ".repeat(12), 200)]
    {
        let one = |number: usize| {
            let folders: Vec<String> =
                (0..24).map(|depth| format!("{number}{component}{depth}")).collect();
            change.replacen("a/b", &folders.join("/"), 1).replacen(
                "\"is_deleted\"",
                "\"timestamp\": 1, \"is_deleted\"",
                1,
            )
        };
        let changes: Vec<String> = (0..events).map(one).collect();
        let json = format!(
            "{{\"events\": [{}], \"message_filepath\": {{\"timestamp\": 1.5, \"id\": \
             \"6f1ed002-ab55-4f6c-8a2b-000000000001\"}}}}",
            changes.join(",")
        );
        drop(changes);
        let gzip = stored(json.as_bytes());
        let most = 8 * json.len();
        drop(json);
        let (read, peak) =
            peak_of(|| decode::<FileChangeEventsMessage>(&gzip, &Limits::EVENTS).map(drop));
        assert_eq!(read, Ok(()), "{what}");
        assert!(peak < most, "{what}: {peak} bytes, {most} are allowed");
    }
}

fn yaml_bombs() -> Vec<(&'static str, String)> {
    let mut aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    let mut merges = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..30 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        aliases.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        merges.push_str(&format!("a{level}: &a{level} {{<<: [{below}]}}\n"));
    }
    let anchors: String = (0..6_000).map(|n| format!("- &a{n} x\n")).collect();
    let keys: String = (0..8_000).map(|n| format!("{n:x}:\n")).collect();
    let most = yaml::MAX_BYTES;
    vec![
        ("aliases of aliases", aliases),
        ("merge keys of merge keys", merges),
        ("anchors", anchors),
        ("many keys, one of them twice", format!("{keys}1:\n")),
        ("brackets", "[".repeat(most)),
        ("braces", "{".repeat(most)),
        ("braces and keys", "{a: ".repeat(most / 4)),
        ("dashes", "- ".repeat(most / 2)),
        ("question marks", "? ".repeat(most / 2)),
        ("colons", ": ".repeat(most / 2)),
        ("quotes", "'".repeat(most - 1)),
        ("exclamation marks", "!".repeat(most)),
        ("a text that never ends", format!("a: \"{}", "\\u202e".repeat(most / 6 - 1))),
        ("documents", "---\n".repeat(most / 4)),
        ("directives", "%a\n".repeat(most / 3)),
        ("a megabyte of list", format!("[{}]", "a,".repeat(MIB / 2))),
        ("a megabyte of text", format!("a: {}", "x".repeat(MIB))),
        (
            "invisible characters in a complaint",
            format!("a: 1\n\"{0}\": 1\n\"{0}\": 2\n", "\u{202e}".repeat(9_000)),
        ),
    ]
}

fn names_cost_nothing() {
    let texts = ["a", "a/", "@", "é", "\u{202e}", "9", "syft_datasite#", "_", "-", "."]
        .map(|unit| unit.repeat(4 * MIB / unit.len()));
    for text in &texts {
        let start: String = text.chars().take(8).collect();
        let (complaints, peak) = peak_of(|| {
            [
                Email::parse(text).err(),
                DatasitePath::parse(text).err(),
                JobName::parse(text).err(),
                Timestamp::parse(text).err(),
                Timestamp::from_rfc3339(text).err(),
                text.parse::<syft_core::ContentHash>().err(),
                text.parse::<syft_core::ProposalName>().err(),
                text.parse::<syft_core::EventsName>().err(),
                syft_core::CheckpointName::parse(text).err(),
                syft_core::python_names::P2pFolder::parse(text).err(),
                syft_core::python_names::CollectionFolder::parse(true, text).err(),
            ]
        });
        assert!(peak < MIB / 4, "{start}…: {peak} bytes");
        for complaint in complaints.into_iter().flatten() {
            let complaint = complaint.to_string();
            assert!(complaint.len() <= LONGEST, "{start}…: {} bytes", complaint.len());
        }
    }
}
