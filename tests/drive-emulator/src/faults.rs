//! What goes wrong, and when.

use std::time::Duration;

use syft_loopback::{Dice, Request, Strikes, judge};

use crate::error::Error;

/// What may happen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It takes longer by a time between these two.
    Latency(Duration, Duration),
    /// 429 `rateLimitExceeded`, with a `Retry-After` in whole seconds if one is said.
    TooManyRequests(Option<Duration>),
    /// 403 `userRateLimitExceeded`, which is to be tried again.
    UserRateLimit(Option<Duration>),
    /// 403 `insufficientFilePermissions`, which is not.
    InsufficientPermissions,
    /// 401, whatever the token.
    BadToken,
    /// 410, as an upload that has ended may be answered.
    Gone,
    /// 500 `internalError`; nothing was done.
    Internal,
    /// 503 `backendError`; nothing was done.
    Unavailable(Option<Duration>),
    /// The connection is cut and nothing was done.
    RequestLost,
    /// All was done, and then the connection is cut.
    AnswerLost,
    /// All was done, and the connection is cut in the middle of the answer's body.
    BodyCut,
    /// Of what a chunk of a resumable upload brings, only so many bytes are kept.
    ChunkCut(usize),
}

/// A fault of Drive, and the calls that it happens to.
pub type Rule = syft_loopback::Rule<Fault>;

impl Strikes for Fault {
    fn latency(self) -> Option<(Duration, Duration)> {
        match self {
            Fault::Latency(least, most) => Some((least, most)),
            _ => None,
        }
    }
}

/// By how much the lists and changes of an account are behind. A file asked for
/// by its id never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lag {
    /// They show what was so long ago, by the emulator's clock.
    Time(Duration),
    /// They miss so many of the last changes to any file.
    Steps(u64),
}

/// All that goes wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultPlan {
    /// What the shares follow from: the same seed, rules and calls, the same faults.
    pub seed: u64,
    /// In this order. All latencies add up; of the others the first one happens.
    pub rules: Vec<Rule>,
    /// The lag of an account, or of all.
    pub lags: Vec<(Option<String>, Lag)>,
    /// Pages have so many lines at most.
    pub page_limit: Option<usize>,
    /// This share of all pages holds nothing and only goes on to the next.
    pub empty_pages: f64,
    /// The changes of an account leave out what lies in folders that others share with it,
    /// and tell of those folders alone.
    pub blind_changes: bool,
}

/// The plan and how far it has gone.
#[derive(Debug)]
pub(crate) struct Faults {
    plan: FaultPlan,
    dice: Dice,
}

impl Default for Faults {
    fn default() -> Self {
        Faults::new(FaultPlan::default())
    }
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

    /// Of a call in a batch, which has no connection of its own: whether it is refused.
    pub(crate) fn refusal(&mut self, request: &Request, user: Option<&str>) -> Option<Error> {
        self.judge(request, user).1?.refusal()
    }

    pub(crate) fn lags_of(&self, email: &str) -> impl Iterator<Item = Lag> {
        let is_meant = move |who: &Option<String>| {
            who.as_deref().is_none_or(|who| who.eq_ignore_ascii_case(email))
        };
        self.plan.lags.iter().filter(move |(who, _)| is_meant(who)).map(|(_, lag)| *lag)
    }

    pub(crate) fn page_limit(&self) -> Option<usize> {
        self.plan.page_limit
    }

    pub(crate) fn blinds_changes(&self) -> bool {
        self.plan.blind_changes
    }

    pub(crate) fn empties_page(&mut self) -> bool {
        let share = self.plan.empty_pages;
        share > 0.0 && self.dice.chance(share)
    }
}

impl Fault {
    /// The error that is answered in place of doing anything, if it is one.
    pub(crate) fn refusal(self) -> Option<Error> {
        let seconds = |wait: Option<Duration>| wait.map(|wait| wait.as_secs());
        Some(match self {
            Fault::TooManyRequests(wait) => Error::too_many_requests().retry_after(seconds(wait)),
            Fault::UserRateLimit(wait) => Error::user_rate_limit().retry_after(seconds(wait)),
            Fault::InsufficientPermissions => Error::insufficient("this"),
            Fault::BadToken => Error::bad_token(),
            Fault::Gone => Error::gone(),
            Fault::Internal => Error::internal(),
            Fault::Unavailable(wait) => Error::unavailable().retry_after(seconds(wait)),
            _ => return None,
        })
    }
}
