//! What goes wrong, and when.

use std::time::Duration;

use syft_loopback::{Dice, Request, StatusCode, Strikes, judge};

use crate::error::Error;

/// What may happen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It takes longer by a time between these two.
    Latency(Duration, Duration),
    /// 429 `too_many_requests`, with a `Retry-After` in whole seconds.
    TooManyRequests(Option<Duration>),
    /// 429 `too_many_write_operations`: others write in the same Dropbox.
    TooManyWrites(Option<Duration>),
    /// 401 `expired_access_token`, whatever the token.
    ExpiredToken,
    /// Any status, in plain text; nothing was done. 500 and 503 are to be tried again.
    Status(u16),
    /// 503 with a `Retry-After`; nothing was done.
    Unavailable(Option<Duration>),
    /// The connection is cut and nothing was done.
    RequestLost,
    /// All was done, and then the connection is cut.
    AnswerLost,
    /// All was done, and the connection is cut in the middle of the answer's body.
    BodyCut,
}

/// A fault of Dropbox, and the calls that it happens to.
pub type Rule = syft_loopback::Rule<Fault>;

impl Strikes for Fault {
    fn latency(self) -> Option<(Duration, Duration)> {
        match self {
            Fault::Latency(least, most) => Some((least, most)),
            _ => None,
        }
    }
}

/// All that goes wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultPlan {
    /// What the shares follow from: the same seed, rules and calls, the same faults.
    pub seed: u64,
    /// In this order. All latencies add up; of the others the first one happens.
    pub rules: Vec<Rule>,
    /// Pages of a listing have so many lines at most.
    pub page_limit: Option<usize>,
}

/// The plan and how far it has gone.
#[derive(Debug)]
pub(crate) struct Faults {
    plan: FaultPlan,
    dice: Dice,
}

impl Faults {
    pub(crate) fn new(plan: FaultPlan) -> Self {
        let dice = Dice::new(plan.seed);
        Faults { plan, dice }
    }

    pub(crate) fn add(&mut self, rule: Rule) {
        self.plan.rules.push(rule);
    }

    /// How much longer a call takes, and what else happens to it.
    pub(crate) fn judge(
        &mut self,
        request: &Request,
        user: Option<&str>,
    ) -> (Duration, Option<Fault>) {
        judge(&mut self.plan.rules, &mut self.dice, request, user)
    }

    pub(crate) fn page_limit(&self) -> Option<usize> {
        self.plan.page_limit
    }
}

impl Fault {
    /// The error that is answered in place of doing anything, if it is one.
    pub(crate) fn refusal(self) -> Option<Error> {
        let seconds = |wait: Option<Duration>| wait.map(|wait| wait.as_secs());
        let status = |code| StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST);
        Some(match self {
            Fault::TooManyRequests(wait) => Error::rate("too_many_requests", seconds(wait)),
            Fault::TooManyWrites(wait) => Error::rate("too_many_write_operations", seconds(wait)),
            Fault::ExpiredToken => Error::token("expired_access_token"),
            Fault::Status(code) => Error::text(status(code), "as it was planned"),
            Fault::Unavailable(wait) => {
                Error::text(status(503), "as it was planned").retry_after(seconds(wait))
            }
            Fault::Latency(..) | Fault::RequestLost | Fault::AnswerLost | Fault::BodyCut => {
                return None;
            }
        })
    }
}
