//! What holds for any private table: a copy of it is told whatever was done to it, and
//! nothing that is told has a cell of it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use syft_core::testing::{Damage, damaged};
use syft_disclosure::{Checked, Checker, FindingKind, Private};

use crate::corpus::sheet::{FORMS, Sheet};
use crate::corpus::{File, check_with, people};

/// Rows with a code of their own, a group, and three measures.
fn real() -> impl Strategy<Value = Sheet> {
    let row = (
        "[a-z]{3}[0-9]{4}[a-z]{2}",
        select(vec!["Qorth", "Qouth", "Qest"]),
        (10_000u32..99_999, 1_000u32..9_999, 100_000u32..999_999),
    );
    vec(row, 8..40).prop_map(|rows| {
        let rows = rows.into_iter().map(|(code, group, (a, b, c))| {
            vec![
                code,
                group.to_owned(),
                format!("{}.{:02}", a / 100, a % 100),
                format!("{}.{:03}", b / 1000, b % 1000),
                format!("{}.{:01}", c / 10, c % 10),
            ]
        });
        Sheet::new(&["code", "group", "weight", "dose", "cost"], rows)
    })
}

fn private(real: &Sheet) -> Private {
    let mock = [["mock", "Qorth", "1", "1", "1"], ["mock", "Qouth", "2", "2", "2"]];
    people::private_of(
        "measures",
        real,
        &Sheet::new(&["code", "group", "weight", "dose", "cost"], mock),
    )
}

/// The same rows with the columns in another order, under other names, in another case.
fn turned(real: &Sheet, rows: &[Index], order: &[usize], change: impl Fn(&str) -> String) -> Sheet {
    let rows = rows.iter().map(|row| {
        let row = row.get(&real.rows);
        order.iter().map(|at| change(&row[*at])).collect::<Vec<_>>()
    });
    let names: Vec<String> = order.iter().map(|at| format!("v{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Sheet::new(&names, rows)
}

fn recased(cell: &str) -> String {
    format!(" {} ", cell.to_uppercase())
}

/// Numbers with fewer digits, as somebody who rounds writes them.
fn rounded(cell: &str, decimals: usize) -> String {
    match cell.parse::<f64>() {
        Ok(number) => format!("{number:.decimals$}"),
        Err(_) => cell.to_owned(),
    }
}

fn check(private: &Private, file: &File) -> Checked {
    check_with(&Checker::default(), std::slice::from_ref(private), &[], file)
}

fn file(sheet: &Sheet, form: Index) -> File {
    let (ending, write) = form.get(FORMS);
    File::new(&format!("result.{ending}"), write(sheet))
}

fn has(checked: &Checked, kinds: &[FindingKind]) -> bool {
    checked.findings.iter().any(|found| kinds.contains(&found.kind))
}

proptest! {
    #[test]
    fn a_shuffled_reordered_and_recased_copy_is_told(
        real in real(),
        rows in vec(any::<Index>(), 1..12),
        order in Just(vec![0usize, 1, 2, 3, 4]).prop_shuffle(),
        columns in 3usize..=5,
        form: Index,
    ) {
        let copy = turned(&real, &rows, &order[..columns], recased);
        let checked = check(&private(&real), &file(&copy, form));
        prop_assert!(has(&checked, &[FindingKind::RowCopy]), "{copy:?} {checked:?}");
    }

    #[test]
    fn a_rounded_copy_is_told(
        real in real(),
        rows in vec(any::<Index>(), 1..12),
        order in Just(vec![1usize, 2, 3, 4]).prop_shuffle(),
        decimals in 0usize..=2,
        form: Index,
    ) {
        let copy = turned(&real, &rows, &order, |cell| rounded(cell, decimals));
        let checked = check(&private(&real), &file(&copy, form));
        let kinds = [FindingKind::RowCopy, FindingKind::NearRowCopy];
        prop_assert!(has(&checked, &kinds), "{copy:?} {checked:?}");
    }

    #[test]
    fn no_finding_has_a_cell_of_the_private_data(
        real in real(),
        rows in vec(any::<Index>(), 1..40),
        order in Just(vec![0usize, 1, 2, 3, 4]).prop_shuffle(),
        form: Index,
        damages in vec(any::<Damage>(), 0..3),
    ) {
        let copy = turned(&real, &rows, &order, str::to_owned);
        let mut file = file(&copy, form);
        file.bytes = damaged(&file.bytes, &damages);
        let told = serde_json::to_string(&check(&private(&real), &file)).unwrap();
        for cell in real.rows.iter().flatten() {
            prop_assert!(!told.contains(cell.as_str()), "{cell} in {told}");
        }
    }

    #[test]
    fn counts_that_are_not_small_are_let_through_in_every_form(
        counts in vec(5u32..5_000, 3),
        form: Index,
    ) {
        let real = people::sheet();
        let rows = people::REGIONS.iter().zip(&counts);
        let rows = rows.map(|(region, count)| [(*region).to_owned(), count.to_string()]);
        let file = file(&Sheet::new(&["region", "count"], rows), form);
        let checked = check(&people::private_of("p", &real, &real), &file);
        let loud = checked.findings.iter().filter(|found| found.kind != FindingKind::UnroundedCount);
        prop_assert_eq!(loud.count(), 0);
    }
}
