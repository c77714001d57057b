//! From a text to its tokens.

/// One sign, word or text of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    /// What stood in quotes, without its escapes.
    Text(String),
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `(`, `)`, `{` or `}`.
    Sign(&'static str),
}

/// The longer ones first.
const SIGNS: &[&str] = &["!=", "<=", ">=", "=", "<", ">", "(", ")", "{", "}"];

/// The tokens, or none if there is something else or an open quote.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '\'' | '"' => quoted(rest, first)?,
            _ => sign(rest).or_else(|| word(rest))?,
        };
        found.push(token);
        rest = after.trim_start();
    }
    Some(found)
}

fn sign(text: &str) -> Option<(Token, &str)> {
    SIGNS.iter().find_map(|sign| Some((Token::Sign(sign), text.strip_prefix(sign)?)))
}

fn word(text: &str) -> Option<(Token, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    (!word.is_empty()).then(|| (Token::Word(word.to_owned()), rest))
}

fn quoted(text: &str, quote: char) -> Option<(Token, &str)> {
    let mut content = String::new();
    let mut signs = text.char_indices().skip(1);
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' => content.push(signs.next()?.1),
            end if end == quote => {
                return Some((Token::Text(content), text.get(at + 1..)?));
            }
            plain => content.push(plain),
        }
    }
    None
}
