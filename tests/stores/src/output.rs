//! What a server says, kept from its first line on.

use std::io::{BufRead, BufReader, PipeReader};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// All that a server has said, read as it comes.
#[derive(Debug)]
pub(crate) struct Output {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    said: Mutex<Said>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Said {
    text: String,
    /// Nobody is left who could say more.
    ended: bool,
}

impl Output {
    /// Reads until the last writer of the pipe has gone.
    pub(crate) fn read(pipe: PipeReader) -> Self {
        let shared = Arc::new(Shared::default());
        let output = Output { shared: Arc::clone(&shared) };
        std::thread::spawn(move || {
            let mut lines = BufReader::new(pipe);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                shared.change(|said| said.text.push_str(&String::from_utf8_lossy(&line)));
                line.clear();
            }
            shared.change(|said| said.ended = true);
        });
        output
    }

    /// What is found in a line, as soon as one has it.
    ///
    /// # Errors
    /// All that was said, if it ends or time is up before.
    pub(crate) fn until<T>(
        &self,
        time: Duration,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<T, String> {
        let end = Instant::now() + time;
        let mut said = self.shared.said.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = said.text.lines().find_map(&find) {
                return Ok(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if said.ended {
                return Err(format!("it ended, and had said:\n{}", said.text));
            }
            if left.is_zero() {
                return Err(format!("it did not say where it listens, but:\n{}", said.text));
            }
            said =
                self.shared.more.wait_timeout(said, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// All that was said so far.
    pub(crate) fn said(&self) -> String {
        self.shared.said.lock().unwrap_or_else(PoisonError::into_inner).text.clone()
    }
}

impl Shared {
    fn change(&self, with: impl FnOnce(&mut Said)) {
        with(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner));
        self.more.notify_all();
    }
}
