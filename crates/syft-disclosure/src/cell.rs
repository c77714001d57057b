//! A cell, made comparable: case, blanks, quotes and ways to write a number do not matter.

use std::hash::{DefaultHasher, Hash, Hasher};

use unicode_normalization::UnicodeNormalization;

/// What stands for "no value" in tables of all kinds.
const BLANK: &[&str] = &["", "nan", "null", "none", "na", "n/a", "nat", "-", "<na>", "*", "."];

/// Longer numbers are identifiers, and a float would confuse them.
const MOST_DIGITS: usize = 15;

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Cell {
    /// Of the normal form; 0 for an empty cell.
    pub(crate) hash: u64,
    pub(crate) number: Option<Number>,
    pub(crate) letters: u16,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number {
    pub(crate) value: f64,
    /// Digits behind the point, as printed.
    pub(crate) decimals: i16,
    /// Zeros at the end of a whole number, as printed.
    zeros: i16,
    /// Digits that are not zeros at either end.
    pub(crate) significant: u16,
}

impl Cell {
    pub(crate) fn of(text: &str) -> Self {
        let text = folded(text);
        if BLANK.contains(&text.as_str()) {
            return Cell::default();
        }
        if let Some(number) = Number::of(&text) {
            return Cell { hash: hash_of(&number.canonical()), number: Some(number), letters: 0 };
        }
        let letters = text.chars().filter(|c| c.is_alphabetic()).take(u16::MAX.into()).count();
        let hash = hash_of(without_midnight(&text));
        Cell { hash, number: None, letters: u16::try_from(letters).unwrap_or(u16::MAX) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hash == 0
    }
}

impl Number {
    pub(crate) fn of(text: &str) -> Option<Number> {
        let plain = without_thousands(text).or_else(|| with_point(text));
        let text = plain.as_deref().unwrap_or(text);
        if !text.bytes().all(|b| b.is_ascii_digit() || b"+-.e".contains(&b)) {
            return None;
        }
        let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let exponent: i16 = exponent.parse().ok()?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: String =
            whole.chars().chain(fraction.chars()).filter(char::is_ascii_digit).collect();
        let significant = digits.trim_start_matches('0').trim_end_matches('0').len();
        if fraction.is_empty() && digits.len() > MOST_DIGITS {
            return None;
        }
        let zeros = match value == 0.0 || !fraction.is_empty() {
            true => 0,
            false => whole.len() - whole.trim_end_matches('0').len(),
        };
        Some(Number {
            value: if value == 0.0 { 0.0 } else { value },
            decimals: i16::try_from(fraction.len()).ok()?.checked_sub(exponent)?,
            zeros: i16::try_from(zeros).ok()?,
            significant: u16::try_from(significant).ok()?,
        })
    }

    /// The same text for the same number, however it was printed.
    pub(crate) fn canonical(&self) -> String {
        format!("{}", self.value)
    }

    /// How far the number that was printed may be from the one that was meant.
    pub(crate) fn tolerance(&self) -> f64 {
        half_a_unit(-self.decimals).max(self.value.abs() * 1e-9)
    }

    /// The same, if zeros at the end come from rounding as well.
    pub(crate) fn rounding(&self) -> f64 {
        match self.zeros > 0 && self.significant >= 2 {
            true => half_a_unit(self.zeros).max(self.tolerance()),
            false => self.tolerance(),
        }
    }

    /// A whole number that can be a count.
    pub(crate) fn count(&self) -> Option<u64> {
        let whole = self.value >= 0.0 && self.value.fract() == 0.0 && self.value < 1e15;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, not negative and small"
        )]
        whole.then_some(self.value as u64)
    }
}

/// A number of rows or cells, for a share.
#[expect(clippy::cast_precision_loss, reason = "a share is no exact number")]
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}

fn half_a_unit(exponent: i16) -> f64 {
    // A little more, for numbers that no float holds exactly.
    0.500_001 * 10f64.powi(exponent.into())
}

/// The form of a text in which two that a person would take for the same are equal.
pub(crate) fn folded(text: &str) -> String {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkc().flat_map(char::to_lowercase).collect()
}

/// Never 0, which stands for an empty cell.
pub(crate) fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish().max(1)
}

/// A day as a moment is still that day.
fn without_midnight(text: &str) -> &str {
    let head = text.trim_end_matches('z').trim_end_matches("+00:00");
    let head = head.split_once('.').map_or(head, |(before, fraction)| {
        if fraction.bytes().all(|b| b == b'0') { before } else { head }
    });
    head.strip_suffix("t00:00:00").or_else(|| head.strip_suffix(" 00:00:00")).unwrap_or(text)
}

/// `1,234,567.8` as `1234567.8`.
fn without_thousands(text: &str) -> Option<String> {
    let mut groups = text.split('.').next()?.split(',');
    let first = groups.next()?.trim_start_matches(['-', '+']);
    let mut rest = groups.peekable();
    rest.peek()?;
    let is_group = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let fits = (1..=3).contains(&first.len()) && is_group(first);
    (fits && rest.all(|group| group.len() == 3 && is_group(group))).then(|| text.replace(',', ""))
}

/// `38,5` as `38.5`: half of the world writes it so.
fn with_point(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once(',')?;
    (!whole.is_empty() && !fraction.contains([',', '.'])).then(|| format!("{whole}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::{Cell, Number};

    #[test]
    fn a_number_is_the_same_however_it_is_printed() {
        for same in ["1234.5", "1,234.50", " 1.2345e3", "\"1234.500\"", "1234,5"] {
            assert_eq!(Cell::of(same).hash, Cell::of("1234.5").hash, "{same}");
        }
        assert!(Cell::of("NaN").is_empty() && Cell::of(" ").is_empty());
        assert_eq!(Cell::of("-0.0").hash, Cell::of("0").hash);
        for text in ["inf", "1,2,3", "e", ",", "1.2.3", "1234567890123456", "+", "1e99999"] {
            assert_eq!(Number::of(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_is_the_same_in_any_case_and_a_day_at_midnight() {
        assert_eq!(Cell::of("ADA Lovelace ").hash, Cell::of("ada lovelace").hash);
        assert_eq!(Cell::of("2024-03-01T00:00:00.000Z").hash, Cell::of("2024-03-01").hash);
    }

    #[test]
    fn zeros_at_the_end_may_come_from_rounding() {
        let number = Number::of("1200").unwrap();
        assert!((40.0..60.0).contains(&number.rounding()) && number.tolerance() < 1.0);
        assert!(Number::of("100").unwrap().rounding() < 1.0);
        assert!((0.004..0.006).contains(&Number::of("45.25").unwrap().rounding()));
    }
}
