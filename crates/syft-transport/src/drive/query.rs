//! Searches in the language of Drive, in which no value can say more than itself.

use std::fmt;

use syft_core::Email;

/// What a folder is to Drive.
pub(super) const FOLDER_TYPE: &str = "application/vnd.google-apps.folder";

/// What is asked of `files.list`: all of its terms hold. What is in the bin never counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query(String);

impl Query {
    /// Everything that is visible.
    pub(super) fn all() -> Self {
        Query("trashed = false".to_owned())
    }

    pub(super) fn folders() -> Self {
        Query::all().and(format_args!("mimeType = {}", Quoted(FOLDER_TYPE)))
    }

    /// With this name; Drive does not tell capitals from small letters.
    pub(super) fn named(self, name: &str) -> Self {
        self.and(format_args!("name = {}", Quoted(name)))
    }

    /// With one of these at the start of a word of the name.
    pub(super) fn name_has_one_of(self, starts: &[&str]) -> Self {
        let terms = starts.iter().map(|start| format!("name contains {}", Quoted(start)));
        self.and(one_of(terms))
    }

    /// In one of these folders.
    pub(super) fn in_one_of(self, folders: &[&str]) -> Self {
        self.and(one_of(folders.iter().map(|id| format!("{} in parents", Quoted(id)))))
    }

    /// In one of these folders, or with this name in one of those.
    pub(super) fn in_one_of_or_named(
        self,
        folders: &[String],
        name: &str,
        those: &[String],
    ) -> Self {
        let within = |id: &String| format!("{} in parents", Quoted(id));
        let named = |id: &String| format!("({} and name = {})", within(id), Quoted(name));
        self.and(one_of(folders.iter().map(within).chain(those.iter().map(named))))
    }

    /// Of one of these.
    pub(super) fn of_one_of(self, owners: &[Email]) -> Self {
        let term = |owner: &Email| format!("{} in owners", Quoted(owner.as_str()));
        self.and(one_of(owners.iter().map(term)))
    }

    pub(super) fn of(self, owner: &Email) -> Self {
        self.and(format_args!("{} in owners", Quoted(owner.as_str())))
    }

    pub(super) fn of_others(self) -> Self {
        self.and("not 'me' in owners")
    }

    fn and(mut self, term: impl fmt::Display) -> Self {
        self.0.push_str(&format!(" and {term}"));
        self
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

fn one_of(terms: impl Iterator<Item = String>) -> String {
    format!("({})", terms.collect::<Vec<_>>().join(" or "))
}

/// A value between quotes (Drive API, "Query terms": `'` and `\` are escaped by `\`).
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'")?;
        for character in self.0.chars() {
            if matches!(character, '\'' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{character}")?;
        }
        f.write_str("'")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_terms_of_a_search_all_hold() {
        let owner = Email::parse("o@example.org").unwrap();
        let query = Query::folders().name_has_one_of(&["a", "b"]).of(&owner).in_one_of(&["id"]);
        assert_eq!(
            query.as_str(),
            "trashed = false and mimeType = 'application/vnd.google-apps.folder' \
             and (name contains 'a' or name contains 'b') and 'o@example.org' in owners \
             and ('id' in parents)"
        );
        assert_eq!(
            Query::all().of_one_of(&[owner.clone(), owner.clone()]).as_str(),
            "trashed = false and ('o@example.org' in owners or 'o@example.org' in owners)"
        );
        assert!(Query::all().of_others().as_str().ends_with(" and not 'me' in owners"));
    }

    /// The text between the quotes, as Drive reads it.
    fn read_back(query: &str) -> (String, String) {
        let mut characters = query.chars();
        let mut value = String::new();
        while let Some(character) = characters.next() {
            match character {
                '\\' => value.extend(characters.next()),
                '\'' => break,
                other => value.push(other),
            }
        }
        (value, characters.collect())
    }

    proptest! {
        #[test]
        fn f8_no_name_ends_its_quotes(name in r"[ab'\\# ü]{0,12}") {
            let query = Query::all().named(&name);
            let start = "trashed = false and name = '";
            prop_assert!(query.as_str().starts_with(start));
            let (value, rest) = read_back(&query.as_str()[start.len()..]);
            prop_assert_eq!(value, name);
            prop_assert_eq!(rest, "");
        }
    }
}
