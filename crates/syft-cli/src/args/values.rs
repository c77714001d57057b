//! Values that are made of several.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use syft_sync::core::{DatasetName, Email};
use syft_sync::job::Status;
use syft_sync::job::sandbox::{IsolationLevel, Limits};
use syft_sync::{GOOGLE_DRIVE, NO_STORE, one_form};

/// A dataset as it is typed: `OWNER/NAME`, or `NAME` for one of mine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatasetRef {
    pub(crate) owner: Option<Email>,
    pub(crate) name: DatasetName,
}

impl FromStr for DatasetRef {
    type Err = syft_sync::core::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (owner, name) = match text.split_once('/') {
            Some((owner, name)) => (Some(Email::parse(owner)?), name),
            None => (None, text),
        };
        Ok(DatasetRef { owner, name: DatasetName::existing(name)? })
    }
}

impl fmt::Display for DatasetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.owner {
            Some(owner) => write!(f, "{owner}/{}", self.name),
            None => self.name.fmt(f),
        }
    }
}

/// Somebody to share with: an address, or the word `any`.
pub(super) fn recipient(word: &str) -> Result<String, String> {
    use syft_sync::dataset::Audience;
    if word == Audience::ANY || Email::parse(word).is_ok() {
        return Ok(word.to_owned());
    }
    Err("it is neither an address nor the word any".to_owned())
}

/// The address of a store, as it is kept.
pub(super) fn address(typed: &str) -> Result<String, Infallible> {
    Ok(one_form(typed))
}

/// The address of a store of datasets alone, or the word `none`.
pub(super) fn data_address(typed: &str) -> Result<String, String> {
    match one_form(typed).as_str() {
        "none" => Ok(NO_STORE.to_owned()),
        GOOGLE_DRIVE => Err("Google Drive is no store for datasets alone".to_owned()),
        url => Ok(url.to_owned()),
    }
}

/// A state of a job, also by the Python peer's word.
pub(super) fn status(word: &str) -> Result<Status, String> {
    Status::from_word(word).ok_or_else(|| {
        let words: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
        format!("the states are {}", words.join(", "))
    })
}

/// A level that a job may be run at although it is weak.
pub(super) fn level(word: &str) -> Result<IsolationLevel, String> {
    match word.parse() {
        Ok(level @ (IsolationLevel::L0 | IsolationLevel::L1)) => Ok(level),
        _ => Err("it is L1 or L0".to_owned()),
    }
}

/// How long a job may run: a whole number of seconds, from one to 30 days.
pub(crate) fn seconds(word: &str) -> Result<Duration, String> {
    let longest = Limits::LONGEST_WALL.as_secs();
    match word.parse() {
        Ok(seconds @ 1..) if seconds <= longest => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("it is a whole number of seconds, from 1 to {longest} (30 days)")),
    }
}

/// Time by the clock, as [`duration`]: from a second to 30 days.
pub(super) fn wall(word: &str) -> Result<Duration, String> {
    let span = duration(word)?;
    if (Duration::from_secs(1)..=Limits::LONGEST_WALL).contains(&span) {
        return Ok(span);
    }
    Err("it is from 1s to 30d".to_owned())
}

/// Processor time in seconds, as [`duration`]: from a second to a thousand years.
pub(super) fn processor_seconds(word: &str) -> Result<u64, String> {
    const LONGEST: u64 = 1_000 * 365 * 24 * 60 * 60;
    match duration(word)?.as_secs() {
        seconds @ 1..=LONGEST => Ok(seconds),
        _ => Err("it is from 1s to 365000d".to_owned()),
    }
}

/// A number of bytes as it is typed: `512MiB`, `2GiB`, `500MB`, or bytes alone; from
/// one to [`Size::MOST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl Size {
    /// 1 PiB.
    const MOST: u64 = 1 << 50;
    const UNITS: [(&str, u64); 9] = [
        ("TiB", 1 << 40),
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("KB", 1_000),
        ("B", 1),
    ];
}

impl FromStr for Size {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
        let (number, unit) = word.split_at(end);
        let unit = match unit {
            "" => Some(1),
            unit => Size::UNITS
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(unit))
                .map(|(_, bytes)| *bytes),
        };
        let number: Option<u64> = number.parse().ok();
        match number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit)) {
            Some(bytes @ 1..=Size::MOST) => Ok(Size(bytes)),
            Some(_) => Err("it is from 1 byte to 1024TiB".to_owned()),
            None => Err("write it as 512MiB, 2GiB, 500MB, or as a number of bytes".to_owned()),
        }
    }
}

/// In the largest unit of 1,024 that is exact.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = Size::UNITS.iter().take(4).find(|(_, bytes)| self.0.is_multiple_of(*bytes));
        match exact {
            Some((unit, bytes)) => write!(f, "{}{unit}", self.0 / bytes),
            None => write!(f, "{}", self.0),
        }
    }
}

/// A time span: `90s`, `30m`, `8h`, `2d`, or a number of seconds.
pub(super) fn duration(word: &str) -> Result<Duration, String> {
    let (digits, unit) = match word.char_indices().last() {
        Some((end, 's')) => (word.get(..end), 1),
        Some((end, 'm')) => (word.get(..end), 60),
        Some((end, 'h')) => (word.get(..end), 60 * 60),
        Some((end, 'd')) => (word.get(..end), 24 * 60 * 60),
        _ => (Some(word), 1),
    };
    let number: Option<u64> = digits.and_then(|digits| digits.parse().ok());
    let span = number.and_then(|number| number.checked_mul(unit)).map(Duration::from_secs);
    span.ok_or_else(|| "write it as 90s, 30m, 8h or 2d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_are_read() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("30m"), Ok(Duration::from_secs(1_800)));
        assert_eq!(duration("2d"), Ok(Duration::from_secs(172_800)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        for bad in ["", "h", "1.5h", "-1s", "99999999999999999999d", "1ü"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_job_runs_from_a_second_to_thirty_days() {
        assert_eq!(seconds("1"), Ok(Duration::from_secs(1)));
        assert_eq!(seconds("2592000"), Ok(Limits::LONGEST_WALL));
        for bad in ["0", "2592001", "18446744073709551615", "-1", "1.5", ""] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_are_read_and_written() {
        let read = |word: &str| word.parse().map(|Size(bytes)| bytes);
        assert_eq!(read("1"), Ok(1));
        assert_eq!(read("512MiB"), Ok(512 << 20));
        assert_eq!(read("500MB"), Ok(500_000_000));
        assert_eq!(read("2gib"), Ok(2 << 30));
        assert_eq!(read("7KB"), Ok(7_000));
        assert_eq!(read("1024TiB"), Ok(1 << 50));
        for bad in
            ["", "0", "MiB", "1.5GiB", "-1", "1025TiB", "99999999999999999999", "2 GiB", "3x"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
        for word in ["512MiB", "1025KiB", "8GiB", "500000001", "1TiB"] {
            assert_eq!(word.parse::<Size>().unwrap().to_string(), word);
        }
    }

    #[test]
    fn only_weak_levels_are_allowed_once() {
        assert_eq!(level("L0"), Ok(IsolationLevel::L0));
        assert!(level("L2").is_err());
    }
}
