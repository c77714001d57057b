use serde::{Deserialize, Serialize};
use syft_core::Timestamp;

use super::RuleName;

/// Longest window, in days.
const LONGEST: u32 = 366;
const DAY: f64 = 24.0 * 60.0 * 60.0;

/// How much a rule approves before a person is asked again: so many jobs, and so many
/// seconds of them by the clock, in any window of so many days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BudgetText", into = "BudgetText")]
pub struct Budget {
    /// Approvals in the window.
    pub jobs: u32,
    /// Seconds of their runs in the window.
    pub seconds: u64,
    /// The window.
    pub days: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BudgetText {
    jobs: u32,
    seconds: u64,
    days: u32,
}

impl TryFrom<BudgetText> for Budget {
    type Error = String;

    fn try_from(text: BudgetText) -> Result<Budget, String> {
        let BudgetText { jobs, seconds, days } = text;
        match (1..=LONGEST).contains(&days) && jobs > 0 && seconds > 0 {
            true => Ok(Budget { jobs, seconds, days }),
            false => Err(format!("a budget is of some jobs and seconds in 1 to {LONGEST} days")),
        }
    }
}

impl From<Budget> for BudgetText {
    fn from(Budget { jobs, seconds, days }: Budget) -> BudgetText {
        BudgetText { jobs, seconds, days }
    }
}

/// One approval by rules, as the records tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleUse {
    /// The rules that it rests on.
    pub rules: Vec<RuleName>,
    /// When it was given.
    pub at: Timestamp,
    /// Seconds of its runs, and the longest that the next one may take where that is
    /// still to come.
    pub seconds: f64,
}

impl Budget {
    /// Whether another job, which needs so many seconds at most, is within it.
    /// What was approved at a later time than now counts: the clock was set back.
    pub(super) fn allows(
        &self,
        rule: &RuleName,
        uses: &[RuleUse],
        now: Timestamp,
        seconds: f64,
    ) -> Result<String, String> {
        let Budget { jobs, seconds: most, days } = *self;
        let since = now.seconds() - f64::from(days) * DAY;
        let counted =
            uses.iter().filter(|one| one.rules.contains(rule) && one.at.seconds() > since);
        let (count, spent) =
            counted.fold((0_u64, 0.0), |(count, spent), one| (count + 1, spent + one.seconds));
        if count >= u64::from(jobs) {
            return Err(format!("{count} of its {jobs} jobs in {days} days are used up"));
        }
        #[expect(clippy::cast_precision_loss, reason = "a bound of 2^53 seconds is none")]
        let left = most as f64 - spent;
        if seconds > left {
            let left = left.max(0.0).floor();
            return Err(format!(
                "the job may take {seconds:.0} s, and {left} of {most} s in {days} days are left"
            ));
        }
        Ok(format!("job {} of {jobs} in {days} days", count + 1))
    }
}
