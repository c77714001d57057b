//! Every decoder of this crate that foreign bytes reach: whatever comes, the answer is
//! a value that can be written again, or a reason that is short and safe to show.
//! What they may cost is in `memory.rs`.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use crate::support::{PROPOSAL, gunzip, gzip, pack};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use syft_core::codec::{WireFormat, decode, encode};
use syft_core::python_names::{self, CollectionFolder, P2pFolder};
use syft_core::testing::{Damage, damaged};
use syft_core::{
    Advert, COMPAT_VERSION, Checkpoint, CheckpointName, ContentHash, DatasetName, DatasitePath,
    Email, EventsName, FileChangeEventsMessage, HomePath, IncrementalCheckpoint, JobName,
    ProposalName, ProposedFileChangesMessage, RollingState, Timestamp, Version, VersionStatus,
    has_suspicious, yaml,
};

const EVENT: &str = r#"{"id": "6f1ed002-ab55-4f6c-8a2b-1b1b1b1b1b1b", "path_in_datasite": "a/b", "datasite_email": "do@org.example", "content": "AAD/", "old_hash": null, "is_deleted": false, "submitted_timestamp": 1.5, "timestamp": 2.5, "content_type": "binary"}"#;
const FILE: &str = r#"{"path": "a/b", "hash": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "content": "x"}"#;
const YAML: &str = "schema: 1\nname: 'a b'\ntype: python\ndatasets:\n  do@org.example: [census, \
                    \"age\"]\nfiles:\n- path: code/main.py\n  sha256: null\nwhen: 2026-01-02\nflag: yes\n";

/// Longest reason in bytes: 500 characters of up to four, and the words around them.
const LONGEST: usize = 2_100;

fn short(reason: &impl Display, of: &str) -> Result<(), TestCaseError> {
    let reason = reason.to_string();
    prop_assert!(reason.len() <= LONGEST, "{of}: {} bytes: {reason:.200}", reason.len());
    prop_assert!(!has_suspicious(&reason), "{of}: {reason:?}");
    Ok(())
}

/// A value that its own writer takes, or a short reason.
fn decodes<T: WireFormat + PartialEq + Debug>(bytes: &[u8]) -> Result<(), TestCaseError> {
    match decode::<T>(bytes, &T::LIMITS) {
        Ok(value) => {
            let written = encode(&value).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(decode::<T>(&written, &T::LIMITS), Ok(value));
        }
        Err(reject) => short(&reject, "a message")?,
    }
    Ok(())
}

fn decodes_as_anything(bytes: &[u8]) -> Result<(), TestCaseError> {
    decodes::<ProposedFileChangesMessage>(bytes)?;
    decodes::<FileChangeEventsMessage>(bytes)?;
    decodes::<RollingState>(bytes)?;
    decodes::<IncrementalCheckpoint>(bytes)?;
    decodes::<Checkpoint>(bytes)
}

/// One good document of each kind.
fn documents() -> [String; 5] {
    let id = "6f1ed002-ab55-4f6c-8a2b-000000000001";
    let hash = ContentHash::of(b"x");
    let owner = r#""version": 1, "timestamp": 3.5, "email": "do@org.example""#;
    [
        PROPOSAL.to_owned(),
        format!(
            r#"{{"events": [{EVENT}], "message_filepath": {{"id": "{id}", "timestamp": 2.5, "extension": ".tar.gz"}}, "seq": 2, "prev": "{hash}"}}"#
        ),
        format!(
            r#"{{{owner}, "base_checkpoint_timestamp": 0.0, "last_event_timestamp": 2.5, "events": [{EVENT}]}}"#
        ),
        format!(r#"{{{owner}, "sequence_number": 3, "events": [{EVENT}]}}"#),
        format!(r#"{{{owner}, "last_event_timestamp": null, "files": [{FILE}]}}"#),
    ]
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    vec(any::<Damage>(), 1..6)
}

/// What a listing, a folder or a message may say where a name is expected.
fn name_like() -> impl Strategy<Value = String> {
    let good = vec![
        "ds@uni.example",
        "inbox/ds/v1/job/run.sh",
        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        "msgv2_1773480413.5_6f1ed002-ab55-4f6c-8a2b-000000000001.tar.gz",
        "syfteventsmessagev3_1e+16_6f1ed002-ab55-4f6c-8a2b-000000000001.tar.gz",
        "incremental_checkpoint_7_1773480413.0.tar.gz",
        "rolling_state_-5.5.tar.gz",
        "syft_datasite#0.10.0#do@org.example#inbox#ds@uni.example",
        "syft_datasetcollection_my_tag_0123456789ab",
        "2026-11-21T10:20:30Z",
        "2026-11-21T10:20:30.123456",
        "-009999-01-02T01:59:59Z",
        "1773480413.5",
        "0.10.0",
    ];
    let damaged_name = (select(good), vec(any::<Damage>(), 0..3)).prop_map(|(good, damages)| {
        String::from_utf8_lossy(&damaged(good.as_bytes(), &damages)).into_owned()
    });
    let tricky = "[a-zA-Zéß漢\u{202e}\u{200b}\u{ff0e}\u{fdfa} ./~:@#_*{}\\\\\0\n-]{0,40}";
    prop_oneof![any::<String>(), tricky, damaged_name]
}

/// Accepted only in the spelling in which it is written.
fn one_spelling<T: Display, E: Display>(
    text: &str,
    parsed: Result<T, E>,
) -> Result<(), TestCaseError> {
    match parsed {
        Ok(value) => prop_assert_eq!(value.to_string(), text),
        Err(error) => short(&error, std::any::type_name::<T>())?,
    }
    Ok(())
}

#[test]
fn the_documents_that_are_damaged_here_are_good() {
    let [proposal, events, rolling, incremental, checkpoint] =
        documents().map(|document| pack(document.as_bytes()));
    decode::<ProposedFileChangesMessage>(&proposal, &ProposedFileChangesMessage::LIMITS).unwrap();
    decode::<FileChangeEventsMessage>(&events, &FileChangeEventsMessage::LIMITS).unwrap();
    decode::<RollingState>(&rolling, &RollingState::LIMITS).unwrap();
    decode::<IncrementalCheckpoint>(&incremental, &IncrementalCheckpoint::LIMITS).unwrap();
    decode::<Checkpoint>(&checkpoint, &Checkpoint::LIMITS).unwrap();
    yaml::from_str::<Value>(YAML).unwrap();
}

#[test]
fn i7_no_time_follows_the_last_one() {
    let last = Timestamp::new(f64::MAX).unwrap();
    assert_eq!(Timestamp::EPOCH.after(last), last);
}

proptest! {
    #[test]
    fn i10_i12_a_damaged_document_is_a_value_or_a_reason(
        which in 0..5_usize, damages in damages(),
    ) {
        decodes_as_anything(&pack(&damaged(documents()[which].as_bytes(), &damages)))?;
    }

    #[test]
    fn i10_a_damaged_archive_is_a_value_or_a_reason(which in 0..5_usize, damages in damages()) {
        let whole = pack(documents()[which].as_bytes());
        decodes_as_anything(&damaged(&whole, &damages))?;
        decodes_as_anything(&gzip(&damaged(&gunzip(&whole), &damages)))?;
    }

    #[test]
    fn i12_two_documents_spliced_are_a_value_or_a_reason(
        first in 0..5_usize, second in 0..5_usize, at: prop::sample::Index, from: prop::sample::Index,
    ) {
        let documents = documents();
        let (first, second) = (documents[first].as_bytes(), documents[second].as_bytes());
        let spliced = [&first[..at.index(first.len())], &second[from.index(second.len())..]];
        decodes_as_anything(&pack(&spliced.concat()))?;
    }

    #[test]
    fn i14_damaged_yaml_is_a_value_or_a_reason(damages in damages(), strange: String) {
        let broken = damaged(YAML.as_bytes(), &damages);
        for text in [String::from_utf8_lossy(&broken).into_owned(), strange] {
            for problem in [
                yaml::from_str::<Value>(&text).err(),
                yaml::from_str::<BTreeMap<String, String>>(&text).err(),
                yaml::from_str::<Vec<u64>>(&text).err(),
            ] {
                problem.map_or(Ok(()), |error| short(&error, "YAML"))?;
            }
        }
    }

    #[test]
    fn i9_p1_s4_a_name_is_taken_in_its_spelling_or_refused_in_short(text in name_like()) {
        one_spelling(&text, Email::parse(&text))?;
        one_spelling(&text, DatasitePath::parse(&text).map(|path| path.as_str().to_owned()))?;
        one_spelling(&text, JobName::parse(&text))?;
        one_spelling(&text, DatasetName::parse(&text))?;
        one_spelling(&text, ContentHash::parse(&text))?;
        one_spelling(&text, ProposalName::parse(&text))?;
        one_spelling(&text, EventsName::parse(&text))?;
        one_spelling(&text, CheckpointName::parse(&text))?;
        one_spelling(&text, P2pFolder::parse(&text))?;
        one_spelling(&text, CollectionFolder::parse(false, &text))?;
        one_spelling(&text, CollectionFolder::parse(true, &text))?;
        one_spelling(&text, HomePath::parse(&text).map(|path| path.as_str().to_owned()))?;
        let _ = python_names::version_in_name(&text);
        let _ = python_names::is_kept_by(&text, &text);
    }

    #[test]
    fn i12_a_damaged_advert_is_one_or_a_reason(damages in damages(), version in name_like()) {
        let good = Advert::of(COMPAT_VERSION, Timestamp::EPOCH).to_json().unwrap();
        prop_assert!(Advert::from_json(&good).is_ok());
        match Advert::from_json(&damaged(&good, &damages)) {
            Ok(advert) => drop((advert.to_json().unwrap(), VersionStatus::between(COMPAT_VERSION, Some(&advert.version)))),
            Err(reject) => short(&reject, "an advert")?,
        }
        if let Err(error) = Version::parse(&version) {
            short(&error, "a version")?;
        }
    }

    #[test]
    fn i7_i8_a_time_is_finite_and_reads_back(text in name_like(), seconds: f64, text_of: f64) {
        for time in [
            Timestamp::parse(&text),
            Timestamp::parse(&text_of.to_string()),
            Timestamp::from_rfc3339(&text),
            Timestamp::from_iso8601(&text),
            Timestamp::new(seconds),
        ] {
            match time {
                Ok(time) => {
                    prop_assert!(time.seconds().is_finite());
                    prop_assert_eq!(Timestamp::parse(&time.python_repr()).unwrap(), time);
                    prop_assert!(!time.to_rfc3339().is_empty() && !time.to_string().is_empty());
                    prop_assert!(!time.to_rfc3339_micros().is_empty());
                    let later = time.after(time);
                    prop_assert!(later.seconds().is_finite(), "{}", later.python_repr());
                }
                Err(error) => short(&error, "a time")?,
            }
        }
    }
}
