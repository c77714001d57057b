//! Jobs that are one another's successors: `count`, `count-2`, `count-3`.

use syft_core::JobName;

/// The name without the number that [`JobStore::free_name`](crate::JobStore::free_name)
/// may have put at its end.
pub(crate) fn lineage(name: &JobName) -> &str {
    split(name).0
}

/// The name before the number, and the number; 1 without one.
pub(crate) fn split(name: &JobName) -> (&str, u32) {
    let text = name.as_str();
    let numbered = text.rsplit_once('-').and_then(|(base, digits)| {
        let number: u32 = digits.parse().ok().filter(|number| *number >= 2)?;
        (!base.is_empty() && number.to_string() == digits).then_some((base, number))
    });
    numbered.unwrap_or((text, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_at_the_end_is_that_of_a_successor() {
        let of = |text: &str| {
            let name = JobName::parse(text).unwrap();
            let (base, number) = split(&name);
            (base.to_owned(), number)
        };
        assert_eq!(of("count"), ("count".to_owned(), 1));
        assert_eq!(of("count-2"), ("count".to_owned(), 2));
        assert_eq!(of("my-count-12"), ("my-count".to_owned(), 12));
        for whole in ["count-1", "count-02", "count-x", "count-+2", "2026-", "v-99999999999"] {
            assert_eq!(of(whole), (whole.to_owned(), 1), "{whole}");
        }
    }
}
