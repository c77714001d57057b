//! Finds out what a store keeps of what it promises, by trying.
//!
//! It works in a place of its own, under names that nobody else has, and takes away what it
//! put there. What it finds is what is relied on: a store that takes conditions on a write
//! and ignores them is dealt with as one that has none.

use futures::future::join_all;
use serde::{Deserialize, Serialize};
use syft_core::{Clock, Entropy, SystemClock, SystemEntropy};

use crate::{
    Capabilities, Error, ListOptions, Object, ObjectName, PutMode, Result, Space, Transport,
    TransportExt, Version,
};

/// How many write the same name at the same moment.
const RACERS: usize = 8;
const ROUNDS: usize = 3;
/// More than what is sent in one call.
const LONG: usize = 9 * 1024 * 1024;
/// What the names of all trials begin with.
const PREFIX: &str = "probe_";
/// After so long, in seconds, nobody is at it any more.
const ABANDONED: f64 = 60.0 * 60.0;
const LIMIT: u64 = 16 * 1024 * 1024;

/// What was found out about a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Each promise that was tried, in the order in which they were.
    pub promises: Vec<Promise>,
    /// What the store is to be relied on for.
    pub found: Capabilities,
    /// By how many seconds the store's clock is ahead of mine, if it has one; as exact as
    /// the time that a call takes.
    pub clock_ahead: Option<f64>,
}

impl Probe {
    /// The first promise without which nothing works that is not kept.
    #[must_use]
    pub fn broken(&self) -> Option<&Promise> {
        self.promises.iter().find(|promise| promise.kept == Kept::No && promise.is_required)
    }
}

/// A promise of a store, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Promise {
    /// Which.
    pub promise: &'static str,
    /// What came of it.
    pub kept: Kept,
    /// Whether nothing works without it.
    #[serde(rename = "required")]
    pub is_required: bool,
    /// How it was broken, or what follows; empty if nothing is to be said.
    pub detail: String,
}

/// What came of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// It holds.
    Yes,
    /// It does not hold.
    No,
    /// The store does not make it.
    NotClaimed,
}

/// Tries a store that is taken at its word. Some sixty calls.
///
/// # Errors
/// What the store answers where no promise is about it: that it cannot be reached, or does
/// not let me in.
pub async fn probe(transport: &dyn Transport) -> Result<Probe> {
    let trial = Trial::begin(transport).await?;
    let tried = trial.all().await;
    let cleared = trial.clear().await;
    let probe = tried?;
    cleared?;
    Ok(probe)
}

struct Trial<'a> {
    store: &'a dyn Transport,
    space: Space,
    /// What all names begin with.
    tag: String,
}

/// What came of one promise: that it holds, or how it does not.
type Verdict = Result<std::result::Result<(), String>>;

impl<'a> Trial<'a> {
    async fn begin(store: &'a dyn Transport) -> Result<Self> {
        let space = Space::Archive { owner: store.info().identity.clone() };
        let unique = (&SystemEntropy as &dyn Entropy).uuid();
        let unique = unique.map_err(|error| Error::permanent("try", &space, error.to_string()))?;
        store.open(&space).await?;
        Ok(Trial { store, space, tag: format!("{PREFIX}{unique}_") })
    }

    async fn all(&self) -> Result<Probe> {
        let mut found = self.store.info().capabilities;
        let (first, clock_ahead) = self.first().await?;
        let mut promises = vec![
            required("bytes_come_back", self.bytes_come_back(&first).await?),
            required("a_part_can_be_read", self.a_part_can_be_read(&first).await?),
            wanted("what_was_put_is_listed", self.is_listed(&first).await?),
            wanted("a_name_is_not_taken_twice", self.is_not_taken_twice(&first).await?),
            wanted("what_was_deleted_is_gone", self.is_gone(&first).await?),
        ];
        for (promise, claimed, verdict) in [
            ("one_of_many_writers_wins", &mut found.exclusive_create, self.one_wins().await?),
            ("a_version_is_replaced_once", &mut found.replace, self.is_replaced_once().await?),
        ] {
            let mut tried = wanted(promise, verdict);
            if !*claimed {
                tried.kept = Kept::NotClaimed;
            }
            *claimed = tried.kept == Kept::Yes;
            promises.push(tried);
        }
        promises.push(wanted("capitals_are_told_apart", self.case_is_kept().await?));
        Ok(Probe { promises, found, clock_ahead })
    }

    fn name(&self, rest: &str) -> Result<ObjectName> {
        ObjectName::parse(&format!("{}{rest}", self.tag))
    }

    async fn put(&self, rest: &str, body: Vec<u8>) -> Result<Object> {
        self.store.put(&self.space, &self.name(rest)?, body.into(), PutMode::Create).await
    }

    /// The object that most is tried on, and how far the store's clock is ahead.
    async fn first(&self) -> Result<(Object, Option<f64>)> {
        let before = SystemClock.now().seconds();
        let first = self.put("first", noise(70_001, 1)).await?;
        let between = (before + SystemClock.now().seconds()) / 2.0;
        let created = match first.created {
            Some(created) => Some(created),
            None => self.store.find(&self.space, &first.name).await?.and_then(|it| it.created),
        };
        Ok((first, created.map(|created| created.seconds() - between)))
    }

    async fn bytes_come_back(&self, first: &Object) -> Verdict {
        let back = self.store.get_bytes(first, LIMIT).await?;
        Ok(ensure(back == noise(70_001, 1), "other bytes came back than were put"))
    }

    async fn is_listed(&self, first: &Object) -> Verdict {
        let listed = self.store.find(&self.space, &first.name).await?;
        let is_so = listed.is_some_and(|listed| listed.size == first.size);
        Ok(ensure(is_so, "what was put is not in the listing that follows"))
    }

    async fn a_part_can_be_read(&self, first: &Object) -> Verdict {
        let stream = self.store.get(first, Some(69_990..80_000)).await?;
        let part = crate::collect(stream, "a part", LIMIT).await?;
        let whole = noise(70_001, 1);
        Ok(ensure(part == whole.get(69_990..).unwrap_or_default(), "of a part other bytes came"))
    }

    async fn is_not_taken_twice(&self, first: &Object) -> Verdict {
        let overwritten = "what had the name was overwritten";
        match self.put("first", b"other".to_vec()).await {
            Ok(_) => Ok(Err(overwritten.to_owned())),
            Err(Error::AlreadyExists { .. }) => {
                let left = self.store.get_bytes(first, LIMIT).await?;
                Ok(ensure(left == noise(70_001, 1), overwritten))
            }
            Err(error) => Err(error),
        }
    }

    async fn is_gone(&self, first: &Object) -> Verdict {
        self.store.delete(std::slice::from_ref(first)).await?;
        self.store.delete(std::slice::from_ref(first)).await?;
        let listed = self.store.find(&self.space, &first.name).await?;
        let read = self.store.get_bytes(first, LIMIT).await;
        let is_gone = listed.is_none() && matches!(read, Err(Error::NotFound { .. }));
        Ok(ensure(is_gone, "what was deleted is still there in the call that follows"))
    }

    /// Short bodies, and a long one, which a store may take by another road.
    async fn one_wins(&self) -> Verdict {
        let capabilities = self.store.info().capabilities;
        if !capabilities.exclusive_create {
            return Ok(Ok(()));
        }
        for round in 0..ROUNDS {
            let name = format!("race_{round}");
            let racers = (1..=RACERS).map(|racer| self.put(&name, noise(4_000 + racer, 2)));
            let mut winners = 0;
            for end in join_all(racers).await {
                match end {
                    Ok(_) => winners += 1,
                    Err(Error::AlreadyExists { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            if winners != 1 {
                return Ok(Err(format!("of {RACERS} writers of one name {winners} won")));
            }
        }
        if capabilities.largest.is_none() {
            self.put("long", noise(LONG, 3)).await?;
            match self.put("long", noise(LONG, 5)).await {
                Err(Error::AlreadyExists { .. }) => {}
                Ok(_) => return Ok(Err("a long object was overwritten by another".to_owned())),
                Err(error) => return Err(error),
            }
        }
        Ok(Ok(()))
    }

    async fn is_replaced_once(&self) -> Verdict {
        if !self.store.info().capabilities.replace {
            return Ok(Ok(()));
        }
        let first = self.put("replaced", b"1".to_vec()).await?;
        let Some(version) = first.version.clone() else {
            return Ok(Err("it names no versions".to_owned()));
        };
        let replace = async |version: Version, body: &[u8]| {
            let mode = PutMode::Replace(version);
            self.store.put(&self.space, &first.name, body.to_vec().into(), mode).await
        };
        match replace(version.clone(), b"2").await {
            Ok(_) => {}
            Err(Error::Precondition { .. }) => {
                return Ok(Err("it does not know the version that it has named".to_owned()));
            }
            Err(error) => return Err(error),
        }
        match replace(version, b"3").await {
            Err(Error::Precondition { .. }) => Ok(Ok(())),
            Ok(_) => Ok(Err("a version that is no longer there was replaced".to_owned())),
            Err(error) => Err(error),
        }
    }

    /// Nothing here needs it: a dataset may not be named as another but for capitals.
    async fn case_is_kept(&self) -> Verdict {
        self.put("case", b"small".to_vec()).await?;
        let other = self.put("CASE", b"large".to_vec()).await;
        match other {
            Ok(_) => {}
            Err(Error::AlreadyExists { .. }) => {
                return Ok(Err("a and A are one name to it".to_owned()));
            }
            Err(error) => return Err(error),
        }
        let options = ListOptions::with_prefix(&self.tag);
        let listed = self.store.list_with_skipped(&self.space, &options).await?.objects;
        let cases = listed.iter().filter(|object| object.name.as_str().ends_with("se"));
        let capitals = listed.iter().filter(|object| object.name.as_str().ends_with("SE"));
        let both = cases.count() == 1 && capitals.count() == 1;
        Ok(ensure(both, "a and A are one name to it"))
    }

    /// Takes away what it put there, and what another left that did not come to its end.
    async fn clear(&self) -> Result<()> {
        let options = ListOptions::with_prefix(PREFIX);
        let left = self.store.list_with_skipped(&self.space, &options).await?.objects;
        let is_mine = |object: &Object| object.name.as_str().starts_with(&self.tag);
        // By the store's own clock.
        let newest = left.iter().filter(|object| is_mine(object)).find_map(|object| object.created);
        let is_old = |object: &Object| match (newest, object.created) {
            (Some(newest), Some(created)) => newest.seconds() - created.seconds() > ABANDONED,
            _ => false,
        };
        let gone: Vec<Object> =
            left.iter().filter(|object| is_mine(object) || is_old(object)).cloned().collect();
        self.store.delete(&gone).await
    }
}

/// A promise without which nothing works.
fn required(promise: &'static str, verdict: std::result::Result<(), String>) -> Promise {
    Promise { is_required: true, ..wanted(promise, verdict) }
}

/// One that the engine does without: it uses names that cannot clash, looks again, and tells
/// what came late.
fn wanted(promise: &'static str, verdict: std::result::Result<(), String>) -> Promise {
    let (kept, detail) = match verdict {
        Ok(()) => (Kept::Yes, String::new()),
        Err(how) => (Kept::No, how),
    };
    Promise { promise, kept, is_required: false, detail }
}

fn ensure(holds: bool, how: &str) -> std::result::Result<(), String> {
    if holds { Ok(()) } else { Err(how.to_owned()) }
}

/// Bytes that no compression or text mode leaves alone by chance.
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(length);
    for _ in 0..length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes().first());
    }
    bytes
}
