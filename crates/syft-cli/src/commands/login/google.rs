//! The login at Google of somebody who uses Google Drive.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use syft_sync::core::Email;
use syft_sync::transport::Transport;
use syft_sync::transport::drive::auth::ClientSecrets;
use syft_sync::{GOOGLE_DRIVE, GoogleLogin};
use zeroize::Zeroizing;

use super::browser;
use crate::args::LoginArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

/// Largest file with a login that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024 + 1;

/// The files from which somebody logs in.
#[derive(Debug)]
pub(super) struct Files {
    /// That of a login.
    token: Option<PathBuf>,
    /// The same, if the home has no login.
    usual: Option<PathBuf>,
    /// That of a program.
    credentials: Option<PathBuf>,
}

/// A login that Google knows as that of the account, and that is not kept yet.
pub(super) struct NewLogin(GoogleLogin);

impl Files {
    pub(super) fn of(context: &Context, args: &LoginArgs) -> Files {
        let path = |typed: &PathBuf| context.path(typed);
        Files {
            token: args.token_path.as_ref().map(path),
            usual: context.google().token_path.as_ref().map(path),
            credentials: args.credentials.as_ref().map(path),
        }
    }

    /// Whether one was named on the command line.
    fn are_named(&self) -> bool {
        self.token.is_some() || self.credentials.is_some()
    }
}

/// The new login at Google, if there is to be one. Nothing is written.
pub(super) async fn login(
    context: &Context,
    files: Files,
    transport: &str,
    email: &Email,
) -> Result<Option<NewLogin>, CliError> {
    if transport != GOOGLE_DRIVE {
        // What is wrong with an address that is nearly that is told by whoever reads it.
        return match files.are_named() && !transport.starts_with(GOOGLE_DRIVE) {
            false => Ok(None),
            true => Err(CliError::usage(format!(
                "--token-path and --credentials are for Google Drive, and the store is {transport}"
            ))
            .then(by_file(email, "--token-path FILE"))),
        };
    }
    let stores = context.stores(email)?;
    if !files.are_named() && stores.google_status()?.is_some() {
        return Ok(None);
    }
    if context.is_offline() {
        return Err(CliError::usage("a login at Google is not possible with --offline"));
    }
    let (login, option) = match (files.credentials, files.token.or(files.usual)) {
        (Some(program), _) => {
            let endpoints = stores.google_endpoints();
            let login = browser::log_in(context, endpoints, &program, email).await?;
            (GoogleLogin::from(login), "--credentials FILE")
        }
        (None, Some(file)) => (from_file(&file, email)?, "--token-path FILE"),
        (None, None) => return Err(no_login(email)),
    };
    let with_it = stores.with_google_login(login.clone());
    let checked = with_it.check_google_account().await;
    checked.map_err(|error| CliError::from(error).then(by_file(email, option)))?;
    Ok(Some(NewLogin(login)))
}

impl NewLogin {
    /// The store, as it is from now on.
    pub(super) fn store(
        &self,
        context: &Context,
        email: &Email,
    ) -> Result<Arc<dyn Transport>, CliError> {
        let failed = |error: std::io::Error| {
            let message = format!("could not create {}: {error}", context.home().display());
            CliError::new(Exit::Store, "disk", message)
        };
        std::fs::create_dir_all(context.home()).map_err(failed)?;
        let stores = context.stores(email)?.with_google_login(self.0.clone());
        Ok(context.recorded(stores.create(GOOGLE_DRIVE)?))
    }

    pub(super) fn into_login(self) -> GoogleLogin {
        self.0
    }
}

fn from_file(file: &Path, email: &Email) -> Result<GoogleLogin, CliError> {
    let bytes = read(file)?;
    GoogleLogin::read(&bytes, email).map_err(|error| {
        let is_program = ClientSecrets::parse(&bytes).is_ok();
        let option = if is_program { "--credentials FILE" } else { "--token-path FILE" };
        let problem = format!("{}: {error}", file.display());
        CliError::new(Exit::Usage, "no_login", problem).then(by_file(email, option))
    })
}

fn no_login(email: &Email) -> CliError {
    let file = by_file(email, "--token-path token.json");
    let browser = by_file(email, "--credentials credentials.json");
    let message = format!(
        "Google has to know who you are: name the token file of a login, or log in with a browser \
         by {browser}"
    );
    CliError::usage(message).then(file)
}

/// The whole command, with the option that names a file.
pub(super) fn by_file(email: &Email, option: &str) -> String {
    format!("syft login --email {email} --transport {GOOGLE_DRIVE} {option}")
}

/// A file with secrets.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let failed = |error: std::io::Error| {
        let message = format!("could not read {}: {error}", path.display());
        CliError::new(Exit::NotFound, "not_found", message)
    };
    // Its size ahead, so that no copy is left behind when it grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES as usize));
    File::open(path).map_err(failed)?.take(MAX_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
