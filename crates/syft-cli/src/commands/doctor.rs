use serde::Serialize;
use syft_sync::core::{Email, safe_text};
use syft_sync::job::sandbox::{IsolationLevel, Probe};
use syft_sync::transport::{Identities, Info};
use syft_sync::{Check as Health, CheckUp, Error, NodeConfig, SyftboxManager, Verdict, job};

#[cfg(feature = "drive")]
use super::google::{Standing, standing};
use crate::args::DoctorArgs;
use crate::context::Context;
use crate::errors::{CliError, GOOGLE_LOGIN};
use crate::exit::Exit;
use crate::output::{Page, Report, count};
use crate::warden;

/// The check of the login at Google.
const LOGIN: &str = "Google login";

/// What was found on this machine.
#[derive(Debug, Serialize)]
pub(crate) struct Doctor {
    email: Email,
    home: String,
    isolation: Isolation,
    store: Store,
    checks: Vec<Check>,
    /// What was put right before, a line each.
    repaired: Vec<String>,
    #[serde(skip)]
    can_repair: bool,
}

/// The box that jobs can be put into here.
#[derive(Debug, Serialize)]
struct Isolation {
    level: IsolationLevel,
    in_words: &'static str,
    reasons: Vec<String>,
    /// Why there is no box of level L2, where there is none.
    no_namespaces: Option<String>,
    /// Why there is none of level L3, where there is one of level L2.
    no_control_group: Option<String>,
    landlock_abi: u32,
    seccomp: bool,
}

/// The store that peers share.
#[derive(Debug, Serialize)]
struct Store {
    url: String,
    name: String,
    /// Whether it could be reached; nothing if it was left alone.
    reachable: Option<bool>,
    /// How sure it is who wrote something: `claimed` or `proven`.
    identity: &'static str,
    detail: Option<String>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
    /// Whether it is in order, and will not be for long.
    warning: bool,
    #[serde(skip)]
    exit: Exit,
}

pub(crate) async fn run(context: &Context, args: &DoctorArgs) -> Result<Doctor, CliError> {
    let config = context.config()?;
    let found = warden::best_sandbox(&context.state_folder())?.probe;
    let manager = context.open()?;
    let CheckUp { checks: health, repaired } =
        manager.check_up(!context.is_offline(), args.repair).await?;
    let store = store(&config, manager.store_info(), &health);
    let mut checks = vec![box_check(&found)];
    checks.extend(health.into_iter().map(Check::from));
    checks.extend(rules_check(&manager)?);
    #[cfg(feature = "drive")]
    add_login(context, &config, &mut checks)?;
    Ok(Doctor {
        email: config.email,
        home: context.home().display().to_string(),
        isolation: Isolation {
            level: found.level,
            in_words: found.level.in_words(),
            reasons: found.reasons,
            no_namespaces: found.no_namespaces,
            no_control_group: found.no_control_group,
            landlock_abi: found.landlock_abi,
            seccomp: found.seccomp,
        },
        store,
        checks,
        repaired,
        can_repair: !args.repair,
    })
}

fn store(config: &NodeConfig, info: &Info, checks: &[Health]) -> Store {
    let asked = checks.iter().find(|check| check.name == "store");
    let is_good = |check: &&Health| check.verdict == Verdict::Good;
    Store {
        url: config.transport.clone(),
        name: info.name.clone(),
        reachable: asked.map(|check| check.verdict != Verdict::Away),
        identity: match info.identities {
            Identities::Claimed => "claimed",
            Identities::Proven => "proven",
        },
        detail: asked.filter(|check| !is_good(check)).map(|check| check.detail.clone()),
    }
}

/// The login at Google, if there is to be one.
#[cfg(feature = "drive")]
fn add_login(
    context: &Context,
    config: &NodeConfig,
    checks: &mut Vec<Check>,
) -> Result<(), CliError> {
    let Some(Standing { told, is_warning, exit }) = standing(context, config)? else {
        return Ok(());
    };
    let ok = exit == Exit::Done;
    if exit == Exit::Refused {
        // That the store is away comes from that, and to try again does not help.
        let from_it = checks.iter_mut().filter(|check| check.exit == Exit::Store);
        from_it.for_each(|check| check.exit = exit);
    }
    let after_store = checks.iter().position(|check| check.name == "store").map_or(1, |at| at + 1);
    let warning = ok && is_warning;
    checks.insert(after_store, Check { name: LOGIN, ok, detail: told, warning, exit });
    Ok(())
}

fn box_check(found: &Probe) -> Check {
    let ok = found.level >= IsolationLevel::MINIMUM;
    let refused = |level| format!("jobs are refused unless you allow {level} for one run");
    let detail = match found.level {
        _ if ok => format!("level {}, found by trying", found.level),
        IsolationLevel::L0 => format!("no box can be made here: {}", refused(IsolationLevel::L0)),
        level => format!("no more than level {level}: {}", refused(level)),
    };
    Check { name: "box for jobs", ok, detail, warning: false, exit: Exit::Refused }
}

/// Whether my rules can be read, if I may have some.
fn rules_check(manager: &SyftboxManager) -> Result<Option<Check>, CliError> {
    let check =
        |ok, detail| Check { name: "rules", ok, detail, warning: false, exit: Exit::Refused };
    Ok(match manager.policy() {
        Ok(policy) => {
            let number = policy.names().count() + policy.datasets().len();
            (number > 0).then(|| check(true, count(number, "rule", "rules")))
        }
        Err(Error::Job(error @ job::Error::PolicyFile { .. })) => {
            Some(check(false, error.to_string()))
        }
        Err(Error::Role { .. }) => None,
        Err(error) => return Err(error.into()),
    })
}

impl From<Health> for Check {
    fn from(check: Health) -> Self {
        let exit = match check.verdict {
            Verdict::Good => Exit::Done,
            Verdict::Away => Exit::Store,
            Verdict::Odd => Exit::Conflict,
            Verdict::Damaged => Exit::Integrity,
        };
        let ok = check.verdict == Verdict::Good;
        Check { name: check.name, ok, detail: check.detail, warning: false, exit }
    }
}

impl Report for Doctor {
    const VERB: &'static str = "doctor";

    fn write(&self, page: &mut Page) {
        page.title(&self.email);
        page.fields([("home", self.home.clone()), ("store", self.store.name.clone())]);
        page.gap();
        for check in &self.checks {
            let line = format!("{:14}{}", check.name, safe_text(&check.detail));
            if check.warning {
                page.warning(format!("warning  {line}"));
            } else if check.ok {
                page.line(format!("ok       {line}"));
            } else {
                page.warning(format!("PROBLEM  {line}"));
            }
        }
        if !self.repaired.is_empty() {
            page.gap();
            page.line("Put right:");
            for line in &self.repaired {
                page.line(format!("  {}", safe_text(line)));
            }
        }
        page.gap();
        page.line(format!("In this box, {}.", self.isolation.in_words));
        if page.is_verbose() || self.isolation.level == IsolationLevel::L0 {
            for reason in &self.isolation.reasons {
                page.line(format!("  {}", safe_text(reason)));
            }
        }
        if let Some(why) = &self.isolation.no_namespaces
            && self.isolation.level == IsolationLevel::L1
        {
            page.line(format!("There is no box of level L2, with namespaces: {}.", safe_text(why)));
        }
        if let Some(why) = &self.isolation.no_control_group
            && page.is_verbose()
        {
            let what = "There is no box of level L3, in which memory is counted exactly";
            page.line(format!("{what}: {}.", safe_text(why)));
        }
        page.gap();
        page.line(match self.store.identity {
            "proven" => "Identities are proven: this store states who wrote what.",
            _ => {
                "Identities are claimed: this store does not say who wrote what. What is sealed \
                 is known by the keys of your peers; whoever can open the store can read the \
                 rest, and can pose as those without a key."
            }
        });
        let is_login = |check: &&Check| check.name == LOGIN && (check.warning || !check.ok);
        if self.checks.iter().any(|check| is_login(&check)) {
            page.hint("Log in at Google again:", GOOGLE_LOGIN);
        }
        let fixable = |check: &Check| !check.ok && check.exit == Exit::Conflict;
        if self.can_repair && self.checks.iter().any(fixable) {
            page.hint("To put right what can be:", "syft doctor --repair");
        }
    }

    fn exit(&self) -> Exit {
        let problems = self.checks.iter().filter(|check| !check.ok).map(|check| check.exit);
        problems.max_by_key(|exit| *exit as u8).unwrap_or(Exit::Done)
    }
}
