//! Settings: `<data>/mainstay.toml` › `MAINSTAY_*` › flags, the later over the earlier. Unknown keys are refused.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize};

use crate::{cli::UpArgs, error::Error};

/// Environment variables that are not settings.
const NOT_SETTINGS: [&str; 3] = ["data", "log", "bless"];

/// The settings of a running system.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Console address.
    pub(crate) console: SocketAddr,
    /// Gateway address.
    pub(crate) gateway: SocketAddr,
    /// Port of the local nats-server.
    pub(crate) nats_port: u16,
    /// An existing server instead of a local one.
    pub(crate) nats_url: Option<String>,
    /// Its monitoring address.
    pub(crate) nats_monitor_url: Option<String>,
    /// Take approvals on a bus that may lose what it acknowledged.
    pub(crate) allow_volatile_bus: bool,
    /// SMTP server; none writes `.eml` files.
    pub(crate) smtp: Option<String>,
    /// File with the SMTP server's URL, where it must not stand in the environment.
    pub(crate) smtp_file: Option<PathBuf>,
    /// Sender of mail.
    pub(crate) from: String,
    /// Where recipients reach the console.
    pub(crate) public_url: Option<String>,
    /// Write key of the gateway; made at first start when none is set.
    pub(crate) write_key: Option<String>,
    /// File with the write key.
    pub(crate) write_key_file: Option<PathBuf>,
    /// Policies to publish at first start.
    pub(crate) policies: Option<PathBuf>,
    /// Templates and plays to publish at first start.
    pub(crate) playbooks: Option<PathBuf>,
    /// Words to look for in texts.
    pub(crate) reader: Option<PathBuf>,
    /// Name of the local console user.
    pub(crate) user: String,
    /// Seconds between ticks.
    pub(crate) tick_seconds: u64,
    /// Seconds between ticks while an approval is held.
    pub(crate) hold_tick_seconds: u64,
    /// Seconds one delivery may take.
    pub(crate) intent_deadline_seconds: u64,
    /// Seconds after that deadline when an intent without outcome is in doubt.
    pub(crate) intent_grace_seconds: u64,
    /// IANA zone the console writes times in.
    pub(crate) zone: String,
    /// Of the programs that run apart and read the same file: the address of an agent's port.
    pub(crate) agent: Option<SocketAddr>,
    /// Of an agent apart: its partitions, a number or a list in text.
    pub(crate) partitions: Option<toml::Value>,
    /// Of a console apart: how long an approval is held, as the gate's policy has it.
    pub(crate) hold_seconds: Option<u64>,
    /// Of a console apart: the token of its API.
    pub(crate) api_token: Option<String>,
    /// File with that token.
    pub(crate) api_token_file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Self {
            console: local(7700),
            gateway: local(7701),
            nats_port: 7722,
            nats_url: None,
            nats_monitor_url: None,
            allow_volatile_bus: false,
            smtp: None,
            smtp_file: None,
            from: "Customer success <success@localhost>".into(),
            public_url: None,
            write_key: None,
            write_key_file: None,
            policies: None,
            playbooks: None,
            reader: None,
            user: "local".into(),
            tick_seconds: 60,
            hold_tick_seconds: 5,
            intent_deadline_seconds: 300,
            intent_grace_seconds: 60,
            zone: "UTC".into(),
            agent: None,
            partitions: None,
            hold_seconds: None,
            api_token: None,
            api_token_file: None,
        }
    }
}

impl Settings {
    /// Reads the settings of a data folder, with flags on top.
    ///
    /// # Errors
    /// An unreadable file, an unknown key, a value of the wrong type: with the key and where it stands.
    pub(crate) fn load(data: &Path, flags: &UpArgs) -> Result<Self, Error> {
        let env = Env::prefixed("MAINSTAY_").ignore(&NOT_SETTINGS).split("__");
        let figment = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(data.join("mainstay.toml")))
            .merge(env);
        let mut settings: Self = figment.extract().map_err(|source| Error::Settings(Box::new(source)))?;
        settings.apply(flags);
        settings.secrets()?;
        Ok(settings)
    }

    /// Settings for a start that only serves one command: free ports, no ticks.
    pub(crate) fn on_free_ports(mut self) -> Self {
        let free = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        (self.console, self.gateway, self.nats_port) = (free, free, 0);
        self
    }

    fn apply(&mut self, flags: &UpArgs) {
        let flags = flags.clone();
        self.console = flags.console.unwrap_or(self.console);
        self.gateway = flags.gateway.unwrap_or(self.gateway);
        self.nats_port = flags.nats_port.unwrap_or(self.nats_port);
        self.nats_url = flags.nats_url.or(self.nats_url.take());
        self.nats_monitor_url = flags.nats_monitor_url.or(self.nats_monitor_url.take());
        self.allow_volatile_bus |= flags.allow_volatile_bus;
        self.smtp = flags.smtp.or(self.smtp.take());
        self.from = flags.from.unwrap_or_else(|| std::mem::take(&mut self.from));
        self.public_url = flags.public_url.or(self.public_url.take());
        self.policies = flags.policies.or(self.policies.take());
        self.playbooks = flags.playbooks.or(self.playbooks.take());
        self.reader = flags.reader.or(self.reader.take());
    }

    fn secrets(&mut self) -> Result<(), Error> {
        for (value, file) in [(&mut self.smtp, &self.smtp_file), (&mut self.write_key, &self.write_key_file)] {
            if let (None, Some(path)) = (value.as_ref(), file) {
                let text =
                    std::fs::read_to_string(path).map_err(|source| Error::File { path: path.clone(), source })?;
                *value = Some(text.trim().to_owned());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_serves_this_program_and_those_that_run_apart() {
        let dir = tempfile::tempdir().unwrap();
        let text = "agent = \"127.0.0.1:7703\"\npartitions = \"0-7,12\"\nhold_seconds = 30\napi_token = \"x\"\nuser = \"ana\"\n";
        std::fs::write(dir.path().join("mainstay.toml"), text).unwrap();
        assert_eq!(Settings::load(dir.path(), &UpArgs::default()).unwrap().user, "ana");
        std::fs::write(dir.path().join("mainstay.toml"), "partitions = 3\n").unwrap();
        assert!(Settings::load(dir.path(), &UpArgs::default()).is_ok());
        std::fs::write(dir.path().join("mainstay.toml"), "partition = 3\n").unwrap();
        assert!(Settings::load(dir.path(), &UpArgs::default()).is_err());
    }
}
