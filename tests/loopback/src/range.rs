//! Parts of a body.

use std::ops::Range;

/// The bytes that `Range` asks for, none of them if they are not there. What is
/// no range of one piece is passed over, as HTTP has it.
#[must_use]
pub fn read_range(text: &str, whole: usize) -> Option<Range<usize>> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let length: usize = last.parse().ok()?;
        return Some(whole.saturating_sub(length)..whole);
    }
    let first: usize = first.parse().ok()?;
    let end = match last {
        "" => whole,
        last => last.parse::<usize>().ok().filter(|last| *last >= first)?.saturating_add(1),
    };
    Some(first.min(whole)..end.min(whole))
}

#[cfg(test)]
mod tests {
    use super::read_range;

    #[test]
    fn ranges_end_with_the_file() {
        for (text, expected) in [
            ("bytes=0-3", Some(0..4)),
            ("bytes=0-99", Some(0..10)),
            ("bytes=8-", Some(8..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-99", Some(0..10)),
            ("bytes=10-", Some(10..10)),
            ("bytes=99-100", Some(10..10)),
            ("bytes=3-1", None),
            ("bytes=0-1,3-4", None),
            ("chunks=0-1", None),
            ("bytes=0-18446744073709551615", Some(0..10)),
        ] {
            assert_eq!(read_range(text, 10), expected, "{text}");
        }
    }
}
