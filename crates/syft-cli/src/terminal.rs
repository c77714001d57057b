//! The person at the terminal: what they press and type, and how much fits on the screen.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read, retry_on_intr};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};

/// How the terminal was before keys were read from it. It belongs to the process as the
/// terminal does: a thread that ends the program has to give it back too.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// For so long the rest of a sequence may be on its way that a key sends, in nanoseconds.
const REST_OF_A_KEY: i64 = 50_000_000;

/// A terminal of which single keys are read. What is typed ahead waits in the system, for
/// the next key or line, whichever is asked for. It is given back on drop.
#[derive(Debug)]
pub(crate) struct Terminal(());

/// A key, as far as one is told from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// One that prints a character of ASCII, but for the space.
    Char(char),
    /// Space, Enter, the arrow down, page down.
    Forward,
    /// The arrow up, page up.
    Back,
    /// Any other.
    Other,
}

/// In characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

impl Terminal {
    /// Whether there is somebody to ask.
    pub(crate) fn is_there() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Reads keys from now on: one by one, and without showing them.
    pub(crate) fn open() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        *lock() = Some(before.clone());
        // From here on it is given back, whatever happens.
        let terminal = Terminal(());
        set(&keys_of(&before))?;
        Ok(terminal)
    }

    /// The next key; `None` at the end, and at Ctrl-D.
    pub(crate) fn key(&mut self) -> io::Result<Option<Key>> {
        const END_OF_TEXT: u8 = 4;
        const ESCAPE: u8 = 0x1b;
        Ok(match next_byte()? {
            None | Some(END_OF_TEXT) => None,
            Some(b' ' | b'\r' | b'\n') => Some(Key::Forward),
            Some(ESCAPE) => Some(sequence()?),
            Some(byte) if byte.is_ascii_graphic() => Some(Key::Char(char::from(byte))),
            Some(_) => Some(Key::Other),
        })
    }

    /// A line that is shown as it is typed, without blanks around it; `None` at the end.
    pub(crate) fn line(&mut self) -> io::Result<Option<String>> {
        const BACKSPACE: u8 = 8;
        const DELETE: u8 = 0x7f;
        let Some(before) = lock().clone() else { return Ok(None) };
        set(&before)?;
        let mut line = Vec::new();
        let ended = loop {
            match next_byte() {
                Ok(Some(b'\n')) => break Ok(true),
                // What was typed ahead was mended by nobody.
                Ok(Some(BACKSPACE | DELETE)) => take_back(&mut line),
                Ok(Some(byte)) => line.push(byte),
                Ok(None) => break Ok(!line.is_empty()),
                Err(error) => break Err(error),
            }
        };
        set(&keys_of(&before))?;
        Ok(ended?.then(|| String::from_utf8_lossy(&line).trim().to_owned()))
    }
}

/// How much fits on the screen; of one that does not say, 24 lines of 80 characters.
pub(crate) fn size() -> Size {
    let or = |number: u16, usual| if number == 0 { usual } else { usize::from(number) };
    match tcgetwinsize(io::stdout()) {
        Ok(size) => Size { columns: or(size.ws_col, 80), rows: or(size.ws_row, 24) },
        Err(_) => Size { columns: 80, rows: 24 },
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Makes the terminal what it was before keys were read from it.
pub(crate) fn give_back() {
    if let Some(before) = lock().take() {
        // Whoever has taken the terminal away needs it no more.
        let _ = set(&before);
    }
}

fn lock() -> std::sync::MutexGuard<'static, Option<Termios>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes effect after what was printed, and loses nothing of what was typed.
fn set(termios: &Termios) -> io::Result<()> {
    Ok(tcsetattr(io::stdin(), OptionalActions::Drain, termios)?)
}

/// Keys at once and not shown. Ctrl-C stays what it is; Ctrl-Z is a key like any other,
/// since nobody would give the terminal back meanwhile.
fn keys_of(before: &Termios) -> Termios {
    const NONE: u8 = 0;
    let mut keys = before.clone();
    keys.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    keys.special_codes[SpecialCodeIndex::VMIN] = 1;
    keys.special_codes[SpecialCodeIndex::VTIME] = 0;
    keys.special_codes[SpecialCodeIndex::VSUSP] = NONE;
    keys
}

/// Takes the last character out of a line of UTF-8.
fn take_back(line: &mut Vec<u8>) {
    while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
}

/// Byte by byte: nothing is taken from the system that belongs to the next question.
fn next_byte() -> io::Result<Option<u8>> {
    let mut byte = [0];
    match retry_on_intr(|| read(io::stdin(), &mut byte)) {
        // The terminal may have gone.
        Ok(0) | Err(Errno::IO) => Ok(None),
        Ok(_) => Ok(Some(byte[0])),
        Err(error) => Err(error.into()),
    }
}

/// What follows on the escape that an arrow or a key with Alt begins with: none of it may
/// pass for a key of its own.
fn sequence() -> io::Result<Key> {
    let mut read = Vec::new();
    while is_on_its_way()? {
        let Some(byte) = next_byte()? else { break };
        read.push(byte);
        let is_first_of_several = read.len() == 1 && matches!(byte, b'[' | b'O');
        if !is_first_of_several && matches!(byte, 0x40..=0x7e) {
            break;
        }
    }
    Ok(match read.as_slice() {
        b"[B" | b"OB" | b"[6~" => Key::Forward,
        b"[A" | b"OA" | b"[5~" => Key::Back,
        _ => Key::Other,
    })
}

fn is_on_its_way() -> io::Result<bool> {
    let stdin = io::stdin();
    let mut waits = [PollFd::new(&stdin, PollFlags::IN)];
    let timeout = Timespec { tv_sec: 0, tv_nsec: REST_OF_A_KEY };
    Ok(retry_on_intr(|| poll(&mut waits, Some(&timeout)))? > 0)
}
