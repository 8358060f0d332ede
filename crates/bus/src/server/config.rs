//! The configuration of a server: two accounts, one user per role, every message on disk before it is acknowledged.

use std::path::PathBuf;

use bus_schema::subject::BusAccount;

use crate::{BusKeys, KeyError, Role};

/// What a server of ours needs to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerSettings {
    /// Its folder: configuration, pid file, log and store.
    pub dir: PathBuf,
    /// Its name, by which the next start recognises it; the log's id.
    pub name: String,
    /// Port for clients, on loopback.
    pub port: u16,
    /// Port for monitoring, on loopback.
    pub monitor_port: u16,
    /// Whether every message is on disk before it is acknowledged (`sync_interval: always`).
    pub sync_always: bool,
}

/// The configuration file of a server with our accounts and users; names public keys only.
///
/// # Errors
/// The key of a role is missing.
pub fn server_config_text(settings: &ServerSettings, keys: &BusKeys) -> Result<String, KeyError> {
    let dir = &settings.dir;
    let sync = if settings.sync_always { "always" } else { "\"2m\"" };
    let mut text = String::new();
    let mut line = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    line(&format!("listen: \"127.0.0.1:{}\"", settings.port));
    line(&format!("http: \"127.0.0.1:{}\"", settings.monitor_port));
    line(&format!("server_name: {}", quoted(&settings.name)));
    line(&format!("pid_file: {}", quoted(&dir.join("nats-server.pid").display().to_string())));
    line("# Our largest message is half of this.");
    line("max_payload: 1048576");
    line("jetstream {");
    line(&format!("  store_dir: {}", quoted(&dir.display().to_string())));
    line("  # Anything else loses acknowledged messages when the power fails.");
    line(&format!("  sync_interval: {sync}"));
    line("}");
    line("# Subject permissions do not stop a forgery inside one account: no agent has a user in OUT.");
    line("accounts {");
    for (account, name) in [(BusAccount::Bus, "BUS"), (BusAccount::Out, "OUT")] {
        line(&format!("  {name} {{"));
        line("    jetstream: enabled");
        line("    users: [");
        for role in Role::ALL.into_iter().filter(|role| role.account() == account) {
            line(&user(role, keys)?);
        }
        line("    ]");
        line("  }");
    }
    line("}");
    Ok(text)
}

fn user(role: Role, keys: &BusKeys) -> Result<String, KeyError> {
    Ok(format!("      {{ nkey: {} }} # {role}", keys.public(role)?))
}

/// A string of the configuration language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_user_in_its_account_and_no_secret_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let keys = BusKeys::load_or_create(dir.path()).unwrap();
        let settings = ServerSettings {
            dir: "/data/with \"quotes\"".into(),
            name: "abc".into(),
            port: 7722,
            monitor_port: 7723,
            sync_always: true,
        };
        let text = server_config_text(&settings, &keys).unwrap();
        let (bus, out) = text.split_once("  OUT {").unwrap();
        for role in Role::ALL {
            let (here, there) = if role.account() == BusAccount::Bus { (bus, out) } else { (out, bus) };
            let key = keys.public(role).unwrap();
            assert!(here.contains(key) && !there.contains(key), "{role}");
            assert!(!text.contains(keys.seed(role).unwrap()), "{role}");
        }
        assert!(text.contains("sync_interval: always"), "{text}");
        assert!(text.contains(r#"store_dir: "/data/with \"quotes\"""#), "{text}");
    }
}
