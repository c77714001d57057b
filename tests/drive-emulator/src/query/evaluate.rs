//! Whether an item is what was asked for.

use syft_loopback::Millis;

use super::{Comparison, Query, Stamp, Term, words};
use crate::accounts::Caller;
use crate::item::{Item, Role};
use crate::render::shared_with;
use crate::store::View;

/// A query of one account, at one moment.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) view: View<'a>,
    pub(crate) caller: &'a Caller,
    /// What `root` stands for.
    pub(crate) root: &'a str,
}

impl Question<'_> {
    pub(crate) fn holds(&self, query: &Query, item: &Item) -> bool {
        match query {
            Query::And(one, other) => self.holds(one, item) && self.holds(other, item),
            Query::Or(one, other) => self.holds(one, item) || self.holds(other, item),
            Query::Not(inner) => !self.holds(inner, item),
            Query::Term(term) => self.fits(term, item),
        }
    }

    fn fits(&self, term: &Term, item: &Item) -> bool {
        match term {
            Term::Name(name) => words::same(&item.name, name),
            Term::NameHas(text) => words::contains(&item.name, text),
            Term::Mime(mime) => item.mime == *mime,
            Term::MimeHas(text) => item.mime.starts_with(text.as_str()),
            Term::Trashed(wanted) => self.view.is_trashed(item) == *wanted,
            Term::Starred(wanted) => item.starred == *wanted,
            Term::Parent(id) => item.parent.as_deref() == Some(self.folder(id)),
            Term::Person(who, role) => self.has_role(who, *role, item),
            Term::SharedWithMe(wanted) => {
                shared_with(item, &self.caller.email).is_some() == *wanted
            }
            Term::Time(stamp, comparison, when) => {
                self.stamp(*stamp, item).is_some_and(|time| comparison.holds(time, *when))
            }
            Term::Property(key, value) => item.properties.get(key) == Some(value),
            Term::AppProperty(key, value) => {
                let key = (self.caller.client.clone(), key.clone());
                item.app_properties.get(&key) == Some(value)
            }
            Term::Limited(wanted) => item.grants.is_empty() == *wanted,
        }
    }

    fn folder<'b>(&'b self, id: &'b str) -> &'b str {
        if id == "root" { self.root } else { id }
    }

    fn has_role(&self, who: &str, role: Role, item: &Item) -> bool {
        let who = if who == "me" { &self.caller.email } else { who };
        self.view.named_role(item, who) >= Some(role)
    }

    fn stamp(&self, stamp: Stamp, item: &Item) -> Option<Millis> {
        match stamp {
            Stamp::Created => Some(item.created),
            Stamp::Modified => Some(item.modified),
            Stamp::SharedWithMe => shared_with(item, &self.caller.email),
        }
    }
}

impl Comparison {
    fn holds(self, time: Millis, when: Millis) -> bool {
        match self {
            Comparison::Equal => time == when,
            Comparison::NotEqual => time != when,
            Comparison::Less => time < when,
            Comparison::LessOrEqual => time <= when,
            Comparison::Greater => time > when,
            Comparison::GreaterOrEqual => time >= when,
        }
    }
}
