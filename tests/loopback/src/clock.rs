//! Time as an emulator sees it, and as it is spelled.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Milliseconds since 1970.
pub type Millis = i64;

/// The system's time, moved forward, or a time that stands still.
#[derive(Debug, Default)]
pub struct Clock {
    stopped: Option<Millis>,
    ahead: Millis,
}

impl Clock {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Millis {
        let base = self.stopped.unwrap_or_else(|| from_system(SystemTime::now()));
        base.saturating_add(self.ahead)
    }

    /// From now on only [`Clock::advance`] moves the time.
    pub fn stop_at(&mut self, now: Millis) {
        *self = Clock { stopped: Some(now), ahead: 0 };
    }

    /// Moves the time forward.
    pub fn advance(&mut self, by: Duration) {
        self.ahead = self.ahead.saturating_add(millis(by));
    }
}

/// The longest that fits, if it does not.
#[must_use]
pub fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// A time of the system.
#[must_use]
pub fn from_system(time: SystemTime) -> Millis {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => millis(since),
        Err(before) => -millis(before.duration()),
    }
}

/// A time for the system.
#[must_use]
pub fn to_system(now: Millis) -> SystemTime {
    let distance = Duration::from_millis(now.unsigned_abs());
    let moved =
        if now < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    moved.unwrap_or(UNIX_EPOCH)
}

/// RFC 3339 in UTC with milliseconds.
#[must_use]
pub fn to_text(now: Millis) -> String {
    Timestamp::from_millisecond(now).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}

/// RFC 3339; without an offset it is UTC, without a time it is midnight.
#[must_use]
pub fn from_text(text: &str) -> Option<Millis> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Clock, from_text, to_text};

    #[test]
    fn times_are_spelled_with_milliseconds() {
        assert_eq!(to_text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(to_text(1_700_000_000_120), "2023-11-14T22:13:20.120Z");
    }

    #[test]
    fn the_zone_may_be_left_out() {
        for text in ["2023-11-14T22:13:20Z", "2023-11-14T22:13:20", "2023-11-15T00:13:20+02:00"] {
            assert_eq!(from_text(text), Some(1_700_000_000_000), "{text}");
        }
        assert_eq!(from_text("2023-11-14"), Some(1_699_920_000_000));
        assert_eq!(from_text("yesterday"), None);
    }

    #[test]
    fn a_stopped_clock_moves_only_when_it_is_moved() {
        let mut clock = Clock::default();
        clock.stop_at(5);
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.now(), 1005);
    }
}
