//! Everything below `/2/files`.

mod batch;
mod commit;
mod delete;
mod download;
mod folder;
mod list;
mod metadata;
mod relocate;
mod resolve;
mod session;
mod upload;

pub(crate) use batch::{Jobs, delete_batch, delete_batch_check};
pub(crate) use delete::delete;
pub(crate) use download::download;
pub(crate) use folder::create_folder;
pub(crate) use list::{Cursors, get_latest_cursor, list_folder, list_folder_continue};
pub(crate) use metadata::get_metadata;
pub(crate) use relocate::{copy, move_};
pub(crate) use session::{Sessions, session_append, session_finish, session_start};
pub(crate) use upload::upload;
