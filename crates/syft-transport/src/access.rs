use syft_core::Email;

use crate::{Error, Object, Result, Space};

/// Who may open a space and put objects there: the [writer](Space::writer).
///
/// # Errors
/// [`Error::Denied`] for anybody else.
pub fn check_write(action: &'static str, space: &Space, who: &Email) -> Result<()> {
    if space.writer() == who {
        return Ok(());
    }
    Err(Error::denied(action, space, format!("only {} writes there", space.writer())))
}

/// What may be put in place of: an object of mine in the same space.
pub(crate) fn check_in_place(space: &Space, older: &Object, who: &Email) -> Result<()> {
    check_write("put into", space, who)?;
    let refuse = |detail: String| Err(Error::denied("put in place of", older, detail));
    if older.space != *space {
        return refuse(format!("the new one goes to {space}"));
    }
    match &older.owner {
        Some(owner) if owner == who => Ok(()),
        Some(owner) => refuse(format!("{owner} put it there")),
        None => refuse("the store does not say who put it there".to_owned()),
    }
}

/// Who may consume the messages of a space: its owner.
///
/// # Errors
/// [`Error::Denied`] for anybody else.
pub fn check_retire(space: &Space, who: &Email) -> Result<()> {
    if space.owner() == who {
        return Ok(());
    }
    Err(Error::denied("retire", space, format!("only {} consumes there", space.owner())))
}

/// Who may take objects out of a space: its owner, and its writer, who takes
/// back what was put.
///
/// # Errors
/// [`Error::Denied`] for anybody else.
pub fn check_delete(space: &Space, who: &Email) -> Result<()> {
    if space.owner() == who || space.writer() == who {
        return Ok(());
    }
    Err(Error::denied("delete", space, format!("only {} deletes there", space.owner())))
}

/// Whether somebody reads a space by what it is for; collections and profiles
/// are also read by those they are shared with.
pub(crate) fn reads_by_role(space: &Space, who: &Email) -> bool {
    match space {
        Space::Outbox { owner, recipient } => who == owner || who == recipient,
        other => who == other.owner(),
    }
}
