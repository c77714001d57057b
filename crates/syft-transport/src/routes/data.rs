//! Datasets of mine in a store of their own.

use std::sync::{Arc, PoisonError};

use super::{Route, Routes};
use crate::{Info, SpaceKind, Transport};

impl Routes {
    /// Keeps datasets of mine in the store of this address alone from now on; without one at
    /// home, and where those are reached who may have them. What lies elsewhere stays there,
    /// and is not seen any more. A store that is not open yet is opened.
    pub fn keep_datasets(&self, url: Option<&str>, open: impl Fn(&str) -> Arc<dyn Transport>) {
        let url = url.filter(|url| !self.is_home(url));
        url.iter().for_each(|url| self.admit(url, &open));
        *self.data.write().unwrap_or_else(PoisonError::into_inner) = url.map(str::to_owned);
    }

    /// Makes a store known to [`Routes::store_at`], over which nobody need be reached.
    pub fn admit(&self, url: &str, open: impl Fn(&str) -> Arc<dyn Transport>) {
        if self.route(url).is_none() {
            self.others.push(Box::new(Route::new(url, open(url))));
        }
    }

    /// The address of the store into which datasets of mine are put.
    #[must_use]
    pub fn datasets_at(&self) -> &str {
        &self.kept().url
    }

    /// What the store says of itself into which datasets of mine are put.
    #[must_use]
    pub fn datasets_info(&self) -> &Info {
        self.kept().info()
    }

    /// The addresses of all stores in which datasets of mine may lie, first that into which
    /// they are put.
    #[must_use]
    pub fn dataset_stores(&self) -> Vec<String> {
        self.keeps().into_iter().map(|route| route.url.clone()).collect()
    }

    /// The store of my datasets, if they have one of their own.
    pub(super) fn data(&self) -> Option<&Route> {
        self.route(self.data.read().unwrap_or_else(PoisonError::into_inner).as_deref()?)
    }

    /// The store into which datasets of mine are put.
    pub(super) fn kept(&self) -> &Route {
        self.data().unwrap_or(&self.home)
    }

    /// The stores in which datasets of mine may lie.
    pub(super) fn keeps(&self) -> Vec<&Route> {
        match self.data() {
            Some(data) => vec![data],
            // For their readers some of them are elsewhere as well.
            None => self.all(),
        }
    }

    /// Each store that is used for anything, my home first.
    pub(super) fn used(&self) -> Vec<&Route> {
        let mut all = self.all();
        let data = self.data().filter(|data| all.iter().all(|way| way.url != data.url));
        all.extend(data);
        all
    }

    /// The stores in which spaces of a kind may be.
    pub(super) fn with(&self, kind: SpaceKind) -> Vec<&Route> {
        match kind {
            SpaceKind::OwnCollection => self.keeps(),
            SpaceKind::Mine => self.used(),
            // Nobody is heard in a store that is for my datasets alone.
            _ => self.all(),
        }
    }
}
