use super::USER_TEMPLATE;
use super::set::Set;

/// A piece of a pattern, inside one component of a path or over a whole name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// This text.
    Text(String),
    /// The name of the asking user.
    User,
    /// One character.
    One,
    /// One character of a set.
    OneOf(Set),
    /// Any run of characters, also none.
    Run,
}

/// The tokens of a pattern without wildcards.
pub(super) fn literal(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (index, piece) in text.split(USER_TEMPLATE).enumerate() {
        if index > 0 {
            tokens.push(Token::User);
        }
        push_text(&mut tokens, piece);
    }
    tokens
}

/// The text that tokens without wildcards stand for when this user asks.
pub(super) fn filled(tokens: &[Token], user: &str) -> String {
    let pieces = tokens.iter().map(|token| match token {
        Token::Text(text) => text.as_str(),
        _ => user,
    });
    pieces.collect()
}

/// Adds literal text, joined with the one before.
pub(crate) fn push_text(tokens: &mut Vec<Token>, piece: &str) {
    if piece.is_empty() {
        return;
    }
    if let Some(Token::Text(text)) = tokens.last_mut() {
        text.push_str(piece);
    } else {
        tokens.push(Token::Text(piece.to_owned()));
    }
}

/// Adds a wildcard run; two in a row are one.
pub(crate) fn push_run(tokens: &mut Vec<Token>) {
    if tokens.last() != Some(&Token::Run) {
        tokens.push(Token::Run);
    }
}

/// Whether the tokens cover the whole text. Only the last run is ever tried
/// again, so the time grows with the product of the lengths and not faster.
pub(crate) fn tokens_match(tokens: &[Token], text: &str, user: &str) -> bool {
    let (mut tokens, mut text) = (tokens, text);
    let mut retry: Option<(&[Token], &str)> = None;
    loop {
        match tokens.split_first() {
            Some((Token::Run, [])) => return true,
            Some((Token::Run, rest)) => {
                retry = Some((rest, text));
                tokens = rest;
                continue;
            }
            Some((token, rest)) => {
                if let Some(left) = step(token, text, user) {
                    (tokens, text) = (rest, left);
                    continue;
                }
            }
            None if text.is_empty() => return true,
            None => {}
        }
        let Some((after_run, from)) = retry else {
            return false;
        };
        let mut characters = from.chars();
        if characters.next().is_none() {
            return false;
        }
        (tokens, text) = (after_run, characters.as_str());
        retry = Some((tokens, text));
    }
}

fn step<'t>(token: &Token, text: &'t str, user: &str) -> Option<&'t str> {
    match token {
        Token::Text(piece) => text.strip_prefix(piece.as_str()),
        Token::User => text.strip_prefix(user),
        Token::One | Token::OneOf(_) => {
            let mut characters = text.chars();
            let c = characters.next()?;
            let fits = match token {
                Token::OneOf(set) => set.contains(c),
                _ => true,
            };
            fits.then_some(characters.as_str())
        }
        Token::Run => Some(text),
    }
}
