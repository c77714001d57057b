//! Sixty patients who do not exist, and their mock.

use syft_core::DatasetName;
use syft_disclosure::{Private, Table};

use super::sheet::Sheet;

const FIRST: &[&str] = &[
    "Abelard",
    "Brunhild",
    "Casimir",
    "Dorothea",
    "Eckbert",
    "Friedrun",
    "Gundolf",
    "Hedwiga",
    "Isidor",
    "Jolanthe",
    "Kunibert",
    "Liselund",
    "Mechthild",
    "Notburga",
    "Ottokar",
];
const LAST: &[&str] = &["Aalberg", "Brockmoor", "Czerwin", "Dunkelau"];
const NOTES: &[&str] = &[
    "came back after the summer with a cough",
    "asked for another appointment by telephone",
    "was seen by the night shift and sent home",
];

pub(crate) const HEADER: &[&str] =
    &["patient_id", "name", "region", "sex", "age", "diagnosis", "cost", "note"];

pub(crate) const REGIONS: &[&str] = &["north", "south", "east"];
pub(crate) const DIAGNOSES: &[&str] = &["asthma", "diabetes", "influenza", "migraine"];

pub(crate) fn sheet() -> Sheet {
    Sheet::new(HEADER, (0..60).map(person))
}

fn person(at: usize) -> Vec<String> {
    let first = FIRST[at % FIRST.len()];
    let last = LAST[at / FIRST.len()];
    vec![
        format!("P-{}", 10_007 + at * 37),
        format!("{first} {last}"),
        REGIONS[at % 3].to_owned(),
        if (at / 3).is_multiple_of(2) { "f" } else { "m" }.to_owned(),
        (21 + (at * 7) % 53).to_string(),
        DIAGNOSES[(at / 6) % 4].to_owned(),
        format!("{}.{:02}", 800 + (at * 7919) % 3000, (at * 31) % 97 + 1),
        format!("{first} of {last} {} in week {at}", NOTES[at % 3]),
    ]
}

pub(crate) fn private() -> Private {
    private_of("patients", &sheet(), &mock())
}

pub(crate) fn private_of(name: &str, real: &Sheet, mock: &Sheet) -> Private {
    Private {
        name: DatasetName::parse(name).unwrap(),
        tables: vec![table(real)],
        public: vec![table(mock)],
        whole: true,
    }
}

fn mock() -> Sheet {
    let rows = [
        [
            "P-00001",
            "Mock One",
            "north",
            "f",
            "30",
            "asthma",
            "1000.00",
            "an invented note of no one",
        ],
        [
            "P-00002",
            "Mock Two",
            "south",
            "m",
            "40",
            "diabetes",
            "2000.00",
            "another note of no one",
        ],
    ];
    Sheet::new(HEADER, rows)
}

pub(crate) fn table(sheet: &Sheet) -> Table {
    let mut table = Table::new(sheet.header.iter().map(String::as_str));
    for row in &sheet.rows {
        table.push(row);
    }
    table
}

/// The values of a column.
pub(crate) fn column(name: &str) -> Vec<String> {
    let sheet = sheet();
    let at = sheet.header.iter().position(|other| other == name).unwrap();
    sheet.rows.iter().map(|row| row[at].clone()).collect()
}

/// The rows with a value in a column.
pub(crate) fn rows_with(name: &str, value: &str) -> Vec<Vec<String>> {
    let sheet = sheet();
    let at = sheet.header.iter().position(|other| other == name).unwrap();
    sheet.rows.into_iter().filter(|row| row[at] == value).collect()
}
