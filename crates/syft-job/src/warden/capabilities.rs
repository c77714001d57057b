use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities,
};

/// Gives up every capability for good: uid 0 becomes an ordinary owner of root's
/// files, and no exec brings any of them back.
pub(super) fn drop_all() -> Result<(), String> {
    let failed = |error: Errno| format!("could not drop the capabilities: {error}");
    let before = capabilities(None).map_err(failed)?;
    if !before.permitted.is_empty() {
        // A kernel without ambient capabilities has none to clear.
        let _ = clear_ambient_capability_set();
        empty_bounding_set().map_err(failed)?;
    }
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
        .map_err(failed)?;
    let after = capabilities(None).map_err(failed)?;
    if (after.effective | after.permitted | after.inheritable).is_empty() {
        Ok(())
    } else {
        Err("the kernel kept some capabilities".to_owned())
    }
}

fn empty_bounding_set() -> Result<(), Errno> {
    for number in 0..u64::BITS {
        match remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number)) {
            Ok(()) => {}
            // Past the last one that this kernel knows.
            Err(Errno::INVAL) => break,
            // Without CAP_SETPCAP: no_new_privs keeps an exec from gaining any.
            Err(Errno::PERM) if !rustix::process::geteuid().is_root() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
