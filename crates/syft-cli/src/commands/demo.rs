//! Both sides in one folder, on real data, with three proofs at the end.

mod hostile;
mod ledger;
mod proof;
mod stage;
mod store;
mod story;

use serde::Serialize;
use syft_sync::job::sandbox::IsolationLevel;

use self::proof::{Proof, Verdict};
use self::stage::Stage;
use crate::args::DemoArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report};
use crate::warden;

/// How the demo went.
#[derive(Debug, Serialize)]
pub(crate) struct DemoEnded {
    isolation: IsolationLevel,
    folder: Option<String>,
    seconds: f64,
    proofs: Vec<Proof>,
}

pub(super) async fn run(context: &Context, args: &DemoArgs) -> Result<Exit, CliError> {
    let start = std::time::Instant::now();
    let keep = args.keep.as_ref().map(|folder| context.path(folder));
    let mut stage = Stage::new(context.screen(), keep)?;
    let probe = warden::best_sandbox(stage.folder())?.probe;
    stage.level = probe.level;
    stage.begin();
    if probe.level < IsolationLevel::L1 {
        stage.warn(&format!(
            "No box can be made on this machine ({}). The demo goes on without one: {}.",
            probe.reasons.join("; "),
            IsolationLevel::L0.in_words()
        ));
    }
    let mut people = story::meet(&mut stage).await?;
    story::publish(&mut stage, &people).await?;
    let answer = story::ask(&mut stage, &mut people).await?;
    let attack = hostile::attack(&mut stage, &people).await?;
    let proofs = vec![
        proof::answer(&answer),
        proof::stopped(&stage, &people, attack.as_ref())?,
        proof::ledger(&stage, &people)?,
    ];
    let report = DemoEnded {
        isolation: stage.level,
        folder: stage.kept_folder(),
        seconds: start.elapsed().as_secs_f64(),
        proofs,
    };
    Ok(context.screen().show(&report))
}

impl Report for DemoEnded {
    const VERB: &'static str = "demo";

    fn write(&self, page: &mut Page) {
        for (index, proof) in self.proofs.iter().enumerate() {
            if index == 0 {
                page.line("")
            } else {
                page.gap()
            }
            page.title(format!("Proof {}: {}", index + 1, proof.claim));
            proof.lines.iter().for_each(|line| page.line(format!("  {line}")));
            match proof.verdict {
                Verdict::Holds => page.line("  => holds"),
                Verdict::Broken => page.warning("  => BROKEN"),
                Verdict::CannotBeShown => page.warning("  => cannot be shown on this machine"),
            }
        }
        page.gap();
        page.faint(format!("{:.1} s, everything on this machine", self.seconds));
        match &self.folder {
            Some(folder) => page.line(format!("All of it is kept in {folder}")),
            None => page.hint("To look around in it:", "syft demo --keep DIR"),
        }
    }

    fn exit(&self) -> Exit {
        let is = |verdict| self.proofs.iter().any(|proof| proof.verdict == verdict);
        if is(Verdict::Broken) {
            Exit::Integrity
        } else if is(Verdict::CannotBeShown) {
            Exit::Refused
        } else {
            Exit::Done
        }
    }
}
