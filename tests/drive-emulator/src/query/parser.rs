//! From tokens to a query. `and` and `or` bind alike, from left to right, and `not`
//! takes the next term.

use syft_loopback::from_text;

use super::lexer::{Token, tokens};
use super::{Comparison, Query, Stamp, Term};
use crate::item::Role;

/// How deep parentheses and `not` may go.
const DEPTH: usize = 50;
/// How many tokens a query may have.
const TOKENS: usize = 2_000;

/// Reads a query; none if it is none.
pub(crate) fn parse(text: &str) -> Option<Query> {
    let tokens = tokens(text).filter(|tokens| tokens.len() <= TOKENS)?;
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0 };
    let query = parser.chain()?;
    parser.tokens.next().is_none().then_some(query)
}

#[derive(Debug)]
struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    fn chain(&mut self) -> Option<Query> {
        let mut query = self.negated()?;
        loop {
            if self.take_word("and") {
                query = Query::And(Box::new(query), Box::new(self.negated()?));
            } else if self.take_word("or") {
                query = Query::Or(Box::new(query), Box::new(self.negated()?));
            } else {
                return Some(query);
            }
        }
    }

    fn negated(&mut self) -> Option<Query> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let query = if self.take_word("not") {
            Query::Not(Box::new(self.negated()?))
        } else if self.take_sign("(") {
            let inner = self.chain()?;
            self.take_sign(")").then_some(inner)?
        } else {
            self.term()?
        };
        self.depth -= 1;
        Some(query)
    }

    fn term(&mut self) -> Option<Query> {
        match self.tokens.next()? {
            Token::Text(value) => {
                self.take_word("in").then_some(())?;
                self.collection(value)
            }
            Token::Word(field) => self.comparison(&field),
            Token::Sign(_) => None,
        }
    }

    fn collection(&mut self, value: String) -> Option<Query> {
        let Token::Word(field) = self.tokens.next()? else { return None };
        let term = match field.as_str() {
            "parents" => Term::Parent(value),
            "owners" => Term::Person(value, Role::Owner),
            "writers" => Term::Person(value, Role::Writer),
            "readers" => Term::Person(value, Role::Reader),
            _ => return None,
        };
        Some(Query::Term(term))
    }

    fn comparison(&mut self, field: &str) -> Option<Query> {
        match field {
            "name" | "fullText" | "mimeType" | "visibility" => self.text_field(field),
            "trashed" | "starred" => {
                let wanted = self.truth()?;
                let term = if field == "trashed" { Term::Trashed } else { Term::Starred };
                Some(Query::Term(term(wanted)))
            }
            "sharedWithMe" => {
                let compared = matches!(self.tokens.peek(), Some(Token::Sign("=" | "!=")));
                let wanted = if compared { self.truth()? } else { true };
                Some(Query::Term(Term::SharedWithMe(wanted)))
            }
            "createdTime" => self.time(Stamp::Created),
            "modifiedTime" => self.time(Stamp::Modified),
            "sharedWithMeTime" => self.time(Stamp::SharedWithMe),
            "properties" | "appProperties" => self.property(field),
            _ => None,
        }
    }

    fn text_field(&mut self, field: &str) -> Option<Query> {
        let (operator, value) = (self.tokens.next()?, self.text()?);
        let (term, is) = match (field, operator) {
            ("name", Token::Sign("=")) => (Term::Name(value), true),
            ("name", Token::Sign("!=")) => (Term::Name(value), false),
            ("mimeType", Token::Sign("=")) => (Term::Mime(value), true),
            ("mimeType", Token::Sign("!=")) => (Term::Mime(value), false),
            ("visibility", Token::Sign("=")) => (Term::Limited(value == "limited"), true),
            ("visibility", Token::Sign("!=")) => (Term::Limited(value == "limited"), false),
            // No content is indexed: the full text of a file is its name.
            ("name" | "fullText", Token::Word(word)) if word == "contains" => {
                (Term::NameHas(value), true)
            }
            ("mimeType", Token::Word(word)) if word == "contains" => (Term::MimeHas(value), true),
            _ => return None,
        };
        let query = Query::Term(term);
        Some(if is { query } else { Query::Not(Box::new(query)) })
    }

    /// `= true`, `!= false` and the like.
    fn truth(&mut self) -> Option<bool> {
        let is = match self.tokens.next()? {
            Token::Sign("=") => true,
            Token::Sign("!=") => false,
            _ => return None,
        };
        match self.tokens.next()? {
            Token::Word(word) if word == "true" => Some(is),
            Token::Word(word) if word == "false" => Some(!is),
            _ => None,
        }
    }

    fn time(&mut self, stamp: Stamp) -> Option<Query> {
        let Token::Sign(sign) = self.tokens.next()? else { return None };
        let comparison = match sign {
            "=" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        let when = from_text(&self.text()?)?;
        Some(Query::Term(Term::Time(stamp, comparison, when)))
    }

    /// `has { key='a' and value='b' }`
    fn property(&mut self, field: &str) -> Option<Query> {
        let opened = self.take_word("has") && self.take_sign("{");
        opened.then_some(())?;
        let key = self.named("key")?;
        self.take_word("and").then_some(())?;
        let value = self.named("value")?;
        self.take_sign("}").then_some(())?;
        let term = if field == "properties" { Term::Property } else { Term::AppProperty };
        Some(Query::Term(term(key, value)))
    }

    fn named(&mut self, name: &str) -> Option<String> {
        let named = self.take_word(name) && self.take_sign("=");
        named.then_some(())?;
        self.text()
    }

    fn text(&mut self) -> Option<String> {
        match self.tokens.next()? {
            Token::Text(text) => Some(text),
            _ => None,
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Word(w) if w == word)).is_some()
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Sign(s) if *s == sign)).is_some()
    }
}
