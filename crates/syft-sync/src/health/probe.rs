use syft_core::{Entropy, Timestamp};
use syft_transport::{ObjectName, Space, SpaceKind, Transport, TransportExt};

use super::{Check, Verdict};
use crate::node::Node;
use crate::peers::{Away, PeerTable};
use crate::sealed::reject_of;
use crate::{Result, bodies};

/// How the name of the object starts that is put, read and taken away again.
const PROBE: &str = "probe_";
/// As large as it is sealed, and more, in bytes.
const PROBE_LIMIT: u64 = 64 << 10;
/// Clocks that are further apart are told, in seconds.
const CLOCK_LIMIT: f64 = 300.0;

/// Whether the store answers, and keeps, lists, gives back and deletes an object
/// of mine; and how far its clock is from mine. With `write` false it is only asked.
pub(crate) async fn look_at_store(node: &Node, write: bool) -> Vec<Check> {
    let name = &node.transport.info().name;
    if !write {
        return vec![match node.transport.discover(SpaceKind::Inbox).await {
            Ok(_) => Check::good("store", format!("{name} answers; nothing was written to it")),
            Err(error) => Check::bad("store", Verdict::Away, error.to_string()),
        }];
    }
    match probe(node).await {
        Ok(Probed::Kept(stamp)) => vec![
            Check::good("store", format!("{name} answers, and keeps what it is given")),
            clock_check(stamp),
        ],
        Ok(Probed::Broken(how)) => vec![Check::bad("store", Verdict::Odd, format!("{name} {how}"))],
        Err(error) => vec![Check::bad("store", Verdict::Away, error.to_string())],
    }
}

/// Whether the stores answer over which peers are reached, and in which my datasets are or
/// were; `None` where there are none but mine.
pub(crate) async fn look_at_other_stores(node: &Node) -> Option<Check> {
    const NAME: &str = "other stores";
    let table = PeerTable::load(&*node.disk).ok()?;
    let further = node.further_stores(&table).await;
    if further.is_empty() {
        return None;
    }
    let good = format!("{} of them, and all answer", further.len());
    Some(match further.into_values().flatten().next() {
        None => Check::good(NAME, good),
        Some(Away { reason, .. }) => {
            let detail = format!("{reason}; what lies there was not looked at");
            Check::bad(NAME, Verdict::Away, detail)
        }
    })
}

enum Probed {
    /// It does as it should; by how many seconds its clock is ahead, if it tells.
    Kept(Option<f64>),
    Broken(&'static str),
}

async fn probe(node: &Node) -> Result<Probed> {
    let transport: &dyn Transport = &*node.transport;
    let entropy: &dyn Entropy = &*node.entropy;
    // Nobody reads this one but me, and nothing there is taken for a message.
    let space = Space::Archive { owner: node.email.clone() };
    let unique = entropy.uuid()?.to_string();
    let name = ObjectName::parse(&format!("{PROBE}{unique}"))?;
    let bytes = unique.into_bytes();
    transport.open(&space).await?;
    let before = node.clock.now();
    let put = transport.put_bytes(&space, &name, bytes.clone()).await?;
    let listed = transport.find(&space, &name).await?;
    let outcome = match &listed {
        None => Probed::Broken("does not list what was put"),
        Some(object) => match bodies::whole(transport, object, PROBE_LIMIT).await {
            Ok(back) if back == bytes => Probed::Kept(ahead(object.created, before)),
            Ok(_) | Err(syft_transport::Error::TooLarge { .. }) => {
                Probed::Broken("gives back other bytes than were put")
            }
            Err(error) if reject_of(&error).is_some() => {
                Probed::Broken("gives back other bytes than were put")
            }
            Err(error) => {
                transport.delete(std::slice::from_ref(&put)).await?;
                return Err(error.into());
            }
        },
    };
    // Also what an earlier probe could not take away.
    let mut gone = transport.list_all(&space).await?;
    gone.retain(|object| object.name.as_str().starts_with(PROBE));
    gone.push(put);
    transport.delete(&gone).await?;
    if transport.find(&space, &name).await?.is_some() {
        return Ok(Probed::Broken("lists what was deleted"));
    }
    Ok(outcome)
}

fn ahead(created: Option<Timestamp>, now: Timestamp) -> Option<f64> {
    created.map(|created| created.seconds() - now.seconds())
}

fn clock_check(ahead: Option<f64>) -> Check {
    match ahead {
        None => Check::good("clock", "the store says no times to compare with"),
        Some(ahead) if ahead.abs() <= CLOCK_LIMIT => {
            Check::good("clock", "agrees with the store's")
        }
        Some(ahead) => {
            let which = if ahead > 0.0 { "behind" } else { "ahead of" };
            let minutes = (ahead.abs() / 60.0).round();
            let detail = format!("{minutes} minutes {which} the store's: set the clock right");
            Check::bad("clock", Verdict::Odd, detail)
        }
    }
}
