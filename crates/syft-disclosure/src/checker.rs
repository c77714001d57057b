use syft_core::{DatasetName, DatasitePath};

use crate::checks::difference::{self, Before};
use crate::checks::{View, counts, dominance, many, prose, row_like, rows, types, values};
use crate::finding::{Finding, FindingKind};
use crate::found::Found;
use crate::known::Known;
use crate::read::{self, Content};
use crate::rules::Rules;
use crate::table::Table;

/// Checks outputs against private data and earlier releases.
#[derive(Debug, Clone, Default)]
pub struct Checker {
    rules: Rules,
}

/// The private data of a dataset.
#[derive(Debug, Clone)]
pub struct Private {
    /// The dataset, as findings name it.
    pub name: DatasetName,
    /// What must not be disclosed.
    pub tables: Vec<Table>,
    /// The mock: values in it are known, and no leak.
    pub public: Vec<Table>,
    /// Whether `tables` is all of it; what is not read cannot be compared.
    pub whole: bool,
}

/// A file that a job made.
#[derive(Debug, Clone, Copy)]
pub struct Output<'a> {
    /// Its name, below the folder of the outputs.
    pub path: &'a DatasitePath,
    /// Its content.
    pub bytes: &'a [u8],
}

/// A table that was released before, made from the same dataset.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// Which release it was, for people: a job and its run. Findings say it.
    pub what: String,
    /// The file that it was in.
    pub path: DatasitePath,
    /// What it said.
    pub table: Table,
}

/// What was seen. That nothing was seen is no promise.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Checked {
    /// In the order of the outputs; for each file, kind and dataset one.
    pub findings: Vec<Finding>,
    /// What could not be compared with what, in sentences.
    pub not_compared: Vec<String>,
}

impl Checker {
    /// A checker with these rules.
    pub fn new(rules: Rules) -> Self {
        Checker { rules }
    }

    /// The rules that it applies.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Looks at each output by itself, at the private data, and at what was released.
    pub fn check(
        &self,
        private: &[Private],
        earlier: &[Earlier],
        outputs: &[Output<'_>],
    ) -> Checked {
        let known: Vec<Known<'_>> =
            private.iter().map(|private| Known::of(private, &self.rules)).collect();
        let before: Vec<Before<'_>> =
            earlier.iter().map(|earlier| Before::of(earlier, &known)).collect();
        let mut pass = Pass {
            rules: &self.rules,
            known: &known,
            before: &before,
            left: self.rules.limits.comparisons,
            checked: Checked::default(),
        };
        let partly = |private: &&Private| !private.whole && !private.tables.is_empty();
        for private in private.iter().filter(partly) {
            pass.checked.not_compared.push(format!(
                "not all of the dataset {} could be read, so outputs were not compared with all of it",
                private.name.as_str()
            ));
        }
        for (at, output) in outputs.iter().enumerate() {
            // What one takes of the comparisons is not missing to the others.
            let others = u64::try_from(outputs.len() - at - 1).unwrap_or(u64::MAX);
            let kept = pass.left - pass.left / others.saturating_add(1);
            pass.left -= kept;
            pass.look(output);
            pass.left += kept;
        }
        pass.checked
    }
}

struct Pass<'a> {
    rules: &'a Rules,
    known: &'a [Known<'a>],
    before: &'a [Before<'a>],
    left: u64,
    checked: Checked,
}

impl<'a> Pass<'a> {
    fn look(&mut self, output: &Output<'_>) {
        let mut found = Found::default();
        for known in self.known.iter().filter(|known| known.is_unread) {
            found.of(known.name).whole(FindingKind::NotCompared);
            let why = "nothing of the dataset could be read as a table to compare it with";
            found.explain(FindingKind::NotCompared, why);
        }
        values::check_name(output.path, self.known, &mut found);
        match read::read(output.path, output.bytes, &self.rules.limits) {
            Content::Odd(why) => found.because(FindingKind::OddType, why),
            Content::Unreadable(why) => found.because(FindingKind::Unreadable, why),
            Content::Image(picture) => types::picture(&picture, self.rules, &mut found),
            Content::Tables(tables) => {
                // A place in one of several tables would be none in the file.
                found.count_places(tables.len() == 1);
                for table in &tables {
                    let view = View::of(table, self.known);
                    values::check(&view, self.known, &mut found);
                    self.look_at_table(&view, &mut found);
                }
            }
            Content::Text { lines, tables } => {
                self.look_at_lines(&View::of(&lines, self.known), &mut found);
                found.count_places(false);
                for table in &tables {
                    self.look_at_table(&View::of(table, self.known), &mut found);
                }
            }
        }
        self.checked.findings.extend(found.findings(output.path, self.rules.k));
    }

    fn look_at_lines(&self, lines: &View<'_>, found: &mut Found<'a>) {
        values::check(lines, self.known, found);
        counts::check(lines, self.rules, found);
        prose::check(lines.table, self.known, self.rules, found);
        self.look_at_earlier(lines, found);
        for known in self.known {
            many::check(lines, known, self.rules, found);
        }
    }

    fn look_at_table(&mut self, view: &View<'_>, found: &mut Found<'a>) {
        counts::check(view, self.rules, found);
        many::check_texts(view, found);
        self.look_at_earlier(view, found);
        for known in self.known {
            dominance::check(view, known, found);
            row_like::check(view, known, self.rules, found);
            many::check(view, known, self.rules, found);
            if !rows::check(view, known, self.rules, &mut self.left, found) {
                found.of(known.name).whole(FindingKind::NotCompared);
            }
        }
    }

    fn look_at_earlier(&self, view: &View<'_>, found: &mut Found<'a>) {
        for before in self.before {
            difference::check(view, before, self.known, self.rules, found);
        }
    }
}
