//! What a server says about itself on its monitoring port.

use std::time::Duration;

use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::ServerError;

/// What a server says about itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerFacts {
    /// Its identity, new at each start.
    pub id: String,
    /// Its configured name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether `JetStream` is on and puts every message on disk before it acknowledges it.
    pub sync_always: bool,
}

#[derive(Deserialize)]
struct Varz {
    server_id: String,
    server_name: String,
    version: String,
}

/// What `/jsz` says. `/varz` has the same, but for the server's whole life as it was at the first request: asked
/// before `JetStream` had started, it never tells how messages are stored.
#[derive(Deserialize)]
struct Jsz {
    #[serde(default)]
    config: Config,
}

#[derive(Deserialize, Default)]
struct Config {
    #[serde(default)]
    sync_always: bool,
}

/// How long the monitoring port is given.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// Asks a server's monitoring port (`http://127.0.0.1:8222`) who it is and how it stores.
///
/// # Errors
/// Nothing answers there, or something that is no nats-server.
pub async fn server_facts(monitor_url: &str) -> Result<ServerFacts, ServerError> {
    let foreign = |e: serde_json::Error| ServerError::Monitor {
        url: monitor_url.into(),
        reason: format!("the answer is not a nats-server's: {e}"),
    };
    let varz: Varz = serde_json::from_slice(&get(monitor_url, "/varz").await?).map_err(foreign)?;
    let jsz: Jsz = serde_json::from_slice(&get(monitor_url, "/jsz").await?).map_err(foreign)?;
    Ok(ServerFacts {
        id: varz.server_id,
        name: varz.server_name,
        version: varz.version,
        sync_always: jsz.config.sync_always,
    })
}

/// Whether the server puts every message on disk before it acknowledges it.
///
/// # Errors
/// As [`server_facts`].
pub async fn sync_always(monitor_url: &str) -> Result<bool, ServerError> {
    Ok(server_facts(monitor_url).await?.sync_always)
}

/// What a server says about its streams.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ServerHealth {
    /// They are recovered and take messages.
    Good,
    /// A write to the disk failed, most often because it was full. The server stores nothing more in that stream, also
    /// when there is room again, until it is started again. What it acknowledged before is kept.
    Stuck(String),
    /// Something else is wrong, or it does not answer.
    Poor(String),
}

impl ServerHealth {
    /// What whoever runs the server has to do about it, where only that helps.
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::Stuck(words) => Some(format!(
                "nats-server stores nothing more ({words}): make room on its disk and start it again; nothing that it \
                 acknowledged is lost"
            )),
            Self::Good | Self::Poor(_) => None,
        }
    }
}

#[derive(Deserialize)]
struct Healthz {
    #[serde(default)]
    error: String,
}

/// Asks a server's monitoring port how its streams are.
pub async fn server_health(monitor_url: &str) -> ServerHealth {
    /// How the server names a write that failed. There is no number for it.
    const WRITE_ERROR: &str = "write error";
    match exchange(monitor_url, "/healthz").await {
        Ok((Ok(()), _)) => ServerHealth::Good,
        Ok((Err(status), body)) => match serde_json::from_slice::<Healthz>(&body) {
            Ok(said) if said.error.contains(WRITE_ERROR) => ServerHealth::Stuck(said.error),
            Ok(said) => ServerHealth::Poor(said.error),
            Err(_) => ServerHealth::Poor(status),
        },
        Err(error) => ServerHealth::Poor(error.to_string()),
    }
}

async fn get(url: &str, path: &str) -> Result<Vec<u8>, ServerError> {
    let (good, body) = exchange(url, path).await?;
    good.map(|()| body).map_err(|reason| ServerError::Monitor { url: url.into(), reason })
}

/// Whether an answer is a good one, or its status, and its body.
type Answer = (Result<(), String>, Vec<u8>);

async fn exchange(url: &str, path: &str) -> Result<Answer, ServerError> {
    let error = |reason: String| ServerError::Monitor { url: url.into(), reason };
    let address = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let address = address
        .filter(|rest| rest.contains(':') && !rest.contains('/'))
        .ok_or_else(|| error("expected the form http://127.0.0.1:8222".into()))?;
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = timeout(TIMEOUT, exchange)
        .await
        .map_err(|_| error(format!("no answer within {} s", TIMEOUT.as_secs())))?
        .map_err(|e| error(e.to_string()))?;
    read_http(&answer).map_err(error)
}

fn read_http(answer: &[u8]) -> Result<Answer, String> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or("the answer is not HTTP")?;
    let (head, body) = answer.split_at(end + 4);
    let status = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let status = String::from_utf8_lossy(status);
    let good = status.starts_with("HTTP/1.") && status.split(' ').nth(1) == Some("200");
    let good = if good { Ok(()) } else { Err(format!("the answer is `{status}`")) };
    Ok((good, body.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_answer_is_told_from_another() {
        assert_eq!(read_http(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}").unwrap(), (Ok(()), b"{}".to_vec()));
        let (refused, body) = read_http(b"HTTP/1.0 503 Unavailable\r\n\r\n{}").unwrap();
        assert!(refused.unwrap_err().contains("503") && body == b"{}");
        assert!(read_http(b"SSH-2.0-x\r\n").unwrap_err().contains("not HTTP"));
    }

    #[tokio::test]
    async fn a_server_asked_before_its_store_was_there_still_says_how_it_stores() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 1_024];
                let read = stream.read(&mut request).await.unwrap();
                let body = if request[..read].starts_with(b"GET /jsz ") {
                    r#"{"server_id":"N1","config":{"sync_always":true}}"#
                } else {
                    r#"{"server_id":"N1","server_name":"n","version":"2.15.1","jetstream":{}}"#
                };
                stream.write_all(format!("HTTP/1.0 200 OK\r\n\r\n{body}").as_bytes()).await.unwrap();
            }
        });
        assert!(server_facts(&url).await.unwrap().sync_always);
    }

    /// A port that gives one answer to everything.
    async fn answering(status: &'static str, body: &'static str) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let asked = stream.read(&mut [0; 1_024]).await.unwrap();
                assert!(asked > 0);
                stream.write_all(format!("HTTP/1.0 {status}\r\n\r\n{body}").as_bytes()).await.unwrap();
            }
        });
        url
    }

    #[tokio::test]
    async fn a_server_whose_write_failed_is_told_from_one_that_still_starts() {
        let said = r#"{"status":"unavailable","error":"JetStream stream 'BUS \u003e IN' write error: write 1.blk: no space left on device"}"#;
        let full = server_health(&answering("503 Unavailable", said).await).await;
        assert!(matches!(&full, ServerHealth::Stuck(words) if words.contains("BUS > IN")), "{full:?}");
        let starting = r#"{"status":"unavailable","error":"JetStream is not current with the meta leader"}"#;
        let starting = server_health(&answering("503 Unavailable", starting).await).await;
        assert!(matches!(starting, ServerHealth::Poor(_)), "{starting:?}");
        assert_eq!(server_health(&answering("200 OK", r#"{"status":"ok"}"#).await).await, ServerHealth::Good);
        assert!(matches!(server_health("http://127.0.0.1:1").await, ServerHealth::Poor(_)));
    }

    #[tokio::test]
    async fn an_address_without_a_port_says_what_is_expected() {
        let error = server_facts("127.0.0.1").await.unwrap_err().to_string();
        assert!(error.contains("http://127.0.0.1:8222"), "{error}");
    }
}
