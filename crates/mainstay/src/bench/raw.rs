//! The protocol of NATS, as little of it as a plain publisher needs.
//!
//! It is what the pipeline is compared with, so it must not be slower than it could be: one connection, one reply
//! subject, many publishes in flight, acknowledgements counted and not matched.

use std::{io, net::Ipv4Addr};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, BufWriter},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

const INBOX: &str = "_INBOX.bench";
const GREETING: &str =
    "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true}\r\nSUB _INBOX.bench 1\r\n";

/// A connection.
#[derive(Debug)]
pub(crate) struct Raw {
    reader: BufReader<OwnedReadHalf>,
    writer: BufWriter<OwnedWriteHalf>,
}

impl Raw {
    /// Connects to a server on this machine that asks for no user.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) async fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let mut raw = Self {
            reader: BufReader::with_capacity(256 * 1024, reader),
            writer: BufWriter::with_capacity(64 * 1024, writer),
        };
        raw.writer.write_all(GREETING.as_bytes()).await?;
        raw.writer.flush().await?;
        Ok(raw)
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// The connection ends, or nobody answers.
    pub(crate) async fn request(&mut self, subject: &str, body: &str) -> io::Result<String> {
        self.publish(subject, body.as_bytes()).await?;
        self.writer.flush().await?;
        let answer = self.answer().await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Publishes all and waits until all are acknowledged, with at most so many in flight.
    ///
    /// # Errors
    /// The connection ends, or the stream refuses one.
    pub(crate) async fn publish_all<'a>(
        &mut self,
        messages: impl Iterator<Item = (&'a str, &'a [u8])>,
        in_flight_max: usize,
    ) -> io::Result<()> {
        let mut in_flight = 0_usize;
        let mut messages = messages.peekable();
        loop {
            while in_flight < in_flight_max
                && let Some((subject, body)) = messages.next()
            {
                self.publish(subject, body).await?;
                in_flight += 1;
            }
            self.writer.flush().await?;
            if in_flight == 0 {
                return Ok(());
            }
            loop {
                let answer = self.answer().await?;
                if !answer.starts_with(b"{\"stream\"") {
                    return Err(io::Error::other(String::from_utf8_lossy(&answer).into_owned()));
                }
                in_flight -= 1;
                if in_flight == 0 || self.reader.buffer().is_empty() {
                    break;
                }
            }
        }
    }

    async fn publish(&mut self, subject: &str, body: &[u8]) -> io::Result<()> {
        self.writer.write_all(format!("PUB {subject} {INBOX} {}\r\n", body.len()).as_bytes()).await?;
        self.writer.write_all(body).await?;
        self.writer.write_all(b"\r\n").await
    }

    /// The body of the next message.
    async fn answer(&mut self) -> io::Result<Vec<u8>> {
        let bad = |line: &str| io::Error::new(io::ErrorKind::InvalidData, format!("nats-server said `{line}`"));
        let mut line = String::new();
        loop {
            line.clear();
            if self.reader.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "INFO" | "+OK" | "PONG" => {}
                "PING" => {
                    self.writer.write_all(b"PONG\r\n").await?;
                    self.writer.flush().await?;
                }
                "MSG" => {
                    let bytes = rest.rsplit(' ').next().and_then(|text| text.parse().ok()).ok_or_else(|| bad(line))?;
                    let mut body = vec![0; bytes];
                    self.reader.read_exact(&mut body).await?;
                    self.reader.read_exact(&mut [0; 2]).await?;
                    return Ok(body);
                }
                // A message with headers is the server's word that nobody takes what was asked.
                _ => return Err(bad(line)),
            }
        }
    }
}
