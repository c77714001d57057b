use super::USER_TEMPLATE;

/// The characters of a `[...]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set {
    negated: bool,
    /// Inclusive ranges.
    ranges: Vec<(char, char)>,
}

impl Set {
    /// A set of ranges, or of everything but these; an empty range is nothing.
    pub(crate) fn new(negated: bool, ranges: Vec<(char, char)>) -> Self {
        Set { negated, ranges }
    }

    pub(crate) fn contains(&self, c: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != self.negated
    }

    /// Reads a set from the text behind its `[`, and what follows its `]`.
    /// `None` if it is never closed: then the `[` stands for itself.
    pub(super) fn parse(text: &str) -> Result<Option<(Set, &str)>, &'static str> {
        let mut reader = Reader { rest: text, ranges: Vec::new() };
        let negated = text.starts_with(['!', '^']);
        if negated {
            reader.skip(1);
        }
        let Some(closed) = reader.members()? else {
            return Ok(None);
        };
        let inside = text.get(..text.len() - closed.len()).unwrap_or(text);
        if inside.contains(USER_TEMPLATE) {
            return Err("{{.UserEmail}} inside brackets has no safe meaning");
        }
        Ok(Some((Set::new(negated, reader.ranges), closed)))
    }
}

struct Reader<'t> {
    rest: &'t str,
    ranges: Vec<(char, char)>,
}

impl<'t> Reader<'t> {
    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or("");
    }

    /// Reads up to the `]` and returns what follows it; `None` if there is none.
    fn members(&mut self) -> Result<Option<&'t str>, &'static str> {
        let mut first = true;
        loop {
            if !first && let Some(after) = self.rest.strip_prefix(']') {
                return Ok(Some(after));
            }
            // Behind a class or a range a hyphen is a member, and may begin a range.
            if let Some(ranges) = self.class() {
                self.ranges.extend_from_slice(ranges);
            } else {
                let Some(low) = self.character() else {
                    return Ok(None);
                };
                let high = self.end_of_range()?;
                self.ranges.push((low, high.unwrap_or(low)));
            }
            first = false;
        }
    }

    /// One character, or the one behind a backslash.
    fn character(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let mut c = characters.next()?;
        if c == '\\' {
            c = characters.next()?;
        }
        self.rest = characters.as_str();
        Some(c)
    }

    /// The end of a range whose begin was just read, if a range follows.
    fn end_of_range(&mut self) -> Result<Option<char>, &'static str> {
        let Some(after) = self.rest.strip_prefix('-') else {
            return Ok(None);
        };
        if after.is_empty() || after.starts_with(']') {
            return Ok(None);
        }
        let mut behind = Reader { rest: after, ranges: Vec::new() };
        if behind.class().is_some() {
            return Err("a range cannot end in a character class");
        }
        let Some(high) = behind.character() else {
            return Ok(None);
        };
        self.rest = behind.rest;
        Ok(Some(high))
    }

    fn class(&mut self) -> Option<&'static [(char, char)]> {
        let (name, after) = self.rest.strip_prefix("[:")?.split_once(":]")?;
        let ranges = class(name)?;
        self.rest = after;
        Some(ranges)
    }
}

/// The classes of POSIX, of ASCII characters alone.
fn class(name: &str) -> Option<&'static [(char, char)]> {
    Some(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\x7f')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}
