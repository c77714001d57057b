//! Which calls something happens to, and how often.

use std::time::Duration;

use crate::dice::Dice;
use crate::message::Request;

/// Something that may happen to a call.
pub trait Strikes: Copy {
    /// The least and the most time by which it holds the call up; None if it is
    /// something else that it does.
    fn latency(self) -> Option<(Duration, Duration)>;
}

/// A fault, the calls that it is for, and how often it happens to them. Without
/// anything more it is for every call.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule<F> {
    fault: F,
    method: Option<String>,
    target: Option<String>,
    user: Option<String>,
    after: u32,
    times: Option<u32>,
    share: f64,
}

impl<F> Rule<F> {
    /// The fault for every call.
    #[must_use]
    pub fn new(fault: F) -> Self {
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

/// How much longer a call takes, and what else happens to it. All latencies add up; of
/// the other faults the first one happens.
pub fn judge<F: Strikes>(
    rules: &mut [Rule<F>],
    dice: &mut Dice,
    request: &Request,
    user: Option<&str>,
) -> (Duration, Option<F>) {
    let (mut latency, mut fault) = (Duration::ZERO, None);
    for rule in rules.iter_mut().filter(|rule| rule.is_for(request, user)) {
        let takes_time = rule.fault.latency();
        if takes_time.is_none() && fault.is_some() {
            continue;
        }
        if !rule.strikes(dice) {
            continue;
        }
        match takes_time {
            Some((least, most)) => {
                let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(0);
                latency += Duration::from_micros(dice.between(micros(least), micros(most)));
            }
            None => fault = Some(rule.fault),
        }
    }
    (latency, fault)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use hyper::{HeaderMap, Method};

    use super::{Rule, Strikes, judge};
    use crate::dice::Dice;
    use crate::message::Request;

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Fault {
        Slow(Duration),
        Broken,
        Torn,
    }

    impl Strikes for Fault {
        fn latency(self) -> Option<(Duration, Duration)> {
            match self {
                Fault::Slow(time) => Some((time, time)),
                Fault::Broken | Fault::Torn => None,
            }
        }
    }

    fn call(method: Method, uri: &str) -> Request {
        Request::new(method, &uri.parse().unwrap(), HeaderMap::new(), Bytes::new())
    }

    fn hits(rule: &mut Rule<Fault>, request: &Request, user: Option<&str>) -> Vec<bool> {
        let (rules, mut dice) = (std::slice::from_mut(rule), Dice::new(0));
        (0..6).map(|_| judge(rules, &mut dice, request, user).1.is_some()).collect()
    }

    #[test]
    fn a_rule_is_for_its_calls_alone() {
        let mut rule = Rule::new(Fault::Broken).method("get").path("files?q=").user("A@b.org");
        let list = call(Method::GET, "/drive/v3/files?q=x");
        assert_eq!(hits(&mut rule, &list, Some("a@b.org")), [true; 6]);
        assert_eq!(hits(&mut rule, &list, Some("c@b.org")), [false; 6]);
        assert_eq!(hits(&mut rule, &list, None), [false; 6]);
        let other = call(Method::GET, "/drive/v3/files/1");
        assert_eq!(hits(&mut rule, &other, Some("a@b.org")), [false; 6]);
    }

    #[test]
    fn it_happens_after_some_calls_and_some_times() {
        let mut rule = Rule::new(Fault::Broken).after(2).times(3);
        let list = call(Method::GET, "/drive/v3/files");
        assert_eq!(hits(&mut rule, &list, None), [false, false, true, true, true, false]);
    }

    #[test]
    fn the_same_seed_is_the_same_fate() {
        let run = |seed| {
            let (mut rules, mut dice) = ([Rule::new(Fault::Broken).share(0.5)], Dice::new(seed));
            let list = call(Method::GET, "/drive/v3/files");
            let mut strikes = || judge(&mut rules, &mut dice, &list, None).1.is_some();
            (0..40).map(|_| strikes()).collect::<Vec<bool>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn latencies_add_up_beside_another_fault() {
        let second = Duration::from_secs(1);
        let faults = [Fault::Slow(second), Fault::Broken, Fault::Slow(second), Fault::Torn];
        let mut rules = faults.map(Rule::new);
        let judged = judge(&mut rules, &mut Dice::new(0), &call(Method::GET, "/"), None);
        assert_eq!(judged, (2 * second, Some(Fault::Broken)));
    }
}
