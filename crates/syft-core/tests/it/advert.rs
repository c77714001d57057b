//! Version adverts against what the Python peer writes, accepts and compares
//! (`fixtures/README.md`).

use crate::support::{fixture, json_fixture};
use proptest::prelude::*;
use serde_json::{Value, json};
use syft_core::{Advert, COMPAT_VERSION, Timestamp, Version, VersionStatus};

fn read(text: &str) -> Result<Advert, String> {
    Advert::from_json(text.as_bytes()).map_err(|reject| reject.to_string())
}

/// An advert with this behind its required keys.
fn with(rest: &str) -> String {
    format!(
        r#"{{"syft_client_version":"0.10.0","min_supported_syft_client_version":"0.10.0",
        "protocol_version":"1.0.0","min_supported_protocol_version":"1.0.0"{rest}}}"#
    )
}

#[test]
fn what_python_wrote_is_read_and_written_byte_for_byte() {
    let python = fixture("version/SYFT_version.json");
    let advert = Advert::from_json(&python).unwrap();
    assert_eq!(String::from_utf8(advert.to_json().unwrap()), String::from_utf8(python));
    assert_eq!(advert, Advert::of(COMPAT_VERSION, advert.updated_at.unwrap()));
}

#[test]
fn versions_compare_as_python_compares_them() {
    let cases = json_fixture("version/compat.json");
    let cases = cases["compare"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let status = VersionStatus::between(case["own"].as_str().unwrap(), case["peer"].as_str());
        match case["status"].as_str().unwrap() {
            "error:ValueError" => assert!(status.is_err(), "{case}"),
            expected => assert_eq!(status.unwrap().as_str(), expected, "{case}"),
        }
    }
}

/// A time without an offset is read as one in UTC: it is only shown.
#[test]
fn adverts_are_read_as_python_reads_them() {
    let cases = json_fixture("version/compat.json");
    let cases = cases["parse"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let (name, input) = (case["name"].as_str().unwrap(), case["input_json"].as_str().unwrap());
        let read = read(input);
        assert_eq!(read.is_ok(), case["ok"].as_bool().unwrap(), "{name}: {read:?}");
        let Ok(advert) = read else { continue };
        let mut expected = case["normalized"].clone();
        match name {
            // The reader's own clock stands for the writer's in the vector.
            "no_updated_at" => drop(expected.as_object_mut().unwrap().remove("updated_at")),
            "naive_updated_at" => expected["updated_at"] = json!("2026-03-14T09:26:53Z"),
            _ => {}
        }
        let written: Value = serde_json::from_slice(&advert.to_json().unwrap()).unwrap();
        assert_eq!(written, expected, "{name}");
    }
}

#[test]
fn a_time_is_read_in_each_spelling_that_a_clock_has() {
    let at = 1_773_480_413.5;
    for (spelling, expected) in [
        ("1773480413.5", at),
        ("1773480413500", at),
        (r#""2026-03-14T09:26:53.5Z""#, at),
        (r#""2026-03-14T11:26:53.5+02:00""#, at),
        (r#""2026-03-14 09:26:53.500000""#, at),
        ("-1.5", -1.5),
    ] {
        let advert = read(&with(&format!(r#","updated_at":{spelling}"#))).unwrap();
        assert_eq!(advert.updated_at, Some(Timestamp::new(expected).unwrap()), "{spelling}");
    }
    for bad in ["null", "true", "[]", r#""yesterday""#, r#""""#, "1e400"] {
        let read = read(&with(&format!(r#","updated_at":{bad}"#)));
        assert!(read.is_err(), "{bad}: {read:?}");
    }
}

#[test]
fn a_version_is_three_numbers_as_python_reads_numbers() {
    let version = |major, minor, patch| Version { major, minor, patch };
    for (text, expected) in [
        ("0.10.0", version(0, 10, 0)),
        ("1_0.2.3", version(10, 2, 3)),
        ("+1.-2. 3 ", version(1, -2, 3)),
        ("0.10.0\n", version(0, 10, 0)),
        ("0.10.0.dev1", version(0, 10, 0)),
    ] {
        assert_eq!(Version::parse(text).unwrap(), expected, "{text:?}");
    }
    let beyond = format!("{}.1.2", "9".repeat(30));
    for text in ["", "1.2", "1.2.", "a.2.3", "1._2.3", "1.2_.3", "1.+-2.3", "１.2.3", &beyond] {
        assert!(Version::parse(text).is_err(), "{text:?}");
    }
}

/// `threats.md` F7: the reason is short, however long the advert.
#[test]
fn f7_an_advert_that_cannot_be_read_is_refused_with_a_short_reason() {
    let long = "x".repeat(40_000);
    for bad in [
        String::new(),
        "null".to_owned(),
        "{ not json".to_owned(),
        "{}".to_owned(),
        with("").replace("\"0.10.0\"", "10"),
        with(r#","updated_at":"2026-03-14T09:26:53Z","updated_at":1"#),
        with(&format!(r#","updated_at":"{long}""#)),
        with(&format!(r#","syft_client_install_source":["{long}"]"#)),
        with(&format!(r#","zzz":"{long}{long}""#)),
        "[".repeat(10_000),
    ] {
        let reason = read(&bad).unwrap_err();
        assert!(reason.len() < 600, "{reason}");
    }
    assert!(
        VersionStatus::between(COMPAT_VERSION, Some(&long)).unwrap_err().to_string().len() < 600
    );
}

/// What a Python installation advertises that came from the package index. The other
/// ways to install it, which the table lists too, are none of a node's.
#[test]
fn a_node_is_installed_as_the_python_client_is_from_the_index() {
    let table: serde_json::Value =
        serde_json::from_str(include_str!("../fixtures/version/install_source.json")).unwrap();
    let advert = Advert::of(COMPAT_VERSION, Timestamp::EPOCH);
    assert_eq!(advert.install_source.as_deref(), table["detected_for_pypi_install"].as_str());
}

proptest! {
    #[test]
    fn whatever_was_written_is_read_back(
        version in ".*", source in proptest::option::of(".*"), token in proptest::option::of(".*"),
        micros in 0_u32..u32::MAX,
    ) {
        let at = Timestamp::new(1_700_000_000.0 + f64::from(micros) / 1e6).unwrap();
        let advert = Advert {
            version, install_source: source, attestation_token: token,
            ..Advert::of(COMPAT_VERSION, at)
        };
        let again = Advert::from_json(&advert.to_json().unwrap()).unwrap();
        let again_at = again.updated_at;
        prop_assert!((again_at.unwrap().seconds() - at.seconds()).abs() < 1e-6);
        prop_assert_eq!(again, Advert { updated_at: again_at, ..advert });
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".*", version in ".*") {
        let _ = Advert::from_json(text.as_bytes());
        let _ = VersionStatus::between(COMPAT_VERSION, Some(&version));
    }
}
