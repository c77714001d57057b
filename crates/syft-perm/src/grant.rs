use crate::pattern::{Set, Token, push_run, push_text, tokens_match};

/// One entry of a list of users.
#[derive(Debug, Clone)]
pub(crate) enum Grant {
    /// `*`, and `USER`: a rule for one user is only reached by that user.
    Everyone,
    /// This user, letter by letter.
    User(Box<str>),
    /// An entry with `*` or `?`, as a shell reads it, over the whole name.
    Shell(Vec<Token>, Box<str>),
}

impl Grant {
    pub(crate) fn parse(entry: &str) -> Grant {
        match entry {
            "*" | "USER" => Grant::Everyone,
            _ if entry.contains(['*', '?']) => Grant::Shell(shell_tokens(entry), entry.into()),
            _ => Grant::User(entry.into()),
        }
    }

    pub(crate) fn covers(&self, user: &str) -> bool {
        match self {
            Grant::Everyone => true,
            Grant::User(name) => **name == *user,
            Grant::Shell(tokens, _) => tokens_match(tokens, user, user),
        }
    }
}

impl Grant {
    /// The entry as it is written; nothing for everyone.
    pub(crate) fn named(&self) -> Option<&str> {
        match self {
            Grant::Everyone => None,
            Grant::User(name) | Grant::Shell(_, name) => Some(name),
        }
    }
}

/// Reads `*`, `?`, `[a-z]` and `[!a]`; there is no escape character.
fn shell_tokens(entry: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = entry;
    while let Some(c) = rest.chars().next() {
        let (piece, after) = rest.split_at_checked(c.len_utf8()).unwrap_or((rest, ""));
        rest = after;
        match c {
            '*' => push_run(&mut tokens),
            '?' => tokens.push(Token::One),
            '[' => match shell_set(after) {
                Some((set, behind)) => {
                    tokens.push(Token::OneOf(set));
                    rest = behind;
                }
                None => push_text(&mut tokens, piece),
            },
            _ => push_text(&mut tokens, piece),
        }
    }
    tokens
}

/// The set behind a `[`, and what follows its `]`.
fn shell_set(text: &str) -> Option<(Set, &str)> {
    let negated = text.starts_with('!');
    let members = text.strip_prefix('!').unwrap_or(text);
    // A `]` in front is a member.
    let skip = usize::from(members.starts_with(']'));
    let end = members.get(skip..)?.find(']')? + skip;
    let behind = members.get(end + 1..)?;
    let mut ranges = Vec::new();
    let mut characters = members.get(..end)?.chars();
    while let Some(low) = characters.next() {
        let mut ahead = characters.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(high)) => {
                ranges.push((low, high));
                characters = ahead;
            }
            _ => ranges.push((low, low)),
        }
    }
    Some((Set::new(negated, ranges), behind))
}
