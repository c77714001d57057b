use proptest::prelude::*;

use super::{Query, Term, parse};
use crate::item::Role;

fn term(text: &str) -> Option<Term> {
    match parse(text)? {
        Query::Term(term) => Some(term),
        _ => None,
    }
}

#[test]
fn terms_are_read() {
    let folder = "application/vnd.google-apps.folder".to_owned();
    for (text, expected) in [
        ("name='SyftBox'", Term::Name("SyftBox".to_owned())),
        ("name = \"a'b\"", Term::Name("a'b".to_owned())),
        (r"name = 'it\'s \\ so'", Term::Name(r"it's \ so".to_owned())),
        ("name contains 'x'", Term::NameHas("x".to_owned())),
        ("mimeType='application/vnd.google-apps.folder'", Term::Mime(folder)),
        ("mimeType contains 'image/'", Term::MimeHas("image/".to_owned())),
        ("trashed=false", Term::Trashed(false)),
        ("trashed != false", Term::Trashed(true)),
        ("'root' in parents", Term::Parent("root".to_owned())),
        ("'me' in owners", Term::Person("me".to_owned(), Role::Owner)),
        ("'a@b.org' in writers", Term::Person("a@b.org".to_owned(), Role::Writer)),
        ("'a@b.org' in readers", Term::Person("a@b.org".to_owned(), Role::Reader)),
        ("sharedWithMe", Term::SharedWithMe(true)),
        ("sharedWithMe = false", Term::SharedWithMe(false)),
        (
            "appProperties has { key='k' and value='v' }",
            Term::AppProperty("k".to_owned(), "v".to_owned()),
        ),
        (
            "properties has {key='k' and value='it\\'s'}",
            Term::Property("k".to_owned(), "it's".to_owned()),
        ),
    ] {
        assert_eq!(term(text), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_query_is_refused() {
    for text in [
        "",
        "name",
        "name =",
        "name = x",
        "name = 'x",
        "name = 'it's'",
        "name > 'x'",
        "name contains",
        "nothing = 'x'",
        "'x' in nothing",
        "trashed = 'false'",
        "trashed",
        "name = 'a' and",
        "and name = 'a'",
        "name = 'a' name = 'b'",
        "(name = 'a'",
        "name = 'a')",
        "modifiedTime > 'yesterday'",
        "appProperties has { key='k' }",
        "name = 'a' AND trashed = false",
        "name = 'a' & trashed = false",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
    assert_eq!(parse(&"(".repeat(100_000)), None);
    assert_eq!(parse(&"not ".repeat(1_000)), None);
}

#[test]
fn and_and_or_bind_alike() {
    let named = |name: &str| Box::new(Query::Term(Term::Name(name.to_owned())));
    let left = parse("name='a' or name='b' and name='c'");
    let or = Query::Or(named("a"), named("b"));
    assert_eq!(left, Some(Query::And(Box::new(or), named("c"))));
    let right = parse("name='a' or (name='b' and name='c')");
    let and = Query::And(named("b"), named("c"));
    assert_eq!(right, Some(Query::Or(named("a"), Box::new(and))));
    let not = parse("not name='a' and name='b'");
    assert_eq!(not, Some(Query::And(Box::new(Query::Not(named("a"))), named("b"))));
}

#[test]
fn all_folders_of_a_query_are_known() {
    let query = parse("'a' in parents and not ('b' in parents or trashed=true)").unwrap();
    assert_eq!(query.parents(), ["a", "b"]);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_tokens_make_it_panic(parts in prop::collection::vec(
        prop::sample::select(vec!["name", "=", "'a'", "and", "or", "not", "(", ")", "in",
            "parents", "has", "{", "}", "key", "value", "contains", "trashed", "true", "\\", "'"]),
        0..20,
    )) {
        let _ = parse(&parts.join(" "));
    }

    #[test]
    fn an_escaped_name_comes_back(name in "\\PC{0,40}") {
        let escaped = name.replace('\\', r"\\").replace('\'', r"\'");
        prop_assert_eq!(term(&format!("name = '{escaped}'")), Some(Term::Name(name)));
    }
}
