//! What is printed of all stories: steps and pairings, and in each cell the calls.

use std::fmt::Write;

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// It went as it is to go, in so many calls.
    Good(usize),
    /// It did not, which is told elsewhere.
    Bad,
    /// It did not, as is known.
    Gap,
    /// It was not reached.
    Unreached,
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Cell::Good(calls) => calls.to_string(),
            Cell::Bad => "FAILS".to_owned(),
            Cell::Gap => "gap".to_owned(),
            Cell::Unreached => "-".to_owned(),
        }
    }
}

/// A line for each step, a column for each pairing.
pub(super) fn render(steps: &[&str], columns: &[(String, Vec<Cell>)]) -> String {
    let first = steps.iter().map(|step| step.chars().count()).max().unwrap_or(0);
    let mut table = format!("{:first$}", "");
    for (name, _) in columns {
        let _ = write!(table, "  {name}");
    }
    for (place, step) in steps.iter().enumerate() {
        let _ = write!(table, "\n{step:first$}");
        for (name, cells) in columns {
            let text = cells.get(place).unwrap_or(&Cell::Unreached).text();
            let _ = write!(table, "  {text:>width$}", width = name.chars().count());
        }
    }
    let _ = write!(table, "\n{:first$}", "all");
    for (name, cells) in columns {
        let calls: usize =
            cells.iter().map(|cell| if let Cell::Good(calls) = cell { *calls } else { 0 }).sum();
        let _ = write!(table, "  {calls:>width$}", width = name.chars().count());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{Cell, render};

    #[test]
    fn each_column_is_as_wide_as_its_name() {
        let columns = [
            ("python".to_owned(), vec![Cell::Good(20), Cell::Bad]),
            ("native-open".to_owned(), vec![Cell::Good(5)]),
        ];
        let expected = [
            "         python  native-open",
            "logs in      20            5",
            "asks      FAILS            -",
            "all          20            5",
        ];
        assert_eq!(render(&["logs in", "asks"], &columns), expected.join("\n"));
    }
}
