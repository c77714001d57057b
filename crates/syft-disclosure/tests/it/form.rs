//! The form in which findings are kept: others read it.

use syft_core::{DatasetName, DatasitePath};
use syft_disclosure::{Checked, Finding, FindingKind, Place, ReadLimits, Rules, Severity};

use crate::corpus::{File, check};

#[test]
fn a_finding_has_these_names_in_json() {
    let finding = Finding {
        file: DatasitePath::parse("table.csv").unwrap(),
        kind: FindingKind::NearRowCopy,
        severity: Severity::Finding,
        place: Some(Place { row: 3, column: Some(1) }),
        dataset: Some(DatasetName::parse("patients").unwrap()),
        detail: "what was seen".to_owned(),
    };
    let json = serde_json::json!({
        "file": "table.csv", "kind": "near_row_copy", "severity": "finding",
        "place": {"row": 3, "column": 1}, "dataset": "patients", "detail": "what was seen",
    });
    assert_eq!(serde_json::to_value(&finding).unwrap(), json);
    assert_eq!(serde_json::from_value::<Finding>(json).unwrap(), finding);
    let note = Finding {
        kind: FindingKind::UnroundedCount,
        severity: FindingKind::UnroundedCount.severity(),
        place: None,
        dataset: None,
        ..finding
    };
    let json = serde_json::to_value(&note).unwrap();
    assert_eq!(json["severity"], "note");
    assert!(json.get("place").is_none() && json.get("dataset").is_none());
}

#[test]
fn rules_may_say_only_what_differs() {
    let rules: Rules = serde_json::from_str(r#"{"k": 10, "limits": {"cells": 7}}"#).unwrap();
    let limits = ReadLimits { cells: 7, ..ReadLimits::default() };
    assert_eq!(rules, Rules { k: 10, limits, ..Rules::default() });
    assert!(serde_json::from_str::<Rules>(r#"{"K": 10}"#).is_err());
}

#[test]
fn a_place_is_the_row_and_column_as_a_person_counts() {
    let told = |path: &str, text: &str| {
        let Checked { findings, .. } = check(&File::new(path, text), &[]);
        let found = findings.into_iter().find(|found| found.kind == FindingKind::SmallCount);
        found.unwrap().place.map(|place| (place.row, place.column))
    };
    assert_eq!(told("a.csv", "region,n\nnorth,20\nsouth,3\neast,2\n"), Some((2, Some(2))));
    assert_eq!(told("a.txt", "Result\n\npatients: 3\n"), Some((3, None)));
    assert_eq!(told("a.json", r#"[{"region": "north", "n": 3}]"#), Some((1, Some(2))));
}

#[test]
fn what_is_told_says_what_was_seen_why_it_matters_and_what_to_do() {
    for leak in crate::corpus::leaks::all() {
        for found in check(&leak.file, &leak.earlier).findings {
            assert!(found.detail.contains(". ") && found.detail.ends_with('.'), "{}", found.detail);
            let advice = ["elease without", "Round", "Merge", "avoids that"];
            assert!(advice.iter().any(|word| found.detail.contains(word)), "{}", found.detail);
        }
    }
}
