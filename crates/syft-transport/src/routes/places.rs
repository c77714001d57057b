//! In which stores objects lie.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::{Route, Routes};
use crate::transport::list_whole;
use crate::{Error, Listed, Object, Result, Space};

/// What is to be removed from one store.
pub(super) struct Removed<'a> {
    pub(super) route: &'a Route,
    pub(super) deleted: Vec<Object>,
    pub(super) retired: Vec<Object>,
}

impl Routes {
    /// The store in which an object lies, and the object as that has it.
    ///
    /// # Errors
    /// [`Error::Temporary`] for a store over which nobody is reached now.
    pub(super) fn place(&self, object: &Object) -> Result<(&Route, Object)> {
        let lies_in = |route: &Route| object.id.strip_prefix(&route.tag).map(str::to_owned);
        let other = self.others.iter().find_map(|route| Some((route, lies_in(route)?)));
        if let Some((route, id)) = other {
            return Ok((route, Object { id, ..object.clone() }));
        }
        if is_tagged(&object.id) {
            let detail = "it lies in a store over which nobody is reached now";
            return Err(Error::temporary("find", object, detail));
        }
        Ok((&self.home, object.clone()))
    }

    /// Everything in a space, of each name what the first store has; whether a store was
    /// away.
    ///
    /// # Errors
    /// What the first store said, if none answered.
    pub(super) async fn merged(&self, space: &Space) -> Result<Vec<Listed>> {
        let ways = self.of(space);
        let lists = ways.iter().map(|way| list_whole(&*way.store, space));
        let lists: Vec<Result<Vec<Listed>>> = join_all(lists).await;
        let partly = lists.iter().any(Result::is_err);
        let (mut merged, mut first) = (Vec::new(), None);
        let (mut seen, mut answered) = (BTreeSet::new(), false);
        for (way, list) in ways.into_iter().zip(lists) {
            match list {
                Ok(lines) => {
                    answered = true;
                    // What one store holds twice is told twice.
                    let new = lines.into_iter().filter(|line| !seen.contains(line.name()));
                    let new: Vec<Listed> = new.map(|line| way.tagged_line(line)).collect();
                    seen.extend(new.iter().map(|line| line.name().to_owned()));
                    merged.extend(new);
                }
                Err(error) => {
                    self.note(way, &error);
                    first.get_or_insert(error);
                }
            }
        }
        self.note_listed(space, partly && answered);
        match first {
            Some(error) if !answered => Err(error),
            _ => Ok(merged),
        }
    }

    /// Where all of these are to be removed: an object may lie in several stores, if an
    /// answer was lost. What is retired is known, and may stay where nobody answers.
    ///
    /// # Errors
    /// What a store says in which something may lie that is to be deleted.
    pub(super) async fn everywhere(
        &self,
        deleted: &[Object],
        retired: &[Object],
    ) -> Result<Vec<Removed<'_>>> {
        let used: BTreeSet<&String> = self.used().into_iter().map(|route| &route.url).collect();
        let mut all: BTreeMap<&str, Removed<'_>> = BTreeMap::new();
        for (objects, retires) in [(deleted, false), (retired, true)] {
            let mut found = Vec::new();
            for object in objects {
                // What lies where nobody is reached any more is not to be seen any more.
                let place = self.place(object).ok();
                found.extend(place.filter(|(route, _)| used.contains(&route.url)));
            }
            found.extend(self.twins(objects, retires).await?);
            for (route, object) in found {
                let start = || Removed { route, deleted: Vec::new(), retired: Vec::new() };
                let removed = all.entry(&route.url).or_insert_with(start);
                let list = if retires { &mut removed.retired } else { &mut removed.deleted };
                if !list.contains(&object) {
                    list.push(object);
                }
            }
        }
        Ok(all.into_values().collect())
    }

    /// What has the names of these objects in other stores.
    async fn twins(&self, objects: &[Object], retires: bool) -> Result<Vec<(&Route, Object)>> {
        let mut names: BTreeMap<&Space, BTreeSet<&str>> = BTreeMap::new();
        for object in objects {
            names.entry(&object.space).or_default().insert(object.name.as_str());
        }
        let mut twins = Vec::new();
        for (space, names) in names {
            let ways = self.of(space);
            if ways.len() < 2 {
                continue;
            }
            for way in ways {
                match list_whole(&*way.store, space).await {
                    Ok(lines) => twins.extend(lines.into_iter().filter_map(|line| match line {
                        Listed::Object(one) if names.contains(one.name.as_str()) => {
                            Some((way, one))
                        }
                        _ => None,
                    })),
                    Err(error) if retires => self.note(way, &error),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(twins)
    }
}

impl Route {
    pub(super) fn tagged_line(&self, line: Listed) -> Listed {
        match line {
            Listed::Object(object) => Listed::Object(self.tagged(object)),
            Listed::Skipped(mut skipped) => {
                skipped.id = skipped.id.map(|id| format!("{}{id}", self.tag));
                Listed::Skipped(skipped)
            }
        }
    }
}

/// Whether an id is that of an object in another store than my home.
fn is_tagged(id: &str) -> bool {
    let tag = id.strip_prefix('@').and_then(|rest| rest.split_once(':'));
    tag.is_some_and(|(tag, _)| tag.len() == 8 && tag.bytes().all(|b| b.is_ascii_hexdigit()))
}
