//! From a call to its fate, and to its line in the log.

use std::time::Duration;

use syft_loopback::{Answer, Request, Service};

use crate::faults::Fault;
use crate::log::RequestLine;
use crate::route::dispatch;
use crate::state::State;

/// Whose call it seems to be, and what goes wrong with it.
#[derive(Debug)]
pub(crate) struct Fate {
    user: Option<String>,
    fault: Option<Fault>,
}

impl Service for State {
    type Fate = Fate;

    fn judge(&mut self, request: &mut Request) -> (Duration, Fate) {
        let user = self.caller_of(request);
        let (latency, fault) = self.faults.judge(request, user.as_deref());
        (latency, Fate { user, fault })
    }

    fn answer(&mut self, request: &Request, Fate { user, fault }: Fate) -> Answer {
        let place = self.requests.len();
        self.requests.push(RequestLine::new(request, user));
        let response = match fault {
            Some(Fault::RequestLost) => return Answer::Lost,
            Some(fault) if let Some(refusal) = fault.refusal() => {
                refusal.into_response(&mut self.dice)
            }
            _ => dispatch(self, request),
        };
        if fault == Some(Fault::AnswerLost) {
            return Answer::Lost;
        }
        if let Some(line) = self.requests.get_mut(place) {
            line.status = Some(response.status.as_u16());
        }
        match fault {
            Some(Fault::BodyCut) => Answer::Torn(response),
            _ => Answer::Whole(response),
        }
    }
}
