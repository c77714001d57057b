//! What the submitter of a job that failed is told before its owner releases anything.

mod columns;
mod names;
mod trace;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use syft_core::{safe_text, shorten};

use crate::sandbox::{Exit, LimitHit, LimitKind};

/// Most characters of one field.
const MAX_CHARACTERS: usize = 80;
/// Most limits that are told; there are fewer.
const MAX_LIMITS: usize = 16;

/// How a run failed, without anything that could carry a value: each field is one of
/// what the submitter had before. The log that it is made from is text of the job,
/// which has read the data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorSummary {
    /// How it ended; absent if the box broke.
    #[serde(default)]
    pub exit: Option<Exit>,
    /// A class of Python that is known everywhere, or that a file of the job defines;
    /// [`ErrorSummary::OTHER_CLASS`] for any other.
    #[serde(default)]
    pub exception: Option<String>,
    /// The file of the job in which it happened.
    #[serde(default)]
    pub file: Option<String>,
    /// The line of that file.
    #[serde(default)]
    pub line: Option<u32>,
    /// The column that was missing, if a mock has it that the submitter may have.
    #[serde(default)]
    pub column: Option<String>,
    /// The limits that it reached.
    #[serde(default)]
    pub limits_hit: Vec<LimitKind>,
}

/// What a summary is made from.
#[derive(Debug, Clone, Copy)]
pub struct FailedRun<'a> {
    /// How it ended; `None` if the box broke.
    pub exit: Option<Exit>,
    /// The limits that it reached.
    pub limits_hit: &'a [LimitHit],
    /// What was kept of its standard error: bytes of the job's choice.
    pub stderr: &'a [u8],
    /// The files that ran, by path below the folder of the job.
    pub files: &'a BTreeMap<String, Vec<u8>>,
    /// The columns of the mocks of its datasets.
    pub columns: &'a BTreeSet<String>,
}

impl ErrorSummary {
    /// Stands for a class whose name the submitter may not have known.
    pub const OTHER_CLASS: &'static str = "an exception of another class";

    /// What may be told of this run.
    #[must_use]
    pub fn of(run: &FailedRun<'_>) -> Self {
        let end = trace::last_error(run);
        let kinds: BTreeSet<LimitKind> = run.limits_hit.iter().map(|hit| hit.limit).collect();
        let summary = ErrorSummary {
            exit: run.exit,
            exception: end.exception,
            file: end.place.map(|place| place.file.to_owned()),
            line: end.place.map(|place| place.line),
            column: end.column.map(str::to_owned),
            limits_hit: kinds.into_iter().collect(),
        };
        summary.made_safe()
    }

    /// The same as it may be shown, whoever wrote it.
    #[must_use]
    pub fn made_safe(mut self) -> Self {
        for text in [&mut self.exception, &mut self.file, &mut self.column].into_iter().flatten() {
            // The sign that it goes on is a character too.
            *text = shorten(&safe_text(text), MAX_CHARACTERS - 1);
        }
        self.limits_hit.truncate(MAX_LIMITS);
        self
    }

    /// The exit code; `None` if it was killed, or the box broke.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match self.exit {
            Some(Exit::Code(code)) => Some(code),
            _ => None,
        }
    }

    /// What there is to tell besides an exit code: "KeyError about column age, line 3 of
    /// main.py". Empty if there is nothing.
    #[must_use]
    pub fn details(&self) -> String {
        let mut parts = Vec::new();
        match self.exit {
            Some(Exit::Code(_)) => {}
            Some(exit) => parts.push(exit.to_string()),
            None => parts.push("its box broke".to_owned()),
        }
        match (&self.exception, &self.column) {
            (Some(exception), Some(column)) => {
                parts.push(format!("{exception} about column {column}"));
            }
            (Some(exception), None) => parts.push(exception.clone()),
            (None, _) => {}
        }
        match (&self.file, self.line) {
            (Some(file), Some(line)) => parts.push(format!("line {line} of {file}")),
            (Some(file), None) => parts.push(file.clone()),
            (None, _) => {}
        }
        let limits = self.limits_hit.iter();
        parts.extend(limits.map(|limit| format!("limit reached: {}", limit.as_str())));
        parts.join(", ")
    }

    /// Reads what another node wrote. One that this version does not understand tells
    /// nothing, and takes nothing else with it.
    pub(crate) fn from_elsewhere<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Self>, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let summary: Option<ErrorSummary> = serde_json::from_value(value).unwrap_or_default();
        Ok(summary.map(ErrorSummary::made_safe))
    }
}

impl fmt::Display for ErrorSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.exit.filter(|exit| matches!(exit, Exit::Code(_)));
        let code = code.map(|code| code.to_string());
        let details = Some(self.details()).filter(|details| !details.is_empty());
        let parts: Vec<String> = code.into_iter().chain(details).collect();
        f.write_str(&parts.join(", "))
    }
}
