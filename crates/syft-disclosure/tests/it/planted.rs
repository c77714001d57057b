//! Each planted leak is told, and told as what it is.

use std::collections::BTreeMap;

use syft_disclosure::{Checker, FindingKind, Severity};

use crate::corpus::sheet::Sheet;
use crate::corpus::{check, check_with, leaks, people};

const KINDS: &[FindingKind] = &[
    FindingKind::SmallCount,
    FindingKind::RowCopy,
    FindingKind::NearRowCopy,
    FindingKind::RowLike,
    FindingKind::ManyValues,
    FindingKind::Dominance,
    FindingKind::PrivateValue,
    FindingKind::OddType,
    FindingKind::Image,
    FindingKind::Difference,
];

#[test]
fn planted_leaks_of_ten_kinds_are_all_told() {
    let mut missed = Vec::new();
    let mut told: BTreeMap<FindingKind, usize> = BTreeMap::new();
    for leak in leaks::all() {
        let checked = check(&leak.file, &leak.earlier);
        let kinds: Vec<FindingKind> = checked.findings.iter().map(|found| found.kind).collect();
        if kinds.contains(&leak.kind) {
            *told.entry(leak.kind).or_default() += 1;
        } else {
            missed.push((leak.kind, leak.file.path, kinds));
        }
    }
    let lines: Vec<String> = missed.iter().map(|missed| format!("\n{missed:?}")).collect();
    assert!(lines.is_empty(), "{} missed: {}", lines.len(), lines.concat());
    *told.entry(FindingKind::Dominance).or_default() += dominated();
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), {
        let mut kinds = KINDS.to_vec();
        kinds.sort();
        kinds
    });
}

/// A total of which one has nearly all, and one of a group of two.
fn dominated() -> usize {
    let mut rows: Vec<[String; 3]> = (0..12)
        .map(|at| {
            [
                format!("C{at:02}x"),
                ["west", "middle"][at % 2].to_owned(),
                (100 + at * 3).to_string(),
            ]
        })
        .collect();
    rows[4][2] = "99000".to_owned();
    rows.push(["C98x".to_owned(), "far".to_owned(), "417".to_owned()]);
    rows.push(["C99x".to_owned(), "far".to_owned(), "388".to_owned()]);
    let real = Sheet::new(&["customer", "region", "spent"], rows);
    let mock =
        Sheet::new(&["customer", "region", "spent"], [["M1", "west", "1"], ["M2", "far", "2"]]);
    let total: u64 = real.rows.iter().map(|row| row[2].parse::<u64>().unwrap()).sum();
    let private = people::private_of("customers", &real, &mock);
    let sheets = [
        Sheet::new(&["total_spent"], [[total.to_string()]]),
        Sheet::new(&["region", "sum"], [["far".to_owned(), "805".to_owned()]]),
        Sheet::new(&["region", "mean"], [["far".to_owned(), "402.5".to_owned()]]),
    ];
    let files = sheets.iter().flat_map(|sheet| sheet.files("sums")).chain([
        crate::corpus::File::new("sum.txt", format!("The customers spent {total} in all.\n")),
        crate::corpus::File::new("sum.json", format!("{{\"spent\": {{\"all\": {total}}}}}")),
    ]);
    let mut told = 0;
    for file in files {
        let checked = check_with(&Checker::default(), std::slice::from_ref(&private), &[], &file);
        let found = checked.findings.iter().find(|found| found.kind == FindingKind::Dominance);
        let found = found.unwrap_or_else(|| panic!("{}: {checked:?}", file.path));
        assert_eq!(found.severity, Severity::Finding);
        assert_eq!(found.dataset.as_ref(), Some(&private.name));
        told += 1;
    }
    told
}

#[test]
fn a_difference_says_since_which_release() {
    let leak = leaks::all().into_iter().find(|leak| leak.kind == FindingKind::Difference).unwrap();
    let checked = check(&leak.file, &leak.earlier);
    let found = checked.findings.iter().find(|found| found.kind == FindingKind::Difference);
    assert!(found.unwrap().detail.contains("released before (count, run 1)"), "{found:?}");
    // The same again says nothing new, and more than a few people are no difference of theirs.
    for south in ["20", "30"] {
        let text = format!("region,count\nnorth,20\nsouth,{south}\neast,20\n");
        let checked = check(&crate::corpus::File::new("again.csv", text), &leak.earlier);
        assert_eq!(checked.findings, [], "{south}");
    }
}
