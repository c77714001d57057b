//! What goes wrong, and when.

use std::time::Duration;

use crate::dice::Dice;
use crate::error::Error;
use crate::message::Request;

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

/// A fault, the calls that it is for, and how often it happens to them. Without
/// anything more it is for every call.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    fault: Fault,
    method: Option<String>,
    target: Option<String>,
    user: Option<String>,
    after: u32,
    times: Option<u32>,
    share: f64,
}

impl Rule {
    /// The fault for every call.
    #[must_use]
    pub fn new(fault: Fault) -> Self {
        let (method, target, user) = (None, None, None);
        Rule { fault, method, target, user, after: 0, times: None, share: 1.0 }
    }

    /// Only calls with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only calls whose path and query, as they are sent, hold this text.
    #[must_use]
    pub fn path(mut self, part: &str) -> Self {
        self.target = Some(part.to_owned());
        self
    }

    /// Only calls of this account.
    #[must_use]
    pub fn user(mut self, email: &str) -> Self {
        self.user = Some(email.to_owned());
        self
    }

    /// The first so many of these calls are left alone.
    #[must_use]
    pub fn after(mut self, calls: u32) -> Self {
        self.after = calls;
        self
    }

    /// It happens so many times, and then no more.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// It happens to this share of these calls, between 0 and 1.
    #[must_use]
    pub fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    fn is_for(&self, request: &Request, user: Option<&str>) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|w| found.is_some_and(|f| w.eq_ignore_ascii_case(f)))
        };
        let target = self.target.as_deref();
        is(&self.method, Some(request.method.as_str()))
            && is(&self.user, user)
            && target.is_none_or(|part| request.target().contains(part))
    }

    /// Whether it happens to this call, which is for it.
    fn strikes(&mut self, dice: &mut Dice) -> bool {
        if self.after > 0 {
            self.after -= 1;
            return false;
        }
        let strikes = self.times != Some(0) && dice.chance(self.share);
        if strikes {
            self.times = self.times.map(|times| times - 1);
        }
        strikes
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
        let (mut latency, mut fault) = (Duration::ZERO, None);
        for rule in self.plan.rules.iter_mut().filter(|rule| rule.is_for(request, user)) {
            let takes_time = matches!(rule.fault, Fault::Latency(..));
            if !takes_time && fault.is_some() {
                continue;
            }
            if !rule.strikes(&mut self.dice) {
                continue;
            }
            match rule.fault {
                Fault::Latency(least, most) => {
                    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(0);
                    let drawn = self.dice.between(micros(least), micros(most));
                    latency += Duration::from_micros(drawn);
                }
                other => fault = Some(other),
            }
        }
        (latency, fault)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use hyper::{HeaderMap, Method};

    use super::{Fault, FaultPlan, Faults, Rule};
    use crate::message::Request;

    fn call(method: Method, uri: &str) -> Request {
        Request::new(method, &uri.parse().unwrap(), HeaderMap::new(), Bytes::new())
    }

    fn hits(faults: &mut Faults, request: &Request, user: Option<&str>) -> Vec<bool> {
        (0..6).map(|_| faults.judge(request, user).1.is_some()).collect()
    }

    #[test]
    fn a_rule_is_for_its_calls_alone() {
        let rule = Rule::new(Fault::Internal).method("get").path("files?q=").user("A@b.org");
        let mut faults = Faults::default();
        faults.add(rule);
        let list = call(Method::GET, "/drive/v3/files?q=x");
        assert_eq!(hits(&mut faults, &list, Some("a@b.org")), [true; 6]);
        assert_eq!(hits(&mut faults, &list, Some("c@b.org")), [false; 6]);
        assert_eq!(hits(&mut faults, &list, None), [false; 6]);
        let other = call(Method::GET, "/drive/v3/files/1");
        assert_eq!(hits(&mut faults, &other, Some("a@b.org")), [false; 6]);
    }

    #[test]
    fn it_happens_after_some_calls_and_some_times() {
        let mut faults = Faults::default();
        faults.add(Rule::new(Fault::Internal).after(2).times(3));
        let list = call(Method::GET, "/drive/v3/files");
        assert_eq!(hits(&mut faults, &list, None), [false, false, true, true, true, false]);
    }

    #[test]
    fn the_same_seed_is_the_same_fate() {
        let run = |seed| {
            let rules = vec![Rule::new(Fault::Internal).share(0.5)];
            let mut faults = Faults::new(FaultPlan { seed, rules, ..FaultPlan::default() });
            let list = call(Method::GET, "/drive/v3/files");
            (0..40).map(|_| faults.judge(&list, None).1.is_some()).collect::<Vec<bool>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn latencies_add_up_beside_another_fault() {
        let second = Duration::from_secs(1);
        let slow = || Rule::new(Fault::Latency(second, second));
        let mut faults = Faults::default();
        for rule in [slow(), Rule::new(Fault::Internal), slow(), Rule::new(Fault::BodyCut)] {
            faults.add(rule);
        }
        let judged = faults.judge(&call(Method::GET, "/"), None);
        assert_eq!(judged, (2 * second, Some(Fault::Internal)));
    }
}
