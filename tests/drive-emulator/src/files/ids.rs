//! `files.generateIds`

use serde_json::json;
use syft_loopback::{Request, Response};

use crate::accounts::Caller;
use crate::error::{Error, Result};
use crate::render::answer;
use crate::schema::IDS;
use crate::state::State;

/// Hands out ids that only the caller can use, each for one file.
pub(crate) fn generate_ids(
    state: &mut State,
    caller: &Caller,
    request: &Request,
) -> Result<Response> {
    let count = request.params.get("count").map_or(Ok(10), str::parse::<u32>);
    let count = count.ok().filter(|count| (1..=1000).contains(count));
    let count = count.ok_or_else(|| Error::invalid("count"))?;
    let ids: Vec<String> = (0..count).map(|_| state.new_id()).collect();
    state.reserved.extend(ids.iter().map(|id| (id.clone(), caller.email.clone())));
    let value = json!({"kind": "drive#generatedIds", "space": "drive", "ids": ids});
    answer(request, &IDS, "*", &value)
}
