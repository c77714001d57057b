//! A folder on two machines, and a program that makes each like the other one: late, in any
//! order, piece by piece, and with ideas of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use syft_core::testing::SeededEntropy;
use syft_core::{ContentHash, Entropy};
use tempfile::TempDir;
use unicode_normalization::UnicodeNormalization;

use super::{scratch, tree_in};

/// Longest delay of a file, in steps.
const DELAY: u64 = 4;
const TWO_DAYS: u64 = 2 * 24 * 60 * 60;

/// How a program puts a file, and what it calls the second of two that have one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vendor {
    /// Whole; `a (Bob's conflicted copy 2026-11-28).gz`.
    Dropbox,
    /// In a file with a dot first; `a (conflicted copy 2026-11-28).gz`.
    Nextcloud,
    /// In a file with a dot first; `a.sync-conflict-20261128-101500-ABCDEFG.gz`.
    Syncthing,
    /// In a file that everybody sees; it overwrites.
    Rclone,
    /// Into the file itself; it overwrites.
    Stick,
}

impl Vendor {
    pub(crate) const ALL: [Vendor; 5] =
        [Vendor::Dropbox, Vendor::Nextcloud, Vendor::Syncthing, Vendor::Rclone, Vendor::Stick];

    /// Where the first half of a file lies.
    fn half(self, path: &str) -> Option<String> {
        let (folder, name) = path.rsplit_once('/')?;
        match self {
            Vendor::Dropbox => None,
            Vendor::Nextcloud => Some(format!("{folder}/.{name}.~7f3a")),
            Vendor::Syncthing => Some(format!("{folder}/.syncthing.{name}.tmp")),
            Vendor::Rclone => Some(format!("{path}.1a2b3c.partial")),
            Vendor::Stick => Some(path.to_owned()),
        }
    }

    fn conflict_copy(self, path: &str) -> Option<String> {
        let name = path.rsplit('/').next().filter(|name| !name.contains("conflict"))?;
        let (stem, end) = match name.rfind('.').filter(|dot| *dot > 0) {
            Some(dot) => path.split_at(path.len() - name.len() + dot),
            None => (path, ""),
        };
        let note = match self {
            Vendor::Dropbox => " (Bob's conflicted copy 2026-11-28)",
            Vendor::Nextcloud => " (conflicted copy 2026-11-28 101500)",
            Vendor::Syncthing => ".sync-conflict-20261128-101500-ABCDEFG",
            Vendor::Rclone | Vendor::Stick => return None,
        };
        Some(format!("{stem}{note}{end}"))
    }
}

/// What the program is about to do on one side.
#[derive(Debug, PartialEq)]
struct Move {
    due: u64,
    to: usize,
    path: String,
    what: What,
}

#[derive(Debug, PartialEq)]
enum What {
    Copy,
    /// The first half is there.
    Finish,
    Delete,
}

pub(crate) struct Pump {
    pub(crate) sides: [TempDir; 2],
    vendor: Vendor,
    /// The side whose system takes accents apart and tells no case.
    apple: usize,
    entropy: SeededEntropy,
    now: u64,
    /// What it knows to lie on each side, by names in form C.
    known: [BTreeMap<String, ContentHash>; 2],
    moves: Vec<Move>,
    /// What was put back once.
    put_back: BTreeSet<String>,
    /// Whether it only carries what it has to.
    pub(crate) is_calm: bool,
}

impl Pump {
    pub(crate) fn new(vendor: Vendor, apple: usize, seed: u64) -> Self {
        Pump {
            sides: [scratch(), scratch()],
            vendor,
            apple,
            entropy: SeededEntropy::new(seed),
            now: 0,
            known: Default::default(),
            moves: Vec::new(),
            put_back: BTreeSet::new(),
            is_calm: false,
        }
    }

    /// Some of what is due.
    pub(crate) fn step(&mut self) {
        self.now += 1;
        for side in [0, 1] {
            self.look(side);
        }
        let (mut due, later): (Vec<Move>, _) =
            std::mem::take(&mut self.moves).into_iter().partition(|one| one.due <= self.now);
        self.moves = later;
        while !due.is_empty() {
            let next = self.draw(due.len() as u64) as usize;
            let Move { to, path, what, .. } = due.swap_remove(next);
            match what {
                What::Copy => self.copy(to, path),
                What::Finish => self.finish(to, &path),
                What::Delete => self.delete(to, path),
            }
        }
    }

    /// Whether both sides are alike.
    pub(crate) fn is_idle(&mut self) -> bool {
        for side in [0, 1] {
            self.look(side);
        }
        self.moves.is_empty()
    }

    pub(crate) fn draw(&mut self, below: u64) -> u64 {
        let mut bytes = [0; 8];
        self.entropy.fill(&mut bytes).unwrap();
        u64::from_le_bytes(bytes) % below
    }

    fn happens(&mut self, one_in: u64) -> bool {
        !self.is_calm && self.draw(one_in) == 0
    }

    /// Finds out what people did on a side. Empty folders it does not see.
    fn look(&mut self, side: usize) {
        let mut here = BTreeMap::new();
        for (path, bytes) in tree_in(self.sides[side].path()) {
            let name = path.rsplit('/').next().unwrap();
            if name.starts_with('.') || name.ends_with(".partial") {
                continue;
            }
            if side == self.apple {
                let apart: String = path.nfd().collect();
                let root = self.sides[side].path();
                fs::rename(root.join(&path), root.join(apart)).unwrap();
            }
            here.insert(path.nfc().collect::<String>(), ContentHash::of(&bytes));
        }
        let before = std::mem::take(&mut self.known[side]);
        for (path, hash) in &here {
            if before.get(path) != Some(hash) {
                self.plan(1 - side, path, What::Copy);
            }
        }
        for path in before.keys().filter(|path| !here.contains_key(*path)) {
            self.plan(1 - side, path, What::Delete);
        }
        self.known[side] = here;
    }

    fn plan(&mut self, to: usize, path: &str, what: What) {
        let due = self.now + self.draw(DELAY);
        self.moves.push(Move { due, to, path: path.to_owned(), what });
    }

    /// Where a file lies on a side, or is put.
    fn place(&mut self, side: usize, path: &str) -> PathBuf {
        let root = self.sides[side].path();
        let (composed, apart) = (root.join(path), root.join(path.nfd().collect::<String>()));
        if side != self.apple {
            return if apart.exists() { apart } else { composed };
        }
        let folded =
            |path: &Path| path.file_name().map(|name| name.to_string_lossy().to_lowercase());
        let others = fs::read_dir(apart.parent().unwrap());
        let mut others = others.into_iter().flatten().map(|entry| entry.unwrap().path());
        others.find(|other| folded(other) == folded(&apart)).unwrap_or(apart)
    }

    fn read(&mut self, side: usize, path: &str) -> Option<Vec<u8>> {
        fs::read(self.place(side, path)).ok()
    }

    /// Puts bytes on a side as a program does, with a time of which nobody knows the clock.
    fn put(&mut self, side: usize, path: &str, bytes: &[u8]) {
        let place = self.place(side, path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, bytes).unwrap();
        let ahead = Duration::from_secs(self.draw(2 * TWO_DAYS));
        let time = SystemTime::now() - Duration::from_secs(TWO_DAYS) + ahead;
        fs::File::options().write(true).open(&place).unwrap().set_modified(time).unwrap();
        self.known[side].insert(path.to_owned(), ContentHash::of(bytes));
    }

    fn copy(&mut self, to: usize, path: String) {
        let Some(bytes) = self.read(1 - to, &path) else { return };
        let there = self.read(to, &path).map(|bytes| ContentHash::of(&bytes));
        let is_news = there.is_some() && there.as_ref() != self.known[to].get(&path);
        if there == Some(ContentHash::of(&bytes)) {
            return;
        }
        if (is_news || self.happens(12))
            && let Some(copy) = self.vendor.conflict_copy(&path)
        {
            self.put(to, &copy, &bytes);
            // Sooner or later everybody has the copy, too.
            self.known[to].remove(&copy);
            if is_news {
                return;
            }
        }
        if let Some(half) = self.vendor.half(&path).filter(|_| !self.is_calm) {
            let length = self.draw(bytes.len() as u64) as usize;
            self.put(to, &half, &bytes[..length]);
            return self.plan(to, &path, What::Finish);
        }
        self.put(to, &path, &bytes);
    }

    fn finish(&mut self, to: usize, path: &str) {
        let half = self.vendor.half(path).filter(|half| half != path);
        if let Some(half) = half {
            let _ = fs::remove_file(self.place(to, &half));
            self.known[to].remove(&half);
        }
        if let Some(bytes) = self.read(1 - to, path) {
            self.put(to, path, &bytes);
        }
    }

    /// Deletes what was deleted elsewhere, or takes it for something that is missing there.
    fn delete(&mut self, to: usize, path: String) {
        let Some(bytes) = self.read(to, &path) else { return };
        if self.read(1 - to, &path).is_some() {
            return;
        }
        if self.happens(4) && self.put_back.insert(path.clone()) {
            return self.put(1 - to, &path, &bytes);
        }
        let place = self.place(to, &path);
        fs::remove_file(&place).unwrap();
        self.known[to].remove(&path);
        let root = self.sides[to].path().join("syft-1");
        let above = place.ancestors().skip(1).take_while(|folder| **folder != root);
        for folder in above {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}
