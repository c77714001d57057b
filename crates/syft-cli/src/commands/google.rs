//! What is to be said of a login at Google, before it ends and after.

use syft_sync::core::{Clock, Email, SystemClock, Timestamp};
use syft_sync::{GOOGLE_DRIVE, GoogleAccount, GoogleStatus, NodeConfig};

use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

/// So long before its end a login is warned of, in seconds.
const SOON: f64 = 3.0 * 86_400.0;

/// How a login stands.
pub(crate) struct Standing {
    /// In words.
    pub(crate) told: String,
    /// Whether somebody should do something.
    pub(crate) is_warning: bool,
    /// How a check of it ends: in good order, unless it is good for nothing any more.
    pub(crate) exit: Exit,
}

/// How the login of a home stands that uses Google Drive.
pub(crate) fn standing(
    context: &Context,
    config: &NodeConfig,
) -> Result<Option<Standing>, CliError> {
    if config.transport != GOOGLE_DRIVE {
        return Ok(None);
    }
    let bad = |exit, told: String| Standing { told, is_warning: true, exit };
    Ok(Some(match context.stores(&config.email)?.google_status() {
        Ok(Some(status)) => of_status(&config.email, &status, SystemClock.now()),
        Ok(None) => bad(Exit::Refused, "this home has no login at Google: log in again".to_owned()),
        Err(error) => {
            let error = CliError::from(error);
            bad(error.exit(), format!("{}: log in again", error.message()))
        }
    }))
}

fn of_status(email: &Email, status: &GoogleStatus, now: Timestamp) -> Standing {
    let tokens = &status.tokens;
    let who = match status.account {
        GoogleAccount::Person => format!("of {email}"),
        GoogleAccount::ServiceAccount => format!("of a service account that acts as {email}"),
        GoogleAccount::Machine => format!("of this machine, which vouches for {email}"),
    };
    let bad = |exit, told: String| Standing { told, is_warning: true, exit };
    if let Some(refused) = &tokens.refused {
        return bad(Exit::Refused, refused.clone());
    }
    if let Some(unsaved) = &tokens.unsaved {
        return bad(Exit::Store, format!("it was renewed, and could not be kept: {unsaved}"));
    }
    // What renews itself ends when Google says so; else with its token.
    let renewing = tokens.refreshable;
    let end = if renewing { tokens.refresh_expires_at } else { tokens.expires_at };
    if let Some(end) = end.filter(|end| end.seconds() - now.seconds() < SOON) {
        let has_ended = end.seconds() <= now.seconds();
        let (ends, exit) = if has_ended { ("ended", Exit::Refused) } else { ("ends", Exit::Done) };
        return bad(exit, format!("the login at Google {ends} on {}", end.to_rfc3339()));
    }
    let token = match (tokens.expires_at, renewing) {
        (Some(end), true) => format!("its token ends on {} and renews itself", end.to_rfc3339()),
        (None, true) => "its token renews itself".to_owned(),
        (Some(end), false) => format!("its token ends on {}", end.to_rfc3339()),
        (None, false) => "nobody knows when its token ends, and nothing renews it".to_owned(),
    };
    let login = match end.filter(|_| renewing) {
        Some(end) => format!("; the login ends on {}", end.to_rfc3339()),
        None => String::new(),
    };
    Standing { told: format!("{who}; {token}{login}"), is_warning: false, exit: Exit::Done }
}
