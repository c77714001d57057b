//! How a Python peer spells a double: `repr` in file names, pydantic in JSON.

/// Python's `repr(float)`: fixed from 1e-4, exponents of two digits at least.
pub(crate) fn python_repr(value: f64) -> String {
    spell(value, -4, 2)
}

/// As pydantic writes JSON: fixed from 1e-5, small exponents unpadded.
pub(crate) fn pydantic(value: f64) -> String {
    spell(value, -5, 1)
}

/// The shortest digits that read back as `value`, which must be finite: of two as near
/// the even ones, which the standard library does not promise.
fn spell(value: f64, smallest_fixed: i32, exponent_digits: usize) -> String {
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(value);
    let (minus, shortest) = shortest.strip_prefix('-').map_or(("", shortest), |rest| ("-", rest));
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let zeros = all.len() - digits.len();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Of the first digit.
    let power = exponent + count(whole) - count(all.get(..zeros).unwrap_or_default()) - 1;
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return format!("{minus}0.0");
    }
    if (smallest_fixed..16).contains(&power) {
        return format!("{minus}{}", fixed(digits, power));
    }
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if power < 0 { '-' } else { '+' };
    let exponent = power.unsigned_abs();
    format!("{minus}{first}{point}{rest}e{sign}{exponent:0exponent_digits$}")
}

/// `digits`, the first of which stands for so many powers of ten, without an exponent.
fn fixed(digits: &str, power: i32) -> String {
    let Ok(before) = usize::try_from(power + 1) else {
        let zeros = usize::try_from(-power - 1).unwrap_or_default();
        return format!("0.{}{digits}", "0".repeat(zeros));
    };
    match digits.split_at_checked(before) {
        Some(("", rest)) => format!("0.{rest}"),
        Some((whole, "")) => format!("{whole}.0"),
        Some((whole, rest)) => format!("{whole}.{rest}"),
        None => format!("{digits}{}.0", "0".repeat(before - digits.len())),
    }
}

fn count(digits: &str) -> i32 {
    i32::try_from(digits.len()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What Python 3.11 and pydantic write for them: each lies halfway between two
    /// spellings of its length.
    #[test]
    fn of_two_spellings_that_are_as_near_the_even_one_is_taken() {
        for (value, spelled) in [
            (1_361_647_972.0 + 2_000.0 / 4_096.0, "1361647972.4882812"),
            (-1_361_944_950_221_564.0 - 0.25, "-1361944950221564.2"),
            (0.000_030_517_578_125, "3.0517578125e-05"),
        ] {
            assert_eq!(python_repr(value), spelled);
        }
        assert_eq!(pydantic(1_361_647_972.0 + 2_000.0 / 4_096.0), "1361647972.4882812");
    }

    proptest! {
        #[test]
        fn a_spelling_is_read_as_the_same_double(bits in any::<u64>(), near in any::<bool>()) {
            // Any double, or one of those whose spelling needs no exponent.
            let value = if near { (bits as i64) as f64 / 4096.0 } else { f64::from_bits(bits) };
            prop_assume!(value.is_finite());
            for spelled in [python_repr(value), pydantic(value)] {
                prop_assert_eq!(spelled.parse::<f64>().unwrap().to_bits(), value.to_bits());
                // As short as the standard library's.
                let digits = |text: &str| -> String {
                    let mantissa = text.split('e').next().unwrap_or_default();
                    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
                    digits.trim_matches('0').to_owned()
                };
                prop_assert_eq!(digits(&spelled).len(), digits(&format!("{value:e}")).len());
            }
        }
    }
}
