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

/// Whether the server says that it is healthy: its streams are recovered and it takes requests.
pub(super) async fn is_healthy(monitor_url: &str) -> bool {
    get(monitor_url, "/healthz").await.is_ok()
}

async fn get(url: &str, path: &str) -> Result<Vec<u8>, ServerError> {
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
    read_http(&answer).map(<[u8]>::to_vec).map_err(error)
}

/// The body of a good answer.
fn read_http(answer: &[u8]) -> Result<&[u8], String> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or("the answer is not HTTP")?;
    let (head, body) = answer.split_at(end + 4);
    let status = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let status = String::from_utf8_lossy(status);
    if status.starts_with("HTTP/1.") && status.split(' ').nth(1) == Some("200") {
        Ok(body)
    } else {
        Err(format!("the answer is `{status}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_good_answer_has_a_body() {
        assert_eq!(read_http(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}").unwrap(), b"{}");
        assert!(read_http(b"HTTP/1.0 503 Unavailable\r\n\r\n{}").unwrap_err().contains("503"));
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

    #[tokio::test]
    async fn an_address_without_a_port_says_what_is_expected() {
        let error = server_facts("127.0.0.1").await.unwrap_err().to_string();
        assert!(error.contains("http://127.0.0.1:8222"), "{error}");
    }
}
