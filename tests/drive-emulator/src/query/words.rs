//! How Drive compares names.

/// Whether two names are the same to `name =`.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Whether `name contains` finds a name: each word of what is sought begins a
/// word of the name, in any order. Words are runs of letters and digits.
pub(super) fn contains(name: &str, sought: &str) -> bool {
    let (name, sought) = (name.to_lowercase(), sought.to_lowercase());
    words(&sought).all(|wanted| words(&name).any(|word| word.starts_with(wanted)))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{contains, same};

    #[test]
    fn words_begin_words() {
        for (name, sought, expected) in [
            ("HelloWorld", "Hello", true),
            ("HelloWorld", "World", false),
            ("HelloWorld", "hello", true),
            ("syft_datasite#0.10.0#do@x.org#inbox#ds@y.org", "syft_datasite#", true),
            ("syft_datasite#0.10.0#do@x.org#inbox#ds@y.org", "#do@x.org#inbox#ds@y.org", true),
            // Blind to order: the reverse pair is found too.
            ("syft_datasite#0.10.0#ds@y.org#inbox#do@x.org", "#do@x.org#inbox#ds@y.org", true),
            ("syft_datasite#0.10.0#ds@y.org#outbox#do@x.org", "#do@x.org#inbox#ds@y.org", false),
            ("anything", "#", true),
        ] {
            assert_eq!(contains(name, sought), expected, "{name:?} contains {sought:?}");
        }
    }

    #[test]
    fn case_makes_no_other_name() {
        assert!(same("SyftBox", "syftbox"));
        assert!(same("ÄRGER", "ärger"));
        assert!(!same("SyftBox", "SyftBox "));
    }
}
