//! What was seen in one file, gathered: one finding for each kind and dataset, with
//! its first place and how often it was seen.

use std::collections::BTreeMap;

use syft_core::{DatasetName, DatasitePath};

use crate::finding::{Finding, FindingKind, Place};
use crate::wording;

#[derive(Debug, Default, Clone, Copy)]
struct Seen<'a> {
    place: Option<Place>,
    times: u64,
    why: Option<&'a str>,
}

#[derive(Debug)]
pub(crate) struct Found<'a> {
    /// Whether a place in the table is one in the file.
    places: bool,
    seen: BTreeMap<(FindingKind, Option<&'a DatasetName>), Seen<'a>>,
}

/// Adds what is about one dataset.
pub(crate) struct FoundOf<'f, 'a> {
    found: &'f mut Found<'a>,
    dataset: Option<&'a DatasetName>,
}

impl Default for Found<'_> {
    fn default() -> Self {
        Found { places: true, seen: BTreeMap::new() }
    }
}

impl<'a> Found<'a> {
    pub(crate) fn count_places(&mut self, places: bool) {
        self.places = places;
    }

    pub(crate) fn of<'f>(&'f mut self, dataset: &'a DatasetName) -> FoundOf<'f, 'a> {
        FoundOf { found: self, dataset: Some(dataset) }
    }

    /// In a row, from 1 or 0 for the header, and in a column from 0.
    pub(crate) fn at(&mut self, kind: FindingKind, row: usize, column: Option<usize>) {
        FoundOf { found: self, dataset: None }.at(kind, row, column);
    }

    pub(crate) fn whole(&mut self, kind: FindingKind) {
        FoundOf { found: self, dataset: None }.whole(kind);
    }

    pub(crate) fn because(&mut self, kind: FindingKind, why: &'a str) {
        self.whole(kind);
        self.explain(kind, why);
    }

    /// Says why, or since what, for findings of a kind that do not say so yet.
    pub(crate) fn explain(&mut self, kind: FindingKind, why: &'a str) {
        for (_, seen) in self.seen.iter_mut().filter(|((other, _), _)| *other == kind) {
            seen.why.get_or_insert(why);
        }
    }

    pub(crate) fn findings(self, file: &DatasitePath, k: u32) -> Vec<Finding> {
        let findings = self.seen.into_iter().map(|((kind, dataset), seen)| Finding {
            file: file.clone(),
            kind,
            severity: kind.severity(),
            place: seen.place,
            dataset: dataset.cloned(),
            detail: wording::detail(kind, seen.times, seen.why, k),
        });
        findings.collect()
    }
}

impl FoundOf<'_, '_> {
    pub(crate) fn at(&mut self, kind: FindingKind, row: usize, column: Option<usize>) {
        let number = |at: usize| u64::try_from(at).unwrap_or(u64::MAX);
        let place = Place { row: number(row), column: column.map(|at| number(at) + 1) };
        self.add(kind, Some(place));
    }

    pub(crate) fn whole(&mut self, kind: FindingKind) {
        self.add(kind, None);
    }

    fn add(&mut self, kind: FindingKind, place: Option<Place>) {
        let place = place.filter(|_| self.found.places);
        let seen = self.found.seen.entry((kind, self.dataset)).or_default();
        seen.times += u64::from(place.is_some());
        seen.place = seen.place.or(place);
    }
}
