//! Ctrl-C: the first one ends what goes on in order, the second one the program.

use std::sync::mpsc;
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::terminal;

/// Does this at the first Ctrl-C, and ends the program at the second. Where they
/// cannot be heard, the system's own way ends the program at the first.
pub(crate) fn on_interrupt(first: impl FnOnce() + Send + 'static) {
    let (ready, heard) = mpsc::channel();
    thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else {
            return;
        };
        runtime.block_on(async {
            let Ok(mut interrupts) = signal(SignalKind::interrupt()) else { return };
            // From here on none is missed.
            let _ = ready.send(());
            interrupts.recv().await;
            first();
            interrupts.recv().await;
            at_once();
        });
    });
    // An error means that the thread has ended: nothing will be heard.
    let _ = heard.recv();
}

/// Ends the program, and leaves the terminal as it was.
#[expect(clippy::exit, reason = "whoever asks twice does not wait; the box ends with its runner")]
pub(crate) fn at_once() -> ! {
    terminal::give_back();
    std::process::exit(Exit::Interrupted as i32)
}
