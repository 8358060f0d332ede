//! A wire between a program and its nats-server that can be cut, hang, be slow, or lose what the server delivers.
//!
//! It reads the server's side message by message, because bytes that are lost in the middle of one would break the
//! protocol instead of the delivery.

use std::sync::Arc;

use testkit::nats::free_ports;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{Duration, sleep},
};

use crate::Broken;

/// What the wire does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wire {
    /// Passes everything on.
    Whole,
    /// Passes everything on after a while.
    Slow(Duration),
    /// Loses what consumers deliver and passes on the rest: heartbeats, pongs, answers.
    LosesDeliveries,
    /// Takes what comes and passes nothing on, in connections that are open and in those that are made.
    Hangs,
    /// Has no connections and takes none.
    Cut,
}

/// A proxy before a nats-server.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    wire: watch::Sender<Wire>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts one before the server at this port of this machine.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(server: u16) -> Result<Self, Broken> {
        let [port] = free_ports().map_err(Broken::io("find a free port"))?;
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(Broken::io("listen as a proxy"))?;
        let (wire, watching) = watch::channel(Wire::Whole);
        let task = tokio::spawn(serve(listener, server, watching));
        Ok(Self { port, wire, task })
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Changes what the wire does.
    pub fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, server: u16, wire: watch::Receiver<Wire>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        if *wire.borrow() != Wire::Cut {
            connections.spawn(connection(client, server, wire.clone()));
        }
    }
}

async fn connection(client: TcpStream, server: u16, wire: watch::Receiver<Wire>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let wire = Arc::new(wire);
    let mut cut = (*wire).clone();
    // An error on one side ends the connection, as on a wire.
    tokio::select! {
        _ = upwards(from_client, to_server, Arc::clone(&wire)) => {}
        _ = downwards(from_server, to_client, Arc::clone(&wire)) => {}
        _ = cut.wait_for(|wire| *wire == Wire::Cut) => {}
    }
}

/// What the wire does before it passes something on: waits, or never does.
async fn pass(wire: &watch::Receiver<Wire>) {
    let mut watching = wire.clone();
    loop {
        let now = *watching.borrow_and_update();
        match now {
            Wire::Whole | Wire::LosesDeliveries => return,
            Wire::Slow(wait) => return sleep(wait).await,
            Wire::Hangs | Wire::Cut => {
                if watching.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
                // What hung is lost with its connection: a wire does not keep it.
                std::future::pending::<()>().await;
            }
        }
    }
}

async fn upwards(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    wire: Arc<watch::Receiver<Wire>>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        pass(&wire).await;
        to.write_all(buffer.get(..read).unwrap_or_default()).await?;
    }
}

async fn downwards(
    from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    wire: Arc<watch::Receiver<Wire>>,
) -> std::io::Result<()> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        line.clear();
        if from.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let head = Head::of(&line);
        let mut payload = vec![0; head.payload];
        from.read_exact(&mut payload).await?;
        pass(&wire).await;
        if head.is_delivery && *wire.borrow() == Wire::LosesDeliveries {
            continue;
        }
        to.write_all(&line).await?;
        to.write_all(&payload).await?;
    }
}

/// What the first line of a message of the server says.
#[derive(PartialEq, Eq, Debug)]
struct Head {
    /// Bytes that follow the line, the line's end behind them included.
    payload: usize,
    /// Whether a consumer delivers it: the reply says where to acknowledge it.
    is_delivery: bool,
}

impl Head {
    fn of(line: &[u8]) -> Self {
        let text = String::from_utf8_lossy(line);
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let carries = matches!(words.first(), Some(&("MSG" | "HMSG")));
        let bytes = words.last().filter(|_| carries).and_then(|word| word.parse::<usize>().ok());
        Self {
            payload: bytes.map_or(0, |bytes| bytes + 2),
            is_delivery: carries && words.iter().any(|word| word.starts_with("$JS.ACK.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_follows() {
        let of = |text: &str| Head::of(text.as_bytes());
        assert_eq!(of("PING\r\n"), Head { payload: 0, is_delivery: false });
        assert_eq!(of("INFO {\"max_payload\":1048576}\r\n"), Head { payload: 0, is_delivery: false });
        assert_eq!(of("MSG _INBOX.a 1 27\r\n"), Head { payload: 29, is_delivery: false });
        assert_eq!(of("HMSG _INBOX.a 1 12 40\r\n"), Head { payload: 42, is_delivery: false });
        let delivery = "HMSG cs.log.00.in 3 $JS.ACK.LOG.health-00.1.42.7.1700000000123456789.3 100 2000\r\n";
        assert_eq!(of(delivery), Head { payload: 2002, is_delivery: true });
    }
}
