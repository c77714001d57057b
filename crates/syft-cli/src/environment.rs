//! The only place that looks at the environment.

use std::ffi::OsString;
use std::path::PathBuf;

#[cfg(feature = "opendal")]
use syft_sync::transport::StoreLogin;

/// What the environment says; an empty variable says nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// `SYFTBOX_FOLDER`: the home.
    pub(crate) folder: Option<PathBuf>,
    /// `SYFTBOX_EMAIL`: who the home must belong to.
    pub(crate) email: Option<String>,
    /// `PRE_SYNC`: whether lists sync first.
    pub(crate) pre_sync: Option<String>,
    /// `SYFT_DEFAULT_JOB_TIMEOUT_SECONDS`.
    pub(crate) job_timeout: Option<String>,
    /// `SYFT_UV`: the uv that installs the packages of jobs, instead of the one that is
    /// found, or of pip.
    pub(crate) uv: Option<PathBuf>,
    /// `SYFT_PACKAGE_INDEX`: another package index than the usual one.
    pub(crate) package_index: Option<String>,
    /// `SYFT_RECORD`: the file to which all is appended that goes over the wire.
    #[cfg(feature = "record")]
    pub(crate) record: Option<PathBuf>,
    /// What is of use with Google Drive alone.
    #[cfg(feature = "drive")]
    pub(crate) google: GoogleVariables,
    /// What lets me in to the stores that are known by their addresses.
    #[cfg(feature = "opendal")]
    pub(crate) stores: StoreVariables,
    /// `NETRC`, or `~/.netrc`: logins by the names of servers.
    #[cfg(feature = "opendal")]
    pub(crate) netrc: Option<PathBuf>,
    /// Whether `NO_COLOR` is set, or the terminal is a dumb one.
    pub(crate) no_color: bool,
    /// The person's own folder.
    pub(crate) user_home: Option<PathBuf>,
    /// The folder in which the command was typed.
    pub(crate) here: Option<PathBuf>,
}

/// What the environment says about Google, and about the browser in which one logs in.
#[cfg(feature = "drive")]
#[derive(Debug, Clone, Default)]
pub(crate) struct GoogleVariables {
    /// `SYFT_TOKEN_PATH`: the file of a login, where the home has none.
    pub(crate) token_path: Option<PathBuf>,
    /// `SYFT_DRIVE_ENDPOINT`: another server than Google's.
    pub(crate) endpoint: Option<String>,
    /// Whether there is a screen on which a browser can be opened.
    pub(crate) has_display: bool,
}

/// What the environment says of logins to stores, under the names by which their own tools
/// know it where they do: `AZURE_STORAGE_KEY`, `AZURE_STORAGE_SAS_TOKEN`,
/// `SYFT_WEBDAV_USER`, `SYFT_WEBDAV_PASSWORD`, `SYFT_WEBDAV_TOKEN`, `DROPBOX_ACCESS_TOKEN`,
/// `DROPBOX_REFRESH_TOKEN`, `DROPBOX_APP_KEY`, `DROPBOX_APP_SECRET`, and `AWS_REGION` or
/// `AWS_DEFAULT_REGION`. The rest of S3 and of Google Cloud Storage is read by their clients,
/// as `AWS_ACCESS_KEY_ID` is.
#[cfg(feature = "opendal")]
#[derive(Debug, Clone, Default)]
pub(crate) struct StoreVariables {
    /// Each kind of store, by the scheme of its addresses, with what lets me in.
    pub(crate) logins: Vec<(&'static str, StoreLogin)>,
    /// `SYFT_DROPBOX_ENDPOINT`: another server than Dropbox's.
    pub(crate) dropbox_endpoint: Option<String>,
}

#[cfg(feature = "opendal")]
impl StoreVariables {
    fn read() -> Self {
        let s3 = StoreLogin::none().ambient(true);
        let s3 = with(s3, "AWS_DEFAULT_REGION", StoreLogin::with_region);
        let s3 = with(s3, "AWS_REGION", StoreLogin::with_region);
        let azure = with(StoreLogin::none(), "AZURE_STORAGE_KEY", StoreLogin::with_password);
        let azure = with(azure, "AZURE_STORAGE_SAS_TOKEN", StoreLogin::with_token);
        let webdav = with(StoreLogin::none(), "SYFT_WEBDAV_USER", StoreLogin::with_user);
        let webdav = with(webdav, "SYFT_WEBDAV_PASSWORD", StoreLogin::with_password);
        let webdav = with(webdav, "SYFT_WEBDAV_TOKEN", StoreLogin::with_token);
        let dropbox = with(StoreLogin::none(), "DROPBOX_APP_KEY", StoreLogin::with_user);
        let dropbox = with(dropbox, "DROPBOX_APP_SECRET", StoreLogin::with_password);
        let dropbox = with(dropbox, "DROPBOX_ACCESS_TOKEN", StoreLogin::with_token);
        let dropbox = with(dropbox, "DROPBOX_REFRESH_TOKEN", StoreLogin::with_refresh_token);
        let gs = StoreLogin::none().ambient(true);
        StoreVariables {
            logins: vec![
                ("s3", s3),
                ("gs", gs),
                ("azblob", azure),
                ("webdav", webdav),
                ("dropbox", dropbox),
            ],
            dropbox_endpoint: text("SYFT_DROPBOX_ENDPOINT"),
        }
    }
}

/// What to type to be let in to a kind of store, by the scheme of its addresses.
pub(crate) fn to_log_in(scheme: &str) -> Option<&'static str> {
    Some(match scheme {
        "s3" => "export AWS_ACCESS_KEY_ID=KEY AWS_SECRET_ACCESS_KEY=SECRET",
        "gs" => "export GOOGLE_APPLICATION_CREDENTIALS=FILE",
        "azblob" => "export AZURE_STORAGE_KEY=KEY",
        "webdav" => "echo machine HOST login USER password PASSWORD >> ~/.netrc",
        "dropbox" => "export DROPBOX_APP_KEY=KEY DROPBOX_REFRESH_TOKEN=TOKEN",
        _ => return None,
    })
}

/// A login with what a variable holds, if it holds anything.
#[cfg(feature = "opendal")]
fn with(
    login: StoreLogin,
    name: &str,
    take: impl FnOnce(StoreLogin, String) -> StoreLogin,
) -> StoreLogin {
    match text(name) {
        Some(value) => take(login, value),
        None => login,
    }
}

impl Environment {
    #[expect(clippy::disallowed_methods, reason = "this is the place that looks at it")]
    pub(crate) fn read() -> Self {
        let path = |name| variable(name).map(PathBuf::from);
        let user_home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
        let is_dumb = variable("TERM").is_some_and(|term| term == "dumb");
        Environment {
            folder: path("SYFTBOX_FOLDER"),
            email: text("SYFTBOX_EMAIL"),
            pre_sync: text("PRE_SYNC"),
            job_timeout: text("SYFT_DEFAULT_JOB_TIMEOUT_SECONDS"),
            uv: path("SYFT_UV"),
            package_index: text("SYFT_PACKAGE_INDEX"),
            #[cfg(feature = "record")]
            record: path("SYFT_RECORD"),
            #[cfg(feature = "drive")]
            google: GoogleVariables {
                token_path: path("SYFT_TOKEN_PATH"),
                endpoint: text("SYFT_DRIVE_ENDPOINT"),
                has_display: variable("DISPLAY").or(variable("WAYLAND_DISPLAY")).is_some(),
            },
            #[cfg(feature = "opendal")]
            stores: StoreVariables::read(),
            no_color: variable("NO_COLOR").is_some() || is_dumb,
            #[cfg(feature = "opendal")]
            netrc: path("NETRC").or_else(|| user_home.as_ref().map(|home| home.join(".netrc"))),
            user_home,
            here: std::env::current_dir().ok(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that looks at it")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn text(name: &str) -> Option<String> {
    variable(name).map(|value| value.to_string_lossy().into_owned())
}
