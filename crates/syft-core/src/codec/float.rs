//! How a Python peer spells a double: `repr` in file names, pydantic in JSON.

/// Python's `repr(float)`: fixed from 1e-4, exponents of two digits at least.
pub(crate) fn python_repr(value: f64) -> String {
    spell(value, -4, 2)
}

/// As pydantic writes JSON: fixed from 1e-5, small exponents unpadded.
pub(crate) fn pydantic(value: f64) -> String {
    spell(value, -5, 1)
}

/// The shortest digits that read back as `value`, which must be finite.
fn spell(value: f64, smallest_fixed: i32, exponent_digits: usize) -> String {
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if value == 0.0 || (smallest_fixed..16).contains(&power) {
        // Rust writes doubles in fixed notation with the same shortest digits,
        // but an integral one without `.0`.
        let fixed = value.to_string();
        return if fixed.contains('.') { fixed } else { format!("{fixed}.0") };
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:0exponent_digits$}", power.unsigned_abs())
}
