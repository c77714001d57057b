//! What somebody hostile does to a document that was good.

/// One thing that is done: what, where (65,536 parts of the document), and how much.
/// Any three numbers mean something, so that a property test can draw them.
pub type Damage = (u8, u16, u8);

/// Longest result, in bytes: repeated repetitions must not fill a test's memory.
const LONGEST: usize = 256 * 1024;
/// Numbers that are too large, too long, or none.
const NUMBERS: [&str; 10] = [
    "-1",
    "1e999",
    "-0.0",
    "NaN",
    ".inf",
    "0x1f",
    "1e-400",
    "18446744073709551616",
    "1:20",
    "null",
];
/// What has a meaning to some reader of JSON, YAML, paths or terminals.
const TOKENS: [&str; 24] = [
    "null",
    "true",
    "[]",
    "{}",
    "\"",
    "'",
    "\\u0000",
    "\\ud800",
    "\0",
    "\u{202e}",
    "\u{feff}",
    "\r",
    "\n",
    "\n---\n",
    "&a ",
    "*a",
    "!!x ",
    "<<: ",
    "%YAML 1.1\n",
    "../",
    "/",
    ", ",
    ": ",
    "}]",
];
/// What can be put inside itself.
const NESTS: [&str; 6] = ["[", "{\"a\":", "{a: ", "- ", "? ", "("];

/// The document after all of it, one after the other.
#[must_use]
pub fn damaged(document: &[u8], damages: &[Damage]) -> Vec<u8> {
    damages.iter().fold(document.to_vec(), |bytes, damage| {
        let mut bytes = once(bytes, *damage);
        bytes.truncate(LONGEST);
        bytes
    })
}

fn once(bytes: Vec<u8>, (kind, place, amount): Damage) -> Vec<u8> {
    let at = bytes.len() * usize::from(place) / 65_536;
    let many = usize::from(amount);
    let (before, after) = bytes.split_at(at);
    let (slice, rest) = after.split_at(many.min(after.len()));
    match kind % 12 {
        0 => [before, &[amount], after.get(1..).unwrap_or_default()].concat(),
        1 => [before, &[amount], after].concat(),
        2 => before.to_vec(),
        3 => [before, rest].concat(),
        4 => [before, slice, slice, rest].concat(),
        5 => [slice, before, rest].concat(),
        6 => [before, &slice.repeat(200), rest].concat(),
        7 => [before, &pick(&NESTS, many).repeat(8 * many).into_bytes(), after].concat(),
        8 => instead_of_a_number(before, after, pick(&NUMBERS, many).as_bytes()),
        9 => instead_of_a_number(before, after, &b"9".repeat(16 * many)),
        10 => [before, &pick(&TOKENS, many).repeat(many).into_bytes(), after].concat(),
        _ => [before, pick(&TOKENS, many).as_bytes(), after].concat(),
    }
}

fn pick<'a>(from: &[&'a str], number: usize) -> &'a str {
    from.get(number % from.len()).copied().unwrap_or_default()
}

/// Replaces the first digits behind a place.
fn instead_of_a_number(before: &[u8], after: &[u8], number: &[u8]) -> Vec<u8> {
    let start = after.iter().position(u8::is_ascii_digit).unwrap_or(after.len());
    let (between, after) = after.split_at(start);
    let end = after.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(after.len());
    [before, between, number, after.get(end..).unwrap_or_default()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_does_something_and_none_breaks_at_the_ends() {
        let document = b"{\"a\": 12, \"b\": [3]}".as_slice();
        for kind in 0..12 {
            assert_ne!(damaged(document, &[(kind, 20_000, 7)]), document, "{kind}");
            for place in [0, u16::MAX] {
                for amount in [0, u8::MAX] {
                    let twice = [(kind, place, amount); 2];
                    assert!(damaged(document, &twice).len() <= LONGEST, "{kind}");
                    assert!(damaged(&[], &twice).len() <= LONGEST, "{kind}");
                }
            }
        }
        assert_eq!(damaged(document, &[(8, 0, 1)]), b"{\"a\": 1e999, \"b\": [3]}");
    }
}
