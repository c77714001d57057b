use std::collections::BTreeSet;
use std::fmt;

use syft_core::Email;

use crate::{Result, permission};

/// Who may have a dataset's mock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Audience {
    /// The owner alone.
    #[default]
    Nobody,
    /// These participants; never empty when it comes from this crate.
    Users(BTreeSet<Email>),
    /// Every peer that the owner has approved or will approve.
    Any,
}

impl Audience {
    /// The word that stands for [`Audience::Any`].
    pub const ANY: &'static str = "any";

    /// Reads what a person names: addresses, or the word `any`, which covers all
    /// others; nothing is nobody.
    ///
    /// # Errors
    /// A word that is neither `any` nor an address.
    pub fn parse<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Result<Self> {
        let mut users = BTreeSet::new();
        let mut any = false;
        for word in words {
            if word.as_ref() == Self::ANY {
                any = true;
            } else {
                users.insert(Email::parse(word.as_ref())?);
            }
        }
        Ok(if any { Audience::Any } else { Audience::users(users) })
    }

    /// These participants; nobody if there are none.
    #[must_use]
    pub fn users(users: BTreeSet<Email>) -> Self {
        if users.is_empty() { Audience::Nobody } else { Audience::Users(users) }
    }

    /// The text of the permission file beside a mock that it may have.
    ///
    /// # Errors
    /// None in practice: it can be written.
    pub fn permission_file(&self) -> Result<String> {
        permission::text(self)
    }

    /// Whether an approved peer belongs to it.
    #[must_use]
    pub fn includes(&self, peer: &Email) -> bool {
        match self {
            Audience::Nobody => false,
            Audience::Users(users) => users.contains(peer),
            Audience::Any => true,
        }
    }

    /// Both audiences together.
    #[must_use]
    pub fn with(self, other: Audience) -> Self {
        match (self, other) {
            (Audience::Any, _) | (_, Audience::Any) => Audience::Any,
            (Audience::Nobody, other) => other,
            (this, Audience::Nobody) => this,
            (Audience::Users(mut users), Audience::Users(more)) => {
                users.extend(more);
                Audience::Users(users)
            }
        }
    }

    /// The audience as words, as [`Audience::parse`] reads them.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        match self {
            Audience::Nobody => Vec::new(),
            Audience::Users(users) => users.iter().map(Email::to_string).collect(),
            Audience::Any => vec![Self::ANY.to_owned()],
        }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Audience::Nobody => f.write_str("nobody"),
            _ => f.write_str(&self.words().join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_the_users_argument() {
        let none: [&str; 0] = [];
        assert_eq!(Audience::parse(none).unwrap(), Audience::Nobody);
        assert_eq!(Audience::parse(["any"]).unwrap(), Audience::Any);
        assert_eq!(Audience::parse(["bob@uni.org", "any"]).unwrap(), Audience::Any);
        let two = Audience::parse(["carol@lab.org", "bob@uni.org"]).unwrap();
        assert_eq!(two.words(), ["bob@uni.org", "carol@lab.org"]);
        assert!(Audience::parse(["*"]).is_err());
        assert!(Audience::parse(["bob"]).is_err());
    }

    #[test]
    fn any_covers_all_and_nobody_adds_nothing() {
        let bob = Email::parse("bob@uni.org").unwrap();
        let users = Audience::parse(["bob@uni.org"]).unwrap();
        assert!(users.includes(&bob) && Audience::Any.includes(&bob));
        assert!(!Audience::Nobody.includes(&bob));
        assert_eq!(users.clone().with(Audience::Nobody), users);
        assert_eq!(Audience::Nobody.with(users.clone()), users);
        assert_eq!(users.with(Audience::Any), Audience::Any);
    }
}
