//! Time and memory of processes and threads, from `/proc`. Off Linux nothing is known, and nothing is said.

use super::stat::float;

/// User and system time of a process in microseconds, at the clock tick's resolution of 10 ms.
pub(crate) fn cpu_us(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in brackets and may hold spaces; count from behind it.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * 10_000)
}

/// Time the calling thread has run, in microseconds.
pub(crate) fn thread_cpu_us() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1_000)
}

/// Peak memory of a process in bytes, since its start or the last [`forget_peak`].
pub(crate) fn peak_bytes(pid: u32) -> Option<u64> {
    status_bytes(pid, "VmHWM:")
}

/// Memory of a process in bytes.
pub(crate) fn resident_bytes(pid: u32) -> Option<u64> {
    status_bytes(pid, "VmRSS:")
}

/// Lets the peak of this process begin again where it is.
pub(crate) fn forget_peak() {
    // Where it cannot be done, the peak is that of the whole life of the process.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn status_bytes(pid: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

/// Time of this process and of its nats-server at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    nats_pid: Option<u32>,
    own: Option<u64>,
    nats: Option<u64>,
}

/// Time spent between two moments, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    /// By this process.
    pub(crate) own: Option<f64>,
    /// By nats-server.
    pub(crate) nats: Option<f64>,
}

impl Clocks {
    /// Now.
    pub(crate) fn read(nats_pid: Option<u32>) -> Self {
        Self { nats_pid, own: cpu_us(std::process::id()), nats: nats_pid.and_then(cpu_us) }
    }

    /// Since then, shared out over `events`.
    pub(crate) fn spent(self, events: u64) -> Spent {
        let now = Self::read(self.nats_pid);
        let share = |before: Option<u64>, after: Option<u64>| {
            Some(float(after?.saturating_sub(before?)) / float(events.max(1)))
        };
        Spent { own: share(self.own, now.own), nats: share(self.nats, now.nats) }
    }
}

impl Spent {
    /// Both together, where both are known.
    pub(crate) fn both(self) -> Option<f64> {
        Some(self.own? + self.nats?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_time_and_memory_are_there_on_linux() {
        if cfg!(target_os = "linux") {
            let own = std::process::id();
            assert!(cpu_us(own).is_some());
            assert!(thread_cpu_us().is_some());
            assert!(peak_bytes(own).is_some_and(|bytes| bytes > 100_000));
            assert!(resident_bytes(own).is_some_and(|bytes| bytes > 100_000));
        }
    }
}
