/// A scalar as YAML 1.1 types it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Text(String),
    Number(String),
    Date,
}

impl Scalar {
    /// What an unquoted scalar stands for: `yes` is a truth value, `1:20` and
    /// `1_000` are numbers, `0o17` and `1e3` are text.
    pub(crate) fn from_plain(text: &str) -> Scalar {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
            "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
                Scalar::Bool(true)
            }
            "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
                Scalar::Bool(false)
            }
            _ if is_integer(text) || is_float(text) => Scalar::Number(text.to_owned()),
            _ if is_date(text) => Scalar::Date,
            _ => Scalar::Text(text.to_owned()),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Scalar::Null => "nothing",
            Scalar::Bool(_) => "a truth value",
            Scalar::Text(_) => "text",
            Scalar::Number(_) => "a number",
            Scalar::Date => "a date",
        }
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

/// Not empty, and every byte is one of those.
fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(allowed)
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn digits_or_lines(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

fn is_integer(text: &str) -> bool {
    let text = unsigned(text);
    if let Some(binary) = text.strip_prefix("0b") {
        return all(binary, |b| matches!(b, b'0' | b'1' | b'_'));
    }
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return all(hexadecimal, |b| b.is_ascii_hexdigit() || b == b'_');
    }
    if let Some(octal) = text.strip_prefix('0') {
        return octal.bytes().all(|b| matches!(b, b'0'..=b'7' | b'_'));
    }
    match text.split_once(':') {
        None => starts_with_digit(text) && all(text, digits_or_lines),
        Some((head, tail)) => {
            starts_with_digit(head)
                && all(head, digits_or_lines)
                && tail.split(':').all(is_sixtieth)
        }
    }
}

/// One place of a number to the base 60: at most two digits, below 60.
fn is_sixtieth(text: &str) -> bool {
    text.len() <= 2 && all(text, |b| b.is_ascii_digit()) && text.parse::<u8>().is_ok_and(|n| n < 60)
}

fn is_float(text: &str) -> bool {
    let bare = unsigned(text);
    if matches!(bare, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let Some((whole, fraction)) = bare.split_once('.') else {
        return false;
    };
    if let Some((head, tail)) = whole.split_once(':') {
        return starts_with_digit(head)
            && all(head, digits_or_lines)
            && tail.split(':').all(is_sixtieth)
            && fraction.bytes().all(digits_or_lines);
    }
    let (digits, exponent) = match fraction.find(['e', 'E']) {
        Some(at) => (fraction.get(..at).unwrap_or(""), fraction.get(at + 1..)),
        None => (fraction, None),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        exponent.starts_with(['+', '-']) && all(unsigned(exponent), |b| b.is_ascii_digit())
    });
    let whole_fits = if whole.is_empty() {
        // Without a digit before the point there is no sign either.
        bare.len() == text.len() && starts_with_digit(digits)
    } else {
        starts_with_digit(whole) && all(whole, digits_or_lines)
    };
    exponent_fits && whole_fits && digits.bytes().all(digits_or_lines)
}

/// `2024-01-31`, or such a day with a time behind it.
fn is_date(text: &str) -> bool {
    let number = |text: Option<&str>, widths: std::ops::RangeInclusive<usize>| {
        text.is_some_and(|t| widths.contains(&t.len()) && all(t, |b| b.is_ascii_digit()))
    };
    let (day, time) = match text.find(['T', 't', ' ', '\t']) {
        Some(at) => (text.get(..at).unwrap_or(""), text.get(at + 1..)),
        None => (text, None),
    };
    let mut parts = day.split('-');
    let year = number(parts.next(), 4..=4);
    let month = number(parts.next(), 1..=2);
    let day_fits = number(parts.next(), 1..=2);
    // Whatever follows a day and a blank is taken for a time: too strict rather
    // than taking for text what another reader takes for a date.
    year && month
        && day_fits
        && parts.next().is_none()
        && (time.is_some_and(|t| t.trim_start().starts_with(|c: char| c.is_ascii_digit()))
            || time.is_none() && day.len() == 10)
}

#[cfg(test)]
mod tests {
    use super::Scalar;

    #[test]
    fn numbers_dates_and_truth_values_are_told_from_text() {
        for number in [
            "0",
            "12",
            "-7",
            "+1_000",
            "0b101",
            "0x1F",
            "017",
            "1:20",
            "190:20:30.15",
            "1.5",
            ".5",
            "1.",
            "6.8523015e+5",
            "-.inf",
            ".nan",
            "0_",
            "1_",
        ] {
            assert_eq!(Scalar::from_plain(number), Scalar::Number(number.into()), "{number}");
        }
        for text in [
            "1e5", "0o17", "08x", "3f2a", "1:99", "-.5", "1.5e3", "a.b", "2024-01", "y", "n", ".",
            "*.csv", "_1", "-", "+", "1.2.3", "12:", "0b2", "0x",
        ] {
            assert_eq!(Scalar::from_plain(text), Scalar::Text(text.into()), "{text}");
        }
        for date in ["2024-01-31", "2024-1-3 1:02:03", "2001-12-14t21:59:43.10-05:00"] {
            assert_eq!(Scalar::from_plain(date), Scalar::Date, "{date}");
        }
        assert_eq!(Scalar::from_plain("on"), Scalar::Bool(true));
    }
}
