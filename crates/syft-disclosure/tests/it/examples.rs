//! The answers of the examples, on data in their spirit: small tables with at least five
//! people in a cell. They are few enough that chance would show.

use syft_disclosure::{Checker, FindingKind, Severity};

use crate::corpus::sheet::Sheet;
use crate::corpus::{File, check_with, people};

const NAMES: &[&str] = &[
    "Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "John", "Kathleen", "Ken",
    "Radia", "Tony",
];

fn told(real: &Sheet, mock: &Sheet, file: &File) -> Vec<FindingKind> {
    let private = people::private_of("example", real, mock);
    let checked = check_with(&Checker::default(), &[private], &[], file);
    let loud = checked.findings.iter().filter(|found| found.severity == Severity::Finding);
    loud.map(|found| found.kind).collect()
}

fn innocent(real: &Sheet, mock: &Sheet, answers: &[Sheet], texts: &[(&str, &str)]) {
    let files = answers.iter().flat_map(|sheet| sheet.files("output"));
    for file in files.chain(texts.iter().map(|(path, text)| File::new(path, *text))) {
        assert_eq!(told(real, mock, &file), [], "{}", file.path);
    }
}

fn region(at: usize) -> &'static str {
    if at.is_multiple_of(2) { "north" } else { "south" }
}

#[test]
fn customers_are_counted_by_region() {
    let rows = NAMES.iter().enumerate().map(|(at, name)| [region(at), *name]);
    let real = Sheet::new(&["region", "name"], rows);
    let mock = Sheet::new(&["region", "name"], [["north", "Mock One"], ["south", "Mock Two"]]);
    let answers = [
        Sheet::new(&["region", "customers"], [["north", "6"], ["south", "6"]]),
        Sheet::new(&["count"], [["12"]]),
    ];
    let texts = [
        ("count.txt", "12\n"),
        ("total.txt", "Total customers across all owners: 32\n"),
        ("by_region.json", r#"{"north": 6, "south": 6}"#),
        ("counts.txt", "      6 north\n      6 south\n"),
    ];
    innocent(&real, &mock, &answers, &texts);
    let small = Sheet::new(&["region", "customers"], [["north", "10"], ["south", "2"]]);
    for file in small.files("output") {
        assert_eq!(told(&real, &mock, &file), [FindingKind::SmallCount], "{}", file.path);
    }
    for counted in ["     10 north\n      2 south\n", "      2 south\n     10 north\n"] {
        let file = File::new("counts.txt", counted);
        assert_eq!(told(&real, &mock, &file), [FindingKind::SmallCount], "{counted}");
    }
}

#[test]
fn what_customers_spent_is_summed_up() {
    let spent = ["120", "80", "60", "95", "110", "70", "85", "105", "90", "130", "75", "100"];
    let rows = spent
        .iter()
        .enumerate()
        .map(|(at, spent)| [(4711 + at).to_string(), region(at).to_owned(), (*spent).to_owned()]);
    let real = Sheet::new(&["id", "region", "spent"], rows);
    let header = ["customer_id", "region", "spent"];
    let mock = Sheet::new(&header, [["1", "north", "10"], ["2", "south", "20"]]);
    let answers = [
        Sheet::new(&["region", "spent"], [["north", "540"], ["south", "580"]]),
        Sheet::new(&["region", "mean_spent"], [["north", "90.0"], ["south", "96.67"]]),
        Sheet::new(&["region", "spent", "n"], [["north", "90.0", "6"], ["south", "96.67", "6"]]),
    ];
    innocent(
        &real,
        &mock,
        &answers,
        &[("total.txt", "1120\n"), ("mean.txt", "93.33333333333333\n")],
    );
}

#[test]
fn the_people_of_all_cities_are_added_up() {
    let people = ["530000", "610000", "480000", "720000", "390000", "655000"];
    let rows =
        people.iter().enumerate().map(|(at, people)| [format!("City{at}"), (*people).into()]);
    let real = Sheet::new(&["city", "people"], rows);
    let mock = Sheet::new(&["city", "people"], [["Sample", "100"]]);
    innocent(&real, &mock, &[], &[("people.txt", "3385000\n"), ("mean.txt", "564166.67\n")]);

    let rows = [["Berlin", "3700000"], ["Potsdam", "190000"]];
    let dominated = Sheet::new(&["city", "people"], rows);
    let file = File::new("people.txt", "3890000\n");
    assert_eq!(told(&dominated, &mock, &file), [FindingKind::Dominance]);
}

#[test]
fn patients_are_counted_and_their_ages_averaged() {
    let ages = ["52", "34", "71", "48", "63", "29"];
    let rows = ages.iter().enumerate().map(|(at, age)| [(at + 1).to_string(), (*age).to_owned()]);
    let real = Sheet::new(&["patient", "age"], rows);
    let mock = Sheet::new(&["patient", "age"], [["1", "1"], ["2", "2"]]);
    let texts = [("mean_age.txt", "49.5\n"), ("patients.txt", "6\n"), ("log.txt", "read 6 rows\n")];
    innocent(&real, &mock, &[], &texts);

    let copy = Sheet::new(&["patient", "age"], [["3", "71"]]);
    for file in copy.files("row") {
        let kinds = told(&real, &mock, &file);
        assert!(kinds.contains(&FindingKind::RowCopy), "{}: {kinds:?}", file.path);
    }
}
