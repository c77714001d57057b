//! Who one is.

use serde_json::{Value, json};
use syft_loopback::{Request, Response};

use crate::accounts::Account;
use crate::error::Result;
use crate::route::answer;
use crate::state::State;

/// `users/get_current_account`.
pub(crate) fn current(account: &Account) -> Value {
    let name = account.email.split('@').next().unwrap_or_default();
    let root = (5_000_000 + account.tree).to_string();
    json!({
        "account_id": account.id,
        "name": {
            "given_name": name,
            "surname": "",
            "familiar_name": name,
            "display_name": name,
            "abbreviated_name": name.get(..1).unwrap_or_default(),
        },
        "email": account.email,
        "email_verified": true,
        "disabled": false,
        "locale": "en",
        "referral_link": "https://www.dropbox.com/referrals/emulator",
        "is_paired": false,
        "account_type": {".tag": "basic"},
        "root_info": {".tag": "user", "root_namespace_id": root, "home_namespace_id": root},
    })
}

/// `auth/token/revoke`: the token of the call, with all that came of the same consent.
pub(crate) fn revoke(state: &mut State, account: &Account, request: &Request) -> Result<Response> {
    let header = request.header("authorization").unwrap_or_default();
    let app = state.accounts.bearer(header).map(|bearer| bearer.caller.app.clone());
    state.accounts.withdraw(&account.email, app.as_deref());
    Ok(answer(&Value::Null))
}
