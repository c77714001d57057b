//! A login in a browser on this machine, or on another one whose address is pasted.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use syft_sync::GoogleLogin;
use syft_sync::core::Email;
use syft_sync::transport::Error;
use syft_sync::transport::drive::auth::{ClientSecrets, Endpoints, LoopbackLogin, TokenFile};
use tokio::sync::mpsc;

use super::google::{by_file, read};
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Logs in for the program of a file.
pub(super) async fn log_in(
    context: &Context,
    endpoints: &Endpoints,
    file: &Path,
    email: &Email,
) -> Result<TokenFile, CliError> {
    let bytes = read(file)?;
    let secrets = ClientSecrets::parse(&bytes).map_err(|error| {
        let is_login = GoogleLogin::read(&bytes, email).is_ok();
        let option = if is_login { "--token-path FILE" } else { "--credentials FILE" };
        let problem = format!("{}: {error}", file.display());
        CliError::new(Exit::Usage, "no_program", problem).then(by_file(email, option))
    })?;
    let failed = |error: Error| CliError::from(error).then(by_file(email, "--credentials FILE"));
    let login = LoopbackLogin::begin(secrets, endpoints, Some(email)).await.map_err(failed)?;
    let mut pasted = tell(context, &login, email);
    let arrives = login.wait(PATIENCE);
    tokio::pin!(arrives);
    loop {
        let text = tokio::select! {
            arrived = &mut arrives => return arrived.map_err(failed),
            Some(text) = pasted.recv() => text,
        };
        match login.paste(&text).await {
            Ok(file) => return Ok(file),
            // They may try again.
            Err(error @ Error::Permanent { .. }) => {
                context.screen().err(&format!("{}\n", CliError::from(error).message()));
            }
            Err(error) => return Err(failed(error)),
        }
    }
}

/// Says what to do, and opens a browser where that can be seen. What is pasted comes
/// back; nothing does where nobody sits.
fn tell(context: &Context, login: &LoopbackLogin, email: &Email) -> mpsc::Receiver<String> {
    let screen = context.screen();
    let (to_us, pasted) = mpsc::channel(1);
    let url = login.url();
    if screen.is_json() {
        screen.note(&format!("open this page in a browser: {url}"));
    } else {
        let text = format!("Log in to Google as {email}, and allow Google Drive, on this page:");
        screen.err(&format!("{text}\n\n    {url}\n\n"));
    }
    if context.google().has_display {
        open(url.as_str());
    }
    let is_asked = !screen.is_json() && io::stdin().is_terminal() && io::stderr().is_terminal();
    if is_asked {
        screen.err(
            "A browser on this machine does the rest. Where yours is on another one, it ends at \
             a page that cannot be opened: paste its address here, and press Enter.\n",
        );
        // A thread that reads ends with the program, whoever types or not.
        std::thread::spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                if !line.trim().is_empty() && to_us.blocking_send(line).is_err() {
                    break;
                }
            }
        });
    }
    pasted
}

/// Opens a page in the person's browser; the page is shown to them in any case.
fn open(url: &str) {
    let mut command = Command::new(if cfg!(target_os = "macos") { "open" } else { "xdg-open" });
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(command.spawn());
}
