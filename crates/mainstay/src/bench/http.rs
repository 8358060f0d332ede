//! A load generator for HTTP on a thread of its own, so that its processor time can be told from what it measures.
//!
//! Open loop: each request has the time at which it should be sent, and its latency counts from there, so that a slow
//! answer cannot hide the requests that it delays.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::{
    process,
    stat::{Times, length},
};
use crate::error::Error;

/// Connections of a generator that sends by the clock.
const PACED_CONNECTIONS: usize = 128;
/// Longest head of an answer in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: String,
    /// The body, where its length is said.
    pub(crate) body: Vec<u8>,
}

impl Connection {
    /// Connects to `http://host:port` or `host:port`.
    ///
    /// # Errors
    /// Nobody listens there.
    pub(crate) async fn open(address: &str) -> io::Result<Self> {
        let address = address.strip_prefix("http://").unwrap_or(address);
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(64 * 1024, stream) })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// The connection ends, or what comes is no HTTP.
    pub(crate) async fn call(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "the answer is no HTTP/1.1");
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).await? == 0 || head.len() > HEAD_BYTES_MAX {
                return Err(bad());
            }
        }
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok()).ok_or_else(bad)?;
        let mut body = vec![0; header(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0)];
        self.stream.read_exact(&mut body).await?;
        Ok(Answer { status, head, body })
    }

    /// The next line of an answer that does not end.
    ///
    /// # Errors
    /// The connection ends.
    pub(crate) async fn line(&mut self, line: &mut String) -> io::Result<()> {
        line.clear();
        if self.stream.read_line(line).await? == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

/// The value of a header.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let rows = head.lines().filter_map(|line| line.split_once(':'));
    rows.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// A POST with a write key, as bytes.
pub(crate) fn post(path: &str, key: &str, kind: &str, body: &str) -> Vec<u8> {
    let key = data_encoding::BASE64.encode(format!("{key}:").as_bytes());
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {key}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A GET with a cookie, as bytes.
pub(crate) fn get(path: &str, cookie: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n").into_bytes()
}

/// What a generator did.
#[derive(Debug)]
pub(crate) struct Sent<T> {
    /// What it found.
    pub(crate) found: T,
    /// Processor time of its thread in microseconds.
    pub(crate) cpu_us: Option<u64>,
}

/// Sends requests as fast as they are answered; finds how many a second.
///
/// # Errors
/// One was not answered with 2xx.
pub(crate) async fn saturate(address: &str, requests: Vec<Vec<u8>>, connections: usize) -> Result<Sent<f64>, Error> {
    let address = address.to_owned();
    on_own_thread(async move {
        let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
        let mut open = Vec::new();
        for _ in 0..connections.max(1) {
            open.push(Connection::open(&address).await?);
        }
        let started = Instant::now();
        let senders = open.into_iter().map(|mut connection| {
            let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
            tokio::spawn(async move {
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    taken(&connection.call(request).await?)?;
                }
                Ok::<(), io::Error>(())
            })
        });
        for sender in senders.collect::<Vec<_>>() {
            sender.await.map_err(io::Error::other)??;
        }
        Ok(length(requests.len()) / started.elapsed().as_secs_f64())
    })
    .await
}

/// When each request of a paced run should be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The first.
    pub(crate) start: Instant,
    /// How many a second.
    pub(crate) per_second: u32,
}

impl Pace {
    /// When the request of this number should be sent.
    pub(crate) fn intended(&self, n: usize) -> Instant {
        let per_second = u64::from(self.per_second.max(1));
        self.start + Duration::from_nanos((n as u64).saturating_mul(1_000_000_000) / per_second)
    }

    /// From then until a moment, in microseconds.
    pub(crate) fn since(&self, n: usize, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.intended(n)).as_micros()).unwrap_or(u64::MAX)
    }
}

/// Sends requests by the clock; finds how long each took from the moment it should have been sent.
///
/// # Errors
/// One was not answered with 2xx.
pub(crate) async fn paced(address: &str, requests: Vec<Vec<u8>>, pace: Pace) -> Result<Sent<Times>, Error> {
    let address = address.to_owned();
    on_own_thread(async move {
        let requests = Arc::new(requests);
        let mut senders = Vec::new();
        for lane in 0..PACED_CONNECTIONS {
            let mut connection = Connection::open(&address).await?;
            let requests = Arc::clone(&requests);
            senders.push(tokio::spawn(async move {
                let mut times = Vec::new();
                for (n, request) in requests.iter().enumerate().skip(lane).step_by(PACED_CONNECTIONS) {
                    tokio::time::sleep_until(pace.intended(n).into()).await;
                    taken(&connection.call(request).await?)?;
                    times.push(pace.since(n, Instant::now()));
                }
                Ok::<_, io::Error>(times)
            }));
        }
        let mut all = Vec::new();
        for sender in senders {
            all.extend(sender.await.map_err(io::Error::other)??);
        }
        Ok(Times::of(all))
    })
    .await
}

fn taken(answer: &Answer) -> io::Result<()> {
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let said: String = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
    Err(io::Error::other(format!("a request was answered with {}: {said}", answer.status)))
}

async fn on_own_thread<T: Send + 'static>(
    work: impl Future<Output = io::Result<T>> + Send + 'static,
) -> Result<Sent<T>, Error> {
    let (done, found) = tokio::sync::oneshot::channel();
    let run = move || {
        let found = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .and_then(|runtime| runtime.block_on(work))
            .map(|found| Sent { found, cpu_us: process::thread_cpu_us() });
        // Whoever asked may be gone.
        let _ = done.send(found);
    };
    let failed = |what: String| Error::Part { part: "the load generator", what };
    std::thread::Builder::new().name("load".into()).spawn(run).map_err(|error| failed(error.to_string()))?;
    let found = found.await.map_err(|_| failed("its thread ended".into()))?;
    found.map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn server(status: u16) -> String {
        let status = axum::http::StatusCode::from_u16(status).unwrap();
        let routes = axum::Router::new().route("/x", axum::routing::post(move || async move { (status, "said") }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        address
    }

    #[tokio::test]
    async fn requests_are_sent_by_the_clock_and_counted_from_when_they_were_due() {
        let address = server(200).await;
        let requests = vec![post("/x", "k", "text/plain", "hello"); 200];
        // Half of them are due already: what they waited counts.
        let pace = Pace { start: Instant::now().checked_sub(Duration::from_millis(500)).unwrap(), per_second: 200 };
        let sent = paced(&address, requests.clone(), pace).await.unwrap();
        assert_eq!(sent.found.len(), 200);
        assert!(sent.found.ms(990).unwrap() > 300.0 && sent.cpu_us.is_some());
        assert!(saturate(&address, requests, 4).await.unwrap().found > 0.0);
    }

    #[tokio::test]
    async fn a_refusal_is_an_error() {
        let address = server(429).await;
        let error = saturate(&address, vec![post("/x", "k", "text/plain", "hello")], 1).await.unwrap_err();
        assert!(error.to_string().contains("429: said"), "{error}");
    }
}
