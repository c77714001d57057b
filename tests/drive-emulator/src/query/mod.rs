//! The query language of `files.list`: `name contains 'a' and not 'me' in owners`.

mod evaluate;
mod lexer;
mod parser;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use evaluate::Question;
pub(crate) use parser::parse;

use syft_loopback::Millis;

use crate::item::Role;

/// A query that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Query {
    And(Box<Query>, Box<Query>),
    Or(Box<Query>, Box<Query>),
    Not(Box<Query>),
    Term(Term),
}

/// One comparison.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    /// `name = 'x'`: blind to case.
    Name(String),
    /// `name contains 'x'`: the words of it begin words of the name.
    NameHas(String),
    Mime(String),
    MimeHas(String),
    Trashed(bool),
    Starred(bool),
    /// `'x' in parents`
    Parent(String),
    /// `'x' in owners`, and the same for writers and readers.
    Person(String, Role),
    SharedWithMe(bool),
    Time(Stamp, Comparison, Millis),
    /// `properties has {...}`
    Property(String, String),
    /// `appProperties has {...}`: one's own client's alone.
    AppProperty(String, String),
    /// `visibility = 'limited'`, and whether it is that.
    Limited(bool),
}

/// A time that an item has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    Created,
    Modified,
    SharedWithMe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Query {
    /// The ids of all folders that it names.
    pub(crate) fn parents(&self) -> Vec<&str> {
        match self {
            Query::And(one, other) | Query::Or(one, other) => {
                [one.parents(), other.parents()].concat()
            }
            Query::Not(inner) => inner.parents(),
            Query::Term(Term::Parent(id)) => vec![id],
            Query::Term(_) => Vec::new(),
        }
    }
}
