//! The machine a figure was taken on, without its name.

use std::{
    io::Write as _,
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{figure::number, stat::float};
use crate::error::Error;

/// How long the disk is asked to store.
const STORE_FOR: Duration = Duration::from_millis(500);
const BLOCK: [u8; 4096] = [7; 4096];

/// What a figure depends on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// Processors this process may use.
    pub(crate) cores: usize,
    /// Their model.
    pub(crate) processor: String,
    /// Memory in GiB.
    pub(crate) memory_gib: f64,
    /// What kind of disk the folder of the run is on.
    pub(crate) disk: String,
    /// Blocks of 4 KiB written and synced one after the other, per second.
    pub(crate) syncs_per_second: f64,
    /// The kernel.
    pub(crate) kernel: String,
    /// Version of nats-server.
    pub(crate) nats_server: String,
    /// Processes that wanted a core in the minute before the run; a quiet machine is near 0.
    pub(crate) load: f64,
}

impl Machine {
    /// Looks at this machine, and at the disk below `dir`.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn look(dir: &Path, nats_server: String) -> Result<Self, Error> {
        let fail = |source| Error::Data { path: dir.into(), source };
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let after = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.map(|rest| rest.trim_start_matches([' ', '\t', ':']).trim().to_owned())
        };
        let load = read("/proc/loadavg");
        let memory = after(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let kib: u64 = memory.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: after(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "not known".into()),
            memory_gib: (float(kib) / 1_048_576.0 * 10.0).round() / 10.0,
            disk: disk(dir),
            syncs_per_second: syncs(dir).map_err(fail)?,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            nats_server,
            load: load.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0.0),
        })
    }

    /// On one line.
    pub(crate) fn line(&self) -> String {
        format!(
            "{} cores ({}), {} GiB, {}, {} syncs/s, kernel {}, nats-server {}, load {} before the run",
            self.cores,
            self.processor,
            number(self.memory_gib),
            self.disk,
            number(self.syncs_per_second),
            self.kernel,
            self.nats_server,
            self.load,
        )
    }
}

/// The kind of disk: how it is attached, whether it turns, and its file system.
fn disk(dir: &Path) -> String {
    let system = file_system(dir).unwrap_or_else(|| "unknown file system".into());
    let Ok(found) = std::fs::metadata(dir) else { return system };
    let dev = found.dev();
    let (major, minor) = ((dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xf_ff00));
    let Ok(device) = std::fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")) else { return system };
    let way = device.to_string_lossy().into_owned();
    let attached = [("virtio", "virtual disk"), ("nvme", "NVMe"), ("ata", "SATA disk"), ("usb", "USB disk")];
    let attached = attached.iter().find(|(mark, _)| way.contains(mark)).map_or("disk", |(_, name)| name);
    // A partition has its queue one folder up.
    let turns = [device.join("queue/rotational"), device.join("../queue/rotational")]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok());
    let turns = match turns.as_deref().map(str::trim) {
        Some("0") => ", not rotating",
        Some("1") => ", says it rotates",
        Some(_) | None => "",
    };
    format!("{attached}{turns}, {system}")
}

/// The file system a folder is on: of the longest mount point above it.
fn file_system(dir: &Path) -> Option<String> {
    let dir = dir.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let rows = mounts.lines().filter_map(|line| {
        let (front, back) = line.split_once(" - ")?;
        Some((front.split_whitespace().nth(4)?, back.split_whitespace().next()?))
    });
    let above = rows.filter(|(point, _)| dir.starts_with(point));
    above.max_by_key(|(point, _)| point.len()).map(|(_, system)| system.to_owned())
}

/// How often a second a block can be written so that it survives a power cut.
fn syncs(dir: &Path) -> std::io::Result<f64> {
    let mut file = tempfile::tempfile_in(dir)?;
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < STORE_FOR {
        file.write_all(&BLOCK)?;
        file.sync_data()?;
        count += 1;
    }
    Ok(float(count) / started.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_described_without_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine::look(dir.path(), "2.15.1".into()).unwrap();
        assert!(machine.cores >= 1 && machine.syncs_per_second > 0.0, "{machine:?}");
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let (line, name) = (machine.line(), name.trim().to_owned());
        assert!(name.len() < 4 || !line.contains(&name), "{line}");
        assert!(!line.contains(dir.path().to_str().unwrap()), "{line}");
    }
}
