use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Seconds since the epoch, as the Python peer counts them: a finite double.
///
/// For display and for names; order comes from sequence numbers.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Timestamp(f64);

impl Timestamp {
    /// Start of 1970.
    pub const EPOCH: Timestamp = Timestamp(0.0);

    /// A point in time.
    ///
    /// # Errors
    /// [`Error::Invalid`] for NaN and the infinities.
    pub fn new(seconds: f64) -> Result<Self> {
        if seconds.is_finite() {
            Ok(Timestamp(seconds))
        } else {
            Err(Error::invalid(
                "timestamp",
                &seconds.to_string(),
                "it must be a finite number of seconds",
            ))
        }
    }

    /// Seconds since the epoch.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0
    }

    /// Reads what [`python_repr`](Self::python_repr) writes, and every other
    /// decimal spelling of a finite double.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        text.parse().ok().and_then(|seconds| Timestamp::new(seconds).ok()).ok_or_else(|| {
            Error::invalid("timestamp", text, "it must be a finite number of seconds")
        })
    }

    /// The spelling in file names, Python's `repr(float)`: `1773480413.5`,
    /// `1773480413.0`, `1e+16` (`protocol.md` b.2).
    #[must_use]
    pub fn python_repr(self) -> String {
        crate::codec::python_repr(self.0)
    }

    /// This time, or if it is not later than `previous` the next double after
    /// that: times of one writer strictly increase even when the clock goes back.
    /// After the last double there is none, and the answer is that one again.
    #[must_use]
    pub fn after(self, previous: Timestamp) -> Timestamp {
        if self.0 > previous.0 { self } else { Timestamp(previous.0.next_up().min(f64::MAX)) }
    }

    /// This time, or if names with it would not sort behind those with `previous`, one
    /// shortly after that whose names do. A Python client lists a channel by name and
    /// stops at the first one that it knows (`protocol.md` a.3): as text `…0.51_` comes
    /// before `…0.5_`, and would never be seen.
    #[must_use]
    pub fn after_in_names(self, previous: Timestamp) -> Timestamp {
        let name = |time: Timestamp| format!("{}_", time.python_repr());
        let before = name(previous);
        let is_behind = |time: &Timestamp| *time > previous && name(*time) > before;
        if is_behind(&self) {
            return self;
        }
        // Whole microseconds are spelled with the same number of digits each.
        let steps = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
        let behind = steps.map(|step| ((previous.0 * 1e6 / step).floor() + 1.0) * step + 1.0);
        let behind = behind.into_iter().filter_map(|micros| Timestamp::new(micros / 1e6).ok());
        behind.into_iter().find(is_behind).unwrap_or_else(|| self.after(previous))
    }

    /// Reads what [`to_rfc3339`](Self::to_rfc3339) writes for the years 0 to 9999,
    /// and every other RFC 3339 time with an offset.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn from_rfc3339(text: &str) -> Result<Self> {
        let time: jiff::Timestamp = text
            .parse()
            .map_err(|_| Error::invalid("timestamp", text, "it must be an RFC 3339 time"))?;
        Timestamp::new(time.as_duration().as_secs_f64())
    }

    /// Reads an ISO 8601 time with or without an offset, in UTC without, as the
    /// Python peer does (`protocol.md` f.4).
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn from_iso8601(text: &str) -> Result<Self> {
        Timestamp::from_rfc3339(text).or_else(|error| {
            let local = text.parse::<jiff::civil::DateTime>().map_err(|_| error)?;
            let duration = local.duration_since(jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0));
            Timestamp::new(duration.as_secs_f64())
        })
    }

    /// To the microsecond, as the Python peer writes it:
    /// `2026-11-21T10:20:30.123456Z`.
    #[must_use]
    pub fn to_rfc3339_micros(self) -> String {
        // A double outside i64 saturates, and jiff refuses it.
        #[expect(clippy::cast_possible_truncation, reason = "saturating, and checked by jiff")]
        let micros = (self.0 * 1e6).round() as i64;
        match jiff::Timestamp::from_microsecond(micros) {
            Ok(time) if micros % 1_000_000 != 0 => {
                time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
            }
            _ => self.to_rfc3339(),
        }
    }

    /// For people and for YAML: `2026-11-21T10:20:30Z`, to the second; a time
    /// outside the years 0 to 9999 is written as its number of seconds.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        // A double outside i64 saturates, and jiff refuses it.
        #[expect(clippy::cast_possible_truncation, reason = "saturating, and checked by jiff")]
        let whole = self.0.floor() as i64;
        match jiff::Timestamp::from_second(whole) {
            Ok(time) if time.strftime("%Y").to_string().len() == 4 => {
                time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
            }
            _ => self.0.to_string(),
        }
    }
}

/// Equal means the same bits: a name holds a spelling, and 0.0 and -0.0 have two.
impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timestamp {}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl TryFrom<f64> for Timestamp {
    type Error = Error;
    fn try_from(seconds: f64) -> Result<Self> {
        Timestamp::new(seconds)
    }
}

impl From<Timestamp> for f64 {
    fn from(time: Timestamp) -> f64 {
        time.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}
