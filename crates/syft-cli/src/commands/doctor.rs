use serde::Serialize;
use syft_sync::core::{Email, safe_text};
use syft_sync::job::sandbox::{IsolationLevel, Probe};
use syft_sync::perm::PERMISSION_FILE;
use syft_sync::transport::{Identities, SpaceKind, Transport};
use syft_sync::{NodeConfig, SyftboxManager};

use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report, count};
use crate::warden;

/// What was found on this machine.
#[derive(Debug, Serialize)]
pub(crate) struct Doctor {
    email: Email,
    home: String,
    isolation: Isolation,
    store: Store,
    checks: Vec<Check>,
}

/// The box that jobs can be put into here.
#[derive(Debug, Serialize)]
struct Isolation {
    level: IsolationLevel,
    in_words: &'static str,
    reasons: Vec<String>,
    /// Why there is no box of level L2, where there is none.
    no_namespaces: Option<String>,
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
    #[serde(skip)]
    exit: Exit,
}

pub(crate) async fn run(context: &Context) -> Result<Doctor, CliError> {
    let config = context.config()?;
    let found = warden::best_sandbox(&context.state_folder())?.probe;
    let store = look_at_store(context, &config).await?;
    let manager = context.open()?;
    let mut checks = vec![box_check(&found)];
    checks.extend(store_check(&store));
    checks.push(audit_check(&manager)?);
    checks.push(permission_check(&manager)?);
    Ok(Doctor {
        email: config.email,
        home: context.home().display().to_string(),
        isolation: Isolation {
            level: found.level,
            in_words: found.level.in_words(),
            reasons: found.reasons,
            no_namespaces: found.no_namespaces,
            landlock_abi: found.landlock_abi,
            seccomp: found.seccomp,
        },
        store,
        checks,
    })
}

async fn look_at_store(context: &Context, config: &NodeConfig) -> Result<Store, CliError> {
    let transport = context.store(&config.transport, &config.email)?;
    let (reachable, detail) = if context.is_offline() {
        (None, None)
    } else {
        match transport.discover(SpaceKind::Inbox).await {
            Ok(_) => (Some(true), None),
            Err(error) => (Some(false), Some(CliError::from(error).message().to_owned())),
        }
    };
    let info = transport.info();
    Ok(Store {
        url: config.transport.clone(),
        name: info.name.clone(),
        reachable,
        identity: match info.identities {
            Identities::Claimed => "claimed",
            Identities::Proven => "proven",
        },
        detail,
    })
}

fn box_check(found: &Probe) -> Check {
    let ok = found.level > IsolationLevel::L0;
    let detail = if ok {
        format!("level {}, found by trying", found.level)
    } else {
        "no box can be made here: jobs are refused unless you allow L0 for one run".to_owned()
    };
    Check { name: "box for jobs", ok, detail, exit: Exit::Refused }
}

fn store_check(store: &Store) -> Option<Check> {
    let ok = store.reachable?;
    let detail = match &store.detail {
        None => format!("{} answers", store.name),
        Some(detail) => detail.clone(),
    };
    Some(Check { name: "store", ok, detail, exit: Exit::Store })
}

fn audit_check(manager: &SyftboxManager) -> Result<Check, CliError> {
    let report = manager.verify_audit()?;
    let detail = match &report.problem {
        None => format!("{} entries, whole and unchanged", report.entries),
        Some(problem) => format!("line {}: {}", problem.line, problem.detail),
    };
    let ok = report.problem.is_none();
    Ok(Check { name: "audit log", ok, detail, exit: Exit::Integrity })
}

fn permission_check(manager: &SyftboxManager) -> Result<Check, CliError> {
    let permissions = manager.permissions()?;
    let problems = permissions.problems();
    let detail = match problems.first() {
        None => "every file can be read".to_owned(),
        Some(first) => format!(
            "{}{PERMISSION_FILE}: {} (1 of {})",
            if first.folder.is_empty() { String::new() } else { format!("{}/", first.folder) },
            first.reason,
            count(problems.len(), "problem", "problems"),
        ),
    };
    let ok = problems.is_empty();
    Ok(Check { name: "permissions", ok, detail, exit: Exit::Conflict })
}

impl Report for Doctor {
    const VERB: &'static str = "doctor";

    fn write(&self, page: &mut Page) {
        page.title(&self.email);
        page.fields([("home", self.home.clone()), ("store", self.store.name.clone())]);
        page.gap();
        for check in &self.checks {
            let line = format!("{:14}{}", check.name, safe_text(&check.detail));
            if check.ok {
                page.line(format!("ok       {line}"));
            } else {
                page.warning(format!("PROBLEM  {line}"));
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
        page.gap();
        page.line(match self.store.identity {
            "proven" => "Identities are proven: this store states who wrote what.",
            _ => {
                "Identities are claimed: whoever can write this store can pose as anyone \
                 and read everything in it."
            }
        });
    }

    fn exit(&self) -> Exit {
        let problems = self.checks.iter().filter(|check| !check.ok).map(|check| check.exit);
        problems.max_by_key(|exit| *exit as u8).unwrap_or(Exit::Done)
    }
}
