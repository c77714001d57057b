//! `files.list`

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use syft_loopback::{Millis, Request, Response};

use crate::accounts::Caller;
use crate::error::{Error, Result};
use crate::item::{Id, Item};
use crate::query::{Question, parse};
use crate::render::{answer, file, shared_with, size};
use crate::schema::FILE_LIST;
use crate::state::State;

const DEFAULT: &str = "kind,incompleteSearch,nextPageToken,files(kind,id,name,mimeType)";

/// A token of a page is good for some hours.
const PAGE_LIFE: Millis = 6 * 3_600_000;

/// The rest of a list that was begun.
#[derive(Debug, Clone)]
struct Page {
    /// Whose list of what.
    list: String,
    ids: Vec<Id>,
    since: Millis,
}

/// The tokens of pages that were handed out.
#[derive(Debug, Default)]
pub(crate) struct Pages(BTreeMap<String, Page>);

/// Files that one has a right to, in pages.
pub(crate) fn list(state: &mut State, caller: &Caller, request: &Request) -> Result<Response> {
    let size = page_size(state, request)?;
    let text = |name| request.params.get(name).unwrap_or_default();
    let list = [caller.email.as_str(), text("q"), text("orderBy")].join("\n");
    let ids = match request.params.get("pageToken") {
        Some(token) => state.rest_of(&list, token)?,
        None => search(state, caller, text("q"), text("orderBy"))?,
    };
    // Drive may answer with a page that holds nothing, and go on.
    let size = if state.faults.empties_page() { 0 } else { size };
    let (page, rest) = ids.split_at_checked(size.min(ids.len())).unwrap_or((&ids, &[]));
    let view = state.store.after(state.listed_until(&caller.email));
    let lines = page.iter().filter_map(|id| view.get(id));
    let files: Vec<Value> = lines.map(|item| file(view, item, caller)).collect();
    let mut value = json!({"kind": "drive#fileList", "incompleteSearch": false, "files": files});
    if !rest.is_empty() {
        let page = Page { list, ids: rest.to_vec(), since: state.now() };
        let token = state.keep(page);
        value.as_object_mut().map(|fields| fields.insert("nextPageToken".to_owned(), token.into()));
    }
    answer(request, &FILE_LIST, DEFAULT, &value)
}

/// How many lines a page has: what is asked for, as far as the faults let it.
pub(crate) fn page_size(state: &State, request: &Request) -> Result<usize> {
    let asked = request.params.get("pageSize").map_or(Ok(100), str::parse::<usize>);
    let asked = asked.ok().filter(|size| (1..=1000).contains(size));
    let asked = asked.ok_or_else(|| Error::invalid("pageSize"))?;
    Ok(state.faults.page_limit().map_or(asked, |limit| asked.min(limit.max(1))))
}

impl State {
    fn rest_of(&self, list: &str, token: &str) -> Result<Vec<Id>> {
        let page =
            self.pages.0.get(token).filter(|page| {
                page.list == list && self.now().saturating_sub(page.since) < PAGE_LIFE
            });
        page.map(|page| page.ids.clone()).ok_or_else(|| Error::invalid("pageToken"))
    }

    fn keep(&mut self, page: Page) -> String {
        let token = format!("~!!~{}", self.dice.word(40));
        self.pages.0.insert(token.clone(), page);
        token
    }
}

fn search(state: &State, caller: &Caller, query: &str, order: &str) -> Result<Vec<Id>> {
    let order = read_order(order).ok_or_else(|| Error::invalid("orderBy"))?;
    let query = if query.trim().is_empty() {
        None
    } else {
        Some(parse(query).ok_or_else(|| Error::invalid("q"))?)
    };
    for id in query.iter().flat_map(|query| query.parents()) {
        // What Drive says of such a folder leaves its id out.
        let id = state.resolve(id, &caller.email);
        state.store.now().seen(&id, &caller.email).map_err(|_| Error::not_found(""))?;
    }
    let view = state.store.after(state.listed_until(&caller.email));
    let root = state.accounts.root_of(&caller.email).unwrap_or_default();
    let question = Question { view, caller, root: &root };
    let fits = |item: &&Arc<Item>| {
        query.as_ref().is_none_or(|query| question.holds(query, item))
            && view.lists(item, &caller.email)
    };
    let mut found: Vec<&Arc<Item>> = view.items().filter(fits).collect();
    sort(&mut found, &order, caller);
    Ok(found.into_iter().map(|item| item.id.clone()).collect())
}

/// A key of `orderBy`, and whether it goes downwards.
type Order = Vec<(Key, bool)>;

#[derive(Debug, Clone, Copy)]
enum Key {
    Created,
    Modified,
    Name,
    Folder,
    Size,
    SharedWithMe,
    Starred,
}

fn read_order(text: &str) -> Option<Order> {
    let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
    keys.map(|key| {
        let mut words = key.split_whitespace();
        let key = match words.next()? {
            "createdTime" => Key::Created,
            "modifiedTime" | "modifiedByMeTime" | "viewedByMeTime" | "recency" => Key::Modified,
            "name" | "name_natural" => Key::Name,
            "folder" => Key::Folder,
            "quotaBytesUsed" => Key::Size,
            "sharedWithMeTime" => Key::SharedWithMe,
            "starred" => Key::Starred,
            _ => return None,
        };
        match (words.next(), words.next()) {
            (None, _) => Some((key, false)),
            (Some("desc"), None) => Some((key, true)),
            _ => None,
        }
    })
    .collect()
}

fn sort(found: &mut [&Arc<Item>], order: &Order, caller: &Caller) {
    // Without a wish the newest comes first.
    found.sort_by_key(|item| (Reverse(item.modified), Reverse(item.number)));
    found.sort_by(|one, other| {
        let compared = order.iter().map(|(key, down)| {
            let way = key.compare(one, other, caller);
            if *down { way.reverse() } else { way }
        });
        compared.fold(Ordering::Equal, Ordering::then)
    });
}

impl Key {
    fn compare(self, one: &Item, other: &Item, caller: &Caller) -> Ordering {
        match self {
            Key::Created => one.created.cmp(&other.created),
            Key::Modified => one.modified.cmp(&other.modified),
            Key::Name => {
                let lower = one.name.to_lowercase().cmp(&other.name.to_lowercase());
                lower.then_with(|| one.name.cmp(&other.name))
            }
            // Folders come first.
            Key::Folder => other.is_folder().cmp(&one.is_folder()),
            Key::Size => size(one).cmp(&size(other)),
            Key::SharedWithMe => {
                let since = |item| shared_with(item, &caller.email);
                since(one).cmp(&since(other))
            }
            Key::Starred => one.starred.cmp(&other.starred),
        }
    }
}
