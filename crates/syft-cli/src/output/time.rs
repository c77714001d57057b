use syft_sync::core::Timestamp;

/// A time for programs.
pub(crate) fn iso(time: Timestamp) -> String {
    time.to_rfc3339()
}

/// How long ago a time is, for people: `just now`, `3 min ago`, `2 days ago`. A
/// time that lies ahead, by a clock that goes wrong, is shown as it is.
pub(crate) fn ago(now: Timestamp, then: Timestamp) -> String {
    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 60.0 * MINUTE;
    const DAY: f64 = 24.0 * HOUR;
    let seconds = now.seconds() - then.seconds();
    if !(-MINUTE..60.0 * DAY).contains(&seconds) {
        return iso(then);
    }
    let (unit, word) = match seconds {
        s if s < MINUTE => return "just now".to_owned(),
        s if s < HOUR => (MINUTE, "min"),
        s if s < DAY => (HOUR, "h"),
        _ => (DAY, "days"),
    };
    let number = (seconds / unit).floor();
    let word = if word == "days" && number < 2.0 { "day" } else { word };
    format!("{number} {word} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_tell_them() {
        let then = Timestamp::new(1_773_480_413.0).unwrap();
        let after = |seconds: f64| ago(Timestamp::new(then.seconds() + seconds).unwrap(), then);
        assert_eq!(after(5.0), "just now");
        assert_eq!(after(61.0), "1 min ago");
        assert_eq!(after(7_300.0), "2 h ago");
        assert_eq!(after(100_000.0), "1 day ago");
        assert_eq!(after(250_000.0), "2 days ago");
        assert_eq!(after(1e8), "2026-03-14T09:26:53Z");
        assert_eq!(after(-3_600.0), "2026-03-14T09:26:53Z");
    }
}
