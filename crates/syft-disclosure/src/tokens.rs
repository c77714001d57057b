//! The words of a text, and of neighbours among them: in these, a value of several
//! words is found whatever stands between the words.

use std::ops::Range;

use crate::cell::{folded, hash_of};

/// Longer values are found by any four words of theirs.
pub(crate) const MOST_WORDS: usize = 4;

/// Words that are not looked at any more in one cell or line.
const MOST_TOKENS: usize = 20_000;

/// The words, in lower case; a point between digits belongs to a number.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let text = folded(text);
    spans(&text).into_iter().filter_map(|at| text.get(at)).map(str::to_owned).collect()
}

/// Where the words stand in a text that is folded.
pub(crate) fn spans(text: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut start = None;
    let mut after_digit = false;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let inside =
            c == '.' && after_digit && rest.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        after_digit = c.is_ascii_digit();
        if c.is_alphanumeric() || inside && start.is_some() {
            start.get_or_insert(at);
        } else if let Some(start) = start.take() {
            all.push(start..at);
            if all.len() >= MOST_TOKENS {
                return all;
            }
        }
    }
    all.extend(start.map(|start| start..text.len()));
    all
}

/// A run of neighbouring words.
pub(crate) struct Gram {
    pub(crate) hash: u64,
    pub(crate) letters: usize,
    pub(crate) digits: usize,
}

impl Gram {
    fn of(words: &[String]) -> Self {
        let joined: String = match words {
            // A number may be printed with more zeros than it has.
            [one] => crate::cell::Number::of(one)
                .map_or_else(|| one.clone(), |number| number.canonical()),
            _ => words.concat(),
        };
        let letters = joined.chars().filter(|c| c.is_alphabetic()).count();
        let digits = joined.chars().filter(char::is_ascii_digit).collect::<String>();
        let digits = digits.trim_start_matches('0').trim_end_matches('0').len();
        Gram { hash: hash_of(&joined), letters, digits }
    }

    /// Whether it says enough to stand for one person.
    pub(crate) fn is_telling(&self) -> bool {
        let both = self.letters > 0 && self.digits >= 3;
        self.letters >= 4 || self.digits >= 6 || (both && self.letters + self.digits >= 5)
    }
}

/// All runs of one to four words.
pub(crate) fn grams(words: &[String]) -> impl Iterator<Item = Gram> {
    (1..=MOST_WORDS).flat_map(move |size| words.windows(size).map(Gram::of))
}

/// What a value is found by: itself, two words also the other way round, and if it is
/// long, any four words of it.
pub(crate) fn grams_of_value(words: &[String]) -> Vec<Gram> {
    match words {
        [] => Vec::new(),
        [first, second] => {
            vec![Gram::of(words), Gram::of(&[second.clone(), first.clone()])]
        }
        _ if words.len() <= MOST_WORDS => vec![Gram::of(words)],
        _ => words.windows(MOST_WORDS).take(64).map(Gram::of).collect(),
    }
}
