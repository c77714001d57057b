mod reach;
mod segment;
mod set;
mod specificity;
mod token;

use crate::{Error, Result};

pub(crate) use reach::{Reach, literal_text};
use segment::Segment;
pub(crate) use set::Set;
pub use specificity::Specificity;
pub(crate) use token::{Token, push_run, push_text, tokens_match};

/// What stands for the asking user in a pattern.
pub(crate) const USER_TEMPLATE: &str = "{{.UserEmail}}";

/// Templates that were announced once and never given a meaning.
const UNKNOWN_TEMPLATES: [&str; 4] = ["{{.UserHash}}", "{{.Year}}", "{{.Month}}", "{{.Date}}"];

/// Which paths a rule is about, compiled.
///
/// Without `*`, `?` and `[` it is one path, letter by letter. With one of them it
/// is a glob: `*` is any run and `?` any character inside one component,
/// `[a-z]`, `[!a]`, `[[:digit:]]` one character of a set, `**` as a whole
/// component any number of components, `\` takes the next character as it is.
/// A dot that begins a component must be written. Nothing else is special, and
/// nothing is folded. `{{.UserEmail}}` stands for the asking user, letter by
/// letter in either case (`threats.md` S4).
#[derive(Debug, Clone)]
pub struct Pattern {
    shape: Shape,
    specificity: Specificity,
    has_template: bool,
}

#[derive(Debug, Clone)]
enum Shape {
    /// One path.
    Exact(Box<str>),
    /// One path for each user.
    ExactTemplate(Vec<Token>),
    Glob {
        segments: Vec<Segment>,
        /// The pattern ends in `/`, and so must the path.
        folder_only: bool,
    },
}

impl Pattern {
    /// Reads a pattern. Every text has a meaning, with few exceptions.
    ///
    /// # Errors
    /// [`Error::Pattern`] for a template other than `{{.UserEmail}}`, for that
    /// one inside brackets, and in a glob for a range that ends in a character
    /// class and for an escaped slash.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |reason| Error::Pattern { pattern: text.chars().take(120).collect(), reason };
        if UNKNOWN_TEMPLATES.iter().any(|template| text.contains(template)) {
            return Err(refuse("the only template is {{.UserEmail}}"));
        }
        let has_template = text.contains(USER_TEMPLATE);
        let shape = if text.contains(['*', '?', '[']) {
            glob(text).map_err(refuse)?
        } else if has_template {
            Shape::ExactTemplate(token::literal(text))
        } else {
            Shape::Exact(text.into())
        };
        Ok(Pattern { shape, specificity: Specificity::of(text), has_template })
    }

    /// Whether the pattern is about this path when this user asks.
    #[must_use]
    pub fn matches(&self, path: &str, user: &str) -> bool {
        match &self.shape {
            Shape::Exact(exact) => **exact == *path,
            Shape::ExactTemplate(tokens) => tokens_match(tokens, path, user),
            Shape::Glob { segments, folder_only } => {
                let trimmed = path.trim_end_matches('/');
                let ends_in_slash = trimmed.len() < path.len();
                (ends_in_slash || !folder_only)
                    && segment::all_match(segments, trimmed, ends_in_slash, user)
            }
        }
    }

    /// How specific the pattern is; of several that match, the greatest decides.
    #[must_use]
    pub fn specificity(&self) -> Specificity {
        self.specificity
    }

    /// Whether the pattern says `{{.UserEmail}}`.
    pub(crate) fn has_template(&self) -> bool {
        self.has_template
    }
}

/// Whether a user name may be put into a pattern: it must mean nothing there.
/// No address that this node accepts is refused by this.
pub(crate) fn is_plain_user(user: &str) -> bool {
    !user.is_empty() && !user.contains(['*', '?', '[', ']', '\\', '/'])
}

fn glob(text: &str) -> Result<Shape, &'static str> {
    // A backslash at the very end escapes nothing.
    let text = if ends_in_escape(text) { text.get(..text.len() - 1).unwrap_or(text) } else { text };
    let folder_only = text.ends_with('/');
    let mut segments: Vec<Segment> = Vec::new();
    for (index, part) in text.split('/').enumerate() {
        if ends_in_escape(part) {
            return Err("a backslash before a slash has no safe meaning");
        }
        if part.is_empty() && index > 0 {
            // A run of slashes is one slash; the last one is `folder_only`.
            continue;
        }
        let segment = Segment::parse(part)?;
        let doubled = matches!(segment, Segment::AnyDepth)
            && matches!(segments.last(), Some(Segment::AnyDepth));
        if !doubled {
            segments.push(segment);
        }
    }
    Ok(Shape::Glob { segments, folder_only })
}

/// Whether the last backslash is not itself escaped.
fn ends_in_escape(text: &str) -> bool {
    (text.len() - text.trim_end_matches('\\').len()) % 2 == 1
}
