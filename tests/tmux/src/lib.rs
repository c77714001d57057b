#![doc = include_str!("../README.md")]

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// For so long something may take to stand on the screen.
const DEADLINE: Duration = Duration::from_secs(60);
/// Between two looks at the screen.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs the program, tells its exit code, and keeps the screen. Not even Ctrl-C ends it: that
/// is for the program.
const AROUND: &str =
    r#"trap : INT; code="$1"; shift; "$@"; echo $? > "$code"; exec cat > /dev/null"#;

/// A terminal with a program in it. It stays when the program ends, and goes on drop.
#[derive(Debug)]
pub struct Terminal {
    /// Holds the socket of the server.
    folder: TempDir,
}

impl Terminal {
    /// Starts a program in a terminal of that size. Of its environment, only what the command
    /// sets is there, and `TERM`.
    ///
    /// # Panics
    /// If there is no tmux, or it cannot start.
    #[must_use]
    pub fn start(columns: u16, rows: u16, command: Command) -> Self {
        let terminal = Terminal { folder: TempDir::new().unwrap_or_else(|e| panic!("{e}")) };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let mut tmux = terminal.tmux();
        tmux.args(["-f", "/dev/null", "new-session", "-d", "-x", &columns, "-y", &rows]);
        if let Some(folder) = command.get_current_dir() {
            tmux.arg("-c").arg(folder);
        }
        tmux.args(["--", "env", "-i", "TERM=screen-256color"]);
        for (name, value) in command.get_envs() {
            let mut pair = name.to_owned();
            pair.push("=");
            pair.push(value.unwrap_or_default());
            tmux.arg(pair);
        }
        tmux.args(["sh", "-c", AROUND, "sh"]).arg(terminal.code_file());
        tmux.arg(command.get_program()).args(command.get_args());
        terminal.run(tmux);
        terminal
    }

    /// Presses keys, by the names of tmux: `a`, `Space`, `Enter`, `C-c`, `Down`.
    ///
    /// # Panics
    /// If the terminal has gone.
    pub fn press<K: AsRef<OsStr>>(&self, keys: &[K]) {
        let mut tmux = self.tmux();
        tmux.arg("send-keys").args(keys);
        self.run(tmux);
    }

    /// Types a text as it stands.
    ///
    /// # Panics
    /// If the terminal has gone.
    pub fn types(&self, text: &str) {
        let mut tmux = self.tmux();
        tmux.args(["send-keys", "-l", "--", text]);
        self.run(tmux);
    }

    /// Makes the terminal so large.
    ///
    /// # Panics
    /// If the terminal has gone.
    pub fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let mut tmux = self.tmux();
        tmux.args(["resize-window", "-x", &columns, "-y", &rows]);
        self.run(tmux);
    }

    /// What stands on the screen: its lines without the blanks at their ends and without the
    /// empty ones below.
    ///
    /// # Panics
    /// If the terminal has gone.
    #[must_use]
    pub fn screen(&self) -> String {
        self.capture(&["-p"])
    }

    /// The same with the colours, as escape sequences.
    ///
    /// # Panics
    /// If the terminal has gone.
    #[must_use]
    pub fn in_colour(&self) -> String {
        self.capture(&["-p", "-e"])
    }

    /// The screen as soon as a text stands on it.
    ///
    /// # Panics
    /// If it does not come.
    #[track_caller]
    pub fn until(&self, text: &str) -> String {
        self.until_it(text, |screen| screen.contains(text))
    }

    /// The screen as soon as the program has ended, with its exit code as a shell tells it.
    ///
    /// # Panics
    /// If it does not end.
    #[track_caller]
    pub fn ended(&self) -> (String, i32) {
        let code = || std::fs::read_to_string(self.code_file()).ok()?.trim().parse().ok();
        let screen = self.until_it("the end", |_| code().is_some());
        (screen, code().unwrap_or(-1))
    }

    fn code_file(&self) -> PathBuf {
        self.folder.path().join("code")
    }

    #[track_caller]
    fn until_it(&self, what: &str, is_there: impl Fn(&str) -> bool) -> String {
        let begin = Instant::now();
        loop {
            let screen = self.screen();
            if is_there(&screen) {
                return screen;
            }
            assert!(begin.elapsed() < DEADLINE, "{what:?} did not come:\n{screen}");
            std::thread::sleep(PAUSE);
        }
    }

    fn capture(&self, options: &[&str]) -> String {
        let mut tmux = self.tmux();
        tmux.arg("capture-pane").args(options);
        let said = text(&self.run(tmux));
        let lines: Vec<&str> = said.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end_matches('\n').to_owned()
    }

    fn tmux(&self) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.env("LC_ALL", "C.UTF-8").env_remove("TMUX").arg("-u");
        tmux.arg("-S").arg(self.folder.path().join("socket"));
        tmux
    }

    fn run(&self, mut tmux: Command) -> Output {
        let output = tmux.output().unwrap_or_else(|error| panic!("tmux: {error}"));
        assert!(output.status.success(), "{tmux:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.tmux().arg("kill-server").output();
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
