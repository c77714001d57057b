//! The only place that looks at the environment.

use std::ffi::OsString;
use std::path::PathBuf;

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

impl Environment {
    #[expect(clippy::disallowed_methods, reason = "this is the place that looks at it")]
    pub(crate) fn read() -> Self {
        let path = |name| variable(name).map(PathBuf::from);
        let text = |name| variable(name).map(|value| value.to_string_lossy().into_owned());
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
            no_color: variable("NO_COLOR").is_some() || is_dumb,
            user_home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
            here: std::env::current_dir().ok(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that looks at it")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
