use super::USER_TEMPLATE;
use super::set::Set;
use super::token::{self, Token, tokens_match};

/// What a pattern says about one component of a path, or about any number.
#[derive(Debug, Clone)]
pub(super) enum Segment {
    /// `**`: any number of components, none of which begins with a dot.
    AnyDepth,
    /// One component, this text.
    Exact(Box<str>),
    /// One component of these tokens.
    Tokens {
        tokens: Vec<Token>,
        /// It begins with a wildcard, which stands for no dot and not for nothing.
        begins_wild: bool,
    },
}

impl Segment {
    /// Reads what stands between two slashes of a pattern with wildcards.
    pub(super) fn parse(text: &str) -> Result<Segment, &'static str> {
        if text == "**" {
            return Ok(Segment::AnyDepth);
        }
        let tokens = parse_tokens(text)?;
        if let [] | [Token::Text(_)] = tokens.as_slice() {
            let exact = match tokens.into_iter().next() {
                Some(Token::Text(text)) => text,
                _ => String::new(),
            };
            return Ok(Segment::Exact(exact.into()));
        }
        let begins_wild = matches!(tokens.first(), Some(Token::One | Token::OneOf(_) | Token::Run));
        Ok(Segment::Tokens { tokens, begins_wild })
    }

    /// Whether it stands for this component alone.
    pub(super) fn is_exactly(&self, component: &str) -> bool {
        matches!(self, Segment::Exact(exact) if **exact == *component)
    }

    pub(super) fn matches(&self, component: &str, user: &str) -> bool {
        match self {
            Segment::AnyDepth => false,
            Segment::Exact(exact) => **exact == *component,
            Segment::Tokens { tokens, begins_wild } => {
                !(*begins_wild && (component.is_empty() || component.starts_with('.')))
                    && tokens_match(tokens, component, user)
            }
        }
    }
}

fn parse_tokens(text: &str) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    // A `[` that is not closed fails at the end of the component, and with it
    // every later one.
    let mut sets = true;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or("");
        if let Some(behind) = rest.strip_prefix(USER_TEMPLATE) {
            tokens.push(Token::User);
            rest = behind;
            continue;
        }
        rest = after;
        match c {
            '*' => token::push_run(&mut tokens),
            '?' => tokens.push(Token::One),
            '[' if sets => match Set::parse(after)? {
                Some((set, behind)) => {
                    tokens.push(Token::OneOf(set));
                    rest = behind;
                }
                None => {
                    sets = false;
                    token::push_text(&mut tokens, "[");
                }
            },
            '\\' if after.starts_with(USER_TEMPLATE) => {}
            '\\' => {
                let escaped = after.chars().next();
                let width = escaped.map_or(0, char::len_utf8);
                token::push_text(&mut tokens, after.get(..width).unwrap_or(""));
                rest = after.get(width..).unwrap_or("");
            }
            _ => {
                let width = c.len_utf8();
                let start = text.len() - after.len() - width;
                token::push_text(&mut tokens, text.get(start..start + width).unwrap_or(""));
            }
        }
    }
    Ok(tokens)
}

/// The first component of a path and the rest behind its slashes.
fn split(path: &str) -> (&str, Option<&str>) {
    match path.split_once('/') {
        Some((component, rest)) => (component, Some(rest.trim_start_matches('/'))),
        None => (path, None),
    }
}

/// Whether the segments cover a whole path, which comes without slashes at its
/// end. As in [`tokens_match`], only the last `**` is ever tried again: a
/// segment stands either for components with a dot in front or for others, never
/// for both, so an earlier `**` has nothing to gain from taking more.
pub(super) fn all_match(segments: &[Segment], path: &str, ends_in_slash: bool, user: &str) -> bool {
    let (mut left, mut path) = (segments, (!path.is_empty()).then_some(path));
    let mut retry: Option<(&[Segment], &str)> = None;
    loop {
        match (left.split_first(), path) {
            (Some((Segment::AnyDepth, [])), _) => {
                // `a/**` is what lies below `a`, not `a` itself.
                let below = segments.len() == 1 || path.is_some() || ends_in_slash;
                return below && path.is_none_or(is_visible);
            }
            (Some((Segment::AnyDepth, rest)), _) => {
                retry = path.map(|path| (rest, path));
                left = rest;
                continue;
            }
            (Some((segment, rest)), Some(current)) => {
                let (component, behind) = split(current);
                if segment.matches(component, user) {
                    (left, path) = (rest, behind);
                    continue;
                }
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((rest, from)) = retry else {
            return false;
        };
        let (component, behind) = split(from);
        if component.starts_with('.') {
            return false;
        }
        (left, path) = (rest, behind);
        retry = behind.map(|behind| (rest, behind));
    }
}

/// Whether no component of a path begins with a dot.
fn is_visible(path: &str) -> bool {
    !path.starts_with('.') && !path.as_bytes().windows(2).any(|pair| pair == b"/.")
}
