use std::fmt;

use serde::{Deserialize, Serialize};
use syft_core::Timestamp;

/// A day of UTC, as `2027-06-01`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(String);

impl Date {
    /// Reads a day that there is.
    ///
    /// # Errors
    /// A sentence about how a day is written.
    pub fn parse(text: &str) -> Result<Date, String> {
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        match shape && Timestamp::from_rfc3339(&format!("{text}T00:00:00Z")).is_ok() {
            true => Ok(Date(text.to_owned())),
            false => Err("a day is written as 2027-06-01".to_owned()),
        }
    }

    /// The day that it is at this moment.
    #[must_use]
    pub fn of(at: Timestamp) -> Date {
        Date(at.to_rfc3339().chars().take(10).collect())
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Date {
    type Error = String;

    fn try_from(text: String) -> Result<Date, String> {
        Date::parse(&text)
    }
}

impl From<Date> for String {
    fn from(date: Date) -> String {
        date.0
    }
}
