//! Files of somebody who wants the check to stop, to run out of memory, or to look away.

use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use syft_core::DatasitePath;
use syft_core::testing::{Damage, damaged};
use syft_disclosure::{Checked, Checker, FindingKind, Output, ReadLimits, Rules, Table};

use crate::corpus::sheet::{FORMS, Sheet};
use crate::corpus::{File, check, check_with, leaks, people, pictures};

const ENDINGS: &[&str] = &[
    "csv", "tsv", "json", "jsonl", "parquet", "txt", "md", "png", "jpg", "gif", "webp", "zip", "",
];

/// Whatever the file is, the answer is about this file and repeats itself.
fn holds(file: &File) -> Result<(), TestCaseError> {
    let checked = check(file, &[]);
    prop_assert_eq!(&checked, &check(file, &[]));
    for found in &checked.findings {
        prop_assert_eq!(found.file.as_str(), file.path.as_str());
        prop_assert!(found.detail.len() < 400, "{}", found.detail);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_under_any_name_are_answered(
        ending: Index, bytes in vec(any::<u8>(), 0..600), start in 0usize..8,
    ) {
        let starts: [&[u8]; 8] = [
            b"", b"PAR1", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\x20\0\0\0WEBP",
            b"[{\"a\":", b"a,b\n1,",
        ];
        let bytes = [starts[start], bytes.as_slice()].concat();
        let path = format!("result.{}", ending.get(ENDINGS));
        holds(&File::new(path.trim_end_matches('.'), bytes))?;
    }

    #[test]
    fn a_damaged_table_is_answered(form: Index, damages in vec(any::<Damage>(), 1..6)) {
        let sheet = people::sheet();
        let sheet = Sheet { rows: sheet.rows[..7].to_vec(), ..sheet };
        let (ending, write) = form.get(FORMS);
        holds(&File::new(&format!("result.{ending}"), damaged(&write(&sheet), &damages)))?;
    }

    #[test]
    fn a_damaged_picture_is_answered(jpeg: bool, damages in vec(any::<Damage>(), 1..6)) {
        let (path, bytes) = match jpeg {
            true => ("plot.jpg", pictures::jpeg(&[(0xe2, b"ICC")])),
            false => ("plot.png", pictures::png(64, 64, &[(b"pHYs", &[0; 9])])),
        };
        holds(&File::new(path, damaged(&bytes, &damages)))?;
    }

    #[test]
    fn damaged_private_data_are_a_table_or_a_reason(
        form: Index, damages in vec(any::<Damage>(), 1..6),
    ) {
        let (ending, write) = form.get(FORMS);
        let path = DatasitePath::parse(&format!("data.{ending}")).unwrap();
        let bytes = damaged(&write(&people::sheet()), &damages);
        match Table::read(&path, &bytes, &ReadLimits::default()) {
            Ok(tables) => {
                let private = syft_disclosure::Private { tables, ..people::private() };
                let file = File::new("result.csv", "region,n\nnorth,20\n");
                check_with(&Checker::default(), &[private], &[], &file);
            }
            Err(why) => prop_assert!(why.to_string().len() < 200),
        }
    }
}

fn kinds(checker: &Checker, file: &File) -> Vec<FindingKind> {
    let checked = check_with(checker, &[people::private()], &[], file);
    checked.findings.into_iter().map(|found| found.kind).collect()
}

fn small() -> Checker {
    let limits = ReadLimits { bytes: 50_000, cells: 3_000, columns: 50, ..ReadLimits::default() };
    Checker::new(Rules { limits, ..Rules::default() })
}

#[test]
fn what_is_beyond_a_limit_is_told_and_not_looked_at() {
    let many = |text: &str, times: usize| text.repeat(times);
    let wide = format!("{}\n{}\n", many("a,", 60), many("1,", 60));
    let files = [
        File::new("large.csv", many("north,20,1.5\n", 4_000)),
        File::new("long.csv", many("1,2\n", 6_000)),
        File::new("wide.csv", wide),
        File::new("long.json", format!("[{}0]", many("0,", 10_000))),
        File::new("deep.json", many("[", 5_000)),
        File::new("deep2.json", format!("{}1{}", many("{\"a\":", 500), many("}", 500))),
        File::new("long.jsonl", many("{\"a\":1}\n", 4_000)),
        File::new("long.txt", many("a\n", 10_000)),
        File::new("twice.json", r#"{"name": "Brunhild", "name": "x"}"#),
        File::new("cut.json", r#"{"name": "#),
        File::new("cut.parquet", b"PAR1\0\0\0\0PAR1"),
        File::new("cut.png", &pictures::png(64, 64, &[])[..40]),
    ];
    for file in &files {
        assert_eq!(kinds(&small(), file), [FindingKind::Unreadable], "{}", file.path);
    }
}

#[test]
fn what_a_file_says_beside_its_columns_is_looked_at_under_any_key() {
    let name = format!("{{\"creator\": \"{}\"}}", "Brunhild Aalberg");
    for key in ["pandas", "ARROW:schema", "author"] {
        // Short Arrow schemas are what programs write.
        let value = if key == "ARROW:schema" { name.repeat(600) } else { name.clone() };
        let note = KeyValue::new(key.to_owned(), value);
        let settings = WriterProperties::builder().set_key_value_metadata(Some(vec![note])).build();
        let sheet = Sheet::new(&["mean"], [["44.25"]]);
        let file = File::new("mean.parquet", sheet.parquet_as(settings));
        assert_eq!(kinds(&Checker::default(), &file), [FindingKind::PrivateValue], "{key}");
    }
}

#[test]
fn an_output_that_is_too_long_to_compare_is_told() {
    let limits = ReadLimits { comparisons: 500, ..ReadLimits::default() };
    let checker = Checker::new(Rules { limits, ..Rules::default() });
    let file = File::new("all.csv", people::sheet().marked(","));
    let of = |checked: &Checked| checked.findings.iter().map(|it| it.kind).collect::<Vec<_>>();
    let checked = check_with(&checker, &[people::private()], &[], &file);
    assert!(of(&checked).contains(&FindingKind::NotCompared), "{checked:?}");
    // Another file that is long takes nothing away from a short one.
    let limits = ReadLimits { comparisons: 20_000, ..ReadLimits::default() };
    let checker = Checker::new(Rules { limits, ..Rules::default() });
    let copy = people::sheet().marked(",");
    let copy: Vec<&str> = copy.split_inclusive('\n').take(3).collect();
    let short = File::new("short.csv", copy.concat());
    let paths = [&file, &short].map(|file| DatasitePath::parse(&file.path).unwrap());
    let outputs = [
        Output { path: &paths[0], bytes: &file.bytes },
        Output { path: &paths[1], bytes: &short.bytes },
    ];
    let checked = checker.check(&[people::private()], &[], &outputs);
    let short = checked.findings.iter().filter(|found| found.file == paths[1]);
    let short: Vec<FindingKind> = short.map(|found| found.kind).collect();
    assert!(short.contains(&FindingKind::RowCopy), "{checked:?}");
    assert!(!short.contains(&FindingKind::NotCompared), "{checked:?}");
    // What could not be read at all holds each file, and what was in part is told.
    let unread = syft_disclosure::Private { whole: false, tables: Vec::new(), ..people::private() };
    let checked = check_with(&Checker::default(), &[unread], &[], &File::new("n.txt", "60"));
    assert_eq!(of(&checked), [FindingKind::NotCompared], "{checked:?}");
    let partly = syft_disclosure::Private { whole: false, ..people::private() };
    let checked = check_with(&Checker::default(), &[partly], &[], &File::new("n.txt", "60"));
    assert_eq!(checked.not_compared.len(), 1, "{checked:?}");
}

#[test]
fn a_leak_is_told_among_thousands_of_rows() {
    let mut sheet = Sheet::new(
        &["bin", "n", "mean"],
        (0..3_000).map(|at| {
            [
                format!("b{at}"),
                (5 + at % 90).to_string(),
                format!("{:.3}", 40.0 + f64::from(at) / 7.0),
            ]
        }),
    );
    let row = people::sheet().rows[5].clone();
    sheet.rows[2_000] = vec![row[0].clone(), row[4].clone(), row[6].clone()];
    for file in sheet.files("bins") {
        let told = kinds(&Checker::default(), &file);
        assert!(told.contains(&FindingKind::RowCopy), "{}: {told:?}", file.path);
    }
}

#[test]
fn nothing_private_is_in_what_is_told_of_a_leak() {
    let cells: Vec<String> = ["patient_id", "name", "cost", "note"]
        .iter()
        .flat_map(|name| people::column(name))
        .map(|cell| cell.to_lowercase())
        .collect();
    for leak in leaks::all() {
        let checked = check(&leak.file, &leak.earlier);
        for found in checked.findings {
            let told = found.detail.to_lowercase();
            assert!(!cells.iter().any(|cell| told.contains(cell.as_str())), "{found:?}");
        }
    }
}
