//! Ids as the keys of an object: in a list, one more would move all that stand behind it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serializer};
use uuid::Uuid;

/// A list is how they were written before.
#[derive(Deserialize)]
#[serde(untagged)]
enum Ids {
    Keys(BTreeMap<Uuid, ()>),
    List(BTreeSet<Uuid>),
}

pub(super) fn serialize<S: Serializer>(
    ids: &BTreeSet<Uuid>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(ids.iter().map(|id| (id, ())))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeSet<Uuid>, D::Error> {
    Ok(match Ids::deserialize(deserializer)? {
        Ids::Keys(keys) => keys.into_keys().collect(),
        Ids::List(list) => list,
    })
}
