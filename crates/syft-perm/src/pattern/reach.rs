use std::collections::BTreeSet;

use super::segment::Segment;
use super::{Pattern, Shape, USER_TEMPLATE, token};
use crate::{Error, Result};

/// How much of what lies below a folder a pattern is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Nothing of it.
    Nothing,
    /// Some of it, or perhaps nothing.
    Part,
    /// All of it that `**` stands for.
    All,
}

/// The pattern that stands for one path, letter by letter.
pub(crate) fn literal_text(path: &str) -> Result<String> {
    if path.contains(USER_TEMPLATE) {
        let reason = "a path that holds {{.UserEmail}} cannot be named";
        return Err(Error::Pattern { pattern: path.chars().take(120).collect(), reason });
    }
    let mut text = String::new();
    for c in path.chars() {
        // An escape has a meaning only where there is something to escape.
        if matches!(c, '*' | '?' | '[') {
            text.push('\\');
        }
        text.push(c);
    }
    Ok(text)
}

impl Pattern {
    /// How much of what lies below a folder the pattern is about when this user
    /// asks; the empty folder is everything.
    pub(crate) fn reach_below(&self, folder: &str, user: &str) -> Reach {
        let below = |path: &str| {
            let rest = path.strip_prefix(folder);
            let within = folder.is_empty() || rest.is_some_and(|rest| rest.starts_with('/'));
            if within { Reach::Part } else { Reach::Nothing }
        };
        match &self.shape {
            Shape::Exact(path) => below(path),
            Shape::ExactTemplate(tokens) => below(&token::filled(tokens, user)),
            Shape::Glob { segments, .. } => {
                let left = |at: usize| segments.get(at..).unwrap_or_default();
                let places = places_below(segments, folder, user);
                if places.iter().any(|at| matches!(left(*at), [Segment::AnyDepth])) {
                    Reach::All
                } else if places.iter().any(|at| !left(*at).is_empty()) {
                    Reach::Part
                } else {
                    Reach::Nothing
                }
            }
        }
    }

    /// Whether everything that the pattern is about lies below a folder.
    pub(crate) fn is_within(&self, folder: &str) -> bool {
        if folder.is_empty() {
            return true;
        }
        match &self.shape {
            Shape::Exact(path) => {
                path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
            }
            Shape::ExactTemplate(tokens) => match tokens.first() {
                Some(token::Token::Text(text)) => {
                    text.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
                }
                _ => false,
            },
            Shape::Glob { segments, .. } => {
                let parts: Vec<&str> = folder.split('/').collect();
                segments.len() > parts.len()
                    && segments.iter().zip(parts).all(|(segment, part)| segment.is_exactly(part))
            }
        }
    }

    /// Whether the pattern is about this path alone.
    pub(crate) fn is_only(&self, path: &str) -> bool {
        match &self.shape {
            Shape::Exact(exact) => **exact == *path,
            Shape::ExactTemplate(_) => false,
            Shape::Glob { segments, .. } => {
                let parts: Vec<&str> = path.split('/').collect();
                segments.len() == parts.len()
                    && segments.iter().zip(parts).all(|(segment, part)| segment.is_exactly(part))
            }
        }
    }
}

/// Where in the pattern one can be after the components of a folder.
fn places_below(segments: &[Segment], folder: &str, user: &str) -> BTreeSet<usize> {
    let mut places = BTreeSet::from([0]);
    skip_any_depth(segments, &mut places);
    for component in folder.split('/').filter(|component| !component.is_empty()) {
        let mut next = BTreeSet::new();
        for at in places {
            match segments.get(at) {
                Some(Segment::AnyDepth) if !component.starts_with('.') => next.insert(at),
                Some(segment) if segment.matches(component, user) => next.insert(at + 1),
                _ => false,
            };
        }
        skip_any_depth(segments, &mut next);
        places = next;
    }
    places
}

/// A `**` may also stand for nothing.
fn skip_any_depth(segments: &[Segment], places: &mut BTreeSet<usize>) {
    let behind = |at: &usize| match segments.get(*at) {
        Some(Segment::AnyDepth) => Some(at + 1),
        _ => None,
    };
    let more: Vec<usize> = places.iter().filter_map(behind).collect();
    places.extend(more);
}
