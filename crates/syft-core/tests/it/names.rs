//! Addresses, job names and file names: one spelling each, everything else refused.

use crate::support::json_fixture;
use proptest::prelude::*;
use serde_json::Value;
use syft_core::{
    CheckpointName, ContentHash, DatasetName, DatasitePath, Email, EventsName, JobName,
    ProposalName, Timestamp,
};
use uuid::Uuid;

const ID: &str = "4d1f4b9e-0000-4000-8000-000000000001";

#[test]
fn s4_addresses() {
    let long = format!("{}@example.org", "a".repeat(243));
    for bad in [
        "",
        "*",
        "**",
        "*@example.org",
        "DS@uni.example",
        "ds@uni.example ",
        " ds@uni.example",
        "dѕ@uni.example",
        "../",
        "a/b@example.org",
        "a\\b@example.org",
        "a#b@example.org",
        "a'b@example.org",
        "a\"b@example.org",
        "a?b@example.org",
        "a[b@example.org",
        "a{b@example.org",
        "a@b@example.org",
        "a",
        "a@",
        "@example.org",
        "a@example",
        "a@.org",
        "a@example..org",
        "a@-example.org",
        "a@example.org.",
        "a..b@example.org",
        ".a@example.org",
        "-a@example.org",
        "a\n@example.org",
        "a\0@example.org",
        "a@exa_mple.org",
        &long,
    ] {
        assert!(Email::parse(bad).is_err(), "{bad:?}");
    }
    let longest = format!("{}@example.org", "a".repeat(242));
    for good in ["a@b.c", "first.last+tag@sub.example.org", "o_1-2@x-y.example", &longest] {
        let email = Email::parse(good).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(email.as_str(), good);
    }
    assert_eq!(Email::parse("a+b@sub.example.org").unwrap().domain(), "sub.example.org");
}

#[test]
fn f8_an_address_cannot_leave_a_query() {
    assert!(Email::parse("x' in owners or name contains '@example.org").is_err());
}

#[test]
fn r10_job_and_dataset_names() {
    let long = "x".repeat(81);
    for bad in [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "v1",
        "v12",
        "-rf",
        ".hidden",
        "a ",
        "a.",
        "con",
        "NUL.txt",
        "a:b",
        "a\n",
        "é",
        "a#b",
        "syft.pub.yaml",
        "SYFT.PUB.YAML",
        "PROGRA~1",
        &long,
    ] {
        assert!(JobName::parse(bad).is_err(), "{bad:?}");
        assert!(DatasetName::parse(bad).is_err(), "{bad:?}");
    }
    let longest = "x".repeat(80);
    for good in ["a", "my job.v2", "a@b+c_d-e", "v", "v1x", "version1", &longest] {
        assert_eq!(JobName::parse(good).unwrap().as_str(), good);
        assert_eq!(DatasetName::parse(good).unwrap().as_str(), good);
    }
}

/// Names that Python takes although it would spell them otherwise, or that hold
/// no number: ours are ignored and counted, never re-built (I9).
fn check<T: std::fmt::Display>(
    table: &str,
    refused: &[(&str, &str)],
    read: impl Fn(&str) -> Option<T>,
) {
    let names = json_fixture("names.json");
    let cases = names[table].as_array().unwrap();
    for (name, threat) in refused {
        let known = cases.iter().any(|case| case["input"] == *name && case["round_trips"] == true);
        assert!(known, "{table}: {name} ({threat}) is no case that Python accepts");
    }
    for case in cases {
        let input = case["input"].as_str().unwrap();
        let accepted =
            case["round_trips"] == true && !refused.iter().any(|(refused, _)| *refused == input);
        let ours = read(input).map(|name| name.to_string());
        assert_eq!(ours.as_deref(), accepted.then_some(input), "{table}: {input:?}");
    }
}

#[test]
fn i9_message_names_have_one_spelling() {
    check("message_filename", &[("msgv2_nan_u.tar.gz", "I7")], |text| {
        ProposalName::parse(text).ok()
    });
    check("events_filename", &[], |text| EventsName::parse(text).ok());
    for odd in [
        "msgv2_1_x",
        "msgv2_1e3_u.tar.gz",
        "msgv2_0001.5_u.tar.gz",
        "msgv2_ 1.5_u.tar.gz",
        "msgv2_١.٥_u.tar.gz",
        "msgv2_1.5_u.tar.gz.part",
        "msgv2_1.5_.tar.gz",
        "msgv2_+1.5_u.tar.gz",
        "msgv2_1.5_u/../x.tar.gz",
        "msgv2_inf_u.tar.gz",
        "Msgv2_1.5_u.tar.gz",
        "msgv2_1.5_é.tar.gz",
        "refusal_x.json",
        "hello",
        "",
    ] {
        assert!(ProposalName::parse(odd).is_err(), "{odd:?}");
        assert!(EventsName::parse(odd).is_err(), "{odd:?}");
    }
}

#[test]
fn names_are_made_of_their_parts() {
    let time = Timestamp::new(1_773_480_413.0).unwrap();
    let id = Uuid::parse_str(ID).unwrap();
    let proposal = ProposalName::new(time, id);
    assert_eq!(proposal.to_string(), format!("msgv2_1773480413.0_{ID}.tar.gz"));
    assert_eq!((proposal.submitted(), proposal.uid()), (time, ID));
    let events = EventsName { timestamp: time, id };
    assert_eq!(events.to_string(), format!("syfteventsmessagev3_1773480413.0_{ID}.tar.gz"));
    for bad in ["", "a_b", "a.b", "a/b", "é", &"x".repeat(65)] {
        assert!(ProposalName::with_uid(time, bad).is_err(), "{bad:?}");
    }
}

/// What a table says of the time or number in a name; null: not such a name.
fn checkpoint_table(table: &str, value_of: impl Fn(CheckpointName) -> Option<Value>) {
    // Python reads an integral time without `.0`, and would write another name.
    let refused = ["checkpoint_1773480413.tar.gz"];
    for case in json_fixture("names.json")[table].as_array().unwrap() {
        let input = case["input"].as_str().unwrap();
        let ours = CheckpointName::parse(input).ok();
        if let Some(name) = ours {
            assert_eq!(name.to_string(), input, "{table}");
        }
        let expected = if refused.contains(&input) { &Value::Null } else { &case["value"] };
        let found = ours.and_then(&value_of).unwrap_or(Value::Null);
        assert_eq!(found, *expected, "{table}: {input:?}");
    }
}

#[test]
fn i9_checkpoint_names_have_one_spelling() {
    let full = |name| match name {
        CheckpointName::Full { timestamp } => Some(timestamp.python_repr().into()),
        _ => None,
    };
    let incremental = |name| match name {
        CheckpointName::Incremental { sequence, .. } => Some(sequence.into()),
        _ => None,
    };
    let rolling = |name| match name {
        CheckpointName::Rolling { timestamp } => Some(timestamp.python_repr().into()),
        _ => None,
    };
    checkpoint_table("checkpoint_filename_to_timestamp", full);
    checkpoint_table("incremental_filename_to_sequence", incremental);
    checkpoint_table("rolling_filename_to_timestamp", rolling);
    for odd in ["incremental_checkpoint_03_1.5.tar.gz", "incremental_checkpoint_-3_1.5.tar.gz"] {
        assert!(CheckpointName::parse(odd).is_err(), "{odd:?}");
    }
}

#[test]
fn i9_a_listing_never_takes_a_time_from_a_name_that_is_none() {
    // Python takes a time from many more names; where ours takes one, it is the same.
    for case in json_fixture("names.json")["listing_timestamp"].as_array().unwrap() {
        let input = case["input"].as_str().unwrap();
        let proposal = ProposalName::parse(input).map(|name| name.submitted());
        let time = proposal.or_else(|_| EventsName::parse(input).map(|name| name.timestamp));
        if let Ok(time) = time {
            assert_eq!(case["value"], time.python_repr(), "{input:?}");
        }
    }
}

#[test]
fn hashes_have_one_spelling() {
    let hash = ContentHash::of(b"");
    assert_eq!(ContentHash::parse(&hash.to_string()).unwrap(), hash);
    assert_eq!(hash.short(), "e3b0c44298fc");
    let upper = hash.to_string().to_uppercase();
    for bad in ["", "ab", "not-a-hash", &upper, &format!("{hash}0"), &"é".repeat(32)] {
        assert!(ContentHash::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn i7_a_time_is_finite() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(Timestamp::new(bad).is_err(), "{bad}");
    }
    for bad in ["nan", "inf", "-inf", "1e400", "", " 1", "1_0"] {
        assert!(Timestamp::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn times_of_one_writer_increase_when_the_clock_does_not() {
    let time = |seconds| Timestamp::new(seconds).unwrap();
    assert_eq!(time(2.0).after(time(1.0)), time(2.0));
    for now in [1.0, 0.5, -1.0] {
        assert!(time(now).after(time(1.0)) > time(1.0), "{now}");
    }
    assert_eq!(time(1_773_480_413.5).to_string(), "2026-03-14T09:26:53Z");
    assert_eq!(time(1e300).to_rfc3339().len(), 301);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_accepted_keeps_its_spelling(text in "\\PC{0,40}|[a-z.@ _+~/:-]{0,20}") {
        if let Ok(email) = Email::parse(&text) {
            prop_assert_eq!(email.as_str(), text.as_str());
            prop_assert!(DatasitePath::parse(email.as_str()).is_ok());
        }
        if let Ok(name) = JobName::parse(&text) {
            prop_assert_eq!(name.as_str(), text.as_str());
            prop_assert!(DatasitePath::parse(name.as_str()).is_ok());
        }
    }

    #[test]
    fn no_text_is_too_strange_for_a_name(text in any::<String>()) {
        let _ = ProposalName::parse(&text);
        let _ = EventsName::parse(&text);
        let _ = CheckpointName::parse(&text);
        let _ = ContentHash::parse(&text);
        let _ = Timestamp::parse(&text);
    }
}

proptest! {
    #[test]
    fn names_of_later_times_sort_behind_as_text(
        seconds in 1_000_000_000_u32..2_000_000_000, micros in 0_u32..1_000_000, digits in 0_u32..7,
        steps in prop::collection::vec(-1e-3..1e-3_f64, 1..20),
    ) {
        let unit = 10_u32.pow(6 - digits);
        let start = f64::from(seconds) + f64::from(micros / unit * unit) / 1e6;
        let time = |seconds| Timestamp::new(seconds).unwrap();
        let name = |time: Timestamp| format!("{}_", time.python_repr());
        let (mut latest, mut clock) = (time(start), start);
        for step in steps {
            clock += step;
            let next = time(clock).after_in_names(latest);
            prop_assert!(next > latest && name(next) > name(latest), "{next:?} after {latest:?}");
            prop_assert!(next.seconds() - latest.seconds().max(clock) < 1.1);
            let is_good = clock > latest.seconds() && name(time(clock)) > name(latest);
            prop_assert!(!is_good || next == time(clock));
            latest = next;
        }
    }
}

#[test]
fn a_clock_that_stands_still_costs_microseconds() {
    let clock = Timestamp::new(1_790_000_000.0).unwrap();
    let last = (0..1_000).fold(clock, |latest, _| clock.after_in_names(latest));
    assert!(last.seconds() - clock.seconds() < 0.2, "{}", last.python_repr());
    for extreme in [f64::MAX, f64::MIN, 1e16, -1.0, 0.0, 1e-9] {
        let previous = Timestamp::new(extreme).unwrap();
        assert!(clock.after_in_names(previous) > previous || extreme == f64::MAX, "{extreme}");
    }
}
