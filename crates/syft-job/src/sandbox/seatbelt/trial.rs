use std::fs;
use std::io;
use std::path::Path;

use super::SeatbeltSandbox;
use crate::NoOutputs;
use crate::sandbox::{BoxedJob, Exit, Limits, Network, Sandbox as _};

/// Says by its exit code whether it could read what it was not granted.
const SCRIPT: &str = "if /bin/cat \"$1\" > /dev/null 2>&1; then exit 3; fi; exit 0";
const COULD_READ: Exit = Exit::Code(3);

impl SeatbeltSandbox {
    /// Lets a job in this box try to read a file beside its own folders. Says in words
    /// what held.
    ///
    /// # Errors
    /// In words, why there is no such box here.
    pub(in crate::sandbox) fn tries(&self, scratch: &Path) -> Result<String, String> {
        let place = scratch.join(format!(".box-probe-{}", std::process::id()));
        let exit = self.tried_in(&place);
        // It holds nothing; a leftover is used again by the next trial.
        let _ = fs::remove_dir_all(&place);
        match exit? {
            exit if exit.is_success() => Ok("a file that was not granted: refused".to_owned()),
            COULD_READ => Err("NOT so: a file that was not granted: refused".to_owned()),
            exit => Err(format!("sandbox-exec ended with {exit}")),
        }
    }

    fn tried_in(&self, place: &Path) -> Result<Exit, String> {
        let folders = ["work", "tmp", "outputs"].map(|name| place.join(name));
        let secret = place.join("secret");
        let made = folders.iter().try_for_each(fs::create_dir_all);
        made.and_then(|()| fs::write(&secret, b"not for a job\n"))
            .map_err(|error: io::Error| format!("could not write {}: {error}", place.display()))?;
        let [work_dir, tmp_dir, outputs_dir] = folders;
        let mut command = ["/bin/bash", "-c", SCRIPT, "trial"].map(Into::into).to_vec();
        command.push(secret.into_os_string());
        let job = BoxedJob {
            work_dir,
            readable: Vec::new(),
            programs: Vec::new(),
            listable: Vec::new(),
            tmp_dir,
            outputs_dir,
            command,
            environment: Vec::new(),
            limits: Limits::default(),
            network: Network::Closed,
        };
        let report = self.run(&job, &mut |_, _: &[u8]| {}, &mut NoOutputs);
        report.map(|report| report.exit).map_err(|error| error.to_string())
    }
}
