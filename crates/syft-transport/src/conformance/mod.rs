//! What every transport promises, as a suite that anybody runs against an own
//! backend. It tests effects, not claims: a store that says it creates
//! exclusively is raced. What others put there by other ways it does not try: names that are
//! none are told as [`Skipped`](crate::Skipped), and end no listing. Whether a store tells
//! capitals apart [`probe`](crate::probe()) says.
//!
//! ```
//! # use std::sync::Arc;
//! # use syft_core::Email;
//! use syft_transport::conformance::{self, Cast, Setup};
//! # use syft_transport::{MemoryStore, Result};
//!
//! struct Mine;
//!
//! #[async_trait::async_trait]
//! impl Setup for Mine {
//!     async fn cast(&self) -> Result<Cast> {
//!         let store = MemoryStore::new();
//!         Ok(Cast::new(["alice@example.org", "bob@example.org", "eve@example.org"].map(|email| {
//!             Arc::new(store.user(Email::parse(email).unwrap())) as _
//!         })))
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! conformance::run(&Mine).await.into_result().unwrap();
//! # });
//! ```

mod access;
mod bodies;
mod fresh;
mod in_place;
mod many;
mod names;
mod planes;
mod race;
mod spaces;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use syft_core::{DatasetName, Email};

use self::fresh::Fresh;
use crate::{CollectionHash, CollectionKind, Error, ObjectName, Result, Space, Transport};

/// How the suite comes by a store.
#[async_trait]
pub trait Setup: Send + Sync {
    /// Three participants of one store in which nothing of theirs lies yet;
    /// called once for each promise.
    ///
    /// # Errors
    /// What the store says; the promise then counts as broken.
    async fn cast(&self) -> Result<Cast>;
}

/// Three participants of one store.
#[derive(Debug, Clone)]
pub struct Cast {
    owner: Arc<dyn Transport>,
    peer: Arc<dyn Transport>,
    stranger: Arc<dyn Transport>,
}

impl Cast {
    /// Three different identities: an owner, its peer, and one who has nothing
    /// to do with them.
    #[must_use]
    pub fn new([owner, peer, stranger]: [Arc<dyn Transport>; 3]) -> Self {
        let [owner, peer, stranger] =
            [owner, peer, stranger].map(|store| Arc::new(Fresh::new(store)) as Arc<dyn Transport>);
        Cast { owner, peer, stranger }
    }

    fn owner_email(&self) -> Email {
        self.owner.info().identity.clone()
    }

    fn peer_email(&self) -> Email {
        self.peer.info().identity.clone()
    }

    fn inbox(&self) -> Space {
        Space::Inbox { owner: self.owner_email(), sender: self.peer_email() }
    }

    fn outbox(&self) -> Space {
        Space::Outbox { owner: self.owner_email(), recipient: self.peer_email() }
    }

    fn log(&self) -> Space {
        Space::Log { owner: self.owner_email() }
    }

    fn collection(&self) -> Result<Space, Exception> {
        Ok(Space::Collection {
            owner: self.owner_email(),
            kind: CollectionKind::Mock,
            tag: DatasetName::parse("census 2020").map_err(Exception::broken)?,
            hash: CollectionHash::parse("0a1b2c3d")?,
        })
    }
}

/// What came of one promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Kept,
    /// The store does not claim it.
    NotClaimed(String),
    /// It does not hold, and how.
    Broken(String),
}

/// What came of all promises, by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In the order in which they were tried.
    pub outcomes: Vec<(&'static str, Outcome)>,
}

impl Report {
    /// The report if nothing is broken.
    ///
    /// # Errors
    /// The same report if something is.
    pub fn into_result(self) -> Result<Report, Report> {
        let broken = self.outcomes.iter().any(|(_, o)| matches!(o, Outcome::Broken(_)));
        if broken { Err(self) } else { Ok(self) }
    }
}

/// One line for each promise.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.outcomes.iter().try_for_each(|(name, outcome)| match outcome {
            Outcome::Kept => writeln!(f, "kept         {name}"),
            Outcome::NotClaimed(why) => writeln!(f, "not claimed  {name}: {why}"),
            Outcome::Broken(how) => writeln!(f, "BROKEN       {name}: {how}"),
        })
    }
}

/// Tries every promise on a store of its own. Needs a tokio runtime.
pub async fn run(setup: &dyn Setup) -> Report {
    let mut outcomes = Vec::new();
    for (name, promise) in PROMISES {
        let verdict = match setup.cast().await {
            Ok(cast) => promise(&cast).await,
            Err(error) => Err(Exception::from(error)),
        };
        let outcome = match verdict {
            Ok(()) => Outcome::Kept,
            Err(Exception::NotClaimed(why)) => Outcome::NotClaimed(why),
            Err(Exception::Broken(how)) => Outcome::Broken(how),
        };
        outcomes.push((*name, outcome));
    }
    Report { outcomes }
}

type Promise = for<'a> fn(&'a Cast) -> BoxFuture<'a, Verdict>;
type Verdict = Result<(), Exception>;

#[derive(Debug)]
enum Exception {
    NotClaimed(String),
    Broken(String),
}

impl Exception {
    fn broken(how: impl fmt::Display) -> Self {
        Exception::Broken(how.to_string())
    }
}

impl From<Error> for Exception {
    fn from(error: Error) -> Self {
        Exception::broken(error)
    }
}

fn name(text: &str) -> Result<ObjectName, Exception> {
    Ok(ObjectName::parse(text)?)
}

/// Breaks the promise with a message unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(crate::conformance::Exception::Broken(format!($($message)+)));
        }
    };
}
use ensure;

macro_rules! promises {
    ($($module:ident::$function:ident),* $(,)?) => {
        const PROMISES: &[(&str, Promise)] =
            &[$((stringify!($function), |cast| Box::pin($module::$function(cast)))),*];
    };
}

promises! {
    bodies::bytes_come_back_as_they_were_put,
    bodies::a_streamed_body_comes_back_as_it_was_put,
    bodies::a_range_is_what_lies_within_the_object,
    bodies::a_body_that_fails_leaves_nothing,
    bodies::a_body_of_another_length_leaves_nothing,
    bodies::a_body_beyond_the_largest_is_refused_unread,
    names::names_may_hold_what_a_path_component_may,
    names::create_never_overwrites,
    names::repeating_a_put_is_success,
    names::replace_overwrites_exactly_one_version_or_is_unsupported,
    in_place::an_object_takes_the_place_of_an_older_one_or_it_is_unsupported,
    in_place::taking_a_place_again_changes_nothing,
    in_place::what_takes_the_place_of_nothing_is_created,
    in_place::the_place_of_a_third_object_is_not_taken,
    in_place::the_place_of_what_is_not_mine_is_not_taken,
    in_place::the_feed_shows_what_took_a_place,
    names::copy_is_a_create_or_is_unsupported,
    names::a_listing_tells_name_size_and_space,
    names::a_prefix_selects,
    names::delete_is_idempotent,
    spaces::open_is_idempotent,
    spaces::a_space_that_nobody_opened_is_empty,
    spaces::messages_are_retired_once,
    spaces::spaces_are_apart,
    spaces::many_spaces_are_listed_as_each_is,
    spaces::an_inbox_is_discovered,
    spaces::an_outbox_is_discovered,
    spaces::a_grant_makes_a_collection_discoverable,
    spaces::a_collection_for_any_reaches_everyone,
    spaces::own_collections_are_found_again,
    spaces::all_that_is_mine_is_found_again,
    spaces::a_sender_takes_back_what_was_put,
    many::what_is_cleared_is_deleted_and_retired,
    access::writing_in_the_name_of_another_is_denied,
    access::deleting_what_is_not_mine_is_denied,
    access::reading_what_is_not_shared_is_denied,
    access::the_provider_states_who_put_an_object,
    planes::changes_name_what_happened_since_the_cursor,
    race::one_of_many_creators_wins,
    race::same_bytes_from_many_creators_all_succeed,
    race::a_reader_never_sees_a_part,
}
