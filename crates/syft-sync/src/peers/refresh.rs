use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use futures::stream::{self, StreamExt};
use syft_core::{Disk, Email, NewEntry, Timestamp};
use syft_crypto::{Bundle, verification_words};
use syft_transport::{
    Identities, Listing, Object, ObjectName, Space, SpaceKind, Transport, TransportExt,
};

use super::hellos::{KnownHellos, Said};
use super::pin::check_keys;
use super::profile::{joined, profile_of};
use super::strays::bring_strays;
use super::{Bundles, Heard, Identity, Peer, PeerList, PeerState, PeerTable, greet, move_on};
use crate::arriving::Arriving;
use crate::channels::{IN_FLIGHT, list_with_odd, patiently};
use crate::hello::{Dealing, HELLO, HELLO_LIMIT};
use crate::ledger::State;
use crate::node::{Node, Pass};
use crate::report::Late;
use crate::sealed::KeyRing;
use crate::{Hello, Result, Role};

/// The peers as they stand after a look at the store.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    pub(crate) table: PeerTable,
    pub(crate) heard: BTreeMap<Email, Heard>,
    /// The inboxes of accepted peers as they were listed when their hello was looked
    /// for.
    pub(crate) inboxes: BTreeMap<Email, Listing>,
    /// What looks like a request and is none.
    pub(crate) suspicious: Vec<String>,
    /// With whom nothing may be exchanged as things stand, since it could not be sealed.
    closed: BTreeMap<Email, String>,
    /// What of a peer is late, and when the newest message came.
    late: BTreeMap<Email, (Option<Late>, Option<Timestamp>)>,
    /// Whether the store was not looked at, so that nothing was heard.
    is_offline: bool,
    /// Who may have spoken in a store that is away.
    unheard: BTreeSet<Email>,
}

/// Looks for requests and answers, and sends my own hellos that are still due. Without a
/// `look` at what others did since, the store is taken to be as it was.
pub(crate) async fn refresh(pass: &mut Pass<'_>, look: bool) -> Result<Connections> {
    let transport = pass.node.transport.clone();
    let table = PeerTable::load(&*pass.node.disk)?;
    pass.node.lead(&table);
    let mut found = Connections { table, ..Connections::default() };
    if look {
        patiently(&"the store", 0, transport.refresh()).await?;
        pass.node.looked.store(true, Ordering::Relaxed);
    }
    let discovered = transport.discover(SpaceKind::Inbox);
    let discovered = patiently(&"my inboxes", 0, discovered).await?;
    let skipped = discovered.skipped.iter();
    found.suspicious = skipped.map(|skip| format!("{}: {}", skip.name, skip.reason)).collect();
    let mut hellos = KnownHellos::load(&*pass.node.disk);
    let senders = discovered.spaces.into_iter().filter_map(|space| match &space {
        Space::Inbox { sender, .. } if *sender != pass.node.email => Some((sender.clone(), space)),
        _ => None,
    });
    let listening: Vec<_> = senders
        .map(|(sender, space)| {
            let accepted = found.table.state(&sender) == Some(PeerState::Accepted);
            (sender, space, accepted)
        })
        .collect();
    let (known, transport, arriving) = (&hellos, &*transport, &*pass.node.arriving);
    let heard: Vec<_> = stream::iter(listening)
        .map(|(sender, space, accepted)| async move {
            let heard = listen(transport, &space, &sender, accepted, known, arriving);
            let heard = patiently(&space, 0, heard).await;
            (sender, heard)
        })
        .buffered(IN_FLIGHT)
        .collect()
        .await;
    for (sender, heard) in heard {
        match heard {
            Ok(Listened { inbox, hello }) => {
                if let Some((objects, said)) = hello {
                    let mut heard = hear((&sender, &pass.node.email), &objects, &said);
                    let routes = &pass.node.routes;
                    let via = objects.first().and_then(|object| routes.address_of(object));
                    heard.via = via.filter(|via| !routes.is_home(via)).map(str::to_owned);
                    found.heard.insert(sender.clone(), heard);
                    hellos.note(&sender, objects, said);
                }
                found.inboxes.extend(inbox.map(|inbox| (sender, inbox)));
            }
            Err(error) => match crate::Error::from(error) {
                error if error.ends_the_pass() => return Err(error),
                // One peer's folder that cannot be read concerns that peer alone.
                error => found.suspicious.push(format!("{sender}: {error}")),
            },
        }
    }
    found.look_for_silence(pass.node);
    hellos.save(&*pass.node.disk)?;
    check_keys(pass, &mut found)?;
    remember(pass, &mut found)?;
    answer(pass, &mut found)?;
    let failed = greet(pass, &mut found.table).await?;
    found.suspicious.extend(failed);
    if look {
        bring_strays(pass, &found.table).await?;
    }
    let unmoved = move_on(pass, &mut found.table).await?;
    found.suspicious.extend(unmoved);
    Ok(found)
}

/// What lies in somebody's inbox here.
struct Listened {
    /// All of it, if it was asked for.
    inbox: Option<Listing>,
    /// The hello, in as many objects as it has, and what it says, unless that cannot be
    /// had.
    hello: Option<(Vec<Object>, Said)>,
}

/// Looks for the hello in an inbox. Of a peer that was accepted the whole inbox is
/// listed, since its messages are wanted next; a stranger can fill an inbox.
async fn listen(
    transport: &dyn Transport,
    space: &Space,
    from: &Email,
    accepted: bool,
    known: &KnownHellos,
    arriving: &Arriving,
) -> syft_transport::Result<Listened> {
    let (inbox, object) = if accepted {
        let listing = list_with_odd(transport, space).await?;
        let hello = listing.objects.iter().find(|object| object.name.as_str() == HELLO).cloned();
        (Some(listing), hello)
    } else {
        (None, transport.find(space, &ObjectName::parse(HELLO)?).await?)
    };
    let objects = match object {
        Some(object) => vec![object],
        None => profile_of(transport, from).await?,
    };
    if objects.is_empty() {
        return Ok(Listened { inbox, hello: None });
    }
    let is_foreign = |object: &Object| object.owner.as_ref().is_some_and(|owner| owner != from);
    let said = match known.said(from, &objects) {
        _ if objects.iter().any(is_foreign) => Said::Nothing,
        Some(said) => said,
        None => read(transport, &objects).await?,
    };
    // What is there in part was not said yet.
    let hello = match &said {
        Said::Bytes(bytes) if awaits_rest(arriving, &objects, bytes) => None,
        _ => Some((objects, said)),
    };
    Ok(Listened { inbox, hello })
}

fn awaits_rest(arriving: &Arriving, objects: &[Object], bytes: &[u8]) -> bool {
    objects.first().is_some_and(|object| arriving.awaits_json(object, bytes))
}

async fn read(transport: &dyn Transport, objects: &[Object]) -> syft_transport::Result<Said> {
    let mut parts = Vec::new();
    for object in objects {
        match transport.get_bytes(object, HELLO_LIMIT).await {
            Ok(bytes) => parts.push(bytes),
            Err(syft_transport::Error::TooLarge { .. }) => return Ok(Said::TooMuch),
            Err(error) => return Err(error),
        }
    }
    Ok(Said::Bytes(joined(parts)))
}

fn hear((from, me): (&Email, &Email), objects: &[Object], said: &Said) -> Heard {
    let hello = match (said, objects.iter().find_map(|object| object.owner.as_ref())) {
        (Said::Bytes(bytes), _) => Hello::from_bytes(bytes, from, me)
            .map(|hello| if objects.len() > 1 { hello } else { hello.without_loose_keys() })
            .map_err(|reject| reject.to_string()),
        (Said::TooMuch, _) => Err("its hello is too large".to_owned()),
        (Said::Nothing, Some(owner)) => {
            Err(format!("the hello in {from}'s folder was put there by {owner}"))
        }
        (Said::Nothing, None) => Err("its hello was not read".to_owned()),
    };
    Heard { hello, at: objects.first().and_then(|object| object.created), via: None }
}

/// What a peer said of its program counts also when it cannot be asked.
fn remember(pass: &Pass<'_>, found: &mut Connections) -> Result<()> {
    let mut is_news = false;
    for (email, heard) in &found.heard {
        if let Ok(hello) = &heard.hello {
            let record = found.table.peers.get_mut(email);
            if record.is_some_and(|record| record.pin(hello)) {
                is_news = true;
                found.table.note_trusted(pass, email)?;
            }
            is_news |= found.table.remember(email, hello, pass.node.seals());
        }
    }
    found.keep_bundles(&*pass.node.disk)?;
    if is_news { found.table.save(&*pass.node.disk) } else { Ok(()) }
}

/// Whoever I asked and who greets me has accepted.
fn answer(pass: &mut Pass<'_>, found: &mut Connections) -> Result<()> {
    let now = pass.node.clock.now();
    let asked: Vec<Email> = found.table.in_state(PeerState::RequestedByMe).cloned().collect();
    let greeted = |email: &Email| found.heard.get(email).is_some_and(|heard| heard.hello.is_ok());
    let accepted: Vec<Email> = asked.into_iter().filter(greeted).collect();
    for email in &accepted {
        found.table.set(email, PeerState::Accepted, now);
        pass.node.audit.append(NewEntry {
            key: None,
            at: now,
            actor: email.to_string(),
            action: "peer.answered".to_owned(),
            subject: email.to_string(),
            details: Default::default(),
        })?;
    }
    if !accepted.is_empty() {
        found.table.save(&*pass.node.disk)?;
    }
    Ok(())
}

impl Connections {
    /// What is known without a look at the store.
    pub(crate) fn offline(table: PeerTable) -> Self {
        Connections { table, is_offline: true, ..Connections::default() }
    }

    /// Notes of whom nothing is known since a store is away.
    fn look_for_silence(&mut self, node: &Node) {
        let inbox =
            |sender: &Email| Space::Inbox { owner: node.email.clone(), sender: sender.clone() };
        let peers = self.table.peers.keys();
        let unheard = peers.filter(|peer| node.transport.is_partial(&inbox(peer)));
        self.unheard = unheard.cloned().collect();
    }

    /// Keeps the keys of the peers that show those by which they are known.
    pub(crate) fn keep_bundles(&self, disk: &dyn Disk) -> Result<()> {
        let mut bundles = Bundles::load(disk)?;
        let mut is_news = false;
        for (email, heard) in &self.heard {
            let Some(bundle) = heard.hello.as_ref().ok().and_then(Hello::bundle) else { continue };
            let pinned = self.table.peers.get(email).and_then(|record| record.key);
            let is_it = pinned.is_some_and(|key| key.fingerprint == bundle.fingerprint());
            if is_it && !bundles.has(email, bundle.fingerprint()) {
                bundles.keep(email, bundle)?;
                is_news = true;
            }
        }
        if is_news { bundles.save(disk) } else { Ok(()) }
    }

    /// Takes a decision on a peer, and keeps what the peer said of its program.
    pub(crate) fn decide(&mut self, node: &Node, email: &Email, state: PeerState) {
        let is_new = !self.table.peers.contains_key(email);
        self.table.set(email, state, node.clock.now());
        let via = self.heard.get(email).and_then(|heard| heard.via.clone());
        if let (true, Some(record)) = (is_new, self.table.peers.get_mut(email)) {
            // Whoever asked is answered where that was heard.
            record.via.extend(via);
        }
        if let Some(Ok(hello)) = self.heard.get(email).map(|heard| &heard.hello) {
            self.table.remember(email, hello, node.seals());
        }
    }

    /// Why this is not done with a peer; `None` if all is well. An advert that cannot
    /// be read, or a Python client's that is gone, concerns that peer alone; of such a
    /// client there is nothing that a scientist could not read (`protocol.md` d.2).
    pub(crate) fn problem(&self, email: &Email, dealing: Dealing) -> Option<String> {
        if let Some(reason) = self.table.alarm_of(email) {
            let heard = self.heard.get(email).and_then(|heard| heard.hello.as_ref().err());
            return Some(heard.cloned().unwrap_or(reason));
        }
        self.version_problem(email, dealing).or_else(|| {
            // One who has not spoken has no problem: what is for it waits until it does.
            let record = self.table.peers.get(email);
            let has_spoken = record.is_some_and(|record| record.kind.is_some());
            self.closed.get(email).filter(|_| has_spoken).cloned()
        })
    }

    fn version_problem(&self, email: &Email, dealing: Dealing) -> Option<String> {
        let is_python = self.table.is_python(email);
        let problem = match self.heard.get(email).map(|heard| &heard.hello) {
            Some(Ok(hello)) => return hello.problem(dealing),
            Some(Err(reason)) => format!("its advert cannot be read: {reason}"),
            None if is_python && !self.is_offline && !self.unheard.contains(email) => {
                "it advertises no version".to_owned()
            }
            None => return None,
        };
        (!is_python || dealing != Dealing::Pull).then_some(problem)
    }

    /// Takes in what arrived of the peers.
    pub(crate) fn look_at_channels(&mut self, state: &State, me: &Email) {
        let late = |peer: &Email| (peer.clone(), state.late(me, peer));
        self.late = self.table.peers.keys().map(late).collect();
    }

    /// Those whose hello lies there.
    pub(crate) fn greeting(&self) -> BTreeSet<Email> {
        let heard = self.heard.iter().filter(|(_, heard)| heard.hello.is_ok());
        heard.map(|(email, _)| email.clone()).collect()
    }

    /// Whether what is for a peer waits until it shows its first key.
    pub(crate) fn awaits_key(&self, email: &Email) -> bool {
        let record = self.table.peers.get(email);
        self.closed.contains_key(email) && record.is_some_and(|record| record.kind.is_none())
    }

    /// Whether this is done with a peer now.
    pub(crate) fn allows(&self, email: &Email, dealing: Dealing) -> bool {
        !self.closed.contains_key(email) && self.problem(email, dealing).is_none()
    }

    /// Takes in by which keys things stand with the peers.
    pub(crate) fn look_at_keys(&mut self, ring: &KeyRing) -> Result<()> {
        self.closed.clear();
        for email in self.table.peers.keys() {
            if let Err(reason) = ring.with(email)? {
                self.closed.insert(email.clone(), reason);
            }
        }
        Ok(())
    }

    /// Why less is exchanged with a peer than this role would; `None` if all is well.
    pub(crate) fn problem_of(&self, email: &Email, role: Role) -> Option<String> {
        let serve = role.is_owner().then(|| self.problem(email, Dealing::Serve)).flatten();
        serve.or_else(|| role.is_scientist().then(|| self.problem(email, Dealing::Propose))?)
    }

    /// All peers that are known.
    pub(crate) fn list(&self, node: &Node, role: Role) -> PeerList {
        // As the decisions stand now, which may have been made since the look.
        let seals = |email: &Email| {
            let found = node.ring.as_ref().and_then(|ring| ring.with(email).ok()?.ok());
            found.is_some_and(|found| found.seals)
        };
        let known = self.table.peers.iter();
        let mut states: BTreeMap<&Email, (PeerState, _)> =
            known.map(|(email, peer)| (email, (peer.state, Some(peer.since)))).collect();
        for (email, heard) in &self.heard {
            states.entry(email).or_insert((PeerState::RequestedByPeer, heard.at));
        }
        let mut peers: Vec<Peer> = states
            .into_iter()
            .map(|(email, (state, since))| {
                let heard = self.heard.get(email);
                let hello = heard.and_then(|heard| heard.hello.as_ref().ok());
                let record = self.table.peers.get(email);
                let pinned = record.and_then(|record| record.key);
                let alarm = record.is_some_and(|record| record.alarm.is_some());
                let shown = hello.and_then(Hello::bundle).map(Bundle::fingerprint);
                let key = pinned.map(|key| key.fingerprint).or(shown);
                let (late, newest) = self.late.get(email).copied().unwrap_or_default();
                let moving = record.and_then(|record| record.moving.as_ref());
                let is_verified = pinned.is_some_and(|key| key.verified.is_some());
                let inbox = Space::Inbox { owner: node.email.clone(), sender: email.clone() };
                let info = node.transport.info_of(&inbox);
                let identity = match info.identities {
                    Identities::Claimed => Identity::Claimed,
                    Identities::Proven => Identity::Proven,
                };
                Peer {
                    email: email.clone(),
                    state,
                    identity: match (identity, key) {
                        _ if alarm => Identity::Unverified,
                        _ if is_verified => Identity::Verified,
                        (Identity::Claimed, Some(_)) => Identity::Unverified,
                        (identity, _) => identity,
                    },
                    transport: info.name.clone(),
                    via: record.map(|record| record.via.clone()).unwrap_or_default(),
                    moving: moving.is_some(),
                    awaited: moving.filter(|moving| !moving.came).map(|moving| moving.since),
                    held_up: moving.and_then(|moving| moving.held_up.clone()),
                    kind: hello.map(Hello::kind).or(record.and_then(|record| record.kind)),
                    layout: hello.map(Hello::layout).or(record.and_then(|record| record.layout)),
                    version: hello.map(Hello::version),
                    fingerprint: key.map(|key| key.to_string()),
                    words: key.map(|key| verification_words(email, &key)),
                    sealed: seals(email),
                    alarm,
                    late,
                    last_seen: heard.and_then(|heard| heard.at).max(newest),
                    since,
                    problem: self.problem_of(email, role),
                }
            })
            .collect();
        peers.sort_by(|a, b| (a.state, &a.email).cmp(&(b.state, &b.email)));
        PeerList::new(peers, role)
    }
}
