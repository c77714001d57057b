use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use syft_sync::core::safe_text;
use syft_sync::{Notice, NoticeSink, Work};

use super::Screen;

/// Work of fewer steps is done before anybody could read how far it is.
const WORTH_A_BAR: u64 = 20;

/// Shows a person how far long work is, on a terminal and nowhere else.
#[derive(Debug)]
pub(crate) struct Progress {
    screen: Screen,
    bars: MultiProgress,
    open: Mutex<HashMap<Work, ProgressBar>>,
    /// What the store said, if it turned out to be away: for the command to tell.
    away: Arc<OnceLock<String>>,
}

impl Progress {
    /// Silent unless stderr is a terminal and a person reads along.
    pub(super) fn new(screen: &Screen, away: Arc<OnceLock<String>>) -> Self {
        let shown = io::stderr().is_terminal() && !screen.is_json() && !screen.is_quiet();
        let bars = MultiProgress::new();
        if !shown {
            bars.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        Progress { screen: screen.clone(), bars, open: Mutex::default(), away }
    }

    fn step(&self, work: Work, done: u64, total: u64) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if done >= total {
            if let Some(bar) = open.remove(&work) {
                bar.finish_and_clear();
            }
        } else if total >= WORTH_A_BAR {
            let bar = open.entry(work).or_insert_with(|| {
                let bar = ProgressBar::new(total).with_message(work.to_string());
                self.bars.add(bar.with_style(style()))
            });
            bar.set_length(total);
            bar.set_position(done);
        }
    }
}

impl NoticeSink for Progress {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::Progress { work, done, total } => self.step(*work, *done, *total),
            Notice::Done(line) if self.screen.is_verbose() => {
                self.bars.suspend(|| self.screen.note(line));
            }
            // A peer that is left out stands in the report of the sync.
            Notice::PeerSkipped { peer, reason } if self.screen.is_verbose() => {
                let line = format!("{peer} is left out: {}", safe_text(reason));
                self.bars.suspend(|| self.screen.note(&line));
            }
            Notice::NobodyCompatible { peers } => {
                let line = match peers {
                    1 => "the one peer that you have speaks another version".to_owned(),
                    n => format!("all {n} peers that you have speak another version"),
                };
                self.bars.suspend(|| self.screen.note(&line));
            }
            Notice::Alarm(alarm) => {
                let line = format!("warning: {}", safe_text(alarm));
                self.bars.suspend(|| self.screen.note(&line));
            }
            // The first answer is the one to tell.
            Notice::StoreAway { reason } => drop(self.away.set(reason.clone())),
            _ => {}
        }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg:>10} [{bar:30}] {pos}/{len} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
